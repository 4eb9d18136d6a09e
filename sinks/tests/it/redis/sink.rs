//! Redis sinks for tests.
#![allow(clippy::unwrap_used)]

use crate::harness;
pub use crate::harness::{Columns, Running, at};
use rookery_model::{DataType, Position, RowIdentity, ShardId, Value};
use rookery_sinks::{EncodeError, Sink, SinkOptionError};
use std::path::Path;

/// The key of the lane's cursor.
pub const CURSOR: &str = "rookery:test:cursor:jobs.rows:0:0";

/// `k` and `v`, both strings.
pub const KEY_VALUE: Columns<'static> = &[("k", DataType::STRING), ("v", DataType::STRING)];

/// A table at 127.0.0.1.
pub fn make(
    port: u16,
    columns: Columns<'_>,
    options: &[(&str, &str)],
) -> Result<Box<dyn Sink>, SinkOptionError> {
    let port = port.to_string();
    let place = [("type", "redis"), ("host", "127.0.0.1"), ("port", &port)];
    let given = options.iter().map(|(key, _)| *key).collect::<Vec<_>>();
    let place = place.iter().filter(|(key, _)| !given.contains(key));
    let options: Vec<_> = place.chain(options).copied().collect();
    harness::make(Path::new("/nowhere"), columns, &options)
}

/// A sink that was never there before.
pub fn start(port: u16, columns: Columns<'_>, options: &[(&str, &str)]) -> Running {
    after(port, columns, options, Position::ZERO)
}

/// As after a restart: rows up to here were seen confirmed.
pub fn after(
    port: u16,
    columns: Columns<'_>,
    options: &[(&str, &str)],
    confirmed: Position,
) -> Running {
    Running::after(make(port, columns, options).unwrap(), confirmed)
}

/// What the encoder says to one row.
pub fn encode(sink: &dyn Sink, row: &[Value<'_>]) -> Result<Vec<u8>, EncodeError> {
    let identity = RowIdentity {
        shard: ShardId(2),
        position: at(9),
        rule: 3,
        ordinal: 4,
    };
    let mut out = b"before".to_vec();
    let encoded = sink.encoder().encode(&identity, row, &mut out);
    assert!(out.starts_with(b"before"));
    match encoded {
        Ok(()) => Ok(out.split_off(6)),
        Err(error) => {
            assert_eq!(out, b"before");
            Err(error)
        }
    }
}
