//! What is wrong with a test file, or with what it tests.

use crate::report::{Report, Severity};
use std::ops::Range;

/// Codes E503x are stable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TestError {
    /// E5030
    #[error("cannot read the test file: {reason}")]
    Unreadable {
        /// What the system said.
        reason: String,
    },
    /// E5031
    #[error("this is not TOML: {reason}")]
    Syntax {
        /// What the parser said.
        reason: String,
    },
    /// E5032
    #[error("unknown key `{key}`; {place} has {known}")]
    UnknownKey {
        /// As written.
        key: String,
        /// `a test file`, `a case` or `a dead letter`.
        place: &'static str,
        /// The keys that there are.
        known: String,
    },
    /// E5033
    #[error("`{key}` must be {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// What it takes, with an article.
        expected: &'static str,
    },
    /// E5034
    #[error("{place} needs `{key}`")]
    Missing {
        /// `a case`, `a dead letter`.
        place: &'static str,
        /// The key.
        key: &'static str,
    },
    /// E5035
    #[error("no rule of {file} writes to a table `{table}`; they write to {known}")]
    NoSuchSink {
        /// The rule file.
        file: String,
        /// As written.
        table: String,
        /// The sinks.
        known: String,
    },
    /// E5036
    #[error("line {line} of the expected rows of `{table}` is no JSON object: {reason}")]
    BadRow {
        /// The sink.
        table: String,
        /// Counted from 1.
        line: usize,
        /// What the parser said.
        reason: String,
    },
    /// E5037
    #[error("cannot read the messages: {reason}")]
    Messages {
        /// The path, and what the system said.
        reason: String,
    },
    /// E5038
    #[error("{reason}")]
    Source {
        /// Which sources there are.
        reason: String,
    },
    /// E5039
    #[error("two cases are named `{name}`; rename one")]
    SameName {
        /// The name.
        name: String,
    },
}

impl TestError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "E5030",
            Self::Syntax { .. } => "E5031",
            Self::UnknownKey { .. } => "E5032",
            Self::WrongType { .. } => "E5033",
            Self::Missing { .. } => "E5034",
            Self::NoSuchSink { .. } => "E5035",
            Self::BadRow { .. } => "E5036",
            Self::Messages { .. } => "E5037",
            Self::Source { .. } => "E5038",
            Self::SameName { .. } => "E5039",
        }
    }
}

/// A fault with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub error: TestError,
    /// Where in the test file.
    pub span: Option<Range<usize>>,
    /// What was probably meant.
    pub help: Vec<String>,
}

impl Problem {
    /// A fault at a place.
    pub fn new(error: TestError, span: Option<Range<usize>>) -> Self {
        Self {
            error,
            span,
            help: Vec::new(),
        }
    }

    /// As compilers print theirs.
    pub fn render(&self, path: &str, text: &str, colour: bool) -> String {
        Report {
            severity: Severity::Error,
            code: self.error.code(),
            message: &self.error.to_string(),
            path,
            place: self.span.clone().map(|span| (text, span)),
            help: &self.help,
        }
        .render(colour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_the_thing_and_the_remedy() {
        let text = |text: &str| text.to_owned();
        let cases = [
            (
                TestError::Unreadable {
                    reason: text("gone"),
                },
                "E5030 cannot read the test file: gone",
            ),
            (
                TestError::Syntax {
                    reason: text("no `=`"),
                },
                "E5031 this is not TOML: no `=`",
            ),
            (
                TestError::UnknownKey {
                    key: text("nam"),
                    place: "a case",
                    known: text("name, time"),
                },
                "E5032 unknown key `nam`; a case has name, time",
            ),
            (
                TestError::WrongType {
                    key: text("name"),
                    expected: "a string",
                },
                "E5033 `name` must be a string",
            ),
            (
                TestError::Missing {
                    place: "a case",
                    key: "name",
                },
                "E5034 a case needs `name`",
            ),
            (
                TestError::NoSuchSink {
                    file: text("a.sql"),
                    table: text("powr"),
                    known: text("power"),
                },
                "E5035 no rule of a.sql writes to a table `powr`; they write to power",
            ),
            (
                TestError::BadRow {
                    table: text("power"),
                    line: 2,
                    reason: text("EOF"),
                },
                "E5036 line 2 of the expected rows of `power` is no JSON object: EOF",
            ),
            (
                TestError::Messages {
                    reason: text("a: gone"),
                },
                "E5037 cannot read the messages: a: gone",
            ),
            (
                TestError::Source {
                    reason: text("which?"),
                },
                "E5038 which?",
            ),
            (
                TestError::SameName { name: text("a") },
                "E5039 two cases are named `a`; rename one",
            ),
        ];
        for (error, text) in cases {
            assert_eq!(format!("{} {error}", error.code()), text);
        }
    }
}
