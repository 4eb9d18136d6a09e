//! A plan as lines to read.

use super::{Plan, connector};
use rookery_engine::{BranchDescription, SourceTable};
use rookery_sql::plan::{CastFailure, Column, Dialect, Expr, ExprKind};
use rookery_sql::{expression_text, path_text};
use std::fmt::Write as _;

/// The whole plan.
pub fn text(plan: &Plan<'_>) -> String {
    let mut out = Text(String::new());
    let dialect = match plan.program.dialect {
        Dialect::Blink => "blink",
        Dialect::Flink => "flink",
    };
    out.line(
        0,
        &format!(
            "{}: dialect {dialect}, zone {}",
            plan.source.path, plan.program.zone
        ),
    );
    for source in &plan.description.sources {
        out.blank();
        source_lines(plan, source, &mut out);
    }
    for rule in 0..plan.program.rules.len() {
        out.blank();
        rule_lines(plan, rule, &mut out);
    }
    let elsewhere = plan.refused_elsewhere();
    if !elsewhere.is_empty() {
        out.blank();
        out.line(0, "not run yet");
        for refusal in elsewhere {
            out.line(1, &refusal);
        }
    }
    out.0
}

struct Text(String);

impl Text {
    fn line(&mut self, depth: usize, text: &str) {
        writeln!(self.0, "{}{text}", "  ".repeat(depth)).expect("a String takes all text");
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }
}

fn source_lines(plan: &Plan<'_>, source: &SourceTable, out: &mut Text) {
    let description = &plan.description;
    out.line(
        0,
        &format!("source {} ({})", source.name, connector(&source.options)),
    );
    let of_source = |branches: &[usize]| -> Vec<usize> {
        let own = |branch: &&usize| description.branches[**branch].source == Some(source.id);
        branches.iter().filter(own).copied().collect()
    };
    for dispatch in &description.dispatch {
        let values: Vec<_> = dispatch
            .values
            .iter()
            .map(|value| (value, of_source(&value.branches)))
            .filter(|(_, branches)| !branches.is_empty())
            .collect();
        if values.is_empty() {
            continue;
        }
        out.line(1, &format!("dispatched by `{}`", dispatch.column));
        let widest = values
            .iter()
            .map(|(value, _)| value.text.chars().count())
            .max();
        for (value, branches) in &values {
            let names = plan.rule_names(branches).join(", ");
            let width = widest.unwrap_or(0);
            out.line(2, &format!("{:<width$}  -> {names}", value.text));
        }
    }
    let always = of_source(&description.always);
    if !always.is_empty() {
        out.line(1, "tried for every message");
        out.line(2, &format!("-> {}", plan.rule_names(&always).join(", ")));
    }
    for reads in &description.json {
        let paths: Vec<_> = reads
            .paths
            .iter()
            .map(|path| (path_text(&path.path), of_source(&path.branches)))
            .filter(|(_, branches)| !branches.is_empty())
            .collect();
        if paths.is_empty() {
            continue;
        }
        out.line(
            1,
            &format!(
                "JSON of `{}`, read in one pass when a rule first asks",
                reads.column
            ),
        );
        let width = paths
            .iter()
            .map(|(path, _)| path.chars().count())
            .max()
            .unwrap_or(0);
        for (path, branches) in &paths {
            out.line(
                2,
                &format!(
                    "{path:<width$}  for {}",
                    plan.rule_names(branches).join(", ")
                ),
            );
        }
    }
}

fn rule_lines(plan: &Plan<'_>, rule: usize, out: &mut Text) {
    let described = &plan.program.rules[rule];
    let sink = &plan.program.tables[described.sink];
    let name = &described.name;
    out.line(
        0,
        &format!(
            "rule {name} -> {} ({})",
            sink.name,
            connector(&sink.options)
        ),
    );
    let refused = plan.refused(rule);
    if !refused.is_empty() {
        out.line(1, "not run yet");
        for refusal in &refused {
            out.line(2, refusal);
        }
    }
    let branches: Vec<_> = plan.branches(rule).collect();
    let columns: Vec<&Column> = sink
        .columns
        .iter()
        .filter(|column| matches!(column.kind, rookery_sql::plan::ColumnKind::Physical))
        .collect();
    for (place, (number, branch)) in branches.iter().enumerate() {
        if branches.len() > 1 {
            out.line(1, &format!("part {} of {}", place + 1, branches.len()));
        }
        branch_lines(plan, *number, branch, &columns, out);
    }
}

fn branch_lines(
    plan: &Plan<'_>,
    number: usize,
    branch: &BranchDescription,
    sink: &[&Column],
    out: &mut Text,
) {
    match branch.source {
        None if plan.description.constants.contains(&number) => {
            out.line(1, "a row of constants, once when the rules are loaded");
        }
        None => {}
        Some(source) => {
            let source = plan
                .description
                .sources
                .iter()
                .find(|table| table.id == source);
            let name = source.map_or("", |table| table.name.as_str());
            out.line(1, &format!("from {name}"));
        }
    }
    if !branch.conditions.is_empty() {
        out.line(1, "where, in this order");
    }
    for (place, condition) in branch.conditions.iter().enumerate() {
        let dispatched = match branch.dispatched == Some(place) {
            true => "   -- answered by the dispatch",
            false => "",
        };
        let text = expression_text(condition, &branch.columns);
        out.line(2, &format!("{}. {text}{dispatched}", place + 1));
    }
    out.line(1, "row");
    let name_width = sink
        .iter()
        .map(|column| column.field.name.chars().count())
        .max();
    let type_width = sink
        .iter()
        .map(|column| column.field.data_type.to_string().len())
        .max();
    let (name_width, type_width) = (name_width.unwrap_or(0), type_width.unwrap_or(0));
    for (column, output) in sink.iter().zip(&branch.outputs) {
        let name = &column.field.name;
        let data_type = column.field.data_type.to_string();
        let value = output_text(output, &branch.columns);
        out.line(
            2,
            &format!("{name:<name_width$}  {data_type:<type_width$}  {value}"),
        );
    }
}

/// An output; what is made to fit the sink's column says so.
fn output_text(output: &Expr, columns: &[Column]) -> String {
    match &output.kind {
        ExprKind::Cast {
            input,
            on_failure: CastFailure::NullNarrowed,
        } => format!(
            "{}   -- {} narrowed to {}, NULL where it does not fit",
            expression_text(input, columns),
            input.data_type,
            output.data_type
        ),
        _ => expression_text(output, columns),
    }
}
