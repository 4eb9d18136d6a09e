//! One wrong character in a rule file (`tests/fuzz/bodies/slips.rs` says which): what still is a program is
//! compiled to the end, or refused by name; none makes the engine panic.
#![allow(missing_docs)]

#[path = "../../../tests/fuzz/bodies/slips.rs"]
mod bodies;

use bodies::{choice, compiled, slip_through};
use rookery_engine::RuleSet;
use rookery_sql::plan::Dialect;

/// Of how many slips one is taken: in a plain run, and where all are asked for.
const SHARE_PLAIN: usize = 4;
const SHARE_ALL: usize = 16;

/// Through the whole compiler, if it is a program.
fn check(text: String, dialect: Dialect) -> bool {
    let Some(program) = compiled(text, dialect).1.program else {
        return false;
    };
    let described = RuleSet::describe(std::slice::from_ref(&program));
    match RuleSet::compile(vec![program]) {
        Ok(rules) => assert_eq!(rules.sinks().len(), described.sinks.len()),
        Err(error) => assert!(!error.refusals.is_empty() && !error.to_string().is_empty()),
    }
    true
}

/// A share of the slips in a folder, that of another place in each file.
fn slip_through_folder(folder: &str) {
    let choice = choice();
    let own = [Dialect::Flink];
    let (dialects, share) = if choice.all {
        (&choice.dialects[..], SHARE_ALL)
    } else {
        (&own[..], SHARE_PLAIN)
    };
    for &dialect in dialects {
        let (mut count, mut taken) = (0_usize, 0_usize);
        slip_through(folder, dialect, (0, 1), |text| {
            count += 1;
            let take = count.is_multiple_of(share);
            taken += usize::from(take);
            take && check(text, dialect)
        });
        println!("{folder}, {dialect:?}: {taken} of {count} went through the engine's compiler");
    }
}

#[test]
fn no_slip_in_an_example_is_too_much_for_the_engine() {
    slip_through_folder("examples");
}

#[test]
fn no_slip_in_a_conformance_job_is_too_much_for_the_engine() {
    slip_through_folder("tests/conformance/jobs");
}
