//! Views and `WITH`: bound once where they stand, put in wherever they are named.

use crate::bind::measure::nodes;
use crate::bind::output::{Relation, columns};
use crate::bind::{Binder, Bound, Stop};
use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::plan::Span;
use crate::suggest::closest;
use crate::syntax::{CreateView, Name, ReadQuery};
use rookery_model::limits::{EXPRESSION_DEPTH_MAX, SQL_PLAN_NODES_MAX};
use std::collections::HashMap;

/// A query with a name.
#[derive(Debug)]
pub(crate) struct NamedQuery {
    pub(crate) name: Name,
    pub(crate) result: Bound<Relation>,
    /// How much its plan costs wherever it is put in.
    nodes: usize,
}

impl NamedQuery {
    pub(crate) fn new(name: Name, result: Bound<Relation>) -> Self {
        let nodes = result.as_ref().map_or(0, |relation| nodes(&relation.rel));
        Self {
            name,
            result,
            nodes,
        }
    }
}

impl Binder<'_> {
    /// Binds the views in the order of the text.
    pub(crate) fn declare_views(&mut self, views: &[CreateView]) {
        self.later_views = views.iter().rev().map(|view| view.name.clone()).collect();
        for view in views {
            if !self.declare_name(&view.name) {
                self.later_views.pop();
                continue;
            }
            let result = match &view.query {
                ReadQuery::Query(query) => self.bind_query(query),
                ReadQuery::NotBuilt { construct, span } => {
                    self.not_built(construct.as_str(), *span)
                }
            };
            let result =
                result.and_then(|relation| self.rename(relation, &view.columns, &view.name));
            let view = NamedQuery::new(view.name.clone(), result);
            self.catalog.add_view(view);
            self.later_views.pop();
        }
    }

    /// Gives a relation's columns new names, if there are any.
    pub(crate) fn rename(
        &mut self,
        mut relation: Relation,
        names: &[Name],
        of: &Name,
    ) -> Bound<Relation> {
        let mut seen = HashMap::new();
        for name in names {
            self.check_reserved(name);
            if let Some(first) = seen.insert(name.text.as_str(), name.span) {
                return Err(self.fail(
                    Diagnostic::new(
                        Code::DuplicateName,
                        name.span,
                        format!("the column `{}` is named twice", name.text),
                    )
                    .related(first, "first named here"),
                ));
            }
        }
        if names.is_empty() {
            return Ok(relation);
        }
        if names.len() != relation.columns.len() {
            let span = names.iter().fold(of.span, |span, name| span.to(name.span));
            let message = format!(
                "`{}` names {}, and its query has {}",
                of.text,
                columns(names.len()),
                columns(relation.columns.len())
            );
            return Err(self.fail(
                Diagnostic::new(Code::ColumnCount, span, message)
                    .note(format!("query: {}", relation.list())),
            ));
        }
        for (column, name) in relation.columns.iter_mut().zip(names) {
            column.name.clone_from(&name.text);
        }
        Ok(relation)
    }

    /// A copy of a view's plan for the place that names it.
    pub(crate) fn put_in_view(&mut self, view: usize, at: Span) -> Bound<Relation> {
        self.spend(self.catalog.views[view].nodes, at)?;
        self.catalog.views[view].result.clone()
    }

    /// The same for a query of WITH.
    pub(crate) fn put_in_cte(&mut self, cte: usize, at: Span) -> Bound<Relation> {
        self.spend(self.ctes[cte].nodes, at)?;
        self.ctes[cte].result.clone()
    }

    /// Counts nodes of the plans, up to the limit.
    pub(crate) fn spend(&mut self, nodes: usize, at: Span) -> Bound<()> {
        self.nodes += nodes;
        if self.nodes <= SQL_PLAN_NODES_MAX {
            return Ok(());
        }
        self.nodes -= nodes;
        Err(self.fail(
            Diagnostic::new(
                Code::TooLarge,
                at,
                format!("the file's plans are over {SQL_PLAN_NODES_MAX} nodes"),
            )
            .label("one view too many is put in here")
            .help("name fewer views in each other, or split the file"),
        ))
    }

    /// Refuses what is too deep for whoever walks the plan: its nodes are dropped, compared and
    /// compiled by recursion.
    pub(crate) fn check_depth(&mut self, depth: usize, at: Span) -> Bound<()> {
        if depth <= EXPRESSION_DEPTH_MAX {
            return Ok(());
        }
        Err(self.fail(
            Diagnostic::new(
                Code::TooDeep,
                at,
                format!("a plan of {depth} levels, over the limit of {EXPRESSION_DEPTH_MAX}"),
            )
            .help("compute a part of it in another rule, or name fewer views in each other"),
        ))
    }

    /// The error that no table of this name exists.
    pub(crate) fn unknown_table(&mut self, name: &Name) -> Stop {
        let later = self.later_views.iter().find(|view| view.text == name.text);
        if let Some(later) = later.map(|later| later.span) {
            return self.fail(
                Diagnostic::new(
                    Code::UnknownTable,
                    name.span,
                    format!("the view `{}` is not known here yet", name.text),
                )
                .related(later, "it is declared here")
                .help("a view names only views that stand before it"),
            );
        }
        let ctes = self.ctes.iter().map(|cte| cte.name.text.as_str());
        let near = closest(&name.text, self.catalog.names().chain(ctes)).map(str::to_owned);
        self.fail(
            Diagnostic::new(
                Code::UnknownTable,
                name.span,
                format!("no table or view `{}`", name.text),
            )
            .label("not declared in this file")
            .help_if(near.map(|near| format!("did you mean `{near}`?"))),
        )
    }
}
