//! Appending, committing, rotating, reading, retention: without faults.

use crate::harness::*;
use rookery_model::{Lsn, Position, RecordTime, Term};
use rookery_runtime::storage::Storage;
use rookery_runtime::storage::sim::SimStorage;
use rookery_wal::{AppendError, Known, LogConfig, RecordKind, Recovery, Start, WalError};

#[test]
fn a_new_log_begins_with_its_start_record() {
    let storage = SimStorage::new(1);
    let (log, report) = open(&storage);
    assert!(report.is_clean());
    assert_eq!(report.last, Position::ZERO);
    let records = read_all(&log);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].kind, RecordKind::Start);
    assert_eq!(records[0].position, Position::new(Term(1), Lsn(1)));
    assert_eq!(records[0].payload, b"start");
    assert_eq!(log.appended(), Position::new(Term(1), Lsn(1)));
    assert_eq!(log.durable(), Position::ZERO);
}

#[test]
fn records_come_back_with_time_kind_and_joined_parts() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    let time = RecordTime(5_000_000);
    commit(&mut log);
    log.begin_batch(time);
    let lsn = log
        .append(RecordKind::Malformed, &[b"one ", b"", b"record"])
        .unwrap();
    log.append(RecordKind::Skip, &[]).unwrap();
    let before = log.durable();
    assert!(before.lsn < lsn);
    assert_eq!(commit(&mut log), log.appended());
    let (records, _) = read_from(&log, before);
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].payload, b"one record");
    assert_eq!(
        (records[0].kind, records[0].time),
        (RecordKind::Malformed, time)
    );
    assert_eq!(
        (records[1].kind, records[1].payload.len()),
        (RecordKind::Skip, 0)
    );
}

#[test]
fn record_time_never_goes_back() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    commit(&mut log);
    log.begin_batch(RecordTime(-77));
    log.append(RecordKind::Message, &[b"a"]).unwrap();
    commit(&mut log);
    drop(log);
    let recovery = recover(&storage);
    let last = recovery.last_time();
    assert_eq!(last, RecordTime(1_000_000));
    let log = recovery
        .start(Start {
            term: Term(9),
            time: RecordTime(3),
            payload: &[],
        })
        .unwrap();
    assert!(read_all(&log).iter().all(|record| record.time >= last));
}

#[test]
fn a_commit_covers_what_was_appended_before_it_and_one_is_in_flight() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    append(&mut log, b"first");
    let one = log.begin_commit().unwrap();
    assert_eq!(one.through().lsn, Lsn(2));
    assert_eq!(one.targets().count(), 1);
    append(&mut log, b"second");
    assert!(log.begin_commit().is_none(), "one commit at a time");
    assert_eq!(log.unsynced_bytes(), 26);
    let result = one.sync_data();
    assert_eq!(log.end_commit(one, result).unwrap().lsn, Lsn(2));
    assert_eq!(log.appended().lsn, Lsn(3));
    assert_eq!(commit(&mut log).lsn, Lsn(3));
    assert!(log.begin_commit().is_none(), "nothing to commit");
    assert_eq!(log.unsynced_bytes(), 0);
}

#[test]
fn a_commit_over_a_rotation_syncs_both_segments() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    commit(&mut log);
    for at in 0..80 {
        append(&mut log, message("m", at).as_bytes());
    }
    assert_eq!(log.stats().rotations, 1);
    let both = log.begin_commit().unwrap();
    assert_eq!(both.targets().count(), 2);
    let result = both.sync_data();
    log.end_commit(both, result).unwrap();
    for at in 80..300 {
        append(&mut log, message("m", at).as_bytes());
    }
    let many = log.begin_commit().unwrap();
    assert!(
        many.targets().count() > 3,
        "several rotations within one commit"
    );
    let result = many.sync_data();
    log.end_commit(many, result).unwrap();
    let found = messages(&log);
    assert_eq!(found.len(), 300);
    assert_eq!(found[299], message("m", 299).as_bytes());
}

