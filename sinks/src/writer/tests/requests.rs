//! How requests are gathered and confirmed, and what a new connection does to them.

use super::super::driver::Turn;
use super::script::{Answer, Bench, Call, IDLE, Shape, write};
use crate::testing::{at, batch, batch_through, key, lane};
use crate::{Batching, Lane, TargetCursor};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn batching(rows_max: usize, bytes_max: usize, linger_ms: u64) -> Batching {
    Batching {
        rows_max,
        bytes_max,
        linger: Duration::from_millis(linger_ms),
    }
}

#[test]
fn rows_are_handed_over_confirmed_and_given_back() {
    let mut bench = Bench::new(Shape::default());
    let mut mine = batch(1, &[(1, 1, "a"), (2, 2, "b")]);
    bench.push(0, Arc::clone(&mine));
    assert_eq!(bench.run(), IDLE);
    assert_eq!(
        bench.calls(),
        [Call::Open, write(&[&["a", "b"]]), Call::Confirm(vec![2])]
    );
    assert_eq!(bench.lanes[0].confirmed(), 1);
    assert!(Arc::get_mut(&mut mine).is_some(), "the writer let it go");
    assert_eq!(bench.wakes.0.load(Ordering::SeqCst), 1);
    let counts = bench.counts();
    assert_eq!(
        (counts.requests, counts.rows_handed, counts.bytes_handed),
        (1, 2, 2)
    );
    assert_eq!((counts.rows_confirmed, counts.confirms), (2, 1));
    assert_eq!(counts.confirmed_time_us, 1000);
}

#[test]
fn lanes_take_turns() {
    let mut bench = Bench::new(Shape {
        lanes: vec![lane(0, 64), lane(1, 64)],
        batching: batching(4, 1 << 20, 0),
        ..Shape::default()
    });
    for sequence in 1..=4 {
        bench.push(0, batch(sequence, &[(sequence, 1, "x")]));
    }
    for sequence in 1..=2 {
        bench.push(1, batch(sequence, &[(sequence, 2, "y")]));
    }
    bench.run();
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["x"], &["y"], &["x"], &["y"]]),
            Call::Confirm(vec![2, 2]),
            write(&[&["x"], &["x"]]),
            Call::Confirm(vec![4, 2]),
        ]
    );
}

#[test]
fn a_request_is_whole_batches_up_to_its_limits() {
    let mut bench = Bench::new(Shape {
        batching: batching(3, 1 << 20, 0),
        ..Shape::default()
    });
    bench.push(0, batch(1, &[(1, 1, "a"), (1, 1, "b")]));
    bench.push(0, batch(2, &[(2, 1, "c"), (2, 1, "d")]));
    bench.push(0, batch(3, &[(3, 1, "e")]));
    bench.run();
    let calls = bench.calls();
    assert_eq!(calls[1], write(&[&["a", "b"], &["c", "d"]]));
    assert_eq!(calls[3], write(&[&["e"]]));

    let mut bench = Bench::new(Shape {
        batching: batching(1000, 10, 0),
        ..Shape::default()
    });
    bench.push(0, batch(1, &[(1, 1, "much longer than it may be")]));
    bench.push(0, batch(2, &[(2, 1, "x")]));
    bench.run();
    assert_eq!(bench.calls()[1], write(&[&["much longer than it may be"]]));
}

#[test]
fn a_request_lingers_unless_it_is_full() {
    let mut bench = Bench::new(Shape {
        batching: batching(3, 1 << 20, 50),
        ..Shape::default()
    });
    bench.push(0, batch(1, &[(1, 1, "first")]));
    bench.run();
    assert_eq!(bench.calls()[1], write(&[&["first"]]), "after a pause");
    bench.push(0, batch(2, &[(2, 1, "a")]));
    let begun = bench.now;
    let naps_until = |millis| Turn::Wait {
        until: Some(begun + Duration::from_millis(millis)),
        for_rows: false,
    };
    assert_eq!(bench.run(), naps_until(20), "it looks for a full one");
    bench.pass(20);
    bench.push(0, batch(3, &[(3, 1, "b")]));
    assert_eq!(bench.run(), naps_until(40));
    bench.pass(20);
    assert_eq!(
        bench.run(),
        naps_until(50),
        "the last request's time counts"
    );
    bench.pass(10);
    bench.run();
    assert_eq!(bench.calls()[0], write(&[&["a"], &["b"]]));

    bench.push(0, batch(4, &[(4, 1, "c"), (5, 1, "d"), (6, 1, "e")]));
    let parked = Turn::Wait {
        until: None,
        for_rows: true,
    };
    assert_eq!(bench.run(), parked);
    assert_eq!(bench.calls()[0], write(&[&["c", "d", "e"]]), "full");

    bench.push(0, batch(5, &[(7, 1, "f")]));
    bench.driver.drain();
    assert_eq!(bench.run(), Turn::Drained);
    assert_eq!(bench.calls()[0], write(&[&["f"]]), "nothing lingers then");
}

