//! A table's options: each connector asks for those it has, what is left over is refused.

use crate::{Batching, SinkOptionError, TableSpec};
use rookery_model::limits;
use std::fmt::Display;
use std::path::{Component, Path};
use std::str::FromStr;
use std::time::Duration;

/// Keys that say which connector it is.
const CONNECTOR_KEYS: [&str; 2] = ["connector", "type"];
const SPILL_MAX_BYTES: &str = "spill_max_bytes";
const SPILL_POLICY: &str = "spill_policy";
/// Options that every sink has beside its connector's.
const COMMON_KEYS: [&str; 5] = [
    "batch_rows_max",
    "batch_bytes_max",
    "linger_ms",
    SPILL_MAX_BYTES,
    SPILL_POLICY,
];

/// What a table says of the files in which its rows wait while its target does not keep up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpillOptions {
    /// `spill_max_bytes`: bytes of each lane.
    pub max_bytes: Option<u64>,
    /// `spill_policy`: whether the oldest rows are given up at the bound (`drop_oldest`), or the rules
    /// wait (`block`).
    pub drop_oldest: Option<bool>,
}

/// Reads them.
///
/// # Errors
/// A value that cannot be.
pub fn spill_options(spec: &TableSpec) -> Result<SpillOptions, SinkOptionError> {
    let mut options = Options::new(spec, "", &[]);
    let least = 4 * limits::SPILL_SEGMENT_BYTES;
    let max_bytes = options.bytes(SPILL_MAX_BYTES, least, 1 << 40)?;
    let drop_oldest = match options.text(SPILL_POLICY) {
        None => None,
        Some(_) => Some(options.choice(SPILL_POLICY, &["block", "drop_oldest"])? == "drop_oldest"),
    };
    Ok(SpillOptions {
        max_bytes,
        drop_oldest,
    })
}

/// How different a word may be and still be meant: three edits, and less than half of it.
const EDITS_MAX: usize = 3;

/// Reads the options of one table for one connector.
pub(crate) struct Options<'a> {
    spec: &'a TableSpec,
    connector: &'static str,
    /// All that the connector has.
    keys: &'static [&'static str],
    /// Those that were asked for: some have a meaning only beside others.
    known: Vec<&'static str>,
}

/// The options that neither the connector nor every sink has, whatever else is wrong with them.
pub(crate) fn unknown_options(
    spec: &TableSpec,
    connector: &'static str,
    keys: &[&str],
) -> Vec<SinkOptionError> {
    let all: Vec<&str> = keys.iter().copied().chain(COMMON_KEYS).collect();
    let is_known = |key: &str| {
        let mut known = all.iter().chain(&CONNECTOR_KEYS);
        known.any(|known| known.eq_ignore_ascii_case(key))
    };
    let unknown = spec.options.iter().filter(|(key, _)| !is_known(key));
    unknown
        .map(|(key, _)| SinkOptionError::UnknownOption {
            table: spec.name.clone(),
            connector,
            key: key.clone(),
            suggestion: suggestion(key, &all, "its options are"),
        })
        .collect()
}

/// The connector's name as written.
pub(crate) fn connector_of(spec: &TableSpec) -> Option<&str> {
    CONNECTOR_KEYS.iter().find_map(|key| find(spec, key))
}

/// `; did you mean connector ..` of a table that has an option of almost that name.
pub(crate) fn misspelt_connector(spec: &TableSpec) -> String {
    let mut keys = spec.options.iter().map(|(key, _)| key);
    let near = keys.find(|key| {
        let key = key.to_ascii_lowercase();
        strsim::damerau_levenshtein(&key, CONNECTOR_KEYS[0]) <= EDITS_MAX
    });
    near.map_or_else(String::new, |key| {
        format!(" (its option `{key}` is none of a sink; did you mean `connector`?)")
    })
}

fn find<'a>(spec: &'a TableSpec, key: &str) -> Option<&'a str> {
    spec.options
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, value)| value.as_str())
}

