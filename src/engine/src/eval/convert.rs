//! One value into another type: a value, or none where it does not fit.

use super::decimal::{self, DecimalType};
use super::number_text::{
    parse_double, parse_float, parse_int, write_double, write_float, write_java_double,
    write_java_float,
};
use super::workspace::Workspace;
use rookery_codecs::time::{
    MILLIS_PER_DAY, Overlap, Pattern, Zone, parse_date, parse_time, parse_timestamp, write_date,
    write_time, write_timestamp,
};
use rookery_model::{DataType, Decimal, Timestamp, Value};
use std::sync::LazyLock;

pub(super) fn to_int(value: Value<'_>) -> Option<i64> {
    match value {
        Value::String(text) => parse_int(text),
        Value::Int(int) => Some(int),
        Value::Boolean(truth) => Some(i64::from(truth)),
        Value::Double(double) => int_of_double(double),
        Value::Float(float) => int_of_double(f64::from(float)),
        Value::Decimal(decimal) => i64::try_from(decimal::truncate(decimal)).ok(),
        _ => None,
    }
}

/// The digits before the point, if an i64 holds them.
fn int_of_double(value: f64) -> Option<i64> {
    // -2^63 is a double, 2^63 - 1 is not: the next double below 2^63 still fits.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&value).then_some(value as i64)
}

pub(super) fn to_boolean(value: Value<'_>) -> Option<bool> {
    match value {
        Value::Boolean(truth) => Some(truth),
        Value::Int(int) => Some(int != 0),
        Value::Decimal(decimal) => Some(decimal.unscaled != 0),
        Value::String(text) => {
            let is = |word: &&str| text.eq_ignore_ascii_case(word);
            if ["1", "true", "t", "yes", "y"].iter().any(is) {
                return Some(true);
            }
            ["0", "false", "f", "no", "n"]
                .iter()
                .any(is)
                .then_some(false)
        }
        _ => None,
    }
}

pub(super) fn to_double(value: Value<'_>) -> Option<f64> {
    match value {
        Value::String(text) => parse_double(text),
        Value::Int(int) => Some(int as f64),
        Value::Boolean(truth) => Some(f64::from(u8::from(truth))),
        Value::Double(double) => Some(double),
        Value::Float(float) => Some(f64::from(float)),
        Value::Decimal(decimal) => double_of_decimal(decimal),
        _ => None,
    }
}

pub(super) fn to_float(value: Value<'_>) -> Option<f32> {
    match value {
        Value::String(text) => parse_float(text),
        Value::Int(int) => Some(int as f32),
        Value::Float(float) => Some(float),
        other => to_double(other).map(|double| double as f32),
    }
}

/// The nearest double.
fn double_of_decimal(value: Decimal) -> Option<f64> {
    // Both operands are exact up to here, so one division rounds once.
    const EXACT: u128 = 1 << 53;
    if value.unscaled.unsigned_abs() <= EXACT && value.scale <= 22 {
        return Some(value.unscaled as f64 / 10_f64.powi(i32::from(value.scale)));
    }
    let mut text = [0; 64];
    let mut rest = &mut text[..];
    std::io::Write::write_fmt(
        &mut rest,
        format_args!("{}e-{}", value.unscaled, value.scale),
    )
    .ok()?;
    let left = rest.len();
    let length = text.len() - left;
    std::str::from_utf8(&text[..length]).ok()?.parse().ok()
}

pub(super) fn to_decimal(
    value: Value<'_>,
    to: DecimalType,
    work: &Workspace<'_, '_>,
) -> Option<Decimal> {
    match value {
        Value::String(text) => decimal::parse(text, to),
        Value::Int(int) => to.of_int(int),
        Value::Boolean(truth) => to.of_int(i64::from(truth)),
        Value::Decimal(decimal) => to.fit(decimal),
        Value::Double(double) => decimal::parse(work.build(|out| write_double(double, out)), to),
        Value::Float(float) => decimal::parse(work.build(|out| write_float(float, out)), to),
        _ => None,
    }
}

