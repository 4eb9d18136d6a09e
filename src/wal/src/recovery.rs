//! Opening a log: what the disk really holds, where it ends, and a new segment to go on in.
//!
//! The order of [`Recovery::open`]: sync every segment and the directory, drop each segment's page
//! cache (after a failed sync it shows what the disk does not have), then scan and judge. The order
//! of [`Recovery::start`]: cut and seal the last segment, write the index, unlink what is no part of
//! the log, newest first, make a new segment, append a `start` record that says where the log before
//! it was cut. A power cut between any two of these steps leaves a log that opens to the same end.

mod chain;

use crate::accepted;
use crate::config::LogConfig;
use crate::error::WalError;
use crate::format::{Identity, RecordKind};
use crate::index::Index;
use crate::log::{Log, LogParts};
use crate::pool::{Empty, PoolStart, SegmentPool};
use crate::report::{Finding, LsnRange, OpenReport};
use crate::scan::{Scanner, SegmentScan, start_head};
use crate::segment::{PrepareError, SegmentMeta, is_unfinished, seal, segment_id, segment_path};
use crate::window::Window;
use chain::{Chain, Entry};
use rookery_model::limits::{SEGMENT_SIZE_MAX_BYTES, SEGMENT_SIZE_MIN_BYTES};
use rookery_model::{Lsn, Mutant, Position, RecordTime, Term, mutant_active};
use rookery_runtime::storage::{Storage, StorageFile};
use std::io;
use std::path::{Path, PathBuf};

/// What the owner knows from its own files, beside the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Highest position known to be durable: from the cursors' file.
    pub durable: Position,
    /// Position of the checkpoint that will be replayed from: sealed segments wholly below it are
    /// checked by header and seal only. Zero reads everything.
    pub checkpoint: Position,
}

/// How a log goes on.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Above every term in the log: max(last + 1, seconds of the wall clock) over all shards.
    pub term: Term,
    /// Time of the start record.
    pub time: RecordTime,
    /// The owner's part of the start record's payload.
    pub payload: &'a [u8],
}

/// A log that was read and judged, and is not yet appended to.
pub struct Recovery<S: Storage> {
    storage: S,
    dir: PathBuf,
    config: LogConfig,
    identity: Identity,
    index: Index<S>,
    chain: Chain,
    next_id: u64,
    last_term: Term,
    report: OpenReport,
}

/// Everything that a directory holds, judged.
pub(crate) struct Examined {
    chain: Chain,
    pub(crate) next_id: u64,
    pub(crate) last_term: Term,
    pub(crate) report: OpenReport,
}

impl Examined {
    pub(crate) fn metas(&self) -> &[SegmentMeta] {
        &self.chain.metas
    }

    pub(crate) fn dropped(&self) -> &[u64] {
        &self.chain.drop
    }
}

impl<S: Storage> Recovery<S> {
    /// Opens the log in `dir`, made if missing. The caller holds the data directory's lock. Nothing
    /// that could be part of the log is changed yet.
    ///
    /// # Errors
    /// [`WalError::SegmentSize`]; [`WalError::NewerFormat`]; [`WalError::SlotSchema`];
    /// [`WalError::Io`]. Damage is no error: it is in the report.
    pub fn open(storage: S, dir: &Path, config: LogConfig, known: Known) -> Result<Self, WalError> {
        check_config(&config)?;
        storage
            .create_dir_all(dir)
            .map_err(WalError::io("create", dir))?;
        let names = storage.read_dir(dir).map_err(WalError::io("read", dir))?;
        for name in names.iter().filter(|name| is_unfinished(name)) {
            let path = dir.join(name);
            storage
                .unlink(&path)
                .map_err(WalError::io("remove", &path))?;
        }
        settle(&storage, dir, &names)?;
        let (index, listed, index_damaged) = Index::open(&storage, dir)?;
        let identity = Identity {
            instance: config.instance,
            shard: config.shard,
        };
        let examination = Examination {
            storage: &storage,
            dir,
            identity,
            listed: listed.as_deref(),
            index_damaged,
            known,
        };
        let Examined {
            chain,
            next_id,
            last_term,
            report,
        } = examination.run()?;
        Ok(Self {
            storage,
            dir: dir.to_path_buf(),
            config,
            identity,
            index,
            chain,
            next_id,
            last_term,
            report,
        })
    }

