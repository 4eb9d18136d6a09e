//! `INSERT INTO`: the query's columns go into the sink's by position.

use crate::bind::catalog::Lookup;
use crate::bind::convert::convert_with;
use crate::bind::measure::depth;
use crate::bind::output::{OutputColumn, Relation, columns, list};
use crate::bind::{Binder, Bound, Stop, all};
use crate::code::Code;
use crate::coerce::{self, Fit};
use crate::diagnostics::Diagnostic;
use crate::plan::{CastFailure, Dialect, Expr, ExprKind, Literal, Rel, Rule, TableId};
use crate::syntax::{Insert, Name, ReadQuery};
use rookery_model::Field;
use std::collections::HashMap;

/// Where a query's columns go.
struct Destination {
    sink: TableId,
    /// The sink's physical columns, in its order.
    physical: Vec<Field>,
    /// For each column of the query the place among them.
    targets: Vec<usize>,
}

impl Binder<'_> {
    /// Binds all INSERTs to rules.
    pub(crate) fn bind_inserts(&mut self, file: &str, inserts: &[Insert]) -> Vec<Rule> {
        let mut names = RuleNaming::default();
        let mut rules = Vec::new();
        for insert in inserts {
            let name = names.next(file, insert);
            match name {
                Ok(name) => rules.extend(self.bind_insert(name, insert)),
                Err(diagnostic) => {
                    self.fail(*diagnostic);
                }
            }
        }
        self.check_uses();
        rules
    }

    fn bind_insert(&mut self, name: String, insert: &Insert) -> Option<Rule> {
        let destination = self.bind_sink(insert);
        let relation = match &insert.query {
            ReadQuery::Query(query) => self.bind_query(query),
            ReadQuery::NotBuilt { construct, span } => self.not_built(construct.as_str(), *span),
        };
        let (destination, relation) = match (destination, relation) {
            (Ok(destination), relation) => (destination, relation),
            (Err(_), _) => return None,
        };
        let sink = destination.sink;
        let query = match relation
            .and_then(|relation| self.convert_into_sink(relation, &destination, insert))
        {
            Ok(rel) => rel,
            Err(Stop::Reported) => return None,
            Err(Stop::NotBuilt(construct)) => Rel::NotBuilt {
                construct: construct.construct,
                span: construct.span,
                output: destination.physical,
            },
        };
        self.check_depth(depth(&query), insert.span).ok()?;
        Some(Rule {
            name,
            sink,
            query,
            span: insert.span,
        })
    }

    /// The sink, and which of its columns the query's go to.
    fn bind_sink(&mut self, insert: &Insert) -> Bound<Destination> {
        let name = &insert.sink;
        self.check_reserved(name);
        let sink = match self.catalog.find(&name.text) {
            Lookup::Table(sink) => sink,
            Lookup::Unreadable => return Err(Stop::Reported),
            Lookup::Unknown => return Err(self.unknown_table(name)),
            Lookup::View(view) => {
                let declared = self.catalog.views[view].name.span;
                return Err(self.fail(
                    Diagnostic::new(
                        Code::NotInsertable,
                        name.span,
                        format!("`{}` is a view", name.text),
                    )
                    .related(declared, "declared here")
                    .help("rows go into a table"),
                ));
            }
        };
        let entry = &mut self.catalog.tables[sink];
        entry.written.get_or_insert(name.span);
        let indexes = entry.physical();
        let physical: Vec<Field> = indexes
            .iter()
            .map(|&index| entry.table.columns[index].field.clone())
            .collect();
        if physical.is_empty() {
            return Err(self.fail(Diagnostic::new(
                Code::NotInsertable,
                name.span,
                format!("`{}` has no column that a row could fill", name.text),
            )));
        }
        let targets = match &insert.columns {
            None => (0..physical.len()).collect(),
            Some(columns) => self.bind_targets(columns, &physical, sink)?,
        };
        Ok(Destination {
            sink,
            physical,
            targets,
        })
    }

    fn bind_targets(
        &mut self,
        columns: &[Name],
        physical: &[Field],
        sink: TableId,
    ) -> Bound<Vec<usize>> {
        let places: HashMap<&str, usize> = physical
            .iter()
            .enumerate()
            .map(|(place, field)| (field.name.as_str(), place))
            .collect();
        let mut seen = HashMap::new();
        let mut targets: Vec<usize> = Vec::new();
        let mut results = Vec::new();
        for column in columns {
            self.check_reserved(column);
            if let Some(first) = seen.insert(column.text.as_str(), column.span) {
                results.push(Err(self.fail(
                    Diagnostic::new(
                        Code::DuplicateName,
                        column.span,
                        format!("the column `{}` is in the list twice", column.text),
                    )
                    .related(first, "first here"),
                )));
                continue;
            }
            if let Some(&target) = places.get(column.text.as_str()) {
                targets.push(target);
                continue;
            }
            let entry = &self.catalog.tables[sink];
            let declared = entry.column(&column.text).is_some();
            let table = entry.table.name.clone();
            let near =
                crate::suggest::closest(&column.text, physical.iter().map(|f| f.name.as_str()));
            let message = if declared {
                format!(
                    "the column `{}` of `{table}` is not filled by rows",
                    column.text
                )
            } else {
                format!("`{table}` has no column `{}`", column.text)
            };
            let help = near.map(|near| format!("did you mean `{near}`?"));
            results.push(Err(self.fail(
                Diagnostic::new(Code::UnknownColumn, column.span, message).help_if(help),
            )));
        }
        all(results).map(|_: Vec<()>| targets)
    }

    /// Brings a query's columns into the sink's order and types.
    fn convert_into_sink(
        &mut self,
        relation: Relation,
        destination: &Destination,
        insert: &Insert,
    ) -> Bound<Rel> {
        let Destination {
            physical, targets, ..
        } = destination;
        let columns = targets.iter().map(|&target| &physical[target]);
        let sink_list = list(columns.clone().map(|f| (f.name.as_str(), &f.data_type)));
        if relation.columns.len() != targets.len() {
            return Err(self.wrong_count(&relation, targets.len(), &sink_list, insert));
        }
        let columns: Vec<&Field> = columns.collect();
        self.check_fit(&relation, &columns, &sink_list, insert)?;
        let on_failure = match self.dialect {
            Dialect::Blink => CastFailure::NullNarrowed,
            Dialect::Flink => CastFailure::Fail,
        };
        let converted = relation
            .map_columns(&mut |n, expr| convert_with(expr, &columns[n].data_type, on_failure));
        Ok(arrange(converted.rel, targets, physical))
    }

    fn wrong_count(
        &mut self,
        relation: &Relation,
        wanted: usize,
        sink_list: &str,
        insert: &Insert,
    ) -> Stop {
        let span = match relation.columns.as_slice() {
            [] => insert.span,
            [first, rest @ ..] => rest.iter().fold(first.span, |span, c| span.to(c.span)),
        };
        let what = if insert.columns.is_some() {
            "the list"
        } else {
            "the sink"
        };
        self.fail(
            Diagnostic::new(
                Code::ColumnCount,
                span,
                format!(
                    "the query gives {}, and {what} has {}",
                    columns(relation.columns.len()),
                    columns(wanted)
                ),
            )
            .related(insert.sink.span, "the sink")
            .note(format!("sink:  {sink_list}"))
            .note(format!("query: {}", relation.list()))
            .help(if insert.columns.is_some() {
                "columns go by position"
            } else {
                "columns go by position; to fill only some, list them: INSERT INTO sink (a, b)"
            }),
        )
    }

    /// Refuses columns that do not fit, with both lists; in blink warns of those that may not.
    fn check_fit(
        &mut self,
        relation: &Relation,
        columns: &[&Field],
        sink_list: &str,
        insert: &Insert,
    ) -> Bound<()> {
        let mut refused: Vec<(&OutputColumn, &Field)> = Vec::new();
        for (column, target) in relation.columns.iter().zip(columns) {
            match coerce::sink_fit(self.dialect, &column.data_type, &target.data_type) {
                Fit::Always => {}
                Fit::Refused => refused.push((column, target)),
                Fit::OrNull if self.dialect == Dialect::Blink => {
                    self.warn_narrowing(column, target)
                }
                Fit::OrNull => {}
            }
        }
        let [(first, target), rest @ ..] = refused.as_slice() else {
            return Ok(());
        };
        let mut diagnostic = Diagnostic::new(
            Code::ColumnTypes,
            first.span,
            format!(
                "{} does not fit the column `{}` {}",
                first.data_type, target.name, target.data_type
            ),
        )
        .label(first.data_type.to_string())
        .related(insert.sink.span, "the sink");
        for (column, target) in rest {
            let label = format!(
                "nor does {} fit `{}` {}",
                column.data_type, target.name, target.data_type
            );
            diagnostic = diagnostic.related(column.span, label);
        }
        let castable = coerce::castable(&first.data_type, &target.data_type);
        let help = castable.then(|| format!("write CAST(.. AS {})", target.data_type));
        Err(self.fail(
            diagnostic
                .note(format!("sink:  {sink_list}"))
                .note(format!("query: {}", relation.list()))
                .help_if(help),
        ))
    }

    fn warn_narrowing(&mut self, column: &OutputColumn, target: &Field) {
        let both_text = column.data_type.is_string() && target.data_type.is_string();
        let label = if both_text {
            "cut where it is longer"
        } else {
            "NULL, and counted, where the value does not fit"
        };
        let message = format!(
            "{} goes into `{}` {}",
            column.data_type, target.name, target.data_type
        );
        self.warn(
            Diagnostic::new(Code::Narrowing, column.span, message)
                .label(label)
                .help(format!(
                    "write CAST(.. AS {}) if that is meant",
                    target.data_type
                )),
        );
    }

    /// Refuses tables that one file reads and writes: a table has one connector.
    fn check_uses(&mut self) {
        let both: Vec<_> = self
            .catalog
            .tables
            .iter()
            .filter_map(|entry| Some((entry.table.name.clone(), entry.read?, entry.written?)))
            .collect();
        for (name, read, written) in both {
            self.fail(
                Diagnostic::new(
                    Code::ReadAndWritten,
                    written,
                    format!("`{name}` is read and written in this file"),
                )
                .label("written here")
                .related(read, "read here")
                .help("declare two tables, one for each direction"),
            );
        }
    }
}

