//! The command line: raw flags, turned into the options of each command.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand};

use crate::fleet::{FleetOptions, Kind, parse_time};
use crate::generate::GenerateOptions;
use crate::limit::LimitOptions;
use crate::load::{Amount, LoadOptions, Rate};
use crate::probe::ProbeOptions;

/// The load harness of Rookery.
#[derive(Debug, Parser)]
#[command(name = "rookery-bench", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send a fleet's messages to a server, open loop, and measure its acknowledgements.
    Load(LoadArgs),
    /// Write a fleet's messages to standard output.
    Generate(GenerateArgs),
    /// Measure the floor: a bare loop that receives, maps, checksums, parses and syncs the same data.
    Limit(LimitArgs),
    /// Measure the disk: write 4 KiB and fdatasync, again and again.
    Probe(ProbeArgs),
}

/// What decides the bytes of the messages.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// Distinct devices; each speaks in turn.
    #[arg(long, value_name = "N", default_value_t = 400_000)]
    devices: u64,
    /// Weights of the kinds of machines; a kind that is not named has none.
    #[arg(
        long,
        value_name = "KIND=N,..",
        default_value = "washer=1,water=1,charger=1"
    )]
    mix: String,
    /// The same seed gives the same bytes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Share (0 to 1) of odd but valid messages: other flags, missing fields, numbers as text.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    noise: f64,
    /// The first message's own time; each 10,000 messages it goes on by a second.
    #[arg(
        long,
        value_name = "yyyy-MM-dd HH:mm:ss",
        default_value = "2026-11-02 08:00:00"
    )]
    start_time: String,
}

/// Flags of `load`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// The server's TCP listener.
    #[arg(long, value_name = "HOST:PORT")]
    addr: String,
    #[command(flatten)]
    fleet: FleetArgs,
    /// Messages a second over all connections, or `max`: as fast as the server reads.
    #[arg(long, value_name = "N|max", default_value = "10000")]
    rate: String,
    /// How long to send [default: 10].
    #[arg(long, value_name = "S", conflicts_with = "messages")]
    seconds: Option<f64>,
    /// How many messages to send.
    #[arg(long, value_name = "N")]
    messages: Option<u64>,
    /// TCP connections; a device keeps to one of them.
    #[arg(long, value_name = "N", default_value_t = 4)]
    connections: u64,
    /// Greet, wait for acknowledgements and measure them.
    #[arg(long)]
    ack: bool,
    /// Greeting names are PREFIX-0, PREFIX-1, ..
    #[arg(long, value_name = "PREFIX", default_value = "bench", requires = "ack")]
    forwarder: String,
    /// Greet as a forwarder that lost its memory: numbers go on after the highest ever logged.
    #[arg(long, requires = "ack")]
    fresh: bool,
    /// Connect again after a lost connection, for up to so many seconds, and resume.
    #[arg(long, value_name = "S", num_args = 0..=1, require_equals = true, default_missing_value = "30", requires = "ack")]
    reconnect: Option<f64>,
    /// Give up when nothing moves for so many seconds.
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    timeout: f64,
    /// Write what was sent and acknowledged to this directory, for an oracle.
    #[arg(long, value_name = "DIR", requires = "ack")]
    record: Option<PathBuf>,
    /// Process id of the server: samples its CPU time and RssAnon.
    #[arg(long)]
    pid: Option<u32>,
    /// The server's admin port: reads rows, syncs and device bytes.
    #[arg(long, value_name = "HOST:PORT")]
    admin: Option<String>,
    /// A JSON line of progress on standard output every so many milliseconds.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(10..))]
    progress: Option<u64>,
    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

/// Flags of `generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    #[command(flatten)]
    fleet: FleetArgs,
    /// How many messages of the whole fleet.
    #[arg(long, value_name = "N")]
    messages: u64,
    /// Only the share of one connection ..
    #[arg(long, value_name = "N", requires = "connections")]
    connection: Option<u64>,
    /// .. of so many.
    #[arg(long, value_name = "N", requires = "connection")]
    connections: Option<u64>,
}

/// Flags of `limit`.
#[derive(Debug, Args)]
pub struct LimitArgs {
    #[command(flatten)]
    fleet: FleetArgs,
    /// How many messages.
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    messages: u64,
    /// Receiving threads, each with one connection and one log [default: one per core].
    #[arg(long, value_name = "N")]
    threads: Option<u64>,
    /// Where the logs are made (and removed).
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

/// Flags of `probe`.
#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// Directory on the disk to measure.
    #[arg(long)]
    dir: PathBuf,
    /// How long.
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    seconds: f64,
    /// The result as JSON.
    #[arg(long)]
    json: bool,
}

impl FleetArgs {
    fn options(&self) -> Result<FleetOptions> {
        if !(0.0..=1.0).contains(&self.noise) {
            bail!(
                "--noise {} is no share; give a number from 0 to 1",
                self.noise
            );
        }
        Ok(FleetOptions {
            devices: self.devices,
            mix: parse_mix(&self.mix)?,
            seed: self.seed,
            noise_ppm: (self.noise * 1e6).round() as u32,
            start_time: parse_time(&self.start_time)?,
        })
    }
}

