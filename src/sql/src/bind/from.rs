//! FROM: tables, views and subqueries; joins and table functions are recognised.

use crate::bind::catalog::Lookup;
use crate::bind::output::Relation;
use crate::bind::scope::{Scope, ScopeColumns, ScopeRelation, name_of};
use crate::bind::{Binder, Bound, NotBuilt, Stop};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::functions;
use crate::lexer::bytes;
use crate::plan::{Rel, Span};
use crate::syntax::Name;
use sqlparser::ast::{
    Expr as Ast, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Spanned,
    TableAlias, TableFactor, TableWithJoins,
};
use sqlparser::tokenizer::Span as TokenSpan;

impl Binder<'_> {
    /// Binds FROM; without one there is no input.
    pub(crate) fn bind_from(
        &mut self,
        from: &[TableWithJoins],
        select: TokenSpan,
    ) -> Bound<(Option<Rel>, Scope)> {
        let (first, more) = match from {
            [] => return Ok((None, Scope::default())),
            [first, more @ ..] => (first, more),
        };
        if let Some(construct) = find_join(first, more, bytes(select)) {
            // Names are checked all the same: a table that does not exist is an error in a join too.
            let factors = from.iter().flat_map(|table| {
                std::iter::once(&table.relation).chain(table.joins.iter().map(|j| &j.relation))
            });
            let mut reported = false;
            for factor in factors {
                reported |= self.touch(factor);
            }
            if reported {
                return Err(Stop::Reported);
            }
            return self.table_function_not_built(construct.construct, construct.span);
        }
        let (rel, relation) = self.bind_factor(&first.relation)?;
        let scope = Scope {
            relations: vec![relation],
        };
        Ok((Some(rel), scope))
    }

    /// Looks up the tables of a construct that is not built; true if one is unknown.
    fn touch(&mut self, factor: &TableFactor) -> bool {
        match factor {
            TableFactor::Table {
                name, args: None, ..
            } => match single_name(name) {
                Some(name) if name.text.eq_ignore_ascii_case("UNNEST") => false,
                Some(name) => matches!(self.bind_name(&name), Err(Stop::Reported)),
                None => false,
            },
            TableFactor::Derived { subquery, .. } => {
                matches!(self.bind_query(subquery), Err(Stop::Reported))
            }
            TableFactor::MatchRecognize { table, .. } => self.touch(table),
            _ => false,
        }
    }

    fn bind_factor(&mut self, factor: &TableFactor) -> Bound<(Rel, ScopeRelation)> {
        let span = bytes(factor.span());
        if let Some(alias) = alias_of(factor) {
            self.alias(&alias.name, span)?;
        }
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                let Some(name) = single_name(name) else {
                    return Err(self.unsupported(
                        span,
                        "a table's name has one part here",
                        Some("a rule file is a catalogue of its own; write the last part only"),
                    ));
                };
                self.bind_table(&name, alias.as_ref())
            }
            TableFactor::Derived {
                lateral: false,
                subquery,
                alias,
                sample: None,
            } => {
                let relation = self.bind_query(subquery)?;
                self.named_relation(relation, None, alias.as_ref())
            }
            TableFactor::MatchRecognize { table, .. } => {
                let unknown = self.touch(table);
                if unknown {
                    return Err(Stop::Reported);
                }
                self.not_built("MATCH_RECOGNIZE", span)
            }
            other => match table_function(other) {
                Some(construct) => self.table_function_not_built(construct, span),
                None => Err(self.unsupported(span, "this cannot stand in FROM", None)),
            },
        }
    }

    /// Stops at a table function or join that no operator is built for; a function that nobody knows is
    /// an error.
    fn table_function_not_built<T>(&mut self, construct: String, span: Span) -> Bound<T> {
        let called = construct.strip_prefix("TABLE(");
        let called = called.and_then(|rest| rest.strip_suffix("(..))"));
        match called {
            Some(name) if !functions::gives_rows(name) => Err(self.fail(
                Diagnostic::new(
                    Code::UnknownFunction,
                    span,
                    format!("there is no table function `{name}`"),
                )
                .help("user functions are not supported yet; UNNEST(array) gives rows of an array"),
            )),
            _ => self.not_built(construct, span),
        }
    }

    /// A table or view by name.
    fn bind_table(
        &mut self,
        name: &Name,
        alias: Option<&TableAlias>,
    ) -> Bound<(Rel, ScopeRelation)> {
        match self.bind_name(name)? {
            Named::Query(relation) => self.named_relation(relation, Some(name), alias),
            Named::Table(table) => {
                let renamed = alias.is_some_and(|alias| !alias.columns.is_empty());
                if renamed {
                    let relation = self.declared_relation(table, name.span)?;
                    return self.named_relation(relation, Some(name), alias);
                }
                let visible = alias.map_or_else(|| name.text.clone(), |a| a.name.value.clone());
                let relation = ScopeRelation {
                    name: Some(visible),
                    columns: ScopeColumns::Table {
                        table,
                        declaring: false,
                    },
                };
                Ok((Rel::Scan(table), relation))
            }
        }
    }

    /// What a name in FROM stands for.
    fn bind_name(&mut self, name: &Name) -> Bound<Named> {
        self.check_reserved(name);
        if let Some(cte) = self.ctes.iter().rposition(|cte| cte.name.text == name.text) {
            return self.put_in_cte(cte, name.span).map(Named::Query);
        }
        match self.catalog.find(&name.text) {
            Lookup::View(view) => self.put_in_view(view, name.span).map(Named::Query),
            Lookup::Table(table) => {
                self.catalog.tables[table].read.get_or_insert(name.span);
                Ok(Named::Table(table))
            }
            Lookup::Unreadable => Err(Stop::Reported),
            Lookup::Unknown => Err(self.unknown_table(name)),
        }
    }

    /// A source's declared columns as a query's.
    fn declared_relation(&mut self, table: usize, span: Span) -> Bound<Relation> {
        let scope = Scope {
            relations: vec![ScopeRelation {
                name: None,
                columns: ScopeColumns::Table {
                    table,
                    declaring: false,
                },
            }],
        };
        let columns = self.expand(&scope, None)?;
        self.spend(columns.len() + 1, span)?;
        let columns = columns
            .into_iter()
            .map(|(_, name, data_type)| crate::bind::output::OutputColumn {
                name,
                data_type,
                span,
            })
            .collect();
        let relation = Relation {
            rel: Rel::Scan(table),
            columns,
        };
        let exprs = relation.references();
        Ok(Relation {
            rel: Rel::Project {
                input: Box::new(relation.rel),
                exprs,
            },
            columns: relation.columns,
        })
    }

    fn named_relation(
        &mut self,
        relation: Relation,
        name: Option<&Name>,
        alias: Option<&TableAlias>,
    ) -> Bound<(Rel, ScopeRelation)> {
        let relation = match alias {
            Some(alias) => self.rename_as(relation, alias)?,
            None => relation,
        };
        let visible = alias
            .map(|alias| alias.name.value.clone())
            .or_else(|| name.map(|name| name.text.clone()));
        let scope = ScopeRelation {
            name: visible,
            columns: ScopeColumns::Query(relation.columns),
        };
        Ok((relation.rel, scope))
    }
}

