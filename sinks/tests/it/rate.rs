//! What the file sink's writer costs at a given rate of rows.
//!
//! Small by default. `ROOKERY_FILE_SINK_SECONDS=10 cargo test --release -p rookery-sinks --test it rate -- --nocapture`
//! measures; `ROOKERY_FILE_SINK_ROWS_PER_SECOND` and `ROOKERY_FILE_SINK_DIR` change what.
#![allow(clippy::unwrap_used)]

use rookery_model::{Lsn, Position, RecordTime, ShardId, Term};
use rookery_sinks::{
    Lane, LaneKey, RowBatch, RowMeta, ShardWake, SinkContext, SinkMetrics, TableSpec, WriterEnd,
    WriterLane, WriterSetup, build, spawn_writer,
};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROW_BYTES: usize = 150;
const BATCH_ROWS: usize = 870;
const LANES: u16 = 2;

struct NoWake;

impl ShardWake for NoWake {
    fn wake(&self) {}
}

fn setting(name: &str, default: f64) -> f64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Nanoseconds that a thread of this process, known by its name, was on a core.
fn cpu_of(name: &str) -> u64 {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .map(|task| task.unwrap().path())
        .filter(|task| std::fs::read_to_string(task.join("comm")).unwrap().trim() == name)
        .map(|task| {
            let stat = std::fs::read_to_string(task.join("schedstat")).unwrap();
            stat.split(' ').next().unwrap().parse::<u64>().unwrap()
        })
        .sum()
}

/// One shard's rows: batches of the same size, their buffers used again.
struct Shard {
    lane: Arc<Lane>,
    row: Vec<u8>,
    held: VecDeque<Arc<RowBatch>>,
    spare: Vec<Arc<RowBatch>>,
    sequence: u64,
    lsn: u64,
    most_held: usize,
}

impl Shard {
    fn new(shard: u16) -> Self {
        let mut row = format!("{{\"shard\":{shard},\"text\":\"").into_bytes();
        row.resize(ROW_BYTES - 3, b'x');
        row.extend_from_slice(b"\"}\n");
        let key = LaneKey {
            shard: ShardId(shard),
            writer: 0,
        };
        Self {
            lane: Arc::new(Lane::new(key, 4096, Position::ZERO)),
            row,
            held: VecDeque::new(),
            spare: Vec::new(),
            sequence: 0,
            lsn: 0,
            most_held: 0,
        }
    }

    fn push(&mut self) {
        let mut shell = self.spare.pop().unwrap_or_default();
        let batch = Arc::get_mut(&mut shell).unwrap();
        batch.clear();
        self.sequence += 1;
        batch.sequence = self.sequence;
        batch.oldest = RecordTime(1);
        for _ in 0..BATCH_ROWS {
            self.lsn += 1;
            batch.bytes.extend_from_slice(&self.row);
            batch.rows.push(RowMeta {
                end: batch.bytes.len() as u32,
                rule: 0,
                ordinal: 0,
                position: Position::new(Term(1), Lsn(self.lsn)),
                device: self.lsn,
            });
        }
        batch.through = Position::new(Term(1), Lsn(self.lsn));
        self.held.push_back(Arc::clone(&shell));
        self.lane.push(shell).expect("there is room");
        self.most_held = self.most_held.max(self.held.len());
    }

    fn take_confirmed(&mut self) {
        let confirmed = self.lane.confirmed();
        while self
            .held
            .front()
            .is_some_and(|batch| batch.sequence <= confirmed)
        {
            self.spare.extend(self.held.pop_front());
        }
    }
}

fn lines(directory: &Path) -> u64 {
    let files = std::fs::read_dir(directory).unwrap();
    let bytes: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert_eq!(bytes % ROW_BYTES as u64, 0);
    bytes / ROW_BYTES as u64
}

#[test]
fn the_file_sink_takes_its_rows() {
    let seconds = setting("ROOKERY_FILE_SINK_SECONDS", 0.3);
    let rate = setting("ROOKERY_FILE_SINK_ROWS_PER_SECOND", 350_000.0);
    let root = match std::env::var("ROOKERY_FILE_SINK_DIR") {
        Ok(place) => tempfile::tempdir_in(place).unwrap(),
        Err(_) => tempfile::tempdir().unwrap(),
    };
    let out = root.path().join("out");
    let spec = TableSpec {
        name: "jobs.rate".to_owned(),
        table: "rate".to_owned(),
        columns: Vec::new(),
        primary_key: Vec::new(),
        options: vec![
            ("connector".to_owned(), "filesystem".to_owned()),
            ("path".to_owned(), out.display().to_string()),
        ],
        zone: "UTC".to_owned(),
    };
    let context = SinkContext {
        data_dir: root.path().join("data"),
        instance: "rate".to_owned(),
    };
    let sink = build(&spec, &context).unwrap();
    let metrics = Arc::new(SinkMetrics::default());
    let mut shards: Vec<_> = (0..LANES).map(Shard::new).collect();
    let writer = spawn_writer(WriterSetup {
        name: sink.name().to_owned(),
        writer: sink.writer(0),
        batching: sink.batching(),
        lanes: shards
            .iter()
            .map(|shard| WriterLane {
                lane: Arc::clone(&shard.lane),
                wake: Arc::new(NoWake),
            })
            .collect(),
        metrics: Arc::clone(&metrics),
        rejected: Box::new(|_| Ok(())),
    })
    .unwrap();
    let begun = Instant::now();
    let batches = (seconds * rate / BATCH_ROWS as f64).ceil() as u64;
    for batch in 0..batches {
        let due = begun + Duration::from_secs_f64(batch as f64 * BATCH_ROWS as f64 / rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let shard = &mut shards[batch as usize % LANES as usize];
        shard.take_confirmed();
        shard.push();
    }
    let took = begun.elapsed().as_secs_f64();
    let cpu = cpu_of("sink jobs.rate") as f64 / 1e9;
    let most_held: usize = shards.iter().map(|shard| shard.most_held).sum();
    writer.stop(Instant::now() + Duration::from_secs(60));
    assert_eq!(writer.join(), WriterEnd::Drained);
    let counts = metrics.counts();
    let rows = batches * BATCH_ROWS as u64;
    assert_eq!((counts.rows_confirmed, lines(&out)), (rows, rows));
    println!(
        "{rows} rows in {took:.2} s: {:.0} rows/s, writer thread {:.1}% of a core ({:.0} ns a row), \
         {} requests, {} confirmations, at most {most_held} batches held",
        rows as f64 / took,
        cpu / took * 100.0,
        cpu * 1e9 / rows as f64,
        counts.requests,
        counts.confirms,
    );
}
