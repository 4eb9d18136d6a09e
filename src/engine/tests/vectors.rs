//! Expressions from text to values, held against what Flink answers.
#![allow(clippy::unwrap_used)]

mod support;

use rookery_engine::{Engine, RuleSet};
use rookery_sql::plan::Dialect;
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::sync::Arc;
use support::step;

const ROW: &str = r#"{"d":"{\"Flag\":\"04\",\"Powers\":[{\"Channel\":\"1\",\"Power\":\"2203\"}],\"big\":9007199254740993,\"t\":true,\"f\":false,\"uni\":\"中文é\"}","nul":null,"ts":"2026-11-22 10:00:00"}"#;

fn answer(expr: &str, dialect: Dialect) -> String {
    let text = format!(
        "create table s (d string, nul string, ts string) with ('connector' = 'datahub');
         create table o (v string) with ('connector' = 'print');
         insert into o select cast({expr} as string) from s;"
    );
    let file = SourceFile {
        path: "vectors.sql".to_owned(),
        text,
    };
    let options = CompileOptions {
        dialect: Some(dialect),
        zone: Some("UTC".to_owned()),
    };
    let compiled = compile(&file, &options);
    let program = compiled
        .program
        .unwrap_or_else(|| panic!("{expr}: {:#?}", compiled.diagnostics));
    let rules = RuleSet::compile(vec![program]).unwrap_or_else(|error| panic!("{expr}: {error}"));
    let seen = step(&mut Engine::new(Arc::new(rules), None), ROW);
    seen.rows[0]["0:0: ".len()..].to_owned()
}

#[test]
fn both_dialects_answer_as_flink_does() {
    for (expr, expected) in AGREED {
        for dialect in [Dialect::Blink, Dialect::Flink] {
            assert_eq!(answer(expr, dialect), *expected, "{expr} in {dialect:?}");
        }
    }
    for (expr, expected) in BLINK {
        assert_eq!(answer(expr, Dialect::Blink), *expected, "{expr}");
    }
}

#[test]
fn blink_answers_in_its_own_way() {
    let cases = [
        (
            "json_value(d, '$.Powers[0]')",
            r#"'{"Channel":"1","Power":"2203"}'"#,
        ),
        ("json_value('[1,2,3]', '$[*]')", "'[1,2,3]'"),
        ("json_value('[10,20,[30,40]]', '$[2][*]')", "'[30,40]'"),
        ("json_value('{xx]', '$.a')", "NULL"),
        ("json_value('{\"a\":1,\"a\":2}', '$.a')", "'1'"),
        ("json_value(d, concat('$.', 'Flag'))", "'04'"),
        ("json_value(d, concat('no ', 'path'))", "NULL"),
        ("cast('abc' as int)", "NULL"),
        ("cast('2147483648' as int)", "NULL"),
        ("cast(70000 as smallint)", "NULL"),
        ("cast(123456.7 as decimal(5,2))", "NULL"),
        ("1/2", "'0.5'"),
        ("-7/2", "'-3.5'"),
        ("concat('a', nul)", "'a'"),
        ("unix_timestamp('garbage')", "NULL"),
        ("unix_timestamp(ts || '.25')", "'1795341600'"),
    ];
    for (expr, expected) in cases {
        assert_eq!(answer(expr, Dialect::Blink), expected, "{expr}");
    }
}

