//! How large and how deep a plan is.

use crate::plan::{Expr, ExprKind, JsonFallback, PathArgument, Rel};

/// Operators and expressions of a plan.
pub(crate) fn nodes(rel: &Rel) -> usize {
    let mut nodes = 1;
    rel_parts(rel, &mut |part| {
        nodes += match part {
            Part::Rel(rel) => self::nodes(rel),
            Part::Expr(expr) => expr_nodes(expr),
        };
    });
    nodes
}

/// Operators of an expression.
pub(crate) fn expr_nodes(expr: &Expr) -> usize {
    let mut nodes = 1;
    expr_parts(expr, &mut |part| nodes += expr_nodes(part));
    nodes
}

/// Levels of the deepest expression or chain of operators of a plan.
pub(crate) fn depth(rel: &Rel) -> usize {
    let mut deepest = 0;
    rel_parts(rel, &mut |part| {
        deepest = deepest.max(match part {
            Part::Rel(rel) => 1 + depth(rel),
            Part::Expr(expr) => expr_depth(expr),
        });
    });
    deepest
}

/// Levels of an expression.
pub(crate) fn expr_depth(expr: &Expr) -> usize {
    let mut deepest = 0;
    expr_parts(expr, &mut |part| deepest = deepest.max(expr_depth(part)));
    deepest + 1
}

/// A part of an operator.
pub(crate) enum Part<'a> {
    Rel(&'a Rel),
    Expr(&'a Expr),
}

/// What an operator directly holds.
pub(crate) fn rel_parts<'a>(rel: &'a Rel, each: &mut impl FnMut(Part<'a>)) {
    match rel {
        Rel::Scan(_) | Rel::NotBuilt { .. } => {}
        Rel::Filter { input, predicate } => {
            each(Part::Rel(input));
            each(Part::Expr(predicate));
        }
        Rel::Project { input, exprs } => {
            each(Part::Rel(input));
            exprs.iter().for_each(|expr| each(Part::Expr(expr)));
        }
        Rel::Union(inputs) => inputs.iter().for_each(|input| each(Part::Rel(input))),
        Rel::Values(rows) => rows
            .iter()
            .flatten()
            .for_each(|expr| each(Part::Expr(expr))),
    }
}

/// What an expression directly holds.
pub(crate) fn expr_parts<'a>(expr: &'a Expr, each: &mut impl FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Column(_) => {}
        ExprKind::Cast { input, .. }
        | ExprKind::Not(input)
        | ExprKind::Negate(input)
        | ExprKind::Is { input, .. } => each(input),
        ExprKind::And(operands) | ExprKind::Or(operands) => operands.iter().for_each(each),
        ExprKind::Compare { left, right, .. }
        | ExprKind::Distinct { left, right, .. }
        | ExprKind::Arithmetic { left, right, .. } => {
            each(left);
            each(right);
        }
        ExprKind::In { input, list, .. } => {
            each(input);
            list.iter().for_each(each);
        }
        ExprKind::Match { input, pattern, .. } => {
            each(input);
            each(pattern);
        }
        ExprKind::Case {
            branches,
            otherwise,
        } => {
            for (when, then) in branches {
                each(when);
                each(then);
            }
            otherwise.iter().for_each(|value| each(value));
        }
        ExprKind::JsonValue {
            input,
            path,
            on_empty,
            on_error,
            ..
        } => {
            each(input);
            if let PathArgument::Dynamic(path) = path {
                each(path);
            }
            for fallback in [on_empty, on_error] {
                if let JsonFallback::Default(value) = fallback {
                    each(value);
                }
            }
        }
        ExprKind::Call { args, .. } => args.iter().for_each(each),
    }
}
