//! Rows that a lane holds for a target that does not take them: files of its own, made when they are
//! needed and gone when they are drained. They spare the memory and let checkpoints complete; they are
//! no second log: until a checkpoint counts on them, the log makes their rows again.
//!
//! The lane ([`crate::lane`]) decides, and gives [`SpillOrder`]s; whoever carries them out ([`side`]'s
//! thread, or the simulation) has a [`SpillStore`] for each lane and answers with [`SpillDone`]. One
//! order of a lane is under way at a time.
//!
//! Invariants:
//! - rows of a lane are appended in the order of the log, and read in that order
//! - a checkpoint counts on spilled rows only after the sync that the same save made first
//! - at a start everything above the checkpoint is cut off before anything is appended: the replay
//!   makes it again
//! - a segment is unlinked only after the cursor that has passed it is durable, unless an operator's
//!   policy drops it

mod lost;
mod record;
mod segment;
mod side;
mod store;
#[cfg(test)]
mod tests;

pub use side::{SpillSetup, SpillSide};
#[cfg(test)]
pub use store::unbounded;
pub use store::{
    Found, Opened, SpillBudget, SpillError, SpillLimits, SpillPolicy, SpillStore, seed,
};

use rookery_model::{Position, RecordTime};
use rookery_runtime::storage::SyncTarget;
use rookery_sinks::{LostRows, RowBatch, StillHeld};
use std::path::PathBuf;
use std::sync::Arc;

/// A batch to be spilled.
#[derive(Clone, Debug)]
pub struct SpillRow {
    /// The rows.
    pub batch: Arc<RowBatch>,
    /// The writer has it already: reading passes over it.
    pub delivered: bool,
    /// Rows before it may have gone directly, and are in no file.
    pub begins: bool,
}

/// What a lane asks for.
#[derive(Debug)]
pub enum SpillOrder {
    /// Append these behind everything else.
    Append(Vec<SpillRow>),
    /// Read the next batches, of about so many bytes together, at least one.
    Read {
        /// Bytes of rows.
        bytes: usize,
    },
    /// The lane's cursor stands here, durably: what lies wholly below may go.
    Trim(Position),
    /// Read a piece of what was confirmed and is still here, for a target that has lost it.
    ReadLost(LostRows),
}

/// What came of an order.
#[derive(Debug)]
pub struct SpillDone {
    /// The order's own part.
    pub outcome: SpillOutcome,
    /// The files after it.
    pub state: SpillState,
}

/// Where a lane's files stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpillState {
    /// Rows that are not read yet.
    pub unread_rows: u64,
    /// Batches that are not read yet.
    pub unread_batches: u64,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Record time of the oldest row that is not read yet.
    pub oldest_unread: Option<RecordTime>,
    /// Rows that were given up since the last order, by policy or damage.
    pub dropped_rows: u64,
}

/// An order's own part.
#[derive(Debug)]
pub enum SpillOutcome {
    /// So many of the rows were appended, in order; they come back all.
    Appended {
        /// What was asked.
        rows: Vec<SpillRow>,
        /// How many of them are in the file now; fewer where there is no room.
        appended: usize,
        /// What a checkpoint must sync.
        sync: SpillSync,
    },
    /// The next batches, without sequence.
    Read(Vec<RowBatch>),
    /// Trimmed.
    Trimmed,
    /// What is still here, without sequence.
    Lost(StillHeld),
    /// The files cannot be used any more.
    Failed(SpillError),
}

/// Files and directories that hold something unsynced.
#[derive(Clone, Debug, Default)]
pub struct SpillSync {
    /// Files, by segment.
    pub files: Vec<(u64, SyncTarget)>,
    /// The directory, if it has a new name.
    pub directory: Option<PathBuf>,
}

impl SpillSync {
    /// Takes another's files and directory in.
    pub fn merge(&mut self, other: Self) {
        for (segment, file) in other.files {
            if self.files.iter().all(|(known, _)| *known != segment) {
                self.files.push((segment, file));
            }
        }
        self.directory = other.directory.or(self.directory.take());
    }

    /// Whether there is nothing to sync.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.directory.is_none()
    }

    /// Syncs all of it, blocking.
    ///
    /// # Errors
    /// The first that fails. Nothing is known of the rows then: the shard must not go on.
    pub fn run(&self, storage: &impl rookery_runtime::storage::Storage) -> std::io::Result<()> {
        for (_, file) in &self.files {
            file.sync_data()?;
        }
        match &self.directory {
            Some(directory) => storage.sync_dir(directory),
            None => Ok(()),
        }
    }
}
