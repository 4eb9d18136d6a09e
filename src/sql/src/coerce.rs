//! Which types go together, and what comes of it: the rules of both dialects, without any tree.
//!
//! Sources: Flink's `LogicalTypeMerging` and `LogicalTypeCasts` for `flink`; Alibaba's matrix of
//! implicit conversions (VVR manual, "Data type conversion") for what `blink` adds to it.

mod fit;

pub(crate) use fit::{Fit, castable, sink_fit};

use crate::plan::{ArithmeticOp, Dialect};
use rookery_model::{DataType, Field};

/// Precision and scale that any exact number and any text of one is compared in.
const WIDEST_EXACT: DataType = DataType::Decimal {
    precision: 38,
    scale: 18,
};
/// Largest precision of DECIMAL.
const DECIMAL_MAX: u8 = 38;
/// Digits after the point that a result keeps when its precision is cut to 38.
const SCALE_KEPT: u8 = 6;

/// The type that both are converted to in order to be compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) data_type: DataType,
    /// Text meets a number (blink): worth a warning.
    pub(crate) text_and_number: bool,
}

/// What an arithmetic operator makes of its operands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arithmetic {
    /// What each operand is converted to; DECIMAL operands stay as they are.
    pub(crate) operand: DataType,
    pub(crate) result: DataType,
    /// Text is computed with (blink): worth a warning.
    pub(crate) text_and_number: bool,
}

/// Precision and scale of an exact number as DECIMAL.
fn as_decimal(data_type: &DataType) -> Option<(u8, u8)> {
    Some(match data_type {
        DataType::TinyInt => (3, 0),
        DataType::SmallInt => (5, 0),
        DataType::Int => (10, 0),
        DataType::BigInt => (19, 0),
        DataType::Decimal { precision, scale } => (*precision, *scale),
        _ => return None,
    })
}

/// The DECIMAL that holds every value of an integer type.
pub(crate) fn integer_as_decimal(data_type: &DataType) -> DataType {
    let (precision, scale) = as_decimal(data_type).unwrap_or((DECIMAL_MAX, 0));
    DataType::Decimal { precision, scale }
}

fn integer_rank(data_type: &DataType) -> u8 {
    match data_type {
        DataType::TinyInt => 1,
        DataType::SmallInt => 2,
        DataType::Int => 3,
        _ => 4,
    }
}

/// Cuts a DECIMAL's precision to 38, keeping its whole digits and at least six after the point.
fn adjusted(precision: u16, scale: u16) -> DataType {
    let max = u16::from(DECIMAL_MAX);
    let (precision, scale) = if precision <= max {
        (precision, scale)
    } else {
        let whole = precision - scale;
        let least = scale.min(u16::from(SCALE_KEPT));
        (max, max.saturating_sub(whole).max(least))
    };
    DataType::Decimal {
        precision: u8::try_from(precision).unwrap_or(DECIMAL_MAX),
        scale: u8::try_from(scale).unwrap_or(DECIMAL_MAX),
    }
}

fn common_decimal(a: (u8, u8), b: (u8, u8)) -> DataType {
    let scale = a.1.max(b.1);
    let whole = (a.0 - a.1).max(b.0 - b.1);
    adjusted(u16::from(whole) + u16::from(scale), u16::from(scale))
}

/// The number type that holds both; of FLOAT and DOUBLE flink takes the first.
fn common_number(dialect: Dialect, a: &DataType, b: &DataType) -> Option<DataType> {
    if let (Some(exact_a), Some(exact_b)) = (as_decimal(a), as_decimal(b)) {
        if a.is_integer() && b.is_integer() {
            let wider = if integer_rank(a) >= integer_rank(b) {
                a
            } else {
                b
            };
            return Some(wider.clone());
        }
        return Some(common_decimal(exact_a, exact_b));
    }
    if !a.is_numeric() || !b.is_numeric() {
        return None;
    }
    let decimal = |t: &DataType| matches!(t, DataType::Decimal { .. });
    let double = |t: &DataType| *t == DataType::Double;
    let approximate = |t: &DataType| double(t) || *t == DataType::Float;
    if dialect == Dialect::Flink && approximate(a) && approximate(b) {
        return Some(a.clone());
    }
    if double(a) || double(b) || decimal(a) || decimal(b) {
        Some(DataType::Double)
    } else {
        Some(DataType::Float)
    }
}

