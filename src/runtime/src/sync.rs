//! `fdatasync` without stopping the shard.

use crate::{LocalEvent, Parker, Wake};
use glommio::GlommioError;
use glommio::io::BufferedFile;
use std::cell::Cell;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

/// Who calls `fdatasync`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncBackend {
    /// The shard's own io_uring.
    #[default]
    Ring,
    /// One thread a shard, by the plain system call, into which faults can be injected.
    Thread,
}

/// Syncs files for one executor.
pub struct Syncer {
    thread: Option<SyncThread>,
}

impl Syncer {
    /// Makes the backend ready.
    ///
    /// # Errors
    /// The thread or its eventfd is refused.
    ///
    /// # Panics
    /// Outside an executor.
    pub fn new(backend: SyncBackend) -> io::Result<Self> {
        let thread = match backend {
            SyncBackend::Ring => None,
            SyncBackend::Thread => Some(SyncThread::start()?),
        };
        Ok(Self { thread })
    }

    /// Makes everything written to the file before this call durable. The descriptor stays the
    /// caller's and must be open until this ends. Dropped before its end, the sync may happen or not.
    ///
    /// # Errors
    /// What the kernel said. The file's unsynced bytes are then lost or not, and a second sync that
    /// returns success proves nothing.
    pub async fn fdatasync(&self, file: &impl AsFd) -> io::Result<()> {
        match &self.thread {
            None => ring_fdatasync(file.as_fd()).await,
            Some(thread) => thread.fdatasync(file.as_fd()).await,
        }
    }
}

/// One fsync operation on the main ring; the kernel runs it in a worker of its own.
async fn ring_fdatasync(file: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is open for as long as `file`; ManuallyDrop keeps glommio from closing it.
    let file = ManuallyDrop::new(unsafe { BufferedFile::from_raw_fd(file.as_raw_fd()) });
    file.fdatasync().await.map_err(|error| match error {
        // The kernel's own number, which the conversion to io::Error would turn into a text.
        GlommioError::EnhancedIoError { source, .. } => source,
        other => other.into(),
    })
}

/// The thread backend: one request at a time.
struct SyncThread {
    requests: mpsc::Sender<Request>,
    parker: Parker,
    busy: Cell<bool>,
    idle: LocalEvent,
}

struct Request {
    file: OwnedFd,
    outcome: Arc<Outcome>,
    wake: Wake,
}

/// `PENDING`, 0 for success, or an error number.
struct Outcome(AtomicI32);

const PENDING: i32 = -1;

impl SyncThread {
    fn start() -> io::Result<Self> {
        let (requests, queue) = mpsc::channel::<Request>();
        let serve = move || {
            for request in queue {
                request.serve();
            }
        };
        thread::Builder::new().name("sync".into()).spawn(serve)?;
        Ok(Self {
            requests,
            parker: Parker::new(Wake::new()?),
            busy: Cell::new(false),
            idle: LocalEvent::new(),
        })
    }

    async fn fdatasync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        while self.busy.get() {
            self.idle.wait().await;
        }
        self.busy.set(true);
        let _turn = Turn(self);
        let outcome = Arc::new(Outcome(AtomicI32::new(PENDING)));
        let request = Request {
            file: file.try_clone_to_owned()?,
            outcome: Arc::clone(&outcome),
            wake: self.parker.wake().clone(),
        };
        self.requests
            .send(request)
            .map_err(|_| io::Error::other("the sync thread is gone"))?;
        loop {
            match outcome.0.load(Ordering::Acquire) {
                PENDING => {
                    let arrived = || outcome.0.load(Ordering::Acquire) != PENDING;
                    self.parker.park(arrived).await;
                }
                0 => return Ok(()),
                error => return Err(io::Error::from_raw_os_error(error)),
            }
        }
    }
}

/// The right to use the thread; passes on when dropped.
struct Turn<'a>(&'a SyncThread);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.busy.set(false);
        self.0.idle.notify();
    }
}

impl Request {
    fn serve(self) {
        // SAFETY: the descriptor is open, and no memory is passed.
        let result = unsafe { libc::fdatasync(self.file.as_raw_fd()) };
        let outcome = if result == 0 {
            0
        } else {
            io::Error::last_os_error()
                .raw_os_error()
                .unwrap_or(libc::EIO)
        };
        self.outcome.0.store(outcome, Ordering::Release);
        self.wake.wake();
    }
}