/// Puts columns in the sink's order, NULL where none is given.
fn arrange(rel: Rel, targets: &[usize], physical: &[Field]) -> Rel {
    let in_place =
        targets.len() == physical.len() && targets.iter().enumerate().all(|(n, &t)| n == t);
    if in_place {
        return rel;
    }
    let arrange_row = |row: Vec<Expr>| -> Vec<Expr> {
        let span = row.first().map(|expr| expr.span).unwrap_or_default();
        let mut out: Vec<Expr> = physical
            .iter()
            .map(|field| Expr {
                kind: ExprKind::Literal(Literal::Null),
                data_type: field.data_type.clone(),
                span,
            })
            .collect();
        for (expr, &target) in row.into_iter().zip(targets) {
            out[target] = expr;
        }
        out
    };
    match rel {
        Rel::Project { input, exprs } => Rel::Project {
            input,
            exprs: arrange_row(exprs),
        },
        Rel::Values(rows) => Rel::Values(rows.into_iter().map(arrange_row).collect()),
        Rel::Union(inputs) => Rel::Union(
            inputs
                .into_iter()
                .map(|input| arrange(input, targets, physical))
                .collect(),
        ),
        other => {
            let references = targets.iter().enumerate().map(|(n, &target)| Expr {
                kind: ExprKind::Column(n),
                data_type: physical[target].data_type.clone(),
                span: crate::plan::Span::default(),
            });
            Rel::Project {
                exprs: arrange_row(references.collect()),
                input: Box::new(other),
            }
        }
    }
}

/// Names of rules: what a comment says, else the file and the sink, with a number from the second on.
#[derive(Default)]
struct RuleNaming {
    taken: HashMap<String, crate::plan::Span>,
    per_sink: HashMap<String, usize>,
}

impl RuleNaming {
    fn next(&mut self, file: &str, insert: &Insert) -> Result<String, Box<Diagnostic>> {
        let count = self.per_sink.entry(insert.sink.text.clone()).or_default();
        *count += 1;
        let (name, span) = match &insert.rule_name {
            Some(name) => (name.text.clone(), name.span),
            None if *count == 1 => (format!("{file}.{}", insert.sink.text), insert.sink.span),
            None => (
                format!("{file}.{}.{count}", insert.sink.text),
                insert.sink.span,
            ),
        };
        match self.taken.insert(name.clone(), span) {
            None => Ok(name),
            Some(first) => Err(Box::new(
                Diagnostic::new(
                    Code::DuplicateName,
                    span,
                    format!("two rules are named `{name}`"),
                )
                .related(first, "the first")
                .help("give one of them another name with a comment `-- rule: name`"),
            )),
        }
    }
}
