//! A message or row that could not go on.

use std::fmt;

/// Where it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The frame was over the limit.
    Frame,
    /// No device could be found in it.
    Route,
    /// It is not JSON, not UTF-8, or too deep.
    Parse,
    /// A cast failed where the dialect does not make it NULL.
    Cast,
    /// An expression failed.
    Eval,
    /// The target refused the row.
    Sink,
}

impl Stage {
    /// All stages, in the order of a message's life.
    pub const ALL: [Self; 6] = [
        Self::Frame,
        Self::Route,
        Self::Parse,
        Self::Cast,
        Self::Eval,
        Self::Sink,
    ];

    /// The name users see in dead letters, metrics and filters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Route => "route",
            Self::Parse => "parse",
            Self::Cast => "cast",
            Self::Eval => "eval",
            Self::Sink => "sink",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why one message (or row) stopped. Position, time and forwarder are the record's and are added by
/// whoever stores it.
#[derive(Clone, Copy, Debug)]
pub struct DeadLetter<'a> {
    /// Where it stopped.
    pub stage: Stage,
    /// The rule that failed, if one did.
    pub rule: Option<&'a str>,
    /// Stable code, `E....`.
    pub code: &'a str,
    /// One line for a person.
    pub reason: &'a str,
    /// The bytes as they came (of an oversized frame: its first bytes).
    pub raw: &'a [u8],
}
