//! A start: every shard's metadata and log are read, the numbering becomes the union of all, and the
//! shards stand at their checkpoints, ready to replay. Nothing listens before this is done.

use crate::checkpoint::{ArchiveError, CHECKPOINT_SCHEMA, CURSORS_SCHEMA, Checkpoint, Cursors};
use crate::data_dir::DataDir;
use crate::number_set::NumberSet;
use crate::numbering::{ForwarderId, Numbering};
use crate::record::{self, Payload, RulesHash};
use crate::registry::Registry;
use rookery_model::{Position, RecordTime, ShardId, Term};
use rookery_runtime::storage::{RealStorage, Storage};
use rookery_wal::{
    Known, Log, LogConfig, LogReader, OpenReport, RecordKind, Recovery, Slots, Start, WalError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Name of the slot file that holds the checkpoint.
pub const CHECKPOINT_FILE: &str = "checkpoint";
/// Name of the slot file that holds the cursors.
pub const CURSORS_FILE: &str = "cursors";

/// Records that are scanned of one log before the next log's turn, so that the numbers of all shards
/// come together and their union stays small.
const SCAN_TURN: usize = 1 << 16;

/// Why a shard cannot be opened.
#[derive(Debug, Error)]
#[error("shard {shard}: {source}")]
pub struct OpenError {
    shard: ShardId,
    source: OpenShardError,
}

/// What of it cannot be read.
#[derive(Debug, Error)]
pub enum OpenShardError {
    /// Log or slots.
    #[error(transparent)]
    Log(#[from] WalError),
    /// A slot's archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// How the logs are kept.
#[derive(Clone, Debug)]
pub struct OpenConfig {
    /// By shard.
    pub dirs: Vec<PathBuf>,
    /// The log's settings; the shard's own are filled in.
    pub log: LogConfig,
    /// Seconds of the wall clock, for the term.
    pub now_seconds: u64,
    /// Time of the start records.
    pub now: RecordTime,
}

/// One shard, opened.
pub struct OpenShard<S: Storage> {
    /// Its log, at a new term.
    pub log: Log<S>,
    /// What the log's scan found.
    pub report: OpenReport,
    /// Its state.
    pub checkpoint: Checkpoint,
    /// Its lanes' cursors.
    pub cursors: Cursors,
    /// The rule set of its last record.
    pub last_rules: Option<RulesHash>,
    /// Where checkpoints go.
    pub checkpoint_slots: Slots<S>,
    /// Where cursors go.
    pub cursor_slots: Slots<S>,
}

/// All shards, opened.
pub struct Opened<S: Storage> {
    /// By shard.
    pub shards: Vec<OpenShard<S>>,
    /// The union of what all shards know, to start each with.
    pub numbering: BTreeMap<String, crate::numbering::Mark>,
    /// Rule sets that a replay needs.
    pub rules: BTreeSet<RulesHash>,
}

impl<S: Storage> Opened<S> {
    /// The numbering that every shard starts with.
    pub fn numbering(&self, registry: &Registry) -> Numbering {
        let mut numbering = Numbering::default();
        for (name, mark) in &self.numbering {
            numbering.restore(registry.known(name).0, mark);
        }
        numbering
    }
}

impl<S: Storage> Opened<S> {
    /// Indexes and names of the forwarders that the logs know.
    pub fn names(&self, registry: &Registry) -> Vec<(ForwarderId, Arc<str>)> {
        self.numbering
            .keys()
            .map(|name| registry.known(name))
            .collect()
    }

    /// The term that all shards have begun.
    pub fn term(&self) -> Term {
        self.shards
            .first()
            .map_or(Term(0), |shard| shard.log.appended().term)
    }

    /// What damage was found; a reason each.
    pub fn damage(&self) -> Vec<String> {
        let of_shard = |(index, shard): (usize, &OpenShard<S>)| {
            let findings = shard
                .report
                .findings
                .iter()
                .filter(|finding| finding.is_damage());
            findings
                .map(move |finding| format!("shard {index}: {finding}"))
                .collect::<Vec<_>>()
        };
        self.shards.iter().enumerate().flat_map(of_shard).collect()
    }
}

/// Opens all shards of a data directory.
///
/// # Errors
/// Naming the shard; nothing but a new term is written then.
pub fn open_shards<S: Storage>(storage: &S, config: &OpenConfig) -> Result<Opened<S>, OpenError> {
    let mut recovered = Vec::new();
    let mut term = Term(config.now_seconds);
    for (index, dir) in config.dirs.iter().enumerate() {
        let shard = ShardId(index as u16);
        let log = |source: WalError| OpenError {
            shard,
            source: source.into(),
        };
        storage.create_dir_all(dir).map_err(|source| {
            log(WalError::Io {
                action: "create",
                path: dir.clone(),
                source,
            })
        })?;
        let metadata =
            Metadata::read(storage, dir).map_err(|source| OpenError { shard, source })?;
        let known = metadata.known();
        let log_config = LogConfig {
            shard,
            ..config.log.clone()
        };
        let recovery = Recovery::open(storage.clone(), dir, log_config, known).map_err(log)?;
        let last = recovery
            .last_term()
            .max(known.durable.term)
            .max(known.checkpoint.term);
        term = term.max(Term(last.0 + 1));
        recovered.push((metadata, recovery));
    }
    let mut shards = Vec::new();
    for (index, (metadata, recovery)) in recovered.into_iter().enumerate() {
        let shard = ShardId(index as u16);
        let report = recovery.report().clone();
        let start = Start {
            term,
            time: config.now,
            payload: &[],
        };
        let log = recovery.start(start).map_err(|source| OpenError {
            shard,
            source: source.into(),
        })?;
        let Metadata {
            checkpoint,
            checkpoint_slots,
            cursors,
            cursor_slots,
        } = metadata;
        let last_rules = checkpoint.rules;
        shards.push(OpenShard {
            log,
            report,
            checkpoint,
            cursors,
            last_rules,
            checkpoint_slots,
            cursor_slots,
        });
    }
    scan(shards)
}

/// A shard's own files.
struct Metadata<S: Storage> {
    checkpoint: Checkpoint,
    checkpoint_slots: Slots<S>,
    cursors: Cursors,
    cursor_slots: Slots<S>,
}

/// What a shard's own files say of its log.
///
/// # Errors
/// They cannot be read.
pub fn read_known(storage: &RealStorage, dir: &Path) -> Result<Known, OpenShardError> {
    Metadata::read(storage, dir).map(|metadata| metadata.known())
}

/// The instance as the log's checksums hold it.
#[must_use]
pub fn log_instance(dir: &DataDir) -> [u8; 16] {
    xxhash_rust::xxh3::xxh3_128(dir.instance().as_bytes()).to_le_bytes()
}

impl<S: Storage> Metadata<S> {
    fn known(&self) -> Known {
        Known {
            durable: Position::from(self.cursors.durable),
            checkpoint: self.checkpoint.position.into(),
        }
    }

    fn read(storage: &S, dir: &Path) -> Result<Self, OpenShardError> {
        let (checkpoint_slots, saved) =
            Slots::open(storage, &dir.join(CHECKPOINT_FILE), CHECKPOINT_SCHEMA)?;
        let checkpoint = saved
            .map(|bytes| Checkpoint::from_archive(&bytes))
            .transpose()?;
        let (cursor_slots, saved) = Slots::open(storage, &dir.join(CURSORS_FILE), CURSORS_SCHEMA)?;
        let cursors = saved
            .map(|bytes| Cursors::from_archive(&bytes))
            .transpose()?;
        Ok(Self {
            checkpoint: checkpoint.unwrap_or_default(),
            checkpoint_slots,
            cursors: cursors.unwrap_or_default(),
            cursor_slots,
        })
    }
}

/// Reads the numbers and rule sets of every record after the checkpoints, all logs in turns.
fn scan<S: Storage>(mut shards: Vec<OpenShard<S>>) -> Result<Opened<S>, OpenError> {
    let mut numbers: BTreeMap<String, NumberSet> = BTreeMap::new();
    let mut rules = BTreeSet::new();
    for shard in &shards {
        rules.extend(shard.checkpoint.rules);
        for forwarder in &shard.checkpoint.forwarders {
            let set = numbers.entry(forwarder.name.clone()).or_default();
            set.raise(forwarder.watermark);
            forwarder
                .above
                .iter()
                .for_each(|&number| set.insert(number));
        }
    }
    let mut readers: Vec<Option<LogReader<S>>> = shards
        .iter()
        .map(|shard| Some(shard.log.reader(shard.checkpoint.position.into())))
        .collect();
    while readers.iter().any(Option::is_some) {
        for (index, slot) in readers.iter_mut().enumerate() {
            let Some(reader) = slot else { continue };
            let shard = &mut shards[index];
            let more =
                scan_turn(shard, reader, &mut numbers, &mut rules).map_err(|source| OpenError {
                    shard: ShardId(index as u16),
                    source: source.into(),
                })?;
            if !more {
                *slot = None;
            }
        }
    }
    let numbering = numbers
        .into_iter()
        .map(|(name, set)| (name, set.into_mark()))
        .collect();
    Ok(Opened {
        shards,
        numbering,
        rules,
    })
}

/// False at the log's end.
fn scan_turn<S: Storage>(
    shard: &mut OpenShard<S>,
    reader: &mut LogReader<S>,
    numbers: &mut BTreeMap<String, NumberSet>,
    rules: &mut BTreeSet<RulesHash>,
) -> Result<bool, WalError> {
    for _ in 0..SCAN_TURN {
        let Some(record) = reader.next(&shard.log)? else {
            return Ok(false);
        };
        let payload = match record.kind {
            RecordKind::Message => record::read_message(record.payload),
            RecordKind::Malformed => record::read_malformed(record.payload),
            RecordKind::Skip => record::read_skip(record.payload),
            RecordKind::Rules => record::read_rules(record.payload),
            _ => continue,
        };
        match payload {
            Ok(Payload::Message { sender, .. } | Payload::Malformed { sender, .. }) => {
                if !sender.name.is_empty() {
                    entry(numbers, sender.name).insert(sender.number);
                }
            }
            Ok(Payload::Skip { sender }) => entry(numbers, sender.name).raise(sender.number),
            Ok(Payload::Rules(hash)) => {
                rules.insert(hash);
                shard.last_rules = Some(hash);
            }
            // The step makes a dead letter of it.
            Err(_) => {}
        }
    }
    Ok(true)
}

fn entry<'a>(numbers: &'a mut BTreeMap<String, NumberSet>, name: &str) -> &'a mut NumberSet {
    if !numbers.contains_key(name) {
        numbers.insert(name.to_owned(), NumberSet::default());
    }
    numbers.get_mut(name).expect("just put in")
}
