//! TYPEOF: a type as text, as Flink's planner infers it, with NOT NULL where no value is NULL.

use crate::bind::expr::boolean;
use crate::bind::scope::Scope;
use crate::bind::{Binder, Bound, all};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::function::{
    CollectionFunction as Collection, Function, JsonFunction as Json, TextFunction as Text,
    TimeFunction as Time,
};
use crate::plan::{CastFailure, Expr, ExprKind, IsTest, Literal, Span};
use rookery_model::DataType;
use sqlparser::ast::{FunctionArg, FunctionArgExpr};

impl Binder<'_> {
    /// `TYPEOF(e)`, `TYPEOF(e, full)`: a constant.
    pub(crate) fn bind_type_of(
        &mut self,
        args: &[FunctionArg],
        scope: &Scope,
        span: Span,
    ) -> Bound<Expr> {
        let bound = all(args.iter().map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.bind_expr(expr, scope),
            _ => Err(self.unsupported(span, "TYPEOF takes its arguments by position", None)),
        }))?;
        let full = match bound.as_slice() {
            [_] => false,
            [_, full] => match full.kind {
                ExprKind::Literal(Literal::Boolean(full)) => full,
                _ => return Err(self.type_of_arguments(full.span)),
            },
            _ => return Err(self.type_of_arguments(span)),
        };
        let text = Inferred::of(&bound[0]).text(&bound[0].data_type, full);
        let text = Expr {
            data_type: DataType::STRING,
            ..boolean(ExprKind::Literal(Literal::String(text)), span)
        };
        let Some(value) = bound.into_iter().next().filter(may_fail) else {
            return Ok(text);
        };
        // Where the value fails, the row does: it is the same text whether the value is NULL or not.
        let is_null = ExprKind::Is {
            input: Box::new(value),
            test: IsTest::Null,
            negated: false,
        };
        Ok(Expr {
            kind: ExprKind::Case {
                branches: vec![(boolean(is_null, span), text.clone())],
                otherwise: Some(Box::new(text)),
            },
            data_type: DataType::STRING,
            span,
        })
    }

    fn type_of_arguments(&mut self, span: Span) -> crate::bind::Stop {
        self.fail(
            Diagnostic::new(
                Code::WrongArguments,
                span,
                "TYPEOF takes an expression, and TRUE or FALSE",
            )
            .help("write TYPEOF(e), or TYPEOF(e, TRUE) for a type that Flink could store"),
        )
    }
}

/// Whether a CAST of text within an expression may fail.
fn may_fail(expr: &Expr) -> bool {
    if let ExprKind::Cast {
        input,
        on_failure: CastFailure::Fail,
    } = &expr.kind
        && input.data_type.is_string()
        && !expr.data_type.is_string()
    {
        return true;
    }
    expr.operands().into_iter().any(may_fail)
}

/// Whether values may be NULL, and the same for what they hold: an element, a key and a value, fields.
/// Where nothing is known of the parts there are none: they may.
#[derive(Clone, Debug, Default, PartialEq)]
struct Inferred {
    nullable: bool,
    parts: Vec<Inferred>,
}

impl Inferred {
    fn of(expr: &Expr) -> Self {
        let any = |operands: &[&Expr]| operands.iter().any(|operand| Self::of(operand).nullable);
        match &expr.kind {
            ExprKind::Literal(literal) => Self::plain(*literal == Literal::Null),
            ExprKind::Column(_) | ExprKind::JsonValue { .. } => Self::plain(true),
            ExprKind::Cast { input, on_failure } => {
                let input = Self::of(input);
                Self::plain(input.nullable || *on_failure != CastFailure::Fail)
            }
            ExprKind::Is { .. } | ExprKind::Distinct { .. } => Self::plain(false),
            ExprKind::Not(input) | ExprKind::Negate(input) => Self::plain(any(&[input])),
            ExprKind::And(list) | ExprKind::Or(list) => {
                Self::plain(list.iter().any(|operand| Self::of(operand).nullable))
            }
            ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => {
                Self::plain(any(&[left, right]))
            }
            ExprKind::In { input, list, .. } => {
                Self::plain(any(&[input]) || list.iter().any(|item| Self::of(item).nullable))
            }
            ExprKind::Match { input, pattern, .. } => Self::plain(any(&[input, pattern])),
            ExprKind::Case {
                branches,
                otherwise,
            } => {
                let values = branches.iter().map(|(_, value)| Self::of(value));
                let otherwise = otherwise
                    .as_ref()
                    .map_or(Self::plain(true), |value| Self::of(value));
                values.fold(otherwise, Self::merged)
            }
            ExprKind::Call { function, args } => Self::of_call(*function, args),
        }
    }

    fn plain(nullable: bool) -> Self {
        Self {
            nullable,
            parts: Vec::new(),
        }
    }

    fn holding(parts: Vec<Self>) -> Self {
        Self {
            nullable: false,
            parts,
        }
    }

    /// What holds for values of either.
    fn merged(self, other: Self) -> Self {
        let parts = self.parts.into_iter().zip(other.parts);
        Self {
            nullable: self.nullable || other.nullable,
            parts: parts.map(|(a, b)| a.merged(b)).collect(),
        }
    }

