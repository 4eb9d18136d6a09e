//! A real file.
#![allow(clippy::unwrap_used)]

use super::Sqlite;
use crate::testing::{at, key};
use crate::{
    LaneCursor, Part, RowBatch, RowMeta, Sink, SinkContext, SinkError, SinkWriter, TableSpec,
    TargetCursor, Verdicts, build,
};
use rookery_model::{
    DataType, Decimal, Field, Position, RecordTime, RowIdentity, ShardId, Timestamp, Value,
};
use std::path::{Path, PathBuf};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(crate::testing::fast_dir())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("deep/out.db")
    }

    /// A table `orders` of (id BIGINT, text VARCHAR).
    fn sink(&self, primary_key: &[usize], options: &[(&str, &str)]) -> Sqlite {
        let columns = [("id", DataType::BigInt), ("text", DataType::STRING)];
        Sqlite::new(&self.spec(&columns, primary_key, options), &context()).unwrap()
    }

    fn spec(
        &self,
        columns: &[(&str, DataType)],
        primary_key: &[usize],
        options: &[(&str, &str)],
    ) -> TableSpec {
        let path = self.file().display().to_string();
        let mut all = vec![("connector", "sqlite"), ("path", path.as_str())];
        all.extend_from_slice(options);
        let text = |text: &str| text.to_owned();
        TableSpec {
            name: text("jobs.orders"),
            table: text("orders"),
            columns: (columns.iter())
                .map(|(name, data_type)| Field {
                    name: text(name),
                    data_type: data_type.clone(),
                })
                .collect(),
            primary_key: primary_key.to_vec(),
            options: all.iter().map(|(k, v)| (text(k), text(v))).collect(),
            zone: text("Asia/Shanghai"),
        }
    }

    fn prepare(&self, sql: &str) {
        std::fs::create_dir_all(self.file().parent().unwrap()).unwrap();
        self.connection().execute_batch(sql).unwrap();
    }

    fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.file()).unwrap()
    }

    /// `id:text` of all rows, in the order they were added.
    fn rows(&self) -> Vec<String> {
        let connection = self.connection();
        let query = "SELECT id || ':' || coalesce(text, 'NULL') FROM orders ORDER BY rowid";
        let mut statement = connection.prepare(query).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

fn context() -> SinkContext {
    SinkContext {
        data_dir: PathBuf::from("/var/lib/rookery"),
        instance: "k3v9".to_owned(),
    }
}

fn encoded(sink: &Sqlite, row: &[Value<'_>]) -> Result<Vec<u8>, String> {
    let identity = RowIdentity {
        shard: ShardId(0),
        position: Position::ZERO,
        rule: 0,
        ordinal: 0,
    };
    let mut out = Vec::new();
    match sink.encoder().encode(&identity, row, &mut out) {
        Ok(()) => Ok(out),
        Err(error) => {
            assert!(out.is_empty());
            Err(error.to_string())
        }
    }
}

/// A batch of rows (LSN, id, text).
fn batch(sink: &Sqlite, rows: &[(u64, i64, &str)]) -> RowBatch {
    let mut batch = RowBatch {
        sequence: 1,
        through: at(rows.last().unwrap().0),
        oldest: RecordTime(0),
        ..RowBatch::default()
    };
    for (lsn, id, text) in rows {
        let row = [Value::Int(*id), Value::String(text)];
        batch.bytes.extend(encoded(sink, &row).unwrap());
        batch.rows.push(RowMeta {
            end: batch.bytes.len() as u32,
            rule: 0,
            ordinal: 0,
            position: at(*lsn),
            device: 1,
        });
    }
    batch
}

fn open(sink: &Sqlite) -> (Box<dyn SinkWriter>, TargetCursor) {
    let mut writer = sink.writer(0);
    let cursors = writer.open(&[key(0)]).unwrap();
    (writer, cursors[0])
}

fn try_write(
    writer: &mut dyn SinkWriter,
    sink: &Sqlite,
    rows: &[(u64, i64, &str)],
) -> Result<Verdicts, SinkError> {
    let batch = batch(sink, rows);
    let mut verdicts = Verdicts::default();
    writer.write_batch(&[Part::new(0, &batch, 0, None)], &mut verdicts)?;
    Ok(verdicts)
}

fn write(writer: &mut dyn SinkWriter, sink: &Sqlite, rows: &[(u64, i64, &str)]) {
    assert!(try_write(writer, sink, rows).unwrap().all_accepted());
}

fn cursor(lsn: u64) -> [LaneCursor; 1] {
    [LaneCursor {
        lane: key(0),
        through: at(lsn),
    }]
}

#[test]
fn plain_inserts_are_there_once_however_often_the_writer_dies() {
    let place = Place::new();
    let sink = place.sink(&[], &[]);
    let mut expected = Vec::new();
    for round in 1..=20_u64 {
        let (mut writer, found) = open(&sink);
        let confirmed = (round - 1) * 2;
        match round {
            1 => assert_eq!(found, TargetCursor::Missing),
            _ => assert_eq!(found, TargetCursor::At(at(confirmed))),
        }
        let (first, second) = (confirmed + 1, confirmed + 2);
        let rows = [(first, first as i64, "a"), (second, second as i64, "b")];
        write(&mut *writer, &sink, &rows);
        if round % 3 == 0 {
            // It dies before its commit, and what comes after it sends the rows again.
            drop(writer);
            assert_eq!(place.rows(), expected);
            (writer, _) = open(&sink);
            write(&mut *writer, &sink, &rows);
        }
        writer.confirm(&cursor(second)).unwrap();
        expected.extend([format!("{first}:a"), format!("{second}:b")]);
    }
    assert_eq!(place.rows(), expected);
}

#[test]
fn a_row_replaces_the_one_of_its_key() {
    let place = Place::new();
    let sink = place.sink(&[0], &[("tableName", "orders")]);
    let (mut writer, _) = open(&sink);
    write(
        &mut *writer,
        &sink,
        &[(1, 1, "old"), (2, 2, "x"), (3, 1, "new")],
    );
    writer.confirm(&cursor(3)).unwrap();
    assert_eq!(place.rows(), ["1:new", "2:x"]);
    assert_eq!(
        encoded(&sink, &[Value::Null, Value::String("x")]).unwrap_err(),
        "[E3076] column `id` is NULL, and part of the primary key, which names the row"
    );
}

#[test]
fn a_commit_that_came_late_is_noticed() {
    let place = Place::new();
    let sink = place.sink(&[], &[]);
    let (mut one, _) = open(&sink);
    write(&mut *one, &sink, &[(1, 1, "a")]);
    one.confirm(&cursor(1)).unwrap();
    let (mut two, found) = open(&sink);
    assert_eq!(found, TargetCursor::At(at(1)));
    write(&mut *two, &sink, &[(2, 2, "b")]);
    two.confirm(&cursor(2)).unwrap();
    let error = try_write(&mut *one, &sink, &[(2, 2, "b")]).unwrap_err();
    assert_eq!(error.code(), "E3072");
    assert_eq!(one.open(&[key(0)]).unwrap(), [TargetCursor::At(at(2))]);
    write(&mut *one, &sink, &[(3, 3, "c")]);
    one.confirm(&cursor(3)).unwrap();
    assert_eq!(place.rows(), ["1:a", "2:b", "3:c"]);
}

#[test]
fn cursors_are_kept_apart_by_instance_sink_and_lane() {
    let place = Place::new();
    let sink = place.sink(&[], &[]);
    let (mut writer, _) = open(&sink);
    write(&mut *writer, &sink, &[(1, 1, "a")]);
    writer.confirm(&cursor(1)).unwrap();
    let lanes = sink.writer(0).open(&[key(1), key(0)]).unwrap();
    assert_eq!(lanes, [TargetCursor::Missing, TargetCursor::At(at(1))]);
    let columns = [("id", DataType::BigInt), ("text", DataType::STRING)];
    let spec = place.spec(&columns, &[], &[]);
    let other = SinkContext {
        instance: "other".to_owned(),
        ..context()
    };
    let mut other = build(&spec, &other).unwrap().writer(0);
    assert_eq!(other.open(&[key(0)]).unwrap(), [TargetCursor::Missing]);
    let named = TableSpec {
        name: "other.orders".to_owned(),
        ..spec
    };
    let mut named = build(&named, &context()).unwrap().writer(0);
    assert_eq!(named.open(&[key(0)]).unwrap(), [TargetCursor::Missing]);
}

#[test]
fn a_row_that_breaks_a_constraint_is_rejected_alone() {
    let place = Place::new();
    place.prepare(
        "CREATE TABLE orders (id INTEGER UNIQUE ON CONFLICT ROLLBACK, text TEXT CHECK (text <> 'bad'))",
    );
    let sink = place.sink(&[], &[]);
    let (mut writer, _) = open(&sink);
    let rows = [(1, 1, "a"), (2, 2, "bad"), (3, 1, "again"), (4, 4, "d")];
    let verdicts = try_write(&mut *writer, &sink, &rows).unwrap();
    writer.confirm(&cursor(4)).unwrap();
    let rejected: Vec<_> = (verdicts.rejections().iter())
        .map(|rejection| (rejection.row, rejection.code, rejection.reason.as_str()))
        .collect();
    assert_eq!(
        rejected,
        [
            (1, "E3075", "CHECK constraint failed: text <> 'bad'"),
            (2, "E3075", "UNIQUE constraint failed: orders.id"),
        ]
    );
    assert_eq!(place.rows(), ["1:a", "4:d"]);
}

#[test]
fn a_row_that_ends_the_transaction_is_rejected_when_it_comes_again() {
    let place = Place::new();
    place.prepare(
        "CREATE TABLE orders (id INTEGER, text TEXT); CREATE TRIGGER no BEFORE INSERT ON orders \
         WHEN new.id = 2 BEGIN SELECT RAISE(ROLLBACK, 'no twos'); END",
    );
    let sink = place.sink(&[], &[]);
    let (mut writer, _) = open(&sink);
    let rows = [(1, 1, "a"), (2, 2, "b"), (3, 3, "c")];
    assert!(try_write(&mut *writer, &sink, &rows).is_err());
    writer.open(&[key(0)]).unwrap();
    let verdicts = try_write(&mut *writer, &sink, &rows).unwrap();
    writer.confirm(&cursor(3)).unwrap();
    assert_eq!(verdicts.rejections().len(), 1);
    assert_eq!(verdicts.rejections()[0].reason, "no twos");
    assert_eq!(place.rows(), ["1:a", "3:c"]);
}

#[test]
fn a_locked_file_makes_rows_wait() {
    let place = Place::new();
    let sink = place.sink(&[], &[("busy_timeout_ms", "1")]);
    let (mut writer, _) = open(&sink);
    let other = place.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = try_write(&mut *writer, &sink, &[(1, 1, "a")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "[E3071] cannot begin a transaction in the SQLite file {}: database is locked; it is \
             tried again",
            place.file().display()
        )
    );
    assert_eq!(sink.check().unwrap_err().code(), "E3071");
    other.execute_batch("ROLLBACK").unwrap();
    writer.open(&[key(0)]).unwrap();
    write(&mut *writer, &sink, &[(1, 1, "a")]);
    writer.confirm(&cursor(1)).unwrap();
    assert_eq!(place.rows(), ["1:a"]);
    let mode = "PRAGMA journal_mode";
    let mode: String = place
        .connection()
        .query_row(mode, [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}

#[test]
fn every_type_is_kept_as_documented() {
    let place = Place::new();
    let array = DataType::Array(Box::new(DataType::STRING));
    let columns = [
        ("b", DataType::Boolean, Value::Boolean(true)),
        ("i", DataType::BigInt, Value::Int(i64::MIN)),
        ("d", DataType::Double, Value::Double(0.5)),
        (
            "n",
            DataType::Decimal {
                precision: 4,
                scale: 2,
            },
            Value::Decimal(Decimal {
                unscaled: 1250,
                scale: 2,
            }),
        ),
        ("s", DataType::STRING, Value::String("水\0\"")),
        ("y", DataType::VarBinary(9), Value::Bytes(b"\x00\xff")),
        ("day", DataType::Date, Value::Date(20_779)),
        (
            "at \"it\"",
            DataType::TimestampLtz(3),
            Value::TimestampLtz(Timestamp::from_millis(1500)),
        ),
        ("l", array, Value::Array(&[Value::String("x"), Value::Null])),
        ("none", DataType::STRING, Value::Null),
    ];
    let fields: Vec<_> = columns.iter().map(|(n, t, _)| (*n, t.clone())).collect();
    let sink = Sqlite::new(&place.spec(&fields, &[], &[]), &context()).unwrap();
    let row: Vec<_> = columns.iter().map(|(_, _, value)| *value).collect();
    let bytes = encoded(&sink, &row).unwrap();
    let meta = RowMeta {
        end: bytes.len() as u32,
        rule: 0,
        ordinal: 0,
        position: at(1),
        device: 1,
    };
    let batch = RowBatch {
        bytes,
        rows: vec![meta],
        ..RowBatch::default()
    };
    let (mut writer, _) = open(&sink);
    let request = [Part::new(0, &batch, 0, None)];
    writer
        .write_batch(&request, &mut Verdicts::default())
        .unwrap();
    writer.confirm(&cursor(1)).unwrap();
    let query = "SELECT quote(b)||'|'||quote(i)||'|'||quote(d)||'|'||quote(n)||'|'||quote(hex(s))||'|'\
        ||quote(y)||'|'||quote(day)||'|'||quote(\"at \"\"it\"\"\")||'|'||quote(l)||'|'||quote(none) \
        FROM orders";
    let kept: String = place
        .connection()
        .query_row(query, [], |row| row.get(0))
        .unwrap();
    assert_eq!(
        kept,
        "1|-9223372036854775808|0.5|'12.50'|'E6B0B40022'|X'00FF'|'2026-11-22'|\
         '1970-01-01 08:00:01.5'|'[\"x\",null]'|NULL"
    );
    let nan = Sqlite::new(
        &place.spec(&[("d", DataType::Double)], &[], &[]),
        &context(),
    )
    .unwrap();
    assert_eq!(
        encoded(&nan, &[Value::Double(f64::NAN)]).unwrap_err(),
        "[E3076] column `d` is NaN, which SQLite would keep as NULL"
    );
}

#[test]
fn a_row_made_for_other_columns_is_rejected() {
    let place = Place::new();
    let sink = place.sink(&[], &[]);
    let (mut writer, _) = open(&sink);
    let narrow = Sqlite::new(
        &place.spec(&[("id", DataType::BigInt)], &[], &[]),
        &context(),
    );
    let mut wrong = batch(&sink, &[(1, 1, "a"), (2, 2, "b")]);
    let short = encoded(&narrow.unwrap(), &[Value::Int(1)]).unwrap();
    wrong.rows[0].end = short.len() as u32;
    wrong.rows[1].end = short.len() as u32 + wrong.bytes.len() as u32 / 2;
    let good = wrong.bytes.split_off(wrong.bytes.len() / 2);
    wrong.bytes = [short, good].concat();
    let mut verdicts = Verdicts::default();
    let request = [Part::new(0, &wrong, 0, None)];
    writer.write_batch(&request, &mut verdicts).unwrap();
    writer.confirm(&cursor(2)).unwrap();
    assert_eq!(verdicts.rejections().len(), 1);
    assert_eq!(place.rows(), ["2:b"]);
}

#[test]
fn a_check_says_what_is_wrong_and_changes_nothing() {
    let place = Place::new();
    let create = place.sink(&[], &[]);
    create.check().unwrap();
    assert!(!place.file().exists());
    place.prepare("CREATE TABLE other (id INTEGER)");
    create.check().unwrap();
    let file = place.file();
    let file = file.display();
    let missing = place.sink(&[], &[("create_table", "false")]);
    assert_eq!(
        missing.check().unwrap_err().to_string(),
        format!(
            "[E3073] {file} has no table `orders`; create it, look at `tableName`, or set \
             create_table = 'true'"
        )
    );
    let misfit = place.sink(&[], &[("tableName", "other")]);
    assert_eq!(
        misfit.check().unwrap_err().to_string(),
        format!(
            "[E3074] the table `other` of {file} does not take these columns: table other has no \
             column named text"
        )
    );
    assert_eq!(misfit.writer(0).open(&[]).unwrap_err().code(), "E3074");
    std::fs::write(
        place.file(),
        "this is no database, however long its text may be",
    )
    .unwrap();
    let error = create.check().unwrap_err().to_string();
    assert!(
        error.ends_with("file is not a database; it is tried again"),
        "{error}"
    );
    let nowhere = TableSpec {
        options: vec![("path".to_owned(), "/proc/version/x.db".to_owned())],
        ..place.spec(&[("id", DataType::BigInt)], &[], &[])
    };
    assert!(Sqlite::new(&nowhere, &context()).unwrap().check().is_err());
}

#[test]
fn wrong_options_are_refused() {
    let place = Place::new();
    let refused = |options: &[(&str, &str)]| {
        let spec = TableSpec {
            options: (options.iter())
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            ..place.spec(&[("id", DataType::BigInt)], &[], &[])
        };
        Sqlite::new(&spec, &context()).err().unwrap().to_string()
    };
    assert_eq!(
        refused(&[]),
        "[E3024] table jobs.orders: connector `sqlite` needs the option `path`: the file of the database"
    );
    assert_eq!(
        refused(&[("path", "/o.db"), ("table_name", "x")]),
        "[E3023] table jobs.orders: connector `sqlite` has no option `table_name`; did you mean \
         `tableName`?"
    );
    assert_eq!(
        refused(&[("path", "/o.db"), ("tableName", "sqlite_x")]),
        "[E3025] table jobs.orders: option `tableName` = 'sqlite_x' is not the name of a table for rows \
         (SQLite keeps those that begin with sqlite_, and `rookery_cursors` holds what makes rows come once)"
    );
    let cursors = refused(&[("path", "/o.db"), ("tableName", "Rookery_cursors")]);
    assert!(cursors.starts_with("[E3025]"), "{cursors}");
    for own in ["sinks", "shard-1"] {
        let own = refused(&[("path", &format!("/var/lib/rookery/{own}/x.db"))]);
        assert!(own.starts_with("[E3028]"), "{own}");
    }
    let columns = [("id", DataType::BigInt), ("ID", DataType::STRING)];
    let twice = place.spec(&columns, &[], &[]);
    assert_eq!(
        Sqlite::new(&twice, &context()).err().unwrap().to_string(),
        "[E3060] table jobs.orders: connector `sqlite` takes no columns whose names differ in case only, as \
         `id` and `ID` do; rename one"
    );
    assert!(Path::new("/").is_dir());
    assert!(refused(&[("path", "/")]).starts_with("[E3025]"));
}
