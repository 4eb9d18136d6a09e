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
    #[must_use]
    pub fn nested(field: &Field, zone: &Zone) -> Option<Self> {
        match field.data_type {
            DataType::Array(_) | DataType::Map(..) | DataType::Row(_) => {
                Some(Self::new(std::slice::from_ref(field), zone.clone()))
            }
            _ => None,
        }
    }

    /// Appends the JSON text of a value of the one column.
    ///
    /// # Panics
    /// If it is a format of no column.
    pub fn encode_nested(&self, value: &Value<'_>, out: &mut Vec<u8>) {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rookery_model::Decimal;

    fn field(name: &str, data_type: DataType) -> Field {
        Field {
            name: name.to_owned(),
            data_type,
        }
    }

    /// The JSON of one value of a type, in Asia/Shanghai.
    fn value(data_type: DataType, value: Value<'_>) -> String {
        let zone = Zone::parse("Asia/Shanghai").unwrap();
        let format = RowFormat::new(&[field("v", data_type)], zone);
        let mut out = Vec::new();
        format.encode(&[value], &mut out);
        let row = String::from_utf8(out).unwrap();
        row["{\"v\":".len()..row.len() - 1].to_owned()
    }

    #[test]
    fn a_row_has_all_columns_in_order() {
        let fields = [
            field("metric", DataType::STRING),
            field("value", DataType::Int),
            field("a \"name\"\n", DataType::STRING),
        ];
        let format = RowFormat::new(&fields, Zone::utc());
        let mut out = b"before".to_vec();
        let row = [Value::String("power"), Value::Int(-2203), Value::Null];
        format.encode(&row, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"before{"metric":"power","value":-2203,"a \"name\"\n":null}"#
        );
        let mut out = Vec::new();
        RowFormat::new(&[], Zone::utc()).encode(&[], &mut out);
        assert_eq!(out, b"{}");
    }

    #[test]
    #[should_panic(expected = "one value for each column")]
    fn a_row_of_another_width_is_refused() {
        RowFormat::new(&[], Zone::utc()).encode(&[Value::Null], &mut Vec::new());
    }

    #[test]
    fn numbers_are_numbers_where_json_has_them() {
        for (given, text) in [
            (Value::Int(i64::MIN), "-9223372036854775808"),
            (Value::Int(0), "0"),
            (Value::Double(1.0), "1.0"),
            (Value::Double(-0.0), "-0.0"),
            (Value::Double(0.1), "0.1"),
            (Value::Double(12.5), "12.5"),
            (Value::Double(1e300), "1e300"),
            (Value::Double(f64::NAN), "\"NaN\""),
            (Value::Double(f64::INFINITY), "\"Infinity\""),
            (Value::Double(f64::NEG_INFINITY), "\"-Infinity\""),
            (Value::Float(0.1), "0.1"),
            (Value::Float(f32::NAN), "\"NaN\""),
            (Value::Boolean(true), "true"),
            (Value::Boolean(false), "false"),
            (Value::Null, "null"),
        ] {
            assert_eq!(value(DataType::Double, given), text);
        }
    }

    #[test]
    fn decimals_have_their_scale() {
        for (unscaled, scale, text) in [
            (1250, 2, "12.50"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (-125, 2, "-1.25"),
            (0, 2, "0.00"),
            (7, 0, "7"),
            (0, 0, "0"),
            (10, 1, "1.0"),
            (1, 38, "0.00000000000000000000000000000000000001"),
            (
                -99_999_999_999_999_999_999_999_999_999_999_999_999,
                0,
                "-99999999999999999999999999999999999999",
            ),
        ] {
            let data_type = DataType::Decimal {
                precision: 38,
                scale,
            };
            let decimal = Value::Decimal(Decimal { unscaled, scale });
            assert_eq!(value(data_type, decimal), text);
        }
    }

    #[test]
    fn times_have_a_fraction_only_where_it_is_not_zero() {
        let timestamp = |millis, nanos| Timestamp { millis, nanos };
        for (given, text) in [
            (Value::Date(20_779), "2026-11-22"),
            (Value::Date(-719_529), "-0001-12-31"),
            (Value::Date(2_932_897), "10000-01-01"),
            (Value::Time(36_000_000), "10:00:00"),
            (Value::Time(86_399_120), "23:59:59.12"),
            (Value::Timestamp(timestamp(0, 0)), "1970-01-01 00:00:00"),
            (
                Value::Timestamp(timestamp(-1, 0)),
                "1969-12-31 23:59:59.999",
            ),
            (
                Value::Timestamp(timestamp(1500, 1)),
                "1970-01-01 00:00:01.500000001",
            ),
            (Value::TimestampLtz(timestamp(0, 0)), "1970-01-01 08:00:00"),
            (
                Value::TimestampLtz(timestamp(50, 0)),
                "1970-01-01 08:00:00.05",
            ),
        ] {
            assert_eq!(value(DataType::Date, given), format!("\"{text}\""));
        }
    }

    #[test]
    fn values_hold_values() {
        let ints = [Value::Int(1), Value::Null];
        let array = DataType::Array(Box::new(DataType::Int));
        assert_eq!(value(array.clone(), Value::Array(&ints)), "[1,null]");
        assert_eq!(value(array.clone(), Value::Array(&[])), "[]");

        let names = [
            (Value::String("a\"b"), Value::Double(1.0)),
            (Value::Int(7), Value::Null),
            (Value::Null, Value::Null),
        ];
        let map = DataType::Map(Box::new(DataType::STRING), Box::new(DataType::Double));
        assert_eq!(
            value(map.clone(), Value::Map(&names)),
            r#"{"a\"b":1.0,"7":null,"null":null}"#
        );
        assert_eq!(value(map, Value::Map(&[])), "{}");

        let inner = DataType::Row(vec![field("x", DataType::Int)]);
        let row = DataType::Row(vec![
            field("rows", DataType::Array(Box::new(inner))),
            field("bytes", DataType::VarBinary(9)),
        ]);
        let point = [Value::Int(3)];
        let rows = [Value::Row(&point), Value::Null];
        let whole = [Value::Array(&rows), Value::Bytes(b"\x00\xff!\x10")];
        assert_eq!(
            value(row, Value::Row(&whole)),
            r#"{"rows":[{"x":3},null],"bytes":"AP8hEA=="}"#
        );
        assert_eq!(value(DataType::VarBinary(9), Value::Bytes(b"")), "\"\"");
    }
}
