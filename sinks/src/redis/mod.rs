//! `redis`: rows as commands of a Redis server or cluster.
//!
//! A shard's encoder makes each row the bytes of its commands, in the server's protocol (RESP), every
//! argument with its length before it: nothing of a row can become a command. The writer puts whole
//! requests together and reads the answers.
//!
//! Without a cluster each request is one transaction with the lanes' cursors in it ([`writer`]), so that a
//! row takes effect exactly once. A cluster has no transaction over its nodes: there a row that was sent and
//! not answered comes again ([`cluster`]).

mod answer;
mod cluster;
mod commands;
mod cursor;
mod encode;
mod error;
mod link;
mod options;
mod refusal;
mod resp;
mod slots;
mod template;
mod writer;

#[cfg(test)]
mod tests;

pub use error::RedisError;

use crate::sink::zone_of;
use crate::{
    Batching, RowEncoder, Sink, SinkContext, SinkError, SinkOptionError, SinkWriter, TableSpec,
};
use commands::RowCommands;
use encode::CommandEncoder;
pub(crate) use options::KEYS;
use options::{RedisOptions, Target};
use rookery_model::limits;
use std::sync::Arc;
use std::time::Duration;

/// The connector's name.
pub(crate) const CONNECTOR: &str = "redis";

/// A Redis server or cluster.
pub(crate) struct Redis {
    name: String,
    target: Arc<Target>,
    batching: Batching,
    commands: Arc<RowCommands>,
    encoder: CommandEncoder,
}

impl Redis {
    pub(crate) fn new(spec: &TableSpec, context: &SinkContext) -> Result<Self, SinkOptionError> {
        let options = RedisOptions::read(spec, context)?;
        let commands = Arc::new(options.commands);
        Ok(Self {
            name: spec.name.clone(),
            target: Arc::new(options.target),
            batching: options.batching,
            encoder: CommandEncoder::new(
                Arc::clone(&commands),
                spec,
                zone_of(spec)?,
                &context.instance,
            ),
            commands,
        })
    }

    fn writer_to(&self, target: Arc<Target>) -> Box<dyn SinkWriter> {
        let commands = Arc::clone(&self.commands);
        match target.cluster {
            true => Box::new(cluster::ClusterWriter::new(target, commands)),
            false => Box::new(writer::RedisWriter::new(target, commands)),
        }
    }
}

impl Sink for Redis {
    fn name(&self) -> &str {
        &self.name
    }

    fn connector(&self) -> &'static str {
        CONNECTOR
    }

    fn encoder(&self) -> Box<dyn RowEncoder> {
        Box::new(self.encoder.clone())
    }

    fn writer(&self, _index: usize) -> Box<dyn SinkWriter> {
        self.writer_to(Arc::clone(&self.target))
    }

    fn check(&self) -> Result<(), SinkError> {
        let longest = Duration::from_millis(limits::REDIS_CONNECT_TIMEOUT_MS);
        let mut target = Target::clone(&self.target);
        target.connect_timeout = target.connect_timeout.min(longest);
        target.answer_timeout = target.answer_timeout.min(longest);
        self.writer_to(Arc::new(target)).open(&[]).map(drop)
    }

    fn batching(&self) -> Batching {
        self.batching
    }
}
