//! From a line to the shard that owns it.

use crate::record::Defect;
use rookery_codecs::route::{Route, route};
use rookery_model::{ShardId, Stage, slot_of};
use xxhash_rust::xxh3::xxh3_64;

/// Where a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The owner.
    pub shard: ShardId,
    /// Hash of the device key, or of the forwarder's name where there is no device.
    pub device: u64,
    /// Why there is no device.
    pub defect: Option<Defect>,
}

/// Routes one line.
#[inline]
pub fn destination(
    line: &[u8],
    device_key: &str,
    forwarder: &str,
    shards: u16,
    scratch: &mut Vec<u8>,
) -> Destination {
    match route(line, device_key.as_bytes(), scratch) {
        Route::Key(key) => {
            let slot = slot_of(key);
            Destination {
                shard: ShardId::of_slot(slot, shards),
                device: xxh3_64(key),
                defect: None,
            }
        }
        Route::Unroutable(error) => {
            let code = error.code()[1..]
                .parse()
                .expect("a code is E and four digits");
            let length = u32::try_from(line.len()).unwrap_or(u32::MAX);
            unroutable(
                forwarder,
                shards,
                Defect {
                    stage: Stage::Route,
                    code,
                    length,
                },
            )
        }
    }
}

/// A line without a device goes to the shard of its forwarder's name.
#[must_use]
pub fn unroutable(forwarder: &str, shards: u16, defect: Defect) -> Destination {
    Destination {
        shard: shard_of_name(forwarder, shards),
        device: device_of_name(forwarder),
        defect: Some(defect),
    }
}

/// The shard of hash(forwarder): its malformed lines and skips live there.
#[must_use]
pub fn shard_of_name(forwarder: &str, shards: u16) -> ShardId {
    ShardId::of_slot(slot_of(forwarder.as_bytes()), shards)
}

/// The device hash of a logged message.
#[must_use]
pub fn device_of(raw: &[u8], device_key: &str, forwarder: &str, scratch: &mut Vec<u8>) -> u64 {
    match route(raw, device_key.as_bytes(), scratch) {
        Route::Key(key) => xxh3_64(key),
        Route::Unroutable(_) => device_of_name(forwarder),
    }
}

/// What stands for the device of a line that has none.
#[must_use]
pub fn device_of_name(forwarder: &str) -> u64 {
    xxh3_64(forwarder.as_bytes())
}
