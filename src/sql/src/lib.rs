//! Rule files to bound plans: tokens, statements, names and types, diagnostics. Pure.

mod function;
pub mod plan;

pub use function::Function;