#[test]
fn rows_leave_at_once_and_are_confirmed_at_intervals() {
    let mut bench = Bench::new(Shape {
        confirm_interval: Duration::from_millis(100),
        ..Shape::default()
    });
    bench.push(0, batch(1, &[(1, 1, "a")]));
    bench.run();
    assert_eq!(bench.lanes[0].confirmed(), 1, "the first does not wait");
    let due = bench.now + Duration::from_millis(100);
    bench.calls();
    for sequence in 2..=4 {
        bench.pass(10);
        bench.push(0, batch(sequence, &[(sequence, 1, "b")]));
        let waiting = Turn::Wait {
            until: Some(due),
            for_rows: true,
        };
        assert_eq!(bench.run(), waiting);
        assert_eq!(bench.calls(), [write(&[&["b"]])]);
    }
    assert_eq!(bench.lanes[0].confirmed(), 1);
    bench.now = due;
    assert_eq!(bench.run(), IDLE);
    assert_eq!(bench.calls(), [Call::Confirm(vec![4])]);
    assert_eq!(bench.lanes[0].confirmed(), 4);
}

#[test]
fn much_unconfirmed_is_confirmed_early() {
    let mut bench = Bench::new(Shape {
        confirm_interval: Duration::from_secs(60),
        batching: batching(1000, 1 << 30, 0),
        ..Shape::default()
    });
    bench.push(0, batch(1, &[(1, 1, "first")]));
    bench.run();
    let large = "x".repeat(rookery_model::limits::SINK_UNCONFIRMED_MAX_BYTES / 2);
    bench.push(0, batch(2, &[(2, 1, &large)]));
    bench.run();
    assert_eq!(bench.lanes[0].confirmed(), 1);
    bench.push(0, batch(3, &[(3, 1, &large)]));
    bench.run();
    assert_eq!(bench.lanes[0].confirmed(), 3);
}

#[test]
fn a_full_lane_wakes_its_shard_when_there_is_room() {
    let mut bench = Bench::new(Shape {
        lanes: vec![lane(0, 1)],
        confirm_interval: Duration::from_secs(60),
        ..Shape::default()
    });
    bench.push(0, batch(1, &[(1, 1, "a")]));
    bench.run();
    let woken = bench.wakes.0.load(Ordering::SeqCst);
    bench.push(0, batch(2, &[(2, 1, "b")]));
    let refused = bench.lanes[0].push(batch(3, &[(3, 1, "c")])).unwrap_err();
    assert_eq!(refused.sequence, 3);
    bench.run();
    assert_eq!(bench.lanes[0].confirmed(), 1, "not confirmed, only taken");
    assert_eq!(bench.wakes.0.load(Ordering::SeqCst), woken + 1);
}

#[test]
fn a_target_that_is_down_at_the_start_is_tried_until_it_is_there() {
    let mut bench = Bench::new(Shape::default());
    bench.script().opens = vec![Answer::Fail; 5].into();
    bench.push(0, batch(1, &[(1, 1, "a")]));
    let first = bench.run();
    assert!(matches!(
        first,
        Turn::Wait {
            until: Some(_),
            for_rows: false
        }
    ));
    assert_eq!(bench.run(), first, "it sleeps over rows that come");
    assert!(bench.counts().failing);
    assert_eq!(
        bench.metrics.last_error().unwrap(),
        "[E3001] cannot reach the script: connection refused; it is tried again"
    );
    let begun = bench.now;
    assert_eq!(bench.run_on(), IDLE);
    let took = bench.now - begun;
    assert!(took > Duration::from_millis(1000) && took < Duration::from_secs(5));
    assert_eq!(bench.lanes[0].confirmed(), 1);
    let counts = bench.counts();
    assert_eq!((counts.failures, counts.failing), (5, false));
    assert_eq!(bench.metrics.last_error(), None);
}

