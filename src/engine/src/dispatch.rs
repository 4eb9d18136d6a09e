//! Which branches a message can reach: a look-up by the column that rules tell messages apart by.

use crate::eval::column::ColumnRead;
use crate::eval::context::Context;
use crate::eval::pattern::TextHash;
use crate::text_table::TextTable;
use rookery_model::Value;
use std::collections::HashMap;
use std::ops::Range;

/// Branches by what must hold of a message before they can make a row.
#[derive(Debug, Default)]
pub(crate) struct Dispatch {
    /// Branches that every message reaches.
    pub always: Vec<u32>,
    /// Branches that only messages with certain values reach.
    pub discriminators: Vec<Discriminator>,
}

/// A column, and the branches that test it.
#[derive(Debug)]
pub(crate) struct Discriminator {
    pub column: ColumnRead,
    pub lookup: Lookup,
    /// Branches, those of one value side by side.
    pub listed: Vec<u32>,
    /// All of them, for a value that cannot be read as the column's type: each says what becomes of it.
    pub all: Vec<u32>,
}

/// From a value to where its branches are listed, in order.
#[derive(Debug)]
pub(crate) enum Lookup {
    Text(TextTable),
    Int(HashMap<i64, Range<usize>, TextHash>),
}

/// Branches to try, in order; `tested` says of each whether its guard is known to be TRUE.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    list: Vec<Candidate>,
}

/// One branch to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    pub branch: u32,
    /// Whether the guard is known to be TRUE.
    pub guarded: bool,
}

impl Candidates {
    /// The branches in order.
    #[inline]
    pub fn as_slice(&self) -> &[Candidate] {
        &self.list
    }

    fn extend(&mut self, branches: &[u32], guarded: bool) {
        let candidate = |&branch: &u32| Candidate { branch, guarded };
        self.list.extend(branches.iter().map(candidate));
    }

    /// Exactly these, without guards known.
    pub fn set(&mut self, branches: &[u32]) {
        self.list.clear();
        self.extend(branches, false);
    }
}

impl Dispatch {
    /// Fills in the branches that the message can reach.
    pub fn candidates<'a>(&'a self, cx: &Context<'_, 'a>, out: &mut Candidates) {
        out.list.clear();
        out.extend(&self.always, false);
        let mut runs = usize::from(!self.always.is_empty());
        for discriminator in &self.discriminators {
            let before = out.list.len();
            match discriminator.find(cx) {
                Found::Branches(branches) => out.extend(branches, true),
                Found::Unreadable => out.extend(&discriminator.all, false),
            }
            runs += usize::from(out.list.len() > before);
        }
        if runs > 1 {
            out.list.sort_unstable();
        }
    }
}

enum Found<'d> {
    Branches(&'d [u32]),
    Unreadable,
}

impl Discriminator {
    #[inline]
    fn find<'a>(&'a self, cx: &Context<'_, 'a>) -> Found<'a> {
        let failures = cx.columns_to_null.get();
        let value = self.column.value(cx);
        if value.is_err() || cx.columns_to_null.get() > failures {
            cx.columns_to_null.set(failures);
            return Found::Unreadable;
        }
        let listed = match (&self.lookup, value) {
            (Lookup::Text(table), Ok(Value::String(text))) => table.get(text),
            (Lookup::Int(map), Ok(Value::Int(int))) => map.get(&int).cloned().unwrap_or_default(),
            // NULL equals nothing.
            _ => 0..0,
        };
        Found::Branches(&self.listed[listed])
    }
}
