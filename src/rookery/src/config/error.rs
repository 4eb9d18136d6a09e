//! What is wrong with a configuration, and where.

use crate::report::{Report, Severity};
use std::ops::Range;

/// One fault in a configuration file. Codes E40xx are stable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// E4001
    #[error("cannot read the configuration file: {reason}")]
    Unreadable {
        /// What the system said.
        reason: String,
    },
    /// E4002
    #[error("not TOML: {reason}")]
    Syntax {
        /// What the parser said.
        reason: String,
    },
    /// E4003
    #[error("unknown key `{key}`")]
    UnknownKey {
        /// Full path of the key.
        key: String,
    },
    /// E4004
    #[error("`{key}` is {found}, but must be {expected}")]
    WrongType {
        /// Full path of the key.
        key: String,
        /// Type in the file.
        found: String,
        /// Type it must have.
        expected: &'static str,
    },
    /// E4005
    #[error("`{key}` = {value} is outside {min} to {max}{unit}")]
    OutOfRange {
        /// Full path of the key.
        key: String,
        /// The value as written.
        value: String,
        /// Least value.
        min: String,
        /// Greatest value.
        max: String,
        /// A blank and the unit, or nothing.
        unit: String,
    },
    /// E4006
    #[error("`{key}` = {value:?} is none of {choices}")]
    Choice {
        /// Full path of the key.
        key: String,
        /// The value.
        value: String,
        /// What is allowed.
        choices: String,
    },
    /// E4007
    #[error("`{key}` = {value:?} is not an address; write IP:PORT, for example \"{example}\"")]
    Address {
        /// Full path of the key.
        key: String,
        /// The value.
        value: String,
        /// The key's default.
        example: &'static str,
    },
    /// E4008
    #[error(
        "`{key}` = {value:?} is not on loopback; this port has neither TLS nor tokens, so whoever reaches it could use it"
    )]
    NotLoopback {
        /// Full path of the key.
        key: String,
        /// The value.
        value: String,
    },
    /// E4009
    #[error("`{key}` is empty")]
    Empty {
        /// Full path of the key.
        key: String,
    },
    /// E4010
    #[error("`{key}` = {value} must be at least {least}, which `{other}` = {other_value} needs")]
    TooSmallFor {
        /// The key that is too small.
        key: &'static str,
        /// Its value.
        value: u64,
        /// What it must be at least.
        least: u64,
        /// The key that asks for it.
        other: &'static str,
        /// That key's value.
        other_value: u64,
    },
    /// E4011
    #[error(
        "`[tables.{table}]` names no connector; it replaces connector and options of that table"
    )]
    NoConnector {
        /// The table.
        table: String,
    },
    /// E4012
    #[error(
        "option `{option}` of `[tables.{table}]` is {found}, but must be a string, an integer or true or false"
    )]
    OptionType {
        /// The table.
        table: String,
        /// The option.
        option: String,
        /// Type in the file.
        found: String,
    },
    /// E4013
    #[error("`{key}` = {value} is not a multiple of 4096; the next is {next}")]
    NotPages {
        /// Full path of the key.
        key: String,
        /// The value.
        value: u64,
        /// The next that is.
        next: u64,
    },
}

impl ConfigError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "E4001",
            Self::Syntax { .. } => "E4002",
            Self::UnknownKey { .. } => "E4003",
            Self::WrongType { .. } => "E4004",
            Self::OutOfRange { .. } => "E4005",
            Self::Choice { .. } => "E4006",
            Self::Address { .. } => "E4007",
            Self::NotLoopback { .. } => "E4008",
            Self::Empty { .. } => "E4009",
            Self::TooSmallFor { .. } => "E4010",
            Self::NoConnector { .. } => "E4011",
            Self::OptionType { .. } => "E4012",
            Self::NotPages { .. } => "E4013",
        }
    }
}

