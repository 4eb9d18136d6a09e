//! One shard's pipeline, and the shards together: lines become records, records become durable, acks
//! and rows follow; a start replays, a stop drains.
//!
//! Decisions are synchronous machines that know no executor, thread or clock ([`session`],
//! [`machine`], [`lane`], [`numbering`], [`step`]); [`actor`] and [`connection`] only carry bytes to
//! and from them, and [`server`] starts and stops threads. So the machines run unchanged above the
//! simulated disk.
//!
//! A message's way: `connection` reads -> `session` frames and numbers -> `ingress` routes and
//! batches -> (mailbox of the owner) -> `machine` logs -> sync -> ack back to `session`; and
//! `machine` -> `step` -> engine -> `output` encodes -> `lane` -> (after the sync) the sink's writer.
//!
//! Invariants: no row, acknowledgement, fence answer or cursor leaves before the sync that covers it;
//! what is stepped depends on records and rule sets alone; cursors are durable before a checkpoint
//! counts, and the checkpoint before log goes.

#![allow(
    clippy::vec_box,
    reason = "a batch travels between threads and queues in its box, which is used again with it"
)]

mod actor;
mod checkpoint;
mod connection;
mod data_dir;
mod ingress;
mod keeper;
mod lane;
mod machine;
mod message;
mod metrics;
mod number_set;
mod numbering;
mod open;
mod output;
pub mod record;
mod registry;
mod repair;
mod route;
mod server;
mod session;
#[cfg(test)]
mod sim;
mod spill;
mod step;

pub use actor::ActorEnd;
pub use data_dir::{DataDir, DataDirError, shard_dir};
pub use machine::Durability;
pub use metrics::{Counter, Histograms, Latencies, ShardMetrics};
pub use open::OpenShardError;
pub use record::RulesHash;
pub use repair::accept_damage;
pub use server::{
    RuleBundle, Server, ServerConfig, ServerEvent, ServerView, SinkSpill, SinkView, SpillConfig,
    StartError, StopReport, hex, spilled_rows,
};
pub use spill::SpillPolicy;
