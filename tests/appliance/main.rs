//! The built binary, driven from outside.
#![allow(clippy::unwrap_used)]

mod check;
mod config;
mod eval;
