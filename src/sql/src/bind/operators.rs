//! Operators: logic, comparisons, arithmetic, patterns, CASE.

use crate::Function;
use crate::bind::expr::boolean;
use crate::bind::scope::Scope;
use crate::bind::time_syntax::is_moment;
use crate::bind::{Binder, Bound, Stop, all};
use crate::code::Code;
use crate::coerce::{self, Comparison};
use crate::diagnostics::Diagnostic;
use crate::plan::{ArithmeticOp, CompareOp, Dialect, Expr, ExprKind, Literal, Span};
use rookery_model::DataType;
use sqlparser::ast::{BinaryOperator, Expr as Ast};

impl Binder<'_> {
    /// `a op b op c ..`: the tree leans to the left and may be long, so it is walked, not descended.
    pub(crate) fn bind_binary(&mut self, ast: &Ast, scope: &Scope) -> Bound<Expr> {
        let mut chain = Vec::new();
        let mut at = ast;
        while let Ast::BinaryOp { left, op, right } = at
            && *op != BinaryOperator::Overlaps
        {
            chain.push((op, &**right));
            at = left;
        }
        let mut bound = self.bind_expr(at, scope);
        for (op, right) in chain.into_iter().rev() {
            let right = self.bind_expr(right, scope);
            bound = match all([bound, right]).map(<[Expr; 2]>::try_from) {
                Ok(Ok([left, right])) => self.binary(op, left, right),
                Ok(Err(_)) => Err(Stop::Reported),
                Err(stop) => Err(stop),
            };
        }
        bound
    }

    fn binary(&mut self, op: &BinaryOperator, left: Expr, right: Expr) -> Bound<Expr> {
        let span = left.span.to(right.span);
        let compare = |op| Some(op);
        let comparison = match op {
            BinaryOperator::Eq => compare(CompareOp::Equal),
            BinaryOperator::NotEq => compare(CompareOp::NotEqual),
            BinaryOperator::Lt => compare(CompareOp::Less),
            BinaryOperator::LtEq => compare(CompareOp::LessOrEqual),
            BinaryOperator::Gt => compare(CompareOp::Greater),
            BinaryOperator::GtEq => compare(CompareOp::GreaterOrEqual),
            _ => None,
        };
        if let Some(comparison) = comparison {
            return self.compare(comparison, left, right, span);
        }
        let arithmetic = match op {
            BinaryOperator::Plus => Some(ArithmeticOp::Add),
            BinaryOperator::Minus => Some(ArithmeticOp::Subtract),
            BinaryOperator::Multiply => Some(ArithmeticOp::Multiply),
            BinaryOperator::Divide => Some(ArithmeticOp::Divide),
            BinaryOperator::Modulo => Some(ArithmeticOp::Modulo),
            _ => None,
        };
        if let Some(arithmetic) = arithmetic {
            return self.arithmetic(arithmetic, left, right, span);
        }
        match op {
            BinaryOperator::And | BinaryOperator::Or => {
                let and = *op == BinaryOperator::And;
                let place = if and { "AND" } else { "OR" };
                let operands = all([left, right].map(|e| self.condition(e, place)))?;
                Ok(boolean(flatten(and, operands), span))
            }
            BinaryOperator::StringConcat => self.concat(left, right, span),
            other => Err(self.unsupported(
                span,
                format!("`{other}` is not an operator here"),
                foreign_operator(other, self.dialect),
            )),
        }
    }

    /// Compares two values as what they have in common.
    pub(crate) fn compare(
        &mut self,
        op: CompareOp,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Bound<Expr> {
        let (left, right) = self.comparable(left, right, span)?;
        let equality = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
        if !equality && !coerce::ordered(&left.data_type) {
            return Err(self.fail(Diagnostic::new(
                Code::TypeMismatch,
                span,
                format!("values of {} have no order", left.data_type),
            )));
        }
        Ok(boolean(
            ExprKind::Compare {
                op,
                left: Box::new(left),
                right: Box::new(right),
            },
            span,
        ))
    }

    /// Converts two values to what they are compared as.
    fn comparable(&mut self, left: Expr, right: Expr, span: Span) -> Bound<(Expr, Expr)> {
        let (left, right) = self.json_number(left, right, span);
        let (left, right) = self.whole_constants(left, right);
        match coerce::comparison(self.dialect, &left.data_type, &right.data_type) {
            Some(comparison) => {
                if comparison.text_and_number {
                    self.warn_text_and_number(&left, &right, "compared with", span);
                }
                if is_moment(&comparison.data_type) {
                    self.warn_text_and_time(&left, &right, span);
                }
                let as_compared = |expr| self.as_compared(expr, &comparison);
                Ok((as_compared(left), as_compared(right)))
            }
            None => Err(self.incomparable(&left, &right, span)),
        }
    }

    /// Flink compares what JSON_VALUE gives with a number as one, though no other text.
    fn json_number(&mut self, left: Expr, right: Expr, span: Span) -> (Expr, Expr) {
        let text = |expr: &Expr| {
            matches!(expr.kind, ExprKind::JsonValue { .. }) && expr.data_type.is_string()
        };
        let number = |expr: &Expr| expr.data_type.is_numeric();
        if self.dialect != Dialect::Flink {
            return (left, right);
        }
        if text(&left) && number(&right) {
            self.warn_text_and_number(&left, &right, "compared with", span);
            return (self.convert(left, &right.data_type), right);
        }
        if number(&left) && text(&right) {
            self.warn_text_and_number(&left, &right, "compared with", span);
            let right = self.convert(right, &left.data_type);
            return (left, right);
        }
        (left, right)
    }

    /// Flink compares constants by their digits: a DOUBLE that is a whole number meets a BIGINT as one.
    fn whole_constants(&self, left: Expr, right: Expr) -> (Expr, Expr) {
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        let int = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(Literal::Int(_)));
        let whole = |expr: Expr| match expr.kind {
            ExprKind::Literal(Literal::Double(double))
                if double.fract() == 0.0 && (-LIMIT..LIMIT).contains(&double) =>
            {
                #[allow(clippy::cast_possible_truncation)]
                Expr {
                    kind: ExprKind::Literal(Literal::Int(double as i64)),
                    data_type: DataType::BigInt,
                    span: expr.span,
                }
            }
            _ => expr,
        };
        match self.dialect {
            Dialect::Flink if int(&left) => {
                let right = whole(right);
                (left, right)
            }
            Dialect::Flink if int(&right) => (whole(left), right),
            _ => (left, right),
        }
    }

    /// A value as it is compared: texts of all lengths are of one type, and so are decimals.
    pub(crate) fn as_compared(&self, expr: Expr, comparison: &Comparison) -> Expr {
        let decimals = |t: &DataType| matches!(t, DataType::Decimal { .. });
        let same = (expr.data_type.is_string() && comparison.data_type.is_string())
            || (decimals(&expr.data_type) && decimals(&comparison.data_type));
        if same {
            return expr;
        }
        let expr = self.exact_constant(expr, &comparison.data_type);
        self.convert(expr, &comparison.data_type)
    }

    pub(crate) fn incomparable(&mut self, left: &Expr, right: &Expr, span: Span) -> Stop {
        let (text, other) = if left.data_type.is_string() {
            (left, right)
        } else {
            (right, left)
        };
        let comparison = |expr: &Expr| matches!(expr.kind, ExprKind::Compare { .. });
        let joined = match &left.kind {
            ExprKind::Compare { left, right, .. } => self.is_joined(left) || self.is_joined(right),
            _ => false,
        };
        let help = if joined {
            "`||` joins texts, and does so before they are compared; write OR".to_owned()
        } else if comparison(left) || comparison(right) {
            "a comparison gives a BOOLEAN; write a < b AND b < c".to_owned()
        } else if self.dialect == Dialect::Flink
            && text.data_type.is_string()
            && other.data_type.is_numeric()
        {
            format!(
                "Flink converts neither; write CAST(.. AS {}) or quote the number",
                other.data_type
            )
        } else {
            "CAST one of them to the other's type".to_owned()
        };
        self.fail(
            Diagnostic::new(
                Code::TypeMismatch,
                span,
                format!(
                    "{} cannot be compared with {}",
                    left.data_type, right.data_type
                ),
            )
            .related(left.span, left.data_type.to_string())
            .related(right.span, right.data_type.to_string())
            .help(help),
        )
    }

    /// Warns that text is read as a number for each message.
    pub(crate) fn warn_text_and_number(
        &mut self,
        left: &Expr,
        right: &Expr,
        how: &str,
        span: Span,
    ) {
        let (text, number) = if left.data_type.is_string() {
            (left, right)
        } else {
            (right, left)
        };
        let quoted = matches!(number.kind, ExprKind::Literal(Literal::Int(_)));
        let help = if how == "+" && number.data_type.is_string() {
            "write || to join texts, CAST if they are numbers".to_owned()
        } else if quoted {
            let digits = &self.text[number.span.start as usize..number.span.end as usize];
            format!("write '{digits}' if the text is meant, CAST if its number is")
        } else {
            "write the CAST that is meant".to_owned()
        };
        let is_constant = matches!(text.kind, ExprKind::Literal(_));
        let label = if is_constant {
            "the text is read as a number"
        } else {
            match self.dialect {
                Dialect::Blink => "the text is read as a number for each row; NULL if it is none",
                Dialect::Flink => {
                    "the text is read as a number for each row; a dead letter if it is none"
                }
            }
        };
        self.warn(
            Diagnostic::new(
                Code::ImplicitConversion,
                span,
                format!("{} {how} {}", left.data_type, right.data_type),
            )
            .label(label)
            .help(help),
        );
    }

    /// Warns that text is read as a date or time for each message; a constant is what it says.
    fn warn_text_and_time(&mut self, left: &Expr, right: &Expr, span: Span) {
        let read =
            |expr: &&Expr| expr.data_type.is_string() && !matches!(expr.kind, ExprKind::Literal(_));
        let (Some(text), other) = (match (read(&left), read(&right)) {
            (true, _) => (Some(left), right),
            (_, true) => (Some(right), left),
            _ => (None, right),
        }) else {
            return;
        };
        let fails = match self.dialect {
            Dialect::Blink => "NULL",
            Dialect::Flink => "a dead letter",
        };
        self.warn(
            Diagnostic::new(
                Code::ImplicitConversion,
                span,
                format!("{} compared with {}", left.data_type, right.data_type),
            )
            .label(format!(
                "the text is read as a {} for each row; {fails} if it is none",
                other.data_type
            ))
            .related(text.span, text.data_type.to_string())
            .help("write the CAST that is meant, or TRY_CAST, which gives NULL in both dialects"),
        );
    }

    fn arithmetic(&mut self, op: ArithmeticOp, left: Expr, right: Expr, span: Span) -> Bound<Expr> {
        let time = |e: &Expr| is_moment(&e.data_type) || e.data_type.is_interval();
        if time(&left) || time(&right) {
            return self.time_arithmetic(op, left, right, span);
        }
        let Some(typed) = coerce::arithmetic(self.dialect, op, &left.data_type, &right.data_type)
        else {
            let symbol = symbol(op);
            let texts = left.data_type.is_string() && right.data_type.is_string();
            return Err(self.fail(
                Diagnostic::new(
                    Code::TypeMismatch,
                    span,
                    format!(
                        "`{symbol}` does not take {} and {}",
                        left.data_type, right.data_type
                    ),
                )
                .related(left.span, left.data_type.to_string())
                .related(right.span, right.data_type.to_string())
                .help(match op {
                    ArithmeticOp::Add if texts => {
                        "write || to join texts, CAST if they are numbers"
                    }
                    _ => "CAST what is no number to a number's type",
                }),
            ));
        };
        if typed.text_and_number {
            self.warn_text_and_number(&left, &right, symbol(op), span);
        }
        let operand = |expr: Expr| {
            let decimals = |t: &DataType| matches!(t, DataType::Decimal { .. });
            match (&typed.operand, &expr.data_type) {
                // A whole number joins decimals with its own digits.
                (DataType::Decimal { .. }, t) if t.is_integer() => {
                    let own = coerce::integer_as_decimal(t);
                    self.convert(expr, &own)
                }
                (DataType::Decimal { .. }, t) if decimals(t) => expr,
                (to, _) => self.convert(expr, to),
            }
        };
        let (left, right) = (operand(left), operand(right));
        Ok(Expr {
            kind: ExprKind::Arithmetic {
                op,
                left: Box::new(left),
                right: Box::new(right),
            },
            data_type: typed.result,
            span,
        })
    }

    /// MOD and its like: an operator written as a function.
    pub(crate) fn operator_call(
        &mut self,
        op: ArithmeticOp,
        args: Vec<Expr>,
        span: Span,
    ) -> Bound<Expr> {
        match <[Expr; 2]>::try_from(args) {
            Ok([left, right]) => self.arithmetic(op, left, right, span),
            Err(_) => Err(Stop::Reported),
        }
    }

    fn concat(&mut self, left: Expr, right: Expr, span: Span) -> Bound<Expr> {
        let place = "`||`";
        let operands = all([left, right].map(|e| self.text(e, place)))?;
        let mut args = Vec::with_capacity(operands.len());
        for operand in operands {
            match operand.kind {
                ExprKind::Call {
                    function: Function::Concat,
                    args: inner,
                } => args.extend(inner),
                _ => args.push(operand),
            }
        }
        let lengths = args.iter().map(|arg| match arg.data_type {
            DataType::Char(length) if self.dialect == Dialect::Flink => Some(length),
            _ => None,
        });
        let length = lengths.sum::<Option<u32>>();
        Ok(Expr {
            kind: ExprKind::Call {
                function: Function::Concat,
                args,
            },
            data_type: length.map_or(DataType::STRING, DataType::Char),
            span,
        })
    }

    /// `a IS [NOT] DISTINCT FROM b`
    pub(crate) fn bind_distinct(
        &mut self,
        left: &Ast,
        right: &Ast,
        negated: bool,
        scope: &Scope,
    ) -> Bound<Expr> {
        let bound = all([left, right].map(|e| self.bind_expr(e, scope)))?;
        let Ok([left, right]) = <[Expr; 2]>::try_from(bound) else {
            return Err(Stop::Reported);
        };
        let span = left.span.to(right.span);
        let (left, right) = self.comparable(left, right, span)?;
        Ok(boolean(
            ExprKind::Distinct {
                negated,
                left: Box::new(left),
                right: Box::new(right),
            },
            span,
        ))
    }

    /// The type that all of some values have in common.
    pub(crate) fn common_type(&mut self, values: &[&Expr], what: &str) -> Bound<DataType> {
        let mut common = DataType::Null;
        let mut first: Option<&Expr> = None;
        for &value in values {
            match coerce::common(self.dialect, &common, &value.data_type) {
                Some(wider) => common = wider,
                None => {
                    let mut diagnostic = Diagnostic::new(
                        Code::TypeMismatch,
                        value.span,
                        format!("{what} are of {common} and {}", value.data_type),
                    )
                    .label(value.data_type.to_string())
                    .help("CAST one of them to the other's type");
                    if let Some(first) = first {
                        diagnostic = diagnostic.related(first.span, common.to_string());
                    }
                    return Err(self.fail(diagnostic));
                }
            }
            if first.is_none() && value.data_type != DataType::Null {
                first = Some(value);
            }
        }
        Ok(common)
    }
}

