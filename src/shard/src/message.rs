//! What shards send each other: batches of routed lines, fences, skips, and their answers.

use crate::numbering::{ForwarderId, Mark};
use crate::record::Defect;
use rookery_model::{Lsn, RecordTime, ShardId};
use std::sync::Arc;

/// A connection, named across shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    /// The shard that reads it.
    pub shard: ShardId,
    /// Its slot there.
    pub slot: u32,
    /// Which of the slot's connections; a late answer to an earlier one is dropped.
    pub serial: u32,
}

/// A named forwarder's greeting, as its batches carry it.
#[derive(Clone, Debug)]
pub struct Greeted {
    /// Index in this process.
    pub id: ForwarderId,
    /// Its name.
    pub name: Arc<str>,
    /// Which greeting of that name.
    pub generation: u64,
}

/// One line of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Where it starts in the batch's bytes.
    pub start: u32,
    /// Its bytes there.
    pub length: u32,
    /// What is wrong with it, if it cannot be routed.
    pub defect: Option<Defect>,
    /// Place in the forwarder's stream; 0 without a name.
    pub number: u64,
    /// Hash of the device key; of the forwarder's name where there is no device.
    pub device: u64,
    /// Set by the owner: its record, or 0 where it was logged before.
    pub lsn: Lsn,
    /// Set by the owner: its record's time.
    pub time: RecordTime,
}

/// Lines of one connection for one shard. Goes from the connection's shard to the owner and back, so
/// that its buffers are used again.
#[derive(Debug)]
pub struct RoutedBatch {
    /// Who reads the connection.
    pub connection: ConnectionId,
    /// Which chunk of the connection's stream it is a part of.
    pub chunk: u64,
    /// Who sent it, if it gave a name.
    pub forwarder: Option<Greeted>,
    /// Every number of the forwarder up to this is really synced.
    pub watermark: u64,
    /// The lines, one after the other.
    pub bytes: Vec<u8>,
    /// Where they are.
    pub lines: Vec<Line>,
    /// Lines that the owner has logged or found logged.
    pub taken: usize,
}

impl RoutedBatch {
    /// An empty one, for the pool.
    #[must_use]
    pub fn empty(connection: ConnectionId) -> Box<Self> {
        Box::new(Self {
            connection,
            chunk: 0,
            forwarder: None,
            watermark: 0,
            bytes: Vec::new(),
            lines: Vec::new(),
            taken: 0,
        })
    }

    /// The name to log.
    #[must_use]
    pub fn name(&self) -> &str {
        self.forwarder.as_ref().map_or("", |greeted| &greeted.name)
    }

    /// A line's bytes.
    #[must_use]
    pub fn line_bytes(&self, line: &Line) -> &[u8] {
        &self.bytes[line.start as usize..(line.start + line.length) as usize]
    }

    /// Memory that it holds, in bytes.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.bytes.capacity() + self.lines.capacity() * size_of::<Line>()
    }
}

/// What a shard takes in, in this order, as records or as answers that wait for a sync.
#[derive(Debug)]
pub enum Inbound {
    /// Lines to log.
    Batch(Box<RoutedBatch>),
    /// Answer once all that came before is synced, and drop older generations from now on.
    Fence {
        /// The greeting.
        forwarder: Greeted,
        /// Who asks.
        connection: ConnectionId,
    },
    /// Log that the forwarder goes on after `number`.
    Skip {
        /// The greeting.
        forwarder: Greeted,
        /// The new watermark.
        number: u64,
        /// Who asks.
        connection: ConnectionId,
    },
}

/// What a shard gives back to a connection's shard.
#[derive(Debug)]
pub enum Outbound {
    /// All lines of the chunk that were sent here are as durable as the setting asks.
    Acked {
        /// Whose.
        connection: ConnectionId,
        /// Which chunk.
        chunk: u64,
    },
    /// With `os`, after [`Self::Acked`]: the lines are really synced.
    Synced {
        /// Whose.
        connection: ConnectionId,
        /// Which chunk.
        chunk: u64,
    },
    /// The batch came from a generation that a newer greeting has shut out; nothing of it was logged
    /// beyond what earlier parts had.
    Fenced {
        /// Whose.
        connection: ConnectionId,
    },
    /// The batch's buffers.
    Recycle(Box<RoutedBatch>),
    /// A fence's answer.
    FencePassed {
        /// Whose.
        connection: ConnectionId,
        /// What this shard has of the forwarder, synced.
        mark: Mark,
    },
    /// The skip record is synced.
    Skipped {
        /// Whose.
        connection: ConnectionId,
        /// The new watermark.
        number: u64,
    },
}

impl Outbound {
    /// The shard it goes to.
    #[must_use]
    pub fn target(&self) -> ShardId {
        match self {
            Self::Acked { connection, .. }
            | Self::Synced { connection, .. }
            | Self::Fenced { connection }
            | Self::FencePassed { connection, .. }
            | Self::Skipped { connection, .. } => connection.shard,
            Self::Recycle(batch) => batch.connection.shard,
        }
    }
}
