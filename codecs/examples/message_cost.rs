//! What one message costs in this crate: nanoseconds of each step, best of several rounds.
//!
//!     cargo run --release -p rookery-codecs --example message_cost [ROUNDS]

use rookery_codecs::format::json::RowFormat;
use rookery_codecs::framing::{Frame, LineFramer};
use rookery_codecs::json::{Decoder, KeySet, Matches, Node, NodeRef, PathSet};
use rookery_codecs::route::{Route, route};
use rookery_codecs::time::{Overlap, Pattern, Zone};
use rookery_model::{DataType, Field, JsonPath, PathStep, Value};
use std::hint::black_box;
use std::time::Instant;

/// Messages of one round.
const MESSAGES: usize = 4096;

fn message(number: usize) -> String {
    let power = 1000 + number % 3000;
    let channel = number % 10;
    let data = format!(
        r#"{{\"Powers\":[{{\"Power\":\"{power}\",\"Channel\":\"{channel}\",\"MsgId\":\"{number:06}\"}}]}}"#
    );
    format!(
        r#"{{"id":"a1b2c3d4e5f6{number:08}","imei":"86758403{number:07}","pk":"a1Xr9","type":"0706","data":"{data}","profile":null,"time":"2026-01-01 08:00:{:02}"}}"#,
        number % 60
    )
}

/// Runs `step` over all messages some rounds; the best round's nanoseconds per message.
fn measure(name: &str, rounds: usize, mut step: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        step();
        best = best.min(start.elapsed().as_nanos() as f64 / MESSAGES as f64);
    }
    println!("{name:<44} {best:>7.1} ns");
}

fn key(name: &str) -> PathStep {
    PathStep::Key(name.to_owned())
}

/// The paths that a charger's rule asks of `data`.
fn charger_paths() -> PathSet {
    let below = |steps: &[PathStep]| JsonPath {
        steps: [&[key("Powers"), PathStep::Index(0)], steps].concat(),
        ..JsonPath::default()
    };
    PathSet::new(&[
        below(&[]),
        below(&[key("Power")]),
        below(&[key("Channel")]),
        below(&[key("MsgId")]),
    ])
}

fn row_fields() -> Vec<Field> {
    let text = ["channel", "msgid", "imei", "pk"].map(|name| (name, DataType::STRING));
    let numbers = [("timestamp", DataType::Int), ("value", DataType::Int)];
    [("metric", DataType::STRING)]
        .into_iter()
        .chain(numbers)
        .chain(text)
        .map(|(name, data_type)| Field {
            name: name.to_owned(),
            data_type,
        })
        .collect()
}

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(50);
    let lines: Vec<String> = (0..MESSAGES).map(message).collect();
    let stream: String = lines.iter().map(|line| format!("{line}\n")).collect();
    println!(
        "{MESSAGES} messages of {} bytes on average",
        stream.len() / MESSAGES
    );
    frame_and_route(rounds, &stream);
    decode(rounds, &lines);
    encode(rounds);
}

fn frame_and_route(rounds: usize, stream: &str) {
    let mut framer = LineFramer::new(65_536);
    let mut scratch = Vec::new();
    for (name, routed) in [
        ("frame (and copy from the socket)", false),
        ("frame and route", true),
    ] {
        measure(name, rounds, || {
            let mut rest = stream.as_bytes();
            let mut frames = 0;
            while !rest.is_empty() {
                let spare = framer.spare();
                let length = rest.len().min(spare.len());
                spare[..length].copy_from_slice(&rest[..length]);
                framer.filled(length);
                rest = &rest[length..];
                while let Some(frame) = framer.next_frame() {
                    let Frame::Line(line) = frame else { continue };
                    if routed {
                        match route(line, b"imei", &mut scratch) {
                            Route::Key(key) => black_box(key.len()),
                            Route::Unroutable(_) => unreachable!("every message has a device"),
                        };
                    }
                    frames += 1;
                }
            }
            assert_eq!(frames, MESSAGES);
        });
    }
}

fn decode(rounds: usize, lines: &[String]) {
    let columns = KeySet::new(["id", "imei", "pk", "type", "data", "profile", "time"]);
    let paths = charger_paths();
    let zone = Zone::parse("Asia/Shanghai").expect("a zone of the database");
    let pattern = Pattern::new(Pattern::DEFAULT).expect("the default is a pattern");
    let mut found = [NodeRef::MISSING; 7];
    let mut matches = Matches::default();
    let mut message = Decoder::new();
    let mut inner = Decoder::new();
    measure("decode the message", rounds, || {
        for line in lines {
            black_box(message.decode(line.as_bytes()).is_ok());
        }
    });
    measure("  and find its 7 columns", rounds, || {
        for line in lines {
            let document = message.decode(line.as_bytes()).expect("JSON");
            black_box(document.fill_columns(&columns, &mut found));
        }
    });
    measure("    and decode `data`, find 4 paths", rounds, || {
        for line in lines {
            let document = message.decode(line.as_bytes()).expect("JSON");
            document.fill_columns(&columns, &mut found);
            let Node::String(data) = document.node(found[4]) else {
                unreachable!("`data` is a string")
            };
            let data = inner.decode(data.as_bytes()).expect("JSON");
            paths.find(&data, data.root(), &mut matches);
            black_box(matches.one(1));
        }
    });
    measure("read `yyyy-MM-dd HH:mm:ss` in a zone", rounds, || {
        for line in lines {
            let text = &line[line.len() - 21..line.len() - 2];
            let parsed = pattern.parse_prefix(text).expect("a time");
            black_box(parsed.instant(&zone, Overlap::Later));
        }
    });
}

fn encode(rounds: usize) {
    let format = RowFormat::new(&row_fields(), Zone::utc());
    let row = [
        Value::String("power"),
        Value::Int(1_767_225_600),
        Value::Int(2203),
        Value::String("1"),
        Value::String("000077"),
        Value::String("867584031234567"),
        Value::String("a1Xr9"),
    ];
    let mut out = Vec::new();
    measure("encode a row of 7 columns", rounds, || {
        out.clear();
        for _ in 0..MESSAGES {
            format.encode(black_box(&row), &mut out);
        }
    });
    let text = message(7);
    let row = [Value::String(&text)];
    let format = RowFormat::new(&row_fields()[..1], Zone::utc());
    measure("encode a string of 250 bytes with quotes", rounds, || {
        out.clear();
        for _ in 0..MESSAGES {
            format.encode(black_box(&row), &mut out);
        }
    });
}
