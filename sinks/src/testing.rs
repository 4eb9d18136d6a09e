//! Batches and lanes for tests.

use crate::{Lane, LaneKey, RowBatch, RowMeta};
use rookery_model::{Lsn, Position, RecordTime, ShardId, Term};
use std::sync::Arc;

/// A row for a test: its record, its device, its text.
pub(crate) type Row<'a> = (u64, u64, &'a str);

pub(crate) fn at(lsn: u64) -> Position {
    Position::new(Term(7), Lsn(lsn))
}

pub(crate) fn key(shard: u16) -> LaneKey {
    LaneKey {
        shard: ShardId(shard),
        writer: 0,
    }
}

pub(crate) fn lane(shard: u16, capacity: usize) -> Arc<Lane> {
    Arc::new(Lane::new(key(shard), capacity, Position::ZERO))
}

/// A batch whose `through` is its last row's record.
pub(crate) fn batch(sequence: u64, rows: &[Row<'_>]) -> Arc<RowBatch> {
    let last = rows.last().map_or(0, |row| row.0);
    batch_through(sequence, last, rows)
}

pub(crate) fn batch_through(sequence: u64, through: u64, rows: &[Row<'_>]) -> Arc<RowBatch> {
    let mut batch = RowBatch {
        sequence,
        through: at(through),
        oldest: RecordTime(rows.first().map_or(0, |row| row.0 as i64 * 1000)),
        ..RowBatch::default()
    };
    for (ordinal, (lsn, device, text)) in rows.iter().enumerate() {
        batch.bytes.extend_from_slice(text.as_bytes());
        batch.rows.push(RowMeta {
            end: batch.bytes.len() as u32,
            rule: 0,
            ordinal: ordinal as u32,
            position: at(*lsn),
            device: *device,
        });
    }
    Arc::new(batch)
}

/// A directory in memory where there is one: a test that syncs thousands of times is not to wait for
/// a disk.
pub(crate) fn fast_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a temporary directory can be made")
}
