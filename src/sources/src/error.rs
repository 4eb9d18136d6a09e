//! What can be wrong with a connection or a frame, in words for its sender.

use rookery_codecs::route::RouteError;
use rookery_model::limits::{DEVICE_KEY_MAX_BYTES, FORWARDER_NAME_MAX_BYTES};
use std::fmt;
use thiserror::Error;

/// Why a connection is closed, or a frame became a dead letter. Codes E10xx are stable.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WireError {
    /// E1001
    #[error(
        "frame of {} bytes is over the limit of {}; raise `listen.frame_max_bytes`",
        Grouped(*length),
        Grouped(*limit as u64)
    )]
    FrameTooLong {
        /// Bytes of the whole frame.
        length: u64,
        /// The limit.
        limit: usize,
    },
    /// E1002
    #[error(
        "the greeting cannot be read: {reason}; it is \
         {{\"rookery\":{{\"forwarder\":\"name\",\"ack\":true}}}}"
    )]
    Greeting {
        /// What the parser says.
        reason: String,
    },
    /// E1003
    #[error(
        "`{key}` needs a `forwarder` name in the greeting, for what is acknowledged or resumed is a forwarder's stream"
    )]
    NameMissing {
        /// The key that asks for what only a name can have.
        key: &'static str,
    },
    /// E1004
    #[error(
        "the `forwarder` name is empty or holds a control character; give 1 to {FORWARDER_NAME_MAX_BYTES} bytes of printable text"
    )]
    NameUnfit,
    /// E1005
    #[error(
        "the `forwarder` name of {length} bytes is over the limit of {FORWARDER_NAME_MAX_BYTES}; shorten it"
    )]
    NameTooLong {
        /// Bytes of the name.
        length: usize,
    },
    /// E1006
    #[error(
        "forwarder \"{name}\" would be one more than the {} names that are remembered; raise \
         `listen.forwarders_max`, or forget names that are no longer used",
        Grouped(*limit as u64)
    )]
    TooManyNames {
        /// The new name.
        name: String,
        /// The limit.
        limit: usize,
    },
    /// E1007
    #[error("a second greeting on one connection; open another connection for another forwarder")]
    SecondGreeting,
    /// E1008
    #[error(
        "bytes between the greeting and its answer; wait for the answer, which says where to resume"
    )]
    TooEarly,
    /// E1009
    #[error(
        "a newer connection greeted as forwarder \"{name}\"; give each sender a name of its own"
    )]
    Superseded {
        /// The name.
        name: String,
    },
    /// E1010
    #[error(
        "a frame was not finished within {} ms; end each message with a line feed, or raise \
         `listen.frame_deadline_ms`",
        Grouped(*limit_ms)
    )]
    FrameDeadline {
        /// The limit.
        limit_ms: u64,
    },
    /// E1011
    #[error("nothing was sent for {} ms; send more often, or raise `listen.idle_timeout_ms`", Grouped(*limit_ms))]
    Idle {
        /// The limit.
        limit_ms: u64,
    },
    /// E1012: for the log; who does not read answers does not read this one either.
    #[error("answers were not read for {} ms; read the connection while sending", Grouped(*limit_ms))]
    AnswersUnread {
        /// The limit.
        limit_ms: u64,
    },
}

impl WireError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FrameTooLong { .. } => "E1001",
            Self::Greeting { .. } => "E1002",
            Self::NameMissing { .. } => "E1003",
            Self::NameUnfit => "E1004",
            Self::NameTooLong { .. } => "E1005",
            Self::TooManyNames { .. } => "E1006",
            Self::SecondGreeting => "E1007",
            Self::TooEarly => "E1008",
            Self::Superseded { .. } => "E1009",
            Self::FrameDeadline { .. } => "E1010",
            Self::Idle { .. } => "E1011",
            Self::AnswersUnread { .. } => "E1012",
        }
    }
}

/// The reason of a malformed record from what the record keeps: the number of its code (1001 is
/// `E1001`) and the line's whole length in bytes.
#[must_use]
pub fn defect_reason(code: u16, length: u32, limit: usize) -> String {
    let route = |error: RouteError| error.to_string();
    match code {
        1001 => WireError::FrameTooLong {
            length: u64::from(length),
            limit,
        }
        .to_string(),
        1101 => route(RouteError::NotObject),
        1102 => route(RouteError::NoKey),
        1103 => route(RouteError::Empty),
        // The record does not keep how long the key was.
        1104 => format!("the device key is over the limit of {DEVICE_KEY_MAX_BYTES} bytes"),
        1105 => route(RouteError::NotScalar),
        _ => format!("malformed line of {} bytes", Grouped(u64::from(length))),
    }
}

