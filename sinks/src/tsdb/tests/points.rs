//! Rows as points.

use super::super::Dialect;
use super::{columns, made, point};
use crate::Sink;
use rookery_model::{DataType, Timestamp, Value};

fn row<'a>() -> Vec<Value<'a>> {
    vec![
        Value::String("power"),
        Value::Int(1_782_000_000),
        Value::Double(12.5),
        Value::String("860000000000001"),
        Value::String("1"),
    ]
}

#[test]
fn a_row_is_a_point_with_its_tags() {
    let mut encoder = made(&columns(), Dialect::OpenTsdb).encoder();
    assert_eq!(
        point(&mut *encoder, &row()).unwrap(),
        r#"{"metric":"power","timestamp":1782000000,"value":12.5,"tags":{"imei":"860000000000001","channel":"1"}}"#
    );
    let mut other = row();
    other[3] = Value::Null;
    other[4] = Value::String("水(1)-_./:,[]='#");
    assert_eq!(
        point(&mut *encoder, &other).unwrap(),
        r#"{"metric":"power","timestamp":1782000000,"value":12.5,"tags":{"channel":"水(1)-_./:,[]='#"}}"#
    );
}

#[test]
fn what_makes_no_point_is_said_and_nothing_is_written() {
    let mut encoder = made(&columns(), Dialect::Hitsdb).encoder();
    for (column, value, reason) in [
        (0, Value::Null, "the metric is NULL"),
        (0, Value::String(""), "the metric is empty"),
        (
            0,
            Value::String("water level"),
            "the metric holds ' '; only letters, digits, Chinese characters and -_./():,[]='# may stand in it",
        ),
        (1, Value::Null, "the timestamp is NULL"),
        (
            1,
            Value::Int(0),
            "the timestamp 0 is not from 1 to 9999999999999",
        ),
        (
            1,
            Value::Int(10_000_000_000_000),
            "the timestamp 10000000000000 is not from 1 to 9999999999999",
        ),
        (2, Value::Null, "the value is NULL"),
        (2, Value::Double(f64::NAN), "the value is NaN or infinite"),
        (
            2,
            Value::Double(f64::INFINITY),
            "the value is NaN or infinite",
        ),
        (3, Value::String(""), "the tag `imei` is empty"),
        (
            4,
            Value::String("caf\u{e9}"),
            "the tag `channel` holds 'é'; only letters, digits, Chinese characters and -_./():,[]='# may stand in it",
        ),
        (
            4,
            Value::String("a\"b"),
            "the tag `channel` holds '\"'; only letters, digits, Chinese characters and -_./():,[]='# may stand in it",
        ),
    ] {
        let mut row = row();
        row[column] = value;
        let expected = format!("{reason}; no point can be made of the row");
        assert_eq!(point(&mut *encoder, &row).unwrap_err(), expected);
    }
    let mut bare = row();
    (bare[3], bare[4]) = (Value::Null, Value::Null);
    assert_eq!(
        point(&mut *encoder, &bare).unwrap_err(),
        "a point has 1 to 8 tags, this one 0; no point can be made of the row"
    );
}

