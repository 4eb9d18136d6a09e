//! Rows that a target refused, on their way into the store.
//!
//! They come from the sinks' writers, at any time and from any record, so they have a lane of their
//! own, numbered within the term: a cursor of a shard's lane could not pass over them in order.

use super::{DeadLetterEncoder, Kept, LetterOrigin};
use crate::{Lane, LaneKey, RejectedRow, RejectedRows, RowBatch, RowMeta, ShardWake, WriterLane};
use rookery_model::{DeadLetter, Lsn, Position, ShardId, Stage, Term};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// No shard has this index: there are at most as many as slots.
pub(super) const NO_SHARD: ShardId = ShardId(u16::MAX);
/// Batches that may wait for the store. Each caller waits for its own, so more than a few means that
/// the store does not get on.
const BATCHES_MAX: usize = 64;
/// How long a writer waits for its dead letters before it says that it cannot go on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whose bytes a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowMaker {
    /// The sink's connector.
    pub connector: &'static str,
    /// A hash of what else the bytes depend on: the table's columns and options.
    pub format: u64,
}

/// The lane of refused rows; one for a process, shared by all sinks.
#[derive(Clone)]
pub struct RejectedLane(Arc<Shared>);

struct Shared {
    lane: Arc<Lane>,
    term: Term,
    sender: Mutex<Sender>,
    confirmed: Condvar,
}

#[derive(Default)]
struct Sender {
    sequence: u64,
    rows: u64,
    encoder: DeadLetterEncoder,
}

impl RejectedLane {
    /// A lane for the rows refused in this term.
    #[must_use]
    pub fn new(term: Term) -> Self {
        let key = LaneKey {
            shard: NO_SHARD,
            writer: 0,
        };
        Self(Arc::new(Shared {
            lane: Arc::new(Lane::new(key, BATCHES_MAX, Position::ZERO)),
            term,
            sender: Mutex::default(),
            confirmed: Condvar::new(),
        }))
    }

    /// What the store's writer is given beside the shards' lanes.
    #[must_use]
    pub fn writer_lane(&self) -> WriterLane {
        WriterLane {
            lane: Arc::clone(&self.0.lane),
            wake: Arc::clone(&self.0) as Arc<dyn ShardWake>,
        }
    }

    /// What a sink's writer is given: it stores the rows as dead letters of stage sink, and returns
    /// when they are durable. `rules` are the rules' names by index; `made_by` is kept with the
    /// rows: who else would read them.
    #[must_use]
    pub fn rejected_rows(&self, rules: Arc<[String]>, made_by: RowMaker) -> RejectedRows {
        let shared = Arc::clone(&self.0);
        Box::new(move |rows| shared.store(rows, made_by, &rules, PATIENCE))
    }
}

impl Shared {
    fn sender(&self) -> MutexGuard<'_, Sender> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(
        &self,
        rows: &[RejectedRow<'_>],
        made_by: RowMaker,
        rules: &[String],
        patience: Duration,
    ) -> Result<(), String> {
        let mut sender = self.sender();
        let batch = sender.encode(self.term, rows, made_by, rules);
        let sequence = batch.sequence;
        if self.lane.push(batch).is_err() {
            return Err("the store of dead letters does not take them".to_owned());
        }
        sender.sequence = sequence;
        let waiting = |_: &mut Sender| self.lane.confirmed() < sequence;
        let (sender, waited) = self
            .confirmed
            .wait_timeout_while(sender, patience, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        drop(sender);
        match waited.timed_out() {
            true => Err("the store of dead letters has not synced them yet".to_owned()),
            false => Ok(()),
        }
    }
}

impl ShardWake for Shared {
    fn wake(&self) {
        // Taken so that no waiter is between its look and its sleep.
        drop(self.sender());
        self.confirmed.notify_all();
    }
}

impl Sender {
    fn encode(
        &mut self,
        term: Term,
        rows: &[RejectedRow<'_>],
        made_by: RowMaker,
        rules: &[String],
    ) -> Arc<RowBatch> {
        let mut batch = RowBatch {
            sequence: self.sequence + 1,
            ..RowBatch::default()
        };
        for row in rows {
            let letter = DeadLetter {
                stage: Stage::Sink,
                rule: rules.get(usize::from(row.rule)).map(String::as_str),
                code: row.code,
                reason: row.reason,
                raw: row.row,
            };
            let origin = LetterOrigin {
                time: row.time,
                shard: row.lane.shard,
                position: row.position,
                ordinal: row.ordinal,
                forwarder: "",
                kept: Kept::Row {
                    sink: row.sink,
                    connector: made_by.connector,
                    format: made_by.format,
                    rule: row.rule,
                    device: row.device,
                },
            };
            self.encoder.encode(&origin, &letter, &mut batch.bytes);
            self.rows += 1;
            batch.through = Position::new(term, Lsn(self.rows));
            batch.rows.push(RowMeta {
                end: u32::try_from(batch.bytes.len()).expect("a request is far below 4 GiB"),
                rule: row.rule,
                ordinal: row.ordinal,
                position: batch.through,
                device: row.device,
            });
        }
        batch.oldest = rows.first().map_or_else(Default::default, |row| row.time);
        Arc::new(batch)
    }
}

#[cfg(test)]
impl RejectedLane {
    /// With less patience.
    pub(super) fn store(
        &self,
        rows: &[RejectedRow<'_>],
        rules: &[String],
        patience: Duration,
    ) -> Result<(), String> {
        let made_by = RowMaker {
            connector: "redis",
            format: 0,
        };
        self.0.store(rows, made_by, rules, patience)
    }
}
