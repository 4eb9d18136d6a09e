//! Dates and times with words of their own: EXTRACT, FLOOR and CEIL to a unit, TIMESTAMPADD and
//! TIMESTAMPDIFF, INTERVAL, OVERLAPS, and `+` and `-` with an INTERVAL.

use crate::bind::expr::boolean;
use crate::bind::measure::expr_nodes;
use crate::bind::scope::Scope;
use crate::bind::{Binder, Bound, Stop, all};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::functions::Argument;
use crate::lexer::bytes;
use crate::plan::{ArithmeticOp, CompareOp, Dialect, Expr, ExprKind, Literal, Span};
use crate::time_literal::{Interval, IntervalUnit};
use crate::{Function, NumericFunction, TimeField, TimeFunction, TimeUnit};
use rookery_model::DataType;
use sqlparser::ast::{
    BinaryOperator, CeilFloorKind, DateTimeField, Expr as Ast, FunctionArg, FunctionArgExpr,
    Interval as AstInterval, Spanned, UnaryOperator, Value,
};

/// Whether values of a type are dates or times.
pub(crate) fn is_moment(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Date | DataType::Time(_) | DataType::Timestamp(_) | DataType::TimestampLtz(_)
    )
}

impl Binder<'_> {
    /// A call whose name stands so many tokens before what is in its brackets.
    fn call_around(&self, inside: Span, tokens: usize) -> Span {
        let start = self.tokens.before(inside, tokens).start;
        self.tokens.call(Span {
            start,
            end: start + 1,
        })
    }

    /// `EXTRACT(field FROM e)`
    pub(crate) fn bind_extract(
        &mut self,
        field: &DateTimeField,
        inner: &Ast,
        scope: &Scope,
    ) -> Bound<Expr> {
        let input = self.bind_expr(inner, scope)?;
        let span = self.call_around(input.span, 4);
        let name = field.to_string().to_uppercase();
        let Some(found) = field_of(&name) else {
            return Err(self.unsupported(
                span,
                format!("EXTRACT takes no {name}"),
                Some("the fields are YEAR QUARTER MONTH WEEK DAY DOW DOY HOUR MINUTE SECOND EPOCH and their like"),
            ));
        };
        if input.data_type.is_interval() {
            return self.extract_from_interval(found, &name, input, span);
        }
        let clock_only = matches!(input.data_type, DataType::Time(_)) && !is_clock_field(found);
        if clock_only || !self.accepts(Argument::Moment, &input.data_type, true) {
            return Err(self.wrong_time(
                span,
                &input,
                &format!("EXTRACT({name} FROM ..)"),
                "a DATE, a TIMESTAMP or, for parts of the day, a TIME",
            ));
        }
        Ok(call(
            TimeFunction::Extract(found),
            vec![input],
            DataType::BigInt,
            span,
        ))
    }

    /// The part of an INTERVAL is what its count leaves in that unit.
    fn extract_from_interval(
        &mut self,
        field: TimeField,
        name: &str,
        input: Expr,
        span: Span,
    ) -> Bound<Expr> {
        let (unit, limit) = match (field, &input.data_type) {
            (TimeField::Year, DataType::IntervalMonths) => (12, None),
            (TimeField::Month, DataType::IntervalMonths) => (1, Some(12)),
            (TimeField::Day, DataType::IntervalMillis) => (86_400_000, None),
            (TimeField::Hour, DataType::IntervalMillis) => (3_600_000, Some(24)),
            (TimeField::Minute, DataType::IntervalMillis) => (60_000, Some(60)),
            (TimeField::Second, DataType::IntervalMillis) => (1000, Some(60)),
            (TimeField::Millisecond, DataType::IntervalMillis) => (1, Some(1000)),
            _ => {
                let wanted = "an INTERVAL that has it";
                return Err(self.wrong_time(
                    span,
                    &input,
                    &format!("EXTRACT({name} FROM ..)"),
                    wanted,
                ));
            }
        };
        let count = self.convert(input, &DataType::BigInt);
        let whole = integer(ArithmeticOp::Divide, count, unit, DataType::BigInt, span);
        Ok(match limit {
            Some(limit) => integer(ArithmeticOp::Modulo, whole, limit, DataType::BigInt, span),
            None => whole,
        })
    }

    /// `FLOOR(e [TO unit])`, `CEIL(e [TO unit])`
    pub(crate) fn bind_floor(
        &mut self,
        up: bool,
        inner: &Ast,
        field: &CeilFloorKind,
        scope: &Scope,
    ) -> Bound<Expr> {
        let input = self.bind_expr(inner, scope)?;
        let span = self.call_around(input.span, 2);
        let name = if up { "CEIL" } else { "FLOOR" };
        let field = match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => None,
            CeilFloorKind::DateTimeField(field) => Some(field.to_string().to_uppercase()),
            CeilFloorKind::Scale(_) => {
                let help = Some("write ROUND(.., digits) or TRUNCATE(.., digits)");
                return Err(self.unsupported(span, format!("{name} takes one number"), help));
            }
        };
        let Some(field) = field else {
            let name_span = Span {
                start: span.start,
                end: span.start + name.len() as u32,
            };
            let name = crate::syntax::Name {
                text: name.to_owned(),
                quoted: false,
                span: name_span,
            };
            let forms = self.find_function(&name, span)?;
            return self.call(&name, &forms, vec![input], span);
        };
        let Some(unit) = unit_of(&field) else {
            return Err(self.unsupported(
                span,
                format!("{name} takes no {field}"),
                Some("the units are YEAR QUARTER MONTH WEEK DAY HOUR MINUTE SECOND and their like"),
            ));
        };
        let input = self.moment(input, &format!("{name}(.. TO {field})"), span)?;
        let function = if up {
            TimeFunction::Ceil(unit)
        } else {
            TimeFunction::Floor(unit)
        };
        let data_type = input.data_type.clone();
        Ok(call(function, vec![input], data_type, span))
    }

    /// `TIMESTAMPADD(unit, count, e)`, `TIMESTAMPDIFF(unit, from, to)`; none if it is no such call.
    pub(crate) fn bind_in_units(
        &mut self,
        name: &str,
        args: &[FunctionArg],
        scope: &Scope,
        span: Span,
    ) -> Option<Bound<Expr>> {
        let add = name.eq_ignore_ascii_case("TIMESTAMPADD");
        if !add && !name.eq_ignore_ascii_case("TIMESTAMPDIFF") {
            return None;
        }
        let exprs: Vec<&Ast> = args
            .iter()
            .filter_map(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect();
        let unit = match &*exprs {
            [Ast::Identifier(unit), _, _] => unit.value.to_uppercase(),
            _ => String::new(),
        };
        let unit = unit.strip_prefix("SQL_TSI_").unwrap_or(&unit);
        let Some((unit, [_, first, second])) =
            unit_of(unit).zip(exprs.get(..3).and_then(|e| <&[&Ast; 3]>::try_from(e).ok()))
        else {
            let form = if add {
                "TIMESTAMPADD(DAY, count, time)"
            } else {
                "TIMESTAMPDIFF(DAY, from, to)"
            };
            return Some(Err(self.fail(
                Diagnostic::new(
                    Code::WrongArguments,
                    span,
                    format!("{} begins with a unit of time", name.to_uppercase()),
                )
                .help(format!(
                    "write {form}, with SECOND MINUTE HOUR DAY WEEK MONTH QUARTER or YEAR"
                )),
            )));
        };
        Some(self.in_units(add, unit, first, second, scope, span))
    }

    fn in_units(
        &mut self,
        add: bool,
        unit: TimeUnit,
        first: &Ast,
        second: &Ast,
        scope: &Scope,
        span: Span,
    ) -> Bound<Expr> {
        let bound = all([first, second].map(|e| self.bind_expr(e, scope)))?;
        let Ok([first, second]) = <[Expr; 2]>::try_from(bound) else {
            return Err(Stop::Reported);
        };
        if add {
            return self.timestamp_add(unit, first, second, span);
        }
        let from = self.moment(first, "TIMESTAMPDIFF", span)?;
        let to = self.moment(second, "TIMESTAMPDIFF", span)?;
        let instant = |e: &Expr| matches!(e.data_type, DataType::TimestampLtz(_));
        let time = [&from, &to]
            .into_iter()
            .find(|e| matches!(e.data_type, DataType::Time(_)));
        if let Some(time) = time {
            return Err(self.wrong_time(span, time, "TIMESTAMPDIFF", "DATE and TIMESTAMP"));
        }
        if self.dialect == Dialect::Flink && instant(&from) != instant(&to) {
            return Err(self.wrong_time(
                span,
                &to,
                "TIMESTAMPDIFF with a TIMESTAMP_LTZ",
                "two of them: CAST the other",
            ));
        }
        Ok(call(
            TimeFunction::Difference(unit),
            vec![from, to],
            DataType::Int,
            span,
        ))
    }

    fn timestamp_add(
        &mut self,
        unit: TimeUnit,
        count: Expr,
        moment: Expr,
        span: Span,
    ) -> Bound<Expr> {
        if !self.accepts(Argument::Integer, &count.data_type, true) {
            return Err(self.wrong_time(span, &count, "TIMESTAMPADD", "an INT to count the units"));
        }
        let mut moment = self.moment(moment, "TIMESTAMPADD", span)?;
        let count = self.convert(count, &DataType::BigInt);
        let (length, months) = length_of(unit);
        if moment.data_type == DataType::Date && !months && length % 86_400_000 != 0 {
            let digits = if self.dialect == Dialect::Flink { 6 } else { 0 };
            moment = self.convert(moment, &DataType::Timestamp(digits));
        }
        let kind = interval_type(months);
        let interval = integer(ArithmeticOp::Multiply, count, length, kind, span);
        Ok(add(moment, interval, months, span))
    }

    /// A date or time; blink reads one from text, and NULL has the type of a TIMESTAMP.
    fn moment(&mut self, expr: Expr, place: &str, span: Span) -> Bound<Expr> {
        if is_moment(&expr.data_type) {
            return Ok(expr);
        }
        if self.dialect == Dialect::Blink
            && (expr.data_type.is_string() || expr.data_type == DataType::Null)
        {
            return Ok(self.convert(expr, &DataType::Timestamp(3)));
        }
        Err(self.wrong_time(span, &expr, place, "a DATE, TIME or TIMESTAMP"))
    }

    fn wrong_time(&mut self, span: Span, given: &Expr, place: &str, wanted: &str) -> Stop {
        let help = if given.data_type.is_string() {
            "TO_TIMESTAMP(..) reads a time from text"
        } else {
            "CAST it to what is taken"
        };
        self.fail(
            Diagnostic::new(
                Code::WrongArguments,
                span,
                format!("{place} takes {wanted}, this is {}", given.data_type),
            )
            .related(given.span, given.data_type.to_string())
            .help(help),
        )
    }

    /// `INTERVAL '..' unit [TO unit]`
    pub(crate) fn bind_interval(&mut self, interval: &AstInterval, scope: &Scope) -> Bound<Expr> {
        let value = bytes(interval.value.span());
        let signs = usize::from(matches!(&*interval.value, Ast::UnaryOp { .. }));
        let units = 1 + 2 * usize::from(interval.last_field.is_some());
        let span = self
            .tokens
            .before(self.tokens.after(value, units), 1 + signs);
        let unit = |field: &DateTimeField| IntervalUnit::of(&field.to_string());
        let first = interval.leading_field.as_ref().and_then(unit);
        let last = match &interval.last_field {
            None => first,
            Some(last) => unit(last),
        };
        let (Some(first), Some(last)) = (first, last) else {
            return Err(self.unsupported(
                span,
                "this is not a unit of an INTERVAL",
                Some("write INTERVAL '10' SECOND; the units are YEAR MONTH DAY HOUR MINUTE SECOND"),
            ));
        };
        let shape = Interval {
            first,
            last,
            digits: interval.leading_precision,
        };
        match signed_text(&interval.value) {
            Some((negative, text)) => match shape.parse(text, negative) {
                Ok(literal) => Ok(Expr {
                    data_type: interval_type(matches!(literal, Literal::Months(_))),
                    kind: ExprKind::Literal(literal),
                    span,
                }),
                Err(problem) => Err(self.fail(
                    Diagnostic::new(Code::InvalidLiteral, value, problem).help(
                        "write it as INTERVAL '10' SECOND or INTERVAL '1 10:20' DAY TO MINUTE",
                    ),
                )),
            },
            None => {
                if let Some((left, right)) = difference(&interval.value) {
                    let bound = all([left, right].map(|e| self.bind_expr(e, scope)))?;
                    let Ok([left, right]) = <[Expr; 2]>::try_from(bound) else {
                        return Err(Stop::Reported);
                    };
                    return self.between(first, left, right, span);
                }
                let mut count = self.bind_expr(&interval.value, scope)?;
                if count.data_type == DataType::Null {
                    count = self.convert(count, &DataType::BigInt);
                }
                if !count.data_type.is_integer() || interval.last_field.is_some() {
                    let wanted = "its count in quotes, or an integer";
                    return Err(self.wrong_time(span, &count, "INTERVAL", wanted));
                }
                let count = self.convert(count, &DataType::BigInt);
                let (length, months) = first.length();
                let kind = interval_type(months);
                Ok(integer(ArithmeticOp::Multiply, count, length, kind, span))
            }
        }
    }

    /// `(moment - moment) unit`: the time between the two, in months where the unit is one of them.
    fn between(&mut self, unit: IntervalUnit, left: Expr, right: Expr, span: Span) -> Bound<Expr> {
        let left = self.moment(left, "`-` with a unit", span)?;
        let right = self.moment(right, "`-` with a unit", span)?;
        let instant = |e: &Expr| matches!(e.data_type, DataType::TimestampLtz(_));
        if instant(&left) != instant(&right) {
            return Err(self.incomparable(&left, &right, span));
        }
        let months = unit.length().1;
        let (function, args) = if months {
            let function = TimeFunction::Difference(TimeUnit::Month);
            (function, vec![right, left])
        } else {
            (TimeFunction::Between, vec![left, right])
        };
        Ok(call(function, args, interval_type(months), span))
    }

    /// `+ - * /` with a date, a time or an INTERVAL on one side at least.
    pub(crate) fn time_arithmetic(
        &mut self,
        op: ArithmeticOp,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Bound<Expr> {
        let interval = |e: &Expr| e.data_type.is_interval();
        let months = |e: &Expr| e.data_type == DataType::IntervalMonths;
        match op {
            ArithmeticOp::Add if is_moment(&left.data_type) && interval(&right) => {
                let months = months(&right);
                Ok(add(left, right, months, span))
            }
            ArithmeticOp::Add if interval(&left) && is_moment(&right.data_type) => {
                let months = months(&left);
                Ok(add(right, left, months, span))
            }
            ArithmeticOp::Subtract if is_moment(&left.data_type) && interval(&right) => {
                let months = months(&right);
                Ok(add(left, negated(right), months, span))
            }
            ArithmeticOp::Add | ArithmeticOp::Subtract
                if interval(&left) && left.data_type == right.data_type =>
            {
                let data_type = left.data_type.clone();
                Ok(arithmetic(op, left, right, data_type, span))
            }
            ArithmeticOp::Multiply if interval(&left) && right.data_type.is_integer() => {
                let data_type = left.data_type.clone();
                let count = self.convert(right, &DataType::BigInt);
                Ok(arithmetic(op, left, count, data_type, span))
            }
            ArithmeticOp::Multiply if left.data_type.is_integer() && interval(&right) => {
                let data_type = right.data_type.clone();
                let count = self.convert(left, &DataType::BigInt);
                Ok(arithmetic(op, right, count, data_type, span))
            }
            _ => {
                let both = is_moment(&left.data_type) && is_moment(&right.data_type);
                let help = if both && op == ArithmeticOp::Subtract {
                    "TIMESTAMPDIFF(SECOND, from, to) gives the time between the two"
                } else {
                    "write + or - INTERVAL '1' DAY, or TIMESTAMPADD(DAY, 1, ..)"
                };
                Err(self.fail(
                    Diagnostic::new(
                        Code::TypeMismatch,
                        span,
                        format!(
                            "arithmetic does not take {} and {} together",
                            left.data_type, right.data_type
                        ),
                    )
                    .related(left.span, left.data_type.to_string())
                    .related(right.span, right.data_type.to_string())
                    .help(help),
                ))
            }
        }
    }

    /// `(start, end) OVERLAPS (start, end)`; an end may be an INTERVAL from its start.
    pub(crate) fn bind_overlaps(&mut self, left: &Ast, right: &Ast, scope: &Scope) -> Bound<Expr> {
        let mut bounds = Vec::with_capacity(4);
        for side in [left, right] {
            let period = match side {
                Ast::Tuple(pair) if pair.len() == 2 => pair,
                other => {
                    let span = bytes(other.span());
                    return Err(self.unsupported(
                        span,
                        "OVERLAPS takes two periods",
                        Some("write (start, end) OVERLAPS (start, end)"),
                    ));
                }
            };
            let bound = all(period.iter().map(|e| self.bind_expr(e, scope)))?;
            let Ok([start, end]) = <[Expr; 2]>::try_from(bound) else {
                return Err(Stop::Reported);
            };
            let span = start.span.to(end.span);
            let start = self.moment(start, "OVERLAPS", span)?;
            let end = if end.data_type.is_interval() {
                self.time_arithmetic(ArithmeticOp::Add, start.clone(), end, span)?
            } else {
                self.moment(end, "OVERLAPS", span)?
            };
            if start.data_type != end.data_type {
                return Err(self.incomparable(&start, &end, span));
            }
            let data_type = start.data_type.clone();
            let of = |function, args| Expr {
                kind: ExprKind::Call {
                    function: Function::Numeric(function),
                    args,
                },
                data_type: data_type.clone(),
                span,
            };
            if self.dialect == Dialect::Flink {
                // Where an end is NULL the period is only its start.
                let upward =
                    self.compare(CompareOp::LessOrEqual, start.clone(), end.clone(), span)?;
                let choose = |then: &Expr, otherwise: &Expr| Expr {
                    kind: ExprKind::Case {
                        branches: vec![(upward.clone(), then.clone())],
                        otherwise: Some(Box::new(otherwise.clone())),
                    },
                    data_type: data_type.clone(),
                    span,
                };
                self.spend(3 * (expr_nodes(&start) + expr_nodes(&end)), span)?;
                bounds.push(choose(&start, &end));
                bounds.push(choose(&end, &start));
                continue;
            }
            bounds.push(of(NumericFunction::Least, vec![start.clone(), end.clone()]));
            bounds.push(of(NumericFunction::Greatest, vec![start, end]));
        }
        let Ok([start, end, other_start, other_end]) = <[Expr; 4]>::try_from(bounds) else {
            return Err(Stop::Reported);
        };
        let span = self
            .tokens
            .bracketed(start.span)
            .to(self.tokens.bracketed(other_end.span));
        let first = self.compare(CompareOp::LessOrEqual, start, other_end, span)?;
        let second = self.compare(CompareOp::LessOrEqual, other_start, end, span)?;
        Ok(boolean(ExprKind::And(vec![first, second]), span))
    }
}

/// The operands where the value of an INTERVAL is written as `(a - b)`.
fn difference(value: &Ast) -> Option<(&Ast, &Ast)> {
    match value {
        Ast::Nested(inner) => match &**inner {
            Ast::BinaryOp {
                left,
                op: BinaryOperator::Minus,
                right,
            } => Some((&**left, &**right)),
            _ => None,
        },
        _ => None,
    }
}

fn call(function: TimeFunction, args: Vec<Expr>, data_type: DataType, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Call {
            function: Function::Time(function),
            args,
        },
        data_type,
        span,
    }
}

