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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{sleep, spawn, timeout};
    use std::sync::atomic::AtomicU64;
    use std::thread;
    use std::time::{Duration, Instant};

    /// Whether a park would end at once without a wake.
    fn signalled(wake: &Wake) -> bool {
        let mut entry = libc::pollfd {
            fd: wake.shared.eventfd.as_fd().as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one entry, which lives for the call.
        unsafe { libc::poll(&mut entry, 1, 0) == 1 }
    }

    #[test]
    fn only_a_parked_receiver_costs_a_system_call() {
        let wake = Wake::new().unwrap();
        let (sender, receiver) = mailbox(2, wake.clone());
        sender.try_send(1).unwrap();
        assert!(!signalled(&wake));
        wake.shared.parked.store(true, Ordering::SeqCst);
        sender.try_send(2).unwrap();
        assert!(signalled(&wake));
        assert!(
            !wake.shared.parked.load(Ordering::SeqCst),
            "one wake is enough"
        );
        assert_eq!(sender.try_send(3), Err(3));
        assert_eq!(
            (receiver.try_recv(), receiver.try_recv()),
            (Some(1), Some(2))
        );
        assert!(receiver.is_empty());
    }

    #[test]
    fn a_park_with_work_at_hand_or_dropped_leaves_nobody_parked() {
        let wake = Wake::new().unwrap();
        let body = {
            let wake = wake.clone();
            move || async move {
                let parker = Parker::new(wake.clone());
                parker.park(|| true).await;
                let at_hand = wake.shared.parked.load(Ordering::SeqCst);
                let short = Duration::from_millis(5);
                let ended = timeout(short, parker.park(|| false)).await;
                let dropped = wake.shared.parked.load(Ordering::SeqCst);
                // The next park works as ever.
                let waker = wake.clone();
                crate::spawn_local(async move {
                    sleep(short).await;
                    waker.wake();
                });
                parker.park(|| false).await;
                (at_hand, ended, dropped)
            }
        };
        let seen = spawn("park", None, body).unwrap().join().unwrap();
        assert_eq!(seen, (false, None, false));
    }

    /// The two moments at which a wake could be lost, made certain: an item that comes just before the
    /// park is declared, and one that comes just behind the look at the queue.
    #[test]
    fn an_item_beside_the_declaration_ends_the_park() {
        let wake = Wake::new().unwrap();
        let (sender, receiver) = mailbox(2, wake.clone());
        let body = move || async move {
            let parker = Parker::new(wake);
            let long = Duration::from_secs(5);
            sender.try_send(1).unwrap();
            let before = timeout(long, parker.park(|| !receiver.is_empty())).await;
            let taken = receiver.try_recv();
            let look_then_send = || {
                let seen = !receiver.is_empty();
                sender.try_send(2).unwrap();
                seen
            };
            let behind = timeout(long, parker.park(look_then_send)).await;
            (before, taken, behind, receiver.try_recv())
        };
        let seen = spawn("beside", None, body).unwrap().join().unwrap();
        assert_eq!(seen, (Some(()), Some(1), Some(()), Some(2)));
    }

    fn wait_until(done: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !done() {
            assert!(Instant::now() < deadline, "the receiver sleeps on items");
            thread::yield_now();
        }
    }

    /// Senders that pause at random against a receiver that parks whenever it can: an item left
    /// behind would leave it asleep for good, since a sender waits for its last one to be taken.
    #[test]
    fn no_item_is_left_to_a_sleeping_receiver() {
        const SENDERS: u64 = 3;
        const ITEMS: u64 = 2_000;
        let wake = Wake::new().unwrap();
        let (sender, receiver) = mailbox::<(u64, u64)>(16, wake.clone());
        let taken: Arc<Vec<AtomicU64>> =
            Arc::new((0..SENDERS).map(|_| AtomicU64::new(0)).collect());
        let seen = Arc::clone(&taken);
        let executor = spawn("stress", None, move || async move {
            let parker = Parker::new(wake);
            let mut left = SENDERS * ITEMS;
            while left > 0 {
                while let Some((from, item)) = receiver.try_recv() {
                    let before = seen[from as usize].swap(item, Ordering::Relaxed);
                    assert_eq!(item, before + 1, "order of one sender holds");
                    left -= 1;
                }
                if left > 0 {
                    parker.park(|| !receiver.is_empty()).await;
                }
            }
        });
        let senders: Vec<_> = (0..SENDERS)
            .map(|from| {
                let (sender, taken) = (sender.clone(), Arc::clone(&taken));
                thread::spawn(move || {
                    for item in 1..=ITEMS {
                        wait_until(|| sender.try_send((from, item)).is_ok());
                        // Let the receiver drain and fall asleep, at changing distances.
                        if item % (7 + from) == 0 {
                            wait_until(|| taken[from as usize].load(Ordering::Relaxed) == item);
                        }
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        executor.unwrap().join().unwrap();
    }
}
