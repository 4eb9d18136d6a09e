//! What a file sink must remember: which file it writes, how far that is confirmed, and each lane's
//! cursor. Written only after the rows themselves are synced.
//!
//! Two slots, written in turn, each with one `pwrite` into blocks that the file has from its creation
//! (so a full disk cannot prevent it) and then synced. The valid slot with the higher sequence counts.
//!
//! | offset in a slot | bytes | what |
//! | --- | --- | --- |
//! | 0 | 8 | `rookfcur` |
//! | 8 | 2 | format: 1 |
//! | 10 | 2 | lanes |
//! | 12 | 2 | bytes of the directory's path |
//! | 14 | 2 | 0 |
//! | 16 | 8 | sequence of this writing, from 1 |
//! | 24 | 8 | index of the row file |
//! | 32 | 8 | confirmed bytes of it |
//! | 40 | 20 each | lanes: shard (2), writer (2), term (8), LSN (8) |
//! | then | | the path |
//! | then | 4 | CRC32C of all before |
//!
//! Numbers are little-endian. A slot of zeros was never written. Cases of a start:
//!
//! | one slot | the other | meaning |
//! | --- | --- | --- |
//! | valid | valid | the higher sequence |
//! | valid | zeros or damaged | the valid one: the other was never written, or torn |
//! | zeros | zeros, damaged, missing | nothing was ever confirmed (a torn first writing confirms nothing) |
//! | damaged | damaged | refused |
//!
//! After a failed sync the cache may show a slot that the disk does not have. So a start writes what it
//! read once more, byte for byte (which can tear nothing), and syncs it before it is believed.

use crate::{LaneCursor, LaneKey, SinkError};
use rookery_model::{Lsn, Position, ShardId, Term};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"rookfcur";
const FORMAT: u16 = 1;
const HEADER_BYTES: usize = 40;
const LANE_BYTES: usize = 20;
const CRC_BYTES: usize = 4;
/// Longest path of a directory: the kernel's own limit.
pub(crate) const PATH_MAX_BYTES: usize = 4096;
/// Most lanes: one for each of the 256 slots that devices hash to at most, and one of refused rows.
const LANES_MAX: usize = rookery_model::SLOTS as usize + 1;
/// Whole pages, with room for the longest content.
pub(super) const SLOT_BYTES: usize = 12 * 1024;

const _: () =
    assert!(HEADER_BYTES + LANES_MAX * LANE_BYTES + PATH_MAX_BYTES + CRC_BYTES <= SLOT_BYTES);

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileState {
    /// The directory that the row files are in.
    pub directory: PathBuf,
    /// The file that was being written; those with a lower index are complete.
    pub file_index: u64,
    /// Its bytes that are confirmed.
    pub offset: u64,
    /// How far each lane had come then.
    pub cursors: Vec<LaneCursor>,
}

/// The open cursor file.
#[derive(Debug)]
pub(crate) struct CursorFile {
    file: File,
    path: PathBuf,
    sequence: u64,
    buffer: Vec<u8>,
}

/// What a slot holds.
#[derive(Debug, PartialEq, Eq)]
enum Slot {
    Zeros,
    Damaged,
    Valid(u64, FileState),
}

