//! Documents: links lead somewhere, both languages of the README tell the same.

use crate::{files, none, root};
use std::path::Path;

/// The anchors that a page's headings make.
fn anchors(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut anchors = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if !fenced && line.starts_with('#') {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let anchor: String = title
                .chars()
                .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect();
            anchors.push(anchor);
        }
    }
    anchors
}

/// Targets of `[text](target)` outside code.
fn links(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let mut rest = line;
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            if let Some(end) = rest.find(')') {
                found.push(rest[..end].to_owned());
            }
        }
    }
    found
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for (path, text) in files(&[".md"]) {
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = root().join(path.parent().unwrap_or(Path::new("")));
            let target = if file.is_empty() {
                root().join(&path)
            } else {
                folder.join(file)
            };
            if !target.exists() {
                broken.push(format!("{}: {link}", path.display()));
            } else if !anchor.is_empty() {
                let page = std::fs::read_to_string(&target).unwrap_or_default();
                if !anchors(&page).iter().any(|known| known == anchor) {
                    broken.push(format!("{}: {link}: no such heading", path.display()));
                }
            }
        }
    }
    none(broken);
}

#[test]
fn both_languages_of_the_readme_have_the_same_parts() {
    let shape = |name: &str| -> Vec<(usize, usize)> {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let mut fenced = false;
        let mut parts = Vec::new();
        for line in text.lines() {
            if line.starts_with("```") {
                fenced = !fenced;
                if let Some(last) = parts.last_mut() {
                    let (_, blocks): &mut (usize, usize) = last;
                    *blocks += 1;
                }
            } else if !fenced && line.starts_with('#') {
                parts.push((line.chars().take_while(|c| *c == '#').count(), 0));
            }
        }
        parts
    };
    let english = shape("README.md");
    assert!(english.len() >= 6);
    assert_eq!(english, shape("README.zh-CN.md"));
}

#[test]
fn every_connector_has_its_page() {
    for connector in ["filesystem", "print", "blackhole", "redis"] {
        let page = root().join(format!("docs/sinks/{connector}.md"));
        assert!(page.exists(), "{} is missing", page.display());
    }
}
