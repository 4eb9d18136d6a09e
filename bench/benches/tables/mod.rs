//! The tables, as they are printed and as docs/benchmarks.md has them.

use crate::callgrind::{Counted, Job};
use crate::cases::expressions::BASE;
use crate::cases::rule_sets::{FAMILY, UNLIKE};
use std::fmt::Write as _;

/// All tables.
pub fn print(counted: &[Counted<'_>], bound: f64) -> String {
    let steps: Vec<_> = counted.iter().filter(|one| one.is_steps()).collect();
    let (sets, expressions): (Vec<_>, Vec<_>) = steps
        .into_iter()
        .partition(|one| one.job.case().family == FAMILY);
    let builds: Vec<_> = counted.iter().filter(|one| !one.is_steps()).collect();
    let mut out = String::new();
    families(&mut out, &expressions);
    rule_sets(&mut out, &sets, bound);
    building(&mut out, &builds);
    out
}

/// Cases come in pairs: what an expression is measured against, then the rule with the expression.
fn families(out: &mut String, expressions: &[&Counted<'_>]) {
    let own = |pair: &[&Counted<'_>]| {
        assert_eq!(pair[0].job.case().name, BASE);
        pair[1].each() - pair[0].each()
    };
    let _ = writeln!(
        out,
        "| family | expressions | instructions an evaluation: mean | least | most |"
    );
    let _ = writeln!(out, "| --- | ---: | ---: | ---: | ---: |");
    let family = |pair: &&[&Counted<'_>]| pair[0].job.case().family;
    let pairs: Vec<&[&Counted<'_>]> = expressions.chunks_exact(2).collect();
    for of_family in pairs.chunk_by(|a, b| family(a) == family(b)) {
        let costs: Vec<f64> = of_family.iter().map(|pair| own(pair)).collect();
        let mean = costs.iter().sum::<f64>() / costs.len() as f64;
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let most = costs.iter().copied().fold(0.0, f64::max);
        let name = family(&of_family[0]);
        let _ = writeln!(
            out,
            "| {name} | {} | {mean:.0} | {least:.0} | {most:.0} |",
            costs.len()
        );
    }
    let _ = writeln!(
        out,
        "\n| family | expression | instructions an evaluation |"
    );
    let _ = writeln!(out, "| --- | --- | ---: |");
    for pair in &pairs {
        let text = pair[1].job.case().name.replace('|', "\\|");
        let _ = writeln!(out, "| {} | `{text}` | {:.0} |", family(pair), own(pair));
    }
}

/// Rule sets; those by type against the first of ten rules of their kind.
fn rule_sets(out: &mut String, sets: &[&Counted<'_>], bound: f64) {
    let _ = writeln!(
        out,
        "\n| rule set | instructions a message | against 10 rules |"
    );
    let _ = writeln!(out, "| --- | ---: | ---: |");
    let by_type = |one: &Counted<'_>| one.job.case().name.contains("rules by type");
    let unlike = |one: &Counted<'_>| one.job.case().name.contains(UNLIKE);
    let ten = |one: &Counted<'_>| {
        let of_kind = |other: &&&Counted<'_>| by_type(other) && unlike(other) == unlike(one);
        let first = sets.iter().find(of_kind);
        first.expect("it is one of its kind itself").each()
    };
    let mut worst: f64 = 0.0;
    for set in sets {
        let ratio = by_type(set).then(|| set.each() / ten(set));
        let against = ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}"));
        worst = worst.max(ratio.unwrap_or_default());
        let _ = writeln!(
            out,
            "| {} | {:.0} | {against} |",
            set.job.case().name,
            set.each()
        );
    }
    let verdict = if worst <= bound { "holds" } else { "is missed" };
    let _ = writeln!(
        out,
        "\n1,000 rules cost at most {worst:.3} times ten; the bound of {bound} {verdict}."
    );
}

/// What reading and compiling takes, by rule and by size.
fn building(out: &mut String, builds: &[&Counted<'_>]) {
    let _ = writeln!(out, "\n| compiled | instructions | apiece |");
    let _ = writeln!(out, "| --- | ---: | ---: |");
    for one in builds {
        let Job::Build { parts, what, .. } = one.job else {
            continue;
        };
        let millions = one.instructions as f64 / 1e6;
        let thousands = one.each() / 1e3;
        let _ = writeln!(
            out,
            "| {parts} {what} | {millions:.0} M | {thousands:.0} k |"
        );
    }
}
