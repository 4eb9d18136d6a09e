//! What a rule set came to, for people: who is dispatched by what, which JSON is read for whom, in which
//! order conditions are tested. Made by the compiler itself, so that it cannot say another thing than
//! what runs.

use super::{Built, build, columns_of};
use crate::description::{
    BranchDescription, Description, DispatchDescription, JsonReads, PathReads, TestedValue,
};
use crate::dispatch::{Discriminator, Lookup};
use rookery_sql::plan::Program;
use std::collections::BTreeMap;

/// Compiles programs and says what came of it; what is not run is among it.
pub(crate) fn describe(programs: &[Program]) -> Description {
    let Built {
        set,
        drafts,
        orders,
        groups,
        refusals,
    } = build(programs);
    let branches = drafts.iter().zip(&set.branches).zip(orders);
    let branches = branches.map(|((draft, branch), order)| BranchDescription {
        rule: draft.rule,
        source: draft.source,
        columns: columns_of(draft, programs).to_vec(),
        conditions: order
            .iter()
            .map(|&place| draft.flat.conjuncts[place].clone())
            .collect(),
        dispatched: branch.guard.map(|guard| guard.place as usize),
        outputs: draft.flat.outputs.clone(),
    });
    let json = groups.into_iter().map(|group| JsonReads {
        column: group.key,
        paths: group
            .paths
            .into_iter()
            .map(|(path, readers)| PathReads {
                path,
                branches: readers.into_iter().collect(),
            })
            .collect(),
    });
    let keys: BTreeMap<usize, String> = keys(programs, &set.keys);
    Description {
        branches: branches.collect(),
        dispatch: set
            .dispatch
            .discriminators
            .iter()
            .map(|discriminator| dispatched(discriminator, &keys))
            .collect(),
        always: places(&set.dispatch.always),
        constants: places(&set.constants),
        json: json.collect(),
        sources: set.sources,
        sinks: set.sinks,
        rules: set.rules,
        refusals,
    }
}

/// The names of keys, by index: each is a column of some table.
fn keys(programs: &[Program], set: &rookery_codecs::json::KeySet) -> BTreeMap<usize, String> {
    let tables = programs.iter().flat_map(|program| &program.tables);
    let names = tables.flat_map(|table| &table.columns);
    names
        .filter_map(|column| {
            let name = &column.field.name;
            Some((set.find(name)?, name.clone()))
        })
        .collect()
}

fn dispatched(
    discriminator: &Discriminator,
    keys: &BTreeMap<usize, String>,
) -> DispatchDescription {
    let mut values: Vec<TestedValue> = match &discriminator.lookup {
        Lookup::Text(table) => table
            .iter()
            .map(|(text, listed)| TestedValue {
                text: format!("'{}'", text.replace('\'', "''")),
                branches: places(&discriminator.listed[listed]),
            })
            .collect(),
        Lookup::Int(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            sorted
                .into_iter()
                .map(|(int, listed)| TestedValue {
                    text: int.to_string(),
                    branches: places(&discriminator.listed[listed.clone()]),
                })
                .collect()
        }
    };
    if matches!(discriminator.lookup, Lookup::Text(_)) {
        values.sort_by(|a, b| a.text.cmp(&b.text));
    }
    DispatchDescription {
        column: keys
            .get(&discriminator.column.key)
            .cloned()
            .unwrap_or_default(),
        values,
    }
}

fn places(branches: &[u32]) -> Vec<usize> {
    branches.iter().map(|&branch| branch as usize).collect()
}
