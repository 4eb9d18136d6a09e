//! Calls with words of their own between the brackets, which sqlparser does not read or reads otherwise.

use crate::parse::cursor::Cursor;
use crate::parse::dialect::{RuleDialect, call, named, unnamed, word_ident};
use sqlparser::ast::{Expr, FunctionArg, TrimWhereField, Value};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// Names of the arguments that carry clauses of JSON functions through sqlparser's tree.
pub(crate) mod clause {
    pub(crate) const ABSENT_ON_NULL: &str = "ABSENT ON NULL";
    pub(crate) const NULL_ON_NULL: &str = "NULL ON NULL";
    pub(crate) const WITH_WRAPPER: &str = "WITH WRAPPER";
    pub(crate) const WITH_CONDITIONAL_WRAPPER: &str = "WITH CONDITIONAL WRAPPER";
    pub(crate) const WITHOUT_WRAPPER: &str = "WITHOUT WRAPPER";
}

impl RuleDialect {
    /// `MAP[key, value, ..]`
    pub(super) fn map(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        let name = word_ident(parser);
        parser.expect_token(&Token::LBracket)?;
        let mut args = Vec::new();
        if !parser.peek_is(0, &Token::RBracket) {
            args.push(unnamed(parser.parse_expr()?));
            while parser.consume_token(&Token::Comma) {
                args.push(unnamed(parser.parse_expr()?));
            }
        }
        parser.expect_token(&Token::RBracket)?;
        Ok(call(name, args))
    }

    /// `POSITION(part IN text [FROM start])`, or with commas.
    pub(super) fn position(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        let name = word_ident(parser);
        parser.expect_token(&Token::LParen)?;
        let mut args = Vec::new();
        if !parser.peek_is(0, &Token::RParen) {
            let part = parser.parse_subexpr(self.prec_value(Precedence::Between))?;
            args.push(unnamed(part));
            let words = parser.accept_word("IN");
            if words {
                args.push(unnamed(parser.parse_expr()?));
            }
            while if words {
                args.len() < 3 && parser.accept_word("FROM")
            } else {
                parser.consume_token(&Token::Comma)
            } {
                args.push(unnamed(parser.parse_expr()?));
            }
        }
        self.close(parser)?;
        Ok(call(name, args))
    }

    /// `TRIM([BOTH | LEADING | TRAILING] FROM text)`: the form without what is taken away.
    pub(super) fn trim(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        parser.advance_token();
        parser.expect_token(&Token::LParen)?;
        let trim_where = if parser.accept_word("LEADING") {
            Some(TrimWhereField::Leading)
        } else if parser.accept_word("TRAILING") {
            Some(TrimWhereField::Trailing)
        } else {
            parser.accept_word("BOTH");
            Some(TrimWhereField::Both)
        };
        parser.accept_word("FROM");
        let expr = Box::new(parser.parse_expr()?);
        self.close(parser)?;
        Ok(Expr::Trim {
            expr,
            trim_where,
            trim_what: None,
            trim_characters: None,
        })
    }

    fn close(&self, parser: &mut Parser) -> Result<(), ParserError> {
        if parser.consume_token(&Token::RParen) {
            return Ok(());
        }
        Err(self.fail(*parser.unexpected("`)`")))
    }

    /// `JSON_OBJECT([KEY] key VALUE value, ..)`, `JSON_OBJECT(key : value, ..)`, each with what becomes of
    /// NULLs.
    pub(super) fn json_object(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        let name = word_ident(parser);
        parser.expect_token(&Token::LParen)?;
        let mut args = Vec::new();
        if !parser.peek_is(0, &Token::RParen) && !is_on_null(parser) {
            loop {
                let key = parser.peek_word(0, "KEY")
                    && !parser.peek_word(1, "VALUE")
                    && !parser.peek_is(1, &Token::Colon);
                if key {
                    parser.advance_token();
                }
                args.push(unnamed(parser.parse_expr()?));
                if !parser.accept_word("VALUE") && !parser.consume_token(&Token::Colon) {
                    return Err(self.fail(*parser.unexpected("VALUE and a value")));
                }
                args.push(unnamed(parser.parse_expr()?));
                if !parser.consume_token(&Token::Comma) {
                    break;
                }
            }
        }
        args.extend(on_null(parser));
        self.close(parser)?;
        Ok(call(name, args))
    }

