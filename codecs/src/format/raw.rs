//! A row of one column as that column's bytes.

use super::json::write_text;
use crate::time::Zone;
use rookery_model::Value;

/// Appends a value's bytes: those of a VARBINARY, the text of any other type, nothing for NULL. ARRAY, MAP
/// and ROW have no raw form and give nothing: refuse such a column when the sink is built.
pub fn encode(value: &Value<'_>, zone: &Zone, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::String(text) => out.extend_from_slice(text.as_bytes()),
        Value::Bytes(bytes) => out.extend_from_slice(bytes),
        _ => write_text(value, zone, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_its_bytes() {
        for (value, bytes) in [
            (Value::Bytes(b"\x00\xff"), b"\x00\xff".as_slice()),
            (Value::String("a\"b"), b"a\"b"),
            (Value::Int(-7), b"-7"),
            (Value::Boolean(true), b"true"),
            (Value::Date(0), b"1970-01-01"),
            (Value::Null, b""),
        ] {
            let mut out = Vec::new();
            encode(&value, &Zone::utc(), &mut out);
            assert_eq!(out, bytes);
        }
    }
}
