//! Values that hold others, in every connector: written as their JSON, or refused before anything starts.
#![allow(clippy::unwrap_used)]

use crate::harness::make;
use rookery_model::{DataType, Field, Position, RowIdentity, ShardId, Value};
use rookery_sinks::connector_names;
use std::path::Path;

/// The kinds of values that hold others, one of each, and its JSON.
fn nested() -> [(DataType, Value<'static>, &'static str); 3] {
    let text = || Box::new(DataType::STRING);
    let field = Field {
        name: "a".to_owned(),
        data_type: DataType::Int,
    };
    [
        (
            DataType::Array(Box::new(DataType::Int)),
            Value::Array(&[Value::Int(1), Value::Null]),
            "[1,null]",
        ),
        (
            DataType::Map(text(), text()),
            Value::Map(&[(Value::String("k"), Value::String("v"))]),
            r#"{"k":"v"}"#,
        ),
        (
            DataType::Row(vec![field]),
            Value::Row(&[Value::Int(7)]),
            r#"{"a":7}"#,
        ),
    ]
}

fn encoded(
    columns: &[(&str, DataType)],
    options: &[(&str, &str)],
    row: &[Value<'_>],
) -> Result<String, String> {
    let sink = make(Path::new("/nowhere"), columns, options).map_err(|error| error.to_string())?;
    let identity = RowIdentity {
        shard: ShardId(0),
        position: Position::ZERO,
        rule: 0,
        ordinal: 0,
    };
    let mut out = Vec::new();
    sink.encoder()
        .encode(&identity, row, &mut out)
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

#[test]
fn connectors_of_rows_write_their_json() {
    let quoted = |json: &str| format!("x,\"{}\"\n", json.replace('"', "\"\""));
    let plain = |json: &str| match json.contains(',') || json.contains('"') {
        true => quoted(json),
        false => format!("x,{json}\n"),
    };
    for (data_type, value, json) in nested() {
        let columns = [("k", DataType::STRING), ("v", data_type)];
        let row = [Value::String("x"), value];
        let made = |options: &[(&str, &str)]| encoded(&columns, options, &row).unwrap();
        let file = [("connector", "filesystem"), ("path", "/nowhere/out")];
        assert_eq!(made(&file), format!("{{\"k\":\"x\",\"v\":{json}}}\n"));
        let csv = [file[0], file[1], ("format", "csv")];
        assert_eq!(made(&csv), plain(json));
        assert_eq!(
            made(&[("connector", "print")]),
            format!("{{\"table\":\"rows\",\"row\":{{\"k\":\"x\",\"v\":{json}}}}}\n")
        );
        let sqlite = [("connector", "sqlite"), ("path", "/nowhere/rows.db")];
        assert!(made(&sqlite).ends_with(json));
        let redis = [("connector", "redis"), ("host", "h"), ("mode", "string")];
        let length = json.len();
        assert!(made(&redis).ends_with(&format!("${length}\r\n{json}\r\n")));
        let redis = [redis[0], redis[1], ("xadd", "s")];
        assert!(made(&redis).ends_with(&format!("${length}\r\n{json}\r\n")));
        assert_eq!(made(&[("connector", "blackhole")]), "");
    }
    let told = [
        "filesystem",
        "print",
        "blackhole",
        "hitsdb",
        "opentsdb",
        "sqlite",
        "redis",
    ];
    assert_eq!(connector_names(), told, "a new connector is told here too");
}

#[test]
fn a_redis_score_that_holds_values_is_refused() {
    let options = [("connector", "redis"), ("host", "h"), ("mode", "sortedset")];
    for (data_type, value, _) in nested() {
        let refused = format!(
            "[E3025] table jobs.rows: option `mode` = 'sortedset' is not possible: the score, column `s`, is {data_type} \
             and no number; CAST it"
        );
        let columns = [
            ("k", DataType::STRING),
            ("s", data_type),
            ("m", DataType::STRING),
        ];
        let row = [Value::String("x"), value, Value::String("m")];
        assert_eq!(encoded(&columns, &options, &row), Err(refused));
    }
}

#[test]
fn a_point_holds_single_values() {
    let point = |column: usize, data_type: &DataType, value: Value<'static>| {
        let mut columns = [
            ("metric", DataType::STRING),
            ("timestamp", DataType::BigInt),
            ("value", DataType::Double),
            ("tag", DataType::STRING),
        ];
        let mut row = [
            Value::String("m"),
            Value::Int(1_782_000_000),
            Value::Double(1.0),
            Value::String("t"),
        ];
        columns[column].1 = data_type.clone();
        row[column] = value;
        let options = |connector| [("connector", connector), ("host", "h")];
        ["hitsdb", "opentsdb"].map(|connector| encoded(&columns, &options(connector), &row))
    };
    for (data_type, value, _) in nested() {
        for column in 0..4 {
            for refused in point(column, &data_type, value) {
                let refused = refused.unwrap_err();
                assert!(
                    refused.starts_with("[E3060] table jobs.rows: connector `"),
                    "{refused}"
                );
                assert!(refused.contains("cannot use column"), "{refused}");
                assert!(refused.ends_with("cast it"), "{refused}");
            }
        }
    }
    let bytes = DataType::VarBinary(9);
    for refused in point(3, &bytes, Value::Bytes(b"x")) {
        assert!(
            refused
                .unwrap_err()
                .contains("cannot use column `tag` as VARBINARY(9)")
        );
    }
}
