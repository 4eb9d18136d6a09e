//! JSON made of values, quoted and tested.

use super::{Operator, Scalar, made};
use crate::eval::context::{Context, Evaluated};
use crate::eval::node::Node;
use crate::eval::{write_double, write_java_double};
use crate::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rookery_codecs::json::{Document, Node as JsonNode, compare_keys, write_string};
use rookery_codecs::time::write_timestamp;
use rookery_model::{DataType, Value};
use rookery_sql::JsonKind;
use std::io::Write as _;

/// One value of a document under construction.
#[derive(Debug)]
pub(crate) struct JsonPart {
    /// The key; none in an array.
    pub key: Option<Node>,
    pub value: Node,
    pub data_type: DataType,
    /// Whether the value is JSON already.
    pub raw: bool,
    /// Whether the next part has the same key.
    pub comes_again: bool,
}

/// JSON_OBJECT, JSON_ARRAY
#[derive(Debug)]
pub(crate) struct JsonBuild {
    pub object: bool,
    pub parts: Box<[JsonPart]>,
    /// Whether NULLs are left out.
    pub absent: bool,
    /// Whether keys are sorted; those of the parts are already.
    pub normal: bool,
}

impl JsonBuild {
    /// Whether a part is written: it is neither left out nor comes again.
    fn writes(&self, at: usize, values: &[Value<'_>]) -> bool {
        if self.absent && values[at].is_null() {
            return false;
        }
        let again = self.parts[at..].iter().take_while(|part| part.comes_again);
        let mut later = values[at + 1..].iter().take(again.count());
        !later.any(|value| !(self.absent && value.is_null()))
    }
}

impl Operator for JsonBuild {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let name = if self.object {
            "JSON_OBJECT"
        } else {
            "JSON_ARRAY"
        };
        let keys = made::values(cx, name, self.parts.len())?;
        let values = made::values(cx, name, self.parts.len())?;
        for ((part, key), value) in self.parts.iter().zip(&mut *keys).zip(&mut *values) {
            if let Some(node) = &part.key {
                *key = node.value(cx)?;
            }
            *value = part.value.value(cx)?;
        }
        let (open, close) = if self.object { ("{", "}") } else { ("[", "]") };
        made::string(cx, name, |out| {
            out.push(open);
            let mut first = true;
            let parts = self.parts.iter().zip(&*keys).zip(&*values);
            for (at, ((part, key), value)) in parts.enumerate() {
                if !self.writes(at, values) {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    out.push(",");
                }
                if let Value::String(key) = key {
                    out.append(|out| write_string(key, out));
                    out.push(":");
                }
                match value {
                    Value::String(json) if part.raw => out.push(json),
                    value => out.append(|out| write(value, &part.data_type, self.normal, out)),
                }
                if out.is_over() {
                    break;
                }
            }
            out.push(close);
        })
    }

    fn children(&self) -> Vec<&Node> {
        let mut children = Vec::new();
        for part in &self.parts {
            children.extend(&part.key);
            children.push(&part.value);
        }
        children
    }

    fn fallible(&self) -> bool {
        true
    }
}

/// JSON_STRING
#[derive(Debug)]
pub(crate) struct JsonText {
    pub value: Node,
    pub data_type: DataType,
    /// Whether keys are sorted.
    pub normal: bool,
}

impl Operator for JsonText {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let value = self.value.value(cx)?;
        if value.is_null() {
            return Ok(Value::Null);
        }
        made::string(cx, "JSON_STRING", |out| {
            out.append(|out| write(&value, &self.data_type, self.normal, out));
        })
    }

    fn children(&self) -> Vec<&Node> {
        vec![&self.value]
    }

    fn fallible(&self) -> bool {
        true
    }
}

