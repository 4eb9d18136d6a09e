//! Functions that look into a text or make another of it, character by character.
//!
//! After `BinaryStringData` and `SqlFunctionUtils` of Flink 2.1; characters are code points throughout.

use super::made::{self, Made};
use crate::eval::context::{Context, Evaluated};
use crate::failure::Failure;
use rookery_model::Value;

/// The arguments of a call as texts; NULL if one is.
macro_rules! texts {
    ($args:expr, $($name:ident),+) => {
        let [$(Value::String($name)),+] = *$args else {
            return Ok(Value::Null);
        };
    };
}
pub(super) use texts;

/// CHAR_LENGTH
pub(super) fn char_length<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text);
    Ok(Value::Int(count(text) as i64))
}

fn count(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// The byte where character `index` begins; the text's length if it has no more.
fn byte_at(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices()
        .nth(index)
        .map_or(text.len(), |(at, _)| at)
}

/// UPPER
pub(super) fn upper<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text);
    made::string(cx, "UPPER", |out| {
        for c in text.chars() {
            c.to_uppercase().for_each(|c| out.push_char(c));
        }
    })
}

/// LOWER
pub(super) fn lower<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text);
    made::string(cx, "LOWER", |out| {
        // The only letter whose small form hangs on its neighbours.
        if text.contains('Σ') {
            return out.push(&text.to_lowercase());
        }
        for c in text.chars() {
            c.to_lowercase().for_each(|c| out.push_char(c));
        }
    })
}

/// INITCAP: words are of ASCII letters and digits.
pub(super) fn init_cap<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text);
    made::string(cx, "INITCAP", |out| {
        let mut start = true;
        for c in text.chars() {
            out.push_char(if start {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            });
            start = !c.is_ascii_alphanumeric();
        }
    })
}

/// REVERSE
pub(super) fn reverse<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text);
    made::string(cx, "REVERSE", |out| {
        text.chars().rev().for_each(|c| out.push_char(c));
    })
}

/// SUBSTRING: NULL of a negative length, nothing before the beginning.
pub(super) fn substring<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let (text, start, length) = match *args {
        [Value::String(text), Value::Int(start)] => (text, start, i64::MAX),
        [Value::String(text), Value::Int(start), Value::Int(length)] => (text, start, length),
        _ => return Ok(Value::Null),
    };
    if length < 0 {
        return Ok(Value::Null);
    }
    let first = if start > 0 {
        start - 1
    } else if start < 0 {
        count(text) as i64 + start
    } else {
        0
    };
    let Ok(first) = usize::try_from(first) else {
        return Ok(Value::String(""));
    };
    let rest = &text[byte_at(text, first)..];
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(Value::String(&rest[..byte_at(rest, length)]))
}

/// LEFT
pub(super) fn left<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(text), Value::Int(length)] = *args else {
        return Ok(Value::Null);
    };
    let length = usize::try_from(length).unwrap_or(0);
    Ok(Value::String(&text[..byte_at(text, length)]))
}

/// RIGHT
pub(super) fn right<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(text), Value::Int(length)] = *args else {
        return Ok(Value::Null);
    };
    let length = usize::try_from(length).unwrap_or(0);
    let skipped = count(text).saturating_sub(length);
    Ok(Value::String(&text[byte_at(text, skipped)..]))
}

/// The place of `part` in `text` from character `start` (from 0) on; 0 if it is not there.
fn find_from(text: &str, part: &str, start: usize) -> i64 {
    let from = byte_at(text, start);
    match text[from..].find(part) {
        Some(_) if start > 0 && from == text.len() && !part.is_empty() => 0,
        Some(at) => count(&text[..from + at]) as i64 + 1,
        None => 0,
    }
}

/// POSITION(part, text [, start])
pub(super) fn position<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let (part, text, start) = match *args {
        [Value::String(part), Value::String(text)] => (part, text, 1),
        [Value::String(part), Value::String(text), Value::Int(start)] => (part, text, start),
        _ => return Ok(Value::Null),
    };
    if part.is_empty() {
        return Ok(Value::Int(1));
    }
    let start = usize::try_from(start - 1).unwrap_or(0);
    Ok(Value::Int(find_from(text, part, start)))
}

