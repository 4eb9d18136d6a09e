//! A plan as a flowchart: sources, the columns that tell messages apart, rules, sinks.

use super::{Plan, connector};
use std::fmt::Write as _;

/// The flowchart, in mermaid's language.
pub fn flowchart(plan: &Plan<'_>) -> String {
    let description = &plan.description;
    let mut out = String::from("flowchart LR\n");
    let mut line = |text: String| {
        writeln!(out, "  {text}").expect("a String takes all text");
    };
    for source in &description.sources {
        let label = label(&[&source.name, connector(&source.options)]);
        line(format!("source{}[({label})]", source.id.0));
    }
    if !description.constants.is_empty() {
        line("constants([\"once, when loaded\"])".to_owned());
    }
    for (rule, described) in plan.program.rules.iter().enumerate() {
        let mut lines = vec![described.name.as_str()];
        if !plan.refused(rule).is_empty() {
            lines.push("not run yet");
        }
        line(format!("rule{rule}[{}]", label(&lines)));
    }
    let mut sinks: Vec<usize> = plan.program.rules.iter().map(|rule| rule.sink).collect();
    sinks.sort_unstable();
    sinks.dedup();
    for sink in sinks {
        let table = &plan.program.tables[sink];
        let label = label(&[&table.name, connector(&table.options)]);
        line(format!("sink{sink}[/{label}/]"));
    }
    for edge in edges(plan) {
        line(edge);
    }
    for (rule, described) in plan.program.rules.iter().enumerate() {
        line(format!("rule{rule} --> sink{}", described.sink));
    }
    out
}

/// From sources to rules, over the columns that tell messages apart.
fn edges(plan: &Plan<'_>) -> Vec<String> {
    let description = &plan.description;
    let mut edges: Vec<String> = Vec::new();
    let mut add = |edge: String| {
        if !edges.contains(&edge) {
            edges.push(edge);
        }
    };
    for (place, dispatch) in description.dispatch.iter().enumerate() {
        for value in &dispatch.values {
            for &branch in &value.branches {
                let branch = &description.branches[branch];
                let Some(source) = branch.source else {
                    continue;
                };
                let node = format!("by{place}_{}", source.0);
                let column = label(&[&dispatch.column]);
                add(format!("source{} --> {node}{{{column}}}", source.0));
                add(format!(
                    "{node} -- {} --> rule{}",
                    label(&[&value.text]),
                    branch.rule
                ));
            }
        }
    }
    for &branch in &description.always {
        let branch = &description.branches[branch];
        if let Some(source) = branch.source {
            add(format!("source{} --> rule{}", source.0, branch.rule));
        }
    }
    for &branch in &description.constants {
        add(format!(
            "constants --> rule{}",
            description.branches[branch].rule
        ));
    }
    edges
}

/// A label of lines, in quotes. Characters that mean something within them are written by number.
fn label(lines: &[&str]) -> String {
    let escaped = lines.iter().map(|line| {
        let mut out = String::new();
        for c in line.chars() {
            match c {
                '"' | '#' | '<' | '>' | '&' | '`' | ';' | '\\' => {
                    write!(out, "#{};", u32::from(c)).expect("a String takes all text");
                }
                c if c.is_control() => out.push(' '),
                c => out.push(c),
            }
        }
        out
    });
    format!("\"{}\"", escaped.collect::<Vec<_>>().join("<br/>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_any_text() {
        assert_eq!(label(&["a.b", "tcp"]), "\"a.b<br/>tcp\"");
        assert_eq!(label(&["'\"#<x>`\n"]), "\"'#34;#35;#60;x#62;#96; \"");
    }
}
