//! Expressions of the plan into compiled ones.

mod calls;
mod json;
mod nested;
mod numbers_and_times;
mod predicates;
mod text;

use super::fuse::Refused;
use super::shared::Shared;
use crate::error::RefusalReason;
use crate::eval::cast::{Cast, Conversion, Target, conversion};
use crate::eval::column::{ColumnRead, TypedColumn};
use crate::eval::flink_cast::{self, FlinkCast, Outcome, only_in_flink};
use crate::eval::nested::is_nested;
use crate::eval::nested_column::Reader;
use crate::eval::node::Node;
use crate::eval::numeric::{Arithmetic, NumberKind, Operator};
use crate::eval::pattern::Syntax;
use crate::eval::workspace::Workspace;
use bumpalo::Bump;
use rookery_codecs::time::Zone;
use rookery_model::{DataType, Value};
use rookery_sql::plan::{
    ArithmeticOp, CastFailure, Column, ColumnKind, Dialect, Expr, ExprKind, Implicit, Literal, Span,
};
use std::cell::RefCell;

/// Lowers the expressions of one branch.
pub(super) struct Lowering<'p> {
    pub dialect: Dialect,
    pub zone: &'p Zone,
    /// The source table's columns.
    pub columns: &'p [Column],
    /// Branches that are reached together share their groups of paths.
    pub component: usize,
    pub shared: &'p mut Shared,
    /// What is not run, and where.
    pub refusals: &'p mut Vec<Refused>,
}

