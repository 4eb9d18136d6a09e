//! Casts, and what goes into a sink's column.

use super::{as_decimal, integer_rank, is_atomic, is_bytes, is_time};
use crate::plan::Dialect;
use rookery_model::DataType;

/// How a query's column goes into a sink's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It always fits.
    Always,
    /// A value may not fit; then it becomes NULL (blink, and DECIMAL into DECIMAL in both).
    OrNull,
    /// Never, or not without a CAST.
    Refused,
}

/// Whether CAST takes one type to the other.
pub(crate) fn castable(from: &DataType, to: &DataType) -> bool {
    use DataType::{Array, Boolean, Date, Map, Null, Row, Time, Timestamp, TimestampLtz};
    if from == to || *from == Null {
        return true;
    }
    match (from, to) {
        (_, Null) => false,
        (Array(a), Array(b)) => castable(a, b),
        (Map(ak, av), Map(bk, bv)) => castable(ak, bk) && castable(av, bv),
        (Row(a), Row(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| castable(&a.data_type, &b.data_type))
        }
        (from, to) if to.is_string() => is_atomic(from) || *to == DataType::STRING,
        (from, to) if from.is_string() => is_atomic(to),
        (from, to) if from.is_numeric() => to.is_numeric() || *to == Boolean,
        (Boolean, to) => to.is_numeric(),
        (from, to) if is_bytes(from) => is_bytes(to),
        (Date, Timestamp(_) | TimestampLtz(_)) => true,
        (Time(_), Time(_) | Timestamp(_) | TimestampLtz(_)) => true,
        (Timestamp(_) | TimestampLtz(_), to) => is_time(to),
        _ => false,
    }
}

/// How a value goes into a sink's column.
pub(crate) fn sink_fit(dialect: Dialect, from: &DataType, to: &DataType) -> Fit {
    if widens(from, to) {
        return Fit::Always;
    }
    let decimals = matches!(
        (from, to),
        (DataType::Decimal { .. }, DataType::Decimal { .. })
    );
    match dialect {
        // Everything that is no container has a text.
        Dialect::Blink if *to == DataType::STRING && castable(from, to) => Fit::Always,
        Dialect::Blink if is_approximated(from, to) => Fit::Always,
        Dialect::Blink if castable(from, to) => Fit::OrNull,
        Dialect::Blink => Fit::Refused,
        Dialect::Flink if decimals => Fit::OrNull,
        Dialect::Flink if flink_implicit(from, to) => Fit::Always,
        Dialect::Flink => Fit::Refused,
    }
}

/// Whether every value of one type is a value of the other.
fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType::{Char, Date, Double, Float, Null, Time, Timestamp, TimestampLtz, VarChar};
    if from == to || *from == Null {
        return true;
    }
    if let (Some((p1, s1)), Some((p2, s2))) = (as_decimal(from), as_decimal(to)) {
        return if to.is_integer() {
            from.is_integer() && integer_rank(from) <= integer_rank(to)
        } else {
            s1 <= s2 && p1 - s1 <= p2 - s2
        };
    }
    match (from, to) {
        (Float, Double) => true,
        (from, Double) => from.is_integer() && integer_rank(from) <= 3,
        (Char(n) | VarChar(n), VarChar(m)) => n <= m,
        (DataType::Binary(n) | DataType::VarBinary(n), DataType::VarBinary(m)) => n <= m,
        (Char(n), Char(m)) => n <= m,
        (Time(p), Time(q)) | (Timestamp(p), Timestamp(q)) | (TimestampLtz(p), TimestampLtz(q)) => {
            p <= q
        }
        (Date, Timestamp(_)) => true,
        (DataType::Array(a), DataType::Array(b)) => widens(a, b),
        (DataType::Map(ak, av), DataType::Map(bk, bv)) => widens(ak, bk) && widens(av, bv),
        (DataType::Row(a), DataType::Row(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| widens(&a.data_type, &b.data_type))
        }
        _ => false,
    }
}

/// Whether every value of an exact type has a nearest one in a type of floating point: a DECIMAL of 38
/// digits is far below the greatest FLOAT.
fn is_approximated(from: &DataType, to: &DataType) -> bool {
    let exact = from.is_integer() || matches!(from, DataType::Decimal { .. });
    exact && matches!(to, DataType::Float | DataType::Double)
}

/// What Flink converts at a sink on its own though it does not always fit: `LogicalTypeCasts`.
fn flink_implicit(from: &DataType, to: &DataType) -> bool {
    use DataType::{Char, Date, Decimal, Double, Float, Time, Timestamp, TimestampLtz, VarChar};
    match (from, to) {
        (from, Decimal { .. }) => from.is_numeric(),
        (from, Float) => from.is_integer() || matches!(from, Decimal { .. }),
        (from, Double) => from.is_numeric(),
        (Char(_), Char(_)) => true,
        (Char(_) | VarChar(_), VarChar(_)) => true,
        (from, to) if is_bytes(from) && is_bytes(to) => true,
        (Timestamp(_), Date) => true,
        (Time(_) | Timestamp(_), Time(_)) => true,
        (Timestamp(_) | TimestampLtz(_), Timestamp(_) | TimestampLtz(_)) => true,
        _ => false,
    }
}
