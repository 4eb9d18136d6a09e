//! `fdatasync` without stopping the shard.

use crate::storage::SyncTarget;
use crate::{LocalEvent, Parker, Wake};
use glommio::GlommioError;
use glommio::io::BufferedFile;
use std::cell::Cell;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, RawFd};
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

    /// Makes everything written to the file before this call durable. The target's descriptor is
    /// neither closed nor copied. Dropped before its end, the sync may happen or not.
    ///
    /// # Errors
    /// What the kernel said. The file's unsynced bytes are then lost or not, and a second sync that
    /// returns success proves nothing.
    pub async fn fdatasync(&self, target: &SyncTarget) -> io::Result<()> {
        match (&self.thread, target.raw_fd()) {
            (None, Some(file)) => ring_fdatasync(file).await,
            (Some(thread), _) => thread.fdatasync(target.clone()).await,
            // A simulated disk, which answers at once.
            (None, None) => target.sync_data(),
        }
    }
}

/// One fsync operation on the main ring; the kernel runs it in a worker of its own.
async fn ring_fdatasync(file: RawFd) -> io::Result<()> {
    // SAFETY: the caller's target keeps the descriptor open; ManuallyDrop keeps glommio from closing
    // it, also when this future is dropped.
    let file = ManuallyDrop::new(unsafe { BufferedFile::from_raw_fd(file) });
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
    target: SyncTarget,
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

    async fn fdatasync(&self, target: SyncTarget) -> io::Result<()> {
        while self.busy.get() {
            self.idle.wait().await;
        }
        self.busy.set(true);
        let _turn = Turn(self);
        let outcome = Arc::new(Outcome(AtomicI32::new(PENDING)));
        let request = Request {
            target,
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
        let outcome = match self.target.sync_data() {
            Ok(()) => 0,
            Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
        };
        self.outcome.0.store(outcome, Ordering::Release);
        self.wake.wake();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::spawn;
    use std::fs::File;
    use std::io::{Read, Seek, Write};

    const BACKENDS: [SyncBackend; 2] = [SyncBackend::Ring, SyncBackend::Thread];

    fn sync_on_executor(backend: SyncBackend, file: &Arc<File>) -> Result<(), Option<i32>> {
        let target = SyncTarget::of_file(Arc::clone(file));
        let body = move || async move {
            let syncer = Syncer::new(backend).unwrap();
            let result = syncer.fdatasync(&target).await;
            result.map_err(|error| error.raw_os_error())
        };
        spawn("sync", None, body).unwrap().join().unwrap()
    }

    #[test]
    fn a_file_is_synced_and_stays_open() {
        for backend in BACKENDS {
            let mut file = Arc::new(tempfile::tempfile().unwrap());
            file.write_all(b"durable").unwrap();
            assert_eq!(sync_on_executor(backend, &file), Ok(()));
            file.rewind().unwrap();
            let mut text = String::new();
            Arc::get_mut(&mut file)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "durable");
        }
    }

    #[test]
    fn the_kernels_error_number_comes_through() {
        let (reader, _writer) = io::pipe().unwrap();
        let pipe = Arc::new(File::from(std::os::fd::OwnedFd::from(reader)));
        for backend in BACKENDS {
            assert_eq!(sync_on_executor(backend, &pipe), Err(Some(libc::EINVAL)));
        }
    }

    #[test]
    fn syncs_may_overlap() {
        for backend in BACKENDS {
            let target = SyncTarget::of_file(Arc::new(tempfile::tempfile().unwrap()));
            let body = move || async move {
                let syncer = Syncer::new(backend).unwrap();
                let (first, second) = futures_lite::future::zip(
                    async { syncer.fdatasync(&target).await.is_ok() },
                    async { syncer.fdatasync(&target).await.is_ok() },
                )
                .await;
                first && second
            };
            assert!(spawn("sync", None, body).unwrap().join().unwrap());
        }
    }
}
