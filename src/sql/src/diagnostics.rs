//! What is wrong with a rule file, where, and what to write instead.

use crate::code::Code;
use crate::plan::Span;
use crate::source::{BYTE_ORDER_MARK, LineColumn, SourceFile};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use rookery_model::limits::SQL_DIAGNOSTICS_MAX;
use std::borrow::Cow;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file gives no program.
    Error,
    /// The file works, but perhaps not as meant.
    Warning,
}

/// Another place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// What it has to do with it.
    pub label: String,
}

/// One finding in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// What kind, stable.
    pub code: Code,
    /// Where, in bytes of the text.
    pub span: Span,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// What stands under the span.
    pub label: Option<String>,
    /// Facts that explain it, such as the two column lists.
    pub notes: Vec<String>,
    /// What to write instead.
    pub help: Vec<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// A finding; its severity follows from its code.
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        let severity = if code.is_warning() {
            Severity::Warning
        } else {
            Severity::Error
        };
        Self {
            severity,
            code,
            span,
            message: message.into(),
            label: None,
            notes: Vec::new(),
            help: Vec::new(),
            related: Vec::new(),
        }
    }

    /// Says what stands under the span.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a fact.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a remedy.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds a remedy, if there is one.
    pub(crate) fn help_if(mut self, help: Option<String>) -> Self {
        self.help.extend(help);
        self
    }

    /// Adds another place.
    pub(crate) fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push(Related {
            span,
            label: label.into(),
        });
        self
    }

    /// Line and column of its start.
    #[must_use]
    pub fn position(&self, file: &SourceFile) -> LineColumn {
        file.line_column(self.span.start)
    }

    /// The finding as text: title with code, file, line and column, the lines with the span under
    /// them, notes and help. Ends without a newline.
    #[must_use]
    pub fn render(&self, file: &SourceFile, color: bool) -> String {
        let window = Window::around(self, &file.text);
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut snippet = Snippet::source(window.text.as_ref())
            .path(file.path.as_str())
            .line_start(window.first_line)
            .annotation(
                AnnotationKind::Primary
                    .span(window.range(self.span))
                    .label(self.label.as_deref()),
            );
        for related in &self.related {
            snippet = snippet.annotation(
                AnnotationKind::Context
                    .span(window.range(related.span))
                    .label(related.label.as_str()),
            );
        }
        let mut group: Group<'_> = level
            .primary_title(self.message.as_str())
            .id(self.code.as_str())
            .element(snippet);
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }
}

/// The lines of a file that a finding touches, so that rendering does not cost the whole text.
struct Window<'a> {
    /// Of lines that end as Windows ends them, without the sign that shows.
    text: Cow<'a, str>,
    first_line: usize,
    offset: usize,
}

impl<'a> Window<'a> {
    fn around(diagnostic: &Diagnostic, text: &'a str) -> Self {
        let all = diagnostic
            .related
            .iter()
            .fold(diagnostic.span, |span, related| span.to(related.span));
        let clamp = |offset: u32| {
            let mut offset = (offset as usize).min(text.len());
            while !text.is_char_boundary(offset) {
                offset -= 1;
            }
            offset
        };
        let (start, end) = (clamp(all.start), clamp(all.end));
        let offset = match text[..start].rfind('\n') {
            Some(newline) => newline + 1,
            None if text.starts_with(BYTE_ORDER_MARK) => BYTE_ORDER_MARK.len_utf8(),
            None => 0,
        };
        let end = end.max(offset);
        let end = text[end..]
            .find('\n')
            .map_or(text.len(), |newline| end + newline);
        let lines = &text[offset..end];
        let lines = lines.strip_suffix('\r').unwrap_or(lines);
        Self {
            text: match lines.contains("\r\n") {
                true => Cow::Owned(lines.replace("\r\n", " \n")),
                false => Cow::Borrowed(lines),
            },
            first_line: text[..offset].bytes().filter(|&b| b == b'\n').count() + 1,
            offset,
        }
    }

    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let clamp = |offset: u32| {
            (offset as usize)
                .saturating_sub(self.offset)
                .min(self.text.len())
        };
        let start = clamp(span.start);
        start..clamp(span.end).max(start)
    }
}

/// Findings of one file, as they come.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    list: Vec<Diagnostic>,
    errors: usize,
    left_out: usize,
}

