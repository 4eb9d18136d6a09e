//! How large and how deep a plan is.

use crate::plan::{Expr, Rel};

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
    1 + expr.operands().into_iter().map(expr_nodes).sum::<usize>()
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
    let below = expr.operands().into_iter().map(expr_depth);
    1 + below.max().unwrap_or(0)
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
