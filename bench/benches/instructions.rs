//! Instructions by expression family and rule set, counted by callgrind: the same on a busy machine.
//!
//! `cargo bench -p rookery-bench --bench instructions` runs itself under valgrind and prints the tables. As a
//! test it counts the rule sets that have a bound, and holds them to it.

mod callgrind;
#[allow(dead_code, reason = "each measures its part of the cases")]
mod cases;
mod tables;

use callgrind::{CHILD, Counted, Job, count, work};
use cases::rule_sets::{Files, Reach, by_type};
use std::process::ExitCode;

/// What 1,000 rules may cost against ten, when each message matches the same number.
const BOUND: f64 = 1.25;

/// What a rule, or a thousand bytes, may take to compile among ten times as many.
const BUILD_BOUND: f64 = 1.25;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    let jobs = match given("--bench") {
        true => Job::all(),
        false => Job::bounded(),
    };
    if given(CHILD) {
        jobs.iter().for_each(work);
        return ExitCode::SUCCESS;
    }
    let counted = match count("valgrind", &jobs, &arguments) {
        Ok(counted) => counted,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    };
    if given("--bench") {
        print!("{}", tables::print(&counted, BOUND));
    } else {
        many_rules_cost_what_few_do(&counted);
        building_grows_with_the_rules(&counted);
        a_machine_without_valgrind_is_told();
    }
    ExitCode::SUCCESS
}

fn many_rules_cost_what_few_do(counted: &[Counted<'_>]) {
    let each = |reach: Reach, rules: usize| {
        let name = by_type(rules, reach, Files::One).name;
        let named = |one: &&Counted<'_>| one.is_steps() && one.job.case().name == name;
        counted.iter().find(named).expect("a counted case").each()
    };
    let ten = each(Reach::Ten, 10);
    for reach in [Reach::Ten, Reach::Each] {
        let ratio = each(reach, 1_000) / ten;
        println!("1,000 rules, of which {reach:?} are reached, cost {ratio:.3} times 10");
        assert!(ratio <= BOUND, "{ratio:.3} is over {BOUND}");
    }
}

fn building_grows_with_the_rules(counted: &[Counted<'_>]) {
    let builds: Vec<_> = counted.iter().filter(|one| !one.is_steps()).collect();
    assert!(!builds.is_empty());
    for pair in builds.chunks_exact(2) {
        let ratio = pair[1].each() / pair[0].each();
        let name = &pair[1].job.case().name;
        println!("{name}: {ratio:.3} times the instructions apiece of a tenth");
        assert!(
            ratio <= BUILD_BOUND,
            "{name}: {ratio:.3} is over {BUILD_BOUND}"
        );
    }
}

fn a_machine_without_valgrind_is_told() {
    let error = count("no-such-valgrind", &[], &[]).expect_err("there is no such program");
    assert_eq!(
        error,
        "cannot run no-such-valgrind, which counts the instructions: No such file or directory \
         (os error 2); install it (Debian: apt-get install valgrind)"
    );
}
