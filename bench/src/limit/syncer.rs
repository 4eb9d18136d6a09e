//! Group commit: one sync in flight; what is appended meanwhile is the next group.

use std::fs::File;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use super::thread_cpu_seconds;

/// A sync starts no earlier than this after the start of the last one, unless enough bytes wait.
const GATHER: Duration = Duration::from_micros(500);
/// Bytes that are enough to sync at once.
const ENOUGH_BYTES: u64 = 1024 * 1024;
/// Bytes that may wait for their sync before the receiver does: as much as the appliance lets a connection
/// have unacknowledged.
const UNSYNCED_MAX_BYTES: u64 = 8 * 1024 * 1024;

#[derive(Default)]
struct State {
    /// Files with unsynced bytes, by number.
    files: Vec<(usize, Arc<File>)>,
    appended: u64,
    synced: u64,
    ended: bool,
    failed: bool,
}

#[derive(Default)]
struct Cell {
    state: Mutex<State>,
    changed: Condvar,
}

/// The thread that syncs.
pub struct Syncer {
    cell: Arc<Cell>,
    thread: JoinHandle<Result<Synced>>,
}

/// What the thread did.
pub struct Synced {
    /// Syncs.
    pub syncs: u64,
    /// Its CPU time.
    pub cpu_seconds: f64,
}

impl Syncer {
    /// Starts the thread.
    pub fn start() -> Self {
        let cell = Arc::new(Cell::default());
        let of_thread = Arc::clone(&cell);
        Self {
            cell,
            thread: thread::spawn(move || run(&of_thread)),
        }
    }

    /// Says that the log has grown to `appended` bytes in all, the last of them in `file`. Waits while
    /// too much is unsynced.
    ///
    /// # Errors
    /// When a sync has failed.
    pub fn appended(&self, appended: u64, (number, file): (usize, Arc<File>)) -> Result<()> {
        let mut state = self
            .cell
            .state
            .lock()
            .map_err(|_| anyhow!("the syncing thread panicked"))?;
        if state.files.last().is_none_or(|(last, _)| *last != number) {
            state.files.push((number, file));
        }
        let was_idle = state.appended == state.synced;
        state.appended = appended;
        if was_idle {
            self.cell.changed.notify_all();
        }
        while state.appended - state.synced > UNSYNCED_MAX_BYTES && !state.failed {
            state = self
                .cell
                .changed
                .wait(state)
                .map_err(|_| anyhow!("the syncing thread panicked"))?;
        }
        if state.failed {
            return Err(anyhow!("a sync failed"));
        }
        Ok(())
    }

    /// Waits for the last sync.
    ///
    /// # Errors
    /// When a sync has failed.
    pub fn finish(self) -> Result<Synced> {
        self.cell
            .state
            .lock()
            .map_err(|_| anyhow!("the syncing thread panicked"))?
            .ended = true;
        self.cell.changed.notify_all();
        self.thread
            .join()
            .map_err(|_| anyhow!("the syncing thread panicked"))?
    }
}

fn run(cell: &Cell) -> Result<Synced> {
    let mut syncs = 0;
    let mut last = Instant::now();
    loop {
        let (files, appended) = {
            let mut state = cell
                .state
                .lock()
                .expect("the receiver does not panic with the lock");
            while state.appended == state.synced && !state.ended {
                state = cell
                    .changed
                    .wait(state)
                    .expect("the receiver does not panic with the lock");
            }
            if state.appended == state.synced {
                return Ok(Synced {
                    syncs,
                    cpu_seconds: thread_cpu_seconds(),
                });
            }
            let gathered = last.elapsed();
            if gathered < GATHER && state.appended - state.synced < ENOUGH_BYTES && !state.ended {
                drop(state);
                thread::sleep(GATHER - gathered);
                state = cell
                    .state
                    .lock()
                    .expect("the receiver does not panic with the lock");
            }
            let files = state.files.clone();
            // The newest file stays: it takes the next bytes too.
            let full = state.files.len() - 1;
            state.files.drain(..full);
            (files, state.appended)
        };
        last = Instant::now();
        let result = files.iter().try_for_each(|(_, file)| file.sync_data());
        syncs += files.len() as u64;
        let mut state = cell
            .state
            .lock()
            .expect("the receiver does not panic with the lock");
        let waiting = state.appended - state.synced > UNSYNCED_MAX_BYTES;
        state.synced = appended;
        state.failed |= result.is_err();
        if waiting || state.failed {
            cell.changed.notify_all();
        }
        drop(state);
        result.context("syncing a segment")?;
    }
}
