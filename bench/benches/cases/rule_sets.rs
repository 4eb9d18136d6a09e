//! Whole rule sets over messages of a fleet: 250 bytes each, JSON in a string column.

use super::Case;
use rookery_sql::plan::Dialect;
use std::fmt::Write as _;

/// The family of all of them.
pub const FAMILY: &str = "rule sets";

/// Messages of a set that is looked up by `type`: as many as the largest set has rules.
const MESSAGES: usize = 1_000;

const TABLES: &str = "
create table up (
  `id` varchar, `imei` varchar, `pk` varchar, `type` varchar, `data` varchar, `profile` varchar
) with ( type = 'datahub' );
create table draws ( `id` varchar, `imei` varchar, `data` varchar ) with ( type = 'mq' );
create table power (
  `metric` varchar, `timestamp` integer, `value` integer, `imei` varchar, `channel` varchar,
  `msgid` varchar, `pk` varchar
) with ( type = 'hitsdb' );
";

const DRAW: &str = "insert into draws select id, imei, `data` from up
where `type` = '08' and `profile` is null and json_value(`data`, '$.Flag') in ('04', '05');
";

const POWER: &str = "insert into power select 'power', cast(unix_timestamp(`time`) as int),
  cast(json_value(`data`, '$.Powers[0].Power') as int), imei,
  json_value(`data`, '$.Powers[0].Channel'), json_value(`data`, '$.Powers[0].MsgId'), pk
from up where `type` = '0706' and json_value(`data`, '$.Powers[0]') is not null;
";

/// The data of a charging pile's message.
fn charger(i: usize) -> String {
    format!(
        r#"{{\"Powers\":[{{\"Channel\":\"1\",\"Power\":\"{}\",\"MsgId\":\"{i}\"}},{{\"Channel\":\"2\",\"Power\":\"0\",\"MsgId\":\"{i}\"}}]}}"#,
        i % 3000
    )
}

/// A message of a device.
fn message(i: usize, kind: &str, data: &str) -> String {
    let imei = 860_000_000_000_000_u64 + (i as u64 * 7919) % 400_000;
    let time = format!("2026-11-22 10:{:02}:{:02}", i / 60 % 60, i % 60);
    format!(
        r#"{{"id":"{i:016x}","imei":"{imei}","pk":"a1bC{:05}","type":"{kind}","data":"{data}","profile":null,"time":"{time}"}}"#,
        i % 37
    )
}

fn case(name: String, files: Vec<(String, String)>, messages: Vec<String>, rows: u64) -> Case {
    Case {
        family: FAMILY,
        name,
        files,
        dialect: Dialect::Blink,
        messages,
        rows,
    }
}

/// Water draws, charger powers, and washer states that no rule wants, in turn, through a rule for each of
/// the first two.
#[must_use]
pub fn fleet() -> Case {
    let files = [("dispensers", DRAW), ("chargers", POWER)];
    let files = files.map(|(name, rule)| (name.to_owned(), format!("{TABLES}{rule}")));
    let count = 999;
    let messages = (0..count).map(|i| match i % 3 {
        0 => {
            let data = format!(
                r#"{{\"Flag\":\"04\",\"OrderNo\":\"{i:012}\",\"Volume\":{},\"Temp\":{},\"Seconds\":{},\"Left\":\"12.50\"}}"#,
                i % 900,
                i % 95,
                i % 80
            );
            message(i, "08", &data)
        }
        1 => message(i, "0706", &charger(i)),
        _ => {
            let data = format!(
                r#"{{\"State\":\"running\",\"Program\":{},\"Left\":{},\"Door\":\"closed\",\"Water\":\"warm\",\"Error\":null,\"Spin\":1200}}"#,
                i % 9,
                i % 60
            );
            message(i, "0301", &data)
        }
    });
    let name = "two rules of the users' shape, two thirds matching".to_owned();
    case(name, files.into(), messages.collect(), count as u64 / 3 * 2)
}

/// The same rules, over messages that no rule wants: decoding, and one look-up.
fn unwanted() -> Case {
    let fleet = fleet();
    let wanted = fleet.messages.iter().skip(1).step_by(3).take(1).cloned();
    let others = fleet.messages.iter().skip(2).step_by(3).cloned();
    Case {
        name: "the same, nothing but a message of each 334 matching".to_owned(),
        messages: wanted.chain(others).collect(),
        rows: 1,
        ..fleet
    }
}

/// Which of a set's rules the messages go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Ten rules, evenly spread among all.
    Ten,
    /// Every rule in turn.
    Each,
}

/// How many files the rules are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// All in one.
    One,
    /// Each in a file of its own, with tables of its own.
    Many,
}

