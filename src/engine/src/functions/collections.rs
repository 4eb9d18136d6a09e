//! Functions of ARRAY, MAP and ROW. The operands that meet are of one type already.
//!
//! After `org.apache.flink.table.runtime.functions.scalar` of Flink 2.1. Values live in the record's arena;
//! maps keep the order of insertion.

use super::made;
use super::seen::Seen;
use crate::eval::context::{Context, Evaluated};
use crate::eval::nested::{same, sorted};
use crate::failure::Failure;
use rookery_model::Value;

/// `ARRAY[..]`, `ROW(..)`: the arguments, where they outlive the call.
fn kept<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    args: &[Value<'a>],
) -> Result<&'a [Value<'a>], &'a Failure<'a>> {
    let out = made::values(cx, function, args.len())?;
    out.copy_from_slice(args);
    Ok(out)
}

pub(super) fn array_of<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    kept(cx, "ARRAY", args).map(Value::Array)
}

pub(super) fn row_of<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    kept(cx, "ROW", args).map(Value::Row)
}

/// `MAP[..]`: of two equal keys the last value counts, at the first one's place.
pub(super) fn map_of<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let entries = args.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    map_from(cx, "MAP", entries)
}

/// A map of entries, the last of each key.
fn map_from<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    list: impl Iterator<Item = (Value<'a>, Value<'a>)> + Clone,
) -> Evaluated<'a> {
    let count = list.clone().count();
    let entries = made::entries(cx, function, count)?;
    let mut seen = Seen::new(cx, function, count)?;
    let mut length = 0;
    for (key, value) in list {
        let known = seen.find_or_note(&key, length, |at| same(&entries[at].0, &key));
        match known {
            Some(at) => entries[at].1 = value,
            None => {
                entries[length] = (key, value);
                length += 1;
            }
        }
    }
    Ok(Value::Map(&entries[..length]))
}

/// `array[place]`, `map[key]`
pub(super) fn item<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    Ok(match *args {
        [Value::Array(elements), Value::Int(place)] => usize::try_from(place)
            .ok()
            .and_then(|place| elements.get(place.checked_sub(1)?))
            .copied()
            .unwrap_or(Value::Null),
        [Value::Map(entries), key] => entries
            .iter()
            .find(|(known, _)| same(known, &key))
            .map_or(Value::Null, |(_, value)| *value),
        _ => Value::Null,
    })
}

/// CARDINALITY
pub(super) fn cardinality<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    Ok(match args[0] {
        Value::Array(elements) => Value::Int(elements.len() as i64),
        Value::Map(entries) => Value::Int(entries.len() as i64),
        _ => Value::Null,
    })
}

/// ELEMENT: NULL of an empty array.
pub(super) fn element<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    match args[0] {
        Value::Array([only]) => Ok(*only),
        Value::Array([_, _, ..]) => cx.fail(Failure::Argument {
            function: "ELEMENT",
            problem: "the array has more than one element",
        }),
        _ => Ok(Value::Null),
    }
}

/// ARRAY_CONTAINS: a NULL is found among NULLs.
pub(super) fn contains<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Array(elements), wanted] = *args else {
        return Ok(Value::Null);
    };
    let found = elements.iter().any(|element| same(element, &wanted));
    Ok(Value::Boolean(found))
}

/// ARRAY_POSITION: NULL of a NULL that is looked for.
pub(super) fn position<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Array(elements), wanted] = *args else {
        return Ok(Value::Null);
    };
    if wanted.is_null() {
        return Ok(Value::Null);
    }
    let at = elements.iter().position(|element| same(element, &wanted));
    Ok(Value::Int(at.map_or(0, |at| at as i64 + 1)))
}

/// An array of those elements that `keep` says, in order.
fn filtered<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    elements: &[Value<'a>],
    mut keep: impl FnMut(&[Value<'a>], &Value<'a>) -> bool,
) -> Evaluated<'a> {
    let out = made::values(cx, function, elements.len())?;
    let mut length = 0;
    for element in elements {
        if keep(&out[..length], element) {
            out[length] = *element;
            length += 1;
        }
    }
    Ok(Value::Array(&out[..length]))
}

