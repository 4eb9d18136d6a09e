//! Small state that is replaced as a whole: two files in turn, each with sequence and checksum, so
//! that whatever happens to one write, the one before it is there.
//!
//! | offset | bytes | slot |
//! | --- | --- | --- |
//! | 0 | 8 | `RKWSLOT1` |
//! | 8 | 4 | CRC32C of everything from byte 12 to the payload's end |
//! | 12 | 4 | schema id of the payload |
//! | 16 | 8 | sequence, from 1 |
//! | 24 | 8 | bytes of the payload |
//! | 32 | 32 | zero |
//! | 64 | | payload, an rkyv archive |
//!
//! A write goes to the slot that does not hold the newest good payload, also after a write that
//! failed: a good slot is overwritten only when the other one is good and newer. While one of them
//! is blank or damaged, a write fills both: a blank slot beside a damaged one then always means that
//! nothing was ever promised.

use crate::WalError;
use rkyv::util::AlignedVec;
use rookery_runtime::storage::{Storage, StorageFile};
use std::io;
use std::path::{Path, PathBuf};

/// A payload, aligned for access as an archive.
pub type SlotBytes = AlignedVec<16>;

const MAGIC: &[u8; 8] = b"RKWSLOT1";
const HEADER_BYTES: usize = 64;
/// Space reserved for each slot when it is made, so that replacing a small payload needs no space on
/// a full disk.
const RESERVED_BYTES: u64 = 64 * 1024;

/// Two alternating slots.
#[derive(Debug)]
pub struct Slots<S: Storage> {
    path: PathBuf,
    files: [S::File; 2],
    schema: u32,
    sequence: u64,
    /// The slot that the next write goes to.
    next: usize,
    good: [bool; 2],
    buffer: Vec<u8>,
}

enum Slot {
    /// Never written: empty, or zeros only.
    Blank,
    Damaged,
    Good {
        schema: u32,
        sequence: u64,
        payload: SlotBytes,
    },
}

fn slot_path(path: &Path, index: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push([".a", ".b"][index]);
    PathBuf::from(name)
}

impl<S: Storage> Slots<S> {
    /// Opens the slots at `path` (with `.a` and `.b` after it), made if missing, and reads the newest
    /// payload. What the cache shows is synced and dropped first, so that what is read is on the disk.
    ///
    /// # Errors
    /// [`WalError::SlotsDamaged`] if something was written and no slot can be read;
    /// [`WalError::SlotSchema`] if the newest payload is of another schema; [`WalError::Io`].
    pub fn open(
        storage: &S,
        path: &Path,
        schema: u32,
    ) -> Result<(Self, Option<SlotBytes>), WalError> {
        let files = Self::open_files(storage, path)?;
        let mut slots = [Slot::Blank, Slot::Blank];
        for (index, file) in files.iter().enumerate() {
            let at = slot_path(path, index);
            file.sync_data().map_err(WalError::io("sync", &at))?;
            file.drop_cache().map_err(WalError::io("read", &at))?;
            slots[index] = read_slot(file).map_err(WalError::io("read", &at))?;
        }
        let good = [0, 1].map(|index| matches!(slots[index], Slot::Good { .. }));
        let (sequence, next, payload) = match newest(slots, path, schema)? {
            Some((sequence, index, payload)) => (sequence, 1 - index, Some(payload)),
            None => (0, 0, None),
        };
        let slots = Self {
            path: path.to_path_buf(),
            files,
            schema,
            sequence,
            next,
            good,
            buffer: Vec::new(),
        };
        Ok((slots, payload))
    }

