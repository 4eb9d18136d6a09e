//! What a lane does with its spill: when it begins and ends, and which order its files get next.

use super::{Held, ShardLane};
use crate::spill::{
    SpillDone, SpillError, SpillOrder, SpillOutcome, SpillRow, SpillState, SpillSync,
};
use rookery_model::{Lsn, Mutant, Position, RecordTime, limits, mutant_active};
use rookery_sinks::{LostRows, RowBatch, StillHeld};
use std::collections::VecDeque;
use std::sync::Arc;

/// The lane's side of its spill.
#[derive(Debug, Default)]
pub(super) struct Spill {
    /// New rows go to the files.
    pub(super) active: bool,
    /// What of it was told last.
    told: bool,
    pub(super) to_append: VecDeque<SpillRow>,
    /// What the order under way appends.
    pub(super) appending: Vec<SpillRow>,
    /// Undelivered bytes of both.
    pub(super) append_bytes: usize,
    /// An order is under way.
    busy: bool,
    /// The files take no more for now.
    blocked: bool,
    /// The last order was to append: reading has its turn.
    read_next: bool,
    unread_batches: u64,
    pub(super) unread_rows: u64,
    pub(super) oldest_unread: Option<RecordTime>,
    bytes: u64,
    dropped_rows: u64,
    /// End of the last batch that was appended.
    through: Position,
    /// The same when it was last synced.
    synced: Position,
    unsynced: SpillSync,
    /// A cursor that is durable and that the files were not trimmed to.
    trim: Option<Position>,
    /// Rows may have gone directly since the files were last written: the next batch begins a run.
    begins: bool,
    /// What the writer has asked for.
    lost: Option<LostRows>,
    /// The writer goes back: what it may ask for next stays.
    rewinding: bool,
}

impl ShardLane {
    /// Takes in what a start found in the lane's files, cut to the checkpoint; `promised` is how far
    /// that checkpoint counts on them.
    pub fn restore_spill(&mut self, found: &SpillState, promised: Position) {
        self.spill.active = found.unread_batches > 0;
        self.spill.through = promised;
        self.spill.synced = promised;
        self.note(found);
        self.cursor_saved(self.cursor);
    }

    /// Whether rows wait in files, if that has changed since the last call. What is read from them and not
    /// confirmed counts: a target that is down takes nothing of it.
    pub fn take_spill_change(&mut self) -> Option<bool> {
        let waits = self.spill.active || self.spill.bytes > 0;
        (std::mem::replace(&mut self.spill.told, waits) != waits).then_some(waits)
    }

    /// Bytes of its files, rows in them that are not read yet, rows that were given up since the start.
    #[must_use]
    pub fn spilled(&self) -> (u64, u64, u64) {
        let spill = &self.spill;
        (spill.bytes, spill.unread_rows, spill.dropped_rows)
    }

    /// Spills where the lane has been full for longer than the grace; true where it is full and has
    /// time left.
    pub fn spill_if_stuck(&mut self, now: RecordTime) -> bool {
        if self.spill.active || !self.is_full() {
            self.full_since = None;
            return false;
        }
        let since = *self.full_since.get_or_insert(now);
        if now.0 - since.0 < limits::LANE_FULL_GRACE_US {
            return true;
        }
        self.begin_spill();
        false
    }

    /// From now on everything unconfirmed and everything new goes to the files.
    pub fn begin_spill(&mut self) {
        if self.spill.active {
            return;
        }
        self.spill.active = true;
        self.spill.begins |= self.rows_confirmed > self.spill.through;
        self.full_since = None;
        for held in &mut self.outstanding {
            if !std::mem::replace(&mut held.spilled, true) {
                self.spill.to_append.push_back(SpillRow {
                    batch: Arc::clone(&held.batch),
                    delivered: true,
                    begins: std::mem::take(&mut self.spill.begins),
                });
            }
        }
        for held in std::mem::take(&mut self.sealed) {
            self.held_bytes -= held.batch.bytes.len();
            self.append(held.batch);
        }
    }

    pub(super) fn append(&mut self, batch: Arc<RowBatch>) {
        self.spill.append_bytes += batch.bytes.len();
        self.spill.to_append.push_back(SpillRow {
            batch,
            delivered: false,
            begins: std::mem::take(&mut self.spill.begins),
        });
    }

    /// The target has lost rows: what the files still hold of them is read.
    pub(super) fn look_for(&mut self, lost: LostRows) {
        match self.spill.bytes {
            _ if mutant_active(Mutant::LostIgnored) => {
                let mut nothing = StillHeld::nothing(lost);
                nothing.gone.clear();
                self.queue.answer_lost(nothing);
            }
            0 => self.queue.answer_lost(StillHeld::nothing(lost)),
            _ => {
                self.spill.lost = Some(lost);
                self.spill.rewinding = true;
            }
        }
    }

