//! What a step costs: nanoseconds a message, decode included, best of several runs.
//!
//! `cargo bench -p rookery-engine` measures; as a test it runs once over a few messages.

use rookery_codecs::json::{Decoder, Node};
use rookery_engine::{Counter, Engine, Output, Record, RecordInput, RuleSet};
use rookery_model::{DeadLetter, Lsn, Position, RecordTime, ShardId, SinkId, Term, Value};
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

const DISPENSERS: &str = "
create table up (
  `id` varchar, `imei` varchar, `pk` varchar, `type` varchar, `data` varchar, `profile` varchar
) with ( type = 'datahub' );
create table draws ( `id` varchar, `imei` varchar, `data` varchar ) with ( type = 'mq' );
insert into draws select id, imei, `data` from up
where `type` = '08' and `profile` is null and json_value(`data`, '$.Flag') in ('04', '05');
";

const CHARGERS: &str = "
create table up (
  `id` varchar, `imei` varchar, `pk` varchar, `type` varchar, `data` varchar, `profile` varchar
) with ( type = 'datahub' );
create table power (
  `metric` varchar, `timestamp` integer, `value` integer, `imei` varchar, `channel` varchar,
  `msgid` varchar, `pk` varchar
) with ( type = 'hitsdb' );
insert into power select 'power', cast(unix_timestamp(`time`) as int),
  cast(json_value(`data`, '$.Powers[0].Power') as int), imei,
  json_value(`data`, '$.Powers[0].Channel'), json_value(`data`, '$.Powers[0].MsgId'), pk
from up where `type` = '0706' and json_value(`data`, '$.Powers[0]') is not null;
";

/// Looks at every value, so that none is made in vain.
#[derive(Default)]
struct Tally {
    rows: u64,
    bytes: u64,
}

