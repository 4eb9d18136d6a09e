//! Segments that are gone, emptied, swapped or stale; flipped bits; what commands see; acceptance.

use crate::harness::*;
use crate::recovery_table::*;
use rookery_model::{Lsn, Position, RecordTime, Term};
use rookery_runtime::storage::Storage;
use rookery_runtime::storage::sim::SimStorage;
use rookery_wal::{
    DumpItem, Finding, Known, LsnRange, RecordKind, Recovery, Start, WalError, accept, dump, verify,
};

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
fn a_log_of_which_nothing_is_left_is_all_lost_and_goes_on_behind_it() {
    let last = Lsn(182);
    let first = |checkpoint: Position| checkpoint.lsn.next();
    for checkpoint in [Position::ZERO, Position::new(Term(1), Lsn(120))] {
        let storage = many_segments();
        for id in 1..=4 {
            alter(&storage, &segment_path(id), |bytes| bytes.fill(0));
        }
        storage.unlink(&dir().join("segments.index.a")).unwrap();
        storage.unlink(&dir().join("segments.index.b")).unwrap();
        let known = Known {
            durable: Position::new(Term(1), last),
            checkpoint,
        };
        let recovery = Recovery::open(storage.clone(), dir(), config(), known).unwrap();
        let report = recovery.report().clone();
        let mut log = start(recovery);
        let lost = LsnRange {
            first: first(checkpoint),
            last,
        };
        let found: Vec<_> = report.findings.iter().flat_map(Finding::lost).collect();
        assert_eq!(found, [lost], "{:?}", report.findings);
        assert_eq!(log.appended().lsn, last.next(), "no LSN comes twice");
        assert_eq!(read_from(&log, checkpoint).1, [lost]);
        commit(&mut log);
        drop(log);
        // Without what the owner knows, the start record tells where the log before it ended.
        let mut seen = Vec::new();
        let note = |item: DumpItem<'_>| {
            seen.push(match item {
                DumpItem::Record(record) => (record.position.lsn, record.position.lsn),
                DumpItem::Lost(range) => (range.first, range.last),
            });
            true
        };
        dump(&storage, dir(), Position::ZERO, note).unwrap();
        assert_eq!(seen.last(), Some(&(last.next(), last.next())), "{seen:?}");
        assert_eq!(seen.iter().rev().nth(1).map(|lost| lost.1), Some(last));
    }
}

#[test]
fn a_first_segment_gone_with_the_index_is_missed_by_who_knows_the_checkpoint() {
    let storage = many_segments();
    let gone = verify(&storage, dir()).unwrap().segments[0].records;
    storage.unlink(&segment_path(1)).unwrap();
    storage.unlink(&dir().join("segments.index.a")).unwrap();
    storage.unlink(&dir().join("segments.index.b")).unwrap();
    for (checkpoint, lost) in [(Lsn(0), vec![gone]), (gone.last, vec![])] {
        let known = Known {
            durable: Position::new(Term(1), Lsn(181)),
            checkpoint: Position::new(Term(1), checkpoint),
        };
        let recovery = Recovery::open(storage.clone(), dir(), config(), known).unwrap();
        let found = recovery.report().findings.iter();
        let found: Vec<_> = found.flat_map(Finding::lost).collect();
        assert_eq!(found, lost, "{checkpoint:?}");
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
        assert!(records > (round + 1) * 9);
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

#[test]
fn pages_that_cannot_be_read_cost_their_records_only() {
    let storage = many_segments();
    storage
        .make_unreadable(&segment_path(2), 8192..8193)
        .unwrap();
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
    let count: u64 = lost.iter().map(LsnRange::count).sum();
    assert!((15..25).contains(&count), "one page of 4 KiB: {lost:?}");
    let (records, damage) = read_from(&log, Position::ZERO);
    assert_eq!(damage, *lost);
    assert_eq!(records.len() as u64, 182 - count);
}
