//! Rule files from text to rows.
#![allow(clippy::unwrap_used)]

mod support;

use rookery_engine::{Counter, Engine, RuleSet};
use rookery_sql::plan::Program;
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::sync::Arc;
use support::{Seen, refusals, step};

fn bound(name: &str, text: &str) -> Program {
    let file = SourceFile {
        path: format!("{name}.sql"),
        text: text.to_owned(),
    };
    let compiled = compile(&file, &CompileOptions::default());
    compiled
        .program
        .unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

fn engine(files: &[(&str, &str)]) -> Engine {
    let programs = files.iter().map(|(name, text)| bound(name, text));
    Engine::new(
        Arc::new(RuleSet::compile(programs.collect()).unwrap()),
        None,
    )
}

const DRYERS: &str = "
-- finished runs of dryers, with what they cost
create table dryer_up (
  `id` varchar, `imei` varchar, `kind` varchar, `data` varchar, `note` varchar
) with ( type = 'datahub', endPoint = '***' );
create table dryer_bill ( `id` varchar, `imei` varchar, `state` varchar, `data` varchar )
with ( type = 'mq', topic = '***' );
insert into dryer_bill
select id, imei, json_value(`data`, '$.State'), `data` from dryer_up
where `kind` = 'D8' and `note` is null and json_value(`data`, '$.State') in ('done', 'stopped');
";

const HEATERS: &str = "
create table up ( `imei` varchar, `kind` varchar, `data` varchar, `group` varchar )
with ( type = 'datahub' );
create table heat ( `metric` varchar, `at` integer, `value` integer, `imei` varchar, `slot` varchar )
with ( type = 'hitsdb' );
insert into heat select
  'heat',
  cast(unix_timestamp(`sent`) as int),
  cast(json_value(`data`, '$.Slots[0].Heat') as int),
  imei,
  json_value(`data`, '$.Slots[0].No')
from up where `kind` = 'H706' and json_value(`data`, '$.Slots[0]') is not null;
";

#[test]
fn two_files_see_each_message_once() {
    let mut engine = engine(&[("dryers", DRYERS), ("heaters", HEATERS)]);
    let names: Vec<&str> = engine
        .rules()
        .rules()
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    assert_eq!(names, ["dryers.dryer_bill", "heaters.heat"]);
    let done =
        r#"{"id":"7","imei":"861","kind":"D8","data":"{\"State\":\"done\",\"Coins\":[1, 2]}"}"#;
    assert_eq!(
        step(&mut engine, done).rows,
        [r#"0:0: '7', '861', 'done', '{"State":"done","Coins":[1, 2]}'"#]
    );
    let running = r#"{"id":"7","imei":"861","kind":"D8","data":"{\"State\":\"on\"}"}"#;
    assert_eq!(step(&mut engine, running), Seen::default());
    let heat = r#"{"imei":"862","kind":"H706","sent":"2026-03-01 08:00:05","data":"{\"Slots\":[{\"Heat\":\"61.9\",\"No\":3},{\"Heat\":\"5\"}]}"}"#;
    assert_eq!(
        step(&mut engine, heat).rows,
        ["1:0: 'heat', 1772323205, 61, '862', '3'"]
    );
    let odd =
        r#"{"imei":"862","kind":"H706","sent":"now","data":"{\"Slots\":[{\"Heat\":\"hot\"}]}"}"#;
    let seen = step(&mut engine, odd);
    assert_eq!(seen.rows, ["1:0: 'heat', NULL, NULL, '862', NULL"]);
    assert_eq!(seen.counts, [(Some(1), Counter::CastToNull, 1)]);
    let cold = r#"{"imei":"862","kind":"H706","data":"{\"Slots\":[]}"}"#;
    assert_eq!(step(&mut engine, cold), Seen::default());
    let broken = r#"{"imei":"862","kind":"H706","data":"{\"Slots\":["}"#;
    assert_eq!(step(&mut engine, broken), Seen::default());
}

#[test]
fn views_unions_and_statement_sets() {
    let text = "
create table up (imei varchar, kind varchar, data varchar) with (type = 'datahub');
create table out_a (imei varchar, what varchar) with (type = 'print');
create table out_b (imei varchar, level double) with (type = 'print');
create temporary view loud as
  select imei, json_value(data, '$.level') as lv from up where kind in ('A', 'B');
begin statement set;
insert into out_a
  select imei, case when lv > '5' then 'high' when lv is null then 'none' else 'low' end from loud
  union all
  select imei, 'other' from up where kind not in ('A', 'B') or kind is null;
insert into out_b select imei, cast(lv as double) / 2 from loud where is_decimal(lv);
end;
";
    let mut engine = engine(&[("levels", text)]);
    let message = |kind: &str, level: &str| {
        format!(r#"{{"imei":"1","kind":{kind},"data":{{"level":{level}}}}}"#)
    };
    assert_eq!(
        step(&mut engine, &message("\"A\"", "7")).rows,
        ["0:0: '1', 'high'", "1:0: '1', 3.5d"]
    );
    assert_eq!(
        step(&mut engine, &message("\"B\"", "\"x\"")).rows,
        ["0:0: '1', 'high'"]
    );
    assert_eq!(
        step(&mut engine, &message("\"B\"", "null")).rows,
        ["0:0: '1', 'none'"]
    );
    assert_eq!(
        step(&mut engine, &message("\"C\"", "7")).rows,
        ["0:0: '1', 'other'"]
    );
    assert_eq!(
        step(&mut engine, &message("null", "7")).rows,
        ["0:0: '1', 'other'"]
    );
}

#[test]
fn narrowing_undeclared_and_implicit_columns() {
    let text = "
create table up (imei varchar, power varchar) with (type = 'datahub');
create table small (imei varchar, p tinyint, unit varchar, shard int) with (type = 'print');
insert into small select imei, cast(power as bigint), unit, __shard from up;
";
    let mut engine = engine(&[("narrow", text)]);
    let seen = step(&mut engine, r#"{"imei":"1","power":"100","unit":"W"}"#);
    assert_eq!(seen.rows, ["0:0: '1', 100, 'W', 0"]);
    let seen = step(&mut engine, r#"{"imei":"1","power":"1000"}"#);
    assert_eq!(seen.rows, ["0:0: '1', NULL, NULL, 0"]);
    assert_eq!(seen.counts, [(Some(0), Counter::NarrowedToNull, 1)]);
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    let text = "
create table up (imei varchar) with (type = 'datahub');
create table out_a (imei varchar, n bigint) with (type = 'print');
insert into out_a select imei, count(*) from up group by imei;
";
    let refused = refusals(vec![bound("counts", text)]);
    assert_eq!(refused.len(), 1);
    assert!(refused[0].starts_with("E1350 "), "{refused:?}");
    assert!(refused[0].ends_with(" is not built yet"), "{refused:?}");
}
