//! The demo's folder: rules, configuration, data and results, made anew at each start.

use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The job: written for DataHub, MQ and TSDB, which the configuration replaces.
const RULES: &str = include_str!("../../../../../examples/fleet.sql");
/// Says that the folder is a demo's, and may be emptied.
const MARKER: &str = ".rookery-demo";

/// Paths of the demo.
#[derive(Debug)]
pub struct DemoFolder {
    /// The folder.
    pub root: PathBuf,
    /// The rule file.
    pub rules: PathBuf,
    /// The configuration.
    pub config: PathBuf,
}

/// Sink tables of the job, with the folder of their rows.
pub const SINKS: [&str; 2] = ["water_orders", "charger_power"];

impl DemoFolder {
    /// Makes the folder, or empties an earlier demo's.
    ///
    /// # Errors
    /// It holds something else, or cannot be written.
    pub fn make(path: &Path) -> anyhow::Result<Self> {
        let root = std::path::absolute(path).with_context(|| path.display().to_string())?;
        if root.exists() {
            let mut entries =
                fs::read_dir(&root).with_context(|| format!("cannot read {}", root.display()))?;
            if !root.join(MARKER).exists() && entries.next().is_some() {
                bail!(
                    "{} is there and not a demo's folder; name another with --dir",
                    root.display()
                );
            }
            fs::remove_dir_all(&root)
                .with_context(|| format!("cannot empty {}", root.display()))?;
        }
        let folder = Self {
            rules: root.join("fleet.sql"),
            config: root.join("rookery.toml"),
            root,
        };
        folder
            .fill()
            .with_context(|| format!("cannot write {}", folder.root.display()))?;
        Ok(folder)
    }

    fn fill(&self) -> std::io::Result<()> {
        fs::create_dir_all(&self.root)?;
        fs::write(
            self.root.join(MARKER),
            "`rookery demo` empties this folder at each start\n",
        )?;
        fs::write(&self.rules, RULES)?;
        fs::write(&self.config, self.configuration())
    }

    fn configuration(&self) -> String {
        let mut text = format!(
            "# Made by `rookery demo`; `rookery run --config` takes it too.\n\
             data_dir = {data:?}\n\
             rules = [{rules:?}]\n\n\
             [listen]\n\
             tcp = \"127.0.0.1:0\"   # a free port\n\n\
             [admin]\n\
             listen = \"127.0.0.1:0\"\n\n\
             [log]\n\
             segment_size_bytes = 33554432\n\
             unsafe_filesystem = true   # a demo's messages may be lost in a power cut\n\n\
             [tables.device_messages]   # type = 'datahub' in the job\n\
             connector = \"tcp\"\n",
            data = self.root.join("data"),
            rules = self.rules,
        );
        for table in SINKS {
            text.push_str(&format!(
                "\n[tables.{table}]\nconnector = \"filesystem\"\npath = {:?}\nformat = \"json\"\n",
                self.rows(table)
            ));
        }
        text
    }

    /// Where a sink's rows are.
    pub fn rows(&self, table: &str) -> PathBuf {
        self.root.join("out").join(table)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_demo_folder_is_made_anew_and_nothing_else_is_emptied() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("demo");
        let folder = DemoFolder::make(&path).unwrap();
        fs::create_dir_all(folder.rows("water_orders")).unwrap();
        let folder = DemoFolder::make(&path).unwrap();
        assert!(!folder.rows("water_orders").exists());
        let config = Config::load(&folder.config)
            .map_err(|faults| faults.render(false))
            .unwrap();
        assert_eq!(config.tables.len(), 3);

        let other = parent.path().join("precious");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("letter.txt"), "dear").unwrap();
        let error = DemoFolder::make(&other).unwrap_err().to_string();
        assert!(
            error.ends_with("not a demo's folder; name another with --dir"),
            "{error}"
        );
        assert!(other.join("letter.txt").exists());
    }
}
