//! One run of `load`: the loop over all connections, its ticks, and its end.

use std::net::ToSocketAddrs as _;
use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use super::connection::{Connection, Shared};
use super::pacing::Pacing;
use super::record::Record;
use super::report::{Progress, Report};
use super::{Amount, LoadOptions, Rate};
use crate::fleet::{Fleet, Stream};
use crate::percentiles::Latencies;
use crate::server::{Counters, Sampler, settle};

/// Messages that become due within a tick leave together, at its end: a compromise between system
/// calls and the latency that waiting adds (at most this, counted).
const TICK_NS: u64 = 1_000_000;
/// Longest sleep, and how often signals, deadlines and lost connections are looked at.
const CHECK_NS: u64 = 20_000_000;

/// Runs the load and prints its result.
///
/// # Errors
/// When the run could not begin: a wrong address, an impossible fleet, a record that exists.
pub fn run(options: &LoadOptions) -> Result<ExitCode> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))
            .context("handling signals")?;
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("handling signals")?;
    }
    let mut load = Load::new(options, stop)?;
    load.handshake()?;
    let counters_before = options.admin.as_deref().map(Counters::read).transpose()?;
    let sampler = options.pid.map(Sampler::start).transpose()?;
    let cpu_before = own_cpu_seconds();
    let result = load.drive();
    let cpu = own_cpu_seconds() - cpu_before;
    load.end_record(&result)?;
    load.progress_line();
    let mut report = load.report();
    if result.is_ok() && !settle(options.pid, options.admin.as_deref()) {
        eprintln!("note: the server was still busy 10 s after the last message");
    }
    if let Some(samples) = sampler.map(Sampler::stop) {
        let counted = if options.ack {
            report.acked
        } else {
            report.messages
        };
        report.server_cpu_seconds_per_million =
            (counted > 0).then(|| samples.cpu_seconds * 1e6 / counted as f64);
        report.server_peak_rss_anon_mb = Some(samples.peak_rss_anon_mb);
    }
    if let (Some(before), Some(admin)) = (counters_before, &options.admin)
        && let Ok(after) = Counters::read(admin)
    {
        let counted = after.since(before);
        (report.rows_out, report.syncs, report.device_bytes) =
            (counted.rows, counted.syncs, counted.device_bytes);
    }
    if options.json {
        println!("{}", json!(report));
    } else {
        println!("{report}");
    }
    load.notes(cpu, report.messages);
    match result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("error: {error:#}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// CPU seconds that this process has used.
fn own_cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

struct Load<'a> {
    options: &'a LoadOptions,
    stop: Arc<AtomicBool>,
    shared: Shared,
    connections: Vec<Connection>,
    epoch: Instant,
    /// Latencies of the progress lines before the current one.
    told: Latencies,
    progress_ns: u64,
    checked_ns: u64,
    stopped: bool,
}

impl<'a> Load<'a> {
    fn new(options: &'a LoadOptions, stop: Arc<AtomicBool>) -> Result<Self> {
        let addr = options
            .addr
            .to_socket_addrs()
            .with_context(|| format!("--addr {} is no HOST:PORT", options.addr))?;
        let addr = addr
            .into_iter()
            .next()
            .with_context(|| format!("--addr {} names no address", options.addr))?;
        let fleet = Arc::new(Fleet::new(&options.fleet)?);
        let total = match (options.amount, options.rate) {
            (Amount::Messages(messages), _) => messages,
            (Amount::Seconds(seconds), Rate::PerSecond(rate)) => (seconds * rate).round() as u64,
            (Amount::Seconds(_), Rate::Max) => u64::MAX / 4,
        };
        let names: Vec<_> = (0..options.connections)
            .map(|index| format!("{}-{index}", options.forwarder))
            .collect();
        let record = options
            .record
            .as_ref()
            .map(|directory| Record::create(directory, &names, options.fleet.seed));
        let connection = |(index, name): (u64, &String)| {
            let pacing = match options.rate {
                Rate::PerSecond(rate) => Pacing::grid(rate, index, options.connections),
                Rate::Max => Pacing::offered(),
            };
            let stream = Stream::new(Arc::clone(&fleet), index, options.connections);
            let share = fleet.share(index, options.connections, total);
            Connection::new(index as usize, name.clone(), stream, pacing, share)
        };
        let nanoseconds = |seconds: f64| (seconds * 1e9) as u64;
        Ok(Self {
            options,
            stop,
            shared: Shared {
                addr,
                ack: options.ack,
                fresh: options.fresh,
                reconnect_ns: options.reconnect_seconds.map(nanoseconds),
                timeout_ns: nanoseconds(options.timeout_seconds),
                latencies: Latencies::new(),
                record: record.transpose()?,
                instance: None,
                losses: 0,
                last_ns: 0,
            },
            connections: (0..).zip(&names).map(connection).collect(),
            epoch: Instant::now(),
            told: Latencies::new(),
            progress_ns: 0,
            checked_ns: 0,
            stopped: false,
        })
    }

