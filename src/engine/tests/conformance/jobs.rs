//! Whole jobs against the rows that Apache Flink wrote: `tests/conformance/jobs`.

use crate::answers::{self, Difference};
use rookery_codecs::format::json::RowFormat;
use rookery_codecs::time::Zone;
use rookery_engine::{Counter, Engine, Output, Record, RecordInput, RuleSet};
use rookery_model::{DeadLetter, Lsn, Position, RecordTime, ShardId, SinkId, Term, Value};
use rookery_sql::plan::Dialect;
use rookery_sql::{CompileOptions, Severity, SourceFile, compile};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a job came to, on either side.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// Its rows, `table {row}` each, sorted.
    Rows(Vec<String>),
    /// Refused before it ran.
    Refused(String),
    /// It ran, and something in it failed.
    Failed(String),
}

/// How many jobs there are, and what is wrong with those that do not agree.
pub struct Judged {
    pub jobs: usize,
    pub refused: usize,
    pub listed: usize,
    pub misses: Vec<String>,
    /// Listed, but no difference.
    pub stale: Vec<String>,
}

/// Runs all jobs.
pub fn judge(differences: &BTreeMap<(String, String), Difference>) -> Judged {
    let mut files: Vec<PathBuf> = std::fs::read_dir(answers::folder().join("jobs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .collect();
    files.sort();
    let mut judged = Judged {
        jobs: files.len(),
        refused: 0,
        listed: 0,
        misses: Vec::new(),
        stale: Vec::new(),
    };
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let theirs = recorded(&file);
        let ours = run(&name, &file);
        let agree = match (&theirs, &ours) {
            (Outcome::Rows(theirs), Outcome::Rows(ours)) => theirs == ours,
            (Outcome::Refused(_), Outcome::Refused(_)) => true,
            (Outcome::Failed(_), Outcome::Failed(_)) => true,
            _ => false,
        };
        judged.refused += usize::from(matches!(theirs, Outcome::Refused(_)));
        if differences.contains_key(&(name.clone(), "job".to_owned())) {
            if agree {
                judged.stale.push(format!(
                    "the job {name} is listed as a difference but agrees with Flink"
                ));
            }
            judged.listed += 1;
        } else if !agree {
            judged
                .misses
                .push(format!("{name}\n    flink {theirs:?}\n    ours  {ours:?}"));
        }
    }
    judged
}

fn recorded(file: &Path) -> Outcome {
    let text = std::fs::read_to_string(file.with_extension("rows")).unwrap();
    let mut rows = Vec::new();
    for line in text.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let message = || line["message"].as_str().unwrap_or_default().to_owned();
        match line["error"].as_str() {
            Some("plan") => return Outcome::Refused(message()),
            Some(_) => return Outcome::Failed(message()),
            None => rows.push(row_text(line["table"].as_str().unwrap(), &line["row"])),
        }
    }
    rows.sort();
    Outcome::Rows(rows)
}

/// A row with its numbers in one form: `3`, `3.0` and `3.00` are one.
fn row_text(table: &str, row: &Json) -> String {
    fn normal(value: &Json) -> Json {
        match value {
            Json::Number(number) => match number.as_f64() {
                Some(double) if number.as_i64().is_none() => Json::from(format!("{double:?}")),
                _ => Json::from(format!("{number}.0")),
            },
            Json::Array(items) => items.iter().map(normal).collect(),
            Json::Object(members) => members
                .iter()
                .map(|(key, value)| (key.clone(), normal(value)))
                .collect(),
            other => other.clone(),
        }
    }
    format!("{table} {}", normal(row))
}

fn run(name: &str, file: &Path) -> Outcome {
    let source = SourceFile {
        path: format!("{name}.sql"),
        text: std::fs::read_to_string(file).unwrap(),
    };
    let options = CompileOptions {
        dialect: Some(Dialect::Flink),
        zone: None,
    };
    let compiled = compile(&source, &options);
    let Some(program) = compiled.program else {
        let errors = compiled
            .diagnostics
            .iter()
            .filter(|d| d.severity == Severity::Error);
        let errors: Vec<String> = errors
            .map(|d| format!("{} {}", d.code, d.message))
            .collect();
        return Outcome::Refused(errors.join("; "));
    };
    let rules = match RuleSet::compile(vec![program]) {
        Ok(rules) => Arc::new(rules),
        Err(error) => return Outcome::Refused(error.refusals[0].reason.to_string()),
    };
    let mut printer = Printer::new(&rules);
    let mut engine = Engine::new(rules, None);
    engine.step(&record(0, RecordInput::Rules), &mut printer);
    let messages = std::fs::read(file.with_extension("ndjson")).unwrap();
    let lines = messages.split(|&byte| byte == b'\n');
    for (number, line) in lines.filter(|line| !line.is_empty()).enumerate() {
        let record = record(number as u64 + 1, RecordInput::Message(line));
        engine.step(&record, &mut printer);
    }
    if let Some(letter) = printer.dead_letters.first() {
        return Outcome::Failed(letter.clone());
    }
    printer.rows.sort();
    Outcome::Rows(printer.rows)
}

fn record(number: u64, kind: RecordInput<'_>) -> Record<'_> {
    Record {
        shard: ShardId(0),
        position: Position::new(Term(1), Lsn(number + 1)),
        // 2026-11-22 10:00:00 UTC
        time: RecordTime(1_795_341_600_000_000),
        forwarder: "conformance",
        kind,
    }
}

/// Takes rows through the format in which sinks write them.
struct Printer {
    sinks: Vec<(String, RowFormat)>,
    rows: Vec<String>,
    dead_letters: Vec<String>,
}

impl Printer {
    fn new(rules: &RuleSet) -> Self {
        let sinks = rules.sinks().iter().map(|sink| {
            let (_, table) = sink.name.split_once('.').unwrap();
            let zone = Zone::parse(&sink.zone).unwrap();
            (table.to_owned(), RowFormat::new(&sink.columns, zone))
        });
        Self {
            sinks: sinks.collect(),
            rows: Vec::new(),
            dead_letters: Vec::new(),
        }
    }
}

impl Output for Printer {
    fn row(&mut self, _: u16, sink: SinkId, _: u32, row: &[Value<'_>]) {
        let (table, format) = &self.sinks[usize::from(sink.0)];
        let mut line = Vec::new();
        format.encode(row, &mut line);
        let row: Json = serde_json::from_slice(&line).unwrap();
        self.rows.push(row_text(table, &row));
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        self.dead_letters
            .push(format!("{} {}", letter.code, letter.reason));
    }

    fn count(&mut self, _: Option<u16>, _: Counter, _: u32) {}
}
