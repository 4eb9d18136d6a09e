//! `CREATE TABLE`, read token by token: sqlparser knows neither computed columns nor WATERMARK,
//! METADATA, ROW<> and MAP<>, nor bare option keys.

use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::parse::Reading;
use crate::parse::cursor::{Cursor, Read};
use crate::parse::types::read_type;
use crate::plan::Span;
use crate::syntax::{
    ColumnDefinition, ColumnDefinitionKind, CreateTable, Name, PrimaryKey, TableOption, Watermark,
};
use sqlparser::ast::Expr;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// Reads what follows `CREATE TABLE`. `faults` gets what is wrong with the types of columns, which hides none
/// of the columns behind.
pub(crate) fn read_table(
    reading: &Reading<'_>,
    parser: &mut Parser,
    faults: &mut Vec<Diagnostic>,
) -> Read<CreateTable> {
    parser.accept_words(&["IF", "NOT", "EXISTS"]);
    let mut table = CreateTable {
        name: parser.table_name()?,
        columns: Vec::new(),
        primary_keys: Vec::new(),
        watermarks: Vec::new(),
        options: Vec::new(),
        partitioned: None,
    };
    refuse_other_forms(parser)?;
    if parser.peek_word(0, "WITH") {
        return Err(without_columns(parser));
    }
    parser.expect(&Token::LParen, "`(` and the table's columns")?;
    loop {
        if parser.peek_is(0, &Token::RParen) && !table.columns.is_empty() {
            let diagnostic = *parser.unexpected("a column");
            return Err(Box::new(diagnostic.help("leave out the comma before `)`")));
        }
        let start = parser.index();
        match read_element(reading, parser, &mut table) {
            Err(fault) if fault.code == Code::InvalidType => {
                faults.push(*fault);
                skip_element(parser, start);
            }
            read => read?,
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect(&Token::RParen, "`,` or `)`")?;
    read_clauses(parser, &mut table)?;
    Ok(table)
}

/// Passes over the column that begins at `start`, up to the comma or bracket behind it.
fn skip_element(parser: &mut Parser, start: usize) {
    while parser.index() > start {
        parser.prev_token();
    }
    let mut open = 0_usize;
    loop {
        match parser.peek_token_ref().token {
            Token::EOF => return,
            Token::Comma | Token::RParen if open == 0 => return,
            Token::LParen | Token::Lt => open += 1,
            Token::RParen | Token::Gt => open = open.saturating_sub(1),
            _ => {}
        }
        parser.advance_token();
    }
}

/// `CREATE TABLE t WITH (..)`, which Flink takes where LIKE or AS SELECT follows.
fn without_columns(parser: &mut Parser) -> Box<Diagnostic> {
    let with = parser.next_span();
    parser.advance_token();
    if parser.skip_brackets().is_ok()
        && let Err(other_form) = refuse_other_forms(parser)
    {
        return other_form;
    }
    Box::new(
        Diagnostic::new(Code::UnexpectedToken, with, "the table has no columns")
            .label("`(` and the columns stand before WITH")
            .help("write CREATE TABLE name (column TYPE, ..) WITH (..)"),
    )
}

fn read_clauses(parser: &mut Parser, table: &mut CreateTable) -> Read<()> {
    if parser.accept_word("COMMENT") {
        parser.text("a comment in quotes")?;
    }
    let start = parser.next_span();
    if parser.accept_words(&["PARTITIONED", "BY"]) {
        parser.name_list("a column")?;
        table.partitioned = Some(start.to(parser.last_span()));
    }
    if parser.accept_word("WITH") {
        table.options = read_options(parser)?;
    }
    refuse_other_forms(parser)
}

/// Forms of CREATE TABLE that Flink has and rule files do not, before or behind the columns.
fn refuse_other_forms(parser: &Parser) -> Read<()> {
    let refused = [
        (
            "LIKE",
            "CREATE TABLE .. LIKE is not supported",
            "write the columns out",
        ),
        (
            "AS",
            "CREATE TABLE .. AS SELECT is not supported",
            "declare the table with its columns, then INSERT INTO it",
        ),
        (
            "DISTRIBUTED",
            "DISTRIBUTED BY is not supported",
            "leave it out; rows keep their order per device",
        ),
    ];
    for (word, message, help) in refused {
        if parser.peek_word(0, word) {
            return Err(Box::new(
                Diagnostic::new(Code::UnsupportedSyntax, parser.next_span(), message).help(help),
            ));
        }
    }
    Ok(())
}

fn read_element(reading: &Reading<'_>, parser: &mut Parser, table: &mut CreateTable) -> Read<()> {
    let start = parser.next_span();
    if parser.peek_word(0, "CONSTRAINT") && parser.peek_word(2, "PRIMARY") {
        parser.advance_token();
        parser.advance_token();
    }
    if parser.accept_words(&["PRIMARY", "KEY"]) {
        let columns = parser.name_list("a column")?;
        table.primary_keys.push(primary_key(parser, columns, start));
        return Ok(());
    }
    refuse_constraint(parser)?;
    if parser.accept_words(&["PERIOD", "FOR", "SYSTEM_TIME"]) {
        // Blink's mark of a table that is looked up; any table can be.
        return Ok(());
    }
    if parser.peek_word(0, "WATERMARK")
        && (parser.peek_word(1, "FOR") || parser.peek_word(2, "FOR"))
    {
        parser.advance_token();
        if !parser.peek_word(0, "FOR") {
            parser.name("the watermark's name")?;
        }
        parser.expect_word("FOR")?;
        let column = parser.name("the column of event time")?;
        parser.expect_word("AS")?;
        read_expression(reading, parser)?;
        table.watermarks.push(Watermark {
            column,
            span: start.to(parser.last_span()),
        });
        return Ok(());
    }
    if parser.peek_word(0, "WATERMARK") && parser.peek_word(2, "AS") {
        parser.advance_token();
        let diagnostic = *parser.unexpected("FOR");
        return Err(Box::new(
            diagnostic.help("write WATERMARK FOR time AS time - INTERVAL '5' SECOND"),
        ));
    }
    read_column(reading, parser, table)
}

/// Constraints of other databases, in the place of a column.
fn refuse_constraint(parser: &Parser) -> Read<()> {
    let bracket = parser.peek_is(1, &Token::LParen);
    let found = match parser.peek_token_ref().token {
        _ if parser.peek_word(0, "UNIQUE") && bracket => "UNIQUE",
        _ if parser.peek_word(0, "CHECK") && bracket => "CHECK",
        _ if parser.peek_word(0, "INDEX") && bracket => "INDEX",
        _ if parser.peek_word(0, "FOREIGN") && parser.peek_word(1, "KEY") => "FOREIGN KEY",
        _ => return Ok(()),
    };
    Err(not_of_a_stream(parser, found))
}

/// What other databases let follow a column's type.
fn refuse_addition(parser: &Parser) -> Read<()> {
    const ADDITIONS: &[&str] = &[
        "DEFAULT",
        "AUTO_INCREMENT",
        "UNIQUE",
        "CHECK",
        "REFERENCES",
        "GENERATED",
        "COLLATE",
        "UNSIGNED",
    ];
    let found = ADDITIONS.iter().find(|word| parser.peek_word(0, word));
    found.map_or(Ok(()), |found| Err(not_of_a_stream(parser, found)))
}

fn not_of_a_stream(parser: &Parser, what: &str) -> Box<Diagnostic> {
    let help = match what {
        "DEFAULT" => "write COALESCE(.., value) in the query that fills it",
        "AUTO_INCREMENT" => "number rows in the target's own system",
        "GENERATED" => "write `name AS expression`",
        _ => "leave it out; the target's own system keeps it",
    };
    Box::new(
        Diagnostic::new(
            Code::UnsupportedSyntax,
            parser.next_span(),
            format!("{what} is not supported in a table"),
        )
        .help(help),
    )
}

fn primary_key(parser: &mut Parser, columns: Vec<Name>, start: Span) -> PrimaryKey {
    let not_enforced = parser.accept_words(&["NOT", "ENFORCED"]);
    if !not_enforced {
        parser.accept_word("ENFORCED");
    }
    PrimaryKey {
        columns,
        not_enforced,
        span: start.to(parser.last_span()),
    }
}

fn read_column(reading: &Reading<'_>, parser: &mut Parser, table: &mut CreateTable) -> Read<()> {
    let name = parser.name("a column")?;
    if parser.accept_word("AS") {
        let expression = read_expression(reading, parser)?;
        accept_comment(parser)?;
        table.columns.push(ColumnDefinition {
            name,
            kind: ColumnDefinitionKind::Computed(Box::new(expression)),
        });
        return Ok(());
    }
    let data_type = read_type(parser, reading.language())?;
    let mut metadata = None;
    loop {
        if parser.accept_words(&["NOT", "NULL"]) || parser.accept_word("NULL") {
            continue;
        }
        if parser.accept_words(&["PRIMARY", "KEY"]) {
            let key = primary_key(parser, vec![name.clone()], name.span);
            table.primary_keys.push(key);
        } else if parser.accept_word("METADATA") {
            let key = if parser.accept_word("FROM") {
                Some(parser.text("the metadata's key in quotes")?.0)
            } else {
                None
            };
            parser.accept_word("VIRTUAL");
            metadata = Some(key);
        } else if parser.accept_word("HEADER") {
            metadata = Some(None);
        } else if !accept_comment(parser)? {
            break;
        }
    }
    refuse_addition(parser)?;
    let kind = match metadata {
        Some(key) => ColumnDefinitionKind::Metadata { data_type, key },
        None => ColumnDefinitionKind::Physical(data_type),
    };
    table.columns.push(ColumnDefinition { name, kind });
    Ok(())
}

fn accept_comment(parser: &mut Parser) -> Read<bool> {
    let found = parser.accept_word("COMMENT");
    if found {
        parser.text("a comment in quotes")?;
    }
    Ok(found)
}

fn read_expression(reading: &Reading<'_>, parser: &mut Parser) -> Read<Expr> {
    parser
        .parse_expr()
        .map_err(|error| reading.parser_error(&error, parser))
}

/// `(key = 'value', ..)`
fn read_options(parser: &mut Parser) -> Read<Vec<TableOption>> {
    parser.expect(&Token::LParen, "`(` and the table's options")?;
    let mut options = Vec::new();
    while !parser.peek_is(0, &Token::RParen) {
        options.push(read_option(parser)?);
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect(&Token::RParen, "`,` or `)`")?;
    Ok(options)
}

fn read_option(parser: &mut Parser) -> Read<TableOption> {
    let (key, key_span) = match parser.peek_token_ref().token {
        Token::Word(_) => dotted_word(parser, "an option")?,
        _ => parser.text("an option")?,
    };
    if parser.peek_is(0, &Token::Minus) {
        let diagnostic = *parser.unexpected("`=`");
        return Err(Box::new(
            diagnostic.help("quote a key with a hyphen: 'scan-mode' = '..'"),
        ));
    }
    parser.expect(&Token::Eq, "`=` and the option's value in quotes")?;
    let bare = matches!(
        parser.peek_token_ref().token,
        Token::Word(_) | Token::Number(..) | Token::Minus
    );
    let (value, _) = parser
        .text("the option's value in quotes")
        .map_err(|diagnostic| {
            if bare {
                let text = parser.peek_token_ref().token.to_string();
                Box::new((*diagnostic).help(format!("values are text: '{text}'")))
            } else {
                diagnostic
            }
        })?;
    Ok(TableOption {
        key,
        key_span,
        value,
    })
}

/// `word`, `word.word`, quoted or not; the parts joined by dots.
pub(crate) fn dotted_word(parser: &mut Parser, what: &str) -> Read<(String, Span)> {
    let first = parser.name(what)?;
    let (mut text, mut span) = (first.text, first.span);
    while parser.consume_token(&Token::Period) {
        let part = parser.name(what)?;
        text.push('.');
        text.push_str(&part.text);
        span = span.to(part.span);
    }
    Ok((text, span))
}
