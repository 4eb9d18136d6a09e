//! Transactions whose answer was lost, and those that took effect in no row.
#![allow(clippy::unwrap_used)]

use super::script::{Answer, Bench, Call, IDLE, Shape, write};
use crate::testing::{at, batch, key};
use crate::{Lane, TargetCursor};
use std::sync::Arc;

fn look_back(parts: &[&[&str]]) -> Call {
    match write(parts) {
        Call::Write(parts) => Call::LookBack(parts),
        other => other,
    }
}

fn rejected(row: &str) -> Call {
    Call::Rejected(vec![(row.to_owned(), format!("E3099 no {row} here"))])
}

fn unanswered(above: u64, through: u64) -> TargetCursor {
    let (above, through) = (at(above), at(through));
    TargetCursor::Unanswered { above, through }
}

/// A driver of which the target has committed b and c, and the answer is lost.
fn lost_after_a() -> Bench {
    let mut bench = Bench::new(Shape::default());
    bench.push(0, batch(1, &[(1, 1, "a")]));
    bench.run();
    bench.calls();
    bench.script().writes.push_back(Answer::Fail);
    bench.script().cursors = vec![unanswered(1, 3)];
    bench.push(0, batch(2, &[(2, 1, "b"), (3, 1, "c")]));
    bench.run();
    bench.push(0, batch(3, &[(4, 1, "d")]));
    bench
}

#[test]
fn rows_of_a_lost_answer_are_asked_about_before_anything_follows() {
    let mut bench = lost_after_a();
    let look = Answer::Sort(vec![], vec!["c"]);
    bench.script().looks.push_back(look);
    assert_eq!(bench.run_on(), IDLE);
    assert_eq!(
        bench.calls(),
        [
            write(&[&["b", "c"]]),
            Call::Open,
            look_back(&[&["b", "c"]]),
            rejected("c"),
            write(&[&["d"]]),
            Call::Confirm(vec![4]),
        ]
    );
    let counts = bench.counts();
    assert_eq!((counts.rows_rejected, counts.rows_skipped), (1, 2));
    assert_eq!(bench.lanes[0].confirmed(), 3);
}

#[test]
fn what_cannot_be_asked_or_stored_now_is_asked_again() {
    let mut bench = lost_after_a();
    let look = || Answer::Sort(vec![], vec!["b"]);
    bench.script().looks.extend([Answer::Fail, look(), look()]);
    bench.script().stores.push_back(Answer::Fail);
    bench.run_on();
    let asked = look_back(&[&["b", "c"]]);
    assert_eq!(
        bench.calls()[1..],
        [
            Call::Open,
            asked.clone(),
            Call::Open,
            asked.clone(),
            rejected("b"),
            asked,
            rejected("b"),
            write(&[&["d"]]),
            Call::Confirm(vec![4]),
        ]
    );
    assert_eq!(bench.counts().rows_rejected, 1);
}

#[test]
fn after_a_restart_only_rows_above_what_was_answered_and_confirmed_are_asked_about() {
    for (confirmed, above, asked) in [(1, 3, &["d", "e"]), (3, 2, &["d", "e"])] {
        let mut bench = Bench::new(Shape {
            lanes: vec![Arc::new(Lane::new(key(0), 64, at(confirmed)))],
            ..Shape::default()
        });
        bench.script().cursors = vec![unanswered(above, 5)];
        bench.run();
        bench.push(0, batch(1, &[(2, 1, "b"), (3, 1, "c"), (4, 1, "d")]));
        bench.push(0, batch(2, &[(5, 1, "e"), (6, 1, "f")]));
        bench.run();
        assert_eq!(
            bench.calls(),
            [
                Call::Open,
                look_back(&[&asked[..1], &asked[1..]]),
                write(&[&["f"]]),
                Call::Confirm(vec![6]),
            ]
        );
    }
}

#[test]
fn a_cursor_that_is_not_ahead_asks_about_nothing() {
    for theirs in [3, 5] {
        let mut bench = Bench::new(Shape {
            lanes: vec![Arc::new(Lane::new(key(0), 64, at(5)))],
            ..Shape::default()
        });
        bench.script().cursors = vec![unanswered(1, theirs)];
        bench.push(0, batch(1, &[(6, 1, "f")]));
        bench.run();
        assert_eq!(
            bench.calls(),
            [Call::Open, write(&[&["f"]]), Call::Confirm(vec![6])]
        );
    }
}

#[test]
fn a_request_of_which_nothing_was_taken_goes_again_at_once_without_its_refused_rows() {
    let mut bench = Bench::new(Shape::default());
    bench.script().writes.extend([
        Answer::TakeNothing(vec!["b"]),
        Answer::TakeNothing(vec!["d"]),
    ]);
    bench.push(0, batch(1, &[(1, 1, "a"), (2, 1, "b")]));
    bench.push(0, batch(2, &[(3, 1, "c"), (4, 1, "d")]));
    assert_eq!(bench.run(), IDLE);
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["a", "b"], &["c", "d"]]),
            rejected("b"),
            write(&[&["a"], &["c", "d"]]),
            rejected("d"),
            write(&[&["a"], &["c"]]),
            Call::Confirm(vec![4]),
        ]
    );
    let counts = bench.counts();
    assert_eq!((counts.failures, counts.rows_rejected), (0, 2));
}