fn add(moment: Expr, interval: Expr, months: bool, span: Span) -> Expr {
    let function = if months {
        TimeFunction::AddMonths
    } else {
        TimeFunction::AddMillis
    };
    let data_type = moment.data_type.clone();
    call(function, vec![moment, interval], data_type, span)
}

fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr, data_type: DataType, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Arithmetic {
            op,
            left: Box::new(left),
            right: Box::new(right),
        },
        data_type,
        span,
    }
}

/// An integer and a constant; two constants are computed at once.
fn integer(op: ArithmeticOp, left: Expr, right: i64, data_type: DataType, span: Span) -> Expr {
    if let (ArithmeticOp::Multiply, ExprKind::Literal(Literal::Int(count))) = (op, &left.kind)
        && let Some(product) = count.checked_mul(right)
    {
        return Expr {
            kind: ExprKind::Literal(Literal::Int(product)),
            data_type,
            span,
        };
    }
    let right = Expr {
        kind: ExprKind::Literal(Literal::Int(right)),
        data_type: DataType::BigInt,
        span,
    };
    arithmetic(op, left, right, data_type, span)
}

/// An INTERVAL with the other sign.
fn negated(interval: Expr) -> Expr {
    let kind = match &interval.kind {
        ExprKind::Literal(Literal::Months(months)) => {
            ExprKind::Literal(Literal::Months(months.saturating_neg()))
        }
        ExprKind::Literal(Literal::Millis(millis)) => {
            ExprKind::Literal(Literal::Millis(millis.saturating_neg()))
        }
        _ => ExprKind::Negate(Box::new(interval.clone())),
    };
    Expr { kind, ..interval }
}

