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

#[cfg(test)]
mod tests {
    use super::*;
    use rookery_model::{Lsn, Term};

    fn dir() -> PathBuf {
        PathBuf::from("/data/0/log")
    }

    #[test]
    fn every_error_names_the_thing_the_limit_and_the_remedy() {
        let position = |term, lsn| Position::new(Term(term), Lsn(lsn));
        let source = io::Error::from_raw_os_error(5);
        let texts = [
            WalError::io("sync", Path::new("/data/x"))(source).to_string(),
            WalError::Poisoned {
                dir: dir(),
                cause: "EIO".into(),
            }
            .to_string(),
            WalError::DiskFull {
                dir: dir(),
                size: 8192,
            }
            .to_string(),
            WalError::TooLarge { bytes: 9, limit: 8 }.to_string(),
            WalError::SegmentSize {
                size: 1,
                min: 2,
                max: 3,
            }
            .to_string(),
            WalError::NewerFormat {
                path: dir(),
                found: 3,
                known: 2,
            }
            .to_string(),
            WalError::SlotsDamaged { path: dir() }.to_string(),
            WalError::SlotSchema {
                path: dir(),
                found: 3,
                known: 2,
            }
            .to_string(),
            WalError::Gone {
                from: position(1, 2),
                first: position(3, 4),
            }
            .to_string(),
            WalError::Term {
                dir: dir(),
                term: 1,
                last: 2,
            }
            .to_string(),
            WalError::NothingToAccept {
                dir: dir(),
                segment: 7,
            }
            .to_string(),
        ];
        assert_eq!(
            texts,
            [
                "E2001 cannot sync /data/x: Input/output error (os error 5)",
                "E2002 the disk failed to sync the log in /data/0/log (EIO); nothing more is \
                 acknowledged: check the disk, then start again",
                "E2003 no space for a log segment of 8192 bytes in /data/0/log: free some, or \
                 lower `log.retain_bytes`",
                "E2004 record of 9 bytes is over the limit of 8; raise `log.segment_size_bytes`",
                "E2008 `log.segment_size_bytes` of 1 is not a multiple of 4096 between 2 and 3",
                "E2009 /data/0/log has format 3, this version reads up to 2; start the version \
                 that wrote it",
                "E2010 both copies of /data/0/log are damaged; restore the directory, or remove \
                 both files to start without them",
                "E2011 /data/0/log holds data of schema 0x00000003, this version reads \
                 0x00000002; start the version that wrote it",
                "E2012 log after position 1:2 was deleted, the oldest record is 3:4; raise \
                 `log.retain_hours` to keep more",
                "E2013 term 1 is not above term 2 of the log in /data/0/log",
                "E2014 segment 7 in /data/0/log has no damage that waits for acceptance",
            ]
        );
    }

    #[test]
    fn what_an_append_refuses_says_the_same_as_the_log() {
        let full = AppendError::Full {
            size: 8192,
            disk_full: true,
        };
        assert_eq!(
            full.to_string(),
            "E2003 no space for a log segment of 8192 bytes: intake stops until there is; free \
             some, or lower `log.retain_bytes`"
        );
        let large = AppendError::TooLarge { bytes: 9, limit: 8 };
        let text = large.to_string();
        assert_eq!(WalError::from(large).to_string(), text);
        let poisoned = WalError::Poisoned {
            dir: dir(),
            cause: "EIO".into(),
        };
        let text = poisoned.to_string();
        assert_eq!(AppendError::Poisoned(Box::new(poisoned)).to_string(), text);
    }
}
