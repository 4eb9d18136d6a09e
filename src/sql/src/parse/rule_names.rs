//! `-- rule: name` comments, which name the INSERT that follows.

use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lexer::{bytes, line_comment};
use crate::plan::Span;
use crate::syntax::Name;
use sqlparser::tokenizer::TokenWithSpan;

/// All such comments of a file, in order.
pub(crate) struct RuleNames {
    comments: Vec<Comment>,
}

struct Comment {
    name: Name,
    used: bool,
}

impl RuleNames {
    /// Finds them among a file's tokens.
    pub(crate) fn find(tokens: &[TokenWithSpan]) -> Self {
        let comments = tokens.iter().filter_map(rule_comment);
        Self {
            comments: comments.map(|name| Comment { name, used: false }).collect(),
        }
    }

    /// The name for an INSERT that begins at a byte: of the comments before it that no earlier
    /// statement took, the last.
    pub(crate) fn take(&mut self, insert: u32, statement_before: u32) -> Option<Name> {
        let index = self.comments.iter().rposition(|comment| {
            !comment.used && (statement_before..insert).contains(&comment.name.span.start)
        })?;
        self.comments[index].used = true;
        Some(self.comments[index].name.clone())
    }

    /// Warns of those that named nothing.
    pub(crate) fn report_unused(&self, diagnostics: &mut Diagnostics) {
        for comment in self.comments.iter().filter(|comment| !comment.used) {
            diagnostics.push(
                Diagnostic::new(
                    Code::UnusedRuleName,
                    comment.name.span,
                    format!("`rule: {}` stands before no INSERT", comment.name.text),
                )
                .help("put the comment right before the INSERT that it names"),
            );
        }
    }
}

fn rule_comment(token: &TokenWithSpan) -> Option<Name> {
    let text = line_comment(&token.token)?;
    let rest = text.trim_start();
    let (word, name) = rest.split_once(':')?;
    if !word.trim_end().eq_ignore_ascii_case("rule") || name.trim().is_empty() {
        return None;
    }
    let span = bytes(token.span);
    // The comment's text ends at the token's end, less the newline that may belong to it.
    let name_start = span.start as usize + 2 + (text.len() - rest.len()) + word.len() + 1;
    let blank = name.len() - name.trim_start().len();
    let start = name_start + blank;
    Some(Name {
        text: name.trim().to_owned(),
        span: Span::new(start, start + name.trim().len()),
        quoted: true,
    })
}