impl<'a> Options<'a> {
    pub(crate) fn new(
        spec: &'a TableSpec,
        connector: &'static str,
        keys: &'static [&'static str],
    ) -> Self {
        Self {
            spec,
            connector,
            keys,
            known: Vec::new(),
        }
    }

    /// The text of an option.
    ///
    /// # Panics
    /// If the connector does not name it among its keys.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        assert!(self.keys.contains(&key) || COMMON_KEYS.contains(&key));
        self.known.push(key);
        find(self.spec, key)
    }

    /// The text of an option that must be there.
    pub(crate) fn required(
        &mut self,
        key: &'static str,
        meaning: &'static str,
    ) -> Result<&'a str, SinkOptionError> {
        match self.text(key) {
            Some(value) if !value.trim().is_empty() => Ok(value),
            _ => Err(SinkOptionError::Missing {
                table: self.spec.name.clone(),
                connector: self.connector,
                key,
                meaning,
            }),
        }
    }

    /// A whole number within bounds.
    pub(crate) fn number<T>(
        &mut self,
        key: &'static str,
        least: T,
        most: T,
    ) -> Result<Option<T>, SinkOptionError>
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        match text.trim().parse::<T>() {
            Ok(number) if number >= least && number <= most => Ok(Some(number)),
            _ => Err(self.invalid(key, text, format!("a whole number from {least} to {most}"))),
        }
    }

    /// A size in bytes, within bounds: a whole number, or one with a unit of 1,024 (`128MB`, as Flink
    /// writes it).
    pub(crate) fn bytes(
        &mut self,
        key: &'static str,
        least: u64,
        most: u64,
    ) -> Result<Option<u64>, SinkOptionError> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        match parse_bytes(text) {
            Some(bytes) if bytes >= least && bytes <= most => Ok(Some(bytes)),
            _ => Err(self.invalid(
                key,
                text,
                format!("a number of bytes from {least} to {most}, such as 134217728 or 128MB"),
            )),
        }
    }

    /// Milliseconds, at most a given number.
    pub(crate) fn millis(
        &mut self,
        key: &'static str,
        most: u64,
    ) -> Result<Option<Duration>, SinkOptionError> {
        Ok(self.number(key, 0, most)?.map(Duration::from_millis))
    }

    /// One of a few words, compared without case; the first is the default.
    pub(crate) fn choice(
        &mut self,
        key: &'static str,
        words: &[&'static str],
    ) -> Result<&'static str, SinkOptionError> {
        let Some(text) = self.text(key) else {
            return Ok(words[0]);
        };
        words
            .iter()
            .find(|word| word.eq_ignore_ascii_case(text.trim()))
            .copied()
            .ok_or_else(|| self.invalid(key, text, format!("one of: {}", words.join(", "))))
    }

    /// The options that every connector has: `batch_rows_max`, `batch_bytes_max`, `linger_ms`.
    pub(crate) fn batching(&mut self) -> Result<Batching, SinkOptionError> {
        self.gathering(0)
    }

    /// The same, of a connector that lingers `linger_ms` unless the table says otherwise.
    pub(crate) fn gathering(&mut self, linger_ms: u64) -> Result<Batching, SinkOptionError> {
        let rows = self.number("batch_rows_max", 1, limits::SINK_BATCH_ROWS_MAX)?;
        let bytes = self.number("batch_bytes_max", 1, limits::SINK_BATCH_BYTES_MAX)?;
        let linger = self.millis("linger_ms", limits::SINK_LINGER_MAX_MS)?;
        Ok(Batching {
            rows_max: rows.unwrap_or(limits::SINK_BATCH_ROWS),
            bytes_max: bytes.unwrap_or(limits::SINK_BATCH_BYTES),
            linger: linger.unwrap_or(Duration::from_millis(linger_ms)),
        })
    }

    /// Refuses what no call asked for, and what is given twice.
    pub(crate) fn finish(mut self) -> Result<(), SinkOptionError> {
        spill_options(self.spec)?;
        self.known.extend([SPILL_MAX_BYTES, SPILL_POLICY]);
        for (at, (key, _)) in self.spec.options.iter().enumerate() {
            let is = |known: &&&str| known.eq_ignore_ascii_case(key);
            if CONNECTOR_KEYS.iter().find(is).is_none() && self.known.iter().find(is).is_none() {
                return Err(SinkOptionError::UnknownOption {
                    table: self.spec.name.clone(),
                    connector: self.connector,
                    key: key.clone(),
                    suggestion: suggestion(key, &self.known, "its options are"),
                });
            }
            let before = &self.spec.options[..at];
            if before
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(key))
            {
                return Err(SinkOptionError::Repeated {
                    table: self.spec.name.clone(),
                    key: key.clone(),
                });
            }
        }
        Ok(())
    }

    fn invalid(&self, key: &'static str, value: &str, expected: String) -> SinkOptionError {
        SinkOptionError::Invalid {
            table: self.spec.name.clone(),
            key,
            value: value.to_owned(),
            expected,
        }
    }
}

/// Whether a path lies among the files that the appliance keeps in its data directory. Other places there
/// are a sink's to use.
pub(crate) fn is_the_appliances(path: &Path, data_dir: &Path) -> bool {
    let data_dir = std::path::absolute(data_dir).unwrap_or(data_dir.to_owned());
    let below = path.strip_prefix(&data_dir).ok();
    let first = below.and_then(|below| below.components().next());
    let Some(Component::Normal(name)) = first else {
        return false;
    };
    let name = name.to_string_lossy();
    let own = ["sinks", crate::dead_letters::DIRECTORY, "rules"];
    own.contains(&name.as_ref()) || name.starts_with("shard-")
}

/// `; did you mean ..?` where a known word is near, else all of them.
pub(crate) fn suggestion(word: &str, known: &[&str], list: &str) -> String {
    let word = word.to_ascii_lowercase();
    let near = known
        .iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&word, &name.to_ascii_lowercase()),
                name,
            )
        })
        .filter(|(edits, name)| *edits <= EDITS_MAX && edits * 2 < name.len())
        .min();
    match near {
        Some((_, name)) => format!("; did you mean `{name}`?"),
        None => format!("; {list} {}", known.join(", ")),
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" | "bytes" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_flink_writes_them() {
        assert_eq!(parse_bytes("134217728"), Some(134_217_728));
        assert_eq!(parse_bytes(" 128 MB "), Some(134_217_728));
        assert_eq!(parse_bytes("1kb"), Some(1024));
        assert_eq!(parse_bytes("2g"), Some(2 << 30));
        assert_eq!(parse_bytes("MB"), None);
        assert_eq!(parse_bytes("1.5MB"), None);
        assert_eq!(parse_bytes("-1"), None);
        assert_eq!(parse_bytes("99999999999999999999"), None);
        assert_eq!(parse_bytes("18446744073709551615gb"), None);
    }

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_lists_all() {
        let known = ["path", "format", "rotate_bytes"];
        assert_eq!(
            suggestion("Pth", &known, "its options are"),
            "; did you mean `path`?"
        );
        assert_eq!(
            suggestion("rotate_byte", &known, "its options are"),
            "; did you mean `rotate_bytes`?"
        );
        assert_eq!(
            suggestion("endpoint", &known, "its options are"),
            "; its options are path, format, rotate_bytes"
        );
    }
}
