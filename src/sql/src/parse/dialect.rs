//! How sqlparser reads rule files: what an identifier is, which constructs are on, and the hooks for
//! what it cannot read itself.

use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::parse::between;
use crate::parse::cursor::Cursor;
use crate::parse::literals::between_moments;
use crate::parse::types::read_cast_type;
use crate::plan::{Dialect as Language, Span};
use rookery_model::DataType;
use sqlparser::ast::{
    CastKind, DataType as AstType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgOperator, FunctionArgumentList, FunctionArguments, Ident, ObjectName, Value,
};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::{
    Keyword, RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_IDENTIFIER, RESERVED_FOR_TABLE_ALIAS,
};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span as TokenSpan, Token};
use std::cell::RefCell;

/// Names of the arguments that carry JSON_VALUE's clauses through sqlparser's tree.
pub(crate) mod json_clause {
    pub(crate) const RETURNING: &str = "RETURNING";
    pub(crate) const NULL_ON_EMPTY: &str = "NULL ON EMPTY";
    pub(crate) const ERROR_ON_EMPTY: &str = "ERROR ON EMPTY";
    pub(crate) const DEFAULT_ON_EMPTY: &str = "DEFAULT ON EMPTY";
    pub(crate) const NULL_ON_ERROR: &str = "NULL ON ERROR";
    pub(crate) const ERROR_ON_ERROR: &str = "ERROR ON ERROR";
    pub(crate) const DEFAULT_ON_ERROR: &str = "DEFAULT ON ERROR";
}

/// Functions with clauses of their own inside the brackets; those but JSON_VALUE are only recognised.
const CLAUSED: &[&str] = &["JSON_OBJECTAGG", "JSON_ARRAYAGG"];

/// Words that begin a clause or stand between operands: read as names, which sqlparser would, they
/// only move the error to where nobody looks for it.
const NO_NAMES: &[&str] = &[
    "AND", "AS", "BETWEEN", "ELSE", "END", "FROM", "GROUP", "HAVING", "IN", "INTO", "IS", "JOIN",
    "LIKE", "ON", "OR", "ORDER", "THEN", "UNION", "WHEN", "WHERE",
];

/// sqlparser's dialect for rule files. It also holds what its hooks read and sqlparser's tree has no
/// room for: types, by index, and findings that must pass through its string errors.
#[derive(Debug, Default)]
pub(crate) struct RuleDialect {
    language: Language,
    types: RefCell<Vec<DataType>>,
    failures: RefCell<Vec<Diagnostic>>,
}

/// Begins the text of an error that stands for an entry of `failures`.
const FAILURE: &str = "@failure ";

impl RuleDialect {
    /// For a file in a language.
    pub(crate) fn new(language: Language) -> Self {
        Self {
            language,
            ..Self::default()
        }
    }

    /// The language of the file.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The type that a cast names.
    pub(crate) fn type_of(&self, carried: &AstType) -> Option<DataType> {
        match carried {
            AstType::Custom(_, modifiers) => {
                let index: usize = modifiers.first()?.parse().ok()?;
                self.types.borrow().get(index).cloned()
            }
            _ => None,
        }
    }

    /// The finding that an error of sqlparser stands for, if one of the hooks made it.
    pub(crate) fn failure_of(&self, message: &str) -> Option<Diagnostic> {
        let index: usize = message.strip_prefix(FAILURE)?.parse().ok()?;
        self.failures.borrow().get(index).cloned()
    }

    pub(super) fn fail(&self, diagnostic: Diagnostic) -> ParserError {
        let mut failures = self.failures.borrow_mut();
        failures.push(diagnostic);
        ParserError::ParserError(format!("{FAILURE}{}", failures.len() - 1))
    }

    pub(super) fn carry_type(&self, data_type: DataType, span: Span) -> AstType {
        let mut types = self.types.borrow_mut();
        types.push(data_type);
        let name = Ident::with_span(
            crate::lexer::token_span(span.start as usize, span.end as usize),
            "type",
        );
        AstType::Custom(
            ObjectName::from(vec![name]),
            vec![(types.len() - 1).to_string()],
        )
    }

