//! Arrays of which a file reads the first element only: a charger has several channels.

use super::Linter;
use super::json_paths::{JsonPaths, PathUse, path_text};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use rookery_model::PathStep;
use std::collections::{BTreeMap, HashMap};

/// What is read of one array.
#[derive(Default)]
struct Elements<'a> {
    /// Uses of `[0]`, in the order of the text.
    first: Vec<&'a PathUse>,
    /// Another index, all elements, or the array as a whole.
    others: bool,
}

impl Linter<'_> {
    /// Warns of arrays of which only `[0]` is read.
    pub(super) fn arrays(&mut self, paths: &JsonPaths) {
        let mut findings = BTreeMap::new();
        for (origin, uses) in &paths.uses {
            if paths.dynamic.contains(origin) {
                continue;
            }
            for (array, elements) in elements(uses) {
                let Some(first) = elements.first.first() else {
                    continue;
                };
                if !elements.others {
                    let places: Vec<_> = elements.first.iter().map(|found| found.span).collect();
                    findings.insert((first.span.start, path_text(array)), places);
                }
            }
        }
        for ((_, array), places) in findings {
            self.report_places(&places[..1], "", |span| {
                Diagnostic::new(
                    Code::FirstElementOnly,
                    span,
                    format!("of the array `{array}` only the first element is read"),
                )
                .label(match places.len() {
                    1 => "a message with more of them loses the others".to_owned(),
                    n => format!("here and in {} more places; the other elements are lost", n - 1),
                })
                .help(format!(
                    "read the others too, with an INSERT for each (`{array}[1]`) or all as one text (`{array}[*]`)"
                ))
            });
        }
    }
}

/// What is read of each array of a column, by the array's path.
fn elements(uses: &[PathUse]) -> HashMap<&[PathStep], Elements<'_>> {
    let mut arrays: HashMap<&[PathStep], Elements<'_>> = HashMap::new();
    for found in uses {
        for (at, step) in found.steps.iter().enumerate() {
            let array = &found.steps[..at];
            match step {
                PathStep::Index(0) => arrays.entry(array).or_default().first.push(found),
                PathStep::Index(_)
                | PathStep::AnyElement
                | PathStep::FromEnd(_)
                | PathStep::Indexes(_)
                | PathStep::Slice { .. }
                | PathStep::Filter(_) => {
                    arrays.entry(array).or_default().others = true;
                }
                PathStep::Key(_) | PathStep::AnyMember | PathStep::Descend => {}
            }
        }
    }
    for found in uses {
        if let Some(whole) = arrays.get_mut(found.steps.as_slice()) {
            whole.others = true;
        }
    }
    arrays
}
