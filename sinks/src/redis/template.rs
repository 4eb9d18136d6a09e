//! A command with columns in it, as an operator writes it: `HSET device:${imei} watt ${watt}`.
//!
//! Words are separated by blanks; double quotes keep blanks in a word. The text is cut into arguments once,
//! before any row is seen: a column's value is always within its argument, whatever it holds.

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// As written.
    Text(String),
    /// The column between `${` and `}`.
    Column(String),
}

/// The words of a template, each of its pieces.
///
/// # Errors
/// What a template is that this text is not.
pub(super) fn words(text: &str) -> Result<Vec<Vec<Piece>>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<Vec<Piece>> = None;
    let (mut quoted, mut rest) = (false, text);
    while let Some(next) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("${") {
            let (name, after) = inner
                .split_once('}')
                .ok_or("a command in which each `${` has its `}`")?;
            let pieces = word.get_or_insert_default();
            pieces.push(Piece::Column(name.trim().to_owned()));
            rest = after;
            continue;
        }
        rest = &rest[next.len_utf8()..];
        match next {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            _ if next.is_whitespace() && !quoted => words.extend(word.take()),
            _ => push(word.get_or_insert_default(), next),
        }
    }
    if quoted {
        return Err("a command in which each quote is closed");
    }
    words.extend(word);
    Ok(words)
}

fn push(word: &mut Vec<Piece>, next: char) {
    match word.last_mut() {
        Some(Piece::Text(text)) => text.push(next),
        _ => word.push(Piece::Text(next.to_string())),
    }
}

/// Commands that a template may be: those that write, and whose first argument is their only key (or
/// channel). Others would change the connection, or reach keys that the template does not name.
const COMMANDS: [&str; 53] = [
    "APPEND",
    "BITFIELD",
    "DECR",
    "DECRBY",
    "DEL",
    "EXPIRE",
    "EXPIREAT",
    "GEOADD",
    "GETSET",
    "HDEL",
    "HINCRBY",
    "HINCRBYFLOAT",
    "HMSET",
    "HSET",
    "HSETNX",
    "INCR",
    "INCRBY",
    "INCRBYFLOAT",
    "LINSERT",
    "LPUSH",
    "LPUSHX",
    "LREM",
    "LSET",
    "LTRIM",
    "PERSIST",
    "PEXPIRE",
    "PEXPIREAT",
    "PFADD",
    "PSETEX",
    "PUBLISH",
    "RPUSH",
    "RPUSHX",
    "SADD",
    "SET",
    "SETBIT",
    "SETEX",
    "SETNX",
    "SETRANGE",
    "SPUBLISH",
    "SREM",
    "UNLINK",
    "XADD",
    "XDEL",
    "XTRIM",
    "ZADD",
    "ZINCRBY",
    "ZREM",
    "ZREMRANGEBYLEX",
    "ZREMRANGEBYRANK",
    "ZREMRANGEBYSCORE",
    "LPOP",
    "RPOP",
    "SPOP",
];

/// Whether a template may be this command. Commands of modules (`TS.ADD`) have a point in their names.
pub(super) fn is_allowed(command: &str, arguments: usize) -> bool {
    let is = |known: &&str| known.eq_ignore_ascii_case(command);
    let several_keys = ["DEL", "UNLINK"].iter().any(is) && arguments > 2;
    (COMMANDS.iter().any(is) && !several_keys) || command.contains('.')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn column(name: &str) -> Piece {
        Piece::Column(name.to_owned())
    }

    #[test]
    fn a_template_is_cut_into_words_and_pieces() {
        assert_eq!(
            words("  HSET device:${imei}:${ pk } \"a b\"x 电$ ${v}{ \"\" ").unwrap(),
            [
                vec![text("HSET")],
                vec![text("device:"), column("imei"), text(":"), column("pk")],
                vec![text("a bx")],
                vec![text("电$")],
                vec![column("v"), text("{")],
                vec![],
            ]
        );
        assert_eq!(words("").unwrap(), Vec::<Vec<Piece>>::new());
        assert!(words("SET a:${x").is_err());
        assert!(words("SET \"a b").is_err());
    }

    #[test]
    fn only_commands_that_write_one_named_key_are_allowed() {
        assert!(is_allowed("hset", 4) && is_allowed("DEL", 2) && is_allowed("TS.ADD", 4));
        for command in [
            "EVAL",
            "MULTI",
            "EXEC",
            "SELECT",
            "FLUSHALL",
            "MSET",
            "SUBSCRIBE",
            "GET",
        ] {
            assert!(!is_allowed(command, 3), "{command}");
        }
        assert!(!is_allowed("DEL", 3), "the second key is not checked");
    }
}
