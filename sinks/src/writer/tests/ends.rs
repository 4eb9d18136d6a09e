//! Draining and the deadline.

use super::super::WriterEnd;
use super::super::driver::Turn;
use super::script::{Answer, Bench, Call, Shape, write};
use crate::testing::batch;
use std::time::Duration;

#[test]
fn draining_confirms_everything_at_once() {
    let mut bench = Bench::new(Shape {
        confirm_interval: Duration::from_secs(60),
        ..Shape::default()
    });
    bench.push(0, batch(1, &[(1, 1, "a")]));
    bench.run();
    bench.push(0, batch(2, &[(2, 1, "b")]));
    bench.run();
    bench.push(0, batch(3, &[(3, 1, "c")]));
    bench.calls();
    bench.driver.drain();
    assert_eq!(bench.run(), Turn::Drained);
    let target = bench.target.clone();
    assert_eq!(bench.end(), WriterEnd::Drained);
    assert_eq!(
        target.lock().unwrap().calls,
        [write(&[&["c"]]), Call::Confirm(vec![3]), Call::Close]
    );
}

#[test]
fn what_is_left_at_the_deadline_is_counted() {
    let mut bench = Bench::new(Shape::default());
    bench.script().opens = vec![Answer::Accept].into();
    bench.script().writes = vec![Answer::Fail; 100].into();
    bench.push(0, batch(1, &[(1, 1, "a"), (1, 1, "b")]));
    bench.run();
    bench.push(0, batch(2, &[(2, 1, "c")]));
    bench.driver.drain();
    for _ in 0..5 {
        bench.pass(5000);
        bench.run();
    }
    assert_eq!(
        bench.end(),
        WriterEnd::Unconfirmed {
            batches: 2,
            rows: 3
        }
    );
}
