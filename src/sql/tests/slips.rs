//! One wrong character in a rule file (`tests/fuzz/bodies/slips.rs` says which): what comes of it is a
//! diagnostic or a program, in both dialects.
#![allow(missing_docs)]

#[path = "../../../tests/fuzz/bodies/slips.rs"]
mod bodies;

use bodies::{choice, compiled, slip_through};
use rookery_sql::plan::Dialect;

/// Compiles, and holds every finding to what `check` needs of it. Whether it still is a program.
fn check(text: String, dialect: Dialect) -> bool {
    let (file, compiled) = compiled(text, dialect);
    for diagnostic in &compiled.diagnostics {
        let related = diagnostic.related.iter().map(|related| related.span);
        for span in related.chain([diagnostic.span]) {
            let under = file.text.get(span.start as usize..span.end as usize);
            assert!(under.is_some(), "{span:?} in {}", file.text);
        }
    }
    if let Some(first) = compiled.diagnostics.first() {
        assert!(!first.render(&file, false).is_empty());
    }
    assert!(compiled.program.is_some() || !compiled.diagnostics.is_empty());
    compiled.program.is_some()
}

/// Slips in the examples, by both dialects.
#[test]
fn no_slip_in_an_example_is_too_much() {
    let choice = choice();
    let both = [Dialect::Flink, Dialect::Blink];
    let dialects = if choice.all {
        &choice.dialects[..]
    } else {
        &both
    };
    for &dialect in dialects {
        slip_through("examples", dialect, (0, 1), |text| check(text, dialect));
    }
}

/// Slips in a half of the conformance jobs, in the dialect that they are written in, and in the other too
/// where that is asked for.
fn slip_through_jobs(half: usize) {
    let choice = choice();
    let own = [Dialect::Flink];
    let dialects = if choice.all {
        &choice.dialects[..]
    } else {
        &own
    };
    for &dialect in dialects {
        slip_through("tests/conformance/jobs", dialect, (half, 2), |text| {
            check(text, dialect)
        });
    }
}

#[test]
fn no_slip_in_a_conformance_job_is_too_much() {
    slip_through_jobs(0);
}

#[test]
fn no_slip_in_another_conformance_job_is_too_much() {
    slip_through_jobs(1);
}
