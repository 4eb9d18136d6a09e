//! Options of `filesystem`.

use super::cursor_file::PATH_MAX_BYTES;
use crate::options::Options;
use crate::{Batching, SinkContext, SinkOptionError, TableSpec};
use rookery_model::limits;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Flink's name for `rotate_bytes`.
const FLINK_FILE_SIZE: &str = "sink.rolling-policy.file-size";

/// The options, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FilesystemOptions {
    /// Absolute.
    pub path: PathBuf,
    pub rotate_bytes: u64,
    pub confirm_interval: Duration,
    pub batching: Batching,
}

impl FilesystemOptions {
    pub(super) fn read(spec: &TableSpec, context: &SinkContext) -> Result<Self, SinkOptionError> {
        let mut options = Options::new(spec, super::CONNECTOR);
        let text = options.required("path", "the directory that the row files go to")?;
        options.choice("format", &["json"])?;
        let ours = options.bytes("rotate_bytes", 1, u64::MAX >> 1)?;
        let flinks = options.bytes(FLINK_FILE_SIZE, 1, u64::MAX >> 1)?;
        let confirm_interval =
            options.millis("confirm_interval_ms", limits::SINK_CONFIRM_INTERVAL_MAX_MS)?;
        let batching = options.batching()?;
        options.finish()?;
        if ours.is_some() && flinks.is_some() {
            return Err(SinkOptionError::Repeated {
                table: spec.name.clone(),
                key: format!("rotate_bytes` and `{FLINK_FILE_SIZE}"),
            });
        }
        Ok(Self {
            path: directory(spec, text, context)?,
            rotate_bytes: ours.or(flinks).unwrap_or(limits::ROW_FILE_BYTES),
            confirm_interval: confirm_interval
                .unwrap_or(Duration::from_millis(limits::ROW_FILE_CONFIRM_INTERVAL_MS)),
            batching,
        })
    }
}

/// The directory as an absolute path; a `file:` URI is taken too, as Flink has it.
fn directory(
    spec: &TableSpec,
    text: &str,
    context: &SinkContext,
) -> Result<PathBuf, SinkOptionError> {
    let plain = text.strip_prefix("file://").unwrap_or(text);
    let invalid = || SinkOptionError::Invalid {
        table: spec.name.clone(),
        key: "path",
        value: text.to_owned(),
        expected: format!("the path of a directory, at most {PATH_MAX_BYTES} bytes"),
    };
    if plain.contains("://") {
        return Err(invalid());
    }
    let path = std::path::absolute(plain).map_err(|_| invalid())?;
    if path.as_os_str().len() > PATH_MAX_BYTES || path.is_file() {
        return Err(invalid());
    }
    let data_dir = std::path::absolute(&context.data_dir).unwrap_or(context.data_dir.clone());
    let own = |name: &str| path.starts_with(data_dir.join(name));
    if data_dir.starts_with(&path) || own("sinks") || own(crate::dead_letters::DIRECTORY) {
        return Err(SinkOptionError::ReservedDirectory {
            table: spec.name.clone(),
            path,
        });
    }
    Ok(path)
}

/// Where a sink keeps what it must remember: below `sinks`, under the table's name with everything
/// but letters, digits, `.`, `_` and `-` as `%` and two digits.
pub(crate) fn state_directory(data_dir: &Path, sink: &str) -> PathBuf {
    let mut name = String::with_capacity(sink.len());
    for (at, byte) in sink.bytes().enumerate() {
        let plain =
            byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || (byte == b'.' && at > 0);
        match plain {
            true => name.push(char::from(byte)),
            false => name.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.len() > NAME_MAX_BYTES {
        let crc = crc32c::crc32c(name.as_bytes());
        name.truncate(NAME_MAX_BYTES - 9);
        name.push_str(&format!("~{crc:08X}"));
    }
    data_dir.join("sinks").join(name)
}

/// Longest name of a directory on the file systems there are.
const NAME_MAX_BYTES: usize = 255;
