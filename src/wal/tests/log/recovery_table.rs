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
use rookery_model::{Lsn, Position, RecordTime, Term};
use rookery_runtime::storage::Storage;
use rookery_runtime::storage::sim::SimStorage;
use rookery_wal::{
    DumpItem, Finding, Known, Log, LsnRange, RecordKind, Recovery, Start, WalError, accept, dump,
    verify,
};

const PAGE: usize = 4096;

/// End of the last byte that is not zero.
fn used(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1)
}

/// Offsets of the batch headers in a segment.
fn batches(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = PAGE;
    while at + 64 <= bytes.len() && bytes[at + 4..at + 7] == *b"RKB" {
        found.push(at);
        let length = u32::from_le_bytes(bytes[at + 52..at + 56].try_into().unwrap());
        at += 64 + length as usize;
    }
    found
}

fn range(first: u64, last: u64) -> LsnRange {
    LsnRange {
        first: Lsn(first),
        last: Lsn(last),
    }
}

/// A log of one segment: the start record, then `commits` commits of two messages.
fn one_segment(commits: usize) -> (SimStorage, Log<SimStorage>) {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    commit(&mut log);
    fill(&mut log, "m", commits * 2, 2);
    (storage, log)
}

/// A closed log of several segments.
fn many_segments() -> SimStorage {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    fill(&mut log, "m", 180, 5);
    log.close().unwrap();
    storage
}

