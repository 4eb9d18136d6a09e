//! `sqlite`: rows into a table of a SQLite file.
//!
//! With a PRIMARY KEY a row replaces the one of its key, without one it is added. The lanes' cursors are
//! in the file too, in the same transaction as the rows, so that each row takes effect exactly once: over
//! crashes of this process and of the machine (write-ahead log, synced at each commit).

mod encode;
mod error;
mod options;
mod schema;
mod writer;

#[cfg(test)]
mod tests;

use crate::sink::zone_of;
use crate::{
    Batching, RowEncoder, Sink, SinkContext, SinkError, SinkOptionError, SinkWriter, TableSpec,
};
use encode::RowBinary;
pub use error::SqliteError;
pub(crate) use options::KEYS;
use options::SqliteOptions;
use rookery_codecs::time::Zone;
use rookery_model::Field;
use schema::Statements;
use writer::{Settings, SqliteWriter};

/// The connector's name.
pub(crate) const CONNECTOR: &str = "sqlite";

/// A table of a SQLite file.
pub(crate) struct Sqlite {
    settings: Settings,
    batching: Batching,
    columns: Vec<Field>,
    primary_key: Vec<usize>,
    zone: Zone,
}

impl Sqlite {
    pub(crate) fn new(spec: &TableSpec, context: &SinkContext) -> Result<Self, SinkOptionError> {
        let options = SqliteOptions::read(spec, context)?;
        Ok(Self {
            settings: Settings {
                name: spec.name.clone(),
                instance: context.instance.clone(),
                path: options.path,
                busy_timeout: options.busy_timeout,
                create_table: options.create_table,
                statements: Statements::of(spec, &options.table)?,
            },
            batching: options.batching,
            columns: spec.columns.clone(),
            primary_key: spec.primary_key.clone(),
            zone: zone_of(spec)?,
        })
    }
}

impl Sink for Sqlite {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn connector(&self) -> &'static str {
        CONNECTOR
    }

    fn encoder(&self) -> Box<dyn RowEncoder> {
        Box::new(RowBinary::new(
            &self.columns,
            &self.primary_key,
            self.zone.clone(),
        ))
    }

    fn writer(&self, _index: usize) -> Box<dyn SinkWriter> {
        Box::new(SqliteWriter::new(self.settings.clone()))
    }

    fn check(&self) -> Result<(), SinkError> {
        writer::check(&self.settings)
    }

    fn batching(&self) -> Batching {
        self.batching
    }
}
