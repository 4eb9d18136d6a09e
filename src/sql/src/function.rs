//! Functions that are called by name.

mod collection;
mod json;
mod numeric;
mod text;
mod time;

pub use collection::CollectionFunction;
pub use json::{JsonFunction, JsonKind, JsonOnError, JsonOnMissing, JsonWrapper};
pub use numeric::{MathFunction, NumericFunction};
pub use text::{Side, TextFunction};
pub use time::{TimeField, TimeFunction, TimeUnit};

/// A function, told apart as far as its meaning differs (by argument count or dialect).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// UNIX_TIMESTAMP(): the record's time in seconds. BIGINT.
    UnixTimestampNow,
    /// UNIX_TIMESTAMP(text [, format]). BIGINT seconds; the job's zone. NULL of unparsable text (blink).
    UnixTimestamp,
    /// UNIX_TIMESTAMP(timestamp): BIGINT seconds.
    UnixTimestampOf,
    /// COALESCE and IFNULL: the first that is not NULL.
    Coalesce,
    /// NULLIF(a, b): NULL if equal, else a.
    NullIf,
    /// IF(condition, then, else).
    If,
    /// IS_DIGIT(text): only digits, at least one.
    IsDigit,
    /// IS_DECIMAL(text): parses as a decimal number.
    IsDecimal,
    /// IS_ALPHA(text): only letters, at least one.
    IsAlpha,
    /// `a || b`, and flink's CONCAT: NULL if an argument is.
    Concat,
    /// Blink's CONCAT: leaves NULL arguments out; the empty string if all are.
    ConcatSkipNull,
    /// Of numbers.
    Numeric(NumericFunction),
    /// Of dates and times.
    Time(TimeFunction),
    /// Of text: strings, patterns, digests, URLs.
    Text(TextFunction),
    /// Of JSON, but for JSON_VALUE.
    Json(JsonFunction),
    /// Of ARRAY, MAP and ROW.
    Collection(CollectionFunction),
}