    /// What was found.
    #[must_use]
    pub fn report(&self) -> &OpenReport {
        &self.report
    }

    /// Position of the last record that is kept; zero if there is none.
    #[must_use]
    pub fn last(&self) -> Position {
        self.chain.last
    }

    /// The highest term that any segment names, whether its records are kept or not.
    #[must_use]
    pub fn last_term(&self) -> Term {
        self.last_term
    }

    /// The latest record time in the log: the clock of the next term starts no earlier.
    #[must_use]
    pub fn last_time(&self) -> RecordTime {
        self.chain.last_time
    }

    /// Ends the recovery and opens the log for appending, with a `start` record as its first, not
    /// yet committed.
    ///
    /// # Errors
    /// [`WalError::Term`]; [`WalError::DiskFull`], after which the same can be tried again from
    /// [`Recovery::open`]; [`WalError::Io`].
    pub fn start(mut self, start: Start<'_>) -> Result<Log<S>, WalError> {
        if start.term <= self.last_term {
            return Err(WalError::Term {
                dir: self.dir,
                term: start.term.0,
                last: self.last_term.0,
            });
        }
        self.end_last_segment()?;
        self.drop_files()?;
        let cut = self.chain.last;
        let previous = self.chain.metas.iter().rev().find(|meta| !meta.is_lost());
        let pool = SegmentPool::start(PoolStart {
            storage: self.storage.clone(),
            dir: self.dir.clone(),
            config: self.config.clone(),
            identity: self.identity,
            term: start.term,
            next: self.next_id,
            previous: previous.map_or(0, |meta| meta.id),
            index: self.index,
        });
        let mut pool = match pool {
            Ok(pool) => pool,
            Err(PrepareError::Later {
                disk_full: true, ..
            }) => {
                let size = self.config.segment_size_bytes;
                return Err(WalError::DiskFull {
                    dir: self.dir,
                    size,
                });
            }
            Err(PrepareError::Later { cause, .. } | PrepareError::Broken(cause)) => {
                return Err(cause);
            }
        };
        let first_segment = match pool.take(true) {
            Ok(segment) => segment,
            Err(Empty::Later { .. }) => unreachable!("the pool starts with a segment"),
            Err(Empty::Broken(cause)) => {
                return Err(WalError::Poisoned {
                    dir: self.dir,
                    cause,
                });
            }
        };
        let mut log = Log::new(LogParts {
            storage: self.storage,
            dir: self.dir,
            config: self.config,
            identity: self.identity,
            term: start.term,
            segments: self.chain.metas.into(),
            last: cut,
            last_time: self.chain.last_time,
            pool,
            first_segment,
        })?;
        log.begin_batch(start.time);
        log.append(RecordKind::Start, &[&start_head(cut), start.payload])?;
        Ok(log)
    }

    /// Cuts the last segment to its last batch and seals it. One with damage in it stays as it is.
    fn end_last_segment(&mut self) -> Result<(), WalError> {
        if self.chain.last_is_damaged {
            return Ok(());
        }
        let Some(meta) = self.chain.metas.last_mut() else {
            return Ok(());
        };
        if meta.sealed || meta.is_lost() {
            return Ok(());
        }
        let path = segment_path(&self.dir, meta.id);
        let file = self
            .storage
            .open(&path)
            .map_err(WalError::io("open", &path))?;
        let durable = meta.last;
        let sealed = seal(&self.identity, meta, durable);
        file.truncate(meta.end)
            .map_err(WalError::io("cut", &path))?;
        file.write_at(meta.end, &sealed)
            .map_err(WalError::io("seal", &path))?;
        file.sync_data().map_err(WalError::io("sync", &path))?;
        meta.end += sealed.len() as u64;
        meta.sealed = true;
        Ok(())
    }