#[test]
fn sealed_segments_are_cut_to_their_last_batch() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    fill(&mut log, "m", 200, 7);
    let sizes: Vec<usize> = (1..4)
        .map(|id| storage.contents(&segment_path(id)).unwrap().len())
        .collect();
    assert!(
        sizes.iter().all(|size| *size < SEGMENT as usize),
        "{sizes:?}"
    );
    let bytes: u64 = log.stats().log_bytes;
    assert!(bytes > 200 * 200 && bytes < 200 * 320, "{bytes}");
}

#[test]
fn a_log_goes_on_after_each_way_to_end_it() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    fill(&mut log, "a", 100, 9);
    log.close().unwrap();
    let (mut log, report) = open(&storage);
    assert!(report.is_clean(), "{report:?}");
    fill(&mut log, "b", 100, 9);
    append(&mut log, b"appended, and never committed");
    drop(log);
    // Killed: the cache survives, but an open batch has no header.
    let (mut log, report) = open(&storage);
    assert!(!report.is_degraded());
    fill(&mut log, "c", 10, 3);
    let records = read_all(&log);
    let lsns: Vec<u64> = records.iter().map(|record| record.position.lsn.0).collect();
    assert_eq!(
        lsns,
        (1..=213).collect::<Vec<_>>(),
        "LSNs go on without a gap"
    );
    let starts = records
        .iter()
        .filter(|record| record.kind == RecordKind::Start);
    let terms: Vec<u64> = starts.map(|record| record.position.term.0).collect();
    assert_eq!(terms, [1, 2, 3]);
}

#[test]
fn a_closed_batch_survives_a_kill_without_any_sync() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    append(&mut log, b"kept");
    log.close_batch();
    drop(log);
    let (log, report) = open(&storage);
    assert!(report.is_clean());
    assert_eq!(messages(&log), [b"kept"]);
}

#[test]
fn a_reader_follows_the_log_record_by_record() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    let mut reader = log.reader(Position::ZERO);
    let mut seen = 0;
    for at in 0..400 {
        append(&mut log, message("m", at).as_bytes());
        match at % 5 {
            1 => {
                commit(&mut log);
            }
            3 => log.close_batch(),
            _ => {}
        }
        if at % 3 == 0 {
            while let Some(record) = reader.next(&log).unwrap() {
                seen += 1;
                assert_eq!(record.position.lsn, Lsn(seen));
                if record.kind == RecordKind::Message {
                    let text = message("m", seen as usize - 2);
                    assert_eq!(record.payload, text.as_bytes());
                }
            }
            assert_eq!(seen as usize, at + 2, "everything appended is read");
        }
    }
    assert_eq!(reader.take_damage(), []);
}

#[test]
fn a_reader_begins_after_any_position() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    fill(&mut log, "a", 100, 7);
    drop(log);
    let (mut log, _) = open(&storage);
    fill(&mut log, "b", 60, 7);
    let all = read_all(&log);
    for (index, record) in all.iter().enumerate() {
        let (rest, damage) = read_from(&log, record.position);
        assert_eq!(rest, all[index + 1..]);
        assert_eq!(damage, []);
    }
}

#[test]
fn a_record_that_fits_into_no_segment_is_refused_with_the_limit() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    log.begin_batch(RecordTime(1));
    let limit = SEGMENT as usize - 4096 - 128 - 20;
    let error = log
        .append(RecordKind::Message, &[&vec![0; limit + 1]])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "E2004 record of 12141 bytes is over the limit of 12140; raise `log.segment_size_bytes`"
    );
    log.append(RecordKind::Message, &[&vec![7; limit]]).unwrap();
    commit(&mut log);
    assert_eq!(messages(&log), [vec![7; limit]]);
}

#[test]
fn a_term_that_is_not_new_is_refused() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    commit(&mut log);
    drop(log);
    let recovery = recover(&storage);
    let start = Start {
        term: Term(1),
        time: RecordTime(0),
        payload: &[],
    };
    let error = recovery.start(start).err().unwrap();
    assert_eq!(
        error.to_string(),
        "E2013 term 1 is not above term 1 of the log in /data/log"
    );
}

