//! A shard's counters, written by the shard alone and read by whoever asks.

use hdrhistogram::Histogram;
use rookery_model::Stage;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A counter with one writer: no locked instruction.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds; only the shard's own thread may.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// Replaces the value; only the shard's own thread may.
    #[inline]
    pub fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }

    /// The value now.
    #[inline]
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Latencies in microseconds, 1 µs to 1 hour, 2 significant digits.
pub type Latencies = Histogram<u64>;

/// Longest latency that a histogram tells apart, µs.
pub const LATENCY_MAX_US: u64 = 3_600_000_000;

/// Gauges older than this say nothing about now, µs: a shard at work sets them once a second.
const GAUGES_STALE_US: u64 = 2_500_000;

/// An empty histogram of latencies.
#[must_use]
pub fn latencies() -> Latencies {
    Histogram::new_with_bounds(1, LATENCY_MAX_US, 2).expect("the bounds are valid")
}

/// A shard's histograms.
#[derive(Clone, Debug)]
pub struct Histograms {
    /// From the start of a sync to its return.
    pub sync: Latencies,
    /// From the first append of a commit batch to its sync's return.
    pub commit: Latencies,
    /// From a record's time to the confirmation of its row.
    pub end_to_end: Latencies,
}

impl Default for Histograms {
    fn default() -> Self {
        Self {
            sync: latencies(),
            commit: latencies(),
            end_to_end: latencies(),
        }
    }
}

/// What one shard counts.
#[derive(Debug, Default)]
pub struct ShardMetrics {
    /// Lines logged as message records.
    pub messages: Counter,
    /// Bytes of lines logged.
    pub message_bytes: Counter,
    /// Lines logged as malformed records.
    pub malformed: Counter,
    /// Lines that were logged before and not logged again.
    pub duplicates: Counter,
    /// Messages in which a key stands twice.
    pub duplicate_keys: Counter,
    /// Records stepped.
    pub stepped: Counter,
    /// Dead letters by stage, in the order of [`Stage::ALL`].
    pub dead_letters: [Counter; Stage::ALL.len()],
    /// Rows by rule of the set in force.
    pub rows: Vec<Counter>,
    /// Values that became NULL in a cast, a column or at the sink, by rule.
    pub nulls: Vec<Counter>,
    /// Syncs of the log that returned 0.
    pub syncs: Counter,
    /// Bytes of the log on disk.
    pub log_bytes: Counter,
    /// LSN of the log's end.
    pub appended: Counter,
    /// LSN of the log's durable end.
    pub durable: Counter,
    /// LSN up to which records are stepped.
    pub position: Counter,
    /// By lane: LSN of its cursor.
    pub cursors: Vec<Counter>,
    /// When the gauges below were last set, wall clock in µs.
    pub published: Counter,
    /// By lane: rows made and not yet confirmed.
    pub unconfirmed: Vec<Counter>,
    /// By lane: record time of the oldest row not yet confirmed, µs; 0 without one.
    pub oldest_unconfirmed: Vec<Counter>,
    /// By lane: bytes of its spill files.
    pub spilled_bytes: Vec<Counter>,
    /// By lane: rows in its spill files that were not read back yet.
    pub spilled_rows: Vec<Counter>,
    /// By lane: spilled rows that were given up, by policy or to damage.
    pub spill_dropped: Vec<Counter>,
    /// Open connections.
    pub connections: Counter,
    /// 1 while the disk has no room for more log.
    pub intake_stopped: Counter,
    /// Published once a second while something happens.
    pub histograms: Mutex<Histograms>,
}

impl ShardMetrics {
    /// For so many rules and lanes.
    #[must_use]
    pub fn new(rules: usize, lanes: usize) -> Self {
        let counters = |n| std::iter::repeat_with(Counter::default).take(n).collect();
        Self {
            rows: counters(rules),
            nulls: counters(rules),
            cursors: counters(lanes),
            unconfirmed: counters(lanes),
            oldest_unconfirmed: counters(lanes),
            spilled_bytes: counters(lanes),
            spilled_rows: counters(lanes),
            spill_dropped: counters(lanes),
            ..Self::default()
        }
    }

    /// How old a lane's oldest unconfirmed row was when the gauges were last set, µs; 0 without one. A
    /// shard that has not set them for `GAUGES_STALE_US` (it stands still, or has nothing to do) lets
    /// the row grow older.
    #[must_use]
    pub fn lag_us(&self, lane: usize, now_us: u64) -> u64 {
        let oldest = self.oldest_unconfirmed[lane].get();
        if oldest == 0 || self.unconfirmed[lane].get() == 0 {
            return 0;
        }
        let published = self.published.get();
        let stale = now_us.saturating_sub(published) > GAUGES_STALE_US;
        let seen = if stale { now_us } else { published };
        seen.saturating_sub(oldest)
    }

    /// Counts a dead letter.
    pub fn dead_letter(&self, stage: Stage) {
        let index = Stage::ALL.iter().position(|s| *s == stage).unwrap_or(0);
        self.dead_letters[index].add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_as_far_behind_as_it_was_when_that_was_seen() {
        let metrics = ShardMetrics::new(0, 1);
        assert_eq!(metrics.lag_us(0, 90_000_000), 0, "nothing was ever made");
        metrics.published.set(10_000_000);
        metrics.oldest_unconfirmed[0].set(9_997_000);
        assert_eq!(metrics.lag_us(0, 10_900_000), 0, "all is confirmed");
        metrics.unconfirmed[0].set(1);
        assert_eq!(metrics.lag_us(0, 10_900_000), 3_000);
        assert_eq!(metrics.lag_us(0, 12_500_000), 3_000);
        let stood_still = metrics.lag_us(0, 12_600_001);
        assert_eq!(stood_still, 2_603_001, "nobody looks any more");
        metrics.oldest_unconfirmed[0].set(10_000_001);
        assert_eq!(
            metrics.lag_us(0, 10_900_000),
            0,
            "a clock that was set back"
        );
    }
}
