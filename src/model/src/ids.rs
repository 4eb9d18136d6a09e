//! Numbers that name places in a log, and the map from a device to its shard.

use std::fmt;

/// Number of a record in its shard's log; strictly increasing within a term, starting at 1.
/// 0 means "before the first record".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

impl Lsn {
    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Number of a start: max(last + 1, seconds of the wall clock).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(pub u64);

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in one shard's log. Compared by term first: after a cut, LSNs come again under a new term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The term the record was written in.
    pub term: Term,
    /// The record's number.
    pub lsn: Lsn,
}

impl Position {
    /// Before everything.
    pub const ZERO: Self = Self {
        term: Term(0),
        lsn: Lsn(0),
    };

    /// Makes a position from its two numbers.
    #[must_use]
    pub fn new(term: Term, lsn: Lsn) -> Self {
        Self { term, lsn }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.term, self.lsn)
    }
}

/// Index of a shard, 0-based.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u16);

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A record's time: microseconds since 1970-01-01 UTC, monotone within a shard's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordTime(pub i64);

impl RecordTime {
    /// Milliseconds since 1970-01-01 UTC, rounded down.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

/// Device keys hash to one of these slots, and slots map to shards. Fixed for the life of every data
/// directory: another value would move devices between logs.
pub const SLOTS: u32 = 256;

/// The slot of a device key's text (XXH3-64, low 8 bits).
#[inline]
#[must_use]
pub fn slot_of(key: &[u8]) -> u8 {
    (xxhash_rust::xxh3::xxh3_64(key) & 0xff) as u8
}

impl ShardId {
    /// The shard that owns a slot when there are `shards` of them.
    #[inline]
    #[must_use]
    pub fn of_slot(slot: u8, shards: u16) -> Self {
        Self(u16::from(slot) % shards)
    }
}
