//! Options of `filesystem`.

use super::cursor_file::PATH_MAX_BYTES;
use crate::options::{Options, is_the_appliances};
use crate::{Batching, SinkContext, SinkOptionError, TableSpec};
use rookery_model::limits;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Flink's name for `rotate_bytes`.
const FLINK_FILE_SIZE: &str = "sink.rolling-policy.file-size";
/// Flink's name for `rotate_interval_ms`.
const FLINK_INTERVAL: &str = "sink.rolling-policy.rollover-interval";
/// Options of CSV, as Flink names them; the header is ours.
const DELIMITER: &str = "csv.field-delimiter";
const NULL_LITERAL: &str = "csv.null-literal";
const HEADER: &str = "csv.header";

/// All that the connector has.
pub(crate) const KEYS: &[&str] = &[
    "path",
    "format",
    "rotate_bytes",
    FLINK_FILE_SIZE,
    "rotate_interval_ms",
    FLINK_INTERVAL,
    "confirm_interval_ms",
    DELIMITER,
    NULL_LITERAL,
    HEADER,
];

/// The options, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FilesystemOptions {
    /// Absolute.
    pub path: PathBuf,
    pub format: Format,
    pub rotate_bytes: u64,
    pub rotate_interval: Duration,
    pub confirm_interval: Duration,
    pub batching: Batching,
}

/// How rows are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Csv(CsvOptions),
}

/// What CSV has to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CsvOptions {
    pub delimiter: u8,
    pub null_literal: String,
    pub header: bool,
}

impl FilesystemOptions {
    pub(super) fn read(spec: &TableSpec, context: &SinkContext) -> Result<Self, SinkOptionError> {
        let mut options = Options::new(spec, super::CONNECTOR, KEYS);
        let text = options.required("path", "the directory that the row files go to")?;
        let format = format(spec, &mut options)?;
        let ours = options.bytes("rotate_bytes", 1, u64::MAX >> 1)?;
        let flinks = options.bytes(FLINK_FILE_SIZE, 1, u64::MAX >> 1)?;
        let interval = options.millis("rotate_interval_ms", limits::ROW_FILE_INTERVAL_MAX_MS)?;
        let flinks_interval = options.text(FLINK_INTERVAL);
        let confirm_interval =
            options.millis("confirm_interval_ms", limits::SINK_CONFIRM_INTERVAL_MAX_MS)?;
        let batching = options.gathering(limits::SINK_GATHERING_LINGER_MS)?;
        options.finish()?;
        let twice = |given: bool, one: &str, other: &str| match given {
            true => Err(SinkOptionError::Repeated {
                table: spec.name.clone(),
                key: format!("{one}` and `{other}"),
            }),
            false => Ok(()),
        };
        twice(
            ours.is_some() && flinks.is_some(),
            "rotate_bytes",
            FLINK_FILE_SIZE,
        )?;
        let both = interval.is_some() && flinks_interval.is_some();
        twice(both, "rotate_interval_ms", FLINK_INTERVAL)?;
        let flinks_interval = flinks_interval
            .map(|text| duration(spec, text))
            .transpose()?;
        Ok(Self {
            path: directory(spec, text, context)?,
            format,
            rotate_interval: interval
                .or(flinks_interval)
                .unwrap_or(Duration::from_millis(limits::ROW_FILE_INTERVAL_MS)),
            rotate_bytes: ours.or(flinks).unwrap_or(limits::ROW_FILE_BYTES),
            confirm_interval: confirm_interval
                .unwrap_or(Duration::from_millis(limits::ROW_FILE_CONFIRM_INTERVAL_MS)),
            batching,
        })
    }
}

fn format(spec: &TableSpec, options: &mut Options<'_>) -> Result<Format, SinkOptionError> {
    let json = options.choice("format", &["json", "csv"])? == "json";
    for key in [DELIMITER, NULL_LITERAL, HEADER] {
        if let Some(value) = options.text(key).filter(|_| json) {
            return Err(SinkOptionError::Invalid {
                table: spec.name.clone(),
                key,
                value: value.to_owned(),
                expected: "of use without `format` = 'csv'".to_owned(),
            });
        }
    }
    if json {
        return Ok(Format::Json);
    }
    let delimiter = options.text(DELIMITER).unwrap_or(",");
    let null_literal = options.text(NULL_LITERAL).unwrap_or_default();
    let header = options.choice(HEADER, &["false", "true"])? == "true";
    let invalid = |key, value: &str, expected: &str| SinkOptionError::Invalid {
        table: spec.name.clone(),
        key,
        value: value.to_owned(),
        expected: expected.to_owned(),
    };
    let Some(byte) = delimiter_of(delimiter) else {
        let expected = "one ASCII character, \\t or \\u0001, and no quote or line end";
        return Err(invalid(DELIMITER, delimiter, expected));
    };
    let special = |other: u8| other == byte || matches!(other, b'"' | b'\n' | b'\r');
    if null_literal.bytes().any(special) {
        let expected = "text without delimiter, quote and line end";
        return Err(invalid(NULL_LITERAL, null_literal, expected));
    }
    Ok(Format::Csv(CsvOptions {
        delimiter: byte,
        null_literal: null_literal.to_owned(),
        header,
    }))
}

/// A delimiter: itself, or written as `\t`, or by its number in hexadecimal as `\u0001`.
fn delimiter_of(text: &str) -> Option<u8> {
    let byte = match text.as_bytes() {
        [byte] => *byte,
        b"\\t" => b'\t',
        _ => u8::from_str_radix(text.strip_prefix("\\u00")?, 16).ok()?,
    };
    (byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r')).then_some(byte)
}

/// A duration as Flink writes it: a whole number and a unit, such as `30 min`; without one,
/// milliseconds.
fn duration(spec: &TableSpec, text: &str) -> Result<Duration, SinkOptionError> {
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let millis = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => Some(1),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1_000),
        "m" | "min" | "minute" | "minutes" => Some(60_000),
        "h" | "hour" | "hours" => Some(3_600_000),
        "d" | "day" | "days" => Some(86_400_000),
        _ => None,
    };
    let number = number.parse::<u64>().ok();
    let interval = number
        .zip(millis)
        .and_then(|(number, unit)| number.checked_mul(unit));
    interval
        .filter(|&interval| interval <= limits::ROW_FILE_INTERVAL_MAX_MS)
        .map(Duration::from_millis)
        .ok_or_else(|| SinkOptionError::Invalid {
            table: spec.name.clone(),
            key: FLINK_INTERVAL,
            value: text.to_owned(),
            expected: "a duration of at most 366 days, such as 30 min or 1 h".to_owned(),
        })
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
    if data_dir.starts_with(&path) || is_the_appliances(&path, &data_dir) {
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
