//! Tokens as the formatter sees them.

use crate::lexer::{Lexed, bytes};
use sqlparser::tokenizer::{Token, Whitespace};

/// What a token is, alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word without quotes.
    Word,
    /// A quoted name.
    Name,
    /// A text literal.
    Text,
    /// A number.
    Number,
    /// `(` or `[`
    Open,
    /// `)` or `]`
    Close,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `.`
    Period,
    /// Anything else that is no comment.
    Operator,
    /// `-- ..`
    LineComment,
    /// `/* .. */`
    BlockComment,
}

/// A token or a comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'t> {
    /// As written; of a line comment without blanks at its end.
    pub text: &'t str,
    /// What it is.
    pub kind: Kind,
    /// How many lines end between it and what stands before.
    pub breaks: usize,
    /// Whether nothing stands between it and what stands before.
    pub adjacent: bool,
}

impl Item<'_> {
    /// Whether it is a bare word.
    pub fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }
}

/// The tokens and comments of a text.
pub(super) fn items<'t>(text: &'t str, lexed: &Lexed) -> Vec<Item<'t>> {
    let mut items = Vec::new();
    let mut end = 0;
    for token in &lexed.tokens {
        let Some(kind) = kind(&token.token) else {
            continue;
        };
        let span = bytes(token.span);
        let start = span.start as usize;
        let mut slice = &text[start..span.end as usize];
        if kind == Kind::LineComment {
            slice = slice.trim_end();
        }
        let gap = text.get(end..start).unwrap_or_default();
        items.push(Item {
            text: slice,
            kind,
            breaks: gap.bytes().filter(|&byte| byte == b'\n').count(),
            adjacent: gap.is_empty() && end > 0,
        });
        end = start + slice.len();
    }
    items
}

/// What a token is; nothing for blanks.
fn kind(token: &Token) -> Option<Kind> {
    Some(match token {
        Token::Whitespace(Whitespace::SingleLineComment { .. }) => Kind::LineComment,
        Token::Whitespace(Whitespace::MultiLineComment(_)) => Kind::BlockComment,
        Token::Whitespace(_) | Token::EOF => return None,
        Token::Word(word) if word.quote_style.is_some() => Kind::Name,
        Token::Word(_) => Kind::Word,
        Token::Number(..) => Kind::Number,
        Token::LParen | Token::LBracket => Kind::Open,
        Token::RParen | Token::RBracket => Kind::Close,
        Token::Comma => Kind::Comma,
        Token::SemiColon => Kind::Semicolon,
        Token::Period => Kind::Period,
        Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::HexStringLiteral(_) => Kind::Text,
        _ => Kind::Operator,
    })
}