impl Output for Tally {
    fn row(&mut self, _: u16, _: SinkId, _: u32, row: &[Value<'_>]) {
        self.rows += 1;
        for value in row {
            self.bytes += match value {
                Value::String(text) => text.len() as u64,
                Value::Int(int) => *int as u64 & 7,
                _ => 1,
            };
        }
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        panic!("dead letter: {}", letter.reason);
    }

    fn count(&mut self, _: Option<u16>, _: Counter, _: u32) {}
}

fn engine(files: &[(String, String)]) -> Engine {
    let programs = files.iter().map(|(name, text)| {
        let file = SourceFile {
            path: format!("{name}.sql"),
            text: text.clone(),
        };
        let compiled = compile(&file, &CompileOptions::default());
        compiled.program.expect("the rules are right")
    });
    Engine::new(
        Arc::new(RuleSet::compile(programs.collect()).expect("the rules can be run")),
        None,
    )
}

/// Water draws, charger powers, and washer states that no rule wants, in turn: 250 bytes on average.
fn messages(count: usize) -> Vec<String> {
    (0..count)
        .map(|i| {
            let imei = 860_000_000_000_000_u64 + (i as u64 * 7919) % 400_000;
            let head = format!(r#""id":"{i:016x}","imei":"{imei}","pk":"a1bC{:05}""#, i % 37);
            let time = format!(r#""time":"2026-11-22 10:{:02}:{:02}""#, i / 60 % 60, i % 60);
            let (kind, data) = match i % 3 {
                0 => (
                    "08",
                    format!(
                        r#"{{\"Flag\":\"04\",\"OrderNo\":\"{i:012}\",\"Volume\":{},\"Temp\":{},\"Seconds\":{},\"Left\":\"12.50\"}}"#,
                        i % 900, i % 95, i % 80
                    ),
                ),
                1 => (
                    "0706",
                    format!(
                        r#"{{\"Powers\":[{{\"Channel\":\"1\",\"Power\":\"{}\",\"MsgId\":\"{i}\"}},{{\"Channel\":\"2\",\"Power\":\"0\",\"MsgId\":\"{i}\"}}]}}"#,
                        i % 3000
                    ),
                ),
                _ => (
                    "0301",
                    format!(
                        r#"{{\"State\":\"running\",\"Program\":{},\"Left\":{},\"Door\":\"closed\",\"Water\":\"warm\",\"Error\":null,\"Spin\":1200}}"#,
                        i % 9, i % 60
                    ),
                ),
            };
            format!(r#"{{{head},"type":"{kind}","data":"{data}","profile":null,{time}}}"#)
        })
        .collect()
}

/// Messages that are timed together: shorter than a time slice, so that a busy machine leaves some of
/// the runs alone.
const TIMED: usize = 500;

/// Nanoseconds a message, each part at its best of `runs`.
fn best_of(messages: &[String], runs: usize, mut work: impl FnMut(&str)) -> f64 {
    let mut best = vec![u128::MAX; messages.chunks(TIMED).len()];
    for _ in 0..runs {
        for (part, best) in messages.chunks(TIMED).zip(&mut best) {
            let start = Instant::now();
            part.iter().for_each(|message| work(message));
            *best = (*best).min(start.elapsed().as_nanos());
        }
    }
    let total: u128 = best.iter().sum();
    total as f64 / messages.len() as f64
}

/// Nanoseconds a message, and rows of all messages.
fn measure(engine: &mut Engine, messages: &[String], runs: usize) -> (f64, u64) {
    let mut tally = Tally::default();
    let mut lsn = 0;
    let ns = best_of(messages, runs, |message| {
        lsn += 1;
        engine.step(&record(lsn, message), &mut tally);
    });
    std::hint::black_box(tally.bytes);
    (ns, tally.rows / runs as u64)
}

/// The floor: both texts parsed where a rule needs both, and nothing done with them.
fn parse_only(messages: &[String], runs: usize) -> f64 {
    let (mut outer, mut inner) = (Decoder::new(), Decoder::new());
    let mut turn = 0;
    best_of(messages, runs, |message| {
        let document = outer.decode(message.as_bytes()).expect("messages are JSON");
        let data = match document.node(document.get("data")) {
            Node::String(data) if turn % 3 < 2 => data,
            _ => "{}",
        };
        turn += 1;
        let parsed = inner.decode(data.as_bytes()).expect("data is JSON");
        std::hint::black_box(parsed.root());
    })
}

fn record(lsn: u64, message: &str) -> Record<'_> {
    Record {
        shard: ShardId(0),
        position: Position::new(Term(1), Lsn(lsn)),
        time: RecordTime(1_795_341_600_000_000 + lsn as i64),
        forwarder: "",
        kind: RecordInput::Message(message.as_bytes()),
    }
}

/// Rules of the chargers' shape, each for a type of its own; the messages' types are among them.
fn by_type(count: usize) -> Vec<(String, String)> {
    let (table, insert) =
        CHARGERS.split_at(CHARGERS.find("insert").expect("the text has an INSERT"));
    let mut text = table.to_owned();
    for i in 0..count {
        let kind = match i {
            0 => "0706".to_owned(),
            1 => "08".to_owned(),
            _ => format!("X{i:04}"),
        };
        let rule = insert.replace("'0706'", &format!("'{kind}'"));
        let _ = write!(text, "-- rule: r{i}\n{rule}");
    }
    vec![("many".to_owned(), text)]
}

fn main() {
    let real = std::env::args().any(|arg| arg == "--bench");
    let (count, runs) = if real { (9_000, 100) } else { (300, 1) };
    let messages = messages(count);
    let bytes: usize = messages.iter().map(String::len).sum();
    let two = [
        ("dispensers".to_owned(), DISPENSERS.to_owned()),
        ("chargers".to_owned(), CHARGERS.to_owned()),
    ];
    let (ns, rows) = measure(&mut engine(&two), &messages, runs);
    assert_eq!(rows as usize, count / 3 * 2);
    println!("{} bytes a message on average", bytes / count);
    let floor = parse_only(&messages, runs);
    println!("two rules, two thirds matching: {ns:.0} ns a message, of which parsing {floor:.0}");
    let mut costs = Vec::new();
    for rules in [10, 1000] {
        let (ns, rows) = measure(&mut engine(&by_type(rules)), &messages, runs);
        assert_eq!(rows as usize, count / 3);
        println!("{rules} rules by type: {ns:.0} ns a message");
        costs.push(ns);
    }
    println!("1000 rules cost {:.2} times 10", costs[1] / costs[0]);
}
