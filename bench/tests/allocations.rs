//! After warm-up a message costs no allocation, whatever expressions and rules it meets; what a rule set
//! holds grows with its rules.

#[allow(dead_code, reason = "each test counts some of it")]
#[path = "../../tests/support/counting.rs"]
mod counting;

#[allow(dead_code, reason = "only its cases are run")]
#[path = "../benches/cases/mod.rs"]
mod cases;

use cases::expressions::{FAMILIES, whole};
use cases::rule_sets::{Files, Reach, by_type};
use cases::{Case, Tally};
use counting::{CALLS, LIVE};

/// Allocations of several passes over a case's messages by an engine that has seen them.
fn allocations(case: &Case) -> u64 {
    let mut engine = case.warm();
    let mut tally = Tally::default();
    let before = CALLS.get();
    for _ in 0..5 {
        case.pass(&mut engine, &mut tally);
    }
    let allocated = CALLS.get() - before;
    assert_eq!(tally.rows, case.rows * 5, "{}", case.name);
    allocated
}

/// Those that allocate, with how often.
fn allocating(cases: Vec<Case>) -> Vec<String> {
    let mut found = Vec::new();
    for case in cases {
        let times = allocations(&case);
        if times > 0 {
            let messages = case.messages.len() * 5;
            found.push(format!(
                "{}: {}: {times} in {messages} messages",
                case.family, case.name
            ));
        }
    }
    found
}

#[test]
fn the_allocator_counts() {
    let before = CALLS.get();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(CALLS.get() - before, 1);
}

#[test]
fn no_expression_allocates_per_message() {
    assert_eq!(
        allocating(cases::expressions::cases()),
        Vec::<String>::new()
    );
}

#[test]
fn no_family_in_one_rule_allocates_per_message() {
    let families = FAMILIES.iter().map(whole).collect();
    assert_eq!(allocating(families), Vec::<String>::new());
}

#[test]
fn no_rule_set_allocates_per_message() {
    assert_eq!(allocating(cases::rule_sets::cases()), Vec::<String>::new());
}

/// Bytes that an engine of so many rules holds, for each of them.
fn bytes_a_rule(rules: usize, files: Files) -> f64 {
    let case = by_type(rules, Reach::Each, files);
    let before = LIVE.get();
    let engine = case.engine();
    let held = LIVE.get() - before;
    assert_eq!(engine.rules().rules().len(), rules);
    held as f64 / rules as f64
}

#[test]
fn ten_thousand_rules_take_ten_times_the_memory_of_a_thousand() {
    for files in [Files::One, Files::Many] {
        let (few, many) = (bytes_a_rule(1_000, files), bytes_a_rule(10_000, files));
        println!("{files:?}: {few:.0} bytes a rule among 1,000, {many:.0} among 10,000");
        assert!(many <= few * 1.25, "{files:?}: {few:.0}, then {many:.0}");
        assert!(many <= 16_384.0, "{files:?}: {many:.0}");
    }
}
