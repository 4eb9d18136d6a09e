//! Real files: the kernel's page cache, ext4 on a loop image of its own, a side thread.

use crate::harness::{append, commit, fill, message};
use rookery_model::{Position, RecordTime, ShardId, Term};
use rookery_runtime::storage::RealStorage;
use rookery_wal::{AppendError, Known, Log, LogConfig, RecordKind, Recovery, Start, info, verify};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const MIB: u64 = 1024 * 1024;

fn config(segment_size_bytes: u64) -> LogConfig {
    LogConfig {
        segment_size_bytes,
        ..LogConfig::new(*b"an instance's id", ShardId(0))
    }
}

fn open(dir: &Path, segment_size_bytes: u64) -> Log<RealStorage> {
    let storage = RealStorage::for_directory(dir, true).unwrap();
    let config = config(segment_size_bytes);
    let recovery = Recovery::open(storage, dir, config, Known::default()).unwrap();
    assert!(!recovery.report().is_degraded(), "{:?}", recovery.report());
    let term = Term(recovery.last_term().0 + 1);
    recovery
        .start(Start {
            term,
            time: RecordTime(0),
            payload: &[],
        })
        .unwrap()
}

/// Appends, and waits where the side thread is behind.
fn append_patiently(log: &mut Log<RealStorage>, payload: &[u8]) {
    let begun = Instant::now();
    loop {
        log.begin_batch(RecordTime(0));
        match log.append(RecordKind::Message, &[payload]) {
            Ok(_) => return,
            Err(AppendError::Full { .. }) if begun.elapsed() < Duration::from_secs(20) => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn messages(log: &Log<RealStorage>) -> usize {
    let mut reader = log.reader(Position::ZERO);
    let mut count = 0;
    while let Some(record) = reader.next(log).unwrap() {
        count += usize::from(record.kind == RecordKind::Message);
    }
    assert_eq!(reader.take_damage(), []);
    count
}

#[test]
fn a_log_on_real_files_rotates_reopens_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path(), 64 * 1024);
    for at in 0..3000 {
        append_patiently(&mut log, message("m", at).as_bytes());
        if at % 50 == 49 {
            commit(&mut log);
        }
    }
    assert!(log.stats().rotations > 8);
    assert_eq!(messages(&log), 3000);
    drop(log);
    let mut log = open(dir.path(), 64 * 1024);
    assert_eq!(messages(&log), 3000);
    fill(&mut log, "after", 10, 3);
    let storage = RealStorage::unchecked();
    let live = verify(&storage, dir.path()).unwrap();
    assert!(!live.report.is_degraded());
    assert_eq!(live.report.last, log.durable());
    log.close().unwrap();
    let dead = verify(&storage, dir.path()).unwrap();
    assert!(dead.report.is_clean(), "{:?}", dead.report.findings);
}

/// Commands on a directory that a running log appends to, rotates and deletes in.
#[test]
fn a_running_log_is_never_called_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_path_buf();
    let stop = AtomicBool::new(false);
    let deleted = AtomicU64::new(0);
    let storage = RealStorage::unchecked();
    let mut log = open(&path, 64 * 1024);
    commit(&mut log);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut log = log;
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                append_patiently(&mut log, message("m", count).as_bytes());
                count += 1;
                if count % 7 == 0 {
                    commit(&mut log);
                }
                if count % 2000 == 0 {
                    log.set_deletable(log.durable());
                    let count = log.apply_retention(RecordTime(i64::MAX)) as u64;
                    deleted.fetch_add(count, Ordering::Relaxed);
                }
            }
            log.stats()
        });
        let begun = Instant::now();
        let mut looks = 0;
        while deleted.load(Ordering::Relaxed) < 10 || looks < 20 {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "the log does not move on"
            );
            let found = verify(&storage, &path).unwrap();
            assert!(
                !found.report.is_degraded(),
                "look {looks}: {:?}",
                found.report.findings
            );
            info(&storage, &path).unwrap();
            looks += 1;
        }
        stop.store(true, Ordering::Relaxed);
        let stats = writer.join().unwrap();
        println!("{looks} looks at {stats:?}");
    });
}

