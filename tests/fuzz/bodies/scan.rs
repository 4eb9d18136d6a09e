//! A log whose files were damaged, opened, read, dumped, verified and gone on with.
//!
//! The input is a list of damages: 1 byte what, 1 byte which file, 2 bytes where, 2 bytes how much
//! (see [`damage`]). Bytes are changed by exclusive-or only, so that no input can spell a checksum.
//! Held: nothing panics; no record is read that was not written at that place; places rise; what was
//! known to be durable is read or reported lost; a second opening finds what the first one left.

use rookery_model::{Lsn, Position, RecordTime, ShardId};
use rookery_runtime::storage::Storage;
use rookery_runtime::storage::sim::SimStorage;
use rookery_wal::{
    DumpItem, Known, Log, LogConfig, RecordKind, Recovery, SideWork, Start, WalError, dump, info,
    verify,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const DIR: &str = "/log";
const SEGMENT_BYTES: u64 = 16 * 1024;
/// Of the start record's payload, and what tells the records of a second opening.
const RESTART: &[u8] = b"opened after the damage";

type Written = (RecordKind, RecordTime, Vec<u8>);

/// A log that was left without a clean end.
struct Image {
    files: Vec<(PathBuf, Vec<u8>)>,
    written: BTreeMap<Position, Written>,
    durable: Position,
}

fn config() -> LogConfig {
    LogConfig {
        segment_size_bytes: SEGMENT_BYTES,
        side_work: SideWork::Inline,
        ..LogConfig::new(*b"a fuzzed log's i", ShardId(3))
    }
}

fn open(storage: &SimStorage, known: Known) -> Result<Recovery<SimStorage>, WalError> {
    Recovery::open(storage.clone(), Path::new(DIR), config(), known)
}

fn start(recovery: Recovery<SimStorage>, payload: &[u8]) -> Result<Log<SimStorage>, WalError> {
    let term = recovery.last_term().0 + 1;
    let time = RecordTime(recovery.last_time().0.saturating_add(1_000_000));
    let term = rookery_model::Term(term);
    recovery.start(Start {
        term,
        time,
        payload,
    })
}

fn commit(log: &mut Log<SimStorage>) {
    if let Some(commit) = log.begin_commit() {
        let result = commit.sync_data();
        log.end_commit(commit, result)
            .expect("no fault is simulated");
    }
}

/// Three terms, some five segments, records of all sizes; the last batches are not synced.
fn make_image() -> Image {
    let storage = SimStorage::new(1);
    let mut written = BTreeMap::new();
    let mut durable = Position::ZERO;
    let mut number = 0_usize;
    for term in 0..3_usize {
        let mut log = start(open(&storage, Known::default()).expect("opens"), b"").expect("starts");
        for at in 0..40_usize {
            log.begin_batch(RecordTime(log.last_time().0 + 7));
            for _ in 0..=at % 3 {
                number += 1;
                let length = [0, 30, 200, 700, 90][number % 5];
                let payload = format!("{number} {}", "x".repeat(length));
                let kind = [RecordKind::Message, RecordKind::Malformed][number % 2];
                log.append(kind, &[payload.as_bytes()])
                    .expect("there is room");
            }
            match at {
                36.. if term == 2 => log.close_batch(),
                _ => commit(&mut log),
            }
            if at == 30 {
                log.mark_durable();
            }
        }
        durable = log.durable();
        if term == 0 {
            log.close().expect("closes");
        }
    }
    let mut take = |position: Position, record: Written| written.insert(position, record);
    dump(&storage, Path::new(DIR), Position::ZERO, |item| {
        let DumpItem::Record(record) = item else {
            panic!("nothing is lost yet");
        };
        take(
            record.position,
            (record.kind, record.time, record.payload.to_vec()),
        );
        true
    })
    .expect("the whole log can be read");
    assert!(written.len() > 200 && written.contains_key(&durable));
    let names = storage.read_dir(Path::new(DIR)).expect("the directory");
    let file = |name: String| {
        let path = Path::new(DIR).join(name);
        let bytes = storage.contents(&path).expect("a file");
        (path, bytes)
    };
    Image {
        files: names.into_iter().map(file).collect(),
        written,
        durable,
    }
}

/// Does what the input says to the files.
fn damage(files: &mut Vec<(PathBuf, Vec<u8>)>, mut input: &[u8]) {
    while let Some((head, rest)) = input.split_first_chunk::<6>() {
        input = rest;
        if files.is_empty() {
            return;
        }
        let file = usize::from(head[1]) % files.len();
        let size = files[file].1.len();
        let at = usize::from(u16::from_le_bytes([head[2], head[3]])).min(size);
        let wanted = usize::from(u16::from_le_bytes([head[4], head[5]]));
        let end = (at + wanted).min(size);
        match head[0] % 8 {
            // Bits flip: as many bytes of the input as there are, at most 64.
            0..=2 => {
                let count = (wanted % 64).min(input.len()).min(size - at);
                let (bits, rest) = input.split_at(count);
                input = rest;
                for (byte, bit) in files[file].1[at..].iter_mut().zip(bits) {
                    *byte ^= bit;
                }
            }
            // Pages were never written.
            3 => files[file].1[at..end].fill(0),
            // Pages of another file, or of another time, stand here.
            4 => {
                let other = usize::from(head[0] / 8) % files.len();
                let from = &files[other].1;
                let stale = from[at.min(from.len())..end.min(from.len())].to_vec();
                files[file].1[at..at + stale.len()].copy_from_slice(&stale);
            }
            // The file was cut.
            5 => files[file].1.truncate(at),
            // The file is gone.
            6 => drop(files.remove(file)),
            // Two files changed their names.
            _ => {
                let other = usize::from(head[0] / 8) % files.len();
                let bytes = std::mem::take(&mut files[file].1);
                let bytes = std::mem::replace(&mut files[other].1, bytes);
                files[file].1 = bytes;
            }
        }
    }
}

/// What a log holds now: records in order, and ranges that are said to be lost.
#[derive(Default, Debug, PartialEq)]
struct Read {
    records: Vec<(Position, Written)>,
    lost: Vec<(Lsn, Lsn)>,
}

fn read_dumped(storage: &SimStorage) -> Result<Read, WalError> {
    let mut read = Read::default();
    dump(storage, Path::new(DIR), Position::ZERO, |item| {
        match item {
            DumpItem::Record(record) => read.records.push((
                record.position,
                (record.kind, record.time, record.payload.to_vec()),
            )),
            DumpItem::Lost(range) => read.lost.push((range.first, range.last)),
        }
        true
    })?;
    Ok(read)
}

fn read_log(log: &Log<SimStorage>) -> Result<Read, WalError> {
    let mut reader = log.reader(Position::ZERO);
    let mut read = Read::default();
    while let Some(record) = reader.next(log)? {
        let written = (record.kind, record.time, record.payload.to_vec());
        read.records.push((record.position, written));
    }
    read.lost = reader
        .take_damage()
        .iter()
        .map(|range| (range.first, range.last))
        .collect();
    Ok(read)
}

/// Nothing but what was written, each at most once, in order.
fn check_read(image: &Image, read: &Read, opened: bool) {
    let mut before = Position::ZERO;
    for (position, record) in &read.records {
        assert!(*position > before, "{position:?} after {before:?}");
        before = *position;
        let ours = opened && record.0 == RecordKind::Start && record.2 == RESTART;
        assert!(
            ours || image.written.get(position) == Some(record),
            "{position:?} was never written like this"
        );
    }
}

/// The check.
pub fn check(input: &[u8]) {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    let image = IMAGE.get_or_init(make_image);
    let mut files = image.files.clone();
    let (knows, input) = input
        .split_first()
        .map_or((0, input), |(byte, rest)| (*byte, rest));
    damage(&mut files, input);
    let storage = SimStorage::new(2);
    storage.create_dir_all(Path::new(DIR)).expect("a directory");
    for (path, bytes) in &files {
        storage.create(path, 0).expect("a file");
        storage.replace_contents(path, bytes).expect("its bytes");
    }
    storage.sync_dir(Path::new(DIR)).expect("a directory");
    if let Ok(read) = read_dumped(&storage) {
        check_read(image, &read, false);
    }
    let _ = (
        info(&storage, Path::new(DIR)),
        verify(&storage, Path::new(DIR)),
    );
    let known = Known {
        durable: if knows & 1 == 0 {
            image.durable
        } else {
            Position::ZERO
        },
        checkpoint: Position::ZERO,
    };
    let recovery = open(&storage, known).expect("damage is no error");
    let report = recovery.report().clone();
    let mut log = start(recovery, RESTART).expect("a damaged log goes on");
    let read = read_log(&log).expect("a damaged log can be read");
    check_read(image, &read, true);
    if known.durable == image.durable && !report.is_degraded() {
        check_durable(image, &read);
    }
    commit(&mut log);
    drop(log);
    let again = read_dumped(&storage).expect("the log can be dumped");
    assert_eq!(again.records, read.records, "a second look");
}

/// Nobody was told of a loss: then there is none.
fn check_durable(image: &Image, read: &Read) {
    let mut found = read.records.iter();
    for (position, record) in image.written.range(..=image.durable) {
        assert!(
            found.any(|(at, read)| at == position && read == record),
            "{position:?} was durable, is gone, and nothing says so"
        );
    }
}
