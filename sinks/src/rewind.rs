//! Rows on their way back to a target that has lost them.
//!
//! A target that went back (a restored database, a server without its last writes) is at a cursor below what
//! it had confirmed. Its writer asks the shard, which has no more of these rows than its spill files still
//! hold, piece by piece; nothing else of the lane is sent before. What no file holds any more is gone, and
//! named.

use crate::RowBatch;
use rookery_model::Position;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Rows that a target had confirmed and has no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostRows {
    /// Those of records above this one ..
    pub above: Position,
    /// .. up to this one.
    pub through: Position,
}

/// What is still there of them: a piece, in order.
#[derive(Debug)]
pub struct StillHeld {
    /// What was asked.
    pub asked: LostRows,
    /// Whole batches; the first may begin below.
    pub batches: Vec<RowBatch>,
    /// Within what was asked and before, between and (at the end) behind the batches: records of which the
    /// rows, if they had made any for this lane, are gone.
    pub gone: Vec<Gone>,
    /// Nothing is held behind these batches.
    pub end: bool,
}

/// Records above `above` and below `below`, or up to it where `inclusive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The first is above.
    pub above: Position,
    /// The last is below ..
    pub below: Position,
    /// .. or this one.
    pub inclusive: bool,
}

impl StillHeld {
    /// The answer where no file holds anything.
    #[must_use]
    pub fn nothing(asked: LostRows) -> Self {
        let gone = Gone {
            above: asked.above,
            below: asked.through,
            inclusive: true,
        };
        let lost = asked.above < asked.through;
        Self {
            asked,
            batches: Vec::new(),
            gone: lost.then_some(gone).into_iter().collect(),
            end: true,
        }
    }
}

impl Gone {
    /// How many records.
    #[must_use]
    pub fn records(&self) -> u64 {
        let last = self.below.lsn.0 + u64::from(self.inclusive);
        last.saturating_sub(self.above.lsn.0 + 1)
    }

    /// Whether a record is one of them.
    #[must_use]
    pub fn has(&self, position: Position) -> bool {
        position > self.above
            && (position < self.below || (self.inclusive && position == self.below))
    }
}

/// The way there and back. Used only where a target has lost rows.
#[derive(Debug, Default)]
pub(crate) struct Rewind {
    is_asked: AtomicBool,
    asked: Mutex<Option<LostRows>>,
    is_answered: AtomicBool,
    answer: Mutex<Option<StillHeld>>,
}

impl Rewind {
    /// Writer.
    pub(crate) fn ask(&self, lost: LostRows) {
        put(&self.asked, &self.is_asked, lost);
    }

    /// Shard.
    #[inline]
    pub(crate) fn take_asked(&self) -> Option<LostRows> {
        take(&self.asked, &self.is_asked)
    }

    /// Shard.
    pub(crate) fn answer(&self, held: StillHeld) {
        put(&self.answer, &self.is_answered, held);
    }

    /// Writer.
    pub(crate) fn take_answer(&self) -> Option<StillHeld> {
        take(&self.answer, &self.is_answered)
    }
}

fn put<T>(place: &Mutex<Option<T>>, flag: &AtomicBool, value: T) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    flag.store(true, Ordering::Release);
}

/// Costs a load where nothing is there.
#[inline]
fn take<T>(place: &Mutex<Option<T>>, flag: &AtomicBool) -> Option<T> {
    if !flag.load(Ordering::Acquire) {
        return None;
    }
    flag.store(false, Ordering::Relaxed);
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn what_is_gone_is_counted_by_its_records() {
        let gone = |inclusive| Gone {
            above: at(4),
            below: at(9),
            inclusive,
        };
        assert_eq!((gone(false).records(), gone(true).records()), (4, 5));
        let within = |gone: Gone| (1..12).filter(|lsn| gone.has(at(*lsn))).collect::<Vec<_>>();
        assert_eq!(within(gone(false)), [5, 6, 7, 8]);
        assert_eq!(within(gone(true)), [5, 6, 7, 8, 9]);
        let (above, through) = (at(4), at(9));
        let all = StillHeld::nothing(LostRows { above, through });
        assert_eq!((all.gone, all.end), (vec![gone(true)], true));
        let none = StillHeld::nothing(LostRows {
            above: through,
            through,
        });
        assert_eq!(none.gone, []);
    }

    #[test]
    fn a_question_and_its_answer_are_taken_once() {
        let rewind = Rewind::default();
        let (above, through) = (at(1), at(2));
        let lost = LostRows { above, through };
        assert_eq!(rewind.take_asked(), None);
        rewind.ask(lost);
        assert_eq!(rewind.take_asked(), Some(lost));
        assert_eq!(rewind.take_asked(), None);
        assert!(rewind.take_answer().is_none());
        rewind.answer(StillHeld::nothing(lost));
        assert!(rewind.take_answer().is_some_and(|held| held.asked == lost));
        assert!(rewind.take_answer().is_none());
    }
}
