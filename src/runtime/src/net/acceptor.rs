//! The thread that accepts.
//!
//! A thread, because a cancelled accept of the executor loses connections; one, because sockets that
//! share a port hide a stalled shard: its share of the clients would connect and never be read.

use super::Listener;
use crate::eventfd::EventFd;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Pause after the process or the machine has no descriptor or memory left for a connection. The
/// listener stays readable then, so without it the thread would spin at full load.
const BACK_OFF_MS: i32 = 100;
/// At most one log line of a kind in this time.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// A connection on its way to an executor. While it or its [`super::Connection`] lives, it counts
/// against the limit.
#[derive(Debug)]
pub struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) slot: Slot,
}

/// One of the open connections that are allowed.
#[derive(Debug)]
pub(super) struct Slot(Arc<AcceptorStats>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the acceptor has done so far.
#[derive(Debug, Default)]
pub struct AcceptorStats {
    open: AtomicUsize,
    accepted: AtomicU64,
    refused: AtomicU64,
    back_offs: AtomicU64,
}

impl AcceptorStats {
    /// Connections that are open now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections handed out.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Connections closed at once, because as many as allowed were open.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Pauses for want of descriptors or memory.
    #[must_use]
    pub fn back_offs(&self) -> u64 {
        self.back_offs.load(Ordering::Relaxed)
    }
}

/// A running accept thread. Dropping it stops accepting and closes the listener; the connections that
/// were handed out live on.
#[derive(Debug)]
pub struct Acceptor {
    stop: Arc<EventFd>,
    stats: Arc<AcceptorStats>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Acceptor {
    /// Accepts from `listener` and calls `hand_out` with 0 to `executors` - 1 in turn, on the accept
    /// thread. Above `connections_max` open ones a connection is closed at once.
    ///
    /// # Errors
    /// The thread or its eventfd is refused.
    pub fn start(
        listener: Listener,
        executors: usize,
        connections_max: usize,
        hand_out: impl FnMut(usize, Accepted) + Send + 'static,
    ) -> io::Result<Self> {
        assert!(executors > 0, "there is an executor to hand connections to");
        let stop = Arc::new(EventFd::new()?);
        let stats = Arc::new(AcceptorStats::default());
        let mut accepting = Accepting {
            listener,
            stop: Arc::clone(&stop),
            stats: Arc::clone(&stats),
            executors,
            connections_max,
            next: 0,
            last_log: [None; 2],
            hand_out,
        };
        let thread = thread::Builder::new()
            .name("accept".into())
            .spawn(move || accepting.run())?;
        Ok(Self {
            stop,
            stats,
            thread: Some(thread),
        })
    }

    /// The counters; they outlive the acceptor.
    #[must_use]
    pub fn stats(&self) -> &Arc<AcceptorStats> {
        &self.stats
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        self.stop.signal();
        if let Some(thread) = self.thread.take() {
            // A panic on that thread was reported by it.
            let _ = thread.join();
        }
    }
}

/// What ends a wait.
#[derive(PartialEq, Eq)]
enum Woken {
    Stop,
    Readable,
    TimedOut,
}

/// The thread's state.
struct Accepting<F> {
    listener: Listener,
    stop: Arc<EventFd>,
    stats: Arc<AcceptorStats>,
    executors: usize,
    connections_max: usize,
    next: usize,
    /// Of [`Trouble::Limit`] and [`Trouble::Resources`].
    last_log: [Option<Instant>; 2],
    hand_out: F,
}

/// What is said once in a while.
#[derive(Clone, Copy)]
enum Trouble {
    Limit = 0,
    Resources = 1,
}

impl<F: FnMut(usize, Accepted)> Accepting<F> {
    fn run(&mut self) {
        let listening = self.listener.socket.as_fd().as_raw_fd();
        loop {
            match wait(self.stop.as_fd(), Some(listening), -1) {
                Woken::Stop => return,
                Woken::TimedOut => {}
                Woken::Readable => {
                    if self.accept_all().is_err() {
                        self.stats.back_offs.fetch_add(1, Ordering::Relaxed);
                        if wait(self.stop.as_fd(), None, BACK_OFF_MS) == Woken::Stop {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Takes what the backlog holds; an error asks for a pause.
    fn accept_all(&mut self) -> Result<(), ()> {
        loop {
            match self.listener.socket.accept() {
                Ok((stream, peer)) => self.take(stream, peer),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if of_the_connection(&error) => {}
                Err(error) => {
                    if self.may_log(Trouble::Resources) {
                        tracing::warn!(
                            "cannot accept connections on {}: {error}; trying again every \
                             {BACK_OFF_MS} ms; raise `LimitNOFILE=` if descriptors are short",
                            self.listener.local_addr(),
                        );
                    }
                    return Err(());
                }
            }
        }
    }

    fn take(&mut self, stream: TcpStream, peer: SocketAddr) {
        if self.stats.open.fetch_add(1, Ordering::Relaxed) >= self.connections_max {
            self.stats.open.fetch_sub(1, Ordering::Relaxed);
            self.stats.refused.fetch_add(1, Ordering::Relaxed);
            if self.may_log(Trouble::Limit) {
                tracing::warn!(
                    "connection from {peer} closed: {} are open, the limit; raise \
                     `listen.connections_max`",
                    self.connections_max,
                );
            }
            return;
        }
        self.stats.accepted.fetch_add(1, Ordering::Relaxed);
        let slot = Slot(Arc::clone(&self.stats));
        let executor = self.next;
        self.next = (self.next + 1) % self.executors;
        (self.hand_out)(executor, Accepted { stream, peer, slot });
    }

    fn may_log(&mut self, trouble: Trouble) -> bool {
        let last = &mut self.last_log[trouble as usize];
        let now = Instant::now();
        let due = last.is_none_or(|last| now.duration_since(last) >= LOG_EVERY);
        if due {
            *last = Some(now);
        }
        due
    }
}

/// Whether an error of `accept` is about the one connection, which is gone; the next may be well.
fn of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ECONNABORTED
                | libc::EINTR
                | libc::EPROTO
                | libc::EPERM
                | libc::ENETDOWN
                | libc::ENOPROTOOPT
                | libc::EHOSTDOWN
                | libc::ENONET
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH
                | libc::ETIMEDOUT
        )
    )
}

/// Waits until `stop` is signalled, `readable` is, or `timeout_ms` has passed (-1: never).
fn wait(stop: BorrowedFd<'_>, readable: Option<i32>, timeout_ms: i32) -> Woken {
    let entry = |fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    // The kernel ignores an entry with a negative descriptor.
    let mut entries = [entry(stop.as_raw_fd()), entry(readable.unwrap_or(-1))];
    // SAFETY: the entries live for the call, and their number is given.
    let ready = unsafe {
        libc::poll(
            entries.as_mut_ptr(),
            entries.len() as libc::nfds_t,
            timeout_ms,
        )
    };
    if ready > 0 && entries[0].revents != 0 {
        Woken::Stop
    } else if ready > 0 {
        Woken::Readable
    } else {
        // Also a signal's EINTR: whoever waits looks again.
        Woken::TimedOut
    }
}
