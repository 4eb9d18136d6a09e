//! A spilled batch in its file.
//!
//! | offset | bytes | |
//! | --- | --- | --- |
//! | 0 | 4 | `RKSP` |
//! | 4 | 4 | CRC32C of bytes 8 to 71, begun with the lane's seed |
//! | 8 | 4 | CRC32C of the body |
//! | 12 | 4 | rows |
//! | 16 | 8 | bytes of the body |
//! | 24 | 16 | position of the first row: term, LSN |
//! | 40 | 16 | `through`: term, LSN |
//! | 56 | 8 | record time of the first row, us |
//! | 64 | 8 | 1 where rows before it may have gone directly, else 0 |
//! | 72 | | body: 34 bytes a row (end, rule, ordinal, term, LSN, device), then the rows' bytes |
//!
//! All numbers are little-endian. By hand because the rows' bytes are copied once, straight from the
//! batch to the buffer that is written.

use rookery_model::{Lsn, Position, RecordTime, Term};
use rookery_sinks::{RowBatch, RowMeta};

/// Bytes of a record's head.
pub const HEAD_BYTES: usize = 72;
const MAGIC: &[u8; 4] = b"RKSP";
const ROW_BYTES: usize = 34;
/// Rows and bytes of a batch are bounded far below; a length beyond it is damage.
const BODY_MAX_BYTES: u64 = 1 << 30;

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Rows of the batch.
    pub rows: u32,
    /// Bytes behind the head.
    pub body_bytes: u64,
    /// Position of the first row.
    pub first: Position,
    /// The batch's `through`.
    pub through: Position,
    /// The batch's `oldest`.
    pub oldest: RecordTime,
    /// Rows before it may have gone directly.
    pub begins: bool,
    body_crc: u32,
}

impl Head {
    /// Bytes of the whole record.
    #[must_use]
    pub fn record_bytes(&self) -> u64 {
        HEAD_BYTES as u64 + self.body_bytes
    }
}

/// Appends a batch's record; its head. `begins`: rows before it may have gone directly.
///
/// # Panics
/// If the batch has no row.
pub fn put(out: &mut Vec<u8>, batch: &RowBatch, begins: bool, seed: u32) -> Head {
    let start = out.len();
    out.resize(start + HEAD_BYTES, 0);
    for row in &batch.rows {
        out.extend_from_slice(&row.end.to_le_bytes());
        out.extend_from_slice(&row.rule.to_le_bytes());
        out.extend_from_slice(&row.ordinal.to_le_bytes());
        out.extend_from_slice(&row.position.term.0.to_le_bytes());
        out.extend_from_slice(&row.position.lsn.0.to_le_bytes());
        out.extend_from_slice(&row.device.to_le_bytes());
    }
    out.extend_from_slice(&batch.bytes);
    let body = start + HEAD_BYTES;
    let body_crc = crc32c::crc32c(&out[body..]);
    let body_bytes = (out.len() - body) as u64;
    let head = Head {
        rows: batch.rows.len() as u32,
        body_bytes,
        first: batch.rows[0].position,
        through: batch.through,
        oldest: batch.oldest,
        begins,
        body_crc,
    };
    let mut at = start + 8;
    let mut field = |bytes: &[u8]| {
        out[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    field(&body_crc.to_le_bytes());
    field(&head.rows.to_le_bytes());
    field(&body_bytes.to_le_bytes());
    for position in [head.first, head.through] {
        field(&position.term.0.to_le_bytes());
        field(&position.lsn.0.to_le_bytes());
    }
    field(&head.oldest.0.to_le_bytes());
    field(&u64::from(begins).to_le_bytes());
    let crc = crc32c::crc32c_append(seed, &out[start + 8..start + HEAD_BYTES]);
    out[start..start + 4].copy_from_slice(MAGIC);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    head
}

/// Reads a head; none if it is not one of this lane.
#[must_use]
pub fn head(bytes: &[u8; HEAD_BYTES], seed: u32) -> Option<Head> {
    let u32_at = |at: usize| u32::from_le_bytes(array(&bytes[at..]));
    let u64_at = |at: usize| u64::from_le_bytes(array(&bytes[at..]));
    let crc = crc32c::crc32c_append(seed, &bytes[8..]);
    if &bytes[..4] != MAGIC || u32_at(4) != crc {
        return None;
    }
    let head = Head {
        body_crc: u32_at(8),
        rows: u32_at(12),
        body_bytes: u64_at(16),
        first: Position::new(Term(u64_at(24)), Lsn(u64_at(32))),
        through: Position::new(Term(u64_at(40)), Lsn(u64_at(48))),
        oldest: RecordTime(i64::from_le_bytes(array(&bytes[56..]))),
        begins: u64_at(64) != 0,
    };
    let least = u64::from(head.rows) * ROW_BYTES as u64;
    (head.rows > 0 && head.body_bytes >= least && head.body_bytes <= BODY_MAX_BYTES).then_some(head)
}

/// Reads a body; none if it is damaged.
#[must_use]
pub fn batch(head: &Head, body: &[u8]) -> Option<RowBatch> {
    if body.len() as u64 != head.body_bytes || crc32c::crc32c(body) != head.body_crc {
        return None;
    }
    let (rows, bytes) = body.split_at(head.rows as usize * ROW_BYTES);
    let rows = rows.chunks_exact(ROW_BYTES).map(|row| RowMeta {
        end: u32::from_le_bytes(array(row)),
        rule: u16::from_le_bytes(array(&row[4..])),
        ordinal: u32::from_le_bytes(array(&row[6..])),
        position: Position::new(
            Term(u64::from_le_bytes(array(&row[10..]))),
            Lsn(u64::from_le_bytes(array(&row[18..]))),
        ),
        device: u64::from_le_bytes(array(&row[26..])),
    });
    Some(RowBatch {
        sequence: 0,
        through: head.through,
        oldest: head.oldest,
        bytes: bytes.to_vec(),
        rows: rows.collect(),
    })
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[..N]);
    out
}
