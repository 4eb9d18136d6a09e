//! Any interleaving of pushes, turns, failures, crashes and power cuts leaves each row in the files
//! once, in its lane's order.

use super::super::cursor_file::CursorFile;
use super::super::writer::{FileSettings, FileWriter};
use super::{Place, files};
use crate::testing::{at, batch, key};
use crate::writer::testing::{Driver, Turn};
use crate::{
    Batching, Lane, LaneCursor, LaneKey, Part, RowBatch, ShardWake, SinkError, SinkMetrics,
    SinkWriter, TargetCursor, Verdicts, WriterLane, WriterSetup,
};
use proptest::prelude::*;
use rookery_model::Position;
use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LANES: usize = 2;

/// Fails now and then, before or after the real writer did what it was asked.
struct Unreliable {
    writer: FileWriter,
    moods: Arc<Mutex<VecDeque<u8>>>,
}

impl Unreliable {
    fn around<R>(
        &mut self,
        call: impl FnOnce(&mut FileWriter) -> Result<R, SinkError>,
    ) -> Result<R, SinkError> {
        let mood = self.moods.lock().unwrap().pop_front().unwrap_or(255);
        let failed = || Err(SinkError::RetryAsked { rows: 0 });
        match mood {
            0..12 => failed(),
            12..24 => {
                call(&mut self.writer)?;
                failed()
            }
            _ => call(&mut self.writer),
        }
    }
}

impl SinkWriter for Unreliable {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        self.around(|writer| writer.open(lanes))
    }

    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        self.around(|writer| writer.write_batch(request, verdicts))
    }

    fn confirm(&mut self, cursors: &[LaneCursor]) -> Result<(), SinkError> {
        self.around(|writer| writer.confirm(cursors))
    }

    fn confirm_interval(&self) -> Duration {
        self.writer.confirm_interval()
    }
}

struct NoWake;

impl ShardWake for NoWake {
    fn wake(&self) {}
}

#[derive(Clone, Debug)]
enum Step {
    /// A lane's next records become a batch; the numbers are rows of each record.
    Push(usize, Vec<u8>),
    Turns(u8),
    Pass(u8),
    /// The lane's cursor is saved.
    Save(usize),
    /// The process ends; unsynced bytes may be cut (in 256ths of them) or become zeros, and the slot
    /// that is written next torn at a byte.
    Crash {
        cut: Option<u8>,
        zeros: bool,
        torn: Option<u16>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let records = prop::collection::vec(0..4_u8, 0..6);
    let crash = (any::<Option<u8>>(), any::<bool>(), any::<Option<u16>>());
    prop_oneof![
        6 => (0..LANES, records).prop_map(|(lane, records)| Step::Push(lane, records)),
        6 => (0..6_u8).prop_map(Step::Turns),
        2 => any::<u8>().prop_map(Step::Pass),
        2 => (0..LANES).prop_map(Step::Save),
        1 => crash.prop_map(|(cut, zeros, torn)| Step::Crash { cut, zeros, torn }),
    ]
}

/// A shard's end of a lane: its log never forgets, its cursor is saved at times.
#[derive(Default)]
struct Shard {
    /// Rows of each record, from LSN 1.
    log: Vec<u8>,
    saved: u64,
    /// LSN of the last record pushed in this run.
    pushed: u64,
    sequence: u64,
    /// (sequence, through) of what was pushed in this run.
    outstanding: Vec<(u64, u64)>,
}

impl Shard {
    /// The next batch: all records logged and not pushed in this run, at most `records` of them.
    fn batch(&mut self, lane: usize, records: usize) -> Arc<RowBatch> {
        let through = (self.pushed + records as u64).min(self.log.len() as u64);
        let rows: Vec<_> = (self.pushed + 1..=through)
            .flat_map(|lsn| (0..self.log[lsn as usize - 1]).map(move |row| (lsn, row)))
            .map(|(lsn, row)| (lsn, format!("{lane} {lsn} {row}\n")))
            .collect();
        let rows: Vec<_> = rows.iter().map(|(lsn, row)| (*lsn, 1, &**row)).collect();
        self.sequence += 1;
        self.pushed = through;
        self.outstanding.push((self.sequence, through));
        let mut made = batch(self.sequence, &rows);
        Arc::get_mut(&mut made).unwrap().through = at(through);
        made
    }

