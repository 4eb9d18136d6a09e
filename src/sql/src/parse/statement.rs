//! Which statement it is, and the short ones: INSERT, CREATE VIEW, SET, statement sets.

use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::parse::cursor::{Cursor, Read};
use crate::parse::query::Suffix;
use crate::parse::{Reading, ddl, query, unsupported};
use crate::plan::Span;
use crate::suggest::closest;
use crate::syntax::{CreateView, Insert, Name, Setting};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// Reads one statement into the script.
pub(crate) fn read(
    reading: &mut Reading<'_>,
    parser: &mut Parser,
    suffix: Option<&Suffix>,
) -> Read<()> {
    let start = parser.next_span();
    if let Some(opened) = statement_set(parser, start)? {
        open_set(reading, opened)?;
        if parser.peek_is(0, &Token::EOF) {
            return Ok(());
        }
    }
    if parser.peek_word(0, "END") {
        return close_set(reading, parser);
    }
    if let Some(refused) = unsupported::find(parser) {
        return Err(refused);
    }
    if parser.accept_word("SET") {
        let setting = read_set(parser)?;
        reading.script.settings.push(setting);
        return Ok(());
    }
    if parser.peek_word(0, "INSERT") {
        let insert = read_insert(reading, parser, suffix)?;
        reading.script.inserts.push(insert);
        return Ok(());
    }
    if parser.peek_word(0, "CREATE") {
        return create(reading, parser, suffix);
    }
    Err(misspelt(
        parser,
        "a statement (CREATE TABLE, CREATE VIEW, INSERT INTO, SET)",
        &["CREATE", "INSERT", "SET", "BEGIN", "EXECUTE"],
    ))
}

