//! Queues between threads, and how a sleeping executor is told of them.
//!
//! A queue's sender writes the receiver's eventfd only when the receiver has declared itself parked,
//! so a busy shard costs its senders no system call. Sender: push, fence, look at the flag. Receiver:
//! set the flag, fence, look at the queues. Whichever fence comes first, one of the two sees the
//! other, so no item is left lying while the receiver sleeps.

use crate::eventfd::EventFd;
use crossbeam::queue::ArrayQueue;
use glommio::io::BufferedFile;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, FromRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};

/// Wakes one executor's [`Parker`] from any thread. Clones wake the same.
#[derive(Clone)]
pub struct Wake {
    shared: Arc<Shared>,
}

struct Shared {
    parked: AtomicBool,
    eventfd: EventFd,
}

impl Wake {
    /// A wake for an executor that may not run yet.
    ///
    /// # Errors
    /// No descriptor is free.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            shared: Arc::new(Shared {
                parked: AtomicBool::new(false),
                eventfd: EventFd::new()?,
            }),
        })
    }

    /// Ends the park, if the executor is parked. Call it after making visible what it should see.
    #[inline]
    pub fn wake(&self) {
        fence(Ordering::SeqCst);
        if self.shared.parked.load(Ordering::Relaxed) {
            self.wake_parked();
        }
    }

    #[cold]
    fn wake_parked(&self) {
        if self.shared.parked.swap(false, Ordering::SeqCst) {
            self.shared.eventfd.signal();
        }
    }
}

/// The sleeping side of a [`Wake`]; lives on the executor. One serves all mailboxes of a shard.
pub struct Parker {
    wake: Wake,
    /// The eventfd as glommio reads it; the descriptor belongs to `wake`.
    eventfd: ManuallyDrop<BufferedFile>,
}

impl Parker {
    /// Takes the sleeping side. Only one parker may wait on a wake.
    ///
    /// # Panics
    /// Outside an executor.
    #[must_use]
    pub fn new(wake: Wake) -> Self {
        let fd = wake.shared.eventfd.as_fd().as_raw_fd();
        // SAFETY: the descriptor stays open as long as `wake`, which lives beside it; ManuallyDrop
        // keeps glommio from closing it.
        let eventfd = ManuallyDrop::new(unsafe { BufferedFile::from_raw_fd(fd) });
        Self { wake, eventfd }
    }

    /// The waking side.
    #[must_use]
    pub fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Sleeps until the next [`Wake::wake`], unless `recheck` says that there is work already. It may
    /// end without cause: look again, then park again. Safe to drop at any time.
    pub async fn park(&self, recheck: impl FnOnce() -> bool) {
        let parked = Parked(&self.wake.shared.parked);
        parked.0.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if !recheck() {
            self.eventfd
                .read_at(0, size_of::<u64>())
                .await
                .expect("an open eventfd can be read");
        }
    }
}

/// Takes the declaration back, however the park ends. A wake that came between leaves a one in the
/// eventfd, and the next park ends early.
struct Parked<'a>(&'a AtomicBool);

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A bounded queue to the executor that `wake` wakes.
#[must_use]
pub fn mailbox<T: Send>(capacity: usize, wake: Wake) -> (Sender<T>, Receiver<T>) {
    let queue = Arc::new(ArrayQueue::new(capacity));
    let sender = Sender {
        queue: Arc::clone(&queue),
        wake,
    };
    (sender, Receiver { queue })
}

/// The sending side; any number of clones on any thread.
pub struct Sender<T> {
    queue: Arc<ArrayQueue<T>>,
    wake: Wake,
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            queue: Arc::clone(&self.queue),
            wake: self.wake.clone(),
        }
    }
}

impl<T> Sender<T> {
    /// Puts `item` at the end and wakes the receiver if it is parked.
    ///
    /// # Errors
    /// The queue is full; the item comes back.
    #[inline]
    pub fn try_send(&self, item: T) -> Result<(), T> {
        self.queue.push(item)?;
        self.wake.wake();
        Ok(())
    }

    /// What wakes the receiver, for news that do not go through the queue.
    #[must_use]
    pub fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Whether the next [`Sender::try_send`] would be refused, were no one else to send or receive.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.queue.is_full()
    }
}

/// The receiving side.
pub struct Receiver<T> {
    queue: Arc<ArrayQueue<T>>,
}

impl<T> Receiver<T> {
    /// Takes the oldest item.
    #[inline]
    #[must_use]
    pub fn try_recv(&self) -> Option<T> {
        self.queue.pop()
    }

    /// Whether nothing lies in it; what a park's recheck asks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Items in it, for metrics.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }
}
