//! The loop with a scripted writer, turn by turn; then the thread itself.
#![allow(clippy::unwrap_used)]

mod ends;
mod lost_answers;
mod order;
mod requests;
mod rewind;
mod script;
mod thread;
mod verdicts;
