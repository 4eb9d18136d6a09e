//! SQL types, as Flink names them.

use crate::Field;
use std::fmt;

/// A SQL type. Nullability is not part of it: every column may hold NULL.
#[derive(Clone, Debug, PartialEq)]
pub enum DataType {
    /// The type of a bare NULL; casts to any other.
    Null,
    /// BOOLEAN
    Boolean,
    /// TINYINT, 8 bits
    TinyInt,
    /// SMALLINT, 16 bits
    SmallInt,
    /// INT or INTEGER, 32 bits
    Int,
    /// BIGINT, 64 bits
    BigInt,
    /// FLOAT, IEEE 754 single
    Float,
    /// DOUBLE, IEEE 754 double
    Double,
    /// DECIMAL(precision 1..=38, scale 0..=precision)
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// CHAR(n), n characters (code points)
    Char(u32),
    /// VARCHAR(n); STRING is VARCHAR(2147483647)
    VarChar(u32),
    /// BINARY(n), bytes
    Binary(u32),
    /// VARBINARY(n); BYTES is VARBINARY(2147483647)
    VarBinary(u32),
    /// DATE
    Date,
    /// TIME(p), p fractional digits
    Time(u8),
    /// TIMESTAMP(p), without a zone
    Timestamp(u8),
    /// TIMESTAMP_LTZ(p), an instant
    TimestampLtz(u8),
    /// INTERVAL YEAR TO MONTH: a count of months. Of expressions only, no column has it.
    IntervalMonths,
    /// INTERVAL DAY TO SECOND: a count of milliseconds. Of expressions only, no column has it.
    IntervalMillis,
    /// ARRAY<element>
    Array(Box<DataType>),
    /// MAP<key, value>
    Map(Box<DataType>, Box<DataType>),
    /// ROW<name type, ..>
    Row(Vec<Field>),
}

impl DataType {
    /// Length of STRING and BYTES: Flink's largest.
    pub const MAX_LENGTH: u32 = 2_147_483_647;

    /// STRING
    pub const STRING: Self = Self::VarChar(Self::MAX_LENGTH);

    /// Whether it is CHAR, VARCHAR or STRING.
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self, Self::Char(_) | Self::VarChar(_))
    }

    /// Whether it is TINYINT, SMALLINT, INT or BIGINT.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::TinyInt | Self::SmallInt | Self::Int | Self::BigInt
        )
    }

    /// Whether it is an INTERVAL.
    #[must_use]
    pub fn is_interval(&self) -> bool {
        matches!(self, Self::IntervalMonths | Self::IntervalMillis)
    }

    /// Whether it is an integer, DECIMAL, FLOAT or DOUBLE.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || matches!(self, Self::Float | Self::Double | Self::Decimal { .. })
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::Int => f.write_str("INT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            Self::Char(n) => write!(f, "CHAR({n})"),
            Self::VarChar(Self::MAX_LENGTH) => f.write_str("STRING"),
            Self::VarChar(n) => write!(f, "VARCHAR({n})"),
            Self::Binary(n) => write!(f, "BINARY({n})"),
            Self::VarBinary(Self::MAX_LENGTH) => f.write_str("BYTES"),
            Self::VarBinary(n) => write!(f, "VARBINARY({n})"),
            Self::Date => f.write_str("DATE"),
            Self::Time(p) => write!(f, "TIME({p})"),
            Self::Timestamp(p) => write!(f, "TIMESTAMP({p})"),
            Self::TimestampLtz(p) => write!(f, "TIMESTAMP_LTZ({p})"),
            Self::IntervalMonths => f.write_str("INTERVAL MONTH"),
            Self::IntervalMillis => f.write_str("INTERVAL SECOND(3)"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Row(fields) => {
                f.write_str("ROW<")?;
                for (i, field) in fields.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}`{}` {}", field.name, field.data_type)?;
                }
                f.write_str(">")
            }
        }
    }
}
