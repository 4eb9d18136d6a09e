//! Bytes of the log: headers, records, their checksums. The tables are in the crate's head.

use rookery_model::limits::RECORD_MAX_BYTES;
use rookery_model::{Lsn, RecordTime, ShardId, Term};

/// Page 0 of a segment.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 4096;
/// Bytes of that page that carry meaning.
pub(crate) const SEGMENT_HEADER_USED: usize = 72;
pub(crate) const BATCH_HEADER_BYTES: usize = 64;
pub(crate) const RECORD_HEADER_BYTES: usize = 20;
/// Newest segment format that this version reads, and the one it writes.
pub(crate) const FORMAT_VERSION: u32 = 1;

const SEGMENT_MAGIC: &[u8; 8] = b"RKWALSEG";
/// First bytes of a batch after its CRC.
pub(crate) const BATCH_MAGIC: &[u8; 3] = b"RKB";

/// What a record is, to the log's owner. The codes are fixed for the life of every data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RecordKind {
    /// The log was opened under a new term. Written by the log itself.
    Start = 1,
    /// A routed message.
    Message = 2,
    /// A line that cannot be routed.
    Malformed = 3,
    /// A forwarder gave up numbers.
    Skip = 4,
    /// Another rule set is in force.
    Rules = 5,
    /// Time passed without messages.
    Tick = 6,
    /// A row or partial result of another shard.
    Exchange = 7,
    /// An answer of a lookup.
    Answer = 8,
}

impl RecordKind {
    /// The kind of a code; `None` for one that no version wrote.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Start,
            2 => Self::Message,
            3 => Self::Malformed,
            4 => Self::Skip,
            5 => Self::Rules,
            6 => Self::Tick,
            7 => Self::Exchange,
            8 => Self::Answer,
            _ => return None,
        })
    }

    /// Its name, as `rookery wal dump` prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Message => "message",
            Self::Malformed => "malformed",
            Self::Skip => "skip",
            Self::Rules => "rules",
            Self::Tick => "tick",
            Self::Exchange => "exchange",
            Self::Answer => "answer",
        }
    }
}

/// Whose segment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub instance: [u8; 16],
    pub shard: ShardId,
}

/// What makes a checksum valid in one segment only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Salt(u32);

impl Identity {
    pub(crate) fn salt(&self, segment: u64) -> Salt {
        let crc = crc32c::crc32c(&self.instance);
        let crc = crc32c::crc32c_append(crc, &self.shard.0.to_le_bytes());
        Salt(crc32c::crc32c_append(crc, &segment.to_le_bytes()))
    }
}

impl Salt {
    /// Initial value of the checksum at an offset. A CRC maps initial values one to one, and so does
    /// the multiplication: the same bytes at another offset always have another checksum.
    #[inline]
    pub(crate) fn at(self, offset: u64) -> u32 {
        self.0 ^ (offset as u32).wrapping_mul(0x9e37_79b1)
    }
}

/// One step of the fold of a batch's record CRCs; one to one in `fold`, so that no change is lost.
#[inline]
pub(crate) fn fold(fold: u32, crc: u32) -> u32 {
    (fold ^ crc).wrapping_mul(0x9e37_79b1).rotate_left(15)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// Page 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub identity: Identity,
    pub segment: u64,
    pub previous: u64,
    pub term: Term,
    pub size: u64,
}

/// Why page 0 cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentHeaderError {
    Damaged,
    Newer(u32),
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES as usize] {
        let mut out = [0; SEGMENT_HEADER_BYTES as usize];
        out[..8].copy_from_slice(SEGMENT_MAGIC);
        out[12..16].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        out[16..32].copy_from_slice(&self.identity.instance);
        out[32..34].copy_from_slice(&self.identity.shard.0.to_le_bytes());
        out[40..48].copy_from_slice(&self.segment.to_le_bytes());
        out[48..56].copy_from_slice(&self.previous.to_le_bytes());
        out[56..64].copy_from_slice(&self.term.0.to_le_bytes());
        out[64..72].copy_from_slice(&self.size.to_le_bytes());
        let crc = crc32c::crc32c(&out[12..SEGMENT_HEADER_USED]);
        out[8..12].copy_from_slice(&crc.to_le_bytes());
        out
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, SegmentHeaderError> {
        let intact = bytes.len() >= SEGMENT_HEADER_USED
            && bytes[..8] == *SEGMENT_MAGIC
            && u32_at(bytes, 8) == crc32c::crc32c(&bytes[12..SEGMENT_HEADER_USED])
            && bytes[34..40] == [0; 6];
        if !intact {
            return Err(SegmentHeaderError::Damaged);
        }
        match u32_at(bytes, 12) {
            FORMAT_VERSION => {}
            version => return Err(SegmentHeaderError::Newer(version)),
        }
        Ok(Self {
            identity: Identity {
                instance: bytes[16..32].try_into().expect("sixteen bytes"),
                shard: ShardId(u16::from_le_bytes([bytes[32], bytes[33]])),
            },
            segment: u64_at(bytes, 40),
            previous: u64_at(bytes, 48),
            term: Term(u64_at(bytes, 56)),
            size: u64_at(bytes, 64),
        })
    }
}

