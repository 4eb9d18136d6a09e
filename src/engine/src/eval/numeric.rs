//! Arithmetic, as Java does it: integers wrap around at their width, floating point is IEEE 754.

use super::context::{Context, Evaluated};
use super::decimal::{self, DecimalType};
use super::node::Node;
use crate::failure::Failure;
use rookery_model::{DataType, Decimal, Value};
use rookery_sql::plan::ArithmeticOp;

/// An operator on one or two numbers of one type.
#[derive(Debug)]
pub(crate) struct Arithmetic {
    pub op: Operator,
    pub kind: NumberKind,
    pub left: Node,
    /// NULL for unary minus.
    pub right: Node,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Binary(ArithmeticOp),
    Negate,
}

/// The type of operands and result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberKind {
    /// Bits of the integer.
    Int(u32),
    Float,
    Double,
    /// The result's digits; operands have their own.
    Decimal(DecimalType),
}

impl NumberKind {
    /// The kind of a numeric type.
    pub fn of(data_type: &DataType) -> Option<Self> {
        Some(match *data_type {
            DataType::TinyInt => Self::Int(8),
            DataType::SmallInt => Self::Int(16),
            DataType::Int => Self::Int(32),
            DataType::BigInt | DataType::IntervalMonths | DataType::IntervalMillis => Self::Int(64),
            DataType::Float => Self::Float,
            DataType::Double => Self::Double,
            DataType::Decimal { precision, scale } => {
                Self::Decimal(DecimalType { precision, scale })
            }
            _ => return None,
        })
    }
}

impl Arithmetic {
    /// Whether it can fail: integers and decimals have no quotient by zero.
    pub fn fallible(op: Operator, kind: NumberKind) -> bool {
        let divides = matches!(
            op,
            Operator::Binary(ArithmeticOp::Divide | ArithmeticOp::Modulo)
        );
        divides && matches!(kind, NumberKind::Int(_) | NumberKind::Decimal(_))
    }

    pub fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let left = self.left.value(cx)?;
        let result = match self.op {
            Operator::Negate => Ok(negate(self.kind, left)),
            Operator::Binary(op) => binary(op, self.kind, left, self.right.value(cx)?),
        };
        match result {
            Ok(value) => Ok(value),
            Err(DivisionByZero) => cx.fail(Failure::DivisionByZero),
        }
    }
}

struct DivisionByZero;

fn negate(kind: NumberKind, value: Value<'_>) -> Value<'static> {
    match (kind, value) {
        (NumberKind::Int(bits), Value::Int(int)) => Value::Int(wrap(int.wrapping_neg(), bits)),
        (_, Value::Double(double)) => Value::Double(-double),
        (_, Value::Float(float)) => Value::Float(-float),
        (_, Value::Decimal(decimal)) => Value::Decimal(decimal::negate(decimal)),
        _ => Value::Null,
    }
}

fn binary(
    op: ArithmeticOp,
    kind: NumberKind,
    left: Value<'_>,
    right: Value<'_>,
) -> Result<Value<'static>, DivisionByZero> {
    Ok(match (kind, left, right) {
        (NumberKind::Int(bits), Value::Int(a), Value::Int(b)) => {
            Value::Int(wrap(integer(op, a, b)?, bits))
        }
        (_, Value::Double(a), Value::Double(b)) => Value::Double(match op {
            ArithmeticOp::Add => a + b,
            ArithmeticOp::Subtract => a - b,
            ArithmeticOp::Multiply => a * b,
            ArithmeticOp::Divide => a / b,
            ArithmeticOp::Modulo => a % b,
        }),
        (_, Value::Float(a), Value::Float(b)) => Value::Float(match op {
            ArithmeticOp::Add => a + b,
            ArithmeticOp::Subtract => a - b,
            ArithmeticOp::Multiply => a * b,
            ArithmeticOp::Divide => a / b,
            ArithmeticOp::Modulo => a % b,
        }),
        (NumberKind::Decimal(to), Value::Decimal(a), Value::Decimal(b)) => {
            decimals(op, a, b, to)?.map_or(Value::Null, Value::Decimal)
        }
        _ => Value::Null,
    })
}

fn integer(op: ArithmeticOp, a: i64, b: i64) -> Result<i64, DivisionByZero> {
    Ok(match op {
        ArithmeticOp::Add => a.wrapping_add(b),
        ArithmeticOp::Subtract => a.wrapping_sub(b),
        ArithmeticOp::Multiply => a.wrapping_mul(b),
        ArithmeticOp::Divide | ArithmeticOp::Modulo if b == 0 => return Err(DivisionByZero),
        ArithmeticOp::Divide => a.wrapping_div(b),
        ArithmeticOp::Modulo => a.wrapping_rem(b),
    })
}

/// The low bits, taken as a signed number of that width.
pub(crate) fn wrap(value: i64, bits: u32) -> i64 {
    let shift = 64 - bits;
    value << shift >> shift
}

fn decimals(
    op: ArithmeticOp,
    a: Decimal,
    b: Decimal,
    to: DecimalType,
) -> Result<Option<Decimal>, DivisionByZero> {
    Ok(match op {
        ArithmeticOp::Add => decimal::add(a, b, to),
        ArithmeticOp::Subtract => decimal::add(a, decimal::negate(b), to),
        ArithmeticOp::Multiply => decimal::multiply(a, b, to),
        ArithmeticOp::Divide | ArithmeticOp::Modulo if b.unscaled == 0 => {
            return Err(DivisionByZero);
        }
        ArithmeticOp::Divide => decimal::divide(a, b, to),
        ArithmeticOp::Modulo => decimal::remainder(a, b, to),
    })
}
