//! What a table may say.

use super::super::{Filesystem, state_directory};
use crate::{Sink, SinkContext, SinkOptionError, TableSpec, build, check_directories};
use rookery_model::{DataType, Field, Position, RowIdentity, ShardId, Value};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn context() -> SinkContext {
    SinkContext {
        data_dir: PathBuf::from("/var/lib/rookery"),
        instance: "k3v9".to_owned(),
    }
}

fn spec(name: &str, options: &[(&str, &str)]) -> TableSpec {
    let text = |text: &str| text.to_owned();
    TableSpec {
        name: name.to_owned(),
        table: name.rsplit('.').next().unwrap().to_owned(),
        columns: vec![
            Field {
                name: text("imei"),
                data_type: DataType::STRING,
            },
            Field {
                name: text("value"),
                data_type: DataType::Int,
            },
        ],
        primary_key: Vec::new(),
        options: options.iter().map(|(k, v)| (text(k), text(v))).collect(),
        zone: text("Asia/Shanghai"),
    }
}

fn refused(options: &[(&str, &str)]) -> String {
    let mut all = vec![("connector", "filesystem")];
    all.extend_from_slice(options);
    match build(&spec("jobs.orders", &all), &context()) {
        Ok(_) => panic!("{options:?} was taken"),
        Err(error) => error.to_string(),
    }
}

fn made(options: &[(&str, &str)]) -> Filesystem {
    Filesystem::new(&spec("jobs.orders", options), &context()).unwrap()
}

#[test]
fn what_says_how_csv_is_written_needs_csv() {
    assert_eq!(
        refused(&[("path", "/o"), ("csv.header", "true")]),
        "[E3025] table jobs.orders: option `csv.header` = 'true' is not of use without `format` = 'csv'"
    );
}

#[test]
fn the_appliances_own_files_are_no_place_for_rows() {
    for own in [
        "shard-0",
        "shard-12/spill",
        "rules",
        "sinks/x",
        "dead_letters",
    ] {
        let path = format!("/var/lib/rookery/{own}");
        let expected = format!(
            "[E3028] table jobs.orders: {path} belongs to the data directory's own files; choose another `path`"
        );
        assert_eq!(refused(&[("path", &path)]), expected);
    }
    made(&[("path", "/var/lib/rookery/out/shard-0")]);
}

#[test]
fn defaults_are_the_documented_ones() {
    let sink = made(&[("type", "filesystem"), ("path", "/srv/out")]);
    assert_eq!(sink.directory(), Some(Path::new("/srv/out")));
    assert_eq!(
        (sink.name(), sink.connector()),
        ("jobs.orders", "filesystem")
    );
    assert_eq!(sink.settings.rotate_bytes, 128 << 20);
    assert_eq!(sink.settings.confirm_interval, Duration::from_millis(100));
    assert_eq!(sink.batching().linger, Duration::from_millis(20));
    let half_an_hour = Some(Duration::from_secs(1800));
    assert_eq!(sink.settings.rotate_interval, half_an_hour);
    assert_eq!(sink.settings.extension, "ndjson");
    assert_eq!(
        sink.settings.state_directory,
        Path::new("/var/lib/rookery/sinks/jobs.orders")
    );
}

#[test]
fn every_option_is_read_without_regard_to_case() {
    let sink = made(&[
        ("Connector", "FileSystem"),
        ("PATH", "file:///srv/out/"),
        ("format", "JSON"),
        ("Rotate_Bytes", "64kb"),
        ("confirm_interval_ms", "5"),
        ("batch_rows_max", "7"),
        ("batch_bytes_max", "8"),
        ("linger_ms", "9"),
    ]);
    assert_eq!(sink.settings.rotate_bytes, 64 << 10);
    assert_eq!(sink.settings.confirm_interval, Duration::from_millis(5));
    assert_eq!(sink.directory(), Some(Path::new("/srv/out")));
    let batching = sink.batching();
    assert_eq!((batching.rows_max, batching.bytes_max), (7, 8));
    assert_eq!(batching.linger, Duration::from_millis(9));
    let flinks = made(&[("path", "/o"), ("sink.rolling-policy.file-size", "1 MB")]);
    assert_eq!(flinks.settings.rotate_bytes, 1 << 20);
}