    /// Reads a type at the parser's place.
    pub(super) fn read_carried_type(&self, parser: &mut Parser) -> Result<AstType, ParserError> {
        let start = bytes(parser.peek_token_ref().span);
        let data_type = read_cast_type(parser, self.language).map_err(|d| self.fail(*d))?;
        let end = bytes(parser.get_current_token().span);
        Ok(self.carry_type(data_type, start.to(end)))
    }

    /// `CAST(e AS type)`, `TRY_CAST(e AS type)`
    fn cast(&self, parser: &mut Parser, kind: CastKind) -> Result<Expr, ParserError> {
        parser.advance_token();
        parser.expect_token(&Token::LParen)?;
        let expr = Box::new(parser.parse_expr()?);
        if !parser.accept_word("AS") {
            return Err(self.fail(*parser.unexpected("`AS` and a type")));
        }
        if self.language == Language::Flink && parser.peek_word(0, "INTERVAL") {
            return self.interval_cast(parser, expr);
        }
        let data_type = self.read_carried_type(parser)?;
        if !parser.consume_token(&Token::RParen) {
            return Err(self.fail(*parser.unexpected("`)`")));
        }
        Ok(Expr::Cast {
            kind,
            expr,
            data_type,
            format: None,
        })
    }

    /// `JSON_VALUE(text, path [RETURNING type] [.. ON EMPTY] [.. ON ERROR])`
    fn json_value(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        let name = word_ident(parser);
        parser.expect_token(&Token::LParen)?;
        let mut args = Vec::new();
        if !parser.peek_is(0, &Token::RParen) {
            args.push(unnamed(parser.parse_expr()?));
            while parser.consume_token(&Token::Comma) {
                args.push(unnamed(parser.parse_expr()?));
            }
        }
        args.extend(self.returning(parser)?);
        while !parser.peek_is(0, &Token::RParen) {
            args.push(self.json_fallback(parser)?);
        }
        parser.expect_token(&Token::RParen)?;
        Ok(call(name, args))
    }

    /// `RETURNING type`, if it comes next, as an argument: a cast that carries the type.
    pub(super) fn returning(
        &self,
        parser: &mut Parser,
    ) -> Result<Option<FunctionArg>, ParserError> {
        let at = parser.peek_token_ref().span;
        if !parser.accept_word("RETURNING") {
            return Ok(None);
        }
        let typed = Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(Expr::Value(Value::Null.with_span(at))),
            data_type: self.read_carried_type(parser)?,
            format: None,
        };
        Ok(Some(named(json_clause::RETURNING, at, typed)))
    }

    /// `{NULL | ERROR | DEFAULT e} ON {EMPTY | ERROR}`
    fn json_fallback(&self, parser: &mut Parser) -> Result<FunctionArg, ParserError> {
        use json_clause as clause;
        let at = parser.peek_token_ref().span;
        let null = Expr::Value(Value::Null.with_span(at));
        let (names, value) = if parser.accept_word("NULL") {
            ([clause::NULL_ON_EMPTY, clause::NULL_ON_ERROR], null)
        } else if parser.accept_word("ERROR") {
            ([clause::ERROR_ON_EMPTY, clause::ERROR_ON_ERROR], null)
        } else if parser.accept_word("DEFAULT") {
            (
                [clause::DEFAULT_ON_EMPTY, clause::DEFAULT_ON_ERROR],
                parser.parse_expr()?,
            )
        } else {
            return Err(self.fail(*parser.unexpected("`,` or `)`")));
        };
        if !parser.accept_word("ON") {
            return Err(self.fail(*parser.unexpected("ON EMPTY or ON ERROR")));
        }
        let name = if parser.accept_word("EMPTY") {
            names[0]
        } else if parser.accept_word("ERROR") {
            names[1]
        } else {
            return Err(self.fail(*parser.unexpected("EMPTY or ERROR")));
        };
        Ok(named(name, at, value))
    }

    /// A call or constructor that is recognised and not read: its brackets are passed over.
    fn skipped(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        let name = word_ident(parser);
        if let Err(diagnostic) = parser.skip_brackets() {
            return Err(self.fail(*diagnostic));
        }
        Ok(call(name, Vec::new()))
    }
}

pub(super) fn word_ident(parser: &mut Parser) -> Ident {
    let token = parser.next_token();
    match token.token {
        Token::Word(word) => word.into_ident(token.span),
        other => Ident::with_span(token.span, other.to_string()),
    }
}

