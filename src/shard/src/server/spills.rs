//! The lanes' spill files at a start.

use super::lanes::SinkPlan;
use super::{SpillConfig, StartError};
use crate::data_dir::DataDir;
use crate::open::Opened;
use crate::spill::{self, Found, SpillBudget, SpillLimits, SpillSetup, SpillState, SpillStore};
use rookery_model::{Position, ShardId, limits};
use rookery_runtime::storage::RealStorage;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Directory of the lanes' spill files, in each shard's.
const SPILL_DIR: &str = "spill";

/// The lanes' spill files as the start found them.
pub(super) struct Spills {
    pub setup: SpillSetup,
    /// By shard, by lane: what is there, and how far the checkpoint counts on it.
    pub found: Vec<Vec<(SpillState, Position)>>,
}

/// The directory of a lane's spill files below its shard's.
fn spill_dir(dir: &DataDir, shard: u16, sink: &str, writer: u16) -> PathBuf {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut name = String::new();
    for c in sink.chars() {
        match plain(c) {
            true => name.push(c),
            false => name.push_str(&format!("%{:x}%", u32::from(c))),
        }
    }
    let spills = dir.shard_dir(shard).join(SPILL_DIR);
    spills.join(format!("{name}-{writer}"))
}

/// A directory in which spilled rows of a sink with so many writers wait, if there is one.
#[must_use]
pub fn spilled_rows(dir: &DataDir, sink: &str, writers: u16) -> Option<PathBuf> {
    let lanes = (0..dir.shards()).flat_map(|shard| (0..writers).map(move |writer| (shard, writer)));
    lanes
        .map(|(shard, writer)| spill_dir(dir, shard, sink, writer))
        .find(|path| std::fs::read_dir(path).is_ok_and(|mut files| files.next().is_some()))
}

/// Opens every lane's files, cut to its shard's checkpoint, and names those that no sink claims.
pub(super) fn open_spills(
    dir: &DataDir,
    config: &SpillConfig,
    plans: &[SinkPlan],
    opened: &Opened<RealStorage>,
) -> Result<Spills, StartError> {
    let shared = Arc::new(SpillBudget::new(config.max_bytes));
    let mut stores = HashMap::new();
    let mut found = Vec::new();
    for (index, shard) in opened.shards.iter().enumerate() {
        let index = index as u16;
        let mut lanes = Vec::new();
        let mut claimed = Vec::new();
        for plan in plans {
            let (lane_max_bytes, policy) = config.of(&plan.name);
            for writer in 0..plan.writers.len() as u16 {
                let saved = shard.cursors.of_lane(&plan.name, writer);
                let checkpoint = Position::from(shard.checkpoint.position);
                let promised = saved.spilled.min(checkpoint);
                let limits = SpillLimits {
                    segment_bytes: limits::SPILL_SEGMENT_BYTES,
                    lane_max_bytes,
                    policy,
                    shared: Arc::clone(&shared),
                };
                let at = Found {
                    term: opened.term(),
                    checkpoint,
                    cursor: saved.cursor,
                    promised,
                };
                let path = spill_dir(dir, index, &plan.name, writer);
                let seed = spill::seed(dir.instance(), index, &plan.name, writer);
                let spill::Opened { mut store, lost } =
                    SpillStore::open(dir.storage(), &path, seed, limits, at)?;
                claimed.push(path);
                if let Some(through) = lost {
                    tracing::error!(
                        sink = plan.name,
                        shard = index,
                        after = %saved.cursor,
                        %through,
                        "E2064 spill files are missing: the rows of these records that the target had not confirmed are lost"
                    );
                }
                lanes.push((store.state(), promised));
                stores.insert(
                    (ShardId(index), lanes.len() - 1),
                    (plan.name.clone(), store),
                );
            }
        }
        found.push(lanes);
        warn_of_unclaimed(&dir.shard_dir(index).join(SPILL_DIR), &claimed);
    }
    let setup = SpillSetup { stores };
    Ok(Spills { setup, found })
}

/// Rows of a sink that no rule set has any more stay where they are.
fn warn_of_unclaimed(dir: &Path, claimed: &[PathBuf]) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten().filter(|e| !claimed.contains(&e.path())) {
        let holds_rows =
            std::fs::read_dir(entry.path()).is_ok_and(|mut files| files.next().is_some());
        if holds_rows {
            tracing::warn!(
                directory = %entry.path().display(),
                "spilled rows of a sink that no rule writes to: declare it again to have them sent, or remove the directory to give them up"
            );
        }
    }
}
