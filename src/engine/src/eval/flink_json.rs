//! JSON_VALUE as flink means it, JSON_QUERY and JSON_EXISTS.
//!
//! After `SqlJsonUtils` of Flink 2.1. In strict mode, which is meant unless lax is said, what is no JSON,
//! what is missing, null and what is of the wrong kind are errors; in lax mode they are empty.

use super::cast::Target;
use super::context::{Context, Evaluated, Lookup, Parsed};
use super::json::{CallPath, PathRead, parse_flink_path};
use super::node::Node;
use crate::failure::Failure;
use crate::functions::{Operator, values};
use rookery_codecs::json::{Document, Match, Matches, Node as JsonNode, NodeRef};
use rookery_model::{PathMode, Value};
use rookery_sql::{JsonOnError, JsonOnMissing, JsonWrapper};

/// Where the JSON is, and the path into it.
#[derive(Debug)]
pub(crate) enum JsonSource {
    /// A constant path into a column.
    Column(PathRead),
    /// Any other text.
    Text { input: Node, path: CallPath },
}

/// What a path found, looked at.
enum Found<'m> {
    /// The text is no JSON, or the path leads nowhere.
    Nothing,
    /// One value.
    One(NodeRef),
    /// What a wildcard found.
    Many(Match<'m>),
}

impl JsonSource {
    /// Shows `look` what the path found; `Ok(None)` if the text is NULL. `mode` is that of a constant
    /// path.
    fn look<'a, T>(
        &'a self,
        cx: &Context<'_, 'a>,
        mode: PathMode,
        look: impl FnOnce(Option<&Document<'_>>, Found<'_>, PathMode) -> T,
    ) -> Result<Option<T>, &'a Failure<'a>> {
        match self {
            Self::Column(read) => {
                let mut look = Some(look);
                let found = cx.look_up(read.group, |document, matches| {
                    look.take()
                        .map(|look| look(Some(document), found(matches, read.path), mode))
                });
                Ok(match found {
                    Lookup::Null => None,
                    Lookup::Invalid => look.map(|look| look(None, Found::Nothing, mode)),
                    Lookup::Found(value) => value,
                })
            }
            Self::Text { input, path } => {
                let Value::String(json) = input.value(cx)? else {
                    return Ok(None);
                };
                match path {
                    CallPath::Constant(path) => Ok(Some(search(json, path, mode, cx, look))),
                    CallPath::Dynamic { text, site } => {
                        let Value::String(text) = text.value(cx)? else {
                            return Ok(None);
                        };
                        Ok(Some(cx.at_site(
                            *site,
                            text,
                            parse_flink_path,
                            |parsed| match parsed {
                                Parsed::Path(Some((path, mode))) => {
                                    search(json, path, *mode, cx, look)
                                }
                                _ => look(None, Found::Nothing, PathMode::Strict),
                            },
                        )))
                    }
                }
            }
        }
    }

    fn children(&self) -> Vec<&Node> {
        match self {
            Self::Column(_) => Vec::new(),
            Self::Text { input, path } => match path {
                CallPath::Constant(_) => vec![input],
                CallPath::Dynamic { text, .. } => vec![input, text],
            },
        }
    }
}

fn found(matches: &Matches, path: usize) -> Found<'_> {
    match matches.get(path) {
        Match::Missing => Found::Nothing,
        Match::One(node) => Found::One(node),
        many => Found::Many(many),
    }
}

fn search<T>(
    json: &str,
    path: &rookery_codecs::json::PathSet,
    mode: PathMode,
    cx: &Context<'_, '_>,
    look: impl FnOnce(Option<&Document<'_>>, Found<'_>, PathMode) -> T,
) -> T {
    let mut spare = cx.spare.borrow_mut();
    let spare = &mut *spare;
    let Ok(document) = spare.decoder.decode(json.as_bytes()) else {
        return look(None, Found::Nothing, mode);
    };
    path.find(&document, document.root(), &mut spare.matches);
    look(Some(&document), found(&spare.matches, 0), mode)
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Empty,
    Error,
}

/// What lacks is empty in lax mode, an error otherwise.
fn lacking(mode: PathMode) -> Without {
    if mode == PathMode::Lax {
        Without::Empty
    } else {
        Without::Error
    }
}

/// What becomes of nothing.
#[derive(Debug)]
pub(crate) enum Fallback {
    Null,
    Error,
    Default(Node),
}

/// JSON_VALUE
#[derive(Debug)]
pub(crate) struct FlinkJsonValue {
    pub source: JsonSource,
    pub mode: PathMode,
    /// RETURNING: none of text.
    pub returns: Option<Target>,
    pub on_empty: Fallback,
    pub on_error: Fallback,
}

