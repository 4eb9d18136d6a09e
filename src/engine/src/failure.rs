//! Why a row could not be made of a message.

use rookery_model::limits::MADE_MAX_BYTES;
use rookery_model::{DataType, Stage};
use thiserror::Error;

/// Why a message or a row stopped while rules ran. Its text is the dead letter's reason.
#[derive(Clone, Debug, Error)]
pub(crate) enum Failure<'a> {
    /// The message is JSON, but no object.
    #[error("the message is not a JSON object")]
    NotAnObject,
    /// A value of the message does not fit its column.
    #[error("column `{column}` is {to}, the message has {text:?}")]
    Column {
        /// The column's key in the message.
        column: &'a str,
        /// The column's type.
        to: &'a DataType,
        /// The value's text.
        text: &'a str,
    },
    /// A value does not fit the type it is cast to.
    #[error("{text:?} of {from} does not fit {to}; TRY_CAST gives NULL of such values")]
    Cast {
        /// The type it has.
        from: &'a DataType,
        /// The type it should get.
        to: &'a DataType,
        /// The value's text; empty where it has no fixed one.
        text: &'a str,
    },
    /// A part of an ARRAY, MAP or ROW does not fit the type it is cast to.
    #[error("a value within {from} does not fit {to}")]
    NestedCast {
        /// The type it has.
        from: &'a DataType,
        /// The type it should get.
        to: &'a DataType,
    },
    /// `/` or `%` by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A pattern that is not a constant is malformed.
    #[error("{operator} pattern {pattern:?}: {problem}")]
    Pattern {
        /// LIKE or SIMILAR TO.
        operator: &'static str,
        /// The pattern.
        pattern: &'a str,
        /// What is wrong with it.
        problem: &'a str,
    },
    /// A date format that is not a constant is malformed.
    #[error("{problem}")]
    DateFormat {
        /// What is wrong with which format.
        problem: &'a str,
    },
    /// A function would make more than a rule may make of one message.
    #[error(
        "{function} would take the values that this rule makes of one message over the limit of {MADE_MAX_BYTES} bytes; make shorter ones"
    )]
    TooLarge {
        /// The function's name.
        function: &'static str,
    },
    /// A function was given what it does not take.
    #[error("{function}: {problem}")]
    Argument {
        /// The function's name.
        function: &'static str,
        /// What is wrong.
        problem: &'a str,
    },
    /// The row has no value in a column of the sink's primary key.
    #[error("column `{column}` is in the primary key of `{sink}` and must not be NULL")]
    NullKey {
        /// The sink's column.
        column: &'a str,
        /// The sink as `file.table`.
        sink: &'a str,
    },
}

impl Failure<'_> {
    /// Stable code of the dead letter.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAnObject => "E1120",
            Self::Column { .. } => "E1202",
            Self::Cast { .. } => "E1203",
            Self::NestedCast { .. } => "E1204",
            Self::DivisionByZero => "E1301",
            Self::Pattern { .. } => "E1302",
            Self::DateFormat { .. } => "E1303",
            Self::NullKey { .. } => "E1304",
            Self::TooLarge { .. } => "E1305",
            Self::Argument { .. } => "E1306",
        }
    }

    /// Where the message stopped.
    pub fn stage(&self) -> Stage {
        match self {
            Self::NotAnObject => Stage::Parse,
            Self::Column { .. } | Self::Cast { .. } | Self::NestedCast { .. } => Stage::Cast,
            _ => Stage::Eval,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_codes_and_stages() {
        let column = Failure::Column {
            column: "power",
            to: &DataType::Int,
            text: "x\"y",
        };
        let pattern = Failure::Pattern {
            operator: "LIKE",
            pattern: "a\\",
            problem: "it ends within an escape",
        };
        let format = Failure::DateFormat {
            problem: "the date format `'` ends within single quotes; close them",
        };
        let null_key = Failure::NullKey {
            column: "imei",
            sink: "jobs.latest",
        };
        let cases = [
            (
                Failure::NotAnObject,
                "E1120",
                Stage::Parse,
                "the message is not a JSON object",
            ),
            (
                column,
                "E1202",
                Stage::Cast,
                r#"column `power` is INT, the message has "x\"y""#,
            ),
            (
                Failure::Cast {
                    from: &DataType::STRING,
                    to: &DataType::Int,
                    text: "12x",
                },
                "E1203",
                Stage::Cast,
                r#""12x" of STRING does not fit INT; TRY_CAST gives NULL of such values"#,
            ),
            (
                Failure::NestedCast {
                    from: &DataType::Array(Box::new(DataType::STRING)),
                    to: &DataType::Array(Box::new(DataType::Int)),
                },
                "E1204",
                Stage::Cast,
                "a value within ARRAY<STRING> does not fit ARRAY<INT>",
            ),
            (
                Failure::DivisionByZero,
                "E1301",
                Stage::Eval,
                "division by zero",
            ),
            (
                pattern,
                "E1302",
                Stage::Eval,
                r#"LIKE pattern "a\\": it ends within an escape"#,
            ),
            (
                format,
                "E1303",
                Stage::Eval,
                "the date format `'` ends within single quotes; close them",
            ),
            (
                null_key,
                "E1304",
                Stage::Eval,
                "column `imei` is in the primary key of `jobs.latest` and must not be NULL",
            ),
            (
                Failure::TooLarge { function: "REPEAT" },
                "E1305",
                Stage::Eval,
                "REPEAT would take the values that this rule makes of one message over the limit of 4194304 bytes; make shorter ones",
            ),
            (
                Failure::Argument {
                    function: "SHA2",
                    problem: "1 is no length",
                },
                "E1306",
                Stage::Eval,
                "SHA2: 1 is no length",
            ),
        ];
        for (failure, code, stage, text) in cases {
            assert_eq!(failure.code(), code);
            assert_eq!(failure.stage(), stage);
            assert_eq!(failure.to_string(), text);
        }
    }
}
