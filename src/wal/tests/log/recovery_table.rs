//! The recovery table, row by row, and the faults around it.
//!
//! | after the first bad batch, at LSN n | meaning |
//! | --- | --- |
//! | only zeros, or batches of a former life | clean end |
//! | garbage, nothing valid later, nothing says n was durable | torn tail |
//! | valid batches later, every durable LSN known < n | unsynced pages out of order |
//! | some durable LSN known >= n | acknowledged data damaged |
//! | a segment missing between two | the same |

use crate::harness::*;
use rookery_model::{Lsn, Position, Term};
use rookery_runtime::storage::Storage;
use rookery_runtime::storage::sim::SimStorage;
use rookery_wal::{Finding, Known, Log, LsnRange, RecordKind, Recovery, verify};

pub const PAGE: usize = 4096;

/// End of the last byte that is not zero.
fn used(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1)
}

/// Offsets of the batch headers in a segment.
pub fn batches(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = PAGE;
    while at + 64 <= bytes.len() && bytes[at + 4..at + 7] == *b"RKB" {
        found.push(at);
        let length = u32::from_le_bytes(bytes[at + 52..at + 56].try_into().unwrap());
        at += 64 + length as usize;
    }
    found
}

pub fn range(first: u64, last: u64) -> LsnRange {
    LsnRange {
        first: Lsn(first),
        last: Lsn(last),
    }
}

/// A log of one segment: the start record, then `commits` commits of two messages.
pub fn one_segment(commits: usize) -> (SimStorage, Log<SimStorage>) {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    commit(&mut log);
    fill(&mut log, "m", commits * 2, 2);
    (storage, log)
}

/// A closed log of several segments.
pub fn many_segments() -> SimStorage {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    fill(&mut log, "m", 180, 5);
    log.close().unwrap();
    storage
}

/// Messages of the log as it opens now, and what was found.
pub fn reopened(storage: &SimStorage) -> (Vec<Vec<u8>>, Vec<Finding>) {
    let (mut log, report) = open(storage);
    commit(&mut log);
    let (records, _) = read_from(&log, Position::ZERO);
    let messages = records
        .into_iter()
        .filter(|record| record.kind == RecordKind::Message);
    (
        messages.map(|record| record.payload).collect(),
        report.findings,
    )
}

#[test]
fn only_zeros_after_the_last_batch_is_a_clean_end() {
    let (storage, log) = one_segment(3);
    drop(log);
    let (found, findings) = reopened(&storage);
    assert_eq!(findings, []);
    assert_eq!(found.len(), 6);
    let sealed = storage.contents(&segment_path(1)).unwrap();
    assert!(sealed.len() - used(&sealed) < 64, "cut and sealed");
    assert_eq!(sealed[sealed.len() - 64 + 7], 0xb2);
}

#[test]
fn batches_of_a_former_life_are_a_clean_end() {
    let (storage, log) = one_segment(3);
    drop(log);
    // What a recycled file holds behind its new content: batches that were valid as segment 9.
    let former = SimStorage::new(2);
    let (mut other, _) = open(&former);
    let mut id = 1;
    while id < 9 {
        fill(&mut other, "f", 10, 2);
        id += u64::from(former.contents(&segment_path(9)).is_ok()) * 9;
    }
    drop(other);
    let old = former.contents(&segment_path(8)).unwrap();
    alter(&storage, &segment_path(1), |bytes| {
        let end = used(bytes).max(batches(bytes)[3] + 64);
        let length = old.len().min(bytes.len());
        bytes[end..length].copy_from_slice(&old[end..length]);
    });
    let (found, findings) = reopened(&storage);
    assert_eq!(findings, []);
    assert_eq!(found.len(), 6);
}

/// The torn last batch, every length, with zeros and with garbage behind.
#[test]
fn a_torn_tail_is_cut_to_the_last_full_batch_at_every_length() {
    let (storage, mut log) = one_segment(2);
    for at in 0..3 {
        append(&mut log, message("torn", at).as_bytes());
    }
    log.close_batch();
    drop(log);
    let whole = storage.contents(&segment_path(1)).unwrap();
    let start = *batches(&whole).last().unwrap();
    let end = used(&whole);
    for garbage in [false, true] {
        for cut in start..=end {
            let storage = copy(&storage);
            alter(&storage, &segment_path(1), |bytes| {
                bytes[cut..].fill(0);
                if garbage {
                    for (at, byte) in bytes[cut..cut + 700].iter_mut().enumerate() {
                        *byte = (at * 7 + cut) as u8 | 1;
                    }
                }
            });
            let recovery = recover(&storage);
            let findings = &recovery.report().findings;
            let last = recovery.last().lsn;
            if cut == end {
                assert_eq!(last, Lsn(8), "the batch is whole");
                continue;
            }
            assert_eq!(last, Lsn(5), "cut at {cut}");
            let zeros = whole[start..cut].iter().all(|byte| *byte == 0) && !garbage;
            match findings.as_slice() {
                [] => assert!(zeros, "cut at {cut}"),
                [
                    Finding::TornTail {
                        segment: 1,
                        offset,
                        bytes,
                        from: Lsn(6),
                    },
                ] => {
                    assert_eq!(*offset, start as u64);
                    let expected = if garbage { cut + 700 } else { cut };
                    let slack = *bytes as i64 - (expected - start) as i64;
                    assert!((-8..=0).contains(&slack), "{bytes} bytes at {cut}");
                }
                other => panic!("cut at {cut}: {other:?}"),
            }
        }
    }
}