/// The error that none of some words stands here; perhaps one of them was meant.
fn misspelt(parser: &Parser, expected: &str, words: &[&'static str]) -> Box<Diagnostic> {
    let found = parser.peek_token_ref().token.to_string();
    let near = closest(&found, words.iter().copied());
    let diagnostic = *parser.unexpected(expected);
    Box::new(diagnostic.help_if(near.map(|near| format!("did you mean {near}?"))))
}

/// `BEGIN STATEMENT SET`, `EXECUTE STATEMENT SET BEGIN`, `STATEMENT SET BEGIN`
fn statement_set(parser: &mut Parser, start: Span) -> Read<Option<Span>> {
    if parser.accept_words(&["BEGIN", "STATEMENT", "SET"]) {
        if !parser.peek_is(0, &Token::EOF) {
            return Err(parser.unexpected("`;` after BEGIN STATEMENT SET"));
        }
    } else if parser.accept_words(&["EXECUTE", "STATEMENT", "SET"])
        || parser.accept_words(&["STATEMENT", "SET"])
    {
        parser.expect_word("BEGIN")?;
    } else {
        return Ok(None);
    }
    Ok(Some(start.to(parser.last_span())))
}

fn open_set(reading: &mut Reading<'_>, span: Span) -> Read<()> {
    match reading.open_set.replace(span) {
        None => Ok(()),
        Some(outer) => Err(Box::new(
            Diagnostic::new(
                Code::UnexpectedToken,
                span,
                "a statement set inside another one",
            )
            .related(outer, "this one is still open")
            .help("close the first with `END;`"),
        )),
    }
}

fn close_set(reading: &mut Reading<'_>, parser: &mut Parser) -> Read<()> {
    let end = parser.expect_word("END")?;
    match reading.open_set.take() {
        Some(_) => Ok(()),
        None => Err(Box::new(
            Diagnostic::new(Code::UnexpectedToken, end, "END without a statement set")
                .help("begin the set with `BEGIN STATEMENT SET;`"),
        )),
    }
}

/// `SET 'key' = 'value'`, and bare `SET a.b = value`.
fn read_set(parser: &mut Parser) -> Read<Setting> {
    if parser.peek_is(0, &Token::EOF) {
        let diagnostic = *parser.unexpected("a key in quotes");
        return Err(Box::new(diagnostic.help("write SET 'key' = 'value'")));
    }
    let (key, key_span) = if matches!(parser.peek_token_ref().token, Token::Word(_)) {
        ddl::dotted_word(parser, "a key")?
    } else {
        parser.text("a key in quotes")?
    };
    if !parser.consume_token(&Token::Eq) {
        let diagnostic = *parser.unexpected("`=` and a value in quotes");
        return Err(Box::new(diagnostic.help("write SET 'key' = 'value'")));
    }
    let (value, value_span) = match parser.peek_token_ref().token.clone() {
        Token::Word(_) | Token::Number(..) => {
            let start = parser.next_span();
            let mut text = String::new();
            while !parser.peek_is(0, &Token::EOF) {
                text.push_str(&parser.next_token().token.to_string());
            }
            (text, start.to(parser.last_span()))
        }
        _ => parser.text("a value in quotes")?,
    };
    Ok(Setting {
        key,
        key_span,
        value,
        value_span,
    })
}

fn read_insert(
    reading: &mut Reading<'_>,
    parser: &mut Parser,
    suffix: Option<&Suffix>,
) -> Read<Insert> {
    let start = parser.expect_word("INSERT")?;
    let rule_name = reading.names.take(start.start, reading.statement_end);
    if parser.accept_word("OVERWRITE") {
        return Err(Box::new(
            Diagnostic::new(
                Code::UnsupportedStatement,
                start.to(parser.last_span()),
                "INSERT OVERWRITE is not supported",
            )
            .label("nothing is overwritten in a stream")
            .help("write INSERT INTO"),
        ));
    }
    parser
        .expect_word("INTO")
        .map_err(|diagnostic| Box::new((*diagnostic).help("write INSERT INTO")))?;
    if parser.peek_word(0, "TABLE") && matches!(parser.peek_nth_token_ref(1).token, Token::Word(_))
    {
        parser.advance_token();
    }
    let sink = parser.table_name()?;
    if parser.peek_word(0, "PARTITION") && parser.peek_is(1, &Token::LParen) {
        return Err(Box::new(
            Diagnostic::new(
                Code::UnsupportedSyntax,
                parser.next_span(),
                "INSERT into a PARTITION is not supported",
            )
            .help("select the partition's columns like any others"),
        ));
    }
    let columns = if begins_query_in_brackets(parser) || !parser.peek_is(0, &Token::LParen) {
        None
    } else {
        Some(parser.name_list("a column of the sink")?)
    };
    let query = query::read(reading, parser, suffix)?;
    let span = start.to(parser.last_span());
    Ok(Insert {
        sink,
        columns,
        query,
        rule_name,
        span,
    })
}

fn begins_query_in_brackets(parser: &Parser) -> bool {
    let inner = (0..)
        .find(|&n| !parser.peek_is(n, &Token::LParen))
        .unwrap_or(0);
    inner > 0
        && ["SELECT", "WITH", "VALUES"]
            .iter()
            .any(|word| parser.peek_word(inner, word))
}

fn create(reading: &mut Reading<'_>, parser: &mut Parser, suffix: Option<&Suffix>) -> Read<()> {
    parser.expect_word("CREATE")?;
    parser.accept_words(&["OR", "REPLACE"]);
    parser.accept_word("TEMPORARY");
    if parser.accept_word("TABLE") {
        let mut faults = Vec::new();
        let read = ddl::read_table(reading, parser, &mut faults);
        let last = read.is_ok().then(|| faults.pop()).flatten();
        for fault in faults {
            reading.diagnostics.push(fault);
        }
        if let Some(last) = last {
            return Err(Box::new(last));
        }
        reading.script.tables.push(read?);
        return Ok(());
    }
    if parser.accept_word("VIEW") {
        let view = read_view(reading, parser, suffix)?;
        reading.script.views.push(view);
        return Ok(());
    }
    Err(misspelt(parser, "TABLE or VIEW", &["TABLE", "VIEW"]))
}

fn read_view(
    reading: &Reading<'_>,
    parser: &mut Parser,
    suffix: Option<&Suffix>,
) -> Read<CreateView> {
    parser.accept_words(&["IF", "NOT", "EXISTS"]);
    let name = parser.table_name()?;
    let columns = if parser.peek_is(0, &Token::LParen) {
        view_columns(parser)?
    } else {
        Vec::new()
    };
    if parser.accept_word("COMMENT") {
        parser.text("a comment in quotes")?;
    }
    parser.expect_word("AS")?;
    let query = query::read(reading, parser, suffix)?;
    Ok(CreateView {
        name,
        columns,
        query,
    })
}

fn view_columns(parser: &mut Parser) -> Read<Vec<Name>> {
    parser.expect(&Token::LParen, "`(`")?;
    let mut names = Vec::new();
    loop {
        names.push(parser.name("a column of the view")?);
        if parser.accept_word("COMMENT") {
            parser.text("a comment in quotes")?;
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect(&Token::RParen, "`,` or `)`")?;
    Ok(names)
}