/// A fault with its place and the way out.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What is wrong.
    pub error: ConfigError,
    /// Bytes of the file, where the fault has a place.
    pub span: Option<Range<usize>>,
    /// What to do, a line each.
    pub help: Vec<String>,
}

/// All faults of one file.
#[derive(Clone, Debug)]
pub struct ConfigReport {
    /// The file as the user named it.
    pub path: String,
    /// Its text; empty if it could not be read.
    pub text: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl ConfigReport {
    /// All faults as text.
    pub fn render(&self, colour: bool) -> String {
        let render = |problem: &Problem| {
            Report {
                severity: Severity::Error,
                code: problem.error.code(),
                message: &problem.error.to_string(),
                path: &self.path,
                place: problem.span.clone().map(|span| (self.text.as_str(), span)),
                help: &problem.help,
            }
            .render(colour)
        };
        self.problems.iter().map(render).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_the_thing_the_limit_and_the_remedy() {
        let key = || "listen.tcp".to_owned();
        let texts = [
            (
                ConfigError::Unreadable {
                    reason: "No such file or directory (os error 2)".into(),
                },
                "E4001 cannot read the configuration file: No such file or directory (os error 2)",
            ),
            (
                ConfigError::Syntax {
                    reason: "unclosed string".into(),
                },
                "E4002 not TOML: unclosed string",
            ),
            (
                ConfigError::UnknownKey { key: key() },
                "E4003 unknown key `listen.tcp`",
            ),
            (
                ConfigError::WrongType {
                    key: key(),
                    found: "an integer".into(),
                    expected: "a string",
                },
                "E4004 `listen.tcp` is an integer, but must be a string",
            ),
            (
                ConfigError::OutOfRange {
                    key: "shards".into(),
                    value: "999".into(),
                    min: "0".into(),
                    max: "256".into(),
                    unit: " shards".into(),
                },
                "E4005 `shards` = 999 is outside 0 to 256 shards",
            ),
            (
                ConfigError::Choice {
                    key: "durability".into(),
                    value: "fast".into(),
                    choices: "\"sync\", \"os\"".into(),
                },
                "E4006 `durability` = \"fast\" is none of \"sync\", \"os\"",
            ),
            (
                ConfigError::Address {
                    key: key(),
                    value: "7710".into(),
                    example: "127.0.0.1:7710",
                },
                "E4007 `listen.tcp` = \"7710\" is not an address; write IP:PORT, for example \"127.0.0.1:7710\"",
            ),
            (
                ConfigError::NotLoopback {
                    key: key(),
                    value: "0.0.0.0:7710".into(),
                },
                "E4008 `listen.tcp` = \"0.0.0.0:7710\" is not on loopback; this port has neither TLS nor tokens, so whoever reaches it could use it",
            ),
            (
                ConfigError::Empty {
                    key: "data_dir".into(),
                },
                "E4009 `data_dir` is empty",
            ),
            (
                ConfigError::TooSmallFor {
                    key: "a",
                    value: 1,
                    least: 2,
                    other: "b",
                    other_value: 3,
                },
                "E4010 `a` = 1 must be at least 2, which `b` = 3 needs",
            ),
            (
                ConfigError::NoConnector {
                    table: "iot_up".into(),
                },
                "E4011 `[tables.iot_up]` names no connector; it replaces connector and options of that table",
            ),
            (
                ConfigError::OptionType {
                    table: "t".into(),
                    option: "path".into(),
                    found: "an array".into(),
                },
                "E4012 option `path` of `[tables.t]` is an array, but must be a string, an integer or true or false",
            ),
            (
                ConfigError::NotPages {
                    key: "log.segment_size_bytes".into(),
                    value: 65_537,
                    next: 69_632,
                },
                "E4013 `log.segment_size_bytes` = 65537 is not a multiple of 4096; the next is 69632",
            ),
        ];
        for (error, text) in texts {
            assert_eq!(format!("{} {error}", error.code()), text);
        }
    }
}
