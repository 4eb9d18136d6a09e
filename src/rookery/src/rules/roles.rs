//! What the rules of a program do with its tables.

use rookery_sql::plan::{Program, Rel, TableId};
use std::collections::BTreeSet;

/// Tables by what is done with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Read by some rule.
    pub sources: BTreeSet<TableId>,
    /// Written by some rule.
    pub sinks: BTreeSet<TableId>,
}

/// The roles of a program's tables.
pub fn roles(program: &Program) -> Roles {
    let mut roles = Roles::default();
    for rule in &program.rules {
        roles.sinks.insert(rule.sink);
        scans(&rule.query, &mut roles.sources);
    }
    roles
}

fn scans(rel: &Rel, sources: &mut BTreeSet<TableId>) {
    match rel {
        Rel::Scan(table) => {
            sources.insert(*table);
        }
        Rel::Filter { input, .. } | Rel::Project { input, .. } => scans(input, sources),
        Rel::Union(inputs) => inputs.iter().for_each(|input| scans(input, sources)),
        Rel::Values(_) | Rel::NotBuilt { .. } => {}
    }
}
