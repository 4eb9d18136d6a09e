//! What a confirmation rests on, seen from the kernel's side: the system calls of a file sink, as
//! strace (`apt-get install strace`) shows them.
#![allow(clippy::unwrap_used)]

use crate::harness::{Running, files};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Names the directory in which this test, started again under strace, writes rows.
const CHILD: &str = "ROOKERY_SYNCS_CHILD";

#[test]
fn rows_and_names_are_synced_before_the_cursor_that_covers_them() {
    if let Ok(place) = std::env::var(CHILD) {
        return write_rows(Path::new(&place));
    }
    let place = tempfile::tempdir().unwrap();
    let trace = place.path().join("trace");
    let traced = Command::new("strace")
        .args(["-f", "-y", "-s", "8", "-o"])
        .arg(&trace)
        .args(["-e", "trace=openat,write,writev,pwrite64,fsync,fdatasync"])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "syncs::rows_and_names_are_synced_before_the_cursor_that_covers_them",
        ])
        .env(CHILD, place.path())
        .output();
    let Ok(output) = traced else {
        eprintln!("skipped: strace is not installed (apt-get install strace)");
        return;
    };
    let trace = std::fs::read_to_string(&trace).unwrap_or_default();
    if trace.is_empty() {
        eprintln!("skipped: this process may not be traced: {output:?}");
        return;
    }
    assert!(output.status.success(), "{output:?}");
    let cursors = check(&trace, place.path());
    assert!(cursors >= 5, "{cursors} cursors were written");
}

fn write_rows(place: &Path) {
    let mut sink = files(&place.join("out"), &place.join("data"), 1000);
    for number in 0..200 {
        sink.push_bytes(&format!("{number:099}\n"));
        if number % 40 == 0 {
            sink.wait("confirmed", Running::all_confirmed);
        }
    }
    sink.stop();
}

/// Reads the trace; how many cursors were written, each with nothing unsynced before it and synced
/// itself before anything else is written.
fn check(trace: &str, place: &Path) -> usize {
    let (out, cursor) = (place.join("out"), place.join("data/sinks/jobs.rows/cursor"));
    let (out, cursor) = (out.to_str().unwrap(), cursor.to_str().unwrap());
    let mut unsynced = BTreeSet::new();
    let (mut names, mut cursor_unsynced, mut cursors) = (false, false, 0);
    for line in trace.lines() {
        let call = line
            .split_once(' ')
            .map_or("", |(_, call)| call.trim_start());
        let name = call.split('(').next().unwrap();
        // `call(3</path>, ..` or, of openat, `.. "/path", ..`.
        let path = match name {
            "openat" => call.split('"').nth(1),
            _ => call.split(['<', '>']).nth(1),
        };
        let Some(path) = path else { continue };
        let in_out = path.starts_with(&format!("{out}/"));
        match name {
            "openat" if in_out && call.contains("O_CREAT") => names = true,
            "write" | "writev" | "pwrite64" if in_out => {
                assert!(
                    !cursor_unsynced,
                    "rows before the cursor was synced: {line}"
                );
                unsynced.insert(path.to_owned());
            }
            "fsync" | "fdatasync" if in_out => {
                unsynced.remove(path);
            }
            "fsync" if path == out => names = false,
            "pwrite64" if path == cursor && call.contains("rookfcur") => {
                assert!(unsynced.is_empty(), "unsynced rows in {unsynced:?}: {line}");
                assert!(!names, "unsynced names: {line}");
                cursor_unsynced = true;
                cursors += 1;
            }
            "fsync" | "fdatasync" if path == cursor => cursor_unsynced = false,
            _ => {}
        }
    }
    assert!(!cursor_unsynced && unsynced.is_empty());
    cursors
}