/// Appends a value as JSON, the keys of its objects sorted if `normal`. Timestamps are ISO 8601, instants
/// in UTC.
fn write(value: &Value<'_>, data_type: &DataType, normal: bool, out: &mut Vec<u8>) {
    match (*value, data_type) {
        (Value::Null, _) => out.extend_from_slice(b"null"),
        (Value::Boolean(truth), _) => {
            out.extend_from_slice(if truth { b"true" } else { b"false" });
        }
        (Value::Int(int), _) => write!(out, "{int}").unwrap_or_default(),
        (Value::Float(float), _) => write_number(f64::from(float), normal, out),
        (Value::Double(double), _) => write_number(double, normal, out),
        (Value::Decimal(decimal), _) => {
            let width = usize::from(decimal.scale) + 1;
            if decimal.unscaled < 0 {
                out.push(b'-');
            }
            write!(out, "{:0width$}", decimal.unscaled.unsigned_abs()).unwrap_or_default();
            if decimal.scale > 0 {
                out.insert(out.len() - usize::from(decimal.scale), b'.');
            }
        }
        (Value::String(text), _) => write_string(text, out),
        (Value::Bytes(bytes), _) => {
            out.push(b'"');
            let start = out.len();
            let length = bytes.len().div_ceil(3) * 4;
            out.resize(start + length, 0);
            let written = STANDARD.encode_slice(bytes, &mut out[start..]);
            assert_eq!(written, Ok(length), "base64 takes four bytes for three");
            out.push(b'"');
        }
        (Value::Timestamp(time) | Value::TimestampLtz(time), _) => {
            out.push(b'"');
            let start = out.len();
            write_timestamp(time, out);
            if let Some(blank) = out[start..].iter().position(|b| *b == b' ') {
                out[start + blank] = b'T';
            }
            if matches!(value, Value::TimestampLtz(_)) {
                out.push(b'Z');
            }
            out.push(b'"');
        }
        (Value::Array(elements), DataType::Array(element)) => {
            out.push(b'[');
            for (n, value) in elements.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write(value, element, normal, out);
            }
            out.push(b']');
        }
        (Value::Map(entries), DataType::Map(_, of)) => {
            let member = |at: usize| {
                let (key, value) = &entries[at];
                let Value::String(key) = key else {
                    return ("null", value, &**of);
                };
                (*key, value, &**of)
            };
            write_members(entries.len(), member, normal, out);
        }
        (Value::Row(values), DataType::Row(fields)) => {
            let member = |at: usize| {
                let field = &fields[at];
                (field.name.as_str(), &values[at], &field.data_type)
            };
            write_members(fields.len().min(values.len()), member, normal, out);
        }
        // Refused when bound.
        _ => out.extend_from_slice(b"null"),
    }
}

/// Members of one object that are sorted without allocating.
const SORTED_IN_PLACE: usize = 64;

/// Appends an object of `count` members.
fn write_members<'m, 'v: 'm>(
    count: usize,
    member: impl Fn(usize) -> (&'m str, &'m Value<'v>, &'m DataType),
    normal: bool,
    out: &mut Vec<u8>,
) {
    let mut few = [0; SORTED_IN_PLACE];
    let mut many = Vec::new();
    let order = if count <= SORTED_IN_PLACE {
        &mut few[..count]
    } else {
        many.resize(count, 0);
        &mut many[..]
    };
    for (at, place) in order.iter_mut().enumerate() {
        *place = at;
    }
    if normal {
        order.sort_unstable_by(|left, right| compare_keys(member(*left).0, member(*right).0));
    }
    out.push(b'{');
    for (n, at) in order.iter().enumerate() {
        let (key, value, data_type) = member(*at);
        if n > 0 {
            out.push(b',');
        }
        write_string(key, out);
        out.push(b':');
        write(value, data_type, normal, out);
    }
    out.push(b'}');
}

/// A number as Java's `BigDecimal` writes it; what is none as a string.
fn write_number(value: f64, java: bool, out: &mut Vec<u8>) {
    if !value.is_finite() {
        out.push(b'"');
        write_double(value, out);
        out.push(b'"');
        return;
    }
    let start = out.len();
    if java {
        write_java_double(value, out);
    } else {
        write_double(value, out);
    }
    if let Some(e) = out[start..].iter().position(|b| *b == b'E')
        && out.get(start + e + 1) != Some(&b'-')
    {
        out.insert(start + e + 1, b'+');
    }
}

