//! Sinks: where rows go. The [`Sink`] trait and its connectors, the lanes that bring rows from the
//! shards, and the writer threads that batch, send, confirm and try again.
//!
//! This crate knows no log and no executor. A shard encodes rows with a [`RowEncoder`] into
//! [`RowBatch`]es and pushes them into a [`Lane`]; [`spawn_writer`] runs a [`SinkWriter`] on a thread
//! of its own; [`Lane::confirmed`] comes back.
//!
//! Invariants:
//! - rows of a lane are handed over in order, and confirmed in order
//! - a batch is confirmed only after `confirm` has returned, with the cursors that cover it
//! - an error of a target is never final: rows wait in their lane, and nothing else waits with them

mod blackhole;
mod connectors;
mod dead_letters;
mod error;
mod filesystem;
mod lane;
mod metrics;
mod options;
mod print;
mod redis;
mod rewind;
mod row_batch;
mod sink;
mod sqlite;
#[cfg(test)]
mod testing;
mod tsdb;
mod verdicts;
mod waiting;
mod writer;

pub use crate::redis::RedisError;
pub use connectors::{build, check_directories, connector_names, faults, is_known_connector};
pub use dead_letters::{
    DEAD_LETTERS, DeadLetterEncoder, DeadLetterLimits, DeadLetterStore, Kept, LetterOrigin,
    RejectedLane, RetryLane, RetryOutcome, RetryRow, RowMaker,
};
pub use error::{EncodeError, SinkError, SinkOptionError};
pub use lane::{Lane, LaneCursor, LaneKey};
pub use metrics::{SinkCounts, SinkMetrics};
pub use options::{SpillOptions, spill_options};
pub use rewind::{Gone, LostRows, StillHeld};
pub use row_batch::{RowBatch, RowMeta};
pub use sink::{
    Batching, Part, RowEncoder, RowRef, Sink, SinkContext, SinkWriter, TableSpec, TargetCursor,
};
pub use sqlite::SqliteError;
pub use tsdb::TsdbError;
pub use verdicts::{Rejection, Verdicts};
pub use writer::{
    RejectedRow, RejectedRows, ShardWake, WriterEnd, WriterHandle, WriterLane, WriterSetup,
    spawn_writer,
};
