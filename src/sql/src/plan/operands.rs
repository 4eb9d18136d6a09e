//! What an expression directly holds: the one place that knows it for every kind.

use super::{Expr, ExprKind, JsonFallback, PathArgument};

/// The operands in the order of the text, borrowed in the way that the three methods' names say.
macro_rules! operands {
    ($kind:expr, $as_ref:ident, $iter:ident, $as_deref:ident) => {
        match $kind {
            ExprKind::Literal(_) | ExprKind::Column(_) => Vec::new(),
            ExprKind::Cast { input, .. }
            | ExprKind::Not(input)
            | ExprKind::Is { input, .. }
            | ExprKind::Negate(input) => vec![input.$as_ref()],
            ExprKind::And(list) | ExprKind::Or(list) | ExprKind::Call { args: list, .. } => {
                list.$iter().collect()
            }
            ExprKind::Compare { left, right, .. }
            | ExprKind::Distinct { left, right, .. }
            | ExprKind::Arithmetic { left, right, .. } => vec![left.$as_ref(), right.$as_ref()],
            ExprKind::In { input, list, .. } => {
                std::iter::once(input.$as_ref()).chain(list).collect()
            }
            ExprKind::Match { input, pattern, .. } => vec![input.$as_ref(), pattern.$as_ref()],
            ExprKind::Case {
                branches,
                otherwise,
            } => branches
                .$iter()
                .flat_map(|(when, then)| [when, then])
                .chain(otherwise.$as_deref())
                .collect(),
            ExprKind::JsonValue {
                input,
                path,
                on_empty,
                on_error,
                ..
            } => {
                let mut list = vec![input.$as_ref()];
                if let PathArgument::Dynamic(path) = path {
                    list.push(path);
                }
                for fallback in [on_empty, on_error] {
                    if let JsonFallback::Default(value) = fallback {
                        list.push(value);
                    }
                }
                list
            }
        }
    };
}

impl Expr {
    /// The operands, in the order of the text.
    #[must_use]
    pub fn operands(&self) -> Vec<&Self> {
        operands!(&self.kind, as_ref, iter, as_deref)
    }

    /// The operands, in the order of the text, to be changed.
    pub fn operands_mut(&mut self) -> Vec<&mut Self> {
        operands!(&mut self.kind, as_mut, iter_mut, as_deref_mut)
    }
}
