//! Which segments go, and when.

use super::Log;
use rookery_model::{Position, RecordTime};
use rookery_runtime::storage::Storage;

/// Microseconds of an hour.
const HOUR_US: i64 = 3_600_000_000;

impl<S: Storage> Log<S> {
    /// Declares the records up to and with `through` needless for a restart. The caller has made
    /// durable whatever permits that: checkpoint and cursors, and their directory, before this call.
    pub fn set_deletable(&mut self, through: Position) {
        self.deletable = self.deletable.max(through);
    }

    /// Deletes, oldest first, the segments that are needless and beyond `retain_hours` or
    /// `retain_bytes`; returns how many. The segment in use, that of the last durable record (a start
    /// must find where the log ended) and quarantined ones stay.
    pub fn apply_retention(&mut self, now: RecordTime) -> usize {
        let keep_from = self.keep_from(now);
        let mut total = self.log_bytes();
        let mut remove = Vec::new();
        while self.segments.len() > 1 {
            let oldest = self.segments[0];
            let waits = self.retired.iter().any(|retired| retired.id == oldest.id);
            let last = oldest.last_position();
            let needed = last > self.deletable || last >= self.durable;
            let kept = oldest.quarantined || waits;
            let wanted = oldest.last_time >= keep_from && total <= self.config.retain_bytes;
            if needed || kept || wanted {
                break;
            }
            total -= oldest.end;
            remove.push(oldest.id);
            self.segments.pop_front();
        }
        let count = remove.len();
        if count > 0 {
            self.stats.segments_deleted += count as u64;
            self.write_index(remove);
        }
        count
    }

    fn keep_from(&self, now: RecordTime) -> RecordTime {
        let hours = i64::try_from(self.config.retain_hours).unwrap_or(i64::MAX);
        RecordTime(now.0.saturating_sub(hours.saturating_mul(HOUR_US)))
    }
}
