//! What a start, or a verification, found in a log.

use rookery_model::{Lsn, Position};
use std::fmt;

/// A range of LSNs, both ends included; empty if `last` is below `first`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LsnRange {
    /// The first.
    pub first: Lsn,
    /// The last.
    pub last: Lsn,
}

impl LsnRange {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.last.0 + 1).saturating_sub(self.first.0)
    }

    /// Whether it holds `lsn`.
    #[must_use]
    pub fn contains(&self, lsn: Lsn) -> bool {
        (self.first..=self.last).contains(&lsn)
    }
}

impl fmt::Display for LsnRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        write!(f, "{}..{}", self.first, self.last)
    }
}

/// Something that is not as a clean end leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The last batch was cut off while it was written. Nothing in it was acknowledged.
    TornTail {
        /// In which segment.
        segment: u64,
        /// Where it begins.
        offset: u64,
        /// Its bytes.
        bytes: u64,
        /// LSN of the first record that is dropped.
        from: Lsn,
    },
    /// Pages were written out of order before a power cut: batches after a gap. Nothing in them was
    /// acknowledged.
    UnsyncedCut {
        /// Segment of the gap.
        segment: u64,
        /// Where the gap begins.
        offset: u64,
        /// LSN of the first record that is dropped.
        from: Lsn,
        /// Highest LSN among the batches after the gap.
        through: Lsn,
    },
    /// Bytes that were acknowledged are damaged. What can be read is kept.
    Damaged {
        /// In which segment.
        segment: u64,
        /// The records that are destroyed; empty if only headers are.
        lost: Vec<LsnRange>,
        /// Whether an operator has accepted it.
        accepted: bool,
    },
    /// A segment is gone.
    Missing {
        /// Its id.
        segment: u64,
        /// What was in it, as far as is known; empty if that is nothing.
        lost: LsnRange,
        /// Whether an operator has accepted it.
        accepted: bool,
    },
    /// A file under a segment's name belongs elsewhere.
    Foreign {
        /// The name's id.
        segment: u64,
        /// The shard whose it is.
        shard: u16,
        /// Its own id.
        id: u64,
        /// Whether it is even of another data directory.
        other_instance: bool,
        /// What the right file held, as far as is known.
        lost: LsnRange,
        /// Whether an operator has accepted it.
        accepted: bool,
    },
    /// The segment index cannot be read; it is written anew.
    IndexDamaged,
}

impl Finding {
    /// Whether acknowledged data is concerned and nobody has accepted that.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { accepted, .. }
            | Self::Missing { accepted, .. }
            | Self::Foreign { accepted, .. } => !accepted,
            Self::TornTail { .. } | Self::UnsyncedCut { .. } | Self::IndexDamaged => false,
        }
    }

    /// The segment concerned.
    #[must_use]
    pub fn segment(&self) -> Option<u64> {
        match self {
            Self::TornTail { segment, .. }
            | Self::UnsyncedCut { segment, .. }
            | Self::Damaged { segment, .. }
            | Self::Missing { segment, .. }
            | Self::Foreign { segment, .. } => Some(*segment),
            Self::IndexDamaged => None,
        }
    }

    /// Records destroyed.
    #[must_use]
    pub fn lost(&self) -> Vec<LsnRange> {
        match self {
            Self::Damaged { lost, .. } => lost.clone(),
            Self::Missing { lost, .. } | Self::Foreign { lost, .. } if lost.count() > 0 => {
                vec![*lost]
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn accept(&mut self) {
        match self {
            Self::Damaged { accepted, .. }
            | Self::Missing { accepted, .. }
            | Self::Foreign { accepted, .. } => *accepted = true,
            Self::TornTail { .. } | Self::UnsyncedCut { .. } | Self::IndexDamaged => {}
        }
    }
}

struct Lost<'a>(&'a [LsnRange]);

impl fmt::Display for Lost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges: Vec<&LsnRange> = self.0.iter().filter(|range| range.count() > 0).collect();
        if ranges.is_empty() {
            return write!(f, "no record is lost");
        }
        let count: u64 = ranges.iter().map(|range| range.count()).sum();
        write!(f, "{count} records are lost: LSN ")?;
        for (index, range) in ranges.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{range}")?;
        }
        Ok(())
    }
}

