//! What the appliance tells of itself: one snapshot, from which metrics, status page and the demo's
//! line are made.

use hdrhistogram::Histogram;
use rookery_model::Stage;
use std::net::SocketAddr;

/// Who can tell how things are. Reading costs the shards nothing but the loads of their counters.
pub trait StatusSource: Send + Sync {
    /// How things are now.
    fn snapshot(&self) -> Snapshot;
}

/// Where a start has got to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Opening logs and replaying.
    #[default]
    Starting,
    /// The listeners accept.
    Ready,
    /// Draining.
    Stopping,
}

impl Phase {
    /// The word that the status page prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
        }
    }
}

/// How things are.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Where the start has got to.
    pub phase: Phase,
    /// Why `/healthz` says 503, a reason each.
    pub faults: Vec<String>,
    /// The data directory's id; empty until it is open.
    pub instance: String,
    /// Where messages come in, once the listener accepts.
    pub tcp: Option<SocketAddr>,
    /// Open connections.
    pub connections: u64,
    /// Connections closed at once, because as many as allowed were open.
    pub connections_refused: u64,
    /// Forwarder names that are remembered.
    pub forwarders: u64,
    /// Lines of forwarders that were logged before and not logged again.
    pub duplicates: u64,
    /// Messages in which a key stands twice.
    pub duplicate_keys: u64,
    /// Each shard.
    pub shards: Vec<ShardStatus>,
    /// Each rule.
    pub rules: Vec<RuleStatus>,
    /// Each sink table.
    pub sinks: Vec<SinkStatus>,
    /// Dead letters by the index of their stage in [`Stage::ALL`].
    pub dead_letters: [u64; Stage::ALL.len()],
    /// Files of the dead letters' store that were deleted because it was over its limit.
    pub dead_letter_files_deleted: u64,
    /// Bytes of these.
    pub dead_letter_bytes_deleted: u64,
    /// From a message's arrival to the end of the sync that covers it.
    pub commit_latency: Latency,
    /// From a message's arrival to the confirmation of its row by the sink.
    pub end_to_end_latency: Latency,
    /// From the start of a sync to its end.
    pub sync_latency: Latency,
}

/// One shard.
#[derive(Clone, Debug, Default)]
pub struct ShardStatus {
    /// Its index.
    pub shard: u16,
    /// Lines logged, malformed ones among them.
    pub messages: u64,
    /// Bytes of these lines.
    pub bytes_in: u64,
    /// Bytes of log that are kept.
    pub log_bytes: u64,
    /// Syncs that returned.
    pub log_syncs: u64,
    /// LSN of the last record appended.
    pub appended: u64,
    /// LSN of the last record that a sync covers.
    pub durable: u64,
    /// LSN up to which rows are made.
    pub stepped: u64,
}

/// One rule.
#[derive(Clone, Debug, Default)]
pub struct RuleStatus {
    /// `file.sink`
    pub name: String,
    /// Rows made.
    pub rows: u64,
    /// Values that became NULL in a column, a cast or at the sink because they did not fit.
    pub nulls: u64,
}

/// One sink table, the dead-letter store among them.
#[derive(Clone, Debug, Default)]
pub struct SinkStatus {
    /// `file.table`
    pub name: String,
    /// Its connector.
    pub connector: String,
    /// Rows confirmed.
    pub rows: u64,
    /// Records logged that its slowest lane has not confirmed.
    pub lag_records: u64,
    /// Age of the oldest of them.
    pub lag_seconds: f64,
    /// Bytes of files in which rows wait because the target does not keep up.
    pub spilled_bytes: u64,
    /// Rows in them that were not read back yet.
    pub spilled_rows: u64,
    /// The share of its budget that the fullest lane has spilled, 0 to 1.
    pub spill_used: f64,
    /// Spilled rows that were given up.
    pub spill_dropped: u64,
    /// Failed attempts to connect, send or confirm.
    pub failures: u64,
    /// Rows that the target refused.
    pub rejected: u64,
    /// Times that the target was found older than what it had confirmed.
    pub went_back: u64,
    /// Records of which rows are gone there, and nowhere held any more.
    pub records_gone: u64,
    /// The last error, while it lasts.
    pub error: Option<String>,
}

/// Latencies in microseconds.
#[derive(Clone, Debug)]
pub struct Latency(pub Histogram<u64>);

