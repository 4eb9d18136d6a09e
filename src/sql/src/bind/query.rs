//! Queries: WITH, UNION ALL, VALUES, and what stands around a SELECT.

use crate::bind::output::{OutputColumn, Relation, columns as count};
use crate::bind::scope::{Scope, name_of};
use crate::bind::views::NamedQuery;
use crate::bind::{Binder, Bound, Stop, all};
use crate::code::Code;
use crate::coerce;
use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::plan::{Dialect, Rel, Span};
use rookery_model::DataType;
use sqlparser::ast::{
    Cte, LimitClause, Parens, Query, SetExpr, SetOperator, SetQuantifier, Spanned, TableAlias,
    Values,
};

impl Binder<'_> {
    /// Binds a query with all its clauses.
    pub(crate) fn bind_query(&mut self, query: &Query) -> Bound<Relation> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        let outer = self.ctes.len();
        if let Some(with) = with {
            if with.recursive {
                let span = bytes(with.with_token.0.span);
                return Err(self.unsupported(span, "WITH RECURSIVE is not supported", None));
            }
            for cte in &with.cte_tables {
                self.bind_cte(cte, outer);
            }
        }
        let bound = self.bind_set(body);
        self.ctes.truncate(outer);
        let span = bytes(query.span());
        if !locks.is_empty()
            || for_clause.is_some()
            || settings.is_some()
            || format_clause.is_some()
            || !pipe_operators.is_empty()
        {
            return Err(self.unsupported(span, "a clause of another SQL behind the query", None));
        }
        let relation = bound?;
        if let Some(order_by) = order_by {
            return self.not_built("ORDER BY", self.tokens.before(bytes(order_by.span()), 2));
        }
        if let Some(limit) = limit_clause {
            let offset_only = matches!(
                limit,
                LimitClause::LimitOffset {
                    limit: None,
                    offset: Some(_),
                    ..
                }
            );
            let construct = if offset_only { "OFFSET" } else { "LIMIT" };
            return self.not_built(construct, self.tokens.before(bytes(limit.span()), 1));
        }
        if let Some(fetch) = fetch {
            return self.not_built("FETCH", self.tokens.before(bytes(fetch.span()), 2));
        }
        Ok(relation)
    }

    fn bind_cte(&mut self, cte: &Cte, outer: usize) {
        let name = name_of(&cte.alias.name);
        if let Some(first) = self.ctes[outer..].iter().find(|c| c.name.text == name.text) {
            let first = first.name.span;
            self.fail(
                Diagnostic::new(
                    Code::DuplicateName,
                    name.span,
                    format!("WITH names `{}` twice", name.text),
                )
                .related(first, "first named here"),
            );
            return;
        }
        let result = self
            .bind_query(&cte.query)
            .and_then(|relation| self.rename_as(relation, &cte.alias));
        self.ctes.push(NamedQuery::new(name, result));
    }

    /// Gives a relation the column names of an alias.
    pub(crate) fn rename_as(&mut self, relation: Relation, alias: &TableAlias) -> Bound<Relation> {
        let names: Vec<_> = alias
            .columns
            .iter()
            .map(|column| name_of(&column.name))
            .collect();
        self.rename(relation, &names, &name_of(&alias.name))
    }

    fn bind_set(&mut self, body: &SetExpr) -> Bound<Relation> {
        match body {
            SetExpr::Select(select) => self.bind_select(select),
            SetExpr::Query(query) => self.bind_query(query),
            SetExpr::Values(values) => self.bind_values(values),
            SetExpr::SetOperation { .. } => self.bind_operation(body),
            SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_)
            | SetExpr::Table(_) => {
                let span = bytes(body.span());
                Err(self.unsupported(span, "only SELECT and VALUES give rows", None))
            }
        }
    }

    /// `a UNION ALL b UNION ALL c`: a chain to the left, walked without recursion.
    fn bind_operation(&mut self, body: &SetExpr) -> Bound<Relation> {
        let mut inputs = Vec::new();
        let mut other_operator = None;
        let mut at = body;
        while let SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            right,
        } = at
        {
            let span = self.tokens.before(bytes(right.span()), 1);
            if *op != SetOperator::Union || *set_quantifier != SetQuantifier::All {
                other_operator = Some((format!("{op} {set_quantifier}"), span));
            }
            inputs.push(&**right);
            at = left;
        }
        inputs.push(at);
        inputs.reverse();
        let relations = all(inputs.into_iter().map(|input| self.bind_set(input)));
        if let (Some((operator, span)), true) =
            (other_operator, !matches!(relations, Err(Stop::Reported)))
        {
            return self.not_built(operator.trim().to_owned(), span);
        }
        self.unite(relations?)
    }

    /// Brings the inputs of a UNION to the same types; names are the first one's.
    fn unite(&mut self, relations: Vec<Relation>) -> Bound<Relation> {
        let Some(first) = relations.first() else {
            return Err(Stop::Reported);
        };
        let mut columns: Vec<OutputColumn> = first.columns.clone();
        for relation in &relations[1..] {
            if relation.columns.len() != columns.len() {
                let span = relation.columns.first().map_or(Span::default(), |c| c.span);
                return Err(self.fail(
                    Diagnostic::new(
                        Code::ColumnCount,
                        span,
                        format!(
                            "the first input of UNION ALL has {}, this one {}",
                            count(columns.len()),
                            count(relation.columns.len())
                        ),
                    )
                    .note(format!("first: {}", first.list()))
                    .note(format!("this one: {}", relation.list())),
                ));
            }
            for (column, other) in columns.iter_mut().zip(&relation.columns) {
                match coerce::common(self.dialect, &column.data_type, &other.data_type) {
                    Some(common) => column.data_type = common,
                    None => {
                        let message = format!(
                            "UNION ALL of {} and {} in the column `{}`",
                            column.data_type, other.data_type, column.name
                        );
                        return Err(self.fail(
                            Diagnostic::new(Code::TypeMismatch, other.span, message)
                                .related(column.span, format!("{} here", column.data_type))
                                .help("CAST one of them to the other's type"),
                        ));
                    }
                }
            }
        }
        let mut inputs = Vec::with_capacity(relations.len());
        for relation in relations {
            let converted = self.convert_columns(relation, &columns);
            match converted.rel {
                Rel::Union(inner) => inputs.extend(inner),
                rel => inputs.push(rel),
            }
        }
        Ok(Relation {
            rel: Rel::Union(inputs),
            columns,
        })
    }

    fn convert_columns(&self, relation: Relation, columns: &[OutputColumn]) -> Relation {
        let same = relation
            .columns
            .iter()
            .zip(columns)
            .all(|(a, b)| a.data_type == b.data_type);
        if same {
            return relation;
        }
        relation.map_columns(&mut |index, expr| self.convert(expr, &columns[index].data_type))
    }

    fn bind_values(&mut self, values: &Values) -> Bound<Relation> {
        let rows = all(values.rows.iter().map(|row| self.bind_row(row)))?;
        let Some(first) = rows.first() else {
            return Err(Stop::Reported);
        };
        let mut types: Vec<DataType> = first.iter().map(|expr| expr.data_type.clone()).collect();
        let name = |index: usize| format!("EXPR${index}");
        for (row, read) in rows.iter().zip(&values.rows).skip(1) {
            if row.len() != types.len() {
                let span = row_span(read);
                let message = format!(
                    "the first row of VALUES has {}, this one {}",
                    count(types.len()),
                    count(row.len())
                );
                return Err(self.fail(Diagnostic::new(Code::ColumnCount, span, message)));
            }
            for (index, (data_type, expr)) in types.iter_mut().zip(row).enumerate() {
                match coerce::common(self.dialect, data_type, &expr.data_type) {
                    Some(common) => *data_type = common,
                    None => {
                        let message = format!(
                            "{} and {} in column {} of VALUES",
                            data_type,
                            expr.data_type,
                            index + 1
                        );
                        return Err(self.fail(Diagnostic::new(
                            Code::TypeMismatch,
                            expr.span,
                            message,
                        )));
                    }
                }
            }
        }
        let columns = types
            .iter()
            .zip(first)
            .enumerate()
            .map(|(index, (data_type, expr))| OutputColumn {
                name: name(index),
                data_type: data_type.clone(),
                span: expr.span,
            })
            .collect();
        let rows = rows
            .into_iter()
            .map(|row| {
                let row = row.into_iter().zip(&types);
                row.map(|(expr, data_type)| self.convert(expr, data_type))
                    .collect()
            })
            .collect();
        Ok(Relation {
            rel: Rel::Values(rows),
            columns,
        })
    }

    fn bind_row(
        &mut self,
        row: &Parens<Vec<sqlparser::ast::Expr>>,
    ) -> Bound<Vec<crate::plan::Expr>> {
        let scope = Scope::default();
        let row = all(row
            .content
            .iter()
            .map(|expr| self.bind_value_of(expr, &scope)))?;
        let span = row.first().map_or(Span::default(), |expr| expr.span);
        self.spend(row.len(), span)?;
        Ok(row)
    }

    /// A value of a row; Flink's planner takes no bare NULL there.
    fn bind_value_of(
        &mut self,
        expr: &sqlparser::ast::Expr,
        scope: &Scope,
    ) -> Bound<crate::plan::Expr> {
        let bound = self.bind_expr(expr, scope)?;
        if self.dialect == Dialect::Flink && bound.data_type == DataType::Null {
            return Err(self.fail(
                Diagnostic::new(
                    Code::OtherDialect,
                    bound.span,
                    "Flink takes no bare NULL in VALUES",
                )
                .help("write CAST(NULL AS type)"),
            ));
        }
        Ok(bound)
    }

    /// The error that a construct of another SQL is used.
    pub(crate) fn unsupported(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: Option<&str>,
    ) -> Stop {
        let span = self.tokens.closed(span);
        self.fail(
            Diagnostic::new(Code::UnsupportedSyntax, span, message)
                .help_if(help.map(str::to_owned)),
        )
    }
}

fn row_span(row: &Parens<Vec<sqlparser::ast::Expr>>) -> Span {
    bytes(row.opening_token.0.span).to(bytes(row.closing_token.0.span))
}
