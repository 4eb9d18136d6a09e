//! The configuration file: raw TOML, then a validated [`Config`].
//!
//! [`keys`] lists every key once. A file is read whole before anything is refused, so that one run
//! names all of its faults.

mod error;
pub mod keys;
mod print;
mod reader;
mod tables;
#[cfg(test)]
mod tests;

pub use error::{ConfigError, ConfigReport};
pub use print::default_toml;
pub use reader::{closest, grouped};
pub use tables::TableOverride;

use error::Problem;
use reader::{Reading, Values};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What an acknowledgement promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The message is on the disk.
    Sync,
    /// The message is in the page cache.
    Os,
}

/// A configuration that was found good.
#[derive(Clone, Debug)]
pub struct Config {
    /// Logs, cursors and dead letters.
    pub data_dir: PathBuf,
    /// Shards, where the file says how many.
    pub shards: Option<u16>,
    /// What an acknowledgement promises.
    pub durability: Durability,
    /// Rule files; the file name may hold `*` and `?`.
    pub rules: Vec<String>,
    /// Where messages come in.
    pub listen: Listen,
    /// Address of the admin port.
    pub admin_listen: SocketAddr,
    /// The log.
    pub log: Log,
    /// What lanes may spill.
    pub spill: Spill,
    /// Size at which the dead-letter store deletes its oldest files.
    pub dead_letters_max_bytes: u64,
    /// Replaced connectors.
    pub tables: Vec<TableOverride>,
}

/// What lanes may spill.
#[derive(Clone, Copy, Debug)]
pub struct Spill {
    /// Bytes of one lane.
    pub lane_max_bytes: u64,
    /// Bytes of all lanes.
    pub max_bytes: u64,
    /// Whether the oldest rows are given up at the bound; else the rules wait.
    pub drop_oldest: bool,
}

/// The listener and what a sender may do.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Address for newline-delimited JSON.
    pub tcp: SocketAddr,
    /// The top-level key that names the device.
    pub device_key: String,
    /// Longest line.
    pub frame_max_bytes: usize,
    /// Open connections of all shards.
    pub connections_max: usize,
    /// What one connection may have read and not yet durable.
    pub unacked_max_bytes: usize,
    /// How long a started line may stay unfinished.
    pub frame_deadline_ms: u64,
    /// How long a connection may be silent between lines.
    pub idle_timeout_ms: u64,
    /// Forwarder names that are remembered.
    pub forwarders_max: usize,
}

/// The durable log.
#[derive(Clone, Debug)]
pub struct Log {
    /// Size of a log file.
    pub segment_size_bytes: u64,
    /// How long log is kept after every sink confirmed it.
    pub retain_hours: u64,
    /// How much of such log is kept; `None` is half of the free disk.
    pub retain_bytes: Option<u64>,
    /// Whether any file system will do.
    pub unsafe_filesystem: bool,
    /// Whether a thread syncs instead of io_uring.
    pub sync_thread: bool,
}

/// Bytes that a segment needs beside the largest frame: its header page, a batch header, the record's
/// head with the forwarder's name, and the seal that ends it, rounded up.
const SEGMENT_OVERHEAD_BYTES: u64 = 8 * 1024;

impl Config {
    /// Reads and validates a file.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn load(path: &Path) -> Result<Self, ConfigReport> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&name, &text),
            Err(error) => Err(ConfigReport {
                path: name,
                text: String::new(),
                problems: vec![Problem {
                    error: ConfigError::Unreadable {
                        reason: error.to_string(),
                    },
                    span: None,
                    help: vec![
                        "`rookery config default > rookery.toml` makes one to start from"
                            .to_owned(),
                    ],
                }],
            }),
        }
    }

    /// Validates a file's text.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigReport> {
        let Reading {
            values,
            tables,
            mut problems,
        } = reader::read(text);
        if problems.is_empty() {
            check_relations(&values, &mut problems);
        }
        if problems.is_empty() {
            return Ok(Self::from_values(&values, tables));
        }
        problems.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
        Err(ConfigReport {
            path: name.to_owned(),
            text: text.to_owned(),
            problems,
        })
    }

    fn from_values(values: &Values, tables: Vec<TableOverride>) -> Self {
        Self {
            data_dir: PathBuf::from(values.text("", "data_dir")),
            shards: u16::try_from(values.integer("", "shards"))
                .ok()
                .filter(|shards| *shards > 0),
            durability: match values.text("", "durability").as_str() {
                "os" => Durability::Os,
                _ => Durability::Sync,
            },
            rules: values.list("", "rules"),
            listen: Listen {
                tcp: values.address("listen", "tcp"),
                device_key: values.text("listen", "device_key"),
                frame_max_bytes: frame_max_bytes(values),
                connections_max: size(values, "listen", "connections_max"),
                unacked_max_bytes: size(values, "listen", "unacked_max_bytes"),
                frame_deadline_ms: values.integer("listen", "frame_deadline_ms"),
                idle_timeout_ms: values.integer("listen", "idle_timeout_ms"),
                forwarders_max: size(values, "listen", "forwarders_max"),
            },
            admin_listen: values.address("admin", "listen"),
            log: Log {
                segment_size_bytes: values.integer("log", "segment_size_bytes"),
                retain_hours: values.integer("log", "retain_hours"),
                retain_bytes: Some(values.integer("log", "retain_bytes"))
                    .filter(|bytes| *bytes > 0),
                unsafe_filesystem: values.boolean("log", "unsafe_filesystem"),
                sync_thread: values.text("log", "sync_backend") == "thread",
            },
            spill: Spill {
                lane_max_bytes: values.integer("spill", "lane_max_bytes"),
                max_bytes: values.integer("spill", "max_bytes"),
                drop_oldest: values.text("spill", "policy") == "drop_oldest",
            },
            dead_letters_max_bytes: values.integer("dead_letters", "max_bytes"),
            tables,
        }
    }
}

fn size(values: &Values, section: &'static str, name: &'static str) -> usize {
    usize::try_from(values.integer(section, name))
        .expect("its bound fits 64 bits, and so does usize")
}

/// The frame limit; where the file does not give it, no more than a small segment holds.
fn frame_max_bytes(values: &Values) -> usize {
    let limit = size(values, "listen", "frame_max_bytes");
    if values.span("listen", "frame_max_bytes").is_some() {
        return limit;
    }
    let segment = size(values, "log", "segment_size_bytes");
    limit.min(segment - SEGMENT_OVERHEAD_BYTES as usize)
}

/// What no key can be asked alone.
fn check_relations(values: &Values, problems: &mut Vec<Problem>) {
    if values.span("listen", "frame_max_bytes").is_none() {
        return;
    }
    let frame = values.integer("listen", "frame_max_bytes");
    let relations = [
        (
            "listen",
            "unacked_max_bytes",
            "listen.unacked_max_bytes",
            frame,
        ),
        (
            "log",
            "segment_size_bytes",
            "log.segment_size_bytes",
            frame + SEGMENT_OVERHEAD_BYTES,
        ),
    ];
    for (section, name, path, least) in relations {
        let value = values.integer(section, name);
        if value < least {
            problems.push(Problem {
                error: ConfigError::TooSmallFor {
                    key: path,
                    value,
                    least,
                    other: "listen.frame_max_bytes",
                    other_value: frame,
                },
                span: values
                    .span(section, name)
                    .or_else(|| values.span("listen", "frame_max_bytes")),
                help: vec![format!("raise `{path}`, or lower `listen.frame_max_bytes`")],
            });
        }
    }
}
