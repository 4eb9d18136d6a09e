//! Looks at a log without changing it: for commands, on a live or a dead directory.
//!
//! On a live directory the log moves on while it is read. What looks like damage is therefore read
//! again, and counts only if it is still there.

use crate::error::WalError;
use crate::format::{Identity, SEGMENT_HEADER_USED, SegmentHeader};
use crate::index::Index;
use crate::reader::{Catalogue, LogReader, RecordRef};
use crate::recovery::{Examination, Examined, Known};
use crate::report::{LsnRange, OpenReport};
use crate::segment::{segment_id, segment_path};
use rookery_model::{Position, RecordTime, ShardId, Term};
use rookery_runtime::storage::{Storage, StorageFile};
use std::collections::VecDeque;
use std::io;
use std::path::Path;

/// How often what looks like damage is read again.
const ATTEMPTS: usize = 8;

/// One segment of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its id.
    pub id: u64,
    /// Its term.
    pub term: Term,
    /// Its records; empty if it has none.
    pub records: LsnRange,
    /// Time of its last batch.
    pub last_time: RecordTime,
    /// Bytes that count; 0 if its file is missing or another's.
    pub bytes: u64,
    /// Whether it ends in a seal.
    pub sealed: bool,
    /// Whether it holds damage that nobody has accepted.
    pub quarantined: bool,
}

/// A log as a command shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogInfo {
    /// The data directory's id.
    pub instance: [u8; 16],
    /// Whose log it is.
    pub shard: ShardId,
    /// What was found.
    pub report: OpenReport,
    /// Its segments, in order.
    pub segments: Vec<SegmentInfo>,
    /// Files of segments that hold no part of the log: ready ones, and what a start would drop.
    pub unused: Vec<u64>,
}

/// What [`dump`] hands over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DumpItem<'a> {
    /// A record.
    Record(RecordRef<'a>),
    /// Records that cannot be read, before the next record.
    Lost(LsnRange),
}

/// Describes the log in `dir` by headers and seals where the index allows it, by its records
/// elsewhere.
///
/// # Errors
/// [`WalError::Io`]; also if no file in `dir` names a log. [`WalError::NewerFormat`].
pub fn info<S: Storage>(storage: &S, dir: &Path) -> Result<LogInfo, WalError> {
    let everything = Position::new(Term(u64::MAX), rookery_model::Lsn(u64::MAX));
    look(storage, dir, everything)
}

/// Reads every record of the log in `dir` and checks it.
///
/// # Errors
/// As [`info`]. Damage is no error: it is in the report.
pub fn verify<S: Storage>(storage: &S, dir: &Path) -> Result<LogInfo, WalError> {
    look(storage, dir, Position::ZERO)
}

/// Hands over every record after `from`, in order, until `each` says `false`.
///
/// # Errors
/// As [`info`]; [`WalError::Gone`] if the log moved on faster than it was read.
pub fn dump<S: Storage>(
    storage: &S,
    dir: &Path,
    from: Position,
    mut each: impl FnMut(DumpItem<'_>) -> bool,
) -> Result<(), WalError> {
    let identity = identity(storage, dir)?;
    let examined = examine(storage, dir, identity, Position::ZERO)?;
    let segments: VecDeque<_> = examined.metas().iter().copied().collect();
    let catalogue = Catalogue {
        storage,
        dir,
        identity: &identity,
        segments: &segments,
        active: None,
    };
    let mut reader = LogReader::<S>::new(from);
    while let Some(found) = reader.advance(&catalogue)? {
        for range in reader.take_damage() {
            if !each(DumpItem::Lost(range)) {
                return Ok(());
            }
        }
        if !each(DumpItem::Record(reader.deliver(&catalogue, &found)?)) {
            return Ok(());
        }
    }
    Ok(())
}

fn look<S: Storage>(storage: &S, dir: &Path, checkpoint: Position) -> Result<LogInfo, WalError> {
    let identity = identity(storage, dir)?;
    let mut examined = examine(storage, dir, identity, checkpoint)?;
    for _ in 1..ATTEMPTS {
        if !examined.report.is_degraded() {
            break;
        }
        let before = std::mem::take(&mut examined.report.findings);
        examined = examine(storage, dir, identity, checkpoint)?;
        if examined.report.findings == before {
            break;
        }
    }
    let segments = examined.metas().iter().map(|meta| SegmentInfo {
        id: meta.id,
        term: meta.term,
        records: LsnRange {
            first: meta.first,
            last: meta.last,
        },
        last_time: meta.last_time,
        bytes: meta.end,
        sealed: meta.sealed,
        quarantined: meta.quarantined,
    });
    Ok(LogInfo {
        instance: identity.instance,
        shard: identity.shard,
        segments: segments.collect(),
        unused: examined.dropped().to_vec(),
        report: examined.report,
    })
}

fn examine<S: Storage>(
    storage: &S,
    dir: &Path,
    identity: Identity,
    checkpoint: Position,
) -> Result<Examined, WalError> {
    let (listed, index_damaged) = Index::peek(storage, dir)?;
    Examination {
        storage,
        dir,
        identity,
        listed: listed.as_deref(),
        index_damaged,
        known: Known {
            durable: Position::ZERO,
            checkpoint,
        },
    }
    .run()
}

/// Whose log it is, by the header that most segments have.
fn identity<S: Storage>(storage: &S, dir: &Path) -> Result<Identity, WalError> {
    let names = storage.read_dir(dir).map_err(WalError::io("read", dir))?;
    let mut found: Vec<(Identity, usize)> = Vec::new();
    for id in names.iter().filter_map(|name| segment_id(name)) {
        let path = segment_path(dir, id);
        let Ok(file) = storage.open_read(&path) else {
            continue;
        };
        let mut page = [0; SEGMENT_HEADER_USED];
        let read = file
            .read_at(0, &mut page)
            .map_err(WalError::io("read", &path))?;
        let Ok(header) = SegmentHeader::parse(&page[..read]) else {
            continue;
        };
        match found
            .iter_mut()
            .find(|(identity, _)| *identity == header.identity)
        {
            Some((_, count)) => *count += 1,
            None => found.push((header.identity, 1)),
        }
    }
    let most = found.into_iter().max_by_key(|(_, count)| *count);
    let none = || io::Error::new(io::ErrorKind::NotFound, "no log segment in this directory");
    most.map(|(identity, _)| identity)
        .ok_or_else(|| WalError::io("read", dir)(none()))
}
