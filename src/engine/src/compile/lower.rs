//! Expressions of the plan into compiled ones.

use super::fuse::Refused;
use super::shared::Shared;
use crate::error::RefusalReason;
use crate::eval::cast::{Cast, Conversion, Target, conversion};
use crate::eval::column::{ColumnRead, TypedColumn};
use crate::eval::compare::{Comparable, Compare};
use crate::eval::json::{CallPath, JsonCall, PathRead};
use crate::eval::node::Node;
use crate::eval::numeric::{Arithmetic, NumberKind, Operator};
use crate::eval::pattern::{Match, Matcher, PatternSource, Syntax, TextSet};
use crate::eval::workspace::Workspace;
use crate::functions::{FormatSource, UnixTimestamp, scalar};
use bumpalo::Bump;
use rookery_codecs::json::PathSet;
use rookery_codecs::time::{Pattern, Zone};
use rookery_model::{DataType, Value};
use rookery_sql::Function;
use rookery_sql::plan::{
    ArithmeticOp, CastFailure, Column, ColumnKind, CompareOp, Dialect, Expr, ExprKind, Implicit,
    Literal, PathArgument, Span,
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
            } => {
                let branches = branches
                    .iter()
                    .map(|(when, then)| (self.lower(when), self.lower(then)))
                    .collect();
                let otherwise = match otherwise {
                    Some(otherwise) => self.lower(otherwise),
                    None => Node::NULL,
                };
                Node::Case {
                    branches,
                    otherwise: Box::new(otherwise),
                }
            }
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(*op, left, right, expr),
            ExprKind::Negate(input) => self.negate(input, expr),
            ExprKind::JsonValue {
                input,
                path,
                dialect,
                ..
            } => self.json_value(input, path, *dialect, expr.span),
            ExprKind::Call { function, args } => self.call(*function, args, expr.span),
        }
    }

    /// The same for several.
    pub fn list(&mut self, list: &[Expr]) -> Box<[Node]> {
        list.iter().map(|expr| self.lower(expr)).collect()
    }

    fn refuse(&mut self, span: Span, reason: RefusalReason) -> Node {
        self.refusals.push((span, reason));
        Node::NULL
    }

    fn not_built(&mut self, span: Span, construct: impl Into<String>) -> Node {
        self.refuse(span, RefusalReason::NotBuilt(construct.into()))
    }

    fn flink_only(&mut self, span: Span, construct: impl Into<String>) -> Node {
        self.refuse(span, RefusalReason::FlinkOnly(construct.into()))
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
            (Literal::Months(_) | Literal::Millis(_), _) => {
                return self.not_built(expr.span, "arithmetic with an INTERVAL");
            }
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
        let typed = match Target::of(data_type)? {
            Target::Text { .. } => None,
            Target::Bytes { .. } => return None,
            target => Some(Box::new(TypedColumn {
                name: name.clone(),
                data_type: data_type.clone(),
                target,
                fails: self.dialect == Dialect::Flink,
            })),
        };
        Some(ColumnRead {
            key: self.shared.key(name),
            typed,
        })
    }

    fn cast(&mut self, input: &Expr, on_failure: CastFailure, expr: &Expr) -> Node {
        let (from, to) = (&input.data_type, &expr.data_type);
        if *from == DataType::Null {
            return Node::NULL;
        }
        let (Some(kind), Some(target)) = (conversion(from, to), Target::of(to)) else {
            let (from, to) = (from.clone(), to.clone());
            return self.refuse(expr.span, RefusalReason::Cast { from, to });
        };
        let target = target.from_type(from);
        let node = self.lower(input);
        if let Some(folded) = self.fold_cast(&node, target) {
            return folded;
        }
        if self.dialect == Dialect::Flink {
            let differs = match on_failure {
                CastFailure::Fail => kind != Conversion::Total,
                _ => kind == Conversion::PartialInBlink,
            };
            if differs {
                let construct = format!("CAST from {from} to {to}, where it can fail,");
                return self.flink_only(expr.span, construct);
            }
        }
        Node::Cast(Box::new(Cast {
            input: node,
            to: target,
            narrowing: on_failure == CastFailure::NullNarrowed,
        }))
    }

    /// The cast of a constant, if it has a value.
    fn fold_cast(&self, input: &Node, target: Target) -> Option<Node> {
        let value = match input {
            Node::Constant(Value::Null) => return Some(Node::NULL),
            Node::Constant(value) => *value,
            Node::Text(text) => Value::String(text),
            Node::Bytes(bytes) => Value::Bytes(bytes),
            _ => return None,
        };
        let arena = Bump::new();
        let scratch = RefCell::new(Vec::new());
        let work = Workspace {
            arena: &arena,
            scratch: &scratch,
        };
        Some(match target.convert(value, &work, self.zone)? {
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
            Value::Null | Value::Array(_) | Value::Map(_) | Value::Row(_) => return None,
        })
    }

    /// How two operands are compared; none, with a refusal unless one is a bare NULL, if they are not.
    fn comparable(&mut self, left: &Expr, right: &Expr) -> Option<Comparable> {
        if left.data_type == DataType::Null || right.data_type == DataType::Null {
            // NULL whatever the other is; the other must still be one that is run.
            return Comparable::of(&left.data_type).or(Comparable::of(&right.data_type));
        }
        let of = Comparable::of(&left.data_type);
        if of.is_none() || of != Comparable::of(&right.data_type) {
            let construct = format!("comparing {} with {}", left.data_type, right.data_type);
            self.not_built(left.span, construct);
            return None;
        }
        of
    }

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> Node {
        let Some(comparable) = self.comparable(left, right) else {
            return Node::NULL;
        };
        let (left, right) = (self.lower(left), self.lower(right));
        if let CompareOp::Equal | CompareOp::NotEqual = op {
            let negated = op == CompareOp::NotEqual;
            let text_equals = |input: Node, text: Box<str>| Node::TextEquals {
                input: Box::new(input),
                text,
                negated,
            };
            match (left, right) {
                (input, Node::Text(text)) | (Node::Text(text), input) => text_equals(input, text),
                (left, right) => compare_node(op, comparable, left, right),
            }
        } else {
            compare_node(op, comparable, left, right)
        }
    }

    fn distinct(&mut self, negated: bool, left: &Expr, right: &Expr) -> Node {
        for (side, other) in [(left, right), (right, left)] {
            if side.data_type == DataType::Null {
                // DISTINCT FROM NULL is IS NOT NULL.
                return Node::IsNull {
                    input: Box::new(self.lower(other)),
                    negated: !negated,
                };
            }
        }
        match self.comparable(left, right) {
            Some(comparable) => Node::Distinct {
                comparable,
                operands: Box::new((self.lower(left), self.lower(right))),
                negated,
            },
            None => Node::NULL,
        }
    }

    fn in_list(&mut self, input: &Expr, list: &[Expr], negated: bool) -> Node {
        let mut comparable = None;
        for element in list {
            match self.comparable(input, element) {
                Some(found) => comparable = Some(found),
                None if element.data_type == DataType::Null => {}
                None => return Node::NULL,
            }
        }
        let Some(comparable) = comparable else {
            // Nothing but NULL on both sides.
            return Node::NULL;
        };
        let node = Box::new(self.lower(input));
        let list = self.list(list);
        let text = |node: &Node| match node {
            Node::Text(text) => Some(Some(text.to_string())),
            Node::Constant(Value::Null) => Some(None),
            _ => None,
        };
        if let (Comparable::Text, Some(texts)) = (
            comparable,
            list.iter().map(text).collect::<Option<Vec<_>>>(),
        ) {
            return Node::TextIn {
                input: node,
                has_null: texts.contains(&None),
                set: TextSet::new(texts.into_iter().flatten()),
                negated,
            };
        }
        Node::In {
            comparable,
            input: node,
            list,
            negated,
        }
    }

    fn pattern(&mut self, input: &Expr, pattern: &Expr, syntax: Syntax, negated: bool) -> Node {
        let node = self.lower(input);
        let source = match self.lower(pattern) {
            Node::Constant(Value::Null) => return Node::NULL,
            Node::Text(text) => match Matcher::new(&text, syntax) {
                Ok(Matcher::Regex(regex)) => PatternSource::Regex(self.shared.regex(regex)),
                Ok(matcher) => PatternSource::Simple(matcher),
                Err(problem) => {
                    let message = format!("{} pattern '{text}': {problem}", syntax.operator());
                    return self.refuse(pattern.span, RefusalReason::Constant(message));
                }
            },
            text => PatternSource::Dynamic {
                text,
                site: self.shared.site(),
            },
        };
        Node::Match(Box::new(Match {
            input: node,
            pattern: source,
            syntax,
            negated,
        }))
    }

    fn arithmetic(&mut self, op: ArithmeticOp, left: &Expr, right: &Expr, expr: &Expr) -> Node {
        let Some(kind) = NumberKind::of(&expr.data_type) else {
            let construct = format!("arithmetic that gives {}", expr.data_type);
            return self.not_built(expr.span, construct);
        };
        let whole = matches!(kind, NumberKind::Int(_));
        if op == ArithmeticOp::Divide && whole && self.dialect == Dialect::Flink {
            return self.flink_only(expr.span, "division of integers");
        }
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

    fn json_value(
        &mut self,
        input: &Expr,
        path: &PathArgument,
        dialect: Dialect,
        span: Span,
    ) -> Node {
        if dialect == Dialect::Flink {
            return self.flink_only(span, "JSON_VALUE");
        }
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
    fn json_column(&mut self, input: &Expr) -> Option<usize> {
        let ExprKind::Column(index) = input.kind else {
            return None;
        };
        let column = &self.columns[index];
        if !super::is_of_message(&column.kind) || !column.field.data_type.is_string() {
            return None;
        }
        Some(self.shared.key(&column.field.name))
    }

    fn call(&mut self, function: Function, args: &[Expr], span: Span) -> Node {
        if let Some(function) = scalar(function) {
            return Node::Call {
                function,
                args: self.list(args),
            };
        }
        match (function, args) {
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
                self.unix_timestamp(text, format.first(), span)
            }
            _ => self.not_built(span, format!("{function:?} of {} arguments", args.len())),
        }
    }

    fn unix_timestamp(&mut self, text: &Expr, format: Option<&Expr>, span: Span) -> Node {
        if self.dialect == Dialect::Flink {
            return self.flink_only(span, "UNIX_TIMESTAMP of text");
        }
        let source = match format.map(|format| (format.span, self.lower(format))) {
            None => Ok(Pattern::new(Pattern::DEFAULT)),
            Some((_, Node::Constant(Value::Null))) => return Node::NULL,
            Some((span, Node::Text(format))) => Ok(Pattern::new(&format).map_err(|error| {
                self.refusals
                    .push((span, RefusalReason::Constant(error.to_string())));
                error
            })),
            Some((_, text)) => Err(FormatSource::Dynamic {
                text,
                site: self.shared.site(),
            }),
        };
        let format = match source {
            Ok(Ok(pattern)) => FormatSource::Constant(pattern),
            Ok(Err(_)) => return Node::NULL,
            Err(dynamic) => dynamic,
        };
        Node::Operator(Box::new(UnixTimestamp {
            input: self.lower(text),
            format,
        }))
    }
}

fn compare_node(op: CompareOp, comparable: Comparable, left: Node, right: Node) -> Node {
    Node::Compare(Box::new(Compare {
        op,
        comparable,
        left,
        right,
    }))
}
