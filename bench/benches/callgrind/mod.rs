//! Runs the benchmark itself under callgrind, which counts inside two functions only and writes a file
//! each time that a third is called (callgrind takes a function for one of these only).

use crate::cases::rule_sets::{self, Files, Reach, by_type};
use crate::cases::{Case, Tally, record};
use rookery_engine::{Engine, RuleSet};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

/// The argument that says to the process that it is being counted.
pub const CHILD: &str = "--counted";

/// What is counted.
#[derive(Debug)]
pub enum Job {
    /// The messages of a case, stepped.
    Steps(Case),
    /// The rules of a case, compiled: `parts` of them, called `what`.
    Build {
        /// The rules.
        case: Case,
        /// Of how many parts the text is.
        parts: u64,
        /// What a part is.
        what: &'static str,
    },
}

impl Job {
    /// Everything, in the order of the tables.
    pub fn all() -> Vec<Self> {
        let mut jobs: Vec<Self> = crate::cases::all().into_iter().map(Self::Steps).collect();
        jobs.extend(builds(10));
        jobs
    }

    /// What the test holds to a bound.
    pub fn bounded() -> Vec<Self> {
        let sets = [
            by_type(10, Reach::Ten, Files::One),
            by_type(1_000, Reach::Ten, Files::One),
            by_type(1_000, Reach::Each, Files::One),
        ];
        let mut jobs: Vec<Self> = sets.into_iter().map(Self::Steps).collect();
        jobs.extend(builds(1));
        jobs
    }

    /// The rules, and what is sent through them.
    pub fn case(&self) -> &Case {
        let (Self::Steps(case) | Self::Build { case, .. }) = self;
        case
    }

    /// Messages that are stepped, or parts that are compiled.
    fn times(&self) -> u64 {
        match self {
            Self::Steps(case) => case.messages.len() as u64,
            Self::Build { parts, .. } => *parts,
        }
    }
}

/// Rules and statements to be compiled, in pairs of which the second is ten times the first.
fn builds(size: usize) -> Vec<Job> {
    let rules = |count: usize| Job::Build {
        case: by_type(count, Reach::Each, Files::One),
        parts: count as u64,
        what: "rules",
    };
    let statement = |kilobytes: usize| Job::Build {
        case: rule_sets::long_statement(kilobytes * 1000),
        parts: kilobytes as u64,
        what: "KB",
    };
    let sizes = [rules(100 * size), rules(1_000 * size)];
    let mut jobs = Vec::from(sizes);
    jobs.extend([statement(10 * size), statement(100 * size)]);
    jobs
}

/// A job, and the instructions of it.
#[derive(Debug)]
pub struct Counted<'j> {
    /// What was counted.
    pub job: &'j Job,
    /// Instructions of the last time that it was done.
    pub instructions: u64,
}

impl Counted<'_> {
    /// Instructions of a message, or of a part.
    pub fn each(&self) -> f64 {
        self.instructions as f64 / self.job.times() as f64
    }

    /// Whether messages were stepped.
    pub fn is_steps(&self) -> bool {
        matches!(self.job, Job::Steps(_))
    }
}

/// Times that a case's messages are sent while instructions are counted; the last one counts.
const PASSES: u64 = 2;

/// Does one job, in the process that is counted.
pub fn work(job: &Job) {
    match job {
        Job::Steps(case) => {
            let mut engine = case.warm();
            let mut tally = Tally::default();
            for _ in 0..PASSES {
                counted_steps(&mut engine, &case.messages, &mut tally);
                end_of_part(case);
            }
            assert_eq!(tally.rows, case.rows * PASSES);
        }
        Job::Build { case, .. } => {
            for _ in 0..PASSES {
                counted_build(case);
                end_of_part(case);
            }
        }
    }
}

/// Callgrind counts inside of this function.
#[inline(never)]
fn counted_steps(engine: &mut Engine, messages: &[String], tally: &mut Tally) {
    for message in messages {
        engine.step(&record(message), tally);
    }
}

/// And of this one.
#[inline(never)]
fn counted_build(case: &Case) {
    let set = RuleSet::compile(case.programs());
    assert!(set.is_ok(), "the rules can be run");
}

/// Callgrind writes what it has counted before this function, and begins anew.
#[inline(never)]
fn end_of_part(case: &Case) {
    black_box(case);
}

/// Counts the instructions of the jobs, which a child of this process does when it is given `arguments`
/// and [`CHILD`].
///
/// # Errors
/// What kept the counting program from doing so, in words.
pub fn count<'j>(
    program: &str,
    jobs: &'j [Job],
    arguments: &[String],
) -> Result<Vec<Counted<'j>>, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
    let itself = std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let output = Command::new(program)
        .arg("--tool=callgrind")
        .args([
            "--toggle-collect=*counted_steps*",
            "--toggle-collect=*counted_build*",
        ])
        .arg("--dump-before=*end_of_part*")
        .arg(format!(
            "--callgrind-out-file={}/counts",
            folder.path().display()
        ))
        .arg(itself)
        .args(arguments)
        .arg(CHILD)
        .output()
        .map_err(|error| {
            format!(
                "cannot run {program}, which counts the instructions: {error}; install it \
                 (Debian: apt-get install valgrind)"
            )
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} ended with {}:\n{said}", output.status));
    }
    let part = |number: u64| total(&folder.path().join(format!("counts.{number}")));
    jobs.iter()
        .zip(1..)
        .map(|(job, at)| {
            let instructions = part(at * PASSES)?;
            Ok(Counted { job, instructions })
        })
        .collect()
}

/// The sum that a file of callgrind's ends with.
fn total(file: &Path) -> Result<u64, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("callgrind wrote no {}: {error}", file.display()))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:"));
    match total.and_then(|total| total.trim().parse().ok()) {
        Some(total) if total > 0 => Ok(total),
        _ => Err(format!("{} holds no sum", file.display())),
    }
}