#[test]
fn wrong_options_are_refused() {
    assert_eq!(
        refused(&[("path", "/o"), ("rotate_byte", "1")]),
        "[E3023] table jobs.orders: connector `filesystem` has no option `rotate_byte`; did you mean \
         `rotate_bytes`?"
    );
    assert_eq!(
        refused(&[]),
        "[E3024] table jobs.orders: connector `filesystem` needs the option `path`: the directory that \
         the row files go to"
    );
    assert_eq!(
        refused(&[("path", "/o"), ("format", "avro")]),
        "[E3025] table jobs.orders: option `format` = 'avro' is not one of: json, csv"
    );
    assert_eq!(
        refused(&[("path", "/o"), ("rotate_bytes", "0")]),
        "[E3025] table jobs.orders: option `rotate_bytes` = '0' is not a number of bytes from 1 to \
         9223372036854775807, such as 134217728 or 128MB"
    );
    assert_eq!(
        refused(&[("path", "/o"), ("linger_ms", "1s")]),
        "[E3025] table jobs.orders: option `linger_ms` = '1s' is not a whole number from 0 to 60000"
    );
    assert_eq!(
        refused(&[("path", "s3://bucket/o")]),
        "[E3025] table jobs.orders: option `path` = 's3://bucket/o' is not the path of a directory, at \
         most 4096 bytes"
    );
    assert_eq!(
        refused(&[("path", "/o"), ("Path", "/p")]),
        "[E3026] table jobs.orders: option `Path` is given twice; keep one"
    );
    assert_eq!(
        refused(&[
            ("path", "/o"),
            ("rotate_bytes", "1"),
            ("sink.rolling-policy.file-size", "1")
        ]),
        "[E3026] table jobs.orders: option `rotate_bytes` and `sink.rolling-policy.file-size` is given \
         twice; keep one"
    );
}

#[test]
fn the_data_directorys_own_places_are_refused() {
    for path in [
        "/var/lib/rookery",
        "/var/lib",
        "/var/lib/rookery/sinks/x",
        "/var/lib/rookery/dead_letters",
    ] {
        let text = refused(&[("path", path)]);
        assert!(text.starts_with("[E3028]"), "{text}");
    }
    made(&[("path", "/var/lib/rookery/out/orders")]);
}

#[test]
fn connectors_that_are_not_there_are_told_apart() {
    let make = |connector| {
        let spec = spec("jobs.orders", &[("type", connector), ("endPoint", "x")]);
        build(&spec, &context()).err().unwrap()
    };
    for known in ["mq", "tdengine", "datahub", "RDS", "kafka"] {
        assert!(matches!(make(known), SinkOptionError::KnownNotBuilt { .. }));
    }
    assert_eq!(
        make("filesytem").to_string(),
        "[E3021] table jobs.orders: unknown connector `filesytem`; did you mean `filesystem`?"
    );
    assert_eq!(
        make("carrier-pigeon").to_string(),
        format!(
            "[E3021] table jobs.orders: unknown connector `carrier-pigeon`; there are {}",
            crate::connector_names().join(", ")
        )
    );
    let none = build(&spec("jobs.orders", &[("path", "/o")]), &context());
    assert_eq!(none.err().unwrap().code(), "E3020");
}

#[test]
fn an_unknown_zone_is_refused() {
    let mut spec = spec("jobs.orders", &[("type", "print")]);
    spec.zone = "Mars/Olympus".to_owned();
    let error = build(&spec, &context()).err().unwrap();
    assert_eq!(error.code(), "E3029");
}