pub(super) fn unnamed(expr: Expr) -> FunctionArg {
    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))
}

pub(super) fn named(name: &str, span: TokenSpan, expr: Expr) -> FunctionArg {
    FunctionArg::Named {
        name: Ident::with_span(span, name),
        arg: FunctionArgExpr::Expr(expr),
        operator: FunctionArgOperator::RightArrow,
    }
}

pub(super) fn call(name: Ident, args: Vec<FunctionArg>) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![name]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over: None,
    })
}

/// Whether `TRIM(BOTH FROM` or its like begins here.
fn trims_nothing_said(parser: &Parser) -> bool {
    ["BOTH", "LEADING", "TRAILING"]
        .iter()
        .any(|side| parser.peek_word(2, side) && parser.peek_word(3, "FROM"))
}

/// Words that are no alias without AS: with a semicolon missing, they begin the next statement.
fn begins_statement(keyword: &Keyword) -> bool {
    matches!(
        keyword,
        Keyword::INSERT | Keyword::CREATE | Keyword::EXECUTE
    )
}

impl Dialect for RuleDialect {
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_match_recognize(&self) -> bool {
        true
    }

    fn supports_table_versioning(&self) -> bool {
        true
    }

    fn supports_left_associative_joins_without_parens(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_rarrow_operator(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn is_column_alias(&self, keyword: &Keyword, _parser: &mut Parser) -> bool {
        !RESERVED_FOR_COLUMN_ALIAS.contains(keyword) && !begins_statement(keyword)
    }

    fn is_table_alias(&self, keyword: &Keyword, _parser: &mut Parser) -> bool {
        !RESERVED_FOR_TABLE_ALIAS.contains(keyword) && !begins_statement(keyword)
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        use Keyword::{ARRAY, CASE, EXTRACT, NOT};
        RESERVED_FOR_IDENTIFIER.contains(&keyword) || [ARRAY, CASE, EXTRACT, NOT].contains(&keyword)
    }

    fn parse_infix(
        &self,
        parser: &mut Parser,
        expr: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        between::read(self, parser, expr)
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        if let Token::UnicodeStringLiteral(_) = &parser.peek_token_ref().token
            && parser.peek_word(1, "UESCAPE")
        {
            return Some(self.escaped_text(parser));
        }
        if self.language == Language::Flink && between_moments(parser) {
            return Some(self.between_moments(parser));
        }
        let Token::Word(word) = &parser.peek_token_ref().token else {
            return None;
        };
        if word.quote_style.is_some() {
            return None;
        }
        let is = |name: &str| word.value.eq_ignore_ascii_case(name);
        match parser.peek_nth_token_ref(1).token {
            Token::LParen if is("CAST") => Some(self.cast(parser, CastKind::Cast)),
            Token::LParen if is("TRY_CAST") => Some(self.cast(parser, CastKind::TryCast)),
            Token::LParen if is("JSON_VALUE") => Some(self.json_value(parser)),
            Token::LParen if CLAUSED.iter().any(|name| is(name)) => Some(self.skipped(parser)),
            Token::LParen if is("JSON_OBJECT") => Some(self.json_object(parser)),
            Token::LParen if is("JSON_ARRAY") => Some(self.json_array(parser)),
            Token::LParen if is("JSON_QUERY") || is("JSON_EXISTS") => {
                Some(self.json_path_call(parser))
            }
            Token::LParen if is("POSITION") => Some(self.position(parser)),
            Token::LParen if is("TRIM") && trims_nothing_said(parser) => Some(self.trim(parser)),
            Token::Word(_)
                if self.language == Language::Flink
                    && is("TIMESTAMP")
                    && parser.peek_word(1, "WITH") =>
            {
                Some(self.instant(parser))
            }
            Token::LBracket if is("MAP") => Some(self.map(parser)),
            // The argument of a window function: TUMBLE(TABLE t, ..).
            Token::Word(_) if is("TABLE") => {
                let name = word_ident(parser);
                let table = parser.parse_identifier();
                Some(table.map(|table| call(name, vec![unnamed(Expr::Identifier(table))])))
            }
            _ if NO_NAMES.iter().any(|name| is(name)) => {
                Some(Err(self.fail(*parser.unexpected("an expression"))))
            }
            _ => None,
        }
    }
}
