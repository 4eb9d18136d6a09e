//! A bound query: its operators and what its columns are called.

use crate::plan::{Expr, ExprKind, Rel, Span};
use rookery_model::DataType;

/// A bound query.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) rel: Rel,
    pub(crate) columns: Vec<OutputColumn>,
}

/// A column of a bound query.
#[derive(Clone, Debug)]
pub(crate) struct OutputColumn {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    /// The expression that makes it.
    pub(crate) span: Span,
}

impl Relation {
    /// The columns as messages list them.
    pub(crate) fn list(&self) -> String {
        let columns = self.columns.iter().map(|c| (c.name.as_str(), &c.data_type));
        list(columns)
    }

    /// Expressions that give the columns as they are.
    pub(crate) fn references(&self) -> Vec<Expr> {
        let reference = |(index, column): (usize, &OutputColumn)| Expr {
            kind: ExprKind::Column(index),
            data_type: column.data_type.clone(),
            span: column.span,
        };
        self.columns.iter().enumerate().map(reference).collect()
    }

    /// The same rows with each column passed through a function of its index and expression; right
    /// inside the operators that compute them where that is possible.
    pub(crate) fn map_columns(mut self, map: &mut impl FnMut(usize, Expr) -> Expr) -> Self {
        let references = self.references();
        self.rel = map_rel(self.rel, references, map);
        self
    }
}

fn map_rel(rel: Rel, references: Vec<Expr>, map: &mut impl FnMut(usize, Expr) -> Expr) -> Rel {
    let mut map_all = |exprs: Vec<Expr>| -> Vec<Expr> {
        exprs
            .into_iter()
            .enumerate()
            .map(|(i, expr)| map(i, expr))
            .collect()
    };
    match rel {
        Rel::Project { input, exprs } => Rel::Project {
            input,
            exprs: map_all(exprs),
        },
        Rel::Values(rows) => Rel::Values(rows.into_iter().map(map_all).collect()),
        Rel::Union(inputs) => {
            let inputs = inputs.into_iter();
            Rel::Union(
                inputs
                    .map(|input| map_rel(input, references.clone(), map))
                    .collect(),
            )
        }
        other => {
            let exprs = map_all(references);
            let unchanged = exprs
                .iter()
                .enumerate()
                .all(|(index, expr)| expr.kind == ExprKind::Column(index));
            if unchanged && !matches!(other, Rel::Scan(_) | Rel::Filter { .. }) {
                return other;
            }
            Rel::Project {
                input: Box::new(other),
                exprs,
            }
        }
    }
}

/// `1 column`, `2 columns`
pub(crate) fn columns(count: usize) -> String {
    format!("{count} column{}", if count == 1 { "" } else { "s" })
}

/// `(name TYPE, ..)` as messages write it; no name where there is none.
pub(crate) fn list<'a>(columns: impl IntoIterator<Item = (&'a str, &'a DataType)>) -> String {
    const COLUMNS_MAX: usize = 40;
    let mut shown: Vec<String> = Vec::new();
    let mut left_out = 0;
    for (name, data_type) in columns {
        if shown.len() == COLUMNS_MAX {
            left_out += 1;
        } else if name.is_empty() {
            shown.push(data_type.to_string());
        } else {
            shown.push(format!("{name} {data_type}"));
        }
    }
    if left_out > 0 {
        shown.push(format!(".. {left_out} more"));
    }
    format!("({})", shown.join(", "))
}
