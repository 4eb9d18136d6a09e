//! A row as the JSON of one point.

use super::columns::{Columns, Tags};
use crate::{EncodeError, RowEncoder};
use rookery_codecs::format::raw;
use rookery_codecs::json::{Decoder, Document, Node, write_string};
use rookery_codecs::time::{Overlap, Zone};
use rookery_model::{RowIdentity, Timestamp, Value, limits};
use std::fmt::Display;

/// The row makes no point.
pub(super) const NO_POINT: &str = "E3068";

/// Timestamps up to here are seconds, later ones milliseconds: the largest of 32 bits.
const SECONDS_MAX: i64 = 4_294_967_295;
/// Largest timestamp: thirteen digits of milliseconds.
const MILLIS_MAX: i64 = 9_999_999_999_999;

/// Writes points: `{"metric":..,"timestamp":..,"value":..,"tags":{..}}`, or with `"fields":{..}` in the
/// place of the value.
pub(super) struct PointEncoder {
    columns: Columns,
    zone: Zone,
    /// For the one column with all tags.
    decoder: Decoder,
}

impl PointEncoder {
    pub(super) fn new(columns: Columns, zone: Zone) -> Self {
        Self {
            columns,
            zone,
            decoder: Decoder::new(),
        }
    }

    fn point(&mut self, row: &[Value<'_>], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(b"{\"metric\":\"");
        match row[self.columns.metric] {
            Value::String(text) => push_checked("the metric", text, out)?,
            _ => return Err(no_point("the metric is NULL")),
        }
        out.extend_from_slice(b"\",\"timestamp\":");
        let timestamp = timestamp(&row[self.columns.timestamp], &self.zone)?;
        raw::encode(&Value::Int(timestamp), &self.zone, out);
        out.push(b',');
        match self.columns.multi {
            false => {
                let (column, prefix) = &self.columns.values[0];
                out.extend_from_slice(prefix);
                push_number(&row[*column], &self.zone, out)?;
            }
            true => self.fields(row, out)?,
        }
        out.extend_from_slice(b",\"tags\":{");
        let count = match &self.columns.tags {
            Tags::Columns(tags) => {
                let mut count = 0;
                for (column, name) in tags {
                    count += push_tag(name, &row[*column], count, &self.zone, out)?;
                }
                count
            }
            Tags::One(column) => match row[*column] {
                Value::String(text) => json_tags(&mut self.decoder, text, &self.zone, out)?,
                Value::Map(entries) => map_tags(entries, &self.zone, out)?,
                _ => 0,
            },
        };
        if count == 0 || count > limits::TSDB_TAGS_MAX {
            return Err(no_point(format_args!(
                "a point has 1 to {} tags, this one {count}",
                limits::TSDB_TAGS_MAX
            )));
        }
        out.extend_from_slice(b"}}");
        Ok(())
    }

    fn fields(&self, row: &[Value<'_>], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(b"\"fields\":{");
        let mut first = true;
        for (column, prefix) in &self.columns.values {
            let value = &row[*column];
            if value.is_null() {
                continue;
            }
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            out.extend_from_slice(prefix);
            match value {
                Value::String(text) => write_string(text, out),
                Value::Boolean(_) => raw::encode(value, &self.zone, out),
                _ => push_number(value, &self.zone, out)?,
            }
        }
        if first {
            return Err(no_point("all values are NULL"));
        }
        out.push(b'}');
        Ok(())
    }
}

impl RowEncoder for PointEncoder {
    fn encode(
        &mut self,
        _identity: &RowIdentity,
        row: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let start = out.len();
        let made = self.point(row, out);
        if made.is_err() {
            out.truncate(start);
        }
        made
    }
}

#[cold]
fn no_point(reason: impl Display) -> EncodeError {
    EncodeError {
        code: NO_POINT,
        reason: format!("{reason}; no point can be made of the row"),
    }
}

/// Seconds or milliseconds, as they are given; of a TIMESTAMP always milliseconds.
fn timestamp(value: &Value<'_>, zone: &Zone) -> Result<i64, EncodeError> {
    let millis = |timestamp: &Timestamp| match timestamp.millis {
        ..=SECONDS_MAX => Err(no_point(
            "the timestamp is before 1970-02-20, where milliseconds cannot be told from seconds",
        )),
        millis => Ok(millis),
    };
    let given = match value {
        Value::Null => return Err(no_point("the timestamp is NULL")),
        Value::Int(number) => *number,
        Value::TimestampLtz(instant) => millis(instant)?,
        Value::Timestamp(local) => millis(&Timestamp::from_millis(
            zone.instant_of_local(local.millis, Overlap::Earlier),
        ))?,
        other => return Err(no_point(format_args!("the timestamp is {other:?}"))),
    };
    match given {
        1..=MILLIS_MAX => Ok(given),
        _ => Err(no_point(format_args!(
            "the timestamp {given} is not from 1 to {MILLIS_MAX}"
        ))),
    }
}

fn push_number(value: &Value<'_>, zone: &Zone, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let finite = match value {
        Value::Null => return Err(no_point("the value is NULL")),
        Value::Double(number) => number.is_finite(),
        Value::Float(number) => number.is_finite(),
        _ => true,
    };
    if !finite {
        return Err(no_point("the value is NaN or infinite"));
    }
    raw::encode(value, zone, out);
    Ok(())
}

fn json_tags(
    decoder: &mut Decoder,
    text: &str,
    zone: &Zone,
    out: &mut Vec<u8>,
) -> Result<usize, EncodeError> {
    let document = decoder
        .decode(text.as_bytes())
        .map_err(|error| no_point(format_args!("`tags` is not JSON: {error}")))?;
    let root = document.root();
    if !matches!(document.node(root), Node::Object(_)) {
        return Err(no_point("`tags` is not a JSON object"));
    }
    let mut count = 0;
    for (at, (name, node)) in document.members(root).enumerate() {
        if count > limits::TSDB_TAGS_MAX || is_repeated(&document, at, name) {
            continue;
        }
        let value = match document.node(node) {
            Node::String(text) | Node::Number(text) => Value::String(text),
            Node::Boolean(value) => Value::Boolean(value),
            Node::Null | Node::Missing => Value::Null,
            Node::Array(_) | Node::Object(_) => {
                return Err(no_point(format_args!(
                    "the tag `{name}` is no single value"
                )));
            }
        };
        check_name(name)?;
        count += push_tag(name, &value, count, zone, out)?;
    }
    Ok(count)
}

/// The first of several members of one key counts.
fn is_repeated(document: &Document<'_>, at: usize, name: &str) -> bool {
    let mut before = document.members(document.root()).take(at);
    before.any(|(other, _)| other == name)
}

fn map_tags(
    entries: &[(Value<'_>, Value<'_>)],
    zone: &Zone,
    out: &mut Vec<u8>,
) -> Result<usize, EncodeError> {
    let mut count = 0;
    for (name, value) in entries {
        let Value::String(name) = name else {
            return Err(no_point("a tag's name is NULL"));
        };
        check_name(name)?;
        count += push_tag(name, value, count, zone, out)?;
    }
    Ok(count)
}

fn check_name(name: &str) -> Result<(), EncodeError> {
    check_text(
        format_args!("the name of tag `{}`", name.escape_debug()),
        name,
    )
}

/// Appends `"name":"value"`, unless the value is NULL; how many tags that is. The name is a sound one.
fn push_tag(
    name: &str,
    value: &Value<'_>,
    before: usize,
    zone: &Zone,
    out: &mut Vec<u8>,
) -> Result<usize, EncodeError> {
    if value.is_null() {
        return Ok(0);
    }
    if before > 0 {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":\"");
    match value {
        Value::String(text) => push_checked(format_args!("the tag `{name}`"), text, out)?,
        // Numbers, dates and booleans hold nothing that a tag may not.
        _ => raw::encode(value, zone, out),
    }
    out.push(b'"');
    Ok(1)
}

/// Appends text that is allowed in a metric or a tag: such text needs no escape in JSON.
#[inline]
fn push_checked(what: impl Display, text: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    check_text(what, text)?;
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

#[inline]
fn check_text(what: impl Display, text: &str) -> Result<(), EncodeError> {
    if text.is_empty() {
        return Err(no_point(format_args!("{what} is empty")));
    }
    match stranger_in(text) {
        None => Ok(()),
        Some(stranger) => Err(no_point(format_args!(
            "{what} holds {stranger:?}; only letters, digits, Chinese characters and -_./():,[]='# may stand in it"
        ))),
    }
}

/// The first character that may not stand in a metric, a tag or its name: one of them fails a request.
#[inline]
pub(super) fn stranger_in(text: &str) -> Option<char> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./():,[]='#".contains(&byte);
    if text.bytes().all(plain) {
        return None;
    }
    text.chars()
        .find(|&character| match u8::try_from(character) {
            Ok(byte) => !plain(byte),
            Err(_) => !is_chinese(character),
        })
}

/// The blocks of unified and compatibility ideographs, and the ideographic zero.
fn is_chinese(character: char) -> bool {
    matches!(character, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}
