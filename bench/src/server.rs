//! What can be seen of the server from outside: its process, and its admin port.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How often the process is looked at.
const SAMPLE_PERIOD: Duration = Duration::from_millis(100);
/// Longest wait for the admin port.
const ADMIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer of the admin port that is read.
const ADMIN_ANSWER_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// How long the server may work off what it has acknowledged.
const SETTLE_MAX: Duration = Duration::from_secs(10);
/// How long nothing must happen for the server to count as settled.
const SETTLE_PERIOD: Duration = Duration::from_millis(200);

/// CPU time that a process has used, user and system, in seconds.
///
/// # Errors
/// When there is no such process.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("reading {path} (--pid)"))?;
    let ticks = parse_cpu_ticks(&stat).with_context(|| format!("{path} has no CPU times"))?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Fields 14 and 15 of proc_pid_stat(5), counted after the name, which may hold anything.
fn parse_cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn rss_anon_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Watches a process from its start until [`Sampler::stop`].
pub struct Sampler {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Samples>,
}

/// What a sampler saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Samples {
    /// CPU seconds used between start and stop, or the last look at a process that ended.
    pub cpu_seconds: f64,
    /// Largest RssAnon in MiB.
    pub peak_rss_anon_mb: f64,
}

impl Sampler {
    /// Begins to watch.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn start(pid: u32) -> Result<Self> {
        let before = cpu_seconds(pid)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let watch = move || {
            let mut samples = Samples::default();
            loop {
                let last = stopped.load(Ordering::Relaxed);
                if let Ok(now) = cpu_seconds(pid) {
                    samples.cpu_seconds = now - before;
                }
                let kib = rss_anon_kib(pid).unwrap_or(0);
                samples.peak_rss_anon_mb = samples.peak_rss_anon_mb.max(kib as f64 / 1024.0);
                if last {
                    return samples;
                }
                thread::park_timeout(SAMPLE_PERIOD);
            }
        };
        let thread = thread::Builder::new()
            .name("sampler".into())
            .spawn(watch)
            .context("starting the sampler")?;
        Ok(Self { stop, thread })
    }

    /// A last look, and the result.
    pub fn stop(self) -> Samples {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        self.thread.join().unwrap_or_default()
    }
}

/// The server's own counters that a report shows as differences; `None` where it has no such metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Rows of all sinks, without dead letters.
    pub rows: Option<u64>,
    /// Syncs of the logs.
    pub syncs: Option<u64>,
    /// Bytes that the logs made the device write.
    pub device_bytes: Option<u64>,
}

impl Counters {
    /// Asks the admin port.
    ///
    /// # Errors
    /// When it does not answer with metrics.
    pub fn read(admin: &str) -> Result<Self> {
        let text = http_get(admin, "/metrics")
            .with_context(|| format!("reading http://{admin}/metrics (--admin)"))?;
        Ok(Self {
            rows: sum(&text, "rookery_sink_rows_total", Some("dead_letters")),
            syncs: sum(&text, "rookery_log_syncs_total", None),
            device_bytes: sum(&text, "rookery_log_device_bytes_total", None),
        })
    }

    /// What was counted since `before`.
    pub fn since(self, before: Self) -> Self {
        let minus = |now: Option<u64>, before: Option<u64>| Some(now?.saturating_sub(before?));
        Self {
            rows: minus(self.rows, before.rows),
            syncs: minus(self.syncs, before.syncs),
            device_bytes: minus(self.device_bytes, before.device_bytes),
        }
    }
}

/// Sum over the label sets of a metric in Prometheus' text format, but those that mention `except`.
fn sum(metrics: &str, name: &str, except: Option<&str>) -> Option<u64> {
    let value = |line: &str| {
        let rest = line.strip_prefix(name)?;
        let (labels, value) = match rest.strip_prefix('{') {
            Some(labelled) => labelled.rsplit_once('}')?,
            None if rest.starts_with(' ') => ("", rest),
            None => return None,
        };
        if except.is_some_and(|except| labels.contains(except)) {
            return Some(0);
        }
        value
            .split_ascii_whitespace()
            .next()?
            .parse::<f64>()
            .ok()
            .map(|value| value as u64)
    };
    metrics
        .lines()
        .filter_map(value)
        .reduce(|sum, value| sum + value)
}

