//! What a file means and its author may not: findings on the bound program, all of them warnings.
//!
//! Each file here is a subject. A lint fires only where it can name what goes wrong, and says what to
//! write instead; a comment `-- rookery:allow(E0310)` silences one in its line ([`allow`]).

mod allow;
mod arrays;
mod conditions;
mod constants;
mod dialects;
mod json_paths;
mod patterns;
mod points;
mod truth;
mod walk;
mod zone;

use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::plan::{Dialect, Program, Span, TableId};
use crate::syntax::Script;
use std::collections::BTreeMap;

pub(crate) use allow::Allowed;

/// How many places of one finding are marked beside the first.
const RELATED_MAX: usize = 4;

/// What the lints look at, and where their findings go.
pub(crate) struct Linter<'a> {
    pub(crate) program: &'a Program,
    pub(crate) script: &'a Script,
    pub(crate) text: &'a str,
    /// Whether the file, or whoever compiles it, says the job's zone.
    pub(crate) zone_is_set: bool,
    pub(crate) diagnostics: &'a mut Diagnostics,
}

impl Linter<'_> {
    /// Runs all lints.
    pub(crate) fn run(mut self) {
        let paths = json_paths::JsonPaths::find(self.program);
        self.dialects(&paths);
        self.arrays(&paths);
        self.points();
        self.conditions();
        self.zone();
        self.patterns();
    }

    /// Reports one finding for many places: the first is the finding's, the others are marked.
    fn report_places(
        &mut self,
        places: &[Span],
        label: &str,
        finding: impl FnOnce(Span) -> Diagnostic,
    ) {
        let [first, rest @ ..] = places else { return };
        let mut diagnostic = finding(*first);
        for place in rest.iter().take(RELATED_MAX) {
            diagnostic = diagnostic.related(*place, label);
        }
        if rest.len() > RELATED_MAX {
            diagnostic =
                diagnostic.note(format!("and in {} more places", rest.len() - RELATED_MAX));
        }
        self.warn(diagnostic);
    }

    fn warn(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn is_blink(&self) -> bool {
        self.program.dialect == Dialect::Blink
    }

    /// The text under a span.
    fn under(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    /// Whether what stands at a span begins with a word, in any case.
    fn begins_with(&self, span: Span, word: &str) -> bool {
        self.under(span)
            .get(..word.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
    }

    /// Where a column of a table is declared.
    fn column_span(&self, table: TableId, column: &str) -> Option<Span> {
        let declared = self.program.tables[table].span;
        let statement = self
            .script
            .tables
            .iter()
            .find(|t| t.name.span == declared)?;
        let column = statement.columns.iter().find(|c| c.name.text == column)?;
        Some(column.name.span)
    }
}

/// Places by what they have in common, each place once, in the order of the text.
#[derive(Default)]
struct Places {
    by_code: BTreeMap<Code, Vec<Span>>,
}

impl Places {
    fn add(&mut self, code: Code, span: Span) {
        let places = self.by_code.entry(code).or_default();
        if !places.contains(&span) {
            places.push(span);
        }
    }

    fn take(&mut self, code: Code) -> Vec<Span> {
        let mut places = self.by_code.remove(&code).unwrap_or_default();
        places.sort_by_key(|span| (span.start, span.end));
        places
    }
}
