//! What an operator decides about a log that is damaged, offline.

use crate::data_dir::DataDir;
use crate::open::{OpenShardError, log_instance, read_known};
use rookery_model::ShardId;
use rookery_wal::{Accepted, LogConfig, accept};

/// Gives up the lost records of a damaged segment, durably; the readable ones stay. Health is good
/// again at the next start.
///
/// # Errors
/// There is no damage in that segment that waits, or the files cannot be read.
pub fn accept_damage(
    dir: &DataDir,
    shard: ShardId,
    segment: u64,
) -> Result<Accepted, OpenShardError> {
    let path = dir.shard_dir(shard.0);
    let config = LogConfig::new(log_instance(dir), shard);
    let known = read_known(dir.storage(), &path)?;
    Ok(accept(dir.storage(), &path, &config, known, segment)?)
}
