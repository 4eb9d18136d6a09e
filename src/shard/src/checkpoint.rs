//! What a shard keeps beside its log: its checkpoint and its lanes' cursors, as rkyv archives.
//!
//! Both live in two alternating slots of the log's room, which adds sequence, checksum and the schema
//! ids below. An archive is read only after that checksum matched; rkyv's own validation is no
//! integrity check.

use crate::numbering::Mark;
use rkyv::{Archive, Deserialize, Serialize, rancor};
use rookery_model::{Lsn, Position, Term};
use thiserror::Error;

/// Schema id of [`Checkpoint`] archives; raised with every change of the structs.
pub const CHECKPOINT_SCHEMA: u32 = 0x0001_0001;
/// Schema id of [`Cursors`] archives.
pub const CURSORS_SCHEMA: u32 = 0x0002_0002;

/// A position as it is archived.
#[derive(Archive, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SavedPosition {
    /// Term.
    pub term: u64,
    /// LSN.
    pub lsn: u64,
}

impl From<Position> for SavedPosition {
    fn from(position: Position) -> Self {
        Self {
            term: position.term.0,
            lsn: position.lsn.0,
        }
    }
}

impl From<SavedPosition> for Position {
    fn from(saved: SavedPosition) -> Self {
        Self::new(Term(saved.term), Lsn(saved.lsn))
    }
}

/// A shard's state at one durable position.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Every record up to it is in this state.
    pub position: SavedPosition,
    /// The rule set in force there; absent before the first.
    pub rules: Option<[u8; 16]>,
    /// Numbering, by forwarder.
    pub forwarders: Vec<ForwarderMark>,
}

/// A forwarder's entry in a checkpoint.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct ForwarderMark {
    /// Its name.
    pub name: String,
    /// See [`Mark::watermark`].
    pub watermark: u64,
    /// See [`Mark::above`].
    pub above: Vec<u64>,
}

impl ForwarderMark {
    /// The mark without the name.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            watermark: self.watermark,
            above: self.above.clone(),
        }
    }
}

/// The lanes' cursors and the log's durable end at the time of writing.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursors {
    /// The highest position known durable: damage at or below it is corruption.
    pub durable: SavedPosition,
    /// By lane.
    pub lanes: Vec<SavedCursor>,
}

impl Cursors {
    /// What was saved of a lane; zeros if it is new.
    #[must_use]
    pub fn of_lane(&self, sink: &str, writer: u16) -> LaneMark {
        self.lanes
            .iter()
            .find(|lane| lane.sink == sink && lane.writer == writer)
            .map_or_else(LaneMark::default, |lane| LaneMark {
                cursor: lane.position.into(),
                rows: lane.rows.into(),
                spilled: lane.spilled.into(),
            })
    }
}

/// How far a lane had come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneMark {
    /// See [`SavedCursor::position`].
    pub cursor: Position,
    /// See [`SavedCursor::rows`].
    pub rows: Position,
    /// See [`SavedCursor::spilled`].
    pub spilled: Position,
}

/// A lane's cursor.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct SavedCursor {
    /// `file.table`, or `dead_letters`.
    pub sink: String,
    /// Index of the writer.
    pub writer: u16,
    /// Every row of every record up to it is confirmed.
    pub position: SavedPosition,
    /// End of the last batch of rows that was confirmed: all that a target can know of.
    pub rows: SavedPosition,
    /// End of the last batch in the lane's spill files, synced.
    pub spilled: SavedPosition,
}

/// An archive that its checksum vouched for and that still cannot be read.
#[derive(Debug, Error)]
#[error("{what} of shard metadata cannot be read: {reason}")]
pub struct ArchiveError {
    what: &'static str,
    reason: rancor::Error,
}

macro_rules! archived {
    ($type:ty, $what:literal) => {
        impl $type {
            /// The archive's bytes.
            #[must_use]
            pub fn to_archive(&self) -> Vec<u8> {
                rkyv::to_bytes::<rancor::Error>(self)
                    .expect("an archive of owned vectors is always made")
                    .to_vec()
            }

            /// Reads an archive.
            ///
            /// # Errors
            /// If the bytes are not one of this schema.
            pub fn from_archive(bytes: &[u8]) -> Result<Self, ArchiveError> {
                let mut aligned = rkyv::util::AlignedVec::<16>::with_capacity(bytes.len());
                aligned.extend_from_slice(bytes);
                rkyv::from_bytes::<Self, rancor::Error>(&aligned).map_err(|reason| ArchiveError {
                    what: $what,
                    reason,
                })
            }
        }
    };
}

archived!(Checkpoint, "the checkpoint");
archived!(Cursors, "the cursors");

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn archives_come_back() {
        let checkpoint = Checkpoint {
            position: SavedPosition { term: 9, lsn: 7 },
            rules: Some([3; 16]),
            forwarders: vec![ForwarderMark {
                name: "f".into(),
                watermark: 3,
                above: vec![5, 6],
            }],
        };
        assert_eq!(
            Checkpoint::from_archive(&checkpoint.to_archive()).unwrap(),
            checkpoint
        );
        let cursors = Cursors {
            durable: SavedPosition { term: 9, lsn: 8 },
            lanes: vec![SavedCursor {
                sink: "job.orders".into(),
                writer: 0,
                position: SavedPosition { term: 9, lsn: 7 },
                rows: SavedPosition { term: 9, lsn: 6 },
                spilled: SavedPosition { term: 9, lsn: 9 },
            }],
        };
        assert_eq!(
            Cursors::from_archive(&cursors.to_archive()).unwrap(),
            cursors
        );
    }

    #[test]
    fn a_short_archive_is_refused() {
        let bytes = Cursors::default().to_archive();
        assert!(Cursors::from_archive(&bytes[..bytes.len() / 2]).is_err());
    }
}