/// A copy of the log's files on another disk.
pub fn copy(from: &SimStorage) -> SimStorage {
    let to = SimStorage::new(7);
    to.create_dir_all(dir()).unwrap();
    for name in from.read_dir(dir()).unwrap() {
        let path = dir().join(name);
        to.create(&path, 0).unwrap();
        to.replace_contents(&path, &from.contents(&path).unwrap())
            .unwrap();
    }
    to.sync_dir(dir()).unwrap();
    to
}

#[test]
fn valid_batches_after_a_gap_that_nothing_calls_durable_are_dropped() {
    let (storage, mut log) = one_segment(2);
    let durable = log.durable();
    for at in 0..4 {
        append(&mut log, message("unsynced", at).as_bytes());
        log.close_batch();
    }
    drop(log);
    alter(&storage, &segment_path(1), |bytes| {
        let second = batches(bytes)[4];
        bytes[second..second + 100].fill(0);
    });
    let known = Known {
        durable,
        checkpoint: Position::ZERO,
    };
    let recovery = Recovery::open(storage.clone(), dir(), config(), known).unwrap();
    let offset = {
        let bytes = storage.contents(&segment_path(1)).unwrap();
        *batches(&bytes).last().unwrap() as u64 + 64 + 20 + message("unsynced", 0).len() as u64
    };
    assert_eq!(
        recovery.report().findings,
        [Finding::UnsyncedCut {
            segment: 1,
            offset,
            from: Lsn(7),
            through: Lsn(9)
        }]
    );
    let log = start(recovery);
    assert_eq!(messages(&log).len(), 5);
    assert_eq!(
        log.appended(),
        Position::new(Term(2), Lsn(7)),
        "the LSN comes again"
    );
}

#[test]
fn a_gap_before_the_segments_of_a_whole_commit_drops_them_all() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    fill(&mut log, "kept", 10, 5);
    for at in 0..150 {
        append(&mut log, message("unsynced", at).as_bytes());
        if at % 10 == 0 {
            log.close_batch();
        }
    }
    log.close_batch();
    assert!(log.stats().rotations >= 2);
    drop(log);
    alter(&storage, &segment_path(1), |bytes| {
        let gap = batches(bytes)[4];
        bytes[gap + 70] ^= 1;
    });
    let (found, findings) = reopened(&storage);
    assert_eq!(found.len(), 21);
    assert!(
        matches!(
            findings.as_slice(),
            [Finding::UnsyncedCut { segment: 1, .. }]
        ),
        "{findings:?}"
    );
    let (_, findings) = reopened(&storage);
    assert_eq!(findings, [], "the next start finds a clean end");
}

/// Damages one record of the third commit of six, by one bit.
pub fn damage_third(storage: &SimStorage) {
    alter(storage, &segment_path(1), |bytes| {
        let third = batches(bytes)[3];
        bytes[third + 64 + 20 + 9] ^= 0x10;
    });
}

pub fn third_damaged() -> [Finding; 1] {
    [Finding::Damaged {
        segment: 1,
        lost: vec![range(6, 6)],
        accepted: false,
    }]
}

#[test]
fn damage_below_the_mark_of_a_later_batch_is_reported_and_the_rest_is_kept() {
    let (storage, log) = one_segment(6);
    drop(log);
    damage_third(&storage);
    let (log, report) = open(&storage);
    assert_eq!(report.findings, third_damaged());
    assert!(report.is_degraded());
    let (records, damage) = read_from(&log, Position::ZERO);
    assert_eq!(damage, [range(6, 6)]);
    let lsns: Vec<u64> = records.iter().map(|record| record.position.lsn.0).collect();
    assert_eq!(lsns, [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14]);
    let size = storage.contents(&segment_path(1)).unwrap().len();
    assert_eq!(
        size, SEGMENT as usize,
        "a damaged segment is neither cut nor sealed"
    );
}

#[test]
fn damage_of_the_last_commit_shows_by_the_idle_mark() {
    let (storage, mut log) = one_segment(3);
    log.mark_durable();
    drop(log);
    damage_third(&storage);
    assert_eq!(reopened(&storage).1, third_damaged());
}