/// A file system of its own on a loop device, unmounted when dropped.
struct LoopImage {
    mount: PathBuf,
    device: String,
    dir: tempfile::TempDir,
}

fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} {arguments:?}: {}", text.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

impl LoopImage {
    fn mount(size: u64) -> Option<Self> {
        match Self::try_mount(size) {
            Ok(image) => Some(image),
            Err(cause) => {
                println!(
                    "skipped: no loop image can be mounted here (needs root and e2fsprogs): {cause}"
                );
                None
            }
        }
    }

    fn try_mount(size: u64) -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let image = dir.path().join("image");
        let mount = dir.path().join("mount");
        fs::create_dir(&mount).map_err(|error| error.to_string())?;
        let file = fs::File::create(&image).map_err(|error| error.to_string())?;
        file.set_len(size).map_err(|error| error.to_string())?;
        let image = image.to_str().ok_or("path")?;
        let eager = "lazy_itable_init=0,lazy_journal_init=0";
        run("mkfs.ext4", &["-q", "-F", "-m", "0", "-E", eager, image])?;
        let device = run("losetup", &["--find", "--show", image])?;
        if let Err(cause) = run("mount", &[&device, mount.to_str().ok_or("path")?]) {
            let _ = run("losetup", &["--detach", &device]);
            return Err(cause);
        }
        Ok(Self { mount, device, dir })
    }

    /// Bytes that the file system has written to its device.
    fn written(&self) -> u64 {
        let name = Path::new(&self.device)
            .file_name()
            .unwrap()
            .to_str()
            .unwrap();
        let stat = fs::read_to_string(format!("/sys/block/{name}/stat")).unwrap();
        let sectors: u64 = stat.split_whitespace().nth(6).unwrap().parse().unwrap();
        sectors * 512
    }

    /// Waits until the file system has nothing left to write of its own.
    fn settle(&self) {
        let _ = run("sync", &["-f", self.mount.to_str().unwrap()]);
    }
}

impl Drop for LoopImage {
    fn drop(&mut self) {
        let _ = run("umount", &[self.mount.to_str().unwrap()]);
        let _ = run("losetup", &["--detach", &self.device]);
        let _ = self.dir.path();
    }
}

/// Device bytes for each byte of log, over `commits` commits of `bytes`.
fn device_bytes(image: &LoopImage, log: &mut Log<RealStorage>, bytes: u64, commits: u64) -> f64 {
    let payload = [b'x'; 250];
    // Out of the last piece that larger commits before had zeroed ahead.
    for _ in 0..2 {
        append(log, &[b'x'; 100_000]);
        commit(log);
    }
    image.settle();
    let (written, logged) = (image.written(), log.stats().bytes);
    for _ in 0..commits {
        let begin = log.stats().bytes;
        while log.stats().bytes < begin + bytes {
            append(log, &payload);
        }
        commit(log);
    }
    (image.written() - written) as f64 / (log.stats().bytes - logged) as f64
}

/// The recipe of the mapping, measured where it could go wrong: without its advice a small commit in
/// the middle of a segment writes a megabyte.
#[test]
fn a_commit_writes_little_more_than_its_bytes_anywhere_in_a_segment() {
    let Some(image) = LoopImage::mount(700 * MIB) else {
        return;
    };
    let mut log = open(&image.mount, 128 * MIB);
    let mut reached = 0;
    for (place, until) in [("start", 1), ("middle", 56), ("end", 108)] {
        while log.stats().log_bytes < until * MIB {
            let begin = log.stats().bytes;
            while log.stats().bytes < begin + MIB {
                append(&mut log, &[b'x'; 8000]);
            }
            commit(&mut log);
        }
        // Small commits make the next pages ready sixteen at a time: few of them measure coarsely.
        let (small, small_limit) = if place == "start" {
            (250, 2.0)
        } else {
            (60, 2.6)
        };
        for (bytes, commits, pages_limit) in [
            (1400, small, small_limit),
            (4096, 40, 4.2),
            (65_536, 10, 22.0),
            (256 * 1024, 8, 64.0 * 1.15),
            (384 * 1024, 8, 96.0 * 1.15),
            (MIB, 4, 256.0 * 1.15),
        ] {
            let ratio = device_bytes(&image, &mut log, bytes, commits);
            let pages = ratio * bytes as f64 / 4096.0;
            println!(
                "{place}, commits of {bytes} bytes: {pages:.2} pages each, {ratio:.2} device bytes \
                 per log byte"
            );
            assert!(
                pages <= pages_limit,
                "{pages} pages at the {place}, commits of {bytes}"
            );
        }
        reached += 1;
    }
    assert_eq!(
        (reached, log.stats().rotations),
        (3, 0),
        "all within one segment"
    );
}

