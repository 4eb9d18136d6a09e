//! Tokens to statements. Statements are cut at semicolons and read one by one, so that one that is
//! wrong does not hide the next.

mod between;
mod calls;
mod clues;
mod cursor;
mod ddl;
mod dialect;
mod guard;
mod literals;
mod query;
mod rule_names;
mod statement;
mod types;
mod unsupported;

pub(crate) use between::symmetric_bound;
pub(crate) use calls::clause;
pub(crate) use cursor::is_word;
pub(crate) use dialect::{RuleDialect, json_clause};
pub(crate) use types::TYPE_NAMES;

use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lexer::{Lexed, bytes, is_space};
use crate::parse::cursor::Cursor;
use crate::parse::rule_names::RuleNames;
use crate::plan::Span;
use crate::syntax::Script;
use rookery_model::limits::SQL_NESTING_MAX;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Words that begin a statement and hardly ever anything else.
const STATEMENT_WORDS: &[&str] = &["CREATE", "INSERT", "EXECUTE", "BEGIN", "DROP", "ALTER"];

/// Nesting that sqlparser counts for one level of ours (a subquery in FROM costs a few).
const PARSER_LEVELS: usize = 4;

/// Reads all statements of a file; `diagnostics` gets what is wrong with them.
pub(crate) fn parse(lexed: &Lexed, dialect: &RuleDialect, diagnostics: &mut Diagnostics) -> Script {
    let mut names = RuleNames::find(&lexed.tokens);
    let mut reading = Reading {
        dialect,
        diagnostics,
        script: Script::default(),
        open_set: None,
        names: &mut names,
        tokens: Vec::new(),
        statement_end: 0,
    };
    hints(&lexed.tokens, reading.diagnostics);
    for tokens in chunks(lexed) {
        reading.chunk(tokens);
    }
    reading.finish()
}

/// Cuts tokens into statements without whitespace: at semicolons, and where text was left out.
fn chunks(lexed: &Lexed) -> Vec<Chunk> {
    let mut chunks = vec![Chunk::default()];
    let mut breaks = lexed.breaks.iter().copied().peekable();
    let mut after_break = false;
    for token in &lexed.tokens {
        let start = bytes(token.span).start as usize;
        while breaks.next_if(|&at| at < start).is_some() {
            mark_broken(&mut chunks);
            after_break = true;
        }
        if is_space(&token.token) {
            continue;
        }
        if token.token == Token::SemiColon {
            chunks.push(Chunk::default());
            after_break = false;
            continue;
        }
        if after_break
            && STATEMENT_WORDS
                .iter()
                .any(|word| is_word(&token.token, word))
        {
            chunks.push(Chunk::default());
            after_break = false;
        }
        if let Some(chunk) = chunks.last_mut() {
            chunk.tokens.push(token.clone());
        }
    }
    if breaks.next().is_some() {
        mark_broken(&mut chunks);
    }
    chunks.retain(|chunk| !chunk.tokens.is_empty());
    chunks
}

fn mark_broken(chunks: &mut [Chunk]) {
    if let Some(chunk) = chunks.last_mut() {
        chunk.broken = true;
    }
}

/// The tokens of one statement.
#[derive(Default)]
struct Chunk {
    tokens: Vec<TokenWithSpan>,
    /// Text in it could not be read, which is reported already.
    broken: bool,
}

/// Names the hints, which nothing acts on.
fn hints(tokens: &[TokenWithSpan], diagnostics: &mut Diagnostics) {
    use sqlparser::tokenizer::Whitespace::MultiLineComment;
    for token in tokens {
        if let Token::Whitespace(MultiLineComment(comment)) = &token.token
            && comment.starts_with('+')
        {
            diagnostics.push(
                Diagnostic::new(
                    Code::IgnoredHint,
                    bytes(token.span),
                    "this hint is not acted on",
                )
                .help(
                    "set the table's options in WITH, or in the configuration under [tables.NAME]",
                ),
            );
        }
    }
}

/// The state of reading a file.
struct Reading<'a> {
    dialect: &'a RuleDialect,
    diagnostics: &'a mut Diagnostics,
    script: Script,
    /// Where the statement set that is open began.
    open_set: Option<Span>,
    names: &'a mut RuleNames,
    /// The tokens of the statement at hand, without whitespace.
    tokens: Vec<TokenWithSpan>,
    /// Where the statement before it ended.
    statement_end: u32,
}

impl<'a> Reading<'a> {
    /// The language of the file.
    fn language(&self) -> crate::plan::Dialect {
        self.dialect.language()
    }

