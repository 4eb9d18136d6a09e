//! Spans of whole expressions. sqlparser's spans leave out keywords and brackets (`CAST(` before,
//! `IS NULL` behind); the tokens around them are found here.

use crate::lexer::{bytes, is_space};
use crate::plan::Span;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// The file's tokens by place, without whitespace.
#[derive(Debug, Default)]
pub(crate) struct TokenIndex {
    spans: Vec<Span>,
    /// For an opening bracket the index of the closing one; otherwise its own.
    closing: Vec<u32>,
}

impl TokenIndex {
    /// Indexes the tokens of a file.
    pub(crate) fn new(tokens: &[TokenWithSpan]) -> Self {
        let mut index = Self::default();
        let mut open = Vec::new();
        for token in tokens.iter().filter(|token| !is_space(&token.token)) {
            let here = u32::try_from(index.spans.len()).unwrap_or(u32::MAX);
            index.spans.push(bytes(token.span));
            index.closing.push(here);
            match token.token {
                Token::LParen | Token::LBracket => open.push(here),
                Token::RParen | Token::RBracket => {
                    if let Some(opening) = open.pop() {
                        index.closing[opening as usize] = here;
                    }
                }
                Token::SemiColon => open.clear(),
                _ => {}
            }
        }
        index
    }

    /// The span and `n` more tokens before it.
    pub(crate) fn before(&self, span: Span, n: usize) -> Span {
        let first = self.spans.partition_point(|token| token.start < span.start);
        match self.spans.get(first.saturating_sub(n)) {
            Some(token) if first >= n => token.to(span),
            _ => span,
        }
    }

    /// The span and `n` more tokens after it.
    pub(crate) fn after(&self, span: Span, n: usize) -> Span {
        let behind = self.spans.partition_point(|token| token.start < span.end);
        match self.spans.get((behind + n).saturating_sub(1)) {
            Some(token) => span.to(*token),
            None => span,
        }
    }

    /// The span and the bracket pair around it.
    pub(crate) fn bracketed(&self, span: Span) -> Span {
        self.after(self.before(span, 1), 1)
    }

    /// The span up to the brackets that close those opened in it.
    pub(crate) fn closed(&self, span: Span) -> Span {
        let first = self.spans.partition_point(|token| token.start < span.start);
        let behind = self.spans.partition_point(|token| token.start < span.end);
        let closing = self.closing.get(first..behind).unwrap_or_default();
        match closing.iter().max() {
            Some(&last) => span.to(self.spans[last as usize]),
            None => span,
        }
    }

    /// From a name to the bracket that closes its arguments; the name alone if it has none.
    pub(crate) fn call(&self, name: Span) -> Span {
        let behind = self.spans.partition_point(|token| token.start < name.end);
        match self.closing.get(behind) {
            Some(&closing) if closing as usize != behind => name.to(self.spans[closing as usize]),
            _ => name,
        }
    }
}