struct Remedy(u64, bool);

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1 {
            return write!(f, " (accepted)");
        }
        write!(
            f,
            "; restore the file, or stop and run `rookery wal accept DIR --segment {}`",
            self.0
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornTail {
                segment,
                offset,
                bytes,
                from,
            } => write!(
                f,
                "segment {segment} ends in a batch that was cut off: {bytes} bytes at offset \
                 {offset} dropped, LSN {from} and after; none of it was acknowledged"
            ),
            Self::UnsyncedCut {
                segment,
                offset,
                from,
                through,
            } => write!(
                f,
                "segment {segment} has a gap at offset {offset} before batches that were never \
                 synced: LSN {from}..{through} dropped; none of it was acknowledged"
            ),
            Self::Damaged {
                segment,
                lost,
                accepted,
            } => write!(
                f,
                "E2020 acknowledged data in segment {segment} is damaged, {}{}",
                Lost(lost),
                Remedy(*segment, *accepted)
            ),
            Self::Missing {
                segment,
                lost,
                accepted,
            } => write!(
                f,
                "E2021 segment {segment} is missing, {}{}",
                Lost(&[*lost]),
                Remedy(*segment, *accepted)
            ),
            Self::Foreign {
                segment,
                shard,
                id,
                other_instance,
                lost,
                accepted,
            } => {
                let whose = if *other_instance {
                    " of another data directory"
                } else {
                    ""
                };
                write!(
                    f,
                    "E2022 the file of segment {segment} is segment {id} of shard {shard}{whose}, \
                     {}{}",
                    Lost(&[*lost]),
                    Remedy(*segment, *accepted)
                )
            }
            Self::IndexDamaged => {
                write!(
                    f,
                    "the segment index is damaged and is written anew from the segments"
                )
            }
        }
    }
}

/// What was found, and what the log is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// Segments of the log.
    pub segments: usize,
    /// Bytes that were read to check them.
    pub scanned_bytes: u64,
    /// Position of the oldest record, zero if there is none.
    pub first: Position,
    /// Position of the newest record, zero if there is none.
    pub last: Position,
    /// Highest LSN that anything says was durable.
    pub durable: Lsn,
    /// Whatever is not as a clean end leaves it, in log order.
    pub findings: Vec<Finding>,
}

impl OpenReport {
    /// Whether acknowledged data is damaged or lost, and nobody has accepted that.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.findings.iter().any(Finding::is_damage)
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn range(first: u64, last: u64) -> LsnRange {
        LsnRange {
            first: Lsn(first),
            last: Lsn(last),
        }
    }

    #[test]
    fn every_finding_says_what_it_means() {
        let texts = [
            Finding::TornTail {
                segment: 3,
                offset: 4096,
                bytes: 77,
                from: Lsn(9),
            }
            .to_string(),
            Finding::UnsyncedCut {
                segment: 3,
                offset: 5000,
                from: Lsn(9),
                through: Lsn(12),
            }
            .to_string(),
            Finding::Damaged {
                segment: 2,
                lost: vec![range(5, 5), range(7, 9)],
                accepted: false,
            }
            .to_string(),
            Finding::Damaged {
                segment: 2,
                lost: vec![],
                accepted: true,
            }
            .to_string(),
            Finding::Missing {
                segment: 4,
                lost: range(10, 19),
                accepted: false,
            }
            .to_string(),
            Finding::Foreign {
                segment: 4,
                shard: 1,
                id: 6,
                other_instance: false,
                lost: range(10, 19),
                accepted: false,
            }
            .to_string(),
            Finding::IndexDamaged.to_string(),
        ];
        assert_eq!(
            texts,
            [
                "segment 3 ends in a batch that was cut off: 77 bytes at offset 4096 dropped, LSN \
                 9 and after; none of it was acknowledged",
                "segment 3 has a gap at offset 5000 before batches that were never synced: LSN \
                 9..12 dropped; none of it was acknowledged",
                "E2020 acknowledged data in segment 2 is damaged, 4 records are lost: LSN 5, 7..9; \
                 restore the file, or stop and run `rookery wal accept DIR --segment 2`",
                "E2020 acknowledged data in segment 2 is damaged, no record is lost (accepted)",
                "E2021 segment 4 is missing, 10 records are lost: LSN 10..19; restore the file, or \
                 stop and run `rookery wal accept DIR --segment 4`",
                "E2022 the file of segment 4 is segment 6 of shard 1, 10 records are lost: LSN \
                 10..19; restore the file, or stop and run `rookery wal accept DIR --segment 4`",
                "the segment index is damaged and is written anew from the segments",
            ]
        );
    }
}
