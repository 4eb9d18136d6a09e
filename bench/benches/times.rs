//! Nanoseconds a message, by expression family and rule set.
//!
//! `cargo bench -p rookery-bench --bench times` measures; as a test each runs once.

#[allow(dead_code, reason = "each measures its part of the cases")]
mod cases;

use cases::expressions::{BASE, FAMILIES, whole};
use cases::rule_sets::{Files, Reach, by_type, unlike};
use cases::{Case, Tally, expressions, record, rule_sets};
use criterion::{BenchmarkId, Criterion, Throughput};
use rookery_engine::Engine;
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// Messages of one timed part: shorter than a time slice, so that a busy machine leaves some alone.
const PART: usize = 100;

fn main() {
    let real = std::env::args().any(|argument| argument == "--bench");
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .sample_size(20)
        .configure_from_args();
    families(&mut criterion);
    sets(&mut criterion);
    criterion.final_summary();
    compare(if real { 200 } else { 1 });
}

/// The expressions of each family in one rule, after the rule that selects columns and no more.
fn families(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("families");
    let first = expressions::cases().swap_remove(0);
    assert_eq!(first.name, BASE);
    let columns = ("columns only".to_owned(), first);
    let whole = FAMILIES.iter().map(|family| {
        let case = whole(family);
        (format!("{}, {}", family.0, case.name), case)
    });
    for (name, case) in std::iter::once(columns).chain(whole) {
        group.throughput(Throughput::Elements(case.messages.len() as u64));
        bench(&mut group, &name, &case);
    }
    group.finish();
}

/// The rule sets.
fn sets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(rule_sets::FAMILY);
    for case in rule_sets::cases() {
        group.throughput(Throughput::Elements(case.messages.len() as u64));
        bench(&mut group, &case.name, &case);
    }
    group.finish();
}

fn bench<M: criterion::measurement::Measurement>(
    group: &mut criterion::BenchmarkGroup<'_, M>,
    name: &str,
    case: &Case,
) {
    let mut engine = case.warm();
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        let mut tally = Tally::default();
        bencher.iter(|| case.pass(&mut engine, &mut tally));
        black_box(tally.bytes);
    });
}

/// A case and the best time of each part of its messages so far.
struct Timed {
    case: Case,
    engine: Engine,
    best: Vec<Duration>,
}

impl Timed {
    fn new(case: Case) -> Self {
        let parts = case.messages.chunks(PART).count();
        Self {
            engine: case.warm(),
            best: vec![Duration::MAX; parts],
            case,
        }
    }

    fn run(&mut self) {
        let mut tally = Tally::default();
        for (part, best) in self.case.messages.chunks(PART).zip(&mut self.best) {
            let start = processor_time();
            for message in part {
                self.engine.step(&record(message), &mut tally);
            }
            *best = (*best).min(processor_time() - start);
        }
        black_box(tally.bytes);
    }

    /// Nanoseconds a message.
    fn nanoseconds(&self) -> f64 {
        let total: Duration = self.best.iter().sum();
        total.as_nanos() as f64 / self.case.messages.len() as f64
    }
}

/// What this thread has taken of the processor: another's turns do not count.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Ten rules against more, in turns, so that whatever else the machine does falls on all alike.
fn compare(runs: usize) {
    in_turns(
        runs,
        vec![
            by_type(10, Reach::Ten, Files::One),
            by_type(100, Reach::Ten, Files::One),
            by_type(1_000, Reach::Ten, Files::One),
            by_type(1_000, Reach::Each, Files::One),
            by_type(1_000, Reach::Each, Files::Many),
        ],
    );
    in_turns(
        runs,
        vec![
            unlike(10, Reach::Ten),
            unlike(1_000, Reach::Ten),
            unlike(1_000, Reach::Each),
        ],
    );
}

/// Each set against the first.
fn in_turns(runs: usize, sets: Vec<Case>) {
    let mut timed: Vec<Timed> = sets.into_iter().map(Timed::new).collect();
    for _ in 0..runs {
        timed.iter_mut().for_each(Timed::run);
    }
    let ten = timed[0].nanoseconds();
    println!("best of {runs} runs in turns:");
    for one in &timed {
        let own = one.nanoseconds();
        println!(
            "{}: {own:.0} ns a message, {:.3} times ten",
            one.case.name,
            own / ten
        );
    }
}
