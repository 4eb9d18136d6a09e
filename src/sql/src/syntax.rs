//! Statements as read: own shapes for what sqlparser does not know, its tree for queries and
//! expressions. Nothing is resolved yet.

use crate::plan::Span;
use rookery_model::DataType;
use sqlparser::ast::{Expr, Query};

/// A name with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
    /// In back-quotes.
    pub(crate) quoted: bool,
}

/// A file's statements.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) tables: Vec<CreateTable>,
    pub(crate) views: Vec<CreateView>,
    pub(crate) inserts: Vec<Insert>,
    pub(crate) settings: Vec<Setting>,
    /// Tables and views whose statement could not be read: using them is no second error.
    pub(crate) unreadable: Vec<String>,
}

impl Script {
    /// How many statements of each kind there are.
    pub(crate) fn counts(&self) -> [usize; 4] {
        [
            self.tables.len(),
            self.views.len(),
            self.inserts.len(),
            self.settings.len(),
        ]
    }

    /// Takes back what came after a count.
    pub(crate) fn truncate(&mut self, [tables, views, inserts, settings]: [usize; 4]) {
        self.tables.truncate(tables);
        self.views.truncate(views);
        self.inserts.truncate(inserts);
        self.settings.truncate(settings);
    }
}

/// `CREATE TABLE`
#[derive(Debug)]
pub(crate) struct CreateTable {
    pub(crate) name: Name,
    pub(crate) columns: Vec<ColumnDefinition>,
    pub(crate) primary_keys: Vec<PrimaryKey>,
    pub(crate) watermarks: Vec<Watermark>,
    pub(crate) options: Vec<TableOption>,
    /// `PARTITIONED BY (..)`, which nothing acts on.
    pub(crate) partitioned: Option<Span>,
}

/// A column of `CREATE TABLE`.
#[derive(Debug)]
pub(crate) struct ColumnDefinition {
    pub(crate) name: Name,
    pub(crate) kind: ColumnDefinitionKind,
}

/// Where its value comes from.
#[derive(Debug)]
pub(crate) enum ColumnDefinitionKind {
    /// `name type`
    Physical(DataType),
    /// `name AS expression`
    Computed(Box<Expr>),
    /// `name type METADATA [FROM 'key'] [VIRTUAL]`, and blink's `name type HEADER`
    Metadata {
        data_type: DataType,
        key: Option<String>,
    },
}

/// `PRIMARY KEY (..) [NOT ENFORCED]`
#[derive(Debug)]
pub(crate) struct PrimaryKey {
    pub(crate) columns: Vec<Name>,
    pub(crate) not_enforced: bool,
    pub(crate) span: Span,
}

/// `WATERMARK [name] FOR column AS expression`
#[derive(Debug)]
pub(crate) struct Watermark {
    pub(crate) column: Name,
    pub(crate) span: Span,
}

/// `key = 'value'` of WITH.
#[derive(Debug)]
pub(crate) struct TableOption {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: String,
}

/// `CREATE VIEW`
#[derive(Debug)]
pub(crate) struct CreateView {
    pub(crate) name: Name,
    pub(crate) columns: Vec<Name>,
    pub(crate) query: ReadQuery,
}

/// `INSERT INTO`
#[derive(Debug)]
pub(crate) struct Insert {
    pub(crate) sink: Name,
    pub(crate) columns: Option<Vec<Name>>,
    pub(crate) query: ReadQuery,
    /// What a comment before it says.
    pub(crate) rule_name: Option<Name>,
    pub(crate) span: Span,
}

/// A query, as far as it is read.
#[derive(Debug)]
pub(crate) enum ReadQuery {
    Query(Box<Query>),
    /// It uses a construct that is recognised by its words only.
    NotBuilt {
        construct: String,
        span: Span,
    },
}

/// `SET 'key' = 'value'`
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: String,
    pub(crate) value_span: Span,
}