impl Diagnostics {
    /// Takes a finding, unless the same stands there already. At the limit an error takes the place
    /// of a warning.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        let seen = self
            .list
            .iter()
            .any(|other| other.code == diagnostic.code && other.span == diagnostic.span);
        if seen {
            return;
        }
        let is_error = diagnostic.severity == Severity::Error;
        self.errors += usize::from(is_error);
        if self.list.len() < SQL_DIAGNOSTICS_MAX {
            self.list.push(diagnostic);
            return;
        }
        self.left_out += 1;
        let warning = self
            .list
            .iter_mut()
            .rfind(|other| other.severity == Severity::Warning);
        if let (true, Some(warning)) = (is_error, warning) {
            *warning = diagnostic;
        }
    }

    /// Whether no more errors are taken.
    pub(crate) fn is_full(&self) -> bool {
        self.errors >= SQL_DIAGNOSTICS_MAX
    }

    /// Whether there is an error among them.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The findings in the order of the text.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_key(|d| (d.span.start, d.span.end, d.severity, d.code));
        if self.left_out > 0
            && let Some(last) = self.list.last_mut()
        {
            last.notes.push(format!(
                "{} more findings are left out; the limit is {SQL_DIAGNOSTICS_MAX} a file",
                self.left_out
            ));
        }
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile {
            path: "water.sql".into(),
            text: text.into(),
        }
    }

    #[test]
    fn lines_that_windows_ended_show_no_sign_of_it() {
        let file = file("select\r\n\timel,\r\n\t中\r\nfrom s;\r\n");
        let start = file.text.find("imel").expect("in the text");
        let end = file.text.find("from").expect("in the text");
        for span in [Span::new(start, start + 4), Span::new(start, end - 2)] {
            let diagnostic = Diagnostic::new(Code::UnknownColumn, span, "no column `imel`");
            let rendered = diagnostic.render(&file, false);
            assert!(rendered.contains("water.sql:2:2"), "{rendered}");
            assert!(!rendered.contains(['\r', '␍']), "{rendered}");
        }
    }

    #[test]
    fn a_byte_order_mark_moves_nothing() {
        let bare = SourceFile {
            path: "a.sql".into(),
            text: "选择 x".into(),
        };
        let marked = SourceFile {
            text: format!("\u{feff}{}", bare.text),
            ..bare.clone()
        };
        let at = |start| Diagnostic::new(Code::UnknownColumn, Span::new(start, start + 1), "x");
        assert_eq!(at(7).render(&bare, false), at(10).render(&marked, false));
        assert!(at(0).render(&marked, false).contains("a.sql:1:1"));
    }

    #[test]
    fn rendering_names_file_line_column_and_points_under_chinese_text() {
        let file = file("-- 水单\nselect '中文', imel from 来源;\n");
        let start = file.text.find("imel").expect("in the text");
        let diagnostic = Diagnostic::new(
            Code::UnknownColumn,
            Span::new(start, start + 4),
            "no column `imel`",
        )
        .label("not in `来源`")
        .help("did you mean `imei`?");
        assert_eq!(
            diagnostic.position(&file),
            LineColumn {
                line: 2,
                column: 14
            }
        );
        assert_eq!(
            diagnostic.render(&file, false),
            "error[E0202]: no column `imel`\n \
             --> water.sql:2:14\n  \
             |\n\
             2 | select '中文', imel from 来源;\n  \
             |                ^^^^ not in `来源`\n  \
             |\n  \
             = help: did you mean `imei`?"
        );
    }

    #[test]
    fn severity_follows_the_code_and_doubles_are_dropped() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(Diagnostic::new(Code::NoRules, Span::new(0, 1), "no rules"));
        assert!(!diagnostics.has_errors());
        diagnostics.push(Diagnostic::new(
            Code::UnexpectedToken,
            Span::new(0, 0),
            "one",
        ));
        diagnostics.push(Diagnostic::new(
            Code::UnexpectedToken,
            Span::new(0, 0),
            "two",
        ));
        assert!(diagnostics.has_errors());
        let list = diagnostics.into_sorted();
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].message, "one");
        assert_eq!(list[1].severity, Severity::Warning);
    }

    #[test]
    fn errors_take_the_place_of_warnings_at_the_limit() {
        let mut diagnostics = Diagnostics::default();
        for i in 0..SQL_DIAGNOSTICS_MAX {
            diagnostics.push(Diagnostic::new(Code::Narrowing, Span::new(i, i + 1), "w"));
        }
        assert!(!diagnostics.has_errors());
        diagnostics.push(Diagnostic::new(Code::Narrowing, Span::new(900, 901), "w"));
        assert!(!diagnostics.has_errors());
        diagnostics.push(Diagnostic::new(
            Code::UnknownTable,
            Span::new(950, 951),
            "e",
        ));
        assert!(diagnostics.has_errors() && !diagnostics.is_full());
        let list = diagnostics.into_sorted();
        assert_eq!(list.len(), SQL_DIAGNOSTICS_MAX);
        assert_eq!(list.last().expect("some").message, "e");
    }

    #[test]
    fn findings_are_bounded() {
        let mut diagnostics = Diagnostics::default();
        for i in 0..SQL_DIAGNOSTICS_MAX + 5 {
            diagnostics.push(Diagnostic::new(
                Code::UnexpectedToken,
                Span::new(i, i + 1),
                "x",
            ));
        }
        let list = diagnostics.into_sorted();
        assert_eq!(list.len(), SQL_DIAGNOSTICS_MAX);
        assert_eq!(
            list.last().expect("some").notes,
            [format!(
                "5 more findings are left out; the limit is {SQL_DIAGNOSTICS_MAX} a file"
            )]
        );
    }
}
