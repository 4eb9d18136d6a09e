//! All JSON paths that a file reads, by the column that holds the JSON.

use super::walk::{Origin, Place, each_in, origin};
use crate::function::{Function, JsonFunction};
use crate::json_path::{parse_flink_json_path, parse_json_path};
use crate::plan::{Dialect, Expr, ExprKind, IsTest, Literal, PathArgument, Program, Span};
use rookery_model::{JsonPath, PathStep, steps_text};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A call that reads a path.
#[derive(Clone, Debug)]
pub(super) struct PathUse {
    pub(super) steps: Vec<PathStep>,
    pub(super) span: Span,
    /// JSON_VALUE: what it gives of an object hangs on the dialect.
    pub(super) is_json_value: bool,
    /// It is only asked whether it is NULL.
    pub(super) tested_for_null: bool,
}

/// The paths of a file.
#[derive(Debug, Default)]
pub(super) struct JsonPaths {
    /// By column, in the order of the text.
    pub(super) uses: BTreeMap<Origin, Vec<PathUse>>,
    /// Columns of which a path is read that only a message tells.
    pub(super) dynamic: HashSet<Origin>,
    /// JSON_VALUE whose result is read as JSON again: (outer, inner).
    pub(super) nested: Vec<(Span, Span)>,
}

impl JsonPaths {
    /// Finds them in all rules and computed columns.
    pub(super) fn find(program: &Program) -> Self {
        let mut paths = Self::default();
        each_in(program, &mut |place| paths.add(place, program.dialect));
        for uses in paths.uses.values_mut() {
            uses.sort_by_key(|found| (found.span.start, found.span.end));
            uses.dedup_by_key(|found| found.span);
        }
        paths.nested.sort_by_key(|(outer, _)| outer.start);
        paths.nested.dedup();
        paths
    }

    fn add(&mut self, place: Place<'_>, dialect: Dialect) {
        let Some((input, path, is_json_value)) = reads(place.expr, dialect) else {
            return;
        };
        if matches!(input.kind, ExprKind::JsonValue { .. }) {
            self.nested.push((place.expr.span, input.span));
        }
        let Some(origin) = origin(place.scope, input) else {
            return;
        };
        let Some(path) = path else {
            self.dynamic.insert(origin);
            return;
        };
        let tested = place.parent.is_some_and(|parent| {
            matches!(
                parent.kind,
                ExprKind::Is {
                    test: IsTest::Null,
                    ..
                }
            )
        });
        self.uses.entry(origin).or_default().push(PathUse {
            steps: path.steps,
            span: place.expr.span,
            is_json_value,
            tested_for_null: tested,
        });
    }

    /// For every path that another one of the same column goes on from: a use of such a longer one.
    pub(super) fn longer(&self) -> HashMap<(Origin, &[PathStep]), &PathUse> {
        let mut longer = HashMap::new();
        for (&origin, uses) in &self.uses {
            for found in uses {
                for end in 0..found.steps.len() {
                    longer.entry((origin, &found.steps[..end])).or_insert(found);
                }
            }
        }
        longer
    }
}

/// The JSON that an expression reads, the path if it is known, and whether it is JSON_VALUE.
fn reads(expr: &Expr, dialect: Dialect) -> Option<(&Expr, Option<JsonPath>, bool)> {
    match &expr.kind {
        ExprKind::JsonValue { input, path, .. } => {
            let path = match path {
                PathArgument::Constant(path) => Some(path.clone()),
                PathArgument::Dynamic(_) => None,
            };
            Some((input, path, true))
        }
        ExprKind::Call {
            function: Function::Json(JsonFunction::Query { .. } | JsonFunction::Exists(_)),
            args,
        } => {
            let [input, path, ..] = args.as_slice() else {
                return None;
            };
            let path = match &path.kind {
                ExprKind::Literal(Literal::String(text)) => constant_path(text, dialect),
                _ => None,
            };
            Some((input, path, false))
        }
        _ => None,
    }
}

/// The path of a literal; none of one that finds nothing.
pub(crate) fn constant_path(text: &str, dialect: Dialect) -> Option<JsonPath> {
    match dialect {
        Dialect::Blink => parse_json_path(text).ok(),
        Dialect::Flink => parse_flink_json_path(text).ok(),
    }
}

/// A path as people write it.
pub(super) fn path_text(steps: &[PathStep]) -> String {
    format!("${}", steps_text(steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_people_do() {
        let path = parse_json_path("$.a['b c'][3][*].*").expect("a path");
        assert_eq!(path_text(&path.steps), "$.a['b c'][3][*].*");
    }
}