/// A number with a comma after each three digits.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_names_thing_limit_and_remedy() {
        let cases = [
            (
                WireError::FrameTooLong {
                    length: 70_000,
                    limit: 65_536,
                },
                "E1001",
                "frame of 70,000 bytes is over the limit of 65,536; raise `listen.frame_max_bytes`",
            ),
            (
                WireError::Greeting {
                    reason: "no".into(),
                },
                "E1002",
                "the greeting cannot be read: no; it is \
                 {\"rookery\":{\"forwarder\":\"name\",\"ack\":true}}",
            ),
            (
                WireError::NameMissing { key: "ack" },
                "E1003",
                "`ack` needs a `forwarder` name in the greeting, for what is acknowledged or \
                 resumed is a forwarder's stream",
            ),
            (
                WireError::NameUnfit,
                "E1004",
                "the `forwarder` name is empty or holds a control character; give 1 to 64 bytes \
                 of printable text",
            ),
            (
                WireError::NameTooLong { length: 65 },
                "E1005",
                "the `forwarder` name of 65 bytes is over the limit of 64; shorten it",
            ),
            (
                WireError::TooManyNames {
                    name: "emqx-9".into(),
                    limit: 1024,
                },
                "E1006",
                "forwarder \"emqx-9\" would be one more than the 1,024 names that are remembered; \
                 raise `listen.forwarders_max`, or forget names that are no longer used",
            ),
            (
                WireError::SecondGreeting,
                "E1007",
                "a second greeting on one connection; open another connection for another \
                 forwarder",
            ),
            (
                WireError::TooEarly,
                "E1008",
                "bytes between the greeting and its answer; wait for the answer, which says where \
                 to resume",
            ),
            (
                WireError::Superseded {
                    name: "emqx-1".into(),
                },
                "E1009",
                "a newer connection greeted as forwarder \"emqx-1\"; give each sender a name of \
                 its own",
            ),
            (
                WireError::FrameDeadline { limit_ms: 30_000 },
                "E1010",
                "a frame was not finished within 30,000 ms; end each message with a line feed, or \
                 raise `listen.frame_deadline_ms`",
            ),
            (
                WireError::Idle { limit_ms: 600_000 },
                "E1011",
                "nothing was sent for 600,000 ms; send more often, or raise \
                 `listen.idle_timeout_ms`",
            ),
            (
                WireError::AnswersUnread { limit_ms: 30_000 },
                "E1012",
                "answers were not read for 30,000 ms; read the connection while sending",
            ),
        ];
        for (error, code, text) in cases {
            assert_eq!(error.code(), code);
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_record_of_a_malformed_line_tells_its_reason() {
        let reason = |code| defect_reason(code, 70_000, 65_536);
        assert_eq!(
            reason(1001),
            "frame of 70,000 bytes is over the limit of 65,536; raise `listen.frame_max_bytes`"
        );
        assert_eq!(reason(1101), RouteError::NotObject.to_string());
        assert_eq!(reason(1102), RouteError::NoKey.to_string());
        assert_eq!(reason(1103), RouteError::Empty.to_string());
        assert_eq!(reason(1104), "the device key is over the limit of 64 bytes");
        assert_eq!(reason(1105), RouteError::NotScalar.to_string());
        assert_eq!(reason(9999), "malformed line of 70,000 bytes");
    }

    #[test]
    fn the_numbers_of_route_errors_are_those_of_the_router() {
        let number = |error: RouteError| error.code()[1..].parse::<u16>();
        assert_eq!(number(RouteError::NotObject), Ok(1101));
        assert_eq!(number(RouteError::NoKey), Ok(1102));
        assert_eq!(number(RouteError::Empty), Ok(1103));
        assert_eq!(number(RouteError::TooLong { length: 65 }), Ok(1104));
        assert_eq!(number(RouteError::NotScalar), Ok(1105));
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(Grouped(number).to_string(), text);
        }
    }
}