    /// `JSON_ARRAY(value, ..)` with what becomes of NULLs.
    pub(super) fn json_array(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        let name = word_ident(parser);
        parser.expect_token(&Token::LParen)?;
        let mut args = Vec::new();
        if !parser.peek_is(0, &Token::RParen) && !is_on_null(parser) {
            args.push(unnamed(parser.parse_expr()?));
            while parser.consume_token(&Token::Comma) {
                args.push(unnamed(parser.parse_expr()?));
            }
        }
        args.extend(on_null(parser));
        self.close(parser)?;
        Ok(call(name, args))
    }

    /// `JSON_QUERY(text, path [RETURNING type] [wrapper] [.. ON EMPTY] [.. ON ERROR])` and
    /// `JSON_EXISTS(text, path [.. ON ERROR])`
    pub(super) fn json_path_call(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        let name = word_ident(parser);
        parser.expect_token(&Token::LParen)?;
        let mut args = vec![unnamed(parser.parse_expr()?)];
        while parser.consume_token(&Token::Comma) {
            args.push(unnamed(parser.parse_expr()?));
        }
        args.extend(self.returning(parser)?);
        while !parser.peek_is(0, &Token::RParen) {
            args.push(self.path_clause(parser)?);
        }
        self.close(parser)?;
        Ok(call(name, args))
    }

    fn path_clause(&self, parser: &mut Parser) -> Result<FunctionArg, ParserError> {
        let at = parser.peek_token_ref().span;
        let null = Expr::Value(Value::Null.with_span(at));
        for (words, name) in [
            (
                &["WITHOUT", "ARRAY", "WRAPPER"][..],
                clause::WITHOUT_WRAPPER,
            ),
            (&["WITHOUT", "WRAPPER"], clause::WITHOUT_WRAPPER),
            (
                &["WITH", "CONDITIONAL", "ARRAY", "WRAPPER"],
                clause::WITH_CONDITIONAL_WRAPPER,
            ),
            (
                &["WITH", "CONDITIONAL", "WRAPPER"],
                clause::WITH_CONDITIONAL_WRAPPER,
            ),
            (
                &["WITH", "UNCONDITIONAL", "ARRAY", "WRAPPER"],
                clause::WITH_WRAPPER,
            ),
            (&["WITH", "UNCONDITIONAL", "WRAPPER"], clause::WITH_WRAPPER),
            (&["WITH", "ARRAY", "WRAPPER"], clause::WITH_WRAPPER),
            (&["WITH", "WRAPPER"], clause::WITH_WRAPPER),
        ] {
            if parser.accept_words(words) {
                return Ok(named(name, at, null));
            }
        }
        for what in [
            "NULL",
            "ERROR",
            "EMPTY ARRAY",
            "EMPTY OBJECT",
            "TRUE",
            "FALSE",
            "UNKNOWN",
        ] {
            for when in ["EMPTY", "ERROR"] {
                let words: Vec<&str> = what.split(' ').chain(["ON", when]).collect();
                if parser.accept_words(&words) {
                    return Ok(named(&format!("{what} ON {when}"), at, null));
                }
            }
        }
        Err(self.fail(*parser.unexpected("`,`, `)`, ON EMPTY or ON ERROR")))
    }
}

fn is_on_null(parser: &Parser) -> bool {
    (parser.peek_word(0, "NULL") || parser.peek_word(0, "ABSENT"))
        && parser.peek_word(1, "ON")
        && parser.peek_word(2, "NULL")
}

fn on_null(parser: &mut Parser) -> Option<FunctionArg> {
    let at = parser.peek_token_ref().span;
    let name = if parser.accept_words(&["NULL", "ON", "NULL"]) {
        clause::NULL_ON_NULL
    } else if parser.accept_words(&["ABSENT", "ON", "NULL"]) {
        clause::ABSENT_ON_NULL
    } else {
        return None;
    };
    Some(named(name, at, Expr::Value(Value::Null.with_span(at))))
}
