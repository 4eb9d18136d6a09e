//! The thread's side of a file sink.
//!
//! Rows are handed over by writing them, one system call a request; they are confirmed by syncing the
//! files written since, then their directory if names changed, then the cursor file. A start goes back
//! to what the cursor file says, so that a row is in the files once.

use super::cursor_file::{CursorFile, FileState};
use super::directory::{Directory, Resume, RowFile, create_durably};
use crate::{LaneCursor, LaneKey, Part, SinkError, SinkWriter, TargetCursor, Verdicts};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{IoSlice, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// Most pieces of one write: the kernel's `IOV_MAX`.
const SLICES_MAX: usize = 1024;

/// What a file writer is told.
#[derive(Clone, Debug)]
pub(crate) struct FileSettings {
    /// The sink, for log lines.
    pub name: String,
    /// Where the row files go.
    pub directory: PathBuf,
    /// Where the cursor file goes.
    pub state_directory: PathBuf,
    /// Both directories are parts of one that may be moved or copied as a whole: what the cursor file says
    /// is of `directory`, wherever it lay when that was written.
    pub moves_with_state: bool,
    /// `ndjson` or `csv`.
    pub extension: &'static str,
    /// What every file begins with; a row's line end is its last byte, if it has any.
    pub header: Vec<u8>,
    /// A file is full at this many bytes; a single longer row makes a longer file.
    pub rotate_bytes: u64,
    /// A file that was begun this long ago is full; none: only its bytes count. Looked at when rows
    /// come: a file that nothing is written to is complete anyway.
    pub rotate_interval: Option<Duration>,
    pub confirm_interval: Duration,
    /// Above this sum the oldest files are deleted; none: all are kept.
    pub retain: Option<Retain>,
}

/// A bound on the bytes of all files.
#[derive(Clone, Debug)]
pub(crate) struct Retain {
    pub bytes: u64,
    /// Counts what was deleted.
    pub deleted: Arc<Deleted>,
}

/// What a bound on the files' bytes has cost so far.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    pub files: AtomicU64,
    pub bytes: AtomicU64,
}

/// Writes row files.
pub(crate) struct FileWriter {
    settings: FileSettings,
    open: Option<Open>,
}

/// While the directory is usable.
struct Open {
    directory: Directory,
    cursor_file: CursorFile,
    cursors: Vec<LaneCursor>,
    /// The file being written; made by its first row.
    active: Option<File>,
    index: u64,
    offset: u64,
    /// When the active file was made.
    begun: Instant,
    /// Whether the active file was written to since the last confirmation.
    dirty: bool,
    /// Full files written to since the last confirmation.
    full: Vec<File>,
    names_changed: bool,
    /// Complete files, oldest first; kept in mind only if their bytes are bounded.
    complete: Option<VecDeque<RowFile>>,
}

impl FileWriter {
    pub(crate) fn new(settings: FileSettings) -> Self {
        Self {
            settings,
            open: None,
        }
    }
}

impl SinkWriter for FileWriter {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        // The lock is let go first.
        self.open = None;
        let open = Open::start(&self.settings)?;
        let cursors = lanes.iter().map(|lane| {
            let held = open.cursors.iter().find(|cursor| cursor.lane == *lane);
            held.map_or(TargetCursor::Missing, |cursor| {
                TargetCursor::At(cursor.through)
            })
        });
        let cursors = cursors.collect();
        self.open = Some(open);
        Ok(cursors)
    }

    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        _verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        let open = self.open.as_mut().expect("open comes first");
        if let Some(interval) = self.settings.rotate_interval
            && open.offset > 0
            && open.begun.elapsed() >= interval
        {
            open.rotate();
        }
        let header = self.settings.header.as_slice();
        let mut slices = Vec::with_capacity(request.len() + 1);
        let mut room = self.settings.rotate_bytes.saturating_sub(open.offset);
        if open.offset == 0 {
            begin_file(header, &mut slices, &mut room);
        }
        let mut has_rows = false;
        for part in request {
            if let Some(bytes) = part.contiguous()
                && bytes.len() as u64 <= room
            {
                has_rows = true;
                room -= bytes.len() as u64;
                slices.push(IoSlice::new(bytes));
                continue;
            }
            for row in part.rows() {
                let length = row.bytes.len() as u64;
                if length > room && (open.offset > 0 || has_rows) {
                    open.append(&mut slices)?;
                    open.rotate();
                    room = self.settings.rotate_bytes;
                    begin_file(header, &mut slices, &mut room);
                }
                has_rows = true;
                room = room.saturating_sub(length);
                slices.push(IoSlice::new(row.bytes));
            }
        }
        open.append(&mut slices)
    }

    fn confirm(&mut self, cursors: &[LaneCursor]) -> Result<(), SinkError> {
        let open = self.open.as_mut().expect("open comes first");
        open.sync_rows()?;
        open.cursors = cursors.to_vec();
        open.write_state(&self.settings.directory)?;
        match &self.settings.retain {
            Some(retain) => open.delete_oldest(&self.settings.name, retain),
            None => Ok(()),
        }
    }

    fn confirm_interval(&self) -> Duration {
        self.settings.confirm_interval
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.open = None;
        Ok(())
    }
}

