//! Which columns a name may mean.

use crate::bind::catalog::{IMPLICIT_NAMES, Lookup, implicit};
use crate::bind::output::OutputColumn;
use crate::bind::{Binder, Bound, Stop};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::functions::{self, Found};
use crate::lexer::bytes;
use crate::plan::{ColumnKind, Dialect, Expr, ExprKind, Span, TableId};
use crate::suggest::closest;
use crate::syntax::Name;
use rookery_model::DataType;
use sqlparser::ast::Ident;

/// The relations in sight, in the order of FROM; their columns count through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) relations: Vec<ScopeRelation>,
}

/// One relation.
#[derive(Clone, Debug)]
pub(crate) struct ScopeRelation {
    /// What stands before the dot: the alias, or the table's name.
    pub(crate) name: Option<String>,
    pub(crate) columns: ScopeColumns,
}

/// Its columns.
#[derive(Clone, Debug)]
pub(crate) enum ScopeColumns {
    /// A source: it may get further columns while they are used, so it stands alone in its scope.
    Table {
        table: TableId,
        /// In its own declaration: computed columns cannot be used.
        declaring: bool,
    },
    /// A subquery or view.
    Query(Vec<OutputColumn>),
}

impl Scope {
    /// The scope of a table's computed columns.
    pub(crate) fn declaration(table: TableId) -> Self {
        Self {
            relations: vec![ScopeRelation {
                name: None,
                columns: ScopeColumns::Table {
                    table,
                    declaring: true,
                },
            }],
        }
    }
}

/// A name of sqlparser's tree.
pub(crate) fn name_of(ident: &Ident) -> Name {
    Name {
        text: ident.value.clone(),
        span: bytes(ident.span),
        quoted: ident.quote_style.is_some(),
    }
}