/// Longest latency told apart at first: one hour. A longer one widens the histogram.
const LATENCY_MAX_US: u64 = 3_600_000_000;
/// Significant decimal digits of a latency.
const LATENCY_DIGITS: u8 = 2;

impl Default for Latency {
    fn default() -> Self {
        let mut histogram = Histogram::new_with_bounds(1, LATENCY_MAX_US, LATENCY_DIGITS)
            .expect("the bounds are in order and the digits within 0 to 5");
        histogram.auto(true);
        Self(histogram)
    }
}

impl Latency {
    /// What came since `earlier`, a snapshot of the same process.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut newer = self.clone();
        match newer.0.subtract(&earlier.0) {
            Ok(()) => newer,
            Err(_) => self.clone(),
        }
    }

    /// A quantile in milliseconds; `None` without values.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(quantile) as f64 / 1000.0)
    }
}

impl Snapshot {
    /// Messages logged on all shards.
    pub fn messages(&self) -> u64 {
        self.shards.iter().map(|shard| shard.messages).sum()
    }

    /// Records logged that the rules have not taken.
    pub fn rules_lag(&self) -> u64 {
        let lag = |shard: &ShardStatus| shard.appended.saturating_sub(shard.stepped);
        self.shards.iter().map(lag).sum()
    }

    /// Bytes of these.
    pub fn bytes_in(&self) -> u64 {
        self.shards.iter().map(|shard| shard.bytes_in).sum()
    }

    /// Bytes of log that are kept.
    pub fn log_bytes(&self) -> u64 {
        self.shards.iter().map(|shard| shard.log_bytes).sum()
    }

    /// Syncs that returned.
    pub fn log_syncs(&self) -> u64 {
        self.shards.iter().map(|shard| shard.log_syncs).sum()
    }

    /// Rows that all rules made.
    pub fn rows_out(&self) -> u64 {
        self.rules.iter().map(|rule| rule.rows).sum()
    }
}

/// Bytes that this process handed to devices: the file pages it wrote back, log and rows and all.
/// `None` where the kernel keeps no such account.
pub fn device_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/io").ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("write_bytes: "))
        .and_then(|digits| digits.trim().parse().ok())
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A snapshot with a value in each place.
    pub fn sample() -> Snapshot {
        let mut latency = Latency::default();
        for value in [90, 900, 1_100, 9_000, 400_000] {
            latency.0.saturating_record(value);
        }
        let shard = |index: u16| ShardStatus {
            shard: index,
            messages: 10 + u64::from(index),
            bytes_in: 2500,
            log_bytes: 4096,
            log_syncs: 3,
            appended: 12,
            durable: 11,
            stepped: 11,
        };
        Snapshot {
            phase: Phase::Ready,
            faults: Vec::new(),
            instance: "k3v9".into(),
            tcp: Some(SocketAddr::from(([127, 0, 0, 1], 7710))),
            connections: 2,
            connections_refused: 3,
            forwarders: 1,
            duplicates: 4,
            duplicate_keys: 5,
            shards: vec![shard(0), shard(1)],
            rules: vec![RuleStatus {
                name: "charge.power".into(),
                rows: 8,
                nulls: 1,
            }],
            sinks: vec![SinkStatus {
                name: "charge.power".into(),
                connector: "filesystem".into(),
                rows: 7,
                lag_records: 2,
                lag_seconds: 0.25,
                spilled_bytes: 4096,
                spilled_rows: 9,
                spill_used: 0.5,
                spill_dropped: 3,
                failures: 1,
                rejected: 0,
                went_back: 2,
                records_gone: 5,
                error: None,
            }],
            dead_letters: [1, 2, 3, 0, 0, 0],
            dead_letter_files_deleted: 2,
            dead_letter_bytes_deleted: 600,
            commit_latency: latency.clone(),
            end_to_end_latency: latency.clone(),
            sync_latency: latency,
        }
    }

    #[test]
    fn latencies_of_an_interval_leave_the_earlier_ones_out() {
        let mut earlier = Latency::default();
        earlier.0.saturating_record(10);
        let mut later = earlier.clone();
        later.0.saturating_record(2_000);
        let interval = later.since(&earlier);
        assert_eq!(interval.0.len(), 1);
        assert_eq!(interval.quantile_ms(0.5).map(f64::round), Some(2.0));
        assert_eq!(later.since(&later).quantile_ms(0.5), None);
    }

    #[test]
    fn the_kernel_tells_the_bytes_written() {
        assert!(device_bytes().is_some());
    }
}
