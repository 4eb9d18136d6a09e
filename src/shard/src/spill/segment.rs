//! One spill file.

use super::SpillError;
use super::record::{self, HEAD_BYTES, Head};
use super::store::failed;
use rookery_model::Position;
use rookery_runtime::storage::StorageFile;
use rookery_sinks::RowBatch;
use std::path::PathBuf;

/// One file. Its unread batches lie from `read_at` to `end`.
pub(super) struct Segment<F> {
    pub index: u64,
    pub path: PathBuf,
    pub file: F,
    pub end: u64,
    pub read_at: u64,
    pub unread_rows: u64,
    pub unread_batches: u64,
    /// `through` of its last batch.
    pub last: Position,
    /// The head at `read_at`; none where nothing is unread, or it is damaged.
    pub next: Option<Head>,
}

impl<F: StorageFile> Segment<F> {
    /// A file of which nothing is known yet.
    pub(super) fn new(index: u64, path: PathBuf, file: F) -> Self {
        Self {
            index,
            path,
            file,
            end: 0,
            read_at: 0,
            unread_rows: 0,
            unread_batches: 0,
            last: Position::ZERO,
            next: None,
        }
    }

    /// The head at an offset, if a whole record of this lane begins there.
    pub(super) fn head_at(
        &self,
        at: u64,
        size: u64,
        seed: u32,
    ) -> Result<Option<Head>, SpillError> {
        let mut bytes = [0; HEAD_BYTES];
        if at + HEAD_BYTES as u64 > size {
            return Ok(None);
        }
        let read = self.file.read_at(at, &mut bytes);
        read.map_err(failed("read", &self.path))?;
        let whole = |head: &Head| at + head.record_bytes() <= size;
        Ok(record::head(&bytes, seed).filter(whole))
    }

    /// The record of this head is at the end of what was taken in so far. `read`: it and all before it need
    /// not be read.
    pub(super) fn take_in(&mut self, head: &Head, read: bool) {
        self.end += head.record_bytes();
        self.last = head.through;
        if read {
            self.read_at = self.end;
            return;
        }
        if self.unread_batches == 0 {
            self.next = Some(*head);
        }
        self.unread_rows += u64::from(head.rows);
        self.unread_batches += 1;
    }

    /// The next unread batch; none if it is damaged.
    pub(super) fn read_batch(
        &mut self,
        seed: u32,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<RowBatch>, SpillError> {
        let Some(head) = self.next.take() else {
            return Ok(None);
        };
        let behind = self.read_at + head.record_bytes();
        let next_head = match behind + HEAD_BYTES as u64 <= self.end {
            true => HEAD_BYTES,
            false => 0,
        };
        let body_bytes = head.body_bytes as usize;
        self.read_body(self.read_at, body_bytes + next_head, buffer)?;
        let Some(batch) = record::batch(&head, &buffer[..body_bytes]) else {
            return Ok(None);
        };
        self.read_at = behind;
        self.unread_batches -= 1;
        self.unread_rows -= u64::from(head.rows).min(self.unread_rows);
        let whole = |head: &Head| behind + head.record_bytes() <= self.end;
        let bytes = buffer[body_bytes..].first_chunk::<HEAD_BYTES>();
        self.next = bytes.and_then(|bytes| record::head(bytes, seed).filter(whole));
        Ok(Some(batch))
    }

    /// The batch whose head is at an offset, read or not; none if it is damaged.
    pub(super) fn batch_at(
        &self,
        at: u64,
        head: &Head,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<RowBatch>, SpillError> {
        self.read_body(at, head.body_bytes as usize, buffer)?;
        Ok(record::batch(head, buffer))
    }

    fn read_body(&self, at: u64, bytes: usize, buffer: &mut Vec<u8>) -> Result<(), SpillError> {
        buffer.clear();
        buffer.resize(bytes, 0);
        let read = self.file.read_at(at + HEAD_BYTES as u64, buffer);
        read.map(drop).map_err(failed("read", &self.path))
    }

    /// Gives up what is unread.
    pub(super) fn pass_over(&mut self) {
        (self.unread_rows, self.unread_batches) = (0, 0);
        self.read_at = self.end;
        self.next = None;
    }
}