impl LoadArgs {
    /// The checked options.
    ///
    /// # Errors
    /// When a flag's value is no number of its kind or outside its range.
    pub fn options(&self) -> Result<LoadOptions> {
        let rate = parse_rate(&self.rate)?;
        let amount = match (self.messages, self.seconds) {
            (Some(messages), _) => Amount::Messages(messages),
            (None, seconds) => Amount::Seconds(positive("--seconds", seconds.unwrap_or(10.0))?),
        };
        if self.connections == 0 || self.connections > self.fleet.devices {
            bail!(
                "--connections {} is outside 1 to --devices ({})",
                self.connections,
                self.fleet.devices
            );
        }
        Ok(LoadOptions {
            addr: self.addr.clone(),
            fleet: self.fleet.options()?,
            rate,
            amount,
            connections: self.connections,
            ack: self.ack,
            forwarder: self.forwarder.clone(),
            fresh: self.fresh,
            reconnect_seconds: self
                .reconnect
                .map(|seconds| positive("--reconnect", seconds))
                .transpose()?,
            timeout_seconds: positive("--timeout", self.timeout)?,
            record: self.record.clone(),
            pid: self.pid,
            admin: self.admin.clone(),
            progress_ms: self.progress,
            json: self.json,
        })
    }
}

impl GenerateArgs {
    /// The checked options.
    ///
    /// # Errors
    /// As [`LoadArgs::options`].
    pub fn options(&self) -> Result<GenerateOptions> {
        let (connection, connections) =
            (self.connection.unwrap_or(0), self.connections.unwrap_or(1));
        if connections == 0 || connections > self.fleet.devices || connection >= connections {
            bail!(
                "--connection {connection} of --connections {connections} is none; connections are counted from 0, \
                 up to --devices ({})",
                self.fleet.devices
            );
        }
        Ok(GenerateOptions {
            fleet: self.fleet.options()?,
            messages: self.messages,
            connection,
            connections,
        })
    }
}

impl LimitArgs {
    /// The checked options.
    ///
    /// # Errors
    /// As [`LoadArgs::options`].
    pub fn options(&self) -> Result<LimitOptions> {
        let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        let threads = self.threads.unwrap_or_else(cores);
        if threads == 0 || threads > self.fleet.devices {
            bail!(
                "--threads {threads} is outside 1 to --devices ({})",
                self.fleet.devices
            );
        }
        let fleet = self.fleet.options()?;
        Ok(LimitOptions {
            fleet,
            messages: self.messages,
            threads,
            dir: self.dir.clone(),
            json: self.json,
        })
    }
}

impl ProbeArgs {
    /// The checked options.
    ///
    /// # Errors
    /// As [`LoadArgs::options`].
    pub fn options(&self) -> Result<ProbeOptions> {
        let seconds = positive("--seconds", self.seconds)?;
        Ok(ProbeOptions {
            dir: self.dir.clone(),
            seconds,
            json: self.json,
        })
    }
}

fn positive(flag: &str, seconds: f64) -> Result<f64> {
    if seconds > 0.0 && seconds <= 1e6 {
        return Ok(seconds);
    }
    bail!("{flag} {seconds} is outside 0 to 1000000 seconds");
}

fn parse_rate(text: &str) -> Result<Rate> {
    if text == "max" {
        return Ok(Rate::Max);
    }
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= 1e9 => Ok(Rate::PerSecond(rate)),
        _ => bail!("--rate {text} is neither `max` nor a number of messages a second, up to 10^9"),
    }
}

fn parse_mix(text: &str) -> Result<[u32; 3]> {
    let mut mix = [0; 3];
    for part in text.split(',') {
        let known = part.split_once('=').and_then(|(name, weight)| {
            let kind = Kind::ALL
                .iter()
                .position(|kind| kind.name() == name.trim())?;
            Some((kind, weight.trim().parse::<u16>().ok()?))
        });
        let Some((kind, weight)) = known else {
            bail!(
                "--mix {text}: {part:?} is not KIND=WEIGHT with a kind of washer, water, charger and a weight up to 65535"
            );
        };
        mix[kind] = u32::from(weight);
    }
    Ok(mix)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn mixes() {
        assert_eq!(parse_mix("washer=1,water=2,charger=3").unwrap(), [1, 2, 3]);
        assert_eq!(parse_mix("charger=5").unwrap(), [0, 0, 5]);
        assert_eq!(
            parse_mix("dryer=1").unwrap_err().to_string(),
            "--mix dryer=1: \"dryer=1\" is not KIND=WEIGHT with a kind of washer, water, charger and a weight up to 65535"
        );
    }

    #[test]
    fn rates() {
        assert_eq!(parse_rate("max").unwrap(), Rate::Max);
        assert_eq!(parse_rate("2500").unwrap(), Rate::PerSecond(2500.0));
        for text in ["0", "-1", "nan", "fast"] {
            assert_eq!(
                parse_rate(text).unwrap_err().to_string(),
                format!(
                    "--rate {text} is neither `max` nor a number of messages a second, up to 10^9"
                )
            );
        }
    }
}
