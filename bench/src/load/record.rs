//! The record of a run, for an oracle that must not trust the server.
//!
//! The directory holds `events.ndjson` (what happened on each connection, in order) and, for each
//! connection, `FORWARDER.ndjson`: line `i` (from 1) is the message with number `resume + i`, where
//! `resume` is that of the connection's first `connected` event. A message is in its file before a
//! byte of it is offered to the socket; an event is written after what it tells of. So after any
//! crash, of the generator too, the files hold every message that can have reached the server and
//! at least the acknowledgements that they claim.
//!
//! | event | fields | tells |
//! | --- | --- | --- |
//! | `begin` | `forwarders`, `seed` | the run |
//! | `connected` | `connection`, `instance`, `resume` | the greeting was answered |
//! | `sent` | `connection`, `through` | messages up to this number were handed over, whole |
//! | `acked` | `connection`, `through` | the server acknowledged up to this number |
//! | `lost` | `connection`, `sent`, `acked`, `reason` | the connection ended, with `sent - acked` messages unacknowledged |
//! | `regressed` | `connection`, `acked`, `resume` | the server resumed below what it had acknowledged |
//! | `end` | `error` | the run is over |
//!
//! Each has `at_ms`, milliseconds since the run's start.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::chunk::Chunk;

/// An open record.
pub struct Record {
    events: BufWriter<File>,
    messages: Vec<Messages>,
}

struct Messages {
    file: File,
    /// Highest number in the file.
    through: Option<u64>,
}

impl Record {
    /// Makes the directory and its files.
    ///
    /// # Errors
    /// When a file cannot be made, or the directory already holds a record.
    pub fn create(directory: &Path, forwarders: &[String], seed: u64) -> Result<Self> {
        let events = directory.join("events.ndjson");
        if events.exists() {
            bail!(
                "{} already holds a record; give --record another directory",
                directory.display()
            );
        }
        fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
        let create = |name: &str| {
            let path = directory.join(name);
            File::create(&path).with_context(|| format!("making {}", path.display()))
        };
        let messages = forwarders
            .iter()
            .map(|name| {
                Ok(Messages {
                    file: create(&format!("{name}.ndjson"))?,
                    through: None,
                })
            })
            .collect::<Result<_>>()?;
        let mut record = Self {
            events: BufWriter::new(create("events.ndjson")?),
            messages,
        };
        record.event(
            0,
            json!({"event": "begin", "forwarders": forwarders, "seed": seed}),
        )?;
        record.flush()?;
        Ok(record)
    }

    /// Adds an event.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn event(&mut self, now_ns: u64, mut event: Value) -> Result<()> {
        event["at_ms"] = json!(now_ns / 1_000 / 1_000);
        writeln!(self.events, "{event}").context("writing the record's events")
    }

    /// Adds those messages of a chunk that were never rendered before.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn messages(&mut self, connection: usize, chunk: &Chunk) -> Result<()> {
        let messages = &mut self.messages[connection];
        let through = messages.through.unwrap_or(chunk.first() - 1);
        let skipped = (through + 1).saturating_sub(chunk.first());
        if chunk.last() <= through {
            return Ok(());
        }
        let mut bytes = chunk.bytes();
        if skipped > 0 {
            let mut ends = memchr::memchr_iter(b'\n', bytes);
            let end = ends
                .nth(skipped as usize - 1)
                .expect("a chunk has a newline for each message");
            bytes = &bytes[end + 1..];
        }
        messages.through = Some(chunk.last());
        messages
            .file
            .write_all(bytes)
            .context("writing the record's messages")
    }

    /// Hands the events to the operating system.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.events.flush().context("writing the record's events")
    }
}
