//! What was done about letters: lines of JSON beside the store, the last of an id counts.
//!
//! `{"id":..,"mark":"begun"|"retried"|"refused"|"purged","time":..,"reason":..}`. Readers take no lock
//! and pass over a last line that lacks its end; a writer cuts it off.

use super::{DlqError, State, now_millis, stamp};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A mark of a letter that is not in the store any more is kept so long: a crash may have cut the
/// letter off its file, and the replay after it brings it back under the same id.
const FORGET_AFTER_MS: i64 = 24 * 3600 * 1000;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkKind {
    /// It is about to be sent again.
    Begun,
    /// It was taken.
    Retried,
    /// It was not taken; what was begun is over.
    Refused,
    /// Nothing was sent after all.
    Waiting,
    /// It is gone.
    Purged,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The letter.
    pub id: String,
    /// What was done.
    pub mark: MarkKind,
    /// When, in the store's form.
    pub time: String,
    /// Why not, where it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Mark {
    /// A mark of this moment.
    pub fn now(id: &str, mark: MarkKind, reason: Option<String>) -> Self {
        Self {
            id: id.to_owned(),
            mark,
            time: stamp(now_millis()),
            reason,
        }
    }

    /// The letter's state after it.
    pub fn state(&self) -> State {
        match self.mark {
            MarkKind::Begun => State::Begun,
            MarkKind::Retried => State::Retried,
            MarkKind::Refused => State::Refused,
            MarkKind::Waiting => State::Waiting,
            MarkKind::Purged => State::Purged,
        }
    }
}

/// The last mark of each letter.
pub type Marks = HashMap<String, Mark>;

/// Reads all marks; none if there is no file.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read(path: &Path) -> Result<Marks, DlqError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Marks::new()),
        other => other.map_err(|source| failed(path, "read", source))?,
    };
    let mut marks = Marks::new();
    for line in bytes[..whole(&bytes)].split(|byte| *byte == b'\n') {
        if let Ok(mark) = serde_json::from_slice::<Mark>(line) {
            marks.insert(mark.id.clone(), mark);
        }
    }
    Ok(marks)
}

/// Bytes up to the end of the last whole line.
fn whole(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1)
}

fn failed(path: &Path, action: &'static str, source: io::Error) -> DlqError {
    DlqError::Io {
        path: path.to_owned(),
        action,
        source,
    }
}

/// The right to write marks; one command has it at a time.
#[derive(Debug)]
pub struct MarkWriter {
    path: PathBuf,
    folder: PathBuf,
    /// The folder, locked.
    lock: File,
    file: File,
}

impl MarkWriter {
    /// Takes the right to write the marks of a data directory.
    ///
    /// # Errors
    /// Another command has it, or the disk refuses.
    pub fn open(path: &Path, data_dir: &Path) -> Result<Self, DlqError> {
        let folder = path.parent().expect("marks lie in a folder").to_owned();
        fs::create_dir_all(&folder).map_err(|source| failed(&folder, "made", source))?;
        let lock = File::open(&folder).map_err(|source| failed(&folder, "opened", source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DlqError::Busy {
                    path: data_dir.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(&folder, "locked", source)),
        }
        let file = open_whole(path).map_err(|source| failed(path, "written", source))?;
        lock.sync_all()
            .map_err(|source| failed(&folder, "synced", source))?;
        Ok(Self {
            path: path.to_owned(),
            folder,
            lock,
            file,
        })
    }

    /// Adds marks; they are durable when this returns.
    ///
    /// # Errors
    /// The disk refuses; some of them may count.
    pub fn add(&mut self, marks: &[Mark]) -> Result<(), DlqError> {
        let lines = lines(marks);
        self.file
            .write_all(&lines)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| failed(&self.path, "written", source))
    }

    /// Drops marks that say nothing any more: earlier ones of an id, and old ones of letters that are
    /// not in the store.
    ///
    /// # Errors
    /// The disk refuses; all marks are kept then.
    pub fn compact(&mut self, stored: &HashSet<String>) -> Result<(), DlqError> {
        let oldest = stamp(now_millis() - FORGET_AFTER_MS);
        let mut kept: Vec<Mark> = read(&self.path)?.into_values().collect();
        kept.retain(|mark| stored.contains(&mark.id) || mark.time >= oldest);
        kept.sort_by(|a, b| (&a.time, &a.id).cmp(&(&b.time, &b.id)));
        let temporary = self.path.with_extension("new");
        let replace = || {
            let mut file = File::create(&temporary)?;
            file.write_all(&lines(&kept))?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)?;
            self.lock.sync_all()?;
            open_whole(&self.path)
        };
        self.file = replace().map_err(|source| failed(&self.folder, "written", source))?;
        Ok(())
    }
}

/// Opens for appending, without a last line that lacks its end.
fn open_whole(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let bytes = fs::read(path)?;
    let end = whole(&bytes);
    if end < bytes.len() {
        file.set_len(end as u64)?;
    }
    Ok(file)
}

fn lines(marks: &[Mark]) -> Vec<u8> {
    let mut out = Vec::new();
    for mark in marks {
        serde_json::to_writer(&mut out, mark).expect("a mark is JSON, and memory takes it");
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mark(id: &str, mark: MarkKind) -> Mark {
        Mark::now(id, mark, None)
    }

    #[test]
    fn the_last_mark_counts_and_a_torn_line_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sinks/marks.ndjson");
        assert!(read(&path).unwrap().is_empty());
        let mut writer = MarkWriter::open(&path, dir.path()).unwrap();
        assert!(
            matches!(
                MarkWriter::open(&path, dir.path()),
                Err(DlqError::Busy { .. })
            ),
            "one at a time"
        );
        writer
            .add(&[mark("a", MarkKind::Begun), mark("b", MarkKind::Begun)])
            .unwrap();
        writer
            .add(&[Mark::now("a", MarkKind::Refused, Some("no \"x\"".into()))])
            .unwrap();
        drop(writer);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"id\":\"b\",\"mark\":\"ret").unwrap();
        let marks = read(&path).unwrap();
        assert_eq!(marks["a"].state(), State::Refused);
        assert_eq!(marks["a"].reason.as_deref(), Some("no \"x\""));
        assert_eq!(marks["b"].state(), State::Begun);
        let mut writer = MarkWriter::open(&path, dir.path()).unwrap();
        writer.add(&[mark("c", MarkKind::Retried)]).unwrap();
        let marks = read(&path).unwrap();
        assert_eq!((marks.len(), marks["c"].state()), (3, State::Retried));
    }

    #[test]
    fn marks_of_letters_that_are_gone_are_dropped_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("marks.ndjson");
        let mut writer = MarkWriter::open(&path, dir.path()).unwrap();
        let old = |id: &str, kind: MarkKind| Mark {
            time: "2026-01-01T00:00:00.000Z".into(),
            ..mark(id, kind)
        };
        writer
            .add(&[
                old("there", MarkKind::Begun),
                old("there", MarkKind::Retried),
                old("gone", MarkKind::Purged),
                mark("cut off", MarkKind::Retried),
            ])
            .unwrap();
        writer
            .compact(&HashSet::from(["there".to_owned()]))
            .unwrap();
        writer.add(&[mark("new", MarkKind::Begun)]).unwrap();
        let mut ids: Vec<_> = read(&path).unwrap().into_keys().collect();
        ids.sort();
        assert_eq!(ids, ["cut off", "new", "there"]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
        assert_eq!(read(&path).unwrap()["there"].state(), State::Retried);
    }
}