    fn chunk(&mut self, chunk: Chunk) {
        let Chunk { tokens, broken } = chunk;
        let end = tokens.last().map_or(0, |token| bytes(token.span).end);
        let guarded = guard::check(&tokens);
        if broken || guarded.is_err() {
            self.tokens = tokens;
            self.remember_unreadable(0);
            // What broke it is reported already.
            if let (false, Err(diagnostic)) = (broken, guarded) {
                self.diagnostics.push(*diagnostic);
            }
        } else {
            self.statements(tokens, end);
        }
        self.statement_end = end;
    }

    /// Reads what stands between two semicolons: one statement, or more where one is missing.
    fn statements(&mut self, tokens: Vec<TokenWithSpan>, end: u32) {
        let (tokens, suffix) = query::prepare(tokens);
        self.tokens = tokens;
        let mut from = 0;
        let mut parser = self.parser_from(from);
        while !self.diagnostics.is_full() {
            let before = self.script.counts();
            let result = statement::read(self, &mut parser, suffix.as_ref());
            let next = parser.peek_token_ref();
            let begins = STATEMENT_WORDS
                .iter()
                .any(|word| is_word(&next.token, word));
            let mut diagnostic = match result {
                Ok(()) if next.token == Token::EOF => return,
                Ok(()) if begins => {
                    from = self.missing_semicolon(&parser);
                    self.statement_end = bytes(parser.get_current_token().span).end;
                    continue;
                }
                Ok(()) => parser.unexpected("`;`"),
                Err(diagnostic) => diagnostic,
            };
            if let Some(bracket) = self.open_bracket(from) {
                *diagnostic = diagnostic.related(bracket, "this bracket is not closed");
            }
            if diagnostic.span == Span::default() {
                diagnostic.span = Span { start: end, end };
            }
            let diagnostic = clues::add(*diagnostic, &self.tokens[from..]);
            self.diagnostics.push(diagnostic);
            self.script.truncate(before);
            self.remember_unreadable(from);
            // What SHOW would show is no statement.
            let passed = 1 + usize::from(is_word(&self.tokens[from].token, "SHOW"));
            match self.next_statement(from + passed) {
                Some(next) => from = next,
                None => return,
            }
            parser = self.parser_from(from);
        }
    }

