//! From a connection's lines to batches for their owners, on the shard that reads the connection.
//!
//! A chunk is what one read gave. Its lines are numbered, routed and gathered into one batch a target
//! shard; the chunk is acknowledged when each of those batches is. A synchronous machine.

use crate::message::{ConnectionId, Greeted, Inbound, Line, RoutedBatch};
use crate::record::Defect;
use crate::route::{self, Destination};
use rookery_model::{Lsn, RecordTime, ShardId, limits};
use std::sync::Arc;

/// Emptied batches of one shard, used again.
#[derive(Debug, Default)]
pub struct BatchPool {
    spare: Vec<Box<RoutedBatch>>,
    spare_bytes: usize,
}

impl BatchPool {
    /// Bytes of buffers that are kept; more are freed. Twice what a full step queue holds, so that a
    /// busy shard finds every batch here that it gave out.
    const SPARE_BYTES_MAX: usize = 2 * limits::STEP_QUEUE_BYTES;

    fn take(&mut self, connection: ConnectionId) -> Box<RoutedBatch> {
        let Some(mut batch) = self.spare.pop() else {
            return RoutedBatch::empty(connection);
        };
        self.spare_bytes -= batch.held_bytes();
        batch.connection = connection;
        batch
    }

    /// Takes a batch back.
    pub fn give(&mut self, mut batch: Box<RoutedBatch>) {
        let held = batch.held_bytes();
        if self.spare_bytes + held <= Self::SPARE_BYTES_MAX {
            batch.forwarder = None;
            batch.bytes.clear();
            batch.lines.clear();
            batch.taken = 0;
            self.spare_bytes += held;
            self.spare.push(batch);
        }
    }
}

/// What routing needs to know, the same for all connections.
#[derive(Clone, Debug)]
pub struct Routing {
    /// Top-level key that names the device.
    pub device_key: Arc<str>,
    /// How many shards there are.
    pub shards: u16,
}

/// Gathers one connection's lines.
#[derive(Debug)]
pub struct Ingress {
    connection: ConnectionId,
    routing: Routing,
    forwarder: Option<Greeted>,
    /// By target shard; what the chunk under way has for it.
    open: Vec<Option<Box<RoutedBatch>>>,
    scratch: Vec<u8>,
    bytes: usize,
}

impl Ingress {
    /// For a connection that has not greeted.
    #[must_use]
    pub fn new(connection: ConnectionId, routing: Routing) -> Self {
        let open = std::iter::repeat_with(|| None)
            .take(usize::from(routing.shards))
            .collect();
        Self {
            connection,
            routing,
            forwarder: None,
            open,
            scratch: Vec::new(),
            bytes: 0,
        }
    }

    /// The connection's greeting was answered: its lines count from now on.
    pub fn greeted(&mut self, forwarder: Greeted) {
        self.forwarder = Some(forwarder);
    }

    /// The greeting, if there was one.
    #[must_use]
    pub fn forwarder(&self) -> Option<&Greeted> {
        self.forwarder.as_ref()
    }

    fn name(&self) -> &str {
        self.forwarder.as_ref().map_or("", |greeted| &greeted.name)
    }

    /// Adds a line; `number` is 0 without a greeting.
    #[inline]
    pub fn line(&mut self, line: &[u8], number: u64, pool: &mut BatchPool) {
        let name = self.forwarder.as_ref().map_or("", |greeted| &greeted.name);
        let Routing { device_key, shards } = &self.routing;
        let to = route::destination(line, device_key, name, *shards, &mut self.scratch);
        self.add(line, number, to, pool);
    }

    /// Adds an oversized frame by its first bytes.
    pub fn oversized(&mut self, prefix: &[u8], defect: Defect, number: u64, pool: &mut BatchPool) {
        let to = route::unroutable(self.name(), self.routing.shards, defect);
        self.add(prefix, number, to, pool);
    }

    #[inline]
    fn add(&mut self, line: &[u8], number: u64, to: Destination, pool: &mut BatchPool) {
        let connection = self.connection;
        let batch = self.open[usize::from(to.shard.0)].get_or_insert_with(|| pool.take(connection));
        batch.lines.push(Line {
            start: batch.bytes.len() as u32,
            length: line.len() as u32,
            defect: to.defect,
            number,
            device: to.device,
            lsn: Lsn(0),
            time: RecordTime(0),
        });
        batch.bytes.extend_from_slice(line);
        self.bytes += line.len();
    }

    /// Shards that the chunk under way goes to.
    #[must_use]
    pub fn parts(&self) -> u16 {
        self.open.iter().filter(|batch| batch.is_some()).count() as u16
    }

    /// Bytes of the chunk's lines.
    #[must_use]
    pub fn chunk_bytes(&self) -> usize {
        self.bytes
    }

    /// Ends the chunk and sends its batches off.
    pub fn end_chunk(
        &mut self,
        chunk: u64,
        watermark: u64,
        mut send: impl FnMut(ShardId, Inbound),
    ) {
        self.bytes = 0;
        for (shard, open) in self.open.iter_mut().enumerate() {
            if let Some(mut batch) = open.take() {
                batch.chunk = chunk;
                batch.watermark = watermark;
                batch.forwarder.clone_from(&self.forwarder);
                send(ShardId(shard as u16), Inbound::Batch(batch));
            }
        }
    }
}
