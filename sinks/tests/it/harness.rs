//! A file sink with its writer's thread, and one lane to push rows into.
#![allow(clippy::unwrap_used)]

use rookery_model::{Lsn, Position, RecordTime, ShardId, Term};
use rookery_sinks::{
    Lane, LaneKey, RowBatch, RowMeta, ShardWake, SinkContext, SinkMetrics, TableSpec, WriterEnd,
    WriterHandle, WriterLane, WriterSetup, build, spawn_writer,
};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

struct NoWake;

impl ShardWake for NoWake {
    fn wake(&self) {}
}

pub struct Running {
    pub lane: Arc<Lane>,
    pub metrics: Arc<SinkMetrics>,
    writer: WriterHandle,
    sequence: u64,
    lsn: u64,
}

impl Running {
    pub fn start(out: &Path, data: &Path, rotate_bytes: u64) -> Self {
        let options = [
            ("connector", "filesystem".to_owned()),
            ("path", out.display().to_string()),
            ("rotate_bytes", rotate_bytes.to_string()),
            ("confirm_interval_ms", "1".to_owned()),
        ];
        let spec = TableSpec {
            name: "jobs.rows".to_owned(),
            table: "rows".to_owned(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            options: options.map(|(key, value)| (key.to_owned(), value)).into(),
            zone: "UTC".to_owned(),
        };
        let context = SinkContext {
            data_dir: data.to_owned(),
            instance: "test".to_owned(),
        };
        let sink = build(&spec, &context).unwrap();
        let key = LaneKey {
            shard: ShardId(0),
            writer: 0,
        };
        let lane = Arc::new(Lane::new(key, 1024, Position::ZERO));
        let metrics = Arc::new(SinkMetrics::default());
        let writer = spawn_writer(WriterSetup {
            name: sink.name().to_owned(),
            writer: sink.writer(0),
            batching: sink.batching(),
            lanes: vec![WriterLane {
                lane: Arc::clone(&lane),
                wake: Arc::new(NoWake),
            }],
            metrics: Arc::clone(&metrics),
            rejected: Box::new(|_| Ok(())),
        });
        Self {
            lane,
            metrics,
            writer: writer.unwrap(),
            sequence: 0,
            lsn: 0,
        }
    }

    /// Pushes a batch of one row.
    pub fn push(&mut self, row: &str) {
        self.sequence += 1;
        self.lsn += 1;
        let position = Position::new(Term(1), Lsn(self.lsn));
        let batch = RowBatch {
            sequence: self.sequence,
            through: position,
            oldest: RecordTime(1),
            bytes: row.as_bytes().to_vec(),
            rows: vec![RowMeta {
                end: row.len() as u32,
                rule: 0,
                ordinal: 0,
                position,
                device: 1,
            }],
        };
        self.lane.push(Arc::new(batch)).unwrap();
    }

    /// Waits until something holds.
    pub fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            std::thread::sleep(Duration::from_millis(5));
            let error = self.metrics.last_error();
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{what}: {error:?}"
            );
        }
    }

    pub fn all_confirmed(&self) -> bool {
        self.lane.confirmed() == self.sequence
    }

    pub fn stop(self) -> WriterEnd {
        self.writer.stop(Instant::now() + Duration::from_secs(20));
        self.writer.join()
    }
}

/// The rows of a directory in the order of the files' names.
pub fn rows(out: &Path) -> Vec<String> {
    let files = std::fs::read_dir(out).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap());
    let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.collect()
}
