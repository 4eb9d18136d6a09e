//! The simulated fleet: which message is the n-th of a connection, and its bytes.
//!
//! The fleet's messages have indices 0, 1, 2, .. The message `index` is about the device at
//! `position = index % devices`, in its `round = index / devices`: each device speaks in turn, so
//! that the ids of one device increase. A connection `c` of `n` carries the positions `c`, `c + n`,
//! `c + 2n`, .. of every round, hence all messages of its devices, in order.
//!
//! Invariants: a message's bytes follow from (options, index) alone, not from time, the rate or the
//! count of connections; the first `total` messages are the same set however many connections share
//! them; any message can be rendered again at any time, so nothing that was sent needs to be kept.

mod kinds;
mod stream;
mod template;
mod time_text;

use anyhow::{Result, bail};

pub use kinds::Kind;
use kinds::Shapes;
pub use stream::Stream;
use template::IMEI_DIGITS;
pub use time_text::parse_time;

/// Messages of the fleet in one second of their own `time` column: the load of 400,000 machines.
/// Fixed, so that the bytes do not depend on the rate at which they are sent.
pub const MESSAGES_PER_FLEET_SECOND: u64 = 10_000;
/// Most devices: each costs 16 bytes of memory.
pub const DEVICES_MAX: u64 = 100_000_000;
/// Largest sum of a mix's weights: kinds repeat in blocks of so many devices.
pub const MIX_SUM_MAX: u32 = 10_000;
/// Most fitting shapes of one kind: their number is kept in one byte.
const SHAPES_MAX: usize = 80;

/// What decides every byte of the fleet's messages.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// Distinct devices.
    pub devices: u64,
    /// Weights of washers, water dispensers and chargers, as in [`Kind::ALL`].
    pub mix: [u32; 3],
    /// Seed of everything drawn.
    pub seed: u64,
    /// Odd messages in a million.
    pub noise_ppm: u32,
    /// The first message's own time, in seconds since 1970-01-01 00:00:00 of the same zone.
    pub start_time: i64,
}

/// One device: the digits of its IMEI, and the number of its shape.
type Device = [u8; IMEI_DIGITS + 1];

/// A fleet, ready to render.
pub struct Fleet {
    devices: Vec<Device>,
    shapes: [Shapes; 3],
    seed: u64,
    noise_ppm: u32,
    start_time: i64,
}

impl Fleet {
    /// Lays out the devices.
    ///
    /// # Errors
    /// When a count is over its limit or the mix is empty.
    pub fn new(options: &FleetOptions) -> Result<Self> {
        let sum: u32 = options.mix.iter().sum();
        if sum == 0 || sum > MIX_SUM_MAX {
            bail!(
                "the weights of --mix add up to {sum}; give weights with a sum from 1 to {MIX_SUM_MAX}"
            );
        }
        if options.devices == 0 || options.devices > DEVICES_MAX {
            bail!(
                "--devices {} is outside 1 to {DEVICES_MAX}",
                options.devices
            );
        }
        if options.noise_ppm > 1_000_000 {
            bail!("--noise is a share from 0 to 1");
        }
        let shapes = Shapes::all();
        assert!(
            shapes
                .iter()
                .all(|shapes| shapes.ordinary.len() <= SHAPES_MAX)
        );
        let pattern = kind_pattern(options.mix);
        let device = |position: u64| {
            let kind = kind_at(position, &pattern, options.seed);
            let ordinary = shapes[kind].ordinary.len() as u64;
            let shape = mixed(options.seed ^ 0x005b_a9e5, position) % ordinary;
            let mut device = [0; IMEI_DIGITS + 1];
            write_imei(position, options.seed, &mut device);
            device[IMEI_DIGITS] = (kind * SHAPES_MAX) as u8 + shape as u8;
            device
        };
        Ok(Self {
            devices: (0..options.devices).map(device).collect(),
            shapes,
            seed: options.seed,
            noise_ppm: options.noise_ppm,
            start_time: options.start_time,
        })
    }

    /// Count of devices.
    pub fn devices(&self) -> u64 {
        self.devices.len() as u64
    }

    /// How many of the first `total` messages belong to connection `connection` of `connections`.
    pub fn share(&self, connection: u64, connections: u64, total: u64) -> u64 {
        let rounds = total / self.devices();
        let rest = total % self.devices();
        rounds * positions_below(self.devices(), connection, connections)
            + positions_below(rest, connection, connections)
    }
}

/// Positions below `end` that connection `connection` of `connections` carries.
fn positions_below(end: u64, connection: u64, connections: u64) -> u64 {
    (end + connections - 1 - connection.min(end + connections - 1)) / connections
}

/// Kinds of one block of devices, as indices into [`Kind::ALL`].
fn kind_pattern(mix: [u32; 3]) -> Vec<usize> {
    let repeated = |kind: usize| std::iter::repeat_n(kind, mix[kind] as usize);
    (0..mix.len()).flat_map(repeated).collect()
}

/// The kind at `position`: every block holds the mix exactly, turned by a drawn offset, so that a
/// stride of connections does not pick one kind.
fn kind_at(position: u64, pattern: &[usize], seed: u64) -> usize {
    let block = position / pattern.len() as u64;
    let turned = position.wrapping_add(mixed(seed, block) >> 1) % pattern.len() as u64;
    pattern[turned as usize]
}

/// The IMEI of the device at `position`: 86, twelve digits that do not repeat within 10^12
/// positions and do not follow the position, and the check digit (3GPP TS 23.003, annex B).
fn write_imei(position: u64, seed: u64, imei: &mut Device) {
    const SERIALS: u64 = 1_000_000_000_000;
    // Odd and no multiple of five, so prime to 10^12: the product runs through all serials.
    const STEP: u64 = 7_321_857_143;
    let offset = mixed(seed, u64::MAX) % SERIALS;
    let mut rest = ((u128::from(position) * u128::from(STEP) + u128::from(offset))
        % u128::from(SERIALS)) as u64;
    imei[0] = b'8';
    imei[1] = b'6';
    for digit in imei[2..IMEI_DIGITS - 1].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = imei[..IMEI_DIGITS - 1]
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            u32::from(if at % 2 == 1 {
                doubled(byte - b'0')
            } else {
                byte - b'0'
            })
        })
        .sum();
    imei[IMEI_DIGITS - 1] = b'0' + ((10 - sum % 10) % 10) as u8;
}

/// 64 well mixed bits of (seed, n): the finalizer of SplitMix64 (Steele et al., 2014).
fn mixed(seed: u64, n: u64) -> u64 {
    let mut bits = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