#[test]
fn two_sinks_in_one_directory_are_refused() {
    let sink = |name: &str, path: &str| {
        let spec = spec(name, &[("type", "filesystem"), ("path", path)]);
        build(&spec, &context()).unwrap()
    };
    let print = build(&spec("a.p", &[("type", "print")]), &context()).unwrap();
    let (one, two) = (sink("a.x", "/srv/out"), sink("a.y", "/srv/out2"));
    let fine: [&dyn Sink; 4] = [&*one, &*two, &*print, &*print];
    assert_eq!(check_directories(&fine), Ok(()));
    for path in ["/srv/out", "/srv/out/inner", "/srv"] {
        let other = sink("b.z", path);
        let error = check_directories(&[&*print, &*one, &*other]).unwrap_err();
        let SinkOptionError::SharedDirectory {
            first,
            second,
            path: outer,
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!((first.as_str(), second.as_str()), ("a.x", "b.z"));
        assert_eq!(
            outer,
            Path::new(if path == "/srv" { "/srv" } else { "/srv/out" })
        );
    }
}

#[test]
fn any_table_name_makes_one_directory_name() {
    let name = |sink: &str| {
        let path = state_directory(Path::new("/d"), sink);
        assert_eq!(path.parent(), Some(Path::new("/d/sinks")));
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(name("jobs.charge_power"), "jobs.charge_power");
    assert_eq!(name("a/../b.c"), "a%2F..%2Fb.c");
    assert_eq!(name(".."), "%2E.");
    assert_eq!(name("水"), "%E6%B0%B4");
    assert_eq!(name("a%2Fb"), "a%252Fb");
    let (long, longer) = ("x".repeat(300), "x".repeat(301));
    assert_eq!(name(&long).len(), 255);
    assert_ne!(name(&long), name(&longer));
}

#[test]
fn a_row_is_one_line() {
    let sink = made(&[("path", "/o")]);
    let identity = RowIdentity {
        shard: ShardId(0),
        position: Position::ZERO,
        rule: 0,
        ordinal: 0,
    };
    let mut out = b"before\n".to_vec();
    let row = [Value::String("8610\n\"x\""), Value::Null];
    sink.encoder().encode(&identity, &row, &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "before\n{\"imei\":\"8610\\n\\\"x\\\"\",\"value\":null}\n"
    );
}

fn line(options: &[(&str, &str)], row: &[Value<'_>]) -> String {
    let identity = RowIdentity {
        shard: ShardId(0),
        position: Position::ZERO,
        rule: 0,
        ordinal: 0,
    };
    let mut all = vec![("path", "/o"), ("format", "csv")];
    all.extend_from_slice(options);
    let sink = made(&all);
    let mut out = sink.settings.header.clone();
    sink.encoder().encode(&identity, row, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn csv_is_written_as_the_options_say() {
    let row = [Value::String("a,\"b\""), Value::Null];
    assert_eq!(line(&[], &row), "\"a,\"\"b\"\"\",\n");
    let options = [
        ("csv.field-delimiter", "\\t"),
        ("csv.null-literal", "n/a"),
        ("csv.header", "TRUE"),
    ];
    assert_eq!(line(&options, &row), "imei\tvalue\n\"a,\"\"b\"\"\"\tn/a\n");
    assert_eq!(
        line(&[("csv.field-delimiter", "\\u0001")], &row[1..].repeat(2)),
        "\u{1}\n"
    );
}

#[test]
fn wrong_options_of_csv_and_time_are_refused() {
    let csv = |key, value| refused(&[("path", "/o"), ("format", "csv"), (key, value)]);
    assert_eq!(
        csv("csv.field-delimiter", "||"),
        "[E3025] table jobs.orders: option `csv.field-delimiter` = '||' is not one ASCII character, \\t \
         or \\u0001, and no quote or line end"
    );
    assert_eq!(
        csv("csv.null-literal", "n,a"),
        "[E3025] table jobs.orders: option `csv.null-literal` = 'n,a' is not text without delimiter, \
         quote and line end"
    );
    assert_eq!(
        csv("sink.rolling-policy.rollover-interval", "1 fortnight"),
        "[E3025] table jobs.orders: option `sink.rolling-policy.rollover-interval` = '1 fortnight' is \
         not a duration of at most 366 days, such as 30 min or 1 h"
    );
    for (text, seconds) in [
        ("30 min", 1800),
        ("1h", 3600),
        ("5000", 5),
        ("2 d", 172_800),
    ] {
        let key = "sink.rolling-policy.rollover-interval";
        let sink = made(&[("path", "/o"), (key, text)]);
        let interval = Some(Duration::from_secs(seconds));
        assert_eq!(sink.settings.rotate_interval, interval, "{text}");
    }
    let ours = made(&[("path", "/o"), ("rotate_interval_ms", "7")]);
    assert_eq!(
        ours.settings.rotate_interval,
        Some(Duration::from_millis(7))
    );
}
