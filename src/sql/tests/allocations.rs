//! What compiling a rule file allocates grows with the file and no faster, however the file is made.

#[allow(dead_code, reason = "each test counts some of it")]
#[path = "../../../tests/support/counting.rs"]
mod counting;

use counting::{LIVE, PEAK, TAKEN};
use rookery_sql::{CompileOptions, Compiled, SourceFile, compile};
use std::fmt::Write as _;

/// What one compilation allocated in all, and at most at a time, for each byte of the text.
#[derive(Clone, Copy, Debug)]
struct Cost {
    allocated: f64,
    peak: f64,
}

fn run(text: String) -> (Compiled, Cost) {
    let bytes = text.len() as f64;
    let file = SourceFile {
        path: "large.sql".into(),
        text,
    };
    let (allocated, live) = (TAKEN.get(), LIVE.get());
    PEAK.set(live);
    let compiled = compile(&file, &CompileOptions::default());
    let cost = Cost {
        allocated: (TAKEN.get() - allocated) as f64 / bytes,
        peak: (PEAK.get() - live) as f64 / bytes,
    };
    for diagnostic in &compiled.diagnostics {
        assert!(!diagnostic.render(&file, false).is_empty());
    }
    (compiled, cost)
}

const TABLES: &str = "create table s (a varchar, b int) with (type='x');\n\
                      create table t (v varchar) with (type='y');\n";

/// Bytes allocated for each byte of a text, at most, all in all.
const ALLOCATED_MAX: f64 = 2_000.0;

/// Bytes allocated for each byte of a text, at most, at a time.
const PEAK_MAX: f64 = 600.0;

/// How much more for each byte a text of ten times the size may need: a list that doubles its room holds
/// up to twice what it needs, and one that grew with the square would need ten times as much.
const GROWTH_MAX: f64 = 2.2;

/// A text of a size and one ten times as large: both compile or neither does, for each byte at the same
/// cost. Gives the larger.
fn grows_with_its_size(what: &str, size: usize, text: impl Fn(usize) -> String) -> Compiled {
    let (small, cost) = run(text(size));
    let (large, of_large) = run(text(size * 10));
    println!("{what}, {size}: {cost:.0?}, ten times as much: {of_large:.0?}");
    assert_eq!(small.program.is_some(), large.program.is_some(), "{what}");
    assert!(of_large.allocated <= cost.allocated * GROWTH_MAX, "{what}");
    assert!(of_large.peak <= cost.peak * GROWTH_MAX, "{what}");
    assert!(of_large.allocated <= ALLOCATED_MAX, "{what}");
    assert!(of_large.peak <= PEAK_MAX, "{what}");
    large
}

/// What the only error says.
fn error_of(compiled: &Compiled) -> &str {
    let mut errors = compiled
        .diagnostics
        .iter()
        .filter(|one| one.code.as_str() < "E0300");
    let error = errors.next().expect("an error");
    assert!(errors.next().is_none());
    &error.message
}

#[test]
fn ten_thousand_rules() {
    let rules = |count: usize| {
        let mut text = TABLES.to_owned();
        for i in 0..count {
            let _ = writeln!(
                text,
                "-- rule: r{i}\ninsert into t select json_value(a, '$.p[0].v{i}') from s where a = 'T{i:05}' and b > {i};"
            );
        }
        text
    };
    let compiled = grows_with_its_size("rules", 1_000, rules);
    assert_eq!(compiled.program.expect("rules").rules.len(), 10_000);
}

#[test]
fn ten_thousand_rules_that_are_all_wrong() {
    let rules = |count: usize| {
        let rule = |i| format!("insert into t select aa{i} frm s where json_valu(a) = 1;\n");
        let rules: String = (0..count).map(rule).collect();
        format!("{TABLES}{rules}")
    };
    let compiled = grows_with_its_size("wrong rules", 1_000, rules);
    assert!(compiled.program.is_none());
}

#[test]
fn a_statement_of_a_megabyte() {
    let listed = |count: usize| {
        let list = "'0123456789',".repeat(count);
        format!("{TABLES}insert into t select a from s where a in ({list}'x');")
    };
    let values = |count: usize| {
        let rows = "('0123456789'),".repeat(count);
        format!("{TABLES}insert into t values {rows}('x');")
    };
    let columns = |count: usize| {
        let column = |n: usize| format!("column_{n} varchar, ");
        let columns: String = (0..count).map(column).collect();
        format!("{TABLES}create table wide ({columns} last int) with (type='x');")
    };
    let literal = |count: usize| {
        let text = "中".repeat(count);
        format!("{TABLES}insert into t values ('{text}');")
    };
    assert!(
        grows_with_its_size("a list", 8_000, listed)
            .program
            .is_some()
    );
    assert!(
        grows_with_its_size("VALUES", 6_500, values)
            .program
            .is_some()
    );
    assert!(
        grows_with_its_size("columns", 4_500, columns)
            .program
            .is_some()
    );
    assert!(
        grows_with_its_size("a literal", 33_000, literal)
            .program
            .is_some()
    );
}

#[test]
fn a_megabyte_of_junk() {
    let shapes = [
        ("select ( ", 11_000),
        ("insert into t select 'a\n", 4_000),
        ("insert into t select a from s\n", 3_300),
        ("；（，）", 8_000),
        ("create table t (", 6_000),
        ("case when ", 10_000),
        ("'", 100_000),
        ("/*", 50_000),
        ("a.", 50_000),
        ("array<", 16_000),
    ];
    for (piece, count) in shapes {
        let junk = |count: usize| format!("{TABLES}{}", piece.repeat(count));
        let compiled = grows_with_its_size(piece, count, junk);
        assert!(compiled.program.is_none(), "{piece}");
    }
}

#[test]
fn a_hundred_thousand_brackets() {
    let nested = |open: &'static str, inner: &'static str, close: &'static str| {
        move |depth: usize| {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            format!("{TABLES}insert into t select {open}{inner}{close} from s;")
        }
    };
    let compiled = grows_with_its_size("brackets", 10_000, nested("(", "a", ")"));
    assert_eq!(error_of(&compiled), "nested deeper than 64 levels");
    for (open, inner, close) in [
        ("cast(", "a", " as varchar)"),
        ("case when b = 1 then ", "a", " end"),
        ("array[", "1", "]"),
        ("not ", "b = 1", ""),
        ("- ", "b", ""),
        ("(select ", "a", ")"),
    ] {
        let compiled = grows_with_its_size(open, 2_000, nested(open, inner, close));
        assert!(compiled.program.is_none(), "{open}");
    }
}
