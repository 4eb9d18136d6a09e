//! Queries: sqlparser reads them, after the few clauses that it does not know are taken out.

use crate::lexer::bytes;
use crate::parse::Reading;
use crate::parse::cursor::{Cursor, Read, is_word};
use crate::plan::Span;
use crate::suggest::closest;
use crate::syntax::ReadQuery;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// A clause at a statement's end that is recognised and cut off.
pub(crate) struct Suffix {
    construct: &'static str,
    span: Span,
}

/// Takes out what sqlparser cannot read: MATCH_RECOGNIZE's `WITHIN` and timeout clauses, and an
/// `EMIT` at the end, which is given back.
pub(crate) fn prepare(mut tokens: Vec<TokenWithSpan>) -> (Vec<TokenWithSpan>, Option<Suffix>) {
    if tokens
        .iter()
        .any(|token| is_word(&token.token, "MATCH_RECOGNIZE"))
    {
        tokens = without_match_clauses(tokens);
    }
    let mut depth = 0usize;
    let emit = tokens.iter().enumerate().position(|(index, token)| {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
            && index > 0
            && is_word(&token.token, "EMIT")
            && [
                "WITH", "WITHOUT", "BEFORE", "AFTER", "ON", "STREAM", "CHANGES",
            ]
            .iter()
            .any(|word| {
                tokens
                    .get(index + 1)
                    .is_some_and(|next| is_word(&next.token, word))
            })
    });
    let suffix = emit.map(|index| {
        let cut = tokens.split_off(index);
        let start = cut
            .first()
            .map_or(Span::default(), |token| bytes(token.span));
        let end = cut.last().map_or(start, |token| bytes(token.span));
        Suffix {
            construct: "EMIT",
            span: start.to(end),
        }
    });
    (tokens, suffix)
}

fn without_match_clauses(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    const TIMEOUTS: [[&str; 3]; 2] = [["SHOW", "TIMEOUT", "MATCHES"], ["WITH", "TIMEOUT", "ROWS"]];
    let words = |at: usize, words: &[&str]| {
        words.iter().enumerate().all(|(n, word)| {
            tokens
                .get(at + n)
                .is_some_and(|token| is_word(&token.token, word))
        })
    };
    let mut out = Vec::with_capacity(tokens.len());
    let mut index = 0;
    while index < tokens.len() {
        if TIMEOUTS.iter().any(|timeout| words(index, timeout)) {
            index += 3;
        } else if words(index, &["WITHIN", "INTERVAL"]) {
            let define = (index..tokens.len()).find(|&at| words(at, &["DEFINE"]));
            index = define.unwrap_or(tokens.len());
        } else {
            out.push(tokens[index].clone());
            index += 1;
        }
    }
    out
}

/// Reads a query at the parser's place.
pub(crate) fn read(
    reading: &Reading<'_>,
    parser: &mut Parser,
    suffix: Option<&Suffix>,
) -> Read<ReadQuery> {
    if !["SELECT", "WITH", "VALUES"]
        .iter()
        .any(|word| parser.peek_word(0, word))
        && !parser.peek_is(0, &Token::LParen)
    {
        let diagnostic = *parser.unexpected("SELECT, VALUES or WITH");
        let found = parser.peek_token_ref().token.to_string();
        let near = closest(&found, ["SELECT", "VALUES", "WITH"]);
        let help = near.map(|near| format!("did you mean {near}?"));
        return Err(Box::new(diagnostic.help_if(help)));
    }
    let query = parser
        .parse_query()
        .map_err(|error| reading.parser_error(&error, parser))?;
    Ok(match suffix {
        None => ReadQuery::Query(query),
        Some(suffix) => ReadQuery::NotBuilt {
            construct: suffix.construct.to_owned(),
            span: suffix.span,
        },
    })
}
