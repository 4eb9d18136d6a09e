//! Findings as compilers print theirs: code, file, line, column, the line, the span under it.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use std::io::IsTerminal;
use std::ops::Range;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing starts.
    Error,
    /// It works, but perhaps not as meant.
    Warning,
}

/// One finding in a file.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// How bad.
    pub severity: Severity,
    /// Stable code, `E....`.
    pub code: &'a str,
    /// One sentence, without the code.
    pub message: &'a str,
    /// The file as the user named it.
    pub path: &'a str,
    /// Its text and the bytes in it, where the finding has a place.
    pub place: Option<(&'a str, Range<usize>)>,
    /// What to do, a line each.
    pub help: &'a [String],
}

impl Report<'_> {
    /// The finding on several lines, ending with a newline.
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(self.message).id(self.code);
        let mut group = match &self.place {
            Some((text, span)) => title.element(
                Snippet::source(*text)
                    .path(self.path)
                    .annotation(AnnotationKind::Primary.span(span.clone())),
            ),
            None => title.element(Origin::path(self.path)),
        };
        for line in self.help {
            group = group.element(Level::HELP.message(line.as_str()));
        }
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut rendered = renderer.render(&[group]);
        rendered.push('\n');
        rendered
    }
}

/// Whether a stream wants colour.
pub fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
