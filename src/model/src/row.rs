//! What names a row.

use crate::{Position, ShardId};

/// Index of a sink table in the rule set that is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SinkId(pub u16);

/// A row's identity within an instance: the same on every replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowIdentity {
    /// The shard whose log holds the record.
    pub shard: ShardId,
    /// The record.
    pub position: Position,
    /// Index of the rule in the rule set.
    pub rule: u16,
    /// The row's place among the rows that this rule made of the record, from 0.
    pub ordinal: u32,
}