impl CursorFile {
    /// Opens the file, makes it if it is missing, and reads what it says. The caller syncs its
    /// directory.
    ///
    /// # Errors
    /// I/O; both slots damaged; a format of a newer version.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<FileState>), SinkError> {
        let io = |source| SinkError::io("open", path, source);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        if length < 2 * SLOT_BYTES as u64 {
            // New, or its creation was cut short: the zeros come before the first state.
            let zeros = vec![0; 2 * SLOT_BYTES - length as usize];
            file.write_all_at(&zeros, length).map_err(io)?;
            file.sync_all().map_err(io)?;
        }
        let mut slots = vec![0; 2 * SLOT_BYTES];
        file.read_exact_at(&mut slots, 0).map_err(io)?;
        file.write_all_at(&slots, 0).map_err(io)?;
        file.sync_data().map_err(io)?;
        let (first, second) = slots.split_at(SLOT_BYTES);
        let (sequence, state) = match (parse(first, path)?, parse(second, path)?) {
            (Slot::Valid(a, one), Slot::Valid(b, _)) if a > b => (a, Some(one)),
            (_, Slot::Valid(b, two)) => (b, Some(two)),
            (Slot::Valid(a, one), _) => (a, Some(one)),
            (Slot::Damaged, Slot::Damaged) => {
                return Err(SinkError::CursorDamaged {
                    path: path.to_owned(),
                });
            }
            _ => (0, None),
        };
        let cursor = Self {
            file,
            path: path.to_owned(),
            sequence,
            buffer: Vec::new(),
        };
        Ok((cursor, state))
    }

    /// Writes the state into the older slot and syncs it.
    ///
    /// # Errors
    /// I/O; the state before is still there, and which of the two counts is known only after another
    /// `open`: nothing more can be written here.
    ///
    /// # Panics
    /// If there are more lanes or a longer path than a slot has room for.
    pub(crate) fn write(&mut self, state: &FileState) -> Result<(), SinkError> {
        let sequence = self.sequence + 1;
        self.buffer.clear();
        encode(sequence, state, &mut self.buffer);
        assert!(self.buffer.len() <= SLOT_BYTES, "a slot has room for it");
        let io = |source| SinkError::io("write", &self.path, source);
        self.file
            .write_all_at(&self.buffer, self.next_slot())
            .map_err(io)?;
        self.file.sync_data().map_err(io)?;
        self.sequence = sequence;
        Ok(())
    }

    /// Offset of the slot that is written next.
    pub(super) fn next_slot(&self) -> u64 {
        (self.sequence + 1) % 2 * SLOT_BYTES as u64
    }
}

fn encode(sequence: u64, state: &FileState, out: &mut Vec<u8>) {
    let directory = state.directory.as_os_str().as_bytes();
    let count = |length: usize| u16::try_from(length).expect("lanes and paths are bounded");
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&count(state.cursors.len()).to_le_bytes());
    out.extend_from_slice(&count(directory.len()).to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&state.file_index.to_le_bytes());
    out.extend_from_slice(&state.offset.to_le_bytes());
    for cursor in &state.cursors {
        out.extend_from_slice(&cursor.lane.shard.0.to_le_bytes());
        out.extend_from_slice(&cursor.lane.writer.to_le_bytes());
        out.extend_from_slice(&cursor.through.term.0.to_le_bytes());
        out.extend_from_slice(&cursor.through.lsn.0.to_le_bytes());
    }
    out.extend_from_slice(directory);
    let crc = crc32c::crc32c(out);
    out.extend_from_slice(&crc.to_le_bytes());
}

fn parse(slot: &[u8], path: &Path) -> Result<Slot, SinkError> {
    if slot.iter().all(|&byte| byte == 0) {
        return Ok(Slot::Zeros);
    }
    if !slot.starts_with(MAGIC) {
        return Ok(Slot::Damaged);
    }
    let format = u16_at(slot, 8);
    if format == 0 {
        return Ok(Slot::Damaged);
    }
    if format != FORMAT {
        return Err(SinkError::CursorFormat {
            path: path.to_owned(),
            found: format,
            known: FORMAT,
        });
    }
    let (lanes, directory) = (u16_at(slot, 10) as usize, u16_at(slot, 12) as usize);
    let end = HEADER_BYTES + lanes * LANE_BYTES + directory;
    if end + CRC_BYTES > slot.len() {
        return Ok(Slot::Damaged);
    }
    let (content, crc) = slot[..end + CRC_BYTES].split_at(end);
    if crc32c::crc32c(content).to_le_bytes() != crc {
        return Ok(Slot::Damaged);
    }
    let (lanes, directory) = content[HEADER_BYTES..].split_at(lanes * LANE_BYTES);
    let cursors = lanes.chunks_exact(LANE_BYTES).map(|lane| LaneCursor {
        lane: LaneKey {
            shard: ShardId(u16_at(lane, 0)),
            writer: u16_at(lane, 2),
        },
        through: Position::new(Term(u64_at(lane, 4)), Lsn(u64_at(lane, 12))),
    });
    let state = FileState {
        directory: PathBuf::from(OsStr::from_bytes(directory)),
        file_index: u64_at(content, 24),
        offset: u64_at(content, 32),
        cursors: cursors.collect(),
    };
    Ok(Slot::Valid(u64_at(content, 16), state))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
