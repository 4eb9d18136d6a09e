//! What a writer holds of its lanes: batches, and which of their rows are still to be sent.

use super::lane_state::AtTarget;
use crate::{Part, RowBatch, RowMeta, Verdicts};
use std::collections::HashSet;
use std::sync::Arc;

/// A batch between its lane and its confirmation.
#[derive(Debug)]
pub(super) struct Held {
    /// Index of the lane.
    pub lane: usize,
    pub batch: Arc<RowBatch>,
    /// Rows before this one are at the target already, by its own cursor.
    first: usize,
    /// After a partial answer: the rows still to be sent.
    selected: Option<Vec<u32>>,
    /// Rows of a transaction whose answer was lost: the target is asked about them.
    unanswered: Vec<u32>,
    /// It was confirmed before and lost by its target: the shard waits for no confirmation of it.
    pub lost: bool,
}

impl Held {
    /// A batch as it came, without the rows that the target has.
    pub(super) fn new(lane: usize, batch: Arc<RowBatch>, at_target: AtTarget) -> Self {
        let mut held = Self {
            lane,
            batch,
            first: 0,
            selected: None,
            unanswered: Vec::new(),
            lost: false,
        };
        held.pass(at_target);
        held
    }

    /// Forgets what was sent; the target has the rows up to its cursor. Returns how many more rows it
    /// has than it was known to have.
    pub(super) fn reset(&mut self, at_target: AtTarget) -> usize {
        let before = self.first;
        self.selected = None;
        if self.batch.rows_through(at_target.through) == before {
            return 0;
        }
        self.pass(at_target);
        self.first.saturating_sub(before)
    }

    fn pass(&mut self, at_target: AtTarget) {
        self.first = self.batch.rows_through(at_target.through);
        let answered = self.batch.rows_through(at_target.answered).min(self.first);
        let index = |index| u32::try_from(index).expect("a batch has fewer than 2^32 rows");
        self.unanswered = (answered..self.first).map(index).collect();
    }

    /// The rows that the target is to be asked about; none if there are none.
    pub(super) fn unanswered(&self) -> Option<Part<'_>> {
        let part = Part::new(self.lane, &self.batch, 0, Some(&self.unanswered));
        (part.row_count() > 0).then_some(part)
    }

    /// The target was asked about them.
    pub(super) fn answered(&mut self) {
        self.unanswered.clear();
    }

    /// Rows that the target had before they were sent.
    pub(super) fn skipped(&self) -> usize {
        self.first
    }

    /// What is to be sent of it; none if nothing is.
    pub(super) fn part(&self) -> Option<Part<'_>> {
        let part = Part::new(self.lane, &self.batch, self.first, self.selected.as_deref());
        (part.row_count() > 0).then_some(part)
    }

    /// What it weighs against what may be unconfirmed: rows without bytes count too.
    pub(super) fn weight(&self) -> usize {
        self.batch.bytes.len() + self.batch.rows.len() * size_of::<RowMeta>()
    }
}

/// Narrows the batches of a request that was answered in part to the rows that go again: those to be
/// retried and, so that the order of a device holds, every later row of their devices that was not
/// refused; all that were not refused if the target took none. Returns how many.
pub(super) fn select_retries<'a>(
    request: impl Iterator<Item = &'a mut Held>,
    verdicts: &Verdicts,
) -> usize {
    let retried: HashSet<_> = verdicts.retries().iter().copied().collect();
    let rejected: HashSet<_> = verdicts
        .rejections()
        .iter()
        .map(|rejection| (rejection.part, rejection.row))
        .collect();
    let mut devices = HashSet::new();
    let mut part_index = 0;
    let mut total = 0;
    for held in request {
        let Some(part) = held.part() else { continue };
        let again: Vec<u32> = part
            .rows()
            .filter(|row| {
                let place = (part_index, row.index);
                if rejected.contains(&place) {
                    return false;
                }
                if retried.contains(&place) {
                    devices.insert(row.meta.device);
                }
                verdicts.took_nothing() || devices.contains(&row.meta.device)
            })
            .map(|row| row.index)
            .collect();
        part_index += 1;
        total += again.len();
        held.selected = Some(again);
    }
    total
}