    fn of_call(function: Function, args: &[Expr]) -> Self {
        let of_args = || args.iter().map(Self::of);
        let any = of_args().any(|arg| arg.nullable);
        match function {
            Function::Coalesce => Self::plain(of_args().all(|arg| arg.nullable)),
            Function::NullIf => args.first().map_or(Self::plain(true), Self::of),
            Function::Collection(function) => Self::of_collection(function, args),
            Function::Text(function) => Self::plain(any || gives_null(function)),
            Function::Time(function) => Self::plain(
                any || !matches!(
                    function,
                    Time::Extract(_)
                        | Time::Floor(_)
                        | Time::Ceil(_)
                        | Time::AddMonths
                        | Time::AddMillis
                        | Time::Difference(_)
                        | Time::Between
                        | Time::CurrentTimestamp
                        | Time::LocalTimestamp
                        | Time::CurrentDate
                        | Time::CurrentTime
                ),
            ),
            Function::Json(Json::Query { .. } | Json::Exists(_)) => Self::plain(true),
            Function::Json(Json::Object { .. } | Json::Array { .. } | Json::Is(_)) => {
                Self::plain(false)
            }
            _ => Self::plain(any),
        }
    }

    fn of_collection(function: Collection, args: &[Expr]) -> Self {
        let of = |place: usize| args.get(place).map_or(Self::plain(true), Self::of);
        let part = |inferred: Self, place: usize| {
            let part = inferred.parts.into_iter().nth(place);
            part.unwrap_or(Self::plain(true))
        };
        let every = |step: usize, from: usize| {
            let values = args.iter().skip(from).step_by(step).map(Self::of);
            values.reduce(Self::merged).unwrap_or(Self::plain(true))
        };
        match function {
            Collection::ArrayOf => Self::holding(vec![every(1, 0)]),
            Collection::MapOf => Self::holding(vec![every(2, 0), every(2, 1)]),
            Collection::RowOf => Self::holding(args.iter().map(Self::of).collect()),
            Collection::Item | Collection::Max | Collection::Min => Self::plain(true),
            Collection::Field(place) => {
                let row = of(0);
                let whole = row.nullable;
                let field = part(row, place as usize);
                Self::plain(whole || field.nullable)
            }
            Collection::Element => Self::plain(of(0).nullable),
            Collection::Append | Collection::Prepend => {
                let (array, value) = (of(0), of(1));
                let nullable = array.nullable || value.nullable;
                let element = part(array, 0).merged(value);
                Self {
                    nullable,
                    parts: vec![element],
                }
            }
            Collection::Union
            | Collection::Concat
            | Collection::Except
            | Collection::Intersect
            | Collection::MapUnion => every(1, 0),
            Collection::Distinct
            | Collection::Remove
            | Collection::Reverse
            | Collection::Slice
            | Collection::Sort => of(0),
            Collection::MapKeys
            | Collection::MapValues
            | Collection::MapEntries
            | Collection::MapFromArrays => Self::of_map(function, of(0), of(1)),
            Collection::Cardinality
            | Collection::Contains
            | Collection::Position
            | Collection::Join => Self::plain(args.iter().any(|arg| Self::of(arg).nullable)),
        }
    }

    /// The keys, values or entries of a map, or the map of arrays of keys and values.
    fn of_map(function: Collection, first: Self, second: Self) -> Self {
        let whole = first.nullable;
        let part = |inferred: Self, place: usize| {
            let part = inferred.parts.into_iter().nth(place);
            part.unwrap_or(Self::plain(true))
        };
        let (nullable, parts) = match function {
            Collection::MapKeys => (whole, vec![part(first, 0)]),
            Collection::MapValues => (whole, vec![part(first, 1)]),
            Collection::MapEntries => {
                let entry = Self {
                    nullable: true,
                    parts: first.parts,
                };
                (whole, vec![entry])
            }
            _ => (
                whole || second.nullable,
                vec![part(first, 0), part(second, 0)],
            ),
        };
        Self { nullable, parts }
    }

    /// The type's text with what is known of its values.
    fn text(&self, data_type: &DataType, full: bool) -> String {
        let part = |place: usize, data_type: &DataType| {
            let unknown = Self::plain(true);
            let part = self.parts.get(place).unwrap_or(&unknown);
            part.text(data_type, full)
        };
        let name = match data_type {
            DataType::Null => return data_type.to_string(),
            DataType::VarChar(DataType::MAX_LENGTH) if full => {
                format!("VARCHAR({})", DataType::MAX_LENGTH)
            }
            DataType::VarBinary(DataType::MAX_LENGTH) if full => {
                format!("VARBINARY({})", DataType::MAX_LENGTH)
            }
            DataType::IntervalMonths => "INTERVAL MONTH".to_owned(),
            DataType::IntervalMillis => "INTERVAL SECOND(3)".to_owned(),
            DataType::Array(element) => format!("ARRAY<{}>", part(0, element)),
            DataType::Map(key, value) => format!("MAP<{}, {}>", part(0, key), part(1, value)),
            DataType::Row(fields) => {
                let fields = fields.iter().enumerate().map(|(place, field)| {
                    format!("`{}` {}", field.name, part(place, &field.data_type))
                });
                format!("ROW<{}>", fields.collect::<Vec<_>>().join(", "))
            }
            other => other.to_string(),
        };
        let suffix = if self.nullable { "" } else { " NOT NULL" };
        format!("{name}{suffix}")
    }
}

/// Functions of text that may give NULL though no argument is.
fn gives_null(function: Text) -> bool {
    matches!(
        function,
        Text::SplitIndex
            | Text::SplitIndexCode
            | Text::StrToMap
            | Text::Substring
            | Text::Left
            | Text::Right
            | Text::Reverse
            | Text::Chr
            | Text::Elt
            | Text::Printf
            | Text::Encode
            | Text::Decode
            | Text::ParseUrl
            | Text::UrlEncode
            | Text::UrlDecode
            | Text::RegexpExtract
            | Text::RegexpExtractAll
            | Text::RegexpCount
            | Text::RegexpInstr
            | Text::RegexpSubstr
    )
}
