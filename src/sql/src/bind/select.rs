//! One SELECT: FROM, WHERE and the list of columns; everything else that may stand in it is named.

use crate::bind::output::{OutputColumn, Relation};
use crate::bind::scope::{Scope, name_of};
use crate::bind::{Binder, Bound, Stop, all};
use crate::lexer::bytes;
use crate::plan::{Expr, ExprKind, Rel};
use sqlparser::ast::{
    Distinct, Expr as Ast, GroupByExpr, ObjectName, ObjectNamePart, Select, SelectFlavor,
    SelectItem, SelectItemQualifiedWildcardKind, Spanned, WildcardAdditionalOptions,
};
use sqlparser::tokenizer::Span as TokenSpan;

const FIRST_ROWS: &str = "leave it out: a stream has no first rows but in a window";
const ONE_EACH: &str = "number the rows with ROW_NUMBER() OVER (..) and keep the first";

impl Binder<'_> {
    /// Binds a SELECT.
    pub(crate) fn bind_select(&mut self, select: &Select) -> Bound<Relation> {
        self.place = bytes(select.select_token.0.span);
        self.refuse_foreign(select)?;
        let (input, scope) = self.bind_from(&select.from, select.select_token.0.span)?;
        self.aliases = aliases(&select.projection);
        let built = self.check_clauses(select);
        let predicate = select
            .selection
            .as_ref()
            .map(|predicate| {
                let bound = self.bind_expr(predicate, &scope)?;
                self.condition(bound, "WHERE")
            })
            .transpose();
        let projection = all(select
            .projection
            .iter()
            .map(|item| self.bind_item(item, &scope)))
        .map(|items| items.into_iter().flatten().collect::<Vec<_>>());
        let (predicate, projection) = match (predicate, projection) {
            (Ok(predicate), Ok(projection)) => (predicate, projection),
            (predicate, projection) => {
                let stops = [built, predicate.map(|_| ()), projection.map(|_| ())];
                return Err(all(stops).err().unwrap_or(Stop::Reported));
            }
        };
        built?;
        let span = bytes(select.select_token.0.span);
        self.spend(projection.len() + 1, span)?;
        Ok(assemble(input, predicate, projection))
    }

    /// Clauses of other SQLs that sqlparser lets pass.
    fn refuse_foreign(&mut self, select: &Select) -> Bound<()> {
        let whole = bytes(select.select_token.0.span);
        let clause = |first: Option<TokenSpan>| match first {
            Some(first) => self.tokens.before(bytes(first), 2),
            None => whole,
        };
        let order = Some("leave it out; rows keep their order per device");
        let lateral = Some("write CROSS JOIN UNNEST(..) AS t(..), or LATERAL TABLE(..)");
        let view = select.lateral_views.first();
        // The words LATERAL VIEW stand before it.
        let view = view.map_or(whole, |view| {
            self.tokens.before(bytes(view.lateral_view.span()), 2)
        });
        let distinct_on = matches!(select.distinct, Some(Distinct::On(_)));
        let cluster_by = select.cluster_by.first().map(Spanned::span);
        let distribute_by = select.distribute_by.first().map(Spanned::span);
        let sort_by = select.sort_by.first().map(Spanned::span);
        let from_first = select.flavor != SelectFlavor::Standard;
        let foreign = [
            (
                select.top.is_some(),
                "SELECT TOP",
                self.tokens.after(whole, 2),
                Some(FIRST_ROWS),
            ),
            (select.into.is_some(), "SELECT INTO", whole, None),
            (select.prewhere.is_some(), "PREWHERE", whole, None),
            (!select.connect_by.is_empty(), "CONNECT BY", whole, None),
            (
                cluster_by.is_some(),
                "CLUSTER BY",
                clause(cluster_by),
                order,
            ),
            (
                distribute_by.is_some(),
                "DISTRIBUTE BY",
                clause(distribute_by),
                order,
            ),
            (sort_by.is_some(), "SORT BY", clause(sort_by), order),
            (
                !select.lateral_views.is_empty(),
                "LATERAL VIEW",
                view,
                lateral,
            ),
            (select.exclude.is_some(), "EXCLUDE", whole, None),
            (
                select.value_table_mode.is_some(),
                "SELECT AS STRUCT",
                whole,
                None,
            ),
            (from_first, "FROM before SELECT", whole, None),
            (
                distinct_on,
                "DISTINCT ON",
                self.tokens.after(whole, 3),
                Some(ONE_EACH),
            ),
        ];
        let used = foreign.into_iter().find(|(used, ..)| *used);
        match used {
            None => Ok(()),
            Some((_, name, span, help)) => {
                Err(self.unsupported(span, format!("{name} is not supported"), help))
            }
        }
    }

    /// Stops at a clause that is understood and that no operator is built for.
    fn check_clauses(&mut self, select: &Select) -> Bound<()> {
        let grouped = match &select.group_by {
            GroupByExpr::All(_) => Some("GROUP BY"),
            GroupByExpr::Expressions(expressions, modifiers) => {
                let window = expressions.iter().find_map(group_window);
                let any = !expressions.is_empty() || !modifiers.is_empty();
                window.or(any.then_some("GROUP BY"))
            }
        };
        if let Some(construct) = grouped {
            let span = self.tokens.before(bytes(select.group_by.span()), 2);
            return self.not_built(construct, span);
        }
        if let Some(having) = &select.having {
            return self.not_built("HAVING", self.tokens.before(bytes(having.span()), 1));
        }
        if let Some(qualify) = &select.qualify {
            return self.not_built("QUALIFY", self.tokens.before(bytes(qualify.span()), 1));
        }
        if let Some(window) = select.named_window.first() {
            return self.not_built("WINDOW", bytes(window.span()));
        }
        if let Some(Distinct::Distinct) = select.distinct {
            let span = self.tokens.after(bytes(select.select_token.0.span), 1);
            return self.not_built("SELECT DISTINCT", span);
        }
        Ok(())
    }

    /// Binds one item of the list; a star gives several columns.
    fn bind_item(&mut self, item: &SelectItem, scope: &Scope) -> Bound<Vec<(OutputColumn, Expr)>> {
        match item {
            SelectItem::UnnamedExpr(expression) => {
                let name = match expression {
                    Ast::Identifier(ident) => ident.value.clone(),
                    Ast::CompoundIdentifier(parts) => parts
                        .last()
                        .map(|part| part.value.clone())
                        .unwrap_or_default(),
                    _ => String::new(),
                };
                let bound = self.bind_expr(expression, scope)?;
                Ok(vec![named(name, bound)])
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let bound = self.bind_expr(expr, scope);
                let name = self.alias(alias, bytes(expr.span()))?;
                Ok(vec![named(name.text, bound?)])
            }
            SelectItem::Wildcard(options) => self.bind_star(scope, None, options),
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(name),
                options,
            ) => self.bind_star(scope, Some(name), options),
            SelectItem::QualifiedWildcard(_, _) | SelectItem::ExprWithAliases { .. } => Err(self
                .unsupported(
                    bytes(item.span()),
                    "this form of a column is not supported",
                    None,
                )),
        }
    }

    fn bind_star(
        &mut self,
        scope: &Scope,
        qualifier: Option<&ObjectName>,
        options: &WildcardAdditionalOptions,
    ) -> Bound<Vec<(OutputColumn, Expr)>> {
        let span = bytes(options.wildcard_token.0.span);
        let plain = options.opt_ilike.is_none()
            && options.opt_exclude.is_none()
            && options.opt_except.is_none()
            && options.opt_replace.is_none()
            && options.opt_rename.is_none()
            && options.opt_alias.is_none();
        if !plain {
            return Err(self.unsupported(
                span,
                "`*` takes no list of exceptions or replacements",
                Some("name the columns"),
            ));
        }
        if scope.relations.is_empty() {
            return Err(self.unsupported(span, "`*` needs a FROM", None));
        }
        let qualifier = match qualifier.map(|name| name.0.as_slice()) {
            None => None,
            Some([ObjectNamePart::Identifier(ident)]) => Some(name_of(ident)),
            Some(_) => return Err(self.unsupported(span, "`*` takes one name before it", None)),
        };
        let columns = self.expand(scope, qualifier.as_ref())?;
        self.spend(columns.len(), span)?;
        Ok(columns
            .into_iter()
            .map(|(index, name, data_type)| {
                let expr = Expr {
                    kind: ExprKind::Column(index),
                    data_type,
                    span,
                };
                named(name, expr)
            })
            .collect())
    }
}

