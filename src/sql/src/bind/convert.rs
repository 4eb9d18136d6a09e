//! Conversions that the binder puts in. Constants are converted at once where nothing is lost.

use crate::bind::{Binder, Bound};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::function::Function;
use crate::plan::{CastFailure, Dialect, Expr, ExprKind, Literal};
use rookery_model::{DataType, Decimal};

impl Binder<'_> {
    /// What a failed conversion becomes in the file's dialect.
    pub(crate) fn on_failure(&self) -> CastFailure {
        match self.dialect {
            Dialect::Blink => CastFailure::Null,
            Dialect::Flink => CastFailure::Fail,
        }
    }

    /// The expression as a value of a type.
    pub(crate) fn convert(&self, expr: Expr, to: &DataType) -> Expr {
        convert_with(expr, to, self.on_failure())
    }

    /// The expression as a condition: BOOLEAN, or an error that names where it stands.
    pub(crate) fn condition(&mut self, expr: Expr, place: &str) -> Bound<Expr> {
        if matches!(expr.data_type, DataType::Boolean | DataType::Null) {
            return Ok(self.convert(expr, &DataType::Boolean));
        }
        let help = match &expr.data_type {
            _ if self.is_joined(&expr) => "`||` joins texts; write OR",
            t if t.is_string() => "compare it with something, as in x = 'true'",
            t if t.is_numeric() => "compare it with something, as in x <> 0",
            _ => "write a comparison, or IS NOT NULL",
        };
        Err(self.fail(
            Diagnostic::new(
                Code::NotBoolean,
                expr.span,
                format!("{place} takes a BOOLEAN, this is {}", expr.data_type),
            )
            .label(expr.data_type.to_string())
            .help(help),
        ))
    }

    /// Whether an expression is `a || b`, which some SQLs read as OR.
    pub(crate) fn is_joined(&self, expr: &Expr) -> bool {
        let expr = match &expr.kind {
            ExprKind::Cast { input, .. } => &**input,
            _ => expr,
        };
        let joins = matches!(
            expr.kind,
            ExprKind::Call {
                function: Function::Concat,
                ..
            }
        );
        let written = &self.text[expr.span.start as usize..expr.span.end as usize];
        joins && written.contains("||")
    }

    /// The expression as a number; blink reads one from text, as DOUBLE.
    pub(crate) fn number(&mut self, expr: Expr, place: &str) -> Bound<Expr> {
        if expr.data_type.is_numeric() || expr.data_type.is_interval() {
            return Ok(expr);
        }
        if expr.data_type == DataType::Null {
            return Ok(self.convert(expr, &DataType::Int));
        }
        if self.dialect == Dialect::Blink && expr.data_type.is_string() {
            return Ok(self.convert(expr, &DataType::Double));
        }
        Err(self.fail(
            Diagnostic::new(
                Code::TypeMismatch,
                expr.span,
                format!("`{place}` takes a number, this is {}", expr.data_type),
            )
            .label(expr.data_type.to_string())
            .help("CAST it to the number's type"),
        ))
    }

    /// The expression as text; blink makes it of any single value.
    pub(crate) fn text(&mut self, expr: Expr, place: &str) -> Bound<Expr> {
        if expr.data_type.is_string() {
            return Ok(expr);
        }
        let nested = matches!(
            expr.data_type,
            DataType::Array(_) | DataType::Map(..) | DataType::Row(_)
        );
        if expr.data_type == DataType::Null || (self.dialect == Dialect::Blink && !nested) {
            return Ok(self.convert(expr, &DataType::STRING));
        }
        Err(self.fail(
            Diagnostic::new(
                Code::TypeMismatch,
                expr.span,
                format!("{place} takes text, this is {}", expr.data_type),
            )
            .label(expr.data_type.to_string())
            .help(match expr.data_type {
                DataType::Boolean if place == "`||`" => "`||` joins texts; write OR",
                _ => "write CAST(.. AS STRING)",
            }),
        ))
    }
}

/// The expression as a value of a type, with what becomes of values that do not fit.
pub(crate) fn convert_with(mut expr: Expr, to: &DataType, on_failure: CastFailure) -> Expr {
    if expr.data_type == *to {
        return expr;
    }
    if let ExprKind::Literal(literal) = &expr.kind
        && let Some(literal) = constant(literal, to)
    {
        expr.kind = ExprKind::Literal(literal);
        expr.data_type = to.clone();
        return expr;
    }
    // A cast makes what its own type says: it may have to cut or pad before.
    let makes_its_type = matches!(expr.kind, ExprKind::Cast { .. });
    if !makes_its_type && same_value(&expr.data_type, to) {
        expr.data_type = to.clone();
        return expr;
    }
    let span = expr.span;
    Expr {
        kind: ExprKind::Cast {
            input: Box::new(expr),
            on_failure,
        },
        data_type: to.clone(),
        span,
    }
}

