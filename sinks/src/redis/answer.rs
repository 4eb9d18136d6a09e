//! Sorting a server's error replies: whose fault is it, the row's or the server's?

use redis::ServerError;

/// What an error reply to a row's command means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The row will never be taken.
    Row,
    /// The server takes nothing, or not this command, now.
    Server,
    /// A cluster's node says that another one has the key.
    Moved,
}

/// The first words of replies that speak of the server's state.
const SERVER: [&str; 13] = [
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOAUTH",
    "NOGOODSLAVE",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNKILLABLE",
    "WRONGPASS",
];

/// What stands between the words of an aborted transaction and its reason.
const BECAUSE: &str = "because of: ";

/// The server's own words.
pub(super) fn words(error: &ServerError) -> String {
    match error.details() {
        Some(details) => format!("{} {details}", error.code()),
        None => error.code().to_owned(),
    }
}

/// Sorts a reply by its words.
pub(super) fn sort(words: &str) -> Fault {
    let (code, details) = words.split_once(' ').unwrap_or((words, ""));
    match code {
        "MOVED" | "ASK" => Fault::Moved,
        // A right that the user lacks altogether is an operator's matter; one key outside the user's
        // pattern is the row's.
        "NOPERM" if details.contains("to run") => Fault::Server,
        "EXECABORT" => match details.split_once(BECAUSE) {
            Some((_, reason)) => sort(reason),
            None => Fault::Row,
        },
        _ if SERVER.contains(&code) => Fault::Server,
        _ => Fault::Row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_sorted_by_their_first_words() {
        for words in [
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "ERR value is not a valid float",
            "ERR wrong number of arguments for 'set' command",
            "NOPERM this user has no permissions to access one of the keys used as arguments",
            "EXECABORT Transaction discarded because of previous errors.",
        ] {
            assert_eq!(sort(words), Fault::Row, "{words}");
        }
        for words in [
            "OOM command not allowed when used memory > 'maxmemory'.",
            "READONLY You can't write against a read only replica.",
            "MISCONF Redis is configured to save RDB snapshots, but ..",
            "LOADING Redis is loading the dataset in memory",
            "BUSY Redis is busy running a script.",
            "MASTERDOWN Link with MASTER is down",
            "CLUSTERDOWN The cluster is down",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "NOAUTH Authentication required.",
            "NOREPLICAS Not enough good replicas to write.",
            "NOPERM this user has no permissions to run the 'set' command",
            "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
            "OOM",
        ] {
            assert_eq!(sort(words), Fault::Server, "{words}");
        }
        assert_eq!(sort("MOVED 3999 127.0.0.1:6381"), Fault::Moved);
        assert_eq!(sort("ASK 3999 127.0.0.1:6381"), Fault::Moved);
    }
}
