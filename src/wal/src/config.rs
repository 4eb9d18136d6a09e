//! What a log is told by its owner.

use rookery_model::ShardId;
use rookery_model::limits::{RETAIN_HOURS, SEGMENT_SIZE_BYTES};

/// Where files are prepared, sealed and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SideWork {
    /// On a thread of the log's own.
    #[default]
    Thread,
    /// In the calls that cause it: for the simulated disk, whose schedules must be deterministic.
    Inline,
}

/// Settings of one shard's log.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Random id of the data directory; part of every checksum.
    pub instance: [u8; 16],
    /// The shard; part of every checksum.
    pub shard: ShardId,
    /// `log.segment_size_bytes`. A multiple of 4,096, from `SEGMENT_SIZE_MIN_BYTES` to
    /// `SEGMENT_SIZE_MAX_BYTES`; a record must fit into one.
    pub segment_size_bytes: u64,
    /// `log.retain_hours`: log below the checkpoint is kept this long.
    pub retain_hours: u64,
    /// This shard's part of `log.retain_bytes`: log below the checkpoint beyond it goes earlier.
    pub retain_bytes: u64,
    /// Where side work runs.
    pub side_work: SideWork,
}

impl LogConfig {
    /// The defaults; `retain_bytes` is without bound.
    #[must_use]
    pub fn new(instance: [u8; 16], shard: ShardId) -> Self {
        Self {
            instance,
            shard,
            segment_size_bytes: SEGMENT_SIZE_BYTES,
            retain_hours: RETAIN_HOURS,
            retain_bytes: u64::MAX,
            side_work: SideWork::Thread,
        }
    }
}