/// Messages of the log as it opens now, and what was found.
fn reopened(storage: &SimStorage) -> (Vec<Vec<u8>>, Vec<Finding>) {
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
fn copy(from: &SimStorage) -> SimStorage {
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
fn damage_third(storage: &SimStorage) {
    alter(storage, &segment_path(1), |bytes| {
        let third = batches(bytes)[3];
        bytes[third + 64 + 20 + 9] ^= 0x10;
    });
}

fn third_damaged() -> [Finding; 1] {
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
    assert_eq!(report.findings, [finding.clone()]);
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

#[test]
fn a_missing_segment_shows_without_the_index_too() {
    let storage = many_segments();
    let lost = verify(&storage, dir()).unwrap().segments[1].records;
    storage.unlink(&segment_path(2)).unwrap();
    storage.unlink(&dir().join("segments.index.a")).unwrap();
    storage.unlink(&dir().join("segments.index.b")).unwrap();
    let (_, report) = open(&storage);
    assert_eq!(
        report.findings,
        [Finding::Missing {
            segment: 2,
            lost,
            accepted: false
        }]
    );
}

#[test]
fn the_first_and_the_last_segment_are_missed_too() {
    for which in [0, 3] {
        let storage = many_segments();
        let segment = verify(&storage, dir()).unwrap().segments[which];
        storage.unlink(&segment_path(segment.id)).unwrap();
        let (log, report) = open(&storage);
        let lost = segment.records;
        let id = segment.id;
        let finding = Finding::Missing {
            segment: id,
            lost,
            accepted: false,
        };
        assert_eq!(report.findings, [finding]);
        assert_eq!(
            read_from(&log, Position::ZERO).0.len() as u64,
            182 - lost.count()
        );
        assert_eq!(log.appended().lsn, Lsn(182), "no LSN comes twice");
    }
}

#[test]
fn old_segments_that_were_being_deleted_are_no_loss() {
    let storage = many_segments();
    let recovery = Recovery::open(
        storage.clone(),
        dir(),
        rookery_wal::LogConfig {
            retain_bytes: 0,
            ..config()
        },
        Known::default(),
    )
    .unwrap();
    let mut log = start(recovery);
    commit(&mut log);
    let old: Vec<_> = (1..3)
        .map(|id| storage.contents(&segment_path(id)).unwrap())
        .collect();
    log.set_deletable(Position::new(Term(1), Lsn(120)));
    assert!(log.apply_retention(RecordTime(0)) >= 2);
    drop(log);
    // As after a power cut between the index and the unlinking.
    for (id, bytes) in (1..3).zip(old) {
        storage.create(&segment_path(id), 0).unwrap();
        storage.replace_contents(&segment_path(id), &bytes).unwrap();
    }
    let (log, report) = open(&storage);
    assert_eq!(report.findings, []);
    assert!(
        !storage
            .read_dir(dir())
            .unwrap()
            .contains(&format!("{:020}.log", 1))
    );
    assert!(read_all(&log)[0].position.lsn > Lsn(1));
}

#[test]
fn an_emptied_segment_is_lost_data() {
    for (name, empty) in [
        ("no bytes", 0..0),
        ("all zeros", 0..SEGMENT as usize),
        ("header kept", PAGE..SEGMENT as usize),
    ] {
        let storage = many_segments();
        let lost = verify(&storage, dir()).unwrap().segments[1].records;
        alter(&storage, &segment_path(2), |bytes| {
            let empty = empty.start..empty.end.min(bytes.len());
            match empty.is_empty() {
                true => bytes.clear(),
                false => bytes[empty].fill(0),
            }
        });
        let (log, report) = open(&storage);
        let finding = Finding::Damaged {
            segment: 2,
            lost: vec![lost],
            accepted: false,
        };
        assert_eq!(report.findings, [finding], "{name}");
        let records = read_from(&log, Position::ZERO).0;
        assert_eq!(records.len() as u64, 182 - lost.count());
    }
}

#[test]
fn a_truncated_segment_is_lost_data_from_there_on() {
    let storage = many_segments();
    let records = verify(&storage, dir()).unwrap().segments[1].records;
    let batch = batches(&storage.contents(&segment_path(2)).unwrap())[3];
    alter(&storage, &segment_path(2), |bytes| bytes.truncate(batch));
    let (log, report) = open(&storage);
    let [
        Finding::Damaged {
            segment: 2,
            lost,
            accepted: false,
        },
    ] = &report.findings[..]
    else {
        panic!("{:?}", report.findings);
    };
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].last, records.last);
    assert!(lost[0].first > records.first);
    assert_eq!(read_from(&log, Position::ZERO).1, *lost);
}

#[test]
fn segments_swapped_between_shards_are_named() {
    let storage = many_segments();
    let lost = verify(&storage, dir()).unwrap().segments[1].records;
    let other = SimStorage::new(3);
    let config = rookery_wal::LogConfig {
        shard: rookery_model::ShardId(1),
        ..config()
    };
    let recovery = Recovery::open(other.clone(), dir(), config, Known::default()).unwrap();
    let mut log = start(recovery);
    fill(&mut log, "o", 180, 5);
    drop(log);
    let theirs = other.contents(&segment_path(2)).unwrap();
    storage.replace_contents(&segment_path(2), &theirs).unwrap();
    let (log, report) = open(&storage);
    let finding = Finding::Foreign {
        segment: 2,
        shard: 1,
        id: 2,
        other_instance: false,
        lost,
        accepted: false,
    };
    assert_eq!(report.findings, [finding]);
    assert_eq!(
        read_from(&log, Position::ZERO).0.len() as u64,
        182 - lost.count()
    );
    assert_eq!(
        storage.contents(&segment_path(2)).unwrap(),
        theirs,
        "the other's file stays as it is"
    );
}

#[test]
fn segments_swapped_within_a_log_are_named() {
    let storage = many_segments();
    let two = storage.contents(&segment_path(2)).unwrap();
    let three = storage.contents(&segment_path(3)).unwrap();
    storage.replace_contents(&segment_path(2), &three).unwrap();
    storage.replace_contents(&segment_path(3), &two).unwrap();
    let (log, report) = open(&storage);
    let named: Vec<_> = report
        .findings
        .iter()
        .map(|finding| match finding {
            Finding::Foreign { segment, id, .. } => (*segment, *id),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(named, [(2, 3), (3, 2)]);
    let lost: u64 = report
        .findings
        .iter()
        .flat_map(Finding::lost)
        .map(|r| r.count())
        .sum();
    assert_eq!(read_from(&log, Position::ZERO).0.len() as u64, 182 - lost);
}

#[test]
fn stale_content_is_lost_data() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    fill(&mut log, "m", 20, 5);
    let stale = storage.contents(&segment_path(1)).unwrap();
    fill(&mut log, "m", 160, 5);
    log.close().unwrap();
    let records = verify(&storage, dir()).unwrap().segments[0].records;
    storage.replace_contents(&segment_path(1), &stale).unwrap();
    let (_, report) = open(&storage);
    let lost = vec![LsnRange {
        first: Lsn(22),
        ..records
    }];
    let finding = Finding::Damaged {
        segment: 1,
        lost,
        accepted: false,
    };
    assert_eq!(report.findings, [finding]);
}

#[test]
fn a_newer_segment_is_refused_with_a_text() {
    let storage = many_segments();
    alter(&storage, &segment_path(2), |bytes| {
        bytes[12] = 2;
        let crc = crc32c::crc32c(&bytes[12..72]);
        bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    });
    let error = Recovery::open(storage, dir(), config(), Known::default())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "E2009 /data/log/00000000000000000002.log has format 2, this version reads up to 1; start \
         the version that wrote it"
    );
}

#[test]
fn accepted_damage_is_no_longer_degraded_and_new_damage_is() {
    let (storage, log) = one_segment(6);
    drop(log);
    damage_third(&storage);
    let nothing = accept(&storage, dir(), &config(), Known::default(), 2).unwrap_err();
    assert_eq!(
        nothing.to_string(),
        "E2014 segment 2 in /data/log has no damage that waits for acceptance"
    );
    let accepted = accept(&storage, dir(), &config(), Known::default(), 1).unwrap();
    assert_eq!(accepted.lost, [range(6, 6)]);
    let (mut log, report) = open(&storage);
    commit(&mut log);
    assert!(!report.is_degraded());
    let finding = Finding::Damaged {
        segment: 1,
        lost: vec![range(6, 6)],
        accepted: true,
    };
    assert_eq!(report.findings, [finding]);
    assert_eq!(read_from(&log, Position::ZERO).0.len(), 13);
    drop(log);
    alter(&storage, &segment_path(1), |bytes| {
        let first = batches(bytes)[1];
        bytes[first + 100] ^= 1;
    });
    assert!(open(&storage).1.is_degraded());
}

#[test]
fn an_accepted_missing_segment_is_forgotten() {
    let storage = many_segments();
    storage.unlink(&segment_path(2)).unwrap();
    accept(&storage, dir(), &config(), Known::default(), 2).unwrap();
    for _ in 0..3 {
        let (mut log, report) = open(&storage);
        assert!(!report.is_degraded(), "{:?}", report.findings);
        fill(&mut log, "after", 3, 2);
    }
}

#[test]
fn a_damaged_index_is_written_anew() {
    let storage = many_segments();
    for name in ["segments.index.a", "segments.index.b"] {
        alter(&storage, &dir().join(name), |bytes| bytes[70] ^= 1);
    }
    let (mut log, report) = open(&storage);
    commit(&mut log);
    assert_eq!(report.findings, [Finding::IndexDamaged]);
    assert_eq!(read_all(&log).len(), 182);
    drop(log);
    assert!(open(&storage).1.is_clean());
}

#[test]
fn a_log_that_vanished_is_reported_by_what_the_owner_knows() {
    let storage = SimStorage::new(1);
    let known = Known {
        durable: Position::new(Term(4), Lsn(90)),
        checkpoint: Position::new(Term(4), Lsn(70)),
    };
    let recovery = Recovery::open(storage, dir(), config(), known).unwrap();
    let finding = Finding::Missing {
        segment: 0,
        lost: range(71, 90),
        accepted: false,
    };
    assert_eq!(recovery.report().findings, [finding]);
    assert_eq!(recovery.last().lsn, Lsn(90));
}

#[test]
fn verify_and_dump_work_beside_a_running_log_and_change_nothing() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    for round in 0..30 {
        fill(&mut log, "m", 9, 4);
        append(&mut log, b"not yet closed");
        let before: Vec<_> = files(&storage);
        let found = verify(&storage, dir()).unwrap();
        assert!(
            !found.report.is_degraded(),
            "round {round}: {:?}",
            found.report.findings
        );
        let mut records = 0;
        dump(&storage, dir(), Position::ZERO, |item| {
            assert!(matches!(item, DumpItem::Record(_)));
            records += 1;
            true
        })
        .unwrap();
        assert_eq!(found.report.last.lsn.0, records);
        assert!(records >= 1 + (round + 1) * 9);
        assert_eq!(files(&storage), before);
    }
}