    /// What the lane wants of its files next, if nothing is under way. Only what is `durable` in the log
    /// goes there: so no checkpoint ever lies below a row that is in the files.
    pub fn take_spill_order(&mut self, durable: Lsn) -> Option<SpillOrder> {
        let spill = &mut self.spill;
        if spill.busy {
            return None;
        }
        if let Some(lost) = spill.lost.take() {
            spill.busy = true;
            return Some(SpillOrder::ReadLost(lost));
        }
        let ahead = self.held_bytes < limits::SPILL_READ_AHEAD_BYTES && self.sealed.is_empty();
        // What was delivered must be in the files before the first batch is read from behind it.
        let delivered = spill.to_append.iter().any(|row| row.delivered);
        let read = spill.unread_batches > 0 && ahead && !delivered;
        let ready = spill.to_append.iter();
        let ready = ready.take_while(|row| row.batch.through.lsn <= durable);
        let ready = ready.count();
        let append = ready > 0 && !spill.blocked;
        let order = if append && !(read && spill.read_next) {
            spill.read_next = true;
            let rows: Vec<_> = spill.to_append.drain(..ready).collect();
            spill.appending.clone_from(&rows);
            SpillOrder::Append(rows)
        } else if read {
            spill.read_next = false;
            SpillOrder::Read {
                bytes: limits::SPILL_READ_AHEAD_BYTES,
            }
        } else {
            let wanted = spill.bytes > 0 && !spill.rewinding;
            SpillOrder::Trim(spill.trim.take_if(|_| wanted)?)
        };
        spill.busy = true;
        Some(order)
    }

    /// An order was carried out.
    ///
    /// # Errors
    /// The files cannot be used: the shard must end, and the next start makes the rows again.
    pub fn spill_done(&mut self, done: SpillDone) -> Result<(), SpillError> {
        self.note(&done.state);
        self.spill.busy = false;
        match done.outcome {
            SpillOutcome::Failed(error) => return Err(error),
            SpillOutcome::Trimmed => {}
            SpillOutcome::Lost(held) => {
                self.spill.rewinding = !held.end;
                self.queue.answer_lost(held);
            }
            SpillOutcome::Read(batches) => {
                for batch in batches {
                    self.loaded(batch);
                }
            }
            SpillOutcome::Appended {
                rows,
                appended,
                sync,
            } => self.appended(rows, appended, sync),
        }
        self.end_spill();
        Ok(())
    }

    fn note(&mut self, done: &SpillState) {
        let spill = &mut self.spill;
        spill.unread_batches = done.unread_batches;
        spill.unread_rows = done.unread_rows;
        spill.oldest_unread = done.oldest_unread;
        spill.bytes = done.bytes;
        spill.dropped_rows += done.dropped_rows;
    }

    fn loaded(&mut self, batch: RowBatch) {
        self.held_bytes += batch.bytes.len();
        self.sealed.push_back(Held {
            batch: Arc::new(batch),
            spilled: true,
        });
    }

    fn appended(&mut self, rows: Vec<SpillRow>, appended: usize, sync: SpillSync) {
        self.spill.appending.clear();
        self.spill.unsynced.merge(sync);
        self.spill.blocked = appended < rows.len();
        let mut rows = rows.into_iter();
        for row in rows.by_ref().take(appended) {
            self.spill.through = row.batch.through;
            if !row.delivered {
                self.spill.append_bytes -= row.batch.bytes.len();
                self.recycle(row.batch);
            }
        }
        for row in rows.rev() {
            self.spill.to_append.push_front(row);
        }
    }

    /// Once the files are read to their end, rows go directly again.
    pub(super) fn end_spill(&mut self) {
        let spill = &mut self.spill;
        let read = spill.unread_batches == 0 && !spill.busy && self.sealed.is_empty();
        if spill.active && read && spill.to_append.is_empty() {
            spill.active = false;
        }
    }

    /// Once a second: where the files had no room, it is tried again.
    pub fn retry_spill(&mut self) {
        self.spill.blocked = false;
    }

    /// What the save under way must sync before it counts on spilled rows.
    pub fn take_spill_sync(&mut self) -> SpillSync {
        self.spill.synced = self.spill.through;
        let sync = std::mem::take(&mut self.spill.unsynced);
        match mutant_active(Mutant::SpillNotSynced) {
            true => SpillSync::default(),
            false => sync,
        }
    }

    /// Up to here rows are in the files and synced, once the save under way is done.
    #[must_use]
    pub fn spilled_through(&self) -> Position {
        self.spill.synced
    }

    /// This cursor is durable: what lies below it in the files may go.
    pub fn cursor_saved(&mut self, cursor: Position) {
        if self.spill.bytes > 0 {
            self.spill.trim = Some(cursor);
        }
    }
}
