//! Which column each branch is dispatched by.

use crate::dispatch::{Discriminator, Dispatch, Lookup};
use crate::eval::column::ColumnRead;
use crate::text_table::TextTable;
use rookery_model::DataType;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Columns that a message is looked up by, at most: each costs a look-up per message.
const DISCRIMINATORS_MAX: usize = 8;

/// A value that a column is tested for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Text(String),
    Int(i64),
}

/// A condition that holds for some values of one column only.
#[derive(Clone, Debug)]
pub(super) struct Test {
    /// Its place among the branch's conditions.
    pub conjunct: usize,
    pub column: ColumnRead,
    pub values: BTreeSet<Key>,
}

/// What was chosen.
pub(super) struct Selection {
    /// For each branch, which of its tests it is dispatched by.
    pub chosen: Vec<Option<usize>>,
    /// For each branch, a number that it shares with the branches reached together with it.
    pub components: Vec<usize>,
    pub dispatch: Dispatch,
}

/// Chooses for each branch the column that most branches test; of two, the one with fewer values.
pub(super) fn select(branches: &[Option<Vec<Test>>]) -> Selection {
    let columns = popular_columns(branches);
    let mut selection = Selection {
        chosen: Vec::new(),
        components: Vec::new(),
        dispatch: Dispatch::default(),
    };
    let mut members: Vec<Vec<(u32, &Test)>> = vec![Vec::new(); columns.len()];
    for (index, tests) in branches.iter().enumerate() {
        let Some(tests) = tests else {
            // A row of constants: no message reaches it.
            selection.chosen.push(None);
            continue;
        };
        let rank = |test: &Test| columns.iter().position(|column| same(column, &test.column));
        let best = (0..tests.len())
            .filter_map(|at| Some((rank(&tests[at])?, tests[at].values.len(), at)))
            .min();
        selection.chosen.push(best.map(|(_, _, at)| at));
        match best {
            Some((column, _, at)) => members[column].push((index as u32, &tests[at])),
            None => selection.dispatch.always.push(index as u32),
        }
    }
    selection.components = vec![0; branches.len()];
    let mut components = 1;
    for members in members.iter().filter(|members| !members.is_empty()) {
        let discriminator = discriminator(members);
        join_components(members, &mut selection.components, &mut components);
        selection.dispatch.discriminators.push(discriminator);
    }
    selection
}

/// Columns by how many branches test them, most first.
fn popular_columns(branches: &[Option<Vec<Test>>]) -> Vec<ColumnRead> {
    let mut counted: Vec<(usize, &ColumnRead)> = Vec::new();
    for test in branches.iter().flatten().flatten() {
        match counted
            .iter_mut()
            .find(|(_, known)| same(known, &test.column))
        {
            Some((count, _)) => *count += 1,
            None => counted.push((1, &test.column)),
        }
    }
    counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    counted.truncate(DISCRIMINATORS_MAX);
    counted
        .into_iter()
        .map(|(_, column)| column.clone())
        .collect()
}

fn same(a: &ColumnRead, b: &ColumnRead) -> bool {
    a.key == b.key
        && match (&a.typed, &b.typed) {
            (None, None) => true,
            (Some(a), Some(b)) => a.data_type == b.data_type && a.fails == b.fails,
            _ => false,
        }
}

fn discriminator(members: &[(u32, &Test)]) -> Discriminator {
    let column = members[0].1.column.clone();
    let mut by_value: BTreeMap<&Key, Vec<u32>> = BTreeMap::new();
    for (branch, test) in members {
        for value in &test.values {
            by_value.entry(value).or_default().push(*branch);
        }
    }
    let mut listed: Vec<u32> = Vec::new();
    let mut texts = Vec::new();
    let mut ints = HashMap::default();
    for (value, branches) in by_value {
        let start = listed.len();
        listed.extend(branches);
        match value {
            Key::Text(text) => texts.push((text.as_str(), start as u32..listed.len() as u32)),
            Key::Int(int) => _ = ints.insert(*int, start..listed.len()),
        }
    }
    let lookup = match column.typed {
        Some(_) => Lookup::Int(ints),
        None => Lookup::Text(TextTable::new(&texts)),
    };
    Discriminator {
        column,
        lookup,
        listed,
        all: members.iter().map(|(branch, _)| *branch).collect(),
    }
}

/// Numbers the branches so that those with a value in common have one number.
fn join_components(members: &[(u32, &Test)], components: &mut [usize], next: &mut usize) {
    let mut leader: Vec<usize> = (0..members.len()).collect();
    let mut owner: BTreeMap<&Key, usize> = BTreeMap::new();
    for (at, (_, test)) in members.iter().enumerate() {
        for value in &test.values {
            let other = *owner.entry(value).or_insert(at);
            let (a, b) = (find(&mut leader, other), find(&mut leader, at));
            leader[a.max(b)] = a.min(b);
        }
    }
    for at in 0..members.len() {
        let root = find(&mut leader, at);
        components[members[at].0 as usize] = *next + root;
    }
    *next += members.len();
}

fn find(leader: &mut [usize], mut at: usize) -> usize {
    while leader[at] != at {
        leader[at] = leader[leader[at]];
        at = leader[at];
    }
    at
}

impl Test {
    /// Whether values of this type can be looked up.
    pub fn is_discrete(data_type: &DataType) -> bool {
        data_type.is_string() || data_type.is_integer()
    }
}
