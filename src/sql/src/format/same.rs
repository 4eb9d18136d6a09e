//! Whether two texts mean the same: equal plans but for where things stand.

use crate::compile::Compiled;
use crate::plan::{Expr, Program, Rel, Span};

/// Whether both files give the same program, or the same findings where they give none.
pub(super) fn same(one: &Compiled, other: &Compiled) -> bool {
    match (&one.program, &other.program) {
        (Some(one), Some(other)) => without_places(one) == without_places(other),
        (None, None) => {
            let findings = |compiled: &Compiled| -> Vec<_> {
                let found = compiled.diagnostics.iter();
                let mut all: Vec<_> = found.map(|d| (d.code, d.message.clone())).collect();
                all.sort();
                all
            };
            findings(one) == findings(other)
        }
        _ => false,
    }
}

fn without_places(program: &Program) -> Program {
    let mut program = program.clone();
    for table in &mut program.tables {
        table.span = Span::default();
        table.option_spans.clear();
        for column in &mut table.columns {
            if let crate::plan::ColumnKind::Computed(computed) = &mut column.kind {
                expr(computed);
            }
        }
    }
    for rule in &mut program.rules {
        rule.span = Span::default();
        rel(&mut rule.query);
    }
    program
}

fn rel(query: &mut Rel) {
    match query {
        Rel::Scan(_) => {}
        Rel::Filter { input, predicate } => {
            expr(predicate);
            rel(input);
        }
        Rel::Project { input, exprs } => {
            exprs.iter_mut().for_each(expr);
            rel(input);
        }
        Rel::Union(inputs) => inputs.iter_mut().for_each(rel),
        Rel::Values(rows) => rows.iter_mut().flatten().for_each(expr),
        Rel::NotBuilt { span, .. } => *span = Span::default(),
    }
}

fn expr(e: &mut Expr) {
    e.span = Span::default();
    e.operands_mut().into_iter().for_each(expr);
}