/// A scalar that outlives its document.
#[derive(Clone, Copy)]
enum Scalar<'a> {
    Text(&'a str),
    Number(&'a str),
    Boolean(bool),
}

impl Operator for FlinkJsonValue {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let keep = |text: &str| -> &'a str { cx.work.arena.alloc_str(text) };
        let looked = self.source.look(cx, self.mode, |document, found, mode| {
            let (Some(document), Found::One(node)) = (document, found) else {
                return Err(lacking(mode));
            };
            match document.node(node) {
                JsonNode::String(text) => Ok(Scalar::Text(keep(text))),
                JsonNode::Number(text) => Ok(Scalar::Number(keep(text))),
                JsonNode::Boolean(truth) => Ok(Scalar::Boolean(truth)),
                _ => Err(lacking(mode)),
            }
        })?;
        let fallback = match looked {
            None => return Ok(Value::Null),
            Some(Ok(scalar)) => return self.returned(scalar, cx),
            Some(Err(Without::Empty)) => &self.on_empty,
            Some(Err(Without::Error)) => &self.on_error,
        };
        match fallback {
            Fallback::Null => Ok(Value::Null),
            Fallback::Default(value) => value.value(cx),
            Fallback::Error => cx.fail(Failure::Argument {
                function: "JSON_VALUE",
                problem: "the path finds no single value, which its clauses make an error",
            }),
        }
    }

    fn children(&self) -> Vec<&Node> {
        let mut children = self.source.children();
        for fallback in [&self.on_empty, &self.on_error] {
            if let Fallback::Default(value) = fallback {
                children.push(value);
            }
        }
        children
    }

    fn fallible(&self) -> bool {
        let fails = |fallback: &Fallback| matches!(fallback, Fallback::Error);
        self.returns.is_some() || fails(&self.on_empty) || fails(&self.on_error)
    }
}

impl FlinkJsonValue {
    fn returned<'a>(&'a self, scalar: Scalar<'a>, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let Some(target) = &self.returns else {
            return Ok(Value::String(match scalar {
                Scalar::Text(text) | Scalar::Number(text) => text,
                Scalar::Boolean(true) => "true",
                Scalar::Boolean(false) => "false",
            }));
        };
        let value = match (scalar, target) {
            (Scalar::Boolean(truth), Target::Boolean) => Some(Value::Boolean(truth)),
            (Scalar::Number(text), Target::Double) => {
                target.convert(Value::String(text), &cx.work, cx.zone.get())
            }
            (Scalar::Number(text), Target::Int { .. }) if !text.contains(['.', 'e', 'E']) => {
                target.convert(Value::String(text), &cx.work, cx.zone.get())
            }
            _ => None,
        };
        match value {
            Some(value) => Ok(value),
            None => cx.fail(Failure::Argument {
                function: "JSON_VALUE",
                problem: "the value is not of the type that RETURNING says",
            }),
        }
    }
}

/// JSON_QUERY
#[derive(Debug)]
pub(crate) struct JsonQuery {
    pub source: JsonSource,
    pub mode: PathMode,
    pub wrapper: JsonWrapper,
    pub on_empty: JsonOnMissing,
    pub on_error: JsonOnMissing,
    /// RETURNING `ARRAY<STRING>`
    pub array: bool,
    /// Whether keys are sorted and numbers written anew.
    pub normal: bool,
}

impl Operator for JsonQuery {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let looked = self.source.look(cx, self.mode, |document, found, mode| {
            let Some(document) = document else {
                return Ok(Err(lacking(mode)));
            };
            match found {
                Found::Nothing => Ok(Err(lacking(mode))),
                Found::Many(nodes) => self.many(document, nodes, cx).map(Ok),
                Found::One(node) => self.one(document, node, mode, cx),
            }
        })?;
        let (missing, function) = match looked.transpose()? {
            None => return Ok(Value::Null),
            Some(Ok(value)) => return Ok(value),
            Some(Err(Without::Empty)) => (self.on_empty, "the path finds nothing"),
            Some(Err(Without::Error)) => (self.on_error, "the path cannot be followed"),
        };
        Ok(match (missing, self.array) {
            (JsonOnMissing::Null, _) => Value::Null,
            (JsonOnMissing::EmptyArray, true) => Value::Array(&[]),
            (JsonOnMissing::EmptyArray, false) => Value::String("[]"),
            (JsonOnMissing::EmptyObject, false) => Value::String("{}"),
            (JsonOnMissing::Error | JsonOnMissing::EmptyObject, _) => {
                return cx.fail(Failure::Argument {
                    function: "JSON_QUERY",
                    problem: function,
                });
            }
        })
    }

    fn children(&self) -> Vec<&Node> {
        self.source.children()
    }

    fn fallible(&self) -> bool {
        let fails = |on: JsonOnMissing| on == JsonOnMissing::Error;
        self.array || fails(self.on_empty) || fails(self.on_error)
    }
}