/// AND or OR over the operands, with those of the same operator inside them.
fn flatten(and: bool, operands: Vec<Expr>) -> ExprKind {
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands {
        match operand.kind {
            ExprKind::And(inner) if and => flat.extend(inner),
            ExprKind::Or(inner) if !and => flat.extend(inner),
            _ => flat.push(operand),
        }
    }
    if and {
        ExprKind::And(flat)
    } else {
        ExprKind::Or(flat)
    }
}

fn symbol(op: ArithmeticOp) -> &'static str {
    match op {
        ArithmeticOp::Add => "+",
        ArithmeticOp::Subtract => "-",
        ArithmeticOp::Multiply => "*",
        ArithmeticOp::Divide => "/",
        ArithmeticOp::Modulo => "%",
    }
}

fn foreign_operator(op: &BinaryOperator, dialect: Dialect) -> Option<&'static str> {
    match op {
        BinaryOperator::BitwiseAnd if dialect == Dialect::Flink => {
            Some("Flink has no operators on bits; for one bit write a / 4 % 2 = 1, which is a & 4")
        }
        BinaryOperator::BitwiseOr | BinaryOperator::BitwiseXor if dialect == Dialect::Flink => {
            Some("Flink has no operators on bits")
        }
        BinaryOperator::BitwiseAnd => Some("write BITAND(a, b)"),
        BinaryOperator::BitwiseOr => Some("write BITOR(a, b)"),
        BinaryOperator::BitwiseXor => Some("write BITXOR(a, b)"),
        BinaryOperator::Spaceship => Some("write IS NOT DISTINCT FROM"),
        BinaryOperator::Assignment => Some("write ="),
        BinaryOperator::Arrow | BinaryOperator::LongArrow => {
            Some("write JSON_VALUE(text, '$.key')")
        }
        BinaryOperator::PGRegexMatch => Some("write SIMILAR TO"),
        _ => None,
    }
}
