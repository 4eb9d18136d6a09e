//! Compiled rules: records come in, rows go out. Pure: a step is a function of the record and the rule
//! set, with no clock, no random source, no I/O and no other shard.
//!
//! - [`RuleSet::compile`] takes bound programs apart into branches (one way from a source's message to a
//!   row), finds the column that each can be dispatched by, and lowers expressions to nodes that know
//!   their types and places. What many rules have in common is kept once: their expressions, and all of
//!   what they do but for the value that leads to them.
//! - [`Engine::step`] decodes a message once for all programs, looks up which branches it can reach, and
//!   evaluates them. JSON in a text column is parsed when a rule that got so far asks for it, and all
//!   paths that the rules reached together ask of it are read in one walk.
//!
//! Invariants: after warm-up a step allocates nothing; the dispatch table changes no row and no dead
//! letter against trying all rules in order (it saves counts of casts in conditions that are not tested);
//! nothing that a step gives out depends on earlier steps.

mod compile;
mod description;
mod dispatch;
mod engine;
mod error;
mod eval;
mod failure;
mod functions;
mod record;
mod rules;
mod text_table;

pub use description::{
    BranchDescription, Description, DispatchDescription, JsonReads, PathReads, TestedValue,
};
pub use engine::Engine;
pub use error::{CompileError, Refusal, RefusalReason};
pub use record::{Counter, Output, Record, RecordInput};
pub use rules::{RuleInfo, RuleSet, SinkTable, SourceId, SourceTable};
