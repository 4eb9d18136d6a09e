//! Whether a sink works, and telling it: one log line when that changes, whatever the load.

use super::backoff::Backoff;
use crate::{SinkError, SinkMetrics};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{info, warn};

pub(super) struct Health {
    name: String,
    metrics: Arc<SinkMetrics>,
    backoff: Backoff,
    opened: bool,
    failing: Option<Failing>,
}

/// A run of failures.
struct Failing {
    since: Instant,
    attempts: u64,
    code: &'static str,
}

impl Health {
    pub(super) fn new(name: String, metrics: Arc<SinkMetrics>) -> Self {
        Self {
            backoff: Backoff::new(u64::from(crc32c::crc32c(name.as_bytes()))),
            name,
            metrics,
            opened: false,
            failing: None,
        }
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failing.is_some()
    }

    /// One more failure; how long to wait after it.
    pub(super) fn failed(&mut self, now: Instant, error: &SinkError) -> Duration {
        let text = error.to_string();
        self.metrics.failed(&text);
        let failing = self.failing.get_or_insert(Failing {
            since: now,
            attempts: 0,
            code: "",
        });
        failing.attempts += 1;
        if failing.code != error.code() {
            failing.code = error.code();
            warn!(sink = %self.name, error = %text, "sink failed");
        }
        self.backoff.wait()
    }

    /// A connection is there.
    pub(super) fn opened(&mut self) {
        if !self.opened {
            self.opened = true;
            info!(sink = %self.name, "sink is open");
        }
    }

    /// The target did what it was asked to.
    pub(super) fn works(&mut self, now: Instant) {
        let Some(failing) = self.failing.take() else {
            return;
        };
        self.metrics.recovered();
        self.backoff.reset();
        let seconds = now.saturating_duration_since(failing.since).as_secs();
        info!(sink = %self.name, attempts = failing.attempts, seconds, "sink works again");
    }
}
