//! Options of `print`: those that every connector has.

use crate::options::Options;
use crate::{Batching, SinkOptionError, TableSpec};

pub(super) fn read(spec: &TableSpec) -> Result<Batching, SinkOptionError> {
    let mut options = Options::new(spec, super::CONNECTOR);
    options.choice("format", &["json"])?;
    let batching = options.batching()?;
    options.finish()?;
    Ok(batching)
}
