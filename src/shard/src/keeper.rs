//! The thread that writes checkpoints and cursors, for all shards: each write is synced before the
//! shard hears of it, spill files are synced before the cursors and cursors before the checkpoint that
//! count on them.

use crate::spill::SpillSync;
use rookery_model::ShardId;
use rookery_runtime::storage::RealStorage;
use rookery_wal::Slots;
use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use thiserror::Error;

/// A shard's two slot files.
pub struct ShardFiles {
    /// Holds [`Cursors`](crate::checkpoint::Cursors).
    pub cursors: Slots<RealStorage>,
    /// Holds a [`Checkpoint`](crate::checkpoint::Checkpoint).
    pub checkpoint: Slots<RealStorage>,
}

/// What to write.
#[derive(Debug)]
pub struct SaveRequest {
    /// For which shard.
    pub shard: ShardId,
    /// Spill files that are synced before anything is written.
    pub spill: Vec<SpillSync>,
    /// Archive of the cursors.
    pub cursors: Vec<u8>,
    /// Archive of a complete checkpoint.
    pub checkpoint: Option<Vec<u8>>,
}

/// What came of it.
#[derive(Debug)]
pub struct Saved {
    /// Whether a checkpoint was written.
    pub checkpoint: bool,
    /// What failed, if anything did.
    pub result: Result<(), SaveError>,
}

/// Why nothing was saved.
#[derive(Debug, Error)]
pub enum SaveError {
    /// A spill file could not be synced: what was written to it is lost or not, and no later sync can
    /// tell.
    #[error(
        "E2063 a spill file cannot be synced: {0}; the next start makes its rows again from the log"
    )]
    Spill(io::Error),
    /// The files are as they were before, or the write is in doubt; the next write decides.
    #[error("{0}")]
    Slots(#[from] io::Error),
}

/// Handle to the thread.
#[derive(Debug)]
pub struct Keeper {
    requests: mpsc::Sender<SaveRequest>,
}

impl Keeper {
    /// Starts the thread; `done` is called there after each request. It ends when the last handle is
    /// dropped.
    ///
    /// # Errors
    /// The thread is refused.
    pub fn start(
        storage: RealStorage,
        files: Vec<ShardFiles>,
        done: impl Fn(ShardId, Saved) + Send + 'static,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (requests, queue) = mpsc::channel::<SaveRequest>();
        let mut files = files;
        let thread = thread::Builder::new()
            .name("keeper".into())
            .spawn(move || {
                for request in queue {
                    let files = &mut files[usize::from(request.shard.0)];
                    let result = save(&storage, files, &request);
                    let checkpoint = request.checkpoint.is_some();
                    done(request.shard, Saved { checkpoint, result });
                }
            })?;
        Ok((Self { requests }, thread))
    }

    /// A handle for another shard.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self {
            requests: self.requests.clone(),
        }
    }

    /// Asks for a write.
    pub fn save(&self, request: SaveRequest) {
        // The thread ends only after the last handle; it cannot be gone.
        let _ = self.requests.send(request);
    }
}

fn save(
    storage: &RealStorage,
    files: &mut ShardFiles,
    request: &SaveRequest,
) -> Result<(), SaveError> {
    for sync in &request.spill {
        sync.run(storage).map_err(SaveError::Spill)?;
    }
    files.cursors.write(&request.cursors)?;
    if let Some(checkpoint) = &request.checkpoint {
        files.checkpoint.write(checkpoint)?;
    }
    Ok(())
}
