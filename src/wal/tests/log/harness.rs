//! What the tests share: a log on a simulated disk, and short ways to use it.

use rookery_model::{Lsn, Position, RecordTime, ShardId, Term};
use rookery_runtime::storage::Storage;
use rookery_runtime::storage::sim::SimStorage;
use rookery_wal::{
    Known, Log, LogConfig, LsnRange, OpenReport, RecordKind, Recovery, SideWork, Start,
};
use std::path::{Path, PathBuf};

pub const DIR: &str = "/data/log";
pub const SEGMENT: u64 = 16 * 1024;

pub fn dir() -> &'static Path {
    Path::new(DIR)
}

pub fn config() -> LogConfig {
    LogConfig {
        segment_size_bytes: SEGMENT,
        side_work: SideWork::Inline,
        ..LogConfig::new(*b"an instance's id", ShardId(0))
    }
}

pub fn segment_path(id: u64) -> PathBuf {
    dir().join(format!("{id:020}.log"))
}

pub fn recover(storage: &SimStorage) -> Recovery<SimStorage> {
    Recovery::open(storage.clone(), dir(), config(), Known::default()).unwrap()
}

pub fn start(recovery: Recovery<SimStorage>) -> Log<SimStorage> {
    let term = Term(recovery.last_term().0 + 1);
    let time = RecordTime(1_000_000 * term.0 as i64);
    recovery
        .start(Start {
            term,
            time,
            payload: b"start",
        })
        .unwrap()
}

/// Opens the log and starts it.
pub fn open(storage: &SimStorage) -> (Log<SimStorage>, OpenReport) {
    let recovery = recover(storage);
    let report = recovery.report().clone();
    (start(recovery), report)
}

/// A record as the tests compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub position: Position,
    pub time: RecordTime,
    pub kind: RecordKind,
    pub payload: Vec<u8>,
}

pub fn read_from<S: Storage>(log: &Log<S>, from: Position) -> (Vec<Record>, Vec<LsnRange>) {
    let mut reader = log.reader(from);
    let mut records = Vec::new();
    while let Some(record) = reader.next(log).unwrap() {
        records.push(Record {
            position: record.position,
            time: record.time,
            kind: record.kind,
            payload: record.payload.to_vec(),
        });
    }
    (records, reader.take_damage())
}

pub fn read_all<S: Storage>(log: &Log<S>) -> Vec<Record> {
    let (records, damage) = read_from(log, Position::ZERO);
    assert_eq!(damage, []);
    records
}

/// Payloads of the messages, in order.
pub fn messages<S: Storage>(log: &Log<S>) -> Vec<Vec<u8>> {
    let records = read_all(log).into_iter();
    records
        .filter(|r| r.kind == RecordKind::Message)
        .map(|r| r.payload)
        .collect()
}

pub fn append<S: Storage>(log: &mut Log<S>, payload: &[u8]) -> Lsn {
    log.begin_batch(RecordTime(log.last_time().0 + 1));
    log.append(RecordKind::Message, &[payload]).unwrap()
}

pub fn commit<S: Storage>(log: &mut Log<S>) -> Position {
    let commit = log.begin_commit().unwrap();
    let result = commit.sync_data();
    log.end_commit(commit, result).unwrap()
}

/// Appends `count` messages `prefix-n` of some 200 bytes, in commits of `batch`.
pub fn fill<S: Storage>(log: &mut Log<S>, prefix: &str, count: usize, batch: usize) {
    for at in 0..count {
        append(log, message(prefix, at).as_bytes());
        if (at + 1) % batch == 0 {
            commit(log);
        }
    }
    if !count.is_multiple_of(batch) {
        commit(log);
    }
}

pub fn message(prefix: &str, at: usize) -> String {
    format!("{prefix}-{at}-{}", "x".repeat(180 + at % 40))
}

/// Changes a file in place.
pub fn alter(storage: &SimStorage, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = storage.contents(path).unwrap();
    change(&mut bytes);
    storage.replace_contents(path, &bytes).unwrap();
}
