//! Comparisons of two values of one type.

use super::context::{Context, Truth};
use super::decimal;
use super::nested::same;
use super::node::Node;
use rookery_model::{DataType, Value};
use rookery_sql::plan::CompareOp;
use std::cmp::Ordering;

/// Types whose values are compared in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparable {
    Boolean,
    Int,
    Float,
    Double,
    Decimal,
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    TimestampLtz,
    /// ARRAY, MAP, ROW: equal or not.
    Nested,
}

impl Comparable {
    /// How values of a type are compared; none where SQL does not.
    pub fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Boolean,
            DataType::TinyInt | DataType::SmallInt | DataType::Int | DataType::BigInt => Self::Int,
            DataType::IntervalMonths | DataType::IntervalMillis => Self::Int,
            DataType::Float => Self::Float,
            DataType::Double => Self::Double,
            DataType::Decimal { .. } => Self::Decimal,
            DataType::Char(_) | DataType::VarChar(_) => Self::Text,
            DataType::Binary(_) | DataType::VarBinary(_) => Self::Bytes,
            DataType::Date => Self::Date,
            DataType::Time(_) => Self::Time,
            DataType::Timestamp(_) => Self::Timestamp,
            DataType::TimestampLtz(_) => Self::TimestampLtz,
            DataType::Array(_) | DataType::Map(..) | DataType::Row(_) => Self::Nested,
            DataType::Null => return None,
        })
    }

    /// The order of two values: `Err` if one is NULL, `Ok(None)` if one is NaN.
    #[inline]
    fn order(self, left: &Value<'_>, right: &Value<'_>) -> Result<Option<Ordering>, IsNull> {
        use Value as V;
        Ok(match (self, left, right) {
            (Self::Text, V::String(a), V::String(b)) => Some(a.cmp(b)),
            (Self::Int, V::Int(a), V::Int(b)) => Some(a.cmp(b)),
            (Self::Double, V::Double(a), V::Double(b)) => a.partial_cmp(b),
            (Self::Decimal, V::Decimal(a), V::Decimal(b)) => Some(decimal::compare(*a, *b)),
            (Self::Boolean, V::Boolean(a), V::Boolean(b)) => Some(a.cmp(b)),
            (Self::Float, V::Float(a), V::Float(b)) => a.partial_cmp(b),
            (Self::Bytes, V::Bytes(a), V::Bytes(b)) => Some(a.cmp(b)),
            (Self::Date, V::Date(a), V::Date(b)) | (Self::Time, V::Time(a), V::Time(b)) => {
                Some(a.cmp(b))
            }
            (Self::Timestamp, V::Timestamp(a), V::Timestamp(b))
            | (Self::TimestampLtz, V::TimestampLtz(a), V::TimestampLtz(b)) => Some(a.cmp(b)),
            (Self::Nested, left, right) if !left.is_null() && !right.is_null() => {
                Some(if same(left, right) {
                    Ordering::Equal
                } else {
                    Ordering::Less
                })
            }
            _ => return Err(IsNull),
        })
    }

    /// The order of two values that are not NULL, NaN above all; none where there is no order.
    pub fn total_order(self, left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
        match self.order(left, right) {
            Ok(Some(order)) => Some(order),
            Ok(None) => Some(is_nan(left).cmp(&is_nan(right))),
            Err(IsNull) => None,
        }
    }

    /// Three-valued equality.
    #[inline]
    pub fn equal(self, left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
        let order = self.order(left, right).ok()?;
        Some(order == Some(Ordering::Equal))
    }
}

fn is_nan(value: &Value<'_>) -> bool {
    match value {
        Value::Double(double) => double.is_nan(),
        Value::Float(float) => float.is_nan(),
        _ => false,
    }
}

/// An operand is NULL.
struct IsNull;

/// `left op right`
#[derive(Debug)]
pub(crate) struct Compare {
    pub op: CompareOp,
    pub comparable: Comparable,
    pub left: Node,
    pub right: Node,
}

impl Compare {
    pub fn truth<'a>(&'a self, cx: &Context<'_, 'a>) -> Truth<'a> {
        let left = self.left.value(cx)?;
        let right = self.right.value(cx)?;
        let Ok(order) = self.comparable.order(&left, &right) else {
            return Ok(None);
        };
        Ok(Some(holds(self.op, order)))
    }
}

/// Whether a comparison holds in this order; none is that of NaN, which only differs.
fn holds(op: CompareOp, order: Option<Ordering>) -> bool {
    let Some(order) = order else {
        return op == CompareOp::NotEqual;
    };
    match op {
        CompareOp::Equal => order.is_eq(),
        CompareOp::NotEqual => order.is_ne(),
        CompareOp::Less => order.is_lt(),
        CompareOp::LessOrEqual => order.is_le(),
        CompareOp::Greater => order.is_gt(),
        CompareOp::GreaterOrEqual => order.is_ge(),
    }
}
