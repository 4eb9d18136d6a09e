//! Leaf types that every room shares: names of places in a log, values and their types, the row's
//! identity, dead letters, limits. Pure data: no I/O, no clock, no parsing of messages.
//!
//! Invariants: nothing here depends on another crate of the workspace, and nothing here allocates
//! on its own when a message passes (constructors that allocate say so).

mod dead_letter;
mod ids;
mod json_path;
mod mutant;
mod row;
mod schema;
mod types;
mod value;

pub mod limits;

pub use dead_letter::{DeadLetter, Stage};
pub use ids::{Lsn, Position, RecordTime, SLOTS, ShardId, Term, slot_of};
pub use json_path::{
    JsonPath, PathCompare, PathFilter, PathMode, PathOperand, PathStep, steps_text,
};
pub use mutant::{Mutant, active as mutant_active, with as with_mutant};
pub use row::{RowIdentity, SinkId};
pub use schema::{Field, Schema};
pub use types::DataType;
pub use value::{Decimal, Timestamp, Value};