/// ARRAY_REMOVE
pub(super) fn remove<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Array(elements), unwanted] = *args else {
        return Ok(Value::Null);
    };
    filtered(cx, "ARRAY_REMOVE", elements, |_, element| {
        !same(element, &unwanted)
    })
}

/// ARRAY_DISTINCT
pub(super) fn distinct<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Array(elements)] = *args else {
        return Ok(Value::Null);
    };
    let mut seen = Seen::new(cx, "ARRAY_DISTINCT", elements.len())?;
    filtered(cx, "ARRAY_DISTINCT", elements, |out, element| {
        let is_at = |at: usize| same(&out[at], element);
        seen.find_or_note(element, out.len(), is_at).is_none()
    })
}

/// ARRAY_UNION
pub(super) fn union<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let all = concat(cx, args)?;
    distinct(cx, &[all])
}

/// Which of two arrays' elements stay.
fn compared<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    args: &[Value<'a>],
    keep_common: bool,
) -> Evaluated<'a> {
    let [Value::Array(left), Value::Array(right)] = *args else {
        return Ok(Value::Null);
    };
    let mut others = Seen::new(cx, function, right.len())?;
    for (at, element) in right.iter().enumerate() {
        others.find_or_note(element, at, |at| same(&right[at], element));
    }
    let mut seen = Seen::new(cx, function, left.len())?;
    filtered(cx, function, left, |out, element| {
        let common = others
            .find(element, |at| same(&right[at], element))
            .is_some();
        common == keep_common
            && seen
                .find_or_note(element, out.len(), |at| same(&out[at], element))
                .is_none()
    })
}

/// ARRAY_EXCEPT
pub(super) fn except<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    compared(cx, "ARRAY_EXCEPT", args, false)
}

/// ARRAY_INTERSECT
pub(super) fn intersect<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    compared(cx, "ARRAY_INTERSECT", args, true)
}

/// ARRAY_REVERSE
pub(super) fn reverse<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Array(elements)] = *args else {
        return Ok(Value::Null);
    };
    let out = made::values(cx, "ARRAY_REVERSE", elements.len())?;
    out.copy_from_slice(elements);
    out.reverse();
    Ok(Value::Array(out))
}

/// ARRAY_SLICE: places from 1, negative ones from the end.
pub(super) fn slice<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let (elements, start, end) = match *args {
        [Value::Array(elements), Value::Int(start)] => (elements, start, elements.len() as i64),
        [Value::Array(elements), Value::Int(start), Value::Int(end)] => (elements, start, end),
        _ => return Ok(Value::Null),
    };
    let count = elements.len() as i64;
    let from_end = |place: i64| if place < 0 { place + count + 1 } else { place };
    let start = from_end(start).max(1);
    let end = match from_end(end) {
        0 if end == 0 => 1,
        end => end.min(count),
    };
    if end < start || count == 0 {
        return Ok(Value::Array(&[]));
    }
    Ok(Value::Array(&elements[start as usize - 1..end as usize]))
}

/// ARRAY_CONCAT
pub(super) fn concat<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let mut count = 0;
    for arg in args {
        let Value::Array(elements) = arg else {
            return Ok(Value::Null);
        };
        count += elements.len();
    }
    let out = made::values(cx, "ARRAY_CONCAT", count)?;
    let elements = args.iter().flat_map(|arg| match arg {
        Value::Array(elements) => *elements,
        _ => &[],
    });
    for (place, element) in out.iter_mut().zip(elements) {
        *place = *element;
    }
    Ok(Value::Array(out))
}

/// ARRAY_APPEND
pub(super) fn append<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [array, value] = *args else {
        return Ok(Value::Null);
    };
    concat(cx, &[array, array_of(cx, &[value])?])
}

/// ARRAY_PREPEND
pub(super) fn prepend<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [array, value] = *args else {
        return Ok(Value::Null);
    };
    concat(cx, &[array_of(cx, &[value])?, array])
}

/// ARRAY_MAX: NULLs do not count.
pub(super) fn max<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Array(elements)] = *args else {
        return Ok(Value::Null);
    };
    let values = elements.iter().filter(|element| !element.is_null());
    Ok(values
        .max_by(|a, b| sorted(a, b))
        .copied()
        .unwrap_or_default())
}

