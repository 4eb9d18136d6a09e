//! Functions of JSON.

use super::Lowering;
use crate::eval::cast::Target;
use crate::eval::flink_json::{Fallback, FlinkJsonValue, JsonExists, JsonQuery, JsonSource};
use crate::eval::json::{CallPath, PathRead};
use crate::eval::node::Node;
use crate::functions::{JsonBuild, JsonPart, JsonText, json_scalar};
use rookery_codecs::json::PathSet;
use rookery_model::{DataType, JsonPath, PathMode};
use rookery_sql::plan::{Expr, ExprKind, JsonFallback, Literal, PathArgument, Span};
use rookery_sql::{Function, JsonFunction, parse_json_path};

impl Lowering<'_> {
    /// JSON_VALUE of flink.
    pub(super) fn flink_json_value(
        &mut self,
        input: &Expr,
        path: &PathArgument,
        fallbacks: [&JsonFallback; 2],
        returns: &DataType,
    ) -> Node {
        let (source, mode) = match path {
            PathArgument::Constant(path) => (self.json_source(input, path), path.mode),
            PathArgument::Dynamic(path) => {
                let source = JsonSource::Text {
                    input: self.lower(input),
                    path: CallPath::Dynamic {
                        text: self.lower(path),
                        site: self.shared.site(),
                    },
                };
                (source, PathMode::Unsaid)
            }
        };
        let [on_empty, on_error] = fallbacks.map(|fallback| match fallback {
            JsonFallback::Null => Fallback::Null,
            JsonFallback::Error => Fallback::Error,
            JsonFallback::Default(value) => Fallback::Default(self.lower(value)),
        });
        let returns = match Target::of(returns) {
            Some(Target::Text { .. }) | None => None,
            target => target,
        };
        Node::Operator(Box::new(FlinkJsonValue {
            source,
            mode,
            returns,
            on_empty,
            on_error,
        }))
    }

    fn json_source(&mut self, input: &Expr, path: &JsonPath) -> JsonSource {
        if let Some(key) = self.json_column(input) {
            let (group, path) = self.shared.path(self.component, key, path);
            return JsonSource::Column(PathRead { group, path });
        }
        JsonSource::Text {
            input: self.lower(input),
            path: CallPath::Constant(PathSet::new([path])),
        }
    }

    /// Any other function of JSON.
    pub(super) fn json_call(&mut self, function: JsonFunction, args: &[Expr], span: Span) -> Node {
        match (function, args) {
            (
                JsonFunction::Query {
                    wrapper,
                    on_empty,
                    on_error,
                    array,
                },
                [input, path],
            ) => match constant_path(path) {
                Some(path) => Node::Operator(Box::new(JsonQuery {
                    source: self.json_source(input, &path),
                    mode: path.mode,
                    wrapper,
                    on_empty,
                    on_error,
                    array,
                })),
                None => Node::NULL,
            },
            (JsonFunction::Exists(on_error), [input, path]) => match constant_path(path) {
                Some(path) => Node::Operator(Box::new(JsonExists {
                    source: self.json_source(input, &path),
                    mode: path.mode,
                    on_error,
                })),
                None => Node::NULL,
            },
            (JsonFunction::Object { absent }, args) => {
                let parts = args.chunks_exact(2).map(|pair| {
                    let key = self.lower(&pair[0]);
                    self.json_part(Some(key), &pair[1])
                });
                let parts = parts.collect();
                Node::Operator(Box::new(JsonBuild {
                    object: true,
                    parts,
                    absent,
                }))
            }
            (JsonFunction::Array { absent }, args) => {
                let parts = args.iter().map(|value| self.json_part(None, value));
                let parts = parts.collect();
                Node::Operator(Box::new(JsonBuild {
                    object: false,
                    parts,
                    absent,
                }))
            }
            (JsonFunction::String, [value]) => Node::Operator(Box::new(JsonText {
                value: self.lower(value),
                data_type: value.data_type.clone(),
            })),
            (function, args) => match json_scalar(function) {
                Some(scalar) => Node::Call {
                    function: scalar,
                    args: self.list(args),
                    fallible: crate::functions::fallible(Function::Json(function)),
                },
                None => self.not_built(span, format!("{function:?} of {} arguments", args.len())),
            },
        }
    }

    fn json_part(&mut self, key: Option<Node>, value: &Expr) -> JsonPart {
        let raw = matches!(
            value.kind,
            ExprKind::Call {
                function: Function::Json(
                    JsonFunction::Object { .. } | JsonFunction::Array { .. } | JsonFunction::Json
                ),
                ..
            }
        );
        JsonPart {
            key,
            value: self.lower(value),
            data_type: value.data_type.clone(),
            raw,
        }
    }
}

/// The path of a literal; none of NULL.
fn constant_path(path: &Expr) -> Option<JsonPath> {
    match &path.kind {
        ExprKind::Literal(Literal::String(text)) => parse_json_path(text).ok(),
        _ => None,
    }
}