impl JsonQuery {
    fn many<'a>(
        &self,
        document: &Document<'_>,
        nodes: Match<'_>,
        cx: &Context<'_, 'a>,
    ) -> Evaluated<'a> {
        let Match::Many(nodes) = nodes else {
            return Ok(Value::Null);
        };
        if self.array && self.wrapper != JsonWrapper::Unconditional {
            return self.texts(document, nodes.clone(), nodes.count(), cx);
        }
        // The list that wraps is the array itself: its one element is the text of what was found.
        let wrapped = self.wrapper == JsonWrapper::Unconditional && !self.array;
        let text = Value::String(cx.work.build(|out| {
            if wrapped {
                out.push(b'[');
            }
            out.push(b'[');
            for (i, node) in nodes.enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                self.write(document, node, cx, out);
            }
            out.push(b']');
            if wrapped {
                out.push(b']');
            }
        }));
        if !self.array {
            return Ok(text);
        }
        let out = values(cx, "JSON_QUERY", 1)?;
        out[0] = text;
        Ok(Value::Array(out))
    }

    fn one<'a>(
        &self,
        document: &Document<'_>,
        node: NodeRef,
        mode: PathMode,
        cx: &Context<'_, 'a>,
    ) -> Result<Result<Value<'a>, Without>, &'a Failure<'a>> {
        let (single, list) = match document.node(node) {
            JsonNode::Missing | JsonNode::Null => return Ok(Err(lacking(mode))),
            JsonNode::Array(count) => (false, Some(count)),
            JsonNode::Object(_) => (false, None),
            _ => (true, None),
        };
        let wrapped = match self.wrapper {
            JsonWrapper::Without => false,
            JsonWrapper::Conditional => list.is_none(),
            JsonWrapper::Unconditional => true,
        };
        if single && !wrapped {
            return Ok(Err(lacking(mode)));
        }
        if self.array {
            return Ok(match list {
                Some(count) if !wrapped => {
                    Ok(self.texts(document, document.elements(node), count, cx)?)
                }
                _ if wrapped => Ok(self.texts(document, std::iter::once(node), 1, cx)?),
                _ => Err(Without::Error),
            });
        }
        Ok(Ok(Value::String(cx.work.build(|out| {
            if wrapped {
                out.push(b'[');
            }
            self.write(document, node, cx, out);
            if wrapped {
                out.push(b']');
            }
        }))))
    }

    /// An array of the values' texts.
    fn texts<'a>(
        &self,
        document: &Document<'_>,
        nodes: impl Iterator<Item = NodeRef>,
        count: usize,
        cx: &Context<'_, 'a>,
    ) -> Evaluated<'a> {
        let out = values(cx, "JSON_QUERY", count)?;
        for (place, node) in out.iter_mut().zip(nodes) {
            *place = match document.node(node) {
                JsonNode::Missing | JsonNode::Null => Value::Null,
                JsonNode::String(text) => Value::String(cx.work.arena.alloc_str(text)),
                JsonNode::Boolean(true) => Value::String("true"),
                JsonNode::Boolean(false) => Value::String("false"),
                _ => Value::String(cx.work.build(|out| self.write(document, node, cx, out))),
            };
        }
        Ok(Value::Array(out))
    }

    fn write(
        &self,
        document: &Document<'_>,
        node: NodeRef,
        cx: &Context<'_, '_>,
        out: &mut Vec<u8>,
    ) {
        if self.normal {
            document.write_normal(node, &mut cx.work.members.borrow_mut(), out);
        } else {
            document.write_json(node, out);
        }
    }
}

/// JSON_EXISTS
#[derive(Debug)]
pub(crate) struct JsonExists {
    pub source: JsonSource,
    pub mode: PathMode,
    pub on_error: JsonOnError,
}

impl Operator for JsonExists {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let looked = self.source.look(cx, self.mode, |document, found, mode| {
            match (document, found) {
                (Some(_), Found::Many(_)) => Ok(()),
                (Some(document), Found::One(node))
                    if !matches!(document.node(node), JsonNode::Null) =>
                {
                    Ok(())
                }
                _ => Err(lacking(mode)),
            }
        })?;
        Ok(match looked {
            None => Value::Null,
            Some(Ok(())) => Value::Boolean(true),
            Some(Err(Without::Empty)) => Value::Boolean(false),
            Some(Err(Without::Error)) => match self.on_error {
                JsonOnError::False => Value::Boolean(false),
                JsonOnError::True => Value::Boolean(true),
                JsonOnError::Unknown => Value::Null,
                JsonOnError::Error => {
                    return cx.fail(Failure::Argument {
                        function: "JSON_EXISTS",
                        problem: "the path cannot be followed",
                    });
                }
            },
        })
    }

    fn children(&self) -> Vec<&Node> {
        self.source.children()
    }

    fn fallible(&self) -> bool {
        self.on_error == JsonOnError::Error
    }
}
