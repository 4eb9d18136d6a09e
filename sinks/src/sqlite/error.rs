//! What goes wrong at a SQLite file.

use std::path::PathBuf;

/// A SQLite file could not be used. Always tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqliteError {
    /// The library refused something.
    #[error("[E3071] cannot {action} the SQLite file {}: {reason}; it is tried again", path.display())]
    File {
        /// What was tried, an infinitive.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// SQLite's own words.
        reason: String,
    },
    /// Someone else wrote the cursor.
    #[error(
        "[E3072] the cursors in {} are not those last read, so a late commit or another process has written them; they are read again",
        path.display()
    )]
    CursorMoved {
        /// The file.
        path: PathBuf,
    },
    /// The table is not there.
    #[error(
        "[E3073] {} has no table `{table}`; create it, look at `tableName`, or set create_table = 'true'",
        path.display()
    )]
    NoTable {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
    },
    /// The table is there and does not fit.
    #[error(
        "[E3074] the table `{table}` of {} does not take these columns: {reason}",
        path.display()
    )]
    Misfit {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// SQLite's own words.
        reason: String,
    },
}

impl SqliteError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "E3071",
            Self::CursorMoved { .. } => "E3072",
            Self::NoTable { .. } => "E3073",
            Self::Misfit { .. } => "E3074",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_what_to_look_at() {
        let path = PathBuf::from("/srv/out.db");
        let table = "orders".to_owned();
        let cases = [
            (
                SqliteError::File {
                    action: "open",
                    path: path.clone(),
                    reason: "words".to_owned(),
                },
                "[E3071] cannot open the SQLite file /srv/out.db: words; it is tried again",
            ),
            (
                SqliteError::CursorMoved { path: path.clone() },
                "[E3072] the cursors in /srv/out.db are not those last read, so a late commit or \
                 another process has written them; they are read again",
            ),
            (
                SqliteError::NoTable {
                    path: path.clone(),
                    table: table.clone(),
                },
                "[E3073] /srv/out.db has no table `orders`; create it, look at `tableName`, or set \
                 create_table = 'true'",
            ),
            (
                SqliteError::Misfit {
                    path,
                    table,
                    reason: "words".to_owned(),
                },
                "[E3074] the table `orders` of /srv/out.db does not take these columns: words",
            ),
        ];
        for (error, text) in cases {
            assert_eq!(error.to_string(), text);
            assert_eq!(&text[1..6], error.code());
        }
    }
}
