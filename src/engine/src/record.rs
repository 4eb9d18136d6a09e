//! What goes in and what comes out.

use rookery_model::{DeadLetter, Position, RecordTime, ShardId, SinkId, Value};

/// A log's record, as far as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The shard whose log holds it.
    pub shard: ShardId,
    /// Its place in that log.
    pub position: Position,
    /// Its time: the only clock that rules have.
    pub time: RecordTime,
    /// Who sent it; empty where the sender gave no name.
    pub forwarder: &'a str,
    /// What it holds.
    pub kind: RecordInput<'a>,
}

/// What a record holds. Records of other kinds make no rows and are not stepped; a malformed line becomes
/// a dead letter without the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordInput<'a> {
    /// A message's bytes.
    Message(&'a [u8]),
    /// A rule set was loaded: constant rows (`INSERT .. VALUES`) are made, on shard 0.
    Rules,
}

/// Takes what a step makes. Borrowed data lives as long as the call.
pub trait Output {
    /// A row of a rule; `ordinal` counts the rows that this rule made of the record, from 0.
    fn row(&mut self, rule: u16, sink: SinkId, ordinal: u32, row: &[Value<'_>]);

    /// The message stopped: for all rules (stage parse), or for the one named.
    fn dead_letter(&mut self, letter: DeadLetter<'_>);

    /// Something that is no error happened `times` times, in a rule or (without one) in the message.
    fn count(&mut self, rule: Option<u16>, counter: Counter, times: u32);
}

/// What is counted beside rows and dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// A cast that was given a value made NULL of it: junk, or overflow. Per rule.
    CastToNull,
    /// A value did not fit its sink's column and became NULL. Per rule.
    NarrowedToNull,
    /// A value of the message does not fit its column's type and was read as NULL. Per rule.
    ColumnToNull,
    /// A top-level key of the message came again; the first one counts. Per message.
    DuplicateKey,
}

impl Counter {
    /// All counters, in the order of a message's life.
    pub const ALL: [Self; 4] = [
        Self::DuplicateKey,
        Self::ColumnToNull,
        Self::CastToNull,
        Self::NarrowedToNull,
    ];

    /// The name users see in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CastToNull => "cast_to_null",
            Self::NarrowedToNull => "narrowed_to_null",
            Self::ColumnToNull => "column_to_null",
            Self::DuplicateKey => "duplicate_key",
        }
    }
}
