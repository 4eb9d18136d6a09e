//! One expression through the real compiler and engine.

use crate::answers;
use rookery_engine::{Counter, Engine, Output, Record, RecordInput, RuleSet};
use rookery_model::{DeadLetter, Lsn, Position, RecordTime, ShardId, SinkId, Term, Value};
use rookery_sql::plan::{Dialect, ExprKind, Program, Rel};
use rookery_sql::{CompileOptions, Severity, SourceFile, compile};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What ours gave.
pub enum Ours {
    /// The value, cast to STRING.
    Value(Option<String>),
    /// Refused by a diagnostic.
    Refused(String),
    /// Bound, but the engine does not have it.
    NotBuilt(String),
    /// The row became a dead letter.
    DeadLetter(String),
    /// A defect.
    Panic,
}

impl fmt::Display for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(None) => f.write_str("NULL"),
            Self::Value(Some(text)) => write!(f, "'{text}'"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::NotBuilt(why) => write!(f, "not built: {why}"),
            Self::DeadLetter(why) => write!(f, "dead letter: {why}"),
            Self::Panic => f.write_str("panic"),
        }
    }
}

impl Ours {
    /// The same without the words of a message: a value, or `refused E0212`.
    pub fn brief(&self) -> String {
        let text = self.to_string();
        match self {
            Self::Value(_) | Self::Panic => text,
            _ => {
                let words: Vec<&str> = text.split(": ").collect();
                let code = words[1].split(' ').next().unwrap();
                format!("{} {code}", words[0])
            }
        }
    }
}

/// The one row.
pub struct Subject {
    message: Vec<u8>,
}

impl Subject {
    pub fn new() -> Self {
        Self {
            message: std::fs::read(answers::folder().join("source.ndjson")).unwrap(),
        }
    }

    /// The expression's value, and its type where it could be bound.
    pub fn evaluate(&self, expr: &str, zone: &str) -> (Ours, Option<String>) {
        catch_unwind(AssertUnwindSafe(|| self.compiled(expr, zone))).unwrap_or((Ours::Panic, None))
    }

    fn compiled(&self, expr: &str, zone: &str) -> (Ours, Option<String>) {
        let program = match bound("STRING", &format!("CAST(({expr}) AS STRING)"), zone) {
            Ok(program) => program,
            Err(why) => return (Ours::Refused(why), None),
        };
        let data_type = type_of(expr, zone);
        let rules = match RuleSet::compile(vec![program]) {
            Ok(rules) => rules,
            Err(error) => {
                let refusal = &error.refusals[0];
                let why = format!("{} {}", refusal.code(), refusal.reason);
                return (Ours::NotBuilt(why), data_type);
            }
        };
        (self.step(rules), data_type)
    }

    fn step(&self, rules: RuleSet) -> Ours {
        let mut seen = Seen::default();
        let record = Record {
            shard: ShardId(0),
            position: Position::new(Term(1), Lsn(1)),
            // 2026-11-22 10:00:00 UTC
            time: RecordTime(1_795_341_600_000_000),
            forwarder: "conformance",
            kind: RecordInput::Message(self.message.trim_ascii_end()),
        };
        Engine::new(Arc::new(rules), None).step(&record, &mut seen);
        seen.0.expect("a row or a dead letter")
    }
}

fn bound(column: &str, expr: &str, zone: &str) -> Result<Program, String> {
    let file = SourceFile {
        path: "answer.sql".to_owned(),
        text: format!(
            "CREATE TABLE src (d STRING, bad STRING, nul STRING, e STRING, ts STRING) \
             WITH ('connector' = 'tcp');\n\
             CREATE TABLE answer (v {column}) WITH ('connector' = 'print');\n\
             INSERT INTO answer SELECT {expr} FROM src;\n"
        ),
    };
    let options = CompileOptions {
        dialect: Some(Dialect::Flink),
        zone: Some(zone.to_owned()),
    };
    let compiled = compile(&file, &options);
    compiled.program.ok_or_else(|| {
        let error = compiled
            .diagnostics
            .iter()
            .find(|d| d.severity == Severity::Error)
            .expect("an error says why there is no program");
        format!("{} {}", error.code, error.message)
    })
}

/// The expression's own type, before anything is cast.
fn type_of(expr: &str, zone: &str) -> Option<String> {
    let program = bound("BOOLEAN", &format!("({expr}) IS NULL"), zone).ok()?;
    let Rel::Project { exprs, .. } = &program.rules[0].query else {
        return None;
    };
    match &exprs.first()?.kind {
        ExprKind::Is { input, .. } => Some(input.data_type.to_string()),
        _ => None,
    }
}

#[derive(Default)]
struct Seen(Option<Ours>);

impl Output for Seen {
    fn row(&mut self, _: u16, _: SinkId, _: u32, row: &[Value<'_>]) {
        let value = match &row[0] {
            Value::Null => None,
            Value::String(text) => Some((*text).to_owned()),
            other => panic!("a column of type STRING holds {other:?}"),
        };
        self.0 = Some(Ours::Value(value));
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        self.0 = Some(Ours::DeadLetter(format!(
            "{} {}",
            letter.code, letter.reason
        )));
    }

    fn count(&mut self, _: Option<u16>, _: Counter, _: u32) {}
}
