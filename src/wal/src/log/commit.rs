//! Group commit: what to sync, and what a sync that returned says.

use super::{Log, Retired};
use crate::error::WalError;
use crate::pool::Job;
use rookery_model::limits::{BULK_COMMIT_BYTES, PREFAULT_BYTES, SMALL_COMMIT_BYTES};
use rookery_model::{Mutant, Position, mutant_active};
use rookery_runtime::storage::{Storage, StorageFile, SyncTarget};
use std::io;

/// Bytes that a commit must have filled before their pages are let go of: below it the call costs
/// more than the interrupts that it saves.
const RELEASE_BYTES: u64 = 64 * 1024;

/// What to sync, and what that makes durable. Give it back to [`Log::end_commit`].
#[derive(Debug)]
#[must_use = "a commit that is not ended stops all others"]
pub struct Commit {
    first: Option<SyncTarget>,
    second: Option<SyncTarget>,
    more: Vec<SyncTarget>,
    through: Position,
    bytes: u64,
}

impl Commit {
    /// The files to sync, in any order, all of them: the active segment, and those rotated away from
    /// since the last commit.
    pub fn targets(&self) -> impl Iterator<Item = &SyncTarget> {
        self.first.iter().chain(&self.second).chain(&self.more)
    }

    /// Position of the last record that the commit covers.
    #[must_use]
    pub fn through(&self) -> Position {
        self.through
    }

    /// Bytes of log that the commit covers.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Syncs the targets in place, blocking: side threads, tests, start and end.
    ///
    /// # Errors
    /// The first target's that failed. Give it to [`Log::end_commit`].
    pub fn sync_data(&self) -> io::Result<()> {
        self.targets().try_for_each(SyncTarget::sync_data)
    }

    fn push(&mut self, target: SyncTarget) {
        if self.first.is_none() {
            self.first = Some(target);
        } else if self.second.is_none() {
            self.second = Some(target);
        } else {
            self.more.push(target);
        }
    }
}

impl<S: Storage> Log<S> {
    /// Closes the open batch and says what to sync. `None` if there is nothing new, a commit is under
    /// way, or the log is poisoned ([`Log::check`] tells).
    pub fn begin_commit(&mut self) -> Option<Commit> {
        if self.in_flight || self.check().is_err() {
            return None;
        }
        self.close_batch();
        if !self.active_dirty && self.retired.is_empty() {
            return None;
        }
        let mut commit = Commit {
            first: None,
            second: None,
            more: Vec::new(),
            through: self.appended(),
            bytes: self.unsynced_bytes,
        };
        if self.active_dirty {
            self.release_pages();
            self.prefault(commit.bytes);
            commit.push(self.active.sync_target());
        }
        for retired in &mut self.retired {
            retired.in_commit = true;
            if !mutant_active(Mutant::SyncNewSegmentOnly) {
                commit.push(retired.file.sync_target());
            }
        }
        if mutant_active(Mutant::NoSync) {
            (commit.first, commit.second) = (None, None);
            commit.more.clear();
        }
        self.choose_pages(commit.bytes);
        self.active_dirty = false;
        self.unsynced_bytes = 0;
        self.in_flight = true;
        Some(commit)
    }

    /// How the next pages come into memory: a fault each, or large pieces while commits are large.
    fn choose_pages(&mut self, commit_bytes: u64) {
        let bulk = commit_bytes >= BULK_COMMIT_BYTES;
        if bulk != self.bulk {
            self.bulk = bulk;
            self.ready = self.offset.min(self.limit);
        }
    }

    /// Lets go of the pages that are full, once enough of them have gathered to be worth the call.
    fn release_pages(&mut self) {
        if self.offset >= self.released + RELEASE_BYTES {
            self.active.release(self.released, self.offset);
            // The last page is not full; it stays, and is released with its successors.
            self.released = self.offset / 4096 * 4096;
        }
    }

    /// Before a small commit: has the sync write the next pages too, while they are zero, so that the
    /// commits that fill them change no block that the file system must note in its journal.
    fn prefault(&mut self, commit_bytes: u64) {
        let ahead = self.prefaulted.saturating_sub(self.offset);
        if commit_bytes <= SMALL_COMMIT_BYTES && ahead < PREFAULT_BYTES / 8 {
            let from = self.prefaulted.max(self.offset);
            self.active.prefault(from, PREFAULT_BYTES);
            self.prefaulted = from + PREFAULT_BYTES;
        }
    }

    /// Ends a commit with the result of its syncs; returns the position that is now durable.
    ///
    /// # Errors
    /// [`WalError::Poisoned`] if a sync failed: the log refuses everything from then on, for nothing
    /// is known about the disk any more, whatever it answers next.
    pub fn end_commit(
        &mut self,
        commit: Commit,
        result: io::Result<()>,
    ) -> Result<Position, WalError> {
        self.in_flight = false;
        if let Err(error) = result {
            if mutant_active(Mutant::FailedSyncRetried) && commit.sync_data().is_ok() {
                tracing::warn!("a failed sync was tried again");
            } else {
                self.poison(error.to_string());
            }
        }
        if self.poisoned.is_some() {
            return Err(self.poison_error());
        }
        self.durable = commit.through;
        self.stats.commits += 1;
        while self
            .retired
            .front()
            .is_some_and(|retired| retired.in_commit)
        {
            let Retired { id, file, size, .. } =
                self.retired.pop_front().expect("there is a front");
            self.pool.submit(Job::Seal { id, file, size });
        }
        Ok(self.durable)
    }
}
