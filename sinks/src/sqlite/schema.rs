//! The statements of one table, and which type of SQLite holds which of ours.
//!
//! | ours | SQLite | how |
//! | --- | --- | --- |
//! | BOOLEAN | INTEGER | 0, 1 |
//! | TINYINT, SMALLINT, INT, BIGINT | INTEGER | |
//! | FLOAT, DOUBLE | REAL | NaN, which SQLite has not, is a dead letter |
//! | DECIMAL | TEXT | all digits of its scale |
//! | CHAR, VARCHAR, STRING | TEXT | |
//! | DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ | TEXT | `yyyy-MM-dd`, `HH:mm:ss`, both; the last in the table's zone |
//! | BINARY, VARBINARY | BLOB | |
//! | ARRAY, MAP, ROW | TEXT | JSON |

use crate::{SinkOptionError, TableSpec};
use rookery_model::DataType;

/// Name of the table of cursors, one for all sinks of a file.
pub(super) const CURSORS: &str = "rookery_cursors";

/// Makes it.
pub(super) const CREATE_CURSORS: &str = "CREATE TABLE IF NOT EXISTS rookery_cursors (\
    instance TEXT NOT NULL, sink TEXT NOT NULL, shard INTEGER NOT NULL, writer INTEGER NOT NULL, \
    term INTEGER NOT NULL, lsn INTEGER NOT NULL, \
    PRIMARY KEY (instance, sink, shard, writer)) WITHOUT ROWID";

/// Whether the table of cursors is there.
pub(super) const HAS_CURSORS: &str =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'rookery_cursors'";

pub(super) const READ_CURSOR: &str = "SELECT term, lsn FROM rookery_cursors \
    WHERE instance = ?1 AND sink = ?2 AND shard = ?3 AND writer = ?4";

pub(super) const WRITE_CURSOR: &str = "INSERT INTO rookery_cursors VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
    ON CONFLICT DO UPDATE SET term = excluded.term, lsn = excluded.lsn";

/// Most columns of a table: SQLite's own limit on parameters.
const COLUMNS_MAX: usize = 2000;

/// What is said to SQLite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statements {
    /// As it is named, without quotes.
    pub table: String,
    pub create: String,
    pub insert: String,
    pub columns: usize,
}

impl Statements {
    pub(super) fn of(spec: &TableSpec, table: &str) -> Result<Self, SinkOptionError> {
        let wrong = |problem: &str| SinkOptionError::Columns {
            table: spec.name.clone(),
            connector: super::CONNECTOR,
            problem: problem.to_owned(),
        };
        if spec.columns.is_empty() || spec.columns.len() > COLUMNS_MAX {
            return Err(wrong("takes 1 to 2000 columns"));
        }
        if spec.columns.iter().any(|column| column.name.contains('\0')) {
            return Err(wrong("takes no column whose name holds a NUL"));
        }
        let same = |at: usize| {
            let name = &spec.columns[at].name;
            let mut others = spec.columns[..at].iter();
            others.find(|other| other.name.eq_ignore_ascii_case(name))
        };
        if let Some((at, other)) = (1..spec.columns.len()).find_map(|at| Some((at, same(at)?))) {
            return Err(wrong(&format!(
                "takes no columns whose names differ in case only, as `{}` and `{}` do; rename one",
                other.name, spec.columns[at].name
            )));
        }
        let quoted = quote(table);
        let names: Vec<_> = spec
            .columns
            .iter()
            .map(|column| quote(&column.name))
            .collect();
        let is_key = |at: usize| spec.primary_key.contains(&at);
        let mut parts: Vec<_> = (spec.columns.iter().zip(&names).enumerate())
            .map(|(at, (column, name))| {
                let null = if is_key(at) { " NOT NULL" } else { "" };
                format!("{name} {}{null}", type_of(&column.data_type))
            })
            .collect();
        let keys: Vec<_> = spec
            .primary_key
            .iter()
            .map(|&at| names[at].as_str())
            .collect();
        if !keys.is_empty() {
            parts.push(format!("PRIMARY KEY ({})", keys.join(", ")));
        }
        let marks = vec!["?"; names.len()];
        let mut insert = format!(
            // A conflict clause of the table itself must not end the transaction.
            "INSERT OR ABORT INTO {quoted} ({}) VALUES ({})",
            names.join(", "),
            marks.join(", ")
        );
        if !keys.is_empty() {
            let others = (0..names.len()).filter(|&at| !is_key(at));
            let sets: Vec<_> = others
                .map(|at| format!("{0} = excluded.{0}", names[at]))
                .collect();
            insert.push_str(&format!(" ON CONFLICT ({}) DO ", keys.join(", ")));
            match sets.is_empty() {
                true => insert.push_str("NOTHING"),
                false => insert.push_str(&format!("UPDATE SET {}", sets.join(", "))),
            }
        }
        Ok(Self {
            create: format!("CREATE TABLE IF NOT EXISTS {quoted} ({})", parts.join(", ")),
            insert,
            columns: names.len(),
            table: table.to_owned(),
        })
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn type_of(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "INTEGER",
        DataType::Float | DataType::Double => "REAL",
        DataType::Binary(_) | DataType::VarBinary(_) => "BLOB",
        other if other.is_integer() => "INTEGER",
        _ => "TEXT",
    }
}