/// What the text of a value hangs on beside itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextStyle {
    /// Digits that a time's fraction has at least.
    pub fraction: u8,
    /// Whether FLOAT and DOUBLE have the digits that Java prints.
    pub java: bool,
}

impl TextStyle {
    /// That of values of a type.
    pub fn of(data_type: &DataType, flink: bool) -> Self {
        let fraction = match data_type {
            DataType::Time(digits)
            | DataType::Timestamp(digits)
            | DataType::TimestampLtz(digits) => *digits,
            _ => 0,
        };
        Self {
            fraction,
            java: flink,
        }
    }
}

pub(crate) fn to_text<'a>(
    value: Value<'a>,
    style: TextStyle,
    work: &Workspace<'_, 'a>,
    zone: &Zone,
) -> Option<&'a str> {
    let TextStyle { fraction, java } = style;
    let timestamp = |local: Timestamp| {
        work.build(|out| {
            write_timestamp(local, out);
            pad_fraction(fraction, out);
        })
    };
    Some(match value {
        Value::String(text) => text,
        Value::Int(int) => work.arena.alloc_str(itoa::Buffer::new().format(int)),
        Value::Boolean(true) => "TRUE",
        Value::Boolean(false) => "FALSE",
        Value::Double(double) if java => work.build(|out| write_java_double(double, out)),
        Value::Double(double) => work.build(|out| write_double(double, out)),
        Value::Float(float) if java => work.build(|out| write_java_float(float, out)),
        Value::Float(float) => work.build(|out| write_float(float, out)),
        Value::Decimal(decimal) => work.build(|out| write_decimal(decimal, out)),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => work.arena.alloc_str(&String::from_utf8_lossy(bytes)),
        },
        Value::Date(days) => work.build(|out| write_date(days, out)),
        Value::Time(millis) => work.build(|out| {
            write_time(millis, out);
            pad_fraction(fraction, out);
        }),
        Value::Timestamp(local) => timestamp(local),
        Value::TimestampLtz(instant) => timestamp(local_of(instant, zone)),
        Value::Null | Value::Array(_) | Value::Map(_) | Value::Row(_) => return None,
    })
}

/// Adds zeros to a time's text until its fraction has so many digits.
fn pad_fraction(digits: u8, out: &mut Vec<u8>) {
    let there = match out.iter().rposition(|&b| b == b'.') {
        Some(point) => out.len() - point - 1,
        None if digits == 0 => return,
        None => {
            out.push(b'.');
            0
        }
    };
    out.resize(out.len() + usize::from(digits).saturating_sub(there), b'0');
}

/// Appends all digits that the scale has.
fn write_decimal(value: Decimal, out: &mut Vec<u8>) {
    if value.unscaled < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value.unscaled.unsigned_abs()).as_bytes();
    let scale = usize::from(value.scale);
    let whole = digits.len().saturating_sub(scale);
    if whole == 0 {
        out.push(b'0');
    }
    out.extend_from_slice(&digits[..whole]);
    if scale > 0 {
        out.push(b'.');
        out.resize(out.len() + scale.saturating_sub(digits.len()), b'0');
        out.extend_from_slice(&digits[whole..]);
    }
}

/// Text of at most so many characters, of exactly so many if padded.
pub(super) fn fit_text<'a>(
    text: &'a str,
    length: u32,
    pad: bool,
    work: &Workspace<'_, 'a>,
) -> &'a str {
    let length = length as usize;
    if text.len() <= length && !pad {
        return text;
    }
    match text.char_indices().nth(length) {
        Some((end, _)) => &text[..end],
        None if pad => {
            let missing = length - text.chars().count();
            if missing == 0 {
                return text;
            }
            work.build(|out| {
                out.extend_from_slice(text.as_bytes());
                out.resize(out.len() + missing, b' ');
            })
        }
        None => text,
    }
}

pub(super) fn fit_bytes<'a>(
    bytes: &'a [u8],
    length: u32,
    pad: bool,
    work: &Workspace<'_, 'a>,
) -> &'a [u8] {
    let length = length as usize;
    if pad && bytes.len() < length {
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
        return work.arena.alloc_slice_fill_with(length, byte);
    }
    &bytes[..bytes.len().min(length)]
}