/// ARRAY_MIN: NULLs do not count.
pub(super) fn min<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Array(elements)] = *args else {
        return Ok(Value::Null);
    };
    let values = elements.iter().filter(|element| !element.is_null());
    Ok(values
        .min_by(|a, b| sorted(a, b))
        .copied()
        .unwrap_or_default())
}

/// ARRAY_SORT(array [, ascending [, NULLs first]]); NULLs come first in ascending order unless said.
pub(super) fn sort<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let (elements, ascending, nulls_first) = match *args {
        [Value::Array(elements)] => (elements, true, true),
        [Value::Array(elements), Value::Boolean(ascending)] => (elements, ascending, ascending),
        [
            Value::Array(elements),
            Value::Boolean(ascending),
            Value::Boolean(nulls_first),
        ] => (elements, ascending, nulls_first),
        _ => return Ok(Value::Null),
    };
    let out = made::values(cx, "ARRAY_SORT", elements.len())?;
    out.copy_from_slice(elements);
    out.sort_unstable_by(|a, b| match (a.is_null(), b.is_null()) {
        (false, false) if ascending => sorted(a, b),
        (false, false) => sorted(b, a),
        (a, b) if nulls_first => b.cmp(&a),
        (a, b) => a.cmp(&b),
    });
    Ok(Value::Array(out))
}

/// ARRAY_JOIN(array, separator [, for NULLs]): NULLs are left out unless something stands for them.
pub(super) fn join<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let (elements, separator, for_null) = match *args {
        [Value::Array(elements), Value::String(separator)] => (elements, separator, None),
        [
            Value::Array(elements),
            Value::String(separator),
            Value::String(for_null),
        ] => (elements, separator, Some(for_null)),
        _ => return Ok(Value::Null),
    };
    made::string(cx, "ARRAY_JOIN", |out| {
        let texts = elements.iter().filter_map(|element| match element {
            Value::String(text) => Some(*text),
            _ => for_null,
        });
        for (n, text) in texts.enumerate() {
            if n > 0 {
                out.push(separator);
            }
            out.push(text);
        }
    })
}

/// MAP_KEYS
pub(super) fn map_keys<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Map(entries)] = *args else {
        return Ok(Value::Null);
    };
    let out = made::values(cx, "MAP_KEYS", entries.len())?;
    for (place, (key, _)) in out.iter_mut().zip(entries) {
        *place = *key;
    }
    Ok(Value::Array(out))
}

/// MAP_VALUES
pub(super) fn map_values<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Map(entries)] = *args else {
        return Ok(Value::Null);
    };
    let out = made::values(cx, "MAP_VALUES", entries.len())?;
    for (place, (_, value)) in out.iter_mut().zip(entries) {
        *place = *value;
    }
    Ok(Value::Array(out))
}

/// MAP_ENTRIES
pub(super) fn map_entries<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Map(entries)] = *args else {
        return Ok(Value::Null);
    };
    let out = made::values(cx, "MAP_ENTRIES", entries.len())?;
    for (place, (key, value)) in out.iter_mut().zip(entries) {
        *place = Value::Row(kept(cx, "MAP_ENTRIES", &[*key, *value])?);
    }
    Ok(Value::Array(out))
}

/// MAP_FROM_ARRAYS
pub(super) fn map_from_arrays<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Array(keys), Value::Array(values)] = *args else {
        return Ok(Value::Null);
    };
    if keys.len() != values.len() {
        return cx.fail(Failure::Argument {
            function: "MAP_FROM_ARRAYS",
            problem: "there are not as many keys as values",
        });
    }
    let entries = keys.iter().copied().zip(values.iter().copied());
    map_from(cx, "MAP_FROM_ARRAYS", entries)
}

/// MAP_UNION
pub(super) fn map_union<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    if args.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    let entries = args.iter().flat_map(|arg| match arg {
        Value::Map(entries) => *entries,
        _ => &[],
    });
    map_from(cx, "MAP_UNION", entries.copied())
}
