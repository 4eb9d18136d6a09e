//! Which connectors there are, and making a sink of a table.

use crate::blackhole::{self, Blackhole};
use crate::filesystem::{self, Filesystem};
use crate::options::{connector_of, misspelt_connector, suggestion, unknown_options};
use crate::print::{self, Print};
use crate::redis::{self, Redis};
use crate::sqlite::{self, Sqlite};
use crate::tsdb::{self, Dialect, Tsdb};
use crate::{Sink, SinkContext, SinkOptionError, TableSpec};

/// A connector that can be used.
struct Connector {
    name: &'static str,
    /// Its options, beside those that every sink has.
    keys: &'static [&'static str],
    make: fn(&TableSpec, &SinkContext) -> Made,
}

/// A sink as its options say, or what is wrong with them.
type Made = Result<Box<dyn Sink>, SinkOptionError>;

const CONNECTORS: [Connector; 7] = [
    Connector {
        name: filesystem::CONNECTOR,
        keys: filesystem::KEYS,
        make: |spec, context| Ok(Box::new(Filesystem::new(spec, context)?)),
    },
    Connector {
        name: print::CONNECTOR,
        keys: print::KEYS,
        make: |spec, _| Ok(Box::new(Print::new(spec)?)),
    },
    Connector {
        name: blackhole::CONNECTOR,
        keys: blackhole::KEYS,
        make: |spec, _| Ok(Box::new(Blackhole::new(spec)?)),
    },
    Connector {
        name: Dialect::Hitsdb.connector(),
        keys: tsdb::KEYS,
        make: |spec, _| Ok(Box::new(Tsdb::new(spec, Dialect::Hitsdb)?)),
    },
    Connector {
        name: Dialect::OpenTsdb.connector(),
        keys: tsdb::KEYS,
        make: |spec, _| Ok(Box::new(Tsdb::new(spec, Dialect::OpenTsdb)?)),
    },
    Connector {
        name: sqlite::CONNECTOR,
        keys: sqlite::KEYS,
        make: |spec, context| Ok(Box::new(Sqlite::new(spec, context)?)),
    },
    Connector {
        name: redis::CONNECTOR,
        keys: redis::KEYS,
        make: |spec, context| Ok(Box::new(Redis::new(spec, context)?)),
    },
];

/// Their names.
const BUILT: [&str; CONNECTORS.len()] = {
    let mut names = [""; CONNECTORS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = CONNECTORS[index].name;
        index += 1;
    }
    names
};

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
    &BUILT
}

/// Whether a connector's name is known, built or not.
#[must_use]
pub fn is_known_connector(name: &str) -> bool {
    connector_named(name).is_some() || is_not_built(name)
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

/// The connector of a name as it is written.
fn connector_named(name: &str) -> Option<&'static Connector> {
    let is = |known: &&Connector| known.name.eq_ignore_ascii_case(name.trim());
    CONNECTORS.iter().find(is)
}

fn is_not_built(name: &str) -> bool {
    let is = |known: &&str| known.eq_ignore_ascii_case(name.trim());
    NOT_BUILT.iter().any(is)
}

/// The options that the table's connector does not have.
fn unknown(spec: &TableSpec) -> Vec<SinkOptionError> {
    let connector = connector_of(spec).and_then(connector_named);
    connector.map_or(Vec::new(), |Connector { name, keys, .. }| {
        unknown_options(spec, name, keys)
    })
}

fn make(spec: &TableSpec, context: &SinkContext) -> Made {
    let Some(written) = connector_of(spec) else {
        return Err(SinkOptionError::NoConnector {
            table: spec.name.clone(),
            suggestion: misspelt_connector(spec),
            known: BUILT.join(", "),
        });
    };
    if let Some(connector) = connector_named(written) {
        return (connector.make)(spec, context);
    }
    Err(match is_not_built(written) {
        true => SinkOptionError::KnownNotBuilt {
            table: spec.name.clone(),
            connector: written.to_owned(),
            bare: spec.table.clone(),
            known: BUILT.join(", "),
        },
        false => SinkOptionError::UnknownConnector {
            table: spec.name.clone(),
            connector: written.to_owned(),
            suggestion: suggestion(written, &BUILT, "there are"),
        },
    })
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
        for Connector {
            name: connector,
            keys,
            ..
        } in CONNECTORS
        {
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
            let first = faults(&spec, &context)[0].to_string();
            let expected = format!(
                "[E3023] table jobs.t: connector `{connector}` has no option `linger_m`; did you mean `linger_ms`?"
            );
            assert_eq!(first, expected, "{keys:?}");
        }
    }
}