#[test]
fn after_a_failed_request_everything_unconfirmed_goes_again_in_order() {
    let mut bench = Bench::new(Shape {
        confirm_interval: Duration::from_secs(60),
        ..Shape::default()
    });
    bench.push(0, batch(1, &[(1, 1, "a")]));
    bench.run();
    bench.push(0, batch(2, &[(2, 1, "b")]));
    bench.run();
    bench.script().writes.push_back(Answer::Fail);
    bench.push(0, batch(3, &[(3, 1, "c")]));
    bench.run();
    bench.push(0, batch(4, &[(4, 1, "d")]));
    bench.calls();
    assert_eq!(bench.run_on(), IDLE);
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["b"], &["c"], &["d"]]),
            Call::Confirm(vec![4]),
        ],
        "and it is confirmed without waiting for the interval"
    );
}

#[test]
fn a_failed_confirmation_sends_again_what_the_target_does_not_have() {
    let mut bench = Bench::new(Shape::default());
    bench.run();
    bench.script().confirms.push_back(Answer::Fail);
    // The commit came through although its answer did not.
    bench.script().cursors = vec![TargetCursor::At(at(2))];
    bench.push(0, batch(1, &[(1, 1, "a"), (2, 1, "b")]));
    bench.run_on();
    assert_eq!(
        bench.calls()[1..],
        [
            write(&[&["a", "b"]]),
            Call::Confirm(vec![2]),
            Call::Open,
            Call::Confirm(vec![2]),
        ]
    );
    assert_eq!(bench.lanes[0].confirmed(), 1);
    assert_eq!(bench.counts().rows_skipped, 2);
}

#[test]
fn a_target_that_is_ahead_gets_only_what_it_has_not() {
    let mut bench = Bench::new(Shape::default());
    bench.script().cursors = vec![TargetCursor::At(at(3))];
    bench.push(0, batch(1, &[(1, 1, "a"), (2, 1, "b")]));
    bench.push(0, batch(2, &[(3, 1, "c"), (3, 1, "d"), (4, 1, "e")]));
    bench.push(0, batch(3, &[(5, 1, "f")]));
    bench.run();
    assert_eq!(
        bench.calls(),
        [Call::Open, write(&[&["e"], &["f"]]), Call::Confirm(vec![5])]
    );
    assert_eq!(bench.lanes[0].confirmed(), 3);
    assert_eq!(bench.counts().rows_skipped, 4);
}

#[test]
fn a_cursor_beyond_all_rows_never_goes_back() {
    let mut bench = Bench::new(Shape::default());
    bench.script().cursors = vec![TargetCursor::At(at(9))];
    bench.push(0, batch(1, &[(1, 1, "a")]));
    bench.run();
    assert_eq!(bench.calls(), [Call::Open, Call::Confirm(vec![9])]);
    assert_eq!(bench.lanes[0].confirmed(), 1);
}

#[test]
fn a_target_that_went_back_or_is_empty_gets_what_is_still_held() {
    for cursor in [TargetCursor::At(at(4)), TargetCursor::Missing] {
        let confirmed_before = Arc::new(Lane::new(key(0), 64, at(10)));
        let mut bench = Bench::new(Shape {
            lanes: vec![confirmed_before],
            ..Shape::default()
        });
        bench.script().cursors = vec![cursor];
        bench.push(0, batch(1, &[(11, 1, "a")]));
        bench.run();
        assert_eq!(
            bench.calls(),
            [Call::Open, write(&[&["a"]]), Call::Confirm(vec![11])]
        );
    }
}

#[test]
fn a_target_restored_while_rows_wait_gets_all_that_wait() {
    let mut bench = Bench::new(Shape::default());
    bench.script().cursors = vec![TargetCursor::At(at(1))];
    bench.push(0, batch(1, &[(2, 1, "a")]));
    bench.run();
    bench.script().writes.push_back(Answer::Fail);
    bench.script().cursors = vec![TargetCursor::At(at(1))];
    bench.push(0, batch(2, &[(3, 1, "b")]));
    bench.calls();
    bench.run_on();
    assert_eq!(
        bench.calls(),
        [
            write(&[&["b"]]),
            Call::Open,
            write(&[&["b"]]),
            Call::Confirm(vec![3]),
        ]
    );
}

#[test]
fn a_batch_without_rows_moves_the_cursor() {
    let mut bench = Bench::new(Shape::default());
    bench.push(0, batch_through(1, 20, &[]));
    bench.run();
    assert_eq!(bench.calls(), [Call::Open, Call::Confirm(vec![20])]);
    assert_eq!(bench.lanes[0].confirmed(), 1);
}
