//! What `check` and `eval` say of connectors, which they do not use.

use super::roles::roles;
use super::tables::{SOURCE_CONNECTOR, check_sources};
use crate::config::closest;
use rookery_sinks::{SinkContext, SinkOptionError, TableSpec};
use rookery_sql::plan::{ColumnKind, Program, Span, Table};
use std::path::PathBuf;

/// A connector that `run` would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorWarning {
    /// Stable code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// Where the table is declared.
    pub span: Span,
    /// What to do.
    pub help: Vec<String>,
    /// Whether nobody knows a connector of that name.
    pub unknown: bool,
}

/// Everything that `run` would refuse about the connectors of a program's tables.
pub fn connector_warnings(program: &Program) -> Vec<ConnectorWarning> {
    let mut warnings: Vec<ConnectorWarning> = check_sources(program)
        .into_iter()
        .map(|bad| {
            let connector = bad.connector.as_deref();
            let unknown = connector.filter(|name| !is_known(name));
            let mut help = bad.help;
            if let Some(meant) =
                unknown.and_then(|name| closest(name, [SOURCE_CONNECTOR].into_iter()))
            {
                help.insert(0, format!("did you mean `{meant}`?"));
            }
            ConnectorWarning {
                code: bad.error.code(),
                unknown: unknown.is_some(),
                message: bad.error.to_string(),
                span: bad.span,
                help,
            }
        })
        .collect();
    // Nothing is made or touched: a sink is only asked whether it takes the options.
    let context = SinkContext {
        data_dir: PathBuf::from("/var/lib/rookery"),
        instance: String::new(),
    };
    for index in roles(program).sinks {
        let table = &program.tables[index];
        let faults = rookery_sinks::faults(&declared(program, table), &context);
        warnings.extend(faults.iter().map(|fault| ConnectorWarning {
            code: fault.code(),
            unknown: matches!(fault, SinkOptionError::UnknownConnector { .. }),
            message: without_code(&fault.to_string()),
            span: span_of(fault, table),
            help: Vec::new(),
        }));
    }
    warnings.sort_by_key(|warning| warning.span.start);
    warnings
}

/// Where a fault lies: at the option's name, if it is one that the table says.
pub fn span_of(fault: &SinkOptionError, table: &Table) -> Span {
    let key = match fault {
        SinkOptionError::UnknownOption { key, .. } => key.as_str(),
        SinkOptionError::Invalid { key, .. } => key,
        SinkOptionError::Repeated { key, .. } => key.split('`').next().unwrap_or(key),
        SinkOptionError::UnknownConnector { .. } | SinkOptionError::KnownNotBuilt { .. } => {
            "connector"
        }
        _ => return table.span,
    };
    table.option_span(key).unwrap_or(table.span)
}

/// A sink table as its file declares it.
pub fn declared(program: &Program, table: &Table) -> TableSpec {
    let physical = table
        .columns
        .iter()
        .filter(|column| matches!(column.kind, ColumnKind::Physical));
    TableSpec {
        name: format!("{}.{}", program.name, table.name),
        table: table.name.clone(),
        columns: physical.map(|column| column.field.clone()).collect(),
        primary_key: table.primary_key.clone(),
        options: table.options.clone(),
        zone: program.zone.clone(),
    }
}

fn is_known(connector: &str) -> bool {
    connector.eq_ignore_ascii_case(SOURCE_CONNECTOR) || rookery_sinks::is_known_connector(connector)
}

/// A text without the code that stands before it, for where the code has its own place.
pub fn without_code(text: &str) -> String {
    let rest = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "));
    match rest {
        Some((code, rest)) if code.starts_with('E') && code.len() == 5 => rest.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_off_once() {
        assert_eq!(without_code("[E3021] table a: x"), "table a: x");
        assert_eq!(without_code("table [E3021] a"), "table [E3021] a");
        assert_eq!(without_code("[note] a"), "[note] a");
    }
}
