//! One lane as the driver knows it.

use super::WriterLane;
use crate::{Gone, LaneKey, LostRows, SinkMetrics, StillHeld, TargetCursor};
use rookery_model::Position;
use tracing::{info, warn};

/// What a lane's target has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AtTarget {
    /// Rows up to here are there: they are not sent.
    pub through: Position,
    /// Of the rows above, up to `through`, nobody has seen the answer.
    pub answered: Position,
}

impl AtTarget {
    fn answered(through: Position) -> Self {
        Self {
            through,
            answered: through,
        }
    }
}

/// What the driver knows of one lane.
pub(super) struct LaneState {
    pub lane: WriterLane,
    pub key: LaneKey,
    /// Everything up to here is dealt with.
    pub cursor: Position,
    /// By the target's own cursor.
    pub at_target: AtTarget,
    /// The target went back: until it has what is still held, nothing that follows is sent.
    lost: Option<Lost>,
}

/// Rows that the target has lost, above the lane's cursor.
struct Lost {
    through: Position,
    /// What is gone for good was named up to here.
    named: Position,
    step: Step,
}

/// What comes next of lost rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// To ask the shard for a piece of them.
    Ask,
    /// Its answer.
    Answer(LostRows),
    /// That the piece is confirmed; whether it was the last.
    Confirmed(bool),
}

/// What a lane's lost rows need.
pub(super) enum Rewound {
    /// The shard's answer.
    Wait,
    /// These to be sent, if there are any, before the next call.
    Piece(StillHeld),
}

impl LaneState {
    pub(super) fn new(lane: WriterLane) -> Self {
        Self {
            key: lane.lane.key(),
            cursor: lane.lane.rows_confirmed(),
            at_target: AtTarget::default(),
            lost: None,
            lane,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lane.lane.queued() == 0
    }

    /// Holds the target's cursor against ours.
    pub(super) fn meet(&mut self, target: TargetCursor, sink: &str, metrics: &SinkMetrics) {
        match target {
            TargetCursor::NotHeld => {}
            TargetCursor::Missing if self.cursor == Position::ZERO => {}
            TargetCursor::Missing => warn!(
                sink,
                lane = %self.key,
                confirmed = %self.cursor,
                "the target holds no cursor although rows were confirmed: it came back empty, or the \
                 cursor was removed; rows after the confirmed ones are sent"
            ),
            TargetCursor::At(theirs) => self.stands_at(theirs, theirs, sink, metrics),
            TargetCursor::Unanswered { above, through } => {
                self.stands_at(through, above, sink, metrics);
            }
        }
        if let Some(lost) = &mut self.lost {
            // A piece that was on its way is no longer held.
            if let Step::Confirmed(_) = lost.step {
                lost.step = Step::Ask;
            }
        }
    }

    fn stands_at(
        &mut self,
        theirs: Position,
        answered: Position,
        sink: &str,
        metrics: &SinkMetrics,
    ) {
        let ours = self.cursor;
        if theirs < ours {
            self.at_target = AtTarget::answered(theirs);
            let before = self.lost.take();
            let through = before.map_or(ours, |lost| lost.through.max(ours));
            self.lost = Some(Lost {
                through,
                named: theirs,
                step: Step::Ask,
            });
            self.cursor = theirs;
            metrics.went_back();
            warn!(
                sink,
                lane = %self.key,
                lost_after = %theirs,
                lost_through = %through,
                "the target's cursor is older than what it had confirmed: it went back; what spill files \
                 still hold of the rows between is sent again"
            );
        } else if theirs > ours {
            self.at_target = AtTarget {
                through: theirs,
                answered: answered.max(ours),
            };
            self.cursor = theirs;
        } else if theirs != self.at_target.through {
            self.at_target = AtTarget::answered(theirs);
        }
    }

    /// Whether the target has lost rows that are still to be dealt with.
    pub(super) fn is_rewinding(&self) -> bool {
        self.lost.is_some()
    }

    /// Takes the next step with the lost rows; call while nothing of the lane is unconfirmed.
    pub(super) fn rewind(&mut self, sink: &str, metrics: &SinkMetrics) -> Option<Rewound> {
        let lost = self.lost.as_mut()?;
        if lost.step == Step::Confirmed(true) {
            self.cursor = self.cursor.max(lost.through);
            info!(sink, lane = %self.key, through = %lost.through, "what was still held for the target is sent again");
            self.lost = None;
            return None;
        }
        let asked = match lost.step {
            Step::Answer(asked) => asked,
            Step::Ask | Step::Confirmed(_) => {
                // Rows of an answer that was lost are still to be asked about.
                let above = match self.cursor == self.at_target.through {
                    true => self.at_target.answered,
                    false => self.cursor,
                };
                let asked = LostRows {
                    above,
                    through: lost.through,
                };
                self.lane.lane.ask_for_lost(asked);
                self.lane.wake.wake();
                lost.step = Step::Answer(asked);
                asked
            }
        };
        // An answer to what was asked before a connection was lost is not this one's.
        let answer = self.lane.lane.take_lost();
        let Some(held) = answer.filter(|held| held.asked == asked) else {
            return Some(Rewound::Wait);
        };
        lost.step = Step::Confirmed(held.end);
        for gone in &held.gone {
            lost.named = name_gone(gone, lost.named, (sink, self.key), metrics);
        }
        Some(Rewound::Piece(held))
    }
}

/// Says which rows are gone, unless it was said before; up to where it is said now.
fn name_gone(
    gone: &Gone,
    named: Position,
    (sink, lane): (&str, LaneKey),
    metrics: &SinkMetrics,
) -> Position {
    if gone.below <= named {
        return named;
    }
    metrics.gone(gone.records());
    let (after, below) = (gone.above, gone.below);
    match gone.inclusive {
        true => {
            warn!(sink, %lane, %after, through = %below, "rows of these records are gone at the target, and nothing holds them any more")
        }
        false => {
            warn!(sink, %lane, %after, before = %below, "rows of these records are gone at the target, and nothing holds them any more")
        }
    }
    below
}
