//! Rule sets as the data directory keeps them: a replay runs records under the set that was in force
//! when they came, so each set is stored by the hash of its content before a log names it.
//!
//! A file `rules/<hash>.json` holds the texts of the rule files and the configuration's `[tables]`:
//! `{"format":1,"files":[{"path":..,"text":..}],"tables":[{"name":..,"options":[[k,v],..]}]}`. Its hash
//! is XXH3-128 of its bytes, so a damaged file does not pass for the set.

use crate::cli::Language;
use crate::config::TableOverride;
use crate::replayed_sinks;
use crate::rules::{self, RuleFile};
use anyhow::{Context, bail};
use rookery_engine::RuleSet;
use rookery_shard::{RuleBundle, RulesHash};
use rookery_sinks::{Sink, SinkContext, TableSpec};
use rookery_sql::SourceFile;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Form of the stored file that this version writes and reads.
const FORMAT: u64 = 1;

/// A rule set as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRules {
    /// Rule files in the order of the set.
    pub files: Vec<SourceFile>,
    /// The configuration's `[tables]`.
    pub tables: Vec<TableOverride>,
}

impl StoredRules {
    /// The bytes that are stored and hashed.
    fn encode(&self) -> Vec<u8> {
        let files: Vec<Value> = self
            .files
            .iter()
            .map(|file| json!({"path": file.path, "text": file.text}))
            .collect();
        let tables: Vec<Value> = self
            .tables
            .iter()
            .map(|table| json!({"name": table.name, "options": table.options}))
            .collect();
        json!({"format": FORMAT, "files": files, "tables": tables})
            .to_string()
            .into_bytes()
    }

    fn decode(bytes: &[u8]) -> anyhow::Result<Self> {
        let value: Value = serde_json::from_slice(bytes)?;
        if value["format"] != FORMAT {
            bail!(
                "it has format {}, and this version reads {FORMAT}",
                value["format"]
            );
        }
        let text = |value: &Value| {
            value
                .as_str()
                .map(str::to_owned)
                .context("a text is missing")
        };
        let list = |value: &Value| value.as_array().cloned().context("a list is missing");
        let mut files = Vec::new();
        for file in list(&value["files"])? {
            files.push(SourceFile {
                path: text(&file["path"])?,
                text: text(&file["text"])?,
            });
        }
        let mut tables = Vec::new();
        for table in list(&value["tables"])? {
            let mut options = Vec::new();
            for option in list(&table["options"])? {
                options.push((text(&option[0])?, text(&option[1])?));
            }
            tables.push(TableOverride {
                name: text(&table["name"])?,
                options,
            });
        }
        Ok(Self { files, tables })
    }

    /// Its content hash.
    pub fn hash(&self) -> RulesHash {
        hash(&self.encode())
    }

    /// Stores it durably, unless it is there.
    ///
    /// # Errors
    /// The disk refuses; nothing is stored under the name then.
    pub fn store(&self, data_dir: &Path) -> anyhow::Result<()> {
        let bytes = self.encode();
        let path = path_of(data_dir, &hash(&bytes));
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        write_durably(&path, &bytes)
            .with_context(|| format!("cannot store the rule set as {}", path.display()))
    }

    /// Reads the set of a hash.
    ///
    /// # Errors
    /// It is not there, damaged, or another version's.
    pub fn load(data_dir: &Path, wanted: &RulesHash) -> anyhow::Result<Self> {
        let path = path_of(data_dir, wanted);
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        if hash(&bytes) != *wanted {
            bail!("{} is damaged", path.display());
        }
        Self::decode(&bytes).with_context(|| path.display().to_string())
    }

    /// Compiles it for a replay. Tables that `current` names have the connectors of today, and sinks that
    /// `newer` sets have too are those, so that rows of earlier records are encoded for the targets that
    /// they go to.
    ///
    /// # Errors
    /// This version does not run the set, or a table has no connector.
    pub fn bundle(
        &self,
        current: &[TableOverride],
        newer: &[RuleBundle],
        context: &SinkContext,
    ) -> anyhow::Result<RuleBundle> {
        let mut files = Vec::new();
        for source in &self.files {
            let findings = rules::compile(source, &Language::default());
            let Some(program) = findings.program else {
                let first = findings
                    .diagnostics
                    .first()
                    .map(|found| found.message.clone());
                bail!("{}: {}", source.path, first.unwrap_or_default());
            };
            files.push(RuleFile {
                source: source.clone(),
                program,
            });
        }
        rules::apply(&mut files, &self.tables);
        rules::apply(&mut files, current);
        let programs = files.into_iter().map(|file| file.program).collect();
        let rules = RuleSet::compile(programs)?;
        let sinks = build_sinks(&rules, context)?;
        let formats = formats(&rules);
        let mut bundle = RuleBundle {
            hash: self.hash(),
            rules: Arc::new(rules),
            sinks,
            formats,
        };
        replayed_sinks::bind(&mut bundle, newer);
        Ok(bundle)
    }
}

