//! Literals and casts of flink that sqlparser does not read.

use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::parse::cursor::Cursor;
use crate::parse::dialect::RuleDialect;
use rookery_model::DataType;
use sqlparser::ast::{CastKind, DateTimeField, Expr, Interval, Value};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// Units of an INTERVAL that one word names.
const UNITS: [&str; 6] = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];

/// How many tokens a difference of two moments may have between its brackets.
const DIFFERENCE_TOKENS_MAX: usize = 64;

/// Whether `(a - b) DAY` or its like begins here.
pub(super) fn between_moments(parser: &Parser) -> bool {
    if !parser.peek_is(0, &Token::LParen) {
        return false;
    }
    let (mut depth, mut minus) = (0, false);
    for at in 0..DIFFERENCE_TOKENS_MAX {
        match &parser.peek_nth_token_ref(at).token {
            Token::LParen => depth += 1,
            Token::RParen => {
                depth -= 1;
                if depth == 0 {
                    return minus && UNITS.iter().any(|unit| parser.peek_word(at + 1, unit));
                }
            }
            Token::Minus if depth == 1 => minus = true,
            Token::EOF | Token::SemiColon => return false,
            _ => {}
        }
    }
    false
}

impl RuleDialect {
    /// `(a - b) unit`, as the INTERVAL whose value it is.
    pub(super) fn between_moments(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        parser.advance_token();
        let difference = parser.parse_expr()?;
        if !parser.consume_token(&Token::RParen) {
            return Err(self.fail(*parser.unexpected("`)`")));
        }
        let unit = parser.parse_date_time_field()?;
        Ok(interval(Box::new(Expr::Nested(Box::new(difference))), unit))
    }

    /// `INTERVAL unit)` of a cast: the value counts the unit.
    pub(super) fn interval_cast(
        &self,
        parser: &mut Parser,
        value: Box<Expr>,
    ) -> Result<Expr, ParserError> {
        parser.advance_token();
        let unit = parser.parse_date_time_field()?;
        if !parser.consume_token(&Token::RParen) {
            return Err(self.fail(*parser.unexpected("`)`")));
        }
        Ok(interval(value, unit))
    }

    /// `TIMESTAMP WITH LOCAL TIME ZONE '..'`
    pub(super) fn instant(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        let start = bytes(parser.peek_token_ref().span);
        parser.advance_token();
        if !parser.accept_words(&["WITH", "LOCAL", "TIME", "ZONE"]) {
            return Err(self.fail(*parser.unexpected("LOCAL TIME ZONE and a text")));
        }
        let token = parser.next_token();
        let Token::SingleQuotedString(text) = token.token else {
            let message = "TIMESTAMP WITH LOCAL TIME ZONE begins no literal without a text";
            let diagnostic = Diagnostic::new(Code::UnexpectedToken, bytes(token.span), message);
            return Err(self.fail(
                diagnostic.help("write TIMESTAMP WITH LOCAL TIME ZONE '2026-11-22 10:20:30'"),
            ));
        };
        let digits = text
            .split_once('.')
            .map_or(0, |(_, fraction)| fraction.len());
        let digits = u8::try_from(digits.min(9)).unwrap_or(9);
        let span = start.to(bytes(token.span));
        Ok(Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(Expr::Value(
                Value::SingleQuotedString(text).with_span(token.span),
            )),
            data_type: self.carry_type(DataType::TimestampLtz(digits), span),
            format: None,
        })
    }

    /// `U&'!4E2D' UESCAPE '!'`
    pub(super) fn escaped_text(&self, parser: &mut Parser) -> Result<Expr, ParserError> {
        let literal = parser.next_token();
        parser.advance_token();
        let escape = parser.next_token();
        let (Token::UnicodeStringLiteral(text), Token::SingleQuotedString(character)) =
            (&literal.token, &escape.token)
        else {
            return Err(self.fail(*parser.unexpected("a character in quotes")));
        };
        let mut characters = character.chars();
        let decoded = match (characters.next(), characters.next()) {
            (Some(escape), None) => decode(text, escape),
            _ => None,
        };
        match decoded {
            Some(text) => Ok(Expr::Value(
                Value::SingleQuotedString(text).with_span(literal.span),
            )),
            None => {
                let span = bytes(literal.span).to(bytes(escape.span));
                let message = "these are not escapes of characters";
                let diagnostic = Diagnostic::new(Code::InvalidLiteral, span, message);
                Err(self.fail(
                    diagnostic.help("write four digits behind it, as in U&'!4E2D' UESCAPE '!'"),
                ))
            }
        }
    }
}

fn interval(value: Box<Expr>, unit: DateTimeField) -> Expr {
    Expr::Interval(Interval {
        value,
        leading_field: Some(unit),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    })
}

/// Text with its escapes of four digits replaced; doubled, the escape stands for itself.
fn decode(text: &str, escape: char) -> Option<String> {
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    let mut buffer = [0; 2];
    while let Some(c) = rest.next() {
        if c != escape {
            units.extend_from_slice(c.encode_utf16(&mut buffer));
            continue;
        }
        let tail = rest.as_str();
        if tail.starts_with(escape) {
            units.extend_from_slice(c.encode_utf16(&mut buffer));
            rest.next();
            continue;
        }
        let digits = tail.get(..4)?;
        units.push(u16::from_str_radix(digits, 16).ok()?);
        rest = tail[4..].chars();
    }
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_replaced() {
        assert_eq!(decode("!4E2D-!!x", '!').as_deref(), Some("中-!x"));
        assert_eq!(decode("#D83D#DE00", '#').as_deref(), Some("😀"));
        for wrong in ["!4E2", "!4E2G", "!", "!中中中中", "!D83D"] {
            assert_eq!(decode(wrong, '!'), None, "{wrong}");
        }
    }
}
