//! Columns of the message that are ARRAY, MAP, ROW or bytes.

use super::cast::Target;
use super::column::TypedColumn;
use super::context::{Context, Evaluated};
use crate::functions::{Seen, entries, values};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rookery_codecs::json::{Document, Node as JsonNode, NodeRef};
use rookery_model::{DataType, Value};

/// How a JSON value is read as a type.
#[derive(Clone, Debug)]
pub(crate) enum Reader {
    /// Text of whatever it is.
    Text,
    Single(TypedColumn),
    /// Base64.
    Bytes(TypedColumn),
    Array(Box<Reader>, TypedColumn),
    /// Keys are text.
    Map(Box<Reader>, TypedColumn),
    /// Members by name; those that are not there are NULL.
    Row(Box<[(String, Reader)]>, TypedColumn),
}

impl Reader {
    /// For a column and its type; none of a MAP whose keys are no text.
    pub fn new(name: &str, data_type: &DataType, fails: bool) -> Option<Self> {
        let typed = |target| TypedColumn {
            name: name.to_owned(),
            data_type: data_type.clone(),
            target,
            fails,
        };
        // What the value cannot be read as is told by the type alone.
        let whole = typed(Target::Boolean);
        Some(match data_type {
            DataType::Char(_) | DataType::VarChar(_) => Self::Text,
            DataType::Binary(_) | DataType::VarBinary(_) => Self::Bytes(whole),
            DataType::Array(element) => {
                Self::Array(Box::new(Self::new(name, element, fails)?), whole)
            }
            DataType::Map(key, value) if key.is_string() => {
                Self::Map(Box::new(Self::new(name, value, fails)?), whole)
            }
            DataType::Row(fields) => {
                let fields = fields.iter().map(|field| {
                    let name = format!("{name}.{}", field.name);
                    let reader = Self::new(&name, &field.data_type, fails)?;
                    Some((field.name.clone(), reader))
                });
                Self::Row(fields.collect::<Option<_>>()?, whole)
            }
            other => Self::Single(typed(Target::of(other)?)),
        })
    }

    /// Reads a value of the message.
    pub fn read<'a>(
        &'a self,
        document: &Document<'a>,
        node: NodeRef,
        cx: &Context<'_, 'a>,
    ) -> Evaluated<'a> {
        const NAME: &str = "reading the column";
        let found = document.node(node);
        if matches!(found, JsonNode::Missing | JsonNode::Null) {
            return Ok(Value::Null);
        }
        match (self, found) {
            (Self::Text, _) => Ok(cx.json_text(document, node)),
            (Self::Single(typed), found) => typed.value(found, cx),
            (Self::Array(reader, _), JsonNode::Array(count)) => {
                let out = values(cx, NAME, count)?;
                for (place, element) in out.iter_mut().zip(document.elements(node)) {
                    *place = reader.read(document, element, cx)?;
                }
                Ok(Value::Array(out))
            }
            (Self::Map(reader, _), JsonNode::Object(count)) => {
                let out = entries(cx, NAME, count)?;
                let mut seen = Seen::new(cx, NAME, count)?;
                let mut length = 0;
                for (key, value) in document.members(node) {
                    let key = Value::String(key);
                    let known = seen.find_or_note(&key, length, |at| out[at].0 == key);
                    // The first of a name counts, as everywhere in a message.
                    if known.is_none() {
                        out[length] = (key, reader.read(document, value, cx)?);
                        length += 1;
                    }
                }
                Ok(Value::Map(&out[..length]))
            }
            (Self::Row(fields, _), JsonNode::Object(_)) => {
                let out = values(cx, NAME, fields.len())?;
                for (place, (name, reader)) in out.iter_mut().zip(fields) {
                    let mut members = document.members(node);
                    if let Some((_, value)) = members.find(|(key, _)| key == name) {
                        *place = reader.read(document, value, cx)?;
                    }
                }
                Ok(Value::Row(out))
            }
            (Self::Bytes(whole), JsonNode::String(text)) => match decode(text, cx) {
                Some(bytes) => Ok(Value::Bytes(bytes)),
                None => whole.unfit(found, cx),
            },
            (
                Self::Bytes(whole)
                | Self::Array(_, whole)
                | Self::Map(_, whole)
                | Self::Row(_, whole),
                found,
            ) => whole.unfit(found, cx),
        }
    }
}

fn decode<'a>(text: &str, cx: &Context<'_, 'a>) -> Option<&'a [u8]> {
    let mut out = cx.work.scratch.borrow_mut();
    out.clear();
    out.resize(text.len().div_ceil(4) * 3, 0);
    let length = STANDARD.decode_slice(text, &mut out).ok()?;
    Some(cx.work.arena.alloc_slice_copy(&out[..length]))
}
