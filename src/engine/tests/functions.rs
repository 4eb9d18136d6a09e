//! Functions of text, patterns, JSON and collections, from SQL text to values: what the answers recorded
//! from Flink do not hold (blink, columns of the message, limits, replay).
#![allow(clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use rookery_codecs::format::json::RowFormat;
use rookery_codecs::time::Zone;
use rookery_engine::{Counter, Engine, Output, RuleSet};
use rookery_model::{DeadLetter, SinkId, Value};
use rookery_sql::plan::Dialect;
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::cell::RefCell;
use std::sync::Arc;
use support::step;

/// Rows as a sink of format JSON writes them, and dead letters as `code: reason`.
struct Written {
    format: RowFormat,
    lines: Vec<String>,
    counted: u32,
}

impl Output for Written {
    fn row(&mut self, _: u16, _: SinkId, _: u32, row: &[Value<'_>]) {
        let mut out = Vec::new();
        self.format.encode(row, &mut out);
        self.lines.push(String::from_utf8(out).unwrap());
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        self.lines
            .push(format!("{}: {}", letter.code, letter.reason));
    }

    fn count(&mut self, _: Option<u16>, _: Counter, times: u32) {
        self.counted += times;
    }
}

fn rules(text: &str, dialect: Dialect) -> Result<RuleSet, String> {
    let file = SourceFile {
        path: "job.sql".to_owned(),
        text: text.to_owned(),
    };
    let options = CompileOptions {
        dialect: Some(dialect),
        zone: Some("UTC".to_owned()),
    };
    let compiled = compile(&file, &options);
    let messages = compiled
        .diagnostics
        .iter()
        .map(|d| format!("{} {}", d.code, d.message));
    let messages = messages.collect::<Vec<_>>().join("; ");
    let program = compiled.program.ok_or(messages)?;
    RuleSet::compile(vec![program]).map_err(|error| error.to_string())
}

/// What the job's sink gets of a message.
fn written(job: &str, dialect: Dialect, message: &str) -> (Vec<String>, u32) {
    let rules = rules(job, dialect).unwrap();
    let mut out = Written {
        format: RowFormat::new(&rules.sinks()[0].columns, Zone::utc()),
        lines: Vec::new(),
        counted: 0,
    };
    let mut engine = Engine::new(Arc::new(rules), None);
    let record = support::record(rookery_engine::RecordInput::Message(message.as_bytes()));
    engine.step(&record, &mut out);
    (out.lines, out.counted)
}

/// An expression's value over the columns `a`, `b`, `n`, as text; a dead letter, a refusal.
fn answer(expr: &str, dialect: Dialect, message: &str) -> String {
    let job = format!(
        "create table s (a string, b string, n int) with ('connector' = 'datahub');
         create table o (v string) with ('connector' = 'print');
         insert into o select cast({expr} as string) from s;"
    );
    let rules = match rules(&job, dialect) {
        Ok(rules) => rules,
        Err(error) => return format!("refused: {error}"),
    };
    let seen = step(&mut Engine::new(Arc::new(rules), None), message);
    match seen.rows.first() {
        Some(row) => row["0:0: ".len()..].to_owned(),
        None => seen.dead_letters.join("; "),
    }
}

const MESSAGE: &str = r#"{"a":"k1=v1;k2=v2","b":"中文","n":3}"#;

#[test]
fn blink_has_its_own_functions_and_conversions() {
    for (expr, expected) in [
        ("keyvalue(a, ';', '=', 'k2')", "'v2'"),
        ("keyvalue(a, ';', '=', 'k3')", "NULL"),
        ("keyvalue(a, ';', cast(null as varchar), 'k2')", "NULL"),
        ("hash_code(a)", "'1099348823'"),
        ("hash_code(cast(null as varchar))", "NULL"),
        ("length(b)", "'2'"),
        ("upper(n)", "'3'"),
        ("substring(b, '2')", "'文'"),
        ("repeat('ab', n)", "'ababab'"),
        ("concat_ws('-', n, cast(null as varchar), b)", "'3-中文'"),
        ("lpad(n, 3, '0')", "'003'"),
        ("parse_url('http://h/p?x=1', 'QUERY', 'x')", "'1'"),
        ("regexp_extract('foothebar', 'foo(.*?)(bar)', 2)", "'bar'"),
        ("regexp_replace('2014-03-13', '-', '')", "'20140313'"),
        ("split_index(a, ';', 1)", "'k2=v2'"),
        ("str_to_map(a, ';', '=')['k1']", "'v1'"),
        ("md5('k1=v1;k2=v2')", "'19c17f42b4d6a90f7f9ffc2ea9bdd775'"),
        ("a is json", "'FALSE'"),
        ("json_object(b value n)", "'{\"中文\":3}'"),
    ] {
        assert_eq!(answer(expr, Dialect::Blink, MESSAGE), expected, "{expr}");
    }
}

#[test]
fn patterns_and_formats_may_change_from_row_to_row() {
    let job = "create table s (a string, p string) with ('connector' = 'datahub');
         create table o (v string, w string) with ('connector' = 'print');
         insert into o select regexp_extract(a, p, 1), printf(p, a) from s;";
    let mut engine = Engine::new(Arc::new(rules(job, Dialect::Flink).unwrap()), None);
    let mut last = |message: &str| {
        let seen = step(&mut engine, message);
        [seen.rows, seen.dead_letters].concat()
    };
    assert_eq!(last(r#"{"a":"x1","p":"x(.)"}"#), ["0:0: '1', 'x(.)'"]);
    assert_eq!(last(r#"{"a":"x1","p":"(x)%s"}"#), ["0:0: NULL, '(x)x1'"]);
    assert_eq!(last(r#"{"a":"x1","p":"("}"#), ["0:0: NULL, '('"]);
    assert_eq!(
        last(r#"{"a":"x1","p":"x(?=1)"}"#),
        [
            r#"eval E1302 job.o: REGEXP_EXTRACT pattern "x(?=1)": a look-ahead (`(?=`) is not supported"#
        ]
    );
    assert_eq!(last(r#"{"a":"x1","p":"x(.)"}"#), ["0:0: '1', 'x(.)'"]);
}

#[test]
fn what_cannot_be_done_is_told_by_name() {
    let refused = |expr: &str| answer(expr, Dialect::Flink, MESSAGE);
    assert_eq!(
        refused("regexp(a, '(a)\\1')"),
        r"refused: job: E1354: regular expression '(a)\1': a back-reference (`\1`) is not supported, because it can take time without end; write the pattern without it"
    );
    assert_eq!(
        refused("sha2(a, 100)"),
        "eval E1306 job.o: SHA2: there is no digest of 100 bits; there are 224, 256, 384 and 512"
    );
    assert_eq!(
        refused("decode(encode(a, 'UTF-8'), 'EBCDIC')"),
        "eval E1306 job.o: DECODE: the character set \"EBCDIC\" is not supported; there are UTF-8, UTF-16, UTF-16BE, UTF-16LE, ISO-8859-1 and US-ASCII"
    );
    assert_eq!(
        refused("element(array[n, 2])"),
        "eval E1306 job.o: ELEMENT: the array has more than one element"
    );
    assert_eq!(
        refused("cast(array[a] as array<int>)"),
        "cast E1204 job.o: a value within ARRAY<STRING> does not fit ARRAY<INT>"
    );
    assert_eq!(
        refused("array[1]['x']"),
        "refused: E0206 an element's place is an INT, this is CHAR(1)"
    );
    assert_eq!(refused("array[]"), "refused: E0205 ARRAY[] has no type");
}

#[test]
fn values_stay_within_their_budget() {
    let over = |function: &str| {
        format!(
            "eval E1305 job.o: {function} would take the values that this rule makes of one message over the limit of 4194304 bytes; make shorter ones"
        )
    };
    for (expr, function) in [
        ("repeat(a, 2000000000)", "REPEAT"),
        ("lpad(a, 2000000000, 'x')", "LPAD"),
        ("rpad(a, 2000000000, '中')", "RPAD"),
        (
            "replace(repeat('a', 100000), 'a', repeat('b', 1000))",
            "REPLACE",
        ),
        (
            "regexp_replace(repeat('a', 100000), 'a', repeat('b', 1000))",
            "REGEXP_REPLACE",
        ),
        ("cardinality(split(repeat('a', 1000000), ''))", "SPLIT"),
    ] {
        assert_eq!(
            answer(expr, Dialect::Flink, MESSAGE),
            over(function),
            "{expr}"
        );
    }
    let widest = format!("printf('%{}s|%{}s', a, a)", 4096, 4096);
    assert_eq!(
        answer(&widest, Dialect::Flink, MESSAGE).chars().count(),
        8195
    );
    assert_eq!(
        answer("printf('%5000s', a)", Dialect::Flink, MESSAGE),
        "NULL"
    );
}

const NESTED: &str = "
create table s (
  tags array<string>, counts array<int>, m map<string, double>,
  r row<x int, `inner` row<y string, z array<boolean>>>, raw varbinary, whole string
) with ('connector' = 'datahub');
create table o (
  tags array<string>, counts array<int>, m map<string, double>,
  r row<x int, `inner` row<y string, z array<boolean>>>, raw varbinary, whole string,
  first_tag string, y string, n int
) with ('connector' = 'print');
insert into o select tags, counts, m, r, raw, whole, tags[1], r.`inner`.y, cardinality(counts) from s;
";

#[test]
fn columns_that_hold_values_come_from_json_and_go_there() {
    let message = r#"{"tags":["a",1,null,{"k":[2]}],"counts":[1,"2",null,3e1],"m":{"a":1,"b":2.5,"a":9},
        "r":{"inner":{"z":[true,null],"y":"w"},"x":7,"more":0},"raw":"AQL/","whole":{"q": [1, 2]}}"#;
    let expected = r#"{"tags":["a","1",null,"{\"k\":[2]}"],"counts":[1,2,null,30],"m":{"a":1.0,"b":2.5},"r":{"x":7,"inner":{"y":"w","z":[true,null]}},"raw":"AQL/","whole":"{\"q\":[1,2]}","first_tag":"a","y":"w","n":4}"#;
    for dialect in [Dialect::Blink, Dialect::Flink] {
        assert_eq!(
            written(NESTED, dialect, message),
            (vec![expected.to_owned()], 0)
        );
    }
    let nothing = r#"{"tags":null,"counts":null,"m":null,"r":null,"raw":null,"whole":null,"first_tag":null,"y":null,"n":null}"#;
    assert_eq!(written(NESTED, Dialect::Flink, "{}").0, [nothing]);
    let empty = r#"{"tags":[],"counts":[],"m":{},"r":{},"raw":"","whole":[]}"#;
    let expected = r#"{"tags":[],"counts":[],"m":{},"r":{"x":null,"inner":null},"raw":"","whole":"[]","first_tag":null,"y":null,"n":0}"#;
    assert_eq!(written(NESTED, Dialect::Flink, empty).0, [expected]);
}

#[test]
fn what_does_not_fit_is_null_in_blink_and_a_dead_letter_in_flink() {
    let message =
        r#"{"tags":"x","counts":[1,"x"],"m":{"a":[]},"r":{"x":"y","inner":[]},"raw":"!"}"#;
    let (rows, counted) = written(NESTED, Dialect::Blink, message);
    assert_eq!(
        rows,
        [
            r#"{"tags":null,"counts":[1,null],"m":{"a":null},"r":{"x":null,"inner":null},"raw":null,"whole":null,"first_tag":null,"y":null,"n":2}"#
        ]
    );
    assert!(counted >= 6, "{counted}");
    for (message, reason) in [
        (
            r#"{"tags":"x"}"#,
            r#"column `tags` is ARRAY<STRING>, the message has "x""#,
        ),
        (
            r#"{"counts":[1,"x"]}"#,
            r#"column `counts` is INT, the message has "x""#,
        ),
        (
            r#"{"r":{"inner":[]}}"#,
            "column `r.inner` is ROW<`y` STRING, `z` ARRAY<BOOLEAN>>, the message has \"an array\"",
        ),
        (
            r#"{"raw":"!"}"#,
            r#"column `raw` is BYTES, the message has "!""#,
        ),
    ] {
        assert_eq!(
            written(NESTED, Dialect::Flink, message).0,
            [format!("E1202: {reason}")]
        );
    }
}

#[test]
fn a_uuid_is_the_rows_own() {
    let job = "create table s (a string) with ('connector' = 'datahub');
         create table o (u string, v string) with ('connector' = 'print');
         insert into o select uuid(), uuid() from s; insert into o select uuid(), a from s;";
    let rules = Arc::new(rules(job, Dialect::Flink).unwrap());
    let once = step(&mut Engine::new(rules.clone(), None), "{}").rows;
    let mut engine = Engine::new(rules, None);
    step(&mut engine, r#"{"a":"before"}"#);
    assert_eq!(
        step(&mut engine, "{}").rows,
        once,
        "a replay makes it again"
    );
    let mut all: Vec<&str> = once
        .iter()
        .flat_map(|row| row.split('\''))
        .filter(|t| t.len() == 36)
        .collect();
    assert_eq!(all.len(), 3);
    for uuid in &all {
        assert_eq!(&uuid[14..15], "8", "{uuid}");
        assert!(
            uuid.chars()
                .enumerate()
                .all(|(n, c)| [8, 13, 18, 23].contains(&n) == (c == '-'))
        );
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 3, "each call has its own");
}

/// Calls whose arguments are columns, so that nothing is folded or refused beforehand.
const CALLS: &str = "upper(a), lower(a), initcap(a), reverse(a), substring(a, n), substring(a, n, n), left(a, n),
 right(a, n), position(b in a), instr(a, b, n), instr(a, b, n, 2), locate(b, a, n), trim(both b from a), lpad(a, n, b),
 rpad(a, n, b), repeat(a, n), replace(a, b, a), translate(a, b, a), overlay(a placing b from n for n),
 split_index(a, b, n), array_join(split(a, b), b), ascii(a), chr(n), concat_ws(a, b, a), elt(n, a, b), printf(a, b, n),
 to_base64(a), from_base64(a), md5(a), sha2(a, 256), parse_url(a, b), parse_url(a, 'QUERY', b), url_encode(a),
 url_decode(a), url_decode(a, true), regexp_extract(a, b, n), regexp_replace(a, b, a), array_join(regexp_extract_all(a, b, 0), b),
 json_quote(a), json_unquote(a), json_value(a, b), json_query(a, 'lax $[*]'), json_object('k' value a),
 cast(str_to_map(a, b, a) as string), cast(array_slice(split(a, b), n, n) as string), decode(encode(a, 'UTF-16'), 'UTF-16LE')";

fn one_call_each() -> Vec<Engine> {
    let mut depth = 0;
    let calls = CALLS.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    let engine = |call: &str| {
        let job = format!(
            "create table s (a string, b string, n int) with ('connector' = 'datahub');
             create table o (v string) with ('connector' = 'print');
             insert into o select cast({call} as string) from s;"
        );
        let rules = rules(&job, Dialect::Flink).unwrap_or_else(|error| panic!("{call}: {error}"));
        Engine::new(Arc::new(rules), None)
    };
    calls.map(engine).collect()
}

#[test]
fn no_text_makes_a_function_panic() {
    let engines = one_call_each();
    assert!(engines.len() > 40, "{}", engines.len());
    let engines = RefCell::new(engines);
    let texts = prop_oneof![
        ".{0,12}",
        r#"[\[\]{}(),:"'\\$%.*+?|^&=/a-c0-2中😀 -]{0,16}"#,
        Just("http://a@b:1/c?d=e#f".to_owned()),
        Just(r#"{"a":[1,{"b":null}]}"#.to_owned()),
    ];
    let numbers = prop_oneof![-9_i32..9, any::<i32>()];
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(40));
    runner
        .run(&(texts.clone(), texts, numbers), |(a, b, n)| {
            let quoted = |text: &str| {
                let mut out = Vec::new();
                rookery_codecs::json::write_string(text, &mut out);
                String::from_utf8(out).unwrap()
            };
            let message = format!(r#"{{"a":{},"b":{},"n":{n}}}"#, quoted(&a), quoted(&b));
            for engine in engines.borrow_mut().iter_mut() {
                let seen = step(engine, &message);
                prop_assert_eq!(seen.rows.len() + seen.dead_letters.len(), 1);
            }
            Ok(())
        })
        .unwrap();
}
