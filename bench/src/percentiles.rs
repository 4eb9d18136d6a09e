//! Latency histograms and the percentiles that every report shows.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest latency that is told apart, in microseconds: ten minutes. Longer ones count as this.
const LATENCY_MAX_US: u64 = 600_000_000;

/// A histogram of microseconds with three significant digits.
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LATENCY_MAX_US, 3).expect("constant bounds are valid"))
    }

    /// Records `count` latencies of `nanoseconds` each, rounded up to microseconds.
    pub fn record(&mut self, nanoseconds: u64, count: u64) {
        self.0
            .saturating_record_n(nanoseconds.div_ceil(1_000), count);
    }

    /// Adds another histogram's records.
    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// Percentiles; none when nothing was recorded.
    pub fn percentiles(&self) -> Option<Percentiles> {
        if self.0.is_empty() {
            return None;
        }
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1_000.0;
        Some(Percentiles {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: self.0.max() as f64 / 1_000.0,
        })
    }
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half are at most this.
    pub p50: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
    /// 999 of 1,000 are at most this.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, max {:.2} ms",
            self.p50, self.p99, self.p999, self.max
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_in_milliseconds() {
        let mut latencies = Latencies::new();
        assert_eq!(latencies.percentiles(), None);
        latencies.record(1_000_000, 98);
        latencies.record(2_000_000, 1);
        let mut other = Latencies::new();
        other.record(5_000_000, 1);
        latencies.add(&other);
        let percentiles = latencies.percentiles();
        assert_eq!(
            percentiles,
            Some(Percentiles {
                p50: 1.0,
                p99: 2.0,
                p999: 5.003,
                max: 5.003
            })
        );
        latencies.clear();
        assert_eq!(latencies.percentiles(), None);
    }

    #[test]
    fn display() {
        let percentiles = Percentiles {
            p50: 1.0,
            p99: 2.0,
            p999: 30.0,
            max: 31.5,
        };
        assert_eq!(
            percentiles.to_string(),
            "p50 1.00 ms, p99 2.00 ms, p99.9 30.00 ms, max 31.50 ms"
        );
    }
}
