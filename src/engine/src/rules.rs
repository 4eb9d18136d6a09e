//! A compiled rule set.

use crate::compile;
use crate::description::Description;
use crate::dispatch::Dispatch;
use crate::error::CompileError;
use crate::eval::node::Node;
use regex::Regex;
use rookery_codecs::json::{KeySet, PathSet};
use rookery_codecs::time::Zone;
use rookery_model::{Field, SinkId};
use rookery_sql::plan::{Program, TableId};
use std::sync::Arc;

/// Rules compiled for evaluation: immutable, shared by all shards.
#[derive(Debug)]
pub struct RuleSet {
    pub(crate) rules: Vec<RuleInfo>,
    pub(crate) sinks: Vec<SinkTable>,
    pub(crate) sources: Vec<SourceTable>,
    /// In the order of the rules; of one rule, in the order of its unions.
    pub(crate) branches: Vec<Branch>,
    /// Branches that make rows of no message.
    pub(crate) constants: Vec<u32>,
    pub(crate) dispatch: Dispatch,
    /// Top-level keys of a message that some rule reads.
    pub(crate) keys: KeySet,
    /// Keys whose text is parsed as JSON.
    pub(crate) inputs: Vec<usize>,
    pub(crate) groups: Vec<PathGroup>,
    /// What branches do, each once: rules of one shape use the same memory, so that a thousand of them
    /// stay in the cache.
    pub(crate) shapes: Vec<Shape>,
    /// Conditions that the dispatch table answers.
    pub(crate) guards: Vec<Node>,
    /// The programs' zones, each once.
    pub(crate) zones: Vec<Zone>,
    pub(crate) regexes: Vec<Regex>,
    /// How many operators remember what their last pattern, path or format meant.
    pub(crate) sites: usize,
}

/// A rule, as others need to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleInfo {
    /// `file.sink`, or what its comment says; unique in the set.
    pub name: String,
    /// Where its rows go.
    pub sink: SinkId,
    /// Its program's place in the set.
    pub program: usize,
}

/// A table that rules write to.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkTable {
    /// Its place in the set.
    pub id: SinkId,
    /// Its program's place in the set.
    pub program: usize,
    /// Its place among the program's tables.
    pub table: TableId,
    /// `file.table`
    pub name: String,
    /// The columns of a row, in order.
    pub columns: Vec<Field>,
    /// Indexes of those that are the primary key.
    pub primary_key: Vec<usize>,
    /// The table's options, sorted by key.
    pub options: Vec<(String, String)>,
    /// The program's zone.
    pub zone: String,
}

/// Index of a source table in the rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// A table that rules read.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceTable {
    /// Its place in the set.
    pub id: SourceId,
    /// Its program's place in the set.
    pub program: usize,
    /// Its place among the program's tables.
    pub table: TableId,
    /// The table's name, as declared.
    pub name: String,
    /// The table's options, sorted by key.
    pub options: Vec<(String, String)>,
}

/// One way from a source's message to a row: what it has of its own. All of a thousand rules' is read from
/// far away when messages go round them, so there is little of it.
#[derive(Debug)]
pub(crate) struct Branch {
    pub rule: u16,
    pub sink: SinkId,
    /// None of a row of constants.
    pub source: Option<SourceId>,
    /// Its program's, among the set's.
    pub zone: u32,
    /// The first of the groups of paths that it and those reached together with it read.
    pub groups: u32,
    /// The condition that the dispatch table has tested, when it could.
    pub guard: Option<Guard>,
    /// What it does, among the set's.
    pub shape: u32,
}

/// A condition that the dispatch table answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    /// Its place among the set's.
    pub node: u32,
    /// How many of its branch's other conditions come before it.
    pub place: u32,
}

/// What branches do, but for the value that leads to them: those of many rules do the same. An expression
/// that several shapes have is the same memory too.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The conditions but for the guard: all must be TRUE; cheap ones come first.
    pub conditions: Box<[Arc<Node>]>,
    /// The row's values.
    pub row: Box<[Arc<Node>]>,
    /// Whether the sink has a primary key.
    pub keyed: bool,
}

/// Paths into one column's JSON that are read in one walk.
#[derive(Debug)]
pub(crate) struct PathGroup {
    /// Index among the JSON inputs.
    pub input: usize,
    /// One for all groups of the same paths: a thousand rules of one shape use the same memory.
    pub paths: Arc<PathSet>,
}

impl RuleSet {
    /// Compiles programs, in order. Their tables' options are as they shall be; the engine reads none.
    ///
    /// # Errors
    /// All places that the engine does not run: what is not built yet, and what the flink dialect means
    /// otherwise than blink.
    pub fn compile(programs: Vec<Program>) -> Result<Self, CompileError> {
        compile::compile(&programs)
    }

    /// Says what compiling programs comes to, those with places that are not run too.
    #[must_use]
    pub fn describe(programs: &[Program]) -> Description {
        compile::describe(programs)
    }

    /// The tables that rules write to, by [`SinkId`].
    #[must_use]
    pub fn sinks(&self) -> &[SinkTable] {
        &self.sinks
    }

    /// The rules, by the number that a row's identity holds.
    #[must_use]
    pub fn rules(&self) -> &[RuleInfo] {
        &self.rules
    }

    /// The tables that rules read, by [`SourceId`].
    #[must_use]
    pub fn sources(&self) -> &[SourceTable] {
        &self.sources
    }
}
