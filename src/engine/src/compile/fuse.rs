//! Trees of Scan, Filter, Project and Union into flat branches over one source table each.

use crate::error::RefusalReason;
use rookery_model::limits::{EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX};
use rookery_sql::plan::{Column, ColumnKind, Expr, ExprKind, Rel, Span, Table, TableId};

/// One way from a source to a rule's rows: all conditions, then the row, both over the source's columns.
#[derive(Clone, Debug)]
pub(super) struct FlatBranch {
    /// Where rows come from; none for a row of constants.
    pub source: Option<TableId>,
    /// Conditions in the order in which they must seem to be tested.
    pub conjuncts: Vec<Expr>,
    /// The row.
    pub outputs: Vec<Expr>,
}

/// Why a tree was refused, and where.
pub(super) type Refused = (Span, RefusalReason);

/// Flattens a rule's tree, in the order of its unions.
///
/// # Errors
/// What is not built, and expressions that their views make too large or too deep.
pub(super) fn flatten(rel: &Rel, tables: &[Table]) -> Result<Vec<FlatBranch>, Refused> {
    let mut size = Size { nodes: 0 };
    branches(rel, tables, &mut size)
}

fn branches(rel: &Rel, tables: &[Table], size: &mut Size) -> Result<Vec<FlatBranch>, Refused> {
    match rel {
        Rel::Scan(table) => {
            let columns = &tables[*table].columns;
            let outputs = (0..columns.len()).map(|index| {
                let span = Span::default();
                column(columns, index, span, size, 0)
            });
            Ok(vec![FlatBranch {
                source: Some(*table),
                conjuncts: Vec::new(),
                outputs: outputs.collect::<Result<_, _>>()?,
            }])
        }
        Rel::Filter { input, predicate } => {
            let mut flat = branches(input, tables, size)?;
            check_depth(predicate)?;
            for branch in &mut flat {
                let predicate = put_in(predicate, &branch.outputs, size, 0)?;
                split(predicate, &mut branch.conjuncts);
            }
            Ok(flat)
        }
        Rel::Project { input, exprs } => {
            let mut flat = branches(input, tables, size)?;
            exprs.iter().try_for_each(check_depth)?;
            for branch in &mut flat {
                let outputs = exprs
                    .iter()
                    .map(|expr| put_in(expr, &branch.outputs, size, 0));
                branch.outputs = outputs.collect::<Result<_, _>>()?;
            }
            Ok(flat)
        }
        Rel::Union(inputs) => {
            let mut flat = Vec::new();
            for input in inputs {
                flat.extend(branches(input, tables, size)?);
            }
            Ok(flat)
        }
        Rel::Values(rows) => {
            rows.iter().flatten().try_for_each(check_depth)?;
            let branch = |row: &Vec<Expr>| FlatBranch {
                source: None,
                conjuncts: Vec::new(),
                outputs: row.clone(),
            };
            Ok(rows.iter().map(branch).collect())
        }
        Rel::NotBuilt {
            construct, span, ..
        } => Err((*span, RefusalReason::NotBuilt(construct.clone()))),
    }
}

/// Refuses an expression that is too deep to copy, before anything recurses to its end.
fn check_depth(expr: &Expr) -> Result<(), Refused> {
    Size { nodes: 0 }.measure(expr, 0)
}

/// Conditions that AND holds together, one by one.
fn split(predicate: Expr, conjuncts: &mut Vec<Expr>) {
    match predicate.kind {
        ExprKind::And(operands) => {
            for operand in operands {
                split(operand, conjuncts);
            }
        }
        _ => conjuncts.push(predicate),
    }
}

/// A table's column as an expression over the message and the record: computed ones are put in.
fn column(
    columns: &[Column],
    index: usize,
    span: Span,
    size: &mut Size,
    depth: usize,
) -> Result<Expr, Refused> {
    let column = &columns[index];
    if let ColumnKind::Computed(expr) = &column.kind {
        size.note(expr.span, depth)?;
        return replace(expr, size, depth, &mut |inner, span, size, depth| {
            self::column(columns, inner, span, size, depth + 1)
        });
    }
    Ok(Expr {
        kind: ExprKind::Column(index),
        data_type: column.field.data_type.clone(),
        span,
    })
}

/// The expression with its columns replaced by what they stand for.
fn put_in(expr: &Expr, columns: &[Expr], size: &mut Size, depth: usize) -> Result<Expr, Refused> {
    replace(expr, size, depth, &mut |index, span, size, depth| {
        let mut value = columns[index].clone();
        size.measure(&value, depth)?;
        if value.span == Span::default() {
            value.span = span;
        }
        Ok(value)
    })
}

/// Counts operators, and refuses what would take too much memory or stack.
struct Size {
    nodes: usize,
}

impl Size {
    fn note(&mut self, span: Span, depth: usize) -> Result<(), Refused> {
        self.nodes += 1;
        if self.nodes > EXPRESSION_NODES_MAX {
            return Err((span, RefusalReason::TooLarge));
        }
        if depth > EXPRESSION_DEPTH_MAX {
            return Err((span, RefusalReason::TooDeep));
        }
        Ok(())
    }

    fn measure(&mut self, expr: &Expr, depth: usize) -> Result<(), Refused> {
        self.note(expr.span, depth)?;
        for child in expr.operands() {
            self.measure(child, depth + 1)?;
        }
        Ok(())
    }
}

type Replacement<'r> = dyn FnMut(usize, Span, &mut Size, usize) -> Result<Expr, Refused> + 'r;

/// A copy of the expression with each column replaced.
fn replace(
    expr: &Expr,
    size: &mut Size,
    depth: usize,
    replacement: &mut Replacement<'_>,
) -> Result<Expr, Refused> {
    if let ExprKind::Column(index) = expr.kind {
        return replacement(index, expr.span, size, depth);
    }
    size.note(expr.span, depth)?;
    let mut copy = expr.clone();
    for child in copy.operands_mut() {
        *child = replace(child, size, depth + 1, replacement)?;
    }
    Ok(copy)
}