/// INSTR(text, part [, start [, nth]]); a negative start searches backwards from that character.
pub(super) fn instr<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let int = |n: usize| match args.get(n) {
        None => Some(1),
        Some(Value::Int(int)) => Some(*int),
        Some(_) => None,
    };
    let ([Value::String(text), Value::String(part), ..], Some(start), Some(nth)) =
        (args, int(2), int(3))
    else {
        return Ok(Value::Null);
    };
    if nth <= 0 {
        return cx.fail(Failure::Argument {
            function: "INSTR",
            problem: "the appearance that is looked for counts from 1",
        });
    }
    Ok(Value::Int(nth_place(text, part, start, nth)))
}

fn nth_place(text: &str, part: &str, start: i64, nth: i64) -> i64 {
    let characters = count(text);
    let Ok(skipped) = usize::try_from(start.unsigned_abs().saturating_sub(1)) else {
        return 0;
    };
    if start == 0 || (skipped > 0 && skipped >= characters) {
        return 0;
    }
    if part.is_empty() {
        return 1;
    }
    let mut left = nth;
    if start > 0 {
        let mut from = byte_at(text, skipped);
        while let Some(at) = text[from..].find(part).map(|at| from + at) {
            left -= 1;
            if left == 0 {
                return count(&text[..at]) as i64 + 1;
            }
            from = at + text[at..].chars().next().map_or(1, char::len_utf8);
        }
        return 0;
    }
    let mut to = byte_at(text, characters - skipped);
    while let Some(at) = text[..to].rfind(part) {
        left -= 1;
        if left == 0 {
            return count(&text[..at]) as i64 + 1;
        }
        let end = at + part.len();
        to = end - text[..end].chars().next_back().map_or(1, char::len_utf8);
    }
    0
}

/// REPLACE
pub(super) fn replace<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text, part, by);
    made::string(cx, "REPLACE", |out| {
        let mut rest = 0;
        for (at, found) in text.match_indices(part) {
            out.push(&text[rest..at]);
            out.push(by);
            rest = at + found.len();
            if out.is_over() {
                break;
            }
        }
        out.push(&text[rest..]);
    })
}

/// TRANSLATE: characters without a counterpart go; NULLs that say which are empty.
pub(super) fn translate<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(text), characters, by] = *args else {
        return Ok(Value::Null);
    };
    let or_empty = |value| match value {
        Value::String(text) => text,
        _ => "",
    };
    let (characters, by) = (or_empty(characters), or_empty(by));
    made::string(cx, "TRANSLATE", |out| {
        for c in text.chars() {
            match characters.chars().position(|known| known == c) {
                None => out.push_char(c),
                Some(place) => {
                    if let Some(c) = by.chars().nth(place) {
                        out.push_char(c);
                    }
                }
            }
        }
    })
}

/// OVERLAY(text, by, start [, length]): the text itself if it does not begin within it.
pub(super) fn overlay<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let (text, by, start, length) = match *args {
        [Value::String(text), Value::String(by), Value::Int(start)] => {
            (text, by, start, count(by) as i64)
        }
        [
            Value::String(text),
            Value::String(by),
            Value::Int(start),
            Value::Int(length),
        ] => (text, by, start, length),
        _ => return Ok(Value::Null),
    };
    let characters = count(text) as i64;
    if start <= 0 || start > characters {
        return Ok(Value::String(text));
    }
    let end = start.saturating_add(length);
    made::string(cx, "OVERLAY", |out| {
        out.push(&text[..byte_at(text, (start - 1) as usize)]);
        out.push(by);
        if length > 0 && end <= characters {
            out.push(&text[byte_at(text, (end - 1) as usize)..]);
        }
    })
}

