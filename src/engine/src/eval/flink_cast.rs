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
        Target::Double => Value::Double(java_double(trimmed)?),
        Target::Float => Value::Float(match java_number(trimmed).and_then(parse_float) {
            Some(float) => float,
            None => hexadecimal(trimmed)? as f32,
        }),
        Target::Date => Value::Date(parse_date_loosely(trimmed)?),
        Target::Time(digits) => {
            let millis = parse_time_loosely(trimmed)?;
            Value::Time(millis - millis % 10_i32.pow(3 - u32::from(digits.min(3))))
        }
        Target::Timestamp(digits) => Value::Timestamp(cut_fraction(moment(text)?, digits)),
        Target::TimestampLtz(digits) => {
            let instant = to_instant_of_local(moment(text)?, zone);
            Value::TimestampLtz(cut_fraction(instant, digits))
        }
        _ => return to.convert(Value::String(text), work, zone),
    })
}

/// A time of day may end with a point that no fraction follows.
fn moment(text: &str) -> Option<Timestamp> {
    let bare = text.strip_suffix('.').filter(|bare| bare.contains(':'));
    parse_timestamp_loosely(bare.unwrap_or(text))
}

/// A DOUBLE as Java reads it.
pub(crate) fn java_double(text: &str) -> Option<f64> {
    java_number(text)
        .and_then(parse_double)
        .or_else(|| hexadecimal(text))
}

/// Digits of a hexadecimal number that a DOUBLE can tell.
const HEX_DIGITS_MAX: usize = 15;

/// `0x1.8p3`: a number times a power of two.
fn hexadecimal(text: &str) -> Option<f64> {
    let number = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
    let digits = unsigned
        .strip_prefix("0x")
        .or(unsigned.strip_prefix("0X"))?;
    let (digits, power) = digits.split_once(['p', 'P'])?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let count = whole.len() + fraction.len();
    if !(1..=HEX_DIGITS_MAX).contains(&count) {
        return None;
    }
    let hex = format!("{whole}{fraction}");
    let digit = |b: u8| b.is_ascii_hexdigit();
    let mantissa =
        u64::from_str_radix(Some(hex.as_str()).filter(|h| h.bytes().all(digit))?, 16).ok()?;
    let power: i32 = power.parse().ok()?;
    let power = power.checked_sub(4 * fraction.len() as i32)?;
    let value = libm::scalbn(mantissa as f64, power);
    Some(if number.starts_with('-') {
        -value
    } else {
        value
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