fn http_get(address: &str, path: &str) -> Result<String> {
    let resolved = address
        .to_socket_addrs()?
        .next()
        .context("it names no address")?;
    let mut socket = TcpStream::connect_timeout(&resolved, ADMIN_TIMEOUT)?;
    socket.set_read_timeout(Some(ADMIN_TIMEOUT))?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    socket
        .take(ADMIN_ANSWER_MAX_BYTES)
        .read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer is cut off")?;
    let status = head.lines().next().unwrap_or_default();
    if status.split_ascii_whitespace().nth(1) != Some("200") {
        bail!("the answer is {status:?}");
    }
    Ok(body.to_owned())
}

/// Waits until the server has worked off what it took: no rows come and no CPU is used any more. What
/// it takes for that belongs to the load. Tells whether it settled in time.
pub fn settle(pid: Option<u32>, admin: Option<&str>) -> bool {
    let look = || {
        (
            pid.and_then(|pid| cpu_seconds(pid).ok()),
            admin.and_then(|admin| Counters::read(admin).ok()),
        )
    };
    if pid.is_none() && admin.is_none() {
        return true;
    }
    let begun = Instant::now();
    let mut before = look();
    while begun.elapsed() < SETTLE_MAX {
        thread::sleep(SETTLE_PERIOD);
        let now = look();
        // One tick of 10 ms in 200 ms is what looking itself may cost.
        let idle = now
            .0
            .zip(before.0)
            .is_none_or(|(now, before)| now - before < 0.015);
        let rows =
            |look: &(Option<f64>, Option<Counters>)| look.1.and_then(|counters| counters.rows);
        if idle && rows(&now) == rows(&before) {
            return true;
        }
        before = now;
    }
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_may_hold_anything() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 17 25 3 4 20 0 1 0";
        assert_eq!(parse_cpu_ticks(stat), Some(42));
        assert_eq!(parse_cpu_ticks("42 (x) S 1"), None);
    }

    #[test]
    fn this_process_is_seen() {
        let sampler = Sampler::start(std::process::id()).unwrap();
        let samples = sampler.stop();
        assert!(samples.peak_rss_anon_mb > 0.0);
        assert!(Sampler::start(u32::MAX).is_err());
    }

    #[test]
    fn metrics_are_summed_without_the_dead_letters() {
        let text = "# TYPE rookery_sink_rows_total counter\n\
                    rookery_sink_rows_total{sink=\"a.water\"} 5\n\
                    rookery_sink_rows_total{sink=\"a.power\",shard=\"1\"} 7 1700000000\n\
                    rookery_sink_rows_total{sink=\"dead_letters\"} 100\n\
                    rookery_sink_rows_total_created{sink=\"a.water\"} 9\n\
                    rookery_log_syncs_total 1.2e3\n";
        assert_eq!(
            sum(text, "rookery_sink_rows_total", Some("dead_letters")),
            Some(12)
        );
        assert_eq!(sum(text, "rookery_log_syncs_total", None), Some(1200));
        assert_eq!(sum(text, "rookery_log_device_bytes_total", None), None);
    }

    #[test]
    fn differences_need_both_sides() {
        let before = Counters {
            rows: Some(3),
            syncs: None,
            device_bytes: Some(9),
        };
        let after = Counters {
            rows: Some(10),
            syncs: Some(4),
            device_bytes: Some(9),
        };
        assert_eq!(
            after.since(before),
            Counters {
                rows: Some(7),
                syncs: None,
                device_bytes: Some(0)
            }
        );
    }
}
