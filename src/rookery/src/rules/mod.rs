//! Rule files: found, read, compiled, and given this installation's connectors.

mod connectors;
mod error;
pub mod files;
mod roles;
mod tables;

pub use connectors::{connector_warnings, declared, span_of, without_code};
pub use error::RulesError;
pub use roles::roles;
pub use tables::{apply, check_sources, override_of, spec, toml_key};

use crate::cli;
use rookery_codecs::time::Zone;
use rookery_sql::plan::{Dialect, Program, Span};
use rookery_sql::{CompileOptions, Diagnostic, Severity, SourceFile};

/// A rule file and what it means.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Path and text.
    pub source: SourceFile,
    /// Its tables and rules, bound.
    pub program: Program,
}

/// What compiling a file found.
#[derive(Debug)]
pub struct Findings {
    /// The program, unless there is an error.
    pub program: Option<Program>,
    /// Errors and warnings in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a rule file under what the command line says.
pub fn compile(source: &SourceFile, language: &cli::Language) -> Findings {
    let options = CompileOptions {
        dialect: language.dialect.map(|dialect| match dialect {
            cli::Dialect::Blink => Dialect::Blink,
            cli::Dialect::Flink => Dialect::Flink,
        }),
        zone: language.zone.clone(),
    };
    let mut compiled = rookery_sql::compile(source, &options);
    let set = compiled.zone.as_ref();
    if set.is_some_and(|(zone, _)| Zone::parse(zone).is_err()) {
        compiled.refuse_zone();
    }
    Findings {
        program: compiled.program,
        diagnostics: compiled.diagnostics,
    }
}

/// How many errors and warnings there are.
pub fn count(diagnostics: &[Diagnostic]) -> (usize, usize) {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    (errors, diagnostics.len() - errors)
}

/// A span as a range of bytes.
pub fn bytes(span: Span) -> std::ops::Range<usize> {
    span.start as usize..span.end as usize
}
