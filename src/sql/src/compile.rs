//! The way from a text to a program.

use crate::bind::{FileSettings, bind, dialect_of, no_such_zone};
use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lexer::lex;
use crate::lint::{Allowed, Linter};
use crate::parse::{RuleDialect, parse};
use crate::plan::{Dialect, Program, Span};
use crate::source::SourceFile;
use rookery_model::limits::{SQL_FILE_MAX_BYTES, SQL_STACK_BYTES};

/// What a file is read with, unless it says otherwise itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// The language; blink if neither this nor `SET 'rookery.dialect'` says one.
    pub dialect: Option<Dialect>,
    /// The job's zone; the language's own if neither this nor `SET 'table.local-time-zone'` says one.
    pub zone: Option<String>,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// What it means; none if there is an error among the diagnostics.
    pub program: Option<Program>,
    /// Errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The zone that the file sets, as the plan spells it, and where.
    pub zone: Option<(String, Span)>,
}

impl Compiled {
    /// Makes an error of the zone that the file sets: whether it exists is known to whoever has the zone
    /// tables.
    pub fn refuse_zone(&mut self) {
        let Some((zone, span)) = self.zone.take() else {
            return;
        };
        let at = self
            .diagnostics
            .partition_point(|found| found.span.start <= span.start);
        self.diagnostics.insert(at, no_such_zone(&zone, span));
        self.program = None;
    }
}

/// Reads and binds a rule file. All of its errors come in one run, as far as one does not hide
/// another.
#[must_use]
pub fn compile(file: &SourceFile, options: &CompileOptions) -> Compiled {
    if file.text.len() > SQL_FILE_MAX_BYTES {
        let diagnostic = Diagnostic::new(
            Code::TooLarge,
            Span::default(),
            format!(
                "the file has {} bytes, over the limit of {SQL_FILE_MAX_BYTES}",
                file.text.len()
            ),
        )
        .help("split it; each file is a catalogue of its own");
        return Compiled {
            program: None,
            diagnostics: vec![diagnostic],
            zone: None,
        };
    }
    // Parser and binder recurse as deep as a statement nests, which is bounded; the caller's stack
    // may be a shard's or a test's.
    stacker::grow(SQL_STACK_BYTES, || compile_here(file, options))
}

fn compile_here(file: &SourceFile, options: &CompileOptions) -> Compiled {
    let mut diagnostics = Diagnostics::default();
    let lexed = lex(&file.text, &RuleDialect::default(), &mut diagnostics);
    let language = dialect_of(&lexed.tokens, options);
    let dialect = RuleDialect::new(language);
    let script = parse(&lexed, &dialect, &mut diagnostics);
    let allowed = Allowed::read(&file.text, &lexed.tokens, &mut diagnostics);
    let settings = FileSettings::read(&script, language, options, &mut diagnostics);
    let zone_is_set = settings.zone_is_set;
    let zone = settings.zone_span.map(|span| (settings.zone.clone(), span));
    let program = bind(
        file,
        &script,
        &lexed.tokens,
        settings,
        &dialect,
        &mut diagnostics,
    );
    let sound = !diagnostics.has_errors();
    let linter = Linter {
        program: &program,
        script: &script,
        text: &file.text,
        zone_is_set,
        diagnostics: &mut diagnostics,
    };
    linter.run();
    Compiled {
        program: sound.then_some(program),
        diagnostics: allowed.apply(diagnostics.into_sorted()),
        zone,
    }
}