impl Open {
    /// Locks the directory and brings it to what was confirmed.
    fn start(settings: &FileSettings) -> Result<Self, SinkError> {
        let directory = Directory::open(&settings.directory, settings.extension)?;
        create_durably(&settings.state_directory)?;
        let (cursor_file, mut state) = CursorFile::open(&settings.state_directory.join("cursor"))?;
        if let Some(state) = state.as_mut().filter(|_| settings.moves_with_state) {
            state.directory.clone_from(&settings.directory);
        }
        sync_directory(&settings.state_directory)?;
        let resume = match &state {
            Some(state) if state.directory == settings.directory => {
                directory.recover(&settings.name, state)?
            }
            Some(state) => {
                leave(settings, state)?;
                begin(settings, &directory, true)?
            }
            None => begin(settings, &directory, false)?,
        };
        let complete = match settings.retain {
            None => None,
            Some(_) => {
                let files = directory.list()?.0.into_iter();
                Some(files.filter(|file| file.index < resume.index).collect())
            }
        };
        directory.sync()?;
        let mut open = Self {
            directory,
            cursor_file,
            cursors: Vec::new(),
            begun: begun(resume.file.as_ref()),
            active: resume.file,
            index: resume.index,
            offset: resume.offset,
            dirty: false,
            full: Vec::new(),
            names_changed: false,
            complete,
        };
        if let Some(file) = &mut open.active {
            file.seek(SeekFrom::Start(open.offset))
                .map_err(|source| open.error("seek in", source))?;
        }
        open.leave_other_header(&settings.header)?;
        let fits = state.as_ref().is_some_and(|state| {
            (&state.directory, state.file_index, state.offset)
                == (&settings.directory, open.index, open.offset)
        });
        open.cursors = state.map(|state| state.cursors).unwrap_or_default();
        if !fits {
            open.write_state(&settings.directory)?;
        }
        Ok(open)
    }

    /// Goes on in a new file if the one that was being written begins otherwise than files do now: the
    /// table's columns, or its options, were changed.
    fn leave_other_header(&mut self, header: &[u8]) -> Result<(), SinkError> {
        let Some(file) = &self.active else {
            return Ok(());
        };
        if self.offset == 0 || header.is_empty() {
            return Ok(());
        }
        let mut found = vec![0; header.len().min(self.offset as usize)];
        file.read_exact_at(&mut found, 0)
            .map_err(|source| self.error("read", source))?;
        if found != header {
            self.rotate();
            self.full.clear();
        }
        Ok(())
    }

    /// Writes the slices to the active file and empties them.
    fn append(&mut self, slices: &mut Vec<IoSlice<'_>>) -> Result<(), SinkError> {
        if slices.is_empty() {
            return Ok(());
        }
        let mut file = match self.active.take() {
            Some(file) => file,
            None => {
                self.names_changed = true;
                self.begun = Instant::now();
                self.directory.create(self.index)?
            }
        };
        let written = write_all(&mut file, slices);
        self.active = Some(file);
        self.dirty = true;
        slices.clear();
        self.offset += written.map_err(|source| self.error("write", source))?;
        Ok(())
    }

    /// Ends the active file; the next row makes another.
    fn rotate(&mut self) {
        if let Some(file) = self.active.take() {
            self.full.push(file);
        }
        if let Some(complete) = &mut self.complete {
            complete.push_back(RowFile {
                index: self.index,
                bytes: self.offset,
                extension: self.directory.extension(),
            });
        }
        self.index += 1;
        self.offset = 0;
        self.dirty = false;
    }

