//! The functions as others may list them.

use super::{Meaning, collections, table};
use crate::Function;

/// A function's name, and which dialects have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionName {
    /// In upper case.
    pub name: &'static str,
    /// Whether blink has it.
    pub blink: bool,
    /// Whether flink has it.
    pub flink: bool,
}

/// All functions that are called by name, by name.
#[must_use]
pub fn function_names() -> Vec<FunctionName> {
    let mut names: Vec<FunctionName> = Vec::new();
    let of_table = table::forms().map(|form| (form.name, form.dialects));
    let of_collections = collections::names().map(|name| (name, super::Dialects::Both));
    let of_json = crate::bind::JSON_FUNCTIONS.map(|name| (name, super::Dialects::Both));
    for (name, dialects) in of_table.chain(of_collections).chain(of_json) {
        let blink = dialects != super::Dialects::Flink;
        let flink = dialects != super::Dialects::Blink;
        match names.iter_mut().find(|known| known.name == name) {
            Some(known) => {
                known.blink |= blink;
                known.flink |= flink;
            }
            None => names.push(FunctionName { name, blink, flink }),
        }
    }
    names.sort();
    names
}

/// What users call a function, if it has a name.
pub(crate) fn name_of(function: Function) -> Option<&'static str> {
    if let Function::Collection(collection) = function {
        return collections::names()
            .find(|name| collections::of_name(name).is_some_and(|(known, _)| known == collection));
    }
    let meant = |meaning: Meaning| meaning == Meaning::Call(function);
    let form = table::forms().find(|form| meant(form.meaning));
    form.map(|form| form.name)
}
