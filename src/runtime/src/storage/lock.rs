//! One process per data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// Name of the lock file in the directory. It is never removed: a second process could otherwise
/// lock another file of the same name.
const LOCK_FILE: &str = "LOCK";

/// Holds a directory for this process until dropped, or until the process ends in any way.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

/// Why a directory could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error(
        "E2006 data directory {} is in use by {owner}; stop it, or give this one a `data_dir` of \
         its own", dir.display()
    )]
    Held {
        /// The directory.
        dir: PathBuf,
        /// `process PID`, or `another process` where the holder wrote no number.
        owner: String,
    },
    /// The lock file could not be made, read or written.
    #[error("E2001 cannot lock data directory {}: {source}", dir.display())]
    Io {
        /// The directory.
        dir: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Locks an existing directory.
///
/// # Errors
/// [`LockError::Held`] names the process that holds it.
pub fn lock_directory(dir: &Path) -> Result<DirectoryLock, LockError> {
    let io = |source| LockError::Io {
        dir: dir.to_path_buf(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(dir.join(LOCK_FILE))
        .map_err(io)?;
    // SAFETY: the descriptor is open, and flock touches no memory of ours.
    let code = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) };
    if code != 0 {
        let source = io::Error::last_os_error();
        if source.kind() != io::ErrorKind::WouldBlock {
            return Err(io(source));
        }
        let mut text = String::new();
        let read = file.read_to_string(&mut text);
        let owner = match (read, text.trim().parse::<u32>()) {
            (Ok(_), Ok(pid)) => format!("process {pid}"),
            _ => "another process".to_owned(),
        };
        return Err(LockError::Held {
            dir: dir.to_path_buf(),
            owner,
        });
    }
    file.set_len(0).map_err(io)?;
    file.rewind().map_err(io)?;
    writeln!(file, "{}", std::process::id()).map_err(io)?;
    Ok(DirectoryLock { _file: file })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_and_names_the_process() {
        let dir = tempfile::tempdir().unwrap();
        let first = lock_directory(dir.path()).unwrap();
        let refused = lock_directory(dir.path()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "E2006 data directory {} is in use by process {}; stop it, or give this one a \
                 `data_dir` of its own",
                dir.path().display(),
                std::process::id()
            )
        );
        drop(first);
        lock_directory(dir.path()).unwrap();
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = lock_directory(Path::new("/nonexistent/rookery")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "E2001 cannot lock data directory /nonexistent/rookery: No such file or directory \
             (os error 2)"
        );
    }
}