/// Expressions over one row, in UTC, with what Flink 2.1 answers, cast to STRING; both dialects agree.
const AGREED: &[(&str, &str)] = &[
    (r#"cast('12' as int)"#, r#"'12'"#),
    (r#"cast('12.7' as int)"#, r#"'12'"#),
    (r#"cast('99999999999' as bigint)"#, r#"'99999999999'"#),
    (r#"try_cast('true' as boolean)"#, r#"'TRUE'"#),
    (r#"try_cast('T' as boolean)"#, r#"'TRUE'"#),
    (r#"try_cast('1' as boolean)"#, r#"'TRUE'"#),
    (r#"try_cast('0' as boolean)"#, r#"'FALSE'"#),
    (r#"try_cast('2026-11-22T10:00:00' as timestamp)"#, r#"NULL"#),
    (r#"try_cast('10:20:30' as time)"#, r#"'10:20:30'"#),
    (r#"cast('1.005' as decimal(10,2))"#, r#"'1.01'"#),
    (r#"cast(true as int)"#, r#"'1'"#),
    (r#"cast(1 as boolean)"#, r#"'TRUE'"#),
    (r#"cast(0 as boolean)"#, r#"'FALSE'"#),
    (r#"cast(cast(1.5 as double) as string)"#, r#"'1.5'"#),
    (r#"cast(cast(1e10 as double) as string)"#, r#"'1.0E10'"#),
    (r#"cast(cast(100 as double) as string)"#, r#"'100.0'"#),
    (r#"cast(true as string)"#, r#"'TRUE'"#),
    (
        r#"cast(timestamp '2026-11-22 10:00:00.5' as string)"#,
        r#"'2026-11-22 10:00:00.5'"#,
    ),
    (r#"1/3.0"#, r#"'0.333333'"#),
    (r#"cast(7 as double)/2"#, r#"'3.5'"#),
    (r#"7 % 3"#, r#"'1'"#),
    (r#"-7 % 3"#, r#"'-1'"#),
    (r#"mod(-7,3)"#, r#"'-1'"#),
    (r#"1 + 2 * 3 - 4"#, r#"'3'"#),
    (r#"9223372036854775807 + 1"#, r#"'-9223372036854775808'"#),
    (r#"1.1 + 2.2"#, r#"'3.3'"#),
    (r#"cast(1.1 as double) + 2.2"#, r#"'3.3000000000000003'"#),
    (r#"1 = 1.0"#, r#"'TRUE'"#),
    (r#"'a' = 'A'"#, r#"'FALSE'"#),
    (r#"nul = nul"#, r#"NULL"#),
    (r#"nul is null"#, r#"'TRUE'"#),
    (r#"nul in ('a','b')"#, r#"NULL"#),
    (r#"'a' in ('a',nul)"#, r#"'TRUE'"#),
    (r#"'c' not in ('a',nul)"#, r#"NULL"#),
    (r#"(1=1) is true"#, r#"'TRUE'"#),
    (r#"1 between 0 and 2"#, r#"'TRUE'"#),
    (r#"'abc' like 'a%'"#, r#"'TRUE'"#),
    (r#"'a%c' like 'a!%c' escape '!'"#, r#"'TRUE'"#),
    (r#"nul like 'a'"#, r#"NULL"#),
    (r#"case when 1=2 then 'x' else 'y' end"#, r#"'y'"#),
    (r#"case d when 'z' then 1 end"#, r#"NULL"#),
    (r#"case when nul='a' then 1 else 2 end"#, r#"'2'"#),
    (r#"coalesce(nul,'dflt')"#, r#"'dflt'"#),
    (r#"ifnull(nul,'q')"#, r#"'q'"#),
    (r#"is_digit('15')"#, r#"'TRUE'"#),
    (r#"is_digit('1.5')"#, r#"'FALSE'"#),
    (r#"'a' || 'b'"#, r#"'ab'"#),
    (r#"'a' < 'b'"#, r#"'TRUE'"#),
    (r#"'Z' < 'a'"#, r#"'TRUE'"#),
    (r#"'10' < '9'"#, r#"'TRUE'"#),
    (r#"true and cast(null as boolean)"#, r#"NULL"#),
];

/// The same where so far only the blink dialect runs it.
const BLINK: &[(&str, &str)] = &[
    (r#"json_value(d,'lax $.Flag')"#, r#"'04'"#),
    (r#"json_value(d,'strict $.Flag')"#, r#"'04'"#),
    (r#"json_value(d,'$.big')"#, r#"'9007199254740993'"#),
    (r#"json_value(d,'$.t')"#, r#"'true'"#),
    (r#"json_value(d,'$.f')"#, r#"'false'"#),
    (r#"json_value(d,'$.uni')"#, r#"'中文é'"#),
    (r#"json_value(nul,'$.a')"#, r#"NULL"#),
    (r#"json_value('{"A":1,"a":2}','$.a')"#, r#"'2'"#),
    (r#"json_value('{"a":1.0}','$.a')"#, r#"'1.0'"#),
    (r#"json_value('null','$.a')"#, r#"NULL"#),
    (
        r#"cast(json_value(d,'$.Powers[0].Power') as int)"#,
        r#"'2203'"#,
    ),
    (
        r#"unix_timestamp('2026-11-22 10:00:00')"#,
        r#"'1795341600'"#,
    ),
    (
        r#"unix_timestamp('2026-11-22','yyyy-MM-dd')"#,
        r#"'1795305600'"#,
    ),
    (r#"unix_timestamp(nul)"#, r#"NULL"#),
    (r#"cast(unix_timestamp(ts) as int)"#, r#"'1795341600'"#),
];
