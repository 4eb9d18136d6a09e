//! The log that is appended to: batches, commits, rotation.

mod commit;
mod retention;

pub use commit::Commit;

use crate::config::LogConfig;
use crate::error::{AppendError, WalError};
use crate::format::{
    BATCH_HEADER_BYTES, BatchHeader, BatchKind, Identity, RECORD_HEADER_BYTES, RecordHeader,
    RecordKind, SEGMENT_HEADER_BYTES, Salt, fold,
};
use crate::pool::{Empty, Job, SegmentPool};
use crate::reader::LogReader;
use crate::segment::{ReadySegment, SegmentMeta, seal};
use rookery_model::limits::{BULK_AHEAD_BYTES, RECORD_MAX_BYTES};
use rookery_model::{Lsn, Position, RecordTime, Term};
use rookery_runtime::storage::{Storage, StorageFile};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// One shard's log, open for appending. Made by [`crate::Recovery::start`].
///
/// Not shared between threads; all of its calls but those that say so are memory accesses.
pub struct Log<S: Storage> {
    storage: S,
    dir: PathBuf,
    config: LogConfig,
    identity: Identity,
    term: Term,
    active: S::File,
    salt: Salt,
    /// Where the next byte goes in the active segment.
    offset: u64,
    /// Pages of the active segment before this are let go of.
    released: u64,
    /// End of what records may use; 0 once nothing may be appended.
    limit: u64,
    batch: OpenBatch,
    next_lsn: Lsn,
    durable: Position,
    /// Highest LSN that a header said to be durable.
    marked: Lsn,
    unsynced_bytes: u64,
    /// Bytes of the active segment that no commit has taken.
    active_dirty: bool,
    /// End of what was made ready for small commits.
    prefaulted: u64,
    /// End of what records may use before [`Log::make_room`] looks again.
    ready: u64,
    /// Commits are large.
    bulk: bool,
    retired: VecDeque<Retired<S::File>>,
    in_flight: bool,
    /// In log order; the last one is the active segment, whose `last` and `end` are kept here only
    /// when it is rotated.
    segments: VecDeque<SegmentMeta>,
    deletable: Position,
    stats: LogStats,
    poisoned: Option<String>,
    pool: SegmentPool<S>,
}

/// The batch that records are going to.
struct OpenBatch {
    open: bool,
    header_at: u64,
    first: Lsn,
    time: RecordTime,
    count: u32,
    fold: u32,
}

/// A segment that was rotated away from and waits for a sync of its end.
struct Retired<F> {
    id: u64,
    file: F,
    size: u64,
    in_commit: bool,
}

/// Counts of a log since it was opened, and its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogStats {
    /// Records appended.
    pub records: u64,
    /// Bytes appended, headers included.
    pub bytes: u64,
    /// Commits that ended well.
    pub commits: u64,
    /// Segments rotated away from.
    pub rotations: u64,
    /// Segments deleted.
    pub segments_deleted: u64,
    /// Segments of the log.
    pub segments: u64,
    /// Bytes of the log that count, ready segments left out.
    pub log_bytes: u64,
    /// Segments ready to be used.
    pub ready_segments: u64,
    /// Whether the disk refused the last new segment.
    pub disk_full: bool,
}

/// What [`Log::new`] is made of.
pub(crate) struct LogParts<S: Storage> {
    pub storage: S,
    pub dir: PathBuf,
    pub config: LogConfig,
    pub identity: Identity,
    pub term: Term,
    pub segments: VecDeque<SegmentMeta>,
    /// Position of the last record before; all of it is durable.
    pub last: Position,
    pub last_time: RecordTime,
    pub pool: SegmentPool<S>,
    pub first_segment: ReadySegment<S::File>,
}

