//! Answers row by row.

use super::super::driver::Turn;
use super::script::{Answer, Bench, Call, IDLE, Shape, write};
use crate::testing::{batch, lane};

#[test]
fn a_row_to_be_retried_takes_the_later_rows_of_its_device_with_it() {
    let mut bench = Bench::new(Shape {
        lanes: vec![lane(0, 64), lane(1, 64)],
        ..Shape::default()
    });
    bench.push(0, batch(1, &[(1, 1, "a1"), (1, 2, "b1"), (2, 1, "a2")]));
    bench.push(0, batch(2, &[(3, 2, "b2"), (3, 3, "c1"), (3, 1, "a3")]));
    bench.push(1, batch(1, &[(1, 9, "z1")]));
    let again = Answer::Sort(vec!["a2", "c1"], vec![]);
    bench.script().writes.push_back(again);
    let turn = bench.run();
    assert!(matches!(
        turn,
        Turn::Wait {
            until: Some(_),
            for_rows: false
        }
    ));
    bench.push(0, batch(3, &[(4, 1, "a4")]));
    assert_eq!(bench.run_on(), IDLE);
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["a1", "b1", "a2"], &["z1"], &["b2", "c1", "a3"]]),
            write(&[&["a2"], &["c1", "a3"]]),
            Call::Confirm(vec![3, 1]),
            write(&[&["a4"]]),
            Call::Confirm(vec![4, 1]),
        ],
        "new rows wait, nothing of the request is confirmed before all of it is"
    );
    assert_eq!(bench.counts().rows_retried, 3);
}

#[test]
fn a_row_is_retried_as_often_as_the_target_asks() {
    let mut bench = Bench::new(Shape::default());
    bench.push(0, batch(1, &[(1, 1, "a"), (2, 2, "b"), (3, 1, "c")]));
    for again in [vec!["a", "b"], vec!["b"], vec!["b"]] {
        bench.script().writes.push_back(Answer::Sort(again, vec![]));
    }
    assert_eq!(bench.run_on(), IDLE);
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["a", "b", "c"]]),
            write(&[&["a", "b", "c"]]),
            write(&[&["b"]]),
            write(&[&["b"]]),
            Call::Confirm(vec![3]),
        ]
    );
}

#[test]
fn a_refused_row_becomes_a_dead_letter_and_the_rest_goes_on() {
    let mut bench = Bench::new(Shape::default());
    bench.push(0, batch(1, &[(1, 1, "a"), (2, 1, "b"), (3, 1, "c")]));
    bench
        .script()
        .writes
        .push_back(Answer::Sort(vec![], vec!["b"]));
    assert_eq!(bench.run(), IDLE);
    let dead = ("b".to_owned(), "E3099 no b here".to_owned());
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["a", "b", "c"]]),
            Call::Rejected(vec![dead]),
            Call::Confirm(vec![3]),
        ]
    );
    let counts = bench.counts();
    assert_eq!((counts.rows_rejected, counts.rows_confirmed), (1, 3));
}

#[test]
fn a_refused_row_is_not_retried_with_its_device() {
    let mut bench = Bench::new(Shape::default());
    bench.push(0, batch(1, &[(1, 1, "a"), (2, 1, "b"), (3, 1, "c")]));
    bench
        .script()
        .writes
        .push_back(Answer::Sort(vec!["a"], vec!["b"]));
    assert_eq!(bench.run_on(), IDLE);
    let dead = ("b".to_owned(), "E3099 no b here".to_owned());
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["a", "b", "c"]]),
            Call::Rejected(vec![dead]),
            write(&[&["a", "c"]]),
            Call::Confirm(vec![3]),
        ]
    );
}

#[test]
fn the_cursor_stays_below_dead_letters_that_cannot_be_stored() {
    let mut bench = Bench::new(Shape::default());
    bench.push(0, batch(1, &[(1, 1, "a"), (2, 2, "b")]));
    bench
        .script()
        .writes
        .push_back(Answer::Sort(vec!["b"], vec!["a"]));
    bench.script().stores = vec![Answer::Fail, Answer::Fail].into();
    bench.run();
    assert_eq!(bench.lanes[0].confirmed(), 0);
    assert_eq!(
        bench.metrics.last_error().unwrap(),
        "[E3008] 1 refused rows cannot be stored as dead letters: [E3001] cannot reach the script: \
         connection refused; it is tried again; the sink waits"
    );
    assert_eq!(bench.run_on(), IDLE);
    let dead = Call::Rejected(vec![("a".to_owned(), "E3099 no a here".to_owned())]);
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["a", "b"]]),
            dead.clone(),
            dead.clone(),
            dead,
            write(&[&["b"]]),
            Call::Confirm(vec![2]),
        ],
        "stored once for all, the rows are not sent again meanwhile"
    );
    assert!(!bench.counts().failing);
}

#[test]
fn a_connection_lost_in_a_retry_sends_the_whole_request_again() {
    let mut bench = Bench::new(Shape::default());
    bench.push(0, batch(1, &[(1, 1, "a"), (2, 2, "b")]));
    bench.script().writes = vec![Answer::Sort(vec!["b"], vec![]), Answer::Fail].into();
    assert_eq!(bench.run_on(), IDLE);
    assert_eq!(
        bench.calls(),
        [
            Call::Open,
            write(&[&["a", "b"]]),
            write(&[&["b"]]),
            Call::Open,
            write(&[&["a", "b"]]),
            Call::Confirm(vec![2]),
        ]
    );
}
