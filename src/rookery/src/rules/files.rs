//! Which rule files there are, and their texts.

use super::error::RulesError;
use crate::config::grouped;
use rookery_model::limits::SQL_FILE_MAX_BYTES;
use rookery_sql::SourceFile;
use std::path::{Path, PathBuf};

/// The files that a pattern names, sorted. A path without `*` and `?` names itself, there or not.
///
/// # Errors
/// The pattern has wildcards in a folder's name, or the folder cannot be read.
pub fn matching(pattern: &str) -> Result<Vec<PathBuf>, RulesError> {
    let path = Path::new(pattern);
    let wild = |text: &str| text.contains(['*', '?']);
    if !wild(pattern) {
        return Ok(vec![path.to_owned()]);
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    if wild(&folder.to_string_lossy()) {
        return Err(RulesError::PatternInFolder {
            pattern: pattern.to_owned(),
        });
    }
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(Vec::new());
    };
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = match std::fs::read_dir(here) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let file_name = entry.file_name();
        let Some(text) = file_name.to_str() else {
            continue;
        };
        let hidden = text.starts_with('.') && !name.starts_with('.');
        if !hidden && matches(name.as_bytes(), text.as_bytes()) && !entry.path().is_dir() {
            found.push(folder.join(text));
        }
    }
    found.sort();
    Ok(found)
}

/// Whether `text` is of the form `pattern`, where `*` is any text and `?` any character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(_, tail)| matches(pattern, tail))
        }
        (Some((b'?', rest)), Some((_, tail))) => {
            let character = 1 + tail.iter().take_while(|byte| **byte & 0xc0 == 0x80).count();
            matches(rest, &text[character..])
        }
        (Some((expected, rest)), Some((found, tail))) => expected == found && matches(rest, tail),
        _ => false,
    }
}

/// Reads a rule file.
///
/// # Errors
/// It cannot be read, is too large, or is not UTF-8.
pub fn read(path: &Path) -> Result<SourceFile, RulesError> {
    let size = std::fs::metadata(path)
        .map_err(|error| unreadable(&error))?
        .len();
    if size > SQL_FILE_MAX_BYTES as u64 {
        return Err(RulesError::TooLarge {
            size: grouped(size),
            limit: grouped(SQL_FILE_MAX_BYTES as u64),
        });
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile {
            path: path.display().to_string(),
            text,
        }),
        Err(error) => Err(RulesError::NotUtf8 {
            at: error.utf8_error().valid_up_to(),
        }),
    }
}

fn unreadable(error: &std::io::Error) -> RulesError {
    RulesError::Unreadable {
        reason: error.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        let matching = [
            ("*.sql", "a.sql"),
            ("*", ""),
            ("a*b*c", "a-b-b-c"),
            ("?.sql", "水.sql"),
            ("a.sql", "a.sql"),
        ];
        for (pattern, text) in matching {
            assert!(
                matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
        for (pattern, text) in [
            ("*.sql", "a.sq"),
            ("?", ""),
            ("?", "ab"),
            ("a", "b"),
            ("a*b", "ac"),
        ] {
            assert!(
                !matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn files_come_sorted_without_hidden_ones_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.sql", "a.sql", ".c.sql", "d.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("e.sql")).unwrap();
        let pattern = folder.path().join("*.sql").display().to_string();
        let names: Vec<String> = matching(&pattern)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["a.sql", "b.sql"]);
        assert_eq!(matching("/nonexistent/*.sql"), Ok(Vec::new()));
        assert_eq!(
            matching("/nonexistent/a.sql"),
            Ok(vec![PathBuf::from("/nonexistent/a.sql")])
        );
        assert_eq!(matching("/*/a.sql").unwrap_err().code(), "E4028");
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sql");
        std::fs::write(&path, b"SELECT '\xff'").unwrap();
        assert_eq!(read(&path), Err(RulesError::NotUtf8 { at: 8 }));
        assert_eq!(
            read(&folder.path().join("y.sql")).unwrap_err().code(),
            "E4020"
        );
    }
}
