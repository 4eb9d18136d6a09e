//! Expressions: which kind it is. What each means is in the neighbours.

use crate::bind::measure::expr_nodes;
use crate::bind::scope::{Scope, name_of};
use crate::bind::{Binder, Bound};
use crate::lexer::bytes;
use crate::parse::symmetric_bound;
use crate::plan::{CompareOp, Dialect, Expr, ExprKind, IsTest, Literal, Span};
use rookery_model::DataType;
use sqlparser::ast::{
    BinaryOperator, CastKind, Expr as Ast, Ident, Query, SelectItem, SetExpr, Spanned,
    UnaryOperator,
};

impl Binder<'_> {
    /// Binds an expression over the columns of a scope.
    pub(crate) fn bind_expr(&mut self, ast: &Ast, scope: &Scope) -> Bound<Expr> {
        match ast {
            Ast::Identifier(ident) => self.bind_identifier(ident, scope),
            Ast::CompoundIdentifier(parts) => self.bind_compound(parts, scope),
            Ast::Value(value) => self.bind_value(&value.value, bytes(value.span)),
            Ast::TypedString(typed) => self.bind_typed_string(typed),
            Ast::Prefixed { prefix, value } => self.bind_prefixed(prefix, value, scope),
            Ast::Nested(inner) => {
                let mut bound = self.bind_expr(inner, scope)?;
                bound.span = self.tokens.bracketed(bound.span);
                Ok(bound)
            }
            Ast::BinaryOp {
                left,
                op: BinaryOperator::Overlaps,
                right,
            } => self.bind_overlaps(left, right, scope),
            Ast::BinaryOp { .. } => self.bind_binary(ast, scope),
            Ast::UnaryOp { op, expr } => self.bind_unary(*op, expr, scope),
            Ast::IsNull(e) => self.bind_is(e, IsTest::Null, false, scope),
            Ast::IsNotNull(e) => self.bind_is(e, IsTest::Null, true, scope),
            Ast::IsTrue(e) => self.bind_is(e, IsTest::True, false, scope),
            Ast::IsNotTrue(e) => self.bind_is(e, IsTest::True, true, scope),
            Ast::IsFalse(e) => self.bind_is(e, IsTest::False, false, scope),
            Ast::IsNotFalse(e) => self.bind_is(e, IsTest::False, true, scope),
            Ast::IsUnknown(e) => self.bind_is(e, IsTest::Unknown, false, scope),
            Ast::IsNotUnknown(e) => self.bind_is(e, IsTest::Unknown, true, scope),
            Ast::IsDistinctFrom(a, b) => self.bind_distinct(a, b, false, scope),
            Ast::IsNotDistinctFrom(a, b) => self.bind_distinct(a, b, true, scope),
            Ast::InList {
                expr,
                list,
                negated,
            } => self.bind_in(expr, list, *negated, scope),
            Ast::Between {
                expr,
                negated,
                low,
                high,
            } => self.bind_between(expr, low, high, *negated, scope),
            Ast::Like { any: false, .. } | Ast::SimilarTo { .. } => self.bind_match(ast, scope),
            Ast::Case {
                case_token,
                end_token,
                operand,
                conditions,
                else_result,
            } => {
                let span = bytes(case_token.0.span).to(bytes(end_token.0.span));
                self.bind_case(
                    operand.as_deref(),
                    conditions,
                    else_result.as_deref(),
                    span,
                    scope,
                )
            }
            Ast::Cast {
                kind: kind @ (CastKind::Cast | CastKind::TryCast),
                expr,
                data_type,
                format: None,
            } => self.bind_cast(kind, expr, data_type, scope),
            Ast::Function(function) => self.bind_function(function, scope),
            Ast::IsJson {
                expr,
                kind,
                unique_keys: None,
                negated,
            } => self.bind_is_json(expr, kind.as_ref(), *negated, scope),
            Ast::Array(array) => {
                let span = self.tokens.call(self.span_of(ast));
                self.bind_array(&array.elem, span, scope)
            }
            Ast::Tuple(fields) => self.bind_row_value(fields, self.span_of(ast), scope),
            Ast::CompoundFieldAccess { root, access_chain } => {
                self.bind_access(root, access_chain, scope)
            }
            Ast::Interval(interval) => self.bind_interval(interval, scope),
            Ast::Extract { field, expr, .. } => self.bind_extract(field, expr, scope),
            Ast::Ceil { expr, field } => self.bind_floor(true, expr, field, scope),
            Ast::Floor { expr, field } => self.bind_floor(false, expr, field, scope),
            Ast::Position { .. }
            | Ast::Substring { .. }
            | Ast::Trim { .. }
            | Ast::Overlay { .. } => self.bind_text_syntax(ast, scope),
            Ast::Exists { subquery, negated }
                if self.dialect == Dialect::Flink && is_one_row(subquery) =>
            {
                Ok(boolean(
                    ExprKind::Literal(Literal::Boolean(!negated)),
                    self.span_of(ast),
                ))
            }
            other => self.bind_rest(other),
        }
    }

    /// What is understood and not built, and what is of another SQL.
    fn bind_rest(&mut self, ast: &Ast) -> Bound<Expr> {
        let span = self.span_of(ast);
        let construct = match ast {
            Ast::InSubquery { .. } => "IN with a subquery",
            Ast::Exists { .. } => "EXISTS",
            Ast::Subquery(_) => "a subquery that stands for a value",
            Ast::AtTimeZone { .. } => "AT TIME ZONE",
            _ => "",
        };
        if !construct.is_empty() {
            return self.not_built(construct, span);
        }
        let (message, help) = match ast {
            Ast::Cast {
                kind: CastKind::DoubleColon,
                ..
            } => (
                "`::` is not an operator here",
                Some("write CAST(.. AS type)"),
            ),
            Ast::Cast { .. } | Ast::Convert { .. } => {
                ("this cast is not supported", Some("write CAST(.. AS type)"))
            }
            Ast::ILike { .. } => (
                "ILIKE is not supported",
                Some("compare LOWER(..) LIKE a pattern in lower case"),
            ),
            Ast::RLike { .. } => (
                "RLIKE and REGEXP are not operators here",
                Some("write SIMILAR TO, or REGEXP(..)"),
            ),
            Ast::AnyOp { .. } | Ast::AllOp { .. } | Ast::Like { .. } => {
                ("ANY and ALL are not supported", Some("write IN (..)"))
            }
            Ast::Collate { .. } => ("COLLATE is not supported", None),
            _ => ("this expression is of another SQL", None),
        };
        Err(self.unsupported(span, message, help))
    }

    /// The span of what is not bound; sqlparser knows it in part.
    fn span_of(&self, ast: &Ast) -> Span {
        let span = match ast {
            Ast::RLike { expr, pattern, .. } => bytes(expr.span()).to(bytes(pattern.span())),
            Ast::Exists { subquery, .. } => {
                let inner = self.tokens.bracketed(bytes(subquery.span()));
                self.tokens.before(inner, 1)
            }
            Ast::Subquery(subquery) => self.tokens.bracketed(bytes(subquery.span())),
            Ast::InSubquery { .. } => self.tokens.after(bytes(ast.span()), 1),
            Ast::Cast {
                kind: CastKind::DoubleColon,
                expr,
                ..
            } => self.tokens.after(bytes(expr.span()), 2),
            Ast::Convert { expr, .. } => self.tokens.before(bytes(expr.span()), 2),
            _ => bytes(ast.span()),
        };
        if span == Span::default() {
            self.place
        } else {
            span
        }
    }

    fn bind_identifier(&mut self, ident: &Ident, scope: &Scope) -> Bound<Expr> {
        let name = name_of(ident);
        if !name.quoted && name.text.eq_ignore_ascii_case("UNKNOWN") {
            return Ok(Expr {
                kind: ExprKind::Literal(Literal::Null),
                data_type: DataType::Boolean,
                span: name.span,
            });
        }
        let constant = !name.quoted && name.text.eq_ignore_ascii_case("PI");
        if constant && self.type_of_column(&name.text, scope).is_none() {
            return Ok(Expr {
                kind: ExprKind::Literal(Literal::Double(std::f64::consts::PI)),
                data_type: DataType::Double,
                span: name.span,
            });
        }
        self.bind_column(None, &name, scope)
    }

    fn bind_compound(&mut self, parts: &[Ident], scope: &Scope) -> Bound<Expr> {
        match parts {
            [qualifier, column] => {
                let qualifier = name_of(qualifier);
                let relation = scope
                    .relations
                    .iter()
                    .any(|relation| relation.name.as_ref() == Some(&qualifier.text));
                if !relation
                    && let Some(data_type) = self.type_of_column(&qualifier.text, scope)
                    && matches!(data_type, DataType::Row(_))
                {
                    let row = self.bind_column(None, &qualifier, scope)?;
                    return self.field(row, &name_of(column));
                }
                self.bind_column(Some(&qualifier), &name_of(column), scope)
            }
            [_, .., last] => {
                // The first may be a relation or a column; all others are fields.
                let inner = &parts[..parts.len() - 1];
                let row = match inner {
                    [column] => self.bind_identifier(column, scope)?,
                    _ => self.bind_compound(inner, scope)?,
                };
                self.field(row, &name_of(last))
            }
            [only] => self.bind_identifier(only, scope),
            [] => Err(crate::bind::Stop::Reported),
        }
    }

    fn bind_unary(&mut self, op: UnaryOperator, inner: &Ast, scope: &Scope) -> Bound<Expr> {
        if op == UnaryOperator::Minus
            && let Ast::Value(value) = inner
            && let sqlparser::ast::Value::Number(digits, long) = &value.value
        {
            let span = self.tokens.before(bytes(value.span), 1);
            return self.bind_number(&format!("-{digits}"), *long, span);
        }
        let bound = self.bind_expr(inner, scope)?;
        let span = self.tokens.before(bound.span, 1);
        match op {
            UnaryOperator::Not => {
                let mut operand = self.condition(bound, "NOT")?;
                operand.span = operand.span.to(span);
                Ok(Expr {
                    kind: ExprKind::Not(Box::new(operand)),
                    data_type: DataType::Boolean,
                    span,
                })
            }
            UnaryOperator::Plus => {
                let mut number = self.number(bound, "+")?;
                number.span = span;
                Ok(number)
            }
            UnaryOperator::Minus => {
                let number = self.number(bound, "-")?;
                Ok(Expr {
                    data_type: number.data_type.clone(),
                    kind: ExprKind::Negate(Box::new(number)),
                    span,
                })
            }
            other => {
                Err(self.unsupported(span, format!("`{other}` is not an operator here"), None))
            }
        }
    }

    fn bind_is(&mut self, inner: &Ast, test: IsTest, negated: bool, scope: &Scope) -> Bound<Expr> {
        let mut input = self.bind_expr(inner, scope)?;
        let next = self.tokens.after(input.span, 1);
        let word = &self.text[input.span.end as usize..next.end as usize];
        if negated && word.to_uppercase().ends_with("NOT") {
            let span = self.tokens.after(input.span, 2);
            let help = Some("write IS NOT NULL");
            return Err(self.unsupported(span, "NOT NULL is no condition", help));
        }
        let span = self.tokens.after(input.span, if negated { 3 } else { 2 });
        if test != IsTest::Null {
            input = self.condition(input, "IS TRUE, FALSE or UNKNOWN")?;
        }
        Ok(Expr {
            kind: ExprKind::Is {
                input: Box::new(input),
                test,
                negated,
            },
            data_type: DataType::Boolean,
            span,
        })
    }

    fn bind_between(
        &mut self,
        input: &Ast,
        low: &Ast,
        high: &Ast,
        negated: bool,
        scope: &Scope,
    ) -> Bound<Expr> {
        let symmetric = symmetric_bound(low);
        let low = symmetric.unwrap_or(low);
        let bound = crate::bind::all([input, low, high].map(|e| self.bind_expr(e, scope)))?;
        let Ok([input, low, high]) = <[Expr; 3]>::try_from(bound) else {
            return Err(crate::bind::Stop::Reported);
        };
        let span = input.span.to(high.span);
        // The operand is put in for each comparison; chains of BETWEEN would double it each time.
        self.spend(expr_nodes(&input), span)?;
        let between = if symmetric.is_some() {
            let copies = 2 * expr_nodes(&input) + expr_nodes(&low) + expr_nodes(&high);
            self.spend(copies, span)?;
            let upward = self.within(input.clone(), low.clone(), high.clone(), span)?;
            let downward = self.within(input, high, low, span)?;
            boolean(ExprKind::Or(vec![upward, downward]), span)
        } else {
            self.within(input, low, high, span)?
        };
        Ok(if negated {
            boolean(ExprKind::Not(Box::new(between)), span)
        } else {
            between
        })
    }

    fn within(&mut self, input: Expr, low: Expr, high: Expr, span: Span) -> Bound<Expr> {
        let from = self.compare(CompareOp::GreaterOrEqual, input.clone(), low, span)?;
        let to = self.compare(CompareOp::LessOrEqual, input, high, span)?;
        Ok(boolean(ExprKind::And(vec![from, to]), span))
    }
}

/// Whether a subquery is `SELECT ..` of constants, which gives one row.
fn is_one_row(query: &Query) -> bool {
    let SetExpr::Select(select) = &*query.body else {
        return false;
    };
    let constant = |item: &SelectItem| {
        matches!(
            item,
            SelectItem::UnnamedExpr(Ast::Value(_))
                | SelectItem::ExprWithAlias {
                    expr: Ast::Value(_),
                    ..
                }
        )
    };
    select.from.is_empty()
        && select.selection.is_none()
        && select.having.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && query.with.is_none()
        && select.projection.iter().all(constant)
}

/// A BOOLEAN expression.
pub(crate) fn boolean(kind: ExprKind, span: Span) -> Expr {
    Expr {
        kind,
        data_type: DataType::Boolean,
        span,
    }
}
