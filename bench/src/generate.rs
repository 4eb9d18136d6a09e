//! `generate`: the fleet's messages on standard output, without a network.

use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::fleet::{Fleet, FleetOptions, Stream};

/// What `generate` writes.
#[derive(Debug)]
pub struct GenerateOptions {
    /// The fleet.
    pub fleet: FleetOptions,
    /// Messages of the whole fleet.
    pub messages: u64,
    /// The connection whose share is written ..
    pub connection: u64,
    /// .. of so many: with one connection it is everything, in the order of the ids.
    pub connections: u64,
}

const CHUNK_BYTES: usize = 256 * 1024;

/// Writes the messages.
///
/// # Errors
/// When the fleet is impossible or standard output fails; a closed pipe ends quietly.
pub fn run(options: &GenerateOptions) -> Result<()> {
    let fleet = Arc::new(Fleet::new(&options.fleet)?);
    let share = fleet.share(options.connection, options.connections, options.messages);
    let mut stream = Stream::new(fleet, options.connection, options.connections);
    let mut output = io::stdout().lock();
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + 1024);
    while stream.next_number() <= share {
        chunk.clear();
        while stream.next_number() <= share && chunk.len() < CHUNK_BYTES {
            stream.render(&mut chunk);
        }
        match output.write_all(&chunk) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            result => result.context("writing to standard output")?,
        }
    }
    Ok(())
}
