//! The two slots, torn and damaged in every way.

use super::super::cursor_file::{CursorFile, FileState, SLOT_BYTES};
use crate::LaneCursor;
use crate::testing::{at, fast_dir, key};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

fn state(offset: u64) -> FileState {
    FileState {
        directory: "/srv/rows of orders/水".into(),
        file_index: 3,
        offset,
        cursors: (0..3)
            .map(|shard| LaneCursor {
                lane: key(shard),
                through: at(offset + u64::from(shard)),
            })
            .collect(),
    }
}

/// A file after these states were written, and its bytes.
fn written(path: &Path, offsets: &[u64]) -> Vec<u8> {
    let (mut file, _) = CursorFile::open(path).unwrap();
    for offset in offsets {
        file.write(&state(*offset)).unwrap();
    }
    fs::read(path).unwrap()
}

fn read(path: &Path) -> Option<FileState> {
    CursorFile::open(path).unwrap().1
}

#[test]
fn the_last_state_written_is_read() {
    let dir = fast_dir();
    let path = dir.path().join("cursor");
    assert_eq!(read(&path), None);
    assert_eq!(read(&path), None, "never written");
    for offset in 1..8 {
        written(&path, &[offset]);
        assert_eq!(read(&path), Some(state(offset)));
    }
}

#[test]
fn a_writing_torn_at_any_byte_leaves_the_state_before() {
    let dir = fast_dir();
    let path = dir.path().join("cursor");
    for offsets in [&[10][..], &[10, 20], &[10, 20, 30]] {
        fs::remove_file(&path).ok();
        let before = written(&path, offsets);
        let after = written(&path, &[999]);
        let last = state(*offsets.last().unwrap());
        let changed: Vec<_> = (0..after.len())
            .filter(|&at| before[at] != after[at])
            .collect();
        let (first, end) = (changed[0], changed[changed.len() - 1] + 1);
        for cut in first..end {
            let mut torn = before.clone();
            torn[..cut].copy_from_slice(&after[..cut]);
            fs::write(&path, &torn).unwrap();
            assert_eq!(read(&path).as_ref(), Some(&last), "torn at {cut}");
            // The other half came first.
            let mut torn = after.clone();
            torn[first..=cut].copy_from_slice(&before[first..=cut]);
            fs::write(&path, &torn).unwrap();
            assert_eq!(read(&path).as_ref(), Some(&last), "torn before {cut}");
        }
        fs::write(&path, &after).unwrap();
        assert_eq!(read(&path), Some(state(999)));
    }
}

#[test]
fn after_a_torn_writing_the_good_slot_is_kept() {
    let dir = fast_dir();
    let path = dir.path().join("cursor");
    written(&path, &[10, 20]);
    // Sequence 2 is in the first slot, 1 in the second; a torn third is in the second.
    let tear = |slot: usize| {
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(b"torn", (slot * SLOT_BYTES + 20) as u64)
            .unwrap();
    };
    tear(1);
    assert_eq!(read(&path), Some(state(20)));
    written(&path, &[30]);
    assert_eq!(read(&path), Some(state(30)));
    tear(1);
    assert_eq!(
        read(&path),
        Some(state(20)),
        "the slot of 20 was not touched"
    );
}

#[test]
fn a_first_writing_that_was_torn_confirmed_nothing() {
    let dir = fast_dir();
    let path = dir.path().join("cursor");
    written(&path, &[10]);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"torn", (SLOT_BYTES + 4) as u64).unwrap();
    assert_eq!(read(&path), None);
}

#[test]
fn a_file_cut_short_at_its_creation_is_completed() {
    let dir = fast_dir();
    let path = dir.path().join("cursor");
    for length in [0, 1, SLOT_BYTES, SLOT_BYTES + 7, 2 * SLOT_BYTES - 1] {
        fs::write(&path, vec![0; length]).unwrap();
        assert_eq!(read(&path), None);
        assert_eq!(fs::metadata(&path).unwrap().len(), 2 * SLOT_BYTES as u64);
    }
}

#[test]
fn two_damaged_slots_are_refused_with_a_remedy() {
    let dir = fast_dir();
    let path = dir.path().join("cursor");
    let mut bytes = written(&path, &[10, 20]);
    bytes[32] ^= 1;
    bytes[SLOT_BYTES + 60] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(CursorFile::open(&path).unwrap_err().code(), "E3005");
    assert_eq!(
        fs::read(&path).unwrap(),
        bytes,
        "nothing is written over it"
    );
}

#[test]
fn each_flipped_bit_of_the_newest_state_is_noticed() {
    let dir = fast_dir();
    let path = dir.path().join("cursor");
    let bytes = written(&path, &[10, 20]);
    let length = bytes[..SLOT_BYTES]
        .iter()
        .rposition(|&byte| byte != 0)
        .unwrap()
        + 1;
    for at in 0..length {
        // Another format number is said to be one.
        if (8..10).contains(&at) {
            continue;
        }
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        assert_eq!(read(&path), Some(state(10)), "byte {at}");
    }
}

#[test]
fn another_format_is_refused() {
    let dir = fast_dir();
    let path = dir.path().join("cursor");
    let mut bytes = written(&path, &[10, 20]);
    bytes[8] = 2;
    fs::write(&path, &bytes).unwrap();
    let error = CursorFile::open(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has format 2, this version reads 1")
    );
}

#[test]
fn the_layout_is_fixed() {
    let dir = fast_dir();
    let path = dir.path().join("cursor");
    let bytes = written(&path, &[0x0102]);
    let slot = &bytes[SLOT_BYTES..];
    assert_eq!(&slot[..16], b"rookfcur\x01\0\x03\0\x17\0\0\0");
    assert_eq!(
        slot[16..40],
        [
            1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0,
        ]
    );
    assert_eq!(
        slot[60..80],
        [1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0,]
    );
    assert_eq!(&slot[100..123], "/srv/rows of orders/水".as_bytes());
    assert_eq!(slot[123..127], crc32c::crc32c(&slot[..123]).to_le_bytes());
    assert!(slot[127..].iter().all(|&byte| byte == 0));
}
