//! The directory of row files: their names, making it, and what a start finds in it.

use super::cursor_file::FileState;
use crate::SinkError;
use rookery_model::limits;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tracing::{info, warn};

/// Row files are `part-` and twelve digits: names sort in the order written.
const PREFIX: &str = "part-";
const DIGITS: usize = 12;
/// How their names end. A table may change its format: a start finds its files all the same.
const EXTENSIONS: [&str; 2] = ["ndjson", "csv"];

/// More than this beyond the confirmed end was never written by a sink that remembers that end: it
/// would have confirmed in between.
const UNCONFIRMED_TAIL_MAX: u64 =
    2 * (limits::SINK_UNCONFIRMED_MAX_BYTES + limits::SINK_BATCH_BYTES_MAX) as u64;

/// A row file that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowFile {
    pub index: u64,
    pub bytes: u64,
    pub extension: &'static str,
}

/// Where a start goes on.
#[derive(Debug)]
pub(super) struct Resume {
    pub index: u64,
    pub offset: u64,
    /// The file, if it exists.
    pub file: Option<File>,
}

/// The directory of row files; nobody else writes to it while this lives.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    extension: &'static str,
    handle: File,
}

impl Directory {
    /// Makes the directory if it is missing, and locks it.
    ///
    /// # Errors
    /// I/O; another process, or another sink of this one, has it.
    pub(crate) fn open(path: &Path, extension: &'static str) -> Result<Self, SinkError> {
        create_durably(path)?;
        let io = |source| SinkError::io("open", path, source);
        let handle = File::open(path).map_err(io)?;
        if !handle.metadata().map_err(io)?.is_dir() {
            return Err(io(io::Error::from(io::ErrorKind::NotADirectory)));
        }
        match handle.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                extension,
                handle,
            }),
            Err(TryLockError::WouldBlock) => Err(SinkError::DirectoryInUse {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(SinkError::io("lock", path, source)),
        }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Path of a row file that is written now.
    pub(crate) fn file_path(&self, index: u64) -> PathBuf {
        self.path_of(index, self.extension)
    }

    fn path_of(&self, index: u64, extension: &str) -> PathBuf {
        self.path
            .join(format!("{PREFIX}{index:0DIGITS$}.{extension}"))
    }

    /// How the names of files end that are written now.
    pub(super) fn extension(&self) -> &'static str {
        self.extension
    }

    /// Makes created and removed names durable.
    pub(crate) fn sync(&self) -> Result<(), SinkError> {
        self.handle
            .sync_all()
            .map_err(|source| SinkError::io("sync", &self.path, source))
    }

    /// Creates a row file that must not exist.
    pub(crate) fn create(&self, index: u64) -> Result<File, SinkError> {
        let path = self.file_path(index);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| SinkError::io("create", &path, source))
    }

    /// Removes a row file; one that is gone already is removed.
    pub(crate) fn remove(&self, file: &RowFile) -> Result<(), SinkError> {
        let path = self.path_of(file.index, file.extension);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(SinkError::io("remove", &path, source))
            }
            _ => Ok(()),
        }
    }

    /// The row files in the order written, and how many other names there are.
    pub(crate) fn list(&self) -> Result<(Vec<RowFile>, usize), SinkError> {
        let io = |source| SinkError::io("list", &self.path, source);
        let (mut files, mut others) = (Vec::new(), 0);
        for entry in fs::read_dir(&self.path).map_err(io)? {
            let entry = entry.map_err(io)?;
            match entry.file_name().to_str().and_then(index_of) {
                None => others += 1,
                Some((index, extension)) => match entry.metadata() {
                    Ok(metadata) => files.push(RowFile {
                        index,
                        bytes: metadata.len(),
                        extension,
                    }),
                    // Someone who reads and removes old files may be at work.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(io(error)),
                },
            }
        }
        files.sort_unstable();
        Ok((files, others))
    }

    /// Brings the directory to what was confirmed: cuts the file that was being written, removes
    /// later ones, and says where to go on. What does not fit is left as it is, with a warning, and
    /// rows go to a new file.
    ///
    /// # Errors
    /// I/O; it may be called again.
    pub(super) fn recover(&self, sink: &str, state: &FileState) -> Result<Resume, SinkError> {
        let (files, _) = self.list()?;
        let found = Found::read(self, &files, state)?;
        let misfit = found.misfit(state.offset)?;
        if let Some(misfit) = misfit {
            let file = found.path.display();
            let (confirmed, bytes, beyond) = (state.offset, found.bytes, found.later_bytes);
            warn!(sink, %file, confirmed, bytes, beyond, "{}; rows go to a new file", misfit.text());
        }
        if misfit != Some(Misfit::TailTooLong) {
            for file in files.iter().filter(|file| file.index > state.file_index) {
                self.remove(file)?;
            }
        }
        if misfit.is_some() {
            let last = files.last().map_or(0, |file| file.index);
            return Ok(Resume {
                index: last.max(state.file_index) + 1,
                offset: 0,
                file: None,
            });
        }
        if let Some(file) = &found.file {
            file.set_len(state.offset)
                .map_err(|source| SinkError::io("truncate", &found.path, source))?;
        }
        let cut = found.tail(state.offset);
        if cut > 0 {
            let file = found.path.display();
            info!(sink, %file, bytes = cut, "unconfirmed rows were cut off; they are sent again");
        }
        if found.extension != self.extension() {
            // The table's format was changed: what is confirmed stays, rows go on in a new file.
            return Ok(Resume {
                index: state.file_index + 1,
                offset: 0,
                file: None,
            });
        }
        Ok(Resume {
            index: state.file_index,
            offset: state.offset,
            file: found.file,
        })
    }
}