    fn save(&mut self, confirmed: u64) {
        let done = |batch: &&(u64, u64)| batch.0 <= confirmed;
        if let Some((_, through)) = self.outstanding.iter().rfind(done) {
            self.saved = self.saved.max(*through);
        }
    }
}

/// One run of the process.
struct Run {
    driver: Driver,
    lanes: Vec<Arc<Lane>>,
    metrics: Arc<SinkMetrics>,
}

struct World {
    settings: FileSettings,
    moods: Arc<Mutex<VecDeque<u8>>>,
    shards: Vec<Shard>,
    run: Run,
    now: Instant,
}

fn start(settings: &FileSettings, moods: &Arc<Mutex<VecDeque<u8>>>, shards: &mut [Shard]) -> Run {
    let mut lanes = Vec::new();
    for (index, shard) in shards.iter_mut().enumerate() {
        shard.pushed = shard.saved;
        shard.sequence = 0;
        shard.outstanding.clear();
        let cursor = match shard.saved {
            0 => Position::ZERO,
            saved => at(saved),
        };
        lanes.push(Arc::new(Lane::new(key(index as u16), 1000, cursor)));
    }
    let metrics = Arc::new(SinkMetrics::default());
    let driver = Driver::new(WriterSetup {
        name: settings.name.clone(),
        writer: Box::new(Unreliable {
            writer: FileWriter::new(settings.clone()),
            moods: Arc::clone(moods),
        }),
        batching: Batching {
            rows_max: 7,
            bytes_max: 1 << 20,
            linger: Duration::ZERO,
        },
        lanes: lanes
            .iter()
            .map(|lane| WriterLane {
                lane: Arc::clone(lane),
                wake: Arc::new(NoWake),
            })
            .collect(),
        metrics: Arc::clone(&metrics),
        rejected: Box::new(|_| Ok(())),
    });
    Run {
        driver,
        lanes,
        metrics,
    }
}

impl World {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Push(lane, records) => {
                let shard = &mut self.shards[*lane];
                shard.log.extend_from_slice(records);
                let made = shard.batch(*lane, records.len().max(1) * 2);
                self.run.lanes[*lane].push(made).unwrap();
            }
            Step::Turns(turns) => {
                for _ in 0..*turns {
                    self.run.driver.turn(self.now);
                }
            }
            Step::Pass(millis) => self.now += Duration::from_millis(u64::from(*millis) * 20),
            Step::Save(lane) => {
                let confirmed = self.run.lanes[*lane].confirmed();
                self.shards[*lane].save(confirmed);
            }
            Step::Crash { cut, zeros, torn } => {
                let stopped = start(&self.settings, &self.moods, &mut []);
                drop(std::mem::replace(&mut self.run, stopped));
                self.lose_power(*cut, *zeros, *torn);
                self.run = start(&self.settings, &self.moods, &mut self.shards);
            }
        }
    }

    /// Does to what is not confirmed what a power cut may do.
    fn lose_power(&self, cut: Option<u8>, zeros: bool, torn: Option<u16>) {
        let path = self.settings.state_directory.join("cursor");
        if !path.exists() {
            return;
        }
        let (cursor_file, state) = CursorFile::open(&path).unwrap();
        let slot = cursor_file.next_slot();
        let Some(state) = state else { return };
        if let Some(share) = cut {
            self.cut_rows(state.file_index, state.offset, share, zeros);
        }
        if let Some(length) = torn {
            let garbage = vec![0xa5; length as usize % 200];
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            file.write_all_at(&garbage, slot).unwrap();
        }
    }

    fn cut_rows(&self, confirmed_file: u64, confirmed: u64, share: u8, zeros: bool) {
        for entry in fs::read_dir(&self.settings.directory).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let index: u64 = name[5..17].parse().unwrap();
            let synced = match index.cmp(&confirmed_file) {
                std::cmp::Ordering::Less => continue,
                std::cmp::Ordering::Equal => confirmed,
                std::cmp::Ordering::Greater => 0,
            };
            let length = entry.metadata().unwrap().len();
            let kept = synced + (length - synced) * u64::from(share) / 256;
            let file = OpenOptions::new().write(true).open(entry.path()).unwrap();
            file.set_len(kept).unwrap();
            if zeros {
                file.set_len(length).unwrap();
            }
            if index > confirmed_file && share < 64 {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    /// Brings everything to its end on a sound disk.
    fn finish(&mut self) {
        self.moods.lock().unwrap().clear();
        for (index, shard) in self.shards.iter_mut().enumerate() {
            let rest = shard.batch(index, usize::MAX >> 1);
            self.run.lanes[index].push(rest).unwrap();
        }
        self.run.driver.drain();
        for _ in 0..10_000 {
            match self.run.driver.turn(self.now) {
                Turn::Again => {}
                Turn::Wait { until, .. } => self.now = until.expect("there is work"),
                Turn::Drained => return,
            }
        }
        panic!("it never ends: {:?}", self.run.metrics.last_error());
    }

    fn rows_in_files(&self) -> Vec<Vec<String>> {
        let mut rows = vec![Vec::new(); LANES];
        for (_, text) in files(&self.settings.directory) {
            let header = String::from_utf8(self.settings.header.clone()).unwrap();
            let lines = text.strip_prefix(&*header);
            assert!(
                text.is_empty() || lines.is_some(),
                "every file has its header"
            );
            for line in lines.unwrap_or_default().lines() {
                let lane: usize = line.split(' ').next().unwrap().parse().unwrap();
                rows[lane].push(line.to_owned());
            }
        }
        rows
    }

    fn rows_in_logs(&self) -> Vec<Vec<String>> {
        let rows_of = |(lane, shard): (usize, &Shard)| {
            let records = (1_u64..).zip(&shard.log);
            records
                .flat_map(|(lsn, rows)| (0..*rows).map(move |row| format!("{lane} {lsn} {row}")))
                .collect()
        };
        self.shards.iter().enumerate().map(rows_of).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn each_row_is_in_the_files_once_and_in_order(
        steps in prop::collection::vec(step(), 1..60),
        moods in prop::collection::vec(any::<u8>(), 0..60),
        rotate_bytes in 1..60_u64,
        interval_ms in prop_oneof![Just(0), Just(100)],
        rotates_always in any::<bool>(),
        header in prop_oneof![Just(""), Just("lane lsn row\n")],
    ) {
        let place = Place::fast(rotate_bytes);
        let mut settings = place.settings();
        settings.confirm_interval = Duration::from_millis(interval_ms);
        settings.rotate_interval = rotates_always.then_some(Duration::ZERO);
        settings.header = header.into();
        let moods = Arc::new(Mutex::new(VecDeque::from(moods)));
        let mut shards: Vec<_> = (0..LANES).map(|_| Shard::default()).collect();
        let run = start(&settings, &moods, &mut shards);
        let mut world = World { settings, moods, shards, run, now: Instant::now() };
        for step in &steps {
            world.step(step);
        }
        world.finish();
        prop_assert_eq!(world.rows_in_files(), world.rows_in_logs());
    }
}
