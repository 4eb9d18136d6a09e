#![allow(clippy::unwrap_used)]

use super::store::unbounded;
use super::*;
use rookery_model::{Lsn, Term};
use rookery_runtime::storage::sim::SimStorage;
use rookery_sinks::RowMeta;
use std::path::Path;

const SEGMENT: u64 = 400;

fn at(lsn: u64) -> Position {
    Position::new(Term(7), Lsn(lsn))
}

/// A batch with a row of each of these records.
fn batch(lsns: std::ops::RangeInclusive<u64>) -> RowBatch {
    let mut batch = RowBatch {
        through: at(*lsns.end()),
        oldest: RecordTime(1_000 + *lsns.start() as i64),
        ..RowBatch::default()
    };
    for lsn in lsns {
        batch
            .bytes
            .extend_from_slice(format!("row {lsn}\n").as_bytes());
        batch.rows.push(RowMeta {
            end: batch.bytes.len() as u32,
            rule: 3,
            ordinal: 1,
            position: at(lsn),
            device: lsn * 11,
        });
    }
    batch
}

fn found(checkpoint: u64, cursor: u64, promised: u64) -> Found {
    Found {
        term: Term(8),
        checkpoint: at(checkpoint),
        cursor: at(cursor),
        promised: at(promised),
    }
}

fn limited(policy: SpillPolicy, lane_max_bytes: u64) -> SpillLimits {
    SpillLimits {
        policy,
        lane_max_bytes,
        ..unbounded(SEGMENT)
    }
}

fn open(disk: &SimStorage, limits: SpillLimits, found: Found) -> Opened<SimStorage> {
    let dir = Path::new("/data/spill/job.orders-0");
    SpillStore::open(disk, dir, 5, limits, found).unwrap()
}

fn new_store(disk: &SimStorage) -> SpillStore<SimStorage> {
    open(disk, unbounded(SEGMENT), found(0, 0, 0)).store
}

fn append(store: &mut SpillStore<SimStorage>, batches: Vec<RowBatch>) -> (usize, SpillSync) {
    let rows = batches.into_iter().map(|batch| SpillRow {
        batch: Arc::new(batch),
        delivered: false,
    });
    match store.work(SpillOrder::Append(rows.collect())).outcome {
        SpillOutcome::Appended { appended, sync, .. } => (appended, sync),
        other => panic!("{other:?}"),
    }
}

/// Batches of four rows up to `last`, which is a multiple of four.
fn fours(last: u64) -> Vec<RowBatch> {
    (0..last / 4)
        .map(|n| batch(n * 4 + 1..=n * 4 + 4))
        .collect()
}

fn read(store: &mut SpillStore<SimStorage>, bytes: usize) -> Vec<RowBatch> {
    match store.work(SpillOrder::Read { bytes }).outcome {
        SpillOutcome::Read(batches) => batches,
        other => panic!("{other:?}"),
    }
}

fn lsns(batches: &[RowBatch]) -> Vec<u64> {
    let rows = batches.iter().flat_map(|batch| &batch.rows);
    rows.map(|row| row.position.lsn.0).collect()
}

#[test]
fn batches_come_back_as_they_were_over_many_segments() {
    let disk = SimStorage::new(1);
    let mut store = new_store(&disk);
    append(&mut store, fours(40));
    let done = store.done(SpillOutcome::Trimmed);
    assert_eq!((done.unread_batches, done.unread_rows), (10, 40));
    assert_eq!(done.oldest_unread, Some(RecordTime(1_001)));
    assert!(done.bytes > 5 * SEGMENT, "{}", done.bytes);
    let back = read(&mut store, usize::MAX);
    let expected = fours(40);
    assert_eq!(format!("{back:?}"), format!("{expected:?}"));
    assert_eq!(store.done(SpillOutcome::Trimmed).unread_batches, 0);
    assert!(read(&mut store, 1).is_empty());
}

#[test]
fn a_read_gives_at_least_one_batch_and_stops_at_its_bytes() {
    let mut store = new_store(&SimStorage::new(1));
    append(&mut store, fours(40));
    assert_eq!(lsns(&read(&mut store, 0)), [1, 2, 3, 4]);
    assert_eq!(lsns(&read(&mut store, 30)), [5, 6, 7, 8, 9, 10, 11, 12]);
}

#[test]
fn what_the_writer_has_is_passed_over_and_comes_again_after_a_start() {
    let disk = SimStorage::new(1);
    let mut store = new_store(&disk);
    let row = |lsns, delivered| SpillRow {
        batch: Arc::new(batch(lsns)),
        delivered,
    };
    let rows = vec![row(1..=2, true), row(3..=4, true), row(5..=6, false)];
    store.work(SpillOrder::Append(rows));
    assert_eq!(lsns(&read(&mut store, usize::MAX)), [5, 6]);
    let mut store = open(&disk, unbounded(SEGMENT), found(6, 2, 6)).store;
    assert_eq!(lsns(&read(&mut store, usize::MAX)), [3, 4, 5, 6]);
}