    /// Unlinks what is no part of the log. Newest first: what is left after a power cut then still
    /// follows without a gap.
    fn drop_files(&mut self) -> Result<(), WalError> {
        if self.chain.drop.is_empty() {
            return Ok(());
        }
        let path = self.index.path().to_path_buf();
        self.index
            .write(&self.chain.metas)
            .map_err(WalError::io("write", &path))?;
        self.chain.drop.sort_unstable();
        for id in self.chain.drop.drain(..).rev() {
            let path = segment_path(&self.dir, id);
            self.storage
                .unlink(&path)
                .map_err(WalError::io("remove", &path))?;
            self.storage
                .sync_dir(&self.dir)
                .map_err(WalError::io("sync", &self.dir))?;
        }
        Ok(())
    }
}

fn check_config(config: &LogConfig) -> Result<(), WalError> {
    let size = config.segment_size_bytes;
    let (min, max) = (SEGMENT_SIZE_MIN_BYTES, SEGMENT_SIZE_MAX_BYTES);
    if size.is_multiple_of(4096) && (min..=max).contains(&size) {
        return Ok(());
    }
    Err(WalError::SegmentSize { size, min, max })
}

/// Brings cache and disk to one state: first everything to the disk, then nothing in the cache.
fn settle<S: Storage>(storage: &S, dir: &Path, names: &[String]) -> Result<(), WalError> {
    for id in names.iter().filter_map(|name| segment_id(name)) {
        let path = segment_path(dir, id);
        let file = storage.open(&path).map_err(WalError::io("open", &path))?;
        file.sync_data().map_err(WalError::io("sync", &path))?;
        if !mutant_active(Mutant::CacheKeptAtOpen) {
            file.drop_cache().map_err(WalError::io("read", &path))?;
        }
    }
    storage.sync_dir(dir).map_err(WalError::io("sync", dir))
}

/// Reads and judges a directory without changing it.
pub(crate) struct Examination<'a, S> {
    pub storage: &'a S,
    pub dir: &'a Path,
    pub identity: Identity,
    pub listed: Option<&'a [SegmentMeta]>,
    pub index_damaged: bool,
    pub known: Known,
}

