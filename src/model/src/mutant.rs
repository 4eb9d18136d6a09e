//! Deliberate faults, one per promise, that the simulated-disk suite must find.
//!
//! Without the feature `mutants` every check is the constant `false` and costs nothing. With it, a
//! test arms one fault for its own thread and expects the suite to turn red.

/// A committed list of faults. Each names the promise it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// A commit reports success without any sync.
    NoSync,
    /// An acknowledgement leaves when the bytes are appended.
    AckBeforeSync,
    /// A lane's cursor is saved one record too far.
    CursorOneTooFar,
    /// Log is unlinked before the cursors that permit it are durable.
    UnlinkBeforeCursor,
    /// A new greeting sends no fence.
    FenceRemoved,
    /// The highest number seen stands for watermark and set.
    HighestNumber,
    /// A duplicate is confirmed at once, not by the sync that covers its first record.
    DuplicateAtOnce,
    /// A spilling lane sends new rows directly.
    SpillBypassed,
    /// A start keeps spilled rows that lie above the checkpoint.
    SpilledKept,
    /// A checkpoint counts on spilled rows that were not synced.
    SpillNotSynced,
    /// A target that has lost rows gets none of them again, and none is called gone.
    LostIgnored,
    /// A commit that spans a rotation syncs the new segment only.
    SyncNewSegmentOnly,
    /// A start trusts the page cache instead of the disk.
    CacheKeptAtOpen,
    /// A failed sync is tried again instead of poisoning the log.
    FailedSyncRetried,
    /// A log segment is unlinked while the index still lists it.
    UnlinkBeforeIndex,
}

impl Mutant {
    /// Those of the shard's pipeline, for its suite's loop.
    pub const ALL: [Self; 11] = [
        Self::NoSync,
        Self::AckBeforeSync,
        Self::CursorOneTooFar,
        Self::UnlinkBeforeCursor,
        Self::FenceRemoved,
        Self::HighestNumber,
        Self::DuplicateAtOnce,
        Self::SpillBypassed,
        Self::SpilledKept,
        Self::SpillNotSynced,
        Self::LostIgnored,
    ];

    /// Those of the log alone, for its suite's loop.
    pub const LOG: [Self; 5] = [
        Self::NoSync,
        Self::SyncNewSegmentOnly,
        Self::CacheKeptAtOpen,
        Self::FailedSyncRetried,
        Self::UnlinkBeforeIndex,
    ];
}

#[cfg(feature = "mutants")]
mod armed {
    use super::Mutant;
    use std::cell::Cell;

    thread_local! {
        static ARMED: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// Whether this thread runs with the fault.
    #[must_use]
    pub fn active(mutant: Mutant) -> bool {
        ARMED.get() == Some(mutant)
    }

    /// Runs `body` with the fault armed on this thread.
    pub fn with<R>(mutant: Option<Mutant>, body: impl FnOnce() -> R) -> R {
        let before = ARMED.replace(mutant);
        let result = body();
        ARMED.set(before);
        result
    }
}

#[cfg(not(feature = "mutants"))]
mod armed {
    use super::Mutant;

    /// Always false: the binary carries no faults.
    #[inline(always)]
    #[must_use]
    pub fn active(_mutant: Mutant) -> bool {
        false
    }

    /// Runs `body`; without the feature `mutants` nothing can be armed.
    pub fn with<R>(_mutant: Option<Mutant>, body: impl FnOnce() -> R) -> R {
        body()
    }
}

pub use armed::{active, with};