/// REPEAT
pub(super) fn repeat<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(text), Value::Int(times)] = *args else {
        return Ok(Value::Null);
    };
    if text.is_empty() {
        return Ok(Value::String(""));
    }
    made::string(cx, "REPEAT", |out| {
        for _ in 0..times {
            out.push(text);
            if out.is_over() {
                break;
            }
        }
    })
}

/// LPAD
pub(super) fn left_pad<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    pad(cx, "LPAD", args, |out, text, padding| {
        padding(out);
        out.push(text);
    })
}

/// RPAD
pub(super) fn right_pad<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    pad(cx, "RPAD", args, |out, text, padding| {
        out.push(text);
        padding(out);
    })
}

type Padding<'p> = dyn Fn(&mut Made<'_>) + 'p;

/// NULL of a negative length and of nothing to pad with.
fn pad<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    args: &[Value<'a>],
    join: fn(&mut Made<'_>, &str, &Padding<'_>),
) -> Evaluated<'a> {
    let [Value::String(text), Value::Int(length), Value::String(pad)] = *args else {
        return Ok(Value::Null);
    };
    let Ok(length) = usize::try_from(length) else {
        return Ok(Value::Null);
    };
    if pad.is_empty() {
        return Ok(Value::Null);
    }
    let missing = length.saturating_sub(count(text));
    if missing == 0 {
        return Ok(Value::String(&text[..byte_at(text, length)]));
    }
    made::string(cx, function, |out| {
        join(out, text, &|out| {
            for c in pad.chars().cycle().take(missing) {
                out.push_char(c);
                if out.is_over() {
                    break;
                }
            }
        });
    })
}

/// What TRIM and its kin take away.
fn characters<'a>(args: &[Value<'a>]) -> Option<(&'a str, &'a str)> {
    match *args {
        [Value::String(text)] => Some((text, " ")),
        [Value::String(text), Value::String(characters)] => Some((text, characters)),
        _ => None,
    }
}

/// LTRIM
pub(super) fn trim_leading<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let Some((text, of)) = characters(args) else {
        return Ok(Value::Null);
    };
    Ok(Value::String(text.trim_start_matches(|c| of.contains(c))))
}

/// RTRIM
pub(super) fn trim_trailing<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let Some((text, of)) = characters(args) else {
        return Ok(Value::Null);
    };
    Ok(Value::String(text.trim_end_matches(|c| of.contains(c))))
}

/// TRIM, BTRIM
pub(super) fn trim_both<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let Some((text, of)) = characters(args) else {
        return Ok(Value::Null);
    };
    Ok(Value::String(text.trim_matches(|c| of.contains(c))))
}

/// STARTSWITH
pub(super) fn starts_with<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    Ok(match *args {
        [Value::String(text), Value::String(start)] => Value::Boolean(text.starts_with(start)),
        [Value::Bytes(bytes), Value::Bytes(start)] => Value::Boolean(bytes.starts_with(start)),
        _ => Value::Null,
    })
}

/// ENDSWITH
pub(super) fn ends_with<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    Ok(match *args {
        [Value::String(text), Value::String(end)] => Value::Boolean(text.ends_with(end)),
        [Value::Bytes(bytes), Value::Bytes(end)] => Value::Boolean(bytes.ends_with(end)),
        _ => Value::Null,
    })
}

/// ELT
pub(super) fn elt<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Int(index), values @ ..] = args else {
        return Ok(Value::Null);
    };
    let value = usize::try_from(index - 1).ok().and_then(|i| values.get(i));
    Ok(value.copied().unwrap_or(Value::Null))
}

/// CONCAT_WS: NULL without a separator; NULLs among the others are left out.
pub(super) fn concat_ws<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(separator), texts @ ..] = args else {
        return Ok(Value::Null);
    };
    made::string(cx, "CONCAT_WS", |out| {
        let mut first = true;
        for text in texts {
            if let Value::String(text) = text {
                if !std::mem::take(&mut first) {
                    out.push(separator);
                }
                out.push(text);
            }
        }
    })
}
