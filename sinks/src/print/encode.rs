//! A row with its table's name around it.

use crate::{EncodeError, RowEncoder};
use rookery_codecs::format::json::RowFormat;
use rookery_codecs::json::write_string;
use rookery_model::{RowIdentity, Value};

/// `{"table":"t","row":{..}}` and a line end.
#[derive(Clone)]
pub(super) struct PrintLines {
    /// Everything before the row.
    prefix: Vec<u8>,
    format: RowFormat,
}

impl PrintLines {
    pub(super) fn new(table: &str, format: RowFormat) -> Self {
        let mut prefix = b"{\"table\":".to_vec();
        write_string(table, &mut prefix);
        prefix.extend_from_slice(b",\"row\":");
        Self { prefix, format }
    }
}

impl RowEncoder for PrintLines {
    fn encode(
        &mut self,
        _identity: &RowIdentity,
        row: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        out.extend_from_slice(&self.prefix);
        self.format.encode(row, out);
        out.extend_from_slice(b"}\n");
        Ok(())
    }
}
