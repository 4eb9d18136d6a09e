//! Calls: casts, JSON_VALUE with its clauses, and everything in the table of functions.

use crate::bind::convert::convert_with;
use crate::bind::expr::boolean;
use crate::bind::json_calls::JSON_FUNCTIONS;
use crate::bind::scope::{Scope, name_of};
use crate::bind::time_syntax::is_moment;
use crate::bind::{Binder, Bound, Stop, all};
use crate::code::Code;
use crate::coerce;
use crate::diagnostics::Diagnostic;
use crate::functions::{self, Argument, Found, Meaning, Returns, Signature};
use crate::lexer::bytes;
use crate::plan::{CastFailure, CompareOp, Dialect, Expr, ExprKind, Literal, Span};
use crate::suggest::{form_of_another_sql, instead_of_blink};
use crate::syntax::Name;
use crate::time_literal::IntervalUnit;
use crate::{Function, TimeFunction};
use rookery_model::DataType;
use sqlparser::ast::{
    CastKind, DataType as AstType, Expr as Ast, Function as Call, FunctionArg, FunctionArgExpr,
    FunctionArguments, ObjectNamePart, Spanned,
};

impl Binder<'_> {
    /// `CAST(e AS type)`, `TRY_CAST(e AS type)`
    pub(crate) fn bind_cast(
        &mut self,
        kind: &CastKind,
        inner: &Ast,
        data_type: &AstType,
        scope: &Scope,
    ) -> Bound<Expr> {
        let input = self.bind_expr(inner, scope)?;
        // `CAST (` stands before it, and the bracket that opens there closes the whole.
        let name = self.tokens.before(input.span, 2);
        let name = Span {
            start: name.start,
            end: name.start + if *kind == CastKind::Cast { 4 } else { 8 },
        };
        let span = self.tokens.call(name);
        let Some(to) = self.carried.type_of(data_type) else {
            return Err(self.unsupported(
                span,
                "this cast is not supported",
                Some("write CAST(.. AS type)"),
            ));
        };
        let input = match self.interval_count(inner, input, &to) {
            Ok(counted) => return Ok(Expr { span, ..counted }),
            Err(input) => *input,
        };
        if !coerce::castable(&input.data_type, &to) {
            return Err(self.fail(
                Diagnostic::new(
                    Code::InvalidCast,
                    span,
                    format!("there is no cast from {} to {to}", input.data_type),
                )
                .related(input.span, input.data_type.to_string())
                .help_if(cast_help(&input.data_type, &to).map(str::to_owned)),
            ));
        }
        let on_failure = match (kind, self.dialect) {
            (CastKind::TryCast, _) | (_, Dialect::Blink) => CastFailure::Null,
            _ => CastFailure::Fail,
        };
        let input = self.exact_constant(self.interval_text(input, &to), &to);
        if *kind == CastKind::TryCast && self.dialect == Dialect::Flink {
            // To TYPEOF its value may be NULL even where nothing can fail.
            return Ok(Expr {
                kind: ExprKind::Cast {
                    input: Box::new(input),
                    on_failure,
                },
                data_type: to,
                span,
            });
        }
        let mut cast = convert_with(input, &to, on_failure);
        cast.span = span;
        Ok(cast)
    }

    /// In flink an INTERVAL that is written in one unit is a number of that unit: the count as a value of
    /// the type, or the INTERVAL again.
    fn interval_count(&self, ast: &Ast, input: Expr, to: &DataType) -> Result<Expr, Box<Expr>> {
        let mut written = ast;
        while let Ast::Nested(inner) = written {
            written = inner;
        }
        let (Ast::Interval(interval), Dialect::Flink) = (written, self.dialect) else {
            return Err(Box::new(input));
        };
        let unit = interval
            .leading_field
            .as_ref()
            .filter(|_| interval.last_field.is_none())
            .and_then(|field| IntervalUnit::of(&field.to_string()));
        let taken = match input.data_type {
            DataType::IntervalMonths => {
                matches!(
                    to,
                    DataType::Int | DataType::BigInt | DataType::Decimal { .. }
                )
            }
            _ => matches!(to, DataType::Int | DataType::BigInt),
        };
        let (Some(unit), true) = (unit, taken) else {
            return Err(Box::new(input));
        };
        let ExprKind::Literal(Literal::Months(amount) | Literal::Millis(amount)) = input.kind
        else {
            return Err(Box::new(input));
        };
        let count = Expr {
            kind: ExprKind::Literal(Literal::Int(amount / unit.length().0)),
            data_type: DataType::BigInt,
            span: input.span,
        };
        Ok(convert_with(count, to, CastFailure::Fail))
    }

    /// Flink keeps the decimal digits of a constant FLOAT where it becomes a DOUBLE.
    pub(crate) fn exact_constant(&self, input: Expr, to: &DataType) -> Expr {
        let number =
            |literal: &Literal| matches!(literal, Literal::Decimal(_) | Literal::Double(_));
        match input.kind {
            ExprKind::Cast {
                input: digits,
                on_failure: CastFailure::Fail,
            } if self.dialect == Dialect::Flink
                && *to == DataType::Double
                && input.data_type == DataType::Float
                && matches!(&digits.kind, ExprKind::Literal(literal) if number(literal)) =>
            {
                *digits
            }
            kind => Expr { kind, ..input },
        }
    }

    /// An INTERVAL that flink casts to text is written as an INTERVAL; any other value as it is.
    fn interval_text(&self, input: Expr, to: &DataType) -> Expr {
        if self.dialect != Dialect::Flink || !input.data_type.is_interval() || !to.is_string() {
            return input;
        }
        Expr {
            data_type: DataType::STRING,
            span: input.span,
            kind: ExprKind::Call {
                function: Function::Time(TimeFunction::IntervalText),
                args: vec![input],
            },
        }
    }

    /// A call by name.
    pub(crate) fn bind_function(&mut self, call: &Call, scope: &Scope) -> Bound<Expr> {
        let [ObjectNamePart::Identifier(ident)] = call.name.0.as_slice() else {
            let span = bytes(call.name.span());
            return Err(self.unsupported(span, "a function's name has one part here", None));
        };
        let name = name_of(ident);
        let span = self.tokens.call(name.span);
        if call.over.is_some() {
            let span = self.tokens.call(self.tokens.after(span, 1));
            return self.not_built(format!("{}() OVER (..)", name.text.to_uppercase()), span);
        }
        let arguments: &[FunctionArg] = match &call.args {
            FunctionArguments::None => &[],
            FunctionArguments::List(list) => &list.args,
            FunctionArguments::Subquery(_) => {
                return self.not_built("a subquery that stands for a value", span);
            }
        };
        if name.text.eq_ignore_ascii_case("JSON_VALUE") {
            return self.bind_json_value(arguments, span, scope);
        }
        if JSON_FUNCTIONS.contains(&name.text.to_uppercase().as_str()) {
            return self.bind_json_call(&name, arguments, span, scope);
        }
        if self.dialect == Dialect::Flink && name.text.eq_ignore_ascii_case("TYPEOF") {
            return self.bind_type_of(arguments, scope, span);
        }
        if let Some(bound) = self.bind_in_units(&name.text, arguments, scope, span) {
            return bound;
        }
        let collection = functions::collections::of_name(&name.text.to_uppercase()).is_some();
        let forms = if collection {
            Vec::new()
        } else {
            self.find_function(&name, span)?
        };
        if has_aggregate_clauses(call) {
            return Err(self.unsupported(
                span,
                format!("{} takes only its arguments", name.text.to_uppercase()),
                Some("DISTINCT, FILTER and their like belong to aggregate functions"),
            ));
        }
        let bound = all(arguments.iter().map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.bind_expr(expr, scope),
            _ => Err(self.unsupported(
                span,
                format!(
                    "{} takes its arguments by position",
                    name.text.to_uppercase()
                ),
                None,
            )),
        }))?;
        if collection {
            return self.bind_collection_call(&name, bound, span);
        }
        self.call(&name, &forms, bound, span)
    }

    /// The forms of a name.
    pub(crate) fn find_function(
        &mut self,
        name: &Name,
        span: Span,
    ) -> Bound<Vec<&'static Signature>> {
        match functions::find(self.dialect, &name.text) {
            Found::Forms(forms) => Ok(forms),
            Found::NotBuilt(kind) => {
                self.not_built(format!("the {kind} {}", name.text.to_uppercase()), span)
            }
            Found::OtherDialect => {
                let other = match self.dialect {
                    Dialect::Blink => "flink",
                    Dialect::Flink => "blink",
                };
                let upper = name.text.to_uppercase();
                let instead = instead_of_blink(&upper).map(str::to_owned);
                let message = format!("only the {other} dialect has {upper}");
                Err(self
                    .fail(Diagnostic::new(Code::OtherDialect, name.span, message).help_if(instead)))
            }
            Found::Unknown(near) => Err(self.fail(
                Diagnostic::new(
                    Code::UnknownFunction,
                    name.span,
                    format!("there is no function `{}`", name.text),
                )
                .help_if(
                    form_of_another_sql(&name.text.to_uppercase())
                        .map(str::to_owned)
                        .or_else(|| near.map(|near| format!("did you mean {near}?"))),
                ),
            )),
        }
    }

    /// Picks the form that takes the arguments and converts them to what it wants.
    pub(crate) fn call(
        &mut self,
        name: &Name,
        forms: &[&'static Signature],
        args: Vec<Expr>,
        span: Span,
    ) -> Bound<Expr> {
        let of_count: Vec<_> = forms.iter().filter(|form| form.takes(args.len())).collect();
        let takes = |form: &Signature, conversions: bool| {
            args.iter().enumerate().all(|(n, arg)| {
                form.argument(n)
                    .is_some_and(|wanted| self.accepts(wanted, &arg.data_type, conversions))
            })
        };
        let chosen = of_count
            .iter()
            .find(|form| takes(form, false))
            .or_else(|| of_count.iter().find(|form| takes(form, true)));
        let Some(form) = chosen else {
            return Err(self.wrong_arguments(name, forms, &args, span));
        };
        let form: &'static Signature = form;
        let common = self.common_of(form, &args)?;
        let converted = args.into_iter().enumerate().map(|(n, arg)| {
            let wanted = form.argument(n).unwrap_or(Argument::Common);
            match wanted {
                Argument::Common => match form.meaning {
                    Meaning::NullIf => arg,
                    _ => self.convert(arg, &common),
                },
                Argument::Text if arg.data_type.is_string() => arg,
                Argument::Text => self.convert(arg, &DataType::STRING),
                Argument::Boolean => self.convert(arg, &DataType::Boolean),
                Argument::Timestamp if arg.data_type == DataType::Date => {
                    self.convert(arg, &DataType::Timestamp(0))
                }
                Argument::Number if arg.data_type.is_string() => {
                    self.convert(arg, &DataType::Double)
                }
                Argument::Integer if !arg.data_type.is_integer() => {
                    self.convert(arg, &DataType::Int)
                }
                Argument::TextOrBytes if !is_text_or_bytes(&arg.data_type) => {
                    self.convert(arg, &DataType::STRING)
                }
                Argument::Double => self.convert(arg, &DataType::Double),
                Argument::BigInt => self.convert(arg, &DataType::BigInt),
                Argument::LocalOrInstant
                | Argument::Moment
                | Argument::Timestamp
                | Argument::Number
                | Argument::Integer
                | Argument::Bytes
                | Argument::TextOrBytes
                | Argument::Single => arg,
            }
        });
        let args: Vec<_> = converted.collect();
        let data_type = match &form.returns {
            Returns::Type(data_type) => data_type.clone(),
            Returns::Common => common,
            Returns::First | Returns::Whole | Returns::Rounded => {
                functions::returned(&form.returns, &args)
            }
            Returns::Strings => DataType::Array(Box::new(DataType::STRING)),
            Returns::StringMap => {
                DataType::Map(Box::new(DataType::STRING), Box::new(DataType::STRING))
            }
        };
        match form.meaning {
            Meaning::Call(function) => Ok(Expr {
                data_type: match self.dialect {
                    // BTRIM is the one form of TRIM that gives STRING.
                    Dialect::Flink if name.text.eq_ignore_ascii_case("BTRIM") => None,
                    Dialect::Flink => functions::text_types::exact(function, &args),
                    Dialect::Blink => None,
                }
                .unwrap_or(data_type),
                kind: ExprKind::Call { function, args },
                span,
            }),
            Meaning::Operator(op) => self.operator_call(op, args, span),
            Meaning::Constant(value) => Ok(Expr {
                kind: ExprKind::Literal(Literal::Double(value)),
                data_type,
                span,
            }),
            Meaning::NullIf => self.null_if(args, span),
        }
    }

    fn common_of(&mut self, form: &Signature, args: &[Expr]) -> Bound<DataType> {
        if form.meaning == Meaning::NullIf {
            return Ok(DataType::Null);
        }
        let bare = |arg: &&Expr| arg.data_type == DataType::Null;
        if self.dialect == Dialect::Flink
            && form.name == "IF"
            && let Some(null) = args.iter().find(bare)
        {
            return Err(self.fail(
                Diagnostic::new(
                    Code::WrongArguments,
                    null.span,
                    "IF does not take a bare NULL",
                )
                .help("write CAST(NULL AS type), or CASE WHEN .. THEN .. END"),
            ));
        }
        let common: Vec<_> = args
            .iter()
            .enumerate()
            .filter(|&(n, _)| form.argument(n) == Some(Argument::Common))
            .map(|(_, arg)| arg)
            .collect();
        self.common_type(&common, &format!("the arguments of {}", form.name))
    }

    /// Whether an argument of a type may stand where `wanted` is taken; with the conversions that the
    /// dialect makes on its own, or without.
    pub(crate) fn accepts(&self, wanted: Argument, given: &DataType, conversions: bool) -> bool {
        use DataType::{Array, Date, Map, Null, Row, Timestamp, TimestampLtz};
        if *given == Null {
            // Flink wants a bare NULL to be cast, but where values of one type are wanted.
            return self.dialect == Dialect::Blink || wanted == Argument::Common;
        }
        let blink = conversions && self.dialect == Dialect::Blink;
        match wanted {
            Argument::Common => true,
            Argument::Text => {
                given.is_string() || (blink && !matches!(given, Array(_) | Map(..) | Row(_)))
            }
            Argument::Number => given.is_numeric() || (blink && given.is_string()),
            Argument::Integer => {
                given.is_integer() || (blink && (given.is_numeric() || given.is_string()))
            }
            Argument::Bytes => matches!(given, DataType::Binary(_) | DataType::VarBinary(_)),
            Argument::TextOrBytes => {
                is_text_or_bytes(given) || (blink && !matches!(given, Array(_) | Map(..) | Row(_)))
            }
            Argument::Single => !matches!(given, Array(_) | Map(..) | Row(_)),
            Argument::Boolean => *given == DataType::Boolean,
            Argument::Double => given.is_numeric() || (blink && given.is_string()),
            Argument::BigInt => {
                given.is_integer() || (blink && (given.is_numeric() || given.is_string()))
            }
            Argument::LocalOrInstant => matches!(given, Timestamp(_) | TimestampLtz(_)),
            Argument::Moment => is_moment(given) || (blink && given.is_string()),
            Argument::Timestamp => matches!(given, Timestamp(_) | TimestampLtz(_) | Date),
        }
    }

    fn wrong_arguments(
        &mut self,
        name: &Name,
        forms: &[&'static Signature],
        args: &[Expr],
        span: Span,
    ) -> Stop {
        let types: Vec<_> = args.iter().map(|arg| arg.data_type.to_string()).collect();
        let upper = name.text.to_uppercase();
        let forms: Vec<_> = forms.iter().map(|form| form.text()).collect();
        self.fail(
            Diagnostic::new(
                Code::WrongArguments,
                span,
                format!("{upper} does not take ({})", types.join(", ")),
            )
            .note(format!("it takes {}", forms.join(", "))),
        )
    }

    /// NULLIF: compared as `=` compares, and given in the first argument's own type.
    fn null_if(&mut self, args: Vec<Expr>, span: Span) -> Bound<Expr> {
        let Ok([value, other]) = <[Expr; 2]>::try_from(args) else {
            return Err(Stop::Reported);
        };
        let data_type = value.data_type.clone();
        let equal = self.compare(CompareOp::Equal, value.clone(), other, span)?;
        let kind = match equal.kind {
            ExprKind::Compare { left, right, .. } if left.data_type == data_type => {
                ExprKind::Call {
                    function: Function::NullIf,
                    args: vec![*left, *right],
                }
            }
            compared => ExprKind::Case {
                branches: vec![(
                    boolean(compared, span),
                    Expr {
                        kind: ExprKind::Literal(Literal::Null),
                        data_type: data_type.clone(),
                        span,
                    },
                )],
                otherwise: Some(Box::new(value)),
            },
        };
        Ok(Expr {
            kind,
            data_type,
            span,
        })
    }
}

fn is_text_or_bytes(data_type: &DataType) -> bool {
    data_type.is_string() || matches!(data_type, DataType::Binary(_) | DataType::VarBinary(_))
}

/// Whether a call has what only aggregates take: FILTER, DISTINCT and their like.
fn has_aggregate_clauses(call: &Call) -> bool {
    let in_brackets = match &call.args {
        FunctionArguments::List(list) => {
            list.duplicate_treatment.is_some() || !list.clauses.is_empty()
        }
        FunctionArguments::None | FunctionArguments::Subquery(_) => false,
    };
    in_brackets
        || call.filter.is_some()
        || call.null_treatment.is_some()
        || !call.within_group.is_empty()
}

/// What takes a value to a type that no cast takes it to.
fn cast_help(from: &DataType, to: &DataType) -> Option<&'static str> {
    let instant = |t: &DataType| matches!(t, DataType::Timestamp(_) | DataType::TimestampLtz(_));
    if instant(from) && to.is_numeric() {
        Some("UNIX_TIMESTAMP(..) gives seconds")
    } else if from.is_numeric() && instant(to) {
        Some("TO_TIMESTAMP_LTZ(.., 0) takes seconds")
    } else {
        None
    }
}
