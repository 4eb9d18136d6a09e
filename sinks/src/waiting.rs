//! One side of a lane says that it is about to sleep, so that the other makes a system call only then.

use std::sync::atomic::{AtomicBool, Ordering, fence};

/// The declaration. The sleeper declares and looks once more before it sleeps; the other side changes
/// what is slept for, then takes the declaration. Each has a full fence between its store and its load
/// (Dekker's pattern), so at least one sees the other.
#[derive(Debug, Default)]
pub(crate) struct Waiting(AtomicBool);

impl Waiting {
    /// Sleeper: declares, then looks once more.
    pub(crate) fn declare<R>(&self, look: impl FnOnce() -> R) -> R {
        self.0.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        look()
    }

    /// Sleeper: does not sleep (any more).
    pub(crate) fn withdraw(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// The other side, after the change: whether the sleeper is to be woken. True for one caller.
    #[inline]
    pub(crate) fn take(&self) -> bool {
        fence(Ordering::SeqCst);
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_change_just_before_the_look_is_seen() {
        let (waiting, rows) = (Waiting::default(), Cell::new(0));
        let woken = Cell::new(false);
        let empty = waiting.declare(|| {
            rows.set(1);
            woken.set(waiting.take());
            rows.get() == 0
        });
        assert!(!empty);
        assert!(woken.get(), "a needless wake is harmless");
    }

    #[test]
    fn a_change_just_after_the_look_wakes() {
        let (waiting, rows) = (Waiting::default(), Cell::new(0));
        let woken = Cell::new(false);
        let empty = waiting.declare(|| {
            let empty = rows.get() == 0;
            rows.set(1);
            woken.set(waiting.take());
            empty
        });
        assert!(empty && woken.get(), "it would sleep for ever");
    }

    #[test]
    fn nobody_is_woken_who_does_not_wait() {
        let waiting = Waiting::default();
        assert!(!waiting.take());
        waiting.declare(|| ());
        waiting.withdraw();
        assert!(!waiting.take());
        waiting.declare(|| ());
        assert!(waiting.take());
        assert!(!waiting.take(), "once is enough");
    }
}
