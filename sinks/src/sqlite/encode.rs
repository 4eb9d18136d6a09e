//! A row as bytes on its way to the writer, which binds them to a prepared statement.
//!
//! The values of all columns in order, each a kind and what belongs to it; numbers are little-endian:
//!
//! | kind | then | what |
//! | --- | --- | --- |
//! | 0 | | NULL |
//! | 1 | 8 bytes | INTEGER |
//! | 2 | 8 bytes | REAL |
//! | 3 | length (4 bytes), UTF-8 | TEXT |
//! | 4 | length (4 bytes), bytes | BLOB |

use crate::{EncodeError, RowEncoder};
use rookery_codecs::format::json::RowFormat;
use rookery_codecs::format::raw;
use rookery_codecs::time::Zone;
use rookery_model::{Field, RowIdentity, Value};
use rusqlite::types::ValueRef;

/// The row cannot be kept as it is.
pub(super) const NOT_A_ROW: &str = "E3076";

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
const BLOB: u8 = 4;

/// Writes rows of one table.
pub(super) struct RowBinary {
    columns: Vec<Column>,
    zone: Zone,
}

struct Column {
    name: String,
    is_key: bool,
    /// For a column that holds other values.
    nested: Option<RowFormat>,
}

impl RowBinary {
    pub(super) fn new(columns: &[Field], primary_key: &[usize], zone: Zone) -> Self {
        let column = |(at, field): (usize, &Field)| Column {
            name: field.name.clone(),
            is_key: primary_key.contains(&at),
            nested: RowFormat::nested(field, &zone),
        };
        Self {
            columns: columns.iter().enumerate().map(column).collect(),
            zone,
        }
    }

    fn push(
        &self,
        column: &Column,
        value: &Value<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match *value {
            Value::Null if column.is_key => return Err(column.refused("is NULL")),
            Value::Null => out.push(NULL),
            Value::Boolean(value) => push_fixed(INTEGER, i64::from(value).to_le_bytes(), out),
            Value::Int(value) => push_fixed(INTEGER, value.to_le_bytes(), out),
            Value::Float(value) if value.is_nan() => return Err(column.refused("is NaN")),
            Value::Double(value) if value.is_nan() => return Err(column.refused("is NaN")),
            Value::Float(value) => push_fixed(REAL, f64::from(value).to_le_bytes(), out),
            Value::Double(value) => push_fixed(REAL, value.to_le_bytes(), out),
            Value::Bytes(bytes) => push_sized(BLOB, out, |out| out.extend_from_slice(bytes)),
            Value::String(text) => {
                push_sized(TEXT, out, |out| out.extend_from_slice(text.as_bytes()))
            }
            _ => push_sized(TEXT, out, |out| match &column.nested {
                Some(format) => format.encode_nested(value, out),
                None => raw::encode(value, &self.zone, out),
            }),
        }
        Ok(())
    }
}

impl Column {
    #[cold]
    fn refused(&self, what: &str) -> EncodeError {
        let reason = match what {
            "is NULL" => "and part of the primary key, which names the row",
            _ => "which SQLite would keep as NULL",
        };
        EncodeError {
            code: NOT_A_ROW,
            reason: format!("column `{}` {what}, {reason}", self.name),
        }
    }
}

impl RowEncoder for RowBinary {
    fn encode(
        &mut self,
        _identity: &RowIdentity,
        row: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        assert_eq!(row.len(), self.columns.len(), "one value for each column");
        let start = out.len();
        for (column, value) in self.columns.iter().zip(row) {
            if let Err(error) = self.push(column, value, out) {
                out.truncate(start);
                return Err(error);
            }
        }
        Ok(())
    }
}

fn push_fixed(kind: u8, bytes: [u8; 8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&bytes);
}

fn push_sized(kind: u8, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(kind);
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len() - at - 4).expect("a value comes from one message");
    out[at..at + 4].copy_from_slice(&length.to_le_bytes());
}

/// The values of a row; none at a place where the bytes are not what [`RowBinary`] writes.
pub(super) struct Values<'a>(pub &'a [u8]);

impl<'a> Iterator for Values<'a> {
    type Item = Option<ValueRef<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, rest) = self.0.split_first()?;
        // Whatever is wrong ends the row.
        self.0 = &[];
        Some(self.value(*kind, rest))
    }
}

impl<'a> Values<'a> {
    fn value(&mut self, kind: u8, rest: &'a [u8]) -> Option<ValueRef<'a>> {
        let mut take = |bytes: &'a [u8], length: usize| {
            let (taken, rest) = bytes.split_at_checked(length)?;
            self.0 = rest;
            Some(taken)
        };
        match kind {
            NULL => take(rest, 0).map(|_| ValueRef::Null),
            INTEGER | REAL => {
                let bytes = take(rest, 8)?.try_into().expect("eight bytes");
                Some(match kind {
                    INTEGER => ValueRef::Integer(i64::from_le_bytes(bytes)),
                    _ => ValueRef::Real(f64::from_le_bytes(bytes)),
                })
            }
            TEXT | BLOB => {
                let length = take(rest, 4)?.try_into().expect("four bytes");
                let bytes = take(&rest[4..], u32::from_le_bytes(length) as usize)?;
                Some(match kind {
                    TEXT => ValueRef::Text(bytes),
                    _ => ValueRef::Blob(bytes),
                })
            }
            _ => None,
        }
    }
}
