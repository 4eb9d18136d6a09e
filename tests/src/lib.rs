//! The harness of the end-to-end tests: it drives the built binaries from outside, over sockets,
//! files and signals, and links none of the product's crates.
//!
//! Each test has an [`Installation`], a directory of its own with configuration, rules, data and
//! results; ports are chosen by the system; what was started is killed when its handle is dropped.

mod admin;
mod binary;
mod client;
mod installation;
mod server;
mod tool;

pub use admin::{Answer, get};
pub use binary::{Finished, bench, rookery, run, run_with_input};
pub use client::{Client, message};
pub use installation::Installation;
pub use server::Server;
pub use tool::tool;

use std::time::{Duration, Instant};

/// How long anything may take on a busy machine with two cores.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again until it is so.
///
/// # Panics
/// It was not so within [`PATIENCE`]; the text says what was waited for.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
