//! Rows that wait in spill files are sent as they were encoded, so their table must not change meanwhile.
//!
//! `rules/encodings.json` in the data directory says what each sink's rows were last encoded for:
//! `{"file.table":{"connector":"redis","format":"9da6.."}}`, the format as dead rows have it. It is durable
//! before a row is made. A sink that no rule set names any more stays in it, for its files may.

use crate::bundle::write_durably;
use crate::rules::RulesError;
use anyhow::Context;
use rookery_shard::{DataDir, RuleBundle, spilled_rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the bytes of a sink's rows depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Encoding {
    connector: String,
    format: String,
}

/// By sink.
type Encodings = BTreeMap<String, Encoding>;

/// The note as a start finds it.
pub struct Noted {
    path: PathBuf,
    encodings: Encodings,
}

impl Noted {
    /// Reads it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join("rules").join("encodings.json");
        let encodings = read(&path)?;
        Ok(Self { path, encodings })
    }

    /// The first sink of which rows wait that were encoded for another table than today's.
    pub fn changed(&self, dir: &DataDir, bundle: &RuleBundle) -> Option<RulesError> {
        let mut sinks = bundle.sinks.iter().zip(encodings(bundle));
        sinks.find_map(|(sink, (name, now))| {
            let then = self.encodings.get(&name).filter(|then| **then != now)?;
            let directory = spilled_rows(dir, &name, sink.writers() as u16)?;
            Some(RulesError::RowsWait {
                change: match then.connector == now.connector {
                    true => "has other columns or options now".to_owned(),
                    false => format!("has connector `{}` now", now.connector),
                },
                table: name,
                connector: then.connector.clone(),
                directory: directory.display().to_string(),
            })
        })
    }

    /// Notes today's encodings durably.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn note(self, bundle: &RuleBundle) -> anyhow::Result<()> {
        let mut all = self.encodings.clone();
        all.extend(encodings(bundle));
        if all == self.encodings {
            return Ok(());
        }
        write_durably(&self.path, &serde_json::to_vec(&all)?)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn read(path: &Path) -> anyhow::Result<Encodings> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Encodings::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
            format!(
                "{} is damaged; remove it if no table of a sink was changed since rows wait",
                path.display()
            )
        }),
    }
}

fn encodings(bundle: &RuleBundle) -> impl Iterator<Item = (String, Encoding)> {
    let sinks = bundle.sinks.iter().zip(&bundle.formats);
    sinks.map(|(sink, format)| {
        let encoding = Encoding {
            connector: sink.connector().to_owned(),
            format: format!("{format:016x}"),
        };
        (sink.name().to_owned(), encoding)
    })
}
