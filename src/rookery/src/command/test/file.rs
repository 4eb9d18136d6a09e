//! A test file as it is written: TOML, with places for messages.

use super::error::{Problem, TestError};
use crate::config::closest;
use rookery_codecs::time::{Zone, parse_timestamp};
use rookery_model::{Stage, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use toml_edit::{Document, Item, TableLike};

/// A test file.
#[derive(Debug, Default)]
pub struct TestFile {
    /// The rule file, beside the test file; none for the one of the same name.
    pub rules: Option<String>,
    /// The dialect's name.
    pub dialect: Option<String>,
    /// The zone.
    pub zone: Option<String>,
    /// What is to be tried.
    pub cases: Vec<Case>,
}

/// Messages, and what shall come of them.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Option<Range<usize>>,
    /// Its place among the cases.
    pub index: usize,
    /// The source table, where there are several.
    pub source: Option<String>,
    /// Where that stands.
    pub source_span: Option<Range<usize>>,
    /// The records' time, in the job's zone.
    pub time: Option<Timestamp>,
    /// One a line.
    pub messages: Messages,
    /// Rows by sink, one a line.
    pub rows: BTreeMap<String, Expected>,
    /// Dead letters, in order.
    pub dead_letters: Vec<ExpectedLetter>,
}

/// Where messages stand.
#[derive(Debug)]
pub enum Messages {
    /// In the case.
    Inline(String),
    /// In a file beside the test file.
    File(String, Option<Range<usize>>),
}

/// Expected rows of a sink.
#[derive(Debug)]
pub struct Expected {
    /// A row a line.
    pub text: String,
    /// Where it stands.
    pub span: Option<Range<usize>>,
    /// Where the sink's name stands.
    pub key_span: Option<Range<usize>>,
}

/// An expected dead letter; what it does not say may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedLetter {
    /// The stage's name.
    pub stage: String,
    /// The code.
    pub code: String,
    /// The rule's name.
    pub rule: Option<String>,
}

impl ExpectedLetter {
    /// Whether it is the one that came: one that names no rule takes any.
    pub fn covers(&self, came: &Self) -> bool {
        self.stage == came.stage
            && self.code == came.code
            && (self.rule.is_none() || self.rule == came.rule)
    }
}

impl fmt::Display for ExpectedLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stage {}, code {}", self.stage, self.code)?;
        match &self.rule {
            Some(rule) => write!(f, ", rule {rule}"),
            None => Ok(()),
        }
    }
}

const FILE_KEYS: &[&str] = &["rules", "dialect", "zone", "case"];
const CASE_KEYS: &[&str] = &[
    "name",
    "source",
    "time",
    "messages",
    "messages_file",
    "rows",
    "dead_letters",
];
const LETTER_KEYS: &[&str] = &["stage", "code", "rule"];

/// Reads a test file's text.
///
/// # Errors
/// All faults that were found.
pub fn read(text: &str) -> Result<TestFile, Vec<Problem>> {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let reason = error.message().replace('\n', ", ");
            return Err(vec![Problem::new(
                TestError::Syntax { reason },
                error.span(),
            )]);
        }
    };
    let mut reader = Reader::default();
    let file = reader.file(document.as_table());
    match reader.problems.is_empty() {
        true => Ok(file),
        false => Err(reader.problems),
    }
}

