//! Conditions that let no row pass, or all: of WHERE, and of the branches of CASE.

use super::Linter;
use super::constants::{Constant, constant, same};
use super::truth::{Truth, contradiction, covers_all, truth};
use super::walk::{Place, Scope, each_computed, each_expr, each_rel};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::plan::{CompareOp, Expr, ExprKind, Literal, Rel, Span};

impl Linter<'_> {
    /// Looks at every WHERE and CASE.
    pub(super) fn conditions(&mut self) {
        let program = self.program;
        each_computed(program, &mut |place| self.branches(place));
        for rule in &program.rules {
            each_rel(&rule.query, &mut |rel| {
                if let Rel::Filter { input, predicate } = rel {
                    self.condition(Scope::Rel(input), predicate);
                }
            });
            each_expr(&rule.query, &mut |place| self.branches(place));
        }
    }

    /// The conditions of a CASE: a branch that is never taken.
    fn branches(&mut self, place: Place<'_>) {
        if let ExprKind::Case { branches, .. } = &place.expr.kind {
            for (condition, _) in branches {
                if !truth(place.scope, condition).has(Truth::TRUE) {
                    self.never(place.scope, condition, "this branch is never taken");
                }
            }
        }
    }

    /// Reports the smallest parts of a condition that decide it, or that decide nothing.
    fn condition(&mut self, scope: Scope<'_>, expr: &Expr) {
        let can_be = truth(scope, expr);
        if !can_be.has(Truth::TRUE) {
            self.never(scope, expr, "no row passes");
        } else if can_be == Truth::TRUE || always_but_null(scope, expr) {
            self.always(scope, expr, can_be);
        } else if let ExprKind::And(operands) | ExprKind::Or(operands) = &expr.kind {
            for operand in operands {
                self.operand(scope, operand);
            }
        }
    }

    /// An operand of a condition that is itself sound.
    fn operand(&mut self, scope: Scope<'_>, expr: &Expr) {
        let can_be = truth(scope, expr);
        if can_be.has(Truth::TRUE) {
            self.condition(scope, expr);
        } else {
            self.never(scope, expr, "it lets nothing pass");
        }
    }

    fn never(&mut self, scope: Scope<'_>, expr: &Expr, effect: &str) {
        let finding = |span: Span, message: String| Diagnostic::new(Code::NeverTrue, span, message);
        match &expr.kind {
            ExprKind::And(operands) => {
                let culprit = operands
                    .iter()
                    .find(|operand| !truth(scope, operand).has(Truth::TRUE));
                if let Some(culprit) = culprit {
                    return self.never(scope, culprit, effect);
                }
                if let Some((first, second)) = contradiction(scope, operands) {
                    if first == second {
                        let diagnostic = finding(second, "nothing is between these two".to_owned())
                            .label(format!("the first is above the second: {effect}"))
                            .help("write BETWEEN lower AND upper, or BETWEEN SYMMETRIC");
                        return self.warn(diagnostic);
                    }
                    let message = "these two conditions are never both TRUE".to_owned();
                    let diagnostic = finding(second, message)
                        .label(format!("this excludes the other: {effect}"))
                        .related(first, "the other")
                        .help("write OR, or IN (..), if either is meant");
                    return self.warn(diagnostic);
                }
                self.warn(finding(expr.span, "this condition is never TRUE".into()).label(effect));
            }
            ExprKind::Compare { left, right, .. } => {
                let sides = [constant(scope, left), constant(scope, right)];
                let [a, b] = &sides;
                let either = [a, b].into_iter().flatten();
                let mut nulls = either.filter(|side| side.is_null());
                let diagnostic = match nulls.next() {
                    Some(Constant::NoNumber(text)) => finding(
                        expr.span,
                        format!("'{text}' is no number, so this is never TRUE"),
                    )
                    .label(effect)
                    .help("compare with a number, or CAST the other side to VARCHAR"),
                    Some(_) => finding(expr.span, "a comparison with NULL is never TRUE".into())
                        .label(effect)
                        .help("write IS NULL, or IS NOT NULL"),
                    None => finding(expr.span, "this condition is never TRUE".into()).label(effect),
                };
                self.warn(diagnostic);
            }
            ExprKind::In {
                input,
                list,
                negated: true,
            } if constant(scope, input).is_none()
                && list.iter().any(|item| is_null(scope, item)) =>
            {
                self.warn(
                    finding(
                        expr.span,
                        "NOT IN with NULL in its list is never TRUE".into(),
                    )
                    .label(effect)
                    .help("leave NULL out of the list; add IS NOT NULL if that is meant"),
                );
            }
            _ => self.warn(finding(expr.span, "this condition is never TRUE".into()).label(effect)),
        }
    }

    fn always(&mut self, scope: Scope<'_>, expr: &Expr, can_be: Truth) {
        let covered = match &expr.kind {
            ExprKind::Or(operands) => covers_all(scope, operands),
            _ => None,
        };
        let null_too = covered.is_some_and(|(.., null_too)| null_too);
        let (message, label) = if can_be == Truth::TRUE || null_too {
            ("this condition is always TRUE", "it keeps nothing back")
        } else {
            (
                "this condition is TRUE of every value but NULL",
                "it keeps back NULL only",
            )
        };
        let mut diagnostic = Diagnostic::new(Code::AlwaysTrue, expr.span, message).label(label);
        if let Some((first, second, _)) = covered {
            diagnostic.span = second;
            diagnostic.label = Some("TRUE where the other is not".to_owned());
            diagnostic = diagnostic.related(first, "the other").help(match null_too {
                true => "leave both out",
                false => "write AND, or NOT IN (..), to exclude both",
            });
        } else {
            diagnostic = diagnostic.help("leave it out");
        }
        self.warn(diagnostic);
    }
}

fn is_null(scope: Scope<'_>, expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(literal) => *literal == Literal::Null,
        _ => constant(scope, expr).is_some_and(|constant| constant.is_null()),
    }
}

/// `x = x`, and `x <> 'a' OR x <> 'b'`.
fn always_but_null(scope: Scope<'_>, expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Compare { op, left, right } => {
            let equal = [
                CompareOp::Equal,
                CompareOp::LessOrEqual,
                CompareOp::GreaterOrEqual,
            ];
            equal.contains(op) && same(left, right)
        }
        ExprKind::Or(operands) => covers_all(scope, operands).is_some(),
        _ => false,
    }
}
