//! CAST and TRY_CAST as flink means them: whole numbers wrap around, floating-point ones saturate, a
//! DECIMAL that overflows is NULL, and text that does not fit fails.

use super::cast::Target;
use super::context::{Context, Evaluated};
use super::convert::{cut_fraction, to_instant_of_local};
use super::decimal;
use super::node::Node;
use super::number_text::{parse_double, parse_float, parse_int};
use super::workspace::Workspace;
use crate::failure::Failure;
use crate::functions::Operator;
use rookery_codecs::time::{Zone, parse_date_loosely, parse_time_loosely, parse_timestamp_loosely};
use rookery_model::{DataType, Timestamp, Value};
use rookery_sql::plan::CastFailure;

/// What a value becomes.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome<'a> {
    /// A value, or NULL of a DECIMAL that overflows.
    Value(Value<'a>),
    /// It does not fit.
    Misfit,
}

/// A CAST or TRY_CAST.
#[derive(Debug)]
pub(crate) struct FlinkCast {
    pub input: Node,
    pub from: DataType,
    pub to: DataType,
    pub target: Target,
    pub on_failure: CastFailure,
}

impl Operator for FlinkCast {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let value = self.input.value(cx)?;
        if value.is_null() {
            return Ok(Value::Null);
        }
        match convert(value, self.target, &cx.work, cx.zone.get()) {
            Outcome::Value(value) => Ok(value),
            Outcome::Misfit => self.failed(value, cx),
        }
    }

    fn children(&self) -> Vec<&Node> {
        vec![&self.input]
    }

    fn fallible(&self) -> bool {
        let to_text = matches!(self.target, Target::Text { .. } | Target::Bytes { .. });
        let decides = self.from.is_string()
            || matches!(self.from, DataType::Float | DataType::Double)
                && matches!(self.target, Target::Decimal(_));
        self.on_failure == CastFailure::Fail && decides && !to_text
    }
}

impl FlinkCast {
    #[cold]
    fn failed<'a>(&'a self, value: Value<'a>, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        if self.on_failure == CastFailure::Fail {
            return cx.fail(Failure::Cast {
                from: &self.from,
                to: &self.to,
                text: match value {
                    Value::String(text) => text,
                    _ => "",
                },
            });
        }
        cx.casts_to_null.set(cx.casts_to_null.get() + 1);
        Ok(Value::Null)
    }
}

/// Whether flink has a cast that [`super::cast::conversion`] does not name.
pub(crate) fn only_in_flink(from: &DataType, to: &DataType) -> bool {
    matches!(
        (from, to),
        (DataType::Float | DataType::Double, DataType::Boolean)
            | (
                DataType::Time(_),
                DataType::Timestamp(_) | DataType::TimestampLtz(_)
            )
    )
}

/// A value that is not NULL in another type.
pub(crate) fn convert<'a>(
    value: Value<'a>,
    to: Target,
    work: &Workspace<'_, 'a>,
    zone: &Zone,
) -> Outcome<'a> {
    let fits = match (value, to) {
        (Value::String(text), to) => of_text(text, to, work, zone),
        (_, Target::Int { max, .. }) => whole(value, max).map(Value::Int),
        (Value::Float(float), Target::Boolean) => Some(Value::Boolean(float != 0.0)),
        (Value::Double(double), Target::Boolean) => Some(Value::Boolean(double != 0.0)),
        (Value::Time(millis), Target::Timestamp(digits)) => {
            let local = Timestamp::from_millis(i64::from(millis));
            Some(Value::Timestamp(cut_fraction(local, digits)))
        }
        (Value::Time(millis), Target::TimestampLtz(digits)) => {
            let local = Timestamp::from_millis(i64::from(millis));
            let instant = to_instant_of_local(local, zone);
            Some(Value::TimestampLtz(cut_fraction(instant, digits)))
        }
        (Value::Float(float), Target::Decimal(_)) if !float.is_finite() => None,
        (Value::Double(double), Target::Decimal(_)) if !double.is_finite() => None,
        (value, Target::Decimal(_)) => Some(to.convert(value, work, zone).unwrap_or(Value::Null)),
        (value, to) => to.convert(value, work, zone),
    };
    fits.map_or(Outcome::Misfit, Outcome::Value)
}

/// Text in another type, if it is a value of it.
fn of_text<'a>(
    text: &'a str,
    to: Target,
    work: &Workspace<'_, 'a>,
    zone: &Zone,
) -> Option<Value<'a>> {
    let trimmed = text.trim_matches(' ');
    Some(match to {
        Target::Int { min, max } => {
            let int = if trimmed == "." {
                0
            } else {
                parse_int(trimmed)?
            };
            Value::Int((min..=max).contains(&int).then_some(int)?)
        }
        Target::Double => Value::Double(parse_double(java_number(trimmed)?)?),
        Target::Float => Value::Float(parse_float(java_number(trimmed)?)?),
        Target::Date => Value::Date(parse_date_loosely(trimmed)?),
        Target::Time(digits) => {
            let millis = parse_time_loosely(trimmed)?;
            Value::Time(millis - millis % 10_i32.pow(3 - u32::from(digits.min(3))))
        }
        Target::Timestamp(digits) => {
            Value::Timestamp(cut_fraction(parse_timestamp_loosely(text)?, digits))
        }
        Target::TimestampLtz(digits) => {
            let instant = to_instant_of_local(parse_timestamp_loosely(text)?, zone);
            Value::TimestampLtz(cut_fraction(instant, digits))
        }
        _ => return to.convert(Value::String(text), work, zone),
    })
}

/// Java reads `1.5d` and `1.5f`, too.
fn java_number(text: &str) -> Option<&str> {
    let number = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let bare = number.len() == text.len();
    (bare || number.ends_with(|c: char| c.is_ascii_digit() || c == '.')).then_some(number)
}

/// A number as a whole one of a type that goes to `max`: Java's narrowing conversions.
fn whole(value: Value<'_>, max: i64) -> Option<i64> {
    let wide = match value {
        Value::Int(int) => int,
        Value::Boolean(truth) => i64::from(truth),
        Value::Decimal(decimal) => decimal::truncate(decimal) as i64,
        Value::Float(float) if max == i64::MAX => float as i64,
        Value::Double(double) if max == i64::MAX => double as i64,
        // The narrow types go by way of INT.
        Value::Float(float) => i64::from(float as i32),
        Value::Double(double) => i64::from(double as i32),
        _ => return None,
    };
    Some(match max {
        127 => i64::from(wide as i8),
        32_767 => i64::from(wide as i16),
        2_147_483_647 => i64::from(wide as i32),
        _ => wide,
    })
}