    fn now_ns(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }

    /// Connects and greets; then the run's time begins.
    fn handshake(&mut self) -> Result<()> {
        while !self.connections.iter().all(Connection::is_running) {
            if self.stop.load(Ordering::Relaxed) {
                bail!("stopped before every connection was greeted");
            }
            let now_ns = self.now_ns();
            for connection in &mut self.connections {
                connection.connect(now_ns, &mut self.shared)?;
                connection.receive(now_ns, &mut self.shared)?;
                connection.check_progress(now_ns, &self.shared)?;
            }
            self.wait(TICK_NS)?;
        }
        self.epoch = Instant::now();
        self.shared.last_ns = 0;
        self.connections.iter_mut().for_each(Connection::start);
        Ok(())
    }

    fn drive(&mut self) -> Result<()> {
        let paced = self.options.rate != Rate::Max;
        let mut tick_ns = 0;
        loop {
            let now_ns = self.now_ns();
            let sends = !paced || now_ns >= tick_ns;
            for connection in &mut self.connections {
                if sends || connection.is_blocked() {
                    connection.send(now_ns, &mut self.shared)?;
                }
            }
            if sends {
                tick_ns = now_ns + TICK_NS;
            }
            if let Some(record) = &mut self.shared.record {
                record.flush()?;
            }
            if self
                .connections
                .iter()
                .all(|connection| connection.is_finished(&self.shared))
            {
                return Ok(());
            }
            self.check(now_ns)?;
            let due_ns = self
                .connections
                .iter()
                .filter_map(Connection::next_due_ns)
                .min();
            let wake_ns = match due_ns {
                Some(due_ns) if paced => due_ns.max(tick_ns),
                Some(_) => now_ns,
                None if paced => u64::MAX,
                None => tick_ns,
            };
            self.wait(wake_ns.saturating_sub(self.now_ns()).min(CHECK_NS))?;
        }
    }

    /// Deadlines, signals, lost connections, progress lines.
    fn check(&mut self, now_ns: u64) -> Result<()> {
        if now_ns < self.checked_ns + CHECK_NS {
            return Ok(());
        }
        self.checked_ns = now_ns;
        for connection in &mut self.connections {
            connection.connect(now_ns, &mut self.shared)?;
            connection.check_progress(now_ns, &self.shared)?;
        }
        if !self.stopped && (self.stop.load(Ordering::Relaxed) || self.is_over(now_ns)) {
            self.stopped = true;
            self.connections.iter_mut().for_each(Connection::stop);
        }
        if let Some(period_ms) = self.options.progress_ms
            && now_ns >= self.progress_ns + period_ms * 1_000_000
        {
            self.progress_ns = now_ns;
            self.progress_line();
        }
        Ok(())
    }

    /// Whether the time to send is over. A server that is too slow for the rate gets some time more.
    fn is_over(&self, now_ns: u64) -> bool {
        let seconds = now_ns as f64 / 1e9;
        match (self.options.amount, self.options.rate) {
            (Amount::Messages(_), _) => false,
            (Amount::Seconds(end), Rate::Max) => seconds >= end,
            (Amount::Seconds(end), Rate::PerSecond(_)) => {
                seconds >= end + self.options.timeout_seconds
            }
        }
    }

