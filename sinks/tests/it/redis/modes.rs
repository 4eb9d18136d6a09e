//! What a row becomes in the server: the modes, TTL, PUBLISH, XADD, the template.
#![allow(clippy::unwrap_used)]

use super::server::RedisServer;
use super::sink::{KEY_VALUE, encode, make, start};
use redis::Commands;
use rookery_model::{DataType, Timestamp, Value};
use std::collections::BTreeMap;
use std::time::Duration;

const THREE: super::sink::Columns<'static> = &[
    ("k", DataType::STRING),
    ("f", DataType::STRING),
    ("v", DataType::Double),
];

/// Writes rows in one mode and waits until they are there.
fn written(
    server: &RedisServer,
    columns: super::sink::Columns<'_>,
    options: &[(&str, &str)],
    rows: &[&[Value<'_>]],
) {
    let mut sink = start(server.port, columns, options);
    sink.push(rows);
    sink.wait_confirmed();
    assert_eq!(sink.letters(), []);
    sink.stop();
    let _: () = server.ask(&["DEL", super::sink::CURSOR]);
}

#[test]
fn the_five_modes_write_what_blink_writes() {
    let server = RedisServer::start();
    let text = Value::String;
    let rows: [&[Value<'_>]; 3] = [
        &[text("水:1"), text("a")],
        &[text("水:1"), text("b")],
        &[text("two"), Value::Null],
    ];
    written(&server, KEY_VALUE, &[("mode", "string")], &rows);
    assert_eq!(server.ask::<String>(&["GET", "水:1"]), "b");
    assert_eq!(server.ask::<String>(&["GET", "two"]), "");
    server.ask::<()>(&["FLUSHALL"]);
    written(
        &server,
        KEY_VALUE,
        &[("mode", "list"), ("ignoreDelete", "true")],
        &rows,
    );
    assert_eq!(server.pushed("水:1"), ["a", "b"]);
    server.ask::<()>(&["FLUSHALL"]);
    let rows: [&[Value<'_>]; 3] = [
        &[text("s"), text("a")],
        &[text("s"), text("a")],
        &[text("s"), text("b")],
    ];
    written(&server, KEY_VALUE, &[("mode", "SET")], &rows);
    assert_eq!(server.ask::<u64>(&["SCARD", "s"]), 2);
    let rows: [&[Value<'_>]; 2] = [
        &[text("h"), text("watt"), Value::Double(12.5)],
        &[text("h"), text("volt"), Value::Null],
    ];
    written(&server, THREE, &[("mode", "hashmap")], &rows);
    let all: BTreeMap<String, String> = server.ask(&["HGETALL", "h"]);
    assert_eq!(
        all,
        [("volt", ""), ("watt", "12.5")]
            .map(|(k, v)| (k.into(), v.into()))
            .into()
    );
    let rows: [&[Value<'_>]; 2] = [
        &[text("z"), text("1e3"), Value::Double(1.0)],
        &[text("z"), text("-inf"), Value::Double(2.0)],
    ];
    written(&server, THREE, &[("mode", "sortedset")], &rows);
    let all: Vec<String> = server.ask(&["ZRANGE", "z", "0", "-1", "WITHSCORES"]);
    assert_eq!(all, ["2.0", "-inf", "1.0", "1000"]);
}

#[test]
fn keys_live_as_long_as_ttl_says() {
    let server = RedisServer::start();
    let rows: [&[Value<'_>]; 1] = [&[Value::String("k"), Value::String("v")]];
    for (mode, key) in [("string", "k"), ("list", "k"), ("set", "k")] {
        server.ask::<()>(&["FLUSHALL"]);
        written(
            &server,
            KEY_VALUE,
            &[("mode", mode), ("ttl", "3600")],
            &rows,
        );
        let left: i64 = server.ask(&["TTL", key]);
        assert!((3500..=3600).contains(&left), "{mode}: {left}");
    }
    let command = [("command", "INCRBY n:${k} ${v}"), ("ttl", "60")];
    let rows: [&[Value<'_>]; 1] = [&[Value::String("k"), Value::String("5")]];
    written(&server, KEY_VALUE, &command, &rows);
    assert_eq!(server.ask::<i64>(&["GET", "n:k"]), 5);
    assert!(server.ask::<i64>(&["TTL", "n:k"]) > 50);
}

#[test]
fn subscribers_see_rows_and_streams_keep_the_last() {
    let server = RedisServer::start();
    let mut connection = server.connect();
    let mut subscriber = connection.as_pubsub();
    subscriber
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    subscriber.subscribe("rows:d1").unwrap();
    let options = [
        ("mode", "string"),
        ("publish", "rows:${k}"),
        ("xadd", "log"),
        ("maxlen", "3"),
    ];
    let mut sink = start(server.port, KEY_VALUE, &options);
    for number in 0..10 {
        sink.push_texts(&[("d1", &format!("v{number}"))]);
    }
    for number in 0..10 {
        let message: String = subscriber.get_message().unwrap().get_payload().unwrap();
        assert_eq!(message, format!("{{\"k\":\"d1\",\"v\":\"v{number}\"}}"));
    }
    sink.wait_confirmed();
    sink.stop();
    let entries: Vec<(String, Vec<String>)> = server.ask(&["XRANGE", "log", "-", "+"]);
    let fields: Vec<_> = entries.iter().map(|(_, fields)| fields.join(" ")).collect();
    assert_eq!(fields, ["k d1 v v7", "k d1 v v8", "k d1 v v9"]);
    assert_eq!(server.ask::<String>(&["GET", "d1"]), "v9");
}

#[test]
fn a_template_keeps_values_within_their_arguments() {
    let server = RedisServer::start();
    let columns = [
        ("imei", DataType::STRING),
        ("note", DataType::STRING),
        ("n", DataType::Int),
    ];
    let options = [(
        "command",
        "HSET device:${imei}:x note ${note} \"n and id\" \"${n} ${rookery_row_id}\"",
    )];
    let evil = "x y\r\n*1\r\n$8\r\nFLUSHALL\r\n\" ${n}";
    let mut sink = start(server.port, &columns, &options);
    sink.push(&[
        &[
            Value::String("a b\r\nDEL z"),
            Value::String(evil),
            Value::Int(-7),
        ],
        &[Value::String("2"), Value::Null, Value::Null],
    ]);
    sink.wait_confirmed();
    sink.stop();
    let key = "device:a b\r\nDEL z:x";
    let row: BTreeMap<String, String> = server.connect().hgetall(key).unwrap();
    assert_eq!(row["note"], evil);
    assert_eq!(row["n and id"], "-7 test-0-7-1-0-0");
    let row: BTreeMap<String, String> = server.connect().hgetall("device:2:x").unwrap();
    assert_eq!(
        (row["note"].as_str(), row["n and id"].as_str()),
        ("", " test-0-7-2-0-0")
    );
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), 3, "two rows and a cursor");
}

#[test]
fn what_can_be_no_key_or_score_is_a_dead_letter() {
    let refused = |options: &[(&str, &str)], row: &[Value<'_>]| {
        let sink = make(1, &THREE[..row.len()], options).unwrap();
        encode(&*sink, row).unwrap_err().to_string()
    };
    let (null, text) = (Value::Null, Value::String("x"));
    assert_eq!(
        refused(&[("mode", "string")], &[null, text]),
        "[E3091] column `k` is NULL, and a Redis key needs a value"
    );
    assert_eq!(
        refused(&[("mode", "set")], &[text, null]),
        "[E3091] column `f` is NULL, and a Redis member needs a value"
    );
    assert_eq!(
        refused(&[("mode", "hashmap")], &[text, null, text]),
        "[E3091] column `f` is NULL, and a Redis field needs a value"
    );
    assert_eq!(
        refused(&[("mode", "sortedset")], &[text, null, text]),
        "[E3091] column `f` is NULL, and a Redis score needs a value"
    );
    assert_eq!(
        refused(
            &[("mode", "sortedset")],
            &[text, Value::String("12 W"), text]
        ),
        "[E3092] column `f` is `12 W`, and a Redis score is a number"
    );
    assert_eq!(
        refused(
            &[("mode", "sortedset")],
            &[text, Value::Double(f64::NAN), text]
        ),
        "[E3092] column `f` is `NaN`, and a Redis score is a number"
    );
    assert_eq!(
        refused(&[("publish", "rows:${k}")], &[null, text]),
        "[E3091] column `k` is NULL, and a Redis channel needs a value"
    );
    assert_eq!(
        refused(&[("command", "INCR a:${k}")], &[null]),
        "[E3091] column `k` is NULL, and a Redis key needs a value"
    );
}

#[test]
fn every_type_has_its_text() {
    let nested = DataType::Array(Box::new(DataType::Int));
    let columns = [("k", nested), ("v", DataType::TimestampLtz(3))];
    let sink = make(1, &columns, &[("mode", "string")]).unwrap();
    let array = [Value::Int(1), Value::Null];
    let row = [
        Value::Array(&array),
        Value::TimestampLtz(Timestamp::from_millis(0)),
    ];
    assert_eq!(
        String::from_utf8(encode(&*sink, &row).unwrap()).unwrap(),
        "*3\r\n$3\r\nSET\r\n$8\r\n[1,null]\r\n$19\r\n1970-01-01 08:00:00\r\n"
    );
    let sink = make(1, &columns, &[("command", "SET a:${v} ${k}")]).unwrap();
    let row = [Value::Null, Value::Null];
    assert!(encode(&*sink, &row).is_err());
    let row = [Value::Null, row_time()];
    assert_eq!(
        String::from_utf8(encode(&*sink, &row).unwrap()).unwrap(),
        "*3\r\n$3\r\nSET\r\n$21\r\na:1970-01-01 08:00:01\r\n$0\r\n\r\n"
    );
}

fn row_time() -> Value<'static> {
    Value::TimestampLtz(Timestamp::from_millis(1000))
}
