//! What a writer holds of its lanes: batches, and which of their rows are still to be sent.

use crate::{Part, RowBatch, RowMeta, Verdicts};
use rookery_model::Position;
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
}

impl Held {
    /// A batch as it came, without the rows that the target has.
    pub(super) fn new(lane: usize, batch: Arc<RowBatch>, at_target: Position) -> Self {
        let first = batch.rows_through(at_target);
        Self {
            lane,
            batch,
            first,
            selected: None,
        }
    }

    /// Forgets what was sent; the target has the rows up to its cursor. Returns how many more rows it
    /// has than it was known to have.
    pub(super) fn reset(&mut self, at_target: Position) -> usize {
        let before = self.first;
        self.first = self.batch.rows_through(at_target);
        self.selected = None;
        self.first.saturating_sub(before)
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
/// refused. Returns how many.
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
                devices.contains(&row.meta.device)
            })
            .map(|row| row.index)
            .collect();
        part_index += 1;
        total += again.len();
        held.selected = Some(again);
    }
    total
}
