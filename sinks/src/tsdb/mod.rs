//! `hitsdb` and `opentsdb`: rows as points of a time-series database, by `POST /api/put`.
//!
//! One writer for Alibaba's TSDB, OpenTSDB, VictoriaMetrics, TDengine and whatever else takes OpenTSDB's
//! JSON. A point is named by its metric, tags and timestamp, and writing it again changes nothing: so a
//! request whose fate is unknown is sent again whole. A target that names the points it did not take is
//! believed: they become dead letters, the others are stored and not sent again.

mod answer;
mod columns;
mod connection;
mod encode;
mod error;
mod options;
mod writer;

#[cfg(test)]
mod tests;

use crate::sink::zone_of;
use crate::{Batching, RowEncoder, Sink, SinkError, SinkOptionError, SinkWriter, TableSpec};
use columns::Columns;
use encode::PointEncoder;
pub use error::TsdbError;
pub(crate) use options::KEYS;
use options::TsdbOptions;
use rookery_codecs::time::Zone;
use writer::PointWriter;

/// Which words the target understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Alibaba's TSDB.
    Hitsdb,
    /// OpenTSDB and what speaks like it.
    OpenTsdb,
}

impl Dialect {
    /// The connector's name.
    pub(crate) const fn connector(self) -> &'static str {
        match self {
            Self::Hitsdb => "hitsdb",
            Self::OpenTsdb => "opentsdb",
        }
    }
}

/// A time-series database.
pub(crate) struct Tsdb {
    name: String,
    dialect: Dialect,
    options: TsdbOptions,
    columns: Columns,
    zone: Zone,
}

impl Tsdb {
    pub(crate) fn new(spec: &TableSpec, dialect: Dialect) -> Result<Self, SinkOptionError> {
        let columns = Columns::of(spec, dialect)?;
        Ok(Self {
            name: spec.name.clone(),
            dialect,
            options: TsdbOptions::read(spec, dialect, columns.multi)?,
            columns,
            zone: zone_of(spec)?,
        })
    }
}

impl Sink for Tsdb {
    fn name(&self) -> &str {
        &self.name
    }

    fn connector(&self) -> &'static str {
        self.dialect.connector()
    }

    fn encoder(&self) -> Box<dyn RowEncoder> {
        Box::new(PointEncoder::new(self.columns.clone(), self.zone.clone()))
    }

    fn writer(&self, _index: usize) -> Box<dyn SinkWriter> {
        Box::new(PointWriter::new(self.options.clone()))
    }

    fn check(&self) -> Result<(), SinkError> {
        PointWriter::new(self.options.clone()).check()
    }

    fn batching(&self) -> Batching {
        self.options.batching
    }
}
