//! `filesystem`: rows as lines of JSON or CSV in a directory of files.
//!
//! The directory holds only row files, `part-000000000001.ndjson` (or `.csv`) and so on, under their final names
//! from the first byte; names sort in the order written. Rows are confirmed when the files are synced
//! and the cursor file after them says so; every row is in the files exactly once, over crashes and
//! restarts, as long as nobody edits them. Files that are complete may be moved away or removed.

mod cursor_file;
mod directory;
mod encode;
mod options;
mod writer;

#[cfg(test)]
mod tests;

use crate::sink::zone_of;
use crate::{
    Batching, RowEncoder, Sink, SinkContext, SinkError, SinkOptionError, SinkWriter, TableSpec,
};
use encode::{CsvLines, JsonLines};
use options::{FilesystemOptions, Format};
use rookery_codecs::format::{csv, json};
use std::path::Path;

pub(crate) use directory::row_file_index;
pub(crate) use options::{KEYS, state_directory};
pub(crate) use writer::{Deleted, FileSettings, FileWriter, Retain};

/// The connector's name.
pub(crate) const CONNECTOR: &str = "filesystem";

/// A directory of row files.
pub(crate) struct Filesystem {
    settings: FileSettings,
    batching: Batching,
    format: RowFormat,
}

/// How a row is written.
enum RowFormat {
    Json(json::RowFormat),
    Csv(csv::RowFormat),
}

impl Filesystem {
    pub(crate) fn new(spec: &TableSpec, context: &SinkContext) -> Result<Self, SinkOptionError> {
        let options = FilesystemOptions::read(spec, context)?;
        let zone = zone_of(spec)?;
        let mut header = Vec::new();
        let (format, extension) = match &options.format {
            Format::Json => (
                RowFormat::Json(json::RowFormat::new(&spec.columns, zone)),
                "ndjson",
            ),
            Format::Csv(csv) => {
                let format = csv::RowFormat::new(&spec.columns, csv.delimiter, zone)
                    .with_null_literal(&csv.null_literal);
                if csv.header {
                    format.write_header(&spec.columns, &mut header);
                    header.push(b'\n');
                }
                (RowFormat::Csv(format), "csv")
            }
        };
        Ok(Self {
            settings: FileSettings {
                name: spec.name.clone(),
                directory: options.path,
                state_directory: state_directory(&context.data_dir, &spec.name),
                moves_with_state: false,
                extension,
                header,
                rotate_bytes: options.rotate_bytes,
                rotate_interval: Some(options.rotate_interval),
                confirm_interval: options.confirm_interval,
                retain: None,
            },
            batching: options.batching,
            format,
        })
    }
}

impl Sink for Filesystem {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn connector(&self) -> &'static str {
        CONNECTOR
    }

    fn encoder(&self) -> Box<dyn RowEncoder> {
        match &self.format {
            RowFormat::Json(format) => Box::new(JsonLines(format.clone())),
            RowFormat::Csv(format) => Box::new(CsvLines(format.clone())),
        }
    }

    fn writer(&self, _index: usize) -> Box<dyn SinkWriter> {
        Box::new(FileWriter::new(self.settings.clone()))
    }

    /// A server may be writing there, so nothing is opened, locked or made: the directory, or the one
    /// that it would be made in, must be one and take files.
    fn check(&self) -> Result<(), SinkError> {
        let path = &self.settings.directory;
        let there = path.ancestors().find(|path| path.exists());
        let there = there.unwrap_or(Path::new("/"));
        if !there.is_dir() {
            let source = std::io::ErrorKind::NotADirectory.into();
            return Err(SinkError::io("make a directory in", there, source));
        }
        let needed = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
        rustix::fs::access(there, needed)
            .map_err(|error| SinkError::io("write to", there, error.into()))
    }

    fn batching(&self) -> Batching {
        self.batching
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.settings.directory)
    }
}
