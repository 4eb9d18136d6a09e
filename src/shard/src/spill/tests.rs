#![allow(clippy::unwrap_used)]

use super::store::unbounded;
use super::*;
use rookery_model::{Lsn, Term};
use rookery_runtime::storage::sim::SimStorage;
use rookery_runtime::storage::{Storage, StorageFile};
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
        begins: false,
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
    let done = store.state();
    assert_eq!((done.unread_batches, done.unread_rows), (10, 40));
    assert_eq!(done.oldest_unread, Some(RecordTime(1_001)));
    assert!(done.bytes > 5 * SEGMENT, "{}", done.bytes);
    let back = read(&mut store, usize::MAX);
    let expected = fours(40);
    assert_eq!(format!("{back:?}"), format!("{expected:?}"));
    assert_eq!(store.state().unread_batches, 0);
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
        begins: false,
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
    assert_eq!(store.state().unread_batches, 0);
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

/// Appends a batch, for which there is always room; how many rows were given up for it.
fn append_dropping(store: &mut SpillStore<SimStorage>, batch: RowBatch) -> u64 {
    let row = SpillRow {
        batch: Arc::new(batch),
        delivered: false,
        begins: false,
    };
    let done = store.work(SpillOrder::Append(vec![row]));
    assert!(matches!(
        done.outcome,
        SpillOutcome::Appended { appended: 1, .. }
    ));
    done.state.dropped_rows
}

#[test]
fn drop_oldest_gives_up_whole_files_and_counts_their_rows() {
    let limits = limited(SpillPolicy::DropOldest, 1_500);
    let mut store = open(&SimStorage::new(1), limits, found(0, 0, 0)).store;
    let dropped: u64 = fours(40)
        .into_iter()
        .map(|batch| append_dropping(&mut store, batch))
        .sum();
    let kept = lsns(&read(&mut store, usize::MAX));
    assert_eq!(kept.len() as u64 + dropped, 40);
    assert_eq!(kept, (dropped + 1..=40).collect::<Vec<_>>());
    assert!(dropped > 0);
}

