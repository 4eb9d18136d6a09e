//! Constants as conditions compare them, and whether two expressions are the same.

use super::walk::{Scope, made_by};
use crate::plan::{Expr, ExprKind, Literal, PathArgument, Rel};
use rookery_model::DataType;
use std::cmp::Ordering;

/// What a condition compares with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    Null,
    /// A text that is read as a number and is none: compares as NULL does.
    NoNumber(String),
    Literal(Literal),
}

impl Constant {
    pub(super) fn is_null(&self) -> bool {
        !matches!(self, Self::Literal(_))
    }
}

/// The constant that an expression is: as it stands, or as a subquery or view makes it.
pub(super) fn constant(scope: Scope<'_>, expr: &Expr) -> Option<Constant> {
    match &expr.kind {
        ExprKind::Literal(Literal::Null) => Some(Constant::Null),
        ExprKind::Literal(literal) => Some(Constant::Literal(literal.clone())),
        ExprKind::Cast { input, .. } => cast(&constant(scope, input)?, &input.data_type, expr),
        ExprKind::Column(column) => {
            let Scope::Rel(rel) = scope else { return None };
            if matches!(rel, Rel::Union(_)) {
                return None;
            }
            let mut made = None;
            made_by(rel, *column, &mut |place| {
                if let ExprKind::Literal(literal) = &place.expr.kind {
                    made = Some(match literal {
                        Literal::Null => Constant::Null,
                        other => Constant::Literal(other.clone()),
                    });
                }
            });
            made.filter(|_| !holds_union(rel))
        }
        _ => None,
    }
}

fn holds_union(rel: &Rel) -> bool {
    match rel {
        Rel::Filter { input, .. } | Rel::Project { input, .. } => holds_union(input),
        Rel::Scan(_) => false,
        _ => true,
    }
}

/// A constant in another type, as far as that is plain.
fn cast(value: &Constant, from: &DataType, expr: &Expr) -> Option<Constant> {
    match value {
        Constant::Literal(Literal::String(text)) if expr.data_type.is_numeric() => {
            let number: Result<f64, _> = text.trim().parse();
            match number {
                Ok(number) if number.is_finite() && expr.data_type == DataType::Double => {
                    Some(Constant::Literal(Literal::Double(number)))
                }
                Ok(_) => None,
                Err(_) => Some(Constant::NoNumber(text.clone())),
            }
        }
        Constant::Literal(Literal::String(text)) if expr.data_type == DataType::STRING => {
            Some(Constant::Literal(Literal::String(text.clone())))
        }
        Constant::Literal(Literal::Int(value))
            if from.is_integer() && expr.data_type.is_integer() =>
        {
            Some(Constant::Literal(Literal::Int(*value)))
        }
        Constant::Null | Constant::NoNumber(_) => Some(value.clone()),
        Constant::Literal(_) => None,
    }
}

/// How two constants compare, if they do.
pub(super) fn compare(left: &Literal, right: &Literal) -> Option<Ordering> {
    use Literal::{Boolean, Date, Decimal, Double, Int, String, Time, Timestamp};
    match (left, right) {
        (Boolean(a), Boolean(b)) => Some(a.cmp(b)),
        (Int(a), Int(b)) => Some(a.cmp(b)),
        (Double(a), Double(b)) => a.partial_cmp(b),
        (String(a), String(b)) => Some(a.cmp(b)),
        (Date(a), Date(b)) | (Time(a), Time(b)) => Some(a.cmp(b)),
        (Timestamp(a), Timestamp(b)) => Some(a.cmp(b)),
        (Decimal(a), Decimal(b)) => scaled(a.unscaled, a.scale, b.unscaled, b.scale),
        (Int(a), Decimal(b)) => scaled(i128::from(*a), 0, b.unscaled, b.scale),
        (Decimal(a), Int(b)) => scaled(a.unscaled, a.scale, i128::from(*b), 0),
        _ => None,
    }
}

fn scaled(a: i128, a_scale: u8, b: i128, b_scale: u8) -> Option<Ordering> {
    let scale = a_scale.max(b_scale);
    let up =
        |value: i128, from: u8| value.checked_mul(10_i128.checked_pow(u32::from(scale - from))?);
    Some(up(a, a_scale)?.cmp(&up(b, b_scale)?))
}

/// Whether two expressions over the same columns give the same value.
pub(super) fn same(left: &Expr, right: &Expr) -> bool {
    if left.data_type != right.data_type {
        return false;
    }
    match (&left.kind, &right.kind) {
        (ExprKind::Column(a), ExprKind::Column(b)) => a == b,
        (ExprKind::Literal(a), ExprKind::Literal(b)) => a == b,
        (
            ExprKind::Cast {
                input: a,
                on_failure: a_failure,
            },
            ExprKind::Cast {
                input: b,
                on_failure: b_failure,
            },
        ) => a_failure == b_failure && same(a, b),
        (
            ExprKind::JsonValue {
                input: a,
                path: PathArgument::Constant(a_path),
                ..
            },
            ExprKind::JsonValue {
                input: b,
                path: PathArgument::Constant(b_path),
                ..
            },
        ) => a_path == b_path && same(a, b),
        (
            ExprKind::Call {
                function: a,
                args: a_args,
            },
            ExprKind::Call {
                function: b,
                args: b_args,
            },
        ) => {
            a == b
                && !a_args.is_empty()
                && a_args.len() == b_args.len()
                && a_args.iter().zip(b_args).all(|(a, b)| same(a, b))
        }
        _ => false,
    }
}
