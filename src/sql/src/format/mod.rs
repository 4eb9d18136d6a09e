//! Rule files in one style: comments stay where they are, nothing but blanks and the case of keywords
//! changes.
//!
//! - `items`: the lexer's tokens with what stood between them;
//! - `roles`: what each token is where it stands: keyword, bracket of what, tight to its neighbour;
//! - `layout`: where lines break;
//! - `same`: that the text means what it meant.
//!
//! Lines break by widths of tokens, never by how they were broken before, so formatting twice changes
//! nothing more. Only comments and blank lines keep to the lines they had.

mod items;
mod keywords;
mod layout;
mod roles;
mod same;

use crate::compile::{CompileOptions, compile};
use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::lexer::{Lexed, lex};
use crate::parse::RuleDialect;
use crate::source::SourceFile;
use items::Item;

/// The file's text in the house's style. What does not mean the same afterwards is left as it was.
///
/// # Errors
/// The file has errors of syntax: these, and the warnings among them.
pub fn format(file: &SourceFile) -> Result<String, Vec<Diagnostic>> {
    let before = compile(file, &CompileOptions::default());
    let is_syntax =
        |found: &Diagnostic| found.severity == Severity::Error && found.code.as_str() < "E0200";
    if before.diagnostics.iter().any(is_syntax) {
        return Err(before.diagnostics);
    }
    let lexed = lexed(&file.text);
    let items = items::items(&file.text, &lexed);
    for keywords in [true, false] {
        let text = layout::lay_out(&roles::classify(&items, keywords));
        let after = SourceFile {
            path: file.path.clone(),
            text,
        };
        if same_tokens(&items, &after.text)
            && same::same(&before, &compile(&after, &CompileOptions::default()))
        {
            return Ok(after.text);
        }
    }
    Ok(file.text.clone())
}

fn lexed(text: &str) -> Lexed {
    lex(text, &RuleDialect::default(), &mut Diagnostics::default())
}

/// Whether a text has the same tokens and comments, but for the case of bare words.
fn same_tokens(items: &[Item<'_>], text: &str) -> bool {
    let lexed = lexed(text);
    let others = items::items(text, &lexed);
    items.len() == others.len()
        && items.iter().zip(&others).all(|(item, other)| {
            item.text == other.text
                || (item.is_word() && other.is_word() && item.text.eq_ignore_ascii_case(other.text))
        })
}

#[cfg(test)]
mod tests;
