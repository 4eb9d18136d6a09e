//! Expressions without what changes nothing: casts between texts, nested ANDs and ORs.

use rookery_model::DataType;
use rookery_sql::plan::{Expr, ExprKind, Literal};

/// The same meaning, with fewer operators.
pub(super) fn simplify(mut expr: Expr) -> Expr {
    for child in expr.operands_mut() {
        let taken = std::mem::replace(child, null());
        *child = simplify(taken);
    }
    match expr.kind {
        ExprKind::Cast { input, on_failure } => match without_cast(*input, &expr.data_type) {
            Ok(input) => input,
            Err(input) => Expr {
                kind: ExprKind::Cast {
                    input: Box::new(input),
                    on_failure,
                },
                ..expr
            },
        },
        ExprKind::And(list) => Expr {
            kind: ExprKind::And(splice(list, |kind| match kind {
                ExprKind::And(inner) => Ok(inner),
                other => Err(other),
            })),
            ..expr
        },
        ExprKind::Or(list) => Expr {
            kind: ExprKind::Or(splice(list, |kind| match kind {
                ExprKind::Or(inner) => Ok(inner),
                other => Err(other),
            })),
            ..expr
        },
        _ => expr,
    }
}

fn null() -> Expr {
    Expr {
        kind: ExprKind::Literal(Literal::Null),
        data_type: DataType::Null,
        span: rookery_sql::plan::Span::default(),
    }
}

/// The input itself, if the cast to `to` would give its value unchanged.
fn without_cast(input: Expr, to: &DataType) -> Result<Expr, Expr> {
    let same = match (&input.data_type, to) {
        (from, to) if from == to => true,
        (DataType::Char(from) | DataType::VarChar(from), DataType::VarChar(to)) => from <= to,
        (DataType::TinyInt, to) => to.is_integer(),
        (DataType::SmallInt, DataType::Int | DataType::BigInt) => true,
        (DataType::Int, DataType::BigInt) => true,
        _ => false,
    };
    // The operator keeps its own type: an INT sum that becomes BIGINT wraps around at 32 bits before.
    if same { Ok(input) } else { Err(input) }
}

/// The list with those of its kind put in where they stand.
fn splice(list: Vec<Expr>, open: fn(ExprKind) -> Result<Vec<Expr>, ExprKind>) -> Vec<Expr> {
    let mut out = Vec::with_capacity(list.len());
    for expr in list {
        match open(expr.kind) {
            Ok(inner) => out.extend(inner),
            Err(kind) => out.push(Expr { kind, ..expr }),
        }
    }
    out
}
