//! Rows on their way from a shard to a writer.

use rookery_model::{Position, RecordTime};

/// Encoded rows of one lane, in the order of the log. The unit in which rows travel: the rows of one
/// record are never divided between two batches, and a batch never between two requests.
#[derive(Debug, Default)]
pub struct RowBatch {
    /// Number of the batch in its lane since the process started: 1, 2, 3 ..
    pub sequence: u64,
    /// All rows that records up to here made for this lane are in this batch or an earlier one. At
    /// or above the position of every row in `rows`, and never below the `through` of the batch
    /// before.
    pub through: Position,
    /// Record time of the first row.
    pub oldest: RecordTime,
    /// The rows' bytes, one after the other, as the sink's encoder made them.
    pub bytes: Vec<u8>,
    /// One entry a row; positions never decrease.
    pub rows: Vec<RowMeta>,
}

/// What a row carries besides its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowMeta {
    /// Where the row ends in the batch's bytes; it begins where the row before ends.
    pub end: u32,
    /// Index of the rule in the rule set.
    pub rule: u16,
    /// The row's place among the rows that this rule made of the record.
    pub ordinal: u32,
    /// The record.
    pub position: Position,
    /// Hash of the device key: rows of one device keep their order when some are sent again.
    pub device: u64,
}

impl RowBatch {
    /// Empties it and keeps the buffers.
    pub fn clear(&mut self) {
        self.sequence = 0;
        self.through = Position::ZERO;
        self.oldest = RecordTime::default();
        self.bytes.clear();
        self.rows.clear();
    }

    /// Offset of a row's first byte.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn start_of(&self, row: usize) -> usize {
        match row {
            0 => 0,
            _ => self.rows[row - 1].end as usize,
        }
    }

    /// Bytes of a row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u8] {
        &self.bytes[self.start_of(row)..self.rows[row].end as usize]
    }

    /// How many of the first rows lie at or below a position.
    #[must_use]
    pub fn rows_through(&self, position: Position) -> usize {
        match (self.rows.first(), self.rows.last()) {
            (Some(first), _) if first.position > position => 0,
            (_, Some(last)) if last.position <= position => self.rows.len(),
            _ => self.rows.partition_point(|row| row.position <= position),
        }
    }
}
