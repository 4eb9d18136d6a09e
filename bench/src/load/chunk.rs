//! Rendered messages on their way into a socket.

use std::io::{self, Write as _};
use std::net::TcpStream;

use crate::fleet::Stream;

/// Bytes that are rendered before they are offered to the socket, at most one message more: large
/// enough that system calls cost little per message, small enough to stay in the core's cache.
const CHUNK_BYTES: usize = 128 * 1024;

/// Consecutive messages of one connection.
#[derive(Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    written: usize,
    /// Number of the first message.
    first: u64,
    /// Number of the last message; 0 when there is none.
    last: u64,
}

impl Chunk {
    /// Whether bytes wait for the socket.
    pub fn is_pending(&self) -> bool {
        self.written < self.bytes.len()
    }

    /// Number of the last message.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Number of the first message.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// All bytes of the messages.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the messages.
    pub fn clear(&mut self) {
        self.bytes.clear();
        (self.written, self.first, self.last) = (0, 0, 0);
    }

    /// Renders the next messages of `stream`, up to number `through` or a chunk full.
    pub fn fill(&mut self, stream: &mut Stream, through: u64) {
        self.clear();
        self.first = stream.next_number();
        while stream.next_number() <= through && self.bytes.len() < CHUNK_BYTES {
            stream.render(&mut self.bytes);
        }
        self.last = stream.next_number() - 1;
    }

    /// Offers the pending bytes to the socket once.
    ///
    /// # Errors
    /// Those of the socket, `WouldBlock` included.
    pub fn write(&mut self, mut socket: &TcpStream) -> io::Result<usize> {
        let count = socket.write(&self.bytes[self.written..])?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.written += count;
        Ok(count)
    }

    /// Number of the last message that the socket took whole; 0 when there is no chunk. Costs a scan while bytes are pending.
    pub fn sent(&self) -> u64 {
        if !self.is_pending() {
            return self.last;
        }
        let whole = memchr::memchr_iter(b'\n', &self.bytes[..self.written]).count();
        self.first + whole as u64 - 1
    }
}