fn files(storage: &SimStorage) -> Vec<(String, Vec<u8>)> {
    let names = storage.read_dir(dir()).unwrap().into_iter();
    names
        .map(|name| (name.clone(), storage.contents(&dir().join(name)).unwrap()))
        .collect()
}

#[test]
fn a_directory_without_a_log_is_named() {
    let storage = SimStorage::new(1);
    storage.create_dir_all(dir()).unwrap();
    let error = verify(&storage, dir()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "E2001 cannot read /data/log: no log segment in this directory"
    );
}

/// The sync fails once; later ones would say yes. Nothing is acknowledged, nothing goes on, and the
/// next start shows what the disk has, not what the cache shows.
#[test]
fn a_failed_sync_poisons_for_good_and_the_next_start_reads_the_disk() {
    let (storage, mut log) = one_segment(3);
    append(&mut log, b"never acknowledged");
    let commit = log.begin_commit().unwrap();
    storage.fail_syncs(1);
    let result = commit.sync_data();
    assert!(commit.sync_data().is_ok(), "the disk lies");
    let error = log.end_commit(commit, result).unwrap_err();
    assert_eq!(
        error.to_string(),
        "E2002 the disk failed to sync the log in /data/log (Input/output error (os error 5)); \
         nothing more is acknowledged: check the disk, then start again"
    );
    log.begin_batch(RecordTime(0));
    let refused = log.append(RecordKind::Message, &[b"more"]).unwrap_err();
    assert_eq!(refused.to_string(), error.to_string());
    assert!(log.begin_commit().is_none());
    assert!(matches!(log.close(), Err(WalError::Poisoned { .. })));
    let (found, findings) = reopened(&storage);
    assert_eq!(found.len(), 6);
    assert_eq!(findings, []);
}

