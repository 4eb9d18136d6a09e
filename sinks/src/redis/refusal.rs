//! What can refuse a row's command within a transaction that takes effect.
//!
//! It matters when nobody saw the answer: a refused row must not vanish, and a row that was taken is not to
//! be called refused. Most commands can only meet a key of another type; for the others nothing at the
//! server tells afterwards.

use super::answer;
use super::commands::Word;
use redis::Value;

/// What can refuse a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing that the row or its key could be.
    Never,
    /// A key that holds anything but this (as `TYPE` names it).
    OtherType(&'static str),
    /// More than can be found out afterwards; the command's name.
    Untold(String),
}

/// Commands that only a key of another type refuses, whatever their arguments are.
const BY_TYPE: [(&str, &str); 16] = [
    ("APPEND", "string"),
    ("HDEL", "hash"),
    ("HMSET", "hash"),
    ("HSET", "hash"),
    ("HSETNX", "hash"),
    ("LPOP", "list"),
    ("LPUSH", "list"),
    ("LPUSHX", "list"),
    ("RPOP", "list"),
    ("RPUSH", "list"),
    ("RPUSHX", "list"),
    ("SADD", "set"),
    ("SPOP", "set"),
    ("SREM", "set"),
    ("ZREM", "zset"),
    ("XADD", "stream"),
];

/// Commands that nothing refuses, with so many words.
const NEVER: [(&str, usize); 5] = [
    ("DEL", 2),
    ("PERSIST", 2),
    ("PUBLISH", 3),
    ("SET", 3),
    ("UNLINK", 2),
];

impl Refusal {
    /// Of the command of this name and these words, its name the first.
    pub(super) fn of(name: &[u8], words: &[Word]) -> Self {
        let is = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
        let same_from = |at: usize| words[at..].iter().all(|word| word.text().is_some());
        if NEVER
            .iter()
            .any(|(known, count)| is(known) && words.len() == *count)
        {
            return Self::Never;
        }
        // Options that are always the same refuse every row, and the first answer tells.
        if (is("SET") && words.len() > 3 && same_from(3)) || (is("EXPIRE") && same_from(2)) {
            return Self::Never;
        }
        // An entry's number is the server's; the encoder lets no score pass that is no number.
        let server_numbers = words.iter().any(|word| word.text() == Some(b"*"));
        let own_score = words.get(2).is_some_and(Word::is_score);
        match BY_TYPE.iter().find(|(known, _)| is(known)) {
            Some(("XADD", _)) if !server_numbers => Self::untold(name),
            Some((_, holds)) => Self::OtherType(holds),
            None if is("ZADD") && own_score => Self::OtherType("zset"),
            None => Self::untold(name),
        }
    }

    fn untold(name: &[u8]) -> Self {
        Self::Untold(String::from_utf8_lossy(name).to_ascii_uppercase())
    }

    /// Why a row may have been refused, if it may, by what `TYPE` says of its key now.
    pub(super) fn of_key(holds: &str, key: &[u8], answer: &Value) -> Option<String> {
        let key = String::from_utf8_lossy(key);
        let found = match answer {
            Value::SimpleString(found) if found == holds => return None,
            Value::SimpleString(found) if found == "none" => "is not there".to_owned(),
            Value::SimpleString(found) => format!("is of type {found}"),
            Value::ServerError(error) => {
                format!("cannot be looked at ({})", answer::words(error))
            }
            other => format!("cannot be looked at ({other:?})"),
        };
        Some(format!(
            "its transaction took effect and the answer was lost: whether Redis took this row is not known, \
             for its key `{key}` {found} where the row needs a {holds}; look there before you retry it"
        ))
    }

    /// The same of a command of which nothing can be found out.
    pub(super) fn untold_reason(name: &str) -> String {
        format!(
            "its transaction took effect and the answer was lost: whether Redis took this row's {name} is not \
             known; look there before you retry it"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::commands::Need;
    use super::*;

    /// Of a command whose words that begin with `$` differ from row to row.
    fn of(command: &str) -> Refusal {
        let words: Vec<_> = command
            .split(' ')
            .map(|word| match word {
                "$score" => Word::column(1, Need::Score),
                word if word.starts_with('$') => Word::column(1, Need::Nothing),
                word => Word::same(word),
            })
            .collect();
        Refusal::of(words[0].text().unwrap_or_default(), &words)
    }

    #[test]
    fn what_refuses_a_command_is_known_or_not() {
        for command in [
            "SET $k $v",
            "SET $k $v EX 60",
            "EXPIRE $k 60",
            "PUBLISH c $row",
            "DEL $k",
        ] {
            assert_eq!(of(command), Refusal::Never, "{command}");
        }
        for (command, holds) in [
            ("LPUSH $k $v", "list"),
            ("hset $k $f $v", "hash"),
            ("ZADD $k $score $m", "zset"),
            ("XADD s MAXLEN ~ 10 * v $v", "stream"),
        ] {
            assert_eq!(of(command), Refusal::OtherType(holds), "{command}");
        }
        for (command, name) in [
            ("INCRBY $k $n", "INCRBY"),
            ("SET $k $v EX $n", "SET"),
            ("EXPIRE $k $n", "EXPIRE"),
            ("ZADD $k $n $m", "ZADD"),
            ("XADD s $id v $v", "XADD"),
            ("ts.add $k * $v", "TS.ADD"),
        ] {
            assert_eq!(of(command), Refusal::Untold(name.to_owned()), "{command}");
        }
    }

    #[test]
    fn a_key_tells_by_what_it_holds() {
        let answer = |text: &str| Value::SimpleString(text.to_owned());
        let about = |answer| Refusal::of_key("list", b"k", &answer);
        assert_eq!(about(answer("list")), None);
        let begin = "its transaction took effect and the answer was lost: whether Redis took this row is not known, \
                     for its key `k` ";
        let end = " where the row needs a list; look there before you retry it";
        assert_eq!(
            about(answer("none")),
            Some(format!("{begin}is not there{end}"))
        );
        assert_eq!(
            about(answer("hash")),
            Some(format!("{begin}is of type hash{end}"))
        );
        assert_eq!(
            about(Value::Nil),
            Some(format!("{begin}cannot be looked at (nil){end}"))
        );
        assert_eq!(
            Refusal::untold_reason("INCRBY"),
            "its transaction took effect and the answer was lost: whether Redis took this row's INCRBY is not \
             known; look there before you retry it"
        );
    }
}
