//! Functions of JSON.

use super::Lowering;
use crate::eval::cast::Target;
use crate::eval::flink_json::{Fallback, FlinkJsonValue, JsonExists, JsonQuery, JsonSource};
use crate::eval::json::{CallPath, PathRead};
use crate::eval::node::Node;
use crate::functions::{JsonBuild, JsonPart, JsonText, json_scalar};
use rookery_codecs::json::{PathSet, compare_keys};
use rookery_model::{DataType, JsonPath, PathMode};
use rookery_sql::plan::{Dialect, Expr, ExprKind, JsonFallback, Literal, PathArgument, Span};
use rookery_sql::{Function, JsonFunction, parse_flink_json_path, parse_json_path};

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
            PathArgument::Dynamic(path) => self.dynamic_source(input, path),
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

    /// The same for a path that is an argument.
    fn path_source(&mut self, input: &Expr, path: &Expr) -> (JsonSource, PathMode) {
        if let ExprKind::Literal(Literal::String(text)) = &path.kind
            && let Some(path) = self.path_of(text)
        {
            return (self.json_source(input, &path), path.mode);
        }
        self.dynamic_source(input, path)
    }

    /// The path of a literal; none of one that finds nothing.
    fn path_of(&self, text: &str) -> Option<JsonPath> {
        match self.dialect {
            Dialect::Blink => parse_json_path(text).ok(),
            Dialect::Flink => parse_flink_json_path(text).ok(),
        }
    }

    fn dynamic_source(&mut self, input: &Expr, path: &Expr) -> (JsonSource, PathMode) {
        let source = JsonSource::Text {
            input: self.lower(input),
            path: CallPath::Dynamic {
                text: self.lower(path),
                site: self.shared.site(),
            },
        };
        (source, PathMode::Unsaid)
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
            ) => {
                let (source, mode) = self.path_source(input, path);
                Node::Operator(Box::new(JsonQuery {
                    source,
                    mode,
                    wrapper,
                    on_empty,
                    on_error,
                    array,
                    normal: self.dialect == Dialect::Flink,
                }))
            }
            (JsonFunction::Exists(on_error), [input, path]) => {
                let (source, mode) = self.path_source(input, path);
                Node::Operator(Box::new(JsonExists {
                    source,
                    mode,
                    on_error,
                }))
            }
            (JsonFunction::Object { absent }, args) => {
                let parts = args.chunks_exact(2).map(|pair| {
                    let key = self.lower(&pair[0]);
                    self.json_part(Some(key), &pair[1])
                });
                let mut parts: Box<[JsonPart]> = parts.collect();
                if self.dialect == Dialect::Flink {
                    sort_parts(&mut parts);
                }
                Node::Operator(Box::new(JsonBuild {
                    object: true,
                    parts,
                    absent,
                    normal: self.dialect == Dialect::Flink,
                }))
            }
            (JsonFunction::Array { absent }, args) => {
                let parts = args.iter().map(|value| self.json_part(None, value));
                let parts = parts.collect();
                Node::Operator(Box::new(JsonBuild {
                    object: false,
                    parts,
                    absent,
                    normal: self.dialect == Dialect::Flink,
                }))
            }
            (JsonFunction::String, [value]) => Node::Operator(Box::new(JsonText {
                value: self.lower(value),
                data_type: value.data_type.clone(),
                normal: self.dialect == Dialect::Flink,
            })),
            (function, args) => match json_scalar(function, self.dialect) {
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
            comes_again: false,
        }
    }
}

/// Keys in their order, and of one key only the last is written.
fn sort_parts(parts: &mut [JsonPart]) {
    parts.sort_by(|left, right| compare_keys(key(left), key(right)));
    for at in 1..parts.len() {
        parts[at - 1].comes_again = key(&parts[at - 1]) == key(&parts[at]);
    }
}

fn key(part: &JsonPart) -> &str {
    match &part.key {
        Some(Node::Text(text)) => text,
        _ => "",
    }
}
