//! What was meant by a statement that cannot be read: the remedies that its tokens give away.

use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::parse::cursor::is_word;
use crate::plan::Span;
use crate::suggest::closest;
use sqlparser::keywords::Keyword;
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
    let ends = ["`;`", "`)`", "`,` or `)`"].into_iter().any(expected);
    if expected("END,") || expected("WHEN,") {
        return of_case(diagnostic, before, found_word("THEN"));
    }
    let help = if let Some(found) = found.filter(|_| expected("a unit of time")) {
        unit(&found.to_string())
    } else if found == Some(&Token::RParen) && opened(before).is_empty() {
        Some("no bracket is open here: leave this one out".to_owned())
    } else if found_word("FROM") && last == Some(&Token::Comma) {
        Some("leave out the comma before FROM".to_owned())
    } else if found_word("NOTNULL") {
        Some("write IS NOT NULL".to_owned())
    } else if last_word("IN") && expected("`(`") {
        Some("write the list in brackets: IN (.., ..)".to_owned())
    } else if found == Some(&Token::Comma) && expected("AND") {
        Some("write BETWEEN .. AND ..".to_owned())
    } else if expected("NULL, TRUE") {
        Some(truth(found))
    } else if expected("SYSTEM_TIME") {
        Some("write JOIN dim FOR SYSTEM_TIME AS OF a.proctime AS d ON ..".to_owned())
    } else if found == Some(&Token::ExclamationMark) {
        Some("write NOT".to_owned())
    } else if found == Some(&Token::Mul) && last == Some(&Token::Mul) {
        Some("write POWER(a, b)".to_owned())
    } else if found == Some(&Token::LBrace) && matches!(last, Some(Token::Placeholder(_))) {
        Some("write the value: nothing is put in for variables".to_owned())
    } else if found == Some(&Token::Sharp) || slashes(from) {
        Some("a comment begins with --".to_owned())
    } else if last_word("MOD") {
        Some("write MOD(a, b)".to_owned())
    } else if found_word("ISNULL") {
        Some("write IS NULL".to_owned())
    } else if found_word("AS") && expected("`,` or `)`") && declares_table(before) {
        Some("a computed column has no type of its own: write name AS expression".to_owned())
    } else if found == Some(&Token::LParen) && sized(last) {
        Some("only VARCHAR, CHAR, VARBINARY and BINARY have a length".to_owned())
    } else if asks_with_if(tokens) {
        Some("write IF(condition, a, b), or CASE WHEN condition THEN a ELSE b END".to_owned())
    } else {
        found.and_then(|found| {
            misspelt(found, last)
                .or_else(|| misspelt_before_bracket(before))
                .or_else(|| reserved(found, from.get(1)).filter(|_| expected("an expression")))
                .or_else(|| missing(found, before).filter(|_| ends))
        })
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

/// Whether `//` begins here.
fn slashes(from: &[TokenWithSpan]) -> bool {
    matches!(from, [a, b, ..] if a.token == Token::Div && b.token == Token::Div)
}

/// Whether columns of CREATE TABLE are being read.
fn declares_table(before: &[TokenWithSpan]) -> bool {
    let word = |token: Option<&TokenWithSpan>, word| token.is_some_and(|t| is_word(&t.token, word));
    word(before.first(), "CREATE") && before.iter().take(3).any(|t| is_word(&t.token, "TABLE"))
}

/// Whether a word is a type that has no length, though others would.
fn sized(word: Option<&Token>) -> bool {
    const TYPES: [&str; 7] = [
        "STRING", "BYTES", "INT", "INTEGER", "BIGINT", "DOUBLE", "FLOAT",
    ];
    word.is_some_and(|word| TYPES.iter().any(|name| is_word(word, name)))
}

/// MATCH_RECOGNIZE, misspelt: what stands in its brackets is read as a list of columns.
fn misspelt_before_bracket(before: &[TokenWithSpan]) -> Option<String> {
    let open = opened(before).pop()?;
    let at = before.partition_point(|token| bytes(token.span).start < open.start);
    let word = before[..at].last()?.token.to_string();
    let near = closest(&word, ["MATCH_RECOGNIZE"]).filter(|near| !near.eq_ignore_ascii_case(&word));
    near.map(|near| format!("did you mean {near} instead of `{word}`?"))
}

/// A word of SQL where a column's name is meant.
fn reserved(found: &Token, next: Option<&TokenWithSpan>) -> Option<String> {
    let Token::Word(word) = found else {
        return None;
    };
    let ends = next.is_some_and(|next| {
        matches!(next.token, Token::Comma | Token::Period | Token::Eq)
            || is_word(&next.token, "FROM")
    });
    let bare = word.quote_style.is_none() && word.keyword != Keyword::NoKeyword;
    (ends && bare && word.keyword != Keyword::FROM)
        .then(|| format!("if it is a name, write it in back-quotes: `{}`", word.value))
}

/// What is missing between an expression that ended and the one that begins.
fn missing(found: &Token, before: &[TokenWithSpan]) -> Option<String> {
    let words = |at: usize, words: [&str; 2]| {
        let mut pairs = before[at..].iter().zip(words);
        before.len() >= at + 2 && pairs.all(|(token, word)| is_word(&token.token, word))
    };
    if (0..before.len()).any(|at| words(at, ["FROM", "SELECT"]))
        || is_word(found, "FROM") && before.last().is_some_and(|t| is_word(&t.token, "SELECT"))
    {
        return Some("write a subquery in brackets: FROM (SELECT ..) AS name".to_owned());
    }
    // The clause at hand, and whether it is in the brackets of a list or call.
    let mut depth = 0usize;
    let mut listed = false;
    let clause = before.iter().enumerate().rev().find_map(|(at, token)| {
        match token.token {
            Token::RParen => depth += 1,
            Token::LParen if depth > 0 => depth -= 1,
            Token::LParen => {
                let called = at.checked_sub(1).map(|name| &before[name].token);
                listed |= matches!(called, Some(Token::Word(_)));
            }
            _ => {}
        }
        const CLAUSES: [&str; 7] = ["SELECT", "FROM", "WHERE", "ON", "HAVING", "BY", "CREATE"];
        let named = CLAUSES
            .into_iter()
            .find(|clause| is_word(&token.token, clause));
        named.filter(|_| depth == 0)
    })?;
    if is_word(found, "WHERE") {
        return (clause == "WHERE").then(|| "write AND".to_owned());
    }
    let begins = match found {
        // A function's name was taken for an alias.
        Token::LParen => before.last().filter(|name| is_name(&name.token)),
        _ => None,
    };
    let begins = match (begins, found) {
        (Some(name), _) => name.token.to_string(),
        (None, Token::SingleQuotedString(_) | Token::Number(..)) => found.to_string(),
        (None, found) if is_name(found) => found.to_string(),
        _ => return None,
    };
    match clause {
        "SELECT" => Some(format!("is a `,` missing before `{begins}`?")),
        "WHERE" | "ON" | "HAVING" if listed => Some(format!("is a `,` missing before `{begins}`?")),
        "WHERE" | "ON" | "HAVING" => Some(format!("is AND missing before `{begins}`?")),
        _ => None,
    }
}

/// Whether a word may begin an expression.
fn is_name(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            word.quote_style.is_some()
                || [Keyword::CASE, Keyword::CAST, Keyword::NoKeyword].contains(&word.keyword)
        }
        _ => false,
    }
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
