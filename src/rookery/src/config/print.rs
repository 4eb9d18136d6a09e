//! `rookery config default`: every key with default, unit and meaning, as TOML that can be run.

use super::keys::{Bound, Default, KEYS, Key, SECTIONS};
use super::reader::grouped;
use std::fmt::Write as _;

/// Columns of a comment.
const WIDTH: usize = 100;

const HEAD: &str = "\
# Configuration of rookery. Every key stands here with its default; delete what you do not change.
# Sizes are in bytes, times in the unit that ends their key.
";

const TABLES: &str = "\
# Connector and options of a table, for this installation, in place of what the rule file says.
# A dotted, quoted name means the table of one rule file only.
#
# [tables.iot_up]
# connector = \"tcp\"
#
# [tables.\"charge.power\"]
# connector = \"filesystem\"
# path = \"/var/lib/rookery/out/power\"
# format = \"json\"
";

/// The file, ready to be written.
pub fn default_toml() -> String {
    let mut text = HEAD.to_owned();
    for (section, about) in SECTIONS {
        if !section.is_empty() {
            let _ = write!(text, "\n# {about}\n[{section}]\n");
        }
        for key in KEYS.iter().filter(|key| key.section == *section) {
            print_key(&mut text, key);
        }
    }
    text.push('\n');
    text.push_str(TABLES);
    text
}

fn print_key(text: &mut String, key: &Key) {
    text.push('\n');
    let mut meaning = key.meaning.to_owned();
    if let Bound::Range(min, max) | Bound::Pages(min, max) = key.bound {
        let unit = if key.unit.is_empty() { "" } else { " " };
        let _ = write!(
            meaning,
            " {} to {}{unit}{}.",
            grouped(min),
            grouped(max),
            key.unit
        );
    }
    for line in wrapped(&meaning) {
        let _ = writeln!(text, "# {line}");
    }
    let _ = writeln!(text, "{} = {}", key.name, value(key.default));
}

/// The key's line in the table of `docs/configuration.md`.
#[cfg(test)]
pub fn table_line(key: &Key) -> String {
    let bound = match key.bound {
        Bound::Range(min, max) | Bound::Pages(min, max) => {
            format!("{} to {}", grouped(min), grouped(max))
        }
        Bound::Choice(choices) => choices
            .iter()
            .map(|choice| format!("`{choice:?}`"))
            .collect::<Vec<_>>()
            .join(" or "),
        Bound::Loopback => "loopback".to_owned(),
        Bound::None | Bound::NotEmpty => String::new(),
    };
    format!(
        "| `{}` | `{}` | {} | {} | {} |",
        key.path(),
        value(key.default),
        key.unit,
        bound,
        key.meaning.replace('|', "\\|")
    )
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("never empty");
        if !line.is_empty() && line.len() + 1 + word.len() > WIDTH - 2 {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn value(default: Default) -> String {
    match default {
        Default::Text(text) => format!("{text:?}"),
        Default::Integer(value) => value.to_string(),
        Default::Boolean(value) => value.to_string(),
        Default::List(list) => format!("{list:?}"),
    }
}