    /// The first bracket of the statement at hand that nothing closes.
    fn open_bracket(&self, from: usize) -> Option<Span> {
        let mut open = Vec::new();
        for token in &self.tokens[from..] {
            match token.token {
                Token::LParen => open.push(bytes(token.span)),
                Token::RParen => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.first().copied()
    }

    /// A parser of the statement at hand, from a token on.
    fn parser_from(&self, from: usize) -> Parser<'a> {
        Parser::new(self.dialect)
            .with_recursion_limit(SQL_NESTING_MAX * PARSER_LEVELS)
            .with_tokens_with_locations(self.tokens[from..].to_vec())
    }

    /// Where, behind a statement that cannot be read, the next one begins without a semicolon.
    fn next_statement(&self, from: usize) -> Option<usize> {
        const BEGINNINGS: [[&str; 2]; 4] = [
            ["INSERT", "INTO"],
            ["CREATE", "TABLE"],
            ["CREATE", "VIEW"],
            ["CREATE", "TEMPORARY"],
        ];
        (from..self.tokens.len().saturating_sub(1)).find(|&at| {
            BEGINNINGS.iter().any(|[first, second]| {
                is_word(&self.tokens[at].token, first)
                    && is_word(&self.tokens[at + 1].token, second)
            })
        })
    }

    /// Says that a semicolon is missing before the parser's place; gives that place.
    fn missing_semicolon(&mut self, parser: &Parser) -> usize {
        let next = parser.peek_token_ref();
        let at = bytes(parser.get_current_token().span).end;
        let diagnostic = Diagnostic::new(
            Code::MissingSemicolon,
            Span { start: at, end: at },
            format!("a `;` is missing before `{}`", next.token),
        )
        .label("write `;` here")
        .related(bytes(next.span), "the next statement begins here");
        self.diagnostics.push(diagnostic);
        let start = next.span.start.column;
        self.tokens
            .partition_point(|token| token.span.start.column < start)
    }

    /// A finding from an error of sqlparser's.
    fn parser_error(&self, error: &ParserError, parser: &Parser) -> Box<Diagnostic> {
        let message = match error {
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
            ParserError::RecursionLimitExceeded => {
                let at = bytes(parser.get_current_token().span);
                return Box::new(guard::too_deep(at));
            }
        };
        if let Some(failure) = self.dialect.failure_of(message) {
            return Box::new(failure);
        }
        let (text, start) = match message.rsplit_once(" at Line: ") {
            Some((text, place)) => {
                let column = place
                    .rsplit_once("Column: ")
                    .map(|(_, column)| column.trim());
                (text, column.and_then(|column| column.parse::<u64>().ok()))
            }
            None => (message.as_str(), None),
        };
        let parts = text
            .strip_prefix("Expected: ")
            .or_else(|| text.strip_prefix("Expected "))
            .and_then(|rest| rest.split_once(", found: "));
        let found = start.and_then(|start| self.token_at(start, parts.map(|(_, found)| found)));
        let expected = parts.map(|(expected, _)| friendly(expected));
        let diagnostic = match (expected, found) {
            (Some(expected), Some(found)) => cursor::unexpected(&expected, found),
            (Some(expected), None) => cursor::unexpected(&expected, &TokenWithSpan::new_eof()),
            (None, Some(found)) if text.to_lowercase().starts_with("no infix parser") => {
                no_operator(found)
            }
            (None, found) => Diagnostic::new(
                Code::UnexpectedToken,
                found.map_or(Span::default(), |token| bytes(token.span)),
                lower_first(text),
            ),
        };
        Box::new(diagnostic)
    }

    /// The token of the statement at hand that begins at a byte; or the one before it, where that is
    /// the one the error names.
    fn token_at(&self, start: u64, named: Option<&str>) -> Option<&TokenWithSpan> {
        let index = self
            .tokens
            .partition_point(|token| token.span.start.column < start);
        let here = self
            .tokens
            .get(index)
            .filter(|token| token.span.start.column == start);
        let is_named = |token: &TokenWithSpan| named.is_none_or(|n| n == token.token.to_string());
        if here.is_some_and(is_named) {
            return here;
        }
        let before = index
            .checked_sub(1)
            .and_then(|index| self.tokens.get(index));
        before.filter(|token| is_named(token)).or(here)
    }

    /// Notes the name that a statement which cannot be read would have made.
    fn remember_unreadable(&mut self, from: usize) {
        const WORDS: &[&str] = &[
            "OR",
            "REPLACE",
            "TEMPORARY",
            "TABLE",
            "VIEW",
            "IF",
            "NOT",
            "EXISTS",
        ];
        let tokens = &self.tokens[from..];
        let Some((first, rest)) = tokens.split_first() else {
            return;
        };
        if is_word(&first.token, "WITH") {
            let named = rest.windows(3).filter_map(|part| match &part[0].token {
                Token::Word(word) if is_word(&part[1].token, "AS") => {
                    (part[2].token == Token::LParen).then(|| word.value.clone())
                }
                _ => None,
            });
            self.script.unreadable.extend(named);
        }
        if !is_word(&first.token, "CREATE") {
            return;
        }
        let name = rest
            .iter()
            .find(|token| !WORDS.iter().any(|word| is_word(&token.token, word)));
        if let Some(Token::Word(word)) = name.map(|token| &token.token) {
            self.script.unreadable.push(word.value.clone());
        }
    }

    fn finish(mut self) -> Script {
        if let Some(span) = self.open_set.take() {
            let diagnostic = Diagnostic::new(
                Code::UnexpectedToken,
                span,
                "this statement set is not closed",
            )
            .label("begins here")
            .help("close it with `END;`");
            self.diagnostics.push(diagnostic);
        }
        self.names.report_unused(self.diagnostics);
        self.script
    }
}

/// The error that a token stands between two operands and is no operator.
fn no_operator(found: &TokenWithSpan) -> Diagnostic {
    let help = match found.token {
        Token::Overlap => Some("write AND".to_owned()),
        Token::ExclamationMark => Some("write NOT, or <>".to_owned()),
        ref word if is_word(word, "DIV") => Some("write CAST(a / b AS BIGINT)".to_owned()),
        _ => None,
    };
    Diagnostic::new(
        Code::UnsupportedSyntax,
        bytes(found.span),
        format!("`{}` is not an operator here", found.token),
    )
    .help_if(help)
}

/// What sqlparser expected, in the words of our own messages.
fn friendly(expected: &str) -> String {
    match expected {
        "an expression" | "an expression:" => "an expression".to_owned(),
        "identifier" => "a name".to_owned(),
        "end of statement" => "`;`".to_owned(),
        "date/time field" => "a unit of time".to_owned(),
        "one of UPDATE or SHARE" => "SYSTEM_TIME AS OF right behind the table's name".to_owned(),
        "joined table" => "JOIN, or a subquery".to_owned(),
        is if is.starts_with("[NOT] NULL") => {
            "NULL, TRUE, FALSE, UNKNOWN, DISTINCT FROM or JSON after IS".to_owned()
        }
        "SELECT, VALUES, or a subquery in the query body" => {
            "SELECT, VALUES or a subquery".to_owned()
        }
        other if other.chars().all(|c| c.is_ascii_punctuation()) => format!("`{other}`"),
        other => other.to_owned(),
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_lowercase().chain(characters).collect())
        .unwrap_or_default()
}