/// Rules of the chargers' shape, each for a `type` of its own; every message matches one of them.
#[must_use]
pub fn by_type(rules: usize, reach: Reach, files: Files) -> Case {
    let rule = |i: usize| {
        let insert = POWER.replace("'0706'", &format!("'T{i:05}'"));
        format!("-- rule: r{i}\n{insert}")
    };
    let named = |i: usize, text: String| (format!("file{i}"), text);
    let texts = match files {
        Files::One => {
            let rules: String = (0..rules).map(rule).collect();
            vec![named(0, format!("{TABLES}{rules}"))]
        }
        Files::Many => {
            let file = |i: usize| named(i, format!("{TABLES}{}", rule(i)));
            (0..rules).map(file).collect()
        }
    };
    let mut name = format!("{rules} rules by type");
    if reach == Reach::Each && rules > 10 {
        name += ", every rule in turn";
    }
    if files == Files::Many {
        name += ", a file each";
    }
    case(name, texts, messages_by_type(rules, reach), MESSAGES as u64)
}

/// Messages that go round the types in a stride that is no divisor of any count, not rule by rule.
fn messages_by_type(rules: usize, reach: Reach) -> Vec<String> {
    let kind = |i: usize| match reach {
        Reach::Ten => i * 7 % 10 * (rules / 10),
        Reach::Each => i * 377 % rules,
    };
    let message = |i: usize| message(i, &format!("T{:05}", kind(i)), &charger(i));
    (0..MESSAGES).map(message).collect()
}

/// What the names of sets have in common whose rules share nothing.
pub const UNLIKE: &str = "without a common expression";

/// The same of rules of which no two have an expression in common.
#[must_use]
pub fn unlike(rules: usize, reach: Reach) -> Case {
    let mut text = TABLES.to_owned();
    for i in 0..rules {
        let _ = write!(
            text,
            "-- rule: r{i}\ninsert into power select 'power{i}', cast(unix_timestamp(`time`) as int) + {i},
              cast(json_value(`data`, '$.Powers[0].Power') as int) + {i}, imei || '{i}',
              json_value(`data`, '$.Powers[0].Channel') || '{i}',
              json_value(`data`, '$.Powers[0].MsgId') || '{i}', pk || '{i}'
            from up where `type` = 'T{i:05}' and json_value(`data`, '$.Powers[0].Power') <> '-{i}';\n"
        );
    }
    let mut name = format!("{rules} rules by type {UNLIKE}");
    if reach == Reach::Each && rules > 10 {
        name += ", every rule in turn";
    }
    let files = vec![("unlike".to_owned(), text)];
    case(name, files, messages_by_type(rules, reach), MESSAGES as u64)
}

/// Rules that every message reaches, each asking two paths of `data` that no other asks.
#[must_use]
pub fn other_paths(rules: usize) -> Case {
    let mut text = TABLES.to_owned();
    let mut data = String::new();
    for i in 0..20 {
        let _ = write!(
            data,
            r#"{}\"p{i}\":{{\"v\":\"{i}\",\"w\":[{i},{i}]}}"#,
            if i == 0 { "" } else { "," }
        );
    }
    for i in 0..rules {
        let _ = write!(
            text,
            "-- rule: r{i}\ninsert into draws select id, imei, json_value(`data`, '$.p{i}.w[1]') from up \
             where json_value(`data`, '$.p{i}.v') is not null;\n"
        );
    }
    let messages = (0..200).map(|i| message(i, "0501", &format!("{{{data}}}")));
    let name = match rules {
        1 => "1 rule that asks two paths of data".to_owned(),
        _ => format!("{rules} rules that each ask two other paths of data"),
    };
    case(
        name,
        vec![("paths".to_owned(), text)],
        messages.collect(),
        200 * rules as u64,
    )
}

/// All of them, in the order of the table.
#[must_use]
pub fn cases() -> Vec<Case> {
    vec![
        fleet(),
        unwanted(),
        by_type(10, Reach::Ten, Files::One),
        by_type(100, Reach::Ten, Files::One),
        by_type(1_000, Reach::Ten, Files::One),
        by_type(100, Reach::Each, Files::One),
        by_type(1_000, Reach::Each, Files::One),
        by_type(10, Reach::Ten, Files::Many),
        by_type(1_000, Reach::Each, Files::Many),
        unlike(10, Reach::Ten),
        unlike(1_000, Reach::Each),
        other_paths(1),
        other_paths(20),
    ]
}

/// One rule whose condition lists texts, of about so many bytes.
#[must_use]
pub fn long_statement(bytes: usize) -> Case {
    let mut text =
        format!("{TABLES}insert into draws select id, imei, `data` from up where `type` in (");
    for i in 0..bytes / 12 {
        let _ = write!(text, "'K{i:07}', ");
    }
    text += "'08');\n";
    let name = format!("a statement of {} KB", bytes / 1000);
    case(
        name,
        vec![("long".to_owned(), text)],
        vec![message(0, "08", "{}")],
        1,
    )
}
