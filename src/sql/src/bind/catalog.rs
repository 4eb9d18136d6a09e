//! The tables of a file while it is bound.

use crate::bind::NotBuilt;
use crate::bind::views::NamedQuery;
use crate::plan::{Column, ColumnKind, Implicit, Span, Table, TableId};
use crate::syntax::Name;
use rookery_model::{DataType, Field};
use std::collections::HashMap;

/// Tables and views.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) tables: Vec<TableEntry>,
    pub(crate) views: Vec<NamedQuery>,
    names: HashMap<String, Lookup>,
}

/// A table and what is known of its use.
#[derive(Debug)]
pub(crate) struct TableEntry {
    pub(crate) table: Table,
    /// How many of its columns are declared; those behind came from the rules that use them.
    pub(crate) declared: usize,
    /// Computed columns that nothing computes yet, and those whose error is reported.
    pub(crate) unusable: HashMap<usize, Option<NotBuilt>>,
    /// Where it was first read.
    pub(crate) read: Option<Span>,
    /// Where it was first written.
    pub(crate) written: Option<Span>,
}

/// What a table's name stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lookup {
    Table(TableId),
    /// Index of a view.
    View(usize),
    /// Its statement could not be read.
    Unreadable,
    Unknown,
}

impl Catalog {
    pub(crate) fn new(unreadable: &[String]) -> Self {
        let names = unreadable
            .iter()
            .map(|name| (name.clone(), Lookup::Unreadable));
        Self {
            names: names.collect(),
            ..Self::default()
        }
    }

    /// Takes a table in.
    pub(crate) fn add_table(&mut self, entry: TableEntry) {
        let lookup = Lookup::Table(self.tables.len());
        self.names.insert(entry.table.name.clone(), lookup);
        self.tables.push(entry);
    }

    /// Takes a view in.
    pub(crate) fn add_view(&mut self, view: NamedQuery) {
        let lookup = Lookup::View(self.views.len());
        self.names.insert(view.name.text.clone(), lookup);
        self.views.push(view);
    }

    /// Looks a table or view up by its exact name.
    pub(crate) fn find(&self, name: &str) -> Lookup {
        self.names.get(name).copied().unwrap_or(Lookup::Unknown)
    }

    /// Where a name is declared already.
    pub(crate) fn declared_at(&self, name: &Name) -> Option<Span> {
        match self.find(&name.text) {
            Lookup::Table(id) => Some(self.tables[id].table.span),
            Lookup::View(id) => Some(self.views[id].name.span),
            Lookup::Unreadable | Lookup::Unknown => None,
        }
    }

    /// All names, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let tables = self.tables.iter().map(|entry| entry.table.name.as_str());
        tables.chain(self.views.iter().map(|view| view.name.text.as_str()))
    }

    pub(crate) fn into_tables(self) -> Vec<Table> {
        self.tables.into_iter().map(|entry| entry.table).collect()
    }
}

impl TableEntry {
    /// Index of a column, declared or added.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.table
            .columns
            .iter()
            .position(|column| column.field.name == name)
    }

    /// The declared columns.
    pub(crate) fn declared_columns(&self) -> &[Column] {
        &self.table.columns[..self.declared]
    }

    /// Adds a column that is not declared; gives its index.
    pub(crate) fn add(&mut self, name: &str, data_type: DataType, kind: ColumnKind) -> usize {
        self.table.columns.push(Column {
            field: Field {
                name: name.to_owned(),
                data_type,
            },
            kind,
        });
        self.table.columns.len() - 1
    }

    /// Indexes of the columns that a sink takes.
    pub(crate) fn physical(&self) -> Vec<usize> {
        let is_physical = |&i: &usize| self.table.columns[i].kind == ColumnKind::Physical;
        (0..self.declared).filter(is_physical).collect()
    }
}

/// The column that every source has by this name.
pub(crate) fn implicit(name: &str) -> Option<(Implicit, DataType)> {
    Some(match name {
        "__arrival" => (Implicit::Arrival, DataType::TimestampLtz(3)),
        "__lsn" => (Implicit::Lsn, DataType::BigInt),
        "__shard" => (Implicit::Shard, DataType::Int),
        "__forwarder" => (Implicit::Forwarder, DataType::STRING),
        "__raw" => (Implicit::Raw, DataType::STRING),
        "__lag_ms" => (Implicit::LagMs, DataType::BigInt),
        "__is_backlog" => (Implicit::IsBacklog, DataType::Boolean),
        _ => return None,
    })
}

/// Names of the implicit columns, for suggestions.
pub(crate) const IMPLICIT_NAMES: &[&str] = &[
    "__arrival",
    "__lsn",
    "__shard",
    "__forwarder",
    "__raw",
    "__lag_ms",
    "__is_backlog",
];
