//! JSON_VALUE as blink means it: text of whatever the path finds, NULL of everything else.

use super::context::{Context, Evaluated, Parsed};
use super::node::Node;
use rookery_codecs::json::{Document, Match, Matches, Node as JsonNode, NodeRef, PathSet};
use rookery_model::{JsonPath, Value};
use rookery_sql::{parse_flink_json_path, parse_json_path};

/// A constant path into a column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathRead {
    /// Which of its branch's groups of paths: rules of one shape have one number here, whatever their
    /// groups are.
    pub group: usize,
    /// The path's place in the group.
    pub path: usize,
}

impl PathRead {
    /// What the path finds, as text.
    #[inline]
    pub fn value<'a>(&self, cx: &Context<'_, 'a>) -> Value<'a> {
        let found = cx.with_path(self.group, |document, matches| {
            match matches.get(self.path) {
                Match::One(node) => cx.json_text(document, node),
                Match::Missing => Value::Null,
                Match::Many(nodes) => {
                    Value::String(cx.work.build(|out| write_list(document, nodes, out)))
                }
            }
        });
        found.unwrap_or(Value::Null)
    }

    /// Whether that is NULL, without making the text.
    #[inline]
    pub fn is_null(&self, cx: &Context<'_, '_>) -> bool {
        let found = cx.with_path(self.group, |document, matches| {
            is_null(document, matches, self.path)
        });
        found.unwrap_or(true)
    }
}

fn is_null(document: &Document<'_>, matches: &Matches, path: usize) -> bool {
    match matches.get(path) {
        Match::One(node) => matches!(document.node(node), JsonNode::Null),
        Match::Missing => true,
        Match::Many(_) => false,
    }
}

/// Appends what a wildcard found as an array.
fn write_list(document: &Document<'_>, nodes: impl Iterator<Item = NodeRef>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (i, node) in nodes.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        document.write_json(node, out);
    }
    out.push(b']');
}

/// JSON_VALUE whose text is no column, or whose path is no constant.
#[derive(Debug)]
pub(crate) struct JsonCall {
    pub input: Node,
    pub path: CallPath,
}

/// The path of a [`JsonCall`].
#[derive(Debug)]
pub(crate) enum CallPath {
    /// A set of one.
    Constant(PathSet),
    /// The path's text, and the place that remembers what it meant.
    Dynamic { text: Node, site: usize },
}

impl JsonCall {
    /// What the path finds, as text.
    pub fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let Value::String(json) = self.input.value(cx)? else {
            return Ok(Value::Null);
        };
        let found = match &self.path {
            CallPath::Constant(path) => find(json, path, cx),
            CallPath::Dynamic { text, site } => {
                let Value::String(path) = text.value(cx)? else {
                    return Ok(Value::Null);
                };
                cx.at_site(*site, path, parse_path, |parsed| match parsed {
                    Parsed::Path(Some((path, _))) => find(json, path, cx),
                    _ => None,
                })
            }
        };
        Ok(found.map_or(Value::Null, Value::String))
    }
}

fn parse_path(text: &str) -> Parsed {
    parsed(parse_json_path(text).ok())
}

/// The same as flink reads it.
pub(super) fn parse_flink_path(text: &str) -> Parsed {
    parsed(parse_flink_json_path(text).ok())
}

fn parsed(path: Option<JsonPath>) -> Parsed {
    Parsed::Path(path.map(|path| (PathSet::new([&path]), path.mode)))
}

fn find<'a>(json: &'a str, path: &PathSet, cx: &Context<'_, 'a>) -> Option<&'a str> {
    let mut spare = cx.spare.borrow_mut();
    let spare = &mut *spare;
    let document = spare.decoder.decode(json.as_bytes()).ok()?;
    path.find(&document, document.root(), &mut spare.matches);
    match spare.matches.get(0) {
        Match::Missing => None,
        Match::Many(nodes) => Some(cx.work.build(|out| write_list(&document, nodes, out))),
        Match::One(node) => match document.node(node) {
            JsonNode::Missing | JsonNode::Null => None,
            // The document goes with this call; its text must not.
            JsonNode::String(text) | JsonNode::Number(text) => Some(cx.work.arena.alloc_str(text)),
            JsonNode::Boolean(true) => Some("true"),
            JsonNode::Boolean(false) => Some("false"),
            JsonNode::Array(_) | JsonNode::Object(_) => {
                Some(cx.work.build(|out| document.write_json(node, out)))
            }
        },
    }
}