/// The disk fills from outside: intake stops with a ready segment left, and goes on by itself within
/// 5 s of space.
#[test]
fn a_full_file_system_stops_intake_and_lets_it_go_on() {
    let Some(image) = LoopImage::mount(24 * MIB) else {
        return;
    };
    let dir = image.mount.join("log");
    let segment = 256 * 1024;
    let mut log = open(&dir, segment);
    let hog = image.mount.join("hog");
    let filled = (0..).find(|at| {
        let path = format!("{}-{at}", hog.display());
        fs::write(path, vec![1; 64 * 1024]).is_err()
    });
    assert!(filled.is_some());
    let mut taken = 0;
    let begun = Instant::now();
    let error = loop {
        log.begin_batch(RecordTime(0));
        match log.append(RecordKind::Message, &[message("m", taken).as_bytes()]) {
            Ok(_) => taken += 1,
            Err(AppendError::Full {
                disk_full: false, ..
            }) => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(error) => break error,
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "the disk never fills"
        );
    };
    assert!(
        matches!(
            error,
            AppendError::Full {
                disk_full: true,
                ..
            }
        ),
        "{error}"
    );
    assert!(log.stats().ready_segments >= 1, "{:?}", log.stats());
    commit(&mut log);
    for at in 0..filled.unwrap() {
        fs::remove_file(format!("{}-{at}", hog.display())).unwrap();
    }
    let freed = Instant::now();
    for at in 0..2000 {
        append_patiently(&mut log, message("m", at).as_bytes());
    }
    assert!(
        freed.elapsed() < Duration::from_secs(5),
        "{:?}",
        freed.elapsed()
    );
    commit(&mut log);
    assert_eq!(messages(&log), taken + 2000);
    drop(log);
    assert_eq!(messages(&open(&dir, segment)), taken + 2000);
}

/// What an append costs; `cargo test --release` with `--nocapture` gives the figures. The median is of
/// groups of five appends, of which two thirds touch no new page.
#[test]
fn an_append_is_cheap() {
    let dir = tempfile::tempdir().unwrap();
    let groups = if cfg!(debug_assertions) {
        4_000
    } else {
        80_000
    };
    let mut log = open(dir.path(), 128 * MIB);
    let head = [b'h'; 20];
    let body = [b'm'; 250];
    log.begin_batch(RecordTime(0));
    let (faults, cpu) = (page_faults(), cpu_time());
    let mut times = Vec::with_capacity(groups);
    log.append(RecordKind::Message, &[&vec![0; 600_000]])
        .unwrap();
    commit(&mut log);
    log.begin_batch(RecordTime(0));
    for _ in 0..groups {
        let begun = Instant::now();
        for _ in 0..5 {
            log.append(RecordKind::Message, &[&head, &body]).unwrap();
        }
        times.push(begun.elapsed() / 5);
    }
    let mean = (cpu_time() - cpu) / (groups as u32 * 5);
    let faults = page_faults() - faults;
    times.sort_unstable();
    let median = times[groups / 2];
    println!(
        "an append of 270 bytes: {median:?} without page faults, {mean:?} of CPU with {faults} \
         faults in {} appends",
        groups * 5
    );
    assert!(median < Duration::from_micros(5), "{median:?}");
}

/// Page faults of this process so far.
fn page_faults() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    [7, 9]
        .iter()
        .map(|at| fields[*at].parse::<u64>().unwrap())
        .sum()
}

/// Time that this thread has run.
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split_whitespace().next().unwrap().parse().unwrap())
}