#[test]
fn nine_tags_are_too_many_and_eight_are_not() {
    let names = ["t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"];
    let mut columns = columns();
    columns.truncate(3);
    columns.extend(names.map(|name| (name, DataType::BigInt)));
    let mut encoder = made(&columns, Dialect::OpenTsdb).encoder();
    let mut row = row();
    row.truncate(3);
    row.extend((1..=9).map(Value::Int));
    let error = point(&mut *encoder, &row).unwrap_err();
    assert!(
        error.starts_with("a point has 1 to 8 tags, this one 9"),
        "{error}"
    );
    row[11] = Value::Null;
    let point = point(&mut *encoder, &row).unwrap();
    assert!(point.ends_with(r#""t7":"7","t8":"8"}}"#), "{point}");
}

#[test]
fn a_timestamp_column_is_an_instant_in_milliseconds() {
    let millis = Timestamp::from_millis;
    for (data_type, value, expected) in [
        (
            DataType::TimestampLtz(3),
            Value::TimestampLtz(millis(1_782_000_000_123)),
            1_782_000_000_123_i64,
        ),
        (
            DataType::Timestamp(3),
            Value::Timestamp(millis(1_782_028_800_123)),
            1_782_000_000_123,
        ),
    ] {
        let mut columns = columns();
        columns[1].1 = data_type;
        let mut encoder = made(&columns, Dialect::OpenTsdb).encoder();
        let mut row = row();
        row[1] = value;
        let made = point(&mut *encoder, &row).unwrap();
        assert!(
            made.contains(&format!("\"timestamp\":{expected},")),
            "{made}"
        );
        row[1] = match value {
            Value::Timestamp(_) => Value::Timestamp(millis(4_294_967_295)),
            _ => Value::TimestampLtz(millis(4_294_967_295)),
        };
        assert!(point(&mut *encoder, &row).is_err());
    }
}

#[test]
fn one_column_may_hold_all_tags() {
    let mut columns = columns();
    columns.truncate(4);
    columns[3] = ("tags", DataType::STRING);
    let mut encoder = made(&columns, Dialect::OpenTsdb).encoder();
    let mut tags = |text: &str| {
        let mut row = row();
        row.truncate(4);
        row[3] = Value::String(text);
        point(&mut *encoder, &row)
    };
    let made = tags(r#"{"imei":"8612","n":12.50,"on":true,"none":null,"imei":"twice"}"#).unwrap();
    let expected = r#""tags":{"imei":"8612","n":"12.50","on":"true"}}"#;
    assert!(made.ends_with(expected), "{made}");
    for (text, reason) in [
        ("[]", "`tags` is not a JSON object"),
        ("{}", "a point has 1 to 8 tags, this one 0"),
        (r#"{"a":[]}"#, "the tag `a` is no single value"),
        (r#"{"":"x"}"#, "the name of tag `` is empty"),
        (r#"{"a b":"x"}"#, "the name of tag `a b` holds ' '"),
        (
            r#"{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1}"#,
            "a point has 1 to 8 tags, this one 9",
        ),
    ] {
        let error = tags(text).unwrap_err();
        assert!(error.starts_with(reason), "{error}");
    }
    assert!(tags("{").unwrap_err().starts_with("`tags` is not JSON"));
    let text = Box::new(DataType::STRING);
    columns[3] = ("tags", DataType::Map(text.clone(), text));
    let mut encoder = super::made(&columns, Dialect::OpenTsdb).encoder();
    let entries = [
        (Value::String("imei"), Value::String("8612")),
        (Value::String("none"), Value::Null),
    ];
    let mut row = row();
    row.truncate(4);
    row[3] = Value::Map(&entries);
    let made = point(&mut *encoder, &row).unwrap();
    assert!(made.ends_with(r#""tags":{"imei":"8612"}}"#), "{made}");
}

#[test]
fn hitsdb_has_points_of_several_values() {
    let mut columns = columns();
    columns[2] = ("field_watts", DataType::Double);
    columns[3] = ("field_state", DataType::STRING);
    let sink = made(&columns, Dialect::Hitsdb);
    assert_eq!(sink.options.target, "/api/mput?ignoreErrors=true");
    let mut encoder = sink.encoder();
    let mut row = row();
    row[3] = Value::String("say \"on\"");
    assert_eq!(
        point(&mut *encoder, &row).unwrap(),
        r#"{"metric":"power","timestamp":1782000000,"fields":{"watts":12.5,"state":"say \"on\""},"tags":{"channel":"1"}}"#
    );
    row[2] = Value::Null;
    let made = point(&mut *encoder, &row).unwrap();
    assert!(made.contains(r#""fields":{"state":"#), "{made}");
    row[3] = Value::Null;
    let error = point(&mut *encoder, &row).unwrap_err();
    assert!(error.starts_with("all values are NULL"), "{error}");
}
