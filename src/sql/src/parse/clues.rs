//! What was meant by a statement that cannot be read: the remedies that its tokens give away.

use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::parse::cursor::is_word;
use crate::plan::Span;
use crate::suggest::closest;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Words that may stand behind the columns of CREATE TABLE, or behind a part of a query.
const CLAUSES: &[&str] = &[
    "FROM", "WHERE", "GROUP", "UNION", "JOIN", "AND", "OR", "AS", "WITH",
];

/// Units as EXTRACT and its like take them.
const UNITS: &[&str] = &[
    "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND",
];

/// Adds what the tokens of a statement tell about its first fault, if nothing is said yet.
pub(super) fn add(diagnostic: Diagnostic, tokens: &[TokenWithSpan]) -> Diagnostic {
    if !diagnostic.help.is_empty() {
        return diagnostic;
    }
    let span = diagnostic.span;
    let at = tokens.partition_point(|token| bytes(token.span).start < span.start);
    let (before, from) = tokens.split_at(at);
    let found = from.first().map(|token| &token.token);
    let found_word = |word: &str| found.is_some_and(|token| is_word(token, word));
    let last = before.last().map(|token| &token.token);
    let last_word = |word: &str| last.is_some_and(|token| is_word(token, word));
    let expected = |what: &str| {
        let message = diagnostic.message.strip_prefix("expected ");
        message.is_some_and(|rest| rest.starts_with(what))
    };
    if expected("END,") || expected("WHEN,") {
        return of_case(diagnostic, before, found_word("THEN"));
    }
    let help = if let Some(found) = found.filter(|_| expected("a unit of time")) {
        unit(&found.to_string())
    } else if found == Some(&Token::RParen) && opened(before).is_empty() {
        Some("no bracket is open here: leave this one out".to_owned())
    } else if found_word("FROM") && last == Some(&Token::Comma) {
        Some("leave out the comma before FROM".to_owned())
    } else if found_word("NOTNULL") && last_word("IS") {
        Some("write IS NOT NULL".to_owned())
    } else if last_word("IN") && expected("`(`") {
        Some("write the list in brackets: IN (.., ..)".to_owned())
    } else if found == Some(&Token::Comma) && expected("AND") {
        Some("write BETWEEN .. AND ..".to_owned())
    } else if expected("NULL, TRUE") {
        Some(truth(found))
    } else if asks_with_if(tokens) {
        Some("write IF(condition, a, b), or CASE WHEN condition THEN a ELSE b END".to_owned())
    } else {
        found.and_then(|found| misspelt(found, last))
    };
    diagnostic.help_if(help)
}

/// A CASE that is not as it should be.
fn of_case(diagnostic: Diagnostic, before: &[TokenWithSpan], then: bool) -> Diagnostic {
    let mut open: Vec<Span> = Vec::new();
    for token in before {
        if is_word(&token.token, "CASE") {
            open.push(bytes(token.span));
        } else if is_word(&token.token, "END") {
            open.pop();
        }
    }
    let help = match then {
        true => "write CASE WHEN condition THEN .. END, or CASE value WHEN other THEN .. END",
        false => "a CASE ends with END",
    };
    match open.last() {
        Some(&case) => diagnostic.related(case, "this CASE").help(help),
        None => diagnostic.help(help),
    }
}

/// The brackets that are open behind some tokens.
fn opened(tokens: &[TokenWithSpan]) -> Vec<Span> {
    let mut open = Vec::new();
    for token in tokens {
        match token.token {
            Token::LParen => open.push(bytes(token.span)),
            Token::RParen => {
                open.pop();
            }
            _ => {}
        }
    }
    open
}

fn truth(found: Option<&Token>) -> String {
    const WORDS: [&str; 4] = ["NULL", "TRUE", "FALSE", "UNKNOWN"];
    match found.and_then(|found| closest(&found.to_string(), WORDS)) {
        Some(near) => format!("did you mean {near}?"),
        None => "IS asks for NULL and truth values; compare others with = or <>".to_owned(),
    }
}

fn unit(found: &str) -> Option<String> {
    Some(match closest(found, UNITS.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("there are {}", UNITS.join(", ")),
    })
}

/// `IF condition THEN ..`, which is the language of procedures.
fn asks_with_if(tokens: &[TokenWithSpan]) -> bool {
    let mut rest = tokens.windows(2).skip_while(|pair| {
        !is_word(&pair[0].token, "IF")
            || pair[1].token == Token::LParen
            || is_word(&pair[1].token, "NOT")
    });
    rest.next().is_some() && rest.any(|pair| is_word(&pair[0].token, "THEN"))
}

/// A clause's word, misspelt: it stands here, or was taken for an alias before.
fn misspelt(found: &Token, last: Option<&Token>) -> Option<String> {
    let meant = |token: &Token| {
        let Token::Word(word) = token else {
            return None;
        };
        let near = closest(&word.value, CLAUSES.iter().copied())?;
        let bare = word.quote_style.is_none() && !near.eq_ignore_ascii_case(&word.value);
        bare.then(|| format!("did you mean {near} instead of `{}`?", word.value))
    };
    last.and_then(meant).or_else(|| meant(found))
}
