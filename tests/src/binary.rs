//! The built binaries, and commands that end by themselves.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// `rookery`, built in the profile of this test.
///
/// # Panics
/// It is not built.
pub fn rookery() -> PathBuf {
    built("rookery")
}

/// `rookery-bench`, built in the profile of this test.
///
/// # Panics
/// It is not built.
pub fn bench() -> PathBuf {
    built("rookery-bench")
}

fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("tests are built in target/PROFILE/deps");
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is not built; `cargo build --workspace --bins` builds it, `make test` does both",
        path.display()
    );
    path
}

/// What a command left.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; 128 + the signal if one ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    /// Standard output as JSON, a value a line.
    ///
    /// # Panics
    /// A line is not JSON.
    pub fn rows(&self) -> Vec<serde_json::Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// The dead letters on standard error.
    pub fn dead_letters(&self) -> Vec<serde_json::Value> {
        self.stderr
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|value| value.get("dead_letter").cloned())
            .collect()
    }
}

/// Runs `rookery` with these arguments to its end.
///
/// # Panics
/// It cannot be started.
pub fn run(arguments: &[&str]) -> Finished {
    run_with_input(arguments, b"")
}

/// Runs `rookery` with these arguments and this standard input to its end.
///
/// # Panics
/// It cannot be started.
pub fn run_with_input(arguments: &[&str], input: &[u8]) -> Finished {
    let mut child = Command::new(rookery())
        .args(arguments)
        .env_remove("ROOKERY_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rookery starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || {
        // A command that ends before it read everything is what some tests are about.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("rookery ends");
    feeder.join().expect("the feeder does not panic");
    Finished {
        code: exit_code(output.status),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The exit code as a shell would give it.
pub(crate) fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}
