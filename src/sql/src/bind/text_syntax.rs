//! Functions of text whose arguments are separated by words: SUBSTRING(a FROM b FOR c) and its like.

use crate::bind::scope::Scope;
use crate::bind::{Binder, Bound, Stop, all};
use crate::lexer::bytes;
use crate::plan::{Expr, Span};
use crate::syntax::Name;
use sqlparser::ast::{Expr as Ast, Spanned, TrimWhereField};

impl Binder<'_> {
    /// Binds one of them.
    pub(crate) fn bind_text_syntax(&mut self, ast: &Ast, scope: &Scope) -> Bound<Expr> {
        let (name, args) = match ast {
            Ast::Substring {
                special: false,
                shorthand: true,
                ..
            } => {
                let span = self.around(bytes(ast.span()));
                return Err(self.unsupported(
                    span,
                    "SUBSTR takes its arguments with commas",
                    Some("write SUBSTRING(.. FROM ..)"),
                ));
            }
            Ast::Substring {
                expr,
                substring_from,
                substring_for,
                shorthand,
                ..
            } => {
                let name = if *shorthand { "SUBSTR" } else { "SUBSTRING" };
                let rest = [substring_from, substring_for].into_iter().flatten();
                let args = std::iter::once(expr).chain(rest).map(|arg| &**arg);
                (name, args.collect::<Vec<_>>())
            }
            Ast::Position { expr, r#in } => ("POSITION", vec![&**expr, &**r#in]),
            Ast::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                let mut args = vec![&**expr, &**overlay_what, &**overlay_from];
                args.extend(overlay_for.as_deref());
                ("OVERLAY", args)
            }
            Ast::Trim {
                expr,
                trim_where,
                trim_what,
                trim_characters,
            } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "LTRIM",
                    Some(TrimWhereField::Trailing) => "RTRIM",
                    Some(TrimWhereField::Both) | None => "TRIM",
                };
                let mut args = vec![&**expr];
                args.extend(trim_what.as_deref());
                args.extend(trim_characters.iter().flatten());
                (name, args)
            }
            _ => return Err(Stop::Reported),
        };
        let first = bytes(ast.span());
        let bound = all(args.iter().map(|arg| self.bind_expr(arg, scope)))?;
        let span = bound
            .iter()
            .map(|arg| arg.span)
            .fold(first, |span, arg| span.to(arg));
        let span = self.around(span);
        let name = Name {
            text: name.to_owned(),
            span,
            quoted: false,
        };
        let forms = self.find_function(&name, span)?;
        self.call(&name, &forms, bound, span)
    }

    /// From the name before the bracket that opens before a span to the bracket's end.
    fn around(&self, inside: Span) -> Span {
        let mut span = inside;
        for _ in 0..TOKENS_BEFORE_MAX {
            let wider = self.tokens.before(span, 1);
            let call = self.tokens.call(wider);
            if call.end > inside.end {
                return call;
            }
            span = Span {
                start: wider.start,
                end: inside.end,
            };
        }
        inside
    }
}

/// TRIM, the bracket and BOTH stand before the first argument at most.
const TOKENS_BEFORE_MAX: usize = 3;
