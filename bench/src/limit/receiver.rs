//! The bare loop itself.

use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail};
use simd_json::{Buffers, Node, Tape};

use super::segments::Segments;
use super::syncer::Syncer;
use super::thread_cpu_seconds;

/// Bytes received at once.
const RECEIVE_BYTES: usize = 256 * 1024;
/// Depth that a document may have, as in the appliance.
const DEPTH_MAX: usize = 32;

/// What one receiver did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received {
    /// Messages.
    pub messages: u64,
    /// Their bytes, newlines included.
    pub bytes: u64,
    /// Syncs.
    pub syncs: u64,
    /// CPU time of receiving and syncing.
    pub cpu_seconds: f64,
    /// Fold of all checksums and node counts: what was computed is used.
    pub fold: u64,
}

impl Received {
    /// Adds another receiver's work.
    pub fn add(&mut self, other: &Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.syncs += other.syncs;
        self.cpu_seconds += other.cpu_seconds;
        self.fold ^= other.fold;
    }
}

/// Receives until the sender closes.
///
/// # Errors
/// When the socket, a message or a sync fails.
pub fn receive(mut socket: TcpStream, mut segments: Segments) -> Result<Received> {
    let mut received = Received::default();
    let mut reader = TapeReader::new();
    let syncer = Syncer::start();
    let mut buffer = vec![0; RECEIVE_BYTES];
    let mut filled = 0;
    loop {
        let count = match socket.read(&mut buffer[filled..]) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).context("receiving over loopback"),
        };
        if count == 0 {
            break;
        }
        let end = filled + count;
        let mut start = 0;
        for newline in memchr::memchr_iter(b'\n', &buffer[filled..end]) {
            let line_end = filled + newline + 1;
            let line = &buffer[start..line_end];
            segments.append(line);
            received.fold ^= u64::from(crc32c::crc32c(line));
            received.fold ^= reader.read(&line[..line.len() - 1]);
            received.messages += 1;
            received.bytes += line.len() as u64;
            start = line_end;
        }
        buffer.copy_within(start..end, 0);
        filled = end - start;
        if filled == buffer.len() {
            bail!("a message is longer than {RECEIVE_BYTES} bytes");
        }
        syncer.appended(received.bytes, segments.active())?;
    }
    let synced = syncer.finish()?;
    received.syncs = synced.syncs;
    received.cpu_seconds = thread_cpu_seconds() + synced.cpu_seconds;
    Ok(received)
}

/// Reads a message and its `data` column into tapes, with reused buffers.
struct TapeReader {
    buffers: Buffers,
    message: Vec<u8>,
    data: Vec<u8>,
    message_tape: Tape<'static>,
    data_tape: Tape<'static>,
}

impl TapeReader {
    fn new() -> Self {
        Self {
            buffers: Buffers::with_max_depth(4096, DEPTH_MAX),
            message: Vec::new(),
            data: Vec::new(),
            message_tape: Tape(Vec::new()),
            data_tape: Tape(Vec::new()),
        }
    }

    /// Nodes of both tapes. What the parser refuses has none: that is noise, on purpose.
    fn read(&mut self, line: &[u8]) -> u64 {
        self.message.clear();
        self.message.extend_from_slice(line);
        let mut tape = std::mem::replace(&mut self.message_tape, Tape(Vec::new())).reset();
        let mut nodes = 0;
        if simd_json::fill_tape(&mut self.message, &mut self.buffers, &mut tape).is_ok() {
            nodes += tape.0.len();
            if let Some(data) = string_of(&tape, "data") {
                self.data.clear();
                self.data.extend_from_slice(data.as_bytes());
                let mut tape = std::mem::replace(&mut self.data_tape, Tape(Vec::new())).reset();
                if simd_json::fill_tape(&mut self.data, &mut self.buffers, &mut tape).is_ok() {
                    nodes += tape.0.len();
                }
                self.data_tape = tape.reset();
            }
        }
        self.message_tape = tape.reset();
        nodes as u64
    }
}

/// The string under a top-level key.
fn string_of<'a>(tape: &Tape<'a>, key: &str) -> Option<&'a str> {
    let mut at = 1;
    while let Some(Node::String(name)) = tape.0.get(at) {
        let value = tape.0.get(at + 1)?;
        if *name == key {
            return if let Node::String(text) = value {
                Some(text)
            } else {
                None
            };
        }
        let nested = match value {
            Node::Object { count, .. } | Node::Array { count, .. } => *count,
            Node::String(_) | Node::Static(_) => 0,
        };
        at += 2 + nested;
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_data_column_is_found_behind_nested_ones() {
        let mut message =
            br#"{"a":{"data":"no","x":[1,2]},"b":[{}],"c":null,"data":"yes"}"#.to_vec();
        let mut tape = Tape(Vec::new());
        simd_json::fill_tape(&mut message, &mut Buffers::new(64), &mut tape).unwrap();
        assert_eq!(string_of(&tape, "data"), Some("yes"));
        assert_eq!(string_of(&tape, "c"), None);
        assert_eq!(string_of(&tape, "missing"), None);
    }

    #[test]
    fn both_documents_are_read() {
        let mut reader = TapeReader::new();
        assert_eq!(reader.read(br#"{"data":"{\"a\":1}"}"#), 3 + 3);
        assert_eq!(reader.read(br#"{"data":"none"}"#), 3);
        assert_eq!(reader.read(b"{"), 0);
    }
}
