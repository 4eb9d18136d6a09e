//! No code without its explanation, no explanation without its code, and no example that does not show it.

use super::*;
use rookery_sql::{CompileOptions, SourceFile, compile};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files of Rust below a folder, without those of tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() && name != "tests" && name != "testing" {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && name != "testing.rs" {
            found.push(path.clone());
        }
    }
}

/// Codes that the product's own source gives: literals and texts of errors, before a file's tests.
fn codes_of_the_source() -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in ["src", "sinks/src", "codecs/src"] {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 100, "the sources are gone");
    let mut codes = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            codes.extend(codes_in(line));
        }
    }
    codes
}

/// `E` and four digits at the beginning of a text: behind a quote, perhaps in brackets or after
/// `error: `.
fn codes_in(line: &str) -> Vec<String> {
    let quoted = line.match_indices('E').filter_map(|(at, _)| {
        let before = line[..at].chars().next_back()?;
        let digits = line.get(at + 1..at + 5)?;
        let after = line[at + 5..].chars().next();
        // `\"E1203\"` within a text is an example, and `E0300` the beginning of a range.
        let example = line[..at].ends_with("\\\"") || digits.ends_with("00");
        let begins = matches!(before, '"' | '[' | ' ') && !example;
        let number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let ends = after.is_none_or(|c| !c.is_alphanumeric());
        (begins && number && ends && line[..at].contains('"')).then(|| format!("E{digits}"))
    });
    quoted.collect()
}

#[test]
fn every_code_is_explained_and_every_explained_code_exists() {
    let known = codes_of_the_source();
    let explained: Vec<_> = explanations().map(|found| found.code.to_owned()).collect();
    let distinct: BTreeSet<_> = explained.iter().cloned().collect();
    assert_eq!(distinct.len(), explained.len(), "a code is explained twice");
    assert!(explained.is_sorted(), "the codes are out of order");
    let missing: Vec<_> = known.difference(&distinct).collect();
    assert!(missing.is_empty(), "docs/errors explains no {missing:?}");
    let gone: Vec<_> = distinct.difference(&known).collect();
    assert!(gone.is_empty(), "nothing gives {gone:?} any more");
    for code in rookery_sql::Code::ALL {
        assert!(distinct.contains(code.as_str()), "{code}");
    }
}

#[test]
fn every_explanation_says_something() {
    for found in explanations() {
        assert!(found.code.len() == 5, "{found:?}");
        assert!(
            found.title.len() > 5 && !found.title.ends_with('.'),
            "{found:?}"
        );
        assert!(found.text.split_whitespace().count() >= 8, "{found:?}");
    }
}

/// The SQL of an explanation, with the tables that it leaves out.
fn examples(text: &str) -> Vec<String> {
    let blocks = text.split("```sql\n").skip(1);
    blocks
        .filter_map(|block| block.split_once("```"))
        .map(|(sql, _)| match sql.contains("CREATE TABLE ") {
            true => sql.to_owned(),
            false => format!("{EXAMPLE_TABLES}{sql}"),
        })
        .collect()
}

fn codes_given(sql: &str) -> (Vec<&'static str>, String) {
    let file = SourceFile {
        path: "example.sql".into(),
        text: sql.to_owned(),
    };
    let compiled = compile(&file, &CompileOptions::default());
    let rendered: String = compiled
        .diagnostics
        .iter()
        .map(|found| found.render(&file, false) + "\n")
        .collect();
    let codes = compiled.diagnostics.iter().map(|found| found.code.as_str());
    (codes.collect(), rendered)
}

#[test]
fn every_example_gives_its_code_and_what_to_write_instead_does_not() {
    let without_example = ["E0107", "E0108"];
    for found in explanations().filter(|found| found.code < "E0400") {
        let examples = examples(found.text);
        if without_example.contains(&found.code) {
            assert!(examples.is_empty(), "{} has an example now", found.code);
            continue;
        }
        let wrong = examples.first().expect(found.code);
        let (codes, rendered) = codes_given(wrong);
        assert!(codes.contains(&found.code), "{}:\n{rendered}", found.code);
        for right in &examples[1..] {
            let (codes, rendered) = codes_given(right);
            let sound = !codes.contains(&found.code) && !codes.iter().any(|code| *code < "E0300");
            assert!(sound, "{}, mended:\n{rendered}", found.code);
        }
    }
}

#[test]
fn a_code_is_found_however_it_is_written() {
    for named in ["E0202", "e0202", "0202"] {
        assert_eq!(find(named).map(|found| found.title), Some("No such column"));
    }
    assert_eq!(find("E9999"), None);
    assert_eq!(find(""), None);
    let page = find("E0203").expect("it is explained").page();
    assert!(
        page.starts_with("E0203 A name that may be two columns\n\n"),
        "{page}"
    );
    assert!(page.contains("The tables of these examples"), "{page}");
}

#[test]
fn the_list_of_codes_is_complete() {
    let path = root().join("docs/errors.md");
    let written = std::fs::read_to_string(&path).expect("docs/errors.md");
    let (head, _) = written.split_once("\n| code |").expect("a table of codes");
    let mut whole = format!("{head}\n| code | what |\n| --- | --- |\n");
    let names = [
        "syntax",
        "binding",
        "warnings",
        "messages",
        "storage",
        "sinks",
        "configuration",
        "commands",
    ];
    for (page, name) in PAGES.into_iter().zip(names) {
        for found in explanations().filter(|found| page.contains(&format!("\n## {} ", found.code)))
        {
            let Explanation { code, title, .. } = found;
            whole += &format!("| [{code}](errors/{name}.md) | {title} |\n");
        }
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(&path, &whole).expect("docs/errors.md");
    }
    assert_eq!(written, whole, "UPDATE_CASES=1 writes the list anew");
    assert!(
        head.contains(EXAMPLE_TABLES.trim_end()),
        "the tables of the examples"
    );
}
