//! One lane as the driver knows it.

use super::WriterLane;
use crate::{LaneKey, TargetCursor};
use rookery_model::Position;
use tracing::warn;

/// What the driver knows of one lane.
pub(super) struct LaneState {
    pub lane: WriterLane,
    pub key: LaneKey,
    /// Everything up to here is dealt with.
    pub cursor: Position,
    /// The target's own cursor; rows at or below it are not sent.
    pub at_target: Position,
}

impl LaneState {
    pub(super) fn new(lane: WriterLane) -> Self {
        Self {
            key: lane.lane.key(),
            cursor: lane.lane.rows_confirmed(),
            at_target: Position::ZERO,
            lane,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lane.lane.queued() == 0
    }

    /// Holds the target's cursor against ours.
    pub(super) fn meet(&mut self, target: TargetCursor, sink: &str) {
        let (ours, lane) = (self.cursor, self.key);
        match target {
            TargetCursor::NotHeld => {}
            TargetCursor::Missing if ours == Position::ZERO => {}
            TargetCursor::Missing => warn!(
                sink,
                %lane,
                confirmed = %ours,
                "the target holds no cursor although rows were confirmed: it came back empty, or the \
                 cursor was removed; rows after the confirmed ones are sent"
            ),
            TargetCursor::At(theirs) if theirs < ours => {
                self.at_target = theirs;
                warn!(
                    sink,
                    %lane,
                    lost_after = %theirs,
                    lost_through = %ours,
                    "the target's cursor is older than what it had confirmed: it went back, and the \
                     rows between are gone there"
                );
            }
            TargetCursor::At(theirs) => {
                self.at_target = theirs;
                self.cursor = theirs;
            }
        }
    }
}
