//! Which connectors there are, and making a sink of a table.

use crate::blackhole::{self, Blackhole};
use crate::filesystem::{self, Filesystem};
use crate::options::{connector_of, suggestion};
use crate::print::{self, Print};
use crate::redis::{self, Redis};
use crate::sqlite::{self, Sqlite};
use crate::tsdb::{Dialect, Tsdb};
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
/// No connector, an unknown one, one that is not built yet, or options that are wrong.
pub fn build(spec: &TableSpec, context: &SinkContext) -> Result<Box<dyn Sink>, SinkOptionError> {
    let Some(connector) = connector_of(spec) else {
        return Err(SinkOptionError::NoConnector {
            table: spec.name.clone(),
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
