//! What must not happen on a shard's thread: making segments, ending them, the index, deletion.
//!
//! A thread keeps `READY_SEGMENTS` segments ready, so that a rotation takes one and makes no system
//! call but the mapping. Above the simulated disk the same work runs inline.

use crate::config::{LogConfig, SideWork};
use crate::format::{Identity, SegmentHeader};
use crate::index::Index;
use crate::segment::{PrepareError, ReadySegment, SegmentMeta, prepare, segment_path};
use rookery_model::limits::{READY_SEGMENTS, SEGMENT_RETRY_MS};
use rookery_model::{Mutant, Term, mutant_active};
use rookery_runtime::storage::{Storage, StorageFile};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Work for the side thread, done in order.
pub(crate) enum Job<F> {
    /// A segment is durable up to its seal: end its mapping and give its rest back.
    Seal { id: u64, file: F, size: u64 },
    /// Write the index, then remove these segments, oldest first.
    Index {
        segments: Vec<SegmentMeta>,
        remove: Vec<u64>,
    },
}

/// Why no segment can be taken.
#[derive(Debug)]
pub(crate) enum Empty {
    /// There will be one.
    Later { disk_full: bool },
    /// A sync failed: never again.
    Broken(String),
}

pub(crate) struct SegmentPool<S: Storage> {
    shared: Arc<Shared<S::File>>,
    mode: Mode<S>,
}

enum Mode<S: Storage> {
    Thread(Option<JoinHandle<()>>),
    Inline(Box<Worker<S>>),
}

struct Shared<F> {
    state: Mutex<State<F>>,
    wake: Condvar,
    broken: AtomicBool,
}

struct State<F> {
    ready: VecDeque<ReadySegment<F>>,
    jobs: VecDeque<Job<F>>,
    disk_full: bool,
    cause: Option<String>,
    stop: bool,
}

impl<F> Shared<F> {
    fn lock(&self) -> MutexGuard<'_, State<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_broken(&self, cause: String) {
        let mut state = self.lock();
        state.cause.get_or_insert(cause);
        self.broken.store(true, Ordering::Release);
    }
}

/// Whose segments a pool makes.
pub(crate) struct PoolStart<S: Storage> {
    pub storage: S,
    pub dir: PathBuf,
    pub config: LogConfig,
    pub identity: Identity,
    pub term: Term,
    /// Id of the next segment.
    pub next: u64,
    /// Id of the segment before it, 0 for none.
    pub previous: u64,
    pub index: Index<S>,
}

impl<S: Storage> SegmentPool<S> {
    /// Starts the pool with its first segment made in place, so that its failure is the start's.
    pub(crate) fn start(start: PoolStart<S>) -> Result<Self, PrepareError> {
        let side_work = start.config.side_work;
        let mut worker = Worker {
            start,
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    ready: VecDeque::new(),
                    jobs: VecDeque::new(),
                    disk_full: false,
                    cause: None,
                    stop: false,
                }),
                wake: Condvar::new(),
                broken: AtomicBool::new(false),
            }),
            remove: Vec::new(),
        };
        let first = worker.prepare()?;
        let shared = Arc::clone(&worker.shared);
        shared.lock().ready.push_back(first);
        let mode = match side_work {
            SideWork::Inline => Mode::Inline(Box::new(worker)),
            SideWork::Thread => {
                let path = worker.start.dir.clone();
                let name = format!("wal-{}", worker.start.config.shard);
                let thread = std::thread::Builder::new()
                    .name(name)
                    .spawn(move || worker.run());
                let thread = thread.map_err(|source| PrepareError::Later {
                    disk_full: false,
                    cause: crate::WalError::io("start the side thread of", &path)(source),
                })?;
                Mode::Thread(Some(thread))
            }
        };
        Ok(Self { shared, mode })
    }

    /// Takes a ready segment. The last one is kept back unless `allow_last`: whether there is space
    /// for another is not known before it is there.
    pub(crate) fn take(&mut self, allow_last: bool) -> Result<ReadySegment<S::File>, Empty> {
        if let Mode::Inline(worker) = &mut self.mode {
            worker.fill();
        }
        let mut state = self.shared.lock();
        if let Some(cause) = &state.cause {
            return Err(Empty::Broken(cause.clone()));
        }
        let kept_back = !allow_last && state.ready.len() <= 1;
        let disk_full = state.disk_full;
        match state.ready.pop_front() {
            Some(ready) if kept_back => {
                state.ready.push_front(ready);
                Err(Empty::Later { disk_full })
            }
            Some(ready) => {
                drop(state);
                self.shared.wake.notify_one();
                Ok(ready)
            }
            None => Err(Empty::Later { disk_full }),
        }
    }

    /// Hands over a job.
    pub(crate) fn submit(&mut self, job: Job<S::File>) {
        match &mut self.mode {
            Mode::Inline(worker) => worker.work(job),
            Mode::Thread(_) => {
                self.shared.lock().jobs.push_back(job);
                self.shared.wake.notify_one();
            }
        }
    }

    /// The first failed sync of the side work, if there was one.
    pub(crate) fn broken(&self) -> Option<String> {
        if self.shared.broken.load(Ordering::Acquire) {
            return self.shared.lock().cause.clone();
        }
        None
    }

    /// Ready segments, and whether the disk said that it is full.
    pub(crate) fn room(&self) -> (usize, bool) {
        let state = self.shared.lock();
        (state.ready.len(), state.disk_full)
    }
}