impl<S: Storage> Log<S> {
    pub(crate) fn new(parts: LogParts<S>) -> Result<Self, WalError> {
        let ReadySegment { id, mut file } = parts.first_segment;
        let path = crate::segment::segment_path(&parts.dir, id);
        file.map().map_err(WalError::io("map", &path))?;
        let limit = parts.config.segment_size_bytes - BATCH_HEADER_BYTES as u64;
        let mut log = Self {
            storage: parts.storage,
            dir: parts.dir,
            identity: parts.identity,
            term: parts.term,
            active: file,
            salt: parts.identity.salt(id),
            offset: SEGMENT_HEADER_BYTES,
            released: 0,
            limit,
            batch: OpenBatch {
                open: false,
                header_at: 0,
                first: Lsn(0),
                time: parts.last_time,
                count: 0,
                fold: 0,
            },
            next_lsn: parts.last.lsn.next(),
            durable: parts.last,
            marked: Lsn(0),
            unsynced_bytes: 0,
            active_dirty: false,
            prefaulted: 0,
            ready: limit,
            bulk: false,
            retired: VecDeque::new(),
            in_flight: false,
            segments: parts.segments,
            deletable: Position::ZERO,
            stats: LogStats::default(),
            poisoned: None,
            pool: parts.pool,
            config: parts.config,
        };
        log.push_segment(id);
        log.write_index(Vec::new());
        Ok(log)
    }

    fn push_segment(&mut self, id: u64) {
        self.segments.push_back(SegmentMeta {
            id,
            term: self.term,
            first: self.next_lsn,
            last: Lsn(self.next_lsn.0 - 1),
            last_time: self.batch.time,
            end: SEGMENT_HEADER_BYTES,
            sealed: false,
            quarantined: false,
        });
    }

    fn write_index(&mut self, remove: Vec<u64>) {
        let segments = self.segments.iter().copied().collect();
        self.pool.submit(Job::Index { segments, remove });
    }

    /// Opens a batch if none is open. `time` is the record time of everything appended to it; it is
    /// taken at the batch's first call and never goes back: what it became is returned.
    pub fn begin_batch(&mut self, time: RecordTime) -> RecordTime {
        if self.batch.open {
            return self.batch.time;
        }
        self.batch = OpenBatch {
            open: true,
            header_at: self.offset,
            first: self.next_lsn,
            time: time.max(self.batch.time),
            count: 0,
            fold: 0,
        };
        self.offset += BATCH_HEADER_BYTES as u64;
        self.batch.time
    }