#[test]
fn drop_oldest_spares_the_files_of_rows_that_were_read() {
    let disk = SimStorage::new(1);
    let limits = || limited(SpillPolicy::DropOldest, 1_500);
    let mut store = open(&disk, limits(), found(0, 0, 0)).store;
    append(&mut store, fours(8));
    let in_memory = lsns(&read(&mut store, 1));
    assert_eq!(in_memory, [1, 2, 3, 4]);
    let later = fours(80).into_iter().skip(2);
    let dropped: u64 = later.map(|batch| append_dropping(&mut store, batch)).sum();
    assert!(dropped > 0);
    // What the target has confirmed and lost again: the gap is told.
    let (kept, gone) = read_lost(&mut store, lost(1, 80));
    assert_eq!(kept.len() as u64 + dropped, 80);
    assert_eq!(kept[..8], Vec::from_iter(1..=8)[..]);
    assert_eq!(gone, [(8, 9 + dropped, false)]);

    // A crash: the process has lost what was in memory, and all but the dropped rows are in the files.
    let mut store = open(&disk, limits(), found(80, 0, 80)).store;
    assert_eq!(lsns(&read(&mut store, usize::MAX)), kept);
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
    let done = store.state();
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

fn lost(above: u64, through: u64) -> LostRows {
    LostRows {
        above: at(above),
        through: at(through),
    }
}

/// All pieces, as a writer asks for them: their rows' records, and what is gone.
fn read_lost(
    store: &mut SpillStore<SimStorage>,
    mut asked: LostRows,
) -> (Vec<u64>, Vec<(u64, u64, bool)>) {
    let (mut found, mut gone) = (Vec::new(), Vec::new());
    loop {
        let held = match store.work(SpillOrder::ReadLost(asked)).outcome {
            SpillOutcome::Lost(held) => held,
            other => panic!("{other:?}"),
        };
        assert_eq!(held.asked, asked);
        found.extend(lsns(&held.batches));
        let ranges = held.gone.iter();
        gone.extend(ranges.map(|gone| (gone.above.lsn.0, gone.below.lsn.0, gone.inclusive)));
        if held.end {
            return (found, gone);
        }
        asked.above = held.batches.last().unwrap().through;
    }
}

#[test]
fn what_a_target_lost_is_read_again_as_far_as_it_is_still_here() {
    let disk = SimStorage::new(1);
    let mut store = new_store(&disk);
    append(&mut store, fours(40));
    read(&mut store, 1 << 20);
    // Two batches a segment: the first five segments hold 8, 16, 24, 32, 40.
    assert_eq!(read_lost(&mut store, lost(0, 40)).0, Vec::from_iter(1..=40));
    assert_eq!(
        read_lost(&mut store, lost(12, 20)),
        (Vec::from_iter(13..=20), vec![])
    );
    // A batch comes whole, and the target passes over what it has.
    assert_eq!(
        read_lost(&mut store, lost(14, 20)),
        (Vec::from_iter(13..=20), vec![])
    );
    store.work(SpillOrder::Trim(at(30)));
    assert_eq!(
        read_lost(&mut store, lost(10, 36)),
        (Vec::from_iter(25..=36), vec![(10, 25, false)])
    );
    assert_eq!(
        read_lost(&mut store, lost(24, 36)),
        (Vec::from_iter(25..=36), vec![])
    );
    assert_eq!(
        read_lost(&mut store, lost(36, 50)),
        (Vec::from_iter(37..=40), vec![(40, 50, true)]),
        "what went directly afterwards is in no file"
    );
    assert_eq!(
        read_lost(&mut store, lost(4, 20)),
        (vec![], vec![(4, 20, true)])
    );
    assert_eq!(read_lost(&mut store, lost(20, 20)), (vec![], vec![]));
    // What is still unread is not confirmed, and comes as always.
    append(&mut store, vec![batch(41..=44)]);
    assert_eq!(
        read_lost(&mut store, lost(36, 40)),
        (Vec::from_iter(37..=40), vec![])
    );
    assert_eq!(lsns(&read(&mut store, 1)), [41, 42, 43, 44]);
}

#[test]
fn rows_that_went_directly_between_two_runs_are_gone() {
    let disk = SimStorage::new(1);
    let mut store = new_store(&disk);
    let run = |lsns, begins| SpillRow {
        batch: Arc::new(batch(lsns)),
        delivered: false,
        begins,
    };
    let rows = vec![run(1..=2, false), run(7..=8, true), run(11..=12, false)];
    store.work(SpillOrder::Append(rows));
    read(&mut store, 1 << 20);
    let all = (vec![1, 2, 7, 8, 11, 12], vec![(2, 7, false)]);
    assert_eq!(read_lost(&mut store, lost(0, 12)).0, all.0);
    assert_eq!(
        read_lost(&mut store, lost(1, 12)),
        all,
        "9 and 10 made no rows"
    );
    // It is the same after a start, but for what nobody knows to be before the first batch.
    let mut store = open(&disk, unbounded(SEGMENT), found(20, 12, 12)).store;
    let after = read_lost(&mut store, lost(1, 12));
    assert_eq!(after, all);
    let from_zero = read_lost(&mut store, lost(0, 12)).1;
    assert_eq!(from_zero, [(0, 1, false), (2, 7, false)]);
}

#[test]
fn a_damaged_batch_ends_what_a_file_gives_back() {
    let disk = SimStorage::new(1);
    let mut store = new_store(&disk);
    append(&mut store, fours(16));
    read(&mut store, 1 << 20);
    let path = &store.segments[0].path;
    let file = disk.open(path).unwrap();
    let end = file.size().unwrap();
    file.write_at(end - 1, b"?").unwrap();
    let (rows, gone) = read_lost(&mut store, lost(1, 16));
    assert_eq!(rows, [vec![1, 2, 3, 4], Vec::from_iter(9..=16)].concat());
    assert_eq!(gone, [(4, 9, false)]);
}
