//! Functions that take a text apart at separators.

use super::made;
use super::strings::texts;
use crate::eval::context::{Context, Evaluated};
use rookery_model::Value;

/// SPLIT_INDEX(text, separator, index): blanks separate if the separator is empty; an empty text has no
/// parts.
pub(super) fn split_index<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [
        Value::String(text),
        Value::String(separator),
        Value::Int(index),
    ] = *args
    else {
        return Ok(Value::Null);
    };
    let Ok(index) = usize::try_from(index) else {
        return Ok(Value::Null);
    };
    let part = match separator {
        _ if text.is_empty() => None,
        "" => text.split(char::is_whitespace).nth(index),
        _ => text.split(separator).nth(index),
    };
    Ok(part.map_or(Value::Null, Value::String))
}

/// SPLIT_INDEX(text, code point of the separator, index)
pub(super) fn split_index_code<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [
        Value::String(text),
        Value::Int(code @ 1..=255),
        Value::Int(index),
    ] = *args
    else {
        return Ok(Value::Null);
    };
    let separator = char::from(code as u8);
    let Ok(index) = usize::try_from(index) else {
        return Ok(Value::Null);
    };
    let part = if text.is_empty() {
        None
    } else {
        text.split(separator).nth(index)
    };
    Ok(part.map_or(Value::Null, Value::String))
}

/// SPLIT(text, separator): single characters if the separator is empty; of an empty text nothing.
pub(super) fn split<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text, separator);
    if text.is_empty() {
        return Ok(Value::Array(&[]));
    }
    if separator.is_empty() {
        let out = made::values(cx, "SPLIT", text.chars().count())?;
        for (place, (at, c)) in out.iter_mut().zip(text.char_indices()) {
            *place = Value::String(&text[at..at + c.len_utf8()]);
        }
        return Ok(Value::Array(out));
    }
    let out = made::values(cx, "SPLIT", text.split(separator).count())?;
    for (place, part) in out.iter_mut().zip(text.split(separator)) {
        *place = Value::String(part);
    }
    Ok(Value::Array(out))
}

/// KEYVALUE(text, between pairs, between key and value, key): NULL if there is no such key.
pub(super) fn key_value<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text, between_pairs, between, key);
    if text.is_empty() || key.is_empty() || between_pairs.is_empty() || between.is_empty() {
        return Ok(Value::Null);
    }
    let value = text.split(between_pairs).find_map(|pair| {
        let (name, value) = pair.split_once(between)?;
        (name == key).then_some(value)
    });
    Ok(value.map_or(Value::Null, Value::String))
}