    /// Appends a record to the open batch: copies the payload's parts, one after the other, into the
    /// active segment. Nothing is promised before [`Log::end_commit`].
    ///
    /// # Errors
    /// [`AppendError`]; the log is as before, and the batch may be closed: [`Log::begin_batch`] opens
    /// one again.
    ///
    /// # Panics
    /// If no batch is open.
    #[inline]
    pub fn append(&mut self, kind: RecordKind, parts: &[&[u8]]) -> Result<Lsn, AppendError> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let total = (RECORD_HEADER_BYTES + length) as u64;
        assert!(self.batch.open, "begin_batch comes before append");
        if self.offset + total > self.ready || length > RECORD_MAX_BYTES {
            self.make_room(kind, length as u64)?;
        }
        let lsn = self.next_lsn;
        let seed = self.salt.at(self.offset);
        let (header, crc) = RecordHeader::encode(kind, lsn, self.batch.time, seed, length, parts);
        let mut at = self.offset;
        self.active.store(at, &header);
        at += RECORD_HEADER_BYTES as u64;
        for part in parts {
            self.active.store(at, part);
            at += part.len() as u64;
        }
        self.offset = at;
        self.batch.fold = fold(self.batch.fold, crc);
        self.batch.count += 1;
        self.next_lsn = lsn.next();
        self.unsynced_bytes += total;
        self.stats.records += 1;
        Ok(lsn)
    }

    /// Makes pages ready, rotates where the segment is full, or says why the record cannot be
    /// appended.
    #[cold]
    fn make_room(&mut self, kind: RecordKind, length: u64) -> Result<(), AppendError> {
        if self.poisoned.is_some() {
            return Err(AppendError::Poisoned(Box::new(self.poison_error())));
        }
        let total = RECORD_HEADER_BYTES as u64 + length;
        if self.offset + total > self.limit || length > RECORD_MAX_BYTES as u64 {
            self.next_segment(kind, length)?;
        }
        self.make_ready(self.offset + total);
        Ok(())
    }

    /// While commits are large, zeroes the next pages in one piece; small ones would have to write
    /// all of such a piece each time.
    fn make_ready(&mut self, end: u64) {
        if !self.bulk {
            self.ready = self.limit;
            return;
        }
        // Nothing was stored at the offset or beyond it.
        let mut from = self
            .ready
            .max(self.offset)
            .next_multiple_of(BULK_AHEAD_BYTES);
        while from < end {
            self.active.zero_ahead(from, BULK_AHEAD_BYTES);
            from += BULK_AHEAD_BYTES;
        }
        self.ready = from.min(self.limit);
    }

    fn next_segment(&mut self, kind: RecordKind, length: u64) -> Result<(), AppendError> {
        let size = self.config.segment_size_bytes;
        let overhead =
            SEGMENT_HEADER_BYTES + 2 * BATCH_HEADER_BYTES as u64 + RECORD_HEADER_BYTES as u64;
        let limit = (size - overhead).min(RECORD_MAX_BYTES as u64);
        if length > limit {
            return Err(AppendError::TooLarge {
                bytes: length,
                limit,
            });
        }
        let allow_last = !matches!(kind, RecordKind::Message | RecordKind::Malformed);
        let next = match self.pool.take(allow_last) {
            Ok(next) => next,
            Err(Empty::Later { disk_full }) => return Err(AppendError::Full { size, disk_full }),
            Err(Empty::Broken(cause)) => {
                self.poison(cause);
                return Err(AppendError::Poisoned(Box::new(self.poison_error())));
            }
        };
        self.rotate(next)
    }

    fn rotate(&mut self, next: ReadySegment<S::File>) -> Result<(), AppendError> {
        let ReadySegment { id, mut file } = next;
        if let Err(error) = file.map() {
            let path = crate::segment::segment_path(&self.dir, id);
            self.poison(format!("map {}: {error}", path.display()));
            return Err(AppendError::Poisoned(Box::new(self.poison_error())));
        }
        let time = self.batch.time;
        self.close_batch();
        let meta = self
            .segments
            .back_mut()
            .expect("the active segment is listed");
        meta.last = Lsn(self.next_lsn.0 - 1);
        meta.last_time = time;
        meta.end = self.offset;
        let sealed = seal(&self.identity, meta, self.durable.lsn);
        meta.end += sealed.len() as u64;
        meta.sealed = true;
        self.active.store(self.offset, &sealed);
        self.stats.bytes += meta.end - SEGMENT_HEADER_BYTES;
        self.stats.rotations += 1;
        self.active.release(self.released, meta.end);
        let retired = Retired {
            id: meta.id,
            size: meta.end,
            file: std::mem::replace(&mut self.active, file),
            in_commit: false,
        };
        self.retired.push_back(retired);
        self.salt = self.identity.salt(id);
        self.offset = SEGMENT_HEADER_BYTES;
        self.released = 0;
        self.active_dirty = false;
        self.prefaulted = 0;
        self.ready = self.offset;
        self.push_segment(id);
        self.write_index(Vec::new());
        self.begin_batch(time);
        Ok(())
    }

    /// Ends the open batch by writing its header. [`Log::begin_commit`] does it too; alone it serves
    /// an owner that acknowledges without syncs, so that a kill of the process loses nothing.
    pub fn close_batch(&mut self) {
        if !self.batch.open {
            return;
        }
        self.batch.open = false;
        if self.batch.count == 0 {
            self.offset = self.batch.header_at;
            return;
        }
        let at = self.batch.header_at;
        let header = BatchHeader {
            kind: BatchKind::Records,
            term: self.term,
            first: self.batch.first,
            time: self.batch.time,
            durable: self.durable.lsn,
            segment: self.active_id(),
            count: self.batch.count,
            bytes: (self.offset - at) as u32 - BATCH_HEADER_BYTES as u32,
            fold: self.batch.fold,
        };
        self.active.store(at, &header.encode(self.salt, at));
        self.unsynced_bytes += BATCH_HEADER_BYTES as u64;
        self.active_dirty = true;
        self.marked = self.durable.lsn;
    }

    fn active_id(&self) -> u64 {
        self.segments
            .back()
            .expect("the active segment is listed")
            .id
    }

    /// Writes down what is durable, without a sync: call it when the log has been idle for a moment,
    /// so that later damage of what was acknowledged last can be told from a torn tail. Does nothing
    /// if a batch is open, nothing new is durable, or the segment has no room.
    pub fn mark_durable(&mut self) {
        let idle = !self.batch.open && self.retired.is_empty() && !self.in_flight;
        let room = self.offset + BATCH_HEADER_BYTES as u64 <= self.limit;
        if !idle || !room || self.durable.lsn <= self.marked {
            return;
        }
        let header = BatchHeader {
            kind: BatchKind::Mark,
            term: self.term,
            first: self.next_lsn,
            time: self.batch.time,
            durable: self.durable.lsn,
            segment: self.active_id(),
            count: 0,
            bytes: 0,
            fold: 0,
        };
        self.active
            .store(self.offset, &header.encode(self.salt, self.offset));
        self.offset += BATCH_HEADER_BYTES as u64;
        self.marked = self.durable.lsn;
    }

    /// Position of the last record appended.
    #[must_use]
    pub fn appended(&self) -> Position {
        Position::new(self.term, Lsn(self.next_lsn.0 - 1))
    }

    /// Position up to which everything is durable. Of an older term until the first commit.
    #[must_use]
    pub fn durable(&self) -> Position {
        self.durable
    }

    /// Bytes appended that no commit has taken yet.
    #[must_use]
    pub fn unsynced_bytes(&self) -> u64 {
        self.unsynced_bytes
    }

    /// Time of the newest batch.
    #[must_use]
    pub fn last_time(&self) -> RecordTime {
        self.batch.time
    }

    /// The term that records are appended under.
    #[must_use]
    pub fn term(&self) -> Term {
        self.term
    }

    /// Its directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A reader of everything after `from`, up to the last record appended. It stays usable while the
    /// log is appended to.
    #[must_use]
    pub fn reader(&self, from: Position) -> LogReader<S> {
        LogReader::new(from)
    }

    /// Whether the log still accepts records: a sync of the side work may have failed meanwhile.
    ///
    /// # Errors
    /// [`WalError::Poisoned`].
    pub fn check(&mut self) -> Result<(), WalError> {
        if self.poisoned.is_none()
            && let Some(cause) = self.pool.broken()
        {
            self.poison(cause);
        }
        match self.poisoned {
            None => Ok(()),
            Some(_) => Err(self.poison_error()),
        }
    }

    fn poison(&mut self, cause: String) {
        self.poisoned.get_or_insert(cause);
        self.limit = 0;
        self.ready = 0;
    }

    fn poison_error(&self) -> WalError {
        WalError::Poisoned {
            dir: self.dir.clone(),
            cause: self.poisoned.clone().unwrap_or_default(),
        }
    }

    /// Counts and sizes. Takes a lock: for a metrics tick, not for each message.
    #[must_use]
    pub fn stats(&self) -> LogStats {
        let (ready, disk_full) = self.pool.room();
        LogStats {
            bytes: self.stats.bytes + self.offset - SEGMENT_HEADER_BYTES,
            segments: self.segments.len() as u64,
            log_bytes: self.log_bytes(),
            ready_segments: ready as u64,
            disk_full,
            ..self.stats
        }
    }

    fn log_bytes(&self) -> u64 {
        let before: u64 = self
            .segments
            .iter()
            .rev()
            .skip(1)
            .map(|meta| meta.end)
            .sum();
        before + self.offset
    }

    /// Commits what is appended, in place, and seals the active segment, so that the next start has
    /// nothing to doubt.
    ///
    /// # Errors
    /// [`WalError::Poisoned`]; what was acknowledged before is untouched.
    pub fn close(mut self) -> Result<(), WalError> {
        self.check()?;
        if let Some(commit) = self.begin_commit() {
            let result = commit.sync_data();
            self.end_commit(commit, result)?;
        }
        let meta = self
            .segments
            .back_mut()
            .expect("the active segment is listed");
        meta.last = Lsn(self.next_lsn.0 - 1);
        meta.last_time = self.batch.time;
        meta.end = self.offset;
        let sealed = seal(&self.identity, meta, self.durable.lsn);
        meta.end += sealed.len() as u64;
        meta.sealed = true;
        let size = meta.end;
        let id = meta.id;
        self.active.store(self.offset, &sealed);
        if let Err(error) = self.active.sync_data() {
            self.poison(error.to_string());
            return Err(self.poison_error());
        }
        self.active.unmap();
        let path = crate::segment::segment_path(&self.dir, id);
        self.active
            .truncate(size)
            .map_err(WalError::io("cut", &path))?;
        self.write_index(Vec::new());
        Ok(())
    }

    // --- for the reader ---

    pub(crate) fn storage(&self) -> &S {
        &self.storage
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn segments(&self) -> &VecDeque<SegmentMeta> {
        &self.segments
    }

    pub(crate) fn active_file(&self) -> &S::File {
        &self.active
    }

    /// End of the active segment's bytes, and the header in it that is still to be written.
    pub(crate) fn active_end(&self) -> (u64, Option<u64>) {
        let open = self.batch.open.then_some(self.batch.header_at);
        (self.offset, open)
    }
}
