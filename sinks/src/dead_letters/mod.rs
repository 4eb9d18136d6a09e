//! The store of dead letters: `data_dir/dead_letters`, lines of JSON in rotated files, bounded.
//!
//! It is a file sink with a bound on its bytes: over it, the oldest file is deleted, and counted. Its
//! rows come over lanes like any other's.

mod encode;
mod files;
mod rejected;
mod retry;

#[cfg(test)]
mod tests;

pub use encode::{DeadLetterEncoder, Kept, LetterOrigin};
pub use rejected::{RejectedLane, RowMaker};
pub use retry::{RetryLane, RetryOutcome, RetryRow};

use crate::filesystem::{Deleted, FileSettings, FileWriter, Retain, state_directory};
use crate::{Batching, SinkWriter};
use rookery_model::limits;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Below the data directory.
pub(crate) const DIRECTORY: &str = "dead_letters";

/// The store's name where sinks are named: in lanes, metrics and cursor files.
pub const DEAD_LETTERS: &str = "dead_letters";

/// How much the store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetterLimits {
    /// Bytes of all files together; at least two files' worth.
    pub max_bytes: u64,
    /// Bytes of one file: what is deleted at a time.
    pub file_bytes: u64,
}

impl Default for DeadLetterLimits {
    fn default() -> Self {
        Self {
            max_bytes: limits::DEAD_LETTERS_MAX_BYTES,
            file_bytes: limits::DEAD_LETTERS_FILE_BYTES,
        }
    }
}

/// The store of dead letters of a data directory.
#[derive(Clone, Debug)]
pub struct DeadLetterStore {
    settings: FileSettings,
    deleted: Arc<Deleted>,
}

impl DeadLetterStore {
    /// The store below `data_dir`. Touches nothing; its writer's `open` does.
    #[must_use]
    pub fn new(data_dir: &Path, keep: DeadLetterLimits) -> Self {
        let deleted = Arc::new(Deleted::default());
        Self {
            settings: FileSettings {
                name: DEAD_LETTERS.to_owned(),
                directory: data_dir.join(DIRECTORY),
                state_directory: state_directory(data_dir, DEAD_LETTERS),
                moves_with_state: true,
                extension: "ndjson",
                header: Vec::new(),
                rotate_interval: None,
                rotate_bytes: keep.file_bytes.min(keep.max_bytes / 2),
                confirm_interval: Duration::from_millis(limits::ROW_FILE_CONFIRM_INTERVAL_MS),
                retain: Some(Retain {
                    bytes: keep.max_bytes,
                    deleted: Arc::clone(&deleted),
                }),
            },
            deleted,
        }
    }

    /// Its directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.settings.directory
    }

    /// Where the operator's marks on letters are kept (retried, purged): a file beside the store's own
    /// state, in a directory that the server makes and never cleans.
    #[must_use]
    pub fn marks_path(&self) -> PathBuf {
        self.settings.state_directory.join("marks.ndjson")
    }

    /// Its files, oldest first; none if the store has never been opened. The last one may be written to
    /// at any time, and its last line may lack its end; the others are complete.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        files::list(&self.settings.directory, self.settings.extension)
    }

    /// Its only writer.
    #[must_use]
    pub fn writer(&self) -> Box<dyn SinkWriter> {
        Box::new(FileWriter::new(self.settings.clone()))
    }

    /// How its rows are gathered.
    #[must_use]
    pub fn batching(&self) -> Batching {
        Batching {
            rows_max: limits::SINK_BATCH_ROWS,
            bytes_max: limits::SINK_BATCH_BYTES,
            linger: Duration::ZERO,
        }
    }

    /// Files deleted because the store was over its limit, since the process started.
    #[must_use]
    pub fn deleted_files(&self) -> u64 {
        self.deleted.files.load(Ordering::Relaxed)
    }

    /// Bytes of these.
    #[must_use]
    pub fn deleted_bytes(&self) -> u64 {
        self.deleted.bytes.load(Ordering::Relaxed)
    }
}
