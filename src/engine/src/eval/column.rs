//! Columns of the message.

use super::cast::Target;
use super::context::{Context, Evaluated};
use super::nested_column::Reader;
use super::number_text::parse_double;
use crate::failure::Failure;
use rookery_codecs::json::Node as JsonNode;
use rookery_model::{DataType, Value};

/// A top-level key of the message, read as a type.
#[derive(Clone, Debug)]
pub(crate) struct ColumnRead {
    /// Index among the keys that are read.
    pub key: usize,
    /// The type, unless it is text.
    pub typed: Option<Box<TypedColumn>>,
    /// How it is read, if it holds other values.
    pub nested: Option<Box<Reader>>,
}

/// What a column that is not text becomes.
#[derive(Clone, Debug)]
pub(crate) struct TypedColumn {
    /// The key's name.
    pub name: String,
    /// As declared.
    pub data_type: DataType,
    /// The same, for conversion.
    pub target: Target,
    /// Whether a value that does not fit stops the row, instead of being NULL.
    pub fails: bool,
}

impl ColumnRead {
    /// Whether reading it can stop the row.
    pub fn fails(&self) -> bool {
        self.nested.is_some() || self.typed.as_ref().is_some_and(|typed| typed.fails)
    }

    /// The column's value.
    #[inline]
    pub fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let Some(message) = cx.message else {
            return Ok(Value::Null);
        };
        let node = cx.keys[self.key];
        match (&self.typed, &self.nested) {
            (None, None) => Ok(cx.json_text(message, node)),
            (Some(typed), _) => typed.value(message.node(node), cx),
            (None, Some(reader)) => reader.read(message, node, cx),
        }
    }

    /// Whether the column is NULL, without making its text.
    #[inline]
    pub fn is_null<'a>(&'a self, cx: &Context<'_, 'a>) -> Result<bool, &'a Failure<'a>> {
        if self.typed.is_some() || self.nested.is_some() {
            return Ok(self.value(cx)?.is_null());
        }
        let node = cx.message.map(|message| message.node(cx.keys[self.key]));
        Ok(matches!(
            node,
            None | Some(JsonNode::Missing | JsonNode::Null)
        ))
    }
}

impl TypedColumn {
    /// The value of the message as a value of the type.
    pub fn value<'a>(&'a self, node: JsonNode<'a>, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let convert = |value| self.target.convert(value, &cx.work, cx.zone.get());
        let converted = match node {
            JsonNode::Missing | JsonNode::Null => return Ok(Value::Null),
            JsonNode::String(text) => convert(Value::String(text.trim())),
            // 1e3 is an integer in JSON, though not in CAST.
            JsonNode::Number(text) => convert(Value::String(text))
                .or_else(|| parse_double(text).and_then(|double| convert(Value::Double(double)))),
            JsonNode::Boolean(truth) if self.target == Target::Boolean => {
                Some(Value::Boolean(truth))
            }
            JsonNode::Boolean(_) | JsonNode::Array(_) | JsonNode::Object(_) => None,
        };
        match converted {
            Some(value) => Ok(value),
            None => self.unfit(node, cx),
        }
    }

    /// What becomes of a value that does not fit.
    #[cold]
    pub fn unfit<'a>(&'a self, node: JsonNode<'a>, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        if !self.fails {
            cx.columns_to_null.set(cx.columns_to_null.get() + 1);
            return Ok(Value::Null);
        }
        let text = match node {
            JsonNode::String(text) | JsonNode::Number(text) => text,
            JsonNode::Boolean(_) => "a boolean",
            JsonNode::Array(_) => "an array",
            _ => "an object",
        };
        cx.fail(Failure::Column {
            column: &self.name,
            to: &self.data_type,
            text,
        })
    }
}
