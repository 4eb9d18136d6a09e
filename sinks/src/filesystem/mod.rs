//! `filesystem`: rows as lines of JSON in a directory of files.
//!
//! The directory holds only row files, `part-000000000001.ndjson` and so on, under their final names
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
use crate::{Batching, RowEncoder, Sink, SinkContext, SinkOptionError, SinkWriter, TableSpec};
use encode::JsonLines;
use options::FilesystemOptions;
use rookery_codecs::format::json::RowFormat;
use std::path::Path;

pub(crate) use directory::row_file_index;
pub(crate) use options::state_directory;
pub(crate) use writer::{Deleted, FileSettings, FileWriter, Retain};

/// The connector's name.
pub(crate) const CONNECTOR: &str = "filesystem";

/// A directory of row files.
pub(crate) struct Filesystem {
    settings: FileSettings,
    batching: Batching,
    format: RowFormat,
}

impl Filesystem {
    pub(crate) fn new(spec: &TableSpec, context: &SinkContext) -> Result<Self, SinkOptionError> {
        let options = FilesystemOptions::read(spec, context)?;
        Ok(Self {
            settings: FileSettings {
                name: spec.name.clone(),
                directory: options.path,
                state_directory: state_directory(&context.data_dir, &spec.name),
                extension: "ndjson",
                rotate_bytes: options.rotate_bytes,
                confirm_interval: options.confirm_interval,
                retain: None,
            },
            batching: options.batching,
            format: RowFormat::new(&spec.columns, zone_of(spec)?),
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
        Box::new(JsonLines(self.format.clone()))
    }

    fn writer(&self, _index: usize) -> Box<dyn SinkWriter> {
        Box::new(FileWriter::new(self.settings.clone()))
    }

    fn batching(&self) -> Batching {
        self.batching
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.settings.directory)
    }
}