    fn open_files(storage: &S, path: &Path) -> Result<[S::File; 2], WalError> {
        let mut created = false;
        let mut open = |index| {
            let at = slot_path(path, index);
            match storage.open(&at) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    created = true;
                    storage.create(&at, RESERVED_BYTES)
                }
                other => other,
            }
            .map_err(WalError::io("open", &at))
        };
        let files = [open(0)?, open(1)?];
        if created && let Some(dir) = path.parent() {
            storage.sync_dir(dir).map_err(WalError::io("sync", dir))?;
        }
        Ok(files)
    }

    /// Reads the newest payload without making, syncing or changing anything: for a directory that
    /// another process may be using.
    ///
    /// # Errors
    /// As [`Slots::open`].
    pub fn peek(storage: &S, path: &Path, schema: u32) -> Result<Option<SlotBytes>, WalError> {
        let mut slots = [Slot::Blank, Slot::Blank];
        for (index, slot) in slots.iter_mut().enumerate() {
            let at = slot_path(path, index);
            match storage.open_read(&at) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(WalError::io("open", &at)(error)),
                Ok(file) => *slot = read_slot(&file).map_err(WalError::io("read", &at))?,
            }
        }
        Ok(newest(slots, path, schema)?.map(|(_, _, payload)| payload))
    }

    /// Removes both slots, durably: the remedy for [`WalError::SlotsDamaged`].
    ///
    /// # Errors
    /// [`WalError::Io`].
    pub fn remove(storage: &S, path: &Path) -> Result<(), WalError> {
        for index in 0..2 {
            let at = slot_path(path, index);
            match storage.unlink(&at) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(WalError::io("remove", &at)(error));
                }
                _ => {}
            }
        }
        match path.parent() {
            Some(dir) => storage.sync_dir(dir).map_err(WalError::io("sync", dir)),
            None => Ok(()),
        }
    }

    /// Replaces the payload; durable when this returns `Ok`.
    ///
    /// # Errors
    /// The disk's. The payload before is untouched, and this one may or may not be found later: the
    /// next write decides. A full disk is not the end: write again when there is space.
    pub fn write(&mut self, payload: &[u8]) -> io::Result<()> {
        self.write_next(payload)?;
        if !self.good[self.next] {
            self.write_next(payload)?;
        }
        Ok(())
    }

    fn write_next(&mut self, payload: &[u8]) -> io::Result<()> {
        let sequence = self.sequence + 1;
        self.buffer.clear();
        self.buffer.resize(HEADER_BYTES, 0);
        self.buffer[..8].copy_from_slice(MAGIC);
        self.buffer[12..16].copy_from_slice(&self.schema.to_le_bytes());
        self.buffer[16..24].copy_from_slice(&sequence.to_le_bytes());
        self.buffer[24..32].copy_from_slice(&(payload.len() as u64).to_le_bytes());
        self.buffer.extend_from_slice(payload);
        let crc = crc32c::crc32c(&self.buffer[12..]);
        self.buffer[8..12].copy_from_slice(&crc.to_le_bytes());
        // The number is used up even if the write fails: a later one must be newer than whatever of
        // it is on the disk.
        self.sequence = sequence;
        self.good[self.next] = false;
        let file = &self.files[self.next];
        file.write_at(0, &self.buffer)?;
        file.sync_data()?;
        self.good[self.next] = true;
        self.next = 1 - self.next;
        Ok(())
    }

    /// The slots' common path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The newest payload with its sequence and slot.
fn newest(
    slots: [Slot; 2],
    path: &Path,
    known: u32,
) -> Result<Option<(u64, usize, SlotBytes)>, WalError> {
    let path = path.to_path_buf();
    if slots.iter().all(|slot| matches!(slot, Slot::Damaged)) {
        return Err(WalError::SlotsDamaged { path });
    }
    let mut best: Option<(u64, usize, SlotBytes)> = None;
    let mut best_schema = known;
    for (index, slot) in slots.into_iter().enumerate() {
        if let Slot::Good {
            schema,
            sequence,
            payload,
        } = slot
            && best.as_ref().is_none_or(|(newest, ..)| *newest < sequence)
        {
            best = Some((sequence, index, payload));
            best_schema = schema;
        }
    }
    if best_schema != known {
        return Err(WalError::SlotSchema {
            path,
            found: best_schema,
            known,
        });
    }
    Ok(best)
}

fn read_slot<F: StorageFile>(file: &F) -> io::Result<Slot> {
    let mut header = [0; HEADER_BYTES];
    let read = file.read_at(0, &mut header)?;
    if header[..read].iter().all(|byte| *byte == 0) {
        return Ok(Slot::Blank);
    }
    let size = file.size()?;
    let field = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"));
    let word = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
    let length = field(24);
    let fits = length
        .checked_add(HEADER_BYTES as u64)
        .is_some_and(|end| end <= size);
    if read < HEADER_BYTES || header[..8] != *MAGIC || header[32..] != [0; 32] || !fits {
        return Ok(Slot::Damaged);
    }
    let mut payload = SlotBytes::with_capacity(length as usize);
    payload.resize(length as usize, 0);
    if file.read_at(HEADER_BYTES as u64, &mut payload)? < payload.len() {
        return Ok(Slot::Damaged);
    }
    let crc = crc32c::crc32c_append(crc32c::crc32c(&header[12..]), &payload);
    if crc != word(8) {
        return Ok(Slot::Damaged);
    }
    Ok(Slot::Good {
        schema: word(12),
        sequence: field(16),
        payload,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "slots_tests.rs"]
mod tests;
