//! A sink with its writer's thread, and one lane to push rows into.
#![allow(clippy::unwrap_used)]

use rookery_model::{
    DataType, Field, Lsn, Position, RecordTime, RowIdentity, ShardId, Term, Value,
};
use rookery_sinks::{
    Lane, LaneKey, RowBatch, RowEncoder, RowMeta, ShardWake, Sink, SinkContext, SinkMetrics,
    SinkOptionError, TableSpec, WriterEnd, WriterHandle, WriterLane, WriterSetup, build,
    spawn_writer,
};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long something may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

struct NoWake;

impl ShardWake for NoWake {
    fn wake(&self) {}
}

pub fn at(lsn: u64) -> Position {
    Position::new(Term(7), Lsn(lsn))
}

pub type Columns<'a> = &'a [(&'a str, DataType)];

/// The table `jobs.rows` of a data directory.
pub fn make(
    data: &Path,
    columns: Columns<'_>,
    options: &[(&str, &str)],
) -> Result<Box<dyn Sink>, SinkOptionError> {
    let field = |(name, data_type): &(&str, DataType)| Field {
        name: (*name).to_owned(),
        data_type: data_type.clone(),
    };
    let spec = TableSpec {
        name: "jobs.rows".to_owned(),
        table: "rows".to_owned(),
        columns: columns.iter().map(field).collect(),
        primary_key: Vec::new(),
        options: options
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        zone: "Asia/Shanghai".to_owned(),
    };
    let context = SinkContext {
        data_dir: data.to_owned(),
        instance: "test".to_owned(),
    };
    build(&spec, &context)
}

/// A row that was refused: its record's LSN, code and reason.
pub type Letter = (u64, String, String);

pub struct Running {
    pub sink: Box<dyn Sink>,
    pub lane: Arc<Lane>,
    pub metrics: Arc<SinkMetrics>,
    pub letters: Arc<Mutex<Vec<Letter>>>,
    /// LSN of the last row pushed: each is of a record of its own.
    pub lsn: u64,
    encoder: Box<dyn RowEncoder>,
    writer: WriterHandle,
    sequence: u64,
}

impl Running {
    /// As after a restart: rows up to here were seen confirmed.
    pub fn after(sink: Box<dyn Sink>, confirmed: Position) -> Self {
        let key = LaneKey {
            shard: ShardId(0),
            writer: 0,
        };
        let lane = Arc::new(Lane::new(key, 4096, confirmed));
        let metrics = Arc::new(SinkMetrics::default());
        let letters = Arc::<Mutex<Vec<Letter>>>::default();
        let writer = spawn_writer(WriterSetup {
            name: sink.name().to_owned(),
            writer: sink.writer(0),
            batching: sink.batching(),
            lanes: vec![WriterLane {
                lane: Arc::clone(&lane),
                wake: Arc::new(NoWake),
            }],
            metrics: Arc::clone(&metrics),
            rejected: Box::new({
                let letters = Arc::clone(&letters);
                move |rows| {
                    let rows = rows.iter().map(|row| {
                        let (code, reason) = (row.code.to_owned(), row.reason.to_owned());
                        (row.position.lsn.0, code, reason)
                    });
                    letters.lock().unwrap().extend(rows);
                    Ok(())
                }
            }),
        });
        Self {
            lane,
            metrics,
            letters,
            encoder: sink.encoder(),
            sink,
            writer: writer.unwrap(),
            sequence: 0,
            lsn: confirmed.lsn.0,
        }
    }

    /// Pushes a batch of rows.
    pub fn push(&mut self, rows: &[&[Value<'_>]]) {
        let mut batch = RowBatch::default();
        for row in rows {
            let identity = RowIdentity {
                shard: ShardId(0),
                position: at(self.lsn + 1),
                rule: 0,
                ordinal: 0,
            };
            let encoded = self.encoder.encode(&identity, row, &mut batch.bytes);
            encoded.unwrap();
            self.end_row(&mut batch);
        }
        self.push_batch(batch);
    }

    /// Pushes a batch of one row, in the sink's format.
    pub fn push_bytes(&mut self, row: &str) {
        let mut batch = RowBatch::default();
        batch.bytes.extend_from_slice(row.as_bytes());
        self.end_row(&mut batch);
        self.push_batch(batch);
    }

    fn end_row(&mut self, batch: &mut RowBatch) {
        self.lsn += 1;
        batch.rows.push(RowMeta {
            end: batch.bytes.len() as u32,
            rule: 0,
            ordinal: 0,
            position: at(self.lsn),
            device: 1,
        });
    }

    fn push_batch(&mut self, mut batch: RowBatch) {
        self.sequence += 1;
        batch.sequence = self.sequence;
        batch.through = at(self.lsn);
        batch.oldest = RecordTime(1);
        let begun = Instant::now();
        let mut batch = Arc::new(batch);
        while let Err(back) = self.lane.push(batch) {
            batch = back;
            assert!(begun.elapsed() < PATIENCE, "the lane has room");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Pushes rows of two strings.
    pub fn push_texts(&mut self, rows: &[(&str, &str)]) {
        let rows: Vec<_> = rows
            .iter()
            .map(|(k, v)| [Value::String(k), Value::String(v)])
            .collect();
        let rows: Vec<_> = rows.iter().map(|row| row.as_slice()).collect();
        self.push(&rows);
    }

    /// Pushes one row of which the value is its LSN.
    pub fn push_next(&mut self, key: &str) {
        let next = (self.lsn + 1).to_string();
        self.push_texts(&[(key, &next)]);
    }

    /// Waits until something holds.
    pub fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            std::thread::sleep(Duration::from_millis(2));
            let error = self.metrics.last_error();
            assert!(begun.elapsed() < PATIENCE, "{what}: {error:?}");
        }
    }

    pub fn all_confirmed(&self) -> bool {
        self.lane.confirmed() == self.sequence
    }

    pub fn wait_confirmed(&self) {
        self.wait("all is confirmed", Self::all_confirmed);
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap().clone()
    }

    /// Ends in order, with everything confirmed.
    pub fn stop(self) {
        self.writer.stop(Instant::now() + PATIENCE);
        assert_eq!(self.writer.join(), WriterEnd::Drained);
    }

    /// Ends as a killed process does: what is not confirmed stays so.
    pub fn abandon(self) {
        self.writer.stop(Instant::now());
        // The thread may be waiting for a server that does not answer.
        let _ = self.writer.join();
    }
}

/// A file sink.
pub fn files(out: &Path, data: &Path, rotate_bytes: u64) -> Running {
    let options = [
        ("connector", "filesystem"),
        ("path", out.to_str().unwrap()),
        ("rotate_bytes", &rotate_bytes.to_string()),
        ("confirm_interval_ms", "1"),
    ];
    Running::after(make(data, &[], &options).unwrap(), Position::ZERO)
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
