//! Messages through the engine: the example jobs, the seed of the compiler's cases and every
//! conformance job that compiles, in one rule set.
//!
//! An input that begins with `{` is a message. Any other is a list of JSON values, a line each, given
//! to the columns of every source in turn, so that a change of one value reaches every rule.
//! Held: nothing panics; rows are JSON; a dead letter keeps its message; a step does not depend on the
//! steps before it.

use crate::step::{formats, step};
use rookery_codecs::format::json::RowFormat;
use rookery_engine::{Engine, RecordInput, RuleSet};
use rookery_sql::plan::{Dialect, Program};
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// Rules, and what they read and write.
struct Jobs {
    rules: Arc<RuleSet>,
    formats: Vec<RowFormat>,
    columns: Vec<String>,
}

thread_local! {
    /// An engine that has stepped every input so far.
    static OLD: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

fn root() -> &'static Path {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut roots = above.filter(|folder| folder.join("tests/conformance/jobs").is_dir());
    roots.next().expect("the conformance jobs lie above")
}

fn programs() -> Vec<Program> {
    let folders = [
        ("examples", Dialect::Blink),
        ("examples", Dialect::Flink),
        ("src/sql/tests/cases", Dialect::Blink),
        ("src/sql/tests/cases", Dialect::Flink),
        ("tests/conformance/jobs", Dialect::Flink),
        ("tests/conformance/jobs", Dialect::Blink),
    ];
    let mut programs = Vec::new();
    for (folder, dialect) in folders {
        let entries = std::fs::read_dir(root().join(folder)).expect("a folder of rules");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.retain(|file| file.extension().is_some_and(|ending| ending == "sql"));
        files.sort();
        for file in files {
            let stem = file.file_stem().expect("a name").to_string_lossy();
            let source = SourceFile {
                path: format!("{}_{stem}_{dialect:?}.sql", folder.len()),
                text: std::fs::read_to_string(&file).expect("rules"),
            };
            let options = CompileOptions {
                dialect: Some(dialect),
                zone: None,
            };
            let compiled = compile(&source, &options).program;
            programs.extend(compiled.filter(|one| RuleSet::compile(vec![one.clone()]).is_ok()));
        }
    }
    programs
}

fn jobs() -> &'static Jobs {
    static JOBS: OnceLock<Jobs> = OnceLock::new();
    JOBS.get_or_init(|| {
        // A name that a comment gives a rule is the rule's in every dialect: it comes once.
        let mut names = BTreeSet::new();
        let mut programs = programs();
        programs.retain(|program| {
            let mut rules = program.rules.iter();
            rules.all(|rule| names.insert(rule.name.clone()))
        });
        assert!(programs.len() > 60, "{} programs", programs.len());
        let mut columns = BTreeSet::new();
        for program in &programs {
            for table in &program.tables {
                columns.extend(table.columns.iter().map(|column| column.field.name.clone()));
            }
        }
        let rules = Arc::new(RuleSet::compile(programs).expect("each compiles alone"));
        Jobs {
            formats: formats(&rules),
            columns: columns.into_iter().collect(),
            rules,
        }
    })
}

/// Messages that give each column each value once, more or less.
fn messages(values: &[u8], columns: &[String]) -> Vec<Vec<u8>> {
    let values: Vec<&[u8]> = values.split(|&byte| byte == b'\n').take(8).collect();
    let message = |turn: usize| {
        let mut message = vec![b'{'];
        for (at, column) in columns.iter().enumerate() {
            let name = serde_json::to_string(column).expect("a name");
            message.extend_from_slice(name.as_bytes());
            message.push(b':');
            message.extend_from_slice(values[(at + turn) % values.len()]);
            message.push(b',');
        }
        message.pop();
        message.push(b'}');
        message
    };
    (0..values.len()).map(message).collect()
}

/// The check.
pub fn check(input: &[u8]) {
    let jobs = jobs();
    if input.first() == Some(&b'{') {
        return check_message(jobs, input);
    }
    for message in messages(input, &jobs.columns) {
        check_message(jobs, &message);
    }
}

fn check_message(jobs: &Jobs, message: &[u8]) {
    let kind = RecordInput::Message(message);
    let old = OLD.with_borrow_mut(|old| {
        let old = old.get_or_insert_with(|| Engine::new(jobs.rules.clone(), None));
        step(old, &jobs.formats, kind)
    });
    let mut fresh = Engine::new(jobs.rules.clone(), None);
    assert_eq!(step(&mut fresh, &jobs.formats, kind), old);
}
