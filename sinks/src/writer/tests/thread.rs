//! The thread: sleeping and waking, stopping, a target that hangs.

use super::super::{ShardWake, WriterEnd, WriterLane, WriterSetup, spawn_writer};
use super::script::{Call, Shape, Target, Wakes, setup, write};
use crate::testing::{batch, lane};
use crate::{
    Batching, Lane, LaneCursor, LaneKey, Part, SinkError, SinkMetrics, SinkWriter, TargetCursor,
    Verdicts,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[test]
fn a_writer_drains_before_it_joins() {
    let shape = Shape::default();
    let target: Arc<Mutex<Target>> = Arc::default();
    let writer = spawn_writer(setup(&shape, &target, &Arc::default())).unwrap();
    shape.lanes[0].push(batch(1, &[(1, 1, "a")])).unwrap();
    writer.stop(soon());
    assert_eq!(writer.join(), WriterEnd::Drained);
    assert_eq!(
        target.lock().unwrap().calls,
        [
            Call::Open,
            write(&[&["a"]]),
            Call::Confirm(vec![1]),
            Call::Close
        ]
    );
}

#[test]
fn a_writer_whose_target_is_down_ends_at_the_deadline() {
    let shape = Shape::default();
    let target: Arc<Mutex<Target>> = Arc::default();
    target.lock().unwrap().opens = vec![super::script::Answer::Fail; 1000].into();
    let writer = spawn_writer(setup(&shape, &target, &Arc::default())).unwrap();
    shape.lanes[0].push(batch(1, &[(1, 1, "a")])).unwrap();
    let begun = Instant::now();
    writer.stop(begun + Duration::from_millis(300));
    let end = writer.join();
    assert_eq!(
        end,
        WriterEnd::Unconfirmed {
            batches: 1,
            rows: 1
        }
    );
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// Hangs in `write_batch` until it is let go.
struct Hanging(Arc<(Mutex<bool>, Condvar)>);

impl SinkWriter for Hanging {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        Ok(vec![TargetCursor::NotHeld; lanes.len()])
    }

    fn write_batch(&mut self, _: &[Part<'_>], _: &mut Verdicts) -> Result<(), SinkError> {
        let (free, changed) = &*self.0;
        let guard = free.lock().unwrap();
        drop(changed.wait_while(guard, |free| !*free).unwrap());
        Ok(())
    }

    fn confirm(&mut self, _: &[LaneCursor]) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn a_target_that_never_answers_does_not_hold_the_process() {
    let gate = Arc::<(Mutex<bool>, Condvar)>::default();
    let queue = lane(0, 4);
    let writer = spawn_writer(around(
        Hanging(Arc::clone(&gate)),
        std::slice::from_ref(&queue),
    ));
    let writer = writer.unwrap();
    let mut mine = batch(1, &[(1, 1, "a")]);
    queue.push(Arc::clone(&mine)).unwrap();
    writer.stop(Instant::now() + Duration::from_millis(100));
    assert_eq!(writer.join(), WriterEnd::Stuck);
    assert!(
        Arc::get_mut(&mut mine).is_none(),
        "the writer still reads it"
    );
    assert_eq!(mine.row(0), b"a", "and so can the shard");
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
}

fn around(writer: impl SinkWriter + 'static, lanes: &[Arc<Lane>]) -> WriterSetup {
    WriterSetup {
        name: "jobs.test".to_owned(),
        writer: Box::new(writer),
        batching: Batching {
            rows_max: 64,
            bytes_max: 1 << 20,
            linger: Duration::ZERO,
        },
        lanes: lanes
            .iter()
            .map(|lane| WriterLane {
                lane: Arc::clone(lane),
                wake: Arc::new(Wakes::default()) as Arc<dyn ShardWake>,
            })
            .collect(),
        metrics: Arc::new(SinkMetrics::default()),
        rejected: Box::new(|_| Ok(())),
    }
}

/// Checks that rows of each lane come in order, and counts them.
struct Counting(Vec<u64>, Arc<AtomicU64>);

impl SinkWriter for Counting {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        self.0 = vec![0; lanes.len()];
        Ok(vec![TargetCursor::NotHeld; lanes.len()])
    }

    fn write_batch(&mut self, request: &[Part<'_>], _: &mut Verdicts) -> Result<(), SinkError> {
        for part in request {
            for row in part.rows() {
                let last = &mut self.0[part.lane()];
                assert_eq!(row.meta.position.lsn.0, *last + 1);
                *last += 1;
                self.1.fetch_add(1, Ordering::SeqCst);
            }
        }
        Ok(())
    }

    fn confirm(&mut self, _: &[LaneCursor]) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Waits by spinning for a short while and sleeping after it, so that the writer meets every moment
/// of parking.
fn wait_for(lane: &Lane, sequence: u64) {
    let begun = Instant::now();
    while lane.confirmed() < sequence {
        std::thread::yield_now();
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "batch {sequence} is stuck: a wake was lost"
        );
    }
}

/// Rounds of a stress test: as many as a quiet machine does in a second, fewer on a busy one.
const ROUNDS: u64 = 20_000;
const ROUNDS_LEAST: u64 = 300;
const STRESS: Duration = Duration::from_secs(1);

fn enough(round: u64, begun: Instant) -> bool {
    round > ROUNDS || (round > ROUNDS_LEAST && begun.elapsed() > STRESS)
}

/// Passes a time that differs from round to round, up to some microseconds: so that a push meets every
/// moment of the other side's way to sleep.
fn dawdle(round: u64) {
    let spins = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57;
    for _ in 0..spins {
        std::hint::spin_loop();
    }
}

#[test]
fn no_wake_is_lost_between_a_push_and_a_park() {
    let queue = lane(0, 1);
    let counting = Counting(Vec::new(), Arc::default());
    let writer = spawn_writer(around(counting, std::slice::from_ref(&queue))).unwrap();
    let begun = Instant::now();
    let mut sequence = 1;
    while !enough(sequence, begun) {
        dawdle(sequence);
        queue
            .push(batch(sequence, &[(sequence, 1, "x")]))
            .expect("the batch before was taken");
        let asked = Instant::now();
        while queue.confirmed() < sequence {
            std::hint::spin_loop();
            assert!(asked.elapsed() < Duration::from_secs(60), "a wake was lost");
        }
        sequence += 1;
    }
    writer.stop(soon());
    assert_eq!(writer.join(), WriterEnd::Drained);
}

#[test]
fn several_shards_share_a_writer() {
    let lanes: Vec<_> = (0..3).map(|shard| lane(shard, 2)).collect();
    let rows = Arc::new(AtomicU64::new(0));
    let counting = Counting(Vec::new(), Arc::clone(&rows));
    let writer = spawn_writer(around(counting, &lanes)).unwrap();
    let pushed = AtomicU64::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for lane in &lanes {
            let pushed = &pushed;
            scope.spawn(move || {
                let mut sequence = 1;
                while !enough(sequence, begun) {
                    let mut next = batch(sequence, &[(sequence, 1, "x")]);
                    while let Err(back) = lane.push(next) {
                        next = back;
                        wait_for(lane, sequence - 2);
                    }
                    // Mostly one at a time, so that the writer parks after each; sometimes two.
                    if sequence % 7 != 0 {
                        wait_for(lane, sequence);
                    }
                    sequence += 1;
                }
                wait_for(lane, sequence - 1);
                pushed.fetch_add(sequence - 1, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(rows.load(Ordering::SeqCst), pushed.into_inner());
    writer.stop(soon());
    assert_eq!(writer.join(), WriterEnd::Drained);
}

/// Sets a flag that a blocked shard waits for.
#[derive(Default)]
struct Bell(Mutex<bool>, Condvar);

impl ShardWake for Bell {
    fn wake(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_one();
    }
}

#[test]
fn no_wake_is_lost_between_a_full_lane_and_a_pop() {
    let queue = lane(0, 1);
    let bell = Arc::new(Bell::default());
    let counting = Counting(Vec::new(), Arc::default());
    let mut setup = around(counting, std::slice::from_ref(&queue));
    setup.lanes[0].wake = Arc::clone(&bell) as Arc<dyn ShardWake>;
    let writer = spawn_writer(setup).unwrap();
    let begun = Instant::now();
    let mut sequence = 1;
    while !enough(sequence, begun) {
        let mut next = batch(sequence, &[(sequence, 1, "x")]);
        dawdle(sequence);
        while let Err(back) = queue.push(next) {
            next = back;
            let rung = bell.0.lock().unwrap();
            let patience = Duration::from_secs(60);
            let waited = bell.1.wait_timeout_while(rung, patience, |rung| !*rung);
            let (mut rung, timeout) = waited.unwrap();
            assert!(!timeout.timed_out(), "a wake was lost at {sequence}");
            *rung = false;
        }
        sequence += 1;
    }
    writer.stop(soon());
    assert_eq!(writer.join(), WriterEnd::Drained);
    assert_eq!(queue.confirmed(), sequence - 1);
}

/// Times that a thread of this process, known by its name, gave up its core.
fn sleeps_of(name: &str) -> Option<u64> {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| {
            let status = std::fs::read_to_string(task.ok()?.path().join("status")).ok()?;
            let field = |key: &str| {
                let line = status.lines().find(|line| line.starts_with(key))?;
                Some(line.split_once(':')?.1.trim().to_owned())
            };
            (field("Name")? == name).then(|| field("voluntary_ctxt_switches")?.parse().ok())?
        })
        .next()
}

#[test]
fn an_idle_writer_sleeps_for_good() {
    let queue = lane(0, 4);
    let counting = Counting(Vec::new(), Arc::default());
    let mut setup = around(counting, std::slice::from_ref(&queue));
    setup.name = "idle".to_owned();
    let writer = spawn_writer(setup).unwrap();
    queue.push(batch(1, &[(1, 1, "x")])).unwrap();
    wait_for(&queue, 1);
    std::thread::sleep(Duration::from_millis(50));
    let before = sleeps_of("sink idle").expect("the writer's thread is there");
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(sleeps_of("sink idle"), Some(before));
    writer.stop(soon());
    assert_eq!(writer.join(), WriterEnd::Drained);
}
