//! What a Redis server does or says that keeps all rows waiting.

/// A Redis server could not be used. Rows wait and it is tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisError {
    /// No connection.
    #[error("[E3080] cannot reach Redis at {address}: {reason}; it is tried again")]
    Unreachable {
        /// Host and port.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// User or password.
    #[error(
        "[E3081] Redis at {address} refuses the login: {reason}; correct `user` and `password`"
    )]
    Credentials {
        /// Host and port.
        address: String,
        /// The server's words.
        reason: String,
    },
    /// A database that the server does not have.
    #[error("[E3082] Redis at {address} has no database {database}: {reason}; correct `dbNum`")]
    Database {
        /// Host and port.
        address: String,
        /// As configured.
        database: i64,
        /// The server's words.
        reason: String,
    },
    /// The connection ended, or an answer did not come in time.
    #[error(
        "[E3083] Redis at {address} gave no answer: {reason}; a new connection is made, and what it did not take is sent again"
    )]
    Lost {
        /// Host and port.
        address: String,
        /// What happened.
        reason: String,
    },
    /// The server is in a state in which it takes nothing.
    #[error(
        "[E3084] Redis at {address} takes no rows now: {reason}; they wait and it is tried again"
    )]
    Refuses {
        /// Host and port.
        address: String,
        /// The server's words.
        reason: String,
    },
    /// The cursor is not what this writer left there.
    #[error(
        "[E3085] a cursor `{key}` at Redis {address} was changed by someone else, and nothing was written; it is read again (the end of an earlier connection, or another process with the same data directory)"
    )]
    CursorMoved {
        /// Host and port.
        address: String,
        /// The key of the first lane.
        key: String,
    },
    /// A cursor's value cannot be read.
    #[error(
        "[E3086] the key `{key}` at Redis {address} holds `{value}`, which is no cursor; delete the key to go on after the rows that were confirmed"
    )]
    CursorUnreadable {
        /// Host and port.
        address: String,
        /// The key.
        key: String,
        /// The first bytes of what it holds.
        value: String,
    },
    /// The template's command does not exist there, or takes another number of arguments.
    #[error(
        "[E3087] Redis at {address} {reason} `{command}`; correct `command`, or update the server"
    )]
    UnknownCommand {
        /// Host and port.
        address: String,
        /// `does not know the command`, or what is wrong with its arguments.
        reason: String,
        /// Its name.
        command: String,
    },
    /// A cluster where none was expected, or the other way round.
    #[error("[E3088] Redis at {address} is {found}; set `clusterMode` = '{remedy}'")]
    ClusterMode {
        /// Host and port.
        address: String,
        /// `a node of a cluster`, `not a cluster`.
        found: &'static str,
        /// What to set.
        remedy: &'static str,
    },
    /// A cluster without a node for some keys.
    #[error(
        "[E3089] no node of the Redis cluster at {address} serves slot {slot}; rows wait and it is tried again"
    )]
    SlotUnserved {
        /// The node that was asked.
        address: String,
        /// The first such slot.
        slot: u16,
    },
}

impl RedisError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "E3080",
            Self::Credentials { .. } => "E3081",
            Self::Database { .. } => "E3082",
            Self::Lost { .. } => "E3083",
            Self::Refuses { .. } => "E3084",
            Self::CursorMoved { .. } => "E3085",
            Self::CursorUnreadable { .. } => "E3086",
            Self::UnknownCommand { .. } => "E3087",
            Self::ClusterMode { .. } => "E3088",
            Self::SlotUnserved { .. } => "E3089",
        }
    }
}

/// Code of a row that the server refused.
pub(super) const REFUSED: &str = "E3090";
/// Code of a row of which nobody knows whether the server took it.
pub(super) const UNKNOWN: &str = "E3093";
/// Code of a row whose key, field, member or score is NULL.
pub(super) const NULL: &str = "E3091";
/// Code of a row whose score is no number.
pub(super) const SCORE: &str = "E3092";
