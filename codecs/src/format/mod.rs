//! Rows and dead letters into bytes.

pub mod csv;
pub mod dead_letter;
pub mod json;
pub mod raw;
mod scalar;