/// The group window that an expression of GROUP BY is.
fn group_window(expression: &Ast) -> Option<&'static str> {
    let Ast::Function(function) = expression else {
        return None;
    };
    let name = function.name.to_string();
    ["TUMBLE", "HOP", "SESSION"]
        .into_iter()
        .zip([
            "GROUP BY TUMBLE(..)",
            "GROUP BY HOP(..)",
            "GROUP BY SESSION(..)",
        ])
        .find_map(|(window, construct)| name.eq_ignore_ascii_case(window).then_some(construct))
}

/// The names that a list gives to its columns with AS.
fn aliases(projection: &[SelectItem]) -> Vec<String> {
    let alias = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        _ => None,
    };
    projection.iter().filter_map(alias).collect()
}

fn named(name: String, expr: Expr) -> (OutputColumn, Expr) {
    let column = OutputColumn {
        name,
        data_type: expr.data_type.clone(),
        span: expr.span,
    };
    (column, expr)
}

/// Puts the parts of a SELECT together; unnamed columns get Flink's names.
fn assemble(
    input: Option<Rel>,
    predicate: Option<Expr>,
    projection: Vec<(OutputColumn, Expr)>,
) -> Relation {
    let (mut columns, exprs): (Vec<_>, Vec<_>) = projection.into_iter().unzip();
    for (index, column) in columns.iter_mut().enumerate() {
        if column.name.is_empty() {
            column.name = format!("EXPR${index}");
        }
    }
    let rel = match (input, predicate) {
        (None, None) => Rel::Values(vec![exprs]),
        (input, predicate) => {
            let mut input = input.unwrap_or_else(|| Rel::Values(vec![Vec::new()]));
            if let Some(predicate) = predicate {
                input = Rel::Filter {
                    input: Box::new(input),
                    predicate,
                };
            }
            Rel::Project {
                input: Box::new(input),
                exprs,
            }
        }
    };
    Relation { rel, columns }
}
