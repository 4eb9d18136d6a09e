//! The data directory: who uses it, which instance it is, how many shards it was made for.
//!
//! | entry | what |
//! | --- | --- |
//! | `LOCK` | held while in use |
//! | `instance` | text, `key=value` a line: format, instance, shards |
//! | `shard-N/` | log segments, `checkpoint`, `cursors` of shard N |
//! | `rules/` | rule sets by content hash |
//! | `sinks/`, `dead_letters/` | what the sinks keep |
//! | `endpoints` | where the admin port of the server is that ran last |

use rookery_runtime::storage::{
    DirectoryLock, LockError, RealStorage, UnsafeFileSystem, lock_directory,
};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Form of the directory that this version makes and reads.
const FORMAT: u32 = 1;
const INSTANCE_FILE: &str = "instance";

/// Why a directory cannot be used.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// Another process has it, or it cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its file system keeps no promises.
    #[error(transparent)]
    FileSystem(#[from] UnsafeFileSystem),
    /// It cannot be made, read or written.
    #[error("E2041 data directory {}: {source}", path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Its instance file cannot be understood.
    #[error(
        "E2042 {} is damaged or not a data directory's: {reason}; restore it from a backup, or use an empty directory",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A newer version made it.
    #[error(
        "E2043 data directory {} has format {found}, and this version reads up to {FORMAT}; run the version that made it",
        path.display()
    )]
    Newer {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// It was made for another count of shards.
    #[error(
        "E2044 data directory {} was made for {made} shards and the configuration says {configured}; set `shards = {made}`, or use an empty directory",
        path.display()
    )]
    Shards {
        /// The directory.
        path: PathBuf,
        /// Shards it was made for.
        made: u16,
        /// Shards that are asked for.
        configured: u16,
    },
}

/// A locked data directory.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    instance: String,
    shards: u16,
    storage: RealStorage,
    _lock: DirectoryLock,
}

impl DataDir {
    /// Makes the directory if it is missing, locks it, and holds it against the configuration.
    /// `shards`: `None` takes what it was made for, or `default_shards` for a new one.
    ///
    /// # Errors
    /// Each with its remedy; nothing is changed then.
    pub fn open(
        path: &Path,
        shards: Option<u16>,
        default_shards: u16,
        unsafe_filesystem: bool,
    ) -> Result<Self, DataDirError> {
        let io = |source| DataDirError::Io {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(path).map_err(io)?;
        let path = path.canonicalize().map_err(io)?;
        let lock = lock_directory(&path)?;
        let storage = RealStorage::for_directory(&path, unsafe_filesystem)?;
        let file = path.join(INSTANCE_FILE);
        let (instance, made) = match fs::read_to_string(&file) {
            Ok(text) => parse(&path, &file, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = shards.unwrap_or(default_shards);
                (create(&path, &file, made).map_err(io)?, made)
            }
            Err(source) => return Err(DataDirError::Io { path: file, source }),
        };
        if let Some(configured) = shards
            && configured != made
        {
            return Err(DataDirError::Shards {
                path,
                made,
                configured,
            });
        }
        Ok(Self {
            path,
            instance,
            shards: made,
            storage,
            _lock: lock,
        })
    }

    /// Its absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The random id it got when it was made: 26 letters and digits.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Shards it was made for.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.shards
    }

    /// Its storage.
    #[must_use]
    pub fn storage(&self) -> &RealStorage {
        &self.storage
    }

    /// The directory of a shard's log.
    #[must_use]
    pub fn shard_dir(&self, shard: u16) -> PathBuf {
        shard_dir(&self.path, shard)
    }
}

/// The directory of a shard's log below a data directory.
#[must_use]
pub fn shard_dir(data_dir: &Path, shard: u16) -> PathBuf {
    data_dir.join(format!("shard-{shard}"))
}

fn parse(dir: &Path, file: &Path, text: &str) -> Result<(String, u16), DataDirError> {
    let damaged = |reason: &str| DataDirError::Damaged {
        path: file.to_owned(),
        reason: reason.to_owned(),
    };
    let value = |key: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(k, _)| *k == key)
            .map(|(_, value)| value)
            .ok_or_else(|| damaged(&format!("it has no `{key}`")))
    };
    let found: u32 = value("format")?
        .parse()
        .map_err(|_| damaged("`format` is no number"))?;
    if found > FORMAT {
        return Err(DataDirError::Newer {
            path: dir.to_owned(),
            found,
        });
    }
    let instance = value("instance")?;
    if instance.len() != 26 || !instance.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(damaged("`instance` is not 26 letters and digits"));
    }
    let shards = value("shards")?
        .parse()
        .map_err(|_| damaged("`shards` is no number"))?;
    if shards == 0 {
        return Err(damaged("`shards` is 0"));
    }
    Ok((instance.to_owned(), shards))
}

fn create(dir: &Path, file: &Path, shards: u16) -> io::Result<String> {
    let instance = random_id()?;
    let temporary = file.with_extension("new");
    let mut out = File::create(&temporary)?;
    write!(
        out,
        "format={FORMAT}\ninstance={instance}\nshards={shards}\n"
    )?;
    out.sync_all()?;
    fs::rename(&temporary, file)?;
    File::open(dir)?.sync_all()?;
    Ok(instance)
}

/// 130 random bits in the letters and digits of base 32.
fn random_id() -> io::Result<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 26];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes
        .iter()
        .map(|b| char::from(ALPHABET[usize::from(b % 32)]))
        .collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn open(path: &Path, shards: Option<u16>) -> Result<DataDir, DataDirError> {
        DataDir::open(path, shards, 3, true)
    }

    #[test]
    fn a_directory_keeps_its_instance_and_its_shards() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let first = open(&path, Some(2)).unwrap();
        let instance = first.instance().to_owned();
        assert_eq!((first.shards(), instance.len()), (2, 26));
        assert!(
            matches!(open(&path, None), Err(DataDirError::Lock(_))),
            "a second user"
        );
        drop(first);
        assert_eq!(open(&path, None).unwrap().instance(), instance);
        let path = path.canonicalize().unwrap();
        assert_eq!(
            open(&path, Some(4)).unwrap_err().to_string(),
            format!(
                "E2044 data directory {} was made for 2 shards and the configuration says 4; set `shards = 2`, or use an empty directory",
                path.display()
            )
        );
    }

    #[test]
    fn damage_and_newer_formats_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path(), None).unwrap());
        let file = dir.path().join(INSTANCE_FILE);
        for (text, wanted) in [
            ("format=2\n", "E2043"),
            ("", "E2042"),
            ("format=1\ninstance=x\nshards=2\n", "E2042"),
            (
                "format=1\ninstance=abcdefghijkmnpqrstuvwxyz23\nshards=0\n",
                "E2042",
            ),
        ] {
            fs::write(&file, text).unwrap();
            let message = open(dir.path(), None).unwrap_err().to_string();
            assert!(message.starts_with(wanted), "{message}");
        }
    }
}