fn is_time(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Date | DataType::Time(_) | DataType::Timestamp(_) | DataType::TimestampLtz(_)
    )
}

fn is_bytes(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Binary(_) | DataType::VarBinary(_))
}

/// Whether it is no ARRAY, MAP or ROW.
fn is_atomic(data_type: &DataType) -> bool {
    !matches!(
        data_type,
        DataType::Array(_) | DataType::Map(..) | DataType::Row(_)
    )
}

/// Blink takes a DATE for its first moment.
fn common_time(dialect: Dialect, a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Date, Time, Timestamp, TimestampLtz};
    if dialect == Dialect::Flink && (*a == Date) != (*b == Date) {
        return None;
    }
    Some(match (a, b) {
        (Time(p), Time(q)) => Time(*p.max(q)),
        (Timestamp(p), Timestamp(q)) => Timestamp(*p.max(q)),
        (Date, Timestamp(p)) | (Timestamp(p), Date) => Timestamp(*p),
        (TimestampLtz(p), TimestampLtz(q) | Timestamp(q)) | (Timestamp(q), TimestampLtz(p)) => {
            TimestampLtz(*p.max(q))
        }
        (Date, TimestampLtz(p)) | (TimestampLtz(p), Date) => TimestampLtz(*p),
        _ => return None,
    })
}

fn common_text(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Char, VarChar};
    match (a, b) {
        (Char(n), Char(m)) if n == m => Some(Char(*n)),
        (Char(n) | VarChar(n), Char(m) | VarChar(m)) => Some(VarChar(*n.max(m))),
        _ => None,
    }
}

fn common_bytes(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Binary, VarBinary};
    match (a, b) {
        (Binary(n), Binary(m)) if n == m => Some(Binary(*n)),
        (Binary(n) | VarBinary(n), Binary(m) | VarBinary(m)) => Some(VarBinary(*n.max(m))),
        _ => None,
    }
}

/// The type of a value that is one or the other: the branches of CASE, COALESCE, UNION ALL.
pub(crate) fn common(dialect: Dialect, a: &DataType, b: &DataType) -> Option<DataType> {
    if a == b || *b == DataType::Null {
        return Some(a.clone());
    }
    if *a == DataType::Null {
        return Some(b.clone());
    }
    let found = common_number(dialect, a, b)
        .or_else(|| common_text(a, b))
        .or_else(|| common_bytes(a, b))
        .or_else(|| common_time(dialect, a, b))
        .or_else(|| common_nested(dialect, a, b));
    if found.is_some() || dialect == Dialect::Flink {
        return found;
    }
    let text = a.is_string() || b.is_string();
    let both = |t: &DataType| is_atomic(t) && !is_bytes(t);
    (text && both(a) && both(b)).then_some(DataType::STRING)
}

