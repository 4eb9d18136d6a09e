//! Writes rows and cursors in one transaction.
//!
//! A transaction begins with the first rows after a commit. It compares the cursors in the file with
//! those last read or written: if they are others, someone else's commit came between, and everything is
//! read again. A row that breaks a constraint is taken back alone, by SQLite itself, and rejected.

use super::encode::Values;
use super::error::SqliteError;
use super::schema::{CREATE_CURSORS, HAS_CURSORS, READ_CURSOR, Statements, WRITE_CURSOR};
use crate::{LaneCursor, LaneKey, Part, SinkError, SinkWriter, TargetCursor, Verdicts};
use rookery_model::{Lsn, Position, Term};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Statement, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// SQLite refused the row.
pub(super) const REFUSED: &str = "E3075";

/// What a writer is told.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The sink; names its cursors.
    pub name: String,
    pub instance: String,
    pub path: PathBuf,
    pub busy_timeout: Duration,
    pub create_table: bool,
    pub statements: Statements,
}

/// Writes rows of one table.
pub(super) struct SqliteWriter {
    settings: Settings,
    open: Option<Open>,
    /// Rows that ended their whole transaction (a trigger may do that), and why: rejected unseen.
    fatal: HashMap<RowKey, String>,
}

/// A row by lane, place and rule.
type RowKey = (usize, Position, u16, u32);

struct Open {
    connection: Connection,
    lanes: Vec<LaneKey>,
    /// The cursors in the file, as far as is known.
    known: Vec<Option<Position>>,
    begun: bool,
}

impl SqliteWriter {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            open: None,
            fatal: HashMap::new(),
        }
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        let open = self.open.as_mut().expect("open comes first");
        if open.begun {
            return Ok(());
        }
        let settings = &self.settings;
        open.connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(|error| settings.failed("begin a transaction in", &error))?;
        open.begun = true;
        let there = read_cursors(&open.connection, settings, &open.lanes)?;
        if there != open.known {
            open.roll_back();
            return Err(SinkError::from(SqliteError::CursorMoved {
                path: settings.path.clone(),
            }));
        }
        Ok(())
    }
}

impl Open {
    fn roll_back(&mut self) {
        self.begun = false;
        // SQLite may have done so already.
        let _ = self.connection.execute_batch("ROLLBACK");
    }
}

impl SinkWriter for SqliteWriter {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        // What is open is rolled back by its end.
        self.open = None;
        let settings = &self.settings;
        if let Some(parent) = settings.path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|source| SinkError::io("create", parent, source))?;
        }
        let connection = connect(settings, OpenFlags::default())?;
        set_up(&connection, settings)?;
        let known = read_cursors(&connection, settings, lanes)?;
        let cursors = known.iter().map(|cursor| match cursor {
            Some(position) => TargetCursor::At(*position),
            None => TargetCursor::Missing,
        });
        let cursors = cursors.collect();
        self.open = Some(Open {
            connection,
            lanes: lanes.to_vec(),
            known,
            begun: false,
        });
        Ok(cursors)
    }

    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        self.begin()?;
        let open = self.open.as_mut().expect("open comes first");
        let settings = &self.settings;
        let mut statement = open
            .connection
            .prepare(&settings.statements.insert)
            .map_err(|error| settings.failed("write to", &error))?;
        for (at, part) in request.iter().enumerate() {
            for row in part.rows() {
                let key = (
                    part.lane(),
                    row.meta.position,
                    row.meta.rule,
                    row.meta.ordinal,
                );
                if let Some(reason) = self.fatal.get(&key) {
                    verdicts.reject(at, row.index, REFUSED, reason.clone());
                    continue;
                }
                let Err(error) = insert(&mut statement, row.bytes, settings.statements.columns)
                else {
                    continue;
                };
                if !is_rows_fault(&error) {
                    return Err(settings.failed("write to", &error));
                }
                if open.connection.is_autocommit() {
                    self.fatal.insert(key, error.to_string());
                    return Err(settings.failed("go on after a rolled back transaction in", &error));
                }
                verdicts.reject(at, row.index, REFUSED, error.to_string());
            }
        }
        Ok(())
    }

    fn confirm(&mut self, cursors: &[LaneCursor]) -> Result<(), SinkError> {
        self.begin()?;
        let open = self.open.as_mut().expect("open comes first");
        let settings = &self.settings;
        let failed = |error| settings.failed("write a cursor to", &error);
        for (cursor, known) in cursors.iter().zip(&mut open.known) {
            if *known == Some(cursor.through) {
                continue;
            }
            let (shard, writer) = (cursor.lane.shard.0, cursor.lane.writer);
            // SQLite's integers are signed; the bits are kept.
            let (term, lsn) = (
                cursor.through.term.0.cast_signed(),
                cursor.through.lsn.0.cast_signed(),
            );
            let values = params![settings.instance, settings.name, shard, writer, term, lsn];
            let mut statement = open.connection.prepare(WRITE_CURSOR).map_err(failed)?;
            statement.execute(values).map_err(failed)?;
            *known = Some(cursor.through);
        }
        open.connection
            .execute_batch("COMMIT")
            .map_err(|error| settings.failed("commit to", &error))?;
        open.begun = false;
        self.fatal.clear();
        Ok(())
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.open = None;
        Ok(())
    }
}

