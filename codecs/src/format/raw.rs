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
