//! A row as a line of CSV.
//!
//! Values are written as in the [JSON format](super::json), without its quotes. A value that holds the
//! delimiter, a quote or a line end is quoted, quotes in it doubled (RFC 4180). NULL is nothing between
//! two delimiters, or a literal that stands unquoted; the empty string is two quotes, and a string that
//! reads like the literal is quoted. ARRAY, MAP and ROW are their JSON text.

use super::json::{self, write_text};
use crate::time::Zone;
use rookery_model::{Field, Value};

/// Writes rows of one schema.
#[derive(Clone, Debug)]
pub struct RowFormat {
    /// For columns that hold other values: a format of a row of that column alone.
    nested: Vec<Option<json::RowFormat>>,
    delimiter: u8,
    null_literal: Vec<u8>,
    zone: Zone,
}

impl RowFormat {
    /// A format for rows of these columns; TIMESTAMP_LTZ is written in `zone`.
    #[must_use]
    pub fn new(fields: &[Field], delimiter: u8, zone: Zone) -> Self {
        let nested = |field: &Field| json::RowFormat::nested(field, &zone);
        Self {
            nested: fields.iter().map(nested).collect(),
            delimiter,
            null_literal: Vec::new(),
            zone,
        }
    }

    /// The same with NULL written as this text.
    ///
    /// # Panics
    /// If the text would have to be quoted: then a reader could not tell it from a string.
    #[must_use]
    pub fn with_null_literal(self, text: &str) -> Self {
        let plain = text.bytes().all(|byte| !is_special(byte, self.delimiter));
        assert!(plain, "NULL's literal stands unquoted");
        Self {
            null_literal: text.as_bytes().to_vec(),
            ..self
        }
    }

    /// Appends the columns' names as a row, without a line end.
    pub fn write_header(&self, fields: &[Field], out: &mut Vec<u8>) {
        for (i, field) in fields.iter().enumerate() {
            if i > 0 {
                out.push(self.delimiter);
            }
            let start = out.len();
            out.extend_from_slice(field.name.as_bytes());
            self.quote_if_needed(start, out);
        }
    }

    /// Appends a row, without a line end.
    ///
    /// # Panics
    /// If the row has not as many values as the schema has columns.
    pub fn encode(&self, row: &[Value<'_>], out: &mut Vec<u8>) {
        assert_eq!(row.len(), self.nested.len(), "one value for each column");
        for (i, (nested, value)) in self.nested.iter().zip(row).enumerate() {
            if i > 0 {
                out.push(self.delimiter);
            }
            match (value, nested) {
                (Value::Null, _) => out.extend_from_slice(&self.null_literal),
                (Value::String(text), _) => {
                    let start = out.len();
                    out.extend_from_slice(text.as_bytes());
                    self.quote_if_needed(start, out);
                }
                (_, Some(format)) => {
                    let start = out.len();
                    format.encode_nested(value, out);
                    self.quote_if_needed(start, out);
                }
                (_, None) => {
                    let start = out.len();
                    write_text(value, &self.zone, out);
                    self.quote_if_needed(start, out);
                }
            }
        }
    }

    /// Quotes what was appended from `start` on, if it is empty or would not read back.
    fn quote_if_needed(&self, start: usize, out: &mut Vec<u8>) {
        let value = &out[start..];
        let special = |&byte: &u8| is_special(byte, self.delimiter);
        // Without a literal of its own NULL is the empty text.
        let reads_as_null = value.is_empty() || value == self.null_literal;
        if !reads_as_null && !value.iter().any(special) {
            return;
        }
        let quotes = value.iter().filter(|&&byte| byte == b'"').count();
        let mut from = out.len();
        out.resize(from + quotes + 2, b'"');
        let mut to = out.len() - 1;
        // From the back, so that each byte moves once; the last place keeps its quote.
        while from > start {
            from -= 1;
            to -= 1;
            out[to] = out[from];
            if out[from] == b'"' {
                to -= 1;
                out[to] = b'"';
            }
        }
        out[start] = b'"';
    }
}

/// Whether a value that holds this byte must be quoted.
fn is_special(byte: u8, delimiter: u8) -> bool {
    byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rookery_model::{DataType, Timestamp};

    #[test]
    fn values_are_quoted_where_they_must_be() {
        let array = DataType::Array(Box::new(DataType::STRING));
        let types = [
            DataType::STRING,
            DataType::STRING,
            DataType::STRING,
            DataType::STRING,
            DataType::Int,
            DataType::TimestampLtz(3),
            array,
            DataType::STRING,
        ];
        let fields = types.map(|data_type| Field {
            name: "c".to_owned(),
            data_type,
        });
        let zone = Zone::parse("+08:00").unwrap();
        let row = [
            Value::String("plain"),
            Value::String("a,b"),
            Value::String("say \"hi\"\n"),
            Value::String(""),
            Value::Int(-5),
            Value::TimestampLtz(Timestamp::from_millis(0)),
            Value::Array(&[Value::String("x"), Value::Null]),
            Value::Null,
        ];
        let mut out = Vec::new();
        RowFormat::new(&fields, b',', zone.clone()).encode(&row, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "plain,\"a,b\",\"say \"\"hi\"\"\n\",\"\",-5,1970-01-01 08:00:00,\"[\"\"x\"\",null]\","
        );
        let mut out = Vec::new();
        RowFormat::new(&fields, 1, zone).encode(&row, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "plain\u{1}a,b\u{1}\"say \"\"hi\"\"\n\"\u{1}\"\"\u{1}-5\u{1}1970-01-01 08:00:00\u{1}\"[\"\"x\"\",null]\"\u{1}"
        );
    }
    #[test]
    fn nulls_literal_is_told_from_a_string_that_reads_like_it() {
        let fields = ["imei", "the \"name\"", "a,b"].map(|name| Field {
            name: name.to_owned(),
            data_type: DataType::STRING,
        });
        let format = RowFormat::new(&fields, b',', Zone::utc()).with_null_literal("n/a");
        let row = [Value::Null, Value::String("n/a"), Value::String("")];
        let mut out = Vec::new();
        format.write_header(&fields, &mut out);
        out.push(b'\n');
        format.encode(&row, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "imei,\"the \"\"name\"\"\",\"a,b\"\nn/a,\"n/a\",\"\""
        );
    }
}
