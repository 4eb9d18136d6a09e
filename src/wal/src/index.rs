//! The segment index: which segments the log has, kept beside them.
//!
//! The segments themselves say what is in them. The index says what *should* be there: a segment that
//! is listed and has no file is lost, even if it was the last one; one that has a file and lies below
//! the oldest listed was being deleted. And it spares a start the scan of what is sealed and below
//! the checkpoint.

use crate::segment::SegmentMeta;
use crate::{Slots, WalError};
use rkyv::rancor;
use rookery_model::{Lsn, RecordTime, Term};
use rookery_runtime::storage::Storage;
use std::io;
use std::path::{Path, PathBuf};

/// Schema id of [`IndexArchive`]; another one for every change of it.
const SCHEMA: u32 = 0x5347_0001;

#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
struct IndexArchive {
    segments: Vec<EntryArchive>,
}

#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
struct EntryArchive {
    id: u64,
    term: u64,
    first: u64,
    last: u64,
    last_time: i64,
    end: u64,
    sealed: bool,
    quarantined: bool,
}

/// The index's slots.
pub(crate) struct Index<S: Storage>(Slots<S>);

fn path(dir: &Path) -> PathBuf {
    dir.join("segments.index")
}

impl<S: Storage> Index<S> {
    /// Opens the index and reads it. Damaged, it is as good as none: the segments are scanned.
    pub(crate) fn open(
        storage: &S,
        dir: &Path,
    ) -> Result<(Self, Option<Vec<SegmentMeta>>, bool), WalError> {
        match Slots::open(storage, &path(dir), SCHEMA) {
            Ok((slots, bytes)) => {
                let entries = bytes.map(|bytes| decode(&bytes));
                let damaged = matches!(entries, Some(None));
                Ok((Self(slots), entries.flatten(), damaged))
            }
            Err(WalError::SlotsDamaged { .. }) => {
                Slots::<S>::remove(storage, &path(dir))?;
                let (slots, _) = Slots::open(storage, &path(dir), SCHEMA)?;
                Ok((Self(slots), None, true))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the index and changes nothing.
    pub(crate) fn peek(
        storage: &S,
        dir: &Path,
    ) -> Result<(Option<Vec<SegmentMeta>>, bool), WalError> {
        match Slots::peek(storage, &path(dir), SCHEMA) {
            Ok(bytes) => {
                let entries = bytes.map(|bytes| decode(&bytes));
                let damaged = matches!(entries, Some(None));
                Ok((entries.flatten(), damaged))
            }
            Err(WalError::SlotsDamaged { .. }) => Ok((None, true)),
            Err(error) => Err(error),
        }
    }

    /// Replaces the index.
    pub(crate) fn write(&mut self, segments: &[SegmentMeta]) -> io::Result<()> {
        let archive = IndexArchive {
            segments: segments.iter().map(encode).collect(),
        };
        let bytes = rkyv::to_bytes::<rancor::Error>(&archive).map_err(io::Error::other)?;
        self.0.write(&bytes)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

fn encode(meta: &SegmentMeta) -> EntryArchive {
    EntryArchive {
        id: meta.id,
        term: meta.term.0,
        first: meta.first.0,
        last: meta.last.0,
        last_time: meta.last_time.0,
        end: meta.end,
        sealed: meta.sealed,
        quarantined: meta.quarantined,
    }
}

fn decode(bytes: &[u8]) -> Option<Vec<SegmentMeta>> {
    let archive = rkyv::access::<ArchivedIndexArchive, rancor::Error>(bytes).ok()?;
    let entry = |entry: &ArchivedEntryArchive| SegmentMeta {
        id: entry.id.to_native(),
        term: Term(entry.term.to_native()),
        first: Lsn(entry.first.to_native()),
        last: Lsn(entry.last.to_native()),
        last_time: RecordTime(entry.last_time.to_native()),
        end: entry.end.to_native(),
        sealed: entry.sealed,
        quarantined: entry.quarantined,
    };
    Some(archive.segments.iter().map(entry).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rookery_runtime::storage::sim::SimStorage;

    fn meta(id: u64) -> SegmentMeta {
        SegmentMeta {
            id,
            term: Term(9),
            first: Lsn(id * 10),
            last: Lsn(id * 10 + 9),
            last_time: RecordTime(-5),
            end: 8192,
            sealed: id < 3,
            quarantined: id == 2,
        }
    }

    #[test]
    fn segments_come_back() {
        let storage = SimStorage::new(1);
        let dir = Path::new("/d");
        storage.create_dir_all(dir).unwrap();
        let (mut index, none, damaged) = Index::open(&storage, dir).unwrap();
        assert_eq!((none, damaged), (None, false));
        let segments = [meta(1), meta(2), meta(3)];
        index.write(&segments).unwrap();
        let (_, found, _) = Index::open(&storage, dir).unwrap();
        assert_eq!(found.unwrap(), segments);
    }

    /// The archive's bytes are on users' disks: they change only with the schema id.
    #[test]
    fn the_bytes_of_this_schema_stay_as_they_are() {
        let archive = IndexArchive {
            segments: vec![encode(&meta(1)), encode(&meta(2))],
        };
        let bytes = rkyv::to_bytes::<rancor::Error>(&archive).unwrap();
        assert_eq!((bytes.len(), crc32c::crc32c(&bytes)), GOLDEN);
    }

    const GOLDEN: (usize, u32) = (120, 283_221_155);
}
