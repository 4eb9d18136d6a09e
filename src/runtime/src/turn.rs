//! Sharing the thread: when a task that could go on must let the reactor look at the rings.
//!
//! glommio has a timer for this, and with it a fault: when the timer fires after the reactor has armed
//! it and before the first task runs (the thread was off its CPU for that long), glommio runs no task,
//! takes that for "nothing to run", and sleeps with tasks that can run, until something else happens.
//! So its timer is set never to fire, and tasks measure their own time. They go back to the reactor by
//! waiting for a timer that is due at once, for glommio polls the reactor only when no task can run.

use crate::timer::Timer;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How long the tasks of an executor run before the rings are looked at again. It delays every wake
/// from another thread and every finished sync of a busy shard; below it, the reactor's turn of some
/// 30 µs begins to show.
const SLICE: Duration = Duration::from_millis(1);
/// When a turn's timer is due: a moment after it is made, or else it would be no wait at all.
const MOMENT: Duration = Duration::from_micros(1);

thread_local! {
    /// When the slice under way on this thread began.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Whether the tasks' millisecond is over, and the caller should await [`yield_if_needed`]. Reads a
/// clock: ask once per batch, not per message.
///
/// # Panics
/// Outside an executor.
#[must_use]
pub(crate) fn need_yield() -> bool {
    let executor = glommio::executor();
    // How often glommio took up running tasks since it was last asked, and only this asks.
    let taken_up = executor.executor_stats().scheduler_runs() > 0;
    let now = Instant::now();
    match BEGAN.get() {
        Some(began) if !taken_up => now.duration_since(began) >= SLICE || executor.need_preempt(),
        _ => {
            BEGAN.set(Some(now));
            false
        }
    }
}

/// Lets the reactor look at the rings, and the other tasks run, if the tasks' millisecond is over.
///
/// # Panics
/// Outside an executor.
pub async fn yield_if_needed() {
    while need_yield() {
        Turn::new().await;
    }
}

/// Lets the other tasks that can run go first; the reactor too, if the tasks' millisecond is over.
///
/// # Panics
/// Outside an executor.
pub async fn yield_now() {
    if need_yield() {
        yield_if_needed().await;
    } else {
        futures_lite::future::yield_now().await;
    }
}

/// A wait that ends with the reactor's next turn.
pub(crate) struct Turn(Timer);

impl Turn {
    pub(crate) fn new() -> Self {
        Self(Timer::new(MOMENT))
    }
}

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(|_| ())
    }
}
