//! Dead rows on their way back to the sink that refused them.
//!
//! An operator's retry comes at any time and from any record, so each writer has a lane for it beside
//! the shards', numbered within the term. A row that the target refuses again makes no second letter:
//! the one it came from is still there, and the caller is told the target's words.

use super::rejected::NO_SHARD;
use crate::{Lane, LaneKey, RejectedRows, RowBatch, RowMeta, ShardWake, WriterLane};
use rookery_model::{Lsn, Position, RecordTime, Term};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Batches that may wait for the writer: those of retries that were given up while it was stuck.
const BATCHES_MAX: usize = 16;

/// A row to be sent again.
#[derive(Clone, Debug)]
pub struct RetryRow {
    /// Hash of its device key.
    pub device: u64,
    /// The row in the sink's format.
    pub bytes: Vec<u8>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryOutcome {
    /// The target has it.
    Confirmed,
    /// The target refused it again.
    Refused {
        /// Stable code, `E30..`.
        code: &'static str,
        /// The target's own words.
        reason: String,
    },
    /// It was not handed over, and will not be.
    NotSent,
    /// There was no answer in time; it may still be sent.
    Unknown,
}

/// The lane of an operator's retries to one writer.
#[derive(Clone)]
pub struct RetryLane(Arc<Shared>);

struct Shared {
    lane: Arc<Lane>,
    term: Term,
    /// Held by a retry from its first row to its last answer.
    turn: Mutex<()>,
    sender: Mutex<Sender>,
    confirmed: Condvar,
}

#[derive(Default)]
struct Sender {
    sequence: u64,
    rows: u64,
    /// By number of the row in this lane.
    refused: HashMap<u64, (&'static str, String)>,
}

impl RetryLane {
    /// The lane to a sink's writer in this term. Terms grow with every start, and so do its positions.
    #[must_use]
    pub fn new(term: Term, writer: u16) -> Self {
        let key = LaneKey {
            shard: NO_SHARD,
            writer,
        };
        Self(Arc::new(Shared {
            lane: Arc::new(Lane::new(key, BATCHES_MAX, Position::ZERO)),
            term,
            turn: Mutex::default(),
            sender: Mutex::default(),
            confirmed: Condvar::new(),
        }))
    }

    /// What the writer is given beside the shards' lanes.
    #[must_use]
    pub fn writer_lane(&self) -> WriterLane {
        WriterLane {
            lane: Arc::clone(&self.0.lane),
            wake: Arc::clone(&self.0) as Arc<dyn ShardWake>,
        }
    }

    /// What the writer is given for refused rows: those of this lane go back to their caller, all
    /// others to `others`.
    #[must_use]
    pub fn rejected_rows(&self, mut others: RejectedRows) -> RejectedRows {
        let shared = Arc::clone(&self.0);
        Box::new(move |rows| {
            let (own, foreign): (Vec<_>, Vec<_>) =
                rows.iter().partition(|row| row.lane.shard == NO_SHARD);
            if !foreign.is_empty() {
                others(&foreign)?;
            }
            let mut sender = shared.sender();
            for row in own {
                let words = (row.code, row.reason.to_owned());
                sender.refused.insert(row.position.lsn.0, words);
            }
            Ok(())
        })
    }

    /// Sends rows, in order, and waits for what becomes of them. One answer a row.
    #[must_use]
    pub fn retry(&self, rows: Vec<RetryRow>, patience: Duration) -> Vec<RetryOutcome> {
        self.0.retry(&rows, patience)
    }
}

impl Shared {
    fn sender(&self) -> MutexGuard<'_, Sender> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn retry(&self, rows: &[RetryRow], patience: Duration) -> Vec<RetryOutcome> {
        if rows.is_empty() {
            return Vec::new();
        }
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sender = self.sender();
        // Words for callers that have given up.
        sender.refused.clear();
        let first = sender.rows + 1;
        let batch = sender.batch(self.term, rows);
        let sequence = batch.sequence;
        if self.lane.push(batch).is_err() {
            return vec![RetryOutcome::NotSent; rows.len()];
        }
        sender.sequence = sequence;
        sender.rows += rows.len() as u64;
        let waiting = |_: &mut Sender| self.lane.confirmed() < sequence;
        let (mut sender, waited) = self
            .confirmed
            .wait_timeout_while(sender, patience, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        let otherwise = match waited.timed_out() {
            true => RetryOutcome::Unknown,
            false => RetryOutcome::Confirmed,
        };
        let outcomes = (first..first + rows.len() as u64)
            .map(|row| match sender.refused.remove(&row) {
                Some((code, reason)) => RetryOutcome::Refused { code, reason },
                None => otherwise.clone(),
            })
            .collect();
        drop(turn);
        outcomes
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
    fn batch(&self, term: Term, rows: &[RetryRow]) -> Arc<RowBatch> {
        let mut batch = RowBatch {
            sequence: self.sequence + 1,
            oldest: RecordTime::default(),
            ..RowBatch::default()
        };
        for (index, row) in rows.iter().enumerate() {
            batch.bytes.extend_from_slice(&row.bytes);
            batch.through = Position::new(term, Lsn(self.rows + 1 + index as u64));
            batch.rows.push(RowMeta {
                end: u32::try_from(batch.bytes.len()).expect("a retry is far below 4 GiB"),
                rule: 0,
                ordinal: 0,
                position: batch.through,
                device: row.device,
            });
        }
        Arc::new(batch)
    }
}