/// The sinks of a rule set, by their numbers in it.
///
/// # Errors
/// The first table whose connector or options do not make a sink.
pub fn build_sinks(
    rules: &RuleSet,
    context: &SinkContext,
) -> Result<Vec<Arc<dyn Sink>>, rookery_sinks::SinkOptionError> {
    rules
        .sinks()
        .iter()
        .map(|table| rookery_sinks::build(&rules::spec(table), context).map(Arc::from))
        .collect()
}

/// By sink of a rule set: a hash of what its rows' bytes may depend on. A row that was kept goes back to
/// its sink only while that is the same.
pub fn formats(rules: &RuleSet) -> Vec<u64> {
    let sinks = rules.sinks().iter();
    sinks.map(|table| format_of(&rules::spec(table))).collect()
}

/// Options that say where and how fast, not what: an operator changes them to mend a sink.
const NOT_OF_THE_FORMAT: [&str; 28] = [
    "connector",
    "type",
    "host",
    "port",
    "user",
    "username",
    "password",
    "url",
    "endpoint",
    "path",
    "dbnum",
    "tablename",
    "create_table",
    "cursor_prefix",
    "linger_ms",
    "confirm_interval_ms",
    "rotate_bytes",
    "rotate_interval_ms",
    "sink.rolling-policy.file-size",
    "sink.rolling-policy.rollover-interval",
    "spill_max_bytes",
    "spill_policy",
    "httpcompress",
    "httpconnectionpool",
    "iothreadcount",
    "virtualdomainswitch",
    "ignorewriteerror",
    "ignoredelete",
];

fn format_of(spec: &TableSpec) -> u64 {
    let mut options: Vec<(String, &str)> = spec
        .options
        .iter()
        .map(|(key, value)| (key.to_ascii_lowercase(), value.as_str()))
        .filter(|(key, _)| {
            let of_format = !NOT_OF_THE_FORMAT.contains(&key.as_str());
            of_format && !key.contains("timeout") && !key.starts_with("batch")
        })
        .collect();
    options.sort();
    let parts = (&spec.columns, &spec.primary_key, &spec.zone, options);
    xxhash_rust::xxh3::xxh3_64(format!("{parts:?}").as_bytes())
}

fn hash(bytes: &[u8]) -> RulesHash {
    xxhash_rust::xxh3::xxh3_128(bytes).to_le_bytes()
}

fn path_of(data_dir: &Path, hash: &RulesHash) -> PathBuf {
    data_dir
        .join("rules")
        .join(format!("{}.json", rookery_shard::hex(hash)))
}

/// The file is there whole after any crash, or not at all.
pub fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().expect("it lies in `rules`");
    fs::create_dir_all(folder)?;
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()?;
    match folder.parent() {
        Some(data_dir) => File::open(data_dir)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn stored() -> StoredRules {
        StoredRules {
            files: vec![SourceFile {
                path: "/etc/water.sql".into(),
                text: "-- 水单\n".into(),
            }],
            tables: vec![TableOverride {
                name: "iot_up".into(),
                options: vec![("connector".into(), "tcp".into())],
            }],
        }
    }

    #[test]
    fn a_set_comes_back_as_it_was_stored() {
        let folder = tempfile::tempdir().unwrap();
        let set = stored();
        set.store(folder.path()).unwrap();
        set.store(folder.path()).unwrap();
        assert_eq!(StoredRules::load(folder.path(), &set.hash()).unwrap(), set);
        let mut other = set.clone();
        other.files[0].text.push(' ');
        assert_ne!(other.hash(), set.hash());
        assert!(StoredRules::load(folder.path(), &other.hash()).is_err());
    }

    #[test]
    fn a_format_follows_columns_and_options_but_not_the_place() {
        let spec = |options: &[(&str, &str)]| TableSpec {
            name: "a.b".into(),
            table: "b".into(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            options: options
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            zone: "UTC".into(),
        };
        let plain = format_of(&spec(&[("mode", "list"), ("host", "a")]));
        let moved = [
            ("HOST", "b"),
            ("password", "x"),
            ("Mode", "list"),
            ("batchSize", "1"),
            ("SPILL_max_bytes", "128MB"),
            ("spill_policy", "drop_oldest"),
        ];
        assert_eq!(format_of(&spec(&moved)), plain);
        assert_ne!(
            format_of(&spec(&[("mode", "string"), ("host", "a")])),
            plain
        );
        let mut wider = spec(&[("mode", "list"), ("host", "a")]);
        wider.primary_key.push(0);
        assert_ne!(format_of(&wider), plain);
    }

    #[test]
    fn a_damaged_set_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let set = stored();
        set.store(folder.path()).unwrap();
        let path = path_of(folder.path(), &set.hash());
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("tcp", "tcq")).unwrap();
        let error = StoredRules::load(folder.path(), &set.hash()).unwrap_err();
        assert!(error.to_string().ends_with("is damaged"), "{error}");
        set.store(folder.path()).unwrap();
        assert_eq!(StoredRules::load(folder.path(), &set.hash()).unwrap(), set);
    }

    #[test]
    fn the_hash_is_kept_over_versions() {
        assert_eq!(
            rookery_shard::hex(&stored().hash()),
            "3efd3468cc9b8097593a06f52b17559f"
        );
    }
}
