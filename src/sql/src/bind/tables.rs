//! `CREATE TABLE`: names checked, options brought into one spelling, computed columns bound.

use crate::bind::catalog::{Lookup, TableEntry};
use crate::bind::measure::expr_depth;
use crate::bind::scope::Scope;
use crate::bind::{Binder, Stop};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::plan::{Column, ColumnKind, Dialect, Expr, ExprKind, Literal, Span, Table};
use crate::suggest::closest;
use crate::syntax::{ColumnDefinitionKind, CreateTable, Name};
use rookery_model::{DataType, Field};
use std::collections::{BTreeMap, HashMap};

impl Binder<'_> {
    /// Takes a table into the catalogue, its computed columns still without expressions.
    pub(crate) fn declare_table(&mut self, statement: &CreateTable) {
        if !self.declare_name(&statement.name) {
            return;
        }
        let mut columns: Vec<Column> = Vec::with_capacity(statement.columns.len());
        let mut first: HashMap<&str, Span> = HashMap::new();
        for definition in &statement.columns {
            let name = &definition.name;
            self.check_reserved(name);
            if let Some(first) = first.insert(&name.text, name.span) {
                self.fail(
                    Diagnostic::new(
                        Code::DuplicateName,
                        name.span,
                        format!("the column `{}` is declared twice", name.text),
                    )
                    .related(first, "first declared here"),
                );
                continue;
            }
            let (data_type, kind) = match &definition.kind {
                ColumnDefinitionKind::Physical(data_type) => {
                    (data_type.clone(), ColumnKind::Physical)
                }
                ColumnDefinitionKind::Metadata { data_type, key } => {
                    let key = key.clone().unwrap_or_else(|| name.text.clone());
                    (data_type.clone(), ColumnKind::Metadata(key))
                }
                ColumnDefinitionKind::Computed(_) => {
                    (DataType::Null, ColumnKind::Computed(null(name)))
                }
            };
            columns.push(Column {
                field: Field {
                    name: name.text.clone(),
                    data_type,
                },
                kind,
            });
        }
        if let Some(span) = statement.partitioned {
            self.warn(
                Diagnostic::new(
                    Code::UnknownSetting,
                    span,
                    "PARTITIONED BY does nothing here",
                )
                .help("leave it out; row files are cut by size and time, not by a column"),
            );
        }
        let (options, option_spans) = self.options(statement);
        let mut entry = TableEntry {
            declared: columns.len(),
            table: Table {
                name: statement.name.text.clone(),
                columns,
                options,
                option_spans,
                primary_key: Vec::new(),
                span: statement.name.span,
            },
            unusable: HashMap::new(),
            read: None,
            written: None,
        };
        let primary_key = self.primary_key(statement, &entry);
        self.check_watermarks(statement, &entry);
        entry.table.primary_key = primary_key;
        self.catalog.add_table(entry);
    }

    /// Whether a name is free; otherwise says where it is taken.
    pub(crate) fn declare_name(&mut self, name: &Name) -> bool {
        self.check_reserved(name);
        match self.catalog.declared_at(name) {
            None => true,
            Some(first) => {
                self.fail(
                    Diagnostic::new(
                        Code::DuplicateName,
                        name.span,
                        format!("the name `{}` is taken", name.text),
                    )
                    .related(first, "declared here"),
                );
                false
            }
        }
    }

    /// The options by their names, and where each name stands.
    fn options(&mut self, statement: &CreateTable) -> (Vec<(String, String)>, Vec<Span>) {
        let mut options = BTreeMap::new();
        for option in &statement.options {
            let mut key = match self.dialect {
                Dialect::Blink => option.key.to_lowercase(),
                Dialect::Flink => option.key.clone(),
            };
            if key == "type" {
                key = "connector".to_owned();
            }
            if options.contains_key(&key) {
                self.fail(
                    Diagnostic::new(
                        Code::DuplicateName,
                        option.key_span,
                        format!("the option `{key}` is set twice"),
                    )
                    .help("leave one of them out; `type` is another name of `connector`"),
                );
                continue;
            }
            options.insert(key, (option.value.clone(), option.key_span));
        }
        let place = |(key, (value, span))| ((key, value), span);
        options.into_iter().map(place).unzip()
    }

    fn primary_key(&mut self, statement: &CreateTable, entry: &TableEntry) -> Vec<usize> {
        let Some(key) = statement.primary_keys.first() else {
            return Vec::new();
        };
        if let Some(second) = statement.primary_keys.get(1) {
            self.fail(
                Diagnostic::new(
                    Code::DuplicateName,
                    second.span,
                    format!("`{}` has two primary keys", statement.name.text),
                )
                .related(key.span, "the first")
                .help("a key of several columns is one PRIMARY KEY (a, b)"),
            );
        }
        if self.dialect == Dialect::Flink && !key.not_enforced {
            self.fail(
                Diagnostic::new(
                    Code::OtherDialect,
                    key.span,
                    "Flink takes a primary key only as NOT ENFORCED",
                )
                .help("write NOT ENFORCED behind it"),
            );
        }
        let columns = key
            .columns
            .iter()
            .filter_map(|name| self.declared_column(entry, name));
        let mut indexes = Vec::new();
        for index in columns.collect::<Vec<_>>() {
            if !indexes.contains(&index) {
                indexes.push(index);
            }
        }
        indexes
    }

    fn check_watermarks(&mut self, statement: &CreateTable, entry: &TableEntry) {
        for watermark in &statement.watermarks {
            if let Some(index) = self.declared_column(entry, &watermark.column) {
                self.check_event_time(&entry.declared_columns()[index], &watermark.column);
            }
        }
        if let [first, second, ..] = statement.watermarks.as_slice() {
            self.fail(
                Diagnostic::new(
                    Code::DuplicateName,
                    second.span,
                    format!("`{}` has two watermarks", statement.name.text),
                )
                .related(first.span, "the first"),
            );
        }
    }

    /// Event time is a TIMESTAMP or TIMESTAMP_LTZ; Flink counts it in milliseconds.
    fn check_event_time(&mut self, column: &Column, name: &Name) {
        let data_type = &column.field.data_type;
        let finest = match (self.dialect, data_type) {
            // What a computed column gives is not known yet.
            _ if matches!(column.kind, ColumnKind::Computed(_)) => return,
            (Dialect::Blink, DataType::Timestamp(_) | DataType::TimestampLtz(_)) => return,
            (Dialect::Flink, DataType::Timestamp(p) | DataType::TimestampLtz(p)) if *p <= 3 => {
                return;
            }
            (Dialect::Blink, _) => "TIMESTAMP",
            (Dialect::Flink, _) => "TIMESTAMP(3)",
        };
        let help = match data_type {
            DataType::Timestamp(_) | DataType::TimestampLtz(_) => {
                format!("declare it {finest}: Flink's event time has milliseconds")
            }
            t if t.is_string() => {
                format!("add a column for it: ts AS TO_TIMESTAMP(`{}`)", name.text)
            }
            t if t.is_numeric() => {
                format!(
                    "add a column for it: ts AS TO_TIMESTAMP_LTZ(`{}`, 3)",
                    name.text
                )
            }
            _ => format!("it takes a column of {finest}"),
        };
        self.fail(
            Diagnostic::new(
                Code::TypeMismatch,
                name.span,
                format!("WATERMARK of `{}`, which is {data_type}", name.text),
            )
            .label("no event time")
            .help(help),
        );
    }

    /// Index of a column that must be declared; reports it if it is not.
    pub(crate) fn declared_column(&mut self, entry: &TableEntry, name: &Name) -> Option<usize> {
        let columns = entry.declared_columns();
        let index = columns.iter().position(|c| c.field.name == name.text);
        if index.is_none() {
            let names = columns.iter().map(|column| column.field.name.as_str());
            let suggestion = closest(&name.text, names);
            self.fail(
                Diagnostic::new(
                    Code::UnknownColumn,
                    name.span,
                    format!("`{}` has no column `{}`", entry.table.name, name.text),
                )
                .help_if(suggestion.map(|near| format!("did you mean `{near}`?"))),
            );
        }
        index
    }

    /// Binds a table's computed columns, over its other columns.
    pub(crate) fn bind_computed_columns(&mut self, statement: &CreateTable) {
        let table = match self.catalog.find(&statement.name.text) {
            Lookup::Table(id) if self.catalog.tables[id].table.span == statement.name.span => id,
            // Another table has the name, which is reported.
            _ => return,
        };
        for definition in &statement.columns {
            let ColumnDefinitionKind::Computed(expression) = &definition.kind else {
                continue;
            };
            let Some(index) = self.catalog.tables[table].column(&definition.name.text) else {
                continue;
            };
            let result = self
                .bind_expr(expression, &Scope::declaration(table))
                .and_then(|bound| {
                    self.check_depth(expr_depth(&bound), bound.span)?;
                    Ok(bound)
                });
            let entry = &mut self.catalog.tables[table];
            match result {
                Ok(bound) => {
                    entry.table.columns[index].field.data_type = bound.data_type.clone();
                    entry.table.columns[index].kind = ColumnKind::Computed(bound);
                }
                Err(Stop::Reported) => {
                    entry.unusable.insert(index, None);
                }
                Err(Stop::NotBuilt(construct)) => {
                    entry.unusable.insert(index, Some(construct));
                }
            }
        }
    }
}

/// What stands for a computed column until it is bound; no rule can refer to it before.
fn null(name: &Name) -> Expr {
    Expr {
        kind: ExprKind::Literal(Literal::Null),
        data_type: DataType::Null,
        span: name.span,
    }
}
