//! Limits that are checked on the tokens, before anything recurses over them.

use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::parse::cursor::{Read, is_word};
use crate::plan::Span;
use rookery_model::limits::{SQL_NESTING_MAX, SQL_OPERATORS_MAX};
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Words that make sqlparser's tree one level deeper, as operators do.
const OPERATOR_WORDS: &[&str] = &[
    "AND",
    "OR",
    "NOT",
    "IS",
    "IN",
    "LIKE",
    "BETWEEN",
    "SIMILAR",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "COLLATE",
    "AT",
];

/// Refuses statements that would make a tree deeper than the stack holds: brackets count as levels,
/// and the operators of one expression as a chain, whose tree is as deep as it is long.
pub(crate) fn check(tokens: &[TokenWithSpan]) -> Read<()> {
    let mut open: Vec<usize> = vec![0];
    let mut operators = 0;
    for token in tokens {
        match &token.token {
            Token::LParen | Token::LBracket => {
                if open.len() > SQL_NESTING_MAX {
                    return Err(Box::new(too_deep(bytes(token.span))));
                }
                // A subscript is an operator on what stands before it.
                operators += count(&mut open);
                open.push(0);
            }
            Token::RParen | Token::RBracket if open.len() > 1 => {
                operators -= open.pop().unwrap_or(0);
            }
            Token::Comma => {
                if let Some(top) = open.last_mut() {
                    operators -= *top;
                    *top = 0;
                }
            }
            other if is_operator(other) => operators += count(&mut open),
            _ => {}
        }
        if operators > SQL_OPERATORS_MAX {
            return Err(Box::new(too_many(bytes(token.span))));
        }
    }
    Ok(())
}

fn count(open: &mut [usize]) -> usize {
    if let Some(top) = open.last_mut() {
        *top += 1;
    }
    1
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(_) => OPERATOR_WORDS.iter().any(|word| is_word(token, word)),
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::RParen
        | Token::RBracket
        | Token::Comma
        | Token::EOF => false,
        _ => true,
    }
}

/// The error of too deep nesting.
pub(crate) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::TooDeep,
        span,
        format!("nested deeper than {SQL_NESTING_MAX} levels"),
    )
    .label("one level too many")
    .help("give an inner part a name with CREATE VIEW")
}

fn too_many(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::TooDeep,
        span,
        format!("an expression of more than {SQL_OPERATORS_MAX} operators"),
    )
    .label("one operator too many")
    .help("write `x IN (a, b, ..)` for `x = a OR x = b OR ..`, or split it with CREATE VIEW")
}
