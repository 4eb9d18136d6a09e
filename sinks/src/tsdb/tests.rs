//! Points made; answers of a scripted peer; options.
#![allow(clippy::unwrap_used)]

mod answers;
mod peer;
mod points;

use super::{Dialect, Tsdb};
use crate::{RowEncoder, TableSpec};
use rookery_model::{DataType, Field, Position, RowIdentity, ShardId, Value};

/// `metric`, `timestamp`, `value` and two tags.
fn columns() -> Vec<(&'static str, DataType)> {
    vec![
        ("metric", DataType::STRING),
        ("timestamp", DataType::BigInt),
        ("value", DataType::Double),
        ("imei", DataType::STRING),
        ("channel", DataType::STRING),
    ]
}

fn spec(columns: &[(&str, DataType)], options: &[(&str, &str)]) -> TableSpec {
    let text = |text: &str| text.to_owned();
    TableSpec {
        name: text("jobs.power"),
        table: text("power"),
        columns: (columns.iter())
            .map(|(name, data_type)| Field {
                name: text(name),
                data_type: data_type.clone(),
            })
            .collect(),
        primary_key: Vec::new(),
        options: options.iter().map(|(k, v)| (text(k), text(v))).collect(),
        zone: text("Asia/Shanghai"),
    }
}

fn made(columns: &[(&str, DataType)], dialect: Dialect) -> Tsdb {
    Tsdb::new(&spec(columns, &[("host", "localhost")]), dialect).unwrap()
}

/// The point's text, or why there is none.
fn point(encoder: &mut dyn RowEncoder, row: &[Value<'_>]) -> Result<String, String> {
    let identity = RowIdentity {
        shard: ShardId(0),
        position: Position::ZERO,
        rule: 0,
        ordinal: 0,
    };
    let mut out = b"before".to_vec();
    let result = encoder.encode(&identity, row, &mut out);
    let made = String::from_utf8(out).unwrap();
    let made = made.strip_prefix("before").unwrap().to_owned();
    match result {
        Ok(()) => Ok(made),
        Err(error) => {
            assert_eq!((made.as_str(), error.code), ("", "E3068"));
            Err(error.reason)
        }
    }
}

fn refused(columns: &[(&str, DataType)], dialect: Dialect, options: &[(&str, &str)]) -> String {
    match Tsdb::new(&spec(columns, options), dialect) {
        Ok(_) => panic!("{options:?} was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn options_have_the_names_that_users_know() {
    let options = |options: &[(&str, &str)]| {
        let spec = spec(&columns(), options);
        Tsdb::new(&spec, Dialect::Hitsdb).unwrap().options
    };
    let plain = options(&[("type", "hitsdb"), ("host", "ts-1.example")]);
    assert_eq!((plain.host.as_str(), plain.port), ("ts-1.example", 8242));
    assert_eq!(plain.target, "/api/put?ignoreErrors=true");
    assert_eq!(
        (plain.points_max, plain.batching.linger.as_millis()),
        (500, 20)
    );
    assert_eq!(plain.batching.bytes_max, 512 * 1024);
    assert_eq!(plain.authorization, None);
    let all = options(&[
        ("endpoint", "http://[::1]:6041/opentsdb/v1/put/json/fleet"),
        ("user", "root"),
        ("password", "taosdata"),
        ("batchPutSize", "50"),
        ("batchPutTimeLimit", "200"),
        ("batchPutRetryCount", "3"),
        ("httpConnectionPool", "64"),
        ("httpCompress", "TRUE"),
        ("httpConnectTimeout", "7"),
        ("request_timeout_ms", "9"),
    ]);
    assert_eq!((all.host.as_str(), all.port), ("::1", 6041));
    assert_eq!(all.target, "/opentsdb/v1/put/json/fleet?ignoreErrors=true");
    assert_eq!(
        all.authorization.as_deref(),
        Some("Basic cm9vdDp0YW9zZGF0YQ==")
    );
    assert_eq!((all.points_max, all.batching.linger.as_millis()), (50, 200));
    assert!(all.compress);
    assert_eq!(all.connect_timeout.as_secs(), 7);
    assert_eq!(all.request_timeout.as_millis(), 9);
    let spec = spec(
        &columns(),
        &[("endpoint", "localhost"), ("path", "/put?db=a")],
    );
    let tdengine = Tsdb::new(&spec, Dialect::OpenTsdb).unwrap().options;
    assert_eq!(
        (tdengine.port, &*tdengine.target),
        (4242, "/put?db=a&details")
    );
}

#[test]
fn wrong_options_are_refused() {
    let refused = |options| refused(&columns(), Dialect::OpenTsdb, options);
    assert_eq!(
        refused(&[]),
        "[E3024] table jobs.power: connector `opentsdb` needs the option `host`: the name or address of \
         the database's machine"
    );
    assert_eq!(
        refused(&[("host", "a"), ("batchPutSiz", "5")]),
        "[E3023] table jobs.power: connector `opentsdb` has no option `batchPutSiz`; did you mean \
         `batchPutSize`?"
    );
    assert_eq!(
        refused(&[("host", "a"), ("port", "***")]),
        "[E3025] table jobs.power: option `port` = '***' is not a whole number from 1 to 65535"
    );
    assert_eq!(
        refused(&[("endpoint", "https://a:1")]),
        "[E3025] table jobs.power: option `endpoint` = 'https://a:1' is not a place such as \
         http://tsdb.example:4242 (without TLS, user or query)"
    );
    assert_eq!(
        refused(&[("endpoint", "a:1"), ("host", "b")]),
        "[E3026] table jobs.power: option `endpoint` and `host` or `port` is given twice; keep one"
    );
    assert_eq!(
        refused(&[
            ("host", "a"),
            ("linger_ms", "1"),
            ("batchPutTimeLimit", "1")
        ]),
        "[E3026] table jobs.power: option `batchPutTimeLimit` and `linger_ms` is given twice; keep one"
    );
    assert!(refused(&[("host", "a"), ("path", "put")]).starts_with("[E3025]"));
    assert_eq!(
        refused(&[("host", "a"), ("password", "x")]),
        "[E3024] table jobs.power: connector `opentsdb` needs the option `user`: whose `password` it is"
    );
}

#[test]
fn columns_that_make_no_point_are_refused() {
    let host = [("host", "a")];
    let wrong = |columns: &[(&str, DataType)]| refused(columns, Dialect::OpenTsdb, &host);
    assert_eq!(
        wrong(&columns()[1..]),
        "[E3060] table jobs.power: connector `opentsdb` needs a column `metric`; a point is metric, \
         timestamp, value and tags"
    );
    assert_eq!(
        wrong(&columns()[..3]),
        "[E3060] table jobs.power: connector `opentsdb` needs at least one column more: a point has 1 to \
         8 tags"
    );
    let with = |at: usize, name: &'static str, data_type: DataType| {
        let mut columns = columns();
        columns[at] = (name, data_type);
        columns
    };
    assert_eq!(
        wrong(&with(1, "timestamp", DataType::STRING)),
        "[E3060] table jobs.power: connector `opentsdb` cannot use column `timestamp` as STRING: it must \
         be INT, BIGINT or TIMESTAMP; cast it"
    );
    for columns in [
        with(2, "value", DataType::STRING),
        with(3, "tags", DataType::STRING),
        with(3, "two words", DataType::STRING),
        with(3, "seen", DataType::Timestamp(3)),
        with(2, "field_a", DataType::Double),
    ] {
        assert!(wrong(&columns).starts_with("[E3060]"), "{columns:?}");
    }
}
