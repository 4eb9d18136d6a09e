//! A message into a document that rules read without copying.
//!
//! [`Decoder`] parses with simd-json over a private copy. What that parser refuses goes to an exact one
//! of our own, which yields the same [`Document`] where the text is JSON after all (an integer of 20
//! digits, `1e400`, a surrogate without its other half, which reads as U+FFFD) and otherwise says what is
//! wrong and where.
//!
//! Invariants: of members of one name the first counts; a number's text is as it was written; keys keep
//! their order.

mod decoder;
mod document;
mod error;
mod exact;
mod keys;
mod normal;
mod paths;

pub use crate::escape::{write_escaped, write_string};
pub use decoder::Decoder;
pub use document::{Document, Elements, Members, Node, NodeRef};
pub use error::ParseError;
pub use keys::KeySet;
pub use normal::{compare_keys, normal_number, write_normal_number};
pub use paths::{Match, Matches, PathSet};
