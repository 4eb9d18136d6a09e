//! The built harness against scripted servers.
#![allow(clippy::unwrap_used)]

mod faults;
mod figures;
mod load;
mod scripted;

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The built binary with arguments split at blanks.
fn bench(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rookery-bench"));
    command
        .args(arguments.split_ascii_whitespace())
        .stdin(Stdio::null());
    command
}

/// Runs it to its end.
fn run(arguments: &str) -> Output {
    bench(arguments).output().unwrap()
}

/// Runs it, which must succeed, and reads its last line as JSON.
fn run_json(arguments: &str) -> Value {
    let output = run(arguments);
    assert!(
        output.status.success(),
        "{arguments}: {}",
        text(&output.stderr)
    );
    last_json(&output)
}

fn last_json(output: &Output) -> Value {
    let stdout = text(&output.stdout);
    let line = stdout
        .lines()
        .last()
        .unwrap_or_else(|| panic!("no output: {}", text(&output.stderr)));
    serde_json::from_str(line).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What `generate` prints for these arguments, as lines with their newlines.
fn generated(arguments: &str) -> Vec<u8> {
    let output = run(&format!("generate {arguments}"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    output.stdout
}