/// Whether a value of one type is one of the other as it stands: text in a longer VARCHAR.
fn same_value(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Char(n) | DataType::VarChar(n), DataType::VarChar(m))
        | (DataType::Binary(n) | DataType::VarBinary(n), DataType::VarBinary(m)) => n <= m,
        _ => false,
    }
}

/// A constant in another type, if it is the same value there.
fn constant(literal: &Literal, to: &DataType) -> Option<Literal> {
    match (literal, to) {
        (Literal::Null, _) => Some(Literal::Null),
        (Literal::Int(value), to) if to.is_integer() => {
            let (min, max) = match to {
                DataType::TinyInt => (i64::from(i8::MIN), i64::from(i8::MAX)),
                DataType::SmallInt => (i64::from(i16::MIN), i64::from(i16::MAX)),
                DataType::Int => (i64::from(i32::MIN), i64::from(i32::MAX)),
                _ => (i64::MIN, i64::MAX),
            };
            (min..=max).contains(value).then_some(Literal::Int(*value))
        }
        (Literal::Int(value), DataType::Double | DataType::Float) => {
            Some(Literal::Double(exact_double(i128::from(*value))?))
        }
        (Literal::Int(value), DataType::Decimal { precision, scale }) => {
            rescale(i128::from(*value), 0, *precision, *scale)
        }
        (Literal::Decimal(value), DataType::Decimal { precision, scale }) => {
            rescale(value.unscaled, value.scale, *precision, *scale)
        }
        (Literal::Decimal(value), DataType::Double) => {
            Some(Literal::Double(decimal_text(*value).parse().ok()?))
        }
        _ => None,
    }
}

/// A whole number as DOUBLE, if DOUBLE holds it exactly.
fn exact_double(value: i128) -> Option<f64> {
    const EXACT: i128 = 1 << 53;
    if (-EXACT..=EXACT).contains(&value) {
        #[allow(clippy::cast_precision_loss)]
        return Some(value as f64);
    }
    None
}

/// A decimal at another scale, if no digit is lost and it stays within the precision.
fn rescale(unscaled: i128, scale: u8, precision: u8, to_scale: u8) -> Option<Literal> {
    let factor = 10_i128.checked_pow(u32::from(to_scale.checked_sub(scale)?))?;
    let unscaled = unscaled.checked_mul(factor)?;
    let limit = 10_i128.checked_pow(u32::from(precision))?;
    (unscaled.abs() < limit).then_some(Literal::Decimal(Decimal {
        unscaled,
        scale: to_scale,
    }))
}

/// A decimal's digits.
fn decimal_text(value: Decimal) -> String {
    format!("{}e-{}", value.unscaled, value.scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Span;

    fn literal(literal: Literal, data_type: DataType, to: &DataType) -> ExprKind {
        let expr = Expr {
            kind: ExprKind::Literal(literal),
            data_type,
            span: Span::default(),
        };
        convert_with(expr, to, CastFailure::Null).kind
    }

    fn decimal(unscaled: i128, scale: u8) -> Literal {
        Literal::Decimal(Decimal { unscaled, scale })
    }

    fn decimal_type(precision: u8, scale: u8) -> DataType {
        DataType::Decimal { precision, scale }
    }

    #[test]
    fn constants_are_converted_where_nothing_is_lost() {
        assert_eq!(
            literal(Literal::Int(7), DataType::Int, &DataType::Double),
            ExprKind::Literal(Literal::Double(7.0))
        );
        assert_eq!(
            literal(Literal::Int(7), DataType::Int, &decimal_type(5, 2)),
            ExprKind::Literal(decimal(700, 2))
        );
        assert_eq!(
            literal(decimal(15, 1), decimal_type(2, 1), &DataType::Double),
            ExprKind::Literal(Literal::Double(1.5))
        );
        assert_eq!(
            literal(Literal::Null, DataType::Null, &DataType::Date),
            ExprKind::Literal(Literal::Null)
        );
    }

    #[test]
    fn other_constants_are_cast() {
        let is_cast = |kind: ExprKind| matches!(kind, ExprKind::Cast { .. });
        assert!(is_cast(literal(
            Literal::Int(300),
            DataType::Int,
            &DataType::TinyInt
        )));
        assert!(is_cast(literal(
            Literal::Int(9_007_199_254_740_993),
            DataType::BigInt,
            &DataType::Double
        )));
        assert!(is_cast(literal(
            decimal(15, 1),
            decimal_type(2, 1),
            &decimal_type(5, 0)
        )));
        assert!(is_cast(literal(
            Literal::String("7".into()),
            DataType::VarChar(1),
            &DataType::Int
        )));
    }

    #[test]
    fn longer_varchar_needs_no_cast() {
        let kind = literal(
            Literal::String("7".into()),
            DataType::Char(1),
            &DataType::STRING,
        );
        assert_eq!(kind, ExprKind::Literal(Literal::String("7".into())));
    }
}
