//! A row as a line.

use crate::{EncodeError, RowEncoder};
use rookery_codecs::format::{csv, json};
use rookery_model::{RowIdentity, Value};

/// One JSON object and a line end.
pub(super) struct JsonLines(pub json::RowFormat);

impl RowEncoder for JsonLines {
    #[inline]
    fn encode(
        &mut self,
        _identity: &RowIdentity,
        row: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.0.encode(row, out);
        out.push(b'\n');
        Ok(())
    }
}

/// One line of CSV and its end.
pub(super) struct CsvLines(pub csv::RowFormat);

impl RowEncoder for CsvLines {
    #[inline]
    fn encode(
        &mut self,
        _identity: &RowIdentity,
        row: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.0.encode(row, out);
        out.push(b'\n');
        Ok(())
    }
}
