//! Tables under this installation's configuration.

use super::error::RulesError;
use super::{RuleFile, roles};
use crate::config::{TableOverride, closest};
use rookery_engine::SinkTable;
use rookery_sinks::TableSpec;
use rookery_sql::plan::{Program, Span, Table};

/// The only connector of sources.
pub const SOURCE_CONNECTOR: &str = "tcp";

/// An override that met no table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// What to tell.
    pub error: RulesError,
    /// The table that was probably meant.
    pub suggestion: Option<String>,
}

/// Replaces connector and options of the tables that the configuration names; the form with a file's
/// name wins. Gives the overrides that met no table.
pub fn apply(files: &mut [RuleFile], overrides: &[TableOverride]) -> Vec<Unused> {
    let mut met = vec![false; overrides.len()];
    for file in files.iter_mut() {
        let program = &mut file.program;
        for table in &mut program.tables {
            let full = format!("{}.{}", program.name, table.name);
            for name in [&table.name, &full] {
                if let Some(index) = overrides.iter().position(|other| other.name == *name) {
                    met[index] = true;
                }
            }
            if let Some(chosen) = override_of(overrides, &program.name, &table.name) {
                table.options.clone_from(&chosen.options);
                table.option_spans.clear();
            }
        }
    }
    let mut names: Vec<String> = Vec::new();
    for file in files.iter() {
        for table in &file.program.tables {
            names.push(table.name.clone());
            names.push(format!("{}.{}", file.program.name, table.name));
        }
    }
    let unused = overrides.iter().zip(met).filter(|(_, met)| !met);
    unused
        .map(|(other, _)| Unused {
            error: RulesError::NoSuchTable {
                name: other.name.clone(),
            },
            suggestion: closest(&other.name, names.iter().map(String::as_str)).map(str::to_owned),
        })
        .collect()
}

/// What replaces a table's options: the form with the file's name wins.
pub fn override_of<'a>(
    overrides: &'a [TableOverride],
    file: &str,
    table: &str,
) -> Option<&'a TableOverride> {
    let full = format!("{file}.{table}");
    let of_file = overrides.iter().find(|other| other.name == full);
    of_file.or_else(|| overrides.iter().find(|other| other.name == table))
}

/// A table that `run` cannot read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSource {
    /// What is wrong.
    pub error: RulesError,
    /// Its connector, if it names one.
    pub connector: Option<String>,
    /// Where the table is declared.
    pub span: Span,
    /// What to do.
    pub help: Vec<String>,
}

/// The sources of a program that are not bound to the listener.
pub fn check_sources(program: &Program) -> Vec<BadSource> {
    let sources = roles(program).sources;
    sources
        .into_iter()
        .filter_map(|index| check_source(&program.tables[index]))
        .collect()
}

fn check_source(table: &Table) -> Option<BadSource> {
    let connector = table.option("connector").map(str::trim);
    let bound = connector.is_some_and(|connector| connector.eq_ignore_ascii_case(SOURCE_CONNECTOR));
    if !bound {
        let described = match connector {
            Some(connector) => format!("connector `{connector}`"),
            None => "no connector".to_owned(),
        };
        return Some(BadSource {
            error: RulesError::SourceConnector {
                table: table.name.clone(),
                connector: described,
            },
            connector: connector.map(str::to_owned),
            span: table.option_span("connector").unwrap_or(table.span),
            help: vec![format!(
                "to read what comes in at `listen.tcp`, write `[tables.{}]` and `connector = \"tcp\"` in the configuration",
                toml_key(&table.name)
            )],
        });
    }
    let (option, _) = table.options.iter().find(|(key, _)| key != "connector")?;
    Some(BadSource {
        error: RulesError::SourceOption {
            table: table.name.clone(),
            option: option.clone(),
        },
        connector: connector.map(str::to_owned),
        span: table.option_span(option).unwrap_or(table.span),
        help: vec![
            "drop the option; address and limits stand in `[listen]` of the configuration"
                .to_owned(),
        ],
    })
}

/// A name as a key of TOML.
pub fn toml_key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

/// A sink table of a compiled set as the sinks want to hear of it.
pub fn spec(table: &SinkTable) -> TableSpec {
    let bare = table
        .name
        .split_once('.')
        .map_or(table.name.as_str(), |(_, bare)| bare);
    TableSpec {
        name: table.name.clone(),
        table: bare.to_owned(),
        columns: table.columns.clone(),
        primary_key: table.primary_key.clone(),
        options: table.options.clone(),
        zone: table.zone.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rookery_sql::SourceFile;
    use rookery_sql::plan::Dialect;

    fn table(name: &str, options: &[(&str, &str)]) -> Table {
        Table {
            name: name.into(),
            columns: Vec::new(),
            options: options
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect(),
            option_spans: Vec::new(),
            primary_key: Vec::new(),
            span: Span::default(),
        }
    }

    fn file(name: &str, tables: Vec<Table>) -> RuleFile {
        RuleFile {
            source: SourceFile {
                path: format!("{name}.sql"),
                text: String::new(),
            },
            program: Program {
                name: name.into(),
                dialect: Dialect::Blink,
                zone: "UTC".into(),
                tables,
                rules: Vec::new(),
            },
        }
    }

    fn replaced(name: &str, connector: &str) -> TableOverride {
        TableOverride {
            name: name.into(),
            options: vec![("connector".into(), connector.into())],
        }
    }

    #[test]
    fn an_override_replaces_all_options_and_the_dotted_form_wins() {
        let options = [("connector", "datahub"), ("topic", "t")];
        let mut files = [
            file("a", vec![table("up", &options), table("out", &options)]),
            file("b", vec![table("up", &options)]),
        ];
        let unused = apply(
            &mut files,
            &[
                replaced("up", "tcp"),
                replaced("b.up", "kafka"),
                replaced("b.upp", "x"),
            ],
        );
        let connector = |file: usize, table: usize| {
            files[file].program.tables[table]
                .option("connector")
                .unwrap()
        };
        assert_eq!(connector(0, 0), "tcp");
        assert_eq!(files[0].program.tables[0].options.len(), 1);
        assert_eq!(connector(0, 1), "datahub");
        assert_eq!(connector(1, 0), "kafka");
        assert_eq!(unused.len(), 1);
        assert_eq!(unused[0].suggestion.as_deref(), Some("b.up"));
    }

    #[test]
    fn a_source_reads_from_tcp_only() {
        assert_eq!(check_source(&table("up", &[("connector", " TCP ")])), None);
        let other = check_source(&table("up", &[("connector", "datahub")])).unwrap();
        assert_eq!(other.error.code(), "E4024");
        assert!(
            other.help[0].contains("`[tables.up]` and `connector = \"tcp\"`"),
            "{:?}",
            other.help
        );
        let none = check_source(&table("来源", &[])).unwrap();
        assert!(none.error.to_string().contains("no connector"));
        assert!(
            none.help[0].contains("[tables.\"来源\"]"),
            "{:?}",
            none.help
        );
        let option = check_source(&table("up", &[("connector", "tcp"), ("port", "1")])).unwrap();
        assert_eq!(option.error.code(), "E4025");
    }
}
