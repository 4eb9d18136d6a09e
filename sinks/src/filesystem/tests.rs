//! Real files in a directory of each test's own.
#![allow(clippy::unwrap_used)]

mod cursor_file;
mod exactly_once;
mod options;
mod restart;
mod rotation;

use super::writer::{FileSettings, FileWriter};
use crate::testing::{at, batch, fast_dir, key};
use crate::{LaneCursor, Part, SinkWriter, TargetCursor, Verdicts};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A writer's directories.
struct Place {
    root: tempfile::TempDir,
    rotate_bytes: u64,
}

impl Place {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            rotate_bytes: 1 << 30,
        }
    }

    /// In memory, for very many syncs.
    fn fast(rotate_bytes: u64) -> Self {
        Self {
            root: fast_dir(),
            rotate_bytes,
        }
    }

    fn rotating(rotate_bytes: u64) -> Self {
        Self {
            rotate_bytes,
            ..Self::new()
        }
    }

    fn rows(&self) -> PathBuf {
        self.root.path().join("deep/er/rows")
    }

    fn cursor(&self) -> PathBuf {
        self.root.path().join("data/sinks/jobs.orders/cursor")
    }

    fn file(&self, index: u64) -> PathBuf {
        self.rows().join(format!("part-{index:012}.ndjson"))
    }

    fn settings(&self) -> FileSettings {
        FileSettings {
            name: "jobs.orders".to_owned(),
            directory: self.rows(),
            state_directory: self.cursor().parent().unwrap().to_owned(),
            moves_with_state: false,
            extension: "ndjson",
            header: Vec::new(),
            rotate_interval: None,
            rotate_bytes: self.rotate_bytes,
            confirm_interval: Duration::ZERO,
            retain: None,
        }
    }

    fn writer(&self) -> FileWriter {
        FileWriter::new(self.settings())
    }

    /// A writer opened with one lane, and the cursor it found.
    fn open(&self) -> (FileWriter, TargetCursor) {
        let mut writer = self.writer();
        let cursors = writer.open(&[key(0)]).unwrap();
        (writer, cursors[0])
    }

    /// Names and contents, in the order of names.
    fn files(&self) -> Vec<(String, String)> {
        files(&self.rows())
    }

    fn text(&self) -> String {
        self.files().into_iter().map(|(_, text)| text).collect()
    }
}

fn files(directory: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect();
    files.sort();
    files
}

/// Hands rows over, each of a record of its own from `lsn` on.
fn write(writer: &mut FileWriter, lsn: u64, rows: &[&str]) {
    let rows: Vec<_> = (lsn..).zip(rows).map(|(lsn, row)| (lsn, 1, *row)).collect();
    let batch = batch(1, &rows);
    let mut verdicts = Verdicts::default();
    let request = [Part::new(0, &batch, 0, None)];
    writer.write_batch(&request, &mut verdicts).unwrap();
    assert!(verdicts.all_accepted());
}

fn cursors(lsn: u64) -> [LaneCursor; 1] {
    [LaneCursor {
        lane: key(0),
        through: at(lsn),
    }]
}
