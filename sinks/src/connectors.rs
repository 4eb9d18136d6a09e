//! Which connectors there are, and making a sink of a table.

use crate::blackhole::{self, Blackhole};
use crate::filesystem::{self, Filesystem};
use crate::options::{connector_of, misspelt_connector, suggestion, unknown_options};
use crate::print::{self, Print};
use crate::redis::{self, Redis};
use crate::sqlite::{self, Sqlite};
use crate::tsdb::{self, Dialect, Tsdb};
use crate::{Sink, SinkContext, SinkOptionError, TableSpec};

/// Those that can be used.
const BUILT: &[&str] = &[
    filesystem::CONNECTOR,
    print::CONNECTOR,
    blackhole::CONNECTOR,
    Dialect::Hitsdb.connector(),
    Dialect::OpenTsdb.connector(),
    sqlite::CONNECTOR,
    redis::CONNECTOR,
];

/// The options of each, beside those that every sink has.
const KEYS: [(&str, &[&str]); 7] = [
    (filesystem::CONNECTOR, filesystem::KEYS),
    (print::CONNECTOR, print::KEYS),
    (blackhole::CONNECTOR, blackhole::KEYS),
    (Dialect::Hitsdb.connector(), tsdb::KEYS),
    (Dialect::OpenTsdb.connector(), tsdb::KEYS),
    (sqlite::CONNECTOR, sqlite::KEYS),
    (redis::CONNECTOR, redis::KEYS),
];
const _: () = assert!(KEYS.len() == BUILT.len());

/// Those that rule files name and that cannot be used yet.
const NOT_BUILT: &[&str] = &[
    "amqp",
    "datahub",
    "influxdb",
    "jdbc",
    "kafka",
    "mq",
    "mqtt",
    "mysql",
    "nats",
    "postgres",
    "postgresql",
    "rabbitmq",
    "rds",
    "rocketmq",
    "tdengine",
    "tsdb",
    "upsert-kafka",
];

/// Names of the connectors that a sink can have.
#[must_use]
pub fn connector_names() -> &'static [&'static str] {
    BUILT
}

/// Whether a connector's name is known, built or not.
#[must_use]
pub fn is_known_connector(name: &str) -> bool {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    BUILT.iter().any(is) || NOT_BUILT.iter().any(is)
}

/// Makes the sink that a table's options describe. Touches nothing outside; a writer's `open` does.
///
/// # Errors
/// No connector, an unknown one, one that is not built yet, or options that are wrong: an unknown one
/// before one that is missing, for it may be that one misspelt.
pub fn build(spec: &TableSpec, context: &SinkContext) -> Result<Box<dyn Sink>, SinkOptionError> {
    make(spec, context).map_err(|error| match error {
        SinkOptionError::Missing { .. } => unknown(spec).into_iter().next().unwrap_or(error),
        error => error,
    })
}

/// All that one look finds wrong with a table's options: each unknown one, and the first other fault.
#[must_use]
pub fn faults(spec: &TableSpec, context: &SinkContext) -> Vec<SinkOptionError> {
    let mut faults = unknown(spec);
    if let Err(error) = make(spec, context)
        && !faults.contains(&error)
    {
        faults.push(error);
    }
    faults
}

/// The options that the table's connector does not have.
fn unknown(spec: &TableSpec) -> Vec<SinkOptionError> {
    let written = connector_of(spec).unwrap_or_default().trim();
    let keys = KEYS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(written));
    keys.map_or(Vec::new(), |(name, keys)| unknown_options(spec, name, keys))
}

fn make(spec: &TableSpec, context: &SinkContext) -> Result<Box<dyn Sink>, SinkOptionError> {
    let Some(connector) = connector_of(spec) else {
        return Err(SinkOptionError::NoConnector {
            table: spec.name.clone(),
            suggestion: misspelt_connector(spec),
            known: BUILT.join(", "),
        });
    };
    match connector.trim().to_ascii_lowercase().as_str() {
        filesystem::CONNECTOR => Ok(Box::new(Filesystem::new(spec, context)?)),
        print::CONNECTOR => Ok(Box::new(Print::new(spec)?)),
        blackhole::CONNECTOR => Ok(Box::new(Blackhole::new(spec)?)),
        redis::CONNECTOR => Ok(Box::new(Redis::new(spec, context)?)),
        "hitsdb" => Ok(Box::new(Tsdb::new(spec, Dialect::Hitsdb)?)),
        "opentsdb" => Ok(Box::new(Tsdb::new(spec, Dialect::OpenTsdb)?)),
        sqlite::CONNECTOR => Ok(Box::new(Sqlite::new(spec, context)?)),
        name if NOT_BUILT.contains(&name) => Err(SinkOptionError::KnownNotBuilt {
            table: spec.name.clone(),
            connector: connector.to_owned(),
            bare: spec.table.clone(),
            known: BUILT.join(", "),
        }),
        _ => Err(SinkOptionError::UnknownConnector {
            table: spec.name.clone(),
            connector: connector.to_owned(),
            suggestion: suggestion(connector, BUILT, "there are"),
        }),
    }
}

/// Refuses two sinks that write to one directory, or one inside the other's.
///
/// # Errors
/// The first such pair.
pub fn check_directories(sinks: &[&dyn Sink]) -> Result<(), SinkOptionError> {
    // A path that exists is compared without its symbolic links.
    let places: Vec<_> = sinks
        .iter()
        .filter_map(|sink| Some((sink.name(), sink.directory()?)))
        .map(|(name, path)| (name, path.canonicalize().unwrap_or(path.to_owned())))
        .collect();
    for (at, (second, inner)) in places.iter().enumerate() {
        for (first, outer) in &places[..at] {
            if inner.starts_with(outer) || outer.starts_with(inner) {
                let path = if inner.starts_with(outer) {
                    outer
                } else {
                    inner
                };
                return Err(SinkOptionError::SharedDirectory {
                    first: (*first).to_owned(),
                    second: (*second).to_owned(),
                    path: path.clone(),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connector_names_an_option_that_it_does_not_have() {
        for (connector, keys) in KEYS {
            let spec = TableSpec {
                name: "jobs.t".to_owned(),
                table: "t".to_owned(),
                columns: Vec::new(),
                primary_key: Vec::new(),
                options: vec![
                    ("Connector".to_owned(), connector.to_uppercase()),
                    ("linger_m".to_owned(), "1".to_owned()),
                ],
                zone: "UTC".to_owned(),
            };
            let context = SinkContext {
                data_dir: "/nowhere".into(),
                instance: "i".to_owned(),
            };
            assert!(BUILT.contains(&connector));
            let first = faults(&spec, &context)[0].to_string();
            let expected = format!(
                "[E3023] table jobs.t: connector `{connector}` has no option `linger_m`; did you mean `linger_ms`?"
            );
            assert_eq!(first, expected, "{keys:?}");
        }
    }
}
