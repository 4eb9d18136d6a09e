//! Every expression of a program, with what its column references mean.

use crate::bind::measure::{Part, rel_parts};
use crate::plan::{ColumnKind, Expr, ExprKind, Program, Rel, TableId};

/// What the columns of an expression are columns of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    /// An operator's output.
    Rel(&'a Rel),
    /// A table's own columns, in its declaration.
    Table(TableId),
    /// Nothing, or more than one input.
    Unknown,
}

/// A column of a source table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Origin {
    pub(super) table: TableId,
    pub(super) column: usize,
}

/// An expression in its place.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) expr: &'a Expr,
    pub(super) parent: Option<&'a Expr>,
    pub(super) scope: Scope<'a>,
}

/// Visits all expressions of an operator and those below it, the outer before the inner.
pub(super) fn each_expr<'a>(rel: &'a Rel, visit: &mut dyn FnMut(Place<'a>)) {
    let mut inputs = Vec::new();
    let mut exprs = Vec::new();
    rel_parts(rel, &mut |part| match part {
        Part::Rel(input) => inputs.push(input),
        Part::Expr(expr) => exprs.push(expr),
    });
    let scope = match inputs.as_slice() {
        [input] => Scope::Rel(input),
        _ => Scope::Unknown,
    };
    for expr in exprs {
        within(
            Place {
                expr,
                parent: None,
                scope,
            },
            visit,
        );
    }
    for input in inputs {
        each_expr(input, visit);
    }
}

/// Visits an expression and all inside it.
pub(super) fn within<'a>(place: Place<'a>, visit: &mut dyn FnMut(Place<'a>)) {
    visit(place);
    for expr in place.expr.operands() {
        within(
            Place {
                expr,
                parent: Some(place.expr),
                scope: place.scope,
            },
            visit,
        );
    }
}

/// Visits the expressions of all computed columns, each with its table.
pub(super) fn each_computed<'a>(program: &'a Program, visit: &mut dyn FnMut(Place<'a>)) {
    for (table, entry) in program.tables.iter().enumerate() {
        for column in &entry.columns {
            if let ColumnKind::Computed(expr) = &column.kind {
                let scope = Scope::Table(table);
                within(
                    Place {
                        expr,
                        parent: None,
                        scope,
                    },
                    visit,
                );
            }
        }
    }
}

/// Visits the expressions of all computed columns, then those of all rules.
pub(super) fn each_in<'a>(program: &'a Program, visit: &mut dyn FnMut(Place<'a>)) {
    each_computed(program, visit);
    for rule in &program.rules {
        each_expr(&rule.query, visit);
    }
}

/// Visits every operator.
pub(super) fn each_rel<'a>(rel: &'a Rel, visit: &mut dyn FnMut(&'a Rel)) {
    visit(rel);
    rel_parts(rel, &mut |part| {
        if let Part::Rel(input) = part {
            each_rel(input, visit);
        }
    });
}

/// The source's column that an expression is, if it is one as it stands.
pub(super) fn origin(scope: Scope<'_>, expr: &Expr) -> Option<Origin> {
    let ExprKind::Column(column) = expr.kind else {
        return None;
    };
    match scope {
        Scope::Table(table) => Some(Origin { table, column }),
        Scope::Rel(rel) => origin_of(rel, column),
        Scope::Unknown => None,
    }
}

fn origin_of(rel: &Rel, column: usize) -> Option<Origin> {
    match rel {
        Rel::Scan(table) => Some(Origin {
            table: *table,
            column,
        }),
        Rel::Filter { input, .. } => origin_of(input, column),
        Rel::Project { input, exprs } => origin(Scope::Rel(input), exprs.get(column)?),
        _ => None,
    }
}

/// The expressions that make a column of an operator's output, one for each input of a UNION.
pub(super) fn made_by<'a>(rel: &'a Rel, column: usize, visit: &mut dyn FnMut(Place<'a>)) {
    match rel {
        Rel::Filter { input, .. } => made_by(input, column, visit),
        Rel::Union(inputs) => inputs
            .iter()
            .for_each(|input| made_by(input, column, visit)),
        Rel::Project { input, exprs } => {
            let Some(expr) = exprs.get(column) else {
                return;
            };
            // A column that is passed on is made further below, where it may be a constant.
            match expr.kind {
                ExprKind::Column(inner) if !matches!(**input, Rel::Scan(_)) => {
                    let mut found = false;
                    made_by(input, inner, &mut |place| {
                        found = true;
                        visit(place);
                    });
                    if found {
                        return;
                    }
                }
                _ => {}
            }
            visit(Place {
                expr,
                parent: None,
                scope: Scope::Rel(input),
            });
        }
        Rel::Values(rows) => {
            for expr in rows.iter().filter_map(|row| row.get(column)) {
                visit(Place {
                    expr,
                    parent: None,
                    scope: Scope::Unknown,
                });
            }
        }
        _ => {}
    }
}
