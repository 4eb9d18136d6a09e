//! The spill files of one lane.

use super::lost::LostReader;
use super::record;
use super::segment::Segment;
use super::{SpillDone, SpillOrder, SpillOutcome, SpillRow, SpillState, SpillSync};
use rookery_model::{Mutant, Position, Term, limits, mutant_active};
use rookery_runtime::storage::{Storage, StorageFile};
use rookery_sinks::RowBatch;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use thiserror::Error;

const EXTENSION: &str = ".spill";
/// Segments of one start are counted from here on: its term, so that no name is ever used twice.
const TERM_SHIFT: u32 = 20;

/// Why spill files cannot be used.
#[derive(Debug, Error)]
#[error("E2061 cannot {action} spill file {}: {source}", path.display())]
pub struct SpillError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

pub(super) fn failed<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> SpillError + use<'a> {
    move |source| SpillError {
        action,
        path: path.to_owned(),
        source,
    }
}

/// What happens when a lane's budget is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpillPolicy {
    /// The rules of the shard wait; messages go on being logged and acknowledged.
    #[default]
    Block,
    /// The oldest rows of the lane are given up, and counted.
    DropOldest,
}

/// Bounds of one lane's spill.
#[derive(Clone, Debug)]
pub struct SpillLimits {
    /// Bytes of a segment; one is exceeded by its last batch at most.
    pub segment_bytes: u64,
    /// Bytes of all segments.
    pub lane_max_bytes: u64,
    /// What happens at the bound.
    pub policy: SpillPolicy,
    /// Bytes of all lanes of the data directory.
    pub shared: Arc<SpillBudget>,
}

/// What all lanes of a data directory may spill together.
#[derive(Debug)]
pub struct SpillBudget {
    /// Bytes.
    pub max_bytes: u64,
    used: AtomicU64,
}

impl SpillBudget {
    /// Nothing is used yet.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        let used = AtomicU64::new(0);
        Self { max_bytes, used }
    }

    /// Bytes of all spill files.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }
}

/// The files of one lane, oldest first.
pub struct SpillStore<S: Storage> {
    storage: S,
    dir: PathBuf,
    pub(super) seed: u32,
    limits: SpillLimits,
    pub(super) segments: VecDeque<Segment<S::File>>,
    next_index: u64,
    /// The last segment takes no more: it is from before this start.
    sealed: bool,
    dir_unsynced: bool,
    dropped_rows: u64,
    pub(super) buffer: Vec<u8>,
    /// `through` of the batch before the first that is here, if its rows are those just before.
    pub(super) behind: Option<Position>,
    pub(super) lost: Option<LostReader>,
}

/// A lane's spill as a start finds it.
pub struct Opened<S: Storage> {
    /// The files.
    pub store: SpillStore<S>,
    /// The highest position up to which a checkpoint counted on rows that are not there.
    pub lost: Option<Position>,
}

/// What a start knows of a lane.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The start's term.
    pub term: Term,
    /// Where the replay begins: everything above is made again.
    pub checkpoint: Position,
    /// The lane's cursor.
    pub cursor: Position,
    /// Up to here the lane's rows were durably spilled when its cursor was saved.
    pub promised: Position,
}

