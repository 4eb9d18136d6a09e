//! The shard's side of a lane: rows wait for the sync that covers their record, go to the writer in
//! order, and are held in account until the writer has confirmed them.
//!
//! A synchronous machine: rows are pushed by the step, `seal` cuts batches at record boundaries,
//! `release` hands on what is covered, `poll` takes confirmations. A lane whose target does not keep up
//! *spills*: everything it holds unconfirmed goes to its files, in order, and all that comes after it,
//! until the files are read to their end; the writer is fed from there.
//!
//! Invariants: nothing leaves before it is covered; batches leave in order; the cursor never goes back
//! and never passes an unconfirmed row; nothing leaves directly while something spilled is unread.

mod spilling;

use crate::checkpoint::LaneMark;
use rookery_model::{Lsn, Mutant, Position, RecordTime, limits, mutant_active};
use rookery_sinks::{Lane, RowBatch, RowMeta};
use spilling::Spill;
use std::collections::VecDeque;
use std::sync::Arc;

/// What `poll` learned, for the histograms.
#[derive(Clone, Copy, Debug)]
pub struct Confirmed {
    /// The record time of the oldest row of the batch.
    pub oldest: RecordTime,
    /// Rows of the batch.
    pub rows: usize,
}

/// A batch that the lane holds, and whether its rows are (or will be) in the spill files.
#[derive(Debug)]
struct Held {
    batch: Arc<RowBatch>,
    spilled: bool,
}

/// One shard's end of the path to one writer of a sink.
#[derive(Debug)]
pub struct ShardLane {
    sink: String,
    writer: u16,
    queue: Arc<Lane>,
    cursor: Position,
    rows_confirmed: Position,
    open: RowBatch,
    /// Ready for the writer; while the lane spills, what was read from the files.
    sealed: VecDeque<Held>,
    /// What the writer has and has not confirmed.
    outstanding: VecDeque<Held>,
    held_bytes: usize,
    spare: Vec<Arc<RowBatch>>,
    next_sequence: u64,
    full_since: Option<RecordTime>,
    spill: Spill,
}

impl ShardLane {
    /// A lane that had come to `saved` in an earlier run.
    #[must_use]
    pub fn new(sink: String, writer: u16, queue: Arc<Lane>, saved: LaneMark) -> Self {
        Self {
            sink,
            writer,
            queue,
            cursor: saved.cursor,
            rows_confirmed: saved.rows,
            open: RowBatch::default(),
            sealed: VecDeque::new(),
            outstanding: VecDeque::new(),
            held_bytes: 0,
            spare: Vec::new(),
            next_sequence: 1,
            full_since: None,
            spill: Spill::default(),
        }
    }

    /// `file.table`, or `dead_letters`.
    #[must_use]
    pub fn sink(&self) -> &str {
        &self.sink
    }

    /// Index of the sink's writer.
    #[must_use]
    pub fn writer(&self) -> u16 {
        self.writer
    }

    /// Every row of every record up to it is confirmed.
    #[must_use]
    pub fn cursor(&self) -> Position {
        self.cursor
    }

    /// Whether a replayed record's rows still have to go.
    #[inline]
    #[must_use]
    pub fn wants(&self, position: Position) -> bool {
        position > self.cursor
    }

