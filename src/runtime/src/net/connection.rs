//! A connection on an executor.
//!
//! Reads and writes first try the plain system call; only when that would block, the ring is asked to
//! tell when the socket is ready. So no operation under way ever holds a buffer, and a read or write
//! that is dropped has not taken or sent anything unseen.

use super::Accepted;
use super::acceptor::Slot;
use crate::timer::Timer;
use crate::turn::{Turn, need_yield};
use futures_lite::future::poll_fn;
use futures_lite::{AsyncRead, AsyncWrite};
use glommio::net::TcpStream;
use std::cell::{Cell, RefCell};
use std::future::Future as _;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// A TCP connection. One task may read while another writes; two may not do the same at once.
pub struct Connection {
    stream: RefCell<TcpStream>,
    peer: SocketAddr,
    turn: RefCell<Option<Turn>>,
    read_deadline: Deadline,
    write_deadline: Deadline,
    _slot: Slot,
}

impl Connection {
    /// Takes over an accepted connection, without Nagle's delay.
    ///
    /// # Panics
    /// Outside an executor.
    #[must_use]
    pub fn new(accepted: Accepted) -> Self {
        let Accepted { stream, peer, slot } = accepted;
        if let Err(error) = stream.set_nodelay(true) {
            // The peer may be gone already; the first read says so.
            tracing::debug!("no TCP_NODELAY for {peer}: {error}");
        }
        // SAFETY: the descriptor is a connected socket that nobody else owns.
        let stream = unsafe { TcpStream::from_raw_fd(stream.into_raw_fd()) };
        Self {
            stream: RefCell::new(stream),
            peer,
            turn: RefCell::new(None),
            read_deadline: Deadline::default(),
            write_deadline: Deadline::default(),
            _slot: slot,
        }
    }

    /// The other end.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Reads what is there, at least a byte; 0 is the end. Safe to drop: nothing is lost.
    ///
    /// # Errors
    /// What the kernel says; `TimedOut` when the read deadline has passed first.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx, buffer)).await
    }

    /// [`Self::read`] for a caller whose buffer cannot be borrowed while it waits. It also waits where
    /// the executor's other work is due, so a connection that always has bytes starves nobody.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(cx));
        let mut stream = self.stream.borrow_mut();
        if let Poll::Ready(result) = Pin::new(&mut *stream).poll_read(cx, buffer) {
            return Poll::Ready(result);
        }
        ready!(self.read_deadline.poll(cx));
        // What has come wins: the process may have been stopped for longer than the deadline.
        Poll::Ready(match receive_now(&stream, buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(io::ErrorKind::TimedOut.into())
            }
            result => result,
        })
    }

    /// Pending until the reactor had its turn, if that is due.
    fn poll_turn(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut turn = self.turn.borrow_mut();
        loop {
            if let Some(waiting) = &mut *turn {
                ready!(Pin::new(waiting).poll(cx));
                *turn = None;
            }
            if !need_yield() {
                return Poll::Ready(());
            }
            *turn = Some(Turn::new());
        }
    }

    /// Sends all of `bytes`. After a drop or an error it is unknown how much was sent.
    ///
    /// # Errors
    /// What the kernel says; `TimedOut` when the write deadline has passed first.
    pub async fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let sent = poll_fn(|cx| {
                let mut stream = self.stream.borrow_mut();
                match Pin::new(&mut *stream).poll_write(cx, rest) {
                    Poll::Pending => self
                        .write_deadline
                        .poll(cx)
                        .map(|()| Err(io::ErrorKind::TimedOut.into())),
                    ready => ready,
                }
            })
            .await?;
            rest = &rest[sent..];
        }
        Ok(())
    }

    /// From when on a read that finds nothing fails; `None` is never. Holds for the read under way
    /// from its next wake on, so set it before reading. Moving it further costs nothing.
    pub fn set_read_deadline(&self, deadline: Option<Instant>) {
        self.read_deadline.at.set(deadline);
    }

    /// From when on a write that finds no room fails; `None` is never.
    pub fn set_write_deadline(&self, deadline: Option<Instant>) {
        self.write_deadline.at.set(deadline);
    }

    /// Ends one or both directions; a read under way then sees the end. A peer that is gone already is
    /// no error.
    pub fn shutdown(&self, how: Shutdown) {
        let stream = self.stream.borrow();
        // SAFETY: the stream, which owns the descriptor, is borrowed for longer.
        let socket = unsafe { BorrowedFd::borrow_raw(stream.as_raw_fd()) };
        if let Err(error) = socket2::SockRef::from(&socket).shutdown(how) {
            tracing::trace!("shutdown of {}: {error}", self.peer);
        }
    }
}

/// Reads without waiting.
fn receive_now(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the descriptor is the stream's, and the kernel writes at most the buffer's length.
    let result = unsafe {
        libc::recv(
            stream.as_raw_fd(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            libc::MSG_DONTWAIT,
        )
    };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// A deadline whose timer is moved only when it fires: a deadline that moves on with every message
/// costs one timer a period, not one a message.
#[derive(Default)]
struct Deadline {
    at: Cell<Option<Instant>>,
    timer: RefCell<Option<(Instant, Timer)>>,
}

impl Deadline {
    /// Ready once the deadline has passed; else the task is woken then, or before.
    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at.get() else {
            return Poll::Pending;
        };
        let mut timer = self.timer.borrow_mut();
        loop {
            let now = Instant::now();
            if now >= at {
                return Poll::Ready(());
            }
            let (fires, running) = timer
                .take_if(|(fires, _)| *fires <= at)
                .unwrap_or_else(|| (at, Timer::new(at - now)));
            let (_, running) = timer.insert((fires, running));
            if Pin::new(running).poll(cx).is_pending() {
                return Poll::Pending;
            }
            *timer = None;
        }
    }
}
