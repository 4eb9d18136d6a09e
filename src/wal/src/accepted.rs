//! Damage that an operator has looked at and accepted: the log's health is good again, and the
//! segment is treated as any other.

use crate::config::LogConfig;
use crate::recovery::{Known, Recovery};
use crate::report::{Finding, LsnRange};
use crate::{SlotBytes, Slots, WalError};
use rkyv::rancor;
use rookery_model::Lsn;
use rookery_runtime::storage::Storage;
use std::path::{Path, PathBuf};

/// Schema id of [`AcceptedArchive`]; another one for every change of it.
const SCHEMA: u32 = 0x4143_0001;

#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
struct AcceptedArchive {
    segments: Vec<EntryArchive>,
}

#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
struct EntryArchive {
    segment: u64,
    lost: Vec<(u64, u64)>,
}

/// What was accepted of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The segment.
    pub segment: u64,
    /// The records that are given up.
    pub lost: Vec<LsnRange>,
}

impl Accepted {
    /// Whether the finding is no worse than what was accepted.
    pub(crate) fn covers(&self, finding: &Finding) -> bool {
        let inside = |lost: &LsnRange| {
            let known = |range: &LsnRange| range.contains(lost.first) && range.contains(lost.last);
            lost.count() == 0 || self.lost.iter().any(known)
        };
        finding.segment() == Some(self.segment) && finding.lost().iter().all(inside)
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("accepted")
}

/// Reads what was accepted. Damaged, it is as good as none: the damage is reported again.
pub(crate) fn read<S: Storage>(storage: &S, dir: &Path) -> Result<Vec<Accepted>, WalError> {
    match Slots::peek(storage, &path(dir), SCHEMA) {
        Ok(bytes) => Ok(bytes.and_then(|bytes| decode(&bytes)).unwrap_or_default()),
        Err(WalError::SlotsDamaged { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn decode(bytes: &SlotBytes) -> Option<Vec<Accepted>> {
    let archive = rkyv::access::<ArchivedAcceptedArchive, rancor::Error>(bytes).ok()?;
    let entry = |entry: &ArchivedEntryArchive| Accepted {
        segment: entry.segment.to_native(),
        lost: entry
            .lost
            .iter()
            .map(|range| LsnRange {
                first: Lsn(range.0.to_native()),
                last: Lsn(range.1.to_native()),
            })
            .collect(),
    };
    Some(archive.segments.iter().map(entry).collect())
}

/// Accepts the damage of one segment, durably: its lost records are given up, its readable ones stay.
/// The caller holds the data directory's lock, and gives the checkpoint's and cursors' positions as
/// for a start.
///
/// # Errors
/// [`WalError::NothingToAccept`] if the segment has no damage that waits; [`WalError::Io`].
pub fn accept<S: Storage>(
    storage: &S,
    dir: &Path,
    config: &LogConfig,
    known: Known,
    segment: u64,
) -> Result<Accepted, WalError> {
    let recovery = Recovery::open(storage.clone(), dir, config.clone(), known)?;
    let mut lost = Vec::new();
    let mut any = false;
    for finding in &recovery.report().findings {
        if finding.segment() == Some(segment) && finding.is_damage() {
            any = true;
            lost.extend(finding.lost());
        }
    }
    if !any {
        return Err(WalError::NothingToAccept {
            dir: dir.to_path_buf(),
            segment,
        });
    }
    let mut all = read(storage, dir)?;
    all.retain(|accepted| accepted.segment != segment);
    let accepted = Accepted { segment, lost };
    all.push(accepted.clone());
    let archive = AcceptedArchive {
        segments: all
            .iter()
            .map(|accepted| EntryArchive {
                segment: accepted.segment,
                lost: accepted
                    .lost
                    .iter()
                    .map(|range| (range.first.0, range.last.0))
                    .collect(),
            })
            .collect(),
    };
    let path = path(dir);
    let write = |source| WalError::io("write", &path)(source);
    let bytes = rkyv::to_bytes::<rancor::Error>(&archive)
        .map_err(|error| write(std::io::Error::other(error)))?;
    let opened = Slots::open(storage, &path, SCHEMA);
    let mut slots = match opened {
        Err(WalError::SlotsDamaged { .. }) => {
            Slots::<S>::remove(storage, &path)?;
            Slots::open(storage, &path, SCHEMA)?.0
        }
        other => other?.0,
    };
    slots.write(&bytes).map_err(write)?;
    Ok(accepted)
}
