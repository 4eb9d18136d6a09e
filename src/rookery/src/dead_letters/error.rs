//! What keeps a command from working with dead letters, each with its remedy.

use crate::exit::Exit;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Codes E50xx are stable.
#[derive(Debug, thiserror::Error)]
pub enum DlqError {
    /// E5001
    #[error("{} is not a data directory: it holds no `instance`; name the `data_dir` of a configuration", path.display())]
    NotADataDir {
        /// What was named.
        path: PathBuf,
    },
    /// E5002
    #[error(
        "`{text}` is no time; write 2026-11-23T07:00:00Z, 2026-11-23 07:00 (UTC), or an age such as 90m, 2h or 3d"
    )]
    Time {
        /// As written.
        text: String,
    },
    /// E5003
    #[error("no letter {id} in the store; `rookery dlq ls --all` lists what is there")]
    NoSuchLetter {
        /// As written.
        id: String,
    },
    /// E5004
    #[error(
        "another `rookery dlq retry` or `purge` is at work on {}; wait until it has ended", path.display()
    )]
    Busy {
        /// The data directory.
        path: PathBuf,
    },
    /// E5005
    #[error(
        "nothing says which letters; name ids, give a filter such as --stage parse, or --everything"
    )]
    NothingNamed,
    /// E5006
    #[error("ids and {other} do not go together; give one of them")]
    IdsAndMore {
        /// What was given beside ids.
        other: &'static str,
    },
    /// E5007
    #[error(
        "no server has run on {} that says where it is; start it with `rookery run`, or name its admin port with --admin",
        path.display()
    )]
    NeverRan {
        /// The data directory.
        path: PathBuf,
    },
    /// E5008
    #[error(
        "no server answers at {address}: {reason}; start it with `rookery run`, or name its admin port with --admin"
    )]
    NoServer {
        /// The admin port.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
    /// E5009
    #[error(
        "the server at {address} runs on another data directory, {theirs}; name that, or the right admin port with --admin"
    )]
    OtherInstance {
        /// The admin port.
        address: SocketAddr,
        /// Its data directory.
        theirs: String,
    },
    /// E5010
    #[error("the server at {address} is {phase}; try again when `/readyz` says 200")]
    NotReady {
        /// The admin port.
        address: SocketAddr,
        /// What it does.
        phase: String,
    },
    /// E5011
    #[error(
        "the server ended the conversation: {reason}; letters whose retry has no known end are marked `begun`"
    )]
    Broken {
        /// What it said, or the system.
        reason: String,
    },
    /// E5012
    #[error("{} cannot be {action}: {source}; run this as the user that the server runs as", path.display())]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// A participle.
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}

impl DlqError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotADataDir { .. } => "E5001",
            Self::Time { .. } => "E5002",
            Self::NoSuchLetter { .. } => "E5003",
            Self::Busy { .. } => "E5004",
            Self::NothingNamed => "E5005",
            Self::IdsAndMore { .. } => "E5006",
            Self::NeverRan { .. } => "E5007",
            Self::NoServer { .. } => "E5008",
            Self::OtherInstance { .. } => "E5009",
            Self::NotReady { .. } => "E5010",
            Self::Broken { .. } => "E5011",
            Self::Io { .. } => "E5012",
        }
    }

    /// How the command ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NotADataDir { .. }
            | Self::Time { .. }
            | Self::NothingNamed
            | Self::IdsAndMore { .. } => Exit::Usage,
            Self::NoSuchLetter { .. } | Self::Busy { .. } => Exit::Failed,
            Self::NeverRan { .. }
            | Self::NoServer { .. }
            | Self::OtherInstance { .. }
            | Self::NotReady { .. }
            | Self::Broken { .. }
            | Self::Io { .. } => Exit::System,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Vec<(DlqError, &'static str)> {
        let address = SocketAddr::from(([127, 0, 0, 1], 7711));
        let path = PathBuf::from("/d");
        vec![
            (
                DlqError::NotADataDir { path: path.clone() },
                "E5001 2 /d is not a data directory: it holds no `instance`; name the `data_dir` of a configuration",
            ),
            (
                DlqError::Time {
                    text: "noon".into(),
                },
                "E5002 2 `noon` is no time; write 2026-11-23T07:00:00Z, 2026-11-23 07:00 (UTC), or an age such as 90m, 2h or 3d",
            ),
            (
                DlqError::NoSuchLetter { id: "1-2".into() },
                "E5003 1 no letter 1-2 in the store; `rookery dlq ls --all` lists what is there",
            ),
            (
                DlqError::Busy { path: path.clone() },
                "E5004 1 another `rookery dlq retry` or `purge` is at work on /d; wait until it has ended",
            ),
            (
                DlqError::NothingNamed,
                "E5005 2 nothing says which letters; name ids, give a filter such as --stage parse, or --everything",
            ),
            (
                DlqError::IdsAndMore {
                    other: "--everything",
                },
                "E5006 2 ids and --everything do not go together; give one of them",
            ),
            (
                DlqError::NeverRan { path: path.clone() },
                "E5007 74 no server has run on /d that says where it is; start it with `rookery run`, or name its admin port with --admin",
            ),
            (
                DlqError::NoServer {
                    address,
                    reason: "refused".into(),
                },
                "E5008 74 no server answers at 127.0.0.1:7711: refused; start it with `rookery run`, or name its admin port with --admin",
            ),
            (
                DlqError::OtherInstance {
                    address,
                    theirs: "/e".into(),
                },
                "E5009 74 the server at 127.0.0.1:7711 runs on another data directory, /e; name that, or the right admin port with --admin",
            ),
            (
                DlqError::NotReady {
                    address,
                    phase: "starting".into(),
                },
                "E5010 74 the server at 127.0.0.1:7711 is starting; try again when `/readyz` says 200",
            ),
            (
                DlqError::Broken {
                    reason: "closed".into(),
                },
                "E5011 74 the server ended the conversation: closed; letters whose retry has no known end are marked `begun`",
            ),
            (
                DlqError::Io {
                    path,
                    action: "read",
                    source: std::io::ErrorKind::PermissionDenied.into(),
                },
                "E5012 74 /d cannot be read: permission denied; run this as the user that the server runs as",
            ),
        ]
    }

    #[test]
    fn texts_name_the_thing_and_the_remedy() {
        for (error, text) in told() {
            let exit = error.exit().code();
            assert_eq!(format!("{} {exit} {error}", error.code()), text);
        }
    }
}