/// Whether the target can be written to, without writing anything.
pub(super) fn check(settings: &Settings) -> Result<(), SinkError> {
    if !settings.path.exists() {
        let mut ancestors = settings.path.ancestors().skip(1);
        let there = ancestors
            .find(|path| path.exists())
            .unwrap_or(Path::new("/"));
        if !there.is_dir() {
            let source = std::io::ErrorKind::NotADirectory.into();
            return Err(SinkError::io("create a file in", there, source));
        }
        return rustix::fs::access(there, rustix::fs::Access::WRITE_OK)
            .map_err(|errno| SinkError::io("create a file in", there, errno.into()));
    }
    let connection = connect(settings, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let failed = |error| settings.failed("write to", &error);
    // Takes the lock that a writer takes: a file that may only be read, or that another writer does
    // not let go, is found out.
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(failed)?;
    let fits = match has_table(&connection, settings)? {
        false if settings.create_table => Ok(()),
        _ => prepare(&connection, settings).map(drop),
    };
    connection.execute_batch("ROLLBACK").map_err(failed)?;
    fits
}

fn connect(settings: &Settings, flags: OpenFlags) -> Result<Connection, SinkError> {
    // A name that begins with `file:` is a name here.
    let flags = flags - OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(&settings.path, flags)
        .map_err(|error| settings.failed("open", &error))?;
    connection
        .busy_timeout(settings.busy_timeout)
        .map_err(|error| settings.failed("open", &error))?;
    Ok(connection)
}

fn set_up(connection: &Connection, settings: &Settings) -> Result<(), SinkError> {
    let failed = |error| settings.failed("set up", &error);
    // FULL: a commit is durable when it returns.
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        .map_err(failed)?;
    let has_cursors = connection.query_row(HAS_CURSORS, [], |_| Ok(())).optional();
    if has_cursors.map_err(failed)?.is_none() {
        connection.execute_batch(CREATE_CURSORS).map_err(failed)?;
    }
    if settings.create_table && !has_table(connection, settings)? {
        connection
            .execute_batch(&settings.statements.create)
            .map_err(failed)?;
    }
    prepare(connection, settings).map(drop)
}

/// Whether the table, or a view of its name, is there.
fn has_table(connection: &Connection, settings: &Settings) -> Result<bool, SinkError> {
    let query =
        "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE";
    let found = connection
        .query_row(query, [&settings.statements.table], |_| Ok(()))
        .optional()
        .map_err(|error| settings.failed("read", &error))?;
    Ok(found.is_some())
}

/// The statement that writes a row: says whether the table fits.
fn prepare<'c>(
    connection: &'c Connection,
    settings: &Settings,
) -> Result<Statement<'c>, SinkError> {
    connection
        .prepare(&settings.statements.insert)
        .or_else(|error| {
            if error.sqlite_error_code() != Some(ErrorCode::Unknown) {
                return Err(settings.failed("read", &error));
            }
            let (path, table) = (settings.path.clone(), settings.statements.table.clone());
            Err(SinkError::from(match has_table(connection, settings)? {
                false => SqliteError::NoTable { path, table },
                true => SqliteError::Misfit {
                    path,
                    table,
                    reason: words(&error),
                },
            }))
        })
}

fn read_cursors(
    connection: &Connection,
    settings: &Settings,
    lanes: &[LaneKey],
) -> Result<Vec<Option<Position>>, SinkError> {
    let failed = |error| settings.failed("read the cursors of", &error);
    let mut statement = connection.prepare(READ_CURSOR).map_err(failed)?;
    let cursors = lanes.iter().map(|lane| {
        let key = params![settings.instance, settings.name, lane.shard.0, lane.writer];
        let found = statement.query_row(key, |row| {
            let (term, lsn): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok(Position::new(
                Term(term.cast_unsigned()),
                Lsn(lsn.cast_unsigned()),
            ))
        });
        found.optional().map_err(failed)
    });
    cursors.collect()
}

fn insert(statement: &mut Statement<'_>, row: &[u8], columns: usize) -> rusqlite::Result<usize> {
    let mut bound = 0;
    for value in Values(row) {
        let value = value.ok_or(rusqlite::Error::InvalidQuery)?;
        bound += 1;
        if bound > columns {
            return Err(rusqlite::Error::InvalidParameterCount(bound, columns));
        }
        statement.raw_bind_parameter(bound, ToSqlOutput::Borrowed(value))?;
    }
    if bound != columns {
        return Err(rusqlite::Error::InvalidParameterCount(bound, columns));
    }
    statement.raw_execute()
}

/// Whether the row is to blame: it would be refused again however often it came. A dead letter's row
/// that was made for other columns belongs here too.
fn is_rows_fault(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::InvalidQuery | rusqlite::Error::InvalidParameterCount(..) => true,
        _ => matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::ConstraintViolation
                    | ErrorCode::TypeMismatch
                    | ErrorCode::TooBig
                    | ErrorCode::ParameterOutOfRange
            )
        ),
    }
}

fn words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

impl Settings {
    fn failed(&self, action: &'static str, error: &rusqlite::Error) -> SinkError {
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            return SinkError::DiskFull {
                path: self.path.clone(),
            };
        }
        SinkError::from(SqliteError::File {
            action,
            path: self.path.clone(),
            reason: words(error),
        })
    }
}