/// What a batch header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum BatchKind {
    Records = 0xb0,
    Mark = 0xb1,
    Seal = 0xb2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    pub kind: BatchKind,
    pub term: Term,
    pub first: Lsn,
    pub time: RecordTime,
    pub durable: Lsn,
    pub segment: u64,
    pub count: u32,
    pub bytes: u32,
    pub fold: u32,
}

impl BatchHeader {
    pub(crate) fn encode(&self, salt: Salt, offset: u64) -> [u8; BATCH_HEADER_BYTES] {
        let mut out = [0; BATCH_HEADER_BYTES];
        out[4..7].copy_from_slice(BATCH_MAGIC);
        out[7] = self.kind as u8;
        out[8..16].copy_from_slice(&self.term.0.to_le_bytes());
        out[16..24].copy_from_slice(&self.first.0.to_le_bytes());
        out[24..32].copy_from_slice(&self.time.0.to_le_bytes());
        out[32..40].copy_from_slice(&self.durable.0.to_le_bytes());
        out[40..48].copy_from_slice(&self.segment.to_le_bytes());
        out[48..52].copy_from_slice(&self.count.to_le_bytes());
        out[52..56].copy_from_slice(&self.bytes.to_le_bytes());
        out[56..60].copy_from_slice(&self.fold.to_le_bytes());
        let crc = crc32c::crc32c_append(salt.at(offset), &out[4..]);
        out[..4].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads a header at `offset`, of whatever segment it names: the caller compares.
    pub(crate) fn parse(bytes: &[u8], offset: u64, identity: &Identity) -> Option<Self> {
        let bytes = bytes.get(..BATCH_HEADER_BYTES)?;
        if bytes[4..7] != *BATCH_MAGIC {
            return None;
        }
        let kind = match bytes[7] {
            0xb0 => BatchKind::Records,
            0xb1 => BatchKind::Mark,
            0xb2 => BatchKind::Seal,
            _ => return None,
        };
        let segment = u64_at(bytes, 40);
        let crc = crc32c::crc32c_append(identity.salt(segment).at(offset), &bytes[4..]);
        if crc != u32_at(bytes, 0) || u32_at(bytes, 60) != 0 {
            return None;
        }
        Some(Self {
            kind,
            term: Term(u64_at(bytes, 8)),
            first: Lsn(u64_at(bytes, 16)),
            time: RecordTime(u64_at(bytes, 24) as i64),
            durable: Lsn(u64_at(bytes, 32)),
            segment,
            count: u32_at(bytes, 48),
            bytes: u32_at(bytes, 52),
            fold: u32_at(bytes, 56),
        })
    }
}

/// A record's header; its LSN's upper half comes from its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub crc: u32,
    pub length: usize,
    pub kind: RecordKind,
    pub lsn_low: u32,
    pub time: RecordTime,
}

impl RecordHeader {
    /// Bytes of a record's header with its CRC, given the payload's parts.
    #[inline]
    pub(crate) fn encode(
        kind: RecordKind,
        lsn: Lsn,
        time: RecordTime,
        seed: u32,
        length: usize,
        parts: &[&[u8]],
    ) -> ([u8; RECORD_HEADER_BYTES], u32) {
        debug_assert!(length <= RECORD_MAX_BYTES);
        let mut out = [0; RECORD_HEADER_BYTES];
        let word = length as u32 | (kind as u32) << 24;
        out[4..8].copy_from_slice(&word.to_le_bytes());
        out[8..12].copy_from_slice(&(lsn.0 as u32).to_le_bytes());
        out[12..20].copy_from_slice(&time.0.to_le_bytes());
        let mut crc = crc32c::crc32c_append(seed, &out[4..]);
        for part in parts {
            crc = crc32c::crc32c_append(crc, part);
        }
        out[..4].copy_from_slice(&crc.to_le_bytes());
        (out, crc)
    }

    /// Reads a header; the CRC is checked by [`RecordHeader::verifies`] once the payload is there.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..RECORD_HEADER_BYTES)?;
        let word = u32_at(bytes, 4);
        Some(Self {
            crc: u32_at(bytes, 0),
            length: (word & 0x00ff_ffff) as usize,
            kind: RecordKind::from_code((word >> 24) as u8)?,
            lsn_low: u32_at(bytes, 8),
            time: RecordTime(u64_at(bytes, 12) as i64),
        })
    }

    /// Bytes of the whole record.
    pub(crate) fn total(&self) -> usize {
        RECORD_HEADER_BYTES + self.length
    }

    /// Whether `record`, header and payload, has the checksum of its place.
    pub(crate) fn verifies(&self, record: &[u8], salt: Salt, offset: u64) -> bool {
        crc32c::crc32c_append(salt.at(offset), &record[4..self.total()]) == self.crc
    }

    /// The full LSN: the lowest one above or at `least` with these low bits.
    pub(crate) fn lsn(&self, least: Lsn) -> Lsn {
        let ahead = self.lsn_low.wrapping_sub(least.0 as u32);
        Lsn(least.0 + u64::from(ahead))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "format_tests.rs"]
mod tests;
