//! Why a rule set was refused.

use rookery_model::DataType;
use rookery_sql::plan::Span;
use std::fmt;
use thiserror::Error;

/// A rule set was refused; all reasons are named, in the order of the programs and their text.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{}", Lines(refusals))]
pub struct CompileError {
    /// At least one.
    pub refusals: Vec<Refusal>,
}

struct Lines<'a>(&'a [Refusal]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, refusal) in self.0.iter().enumerate() {
            let line_break = if i == 0 { "" } else { "\n" };
            write!(
                f,
                "{line_break}{}: {}: {}",
                refusal.program,
                refusal.code(),
                refusal.reason
            )?;
        }
        Ok(())
    }
}

/// One place of one program that the engine does not run.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The program's name.
    pub program: String,
    /// The program, by its place in the set.
    pub program_index: usize,
    /// Where it stands in the program's text.
    pub span: Span,
    /// Why.
    pub reason: RefusalReason,
}

impl Refusal {
    /// Stable code of the reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }
}

/// Why the engine does not run something.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RefusalReason {
    /// Known, but no operator is there yet.
    #[error("{0} is not built yet")]
    NotBuilt(String),
    /// A conversion that no cast makes.
    #[error("a cast from {from} to {to} is not built yet")]
    Cast {
        /// The value's type.
        from: DataType,
        /// The type it should get.
        to: DataType,
    },
    /// An implicit column that needs what no table can say yet.
    #[error("column `{0}` needs the message's own time, which no table can name yet")]
    NoMessageTime(&'static str),
    /// A constant pattern, path or format is malformed.
    #[error("{0}")]
    Constant(String),
    /// Two rules of the set have one name.
    #[error("two rules are named `{0}`; rename one with a comment `-- rule: name` before it")]
    RuleName(String),
    /// More rules than a row's identity can number.
    #[error("{0} rules are over the limit of {RULES_MAX}; drop some rule files")]
    TooManyRules(usize),
    /// An expression that its views make too large.
    #[error("with its views put in, this rule has over {EXPRESSION_NODES_MAX} operators; split it")]
    TooLarge,
    /// An expression that is nested too deep.
    #[error(
        "with its views put in, this rule is nested deeper than {EXPRESSION_DEPTH_MAX}; split it"
    )]
    TooDeep,
}

use rookery_model::limits::{EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX, RULES_MAX};

impl RefusalReason {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotBuilt(_) => "E1350",
            Self::Cast { .. } => "E1351",
            Self::NoMessageTime(_) => "E1353",
            Self::Constant(_) => "E1354",
            Self::RuleName(_) => "E1355",
            Self::TooManyRules(_) => "E1356",
            Self::TooLarge => "E1357",
            Self::TooDeep => "E1358",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(program: &str, reason: RefusalReason) -> Refusal {
        Refusal {
            program: program.to_owned(),
            program_index: 0,
            span: Span::default(),
            reason,
        }
    }

    #[test]
    fn texts_and_codes() {
        let cases = [
            (
                RefusalReason::NotBuilt("GROUP BY".to_owned()),
                "E1350 GROUP BY is not built yet",
            ),
            (
                RefusalReason::Cast {
                    from: DataType::Int,
                    to: DataType::Date,
                },
                "E1351 a cast from INT to DATE is not built yet",
            ),
            (
                RefusalReason::NoMessageTime("__lag_ms"),
                "E1353 column `__lag_ms` needs the message's own time, which no table can name yet",
            ),
            (
                RefusalReason::Constant("LIKE pattern 'a!': it ends".to_owned()),
                "E1354 LIKE pattern 'a!': it ends",
            ),
            (
                RefusalReason::RuleName("jobs.out".to_owned()),
                "E1355 two rules are named `jobs.out`; rename one with a comment `-- rule: name` \
                 before it",
            ),
            (
                RefusalReason::TooManyRules(70_000),
                "E1356 70000 rules are over the limit of 65535; drop some rule files",
            ),
            (
                RefusalReason::TooLarge,
                "E1357 with its views put in, this rule has over 100000 operators; split it",
            ),
            (
                RefusalReason::TooDeep,
                "E1358 with its views put in, this rule is nested deeper than 256; split it",
            ),
        ];
        for (reason, text) in cases {
            assert_eq!(format!("{} {reason}", reason.code()), text);
        }
    }

    #[test]
    fn all_refusals_are_told() {
        let error = CompileError {
            refusals: vec![
                refusal("a", RefusalReason::TooDeep),
                refusal("b", RefusalReason::NotBuilt("MATCH_RECOGNIZE".to_owned())),
            ],
        };
        let text = "a: E1358: with its views put in, this rule is nested deeper than 256; split it\n\
                    b: E1350: MATCH_RECOGNIZE is not built yet";
        assert_eq!(error.to_string(), text);
    }
}
