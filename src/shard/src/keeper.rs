//! The thread that writes checkpoints and cursors, for all shards: each write is synced before the
//! shard hears of it, and cursors are durable before the checkpoint that counts on them is written.

use rookery_model::ShardId;
use rookery_runtime::storage::RealStorage;
use rookery_wal::Slots;
use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

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
    /// An error leaves the files as they were before, or the write in doubt; the next write decides.
    pub result: io::Result<()>,
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
        files: Vec<ShardFiles>,
        done: impl Fn(ShardId, Saved) + Send + 'static,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (requests, queue) = mpsc::channel();
        let mut files = files;
        let thread = thread::Builder::new()
            .name("keeper".into())
            .spawn(move || {
                for SaveRequest {
                    shard,
                    cursors,
                    checkpoint,
                } in queue
                {
                    let files = &mut files[usize::from(shard.0)];
                    let written = checkpoint.is_some();
                    let result = save(files, &cursors, checkpoint.as_deref());
                    done(
                        shard,
                        Saved {
                            checkpoint: written,
                            result,
                        },
                    );
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

fn save(files: &mut ShardFiles, cursors: &[u8], checkpoint: Option<&[u8]>) -> io::Result<()> {
    files.cursors.write(cursors)?;
    if let Some(checkpoint) = checkpoint {
        files.checkpoint.write(checkpoint)?;
    }
    Ok(())
}
