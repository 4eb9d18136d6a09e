//! Rows that came against rows that were expected.

use serde_json::Value;
use std::fmt::{Display, Write as _};

/// Lines compared at most by the product of their counts; beyond, they are compared place by place.
const CELLS_MAX: usize = 4_000_000;

/// A line of a difference, by its place in what was expected or in what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Same(usize),
    Missing(usize),
    Extra(usize),
}

/// Whether two texts of one row each mean the same row: the order of columns and blanks do not count.
pub fn same_row(expected: &str, got: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (parsed(expected), parsed(got)) {
        (Some(one), Some(other)) => same_value(&one, &other) && same_long_numbers(expected, got),
        _ => expected == got,
    }
}

/// Whether two values are the same; numbers are, however they are written.
fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(key, a)| b.get(key).is_some_and(|b| same_value(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => one == other,
    }
}

/// Whether the numbers that a DOUBLE does not hold whole have the same digits.
fn same_long_numbers(expected: &str, got: &str) -> bool {
    let long = |text: &str| -> Vec<String> {
        let digits = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
        let mut long: Vec<String> = digits
            .filter(|digits| digits.len() > 15)
            .map(|digits| match digits.contains('.') {
                true => digits.trim_end_matches('0').trim_end_matches('.'),
                false => digits,
            })
            .map(str::to_owned)
            .collect();
        long.sort();
        long
    };
    long(expected) == long(got)
}

/// The difference in lines, `-` what is missing and `+` what is there instead; nothing if there is none.
pub fn difference<E: Display, G: Display>(
    expected: &[E],
    got: &[G],
    same: impl Fn(&E, &G) -> bool,
) -> Option<String> {
    let equal = expected.len() == got.len()
        && expected
            .iter()
            .zip(got)
            .all(|(expected, got)| same(expected, got));
    if equal {
        return None;
    }
    let mut out = String::new();
    for change in changes(expected, got, &same) {
        match change {
            Change::Same(at) => writeln!(out, "      {}", got[at]),
            Change::Missing(at) => writeln!(out, "    - {}", expected[at]),
            Change::Extra(at) => writeln!(out, "    + {}", got[at]),
        }
        .expect("a String takes all text");
    }
    Some(out)
}

fn changes<E, G>(expected: &[E], got: &[G], same: &impl Fn(&E, &G) -> bool) -> Vec<Change> {
    if expected.len().saturating_mul(got.len()) > CELLS_MAX {
        let missing = (0..expected.len()).map(Change::Missing);
        return missing.chain((0..got.len()).map(Change::Extra)).collect();
    }
    // Longest common subsequence, from the end.
    let width = got.len() + 1;
    let mut longest = vec![0_u32; (expected.len() + 1) * width];
    for (i, line) in expected.iter().enumerate().rev() {
        for (j, other) in got.iter().enumerate().rev() {
            longest[i * width + j] = match same(line, other) {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut changes = Vec::new();
    while i < expected.len() || j < got.len() {
        if i < expected.len() && j < got.len() && same(&expected[i], &got[j]) {
            changes.push(Change::Same(j));
            (i, j) = (i + 1, j + 1);
        } else if j == got.len()
            || (i < expected.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1])
        {
            changes.push(Change::Missing(i));
            i += 1;
        } else {
            changes.push(Change::Extra(j));
            j += 1;
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn rows_are_compared_by_meaning() {
        assert!(same_row(r#"{"a": 1, "b": "x"}"#, r#"{"b":"x","a":1}"#));
        assert!(same_row(r#"{"a":12.50}"#, r#"{"a":12.5}"#));
        assert!(same_row(r#"{"a":[{"b":1}]}"#, r#"{"a":[{"b":1.0}]}"#));
        assert!(same_row(
            r#"{"a":1234567890123456}"#,
            r#"{"a":1234567890123456.0}"#
        ));
        assert!(!same_row(r#"{"a":1}"#, r#"{"a":1.5}"#));
        assert!(!same_row(r#"{"a":1}"#, r#"{"a":1,"b":null}"#));
        assert!(!same_row(r#"{"a":1}"#, r#"{"a":"1"}"#));
        assert!(!same_row(
            r#"{"a":12345678901234567890.12}"#,
            r#"{"a":12345678901234567890.13}"#
        ));
    }

    #[test]
    fn a_difference_keeps_what_is_the_same() {
        let expected = lines("1\n2\n3\n4");
        let got = lines("1\n3\n5\n4");
        let found = difference(&expected, &got, |a, b| a == b);
        assert_eq!(
            found.as_deref(),
            Some("      1\n    - 2\n      3\n    + 5\n      4\n")
        );
        assert_eq!(difference(&got, &got, |a, b| a == b), None);
        assert_eq!(
            difference(&lines(""), &lines("1"), |a, b| a == b).as_deref(),
            Some("    + 1\n")
        );
    }
}