#[test]
fn a_start_cuts_what_lies_above_the_checkpoint() {
    let disk = SimStorage::new(1);
    append(&mut new_store(&disk), fours(40));
    let mut store = open(&disk, unbounded(SEGMENT), found(20, 4, 20)).store;
    append(&mut store, vec![batch(21..=28)]);
    let expected: Vec<u64> = (5..=28).collect();
    assert_eq!(lsns(&read(&mut store, usize::MAX)), expected);
    assert_eq!(store.done(SpillOutcome::Trimmed).unread_batches, 0);
}

#[test]
fn a_crash_keeps_what_was_synced() {
    for seed in 0..200 {
        let disk = SimStorage::new(seed);
        let mut store = new_store(&disk);
        let (_, sync) = append(&mut store, fours(20));
        sync.run(&disk).unwrap();
        append(&mut store, vec![batch(21..=24), batch(25..=28)]);
        disk.crash();
        let opened = open(&disk, unbounded(SEGMENT), found(20, 0, 20));
        assert_eq!(opened.lost, None, "seed {seed}");
        let mut store = opened.store;
        let expected: Vec<u64> = (1..=20).collect();
        assert_eq!(lsns(&read(&mut store, usize::MAX)), expected, "seed {seed}");
    }
}

#[test]
fn rows_that_a_checkpoint_counted_on_are_missed() {
    let disk = SimStorage::new(1);
    append(&mut new_store(&disk), fours(8));
    assert_eq!(open(&disk, unbounded(SEGMENT), found(8, 0, 8)).lost, None);
    let lost = open(&disk, unbounded(SEGMENT), found(12, 0, 12)).lost;
    assert_eq!(lost, Some(at(12)));
    let confirmed = open(&disk, unbounded(SEGMENT), found(12, 12, 12)).lost;
    assert_eq!(confirmed, None);
}

#[test]
fn files_go_once_their_rows_are_read_and_the_cursor_has_passed() {
    let mut store = new_store(&SimStorage::new(1));
    append(&mut store, fours(40));
    let full = store.bytes();
    store.work(SpillOrder::Trim(at(40)));
    assert_eq!(store.bytes(), full, "nothing was read");
    read(&mut store, usize::MAX);
    store.work(SpillOrder::Trim(at(20)));
    let half = store.bytes();
    assert!(half < full && half > 0, "{half} of {full}");
    assert_eq!(store.limits().shared.used(), half);
    store.work(SpillOrder::Trim(at(40)));
    assert_eq!((store.bytes(), store.limits().shared.used()), (0, 0));
    append(&mut store, vec![batch(41..=44)]);
    assert_eq!(lsns(&read(&mut store, usize::MAX)), [41, 42, 43, 44]);
}

#[test]
fn a_full_budget_blocks_and_goes_on_when_there_is_room() {
    let limits = limited(SpillPolicy::Block, 1_500);
    let mut store = open(&SimStorage::new(1), limits, found(0, 0, 0)).store;
    let (appended, _) = append(&mut store, fours(40));
    assert!((3..10).contains(&appended), "{appended}");
    read(&mut store, usize::MAX);
    let through = appended as u64 * 4;
    store.work(SpillOrder::Trim(at(through)));
    let (more, _) = append(&mut store, vec![batch(through + 1..=through + 4)]);
    assert_eq!(more, 1);
}

#[test]
fn drop_oldest_gives_up_whole_files_and_counts_their_rows() {
    let limits = limited(SpillPolicy::DropOldest, 1_500);
    let mut store = open(&SimStorage::new(1), limits, found(0, 0, 0)).store;
    let mut dropped = 0;
    for batch in fours(40) {
        let row = SpillRow {
            batch: Arc::new(batch),
            delivered: false,
        };
        let done = store.work(SpillOrder::Append(vec![row]));
        assert!(matches!(
            done.outcome,
            SpillOutcome::Appended { appended: 1, .. }
        ));
        dropped += done.dropped_rows;
    }
    let kept = lsns(&read(&mut store, usize::MAX));
    assert_eq!(kept.len() as u64 + dropped, 40);
    assert_eq!(kept, (dropped + 1..=40).collect::<Vec<_>>());
    assert!(dropped > 0);
}

#[test]
fn damage_is_passed_over_and_counted() {
    let disk = SimStorage::new(1);
    let mut store = new_store(&disk);
    append(&mut store, vec![batch(1..=8), batch(9..=16)]);
    let path = Path::new("/data/spill/job.orders-0").join(format!("{:020}.spill", 8u64 << 20));
    let mut bytes = disk.contents(&path).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    disk.replace_contents(&path, &bytes).unwrap();
    assert_eq!(
        lsns(&read(&mut store, usize::MAX)),
        (1..=8).collect::<Vec<_>>()
    );
    let done = store.done(SpillOutcome::Trimmed);
    assert_eq!(done.unread_batches, 0);
}

#[test]
fn another_lanes_files_are_not_taken() {
    let disk = SimStorage::new(1);
    append(&mut new_store(&disk), fours(8));
    let dir = Path::new("/data/spill/job.orders-0");
    let opened = SpillStore::open(&disk, dir, 6, unbounded(SEGMENT), found(8, 0, 8)).unwrap();
    assert_eq!(opened.lost, Some(at(8)));
}
