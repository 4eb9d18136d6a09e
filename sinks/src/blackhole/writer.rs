//! Takes everything.

use crate::{LaneCursor, LaneKey, Part, SinkError, SinkWriter, TargetCursor, Verdicts};

pub(super) struct Nowhere;

impl SinkWriter for Nowhere {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        Ok(vec![TargetCursor::NotHeld; lanes.len()])
    }

    fn write_batch(
        &mut self,
        _request: &[Part<'_>],
        _verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        Ok(())
    }

    fn confirm(&mut self, _cursors: &[LaneCursor]) -> Result<(), SinkError> {
        Ok(())
    }
}
