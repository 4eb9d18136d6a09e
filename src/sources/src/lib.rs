//! How messages come in: protocols as synchronous state machines, bytes in, frames and answers out.
//!
//! What it is not: it opens no socket, reads no clock and logs nothing. Whoever carries the bytes
//! says what time it is.
//!
//! The TCP line protocol ([`LineProtocol`]); `>` is what comes in, `<` what goes out, each a line:
//!
//! | line | when |
//! | --- | --- |
//! | `> {"rookery":{"forwarder":"..","token":"..","ack":true,"fresh":true}}` | a greeting, every key optional; only as the first line that is not blank |
//! | `< {"rookery":{"instance":"..","resume":N}}` | its answer; nothing may be sent before |
//! | `> ` anything else | a message; of a named forwarder it has a number, from N + 1 on |
//! | `< {"ack":N}` | all messages up to N are durable; only if the greeting asked for it |
//! | `< {"error":{"code":"E10..","message":"..","at":N}}` | why the connection is closed; N is the message's number, 0 the greeting itself |
//!
//! Invariants:
//! - to a connection that did not greet nothing is ever written
//! - every line that is not blank of a named forwarder has the next number, whatever is in it, an
//!   oversized one too; a line cut off by the end of the connection has none
//! - what comes out depends on the bytes alone, never on how the network cut them

mod ack_tracker;
mod answer;
mod deadline;
mod error;
mod greeting;
mod line_protocol;

pub use ack_tracker::{AckTracker, ChunkId};
pub use error::{WireError, defect_reason};
pub use greeting::Greeting;
pub use line_protocol::{Event, LineLimits, LineProtocol};
