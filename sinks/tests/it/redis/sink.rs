//! A Redis sink with its writer's thread, and one lane to push rows into.
#![allow(clippy::unwrap_used)]

use rookery_model::{
    DataType, Field, Lsn, Position, RecordTime, RowIdentity, ShardId, Term, Value,
};
use rookery_sinks::{
    EncodeError, Lane, LaneKey, RowBatch, RowEncoder, RowMeta, ShardWake, Sink, SinkContext,
    SinkMetrics, SinkOptionError, TableSpec, WriterEnd, WriterHandle, WriterLane, WriterSetup,
    build, spawn_writer,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

struct NoWake;

impl ShardWake for NoWake {
    fn wake(&self) {}
}

pub fn at(lsn: u64) -> Position {
    Position::new(Term(7), Lsn(lsn))
}

/// The key of the lane's cursor.
pub const CURSOR: &str = "rookery:test:cursor:jobs.rows:0:0";

pub type Columns<'a> = &'a [(&'a str, DataType)];

/// `k` and `v`, both strings.
pub const KEY_VALUE: Columns<'static> = &[("k", DataType::STRING), ("v", DataType::STRING)];

/// A table at 127.0.0.1.
pub fn make(
    port: u16,
    columns: Columns<'_>,
    options: &[(&str, &str)],
) -> Result<Box<dyn Sink>, SinkOptionError> {
    let port = port.to_string();
    let place = [("type", "redis"), ("host", "127.0.0.1"), ("port", &port)];
    let given = options.iter().map(|(key, _)| *key).collect::<Vec<_>>();
    let place = place.iter().filter(|(key, _)| !given.contains(key));
    let field = |(name, data_type): &(&str, DataType)| Field {
        name: (*name).to_owned(),
        data_type: data_type.clone(),
    };
    let spec = TableSpec {
        name: "jobs.rows".to_owned(),
        table: "rows".to_owned(),
        columns: columns.iter().map(field).collect(),
        primary_key: Vec::new(),
        options: place
            .chain(options)
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        zone: "Asia/Shanghai".to_owned(),
    };
    let context = SinkContext {
        data_dir: "/nowhere".into(),
        instance: "test".to_owned(),
    };
    build(&spec, &context)
}

/// A row that was refused: its record's LSN, code and reason.
pub type Letter = (u64, String, String);

pub struct Running {
    pub lane: Arc<Lane>,
    pub metrics: Arc<SinkMetrics>,
    pub letters: Arc<Mutex<Vec<Letter>>>,
    encoder: Box<dyn RowEncoder>,
    writer: WriterHandle,
    sequence: u64,
    pub lsn: u64,
}

impl Running {
    pub fn start(port: u16, columns: Columns<'_>, options: &[(&str, &str)]) -> Self {
        Self::after(port, columns, options, Position::ZERO)
    }

    /// As after a restart: rows up to here were seen confirmed.
    pub fn after(
        port: u16,
        columns: Columns<'_>,
        options: &[(&str, &str)],
        confirmed: Position,
    ) -> Self {
        let sink = make(port, columns, options).unwrap();
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
                        (
                            row.position.lsn.0,
                            row.code.to_owned(),
                            row.reason.to_owned(),
                        )
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
            writer: writer.unwrap(),
            sequence: 0,
            lsn: confirmed.lsn.0,
        }
    }

    /// Pushes a batch, each row of a record of its own.
    pub fn push(&mut self, rows: &[&[Value<'_>]]) {
        let mut batch = RowBatch::default();
        for row in rows {
            self.lsn += 1;
            let identity = RowIdentity {
                shard: ShardId(0),
                position: at(self.lsn),
                rule: 0,
                ordinal: 0,
            };
            self.encoder
                .encode(&identity, row, &mut batch.bytes)
                .unwrap();
            batch.rows.push(RowMeta {
                end: batch.bytes.len() as u32,
                rule: 0,
                ordinal: 0,
                position: at(self.lsn),
                device: 1,
            });
        }
        self.sequence += 1;
        batch.sequence = self.sequence;
        batch.through = at(self.lsn);
        batch.oldest = RecordTime(1);
        let begun = Instant::now();
        let mut batch = Arc::new(batch);
        while let Err(back) = self.lane.push(batch) {
            batch = back;
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "the lane has room"
            );
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

    pub fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            std::thread::sleep(Duration::from_millis(2));
            let error = self.metrics.last_error();
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{what}: {error:?}"
            );
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

    pub fn stop(self) {
        self.writer.stop(Instant::now() + Duration::from_secs(60));
        assert_eq!(self.writer.join(), WriterEnd::Drained);
    }

    /// Ends as a killed process does: what is not confirmed stays so.
    pub fn abandon(self) {
        self.writer.stop(Instant::now());
        // The thread may be waiting for a server that does not answer.
        let _ = self.writer.join();
    }
}

/// What the encoder says to one row.
pub fn encode(sink: &dyn Sink, row: &[Value<'_>]) -> Result<Vec<u8>, EncodeError> {
    let identity = RowIdentity {
        shard: ShardId(2),
        position: at(9),
        rule: 3,
        ordinal: 4,
    };
    let mut out = b"before".to_vec();
    let encoded = sink.encoder().encode(&identity, row, &mut out);
    assert!(out.starts_with(b"before"));
    match encoded {
        Ok(()) => Ok(out.split_off(6)),
        Err(error) => {
            assert_eq!(out, b"before");
            Err(error)
        }
    }
}
