//! What can go wrong with a log.

use rookery_model::Position;
use std::io;
use std::path::{Path, PathBuf};

/// A failure of the log. Unless a variant says otherwise the log can still be read, and nothing that
/// was acknowledged is touched.
#[derive(Debug, thiserror::Error)]
pub enum WalError {
    /// A file operation failed.
    #[error("E2001 cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A sync failed, or a poisoned log was asked for more. Whatever was not acknowledged before is
    /// in doubt; only a new start, which reads what the disk really has, ends this.
    #[error(
        "E2002 the disk failed to sync the log in {} ({cause}); nothing more is acknowledged: check \
         the disk, then start again", dir.display()
    )]
    Poisoned {
        /// The log's directory.
        dir: PathBuf,
        /// The first error.
        cause: String,
    },
    /// No space for a segment. Goes away by itself once there is space.
    #[error(
        "E2003 no space for a log segment of {size} bytes in {}: free some, or lower \
         `log.retain_bytes`", dir.display()
    )]
    DiskFull {
        /// The log's directory.
        dir: PathBuf,
        /// Bytes of a segment.
        size: u64,
    },
    /// A record that no segment can hold.
    #[error(
        "E2004 record of {bytes} bytes is over the limit of {limit}; raise `log.segment_size_bytes`"
    )]
    TooLarge {
        /// Bytes of its payload.
        bytes: u64,
        /// Bytes of the largest payload that fits.
        limit: u64,
    },
    /// Settings that no log can have.
    #[error(
        "E2008 `log.segment_size_bytes` of {size} is not a multiple of 4096 between {min} and {max}"
    )]
    SegmentSize {
        /// The setting.
        size: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The file was written by a newer version.
    #[error(
        "E2009 {} has format {found}, this version reads up to {known}; start the version that \
         wrote it", path.display()
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
    /// Neither of two slots can be read although at least one was written.
    #[error(
        "E2010 both copies of {} are damaged; restore the directory, or remove both files to start \
         without them", path.display()
    )]
    SlotsDamaged {
        /// The slots' common path.
        path: PathBuf,
    },
    /// A slot holds another kind of data.
    #[error(
        "E2011 {} holds data of schema {found:#010x}, this version reads {known:#010x}; start the \
         version that wrote it", path.display()
    )]
    SlotSchema {
        /// The slots' common path.
        path: PathBuf,
        /// The schema found.
        found: u32,
        /// The schema asked for.
        known: u32,
    },
    /// A reader asks for records that were deleted.
    #[error(
        "E2012 log after position {from} was deleted, the oldest record is {first}; raise \
         `log.retain_hours` to keep more"
    )]
    Gone {
        /// The position asked for.
        from: Position,
        /// The oldest record.
        first: Position,
    },
    /// A new term that is not above all older ones.
    #[error("E2013 term {term} is not above term {last} of the log in {}", dir.display())]
    Term {
        /// The log's directory.
        dir: PathBuf,
        /// The term given.
        term: u64,
        /// The highest in the log.
        last: u64,
    },
    /// There is no damage to accept.
    #[error("E2014 segment {segment} in {} has no damage that waits for acceptance", dir.display())]
    NothingToAccept {
        /// The log's directory.
        dir: PathBuf,
        /// The segment.
        segment: u64,
    },
}

impl WalError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// Why a record was not appended. The log is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// No ready segment: the disk is full, or the side thread is behind. Stop intake and try again;
    /// it goes away by itself.
    #[error(
        "E2003 no space for a log segment of {size} bytes: intake stops until there is; free some, \
         or lower `log.retain_bytes`"
    )]
    Full {
        /// Bytes of a segment.
        size: u64,
        /// Whether the disk said that it is full; false where the side thread is only behind.
        disk_full: bool,
    },
    /// The record fits into no segment.
    #[error(
        "E2004 record of {bytes} bytes is over the limit of {limit}; raise `log.segment_size_bytes`"
    )]
    TooLarge {
        /// Bytes of its payload.
        bytes: u64,
        /// Bytes of the largest payload that fits.
        limit: u64,
    },
    /// A sync has failed before: see [`WalError::Poisoned`].
    #[error("{0}")]
    Poisoned(Box<WalError>),
}

impl From<AppendError> for WalError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full { size, .. } => Self::DiskFull {
                dir: PathBuf::new(),
                size,
            },
            AppendError::TooLarge { bytes, limit } => Self::TooLarge { bytes, limit },
            AppendError::Poisoned(error) => *error,
        }
    }
}
