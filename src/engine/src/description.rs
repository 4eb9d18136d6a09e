//! A rule set as people may read it.

use crate::error::Refusal;
use crate::rules::{RuleInfo, SinkTable, SourceId, SourceTable};
use rookery_model::JsonPath;
use rookery_sql::plan::{Column, Expr};

/// What compiling programs came to. Branches are named by their place in [`Self::branches`].
#[derive(Debug)]
pub struct Description {
    /// The tables that rules read.
    pub sources: Vec<SourceTable>,
    /// The tables that rules write to.
    pub sinks: Vec<SinkTable>,
    /// The rules, by their numbers.
    pub rules: Vec<RuleInfo>,
    /// The ways from a message to a row: of a rule one for each input of its unions.
    pub branches: Vec<BranchDescription>,
    /// The columns by which branches are looked up.
    pub dispatch: Vec<DispatchDescription>,
    /// Branches that are tried for every message.
    pub always: Vec<usize>,
    /// Branches that make a row of no message, once.
    pub constants: Vec<usize>,
    /// What is read of JSON in text columns.
    pub json: Vec<JsonReads>,
    /// What is not run; the rules of these places have no branch, or one that is not to be run.
    pub refusals: Vec<Refusal>,
}

/// One way from a message to a row.
#[derive(Debug)]
pub struct BranchDescription {
    /// Number of its rule.
    pub rule: u16,
    /// Where its messages come from; none of a row of constants.
    pub source: Option<SourceId>,
    /// The columns that its expressions count.
    pub columns: Vec<Column>,
    /// Its conditions in the order in which they are tested, views and computed columns put in.
    pub conditions: Vec<Expr>,
    /// Which of them the dispatch answers.
    pub dispatched: Option<usize>,
    /// The row, in the order of the sink's columns.
    pub outputs: Vec<Expr>,
}

/// A column by which branches are looked up.
#[derive(Debug)]
pub struct DispatchDescription {
    /// Its name.
    pub column: String,
    /// The values that lead somewhere, sorted.
    pub values: Vec<TestedValue>,
}

/// A value, and where it leads.
#[derive(Debug)]
pub struct TestedValue {
    /// As a literal.
    pub text: String,
    /// The branches that are tried.
    pub branches: Vec<usize>,
}

/// Paths that are read in one walk through a column's JSON.
#[derive(Debug)]
pub struct JsonReads {
    /// The column that holds the text.
    pub column: String,
    /// The paths.
    pub paths: Vec<PathReads>,
}

/// A path, and who asks for it.
#[derive(Debug)]
pub struct PathReads {
    /// The path.
    pub path: JsonPath,
    /// The branches that ask for it.
    pub branches: Vec<usize>,
}
