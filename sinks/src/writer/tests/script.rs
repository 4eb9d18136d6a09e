//! A target that does what a test tells it, and the bench around it.

use super::super::driver::{Driver, Turn};
use super::super::{RejectedRow, ShardWake, WriterEnd, WriterLane, WriterSetup};
use crate::testing::lane;
use crate::{
    Batching, Lane, LaneCursor, LaneKey, Part, RowBatch, SinkCounts, SinkError, SinkMetrics,
    SinkWriter, TargetCursor, Verdicts,
};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the target does with a call. `Accept` stands where the script has ended.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Accept,
    Fail,
    /// Rows by their text: asked again, and refused.
    Sort(Vec<&'static str>, Vec<&'static str>),
    /// Nothing is taken, because of these rows.
    TakeNothing(Vec<&'static str>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Open,
    /// Texts of the rows, a vector a part.
    Write(Vec<Vec<String>>),
    /// The same.
    LookBack(Vec<Vec<String>>),
    /// LSNs, a lane each.
    Confirm(Vec<u64>),
    /// Text, code and reason of each row.
    Rejected(Vec<(String, String)>),
    Close,
}

#[derive(Default)]
pub(super) struct Target {
    pub calls: Vec<Call>,
    pub opens: VecDeque<Answer>,
    pub writes: VecDeque<Answer>,
    pub looks: VecDeque<Answer>,
    pub confirms: VecDeque<Answer>,
    pub stores: VecDeque<Answer>,
    /// What `open` says of each lane; `NotHeld` where it is shorter.
    pub cursors: Vec<TargetCursor>,
}

struct Scripted(Arc<Mutex<Target>>, Duration);

fn failure() -> SinkError {
    SinkError::Io {
        action: "reach",
        target: "the script".to_owned(),
        source: std::io::ErrorKind::ConnectionRefused.into(),
    }
}

fn plain(answer: Option<Answer>) -> Result<(), SinkError> {
    match answer {
        Some(Answer::Fail) => Err(failure()),
        _ => Ok(()),
    }
}

fn texts(parts: &[Part<'_>]) -> Vec<Vec<String>> {
    let text = |bytes| String::from_utf8(Vec::from(bytes)).unwrap();
    let parts = parts.iter();
    parts
        .map(|part| part.rows().map(|row| text(row.bytes)).collect())
        .collect()
}

fn sort(answer: Option<&Answer>, parts: &[Part<'_>], verdicts: &mut Verdicts) {
    let none = Vec::new();
    let (again, refused) = match answer {
        Some(Answer::Sort(again, refused)) => (again, refused),
        Some(Answer::TakeNothing(refused)) => {
            verdicts.take_nothing();
            (&none, refused)
        }
        _ => return,
    };
    for (index, part) in parts.iter().enumerate() {
        for row in part.rows() {
            let name = std::str::from_utf8(row.bytes).unwrap();
            if again.contains(&name) {
                verdicts.retry(index, row.index);
            }
            if refused.contains(&name) {
                verdicts.reject(index, row.index, "E3099", format!("no {name} here"));
            }
        }
    }
}

impl SinkWriter for Scripted {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        let mut target = self.0.lock().unwrap();
        target.calls.push(Call::Open);
        plain(target.opens.pop_front())?;
        let cursor = |lane| target.cursors.get(lane).copied();
        Ok((0..lanes.len())
            .map(|lane| cursor(lane).unwrap_or(TargetCursor::NotHeld))
            .collect())
    }

    fn look_back(&mut self, rows: &[Part<'_>], verdicts: &mut Verdicts) -> Result<(), SinkError> {
        let mut target = self.0.lock().unwrap();
        target.calls.push(Call::LookBack(texts(rows)));
        let answer = target.looks.pop_front();
        sort(answer.as_ref(), rows, verdicts);
        plain(answer)
    }

    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        let mut target = self.0.lock().unwrap();
        target.calls.push(Call::Write(texts(request)));
        let answer = target.writes.pop_front();
        sort(answer.as_ref(), request, verdicts);
        plain(answer)
    }

    fn confirm(&mut self, cursors: &[LaneCursor]) -> Result<(), SinkError> {
        let mut target = self.0.lock().unwrap();
        let lsns = cursors.iter().map(|cursor| cursor.through.lsn.0).collect();
        target.calls.push(Call::Confirm(lsns));
        plain(target.confirms.pop_front())
    }

    fn confirm_interval(&self) -> Duration {
        self.1
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.0.lock().unwrap().calls.push(Call::Close);
        Ok(())
    }
}

/// Counts how often a shard was woken.
#[derive(Default)]
pub(super) struct Wakes(pub AtomicUsize);

impl ShardWake for Wakes {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A driver on a clock of its own.
pub(super) struct Bench {
    pub driver: Driver,
    pub target: Arc<Mutex<Target>>,
    pub lanes: Vec<Arc<Lane>>,
    pub wakes: Arc<Wakes>,
    pub metrics: Arc<SinkMetrics>,
    pub now: Instant,
}

pub(super) struct Shape {
    pub lanes: Vec<Arc<Lane>>,
    pub batching: Batching,
    pub confirm_interval: Duration,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            lanes: vec![lane(0, 64)],
            batching: Batching {
                rows_max: 1000,
                bytes_max: 1 << 20,
                linger: Duration::ZERO,
            },
            confirm_interval: Duration::ZERO,
        }
    }
}

