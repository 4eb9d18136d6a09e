//! Rows go, and count.
#![allow(clippy::unwrap_used)]

use crate::testing::{batch, lane};
use crate::{
    ShardWake, SinkContext, SinkMetrics, TableSpec, WriterEnd, WriterLane, WriterSetup, build,
    spawn_writer,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

struct NoWake;

impl ShardWake for NoWake {
    fn wake(&self) {}
}

#[test]
fn rows_are_counted_and_confirmed() {
    let spec = TableSpec {
        name: "jobs.void".to_owned(),
        table: "void".to_owned(),
        columns: Vec::new(),
        primary_key: Vec::new(),
        options: vec![("connector".to_owned(), "blackhole".to_owned())],
        zone: "UTC".to_owned(),
    };
    let context = SinkContext {
        data_dir: "/nowhere".into(),
        instance: "i".to_owned(),
    };
    let sink = build(&spec, &context).unwrap();
    let queue = lane(0, 8);
    let metrics = Arc::new(SinkMetrics::default());
    let writer = spawn_writer(WriterSetup {
        name: sink.name().to_owned(),
        writer: sink.writer(0),
        batching: sink.batching(),
        lanes: vec![WriterLane {
            lane: Arc::clone(&queue),
            wake: Arc::new(NoWake),
        }],
        metrics: Arc::clone(&metrics),
        rejected: Box::new(|_| Ok(())),
    })
    .unwrap();
    queue.push(batch(1, &[(1, 1, ""), (2, 1, "")])).unwrap();
    queue.push(batch(2, &[(3, 1, "")])).unwrap();
    writer.stop(Instant::now() + Duration::from_secs(20));
    assert_eq!(writer.join(), WriterEnd::Drained);
    assert_eq!(queue.confirmed(), 2);
    assert_eq!(metrics.counts().rows_confirmed, 3);
}