impl<S: Storage> SpillStore<S> {
    /// Opens what is there, cut to the checkpoint, durably.
    ///
    /// # Errors
    /// The files cannot be read or cut.
    pub fn open(
        storage: &S,
        dir: &Path,
        seed: u32,
        limits: SpillLimits,
        found: Found,
    ) -> Result<Opened<S>, SpillError> {
        let mut store = Self {
            storage: storage.clone(),
            dir: dir.to_owned(),
            seed,
            limits,
            segments: VecDeque::new(),
            next_index: found.term.0 << TERM_SHIFT,
            sealed: true,
            dir_unsynced: false,
            dropped_rows: 0,
            buffer: Vec::new(),
            behind: None,
            lost: None,
        };
        let names = match storage.read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            names => names.map_err(failed("list", dir))?,
        };
        let mut above = false;
        for name in names {
            let Some(index) = name.strip_suffix(EXTENSION).and_then(|n| n.parse().ok()) else {
                continue;
            };
            above = store.open_segment(index, dir.join(&name), found, above)?;
            store.next_index = store.next_index.max(index + 1);
        }
        if store.dir_unsynced {
            storage.sync_dir(dir).map_err(failed("sync", dir))?;
            store.dir_unsynced = false;
        }
        let held = store.segments.back().map_or(found.cursor, |s| s.last);
        let promised = found.promised.min(found.checkpoint);
        let lost = (held.max(found.cursor) < promised).then_some(promised);
        Ok(Opened { store, lost })
    }

    /// Takes in a segment, or what of it lies at or below the checkpoint. `above`: an earlier one was
    /// cut already. Returns whether everything behind this one is to go.
    fn open_segment(
        &mut self,
        index: u64,
        path: PathBuf,
        found: Found,
        above: bool,
    ) -> Result<bool, SpillError> {
        let file = self.storage.open(&path).map_err(failed("open", &path))?;
        let size = file.size().map_err(failed("read", &path))?;
        let mut segment = Segment::new(index, path, file);
        let keeps_all = mutant_active(Mutant::SpilledKept);
        let mut cut = above;
        while !cut {
            let Some(head) = segment.head_at(segment.end, size, self.seed)? else {
                break;
            };
            if head.first > found.checkpoint && !keeps_all {
                cut = true;
                break;
            }
            segment.take_in(&head, head.through <= found.cursor);
        }
        if segment.end == 0 {
            return self.unlink(segment).map(|()| cut);
        }
        if segment.end < size {
            let cut_to = segment.file.truncate(segment.end);
            cut_to.map_err(failed("cut", &segment.path))?;
            let synced = segment.file.sync_data();
            synced.map_err(failed("sync", &segment.path))?;
        }
        self.limits.shared.used.fetch_add(segment.end, Relaxed);
        self.segments.push_back(segment);
        Ok(cut)
    }

    fn unlink(&mut self, segment: Segment<S::File>) -> Result<(), SpillError> {
        let unlinked = self.storage.unlink(&segment.path);
        unlinked.map_err(failed("remove", &segment.path))?;
        self.dir_unsynced = true;
        Ok(())
    }

    /// Carries an order out.
    pub fn work(&mut self, order: SpillOrder) -> SpillDone {
        let outcome = match order {
            SpillOrder::Append(rows) => self.append_all(rows),
            SpillOrder::Read { bytes } => self.read(bytes).map(SpillOutcome::Read),
            SpillOrder::Trim(cursor) => self.trim(cursor).map(|()| SpillOutcome::Trimmed),
            SpillOrder::ReadLost(lost) => self.read_lost(lost).map(SpillOutcome::Lost),
        };
        SpillDone {
            outcome: outcome.unwrap_or_else(SpillOutcome::Failed),
            state: self.state(),
        }
    }

    /// Where it stands; rows that were given up are told once.
    pub fn state(&mut self) -> SpillState {
        let unread = self.segments.iter().find(|s| s.unread_batches > 0);
        SpillState {
            unread_rows: self.segments.iter().map(|s| s.unread_rows).sum(),
            unread_batches: self.segments.iter().map(|s| s.unread_batches).sum(),
            bytes: self.bytes(),
            oldest_unread: unread.and_then(|s| s.next).map(|head| head.oldest),
            dropped_rows: std::mem::take(&mut self.dropped_rows),
        }
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|s| s.end).sum()
    }

    /// Its bounds.
    #[must_use]
    pub fn limits(&self) -> &SpillLimits {
        &self.limits
    }

    fn append_all(&mut self, rows: Vec<SpillRow>) -> Result<SpillOutcome, SpillError> {
        let mut sync = SpillSync::default();
        let mut appended = 0;
        for row in &rows {
            if !self.append(row, &mut sync)? {
                break;
            }
            appended += 1;
        }
        Ok(SpillOutcome::Appended {
            rows,
            appended,
            sync,
        })
    }

    /// False where there is no room.
    fn append(&mut self, row: &SpillRow, sync: &mut SpillSync) -> Result<bool, SpillError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let head = record::put(&mut buffer, &row.batch, row.begins, self.seed);
        let done = self.append_bytes(&buffer, &head, row.delivered, sync);
        self.buffer = buffer;
        done
    }

    fn append_bytes(
        &mut self,
        bytes: &[u8],
        head: &record::Head,
        delivered: bool,
        sync: &mut SpillSync,
    ) -> Result<bool, SpillError> {
        let length = bytes.len() as u64;
        let last = self.segments.back().map_or(Position::ZERO, |s| s.last);
        debug_assert!(last < head.first, "in the order of the log");
        if !self.make_room(length)? || !self.open_for_append(sync)? {
            return Ok(false);
        }
        let all_read = self.segments.iter().all(|s| s.unread_batches == 0);
        let segment = self.segments.back_mut().expect("one was just opened");
        if let Err(error) = segment.file.write_at(segment.end, bytes) {
            return match is_full(&error) {
                true => Ok(false),
                false => Err(failed("write", &segment.path)(error)),
            };
        }
        segment.take_in(head, delivered && all_read);
        self.limits.shared.used.fetch_add(length, Relaxed);
        sync.merge(SpillSync {
            files: vec![(segment.index, segment.file.sync_target())],
            directory: None,
        });
        Ok(true)
    }

    /// By the policy, where the budget is used up.
    fn make_room(&mut self, length: u64) -> Result<bool, SpillError> {
        loop {
            let lane = self.bytes() + length <= self.limits.lane_max_bytes;
            let shared = &self.limits.shared;
            if lane && shared.used() + length <= shared.max_bytes {
                return Ok(true);
            }
            if self.limits.policy == SpillPolicy::Block {
                return Ok(false);
            }
            let at = self.to_drop();
            let Some(segment) = self.segments.remove(at) else {
                return Ok(false);
            };
            if at == 0 {
                self.behind = None;
            }
            self.dropped_rows += segment.unread_rows;
            shared.used.fetch_sub(segment.end, Relaxed);
            self.unlink(segment)?;
        }
    }

    /// The segment to drop: the oldest of which no row was read. Rows that were read are in memory, perhaps on
    /// their way, and only the file brings them back after a crash; those files go before the last one, which
    /// takes rows, but only where there is no other.
    fn to_drop(&self) -> usize {
        let older = self.segments.len().saturating_sub(1);
        let untouched = |s: &Segment<S::File>| s.read_at == 0;
        let found = self.segments.iter().take(older).position(untouched);
        found.unwrap_or(0)
    }

    fn open_for_append(&mut self, sync: &mut SpillSync) -> Result<bool, SpillError> {
        let room = |s: &Segment<S::File>| s.end < self.limits.segment_bytes;
        if !self.sealed && self.segments.back().is_some_and(room) {
            return Ok(true);
        }
        let made = self.storage.create_dir_all(&self.dir);
        made.map_err(failed("create the directory of", &self.dir))?;
        let index = self.next_index;
        let path = self.dir.join(format!("{index:020}{EXTENSION}"));
        let file = match self.storage.create(&path, 0) {
            Err(error) if is_full(&error) => return Ok(false),
            file => file.map_err(failed("create", &path))?,
        };
        self.next_index += 1;
        self.sealed = false;
        sync.directory = Some(self.dir.clone());
        self.segments.push_back(Segment::new(index, path, file));
        Ok(true)
    }

    fn read(&mut self, bytes: usize) -> Result<Vec<RowBatch>, SpillError> {
        let mut batches = Vec::new();
        let mut got = 0;
        while let Some(segment) = self.segments.iter_mut().find(|s| s.unread_batches > 0) {
            match segment.read_batch(self.seed, &mut self.buffer)? {
                Some(batch) => {
                    got += batch.bytes.len();
                    batches.push(batch);
                }
                None => {
                    tracing::error!(
                        file = %segment.path.display(),
                        offset = segment.read_at,
                        rows = segment.unread_rows,
                        "E2062 damaged spill file: its rest is passed over, these rows are lost"
                    );
                    self.dropped_rows += segment.unread_rows;
                    segment.pass_over();
                }
            }
            if got >= bytes {
                break;
            }
        }
        Ok(batches)
    }

    fn trim(&mut self, cursor: Position) -> Result<(), SpillError> {
        while let Some(front) = self.segments.front() {
            if front.unread_batches > 0 || front.last > cursor {
                break;
            }
            if let Some(done) = self.segments.pop_front() {
                self.limits.shared.used.fetch_sub(done.end, Relaxed);
                let next = self.segments.front();
                let dropped = next.is_some_and(|next| was_dropped_between(done.index, next.index));
                self.behind = (!dropped).then_some(done.last);
                self.unlink(done)?;
            }
        }
        self.sealed |= self.segments.is_empty();
        Ok(())
    }
}

/// Whether segments between two that follow each other were dropped: those of one start are counted on.
pub(super) fn was_dropped_between(index: u64, next: u64) -> bool {
    index >> TERM_SHIFT == next >> TERM_SHIFT && index + 1 < next
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Seed of a lane's checksums, so that no file of another lane or instance is taken for its own.
#[must_use]
pub fn seed(instance: &str, shard: u16, sink: &str, writer: u16) -> u32 {
    crc32c::crc32c(format!("{instance}/{shard}/{sink}/{writer}").as_bytes())
}

/// Bounds for a test or a simulation: none.
#[cfg(test)]
#[must_use]
pub fn unbounded(segment_bytes: u64) -> SpillLimits {
    SpillLimits {
        segment_bytes,
        lane_max_bytes: u64::MAX,
        policy: SpillPolicy::Block,
        shared: Arc::new(SpillBudget::new(u64::MAX / 2)),
    }
}

const _: () = assert!(limits::SPILL_SEGMENT_BYTES > limits::ROW_BATCH_BYTES as u64);