/// The number in a row file's name, and how the name ends.
fn index_of(name: &str) -> Option<(u64, &'static str)> {
    let mut endings = EXTENSIONS.iter();
    endings.find_map(|extension| Some((row_file_index(name, extension)?, *extension)))
}

/// The number in a row file's name.
pub(crate) fn row_file_index(name: &str, extension: &str) -> Option<u64> {
    let digits = name
        .strip_prefix(PREFIX)?
        .strip_suffix(extension)?
        .strip_suffix('.')?;
    let plain = digits.len() >= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// What a start finds where it left off.
struct Found {
    path: PathBuf,
    extension: &'static str,
    /// The file that was being written, if it is there.
    file: Option<File>,
    bytes: u64,
    later_bytes: u64,
}

/// Why what is found cannot be what was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misfit {
    TailTooLong,
    Missing,
    Short,
    Edited,
}

impl Misfit {
    fn text(self) -> &'static str {
        match self {
            Self::TailTooLong => {
                "more rows lie beyond the confirmed end than this sink leaves unconfirmed, as if an \
                 older cursor file had been restored; they are left as they are and may come twice"
            }
            Self::Missing => "the row file is missing, and with it rows that were confirmed",
            Self::Short => "the row file is shorter than what was confirmed; it is left as it is",
            Self::Edited => {
                "no row ends at the confirmed end of the row file, so it was edited; it is left as it is"
            }
        }
    }
}

impl Found {
    fn read(
        directory: &Directory,
        files: &[RowFile],
        state: &FileState,
    ) -> Result<Self, SinkError> {
        let active = files.iter().find(|file| file.index == state.file_index);
        let extension = active.map_or(directory.extension, |file| file.extension);
        let path = directory.path_of(state.file_index, extension);
        let later = files.iter().filter(|file| file.index > state.file_index);
        let file = match active {
            None => None,
            Some(_) => Some(
                OpenOptions::new()
                    .read(true)
                    .write(true)
                    .open(&path)
                    .map_err(|source| SinkError::io("open", &path, source))?,
            ),
        };
        Ok(Self {
            path,
            extension,
            file,
            bytes: active.map_or(0, |file| file.bytes),
            later_bytes: later.map(|file| file.bytes).sum(),
        })
    }

    /// Bytes beyond the confirmed end.
    fn tail(&self, confirmed: u64) -> u64 {
        self.bytes.saturating_sub(confirmed) + self.later_bytes
    }

    fn misfit(&self, confirmed: u64) -> Result<Option<Misfit>, SinkError> {
        if self.tail(confirmed) > UNCONFIRMED_TAIL_MAX {
            return Ok(Some(Misfit::TailTooLong));
        }
        if confirmed == 0 {
            return Ok(None);
        }
        let Some(file) = &self.file else {
            return Ok(Some(Misfit::Missing));
        };
        if self.bytes < confirmed {
            return Ok(Some(Misfit::Short));
        }
        let mut last = [0];
        file.read_exact_at(&mut last, confirmed - 1)
            .map_err(|source| SinkError::io("read", &self.path, source))?;
        Ok((last != *b"\n").then_some(Misfit::Edited))
    }
}

/// Makes a directory and those above it, and makes their names durable.
pub(super) fn create_durably(path: &Path) -> Result<(), SinkError> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(Path::new("/"));
    create_durably(parent)?;
    match fs::create_dir(path) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            return Err(SinkError::io("create", path, source));
        }
        _ => {}
    }
    File::open(parent)
        .and_then(|parent| parent.sync_all())
        .map_err(|source| SinkError::io("sync", parent, source))
}
