//! What goes wrong at a time-series database.

/// A time-series database could not be used. Always tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TsdbError {
    /// Nobody answers there, or the connection broke.
    #[error(
        "[E3061] the time-series database {target} cannot be reached: {reason}; it is tried again"
    )]
    Unreachable {
        /// Host and port.
        target: String,
        /// The system's words.
        reason: String,
    },
    /// No answer in time.
    #[error(
        "[E3062] the time-series database {target} did not answer within {after_ms} ms; it is tried again (`{option}` is the limit)"
    )]
    NoAnswer {
        /// Host and port.
        target: String,
        /// The limit.
        after_ms: u64,
        /// The option that sets it.
        option: &'static str,
    },
    /// User or password.
    #[error(
        "[E3063] the time-series database {target} refuses these credentials (status {status}): {reason}; look at `user` and `password`"
    )]
    Denied {
        /// Host and port.
        target: String,
        /// HTTP status.
        status: u16,
        /// The target's own words.
        reason: String,
    },
    /// The path leads nowhere.
    #[error(
        "[E3064] the time-series database {target} has nothing at {path} (status {status}): {reason}; look at `port` and `path`"
    )]
    NoSuchPath {
        /// Host and port.
        target: String,
        /// Path and query.
        path: String,
        /// HTTP status.
        status: u16,
        /// The target's own words.
        reason: String,
    },
    /// An answer that says nothing about single points.
    #[error(
        "[E3065] the time-series database {target} answered with status {status}: {reason}; it is tried again"
    )]
    Answer {
        /// Host and port.
        target: String,
        /// HTTP status.
        status: u16,
        /// The target's own words.
        reason: String,
    },
    /// It has refused everything so far.
    #[error(
        "[E3066] the time-series database {target} has not taken a single point yet and refuses these (status {status}): {reason}; look at `port` and `path`, it is tried again"
    )]
    TakesNothing {
        /// Host and port.
        target: String,
        /// HTTP status.
        status: u16,
        /// The target's own words.
        reason: String,
    },
}

impl TsdbError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "E3061",
            Self::NoAnswer { .. } => "E3062",
            Self::Denied { .. } => "E3063",
            Self::NoSuchPath { .. } => "E3064",
            Self::Answer { .. } => "E3065",
            Self::TakesNothing { .. } => "E3066",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_what_to_look_at() {
        let (target, reason) = ("tsdb:4242".to_owned(), "words".to_owned());
        let cases = [
            (
                TsdbError::Unreachable {
                    target: target.clone(),
                    reason: reason.clone(),
                },
                "[E3061] the time-series database tsdb:4242 cannot be reached: words; it is tried again",
            ),
            (
                TsdbError::NoAnswer {
                    target: target.clone(),
                    after_ms: 7,
                    option: "request_timeout_ms",
                },
                "[E3062] the time-series database tsdb:4242 did not answer within 7 ms; it is tried \
                 again (`request_timeout_ms` is the limit)",
            ),
            (
                TsdbError::Denied {
                    target: target.clone(),
                    status: 401,
                    reason: reason.clone(),
                },
                "[E3063] the time-series database tsdb:4242 refuses these credentials (status 401): \
                 words; look at `user` and `password`",
            ),
            (
                TsdbError::NoSuchPath {
                    target: target.clone(),
                    path: "/api/put?details".to_owned(),
                    status: 404,
                    reason: reason.clone(),
                },
                "[E3064] the time-series database tsdb:4242 has nothing at /api/put?details (status \
                 404): words; look at `port` and `path`",
            ),
            (
                TsdbError::Answer {
                    target: target.clone(),
                    status: 503,
                    reason: reason.clone(),
                },
                "[E3065] the time-series database tsdb:4242 answered with status 503: words; it is \
                 tried again",
            ),
            (
                TsdbError::TakesNothing {
                    target,
                    status: 400,
                    reason,
                },
                "[E3066] the time-series database tsdb:4242 has not taken a single point yet and \
                 refuses these (status 400): words; look at `port` and `path`, it is tried again",
            ),
        ];
        for (error, text) in cases {
            assert_eq!(error.to_string(), text);
            assert_eq!(&text[1..6], error.code());
        }
    }
}