fn interval_type(months: bool) -> DataType {
    if months {
        DataType::IntervalMonths
    } else {
        DataType::IntervalMillis
    }
}

/// The text of an INTERVAL's count, and whether a minus stands before it.
fn signed_text(value: &Ast) -> Option<(bool, &str)> {
    match value {
        Ast::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some((false, text)),
            _ => None,
        },
        Ast::UnaryOp { op, expr } => {
            let negative = match op {
                UnaryOperator::Minus => true,
                UnaryOperator::Plus => false,
                _ => return None,
            };
            signed_text(expr).map(|(inner, text)| (negative != inner, text))
        }
        _ => None,
    }
}

/// Milliseconds or months of a unit, and whether they are months.
fn length_of(unit: TimeUnit) -> (i64, bool) {
    match unit {
        TimeUnit::Millennium => (12_000, true),
        TimeUnit::Century => (1200, true),
        TimeUnit::Decade => (120, true),
        TimeUnit::Year => (12, true),
        TimeUnit::Quarter => (3, true),
        TimeUnit::Month => (1, true),
        TimeUnit::Week => (604_800_000, false),
        TimeUnit::Day => (86_400_000, false),
        TimeUnit::Hour => (3_600_000, false),
        TimeUnit::Minute => (60_000, false),
        TimeUnit::Second => (1000, false),
        TimeUnit::Millisecond => (1, false),
    }
}

