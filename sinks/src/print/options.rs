//! Options of `print`: those that every connector has.

use crate::options::Options;
use crate::{Batching, SinkOptionError, TableSpec};

/// All that the connector has.
pub(crate) const KEYS: &[&str] = &["format"];

pub(super) fn read(spec: &TableSpec) -> Result<Batching, SinkOptionError> {
    let mut options = Options::new(spec, super::CONNECTOR, KEYS);
    options.choice("format", &["json"])?;
    let batching = options.batching()?;
    options.finish()?;
    Ok(batching)
}
