//! Values as they pass from a message to a row: borrowed, copied freely, never allocated.

/// One SQL value. The type it belongs to is known from the plan; a value alone does not tell
/// TINYINT from BIGINT.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// NULL
    #[default]
    Null,
    /// BOOLEAN
    Boolean(bool),
    /// TINYINT, SMALLINT, INT, BIGINT; the months or milliseconds of an INTERVAL
    Int(i64),
    /// FLOAT
    Float(f32),
    /// DOUBLE
    Double(f64),
    /// DECIMAL
    Decimal(Decimal),
    /// CHAR, VARCHAR, STRING
    String(&'a str),
    /// BINARY, VARBINARY, BYTES
    Bytes(&'a [u8]),
    /// DATE: days since 1970-01-01
    Date(i32),
    /// TIME: milliseconds of the day
    Time(i32),
    /// TIMESTAMP: local date and time, counted as if in UTC
    Timestamp(Timestamp),
    /// TIMESTAMP_LTZ: an instant
    TimestampLtz(Timestamp),
    /// ARRAY
    Array(&'a [Value<'a>]),
    /// MAP, in the order of insertion
    Map(&'a [(Value<'a>, Value<'a>)]),
    /// ROW; the field names are in its type
    Row(&'a [Value<'a>]),
}

impl Value<'_> {
    /// Whether it is NULL.
    #[inline]
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// A decimal number: `unscaled` / 10^`scale`. |unscaled| < 10^38.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decimal {
    /// The digits, with the sign.
    pub unscaled: i128,
    /// Digits after the point, 0..=38.
    pub scale: u8,
}

/// Milliseconds since 1970-01-01 and nanoseconds within the millisecond, as Flink's TimestampData.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Milliseconds since 1970-01-01 00:00:00.
    pub millis: i64,
    /// Nanoseconds within the millisecond, 0..=999_999.
    pub nanos: u32,
}

impl Timestamp {
    /// From whole milliseconds.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self { millis, nanos: 0 }
    }
}