impl Binder<'_> {
    /// An alias, which sqlparser also takes from quotes that enclose text.
    pub(crate) fn alias(&mut self, ident: &Ident, at: Span) -> Bound<Name> {
        if let Some('\'' | '"') = ident.quote_style {
            return Err(self.fail(
                Diagnostic::new(
                    Code::UnsupportedSyntax,
                    at,
                    "text stands where a name would",
                )
                .label("text in quotes follows here")
                .help(format!(
                    "write AS `{}` for a name, || to join texts",
                    ident.value
                )),
            ));
        }
        let name = name_of(ident);
        self.check_reserved(&name);
        Ok(name)
    }

    /// Binds `name`, or `qualifier.name`.
    pub(crate) fn bind_column(
        &mut self,
        qualifier: Option<&Name>,
        name: &Name,
        scope: &Scope,
    ) -> Bound<Expr> {
        self.check_reserved(name);
        let span = qualifier.map_or(name.span, |qualifier| qualifier.span.to(name.span));
        let candidates: Vec<_> = scope
            .relations
            .iter()
            .filter(|relation| {
                qualifier.is_none_or(|qualifier| relation.name.as_ref() == Some(&qualifier.text))
            })
            .collect();
        if let (Some(qualifier), []) = (qualifier, candidates.as_slice()) {
            return Err(self.unknown_qualifier(qualifier, scope));
        }
        for relation in candidates {
            let found = match &relation.columns {
                ScopeColumns::Table { table, declaring } => {
                    Some(self.column_of_table(*table, name, *declaring)?)
                }
                ScopeColumns::Query(columns) => self.column_of_query(columns, name)?,
            };
            if let Some((index, data_type)) = found {
                return Ok(Expr {
                    kind: ExprKind::Column(index),
                    data_type,
                    span,
                });
            }
        }
        Err(self.unknown_column(name, scope))
    }

    fn column_of_table(
        &mut self,
        table: TableId,
        name: &Name,
        declaring: bool,
    ) -> Bound<(usize, DataType)> {
        let entry = &self.catalog.tables[table];
        let Some(index) = entry.column(&name.text) else {
            return self.add_column(table, name);
        };
        if let Some(unusable) = entry.unusable.get(&index) {
            return Err(unusable.clone().map_or(Stop::Reported, Stop::NotBuilt));
        }
        let column = &entry.table.columns[index];
        if declaring && matches!(column.kind, ColumnKind::Computed(_)) {
            return Err(self.fail(
                Diagnostic::new(
                    Code::UnknownColumn,
                    name.span,
                    format!("`{}` is computed itself", name.text),
                )
                .help("write its expression out; a computed column uses only the others"),
            ));
        }
        Ok((index, column.field.data_type.clone()))
    }

    /// A column that a source does not declare: one that all have, or (blink) a key of the message.
    fn add_column(&mut self, table: TableId, name: &Name) -> Bound<(usize, DataType)> {
        let entry = &mut self.catalog.tables[table];
        if let Some((kind, data_type)) = implicit(&name.text) {
            let index = entry.add(&name.text, data_type.clone(), ColumnKind::Implicit(kind));
            return Ok((index, data_type));
        }
        let declared = entry.declared_columns();
        let names = declared.iter().map(|column| column.field.name.as_str());
        let names = names.chain(IMPLICIT_NAMES.iter().copied());
        let near = closest(&name.text, names).map(str::to_owned);
        let table_name = entry.table.name.clone();
        if self.dialect == Dialect::Flink {
            return Err(self.fail(
                Diagnostic::new(
                    Code::UnknownColumn,
                    name.span,
                    format!("`{table_name}` has no column `{}`", name.text),
                )
                .help_if(
                    self.is_alias(name)
                        .or_else(|| near.map(|near| format!("did you mean `{near}`?")))
                        .or_else(|| self.is_function(name)),
                ),
            ));
        }
        let index = entry.add(&name.text, DataType::STRING, ColumnKind::Undeclared);
        let declare = format!("declare it: `{}` VARCHAR", name.text);
        let alias = self
            .is_alias(name)
            .map(|known| format!("{known}; else {declare}"));
        let near = near.map(|near| format!("did you mean `{near}`? if not, {declare}"));
        let call = self.is_function(name);
        let call = call.map(|call| format!("{call}; if a column is meant, {declare}"));
        let help = alias.or(near).or(call).unwrap_or(declare);
        self.warn(
            Diagnostic::new(
                Code::UndeclaredColumn,
                name.span,
                format!("`{table_name}` does not declare the column `{}`", name.text),
            )
            .label("read from the message, as VARCHAR")
            .help(help),
        );
        Ok((index, DataType::STRING))
    }

    fn column_of_query(
        &mut self,
        columns: &[OutputColumn],
        name: &Name,
    ) -> Bound<Option<(usize, DataType)>> {
        let mut found = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.name == name.text);
        let Some((index, column)) = found.next() else {
            return Ok(None);
        };
        if let Some((_, second)) = found.next() {
            return Err(self.fail(
                Diagnostic::new(
                    Code::AmbiguousColumn,
                    name.span,
                    format!("`{}` may be one of two columns", name.text),
                )
                .related(column.span, "this one")
                .related(second.span, "or this one")
                .help("give one of them another name with AS"),
            ));
        }
        Ok(Some((index, column.data_type.clone())))
    }

    fn unknown_qualifier(&mut self, qualifier: &Name, scope: &Scope) -> Stop {
        let names: Vec<_> = scope
            .relations
            .iter()
            .filter_map(|r| r.name.as_deref())
            .collect();
        let declared = !matches!(self.catalog.find(&qualifier.text), Lookup::Unknown);
        let help = match (
            closest(&qualifier.text, names.iter().copied()),
            names.as_slice(),
        ) {
            (Some(near), _) => Some(format!("did you mean `{near}`?")),
            (None, [only]) if declared => Some(format!("in this FROM it is called `{only}`")),
            _ if matches!(
                self.type_of_column(&qualifier.text, scope),
                Some(DataType::Map(..))
            ) =>
            {
                Some(format!(
                    "`{0}` is a MAP, which is read with its key: `{0}`['key']",
                    qualifier.text
                ))
            }
            _ if self.is_text_column(&qualifier.text, scope) => Some(format!(
                "`{0}` is a column of text: JSON in it is read with JSON_VALUE(`{0}`, '$.key')",
                qualifier.text
            )),
            _ => None,
        };
        self.fail(
            Diagnostic::new(
                Code::UnknownTable,
                qualifier.span,
                format!("`{}` is not in FROM", qualifier.text),
            )
            .help_if(help),
        )
    }

    /// What to write where an alias stands in its own SELECT.
    fn is_alias(&self, name: &Name) -> Option<String> {
        self.aliases.contains(&name.text).then(|| {
            format!(
                "AS `{}` is not known here: repeat its expression, or select from a subquery",
                name.text
            )
        })
    }

    /// What to write where a function stands without its brackets.
    fn is_function(&self, name: &Name) -> Option<String> {
        let found = functions::find(self.dialect, &name.text);
        let call = !name.quoted && matches!(found, Found::Forms(_));
        call.then(|| format!("a call has brackets: {}(..)", name.text.to_uppercase()))
    }

    fn is_text_column(&self, name: &str, scope: &Scope) -> bool {
        scope
            .relations
            .iter()
            .any(|relation| match &relation.columns {
                ScopeColumns::Table { table, .. } => {
                    let entry = &self.catalog.tables[*table];
                    let column = entry.column(name).map(|index| &entry.table.columns[index]);
                    column.is_some_and(|column| column.field.data_type.is_string())
                }
                ScopeColumns::Query(columns) => columns
                    .iter()
                    .any(|column| column.name == name && column.data_type.is_string()),
            })
    }

    fn unknown_column(&mut self, name: &Name, scope: &Scope) -> Stop {
        let mut names: Vec<&str> = Vec::new();
        for relation in &scope.relations {
            if let ScopeColumns::Query(columns) = &relation.columns {
                names.extend(columns.iter().map(|column| column.name.as_str()));
            }
        }
        let mut diagnostic = Diagnostic::new(
            Code::UnknownColumn,
            name.span,
            format!("no column `{}`", name.text),
        )
        .help_if(
            closest(&name.text, names.iter().copied())
                .map(|near| format!("did you mean `{near}`?")),
        );
        if scope.relations.is_empty() {
            diagnostic = diagnostic.label("there is no FROM");
        } else if diagnostic.help.is_empty() && !names.is_empty() {
            diagnostic = diagnostic.note(format!("the columns here are {}", names.join(", ")));
        }
        self.fail(diagnostic)
    }

    /// The type of the column that a bare name means; none where it is unknown or not unique. Reports
    /// and adds nothing.
    pub(crate) fn type_of_column(&self, name: &str, scope: &Scope) -> Option<DataType> {
        let mut types = scope
            .relations
            .iter()
            .filter_map(|relation| match &relation.columns {
                ScopeColumns::Table { table, .. } => {
                    let entry = &self.catalog.tables[*table];
                    let index = entry.column(name)?;
                    Some(entry.table.columns[index].field.data_type.clone())
                }
                ScopeColumns::Query(columns) => columns
                    .iter()
                    .find(|column| column.name == name)
                    .map(|column| column.data_type.clone()),
            });
        types.next()
    }

    /// All columns of a scope as `*` means them: of a source those it declares.
    pub(crate) fn expand(
        &mut self,
        scope: &Scope,
        qualifier: Option<&Name>,
    ) -> Bound<Vec<(usize, String, DataType)>> {
        let mut out = Vec::new();
        let mut matched = false;
        for relation in &scope.relations {
            if qualifier.is_some_and(|q| relation.name.as_ref() != Some(&q.text)) {
                continue;
            }
            matched = true;
            match &relation.columns {
                ScopeColumns::Table { table, .. } => {
                    let entry = &self.catalog.tables[*table];
                    for (index, column) in entry.declared_columns().iter().enumerate() {
                        if let Some(unusable) = entry.unusable.get(&index) {
                            return Err(unusable.clone().map_or(Stop::Reported, Stop::NotBuilt));
                        }
                        out.push((
                            index,
                            column.field.name.clone(),
                            column.field.data_type.clone(),
                        ));
                    }
                }
                ScopeColumns::Query(columns) => {
                    for (index, column) in columns.iter().enumerate() {
                        out.push((index, column.name.clone(), column.data_type.clone()));
                    }
                }
            }
        }
        if let (false, Some(qualifier)) = (matched, qualifier) {
            return Err(self.unknown_qualifier(qualifier, scope));
        }
        Ok(out)
    }
}
