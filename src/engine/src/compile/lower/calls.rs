//! JSON_VALUE and functions that are called by name.

use super::Lowering;
use crate::compile::is_of_message;
use crate::eval::json::{CallPath, JsonCall, PathRead};
use crate::eval::nested::FieldOf;
use crate::eval::node::Node;
use crate::functions::{fallible, is_java_decimal, scalar};
use rookery_codecs::json::PathSet;
use rookery_model::DataType;
use rookery_sql::plan::{Dialect, Expr, ExprKind, PathArgument};
use rookery_sql::{CollectionFunction, Function};

impl Lowering<'_> {
    pub(super) fn json_value(&mut self, input: &Expr, path: &PathArgument) -> Node {
        match path {
            PathArgument::Constant(path) => {
                if let Some(key) = self.json_column(input) {
                    let (group, path) = self.shared.path(self.component, key, path);
                    return Node::Path(PathRead { group, path });
                }
                Node::Json(Box::new(JsonCall {
                    input: self.lower(input),
                    path: CallPath::Constant(PathSet::new([path])),
                }))
            }
            PathArgument::Dynamic(path) => Node::Json(Box::new(JsonCall {
                input: self.lower(input),
                path: CallPath::Dynamic {
                    text: self.lower(path),
                    site: self.shared.site(),
                },
            })),
        }
    }

    /// The key of a text column of the message, if the expression is one.
    pub(super) fn json_column(&mut self, input: &Expr) -> Option<usize> {
        let ExprKind::Column(index) = input.kind else {
            return None;
        };
        let column = &self.columns[index];
        if !is_of_message(&column.kind) || !column.field.data_type.is_string() {
            return None;
        }
        Some(self.shared.key(&column.field.name))
    }

    pub(super) fn call(&mut self, function: Function, args: &[Expr], expr: &Expr) -> Node {
        let span = expr.span;
        if function == Function::IsDecimal && self.dialect == Dialect::Flink {
            return Node::Call {
                function: is_java_decimal,
                args: self.list(args),
                fallible: false,
            };
        }
        if let Some(scalar) = scalar(function) {
            return Node::Call {
                function: scalar,
                args: self.list(args),
                fallible: fallible(function),
            };
        }
        match (function, args) {
            (Function::Text(function), _) => self.text_call(function, args, span),
            (Function::Json(function), _) => self.json_call(function, args, span),
            (Function::Collection(CollectionFunction::Field(place)), [row]) => {
                Node::Operator(Box::new(FieldOf {
                    row: self.lower(row),
                    place: place as usize,
                }))
            }
            (Function::Numeric(function), _) => self.numeric_call(function, args, expr),
            (Function::Time(function), _) => self.time_call(function, args),
            (Function::Coalesce, _) => Node::Coalesce(self.list(args)),
            (Function::If, [condition, then, otherwise]) => Node::Case {
                branches: Box::new([(self.lower(condition), self.lower(then))]),
                otherwise: Box::new(self.lower(otherwise)),
            },
            (Function::NullIf, [value, other]) if other.data_type == DataType::Null => {
                self.lower(value)
            }
            (Function::NullIf, [value, other]) => match self.comparable(value, other) {
                Some(comparable) => Node::NullIf {
                    comparable,
                    operands: Box::new((self.lower(value), self.lower(other))),
                },
                None => Node::NULL,
            },
            (Function::UnixTimestamp, [text, format @ ..]) => {
                self.unix_timestamp(text, format.first())
            }
            _ => self.not_built(span, format!("{function:?} of {} arguments", args.len())),
        }
    }
}