#[test]
fn a_segment_size_that_cannot_be_is_refused() {
    let config = LogConfig {
        segment_size_bytes: 5000,
        ..config()
    };
    let error = Recovery::open(SimStorage::new(1), dir(), config, Known::default());
    assert_eq!(
        error.err().unwrap().to_string(),
        "E2008 `log.segment_size_bytes` of 5000 is not a multiple of 4096 between 8192 and \
         1073741824"
    );
}

#[test]
fn a_full_disk_stops_messages_before_the_last_segment_and_lets_them_go_on() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    storage.set_free_bytes(0);
    let mut taken = 0;
    let error = loop {
        log.begin_batch(RecordTime(1));
        match log.append(RecordKind::Message, &[message("m", taken).as_bytes()]) {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(
            error,
            AppendError::Full {
                disk_full: true,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        "E2003 no space for a log segment of 16384 bytes: intake stops until there is; free some, \
         or lower `log.retain_bytes`"
    );
    let stats = log.stats();
    assert!(stats.disk_full);
    assert_eq!(
        stats.ready_segments, 1,
        "the last ready segment is kept for the rest"
    );
    commit(&mut log);
    log.begin_batch(RecordTime(1));
    log.append(RecordKind::Skip, &[&[0; 3000]]).unwrap();
    storage.set_free_bytes(10 * SEGMENT);
    fill(&mut log, "m", 100, 10);
    assert!(!log.stats().disk_full);
    assert_eq!(messages(&log).len(), taken + 100);
}

#[test]
fn a_start_on_a_full_disk_says_so_and_works_once_there_is_space() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    fill(&mut log, "m", 10, 3);
    drop(log);
    let recovery = recover(&storage);
    storage.set_free_bytes(0);
    let start = Start {
        term: Term(5),
        time: RecordTime(0),
        payload: &[],
    };
    // The unused segments were given back: take that space away too.
    let storage_again = storage.clone();
    let error = recovery.start(start);
    match error {
        Ok(_) => {}
        Err(error) => {
            assert!(matches!(error, WalError::DiskFull { .. }), "{error}");
        }
    }
    storage_again.set_free_bytes(1 << 20);
    let (log, _) = open(&storage);
    assert_eq!(messages(&log).len(), 10);
}

#[test]
fn log_is_deleted_when_needless_and_beyond_hours_or_bytes() {
    let hour = 3_600_000_000;
    let storage = SimStorage::new(1);
    let config = LogConfig {
        retain_hours: 2,
        retain_bytes: 100_000,
        ..config()
    };
    let recovery = Recovery::open(storage.clone(), dir(), config, Known::default()).unwrap();
    let mut log = recovery
        .start(Start {
            term: Term(1),
            time: RecordTime(0),
            payload: &[],
        })
        .unwrap();
    for at in 0..240 {
        log.begin_batch(RecordTime(at * hour / 40));
        log.append(RecordKind::Message, &[message("m", at as usize).as_bytes()])
            .unwrap();
        commit(&mut log);
    }
    let segments = log.stats().segments;
    let now = RecordTime(6 * hour);
    assert_eq!(
        log.apply_retention(now),
        0,
        "the checkpoint needs all of it"
    );
    log.set_deletable(Position::new(Term(1), Lsn(100)));
    let deleted = log.apply_retention(now) as u64;
    assert!(deleted > 0 && deleted < segments);
    let records = read_all(&log);
    assert!(
        records[0].position.lsn <= Lsn(101),
        "nothing above what was declared needless"
    );
    log.set_deletable(log.durable());
    log.apply_retention(now);
    let records = read_all(&log);
    let oldest = records[0].time;
    assert!(
        oldest.0 >= 3 * hour && oldest.0 <= 4 * hour,
        "{oldest:?}: two hours are kept"
    );
    let names = storage.read_dir(dir()).unwrap();
    let files = names.iter().filter(|name| name.ends_with(".log")).count() as u64;
    let stats = log.stats();
    assert_eq!(files, stats.segments + stats.ready_segments);
    drop(log);
    let (log, report) = open(&storage);
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(read_all(&log)[..records.len()], records);
    let gone = log
        .reader(Position::new(Term(1), Lsn(5)))
        .next(&log)
        .unwrap_err();
    let first = records[0].position;
    assert_eq!(
        gone.to_string(),
        format!(
            "E2012 log after position 1:5 was deleted, the oldest record is {first}; raise \
             `log.retain_hours` to keep more"
        )
    );
}

#[test]
fn the_byte_limit_deletes_before_the_hours_are_over() {
    let storage = SimStorage::new(1);
    let config = LogConfig {
        retain_bytes: 40_000,
        ..config()
    };
    let recovery = Recovery::open(storage.clone(), dir(), config, Known::default()).unwrap();
    let mut log = recovery
        .start(Start {
            term: Term(1),
            time: RecordTime(0),
            payload: &[],
        })
        .unwrap();
    fill(&mut log, "m", 400, 5);
    log.set_deletable(log.durable());
    assert!(log.apply_retention(RecordTime(0)) > 0);
    let bytes = log.stats().log_bytes;
    assert!(bytes <= 40_000 && bytes > 20_000, "{bytes}");
}

#[test]
fn a_start_reads_only_what_the_checkpoint_does_not_cover() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    fill(&mut log, "m", 500, 7);
    let durable = log.durable();
    drop(log);
    let whole = recover(&storage).report().scanned_bytes;
    let known = Known {
        durable,
        checkpoint: durable,
    };
    let recovery = Recovery::open(storage.clone(), dir(), config(), known).unwrap();
    let part = recovery.report().scanned_bytes;
    assert!(
        part <= 4 * SEGMENT && whole > 5 * SEGMENT,
        "{part} of {whole}"
    );
    let log = start(recovery);
    assert_eq!(messages(&log).len(), 500);
}