impl<S: Storage> Drop for SegmentPool<S> {
    fn drop(&mut self) {
        if let Mode::Thread(thread) = &mut self.mode {
            self.shared.lock().stop = true;
            self.shared.wake.notify_one();
            if let Some(thread) = thread.take() {
                // A panic of the side thread has been reported by its own hook.
                let _ = thread.join();
            }
        }
    }
}

/// What to do next.
enum Next<F> {
    Stop,
    Prepare,
    Work(Job<F>),
}

struct Worker<S: Storage> {
    start: PoolStart<S>,
    shared: Arc<Shared<S::File>>,
    /// Segments whose removal an index has still to permit.
    remove: Vec<u64>,
}

impl<S: Storage> Worker<S> {
    fn run(mut self) {
        loop {
            match self.next() {
                Next::Stop => return,
                Next::Prepare => self.fill_one(),
                Next::Work(job) => self.work(job),
            }
        }
    }

    fn next(&mut self) -> Next<S::File> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        let mut waited = false;
        loop {
            let broken = state.cause.is_some();
            let missing = !broken && !state.stop && state.ready.len() < READY_SEGMENTS;
            // Intake stops without a ready segment; all else can wait.
            if missing && state.ready.is_empty() && (waited || !state.disk_full) {
                return Next::Prepare;
            }
            if let Some(job) = state.jobs.pop_front() {
                return Next::Work(job);
            }
            if state.stop {
                return Next::Stop;
            }
            if !missing {
                state = shared
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            if waited || !state.disk_full {
                return Next::Prepare;
            }
            let pause = Duration::from_millis(SEGMENT_RETRY_MS);
            state = shared
                .wake
                .wait_timeout(state, pause)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            waited = true;
        }
    }

    fn prepare(&mut self) -> Result<ReadySegment<S::File>, PrepareError> {
        let start = &mut self.start;
        let header = SegmentHeader {
            identity: start.identity,
            segment: start.next,
            previous: start.previous,
            term: start.term,
            size: start.config.segment_size_bytes,
        };
        let ready = prepare(&start.storage, &start.dir, &header)?;
        start.previous = start.next;
        start.next += 1;
        Ok(ready)
    }

    fn fill(&mut self) {
        loop {
            let state = self.shared.lock();
            if state.ready.len() >= READY_SEGMENTS || state.cause.is_some() {
                return;
            }
            let before = state.ready.len();
            drop(state);
            self.fill_one();
            if self.shared.lock().ready.len() == before {
                return;
            }
        }
    }

    fn fill_one(&mut self) {
        let prepared = self.prepare();
        let mut state = self.shared.lock();
        match prepared {
            Ok(ready) => {
                if state.disk_full {
                    tracing::info!(dir = %self.start.dir.display(), "there is space for the log again");
                }
                state.disk_full = false;
                state.ready.push_back(ready);
            }
            Err(PrepareError::Later { disk_full, cause }) => {
                if !state.disk_full {
                    let ready = state.ready.len();
                    tracing::warn!(%cause, disk_full, ready, "no new log segment; trying again");
                }
                // Whatever the cause, it is waited out in the same way.
                state.disk_full = true;
            }
            Err(PrepareError::Broken(error)) => {
                drop(state);
                self.shared.set_broken(error.to_string());
            }
        }
    }

    fn work(&mut self, job: Job<S::File>) {
        match job {
            Job::Seal { id, mut file, size } => {
                file.unmap();
                let path = segment_path(&self.start.dir, id);
                if let Err(error) = file.truncate(size) {
                    // Only space is lost: the seal says where the segment ends.
                    tracing::warn!(path = %path.display(), %error, "cannot cut a sealed segment");
                } else if let Err(error) = file.sync_data() {
                    self.shared
                        .set_broken(format!("sync {}: {error}", path.display()));
                }
            }
            Job::Index { segments, remove } => {
                self.remove.extend(remove);
                if mutant_active(Mutant::UnlinkBeforeIndex) {
                    self.unlink();
                }
                match self.start.index.write(&segments) {
                    Ok(()) => self.unlink(),
                    Err(error) => {
                        let path = self.start.index.path().display();
                        tracing::warn!(%path, %error, "cannot write the segment index");
                    }
                }
            }
        }
    }

    fn unlink(&mut self) {
        if self.remove.is_empty() {
            return;
        }
        let Self { start, remove, .. } = self;
        for id in remove.drain(..) {
            let path = segment_path(&start.dir, id);
            match start.storage.unlink(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "cannot remove a segment");
                }
                _ => {}
            }
        }
        if let Err(error) = start.storage.sync_dir(&start.dir) {
            let cause = format!("sync {}: {error}", start.dir.display());
            self.shared.set_broken(cause);
        }
    }
}
