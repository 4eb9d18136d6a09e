//! Options of `blackhole`: those that every connector has.

use crate::options::Options;
use crate::{Batching, SinkOptionError, TableSpec};

/// All that the connector has.
pub(crate) const KEYS: &[&str] = &[];

pub(super) fn read(spec: &TableSpec) -> Result<Batching, SinkOptionError> {
    let mut options = Options::new(spec, super::CONNECTOR, KEYS);
    let batching = options.batching()?;
    options.finish()?;
    Ok(batching)
}
