//! Why a message is not a document.

use rookery_model::limits::JSON_DEPTH_MAX;
use thiserror::Error;

/// Why bytes were refused. Offsets count bytes from 0.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ParseError {
    /// The text breaks JSON's grammar.
    #[error("not JSON: {expected} expected at byte {offset}")]
    NotJson {
        /// What the grammar wanted there.
        expected: &'static str,
        /// Where.
        offset: usize,
    },
    /// The bytes are not UTF-8.
    #[error("not UTF-8: bad byte at {offset}")]
    NotUtf8 {
        /// The first byte that is not.
        offset: usize,
    },
    /// Objects and arrays are nested too deep.
    #[error("nested deeper than the limit of {JSON_DEPTH_MAX} at byte {offset}")]
    TooDeep {
        /// The bracket that opens one level too many.
        offset: usize,
    },
}

impl ParseError {
    /// Stable code of the reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "E1111",
            Self::NotUtf8 { .. } => "E1112",
            Self::TooDeep { .. } => "E1113",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let error = ParseError::NotJson {
            expected: "a value",
            offset: 17,
        };
        assert_eq!(error.to_string(), "not JSON: a value expected at byte 17");
        let error = ParseError::NotUtf8 { offset: 3 };
        assert_eq!(error.to_string(), "not UTF-8: bad byte at 3");
        let error = ParseError::TooDeep { offset: 32 };
        assert_eq!(
            error.to_string(),
            "nested deeper than the limit of 32 at byte 32"
        );
    }
}