#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn file(&mut self, table: &dyn TableLike) -> TestFile {
        self.known(table, "a test file", FILE_KEYS);
        let mut file = TestFile {
            rules: self.text(table, "rules"),
            dialect: self.text(table, "dialect"),
            zone: self.text(table, "zone"),
            cases: Vec::new(),
        };
        if let Some(dialect) = &file.dialect
            && !matches!(dialect.as_str(), "blink" | "flink")
        {
            self.wrong("dialect", "\"blink\" or \"flink\"", table.get("dialect"));
        }
        if file
            .zone
            .as_deref()
            .is_some_and(|zone| Zone::parse(zone).is_err())
        {
            let expected = "a zone such as \"Asia/Shanghai\" or \"+08:00\"";
            self.wrong("zone", expected, table.get("zone"));
        }
        match table.get("case") {
            Some(Item::ArrayOfTables(cases)) => {
                for (index, case) in cases.iter().enumerate() {
                    file.cases.extend(self.case(index, case));
                }
            }
            None => {}
            other => self.wrong("case", "written as `[[case]]`, once for each", other),
        }
        for (place, case) in file.cases.iter().enumerate() {
            if file.cases[..place]
                .iter()
                .any(|other| other.name == case.name)
            {
                let name = case.name.clone();
                let error = TestError::SameName { name };
                self.problems.push(Problem::new(error, case.span.clone()));
            }
        }
        file
    }

    fn case(&mut self, index: usize, table: &toml_edit::Table) -> Option<Case> {
        self.known(table, "a case", CASE_KEYS);
        let name = self.text(table, "name");
        if name.is_none() && table.get("name").is_none() {
            self.missing("a case", "name", table.span());
        }
        let inline = self.text(table, "messages");
        let file = self.text(table, "messages_file");
        let messages = match (inline, file) {
            (Some(_), Some(_)) => {
                let item = table.get("messages_file");
                self.wrong("messages_file", "left out where there are `messages`", item);
                return None;
            }
            (None, Some(path)) => {
                Messages::File(path, table.get("messages_file").and_then(Item::span))
            }
            // Rows of constants come without a message.
            (inline, None) => Messages::Inline(inline.unwrap_or_default()),
        };
        let time = self.text(table, "time").and_then(|text| {
            let time = parse_timestamp(text.trim().as_bytes());
            if time.is_none() {
                self.wrong(
                    "time",
                    "a time such as \"2026-11-22 10:00:00\"",
                    table.get("time"),
                );
            }
            time
        });
        let rows = self.rows(table.get("rows"));
        let dead_letters = self.letters(table.get("dead_letters"));
        let source = self.text(table, "source");
        Some(Case {
            name: name?,
            span: table.get("name").and_then(Item::span),
            source_span: table.get("source").and_then(Item::span),
            index,
            source,
            time,
            messages,
            rows,
            dead_letters,
        })
    }

    fn rows(&mut self, item: Option<&Item>) -> BTreeMap<String, Expected> {
        let mut rows = BTreeMap::new();
        let Some(item) = item else { return rows };
        let Some(table) = item.as_table_like() else {
            self.wrong("rows", "a table: `rows.SINK = '''..'''`", Some(item));
            return rows;
        };
        for (sink, item) in table.iter() {
            match item.as_str() {
                Some(text) => {
                    let expected = Expected {
                        text: text.to_owned(),
                        span: item.span(),
                        key_span: table.key(sink).and_then(toml_edit::Key::span),
                    };
                    rows.insert(sink.to_owned(), expected);
                }
                None => self.wrong(
                    &format!("rows.{sink}"),
                    "a string with a row a line",
                    Some(item),
                ),
            }
        }
        rows
    }

    fn letters(&mut self, item: Option<&Item>) -> Vec<ExpectedLetter> {
        let mut letters = Vec::new();
        let Some(item) = item else { return letters };
        let tables: Vec<&dyn TableLike> = match item {
            Item::ArrayOfTables(array) => {
                array.iter().map(|table| table as &dyn TableLike).collect()
            }
            Item::Value(toml_edit::Value::Array(array)) => {
                let tables = array.iter().filter_map(toml_edit::Value::as_inline_table);
                let tables: Vec<_> = tables.map(|table| table as &dyn TableLike).collect();
                if tables.len() < array.len() {
                    self.wrong("dead_letters", LETTERS, Some(item));
                }
                tables
            }
            _ => {
                self.wrong("dead_letters", LETTERS, Some(item));
                return letters;
            }
        };
        for table in tables {
            self.known(table, "a dead letter", LETTER_KEYS);
            for key in ["stage", "code"] {
                if table.get(key).is_none() {
                    self.missing("a dead letter", key, item.span());
                }
            }
            let stage = self.text(table, "stage");
            let known = |stage: &String| Stage::ALL.iter().any(|known| known.name() == stage);
            if stage.as_ref().is_some_and(|stage| !known(stage)) {
                self.wrong("stage", STAGES, table.get("stage"));
            }
            letters.push(ExpectedLetter {
                stage: stage.unwrap_or_default(),
                code: self.text(table, "code").unwrap_or_default(),
                rule: self.text(table, "rule"),
            });
        }
        letters
    }

    fn known(&mut self, table: &dyn TableLike, place: &'static str, keys: &[&str]) {
        for (key, _) in table.iter() {
            if keys.contains(&key) {
                continue;
            }
            let near = closest(key, keys.iter().copied());
            self.problems.push(Problem {
                error: TestError::UnknownKey {
                    key: key.to_owned(),
                    place,
                    known: keys.join(", "),
                },
                span: table.key(key).and_then(toml_edit::Key::span),
                help: near
                    .map(|near| format!("did you mean `{near}`?"))
                    .into_iter()
                    .collect(),
            });
        }
    }

    fn text(&mut self, table: &dyn TableLike, key: &str) -> Option<String> {
        let item = table.get(key)?;
        if item.as_str().is_none() {
            self.wrong(key, "a string", Some(item));
        }
        item.as_str().map(str::to_owned)
    }

    fn wrong(&mut self, key: &str, expected: &'static str, item: Option<&Item>) {
        let key = key.to_owned();
        let error = TestError::WrongType { key, expected };
        self.problems
            .push(Problem::new(error, item.and_then(Item::span)));
    }

    fn missing(&mut self, place: &'static str, key: &'static str, span: Option<Range<usize>>) {
        let error = TestError::Missing { place, key };
        self.problems.push(Problem::new(error, span));
    }
}

