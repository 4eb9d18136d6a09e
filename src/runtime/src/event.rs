//! Waking between tasks of one executor: no atomics, no system call.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A condition variable for tasks of one executor.
///
/// Check the condition, then await [`LocalEvent::wait`], with no other await between the two: tasks
/// of one executor never run at once, so nothing can be missed.
///
/// ```ignore
/// while !done() {
///     event.wait().await;
/// }
/// ```
#[derive(Default)]
pub struct LocalEvent {
    generation: Cell<u64>,
    waiters: RefCell<Waiters>,
}

/// Wakers by slot, so that a wait that is dropped takes its own away.
#[derive(Default)]
struct Waiters {
    slots: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Waiters {
    fn insert(&mut self, waker: Waker) -> usize {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = Some(waker);
                slot
            }
            None => {
                self.slots.push(Some(waker));
                self.slots.len() - 1
            }
        }
    }
}

impl LocalEvent {
    /// An event nobody waits for.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every wait that began before. Without waiters it costs two stores.
    pub fn notify(&self) {
        self.generation.set(self.generation.get().wrapping_add(1));
        let waiters = self.waiters.borrow();
        for waker in waiters.slots.iter().flatten() {
            waker.wake_by_ref();
        }
    }

    /// Ends with the first [`LocalEvent::notify`] after this call. Safe to drop at any time.
    pub fn wait(&self) -> Wait<'_> {
        Wait {
            event: self,
            generation: self.generation.get(),
            slot: None,
        }
    }
}

/// The future of [`LocalEvent::wait`].
#[must_use = "futures do nothing unless awaited"]
pub struct Wait<'a> {
    event: &'a LocalEvent,
    generation: u64,
    slot: Option<usize>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.event.generation.get() != self.generation {
            return Poll::Ready(());
        }
        let mut waiters = self.event.waiters.borrow_mut();
        match self.slot {
            Some(slot) => match &mut waiters.slots[slot] {
                Some(waker) => waker.clone_from(cx.waker()),
                empty => *empty = Some(cx.waker().clone()),
            },
            None => {
                let slot = waiters.insert(cx.waker().clone());
                drop(waiters);
                self.slot = Some(slot);
            }
        }
        Poll::Pending
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            let mut waiters = self.event.waiters.borrow_mut();
            waiters.slots[slot] = None;
            waiters.free.push(slot);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_notify_between_creation_and_poll_is_not_lost() {
        let event = LocalEvent::new();
        let mut wait = Box::pin(event.wait());
        event.notify();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(wait.as_mut().poll(&mut cx).is_ready());
    }

    #[test]
    fn all_waiters_are_woken_and_dropped_ones_leave_no_trace() {
        let event = LocalEvent::new();
        let counter = Arc::new(Counter(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&counter));
        let mut cx = Context::from_waker(&waker);
        let mut waits: Vec<_> = (0..3).map(|_| Box::pin(event.wait())).collect();
        for wait in &mut waits {
            assert!(wait.as_mut().poll(&mut cx).is_pending());
            assert!(wait.as_mut().poll(&mut cx).is_pending());
        }
        drop(waits.remove(1));
        event.notify();
        assert_eq!(counter.0.load(Ordering::Relaxed), 2);
        assert!(
            waits
                .iter_mut()
                .all(|w| w.as_mut().poll(&mut cx).is_ready())
        );
        drop(waits);
        event.notify();
        assert_eq!(counter.0.load(Ordering::Relaxed), 2);
        assert_eq!(event.waiters.borrow().free.len(), 3);
    }

    #[test]
    fn a_wait_after_a_notify_waits_for_the_next() {
        let event = LocalEvent::new();
        event.notify();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Box::pin(event.wait()).as_mut().poll(&mut cx).is_pending());
    }
}
