//! Statements to a program: names and types are resolved, conversions put in, views inlined.
//!
//! Binding goes on after an error as long as what follows does not hang on it: an expression that
//! failed stops its SELECT, not its neighbours.

mod call;
mod catalog;
mod collections;
mod conditions;
mod convert;
mod expr;
mod from;
mod insert;
mod json_calls;
mod json_value;
mod literal;
pub(crate) mod measure;
mod operators;
mod output;
mod query;
mod reserved;
mod scope;
mod select;
mod settings;
mod spans;
mod tables;
mod text_syntax;
mod time_syntax;
mod type_of;
mod views;

use crate::bind::catalog::Catalog;
use crate::bind::reserved::is_reserved;
use crate::bind::spans::TokenIndex;
use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::parse::RuleDialect;
use crate::plan::{Dialect, Program, Span};
use crate::source::SourceFile;
use crate::syntax::{Name, Script};
use sqlparser::tokenizer::TokenWithSpan;
use std::collections::HashSet;

pub(crate) use json_calls::JSON_FUNCTIONS;
pub(crate) use settings::{FileSettings, dialect_of, no_such_zone};

/// Why something could not be bound.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// It is reported.
    Reported,
    /// It is understood, and no operator is built for it.
    NotBuilt(NotBuilt),
}

/// A construct without an operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NotBuilt {
    pub(crate) construct: String,
    pub(crate) span: Span,
}

/// What binding gives.
pub(crate) type Bound<T> = Result<T, Stop>;

/// All or the worst: an error goes before a construct that is not built.
pub(crate) fn all<T>(results: impl IntoIterator<Item = Bound<T>>) -> Bound<Vec<T>> {
    let mut values = Vec::new();
    let mut stop = None;
    for result in results {
        match (result, &stop) {
            (Ok(value), _) => values.push(value),
            (Err(Stop::Reported), _) => stop = Some(Stop::Reported),
            (Err(other), None) => stop = Some(other),
            (Err(_), Some(_)) => {}
        }
    }
    stop.map_or(Ok(values), Err)
}

/// What binding works with.
pub(crate) struct Binder<'a> {
    pub(crate) dialect: Dialect,
    text: &'a str,
    /// Holds the types that casts name.
    carried: &'a RuleDialect,
    tokens: TokenIndex,
    diagnostics: &'a mut Diagnostics,
    catalog: Catalog,
    /// Of `WITH`, innermost last.
    ctes: Vec<views::NamedQuery>,
    /// The view that is being bound, last, and those below it in the text.
    later_views: Vec<Name>,
    /// Nodes of all plans so far.
    nodes: usize,
    /// The SELECT that is being bound, for what has no span of its own.
    place: Span,
    /// The names that its list gives.
    aliases: Vec<String>,
    /// Names of which is told that Flink reserves them.
    reserved: HashSet<String>,
}

/// Binds a file's statements.
pub(crate) fn bind(
    file: &SourceFile,
    script: &Script,
    tokens: &[TokenWithSpan],
    settings: FileSettings,
    carried: &RuleDialect,
    diagnostics: &mut Diagnostics,
) -> Program {
    let mut binder = Binder {
        dialect: settings.dialect,
        text: &file.text,
        carried,
        tokens: TokenIndex::new(tokens),
        diagnostics,
        catalog: Catalog::new(&script.unreadable),
        ctes: Vec::new(),
        later_views: Vec::new(),
        nodes: 0,
        place: Span::default(),
        aliases: Vec::new(),
        reserved: HashSet::new(),
    };
    for table in &script.tables {
        binder.declare_table(table);
    }
    for table in &script.tables {
        binder.bind_computed_columns(table);
    }
    binder.declare_views(&script.views);
    let rules = binder.bind_inserts(file.stem(), &script.inserts);
    if script.inserts.is_empty() && !binder.diagnostics.has_errors() {
        let end = u32::try_from(file.text.len()).unwrap_or(u32::MAX);
        binder.diagnostics.push(
            Diagnostic::new(
                Code::NoRules,
                Span { start: end, end },
                "the file has no rules",
            )
            .help("a rule is INSERT INTO a sink SELECT .. FROM a source"),
        );
    }
    Program {
        name: file.stem().to_owned(),
        dialect: settings.dialect,
        zone: settings.zone,
        tables: binder.catalog.into_tables(),
        rules,
    }
}

impl Binder<'_> {
    /// Reports an error; gives what its caller returns.
    fn fail(&mut self, diagnostic: Diagnostic) -> Stop {
        self.diagnostics.push(diagnostic);
        Stop::Reported
    }

    /// Stops at a construct without an operator, and names it.
    fn not_built<T>(&mut self, construct: impl Into<String>, span: Span) -> Bound<T> {
        let construct = construct.into();
        let span = self.tokens.closed(span);
        self.warn(
            Diagnostic::new(
                Code::NotBuilt,
                span,
                format!("{construct} is not built yet"),
            )
            .label("understood, but rules that use it cannot run"),
        );
        Err(Stop::NotBuilt(NotBuilt { construct, span }))
    }

    /// Reports a warning.
    fn warn(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Warns of a bare name that Flink reserves, where it first stands.
    fn check_reserved(&mut self, name: &Name) {
        let refused = self.dialect == Dialect::Flink && !name.quoted && is_reserved(&name.text);
        if refused && self.reserved.insert(name.text.clone()) {
            self.warn(
                Diagnostic::new(
                    Code::ReservedInFlink,
                    name.span,
                    format!("Flink reserves the word `{}`", name.text),
                )
                .help(format!(
                    "write `{}` in back-quotes wherever it stands, and Flink takes it too",
                    name.text
                )),
            );
        }
    }
}
