//! `blackhole`: rows are counted and forgotten. For measuring what comes before.

mod options;
mod writer;

#[cfg(test)]
mod tests;

use crate::{Batching, EncodeError, RowEncoder, Sink, SinkOptionError, SinkWriter, TableSpec};
use rookery_model::{RowIdentity, Value};
use writer::Nowhere;

pub(crate) use options::KEYS;

/// The connector's name.
pub(crate) const CONNECTOR: &str = "blackhole";

/// Nowhere.
pub(crate) struct Blackhole {
    name: String,
    batching: Batching,
}

impl Blackhole {
    pub(crate) fn new(spec: &TableSpec) -> Result<Self, SinkOptionError> {
        Ok(Self {
            name: spec.name.clone(),
            batching: options::read(spec)?,
        })
    }
}

impl Sink for Blackhole {
    fn name(&self) -> &str {
        &self.name
    }

    fn connector(&self) -> &'static str {
        CONNECTOR
    }

    fn encoder(&self) -> Box<dyn RowEncoder> {
        Box::new(Nothing)
    }

    fn writer(&self, _index: usize) -> Box<dyn SinkWriter> {
        Box::new(Nowhere)
    }

    fn batching(&self) -> Batching {
        self.batching
    }
}

/// A row without bytes.
struct Nothing;

impl RowEncoder for Nothing {
    fn encode(
        &mut self,
        _identity: &RowIdentity,
        _row: &[Value<'_>],
        _out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        Ok(())
    }
}
