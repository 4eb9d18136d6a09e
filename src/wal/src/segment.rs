//! Segment files: their names, how one is made, what the log remembers of each.

use crate::WalError;
use crate::format::{BatchHeader, BatchKind, Identity, SegmentHeader};
use rookery_model::{Lsn, Position, RecordTime, Term};
use rookery_runtime::storage::{Storage, StorageFile};
use std::io;
use std::path::{Path, PathBuf};

/// Name of a segment's file.
pub(crate) fn segment_name(id: u64) -> String {
    format!("{id:020}.log")
}

/// Path of a segment's file.
pub(crate) fn segment_path(dir: &Path, id: u64) -> PathBuf {
    dir.join(segment_name(id))
}

/// The id in a segment file's name.
pub(crate) fn segment_id(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    let well_formed = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|id| well_formed && *id > 0)
}

/// Name of a segment that is being made.
fn unfinished_name(id: u64) -> String {
    format!("{id:020}.tmp")
}

/// Whether a file is a segment whose making was cut off.
pub(crate) fn is_unfinished(name: &str) -> bool {
    name.strip_suffix(".tmp")
        .is_some_and(|digits| digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// A segment that is part of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentMeta {
    pub id: u64,
    pub term: Term,
    /// LSN of its first record.
    pub first: Lsn,
    /// LSN of its last record that counts; below `first` where it has none.
    pub last: Lsn,
    /// Time of its last batch.
    pub last_time: RecordTime,
    /// Bytes of the file up to the end of what counts; 0 for a lost segment.
    pub end: u64,
    /// It ends in a seal, and the file ends with it.
    pub sealed: bool,
    /// It holds damage that nobody has accepted: it is neither cut, nor sealed, nor deleted.
    pub quarantined: bool,
}

impl SegmentMeta {
    /// It has no file, or another segment's: it is listed until somebody accepts that.
    pub(crate) fn is_lost(&self) -> bool {
        self.end == 0
    }

    /// Position of its last record.
    pub(crate) fn last_position(&self) -> Position {
        Position::new(self.term, self.last)
    }
}

/// A segment that is ready to be appended to: reserved, with its header, durable in its directory.
pub(crate) struct ReadySegment<F> {
    pub id: u64,
    pub file: F,
}

/// Why a segment could not be made ready.
#[derive(Debug)]
pub(crate) enum PrepareError {
    /// Nothing was promised and nothing is in doubt: try again.
    Later { disk_full: bool, cause: WalError },
    /// A sync failed.
    Broken(WalError),
}

/// Makes a segment ready.
pub(crate) fn prepare<S: Storage>(
    storage: &S,
    dir: &Path,
    header: &SegmentHeader,
) -> Result<ReadySegment<S::File>, PrepareError> {
    let unfinished = dir.join(unfinished_name(header.segment));
    // Left by an attempt that failed half-way.
    match storage.unlink(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(later("remove", &unfinished)(error));
        }
        _ => {}
    }
    let file = storage
        .create(&unfinished, header.size)
        .map_err(later("create", &unfinished))?;
    file.write_at(0, &header.encode())
        .map_err(later("write", &unfinished))?;
    file.sync_data().map_err(broken("sync", &unfinished))?;
    let path = segment_path(dir, header.segment);
    storage
        .rename(&unfinished, &path)
        .map_err(later("rename", &unfinished))?;
    storage.sync_dir(dir).map_err(broken("sync", dir))?;
    Ok(ReadySegment {
        id: header.segment,
        file,
    })
}

fn later(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrepareError {
    let to_error = WalError::io(action, path);
    move |source| PrepareError::Later {
        disk_full: is_full(&source),
        cause: to_error(source),
    }
}

fn broken(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrepareError {
    let to_error = WalError::io(action, path);
    move |source| PrepareError::Broken(to_error(source))
}

/// Whether an error says that there is no space, now.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// The batch that ends a segment.
pub(crate) fn seal(
    identity: &Identity,
    meta: &SegmentMeta,
    durable: Lsn,
) -> [u8; crate::format::BATCH_HEADER_BYTES] {
    let header = BatchHeader {
        kind: BatchKind::Seal,
        term: meta.term,
        first: meta.last.next(),
        time: meta.last_time,
        durable,
        segment: meta.id,
        count: 0,
        bytes: 0,
        fold: 0,
    };
    header.encode(identity.salt(meta.id), meta.end)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_id_and_come_back() {
        assert_eq!(segment_name(42), "00000000000000000042.log");
        assert_eq!(segment_id(&segment_name(u64::MAX)), Some(u64::MAX));
        for other in [
            "42.log",
            "00000000000000000000.log",
            "00000000000000000042.tmp",
            "x.log",
        ] {
            assert_eq!(segment_id(other), None, "{other}");
        }
        assert!(is_unfinished(&unfinished_name(7)));
        assert!(!is_unfinished("7.tmp"));
    }
}
