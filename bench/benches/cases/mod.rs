//! What is measured: rule sets with the messages that go through them, for instructions, time and
//! allocations alike.

pub mod expressions;
pub mod rule_sets;

use rookery_engine::{Counter, Engine, Output, Record, RecordInput, RuleSet};
use rookery_model::{DeadLetter, Lsn, Position, RecordTime, ShardId, SinkId, Term, Value};
use rookery_sql::plan::{Dialect, Program};
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::sync::Arc;

/// Rules, messages, and how many rows these must make.
#[derive(Debug)]
pub struct Case {
    /// What it belongs to: a family of expressions, or the rule sets.
    pub family: &'static str,
    /// What it is, as a table names it.
    pub name: String,
    /// Names and texts of the rule files.
    pub files: Vec<(String, String)>,
    /// How they are read.
    pub dialect: Dialect,
    /// What is sent through them, in turn.
    pub messages: Vec<String>,
    /// Rows of all messages.
    pub rows: u64,
}

impl Case {
    /// The bound rules.
    #[must_use]
    pub fn programs(&self) -> Vec<Program> {
        let options = CompileOptions {
            dialect: Some(self.dialect),
            zone: None,
        };
        let program = |(name, text): &(String, String)| {
            let file = SourceFile {
                path: format!("{name}.sql"),
                text: text.clone(),
            };
            let compiled = compile(&file, &options);
            let Some(program) = compiled.program else {
                let findings = compiled.diagnostics.iter();
                let findings: String = findings.map(|one| one.render(&file, false)).collect();
                panic!("{}: {findings}", self.name);
            };
            program
        };
        self.files.iter().map(program).collect()
    }

    /// An engine that runs the rules.
    #[must_use]
    pub fn engine(&self) -> Engine {
        let rules = RuleSet::compile(self.programs());
        let rules = rules.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        Engine::new(Arc::new(rules), None)
    }

    /// An engine that has seen every message three times, so that its buffers are as large as they become;
    /// the rows are as many as they must be.
    #[must_use]
    pub fn warm(&self) -> Engine {
        let mut engine = self.engine();
        for _ in 0..3 {
            let mut tally = Tally::default();
            self.pass(&mut engine, &mut tally);
            assert_eq!(tally.dead_letters, 0, "{}: a dead letter", self.name);
            assert_eq!(tally.rows, self.rows, "{}: rows", self.name);
            assert!(tally.last > 0, "{}: only NULLs", self.name);
        }
        engine
    }

    /// All messages once.
    pub fn pass(&self, engine: &mut Engine, tally: &mut Tally) {
        for message in &self.messages {
            engine.step(&record(message), tally);
        }
    }
}

/// All cases, in the order of the tables.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut cases = expressions::cases();
    cases.extend(rule_sets::cases());
    cases
}

/// A message's record.
#[must_use]
pub fn record(message: &str) -> Record<'_> {
    Record {
        shard: ShardId(0),
        position: Position::new(Term(1), Lsn(1)),
        time: RecordTime(1_795_341_600_000_000),
        forwarder: "",
        kind: RecordInput::Message(message.as_bytes()),
    }
}

/// Looks at every value, so that none is made in vain, and keeps nothing.
#[derive(Debug, Default)]
pub struct Tally {
    /// Rows so far.
    pub rows: u64,
    /// Rows whose last value is not NULL.
    pub last: u64,
    /// Dead letters so far.
    pub dead_letters: u64,
    /// Something of every value.
    pub bytes: u64,
}

impl Output for Tally {
    fn row(&mut self, _: u16, _: SinkId, _: u32, row: &[Value<'_>]) {
        self.rows += 1;
        self.last += u64::from(row.last().is_some_and(|value| !value.is_null()));
        for value in row {
            self.bytes += match value {
                Value::String(text) => text.len() as u64,
                Value::Int(int) => *int as u64 & 7,
                _ => 1,
            };
        }
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        self.dead_letters += 1;
        self.bytes += letter.reason.len() as u64;
    }

    fn count(&mut self, _: Option<u16>, _: Counter, times: u32) {
        self.bytes += u64::from(times);
    }
}