/// Ten thousand flipped bits in bytes that carry meaning, several a scan: each is detected, what it
/// destroyed is named by LSN, and all the rest is delivered.
#[test]
fn every_flipped_bit_is_detected_and_costs_its_record_only() {
    let storage = SimStorage::new(1);
    for round in 0..3 {
        let (mut log, _) = open(&storage);
        fill(&mut log, &format!("m{round}"), 60, 4);
        log.mark_durable();
        log.close().unwrap();
    }
    let info = verify(&storage, dir()).unwrap();
    assert!(info.report.is_clean());
    let whole = dumped(&storage).0;
    let segments: Vec<_> = info
        .segments
        .iter()
        .map(|segment| {
            (
                segment.id,
                storage.contents(&segment_path(segment.id)).unwrap(),
            )
        })
        .collect();
    let mut random = 0x1234_5678_u64;
    let mut next = |bound: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((random >> 33) as usize) % bound
    };
    let mut flips = 0;
    while flips < 10_000 {
        let count = 1 + next(4);
        let mut flipped = Vec::new();
        for _ in 0..count {
            let (id, bytes) = &segments[next(segments.len())];
            let meaningful = 72 + bytes.len() - PAGE;
            let at = next(meaningful);
            let at = if at < 72 { at } else { PAGE + at - 72 };
            let bit = next(8);
            alter(&storage, &segment_path(*id), |bytes| bytes[at] ^= 1 << bit);
            flipped.push((*id, at));
        }
        flips += count;
        let report = verify(&storage, dir()).unwrap().report;
        assert!(!report.is_clean(), "flips at {flipped:?} are not detected");
        let (found, gaps) = dumped(&storage);
        let lost: Vec<LsnRange> = report.findings.iter().flat_map(Finding::lost).collect();
        let named = |lsn: u64| lost.iter().any(|range| range.contains(Lsn(lsn)));
        let gone: Vec<_> = whole
            .iter()
            .filter(|record| !found.contains(record))
            .collect();
        assert!(
            gone.len() <= count,
            "{} records are gone by {flipped:?}",
            gone.len()
        );
        assert!(
            gone.iter().all(|(lsn, _)| named(*lsn)),
            "unnamed loss by {flipped:?}"
        );
        assert!(found.iter().all(|record| whole.contains(record)));
        let told: u64 = gaps.iter().map(LsnRange::count).sum();
        let at_end = gone
            .iter()
            .filter(|(lsn, _)| *lsn > found.last().unwrap().0)
            .count();
        assert_eq!(
            told as usize + at_end,
            gone.len(),
            "the reader tells by {flipped:?}"
        );
        for (id, _) in flipped {
            let (_, bytes) = segments.iter().find(|(segment, _)| *segment == id).unwrap();
            storage.replace_contents(&segment_path(id), bytes).unwrap();
        }
    }
}

fn dumped(storage: &SimStorage) -> (Vec<(u64, Vec<u8>)>, Vec<LsnRange>) {
    let (mut records, mut gaps) = (Vec::new(), Vec::new());
    dump(storage, dir(), Position::ZERO, |item| {
        match item {
            DumpItem::Record(record) => {
                records.push((record.position.lsn.0, record.payload.to_vec()));
            }
            DumpItem::Lost(range) => gaps.push(range),
        }
        true
    })
    .unwrap();
    (records, gaps)
}

#[test]
fn the_start_record_carries_the_owners_bytes() {
    let storage = SimStorage::new(1);
    let recovery = recover(&storage);
    let log = recovery
        .start(Start {
            term: Term(7),
            time: RecordTime(1),
            payload: b"version 1",
        })
        .unwrap();
    assert_eq!(read_all(&log)[0].payload, b"version 1");
}
