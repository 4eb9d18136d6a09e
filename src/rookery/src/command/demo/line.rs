//! The live line.

use crate::output;
use crate::status::{Latency, Snapshot};
use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Back to the line's beginning, and what stood there is gone.
const REWRITE: &str = "\r\x1b[2K";
/// A narrow terminal cuts the line off instead of wrapping it, which could not be rewritten ..
const CUT: &str = "\x1b[?7l";
/// .. and wraps again what comes later.
const WRAP: &str = "\x1b[?7h";

/// One line on a terminal, rewritten each second; elsewhere a line each second.
pub struct StatusLine {
    admin: SocketAddr,
    terminal: bool,
    last: Snapshot,
    at: Instant,
    started: Instant,
}

impl StatusLine {
    /// Begins with the counters of now.
    pub fn new(admin: SocketAddr, first: Snapshot) -> Self {
        Self {
            admin,
            terminal: io::stdout().is_terminal(),
            last: first,
            at: Instant::now(),
            started: Instant::now(),
        }
    }

    /// Shows what came since the last time.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn show(&mut self, now: Snapshot) -> io::Result<()> {
        let text = line(
            &self.last,
            &now,
            self.at.elapsed(),
            self.started.elapsed(),
            self.admin,
        );
        (self.last, self.at) = (now, Instant::now());
        if self.terminal {
            output::print(&format!("{CUT}{REWRITE}{text}{WRAP}"))
        } else {
            output::print(&format!("{text}\n"))
        }
    }

    /// Leaves the line standing.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn end(&self) -> io::Result<()> {
        if self.terminal {
            output::print("\n")
        } else {
            Ok(())
        }
    }
}

/// Rows that the job's sinks confirmed; dead letters are not among them.
pub fn rows_confirmed(snapshot: &Snapshot) -> u64 {
    let sinks = snapshot
        .sinks
        .iter()
        .filter(|sink| sink.name != rookery_sinks::DEAD_LETTERS);
    sinks.map(|sink| sink.rows).sum()
}

fn line(
    before: &Snapshot,
    now: &Snapshot,
    interval: Duration,
    elapsed: Duration,
    admin: SocketAddr,
) -> String {
    let rate = |count: fn(&Snapshot) -> u64| {
        let more = count(now).saturating_sub(count(before));
        crate::config::grouped((more as f64 / interval.as_secs_f64()).round() as u64)
    };
    let latency = now.commit_latency.since(&before.commit_latency);
    format!(
        "{:>4} s | in {}/s | out {}/s | ack p50 {} p99 {} | log {} | admin http://{admin}",
        elapsed.as_secs(),
        rate(Snapshot::messages),
        rate(rows_confirmed),
        milliseconds(&latency, 0.5),
        milliseconds(&latency, 0.99),
        size(now.log_bytes()),
    )
}

/// A quantile for people.
pub fn milliseconds(latency: &Latency, quantile: f64) -> String {
    match latency.quantile_ms(quantile) {
        Some(value) if value < 10.0 => format!("{value:.1} ms"),
        Some(value) => format!("{value:.0} ms"),
        None => "-".to_owned(),
    }
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 10.0 {
        format!("{value:.1} {}", UNITS[unit])
    } else {
        format!("{value:.0} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::tests::sample;

    #[test]
    fn the_line_shows_rates_of_the_interval() {
        let before = sample();
        let mut now = sample();
        now.shards[0].messages += 20_000;
        now.sinks[0].rows += 13_000;
        now.commit_latency.0.saturating_record(2_500);
        let admin = SocketAddr::from(([127, 0, 0, 1], 7711));
        let text = line(
            &before,
            &now,
            Duration::from_secs(2),
            Duration::from_secs(7),
            admin,
        );
        assert_eq!(
            text,
            "   7 s | in 10,000/s | out 6,500/s | ack p50 2.5 ms p99 2.5 ms | log 8.0 KiB | admin http://127.0.0.1:7711"
        );
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(7), "7 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(50 << 20), "50 MiB");
        assert_eq!(size(1 << 60), "1048576 TiB");
    }
}
