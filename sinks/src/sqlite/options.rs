//! Options of `sqlite`.

use crate::options::Options;
use crate::{Batching, SinkContext, SinkOptionError, TableSpec};
use rookery_model::limits;
use std::path::PathBuf;
use std::time::Duration;

/// All that the connector has.
pub(crate) const KEYS: &[&str] = &["path", "tableName", "create_table", "busy_timeout_ms"];

/// The options, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SqliteOptions {
    /// Absolute.
    pub path: PathBuf,
    pub table: String,
    pub create_table: bool,
    pub busy_timeout: Duration,
    pub batching: Batching,
}

impl SqliteOptions {
    pub(super) fn read(spec: &TableSpec, context: &SinkContext) -> Result<Self, SinkOptionError> {
        let mut options = Options::new(spec, super::CONNECTOR, KEYS);
        let text = options.required("path", "the file of the database")?;
        let table = options.text("tableName").unwrap_or(&spec.table);
        let create_table = options.choice("create_table", &["true", "false"])? == "true";
        let busy = options.millis("busy_timeout_ms", limits::SINK_TIMEOUT_MAX_MS)?;
        let batching = options.batching()?;
        options.finish()?;
        let invalid = |key, value: &str, expected: &str| SinkOptionError::Invalid {
            table: spec.name.clone(),
            key,
            value: value.to_owned(),
            expected: expected.to_owned(),
        };
        if table.trim().is_empty() || table.contains('\0') || table.starts_with("sqlite_") {
            let expected = "the name of a table (SQLite keeps those that begin with sqlite_)";
            return Err(invalid("tableName", table, expected));
        }
        let expected = "the path of a file";
        let absolute = std::path::absolute(text.trim());
        let path = absolute.map_err(|_| invalid("path", text, expected))?;
        if text.contains("://") || text.contains('\0') || path.is_dir() {
            return Err(invalid("path", text, expected));
        }
        let data_dir = std::path::absolute(&context.data_dir).unwrap_or(context.data_dir.clone());
        let own = |name: &str| path.starts_with(data_dir.join(name));
        if own("sinks") || own(crate::dead_letters::DIRECTORY) {
            return Err(SinkOptionError::ReservedDirectory {
                table: spec.name.clone(),
                path,
            });
        }
        Ok(Self {
            path,
            table: table.to_owned(),
            create_table,
            busy_timeout: busy.unwrap_or(Duration::from_millis(limits::SQLITE_BUSY_TIMEOUT_MS)),
            batching,
        })
    }
}
