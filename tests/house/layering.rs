//! Which crate may use which: an arrow may only go down (docs/architecture.md, "Rooms").

use crate::{files, is_test, none, root};
use std::collections::{BTreeMap, BTreeSet};

/// Each crate of the workspace, with those it may name. `rookery-model` is open to all but `bench`
/// and `tests`, which drive the binary from outside; benchmarks of rules are apart ([`MAY_MEASURE`]).
const MAY_USE: &[(&str, &[&str])] = &[
    ("rookery-model", &[]),
    ("rookery-runtime", &["model"]),
    ("rookery-codecs", &["model"]),
    ("rookery-wal", &["model", "runtime"]),
    ("rookery-sql", &["model"]),
    ("rookery-sinks", &["model", "codecs"]),
    ("rookery-sources", &["model", "codecs", "runtime"]),
    ("rookery-engine", &["model", "sql", "codecs"]),
    (
        "rookery-shard",
        &[
            "model", "engine", "sources", "sinks", "wal", "sql", "codecs", "runtime",
        ],
    ),
    (
        "rookery",
        &[
            "model", "runtime", "codecs", "wal", "sql", "sinks", "sources", "engine", "shard",
        ],
    ),
    ("rookery-bench", &[]),
    ("rookery-tests", &[]),
];

/// What benchmarks and tests of a crate may name beyond that: what they measure.
const MAY_MEASURE: &[(&str, &[&str])] = &[("rookery-bench", &["model", "engine", "sql"])];

/// External crates that only some may name, and why.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    (
        "glommio",
        &["rookery-runtime"],
        "the runtime can be replaced by a simulated one",
    ),
    (
        "memmap2",
        &["rookery-runtime", "rookery-bench"],
        "files are reached through the storage seam",
    ),
    (
        "socket2",
        &["rookery-runtime", "rookery-bench", "rookery-tests"],
        "sockets are reached through the net seam",
    ),
    (
        "tokio",
        &["rookery", "rookery-sinks"],
        "it serves the admin port and carries HTTP on writers' threads; it never runs on a shard",
    ),
    (
        "axum",
        &["rookery"],
        "it serves the admin port and never runs on a shard",
    ),
    (
        "clap",
        &["rookery", "rookery-bench"],
        "command lines belong to binaries",
    ),
    (
        "toml",
        &["rookery", "rookery-tests"],
        "configuration belongs to the binary",
    ),
    (
        "anyhow",
        &["rookery", "rookery-bench", "rookery-tests"],
        "libraries have error enums with codes",
    ),
    ("sqlparser", &["rookery-sql"], "plans refer to no text"),
    (
        "simd-json",
        &["rookery-codecs", "rookery-bench"],
        "its buffer rules are kept in one place",
    ),
];

struct Manifest {
    name: String,
    dependencies: BTreeSet<String>,
    dev_dependencies: BTreeSet<String>,
}

fn names(manifest: &toml::Table, section: &str) -> BTreeSet<String> {
    let table = manifest.get(section).and_then(|value| value.as_table());
    table
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

fn manifests() -> BTreeMap<String, Manifest> {
    let mut manifests = BTreeMap::new();
    for (path, text) in files(&["Cargo.toml"]) {
        let table: toml::Table = text.parse().unwrap();
        let Some(package) = table.get("package") else {
            continue;
        };
        let name = package["name"].as_str().unwrap().to_owned();
        assert!(
            package["license"].get("workspace").is_some(),
            "{}: the licence is the workspace's",
            path.display()
        );
        let mut dependencies = names(&table, "dependencies");
        dependencies.extend(names(&table, "build-dependencies"));
        let manifest = Manifest {
            name: name.clone(),
            dependencies,
            dev_dependencies: names(&table, "dev-dependencies"),
        };
        manifests.insert(name, manifest);
    }
    manifests
}

#[test]
fn every_crate_has_its_place() {
    let listed: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    let manifests = manifests();
    let found: BTreeSet<&str> = manifests.keys().map(String::as_str).collect();
    assert_eq!(found, listed);
}

#[test]
fn arrows_go_down() {
    let manifests = manifests();
    let mut wrong = Vec::new();
    for (name, allowed) in MAY_USE {
        let manifest = &manifests[*name];
        let measured = MAY_MEASURE.iter().find(|(bench, _)| bench == name);
        let measured = measured.map_or(&[][..], |(_, measured)| measured);
        let known = |dependency: &&String| manifests.contains_key(*dependency);
        let mut check = |dependency: &String, allowed: &[&[&str]]| {
            let short = dependency.trim_start_matches("rookery-");
            if dependency != name && !allowed.concat().contains(&short) {
                wrong.push(format!("{name} may not use {dependency}"));
            }
        };
        for dependency in manifest.dependencies.iter().filter(known) {
            check(dependency, &[allowed]);
        }
        for dependency in manifest.dev_dependencies.iter().filter(known) {
            check(dependency, &[allowed, measured]);
        }
    }
    none(wrong);
}

#[test]
fn external_crates_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for manifest in manifests().values() {
        for (dependency, owners, reason) in ONLY_IN {
            if manifest.dependencies.contains(*dependency)
                && !owners.contains(&manifest.name.as_str())
            {
                wrong.push(format!(
                    "{} may not use {dependency}: {reason}",
                    manifest.name
                ));
            }
        }
    }
    none(wrong);
}

#[test]
fn only_the_runtime_names_glommio() {
    let mut wrong = Vec::new();
    for (path, text) in files(&[".rs"]) {
        if path.starts_with("src/runtime") || path.starts_with("tests/house") {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            if line.contains("glommio") {
                wrong.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    none(wrong);
}

/// What pure crates never name: they see no file, socket, clock, thread or source of randomness.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "SystemTime",
    "Instant::now",
    "rand::",
    "async fn",
];

#[test]
fn pure_crates_stay_pure() {
    let mut wrong = Vec::new();
    for (path, text) in files(&[".rs"]) {
        let pure = [
            "src/model/src",
            "src/sql/src",
            "src/engine/src",
            "codecs/src",
        ];
        if is_test(&path) || !pure.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        let product = text.split("#[cfg(test)]").next().unwrap();
        for (index, line) in product.lines().enumerate() {
            for name in IMPURE {
                // A name of its own, not the end of another: `Operand::` is no `rand::`.
                let named = line
                    .match_indices(name)
                    .any(|(at, _)| !line[..at].ends_with(char::is_alphanumeric));
                if named && !line.trim_start().starts_with("//") {
                    wrong.push(format!("{}:{}: {name}", path.display(), index + 1));
                }
            }
        }
    }
    none(wrong);
}

#[test]
fn the_workspace_has_no_default_members() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    assert!(
        table.get("package").is_none(),
        "the root manifest is virtual"
    );
    assert!(table["workspace"].get("default-members").is_none());
    assert!(root().join("Cargo.lock").exists());
}