/// JSON(text): compact; a failure of what is no JSON.
pub(super) fn json<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    rewritten(cx, args, |document, out| {
        document.write_json(document.root(), out);
    })
}

/// The same with keys sorted and numbers written anew.
pub(super) fn json_normal<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    rewritten(cx, args, |document, out| {
        let members = &mut cx.work.members.borrow_mut();
        document.write_normal(document.root(), members, out);
    })
}

fn rewritten<'a>(
    cx: &Context<'_, 'a>,
    args: &[Value<'a>],
    write: impl FnOnce(&Document<'_>, &mut Vec<u8>),
) -> Evaluated<'a> {
    let [Value::String(text)] = *args else {
        return Ok(Value::Null);
    };
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let mut spare = cx.spare.borrow_mut();
    match spare.decoder.decode(text.as_bytes()) {
        Ok(document) => made::string(cx, "JSON", |out| {
            out.append(|out| write(&document, out));
        }),
        Err(_) => cx.fail(Failure::Argument {
            function: "JSON",
            problem: "the text is no JSON",
        }),
    }
}

/// JSON_QUOTE: of ASCII.
pub(super) fn quote<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(text)] = *args else {
        return Ok(Value::Null);
    };
    made::string(cx, "JSON_QUOTE", |out| {
        out.push("\"");
        for c in text.chars() {
            match c {
                '"' => out.push("\\\""),
                '\\' => out.push("\\\\"),
                '/' => out.push("\\/"),
                '\u{8}' => out.push("\\b"),
                '\u{c}' => out.push("\\f"),
                '\n' => out.push("\\n"),
                '\r' => out.push("\\r"),
                '\t' => out.push("\\t"),
                ' '..='~' => out.push_char(c),
                _ => out.append(|out| {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}").unwrap_or_default();
                    }
                }),
            }
        }
        out.push("\"");
    })
}

/// JSON_UNQUOTE: the text itself if it is no JSON string.
pub(super) fn unquote<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(text)] = *args else {
        return Ok(Value::Null);
    };
    if !(text.len() > 1 && text.starts_with('"') && text.ends_with('"')) {
        return Ok(Value::String(text));
    }
    let mut spare = cx.spare.borrow_mut();
    if let Ok(document) = spare.decoder.decode(text.as_bytes())
        && let JsonNode::String(inner) = document.node(document.root())
    {
        return made::string(cx, "JSON_UNQUOTE", |out| out.push(inner));
    }
    // Quotes around what is no JSON string go all the same.
    Ok(Value::String(&text[1..text.len() - 1]))
}

/// `IS JSON`: FALSE of NULL.
pub(super) fn is(kind: JsonKind) -> Scalar {
    match kind {
        JsonKind::Value => |cx, args| test(cx, args, |_| true),
        JsonKind::Object => |cx, args| test(cx, args, |node| matches!(node, JsonNode::Object(_))),
        JsonKind::Array => |cx, args| test(cx, args, |node| matches!(node, JsonNode::Array(_))),
        JsonKind::Scalar => |cx, args| {
            test(cx, args, |node| {
                !matches!(node, JsonNode::Object(_) | JsonNode::Array(_))
            })
        },
    }
}

fn test<'a>(
    cx: &Context<'_, 'a>,
    args: &[Value<'a>],
    is: fn(JsonNode<'_>) -> bool,
) -> Evaluated<'a> {
    let [Value::String(text)] = *args else {
        return Ok(Value::Boolean(false));
    };
    let mut spare = cx.spare.borrow_mut();
    let answer = match spare.decoder.decode(text.as_bytes()) {
        Ok(document) => is(document.node(document.root())),
        Err(_) => false,
    };
    Ok(Value::Boolean(answer))
}