impl<S: Storage> Examination<'_, S> {
    pub(crate) fn run(&self) -> Result<Examined, WalError> {
        let names = self
            .storage
            .read_dir(self.dir)
            .map_err(WalError::io("read", self.dir))?;
        let ids: Vec<u64> = names.iter().filter_map(|name| segment_id(name)).collect();
        let listed = self.listed.unwrap_or_default();
        let highest = ids
            .iter()
            .copied()
            .chain(listed.iter().map(|meta| meta.id))
            .max();
        let oldest = listed.first().map_or(0, |meta| meta.id);
        let (retired, ids): (Vec<u64>, Vec<u64>) = ids.into_iter().partition(|id| *id < oldest);
        let mut entries: Vec<Entry> = Vec::new();
        let mut scanned_bytes = 0;
        let mut window = Window::default();
        let mut expected = listed.first().map_or(Lsn(1), |meta| meta.first);
        let mut gone = listed
            .iter()
            .filter(|meta| !ids.contains(&meta.id))
            .peekable();
        for id in &ids {
            while let Some(meta) = gone.next_if(|meta| meta.id < *id) {
                entries.push(Entry::Lost(*meta));
            }
            let Some((scan, bytes)) = self.scan(*id, expected, &mut window)? else {
                continue;
            };
            scanned_bytes += bytes;
            expected = last_lsn(&scan).map_or(expected, |lsn| lsn.next());
            entries.push(Entry::Segment(scan));
        }
        entries.extend(gone.map(|meta| Entry::Lost(*meta)));
        let listed_ids: Vec<u64> = listed.iter().map(|meta| meta.id).collect();
        let next = self.first_lsn(&entries);
        let mut chain = chain::judge(
            &entries,
            &chain::Known {
                next,
                durable: self.known.durable.lsn,
                instance: &self.identity.instance,
                listed: &listed_ids,
            },
        );
        chain.drop.extend(retired);
        self.note_the_rest(&mut chain, entries.is_empty());
        self.apply_accepted(&mut chain)?;
        let terms = entries.iter().filter_map(|entry| match entry {
            Entry::Segment(scan) => scan.term,
            Entry::Lost(meta) => Some(meta.term),
        });
        let report = OpenReport {
            segments: chain.metas.len(),
            scanned_bytes,
            first: chain.first,
            last: chain.last,
            durable: chain.durable,
            findings: chain.findings.clone(),
        };
        Ok(Examined {
            next_id: highest.unwrap_or(0) + 1,
            last_term: terms.max().unwrap_or_default(),
            report,
            chain,
        })
    }

    /// `None` if the segment was deleted meanwhile.
    fn scan(
        &self,
        id: u64,
        expected: Lsn,
        window: &mut Window,
    ) -> Result<Option<(SegmentScan, u64)>, WalError> {
        let path = segment_path(self.dir, id);
        let file = match self.storage.open_read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(WalError::io("open", &path))?,
        };
        let listed = self
            .listed
            .unwrap_or_default()
            .iter()
            .find(|meta| meta.id == id);
        if let Some(meta) = listed.filter(|meta| meta.last_position() <= self.known.checkpoint) {
            let scanner = Scanner::new(&file, &self.identity, id, window, &path)?;
            let scan = scanner.quick(meta).map_err(WalError::io("read", &path))?;
            if let Some(scan) = scan {
                return Ok(Some((scan, 0)));
            }
        }
        let scanner = Scanner::new(&file, &self.identity, id, window, &path)?;
        let expected = listed.map_or(expected, |meta| meta.first);
        let scan = scanner
            .full(expected)
            .map_err(WalError::io("read", &path))?;
        let size = scan.size;
        Ok(Some((scan, size)))
    }

    /// LSN that the oldest segment should begin with. Without an index and without a first segment that
    /// says it: nothing above the checkpoint was ever deleted.
    fn first_lsn(&self, entries: &[Entry]) -> Lsn {
        if let Some(meta) = self.listed.and_then(|listed| listed.first()) {
            return meta.first;
        }
        let Some(Entry::Segment(oldest)) = entries.first() else {
            return Lsn(1);
        };
        if oldest.is_the_first() {
            return Lsn(1);
        }
        let readable = entries.iter().find_map(Entry::first_record);
        if self.known == Known::default() {
            // Nobody says what was deleted as needless.
            return readable.unwrap_or(Lsn(1));
        }
        // One that only looks takes every record for checkpointed: there is none above the last.
        let needed = Lsn(self.known.checkpoint.lsn.0.saturating_add(1));
        readable.map_or(needed, |first| first.min(needed))
    }

    fn note_the_rest(&self, chain: &mut Chain, nothing_there: bool) {
        if self.index_damaged {
            chain.findings.push(Finding::IndexDamaged);
        }
        let Known {
            durable,
            checkpoint,
        } = self.known;
        if !nothing_there {
            return;
        }
        chain.last = durable.max(checkpoint);
        // All records up to the checkpoint may have been deleted as needless.
        if durable.lsn > checkpoint.lsn {
            let (first, last) = (checkpoint.lsn.next(), durable.lsn);
            chain.findings.push(Finding::Missing {
                segment: 0,
                lost: LsnRange { first, last },
                accepted: false,
            });
        }
    }

    fn apply_accepted(&self, chain: &mut Chain) -> Result<(), WalError> {
        let accepted = accepted::read(self.storage, self.dir)?;
        for finding in &mut chain.findings {
            if accepted.iter().any(|accepted| accepted.covers(finding)) {
                finding.accept();
            }
        }
        let findings = &chain.findings;
        for meta in &mut chain.metas {
            let damage =
                |finding: &Finding| finding.segment() == Some(meta.id) && finding.is_damage();
            meta.quarantined = findings.iter().any(damage);
        }
        chain
            .metas
            .retain(|meta| !meta.is_lost() || meta.quarantined);
        Ok(())
    }
}

fn last_lsn(scan: &SegmentScan) -> Option<Lsn> {
    scan.pieces.iter().rev().find_map(|piece| match piece {
        crate::scan::Piece::Good { last, .. } => Some(*last),
        crate::scan::Piece::Bad { salvaged, .. } => salvaged.last().copied(),
    })
}
