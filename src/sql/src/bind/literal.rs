//! Constants.

use crate::bind::scope::Scope;
use crate::bind::{Binder, Bound};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::plan::{Dialect, Expr, ExprKind, Literal, Span};
use crate::time_literal::{parse_date, parse_time, parse_timestamp};
use rookery_model::{DataType, Decimal};
use sqlparser::ast::{DataType as AstType, Expr as Ast, Ident, Spanned, TypedString, Value};

/// Digits of the longest DECIMAL.
const DIGITS_MAX: usize = 38;

impl Binder<'_> {
    /// Binds a literal.
    pub(crate) fn bind_value(&mut self, value: &Value, span: Span) -> Bound<Expr> {
        match value {
            Value::Number(digits, long) => self.bind_number(digits, *long, span),
            Value::SingleQuotedString(text)
            | Value::UnicodeStringLiteral(text)
            | Value::NationalStringLiteral(text) => Ok(self.text_literal(text, span)),
            Value::HexStringLiteral(digits) => self.bind_hex(digits, span),
            Value::Boolean(value) => Ok(literal(Literal::Boolean(*value), DataType::Boolean, span)),
            Value::Null => Ok(literal(Literal::Null, DataType::Null, span)),
            Value::DoubleQuotedString(text) => Err(self.fail(
                Diagnostic::new(
                    Code::UnsupportedSyntax,
                    span,
                    "double quotes enclose nothing in this SQL",
                )
                .help(format!("write '{text}' for text, `{text}` for a name")),
            )),
            Value::Placeholder(name) => Err(self.unsupported(
                span,
                format!("the parameter `{name}` has no value here"),
                Some("write the value"),
            )),
            _ => Err(self.unsupported(
                span,
                "this kind of literal is of another SQL",
                Some("write text in single quotes"),
            )),
        }
    }

    fn text_literal(&self, text: &str, span: Span) -> Expr {
        let length = u32::try_from(text.chars().count()).unwrap_or(DataType::MAX_LENGTH);
        let data_type = match self.dialect {
            Dialect::Blink => DataType::VarChar(length.max(1)),
            Dialect::Flink => DataType::Char(length),
        };
        literal(Literal::String(text.to_owned()), data_type, span)
    }

    /// Binds a number; `-` may stand before its digits.
    pub(crate) fn bind_number(&mut self, digits: &str, long: bool, span: Span) -> Bound<Expr> {
        if long {
            return Err(self.unsupported(
                span,
                "a number has no suffix here",
                Some("leave the L out, or write CAST(.. AS BIGINT)"),
            ));
        }
        let digits = digits.strip_suffix('.').unwrap_or(digits);
        match number(digits) {
            Some((Literal::Decimal(value), _))
                if self.dialect == Dialect::Flink && i64::try_from(value.unscaled).is_err() =>
            {
                Err(self.fail(
                    Diagnostic::new(
                        Code::InvalidLiteral,
                        span,
                        "Flink takes no number of more digits than a BIGINT has",
                    )
                    .help(format!("write CAST('{digits}' AS DECIMAL(38, ..))")),
                ))
            }
            Some((value, data_type)) => Ok(literal(value, data_type, span)),
            None => Err(self.fail(
                Diagnostic::new(
                    Code::InvalidLiteral,
                    span,
                    "this number does not fit any type",
                )
                .label(format!("more than {DIGITS_MAX} digits, or beyond DOUBLE")),
            )),
        }
    }

    fn bind_hex(&mut self, digits: &str, span: Span) -> Bound<Expr> {
        if self.text[span.start as usize..].starts_with('0') {
            let help = Some("write the number in decimal digits, bytes as X'..'");
            return Err(self.unsupported(span, "0x begins no literal here", help));
        }
        let decoded: Option<Vec<u8>> = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => {
                    let digit = |byte: u8| char::from(byte).to_digit(16);
                    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
                }
                _ => None,
            })
            .collect();
        match decoded {
            Some(decoded) => {
                let length = u32::try_from(decoded.len()).unwrap_or(DataType::MAX_LENGTH);
                Ok(literal(
                    Literal::Bytes(decoded),
                    DataType::Binary(length),
                    span,
                ))
            }
            None => Err(self.fail(
                Diagnostic::new(
                    Code::InvalidLiteral,
                    span,
                    "these are not pairs of hex digits",
                )
                .help("X'..' holds an even number of 0-9 and A-F"),
            )),
        }
    }

    /// `_UTF16'..'` and its like: the text, whatever charset it names.
    pub(crate) fn bind_prefixed(
        &mut self,
        prefix: &Ident,
        value: &Ast,
        scope: &Scope,
    ) -> Bound<Expr> {
        const CHARSETS: &[&str] = &[
            "_UTF16",
            "_UTF8",
            "_UTF16LE",
            "_UTF32",
            "_GBK",
            "_ISO88591",
            "_LATIN1",
        ];
        let span = bytes(prefix.span);
        if !CHARSETS
            .iter()
            .any(|name| prefix.value.eq_ignore_ascii_case(name))
        {
            return Err(self.unsupported(
                span,
                format!("there is no charset `{}`", prefix.value),
                Some("write the text alone; it is UTF-8"),
            ));
        }
        let mut bound = self.bind_expr(value, scope)?;
        bound.span = span.to(bound.span);
        Ok(bound)
    }

    /// `DATE '..'`, `TIME '..'`, `TIMESTAMP '..'`
    pub(crate) fn bind_typed_string(&mut self, typed: &TypedString) -> Bound<Expr> {
        let value_span = bytes(typed.value.span());
        let span = self.tokens.before(value_span, 1);
        let Value::SingleQuotedString(text) = &typed.value.value else {
            return self.bind_value(&typed.value.value, value_span);
        };
        let (found, form) = match &typed.data_type {
            AstType::Date => (
                parse_date(text).map(|days| (Literal::Date(days), DataType::Date)),
                "DATE '2026-11-22'",
            ),
            AstType::Time(None, _) => (
                parse_time(text).map(|(time, digits)| match self.dialect {
                    Dialect::Blink => (Literal::Time(time), DataType::Time(digits)),
                    // A TIME has whole seconds there.
                    Dialect::Flink => (Literal::Time(time - time % 1000), DataType::Time(0)),
                }),
                "TIME '10:20:30'",
            ),
            AstType::Timestamp(None, _) => (
                parse_timestamp(text)
                    .map(|(time, p)| (Literal::Timestamp(time), DataType::Timestamp(p))),
                "TIMESTAMP '2026-11-22 10:20:30'",
            ),
            other => {
                return Err(self.unsupported(
                    span,
                    format!("{other} does not begin a literal"),
                    Some("write CAST('..' AS type)"),
                ));
            }
        };
        match found {
            Some((value, data_type)) => Ok(literal(value, data_type, span)),
            None => Err(self.fail(
                Diagnostic::new(
                    Code::InvalidLiteral,
                    value_span,
                    format!("'{text}' is not the text of a {}", typed.data_type),
                )
                .help(format!("write it as {form}")),
            )),
        }
    }
}

