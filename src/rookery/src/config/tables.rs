//! `[tables.X]` and `[tables."file.X"]`: connector and options of a table, for this installation.

use super::error::{ConfigError, Problem};
use super::reader::type_name;
use toml::de::{DeTable, DeValue};

/// What stands in for the connector and the options of the tables of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOverride {
    /// `table`, or `file.table` for the table of one rule file only.
    pub name: String,
    /// Options with `connector` among them, sorted by key; values as text.
    pub options: Vec<(String, String)>,
}

/// Reads the children of `[tables]`.
pub fn read(tables: &DeTable<'_>, overrides: &mut Vec<TableOverride>, problems: &mut Vec<Problem>) {
    for (name, value) in tables {
        let table = name.get_ref().to_string();
        let DeValue::Table(options) = value.get_ref() else {
            problems.push(Problem {
                error: ConfigError::WrongType {
                    key: format!("tables.{table}"),
                    found: type_name(value.get_ref()).to_owned(),
                    expected: "a table",
                },
                span: Some(value.span()),
                help: vec!["write `[tables.NAME]` and `connector = ..` below it".to_owned()],
            });
            continue;
        };
        let mut flat = Vec::new();
        let before = problems.len();
        flatten(&table, "", options, &mut flat, problems);
        flat.sort();
        if problems.len() == before && !flat.iter().any(|(key, _)| key == "connector") {
            problems.push(no_connector(&table, options, name.span()));
        }
        overrides.push(TableOverride {
            name: table,
            options: flat,
        });
    }
}

/// Options may be dotted (`sink.parallelism`), which TOML reads as tables in tables.
fn flatten(
    table: &str,
    prefix: &str,
    options: &DeTable<'_>,
    flat: &mut Vec<(String, String)>,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in options {
        let key = format!("{prefix}{}", name.get_ref());
        let text = match value.get_ref() {
            DeValue::String(text) => text.clone().into_owned(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Table(inner) => {
                flatten(table, &format!("{key}."), inner, flat, problems);
                continue;
            }
            other => {
                problems.push(Problem {
                    error: ConfigError::OptionType {
                        table: table.to_owned(),
                        option: key,
                        found: type_name(other).to_owned(),
                    },
                    span: Some(value.span()),
                    help: Vec::new(),
                });
                continue;
            }
        };
        flat.push((key, text));
    }
}

fn no_connector(table: &str, options: &DeTable<'_>, span: std::ops::Range<usize>) -> Problem {
    let nested = options.iter().find(|(_, value)| {
        matches!(value.get_ref(), DeValue::Table(inner) if inner.contains_key("connector"))
    });
    let help = match nested {
        Some((inner, _)) => format!(
            "for one rule file's table quote the name: `[tables.\"{table}.{}\"]`",
            inner.get_ref()
        ),
        None => {
            "add for example `connector = \"tcp\"` to a source, `connector = \"print\"` to a sink"
                .to_owned()
        }
    };
    Problem {
        error: ConfigError::NoConnector {
            table: table.to_owned(),
        },
        span: Some(span),
        help: vec![help],
    }
}
