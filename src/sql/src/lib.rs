//! Rule files to bound plans: tokens, statements, names and types, diagnostics.
//!
//! [`compile`] takes a file's text and gives a [`plan::Program`], or says what is wrong with it:
//!
//! 1. `lexer`: sqlparser's tokenizer; every token carries byte offsets; pasted punctuation is mended.
//! 2. `parse`: statements, cut at semicolons and read one by one. Own grammar for CREATE TABLE, INSERT
//!    and SET; sqlparser's `Parser` with an own dialect for queries and expressions.
//! 3. `bind`: names and types of both dialects, by the rules of `coerce` and the table of `functions`.
//! 4. `lint`: warnings of what a sound program may not mean.
//! 5. `diagnostics`: what is wrong, where, and what to write instead; stable codes in [`Code`].
//!
//! Beside them, `format` writes a file in one style, and `explain` shows bound expressions as text.
//!
//! Pure: no I/O, no clock, no environment. It knows no connector: options pass through as text.
//!
//! Invariants: no text makes it panic; nesting and operator chains are bounded before anything
//! recurses over them; plans refer to the text only by spans.

mod bind;
mod code;
mod coerce;
mod compile;
mod diagnostics;
mod explain;
mod format;
mod function;
mod functions;
mod json_path;
mod lexer;
mod lint;
mod parse;
mod pasted;
pub mod plan;
mod source;
mod suggest;
mod syntax;
mod time_literal;

pub use code::Code;
pub use compile::{CompileOptions, Compiled, compile};
pub use diagnostics::{Diagnostic, Related, Severity};
pub use explain::{expression_text, path_text};
pub use format::format;
pub use function::{
    CollectionFunction, Function, JsonFunction, JsonKind, JsonOnError, JsonOnMissing, JsonWrapper,
    MathFunction, NumericFunction, Side, TextFunction, TimeField, TimeFunction, TimeUnit,
};
pub use functions::{FunctionName, function_names};
pub use json_path::{PathError, PathErrorKind, parse_flink_json_path, parse_json_path};
pub use source::{LineColumn, SourceFile};
