//! A row as a JSON object.
//!
//! | type | JSON |
//! | --- | --- |
//! | integers, FLOAT, DOUBLE | number; NaN, Infinity and -Infinity as strings |
//! | DECIMAL | number with its scale |
//! | CHAR, VARCHAR, STRING | string |
//! | BOOLEAN | true, false |
//! | DATE, TIME, TIMESTAMP | string `yyyy-MM-dd`, `HH:mm:ss`, both; a fraction only where it is not zero |
//! | TIMESTAMP_LTZ | the same in the zone, no suffix |
//! | ARRAY | array |
//! | MAP, ROW | object |
//! | BINARY, VARBINARY | string of base64 |
//! | NULL | null |

use super::scalar::{write_base64, write_decimal, write_double, write_float, write_int};
use crate::escape::write_string;
use crate::time::{Zone, write_date, write_time, write_timestamp};
use rookery_model::{DataType, Field, Timestamp, Value};

/// Writes rows of one schema.
#[derive(Clone, Debug)]
pub struct RowFormat {
    columns: Vec<Column>,
    zone: Zone,
}

/// A member that is written for each row.
#[derive(Clone, Debug)]
struct Column {
    /// `{"name":` of the first, `,"name":` of the others.
    prefix: Vec<u8>,
    shape: Shape,
}

/// What of a type a value does not tell by itself: the names of the fields of ROWs.
#[derive(Clone, Debug)]
enum Shape {
    Scalar,
    Array(Box<Shape>),
    Map(Box<Shape>),
    Row(Vec<Column>),
}

impl Shape {
    fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Array(element) => Self::Array(Box::new(Self::of(element))),
            DataType::Map(_, value) => Self::Map(Box::new(Self::of(value))),
            DataType::Row(fields) => Self::Row(columns_of(fields)),
            _ => Self::Scalar,
        }
    }
}

fn columns_of(fields: &[Field]) -> Vec<Column> {
    let column = |(i, field): (usize, &Field)| {
        let mut prefix = vec![if i == 0 { b'{' } else { b',' }];
        write_string(&field.name, &mut prefix);
        prefix.push(b':');
        Column {
            prefix,
            shape: Shape::of(&field.data_type),
        }
    };
    fields.iter().enumerate().map(column).collect()
}

impl RowFormat {
    /// A format for rows of these columns; TIMESTAMP_LTZ is written in `zone`.
    #[must_use]
    pub fn new(fields: &[Field], zone: Zone) -> Self {
        Self {
            columns: columns_of(fields),
            zone,
        }
    }

    /// Appends a row as an object of all its columns in order, without a line end.
    ///
    /// # Panics
    /// If the row has not as many values as the schema has columns.
    #[inline]
    pub fn encode(&self, row: &[Value<'_>], out: &mut Vec<u8>) {
        assert_eq!(row.len(), self.columns.len(), "one value for each column");
        self.write_row(&self.columns, row, out);
    }

    /// A format for one column, if its values hold other values.
    pub(super) fn nested(field: &Field, zone: &Zone) -> Option<Self> {
        match field.data_type {
            DataType::Array(_) | DataType::Map(..) | DataType::Row(_) => {
                Some(Self::new(std::slice::from_ref(field), zone.clone()))
            }
            _ => None,
        }
    }

    /// Appends the JSON text of a value of the one column.
    pub(super) fn encode_nested(&self, value: &Value<'_>, out: &mut Vec<u8>) {
        self.write_value(&self.columns[0].shape, value, out);
    }

    #[inline]
    fn write_row(&self, columns: &[Column], row: &[Value<'_>], out: &mut Vec<u8>) {
        if columns.is_empty() {
            out.push(b'{');
        }
        for (column, value) in columns.iter().zip(row) {
            out.extend_from_slice(&column.prefix);
            self.write_value(&column.shape, value, out);
        }
        out.push(b'}');
    }

    #[inline]
    fn write_value(&self, shape: &Shape, value: &Value<'_>, out: &mut Vec<u8>) {
        match *value {
            Value::Null => out.extend_from_slice(b"null"),
            Value::String(text) => write_string(text, out),
            Value::Int(value) => write_int(value, out),
            _ => self.write_other(shape, value, out),
        }
    }

    fn write_other(&self, shape: &Shape, value: &Value<'_>, out: &mut Vec<u8>) {
        match (*value, shape) {
            (Value::Double(value), _) if value.is_finite() => write_double(value, out),
            (Value::Float(value), _) if value.is_finite() => write_float(value, out),
            (Value::Decimal(value), _) => write_decimal(value, out),
            (Value::Boolean(true), _) => out.extend_from_slice(b"true"),
            (Value::Boolean(false), _) => out.extend_from_slice(b"false"),
            (Value::Array(elements), _) => {
                let shape = match shape {
                    Shape::Array(element) => element,
                    _ => &Shape::Scalar,
                };
                self.write_array(shape, elements, out);
            }
            (Value::Map(entries), _) => {
                let shape = match shape {
                    Shape::Map(value) => value,
                    _ => &Shape::Scalar,
                };
                self.write_map(shape, entries, out);
            }
            (Value::Row(fields), Shape::Row(columns)) => self.write_row(columns, fields, out),
            // A row whose type has no names cannot come from a plan; an array keeps its values.
            (Value::Row(fields), _) => self.write_array(&Shape::Scalar, fields, out),
            _ => {
                out.push(b'"');
                write_text(value, &self.zone, out);
                out.push(b'"');
            }
        }
    }

    fn write_array(&self, shape: &Shape, elements: &[Value<'_>], out: &mut Vec<u8>) {
        out.push(b'[');
        for (i, element) in elements.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            self.write_value(shape, element, out);
        }
        out.push(b']');
    }

    /// Keys become their text, a NULL key `null`.
    fn write_map(&self, shape: &Shape, entries: &[(Value<'_>, Value<'_>)], out: &mut Vec<u8>) {
        out.push(b'{');
        for (i, (key, value)) in entries.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            if let Value::String(text) = key {
                write_string(text, out);
            } else {
                out.push(b'"');
                write_text(key, &self.zone, out);
                out.push(b'"');
            }
            out.push(b':');
            self.write_value(shape, value, out);
        }
        out.push(b'}');
    }
}

/// Appends the text of a value that is no string and holds no other values: nothing in it needs an
/// escape. ARRAY, MAP and ROW give nothing.
pub(super) fn write_text(value: &Value<'_>, zone: &Zone, out: &mut Vec<u8>) {
    match *value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Int(value) => write_int(value, out),
        Value::Float(value) => write_float(value, out),
        Value::Double(value) => write_double(value, out),
        Value::Decimal(value) => write_decimal(value, out),
        Value::Bytes(bytes) => write_base64(bytes, out),
        Value::Date(days) => write_date(days, out),
        Value::Time(millis) => write_time(millis, out),
        Value::Timestamp(timestamp) => write_timestamp(timestamp, out),
        Value::TimestampLtz(instant) => {
            let local = Timestamp {
                millis: zone.local_of_instant(instant.millis),
                nanos: instant.nanos,
            };
            write_timestamp(local, out);
        }
        Value::String(_) | Value::Array(_) | Value::Map(_) | Value::Row(_) => {}
    }
}
