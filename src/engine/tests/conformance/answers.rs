//! The recorded answers, and the differences that are meant.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// A file of answers.
pub struct Family {
    pub name: String,
    pub answers: Vec<Answer>,
}

/// One expression and what Flink made of it.
pub struct Answer {
    pub expr: String,
    pub zone: String,
    pub recorded: Recorded,
    /// As Flink prints it in a schema; none where it refused the expression.
    pub data_type: Option<String>,
}

/// What Flink gave.
pub enum Recorded {
    /// The value, cast to STRING.
    Value(Option<String>),
    /// Refused when planned.
    Refused(String),
    /// Failed at run time.
    Failed(String),
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(None) => f.write_str("NULL"),
            Self::Value(Some(text)) => write!(f, "'{text}'"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}

/// A difference that is meant.
pub struct Difference {
    /// What ours gives, as [`crate::evaluate::Ours::brief`] tells it.
    pub ours: String,
}

/// Where the answers are.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/conformance"
    ))
}

/// All files of answers, by name.
pub fn families() -> Vec<Family> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder().join("expressions"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no recorded answers");
    files.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Family {
    let text = std::fs::read_to_string(&path).unwrap();
    Family {
        name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
        answers: text
            .lines()
            .map(|line| answer(&serde_json::from_str(line).unwrap()))
            .collect(),
    }
}

/// A function that Flink's planner takes for never NULL gave NULL. The query by which answers are
/// recorded fails then; in a job whose column may be NULL the value is NULL.
const UNEXPECTED_NULL: &str = "is NOT NULL, however, a null value is being written";

fn answer(line: &Json) -> Answer {
    let text = |key: &str| line[key].as_str().map(str::to_owned);
    let message = text("message").unwrap_or_default();
    let recorded = match text("error").as_deref() {
        None => Recorded::Value(text("value").filter(|value| !overflown(value, line))),
        Some("plan") => Recorded::Refused(message),
        Some("run") if message.contains(UNEXPECTED_NULL) => Recorded::Value(None),
        Some("run") => Recorded::Failed(message),
        Some(other) => panic!("no such kind of error: {other}"),
    };
    let refused = matches!(recorded, Recorded::Refused(_));
    Answer {
        expr: text("expr").unwrap(),
        zone: zone(line),
        recorded,
        data_type: text("type").filter(|_| !refused),
    }
}

/// A DECIMAL that overflows is NULL in Flink; where its type says NOT NULL, the cast to STRING by which
/// answers are recorded makes the empty text of it.
fn overflown(value: &str, line: &Json) -> bool {
    let data_type = line["type"].as_str().unwrap_or_default();
    value.is_empty() && data_type.starts_with("DECIMAL")
}

fn zone(line: &Json) -> String {
    line["zone"].as_str().unwrap_or("UTC").to_owned()
}

/// The differences that are meant, by expression and zone, or by job and the word `job`. Each names its heading in the page that
/// tells users.
pub fn differences() -> BTreeMap<(String, String), Difference> {
    let page = folder().join("../../docs/sql-flink-differences.md");
    let page = std::fs::read_to_string(page).unwrap();
    let text = std::fs::read_to_string(folder().join("differences.jsonl")).unwrap();
    let mut differences = BTreeMap::new();
    for line in text.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let reason = line["reason"].as_str().unwrap();
        let heading = format!("### {reason}");
        assert!(
            page.lines().any(|l| l == heading),
            "no heading '{heading}' in the page"
        );
        let key = match line["job"].as_str() {
            Some(job) => (job.to_owned(), "job".to_owned()),
            None => (line["expr"].as_str().unwrap().to_owned(), zone(&line)),
        };
        let ours = line["ours"].as_str().unwrap_or_default().to_owned();
        let before = differences.insert(key, Difference { ours });
        assert!(before.is_none(), "listed twice: {line}");
    }
    differences
}