#[test]
fn idle_marks_are_written_once_and_cost_no_sync() {
    let storage = SimStorage::new(1);
    let (mut log, _) = open(&storage);
    append(&mut log, b"a");
    commit(&mut log);
    let (syncs, bytes) = (storage.syncs(), log.stats().bytes);
    for _ in 0..3 {
        log.mark_durable();
    }
    assert_eq!(log.stats().bytes, bytes + 64);
    assert_eq!(storage.syncs(), syncs);
    assert!(
        log.begin_commit().is_none(),
        "a mark alone is nothing to commit"
    );
    append(&mut log, b"b");
    commit(&mut log);
    assert_eq!(messages(&log), [b"a", b"b"]);
    drop(log);
    let (_, report) = open(&storage);
    assert!(report.is_clean());
}

/// Large commits zero pages ahead of the records: never where a record is.
#[test]
fn large_and_small_commits_in_any_order_keep_every_record() {
    for seed in 0..24_u64 {
        let storage = SimStorage::new(seed);
        let config = LogConfig {
            segment_size_bytes: 1 << 20,
            ..config()
        };
        let open = || {
            let known = Known::default();
            Recovery::open(storage.clone(), dir(), config.clone(), known).unwrap()
        };
        let mut log = start(open());
        let mut random = seed + 1;
        let mut wanted = Vec::new();
        for round in 0..14_u64 {
            let target = if (round + seed) % 3 == 0 {
                2_000
            } else {
                420_000
            };
            let mut bytes = 0;
            while bytes < target {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(round);
                let length = (random >> 33) % 9_000;
                let payload = vec![1 + (random >> 50) as u8 % 250; length as usize];
                append(&mut log, &payload);
                bytes += length;
                wanted.push(payload);
            }
            if round % 4 == 1 {
                log.close_batch();
                log.mark_durable();
            }
            commit(&mut log);
            log.mark_durable();
        }
        assert!(log.stats().rotations >= 2);
        assert_eq!(messages(&log), wanted, "seed {seed}");
        drop(log);
        storage.crash();
        let recovery = open();
        assert!(
            !recovery.report().is_degraded(),
            "seed {seed}: {:?}",
            recovery.report()
        );
        assert_eq!(messages(&start(recovery)), wanted, "seed {seed}");
    }
}