impl Lowering<'_> {
    /// The compiled expression; NULL, with a refusal noted, where there is none.
    pub fn lower(&mut self, expr: &Expr) -> Node {
        match &expr.kind {
            ExprKind::Literal(literal) => self.literal(literal, expr),
            ExprKind::Column(index) => self.column(*index, expr.span),
            ExprKind::Cast { input, on_failure } => self.cast(input, *on_failure, expr),
            ExprKind::And(list) => Node::And(self.list(list)),
            ExprKind::Or(list) => Node::Or(self.list(list)),
            ExprKind::Not(input) => Node::Not(Box::new(self.lower(input))),
            ExprKind::Compare { op, left, right } => self.compare(*op, left, right),
            ExprKind::Distinct {
                negated,
                left,
                right,
            } => self.distinct(*negated, left, right),
            ExprKind::Is {
                input,
                test,
                negated,
            } => Node::is(self.lower(input), *test, *negated),
            ExprKind::In {
                input,
                list,
                negated,
            } => self.in_list(input, list, *negated),
            ExprKind::Match {
                input,
                pattern,
                escape,
                similar,
                negated,
            } => {
                let syntax = Syntax {
                    similar: *similar,
                    escape: *escape,
                };
                self.pattern(input, pattern, syntax, *negated)
            }
            ExprKind::Case {
                branches,
                otherwise,
            } => self.case(branches, otherwise.as_deref()),
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(*op, left, right, expr),
            ExprKind::Negate(input) => self.negate(input, expr),
            ExprKind::JsonValue {
                input,
                path,
                dialect: Dialect::Flink,
                on_empty,
                on_error,
            } => self.flink_json_value(input, path, [on_empty, on_error], &expr.data_type),
            ExprKind::JsonValue { input, path, .. } => self.json_value(input, path),
            ExprKind::Call { function, args } => self.call(*function, args, expr),
        }
    }

    /// The same for several.
    pub fn list(&mut self, list: &[Expr]) -> Box<[Node]> {
        list.iter().map(|expr| self.lower(expr)).collect()
    }

    fn case(&mut self, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Node {
        let branches = branches
            .iter()
            .map(|(when, then)| (self.lower(when), self.lower(then)));
        let branches = branches.collect();
        let otherwise = otherwise.map_or(Node::NULL, |otherwise| self.lower(otherwise));
        Node::Case {
            branches,
            otherwise: Box::new(otherwise),
        }
    }

    fn refuse(&mut self, span: Span, reason: RefusalReason) -> Node {
        self.refusals.push((span, reason));
        Node::NULL
    }

    fn not_built(&mut self, span: Span, construct: impl Into<String>) -> Node {
        self.refuse(span, RefusalReason::NotBuilt(construct.into()))
    }

    fn literal(&mut self, literal: &Literal, expr: &Expr) -> Node {
        let value = match (literal, &expr.data_type) {
            (Literal::Null, _) => Value::Null,
            (Literal::Boolean(truth), _) => Value::Boolean(*truth),
            (Literal::Int(int), _) => Value::Int(*int),
            (Literal::Double(double), DataType::Float) => Value::Float(*double as f32),
            (Literal::Double(double), _) => Value::Double(*double),
            (Literal::Decimal(decimal), _) => Value::Decimal(*decimal),
            (Literal::String(text), _) => return Node::Text(text.as_str().into()),
            (Literal::Bytes(bytes), _) => return Node::Bytes(bytes.as_slice().into()),
            (Literal::Date(days), _) => Value::Date(*days),
            (Literal::Time(millis), _) => Value::Time(*millis),
            (Literal::Timestamp(instant), DataType::TimestampLtz(_)) => {
                Value::TimestampLtz(*instant)
            }
            (Literal::Timestamp(local), _) => Value::Timestamp(*local),
            (Literal::Months(interval) | Literal::Millis(interval), _) => Value::Int(*interval),
        };
        Node::Constant(value)
    }

    fn column(&mut self, index: usize, span: Span) -> Node {
        let column = &self.columns[index];
        match &column.kind {
            ColumnKind::Physical | ColumnKind::Undeclared => match self.column_read(index) {
                Some(read) => Node::Column(read),
                None => {
                    let data_type = &self.columns[index].field.data_type;
                    let construct = format!("reading a message's value as {data_type}");
                    self.not_built(span, construct)
                }
            },
            ColumnKind::Implicit(Implicit::LagMs) => {
                self.refuse(span, RefusalReason::NoMessageTime("__lag_ms"))
            }
            ColumnKind::Implicit(Implicit::IsBacklog) => {
                self.refuse(span, RefusalReason::NoMessageTime("__is_backlog"))
            }
            ColumnKind::Implicit(implicit) => Node::Implicit(*implicit),
            ColumnKind::Metadata(key) => {
                let construct = format!("METADATA FROM '{key}'");
                self.not_built(span, construct)
            }
            ColumnKind::Computed(_) => {
                unreachable!("computed columns are put in when trees are flattened")
            }
        }
    }

    /// How a column of the message is read, if its type can be.
    pub fn column_read(&mut self, index: usize) -> Option<ColumnRead> {
        let column = &self.columns[index];
        let name = &column.field.name;
        let data_type = &column.field.data_type;
        let fails = self.dialect == Dialect::Flink;
        let bytes = matches!(data_type, DataType::Binary(_) | DataType::VarBinary(_));
        if bytes || is_nested(data_type) {
            let reader = Reader::new(name, data_type, fails)?;
            return Some(ColumnRead {
                key: self.shared.key(name),
                typed: None,
                nested: Some(Box::new(reader)),
            });
        }
        let typed = match Target::of(data_type)? {
            Target::Text { .. } => None,
            target => Some(Box::new(TypedColumn {
                name: name.clone(),
                data_type: data_type.clone(),
                target,
                fails,
            })),
        };
        Some(ColumnRead {
            key: self.shared.key(name),
            typed,
            nested: None,
        })
    }

    fn cast(&mut self, input: &Expr, on_failure: CastFailure, expr: &Expr) -> Node {
        let (from, to) = (&input.data_type, &expr.data_type);
        if *from == DataType::Null {
            return Node::NULL;
        }
        if is_nested(from) || is_nested(to) {
            return self.nested_cast(input, on_failure, expr);
        }
        let flink = self.dialect == Dialect::Flink;
        let kind = conversion(from, to)
            .or_else(|| (flink && only_in_flink(from, to)).then_some(Conversion::Partial));
        let (Some(kind), Some(target)) = (kind, Target::of(to)) else {
            let (from, to) = (from.clone(), to.clone());
            return self.refuse(expr.span, RefusalReason::Cast { from, to });
        };
        let target = target.of_source(from, flink);
        let node = self.lower(input);
        let own = flink && kind != Conversion::Total;
        let folded = if own {
            self.fold(&node, |value, work| {
                match flink_cast::convert(value, target, work, self.zone) {
                    Outcome::Value(value) => Some(value),
                    Outcome::Misfit => None,
                }
            })
        } else {
            self.fold(&node, |value, work| target.convert(value, work, self.zone))
        };
        if let Some(folded) = folded {
            return folded;
        }
        if own {
            return Node::Operator(Box::new(FlinkCast {
                input: node,
                from: from.clone(),
                to: to.clone(),
                target,
                on_failure,
            }));
        }
        Node::Cast(Box::new(Cast {
            input: node,
            to: target,
            narrowing: on_failure == CastFailure::NullNarrowed,
        }))
    }

    /// The cast of a constant, if it has a value.
    fn fold(
        &self,
        input: &Node,
        cast: impl for<'a> Fn(Value<'a>, &Workspace<'_, 'a>) -> Option<Value<'a>>,
    ) -> Option<Node> {
        let value = match input {
            Node::Constant(Value::Null) => return Some(Node::NULL),
            Node::Constant(value) => *value,
            Node::Text(text) => Value::String(text),
            Node::Bytes(bytes) => Value::Bytes(bytes),
            _ => return None,
        };
        let arena = Bump::new();
        let scratch = RefCell::new(Vec::new());
        let members = RefCell::new(Vec::new());
        let work = Workspace {
            arena: &arena,
            scratch: &scratch,
            members: &members,
        };
        Some(match cast(value, &work)? {
            Value::String(text) => Node::Text(text.into()),
            Value::Bytes(bytes) => Node::Bytes(bytes.into()),
            Value::Boolean(truth) => Node::Constant(Value::Boolean(truth)),
            Value::Int(int) => Node::Constant(Value::Int(int)),
            Value::Float(float) => Node::Constant(Value::Float(float)),
            Value::Double(double) => Node::Constant(Value::Double(double)),
            Value::Decimal(decimal) => Node::Constant(Value::Decimal(decimal)),
            Value::Date(days) => Node::Constant(Value::Date(days)),
            Value::Time(millis) => Node::Constant(Value::Time(millis)),
            Value::Timestamp(local) => Node::Constant(Value::Timestamp(local)),
            Value::TimestampLtz(instant) => Node::Constant(Value::TimestampLtz(instant)),
            Value::Null => Node::NULL,
            Value::Array(_) | Value::Map(_) | Value::Row(_) => return None,
        })
    }

    fn arithmetic(&mut self, op: ArithmeticOp, left: &Expr, right: &Expr, expr: &Expr) -> Node {
        let Some(kind) = NumberKind::of(&expr.data_type) else {
            let construct = format!("arithmetic that gives {}", expr.data_type);
            return self.not_built(expr.span, construct);
        };
        Node::Arithmetic(Box::new(Arithmetic {
            op: Operator::Binary(op),
            kind,
            left: self.lower(left),
            right: self.lower(right),
        }))
    }

    fn negate(&mut self, input: &Expr, expr: &Expr) -> Node {
        let Some(kind) = NumberKind::of(&expr.data_type) else {
            let construct = format!("arithmetic that gives {}", expr.data_type);
            return self.not_built(expr.span, construct);
        };
        Node::Arithmetic(Box::new(Arithmetic {
            op: Operator::Negate,
            kind,
            left: self.lower(input),
            right: Node::NULL,
        }))
    }
}
