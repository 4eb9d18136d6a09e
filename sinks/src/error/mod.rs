//! What goes wrong at a target, in a table's options, and in a row.

use std::io;
use std::path::PathBuf;

/// A target could not be used. Always tried again: a sink never ends the process, and its rows wait.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// An operation on a file or stream failed.
    #[error("[E3001] cannot {action} {target}: {source}; it is tried again")]
    Io {
        /// What was tried, an infinitive.
        action: &'static str,
        /// File, directory or stream.
        target: String,
        /// The system's answer.
        source: io::Error,
    },
    /// No space is left.
    #[error(
        "[E3002] the disk of {} is full; rows wait and go on by themselves when there is space",
        path.display()
    )]
    DiskFull {
        /// What was written to.
        path: PathBuf,
    },
    /// Someone else writes to the directory.
    #[error(
        "[E3003] the directory {} is in use by another sink or process; give each its own `path`",
        path.display()
    )]
    DirectoryInUse {
        /// The directory.
        path: PathBuf,
    },
    /// A file that rows are being written to is gone.
    #[error(
        "[E3004] the row file {} was removed while it was written; unconfirmed rows go to a new one",
        path.display()
    )]
    FileRemoved {
        /// The file.
        path: PathBuf,
    },
    /// The cursor file's two slots are both unreadable.
    #[error(
        "[E3005] the cursor file {} is damaged in both slots; move it away to go on after the row files that are there (rows of the last moments may come twice)",
        path.display()
    )]
    CursorDamaged {
        /// The cursor file.
        path: PathBuf,
    },
    /// Another version wrote the cursor file.
    #[error(
        "[E3006] the cursor file {} has format {found}, this version reads {known}; run the version that wrote it",
        path.display()
    )]
    CursorFormat {
        /// The cursor file.
        path: PathBuf,
        /// Its format.
        found: u16,
        /// Ours.
        known: u16,
    },
    /// The target asked for some rows again.
    #[error("[E3007] the target asks for {rows} rows again; they wait, and later rows behind them")]
    RetryAsked {
        /// How many rows.
        rows: usize,
    },
    /// Rows that the target refused could not be kept.
    #[error(
        "[E3008] {rows} refused rows cannot be stored as dead letters: {reason}; the sink waits"
    )]
    DeadLettersRefused {
        /// How many rows.
        rows: usize,
        /// Why.
        reason: String,
    },
    /// A Redis server.
    #[error(transparent)]
    Redis(#[from] crate::RedisError),
    /// A time-series database.
    #[error(transparent)]
    Tsdb(#[from] crate::TsdbError),
    /// A SQLite file.
    #[error(transparent)]
    Sqlite(#[from] crate::SqliteError),
}

impl SinkError {
    /// Wraps an I/O error; a full disk gets its own name.
    #[must_use]
    pub fn io(action: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull {
                path: path.to_owned(),
            },
            _ => Self::Io {
                action,
                target: path.display().to_string(),
                source,
            },
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "E3001",
            Self::DiskFull { .. } => "E3002",
            Self::DirectoryInUse { .. } => "E3003",
            Self::FileRemoved { .. } => "E3004",
            Self::CursorDamaged { .. } => "E3005",
            Self::CursorFormat { .. } => "E3006",
            Self::RetryAsked { .. } => "E3007",
            Self::DeadLettersRefused { .. } => "E3008",
            Self::Tsdb(error) => error.code(),
            Self::Sqlite(error) => error.code(),
            Self::Redis(error) => error.code(),
        }
    }
}

/// A table's options do not make a sink. A user's error: nothing starts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinkOptionError {
    /// Neither `connector` nor `type`.
    #[error(
        "[E3020] table {table} names no connector{suggestion}; add `connector`, one of: {known}"
    )]
    NoConnector {
        /// The table.
        table: String,
        /// Which option may have been meant as `connector`, or nothing.
        suggestion: String,
        /// Those that exist.
        known: String,
    },
    /// A connector that nobody knows.
    #[error("[E3021] table {table}: unknown connector `{connector}`{suggestion}")]
    UnknownConnector {
        /// The table.
        table: String,
        /// As written.
        connector: String,
        /// `; did you mean ..?` or the list.
        suggestion: String,
    },
    /// A connector that is known and not built yet.
    #[error(
        "[E3022] table {table}: connector `{connector}` is not available as a sink yet; set another with `[tables.{bare}]` in the configuration, one of: {known}"
    )]
    KnownNotBuilt {
        /// The table.
        table: String,
        /// Its name without the file.
        bare: String,
        /// As written.
        connector: String,
        /// Those that exist.
        known: String,
    },
    /// An option that the connector does not have.
    #[error("[E3023] table {table}: connector `{connector}` has no option `{key}`{suggestion}")]
    UnknownOption {
        /// The table.
        table: String,
        /// The connector.
        connector: &'static str,
        /// As written.
        key: String,
        /// `; did you mean ..?` or the list.
        suggestion: String,
    },
    /// An option that must be there.
    #[error("[E3024] table {table}: connector `{connector}` needs the option `{key}`: {meaning}")]
    Missing {
        /// The table.
        table: String,
        /// The connector.
        connector: &'static str,
        /// The option.
        key: &'static str,
        /// What it says.
        meaning: &'static str,
    },
    /// A value that cannot be used.
    #[error("[E3025] table {table}: option `{key}` = '{value}' is not {expected}")]
    Invalid {
        /// The table.
        table: String,
        /// The option.
        key: &'static str,
        /// As written.
        value: String,
        /// What it should be.
        expected: String,
    },
    /// The same option twice.
    #[error("[E3026] table {table}: option `{key}` is given twice; keep one")]
    Repeated {
        /// The table.
        table: String,
        /// The option.
        key: String,
    },
    /// Two sinks in one place.
    #[error(
        "[E3027] tables {first} and {second} both write to {}, and each needs a directory of its own; change the `path` of one",
        path.display()
    )]
    SharedDirectory {
        /// One.
        first: String,
        /// The other.
        second: String,
        /// The directory, or the outer of two nested ones.
        path: PathBuf,
    },
    /// Columns that the connector can do nothing with.
    #[error("[E3060] table {table}: connector `{connector}` {problem}")]
    Columns {
        /// The table.
        table: String,
        /// The connector.
        connector: &'static str,
        /// What is wrong, with the remedy; a verb comes first.
        problem: String,
    },
    /// A time zone that does not exist.
    #[error(
        "[E3029] table {table}: there is no time zone `{zone}`; name one such as Asia/Shanghai or +08:00"
    )]
    Zone {
        /// The table.
        table: String,
        /// As written.
        zone: String,
    },
    /// A directory that belongs to the appliance.
    #[error(
        "[E3028] table {table}: {} belongs to the data directory's own files; choose another `path`",
        path.display()
    )]
    ReservedDirectory {
        /// The table.
        table: String,
        /// The directory.
        path: PathBuf,
    },
}

impl SinkOptionError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoConnector { .. } => "E3020",
            Self::UnknownConnector { .. } => "E3021",
            Self::KnownNotBuilt { .. } => "E3022",
            Self::UnknownOption { .. } => "E3023",
            Self::Missing { .. } => "E3024",
            Self::Invalid { .. } => "E3025",
            Self::Repeated { .. } => "E3026",
            Self::SharedDirectory { .. } => "E3027",
            Self::ReservedDirectory { .. } => "E3028",
            Self::Zone { .. } => "E3029",
            Self::Columns { .. } => "E3060",
        }
    }
}

/// A row that its sink's format cannot express; the row becomes a dead letter of stage sink.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[{code}] {reason}")]
pub struct EncodeError {
    /// Stable code, `E30..`.
    pub code: &'static str,
    /// One line for a person: the column, what it holds, what it should hold.
    pub reason: String,
}

#[cfg(test)]
mod tests;