fn unit_of(name: &str) -> Option<TimeUnit> {
    Some(match name {
        "MILLENNIUM" => TimeUnit::Millennium,
        "CENTURY" => TimeUnit::Century,
        "DECADE" => TimeUnit::Decade,
        "YEAR" => TimeUnit::Year,
        "QUARTER" => TimeUnit::Quarter,
        "MONTH" => TimeUnit::Month,
        "WEEK" => TimeUnit::Week,
        "DAY" => TimeUnit::Day,
        "HOUR" => TimeUnit::Hour,
        "MINUTE" => TimeUnit::Minute,
        "SECOND" => TimeUnit::Second,
        "MILLISECOND" => TimeUnit::Millisecond,
        _ => return None,
    })
}

fn field_of(name: &str) -> Option<TimeField> {
    Some(match name {
        "MILLENNIUM" => TimeField::Millennium,
        "CENTURY" => TimeField::Century,
        "DECADE" => TimeField::Decade,
        "YEAR" => TimeField::Year,
        "ISOYEAR" => TimeField::IsoYear,
        "QUARTER" => TimeField::Quarter,
        "MONTH" => TimeField::Month,
        "WEEK" => TimeField::Week,
        "DAY" => TimeField::Day,
        "DOW" | "DAYOFWEEK" => TimeField::DayOfWeek,
        "ISODOW" => TimeField::IsoDayOfWeek,
        "DOY" | "DAYOFYEAR" => TimeField::DayOfYear,
        "HOUR" => TimeField::Hour,
        "MINUTE" => TimeField::Minute,
        "SECOND" => TimeField::Second,
        "MILLISECOND" | "MILLISECONDS" => TimeField::Millisecond,
        "MICROSECOND" | "MICROSECONDS" => TimeField::Microsecond,
        "NANOSECOND" | "NANOSECONDS" => TimeField::Nanosecond,
        "EPOCH" => TimeField::Epoch,
        _ => return None,
    })
}

fn is_clock_field(field: TimeField) -> bool {
    matches!(
        field,
        TimeField::Hour
            | TimeField::Minute
            | TimeField::Second
            | TimeField::Millisecond
            | TimeField::Microsecond
            | TimeField::Nanosecond
    )
}
