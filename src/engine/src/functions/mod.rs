//! Functions that are called by name: a table from the plan's function to a small function over values.
//!
//! A function whose meaning is prepared when the rule is compiled (a date format, a pattern) is an
//! [`Operator`] instead. Those that evaluate their arguments lazily (COALESCE, IF, NULLIF) are nodes.

mod text;
mod time;

use crate::eval::context::{Context, Evaluated};
use crate::eval::node::Node;
use rookery_model::Value;
use rookery_sql::Function;
use std::fmt;

pub(crate) use time::{FormatSource, UnixTimestamp};

/// A function over values; NULLs reach it as they are.
pub(crate) type Scalar = for<'c, 'a> fn(&Context<'c, 'a>, &[Value<'a>]) -> Evaluated<'a>;

/// An operator with something prepared.
pub(crate) trait Operator: fmt::Debug + Send + Sync {
    /// Evaluates its arguments, then itself.
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a>;

    /// Its arguments.
    fn children(&self) -> Vec<&Node>;

    /// Whether it can fail itself.
    fn fallible(&self) -> bool;
}

/// The function over values that the plan's function is, if it is one.
pub(crate) fn scalar(function: Function) -> Option<Scalar> {
    Some(match function {
        Function::UnixTimestampNow => time::unix_timestamp_now,
        Function::UnixTimestampOf => time::unix_timestamp_of,
        Function::IsDigit => text::is_digit,
        Function::IsDecimal => text::is_decimal,
        Function::IsAlpha => text::is_alpha,
        Function::Concat => text::concat,
        Function::ConcatSkipNull => text::concat_skip_null,
        Function::UnixTimestamp | Function::Coalesce | Function::NullIf | Function::If => {
            return None;
        }
        Function::Numeric(_) | Function::Time(_) => return None,
        Function::Text(_) | Function::Json(_) | Function::Collection(_) => return None,
    })
}
