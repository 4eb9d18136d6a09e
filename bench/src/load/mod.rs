//! `load`: an open loop over TCP.
//!
//! One thread drives all connections with non-blocking sockets: on each tick it renders what is due
//! into large chunks, one write each, and reads acknowledgements in bulk. Whether a message is due
//! depends on its place in a fixed grid of intended send times, never on the server; its latency
//! counts from there, so a stalled server cannot hide by making the generator wait (what is known as
//! coordinated omission). With `--rate max` the sockets alone hold it back.
//!
//! Memory is bounded: a chunk for each connection. What must be sent again after a lost connection
//! is rendered again.

mod chunk;
mod connection;
mod pacing;
mod record;
mod report;
mod run;
mod wire;

use std::path::PathBuf;

use crate::fleet::FleetOptions;

pub use run::run;

/// How fast to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// Messages a second over all connections.
    PerSecond(f64),
    /// As fast as the server reads.
    Max,
}

/// How much to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// So many messages over all connections.
    Messages(u64),
    /// What is due in so many seconds; at [`Rate::Max`] what the server reads in them.
    Seconds(f64),
}

/// What `load` does.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The server, as HOST:PORT.
    pub addr: String,
    /// The fleet.
    pub fleet: FleetOptions,
    /// How fast.
    pub rate: Rate,
    /// How much.
    pub amount: Amount,
    /// TCP connections.
    pub connections: u64,
    /// Whether to greet and measure acknowledgements.
    pub ack: bool,
    /// Prefix of the forwarders' names.
    pub forwarder: String,
    /// Whether the greeting says that the memory of earlier numbers is lost.
    pub fresh: bool,
    /// How long to try to connect again after a loss; `None` fails at once.
    pub reconnect_seconds: Option<f64>,
    /// Longest time without progress.
    pub timeout_seconds: f64,
    /// Directory of the record.
    pub record: Option<PathBuf>,
    /// The server's process.
    pub pid: Option<u32>,
    /// The server's admin port, as HOST:PORT.
    pub admin: Option<String>,
    /// Period of progress lines.
    pub progress_ms: Option<u64>,
    /// Whether the result is JSON.
    pub json: bool,
}