pub(super) fn setup(shape: &Shape, target: &Arc<Mutex<Target>>, wakes: &Arc<Wakes>) -> WriterSetup {
    let lanes = shape.lanes.iter().map(|lane| WriterLane {
        lane: Arc::clone(lane),
        wake: Arc::clone(wakes) as Arc<dyn ShardWake>,
    });
    let store = Arc::clone(target);
    WriterSetup {
        name: "jobs.scripted".to_owned(),
        writer: Box::new(Scripted(Arc::clone(target), shape.confirm_interval)),
        batching: shape.batching,
        lanes: lanes.collect(),
        metrics: Arc::new(SinkMetrics::default()),
        rejected: Box::new(move |rows: &[RejectedRow<'_>]| {
            let mut target = store.lock().unwrap();
            let rows = rows.iter().map(|row| {
                let text = String::from_utf8(row.row.to_vec()).unwrap();
                (text, format!("{} {}", row.code, row.reason))
            });
            target.calls.push(Call::Rejected(rows.collect()));
            plain(target.stores.pop_front()).map_err(|error| error.to_string())
        }),
    }
}

impl Bench {
    pub fn new(shape: Shape) -> Self {
        let (target, wakes) = (Arc::default(), Arc::default());
        let setup = setup(&shape, &target, &wakes);
        let metrics = Arc::clone(&setup.metrics);
        Self {
            driver: Driver::new(setup),
            target,
            lanes: shape.lanes,
            wakes,
            metrics,
            now: Instant::now() + Duration::from_secs(3600),
        }
    }

    pub fn script(&self) -> std::sync::MutexGuard<'_, Target> {
        self.target.lock().unwrap()
    }

    pub fn push(&self, lane: usize, batch: Arc<RowBatch>) {
        self.lanes[lane].push(batch).unwrap();
    }

    /// Turns until it wants to wait; what it waits for.
    pub fn run(&mut self) -> Turn {
        for _ in 0..10_000 {
            match self.driver.turn(self.now) {
                Turn::Again => {}
                turn => return turn,
            }
        }
        panic!("the driver spins");
    }

    /// As `run`, and time passes whenever it waits for a time, until it waits for rows alone.
    pub fn run_on(&mut self) -> Turn {
        for _ in 0..10_000 {
            match self.run() {
                Turn::Wait {
                    until: Some(until), ..
                } => self.now = self.now.max(until),
                turn => return turn,
            }
        }
        panic!("the driver never rests");
    }

    pub fn pass(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.script().calls)
    }

    pub fn counts(&self) -> SinkCounts {
        self.metrics.counts()
    }

    pub fn end(self) -> WriterEnd {
        self.driver.end()
    }
}

pub(super) fn write(parts: &[&[&str]]) -> Call {
    let part = |rows: &&[&str]| rows.iter().map(|row| (*row).to_owned()).collect();
    Call::Write(parts.iter().map(part).collect())
}

/// Waiting for rows and nothing else.
pub(super) const IDLE: Turn = Turn::Wait {
    until: None,
    for_rows: true,
};