    /// Whether the lane holds all it may: the step waits until the writer confirms.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self.spill.active {
            true => self.spill.append_bytes >= limits::SPILL_WRITE_AHEAD_BYTES,
            false => self.held_bytes + self.open.bytes.len() >= limits::LANE_HELD_MAX_BYTES,
        }
    }

    /// Where the next row's bytes go; follow with [`Self::end_row`], or truncate back.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.open.bytes
    }

    /// Ends a row whose bytes were added to [`Self::buffer`].
    #[inline]
    pub fn end_row(&mut self, mut meta: RowMeta, time: RecordTime) {
        if self.open.rows.is_empty() {
            self.open.oldest = time;
        }
        meta.end = self.open.bytes.len() as u32;
        self.open.rows.push(meta);
    }

    /// Cuts the open batch if it has grown enough; call between records only.
    #[inline]
    pub fn seal_if_large(&mut self, through: Position) {
        if self.open.bytes.len() >= limits::ROW_BATCH_BYTES
            || self.open.rows.len() >= limits::ROW_BATCH_ROWS
        {
            self.seal_now(through);
        }
    }

    /// Cuts the open batch, so that what is covered can leave. While the lane spills nothing leaves
    /// directly, and the batch grows on: few large ones are written and drained much faster.
    pub fn seal(&mut self, through: Position) {
        if !self.spill.active {
            self.seal_now(through);
        }
    }

    /// Cuts the open batch: its rows are all rows of records up to `through`.
    pub fn seal_now(&mut self, through: Position) {
        if self.open.rows.is_empty() {
            return;
        }
        let mut shell = self.spare.pop().unwrap_or_default();
        let batch = Arc::get_mut(&mut shell).expect("a spare batch is nobody else's");
        std::mem::swap(batch, &mut self.open);
        batch.through = through;
        if self.spill.active && !mutant_active(Mutant::SpillBypassed) {
            self.append(shell);
        } else {
            self.held_bytes += shell.bytes.len();
            self.sealed.push_back(Held {
                batch: shell,
                spilled: false,
            });
        }
    }

    /// Hands sealed batches to the writer as far as `covered` allows and the queue takes them.
    pub fn release(&mut self, covered: Lsn) {
        while let Some(mut held) = self.sealed.pop_front() {
            if held.batch.through.lsn > covered {
                self.sealed.push_front(held);
                return;
            }
            let batch = Arc::get_mut(&mut held.batch).expect("nobody has it yet");
            batch.sequence = self.next_sequence;
            if self.queue.push(Arc::clone(&held.batch)).is_err() {
                self.sealed.push_front(held);
                return;
            }
            self.next_sequence += 1;
            self.outstanding.push_back(held);
        }
    }

    /// Takes the writer's confirmations; their buffers are used again.
    pub fn poll(&mut self, mut confirmed: impl FnMut(Confirmed)) {
        if let Some(lost) = self.queue.take_asked() {
            self.look_for(lost);
        }
        let through = self.queue.confirmed();
        while self
            .outstanding
            .front()
            .is_some_and(|first| first.batch.sequence <= through)
        {
            let Some(Held { batch, .. }) = self.outstanding.pop_front() else {
                break;
            };
            self.held_bytes -= batch.bytes.len();
            self.cursor = self.cursor.max(batch.through);
            self.rows_confirmed = self.rows_confirmed.max(batch.through);
            confirmed(Confirmed {
                oldest: batch.oldest,
                rows: batch.rows.len(),
            });
            self.recycle(batch);
        }
        self.end_spill();
    }

    fn recycle(&mut self, mut batch: Arc<RowBatch>) {
        if self.spare.len() < limits::LANE_SPARE_BATCHES
            && let Some(empty) = Arc::get_mut(&mut batch)
        {
            empty.clear();
            self.spare.push(batch);
        }
    }

    /// What the lane holds in memory and is not confirmed, in order.
    fn unconfirmed(&self) -> impl Iterator<Item = &RowBatch> {
        let waiting = self.spill.appending.iter().chain(&self.spill.to_append);
        self.outstanding
            .iter()
            .chain(&self.sealed)
            .map(|held| &*held.batch)
            .chain(waiting.filter(|row| !row.delivered).map(|row| &*row.batch))
            .chain(std::iter::once(&self.open))
            .filter(|batch| !batch.rows.is_empty())
    }

    /// All records up to `position` are stepped and covered: without unconfirmed rows of them the
    /// cursor follows.
    pub fn settle(&mut self, position: Position) {
        if self.spill.active {
            return;
        }
        let first = self
            .unconfirmed()
            .next()
            .map(|batch| batch.rows[0].position);
        if first.is_none_or(|first| first > position) {
            self.cursor = self.cursor.max(position);
        }
    }

    /// Whether every row at or below `position` is confirmed, or in the files (synced by the save
    /// that asks).
    #[must_use]
    pub fn has_secured(&self, position: Position) -> bool {
        let above = |batch: &RowBatch| {
            let first = batch.rows.first();
            first.is_none_or(|row| row.position > position)
        };
        let held = self.outstanding.iter().chain(&self.sealed);
        let waiting = self.spill.appending.iter().chain(&self.spill.to_append);
        let mut unspilled = held.filter(|held| !held.spilled);
        let mut waiting = waiting.filter(|row| row.batch.through > self.cursor);
        above(&self.open)
            && unspilled.all(|held| above(&held.batch))
            && waiting.all(|row| above(&row.batch))
    }

    /// Whether some batch in memory has rows on both sides of `position`: no checkpoint may lie there,
    /// for a start cuts the files between batches.
    #[must_use]
    pub fn straddles(&self, position: Position) -> bool {
        self.unconfirmed().any(|batch| {
            let last = batch.rows[batch.rows.len() - 1].position;
            batch.rows[0].position <= position && last > position
        })
    }

    /// What a cursor file says of this lane.
    #[must_use]
    pub fn saved_cursor(&self) -> Position {
        if mutant_active(Mutant::CursorOneTooFar) {
            return Position::new(self.cursor.term, self.cursor.lsn.next());
        }
        self.cursor
    }

    /// End of the last batch of rows that was confirmed.
    #[must_use]
    pub fn rows_confirmed(&self) -> Position {
        self.rows_confirmed
    }

    /// Rows made and not yet confirmed.
    #[must_use]
    pub fn unconfirmed_rows(&self) -> usize {
        let held: usize = self.unconfirmed().map(|batch| batch.rows.len()).sum();
        held + self.spill.unread_rows as usize
    }

    /// Record time of the oldest row not yet confirmed.
    #[must_use]
    pub fn oldest_unconfirmed(&self) -> Option<RecordTime> {
        let held = self.outstanding.front().or(self.sealed.front());
        held.map(|held| held.batch.oldest)
            .or(self.spill.oldest_unread)
            .or_else(|| self.unconfirmed().next().map(|batch| batch.oldest))
    }

    /// Whether every row that was made is confirmed.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        !self.spill.active && self.unconfirmed().next().is_none()
    }
}
