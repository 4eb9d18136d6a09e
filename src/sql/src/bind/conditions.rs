//! IN, LIKE, SIMILAR TO and CASE.

use crate::bind::expr::boolean;
use crate::bind::scope::Scope;
use crate::bind::{Binder, Bound, Stop, all};
use crate::code::Code;
use crate::coerce::{self, Comparison};
use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::plan::{CompareOp, Dialect, Expr, ExprKind, Literal, Span};
use rookery_model::DataType;
use sqlparser::ast::{CaseWhen, Expr as Ast, Spanned};

impl Binder<'_> {
    /// `a [NOT] IN (b, ..)`
    pub(crate) fn bind_in(
        &mut self,
        input: &Ast,
        list: &[Ast],
        negated: bool,
        scope: &Scope,
    ) -> Bound<Expr> {
        let input = self.bind_expr(input, scope);
        let list = all(list.iter().map(|item| self.bind_expr(item, scope)));
        let (input, list) = match (input, list) {
            (Ok(input), Ok(list)) => (input, list),
            (input, list) => {
                let stops = [input.map(|_| ()), list.map(|_| ())];
                return Err(all(stops).err().unwrap_or(Stop::Reported));
            }
        };
        let last = list.last().map_or(input.span, |item| item.span);
        let span = self.tokens.after(input.span.to(last), 1);
        let mut common = Comparison {
            data_type: input.data_type.clone(),
            text_and_number: false,
        };
        // Flink compares a text with numbers, or a number with texts, as texts here, though it refuses `=`
        // between them.
        let all = |of: fn(&DataType) -> bool| list.iter().all(|item| of(&item.data_type));
        let texts = self.dialect == Dialect::Flink
            && ((input.data_type.is_string() && all(DataType::is_numeric))
                || (input.data_type.is_numeric() && all(DataType::is_string)));
        if texts {
            common.data_type = DataType::STRING;
        }
        for item in list.iter().filter(|_| !texts) {
            match coerce::comparison(self.dialect, &common.data_type, &item.data_type) {
                Some(wider) => {
                    if wider.text_and_number && !common.text_and_number {
                        self.warn_text_and_number(&input, item, "compared with", span);
                    }
                    common = Comparison {
                        text_and_number: common.text_and_number || wider.text_and_number,
                        ..wider
                    };
                }
                None => return Err(self.incomparable(&input, item, span)),
            }
        }
        let input = self.as_compared(input, &common);
        let list = list.into_iter().map(|item| self.as_compared(item, &common));
        Ok(boolean(
            ExprKind::In {
                input: Box::new(input),
                list: list.collect(),
                negated,
            },
            span,
        ))
    }

    /// `a [NOT] LIKE b [ESCAPE 'c']`, `a [NOT] SIMILAR TO b [ESCAPE 'c']`
    pub(crate) fn bind_match(&mut self, ast: &Ast, scope: &Scope) -> Bound<Expr> {
        let (Ast::Like {
            negated,
            expr,
            pattern,
            escape_char,
            ..
        }
        | Ast::SimilarTo {
            negated,
            expr,
            pattern,
            escape_char,
        }) = ast
        else {
            return Err(Stop::Reported);
        };
        let similar = matches!(ast, Ast::SimilarTo { .. });
        let place = if similar { "SIMILAR TO" } else { "LIKE" };
        let bound = all([&**expr, &**pattern].map(|e| {
            let bound = self.bind_expr(e, scope)?;
            self.text(bound, place)
        }))?;
        let Ok([input, pattern]) = <[Expr; 2]>::try_from(bound) else {
            return Err(Stop::Reported);
        };
        let mut span = input.span.to(pattern.span);
        let escape = match escape_char {
            Some(escape) => {
                span = span.to(bytes(escape.span()));
                Some(self.escape(escape, scope)?)
            }
            None if similar || self.dialect == Dialect::Blink => None,
            None => backslash(&pattern),
        };
        Ok(boolean(
            ExprKind::Match {
                input: Box::new(input),
                pattern: Box::new(pattern),
                escape,
                similar,
                negated: *negated,
            },
            span,
        ))
    }

    fn escape(&mut self, escape: &Ast, scope: &Scope) -> Bound<char> {
        let bound = self.bind_expr(escape, scope)?;
        if let ExprKind::Literal(Literal::String(text)) = &bound.kind {
            let mut characters = text.chars();
            if let (Some(character), None) = (characters.next(), characters.next()) {
                return Ok(character);
            }
        }
        Err(self.fail(
            Diagnostic::new(
                Code::InvalidLiteral,
                bound.span,
                "ESCAPE takes a text of one character",
            )
            .help("write ESCAPE '!' and put ! before each % or _ that stands for itself"),
        ))
    }

    /// Both forms of CASE; the one with an operand becomes comparisons with it.
    pub(crate) fn bind_case(
        &mut self,
        operand: Option<&Ast>,
        conditions: &[CaseWhen],
        otherwise: Option<&Ast>,
        span: Span,
        scope: &Scope,
    ) -> Bound<Expr> {
        let operand = operand
            .map(|operand| self.bind_expr(operand, scope))
            .transpose()?;
        let branches = all(conditions.iter().map(|when| {
            let condition = self
                .bind_expr(&when.condition, scope)
                .and_then(|condition| match operand.clone() {
                    Some(operand) => {
                        let span = condition.span;
                        self.compare(CompareOp::Equal, operand, condition, span)
                    }
                    None => self.condition(condition, "WHEN"),
                });
            let value = self.bind_expr(&when.result, scope);
            let pair = all([condition, value])?;
            <[Expr; 2]>::try_from(pair).map_err(|_| Stop::Reported)
        }));
        let otherwise = otherwise
            .map(|value| self.bind_expr(value, scope))
            .transpose();
        let (branches, otherwise) = match (branches, otherwise) {
            (Ok(branches), Ok(otherwise)) => (branches, otherwise),
            (branches, otherwise) => {
                let stops = [branches.map(|_| ()), otherwise.map(|_| ())];
                return Err(all(stops).err().unwrap_or(Stop::Reported));
            }
        };
        let values: Vec<&Expr> = branches
            .iter()
            .map(|[_, value]| value)
            .chain(&otherwise)
            .collect();
        let data_type = self.common_type(&values, "the values of CASE")?;
        let convert = |value| self.convert(value, &data_type);
        Ok(Expr {
            kind: ExprKind::Case {
                branches: branches
                    .into_iter()
                    .map(|[condition, value]| (condition, convert(value)))
                    .collect(),
                otherwise: otherwise.map(|value| Box::new(convert(value))),
            },
            data_type: data_type.clone(),
            span,
        })
    }
}

/// What escapes `_` and `%` in a LIKE of flink that names no ESCAPE: a backslash. Only in a constant
/// pattern without `_`, which Flink takes apart at each `%`, it is a character like others.
fn backslash(pattern: &Expr) -> Option<char> {
    match &pattern.kind {
        ExprKind::Literal(Literal::String(pattern)) => {
            (pattern.contains('_') && pattern.contains('\\')).then_some('\\')
        }
        _ => Some('\\'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_escapes_where_flink_lets_it() {
        let of = |pattern: &str| {
            backslash(&Expr {
                kind: ExprKind::Literal(Literal::String(pattern.into())),
                data_type: DataType::STRING,
                span: Span::default(),
            })
        };
        assert_eq!(of(r"a\_c"), Some('\\'));
        assert_eq!(of(r"100\%_"), Some('\\'));
        assert_eq!(of("_"), None);
        // No `_`: a character like others.
        assert_eq!(of(r"100\%"), None);
        assert_eq!(of(r"a\\b"), None);
        assert_eq!(of(r"C:\dir%"), None);
        assert_eq!(of(""), None);
    }
}
