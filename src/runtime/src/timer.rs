//! Timers without an allocation each: one that has fired is kept for the next that is asked for.
//!
//! glommio's timer is a fresh allocation, and a busy shard needs some thousands a second: for its
//! turns, for the next sync, for each task that lets the reactor look at the rings.

use glommio::timer::Timer as RingTimer;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Fired timers kept by a thread; more are freed.
const SPARE_MAX: usize = 64;

/// Fired timers of a thread, and the executor that they belong to.
struct Spare {
    executor: usize,
    timers: Vec<RingTimer>,
}

thread_local! {
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare { executor: 0, timers: Vec::new() }) };
}

/// Ends once its duration has passed. Dropped before that, it is forgotten.
pub(crate) struct Timer {
    /// `None` once it has fired.
    timer: Option<RingTimer>,
}

impl Timer {
    /// # Panics
    /// Outside an executor.
    pub(crate) fn new(duration: Duration) -> Self {
        let spare = SPARE.with_borrow_mut(|spare| {
            spare.of_this_executor();
            spare.timers.pop()
        });
        let timer = match spare {
            Some(mut timer) => {
                timer.reset(duration);
                timer
            }
            None => RingTimer::new(duration),
        };
        Self { timer: Some(timer) }
    }
}

impl Spare {
    /// A timer belongs to the reactor it was made by: those of an executor that has ended are freed.
    fn of_this_executor(&mut self) {
        let executor = glommio::executor().id();
        if self.executor != executor {
            self.executor = executor;
            self.timers.clear();
        }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timer) = &mut self.timer else {
            return Poll::Ready(());
        };
        ready!(Pin::new(timer).poll(cx));
        let fired = self.timer.take();
        SPARE.with_borrow_mut(|spare| {
            spare.of_this_executor();
            if spare.timers.len() < SPARE_MAX {
                spare.timers.extend(fired);
            }
        });
        Poll::Ready(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{sleep, spawn, timeout};
    use std::time::Instant;

    fn spares() -> usize {
        SPARE.with_borrow(|spare| spare.timers.len())
    }

    #[test]
    fn a_fired_timer_serves_again_and_keeps_its_time() {
        let body = || async {
            for _ in 0..3 {
                let start = Instant::now();
                sleep(Duration::from_millis(5)).await;
                assert!(start.elapsed() >= Duration::from_millis(5));
                assert_eq!(spares(), 1);
            }
            let both = [Timer::new(Duration::ZERO), Timer::new(Duration::ZERO)];
            assert_eq!(spares(), 0);
            for timer in both {
                timer.await;
            }
            spares()
        };
        assert_eq!(spawn("timers", None, body).unwrap().join().unwrap(), 2);
    }

    #[test]
    fn a_timer_given_up_is_not_kept() {
        let body = || async {
            let short = Duration::from_millis(1);
            timeout(short, sleep(Duration::from_secs(60))).await;
            // The one that ended the wait; the other would still wake somebody in a minute.
            spares()
        };
        assert_eq!(spawn("timers", None, body).unwrap().join().unwrap(), 1);
    }

    #[test]
    fn a_later_executor_of_the_thread_gets_timers_of_its_own() {
        for _ in 0..2 {
            let executor = glommio::LocalExecutorBuilder::default().make().unwrap();
            executor.run(sleep(Duration::from_millis(1)));
        }
    }
}
