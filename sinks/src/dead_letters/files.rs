//! The store's files as someone beside the running server reads them.

use crate::filesystem::row_file_index;
use std::io;
use std::path::{Path, PathBuf};

/// The row files of a directory in the order written.
pub(super) fn list(directory: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(index) = name
            .to_str()
            .and_then(|name| row_file_index(name, extension))
        {
            files.push((index, entry.path()));
        }
    }
    files.sort_unstable();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}
