//! A file sink on a disk that is full for a while. Needs to mount a file system of its own.
#![allow(clippy::unwrap_used)]

use crate::harness::{Running, files, rows};
use std::path::Path;
use std::process::Command;

/// A small file system in memory.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", "size=256k", "tmpfs"], place.path());
        mounted.then(|| Self(place))
    }

    fn grow(&self) {
        assert!(mount(&["-o", "remount,size=16m"], self.0.path()));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn mount(arguments: &[&str], place: &Path) -> bool {
    let mut command = Command::new("mount");
    command.args(arguments).arg(place);
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn rows_wait_for_space_and_are_there_once() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("skipped: it must be root to mount a tmpfs (run the tests as root)");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let out = disk.0.path().join("out");
    let mut sink = files(&out, data.path(), 100_000);
    let row = |number: usize| format!("{number:01000}\n");
    for number in 0..600 {
        sink.push_bytes(&row(number));
    }
    sink.wait("the disk is full", |sink| {
        let error = sink.metrics.last_error();
        error.is_some_and(|error| error.starts_with("[E3002] the disk of "))
    });
    // It tries again, and what is confirmed meanwhile stays.
    let failures = sink.metrics.counts().failures;
    sink.wait("another attempt", |sink| {
        sink.metrics.counts().failures > failures
    });
    assert!(!sink.all_confirmed());
    disk.grow();
    sink.wait("space is there", Running::all_confirmed);
    assert!(!sink.metrics.counts().failing);
    sink.push_bytes(&row(600));
    sink.stop();
    let all: Vec<_> = (0..=600).map(|number| format!("{number:01000}")).collect();
    assert!(rows(&out) == all, "every row once, in order");
}
