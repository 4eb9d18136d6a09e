//! Expressions at work: compiled nodes, what they see, and what each kind of operator does.

pub(crate) mod cast;
pub(crate) mod column;
pub(crate) mod compare;
pub(crate) mod context;
pub(crate) mod convert;
pub(crate) mod decimal;
pub(crate) mod flink_cast;
pub(crate) mod flink_json;
pub(crate) mod json;
pub(crate) mod nested;
pub(crate) mod nested_column;
pub(crate) mod node;
mod number_text;
pub(crate) mod numeric;
pub(crate) mod pattern;
mod wide;
pub(crate) mod workspace;

pub(crate) use convert::{TextStyle, to_text};
pub(crate) use number_text::{parse_double, write_double, write_java_double};
