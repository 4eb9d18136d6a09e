//! Reading the store from beside a server that may be writing it.

use super::marks::{self, Marks};
use super::{DlqError, Letter, Mark, MarkWriter, State};
use rookery_sinks::{DeadLetterLimits, DeadLetterStore};
use std::collections::HashSet;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// The store of a data directory.
#[derive(Debug)]
pub struct Store {
    data_dir: PathBuf,
    store: DeadLetterStore,
}

/// A letter that a scan came to.
#[derive(Debug)]
pub struct Found<'a> {
    /// The letter.
    pub letter: Letter,
    /// Its line.
    pub line: &'a [u8],
    /// What was done about it.
    pub state: State,
    /// The mark that says so.
    pub mark: Option<&'a Mark>,
    /// Its file.
    pub file: &'a Path,
    /// It was shown before: a row that its sink refused again after a crash is stored twice.
    pub repeated: bool,
}

/// Lines that are no letters.
#[derive(Debug, Default)]
pub struct Damage {
    /// How many.
    pub lines: usize,
    /// Where.
    pub files: HashSet<PathBuf>,
}

impl Store {
    /// The store of a directory that is a data directory.
    ///
    /// # Errors
    /// It is none.
    pub fn open(data_dir: &Path) -> Result<Self, DlqError> {
        if !data_dir.join("instance").is_file() {
            return Err(DlqError::NotADataDir {
                path: data_dir.to_owned(),
            });
        }
        Ok(Self {
            data_dir: data_dir.to_owned(),
            store: DeadLetterStore::new(data_dir, DeadLetterLimits::default()),
        })
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The id that the data directory got when it was made.
    pub fn instance(&self) -> Option<String> {
        let text = fs::read_to_string(self.data_dir.join("instance")).ok()?;
        text.lines()
            .find_map(|line| line.strip_prefix("instance="))
            .map(str::to_owned)
    }

    /// The store's files, oldest first; a server writes to the last only.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn files(&self) -> Result<Vec<PathBuf>, DlqError> {
        self.store.files().map_err(|source| DlqError::Io {
            path: self.store.directory().to_owned(),
            action: "listed",
            source,
        })
    }

    /// Removes a file that is not the last.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove(&self, file: &Path) -> Result<(), DlqError> {
        match fs::remove_file(file) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DlqError::Io {
                path: file.to_owned(),
                action: "removed",
                source,
            }),
            _ => Ok(()),
        }
    }

    /// The marks as they are now.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn marks(&self) -> Result<Marks, DlqError> {
        marks::read(&self.store.marks_path())
    }

    /// Takes the right to write marks.
    ///
    /// # Errors
    /// Another command has it, or the disk refuses.
    pub fn mark_writer(&self) -> Result<MarkWriter, DlqError> {
        MarkWriter::open(&self.store.marks_path(), &self.data_dir)
    }

    /// Shows every letter that is there when it begins to `visit`, oldest first, until it has enough.
    /// What comes meanwhile, a retried letter that failed again among it, is left to the next scan.
    ///
    /// # Errors
    /// A file cannot be read, or what `visit` says.
    pub fn scan<E: From<DlqError>>(
        &self,
        marks: &Marks,
        mut visit: impl FnMut(Found<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<Damage, E> {
        let mut seen = HashSet::new();
        let mut damage = Damage::default();
        let files = self.files()?.into_iter();
        let sized: Vec<_> = files
            .map(|file| {
                (
                    fs::metadata(&file).map_or(0, |metadata| metadata.len()),
                    file,
                )
            })
            .collect();
        for (bytes, file) in sized {
            let failed = |source| DlqError::Io {
                path: file.clone(),
                action: "read",
                source,
            };
            let mut reader = match fs::File::open(&file) {
                // The server has deleted its oldest meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                other => BufReader::new(other.map_err(failed)?).take(bytes),
            };
            let mut line = Vec::new();
            loop {
                line.clear();
                reader.read_until(b'\n', &mut line).map_err(failed)?;
                // A line without its end is being written.
                if line.pop() != Some(b'\n') {
                    break;
                }
                let Some(letter) = Letter::parse(&line) else {
                    damage.lines += 1;
                    damage.files.insert(file.clone());
                    continue;
                };
                let mark = marks.get(&letter.id);
                let found = Found {
                    repeated: !seen.insert(xxh3_128(letter.id.as_bytes())),
                    state: mark.map(Mark::state).unwrap_or_default(),
                    mark,
                    letter,
                    line: &line,
                    file: &file,
                };
                if visit(found)?.is_break() {
                    return Ok(damage);
                }
            }
        }
        Ok(damage)
    }
}
