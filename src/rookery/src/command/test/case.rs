//! One case through the rules, the way `eval` goes.

use super::compare::{difference, same_row};
use super::error::{Problem, TestError};
use super::file::{Case, ExpectedLetter, Messages};
use crate::command::eval::{Evaluation, choose_source};
use crate::config::closest;
use rookery_codecs::format::json::RowFormat;
use rookery_codecs::time::{Overlap, Zone};
use rookery_engine::{Counter, Output, RuleSet};
use rookery_model::{DeadLetter, RecordTime, SinkId, Timestamp, Value};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

/// The records' time where a case says none, 2026-01-01 00:00:00 in the job's zone: any that stays.
const DEFAULT_TIME: Timestamp = Timestamp {
    millis: 1_767_225_600_000,
    nanos: 0,
};

/// What came of a case.
#[derive(Debug, Default)]
pub struct Got {
    /// Rows by sink, all sinks named.
    pub rows: BTreeMap<String, Vec<String>>,
    /// Dead letters, in order.
    pub letters: Vec<GotLetter>,
}

/// A dead letter that came.
#[derive(Clone, Debug)]
pub struct GotLetter {
    /// What a case can say of it.
    pub is: ExpectedLetter,
    /// Why.
    pub reason: String,
}

impl fmt::Display for GotLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.is, self.reason)
    }
}

/// Rules to be tried.
pub struct Subject {
    /// The rule file.
    pub path: String,
    /// Its rules.
    pub rules: Arc<RuleSet>,
    /// Its zone.
    pub zone: Zone,
}

/// Runs a case.
///
/// # Errors
/// The case names what is not there.
pub fn run(case: &Case, folder: &Path, subject: &Subject) -> Result<Got, Problem> {
    let messages = match &case.messages {
        Messages::Inline(text) => text.clone().into_bytes(),
        Messages::File(name, span) => std::fs::read(folder.join(name)).map_err(|error| {
            let reason = format!("{name}: {error}");
            Problem::new(TestError::Messages { reason }, span.clone())
        })?,
    };
    let source = choose_source(&subject.rules, case.source.as_deref()).map_err(|reason| {
        let reason = reason.replace(": --source ", ": `source` = ");
        let place = case.source_span.clone().or_else(|| case.span.clone());
        Problem::new(TestError::Source { reason }, place)
    })?;
    let time = case.time.unwrap_or(DEFAULT_TIME);
    let millis = subject.zone.instant_of_local(time.millis, Overlap::Earlier);
    let time = RecordTime(millis * 1000 + i64::from(time.nanos / 1000));
    let taker = Taker::new(&subject.rules, &subject.zone);
    let evaluation = Evaluation::new(Arc::clone(&subject.rules), source, taker, Some(time));
    let taker = evaluation
        .run(messages.as_slice(), |_| Ok(()))
        .expect("reading from memory does not fail");
    Ok(taker.got)
}

/// What differs between a case and what came of it, for people; nothing if it is as expected.
///
/// # Errors
/// The case expects what no rule can make.
pub fn judge(case: &Case, got: &Got, subject: &Subject) -> Result<Option<String>, Problem> {
    let mut report = String::new();
    for (table, expected) in &case.rows {
        if !got.rows.contains_key(table) {
            let names = got.rows.keys().map(String::as_str);
            let near = closest(table, names.clone());
            return Err(Problem {
                error: TestError::NoSuchSink {
                    file: subject.path.clone(),
                    table: table.clone(),
                    known: names.collect::<Vec<_>>().join(", "),
                },
                span: expected.key_span.clone(),
                help: near
                    .map(|near| format!("did you mean `{near}`?"))
                    .into_iter()
                    .collect(),
            });
        }
    }
    for (table, rows) in &got.rows {
        let expected = expected_rows(case, table)?;
        if let Some(found) = difference(&expected, rows, |a, b| same_row(a, b)) {
            let counts = format!("{} expected, {} came", expected.len(), rows.len());
            write!(report, "  rows of {table}: {counts}\n{found}")
                .expect("a String takes all text");
        }
    }
    if let Some(found) = letters(case, got) {
        write!(report, "  dead letters\n{found}").expect("a String takes all text");
    }
    Ok((!report.is_empty()).then_some(report))
}

fn expected_rows(case: &Case, table: &str) -> Result<Vec<String>, Problem> {
    let Some(expected) = case.rows.get(table) else {
        return Ok(Vec::new());
    };
    let mut rows = Vec::new();
    for (number, line) in expected.text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if let Err(error) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line)
        {
            let error = TestError::BadRow {
                table: table.to_owned(),
                line: number + 1,
                reason: error.to_string(),
            };
            return Err(Problem::new(error, expected.span.clone()));
        }
        rows.push(line.to_owned());
    }
    Ok(rows)
}

/// What differs between dead letters; a case that names no rule takes any.
fn letters(case: &Case, got: &Got) -> Option<String> {
    difference(&case.dead_letters, &got.letters, |expected, got| {
        expected.covers(&got.is)
    })
}

/// Takes rows as `eval` prints them.
struct Taker {
    sinks: Vec<(String, RowFormat)>,
    got: Got,
}

impl Taker {
    fn new(rules: &RuleSet, zone: &Zone) -> Self {
        let sinks: Vec<_> = rules
            .sinks()
            .iter()
            .map(|sink| {
                let bare = sink.name.split_once('.');
                let name = bare.map_or(sink.name.as_str(), |(_, table)| table);
                (name.to_owned(), RowFormat::new(&sink.columns, zone.clone()))
            })
            .collect();
        let rows = sinks.iter().map(|(name, _)| (name.clone(), Vec::new()));
        Self {
            got: Got {
                rows: rows.collect(),
                letters: Vec::new(),
            },
            sinks,
        }
    }
}

impl Output for Taker {
    fn row(&mut self, _rule: u16, sink: SinkId, _ordinal: u32, row: &[Value<'_>]) {
        let (name, format) = &self.sinks[usize::from(sink.0)];
        let mut line = Vec::new();
        format.encode(row, &mut line);
        let line = String::from_utf8_lossy(&line).into_owned();
        self.got.rows.entry(name.clone()).or_default().push(line);
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        self.got.letters.push(GotLetter {
            is: ExpectedLetter {
                stage: letter.stage.name().to_owned(),
                code: letter.code.to_owned(),
                rule: letter.rule.map(str::to_owned),
            },
            reason: letter.reason.to_owned(),
        });
    }

    fn count(&mut self, _rule: Option<u16>, _counter: Counter, _times: u32) {}
}