static LENIENT_DATE: LazyLock<Pattern> = LazyLock::new(|| pattern("yyyy-MM-dd"));
static LENIENT_TIME: LazyLock<Pattern> = LazyLock::new(|| pattern("HH:mm:ss"));
static LENIENT_TIMESTAMP: LazyLock<Pattern> = LazyLock::new(|| pattern(Pattern::DEFAULT));
static LENIENT_FRACTION: LazyLock<Pattern> = LazyLock::new(|| pattern("yyyy-MM-dd HH:mm:ss.S"));

fn pattern(text: &str) -> Pattern {
    Pattern::new(text).expect("the pattern's letters are known")
}

pub(super) fn to_date(value: Value<'_>, zone: &Zone) -> Option<i32> {
    match value {
        Value::String(text) => {
            let date = text.split(' ').next()?;
            parse_date(date.as_bytes()).or_else(|| {
                let day = LENIENT_DATE.parse(date)?.local.millis;
                i32::try_from(day.div_euclid(MILLIS_PER_DAY)).ok()
            })
        }
        Value::Date(days) => Some(days),
        other => {
            let local = to_timestamp(other, zone)?;
            i32::try_from(local.millis.div_euclid(MILLIS_PER_DAY)).ok()
        }
    }
}

pub(super) fn to_time(value: Value<'_>, digits: u8, zone: &Zone) -> Option<i32> {
    let millis = match value {
        Value::String(text) => match parse_time(text.as_bytes()) {
            Some((millis, _)) => millis,
            None => LENIENT_TIME.parse(text)?.local.millis as i32,
        },
        Value::Time(millis) => millis,
        Value::Timestamp(_) | Value::TimestampLtz(_) => {
            to_timestamp(value, zone)?.millis.rem_euclid(MILLIS_PER_DAY) as i32
        }
        _ => return None,
    };
    let unit = 10_i32.pow(3 - u32::from(digits.min(3)));
    Some(millis - millis % unit)
}

/// A local date and time.
pub(super) fn to_timestamp(value: Value<'_>, zone: &Zone) -> Option<Timestamp> {
    match value {
        Value::String(text) => parse_timestamp(text.as_bytes()).or_else(|| {
            let lenient = [&LENIENT_TIMESTAMP, &LENIENT_FRACTION, &LENIENT_DATE];
            let parsed = lenient.iter().find_map(|pattern| pattern.parse(text))?;
            Some(parsed.local)
        }),
        Value::Timestamp(local) => Some(local),
        Value::TimestampLtz(instant) => Some(local_of(instant, zone)),
        Value::Date(days) => Some(Timestamp::from_millis(i64::from(days) * MILLIS_PER_DAY)),
        _ => None,
    }
}

/// An instant.
pub(super) fn to_instant(value: Value<'_>, zone: &Zone) -> Option<Timestamp> {
    if let Value::TimestampLtz(instant) = value {
        return Some(instant);
    }
    Some(to_instant_of_local(to_timestamp(value, zone)?, zone))
}

/// The instant at which clocks show a local time; the earlier one where they show it twice.
pub(super) fn to_instant_of_local(local: Timestamp, zone: &Zone) -> Timestamp {
    Timestamp {
        millis: zone.instant_of_local(local.millis, Overlap::Earlier),
        nanos: local.nanos,
    }
}

fn local_of(instant: Timestamp, zone: &Zone) -> Timestamp {
    Timestamp {
        millis: zone.local_of_instant(instant.millis),
        nanos: instant.nanos,
    }
}

/// Drops what is beyond so many digits of the fraction.
pub(crate) fn cut_fraction(timestamp: Timestamp, digits: u8) -> Timestamp {
    if digits >= 9 {
        return timestamp;
    }
    let Timestamp { millis, nanos } = timestamp;
    if digits >= 3 {
        let unit = 10_u32.pow(9 - u32::from(digits));
        return Timestamp {
            millis,
            nanos: nanos - nanos % unit,
        };
    }
    let unit = 10_i64.pow(3 - u32::from(digits));
    Timestamp::from_millis(millis - millis.rem_euclid(unit))
}
