//! A writer's thread: gathers batches from its lanes, hands them over, confirms them, tries again.
//!
//! The decisions are in [`driver`], a state machine that is given the time; this file gives it a thread
//! that parks while there is nothing to do.

mod backoff;
mod driver;
mod health;
mod held;
mod lane_state;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) mod testing {
    //! The machine itself, for tests of connectors.
    pub(crate) use super::driver::{Driver, Turn};
}

use crate::{Batching, Lane, LaneKey, SinkMetrics, SinkWriter};
use driver::{Driver, Turn};
use rookery_model::{Position, RecordTime};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{JoinHandle, Thread};
use std::time::Instant;

/// Wakes a shard. Must cost next to nothing while the shard is awake.
pub trait ShardWake: Send + Sync {
    /// Called after each confirmation, and when a full lane has room again.
    fn wake(&self);
}

/// A lane as its writer sees it.
#[derive(Clone)]
pub struct WriterLane {
    /// The lane.
    pub lane: Arc<Lane>,
    /// Its shard.
    pub wake: Arc<dyn ShardWake>,
}

/// A row that the target refused.
#[derive(Clone, Copy, Debug)]
pub struct RejectedRow<'a> {
    /// The sink, `file.table`.
    pub sink: &'a str,
    /// The lane it came from.
    pub lane: LaneKey,
    /// The record it was made of.
    pub position: Position,
    /// Record time of the oldest row of its batch.
    pub time: RecordTime,
    /// Index of the rule.
    pub rule: u16,
    /// The row's place among the rule's rows of this record.
    pub ordinal: u32,
    /// Hash of the device key.
    pub device: u64,
    /// The row in the sink's format.
    pub row: &'a [u8],
    /// Stable code, `E30..`.
    pub code: &'static str,
    /// The target's own words.
    pub reason: &'a str,
}

/// Takes the rows of a request that the target refused. When it returns `Ok` they are durable as dead
/// letters; on an error (its text) the writer waits and calls again, and the lane's cursor stays below
/// them.
pub type RejectedRows = Box<dyn FnMut(&[RejectedRow<'_>]) -> Result<(), String> + Send>;

/// What a writer's thread is made of.
pub struct WriterSetup {
    /// The sink, `file.table`; names the thread and its log lines.
    pub name: String,
    /// The connector's side.
    pub writer: Box<dyn SinkWriter>,
    /// How requests are gathered.
    pub batching: Batching,
    /// One lane per shard.
    pub lanes: Vec<WriterLane>,
    /// The sink's counters.
    pub metrics: Arc<SinkMetrics>,
    /// Where refused rows go.
    pub rejected: RejectedRows,
}

/// How a writer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriterEnd {
    /// Everything that was pushed is confirmed.
    Drained,
    /// The deadline came first; what the shard's log holds is sent after the next start.
    Unconfirmed {
        /// Batches taken from the lanes or still in them.
        batches: usize,
        /// Rows of these.
        rows: usize,
    },
    /// The deadline came while the target did not answer; the thread is left to end with the process.
    Stuck,
}

/// Shared by a writer's thread and its handle.
#[derive(Default)]
struct Control {
    stopping: AtomicBool,
    deadline: OnceLock<Instant>,
}

/// The running writer.
pub struct WriterHandle {
    control: Arc<Control>,
    thread: Thread,
    ended: Receiver<WriterEnd>,
    join: JoinHandle<()>,
}

/// Starts a writer. It connects at once and goes on trying for ever.
///
/// # Errors
/// The system gives no thread.
///
/// # Panics
/// If one of the lanes has a writer already (in the new thread).
pub fn spawn_writer(setup: WriterSetup) -> io::Result<WriterHandle> {
    let control = Arc::new(Control::default());
    let (end, ended) = sync_channel(1);
    let join = std::thread::Builder::new()
        .name(format!("sink {}", setup.name))
        .spawn({
            let control = Arc::clone(&control);
            move || {
                let end_of_run = run(setup, &control);
                // Nobody may be waiting any more.
                let _ = end.send(end_of_run);
            }
        })?;
    Ok(WriterHandle {
        control,
        thread: join.thread().clone(),
        ended,
        join,
    })
}

impl WriterHandle {
    /// Tells the writer to confirm what was pushed so far and to end, at the latest at `deadline`.
    /// Returns at once, so that all writers can be told before the first is waited for. The first
    /// call counts.
    pub fn stop(&self, deadline: Instant) {
        // A later deadline than the first is not taken.
        let _ = self.control.deadline.set(deadline);
        self.control.stopping.store(true, Ordering::Release);
        self.thread.unpark();
    }

    /// Waits for the end; at most until the deadline given to [`stop`](Self::stop).
    ///
    /// # Panics
    /// If `stop` was not called, or the writer's thread panicked.
    #[must_use]
    pub fn join(self) -> WriterEnd {
        let deadline = self.control.deadline.get().expect("stop comes before join");
        let left = deadline.saturating_duration_since(Instant::now());
        // The driver itself ends at the deadline unless the target holds it.
        match self.ended.recv_timeout(left + STUCK_AFTER) {
            Ok(end) => {
                self.join
                    .join()
                    .expect("the writer's thread ended in order");
                end
            }
            Err(RecvTimeoutError::Timeout) => WriterEnd::Stuck,
            Err(RecvTimeoutError::Disconnected) => panic!("the writer's thread panicked"),
        }
    }
}

/// How long after the deadline a writer may take to notice it.
const STUCK_AFTER: std::time::Duration = std::time::Duration::from_millis(100);

fn run(setup: WriterSetup, control: &Control) -> WriterEnd {
    let lanes: Vec<_> = setup.lanes.iter().map(|l| Arc::clone(&l.lane)).collect();
    for lane in &lanes {
        lane.attach_writer();
    }
    let mut driver = Driver::new(setup);
    loop {
        let now = Instant::now();
        let deadline = match control.stopping.load(Ordering::Acquire) {
            true => control.deadline.get().copied(),
            false => None,
        };
        if deadline.is_some() {
            driver.drain();
        }
        if deadline.is_some_and(|deadline| now >= deadline) {
            return driver.end();
        }
        match driver.turn(now) {
            Turn::Again => {}
            Turn::Drained => return driver.end(),
            Turn::Wait { until, for_rows } => {
                let until = until.into_iter().chain(deadline).min();
                park(&lanes, until, for_rows, control, deadline.is_some());
            }
        }
    }
}

/// Sleeps until `until`, a push (if `for_rows`), or a change of `control`.
fn park(
    lanes: &[Arc<Lane>],
    until: Option<Instant>,
    for_rows: bool,
    control: &Control,
    stopping: bool,
) {
    // Every lane must carry the flag before the first is found empty for good.
    let mut all_empty = true;
    if for_rows {
        for lane in lanes {
            all_empty &= lane.declare_parked();
        }
    }
    // `stop` sets its flag before it unparks, and an unpark before the park is not lost.
    if all_empty && control.stopping.load(Ordering::Acquire) == stopping {
        match until {
            None => std::thread::park(),
            Some(until) => {
                std::thread::park_timeout(until.saturating_duration_since(Instant::now()));
            }
        }
    }
    if for_rows {
        for lane in lanes {
            lane.declare_running();
        }
    }
}
