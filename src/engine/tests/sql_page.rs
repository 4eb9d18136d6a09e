//! docs/sql.md: its examples are what the functions do, and every function has one.
//!
//! After a change that is meant, `UPDATE_SQL_PAGE=1 cargo test -p rookery-engine --test sql_page` writes
//! the results anew; read the difference before committing it.
#![allow(clippy::unwrap_used)]

use rookery_engine::{Counter, Engine, Output, Record, RecordInput, RuleSet};
use rookery_model::{DeadLetter, Lsn, Position, RecordTime, ShardId, SinkId, Term, Value};
use rookery_sql::plan::Dialect;
use rookery_sql::{CompileOptions, SourceFile, compile, function_names};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DIALECTS: [(&str, Dialect); 2] = [("blink", Dialect::Blink), ("flink", Dialect::Flink)];

/// Functions that keywords of their own make calls of, and the name that their example must have.
const KEYWORDS: &[&str] = &[
    "CAST",
    "TRY_CAST",
    "EXTRACT",
    "TIMESTAMPADD",
    "TIMESTAMPDIFF",
    "JSON_VALUE",
];

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sql.md")
}

/// A row of a table of examples.
#[derive(Clone, Debug, PartialEq)]
struct Example {
    /// What stands before the example.
    head: [String; 2],
    expression: String,
    dialect: String,
    result: String,
}

impl Example {
    /// Reads a row, if it is one.
    fn read(line: &str) -> Option<Self> {
        let cells = cells(line);
        let [name, meaning, expression, dialect, result] = cells.as_slice() else {
            return None;
        };
        let known = ["both", "blink", "flink"].contains(&dialect.as_str());
        let expression = expression.strip_prefix('`')?.strip_suffix('`')?;
        known.then(|| Self {
            head: [name.clone(), meaning.clone()],
            expression: expression.replace("\\|", "|"),
            dialect: dialect.clone(),
            result: result.clone(),
        })
    }

    fn write(&self) -> String {
        let [name, meaning] = &self.head;
        format!(
            "| {name} | {meaning} | `{}` | {} | {} |",
            self.expression.replace('|', "\\|"),
            self.dialect,
            self.result
        )
    }

    fn is_in(&self, dialect: &str) -> bool {
        self.dialect == "both" || self.dialect == dialect
    }
}

/// The cells of a table's row; `\|` does not end one.
fn cells(line: &str) -> Vec<String> {
    let Some(line) = line.trim().strip_prefix('|') else {
        return Vec::new();
    };
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in line.chars() {
        match c {
            '|' if !escaped => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    // What follows the last `|`.
    cells.pop();
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// An expression's value in a dialect, cast to STRING, as the page shows it; or why there is none.
fn evaluate(expression: &str, dialect: Dialect, message: &str) -> Result<String, String> {
    let file = SourceFile {
        path: "page.sql".to_owned(),
        text: format!(
            "CREATE TABLE src (id STRING, flag STRING, data STRING, bad STRING) WITH ('connector' = 'tcp');\n\
             CREATE TABLE answer (v STRING) WITH ('connector' = 'print');\n\
             INSERT INTO answer SELECT CAST(({expression}) AS STRING) FROM src;\n"
        ),
    };
    let options = CompileOptions {
        dialect: Some(dialect),
        zone: Some("UTC".to_owned()),
    };
    let compiled = compile(&file, &options);
    let Some(program) = compiled.program else {
        let told = compiled.diagnostics.iter();
        let told = told.map(|found| format!("{} {}", found.code, found.message));
        return Err(told.collect::<Vec<_>>().join("; "));
    };
    let rules = RuleSet::compile(vec![program]).map_err(|error| error.to_string())?;
    let mut seen = Seen(Err("no row".to_owned()));
    let record = Record {
        shard: ShardId(0),
        position: Position::new(Term(1), Lsn(1)),
        // 2026-11-22 10:00:00 UTC
        time: RecordTime(1_795_341_600_000_000),
        forwarder: "",
        kind: RecordInput::Message(message.as_bytes()),
    };
    Engine::new(Arc::new(rules), None).step(&record, &mut seen);
    seen.0
}

struct Seen(Result<String, String>);

impl Output for Seen {
    fn row(&mut self, _: u16, _: SinkId, _: u32, row: &[Value<'_>]) {
        self.0 = Ok(match &row[0] {
            Value::Null => "NULL".to_owned(),
            Value::String("") => "the empty text".to_owned(),
            Value::String(text) => format!("`{}`", text.replace('|', "\\|")),
            other => panic!("a column of type STRING holds {other:?}"),
        });
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        self.0 = Err(format!("{} {}", letter.code, letter.reason));
    }

    fn count(&mut self, _: Option<u16>, _: Counter, _: u32) {}
}

/// The message that the page's examples read.
fn message(text: &str) -> String {
    let start = text.find("```json\n").unwrap() + 8;
    let end = start + text[start..].find('\n').unwrap();
    text[start..end].to_owned()
}

/// The examples of the page as they come out, both dialects apart where they differ.
fn answered(example: &Example, message: &str, wrong: &mut Vec<String>) -> Vec<Example> {
    let mut answers: Vec<Example> = Vec::new();
    for (name, dialect) in DIALECTS.iter().filter(|(name, _)| example.is_in(name)) {
        match evaluate(&example.expression, *dialect, message) {
            Ok(result) => match answers.iter_mut().find(|other| other.result == result) {
                Some(other) => other.dialect = "both".to_owned(),
                None => answers.push(Example {
                    dialect: (*name).to_owned(),
                    result,
                    ..example.clone()
                }),
            },
            Err(why) => wrong.push(format!("{} in {name}: {why}", example.expression)),
        }
    }
    answers
}

#[test]
fn examples_give_what_the_page_says() {
    let text = std::fs::read_to_string(page()).unwrap();
    let message = message(&text);
    let update = std::env::var_os("UPDATE_SQL_PAGE").is_some();
    let mut wrong = Vec::new();
    let mut lines = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let Some(example) = Example::read(line) else {
            lines.push(line.to_owned());
            continue;
        };
        count += 1;
        let answers = answered(&example, &message, &mut wrong);
        if answers != [example.clone()] && !update {
            wrong.push(format!("{line}\n  is {answers:?}"));
        }
        lines.extend(answers.iter().map(Example::write));
    }
    assert!(count > 150, "the page has {count} examples only");
    if update {
        std::fs::write(page(), lines.join("\n") + "\n").unwrap();
        println!("{}", wrong.join("\n"));
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_function_has_an_example() {
    let text = std::fs::read_to_string(page()).unwrap();
    let examples: Vec<Example> = text.lines().filter_map(Example::read).collect();
    let calls = |example: &Example, name: &str| {
        let upper = example.expression.to_uppercase();
        upper.match_indices(name).any(|(at, _)| {
            let before = upper[..at].chars().next_back();
            let after = upper[at + name.len()..].chars().next();
            let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !inside(before) && !inside(after)
        })
    };
    let mut missing = Vec::new();
    for function in function_names() {
        for (dialect, has) in [("blink", function.blink), ("flink", function.flink)] {
            let shown =
                |example: &&Example| example.is_in(dialect) && calls(example, function.name);
            if has && !examples.iter().any(|example| shown(&example)) {
                missing.push(format!("{} in {dialect}", function.name));
            }
        }
    }
    for name in KEYWORDS {
        if !examples.iter().any(|example| calls(example, name)) {
            missing.push((*name).to_owned());
        }
    }
    assert!(missing.is_empty(), "no example of {}", missing.join(", "));
}
