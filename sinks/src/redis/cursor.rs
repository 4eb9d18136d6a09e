//! A lane's cursor as a key of the target.
//!
//! It names the last transaction that brought rows: if its answer was lost, these are the rows of which
//! nobody knows whether they were refused.
//!
//! | part | what |
//! | --- | --- |
//! | key | `<prefix>:<instance>:cursor:<table>:<shard>:<writer>` |
//! | value | `<term>-<LSN> <term>-<LSN>`, decimal: up to where rows are there, and the same before the last rows |

use super::error::RedisError;
use crate::LaneKey;
use rookery_model::{Lsn, Position, Term};

/// Bytes of an unreadable value that are shown.
const SHOWN_BYTES: usize = 64;

/// The key of one lane.
pub(super) fn key(prefix: &str, lane: LaneKey) -> String {
    format!("{prefix}{}:{}", lane.shard.0, lane.writer)
}

/// What all keys of a table begin with.
pub(super) fn key_prefix(prefix: &str, instance: &str, table: &str) -> String {
    format!("{prefix}:{instance}:cursor:{table}:")
}

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Up to here rows are there.
    pub through: Position,
    /// Those above came with the last transaction. None in a value without it.
    pub above: Option<Position>,
}

/// The value.
pub(super) fn text(through: Position, above: Position) -> String {
    format!(
        "{}-{} {}-{}",
        through.term.0, through.lsn.0, above.term.0, above.lsn.0
    )
}

/// Reads the value.
pub(super) fn parse(address: &str, key: &str, value: &[u8]) -> Result<Cursor, RedisError> {
    let position = |text: &str| {
        let (term, lsn) = text.split_once('-')?;
        Some(Position::new(
            Term(term.parse().ok()?),
            Lsn(lsn.parse().ok()?),
        ))
    };
    let read = || {
        let text = std::str::from_utf8(value).ok()?;
        let (through, above) = match text.split_once(' ') {
            Some((through, above)) => (through, Some(position(above)?)),
            None => (text, None),
        };
        let through = position(through)?;
        Some(Cursor { through, above })
    };
    read().ok_or_else(|| RedisError::CursorUnreadable {
        address: address.to_owned(),
        key: key.to_owned(),
        value: String::from_utf8_lossy(&value[..value.len().min(SHOWN_BYTES)]).into_owned(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rookery_model::ShardId;

    #[test]
    fn a_cursor_has_its_key_and_reads_back() {
        let lane = LaneKey {
            shard: ShardId(3),
            writer: 1,
        };
        let prefix = key_prefix("rookery", "k3v9", "jobs.charge");
        assert_eq!(key(&prefix, lane), "rookery:k3v9:cursor:jobs.charge:3:1");
        let position = Position::new(Term(1_790_000_000), Lsn(u64::MAX));
        let before = Position::new(Term(7), Lsn(8));
        let value = text(position, before);
        assert_eq!(value, "1790000000-18446744073709551615 7-8");
        let read = |value: &str| parse("h:1", "k", value.as_bytes()).unwrap();
        let cursor = |through, above| Cursor { through, above };
        assert_eq!(read(&value), cursor(position, Some(before)));
        assert_eq!(read("7-8"), cursor(before, None));
        for value in [
            "",
            "-",
            "7",
            "7-",
            "7-8-9",
            "a-b",
            "7-99999999999999999999",
            "7-8 ",
            "7-8 9",
            "7-8 9-1 2",
        ] {
            assert_eq!(
                parse("h:1", "k", value.as_bytes()).unwrap_err().to_string(),
                format!(
                    "[E3086] the key `k` at Redis h:1 holds `{value}`, which is no cursor; delete the key to go \
                     on after the rows that were confirmed"
                )
            );
        }
    }
}