fn literal(value: Literal, data_type: DataType, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Literal(value),
        data_type,
        span,
    }
}

/// A number in the smallest of INT, BIGINT and DECIMAL that holds it; with an exponent a DOUBLE.
fn number(digits: &str) -> Option<(Literal, DataType)> {
    if digits.contains(['e', 'E']) {
        let value: f64 = digits.parse().ok()?;
        return value
            .is_finite()
            .then_some((Literal::Double(value), DataType::Double));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.is_empty()
        && let Ok(value) = whole.parse::<i64>()
    {
        let data_type = if i32::try_from(value).is_ok() {
            DataType::Int
        } else {
            DataType::BigInt
        };
        return Some((Literal::Int(value), data_type));
    }
    let unsigned = whole.trim_start_matches('-');
    let count = unsigned.len() + fraction.len();
    if !(1..=DIGITS_MAX).contains(&count) {
        return None;
    }
    let scale = u8::try_from(fraction.len()).ok()?;
    let value = Decimal {
        unscaled: format!("{whole}{fraction}").parse().ok()?,
        scale,
    };
    let data_type = DataType::Decimal {
        precision: u8::try_from(count).ok()?,
        scale,
    };
    Some((Literal::Decimal(value), data_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_smallest_type_that_holds_them() {
        let decimal = |unscaled, precision, scale| {
            Some((
                Literal::Decimal(Decimal { unscaled, scale }),
                DataType::Decimal { precision, scale },
            ))
        };
        assert_eq!(number("12"), Some((Literal::Int(12), DataType::Int)));
        assert_eq!(
            number("-2147483648"),
            Some((Literal::Int(-2_147_483_648), DataType::Int))
        );
        assert_eq!(
            number("2147483648"),
            Some((Literal::Int(2_147_483_648), DataType::BigInt))
        );
        assert_eq!(
            number("-9223372036854775808"),
            Some((Literal::Int(i64::MIN), DataType::BigInt))
        );
        assert_eq!(
            number("9223372036854775808"),
            decimal(9_223_372_036_854_775_808, 19, 0)
        );
        assert_eq!(number("12.50"), decimal(1250, 4, 2));
        assert_eq!(number("0.5"), decimal(5, 2, 1));
        assert_eq!(number(".5"), decimal(5, 1, 1));
        assert_eq!(number("-1.5"), decimal(-15, 2, 1));
        assert_eq!(
            number("1e10"),
            Some((Literal::Double(1e10), DataType::Double))
        );
        assert_eq!(number("1e400"), None);
        assert_eq!(number(&"9".repeat(39)), None);
        assert_eq!(
            number(&"9".repeat(38)).map(|(_, t)| t),
            Some(DataType::Decimal {
                precision: 38,
                scale: 0
            })
        );
    }
}
