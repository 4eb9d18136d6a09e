//! `-- rookery:allow(E0310)`: silences warnings of the line that it stands in, or of the next line that
//! is not a comment, where it stands alone.

use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lexer::{bytes, is_space, line_comment};
use crate::plan::Span;
use sqlparser::tokenizer::TokenWithSpan;

const MARK: &str = "rookery:allow";

/// What a file's comments allow.
pub(crate) struct Allowed {
    list: Vec<Allow>,
    /// Bytes at which lines begin.
    lines: Vec<u32>,
}

struct Allow {
    code: Code,
    /// Where the code stands.
    span: Span,
    /// The line whose warnings it silences, from 0.
    line: usize,
    used: bool,
}

impl Allowed {
    /// Reads the comments of a file; reports what names no warning.
    pub(crate) fn read(
        text: &str,
        tokens: &[TokenWithSpan],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let newlines = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = newlines.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
        let mut allowed = Self {
            list: Vec::new(),
            lines: std::iter::once(0).chain(starts).collect(),
        };
        for (at, token) in tokens.iter().enumerate() {
            let Some(comment) = line_comment(&token.token) else {
                continue;
            };
            let rest = comment.trim_start();
            let Some(list) = rest.strip_prefix(MARK) else {
                continue;
            };
            let start = bytes(token.span).start as usize + 2 + (comment.len() - rest.len());
            let line = allowed.target(tokens, at);
            allowed.read_list(list, start, line, diagnostics);
        }
        allowed
    }

    /// The line that a comment speaks of: its own if code stands before it, else that of the next code.
    fn target(&self, tokens: &[TokenWithSpan], at: usize) -> usize {
        let own = self.line_of(bytes(tokens[at].span).start);
        let code = |token: &&TokenWithSpan| !is_space(&token.token);
        let before = tokens[..at].iter().rev().find(code);
        // A token may end in this line though it began in another.
        if before.is_some_and(|token| self.line_of(bytes(token.span).end.saturating_sub(1)) == own)
        {
            return own;
        }
        let next = tokens[at..].iter().find(code);
        next.map_or(own, |token| self.line_of(bytes(token.span).start))
    }

    /// Reads `(E0310, E0311)`.
    fn read_list(
        &mut self,
        list: &str,
        mark_start: usize,
        line: usize,
        diagnostics: &mut Diagnostics,
    ) {
        let span = |from: usize, to: usize| Span::new(mark_start + from, mark_start + to);
        let inside = list
            .trim_start()
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .map(|(inside, _)| inside)
            .filter(|inside| !inside.trim().is_empty());
        let Some(inside) = inside else {
            diagnostics.push(
                Diagnostic::new(
                    Code::InvalidAllow,
                    span(0, MARK.len()),
                    "this comment names no warning to silence",
                )
                .help("write -- rookery:allow(E0310), with the code that `rookery check` prints"),
            );
            return;
        };
        let blank = list.len() - list.trim_start().len();
        let mut at = MARK.len() + blank + 1;
        for part in inside.split(',') {
            let name = part.trim();
            let start = at + (part.len() - part.trim_start().len());
            at += part.len() + 1;
            let span = span(start, start + name.len());
            match Code::parse(name) {
                Some(code) if code.is_warning() => self.list.push(Allow {
                    code,
                    span,
                    line,
                    used: false,
                }),
                other => diagnostics.push(not_a_warning(name, other, span)),
            }
        }
    }

    /// Leaves out the warnings that are allowed, and reports comments that silenced nothing.
    pub(crate) fn apply(mut self, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.list.is_empty() {
            return findings;
        }
        let mut kept = Vec::with_capacity(findings.len());
        for finding in findings {
            let line = self.line_of(finding.span.start);
            let mut silenced = false;
            for allow in &mut self.list {
                if allow.code == finding.code && allow.line == line {
                    allow.used = true;
                    silenced = true;
                }
            }
            if !silenced {
                kept.push(finding);
            }
        }
        let unused = self.list.iter().filter(|allow| !allow.used);
        kept.extend(unused.map(|allow| {
            Diagnostic::new(
                Code::UnusedAllow,
                allow.span,
                format!("there is no {} to silence here", allow.code),
            )
            .help("delete it, or put it in the line of the warning or right before that line")
        }));
        kept.sort_by_key(|finding| (finding.span.start, finding.span.end));
        kept
    }

    fn line_of(&self, byte: u32) -> usize {
        self.lines.partition_point(|&start| start <= byte) - 1
    }
}

fn not_a_warning(name: &str, code: Option<Code>, span: Span) -> Diagnostic {
    match code {
        Some(code) => Diagnostic::new(
            Code::InvalidAllow,
            span,
            format!("{code} is an error, which no comment silences"),
        )
        .help(format!(
            "`rookery explain-error {code}` says what to write instead"
        )),
        None => Diagnostic::new(
            Code::InvalidAllow,
            span,
            format!("there is no warning `{name}`"),
        )
        .help("write the code that `rookery check` prints, such as E0310"),
    }
}
