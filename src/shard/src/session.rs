//! One connection's conversation as a synchronous machine: lines become batches, a greeting becomes
//! fences on all shards, and what the shards answer becomes acknowledgements.
//!
//! A greeting raises its name's generation; each shard gets the fence through the queues that the
//! messages take, commits what came before, and says what it has. Only the union of all answers is
//! told as `resume`.

use crate::ingress::{BatchPool, Ingress, Routing};
use crate::machine::Durability;
use crate::message::{ConnectionId, Greeted, Inbound};
use crate::numbering::Mark;
use crate::record::Defect;
use crate::registry::{Registered, Registry};
use crate::route::shard_of_name;
use rookery_model::{Mutant, ShardId, Stage, mutant_active};
use rookery_sources::{AckTracker, ChunkId, Event, Greeting, LineLimits, LineProtocol, WireError};
use std::sync::Arc;

/// What a session needs of its shard and process.
pub struct SessionContext<'a> {
    /// Forwarder names.
    pub registry: &'a Registry,
    /// Emptied batches.
    pub pool: &'a mut BatchPool,
    /// Milliseconds of any steady clock, for deadlines.
    pub now_ms: u64,
    /// Takes what goes to shards; a connection whose name was taken over is told by `supersede`.
    pub send: &'a mut dyn FnMut(ShardId, Inbound),
    /// Who held the greeted name until now.
    pub supersede: &'a mut dyn FnMut(ConnectionId),
}

/// A greeting that waits for the shards.
#[derive(Debug)]
struct Pending {
    greeted: Greeted,
    fresh: bool,
    /// Fences not answered; 0 while the skip is under way.
    fences: u16,
    mark: Mark,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    connection: ConnectionId,
    instance: Arc<str>,
    routing: Routing,
    unacked_max_bytes: usize,
    protocol: LineProtocol,
    ingress: Ingress,
    pending: Option<Pending>,
    acks: AckTracker,
    /// With `os`: what is really synced, which W follows. With `sync` the acks say that.
    synced: Option<AckTracker>,
    output: Vec<u8>,
    over: bool,
}

/// What a session is made of.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Limits of the line protocol.
    pub line: LineLimits,
    /// Bytes read and not acknowledged at which the socket is not read.
    pub unacked_max_bytes: usize,
    /// How lines are routed.
    pub routing: Routing,
    /// Told in answers.
    pub instance: Arc<str>,
    /// What acks promise.
    pub durability: Durability,
}

impl Session {
    /// A connection that opened at `now_ms`.
    #[must_use]
    pub fn new(connection: ConnectionId, config: &SessionConfig, now_ms: u64) -> Self {
        Self {
            connection,
            instance: Arc::clone(&config.instance),
            routing: config.routing.clone(),
            unacked_max_bytes: config.unacked_max_bytes,
            protocol: LineProtocol::new(config.line, now_ms),
            ingress: Ingress::new(connection, config.routing.clone()),
            pending: None,
            acks: AckTracker::new(0),
            synced: (config.durability == Durability::Os).then(|| AckTracker::new(0)),
            output: Vec::new(),
            over: false,
        }
    }

    /// The protocol, to read into.
    pub fn protocol(&mut self) -> &mut LineProtocol {
        &mut self.protocol
    }

    /// Works on what was read: one chunk.
    pub fn process(&mut self, context: &mut SessionContext<'_>) {
        let mut lines = 0;
        while !self.over {
            match self.protocol.next_event() {
                None => break,
                Some(Event::Line { number, line }) => {
                    self.ingress.line(line, number, context.pool);
                    lines += 1;
                }
                Some(Event::Oversized {
                    number,
                    prefix,
                    length,
                }) => {
                    let length = u32::try_from(length).unwrap_or(u32::MAX);
                    let defect = Defect {
                        stage: Stage::Frame,
                        code: 1001,
                        length,
                    };
                    self.ingress.oversized(prefix, defect, number, context.pool);
                    lines += 1;
                }
                Some(Event::Greeting(greeting)) => self.greet(greeting, context),
                Some(Event::Refused(error)) => self.refuse(&error),
            }
        }
        self.end_chunk(lines, context);
    }

    fn end_chunk(&mut self, lines: u64, context: &mut SessionContext<'_>) {
        if lines == 0 {
            return;
        }
        let parts = self.ingress.parts();
        let bytes = self.ingress.chunk_bytes();
        let chunk = self.acks.open(lines, bytes, parts);
        let mut watermark = self.acks.acked();
        if let Some(synced) = &mut self.synced {
            let same = synced.open(lines, bytes, parts);
            assert_eq!(same, chunk, "both trackers count the same chunks");
            watermark = synced.acked();
        }
        if self.ingress.forwarder().is_none() || mutant_active(Mutant::HighestNumber) {
            watermark = 0;
        }
        self.ingress
            .end_chunk(chunk.0, watermark, &mut *context.send);
    }

