//! CAST between scalar types: a value, or none where it does not fit.

use super::context::{Context, Evaluated};
use super::convert::{
    TextStyle, cut_fraction, fit_bytes, fit_text, to_boolean, to_date, to_decimal, to_double,
    to_float, to_instant, to_int, to_text, to_time, to_timestamp,
};
use super::decimal::DecimalType;
use super::node::Node;
use super::workspace::Workspace;
use rookery_codecs::time::Zone;
use rookery_model::{DataType, Value};

/// CAST or TRY_CAST whose failure is NULL.
#[derive(Debug)]
pub(crate) struct Cast {
    pub input: Node,
    pub to: Target,
    /// Whether a failure counts as narrowed for the sink.
    pub narrowing: bool,
}

impl Cast {
    #[inline]
    pub fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let value = self.input.value(cx)?;
        if value.is_null() {
            return Ok(Value::Null);
        }
        let zone = cx.zone.get();
        Ok(self
            .to
            .convert(value, &cx.work, zone)
            .unwrap_or_else(|| self.failed(cx)))
    }

    #[cold]
    fn failed<'a>(&self, cx: &Context<'_, 'a>) -> Value<'a> {
        let counter = if self.narrowing {
            &cx.narrowed_to_null
        } else {
            &cx.casts_to_null
        };
        counter.set(counter.get() + 1);
        Value::Null
    }
}

/// The type that a value gets, as far as values differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Boolean,
    Int {
        min: i64,
        max: i64,
    },
    Float,
    Double,
    Decimal(DecimalType),
    /// Characters at most; shorter text is padded if asked for.
    Text {
        length: u32,
        pad: bool,
        style: TextStyle,
    },
    /// Bytes at most; fewer are filled up with zeros if asked for.
    Bytes {
        length: u32,
        pad: bool,
    },
    Date,
    /// Digits of the fraction.
    Time(u8),
    Timestamp(u8),
    TimestampLtz(u8),
}

impl Target {
    /// What values of a type are like; none of types that hold others.
    pub fn of(data_type: &DataType) -> Option<Self> {
        let int = |min: i64, max: i64| Self::Int { min, max };
        Some(match *data_type {
            DataType::Boolean => Self::Boolean,
            DataType::TinyInt => int(i8::MIN.into(), i8::MAX.into()),
            DataType::SmallInt => int(i16::MIN.into(), i16::MAX.into()),
            DataType::Int => int(i32::MIN.into(), i32::MAX.into()),
            DataType::BigInt | DataType::IntervalMonths | DataType::IntervalMillis => {
                int(i64::MIN, i64::MAX)
            }
            DataType::Float => Self::Float,
            DataType::Double => Self::Double,
            DataType::Decimal { precision, scale } => {
                Self::Decimal(DecimalType { precision, scale })
            }
            DataType::Char(length) | DataType::VarChar(length) => Self::Text {
                length,
                pad: matches!(data_type, DataType::Char(_)),
                style: TextStyle::default(),
            },
            DataType::Binary(length) | DataType::VarBinary(length) => Self::Bytes {
                length,
                pad: matches!(data_type, DataType::Binary(_)),
            },
            DataType::Date => Self::Date,
            DataType::Time(digits) => Self::Time(digits),
            DataType::Timestamp(digits) => Self::Timestamp(digits),
            DataType::TimestampLtz(digits) => Self::TimestampLtz(digits),
            DataType::Null | DataType::Array(_) | DataType::Map(..) | DataType::Row(_) => {
                return None;
            }
        })
    }

    /// The same, for values of a type that is known.
    pub fn of_source(self, from: &DataType, flink: bool) -> Self {
        match self {
            Self::Text { length, pad, .. } => Self::Text {
                length,
                pad,
                style: TextStyle::of(from, flink),
            },
            _ => self,
        }
    }

    /// Converts a value that is not NULL; none if it does not fit. Whether there is a conversion at all
    /// is decided beforehand: [`conversion`].
    pub fn convert<'a>(
        &self,
        value: Value<'a>,
        work: &Workspace<'_, 'a>,
        zone: &Zone,
    ) -> Option<Value<'a>> {
        match *self {
            Self::Int { min, max } => {
                let int = to_int(value)?;
                (min <= int && int <= max).then_some(Value::Int(int))
            }
            Self::Text { length, pad, style } => {
                let text = to_text(value, style, work, zone)?;
                Some(Value::String(fit_text(text, length, pad, work)))
            }
            Self::Boolean => to_boolean(value).map(Value::Boolean),
            Self::Double => to_double(value).map(Value::Double),
            Self::Float => to_float(value).map(Value::Float),
            Self::Decimal(to) => to_decimal(value, to, work).map(Value::Decimal),
            Self::Bytes { length, pad } => {
                let bytes = match value {
                    Value::String(text) => text.as_bytes(),
                    Value::Bytes(bytes) => bytes,
                    _ => return None,
                };
                Some(Value::Bytes(fit_bytes(bytes, length, pad, work)))
            }
            Self::Date => to_date(value, zone).map(Value::Date),
            Self::Time(digits) => to_time(value, digits, zone).map(Value::Time),
            Self::Timestamp(digits) => {
                to_timestamp(value, zone).map(|t| Value::Timestamp(cut_fraction(t, digits)))
            }
            Self::TimestampLtz(digits) => {
                to_instant(value, zone).map(|t| Value::TimestampLtz(cut_fraction(t, digits)))
            }
        }
    }
}

/// Whether there is a cast, and whether it can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// Every value has one.
    Total,
    /// Some values have none, and both dialects agree which (but for what becomes of them).
    Partial,
    /// Some values have none, where flink wraps around or saturates.
    PartialInBlink,
}

/// Whether and how values of a type are cast to another; none if they are not.
pub(crate) fn conversion(from: &DataType, to: &DataType) -> Option<Conversion> {
    use Conversion::{Partial, PartialInBlink, Total};
    use Target as T;
    let number = |t: &T| matches!(t, T::Int { .. } | T::Float | T::Double | T::Decimal(_));
    let moment = |t: &T| matches!(t, T::Date | T::Timestamp(_) | T::TimestampLtz(_));
    let (from, to) = (Target::of(from)?, Target::of(to)?);
    Some(match (from, to) {
        (_, T::Text { .. }) => Total,
        (T::Text { .. }, T::Bytes { .. }) | (T::Bytes { .. }, T::Bytes { .. }) => Total,
        (T::Text { .. }, _) => Partial,
        (T::Boolean, T::Boolean) => Total,
        (T::Boolean, T::Decimal(_)) => Partial,
        (T::Boolean, _) if number(&to) => Total,
        (T::Int { .. } | T::Decimal(_), T::Boolean) => Total,
        (T::Int { min: a, .. }, T::Int { min: b, .. }) if b <= a => Total,
        (_, T::Int { .. }) if number(&from) => PartialInBlink,
        (_, T::Decimal(_)) if number(&from) => Partial,
        (_, T::Float | T::Double) if number(&from) => Total,
        (T::Time(_), T::Time(_)) => Total,
        (T::Timestamp(_) | T::TimestampLtz(_), T::Time(_)) => Total,
        (_, _) if moment(&from) && moment(&to) => Total,
        _ => return None,
    })
}