    /// Makes what was written durable.
    fn sync_rows(&mut self) -> Result<(), SinkError> {
        for file in self.full.drain(..) {
            file.sync_data()
                .map_err(|source| SinkError::io("sync", self.directory.path(), source))?;
        }
        if let Some(file) = &self.active
            && self.dirty
        {
            file.sync_data()
                .map_err(|source| self.error("sync", source))?;
            let metadata = file
                .metadata()
                .map_err(|source| self.error("read the state of", source))?;
            if metadata.nlink() == 0 {
                return Err(SinkError::FileRemoved {
                    path: self.directory.file_path(self.index),
                });
            }
        }
        if self.names_changed {
            self.directory.sync()?;
            self.names_changed = false;
        }
        self.dirty = false;
        Ok(())
    }

    fn write_state(&mut self, directory: &Path) -> Result<(), SinkError> {
        self.cursor_file.write(&FileState {
            directory: directory.to_owned(),
            file_index: self.index,
            offset: self.offset,
            cursors: self.cursors.clone(),
        })
    }

    /// Deletes the oldest complete files while all together are over the bound.
    fn delete_oldest(&mut self, name: &str, retain: &Retain) -> Result<(), SinkError> {
        let complete = self.complete.get_or_insert_default();
        let bytes = |files: &VecDeque<RowFile>| files.iter().map(|file| file.bytes).sum::<u64>();
        if self.offset + bytes(complete) > retain.bytes {
            // An operator may have removed complete files meanwhile.
            let there = self.directory.list()?.0;
            complete.retain(|file| there.iter().any(|other| other.index == file.index));
        }
        let mut total = self.offset + bytes(complete);
        while total > retain.bytes
            && let Some(oldest) = complete.front().copied()
        {
            self.directory.remove(&oldest)?;
            complete.pop_front();
            total -= oldest.bytes;
            retain.deleted.files.fetch_add(1, Ordering::Relaxed);
            retain
                .deleted
                .bytes
                .fetch_add(oldest.bytes, Ordering::Relaxed);
            let (file, limit) = (self.directory.file_path(oldest.index), retain.bytes);
            warn!(sink = name, file = %file.display(), limit, "over its limit: the oldest file was deleted");
        }
        Ok(())
    }

    fn error(&self, action: &'static str, source: std::io::Error) -> SinkError {
        SinkError::io(action, &self.directory.file_path(self.index), source)
    }
}

/// A directory that this data directory has not written to yet.
fn begin(settings: &FileSettings, directory: &Directory, moved: bool) -> Result<Resume, SinkError> {
    let (files, others) = directory.list()?;
    let sink = settings.name.as_str();
    let path = settings.directory.display();
    if moved {
        info!(sink, %path, "the sink's `path` was changed; rows go on in the new directory");
    }
    if !files.is_empty() || others > 0 {
        let files = files.len();
        warn!(
            sink, %path, files, others,
            "the directory holds files that this sink did not write; they are left, new ones sort after"
        );
    }
    Ok(Resume {
        index: files.last().map_or(1, |file| file.index + 1),
        offset: 0,
        file: None,
    })
}

/// Cuts the unconfirmed rows off a directory that is left for another, if it is still there: they are
/// sent again to the new one.
fn leave(settings: &FileSettings, state: &FileState) -> Result<(), SinkError> {
    if !state.directory.is_dir() {
        return Ok(());
    }
    let old = Directory::open(&state.directory, settings.extension)?;
    old.recover(&settings.name, state)?;
    old.sync()
}

/// What stands before a file's first row.
fn begin_file<'a>(header: &'a [u8], slices: &mut Vec<IoSlice<'a>>, room: &mut u64) {
    if !header.is_empty() {
        *room = room.saturating_sub(header.len() as u64);
        slices.push(IoSlice::new(header));
    }
}

/// When a file was made, as far as its file system tells; else when it was last written to.
fn begun(file: Option<&File>) -> Instant {
    let metadata = file.and_then(|file| file.metadata().ok());
    let made = metadata.and_then(|metadata| metadata.created().or(metadata.modified()).ok());
    let age = made.and_then(|made| made.elapsed().ok());
    let now = Instant::now();
    age.and_then(|age| now.checked_sub(age)).unwrap_or(now)
}

/// Writes all slices; the bytes written.
fn write_all(file: &mut File, slices: &mut [IoSlice<'_>]) -> std::io::Result<u64> {
    let mut written = 0;
    for mut rest in slices.chunks_mut(SLICES_MAX) {
        while !rest.is_empty() {
            match file.write_vectored(rest) {
                Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
                Ok(bytes) => {
                    written += bytes as u64;
                    IoSlice::advance_slices(&mut rest, bytes);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(written)
}

fn sync_directory(path: &Path) -> Result<(), SinkError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|source| SinkError::io("sync", path, source))
}
