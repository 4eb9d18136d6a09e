//! A directory with everything that one appliance needs.

use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Configuration, rules, data and results of one appliance. It outlives restarts.
#[derive(Debug)]
pub struct Installation {
    folder: TempDir,
    shards: usize,
    top: String,
    listen: String,
    sections: String,
}

impl Installation {
    /// With these rule files, named without their ending. `{out}` in a text is the results' folder.
    ///
    /// # Panics
    /// The disk refuses.
    pub fn new(rules: &[(&str, &str)]) -> Self {
        // Beside the binary and not in /tmp, which may be a tmpfs.
        let beside = crate::rookery()
            .parent()
            .expect("it lies in a folder")
            .join("appliances");
        std::fs::create_dir_all(&beside).expect("the build folder can be written");
        let folder = tempfile::Builder::new()
            .prefix("a-")
            .tempdir_in(beside)
            .expect("the build folder can be written");
        let installation = Self {
            folder,
            shards: 2,
            top: String::new(),
            listen: String::new(),
            sections: String::new(),
        };
        std::fs::create_dir_all(installation.path().join("rules")).expect("the folder is ours");
        for (name, text) in rules {
            installation.write_rule(name, text);
        }
        installation
    }

    /// Adds or replaces a rule file.
    ///
    /// # Panics
    /// The disk refuses.
    pub fn write_rule(&self, name: &str, text: &str) {
        let out = self.out().display().to_string();
        let path = self.path().join("rules").join(format!("{name}.sql"));
        std::fs::write(path, text.replace("{out}", &out)).expect("the folder is ours");
    }

    /// Takes another count of shards than two.
    #[must_use]
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards;
        self
    }

    /// Adds lines at the top of the configuration.
    #[must_use]
    pub fn with(mut self, lines: &str) -> Self {
        self.top.push_str(lines);
        self.top.push('\n');
        self
    }

    /// Adds lines to `[listen]`.
    #[must_use]
    pub fn with_listen(mut self, lines: &str) -> Self {
        self.listen.push_str(lines);
        self.listen.push('\n');
        self
    }

    /// Adds sections at the end of the configuration.
    #[must_use]
    pub fn with_sections(mut self, lines: &str) -> Self {
        self.sections.push_str(lines);
        self.sections.push('\n');
        self
    }

    /// The folder of it all.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Where results go.
    pub fn out(&self) -> PathBuf {
        self.path().join("out")
    }

    /// Writes the configuration and gives its path.
    ///
    /// # Panics
    /// The disk refuses.
    pub fn configuration(&self) -> PathBuf {
        let text = format!(
            "data_dir = {data:?}\nshards = {shards}\nrules = [{rules:?}]\n{top}\n\
             [listen]\ntcp = \"127.0.0.1:0\"\n{listen}\
             [admin]\nlisten = \"127.0.0.1:0\"\n\
             [log]\nsegment_size_bytes = 1048576\nunsafe_filesystem = true\n{sections}",
            data = self.data(),
            shards = self.shards,
            rules = self.path().join("rules/*.sql"),
            top = self.top,
            listen = self.listen,
            sections = self.sections,
        );
        let path = self.path().join("rookery.toml");
        std::fs::write(&path, text).expect("the folder is ours");
        path
    }

    /// Rows of a `filesystem` sink whose path is `{out}/table`, in the order written.
    ///
    /// # Panics
    /// A complete line is not JSON.
    pub fn rows(&self, table: &str) -> Vec<Value> {
        ndjson(&self.out().join(table))
    }

    /// What the dead-letter store holds.
    ///
    /// # Panics
    /// A complete line is not JSON.
    pub fn dead_letters(&self) -> Vec<Value> {
        ndjson(&self.data().join("dead_letters"))
    }
}

/// Every complete line of a folder's `*.ndjson`, by file name.
fn ndjson(folder: &Path) -> Vec<Value> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "ndjson"))
        .collect();
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the file can be read");
        let complete = text.rfind('\n').map_or("", |end| &text[..end]);
        rows.extend(complete.lines().map(|line| {
            serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"))
        }));
    }
    rows
}
