//! Options of `sqlite`.

use super::schema::CURSORS;
use crate::options::{Options, is_the_appliances};
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
        let taken = |name: &str| table.eq_ignore_ascii_case(name);
        let kept = table.to_ascii_lowercase().starts_with("sqlite_") || taken(CURSORS);
        if table.trim().is_empty() || table.contains('\0') || kept {
            let expected = "the name of a table for rows (SQLite keeps those that begin with sqlite_, and \
                            `rookery_cursors` holds what makes rows come once)";
            return Err(invalid("tableName", table, expected));
        }
        let expected = "the path of a file";
        let absolute = std::path::absolute(text.trim());
        let path = absolute.map_err(|_| invalid("path", text, expected))?;
        if text.contains("://") || text.contains('\0') || path.is_dir() {
            return Err(invalid("path", text, expected));
        }
        if is_the_appliances(&path, &context.data_dir) {
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
