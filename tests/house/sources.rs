//! How sources look: lengths, stubs, unsafe, heads of crates.

use crate::{files, is_test, none, root};
use std::path::Path;

/// Longest file.
const FILE_MAX_LINES: usize = 800;

/// Words that say that something is not there yet.
const STUBS: &[&str] = &[
    "TODO",
    "FIXME",
    "XXX:",
    "todo!(",
    "unimplemented!(",
    "#[ignore",
];

/// Names that say nothing of a module's subject.
const EMPTY_NAMES: &[&str] = &["common", "util", "utils", "helpers", "misc", "manager"];

/// Where `unsafe` may stand.
const UNSAFE_FOLDERS: &[&str] = &["src/runtime/src", "src/wal/src", "bench/src", "tests/"];

/// The counting allocator's file, in tests and behind a feature of the binary.
const COUNTING_ALLOCATOR: &str = "allocations.rs";

fn is_house_rule(path: &Path) -> bool {
    path.starts_with("tests/house")
}

#[test]
fn files_are_short() {
    let long = files(&[".rs", ".py", ".sh"])
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_MAX_LINES)
        .map(|(path, lines)| {
            format!(
                "{}: {lines} lines, over {FILE_MAX_LINES}: split it by subject",
                path.display()
            )
        });
    none(long.collect());
}

#[test]
fn nothing_is_left_for_later() {
    let mut found = Vec::new();
    for (path, text) in files(&[".rs", ".py", ".sh", ".toml", "Makefile", ".md"]) {
        if is_house_rule(&path) {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            if STUBS.iter().any(|stub| line.contains(stub)) {
                found.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    none(found);
}

#[test]
fn unwrap_is_allowed_in_tests_only() {
    let mut found = Vec::new();
    for (path, text) in files(&[".rs"]) {
        if is_test(&path) {
            continue;
        }
        let mut in_tests = false;
        for (index, line) in text.lines().enumerate() {
            in_tests |= line.contains("#[cfg(test)]") || line.contains("#[cfg(all(test");
            if line.contains("allow(clippy::unwrap_used)") && !in_tests {
                found.push(format!("{}:{}", path.display(), index + 1));
            }
        }
    }
    none(found);
}

#[test]
fn unsafe_stands_where_it_may() {
    let mut found = Vec::new();
    for (path, text) in files(&[".rs"]) {
        let allowed = UNSAFE_FOLDERS.iter().any(|folder| path.starts_with(folder))
            || path.ends_with(COUNTING_ALLOCATOR);
        if allowed || is_house_rule(&path) {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            if ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
                .iter()
                .any(|word| code.contains(word))
            {
                found.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    none(found);
}

#[test]
fn modules_are_named_after_their_subject() {
    let mut found = Vec::new();
    for (path, _) in files(&[".rs"]) {
        for part in path.components() {
            let name = part.as_os_str().to_string_lossy();
            if EMPTY_NAMES.contains(&name.trim_end_matches(".rs")) {
                found.push(path.display().to_string());
            }
        }
    }
    none(found);
}

#[test]
fn every_crate_says_what_it_is() {
    let mut silent = Vec::new();
    for (path, text) in files(&["src/lib.rs", "src/main.rs", "lib.rs", "main.rs"]) {
        if path.parent().is_some_and(|parent| parent.ends_with("src")) && !text.starts_with("//! ")
        {
            silent.push(path.display().to_string());
        }
    }
    none(silent);
}

#[test]
fn no_pictograms() {
    let pictogram = |c: char| matches!(u32::from(c), 0x1F300..=0x1FAFF | 0x2600..=0x27BF | 0xFE0F);
    let mut found = Vec::new();
    for (path, text) in files(&[".md", ".toml", "Makefile"]) {
        if let Some((index, _)) = text
            .lines()
            .enumerate()
            .find(|(_, line)| line.chars().any(pictogram))
        {
            found.push(format!("{}:{}", path.display(), index + 1));
        }
    }
    none(found);
}

#[test]
fn the_data_path_reaches_files_through_the_seam() {
    let mut found = Vec::new();
    for (path, text) in files(&[".rs"]) {
        let guarded = path.starts_with("src/wal/src");
        if !guarded || is_test(&path) {
            continue;
        }
        let product = text.split("#[cfg(test)]").next().unwrap();
        for (index, line) in product.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            if code.contains("std::fs") || code.contains("File::open") {
                found.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    none(found);
    assert!(root().join("src/wal").exists());
}
