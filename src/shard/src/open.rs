//! A start: every shard's metadata and log are read, the numbering becomes the union of all, and the
//! shards stand at their checkpoints, ready to replay. Nothing listens before this is done.

use crate::checkpoint::{ArchiveError, CHECKPOINT_SCHEMA, CURSORS_SCHEMA, Checkpoint, Cursors};
use crate::number_set::NumberSet;
use crate::numbering::{ForwarderId, Numbering};
use crate::record::{self, Payload, RulesHash};
use crate::registry::Registry;
use rookery_model::{Position, ShardId, Term};
use rookery_runtime::storage::Storage;
use rookery_wal::{Log, LogConfig, LogReader, OpenReport, RecordKind, Slots, WalError};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;

/// Name of the slot file that holds the checkpoint.
pub const CHECKPOINT_FILE: &str = "checkpoint";
/// Name of the slot file that holds the cursors.
pub const CURSORS_FILE: &str = "cursors";

/// Records that are scanned of one log before the next log's turn, so that the numbers of all shards
/// come together and their union stays small.
const SCAN_TURN: usize = 1 << 16;

/// Why the shards cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The log's own reason.
    #[error("shard {shard}: {source}")]
    Log {
        /// Which shard.
        shard: ShardId,
        /// Why.
        source: WalError,
    },
    /// A slot file cannot be read.
    #[error("E2021 shard {shard}: {file} cannot be read: {source}")]
    Slots {
        /// Which shard.
        shard: ShardId,
        /// Which file.
        file: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A slot's archive cannot be read.
    #[error("E2022 shard {shard}: {source}")]
    Archive {
        /// Which shard.
        shard: ShardId,
        /// Why.
        source: ArchiveError,
    },
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
        self.numbering.keys().map(|name| registry.known(name)).collect()
    }

    /// What damage was found; a reason each.
    pub fn damage(&self) -> Vec<String> {
        let of_shard = |(index, shard): (usize, &OpenShard<S>)| {
            shard.report.damage().map(move |damage| format!("shard {index}: {damage}")).collect::<Vec<_>>()
        };
        self.shards.iter().enumerate().flat_map(of_shard).collect()
    }
}

/// Opens all shards of a data directory.
///
/// # Errors
/// Naming the shard; nothing but a new term is written then.
pub fn open_shards<S: Storage>(storage: &S, config: &OpenConfig) -> Result<Opened<S>, OpenError> {
    let mut metadata = Vec::new();
    let mut term = Term(config.now_seconds);
    for (index, dir) in config.dirs.iter().enumerate() {
        let shard = ShardId(index as u16);
        let log = |source| OpenError::Log { shard, source };
        let last = Log::last_term(storage, dir, config.log.instance).map_err(log)?;
        term = term.max(Term(last.0 + 1));
        let read = read_slots(storage, dir, shard)?;
        let known = Position::from(read.0.position).term.max(Position::from(read.2.durable).term);
        term = term.max(Term(known.0 + 1));
        metadata.push(read);
    }
    let mut shards = Vec::new();
    for (index, read) in metadata.into_iter().enumerate() {
        let shard = ShardId(index as u16);
        let (checkpoint, checkpoint_slots, cursors, cursor_slots) = read;
        let log_config = LogConfig { shard, ..config.log.clone() };
        let known_durable = Position::from(cursors.durable).max(checkpoint.position.into());
        let (log, report) =
            Log::open(storage.clone(), &config.dirs[index], log_config, term, known_durable)
                .map_err(|source| OpenError::Log { shard, source })?;
        shards.push(OpenShard {
            last_rules: checkpoint.rules,
            log,
            report,
            checkpoint,
            cursors,
            checkpoint_slots,
            cursor_slots,
        });
    }
    scan(shards)
}

type Metadata<S> = (Checkpoint, Slots<S>, Cursors, Slots<S>);

fn read_slots<S: Storage>(
    storage: &S,
    dir: &std::path::Path,
    shard: ShardId,
) -> Result<Metadata<S>, OpenError> {
    let open = |file: &'static str, schema| {
        Slots::open(storage.clone(), &dir.join(file), schema)
            .map_err(|source| OpenError::Slots { shard, file, source })
    };
    let archive = |source| OpenError::Archive { shard, source };
    let (checkpoint_slots, saved) = open(CHECKPOINT_FILE, CHECKPOINT_SCHEMA)?;
    let checkpoint = saved.map(|bytes| Checkpoint::from_archive(&bytes)).transpose();
    let (cursor_slots, saved) = open(CURSORS_FILE, CURSORS_SCHEMA)?;
    let cursors = saved.map(|bytes| Cursors::from_archive(&bytes)).transpose();
    Ok((
        checkpoint.map_err(archive)?.unwrap_or_default(),
        checkpoint_slots,
        cursors.map_err(archive)?.unwrap_or_default(),
        cursor_slots,
    ))
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
            forwarder.above.iter().for_each(|&number| set.insert(number));
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
            let more = scan_turn(shard, reader, &mut numbers, &mut rules).map_err(|source| {
                OpenError::Log { shard: ShardId(index as u16), source }
            })?;
            if !more {
                *slot = None;
            }
        }
    }
    let numbering = numbers.into_iter().map(|(name, set)| (name, set.into_mark())).collect();
    Ok(Opened { shards, numbering, rules })
}

/// False at the log's end.
fn scan_turn<S: Storage>(
    shard: &mut OpenShard<S>,
    reader: &mut LogReader<S>,
    numbers: &mut BTreeMap<String, NumberSet>,
    rules: &mut BTreeSet<RulesHash>,
) -> Result<bool, WalError> {
    for _ in 0..SCAN_TURN {
        let Some(record) = reader.next(&shard.log)? else { return Ok(false) };
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