    fn greet(&mut self, greeting: Greeting, context: &mut SessionContext<'_>) {
        let Some(name) = greeting.forwarder else {
            self.protocol
                .answer(&self.instance, 0, context.now_ms, &mut self.output);
            return;
        };
        let Registered {
            greeted,
            superseded,
        } = match context.registry.greet(&name, self.connection) {
            Ok(registered) => registered,
            Err(error) => {
                let (name, limit) = (error.name, error.limit);
                self.refuse(&WireError::TooManyNames { name, limit });
                return;
            }
        };
        if let Some(superseded) = superseded {
            (context.supersede)(superseded);
        }
        for shard in 0..self.routing.shards {
            let forwarder = greeted.clone();
            let fence = Inbound::Fence {
                forwarder,
                connection: self.connection,
            };
            (context.send)(ShardId(shard), fence);
        }
        self.pending = Some(Pending {
            greeted,
            fresh: greeting.fresh,
            fences: self.routing.shards,
            mark: Mark::default(),
        });
    }

    /// A shard has answered the fence.
    pub fn fence_passed(&mut self, mark: &Mark, context: &mut SessionContext<'_>) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        pending.mark.merge(mark);
        pending.fences = pending.fences.saturating_sub(1);
        if pending.fences > 0 {
            return;
        }
        let highest = pending.mark.highest();
        if pending.fresh && highest > 0 {
            let forwarder = pending.greeted.clone();
            let shard = shard_of_name(&forwarder.name, self.routing.shards);
            let missing = pending.mark.missing();
            if missing > 0 {
                tracing::warn!(
                    forwarder = &*forwarder.name,
                    "a fresh start skips {missing} numbers up to {highest} that never came"
                );
            }
            let connection = self.connection;
            (context.send)(
                shard,
                Inbound::Skip {
                    forwarder,
                    number: highest,
                    connection,
                },
            );
        } else {
            let resume = pending.mark.resume();
            self.resume_after(resume, context.now_ms);
        }
    }

    /// The skip record of a fresh start is synced.
    pub fn skipped(&mut self, number: u64, now_ms: u64) {
        self.resume_after(number, now_ms);
    }

    fn resume_after(&mut self, resume: u64, now_ms: u64) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        self.ingress.greeted(pending.greeted);
        self.acks = AckTracker::new(resume);
        if self.synced.is_some() {
            self.synced = Some(AckTracker::new(resume));
        }
        self.protocol
            .answer(&self.instance, resume, now_ms, &mut self.output);
    }

    /// A part of a chunk is acknowledged.
    pub fn acked(&mut self, chunk: u64) {
        self.acks.part_done(ChunkId(chunk));
    }

    /// With `os`: a part of a chunk is synced.
    pub fn synced(&mut self, chunk: u64) {
        if let Some(synced) = &mut self.synced {
            synced.part_done(ChunkId(chunk));
        }
    }

    /// Ends the conversation with its reason.
    pub fn refuse(&mut self, error: &WireError) {
        if !self.over {
            self.protocol.refuse(error, &mut self.output);
            self.over = true;
        }
    }

    /// A newer connection has this one's name.
    pub fn superseded(&mut self) {
        let name = match (self.ingress.forwarder(), &self.pending) {
            (Some(greeted), _) => greeted.name.to_string(),
            (None, Some(pending)) => pending.greeted.name.to_string(),
            (None, None) => return,
        };
        self.refuse(&WireError::Superseded { name });
    }

    /// Moves what is to be written into `out`: at most one line of acknowledgement.
    pub fn take_output(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.output);
        if !self.over {
            self.protocol.ack(self.acks.acked(), out);
        }
    }

    /// Whether the socket is not to be read now.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.acks.unacked_bytes() >= self.unacked_max_bytes
            || self.acks.is_full()
            || self.synced.as_ref().is_some_and(AckTracker::is_full)
    }

    /// Whether lines that were read are not acknowledged yet.
    #[must_use]
    pub fn is_acking(&self) -> bool {
        self.acks.unacked_bytes() > 0
    }

    /// Whether the conversation has ended: write what is left and close.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The greeting that was answered.
    #[cfg(test)]
    pub fn forwarder(&self) -> Option<&Greeted> {
        self.ingress.forwarder()
    }

    /// Gives the name free.
    pub fn release(&self, registry: &Registry) {
        if let Some(greeted) = self.ingress.forwarder() {
            registry.release(&greeted.name, self.connection);
        }
        if let Some(pending) = &self.pending {
            registry.release(&pending.greeted.name, self.connection);
        }
    }
}
