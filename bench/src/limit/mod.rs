//! `limit`: the floor under a server that does the same work.
//!
//! A thread per core receives over loopback TCP, copies each message into a mapped file, sums its
//! CRC32C, reads it into a tape, and its `data` column into another; what has gathered is synced in
//! groups by a second thread. No routing, no rules, no rows: a server cannot be cheaper than this
//! loop, only close to it. The messages come from one rendering thread per connection, whose CPU
//! time is told apart.

mod receiver;
mod segments;
mod syncer;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use serde_json::json;

use crate::fleet::{Fleet, FleetOptions, Stream};
use receiver::Received;
use segments::Segments;

/// What `limit` does.
#[derive(Debug)]
pub struct LimitOptions {
    /// The fleet.
    pub fleet: FleetOptions,
    /// Messages over all threads.
    pub messages: u64,
    /// Receiving threads.
    pub threads: u64,
    /// Where the mapped files are made and removed.
    pub dir: PathBuf,
    /// Whether the result is JSON.
    pub json: bool,
}

/// Bytes that a connection sends at once.
const SEND_BYTES: usize = 128 * 1024;

/// What was measured.
#[derive(Serialize)]
struct Report {
    messages: u64,
    seconds: f64,
    messages_per_second: f64,
    /// Receiving and syncing threads.
    cpu_seconds_per_million: f64,
    generator_cpu_seconds_per_million: f64,
    syncs: u64,
    bytes: u64,
}

/// Runs the bare loop and prints its result.
///
/// # Errors
/// When the directory cannot be written or a thread fails.
pub fn run(options: &LimitOptions) -> Result<()> {
    let fleet = Arc::new(Fleet::new(&options.fleet)?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listening on loopback")?;
    let address = listener.local_addr()?;
    let mut pairs = Vec::new();
    for index in 0..options.threads {
        let share = fleet.share(index, options.threads, options.messages);
        let stream = Stream::new(Arc::clone(&fleet), index, options.threads);
        let segments = Segments::create(&options.dir, bytes_of(stream, share))?;
        let sender = TcpStream::connect(address).context("connecting over loopback")?;
        let (accepted, _) = listener.accept().context("accepting over loopback")?;
        pairs.push((
            Stream::new(Arc::clone(&fleet), index, options.threads),
            share,
            sender,
            accepted,
            segments,
        ));
    }
    let begun = Instant::now();
    let mut receivers = Vec::new();
    let mut senders = Vec::new();
    for (stream, share, sender, accepted, segments) in pairs {
        receivers.push(thread::spawn(move || receiver::receive(accepted, segments)));
        senders.push(thread::spawn(move || send(stream, share, sender)));
    }
    let mut all = Received::default();
    for receiver in receivers {
        all.add(
            &receiver
                .join()
                .map_err(|_| anyhow!("a receiving thread panicked"))??,
        );
    }
    let seconds = begun.elapsed().as_secs_f64();
    let mut generator_cpu_seconds = 0.0;
    for sender in senders {
        generator_cpu_seconds += sender
            .join()
            .map_err(|_| anyhow!("a sending thread panicked"))??;
    }
    assert_eq!(all.messages, options.messages, "every message arrived");
    let millions = all.messages as f64 / 1e6;
    print(
        &Report {
            messages: all.messages,
            seconds,
            messages_per_second: all.messages as f64 / seconds,
            cpu_seconds_per_million: all.cpu_seconds / millions,
            generator_cpu_seconds_per_million: generator_cpu_seconds / millions,
            syncs: all.syncs,
            bytes: all.bytes,
        },
        options.json,
    );
    Ok(())
}

fn print(report: &Report, as_json: bool) {
    if as_json {
        println!("{}", json!(report));
        return;
    }
    println!(
        "messages   {} in {:.3} s, {:.0}/s",
        report.messages, report.seconds, report.messages_per_second
    );
    println!(
        "CPU        {:.3} s per million messages",
        report.cpu_seconds_per_million
    );
    println!(
        "generator  {:.3} s per million messages",
        report.generator_cpu_seconds_per_million
    );
    println!("syncs      {}, of {} bytes", report.syncs, report.bytes);
}

/// Total bytes of the next `count` messages: the space to reserve.
fn bytes_of(mut stream: Stream, count: u64) -> u64 {
    let mut bytes = 0;
    let mut message = Vec::new();
    for _ in 0..count {
        message.clear();
        stream.render(&mut message);
        bytes += message.len() as u64;
    }
    bytes
}

/// Sends all; gives the CPU seconds of this thread.
fn send(mut stream: Stream, share: u64, mut socket: TcpStream) -> Result<f64> {
    use std::io::Write as _;
    let mut chunk = Vec::with_capacity(SEND_BYTES + 1024);
    while stream.next_number() <= share {
        chunk.clear();
        while stream.next_number() <= share && chunk.len() < SEND_BYTES {
            stream.render(&mut chunk);
        }
        socket.write_all(&chunk).context("sending over loopback")?;
    }
    Ok(thread_cpu_seconds())
}

/// CPU seconds that the calling thread has used.
fn thread_cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
