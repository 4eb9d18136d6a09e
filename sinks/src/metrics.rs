//! Counters of one sink, shared by its writers and whoever shows them.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counters of a sink since the process started. All are sums over its writers.
#[derive(Debug, Default)]
pub struct SinkMetrics {
    requests: AtomicU64,
    rows_handed: AtomicU64,
    bytes_handed: AtomicU64,
    rows_confirmed: AtomicU64,
    rows_skipped: AtomicU64,
    rows_retried: AtomicU64,
    rows_rejected: AtomicU64,
    confirms: AtomicU64,
    failures: AtomicU64,
    went_back: AtomicU64,
    records_gone: AtomicU64,
    confirmed_time_us: AtomicI64,
    failing: AtomicBool,
    last_error: Mutex<Option<String>>,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinkCounts {
    /// Requests that the target answered.
    pub requests: u64,
    /// Rows handed over, those that were sent again included.
    pub rows_handed: u64,
    /// Their bytes.
    pub bytes_handed: u64,
    /// Rows dealt with for good: durable at the target, or dead-lettered.
    pub rows_confirmed: u64,
    /// Rows not sent because the target's cursor says that it has them.
    pub rows_skipped: u64,
    /// Rows sent again because the target asked for it, or for a row before them.
    pub rows_retried: u64,
    /// Rows that the target refused.
    pub rows_rejected: u64,
    /// Confirmations (for files: syncs).
    pub confirms: u64,
    /// Failed attempts to connect, send or confirm.
    pub failures: u64,
    /// Times that the target was found at a cursor below what it had confirmed.
    pub went_back: u64,
    /// Records of which rows are gone there, for nothing holds them any more: those of the ranges that the
    /// log names.
    pub records_gone: u64,
    /// Record time (µs since 1970) of the oldest row of the batch confirmed last; 0 before the first.
    pub confirmed_time_us: i64,
    /// Whether the last attempt failed.
    pub failing: bool,
}

impl SinkMetrics {
    /// Reads them all.
    #[must_use]
    pub fn counts(&self) -> SinkCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SinkCounts {
            requests: read(&self.requests),
            rows_handed: read(&self.rows_handed),
            bytes_handed: read(&self.bytes_handed),
            rows_confirmed: read(&self.rows_confirmed),
            rows_skipped: read(&self.rows_skipped),
            rows_retried: read(&self.rows_retried),
            rows_rejected: read(&self.rows_rejected),
            confirms: read(&self.confirms),
            failures: read(&self.failures),
            went_back: read(&self.went_back),
            records_gone: read(&self.records_gone),
            confirmed_time_us: self.confirmed_time_us.load(Ordering::Relaxed),
            failing: self.failing.load(Ordering::Relaxed),
        }
    }

    /// What went wrong last, while it goes wrong.
    #[must_use]
    pub fn last_error(&self) -> Option<String> {
        self.last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn handed(&self, rows: usize, bytes: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.rows_handed.fetch_add(rows as u64, Ordering::Relaxed);
        self.bytes_handed.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn confirmed(&self, rows: usize, time_us: i64) {
        self.confirms.fetch_add(1, Ordering::Relaxed);
        self.rows_confirmed
            .fetch_add(rows as u64, Ordering::Relaxed);
        self.confirmed_time_us.fetch_max(time_us, Ordering::Relaxed);
    }

    pub(crate) fn skipped(&self, rows: usize) {
        self.rows_skipped.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn retried(&self, rows: usize) {
        self.rows_retried.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn rejected(&self, rows: usize) {
        self.rows_rejected.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn went_back(&self) {
        self.went_back.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn gone(&self, records: u64) {
        self.records_gone.fetch_add(records, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, error: &str) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.failing.store(true, Ordering::Relaxed);
        let mut last = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.as_deref() != Some(error) {
            *last = Some(error.to_owned());
        }
    }

    pub(crate) fn recovered(&self) {
        self.failing.store(false, Ordering::Relaxed);
        *self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }
}
