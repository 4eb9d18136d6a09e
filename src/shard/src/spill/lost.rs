//! Rows that a target had confirmed and has lost: what the files still hold of them, and what they do not.
//!
//! Batches leave the files in whole segments, some time after they were confirmed, so a part is often left.
//! A batch's rows are those just after the rows of the batch before it, unless it begins a run: then rows
//! between the two may have gone directly, and no file holds them.

use super::record::Head;
use super::store::was_dropped_between;
use super::{SpillError, SpillStore};
use rookery_model::{Position, limits};
use rookery_runtime::storage::Storage;
use rookery_sinks::{Gone, LostRows, RowBatch, StillHeld};

/// Where the last piece ended.
pub(super) struct LostReader {
    above: Position,
    segment: u64,
    at: u64,
    /// `through` of the batch before, if the next one's rows are those just after.
    before: Option<Position>,
}

impl<S: Storage> SpillStore<S> {
    /// A piece of what is left of these rows.
    pub(super) fn read_lost(&mut self, lost: LostRows) -> Result<StillHeld, SpillError> {
        let at_begin = LostReader {
            above: lost.above,
            segment: 0,
            at: 0,
            before: self.behind,
        };
        let known = self.lost.take().filter(|known| known.above == lost.above);
        let mut reader = known.unwrap_or(at_begin);
        let mut held = StillHeld {
            asked: lost,
            batches: Vec::new(),
            gone: Vec::new(),
            end: false,
        };
        let (mut bytes, mut rows) = (0, 0);
        while bytes < limits::ROW_BATCH_BYTES && rows < limits::ROW_BATCH_ROWS {
            let above = reader.above;
            let Some((head, batch)) = self.next_lost(&mut reader, lost.through)? else {
                held.end = true;
                break;
            };
            let follows = reader.before.is_some_and(|before| before <= above);
            if head.first > above && !follows {
                held.gone.push(Gone {
                    above,
                    below: head.first,
                    inclusive: false,
                });
            }
            reader.above = head.through;
            reader.before = Some(head.through);
            bytes += batch.bytes.len();
            rows += batch.rows.len();
            held.batches.push(batch);
        }
        if held.end && reader.above < lost.through {
            held.gone.push(Gone {
                above: reader.above,
                below: lost.through,
                inclusive: true,
            });
        }
        self.lost = Some(reader);
        Ok(held)
    }

    /// The first batch with rows above the reader's place, of those up to `through`.
    fn next_lost(
        &mut self,
        reader: &mut LostReader,
        through: Position,
    ) -> Result<Option<(Head, RowBatch)>, SpillError> {
        for segment in &self.segments {
            if segment.index < reader.segment {
                continue;
            }
            if segment.index > reader.segment {
                if was_dropped_between(reader.segment, segment.index) {
                    reader.before = None;
                }
                (reader.segment, reader.at) = (segment.index, 0);
            }
            if reader.at == 0 && segment.last <= reader.above {
                reader.before = Some(segment.last);
                reader.at = segment.end;
            }
            while let Some(head) = segment.head_at(reader.at, segment.end, self.seed)? {
                if head.through > through {
                    return Ok(None);
                }
                let at = reader.at;
                reader.at += head.record_bytes();
                if head.begins {
                    reader.before = None;
                }
                if head.through <= reader.above {
                    reader.before = Some(head.through);
                    continue;
                }
                match segment.batch_at(at, &head, &mut self.buffer)? {
                    Some(batch) => return Ok(Some((head, batch))),
                    None => reader.before = None,
                }
            }
            if reader.at < segment.end {
                // Damaged from here on.
                (reader.at, reader.before) = (segment.end, None);
            }
        }
        Ok(None)
    }
}