#[test]
fn damage_of_the_last_commit_shows_by_the_seal() {
    let (storage, log) = one_segment(3);
    log.close().unwrap();
    damage_third(&storage);
    assert_eq!(reopened(&storage).1, third_damaged());
}

#[test]
fn damage_of_the_last_commit_shows_by_what_the_owner_knows() {
    let (storage, log) = one_segment(3);
    let durable = log.durable();
    drop(log);
    damage_third(&storage);
    let unknown = recover(&copy(&storage));
    let torn = matches!(
        unknown.report().findings.as_slice(),
        [Finding::TornTail { .. }]
    );
    assert!(
        torn,
        "without it that looks like a torn tail: the stated limit"
    );
    let known = Known {
        durable,
        checkpoint: Position::ZERO,
    };
    let recovery = Recovery::open(storage, dir(), config(), known).unwrap();
    assert_eq!(recovery.report().findings, third_damaged());
    let log = start(recovery);
    assert_eq!(log.appended().lsn, Lsn(8));
}

#[test]
fn damage_of_the_last_commit_shows_by_the_next_start() {
    let (storage, log) = one_segment(3);
    drop(log);
    let (mut log, _) = open(&storage);
    commit(&mut log);
    drop(log);
    damage_third(&storage);
    let (log, report) = open(&storage);
    assert_eq!(report.findings, third_damaged());
    let (records, damage) = read_from(&log, Position::ZERO);
    assert_eq!((records.len(), damage), (8, vec![range(6, 6)]));
}

#[test]
fn a_damaged_header_costs_no_record() {
    let (storage, log) = one_segment(6);
    drop(log);
    alter(&storage, &segment_path(1), |bytes| {
        let third = batches(bytes)[3];
        bytes[third + 25] ^= 1;
    });
    let (log, report) = open(&storage);
    let finding = Finding::Damaged {
        segment: 1,
        lost: vec![],
        accepted: false,
    };
    assert_eq!(report.findings, [finding]);
    assert_eq!(read_all(&log).len(), 14);
}

#[test]
fn a_damaged_length_costs_that_record_only() {
    let (storage, log) = one_segment(6);
    drop(log);
    for byte in 4..7 {
        let storage = copy(&storage);
        alter(&storage, &segment_path(1), |bytes| {
            let third = batches(bytes)[3];
            bytes[third + 64 + byte] ^= 0x41;
        });
        let (log, report) = open(&storage);
        assert_eq!(report.findings, third_damaged());
        let (records, damage) = read_from(&log, Position::ZERO);
        assert_eq!((records.len(), damage), (13, vec![range(6, 6)]));
    }
}

#[test]
fn batches_of_an_older_term_beyond_its_cut_are_void() {
    let (storage, mut log) = one_segment(6);
    for at in 0..4 {
        append(&mut log, message("void", at).as_bytes());
        log.close_batch();
    }
    drop(log);
    // Damage below, so that the segment stays as it is; and a gap above what was durable.
    damage_third(&storage);
    alter(&storage, &segment_path(1), |bytes| {
        let gap = *batches(bytes).last().unwrap() - 10;
        bytes[gap] ^= 1;
    });
    let (mut log, report) = open(&storage);
    assert_eq!(report.findings.len(), 2, "{:?}", report.findings);
    let cut = report.last.lsn;
    assert_eq!(cut, Lsn(15));
    fill(&mut log, "new", 3, 1);
    drop(log);
    let (log, report) = open(&storage);
    assert_eq!(
        report.findings,
        third_damaged(),
        "what lies beyond the cut says nothing"
    );
    let (records, damage) = read_from(&log, Position::ZERO);
    assert_eq!(damage, [range(6, 6)]);
    let place = |record: &Record| (record.position.term.0, record.position.lsn.0);
    let tail: Vec<_> = records.iter().skip(13).map(place).collect();
    assert_eq!(tail, [(1, 15), (2, 16), (2, 17), (2, 18), (2, 19), (3, 20)]);
}

#[test]
fn a_segment_missing_between_two_is_lost_data() {
    let storage = many_segments();
    let whole = verify(&storage, dir()).unwrap();
    assert!(whole.report.is_clean() && whole.segments.len() >= 4);
    let lost = whole.segments[1].records;
    storage.unlink(&segment_path(2)).unwrap();
    let (mut log, report) = open(&storage);
    commit(&mut log);
    let finding = Finding::Missing {
        segment: 2,
        lost,
        accepted: false,
    };
    assert_eq!(report.findings, std::slice::from_ref(&finding));
    let (records, damage) = read_from(&log, Position::ZERO);
    assert_eq!(damage, [lost]);
    assert_eq!(records.len() as u64, 182 - lost.count());
    drop(log);
    let (_, report) = open(&storage);
    assert_eq!(
        report.findings,
        [finding],
        "and at every later start, until it is accepted"
    );
}
