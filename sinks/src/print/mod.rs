//! `print`: rows as lines on standard output, `{"table":..,"row":..}`.
//!
//! Standard output holds no cursor: rows that were printed and not confirmed come twice after a crash.

mod encode;
mod options;
mod writer;

#[cfg(test)]
mod tests;

use crate::sink::zone_of;
use crate::{Batching, RowEncoder, Sink, SinkOptionError, SinkWriter, TableSpec};
use encode::PrintLines;
use rookery_codecs::format::json::RowFormat;
use writer::StreamWriter;

pub(crate) use options::KEYS;

/// The connector's name.
pub(crate) const CONNECTOR: &str = "print";

/// Standard output.
pub(crate) struct Print {
    name: String,
    lines: PrintLines,
    batching: Batching,
}

impl Print {
    pub(crate) fn new(spec: &TableSpec) -> Result<Self, SinkOptionError> {
        Ok(Self {
            name: spec.name.clone(),
            batching: options::read(spec)?,
            lines: PrintLines::new(&spec.table, RowFormat::new(&spec.columns, zone_of(spec)?)),
        })
    }
}

impl Sink for Print {
    fn name(&self) -> &str {
        &self.name
    }

    fn connector(&self) -> &'static str {
        CONNECTOR
    }

    fn encoder(&self) -> Box<dyn RowEncoder> {
        Box::new(self.lines.clone())
    }

    fn writer(&self, _index: usize) -> Box<dyn SinkWriter> {
        Box::new(StreamWriter::new("standard output", std::io::stdout()))
    }

    fn batching(&self) -> Batching {
        self.batching
    }
}
