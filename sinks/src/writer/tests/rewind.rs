//! A target that went back: what is still held for it comes first, and what is gone is named.
#![allow(clippy::unwrap_used)]

use super::super::driver::Turn;
use super::script::{Answer, Bench, Call, IDLE, Shape, write};
use crate::testing::{Row, at, batch, key};
use crate::{Gone, Lane, LostRows, RowBatch, StillHeld, TargetCursor};
use std::sync::Arc;

/// A lane that had confirmed rows up to 10, and whose target is at `theirs`; the rows of 11 wait.
fn back_at(theirs: u64) -> Bench {
    let lane = Lane::new(key(0), 64, at(10)).keeping_rows();
    let mut bench = Bench::new(Shape {
        lanes: vec![Arc::new(lane)],
        ..Shape::default()
    });
    bench.script().cursors = vec![TargetCursor::At(at(theirs))];
    bench.push(0, batch(1, &[(11, 1, "k")]));
    bench.run();
    bench
}

fn lost(above: u64, through: u64) -> LostRows {
    let (above, through) = (at(above), at(through));
    LostRows { above, through }
}

fn gone(above: u64, below: u64, inclusive: bool) -> Gone {
    let (above, below) = (at(above), at(below));
    Gone {
        above,
        below,
        inclusive,
    }
}

fn piece(asked: LostRows, rows: &[&[Row<'_>]], gone: Vec<Gone>, end: bool) -> StillHeld {
    let made = |rows: &&[Row<'_>]| Arc::into_inner(batch(0, rows)).unwrap();
    let batches: Vec<RowBatch> = rows.iter().map(made).collect();
    StillHeld {
        asked,
        batches,
        gone,
        end,
    }
}

#[test]
fn what_is_still_held_is_sent_before_what_follows() {
    let mut bench = back_at(4);
    let waiting = bench.run();
    assert!(matches!(
        waiting,
        Turn::Wait {
            for_rows: false,
            ..
        }
    ));
    let asked = bench.lanes[0].take_asked().unwrap();
    assert_eq!(asked, lost(4, 10));
    let named = vec![gone(4, 6, false)];
    let rows: &[&[Row<'_>]] = &[&[(6, 1, "f")], &[(7, 1, "g")]];
    bench.lanes[0].answer_lost(piece(asked, rows, named, false));
    bench.run();
    let asked = bench.lanes[0].take_asked().unwrap();
    assert_eq!(asked, lost(7, 10));
    let rows: &[&[Row<'_>]] = &[&[(9, 1, "i")]];
    bench.lanes[0].answer_lost(piece(asked, rows, vec![gone(9, 10, true)], true));
    assert_eq!(bench.run(), IDLE);
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["f"], &["g"]]),
            Call::Confirm(vec![7]),
            write(&[&["i"]]),
            Call::Confirm(vec![9]),
            write(&[&["k"]]),
            Call::Confirm(vec![11]),
        ]
    );
    assert_eq!(bench.lanes[0].confirmed(), 1);
    let counts = bench.counts();
    assert_eq!((counts.went_back, counts.records_gone), (1, 2));
}

#[test]
fn a_connection_lost_on_the_way_asks_again_for_what_is_missing_and_names_nothing_twice() {
    let mut bench = back_at(4);
    let asked = bench.lanes[0].take_asked().unwrap();
    bench.script().writes.push_back(Answer::Fail);
    let rows: &[&[Row<'_>]] = &[&[(6, 1, "f")], &[(7, 1, "g")]];
    let held = || piece(asked, rows, vec![gone(4, 6, false)], true);
    bench.lanes[0].answer_lost(held());
    bench.run();
    bench.calls();
    // It was taken in part, and the answer was lost.
    let (above, through) = (at(4), at(6));
    bench.script().cursors = vec![TargetCursor::Unanswered { above, through }];
    for _ in 0..3 {
        bench.pass(10_000);
        bench.run();
    }
    let again = bench.lanes[0].take_asked().unwrap();
    assert_eq!(
        again,
        lost(4, 10),
        "rows of a lost answer are to be asked about"
    );
    bench.lanes[0].answer_lost(held());
    assert_eq!(bench.run(), IDLE);
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            Call::LookBack(vec![vec!["f".to_owned()]]),
            write(&[&["g"]]),
            Call::Confirm(vec![7]),
            write(&[&["k"]]),
            Call::Confirm(vec![11]),
        ]
    );
    let counts = bench.counts();
    assert_eq!((counts.went_back, counts.records_gone), (1, 1));
}

#[test]
fn a_target_that_goes_back_once_more_gets_all_of_it() {
    let mut older = back_at(6);
    let asked = older.lanes[0].take_asked().unwrap();
    older.script().writes.push_back(Answer::Fail);
    older.script().cursors = vec![TargetCursor::At(at(2))];
    let rows: &[&[Row<'_>]] = &[&[(7, 1, "g")]];
    older.lanes[0].answer_lost(piece(asked, rows, vec![], false));
    for _ in 0..3 {
        older.run();
        older.pass(10_000);
    }
    assert_eq!(older.lanes[0].take_asked(), Some(lost(2, 10)));
    // The answer to the first question is not taken for that to the second.
    older.lanes[0].answer_lost(piece(asked, rows, vec![], true));
    let waiting = older.run();
    assert!(matches!(
        waiting,
        Turn::Wait {
            for_rows: false,
            ..
        }
    ));
    assert_eq!(older.counts().went_back, 2);
}

#[test]
fn a_lane_that_keeps_nothing_names_all_of_it() {
    let lane = Arc::new(Lane::new(key(0), 64, at(10)));
    let mut bench = Bench::new(Shape {
        lanes: vec![lane],
        ..Shape::default()
    });
    bench.script().cursors = vec![TargetCursor::At(at(4))];
    bench.push(0, batch(1, &[(11, 1, "k")]));
    assert_eq!(bench.run(), IDLE);
    let calls = [Call::Open, write(&[&["k"]]), Call::Confirm(vec![11])];
    assert_eq!(bench.calls(), calls);
    let counts = bench.counts();
    assert_eq!((counts.went_back, counts.records_gone), (1, 6));
}
