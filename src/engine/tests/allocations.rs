//! After warm-up a step allocates nothing.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "each test counts some of it")]
#[path = "../../../tests/support/counting.rs"]
mod counting;

mod support;

use counting::CALLS;
use rookery_engine::{Counter, Engine, Output, RecordInput, RuleSet};
use rookery_model::{DataType, DeadLetter, SinkId, Value};
use rookery_sql::Function;
use rookery_sql::plan::*;
use std::sync::Arc;
use support::*;

/// Looks at all it is given, and keeps nothing.
#[derive(Default)]
struct Tally {
    rows: u64,
    nulls: u64,
    dead_letters: u64,
    counted: u64,
}

impl Output for Tally {
    fn row(&mut self, _: u16, _: SinkId, _: u32, row: &[Value<'_>]) {
        self.rows += 1;
        self.nulls += row.iter().filter(|value| value.is_null()).count() as u64;
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        self.dead_letters += u64::from(!letter.reason.is_empty());
    }

    fn count(&mut self, _: Option<u16>, _: Counter, times: u32) {
        self.counted += u64::from(times);
    }
}

/// Rules that reach every kind of operator.
fn rules() -> Vec<Rule> {
    let flag = || json_value(column(2), &["Flag"]);
    let first = |key| json_value(column(2), &["Powers", "[0]", key]);
    let dynamic = ExprKind::JsonValue {
        input: Box::new(column(2)),
        path: PathArgument::Dynamic(Box::new(column(4))),
        dialect: Dialect::Blink,
        on_empty: JsonFallback::Null,
        on_error: JsonFallback::Null,
    };
    let nested = json_value(json_value(column(2), &["Powers"]), &["[0]", "Channel"]);
    let concat = vec![
        column(0),
        text("-"),
        flag(),
        text("-"),
        column(1),
        text("!"),
    ];
    let decimal = DataType::Decimal {
        precision: 10,
        scale: 2,
    };
    let ratio = arithmetic(
        ArithmeticOp::Divide,
        cast(first("Power"), decimal.clone()),
        cast(text("3"), decimal.clone()),
        decimal,
    );
    let modulo = arithmetic(
        ArithmeticOp::Modulo,
        int(7),
        cast(column(1), DataType::Int),
        DataType::Int,
    );
    vec![
        rule(
            "a",
            Some(equal(column(1), text("08"))),
            vec![column(0), flag()],
        ),
        rule(
            "b",
            Some(in_list(column(1), vec![text("07"), text("08")], false)),
            vec![
                first("Power"),
                cast(first("Power"), DataType::Int),
                first("Channel"),
            ],
        ),
        rule(
            "c",
            Some(like(column(0), text("8%6_"), None, false)),
            vec![call(Function::Concat, concat, DataType::STRING), nested],
        ),
        rule(
            "d",
            Some(like(column(0), column(3), None, false)),
            vec![
                call(Function::UnixTimestamp, vec![column(5)], DataType::BigInt),
                expr(dynamic, DataType::STRING),
                json_value(column(2), &["Powers", "[*]", "Power"]),
                json_value(column(2), &["Powers"]),
                cast(cast(first("Power"), DataType::Double), DataType::STRING),
                ratio,
            ],
        ),
        rule("e", None, vec![modulo]),
        rule("f", None, vec![column(6)]),
    ]
}

fn messages() -> Vec<String> {
    let mut messages: Vec<String> = (0..50)
        .map(|i| {
            let kind = ["08", "07", "00", "x"][i % 4];
            let data = format!(
                r#"{{\"Flag\":\"0{}\",\"Powers\":[{{\"Power\":\"{}.5\",\"Channel\":\"中\\n\"}}],\"n\":12.50}}"#,
                i % 6,
                i * 7919
            );
            format!(
                r#"{{"imei":"8{i:03}60","type":"{kind}","data":"{data}","like":"8%","path":"$.n","time":"2026-11-22 10:00:00","object":{{"a":[1,2.50,null]}}}}"#
            )
        })
        .collect();
    messages.push("{\"imei\":".to_owned());
    messages.push("[]".to_owned());
    messages
        .push(r#"{"imei":"8660","type":"08","data":{"Flag":1,"Powers":[]},"imei":"2"}"#.to_owned());
    messages.push(r#"{"imei":1234567890123456789012345,"type":"08","data":"{"}"#.to_owned());
    messages
}

#[test]
fn a_step_allocates_nothing() {
    let columns = ["imei", "type", "data", "like", "path", "time", "object"];
    let mut engine = engine(vec![program(table("up", &columns), rules())]);
    let messages = messages();
    let mut run = |rounds: usize| {
        let mut tally = Tally::default();
        for _ in 0..rounds {
            for message in &messages {
                engine.step(
                    &record(RecordInput::Message(message.as_bytes())),
                    &mut tally,
                );
            }
        }
        tally
    };
    run(3);
    let before = CALLS.get();
    let tally = run(20);
    assert_eq!(CALLS.get() - before, 0);
    assert!(tally.rows > 20 * 200, "{} rows", tally.rows);
    assert!(
        tally.dead_letters > 20 * 10,
        "{} dead letters",
        tally.dead_letters
    );
    assert!(tally.nulls > 0 && tally.counted > 0);
}

/// A rule in which functions of text, patterns, JSON and collections take and make values of all kinds.
const FUNCTIONS: &str = "
create table s (
  a string, d string, n int, tags array<string>, m map<string, int>, r row<x int, y string>
) with ('connector' = 'datahub');
create table o (
  t1 string, t2 string, t3 string, t4 string, t5 string, t6 string, t7 string, t8 string,
  j1 string, j2 string, j3 boolean, j4 string, tags array<string>, sorted array<string>,
  m map<string, int>, y string, size int, joined string, shown string, picked string
) with ('connector' = 'print');
insert into o select
  upper(a), lpad(a, 40, '中'), replace(substring(a, 2), 'a', b64), concat_ws('-', a, a), printf('%5d|%-8s|%.2f', n, a, cast(n as double)),
  regexp_replace(a, '[a-c]+', '#'), regexp_extract(a, '([0-9]+)', 1), md5(a) || sha256(a),
  json_value(d, 'lax $.a[0].b' default 'none' on empty), json_query(d, '$' with conditional wrapper),
  json_exists(d, '$.c'), json_object('k' value n, 'tags' value tags, 'r' value r),
  array_distinct(array_concat(tags, split(a, '1'))), array_sort(tags), m, r.y, cardinality(m),
  array_join(tags, ','), cast(m as string), str_to_map(a, '1', '2')['b']
from (select *, to_base64(a) as b64 from s);
";

fn functions_engine() -> Engine {
    let file = rookery_sql::SourceFile {
        path: "job.sql".to_owned(),
        text: FUNCTIONS.to_owned(),
    };
    let options = rookery_sql::CompileOptions {
        dialect: Some(Dialect::Flink),
        zone: None,
    };
    let compiled = rookery_sql::compile(&file, &options);
    let program = compiled
        .program
        .unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    Engine::new(Arc::new(RuleSet::compile(vec![program]).unwrap()), None)
}

#[test]
fn functions_allocate_nothing() {
    let mut engine = functions_engine();
    let messages: Vec<String> = (0..40)
        .map(|i| {
            let data =
                format!(r#"{{\"c\":[1],\"b\":{i}e3,\"a\":[{{\"b\":\"x{i}\"}},{{\"b\":{i}}}]}}"#);
            format!(
                r#"{{"a":"abc1b2{i}中","d":"{data}","n":{i},"tags":["t{i}","t1",null],"m":{{"k":{i},"j":2}},"r":{{"x":{i},"y":"w{i}"}}}}"#
            )
        })
        .collect();
    let mut run = |rounds: usize| {
        let mut tally = Tally::default();
        for _ in 0..rounds {
            for message in &messages {
                engine.step(
                    &record(RecordInput::Message(message.as_bytes())),
                    &mut tally,
                );
            }
        }
        tally
    };
    run(3);
    let before = CALLS.get();
    let tally = run(20);
    assert_eq!(CALLS.get() - before, 0);
    assert_eq!((tally.rows, tally.dead_letters), (20 * 40, 0));
}
