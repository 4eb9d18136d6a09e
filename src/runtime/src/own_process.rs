//! Tests that change their whole process, or stop it, run in one of their own.

use std::env;
use std::process::{Command, Stdio};

const CHILD: &str = "ROOKERY_TEST_OWN_PROCESS";

/// Runs `body` in a process of its own: the test calls itself, alone, by its full `name`.
pub(crate) fn in_own_process(name: &str, body: impl FnOnce()) {
    if is_child() {
        return body();
    }
    let output = command(name).output().expect("this program can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("1 passed"), "{text}\n{errors}");
}

/// Whether this is the process of its own.
pub(crate) fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// The command that runs the test `name` alone.
pub(crate) fn command(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::null());
    command
}
