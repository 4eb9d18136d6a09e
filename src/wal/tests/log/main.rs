//! The log as its owner uses it, above the simulated disk and above real ones.
#![allow(clippy::unwrap_used, missing_docs)]

mod basics;
mod damage;
mod disk;
mod harness;
mod recovery_table;
mod schedules;
