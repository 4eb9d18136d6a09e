//! What the branches of a rule set have in common: keys, JSON columns, groups of paths, prepared patterns.

use super::nodes::{Nodes, Shapes};
use crate::eval::node::Node;
use crate::rules::PathGroup;
use regex::Regex;
use rookery_codecs::json::{KeySet, PathSet};
use rookery_model::{JsonPath, PathStep};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Collected while branches are lowered.
#[derive(Default)]
pub(super) struct Shared {
    /// The branch that is being lowered.
    pub branch: usize,
    keys: Vec<String>,
    pub inputs: Vec<usize>,
    /// The expressions of all branches.
    pub nodes: Nodes,
    /// What they do.
    pub shapes: Shapes,
    /// Conditions that the dispatch table answers.
    pub guards: Vec<Node>,
    groups: Vec<Group>,
    /// The groups of each component.
    groups_of: BTreeMap<usize, Vec<usize>>,
    pub regexes: Vec<Regex>,
    pub sites: usize,
}

struct Group {
    input: usize,
    paths: Vec<JsonPath>,
    /// For each path, the branches that ask for it.
    readers: Vec<BTreeSet<usize>>,
}

/// A group as others may know it.
pub(super) struct ReadGroup {
    pub key: String,
    /// Each path, with the branches that ask for it.
    pub paths: Vec<(JsonPath, BTreeSet<usize>)>,
}

impl Shared {
    /// Index of a top-level key, which some branch reads.
    pub fn key(&mut self, name: &str) -> usize {
        index_or_push(&mut self.keys, |key| key == name, || name.to_owned())
    }

    /// Group, among those of the component, and index of a path into a key's JSON. Branches that are
    /// reached together have one component.
    pub fn path(&mut self, component: usize, key: usize, path: &JsonPath) -> (usize, usize) {
        let input = index_or_push(&mut self.inputs, |known| *known == key, || key);
        let (groups, own) = (
            &mut self.groups,
            self.groups_of.entry(component).or_default(),
        );
        let known = own.iter().position(|&group| groups[group].input == input);
        let group = known.unwrap_or_else(|| {
            own.push(groups.len());
            groups.push(Group {
                input,
                paths: Vec::new(),
                readers: Vec::new(),
            });
            own.len() - 1
        });
        let Group { paths, readers, .. } = &mut groups[own[group]];
        // The mode makes no difference to what is found.
        let path = index_or_push(paths, |known| known.steps == path.steps, || path.clone());
        readers.resize_with(paths.len(), BTreeSet::new);
        readers[path].insert(self.branch);
        (group, path)
    }

    /// What each group reads, for whom.
    pub fn read_groups(&self) -> Vec<ReadGroup> {
        let groups = self.groups.iter().map(|group| ReadGroup {
            key: self.keys[self.inputs[group.input]].clone(),
            paths: std::iter::zip(group.paths.clone(), group.readers.clone()).collect(),
        });
        groups.collect()
    }

    /// A place that remembers what a text meant.
    pub fn site(&mut self) -> usize {
        self.sites += 1;
        self.sites - 1
    }

    /// Index of a regular expression that each engine copies.
    pub fn regex(&mut self, regex: Regex) -> usize {
        let same = |known: &Regex| known.as_str() == regex.as_str();
        index_or_push(&mut self.regexes, same, || regex.clone())
    }

    /// The keys, by index.
    pub fn key_set(&self) -> KeySet {
        KeySet::new(self.keys.iter().map(String::as_str))
    }

    /// The groups, those of a component side by side, and for each component its first.
    pub fn path_groups(&self) -> (Vec<PathGroup>, HashMap<usize, u32>) {
        let mut known: HashMap<Vec<&[PathStep]>, Arc<PathSet>> = HashMap::new();
        let mut groups = Vec::with_capacity(self.groups.len());
        let mut first = HashMap::new();
        let of_components = self.groups_of.iter();
        let ordered =
            of_components.flat_map(|(component, own)| own.iter().map(move |&at| (component, at)));
        for (component, at) in ordered {
            first.entry(*component).or_insert(groups.len() as u32);
            let Group { input, paths, .. } = &self.groups[at];
            let steps = paths.iter().map(|path| path.steps.as_slice()).collect();
            let set = known
                .entry(steps)
                .or_insert_with(|| Arc::new(PathSet::new(paths)));
            groups.push(PathGroup {
                input: *input,
                paths: Arc::clone(set),
            });
        }
        (groups, first)
    }
}

/// The place of what is the same, or the new last place.
pub(super) fn index_or_push<T>(
    list: &mut Vec<T>,
    same: impl FnMut(&T) -> bool,
    make: impl FnOnce() -> T,
) -> usize {
    match list.iter().position(same) {
        Some(index) => index,
        None => {
            list.push(make());
            list.len() - 1
        }
    }
}