const STAGES: &str = "one of frame, route, parse, cast, eval, sink";
const LETTERS: &str = "an array such as [{ stage = \"cast\", code = \"E1203\" }]";

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_case_may_say() {
        let text = "\
zone = 'UTC'
[[case]]
name = 'a'
time = '2026-11-22 10:00:00'
messages = '{}'
rows.out = '''
{\"x\":1}
'''
dead_letters = [{ stage = 'cast', code = 'E1203' }]
[[case]]
name = 'b'
messages_file = 'b.ndjson'
[case.rows]
out = ''
";
        let file = read(text).unwrap();
        assert_eq!(file.zone.as_deref(), Some("UTC"));
        assert_eq!(file.cases.len(), 2);
        let first = &file.cases[0];
        assert_eq!(first.rows["out"].text, "{\"x\":1}\n");
        assert_eq!(first.time.unwrap().millis, 1_795_341_600_000);
        assert_eq!(first.dead_letters[0].code, "E1203");
        assert!(matches!(&file.cases[1].messages, Messages::File(path, _) if path == "b.ndjson"));
    }

    #[test]
    fn all_faults_are_found() {
        let text = "\
dialect = 'oracle'
zone = 'Asia/Shangai'
[[case]]
nmae = 'a'
messages = 1
time = 'noon'
dead_letters = ['x']
[[case]]
name = 'b'
dead_letters = [{ stage = 'cats', code = 'E1203' }]
";
        let problems = read(text).unwrap_err();
        let codes: Vec<_> = problems
            .iter()
            .map(|problem| problem.error.code())
            .collect();
        assert_eq!(
            codes,
            [
                "E5033", "E5033", "E5032", "E5034", "E5033", "E5033", "E5033", "E5033"
            ]
        );
        assert_eq!(problems[2].help, ["did you mean `name`?"]);
        assert_eq!(&text[problems[2].span.clone().unwrap()], "nmae");
        assert_eq!(&text[problems[1].span.clone().unwrap()], "'Asia/Shangai'");
        assert_eq!(&text[problems[7].span.clone().unwrap()], "'cats'");
        for (at, stage) in Stage::ALL.iter().enumerate() {
            assert_eq!(
                STAGES
                    .split([' ', ','])
                    .filter(|s| !s.is_empty())
                    .nth(at + 2),
                Some(stage.name())
            );
        }
        assert_eq!(read("x = ").unwrap_err()[0].error.code(), "E5031");
    }
}