fn common_nested(dialect: Dialect, a: &DataType, b: &DataType) -> Option<DataType> {
    match (a, b) {
        (DataType::Array(a), DataType::Array(b)) => {
            Some(DataType::Array(Box::new(common(dialect, a, b)?)))
        }
        (DataType::Map(ak, av), DataType::Map(bk, bv)) => Some(DataType::Map(
            Box::new(common(dialect, ak, bk)?),
            Box::new(common(dialect, av, bv)?),
        )),
        (DataType::Row(a), DataType::Row(b)) if a.len() == b.len() => {
            let fields = a.iter().zip(b).map(|(a, b)| {
                Some(Field {
                    name: a.name.clone(),
                    data_type: common(dialect, &a.data_type, &b.data_type)?,
                })
            });
            Some(DataType::Row(fields.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// What two values are compared as; none if they cannot be.
pub(crate) fn comparison(dialect: Dialect, a: &DataType, b: &DataType) -> Option<Comparison> {
    let plain = |data_type| {
        Some(Comparison {
            data_type,
            text_and_number: false,
        })
    };
    if a == b || *b == DataType::Null {
        return plain(a.clone());
    }
    if *a == DataType::Null {
        return plain(b.clone());
    }
    if a.is_string() && b.is_string() {
        return plain(DataType::STRING);
    }
    if a.is_numeric() && b.is_numeric() {
        let exact = as_decimal(a).is_some() && as_decimal(b).is_some();
        return if exact || (*a == DataType::Float && *b == DataType::Float) {
            plain(common_number(dialect, a, b)?)
        } else {
            plain(DataType::Double)
        };
    }
    let (text, other) = match (a.is_string(), b.is_string()) {
        (true, false) => (true, b),
        (false, true) => (true, a),
        _ => (false, a),
    };
    if text && is_time(other) {
        return plain(other.clone());
    }
    if text && dialect == Dialect::Blink {
        if *other == DataType::Boolean {
            return plain(DataType::Boolean);
        }
        if other.is_numeric() {
            let exact = as_decimal(other).is_some();
            return Some(Comparison {
                data_type: if exact {
                    WIDEST_EXACT
                } else {
                    DataType::Double
                },
                text_and_number: true,
            });
        }
    }
    let same_family = common_time(dialect, a, b).or_else(|| common_bytes(a, b));
    plain(same_family.or_else(|| common_nested(Dialect::Flink, a, b))?)
}

/// Whether values of a type have an order (`<`), beyond being equal or not.
pub(crate) fn ordered(data_type: &DataType) -> bool {
    is_atomic(data_type)
}

/// What an operator makes of two operands; none if it does not take them.
pub(crate) fn arithmetic(
    dialect: Dialect,
    op: ArithmeticOp,
    a: &DataType,
    b: &DataType,
) -> Option<Arithmetic> {
    let text = |t: &DataType| dialect == Dialect::Blink && t.is_string();
    if text(a) || text(b) {
        // A text may hold a fraction: converted to the other side's integer it would lose it.
        let number = |t: &DataType| t.is_numeric() || t.is_string() || *t == DataType::Null;
        return (number(a) && number(b)).then_some(Arithmetic {
            operand: DataType::Double,
            result: DataType::Double,
            text_and_number: true,
        });
    }
    if dialect == Dialect::Flink && (*a == DataType::Null || *b == DataType::Null) {
        // A bare NULL wants a CAST there.
        return None;
    }
    let (a, b) = match (a, b) {
        (DataType::Null, DataType::Null) => (&DataType::Int, &DataType::Int),
        (DataType::Null, other) | (other, DataType::Null) => (other, other),
        both => both,
    };
    let operand = common_number(dialect, a, b)?;
    let exact = as_decimal(&operand).is_some();
    if dialect == Dialect::Flink && op == ArithmeticOp::Modulo && !exact {
        return None;
    }
    let of = |operand: DataType, result: DataType| {
        Some(Arithmetic {
            operand,
            result,
            text_and_number: false,
        })
    };
    if a.is_integer() && b.is_integer() {
        if op == ArithmeticOp::Divide && dialect == Dialect::Blink {
            return of(DataType::Double, DataType::Double);
        }
        // The rest is smaller than the divisor, whose type flink gives it.
        let narrow = dialect == Dialect::Flink && op == ArithmeticOp::Modulo;
        let result = if narrow { b.clone() } else { operand.clone() };
        return of(operand, result);
    }
    match (as_decimal(a), as_decimal(b)) {
        (Some(a), Some(b)) => of(operand, decimal_result(op, a, b)),
        _ => of(operand.clone(), operand),
    }
}

/// Precision and scale of an operator over two DECIMALs, as Flink's `LogicalTypeMerging`.
fn decimal_result(op: ArithmeticOp, a: (u8, u8), b: (u8, u8)) -> DataType {
    let (p1, s1) = (u16::from(a.0), u16::from(a.1));
    let (p2, s2) = (u16::from(b.0), u16::from(b.1));
    match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => {
            let scale = s1.max(s2);
            adjusted((p1 - s1).max(p2 - s2) + scale + 1, scale)
        }
        ArithmeticOp::Multiply => adjusted(p1 + p2 + 1, s1 + s2),
        ArithmeticOp::Divide => {
            let scale = u16::from(SCALE_KEPT).max(s1 + p2 + 1);
            adjusted(p1 - s1 + s2 + scale, scale)
        }
        ArithmeticOp::Modulo if s1 == 0 && s2 == 0 => adjusted(p2, 0),
        ArithmeticOp::Modulo => {
            let scale = s1.max(s2);
            adjusted((p1 - s1).min(p2 - s2) + scale, scale)
        }
    }
}

#[cfg(test)]
mod tests;
