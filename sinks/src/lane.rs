//! The ordered path of rows from one shard to one writer of a sink.
//!
//! A batch is shared, not moved: the shard keeps an `Arc` of everything that is not confirmed (so that
//! it can spill it while the writer is stuck with it), and the writer drops its own before it
//! publishes the confirmation. So once [`Lane::confirmed`] has reached a batch's sequence,
//! `Arc::get_mut` succeeds on the shard's side and the buffers are used again.
//!
//! Invariants: one thread pushes, one pops. Neither takes a lock. A system call is made only where the
//! other side has declared that it sleeps.

use crate::rewind::Rewind;
use crate::waiting::Waiting;
use crate::{LostRows, RowBatch, StillHeld};
use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;
use rookery_model::{Position, ShardId};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

/// Names a lane of a sink, in memory and in every cursor that a target holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneKey {
    /// Whose rows.
    pub shard: ShardId,
    /// Index of the sink's writer.
    pub writer: u16,
}

impl fmt::Display for LaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shard {} writer {}", self.shard, self.writer)
    }
}

/// How far a lane has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneCursor {
    /// Which lane.
    pub lane: LaneKey,
    /// Every row of every record up to here has been dealt with.
    pub through: Position,
}

/// A bounded queue of batches and the confirmation that comes back.
#[derive(Debug)]
pub struct Lane {
    key: LaneKey,
    rows_confirmed: Position,
    keeps_rows: bool,
    queue: ArrayQueue<Arc<RowBatch>>,
    confirmed: CachePadded<AtomicU64>,
    /// For rows.
    writer_waits: CachePadded<Waiting>,
    writer: OnceLock<Thread>,
    /// For room.
    shard_waits: CachePadded<Waiting>,
    rewind: Rewind,
}

impl Lane {
    /// A lane for at most `capacity` batches that wait for the writer. `rows_confirmed` is `through` of
    /// the last batch that an earlier run saw confirmed ([`Position::ZERO`]: none, or it is not known);
    /// the writer holds it against the target's own cursor. A cursor that moved on over records
    /// without rows will not do: the target knows nothing of these.
    ///
    /// # Panics
    /// If `capacity` is 0.
    #[must_use]
    pub fn new(key: LaneKey, capacity: usize, rows_confirmed: Position) -> Self {
        Self {
            key,
            rows_confirmed,
            keeps_rows: false,
            queue: ArrayQueue::new(capacity),
            confirmed: CachePadded::new(AtomicU64::new(0)),
            writer_waits: CachePadded::default(),
            writer: OnceLock::new(),
            shard_waits: CachePadded::default(),
            rewind: Rewind::default(),
        }
    }

    /// The same lane, of which the shard's side answers [`Self::ask_for_lost`].
    #[must_use]
    pub fn keeping_rows(mut self) -> Self {
        self.keeps_rows = true;
        self
    }

    /// Its name.
    #[must_use]
    pub fn key(&self) -> LaneKey {
        self.key
    }

    /// `through` of the last batch that was confirmed before this start.
    #[must_use]
    pub fn rows_confirmed(&self) -> Position {
        self.rows_confirmed
    }

    /// Batches that the writer has not taken yet.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Shard: hands a batch to the writer. Sequences must come without gaps, from 1.
    ///
    /// # Errors
    /// Gives the batch back when the lane is full; the lane's [`ShardWake`](crate::ShardWake) is then
    /// called once the writer has taken one.
    pub fn push(&self, batch: Arc<RowBatch>) -> Result<(), Arc<RowBatch>> {
        let Err(batch) = self.queue.push(batch) else {
            self.unpark_writer();
            return Ok(());
        };
        self.shard_waits.declare(|| self.queue.push(batch))?;
        self.shard_waits.withdraw();
        self.unpark_writer();
        Ok(())
    }

    /// Shard: the highest sequence of which every row has been dealt with at the target; 0 before the
    /// first. The writer holds no reference to batches at or below it.
    #[inline]
    #[must_use]
    pub fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::Acquire)
    }

    /// Writer: takes the next batch.
    #[must_use]
    pub fn pop(&self) -> Option<Arc<RowBatch>> {
        self.queue.pop()
    }

    /// Writer: whether a push found no room since this was last asked; if so the shard is to be woken.
    #[must_use]
    pub fn take_shard_waits(&self) -> bool {
        self.shard_waits.take()
    }

    /// Writer: publishes a confirmation. All batches up to `sequence` must have been dropped.
    ///
    /// # Panics
    /// If it would go back.
    pub fn confirm(&self, sequence: u64) {
        let before = self.confirmed.swap(sequence, Ordering::Release);
        assert!(before <= sequence, "a lane's confirmation never goes back");
    }

    /// Writer: asks for rows that the target has lost; the shard is to be woken. Where nobody would
    /// answer, the answer is there: nothing.
    pub fn ask_for_lost(&self, lost: LostRows) {
        match self.keeps_rows {
            true => self.rewind.ask(lost),
            false => self.rewind.answer(StillHeld::nothing(lost)),
        }
    }

    /// Shard: what the writer has asked for, once.
    #[inline]
    #[must_use]
    pub fn take_asked(&self) -> Option<LostRows> {
        self.rewind.take_asked()
    }

    /// Shard: the answer.
    pub fn answer_lost(&self, held: StillHeld) {
        self.rewind.answer(held);
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// Writer: the answer, once.
    #[must_use]
    pub fn take_lost(&self) -> Option<StillHeld> {
        self.rewind.take_answer()
    }

    /// Names the calling thread as the one to wake. Once, before it first parks.
    ///
    /// # Panics
    /// If the lane has a writer already.
    pub(crate) fn attach_writer(&self) {
        self.writer
            .set(std::thread::current())
            .expect("a lane has one writer");
    }

    /// Declares that the writer is about to park; false if rows came meanwhile.
    pub(crate) fn declare_parked(&self) -> bool {
        self.writer_waits.declare(|| self.queue.is_empty())
    }

    /// Takes the declaration back.
    pub(crate) fn declare_running(&self) {
        self.writer_waits.withdraw();
    }

    #[inline]
    fn unpark_writer(&self) {
        if self.writer_waits.take()
            && let Some(writer) = self.writer.get()
        {
            writer.unpark();
        }
    }
}
