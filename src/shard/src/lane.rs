//! The shard's side of a lane: rows wait for the sync that covers their record, go to the writer in
//! order, and are held in account until the writer has confirmed them.
//!
//! A synchronous machine: rows are pushed by the step, `seal` cuts batches at record boundaries,
//! `release` hands on what is covered, `poll` takes confirmations. Invariants: nothing leaves before
//! it is covered; batches leave in order; the cursor never goes back and never passes an unconfirmed
//! row.

use crate::checkpoint::LaneMark;
use rookery_model::{Lsn, Mutant, Position, RecordTime, limits, mutant_active};
use rookery_sinks::{Lane, RowBatch, RowMeta};
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

/// One shard's end of the path to one writer of a sink.
#[derive(Debug)]
pub struct ShardLane {
    sink: String,
    writer: u16,
    queue: Arc<Lane>,
    cursor: Position,
    rows_confirmed: Position,
    open: RowBatch,
    sealed: VecDeque<Arc<RowBatch>>,
    /// What the writer has and has not confirmed.
    outstanding: VecDeque<Arc<RowBatch>>,
    held_bytes: usize,
    spare: Vec<Arc<RowBatch>>,
    next_sequence: u64,
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
        self.held_bytes + self.open.bytes.len() >= limits::LANE_HELD_MAX_BYTES
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
            self.seal(through);
        }
    }

    /// Cuts the open batch: its rows are all rows of records up to `through`.
    pub fn seal(&mut self, through: Position) {
        if self.open.rows.is_empty() {
            return;
        }
        let mut shell = self.spare.pop().unwrap_or_default();
        let batch = Arc::get_mut(&mut shell).expect("a spare batch is nobody else's");
        std::mem::swap(batch, &mut self.open);
        batch.through = through;
        batch.sequence = self.next_sequence;
        self.next_sequence += 1;
        self.held_bytes += batch.bytes.len();
        self.sealed.push_back(shell);
    }

    /// Hands sealed batches to the writer as far as `covered` allows and the queue takes them.
    pub fn release(&mut self, covered: Lsn) {
        while let Some(batch) = self.sealed.front() {
            if batch.through.lsn > covered || self.queue.push(Arc::clone(batch)).is_err() {
                return;
            }
            if let Some(batch) = self.sealed.pop_front() {
                self.outstanding.push_back(batch);
            }
        }
    }

    /// Takes the writer's confirmations; their buffers are used again.
    pub fn poll(&mut self, mut confirmed: impl FnMut(Confirmed)) {
        let through = self.queue.confirmed();
        while self
            .outstanding
            .front()
            .is_some_and(|first| first.sequence <= through)
        {
            let Some(mut done) = self.outstanding.pop_front() else {
                break;
            };
            self.held_bytes -= done.bytes.len();
            self.cursor = self.cursor.max(done.through);
            self.rows_confirmed = self.rows_confirmed.max(done.through);
            confirmed(Confirmed {
                oldest: done.oldest,
                rows: done.rows.len(),
            });
            if self.spare.len() < limits::LANE_SPARE_BATCHES
                && let Some(batch) = Arc::get_mut(&mut done)
            {
                batch.bytes.clear();
                batch.rows.clear();
                self.spare.push(done);
            }
        }
    }

    fn unconfirmed(&self) -> impl Iterator<Item = &RowBatch> {
        self.outstanding
            .iter()
            .chain(&self.sealed)
            .map(AsRef::as_ref)
            .chain(std::iter::once(&self.open))
            .filter(|batch| !batch.rows.is_empty())
    }

    /// All records up to `position` are stepped and covered: without unconfirmed rows of them the
    /// cursor follows.
    pub fn settle(&mut self, position: Position) {
        let first = self
            .unconfirmed()
            .next()
            .map(|batch| batch.rows[0].position);
        if first.is_none_or(|first| first > position) {
            self.cursor = self.cursor.max(position);
        }
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
        self.unconfirmed().map(|batch| batch.rows.len()).sum()
    }

    /// Record time of the oldest row not yet confirmed.
    #[must_use]
    pub fn oldest_unconfirmed(&self) -> Option<RecordTime> {
        self.unconfirmed().next().map(|batch| batch.oldest)
    }

    /// Whether every row that was made is confirmed.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.unconfirmed().next().is_none()
    }
}