enum Named {
    Table(usize),
    Query(Relation),
}

fn alias_of(factor: &TableFactor) -> Option<&TableAlias> {
    match factor {
        TableFactor::Table { alias, .. } | TableFactor::Derived { alias, .. } => alias.as_ref(),
        _ => None,
    }
}

/// A name of one part.
fn single_name(name: &ObjectName) -> Option<Name> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Some(name_of(ident)),
        _ => None,
    }
}

/// Which kind of join FROM holds, if any.
fn find_join(first: &TableWithJoins, more: &[TableWithJoins], select: Span) -> Option<NotBuilt> {
    let relations = first
        .joins
        .iter()
        .map(|join| (&join.relation, Some(join)))
        .chain(more.iter().map(|table| (&table.relation, None)));
    let (factor, join) = relations.into_iter().next()?;
    let construct = match factor {
        TableFactor::Table {
            version: Some(_), ..
        } => "a lookup join (FOR SYSTEM_TIME AS OF)".to_owned(),
        other => table_function(other).unwrap_or_else(|| match join {
            Some(join) if is_interval_join(join) => "an interval join".to_owned(),
            _ => "JOIN".to_owned(),
        }),
    };
    let span = bytes(factor.span());
    let span = if span == Span::default() {
        select
    } else {
        span
    };
    Some(NotBuilt { construct, span })
}

fn is_interval_join(join: &Join) -> bool {
    let (JoinOperator::Join(constraint)
    | JoinOperator::Inner(constraint)
    | JoinOperator::Left(constraint)
    | JoinOperator::LeftOuter(constraint)
    | JoinOperator::Right(constraint)
    | JoinOperator::RightOuter(constraint)
    | JoinOperator::FullOuter(constraint)) = &join.join_operator
    else {
        return false;
    };
    let JoinConstraint::On(condition) = constraint else {
        return false;
    };
    let mut at = condition;
    loop {
        match at {
            Ast::Between { .. } => return true,
            Ast::BinaryOp { left, right, .. } => {
                if matches!(**right, Ast::Between { .. }) {
                    return true;
                }
                at = left;
            }
            Ast::Nested(inner) => at = inner,
            _ => return false,
        }
    }
}

/// The table function that stands in FROM, as users call it.
fn table_function(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table {
            name,
            args: Some(args),
            ..
        } => {
            let name = name.to_string().to_uppercase();
            match (name.as_str(), args.args.first()) {
                ("TABLE", Some(inner)) => Some(called(&inner.to_string())),
                _ => Some(name),
            }
        }
        TableFactor::Function { name, args, .. } => {
            let name = name.to_string().to_uppercase();
            match (name.as_str(), args.first()) {
                ("TABLE", Some(inner)) => Some(called(&inner.to_string())),
                _ => Some(name),
            }
        }
        TableFactor::TableFunction { expr, .. } => Some(called(&expr.to_string())),
        TableFactor::UNNEST { .. } => Some("UNNEST".to_owned()),
        TableFactor::Derived { lateral: true, .. } => Some("LATERAL".to_owned()),
        TableFactor::MatchRecognize { .. } => Some("MATCH_RECOGNIZE".to_owned()),
        TableFactor::Table {
            version: Some(_), ..
        } => Some("FOR SYSTEM_TIME AS OF".to_owned()),
        TableFactor::NestedJoin { .. } => Some("JOIN".to_owned()),
        _ => None,
    }
}

fn called(text: &str) -> String {
    let name = text.split('(').next().unwrap_or(text);
    format!("TABLE({}(..))", name.trim().to_uppercase())
}
