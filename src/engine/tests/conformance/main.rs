//! The flink dialect against what Apache Flink itself answered: `tests/conformance/expressions`.
//!
//! Each expression is compiled as `INSERT INTO answer SELECT CAST((expression) AS STRING) FROM src`,
//! stepped over the one row of `source.ndjson`, and compared. `tests/conformance/README.md` tells how
//! to see the misses.
#![allow(clippy::unwrap_used)]

mod answers;
mod evaluate;
mod jobs;
mod table;

use answers::{Difference, Family, Recorded};
use evaluate::{Ours, Subject};
use std::collections::BTreeMap;
use table::{Tally, Totals};

/// Names the families whose misses are to be printed, or `all`.
const SHOW: &str = "CONFORMANCE_SHOW";

/// Set: the committed floors are raised to what is reached now.
const RAISE: &str = "CONFORMANCE_RAISE";

#[test]
fn expressions_mean_what_they_mean_in_flink() {
    let differences = answers::differences();
    let show = std::env::var(SHOW).unwrap_or_default();
    let mut totals = Totals::default();
    let mut stale = Vec::new();
    for family in answers::families() {
        let shown = show == "all" || show.split(',').any(|name| name == family.name);
        let tally = judge(&family, &differences, shown, &mut stale);
        totals.add(&family.name, tally);
    }
    println!("{totals}");
    assert!(stale.is_empty(), "{}", stale.join("\n"));
    let floors = table::floors();
    if std::env::var_os(RAISE).is_some() {
        table::raise(&floors, &totals);
    }
    let fallen = totals.below(&floors);
    assert!(fallen.is_empty(), "{totals}\n{}", fallen.join("\n"));
}

#[test]
fn jobs_write_the_rows_that_flink_writes() {
    let judged = jobs::judge(&answers::differences());
    let agree = judged.jobs - judged.listed - judged.misses.len();
    let summary = format!(
        "{} jobs, of which Flink refuses {}: {agree} agree, {} listed, {} misses",
        judged.jobs,
        judged.refused,
        judged.listed,
        judged.misses.len()
    );
    println!("{summary}");
    let show = std::env::var(SHOW).unwrap_or_default();
    if show == "all" || show.split(',').any(|name| name == "jobs") {
        println!("{}", judged.misses.join("\n"));
    }
    assert!(judged.stale.is_empty(), "{}", judged.stale.join("\n"));
    let floor = table::floors()["jobs"].as_u64().unwrap_or(0);
    assert!(agree as u64 >= floor, "{summary}; the floor is {floor}");
}

fn judge(
    family: &Family,
    differences: &BTreeMap<(String, String), Difference>,
    shown: bool,
    stale: &mut Vec<String>,
) -> Tally {
    let mut tally = Tally::default();
    let subject = Subject::new();
    for answer in &family.answers {
        let (ours, data_type) = subject.evaluate(&answer.expr, &answer.zone);
        let agree = agree(&answer.recorded, &ours);
        let listed = differences.get(&(answer.expr.clone(), answer.zone.clone()));
        tally.expressions += 1;
        if matches!(answer.recorded, Recorded::Refused(_)) {
            tally.refused += 1;
            tally.refused_too += usize::from(agree);
            tally.listed_refusals += usize::from(!agree && listed.is_some());
        } else {
            tally.accepted += 1;
            tally.agree += usize::from(agree);
            tally.listed += usize::from(!agree && listed.is_some());
        }
        if let Some(listed) = listed {
            if agree {
                let what = "is listed as a difference but agrees with Flink";
                stale.push(format!("{} {what}", answer.expr));
            } else if listed.ours != ours.brief() {
                let (was, is) = (&listed.ours, ours.brief());
                stale.push(format!("{} is listed as {was} but is {is}", answer.expr));
            }
        } else if shown && !agree {
            println!(
                "{:<12} {}\n    flink {}\n    ours  {ours}",
                family.name, answer.expr, answer.recorded
            );
        }
        if let (Some(wanted), Some(got)) = (&answer.data_type, data_type) {
            let same = wanted.replace(" NOT NULL", "") == got;
            tally.typed += 1;
            tally.same_type += usize::from(same);
            if shown && !same && listed.is_none() {
                println!(
                    "{:<12} {}\n    flink {wanted}\n    ours  {got}",
                    family.name, answer.expr
                );
            }
        }
    }
    tally
}

/// Whether ours is the recorded answer: a failure at run time is a dead letter here.
fn agree(recorded: &Recorded, ours: &Ours) -> bool {
    match (recorded, ours) {
        (Recorded::Value(theirs), Ours::Value(value)) => theirs == value,
        (Recorded::Failed(_), Ours::DeadLetter(_)) | (Recorded::Refused(_), Ours::Refused(_)) => {
            true
        }
        _ => false,
    }
}