    /// Sleeps until a socket needs attention, and reads what came.
    ///
    /// At full speed acknowledgements do not wake the thread: it would wake thousands of times a
    /// second for a few bytes each. They are read a tick later at most.
    fn wait(&mut self, nanoseconds: u64) -> Result<()> {
        let paced = self.options.rate != Rate::Max;
        let flags = |connection: &Connection| {
            let blocked = connection.is_blocked();
            let read = if paced || !blocked {
                PollFlags::IN
            } else {
                PollFlags::empty()
            };
            let write = if blocked {
                PollFlags::OUT
            } else {
                PollFlags::empty()
            };
            read | write
        };
        let sleep = Timespec {
            tv_sec: (nanoseconds / 1_000_000_000) as _,
            tv_nsec: (nanoseconds % 1_000_000_000) as _,
        };
        let mut ready = poll_sockets(&self.connections, flags, &sleep)?;
        if !paced {
            ready = poll_sockets(&self.connections, |_| PollFlags::IN, &Timespec::default())?;
        }
        let now_ns = self.now_ns();
        for (connection, ready) in self.connections.iter_mut().zip(ready) {
            if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                connection.receive(now_ns, &mut self.shared)?;
            }
        }
        Ok(())
    }

    fn sent_and_acked(&self) -> (u64, u64) {
        let sum = |count: fn(&Connection) -> u64| self.connections.iter().map(count).sum();
        (sum(Connection::sent_count), sum(Connection::acked_count))
    }

    fn progress_line(&mut self) {
        if self.options.progress_ms.is_none() {
            return;
        }
        let (messages, acked) = self.sent_and_acked();
        let seconds = self.now_ns() as f64 / 1e9;
        let ack_ms = self.shared.latencies.percentiles();
        println!(
            "{}",
            json!({ "progress": Progress { seconds, messages, acked, ack_ms } })
        );
        self.told.add(&self.shared.latencies);
        self.shared.latencies.clear();
    }

    fn end_record(&mut self, result: &Result<()>) -> Result<()> {
        let now_ns = self.now_ns();
        let Some(record) = &mut self.shared.record else {
            return Ok(());
        };
        let error = result.as_ref().err().map(|error| format!("{error:#}"));
        record.event(now_ns, json!({"event": "end", "error": error}))?;
        record.flush()
    }

    fn report(&mut self) -> Report {
        self.told.add(&self.shared.latencies);
        self.shared.latencies.clear();
        let (messages, acked) = self.sent_and_acked();
        let seconds = self.shared.last_ns as f64 / 1e9;
        let counted = if self.options.ack { acked } else { messages };
        Report {
            messages,
            seconds,
            messages_per_second: if seconds > 0.0 {
                counted as f64 / seconds
            } else {
                0.0
            },
            acked,
            ack_ms: self.told.percentiles(),
            server_cpu_seconds_per_million: None,
            server_peak_rss_anon_mb: None,
            rows_out: None,
            syncs: None,
            device_bytes: None,
        }
    }

    /// What the result has no key for, on standard error.
    fn notes(&self, cpu_seconds: f64, messages: u64) {
        let per_million = cpu_seconds * 1e6 / messages.max(1) as f64;
        eprintln!(
            "generator CPU {per_million:.3} s per million messages, {} connections lost",
            self.shared.losses
        );
        let unsent: u64 = self.connections.iter().map(Connection::cut_count).sum();
        let asked = self.options.rate == Rate::Max || self.stop.load(Ordering::Relaxed);
        if unsent > 0 && !asked {
            eprintln!(
                "note: {unsent} messages were due and not sent: the server is slower than the rate"
            );
        }
    }
}

fn poll_sockets(
    connections: &[Connection],
    flags: impl Fn(&Connection) -> PollFlags,
    sleep: &Timespec,
) -> Result<Vec<PollFlags>> {
    let mut fds: Vec<_> = connections
        .iter()
        .filter_map(|connection| {
            Some(PollFd::from_borrowed_fd(
                connection.socket()?.as_fd(),
                flags(connection),
            ))
        })
        .collect();
    match poll(&mut fds, Some(sleep)) {
        Err(rustix::io::Errno::INTR) | Ok(_) => {}
        Err(error) => return Err(error).context("waiting for the sockets"),
    }
    let mut polled = fds.iter().map(PollFd::revents);
    let of_connection = |connection: &Connection| {
        if connection.socket().is_some() {
            polled.next().unwrap_or(PollFlags::empty())
        } else {
            PollFlags::empty()
        }
    };
    Ok(connections.iter().map(of_connection).collect())
}
