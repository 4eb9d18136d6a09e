#![allow(clippy::unwrap_used)]

use super::*;

fn kind(precision: u8, scale: u8) -> DecimalType {
    DecimalType { precision, scale }
}

fn dec(text: &str) -> Decimal {
    let scale = text.find('.').map_or(0, |at| text.len() - at - 1);
    parse(text, kind(38, scale as u8)).unwrap()
}

fn text(value: Option<Decimal>) -> String {
    let Some(value) = value else {
        return "NULL".to_owned();
    };
    let digits = format!(
        "{:0width$}",
        value.unscaled.unsigned_abs(),
        width = usize::from(value.scale) + 1
    );
    let sign = if value.unscaled < 0 { "-" } else { "" };
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(value.scale));
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

#[test]
fn text_is_parsed_half_up() {
    let cases = [
        ("1.005", (10, 2), "1.01"),
        ("-1.005", (10, 2), "-1.01"),
        ("1.0049999", (10, 2), "1.00"),
        ("  12.5\n", (10, 0), "13"),
        ("+7", (3, 1), "7.0"),
        (".5", (3, 1), "0.5"),
        ("5.", (3, 1), "5.0"),
        ("1e3", (4, 0), "1000"),
        ("1E+3", (4, 0), "1000"),
        ("12345e-3", (5, 2), "12.35"),
        ("0.05e1", (3, 1), "0.5"),
        ("4e-1", (3, 0), "0"),
        ("5e-1", (3, 0), "1"),
        ("5e-2", (3, 0), "0"),
        ("9e-9999999999999", (3, 0), "0"),
        ("0e9999999999999", (3, 0), "0"),
        ("1e9999999999999", (3, 0), "NULL"),
        ("99.95", (3, 1), "NULL"),
        // Beyond 128 bits, where what is left of them would pass for a number.
        ("350000000000000000000000000000000000000", (38, 0), "NULL"),
        ("35000000000000000000000000000000000000", (38, 2), "NULL"),
        ("123456.7", (5, 2), "NULL"),
        ("", (5, 2), "NULL"),
        (".", (5, 2), "NULL"),
        ("-", (5, 2), "NULL"),
        ("1.2.3", (5, 2), "NULL"),
        ("1e", (5, 2), "NULL"),
        ("1 2", (5, 2), "NULL"),
        ("abc", (5, 2), "NULL"),
        (
            "99999999999999999999999999999999999999",
            (38, 0),
            "99999999999999999999999999999999999999",
        ),
        ("100000000000000000000000000000000000000", (38, 0), "NULL"),
        (
            "0.000000000000000000000000000000000000000000001",
            (38, 2),
            "0.00",
        ),
    ];
    for (input, (precision, scale), expected) in cases {
        let got = parse(input, kind(precision, scale));
        assert_eq!(text(got), expected, "{input}");
    }
}

#[test]
fn operators_are_exact() {
    let wide = kind(38, 6);
    assert_eq!(text(add(dec("1.1"), dec("2.2"), kind(3, 1))), "3.3");
    assert_eq!(text(add(dec("1.1"), dec("-2.25"), kind(4, 2))), "-1.15");
    assert_eq!(text(add(dec("9.9"), dec("0.1"), kind(2, 1))), "NULL");
    assert_eq!(text(multiply(dec("-1.5"), dec("0.5"), kind(4, 2))), "-0.75");
    assert_eq!(text(multiply(dec("0.05"), dec("0.1"), kind(4, 2))), "0.01");
    assert_eq!(text(divide(dec("1"), dec("3.0"), wide)), "0.333333");
    assert_eq!(text(divide(dec("2"), dec("-3"), wide)), "-0.666667");
    assert_eq!(text(divide(dec("1.000"), dec("8"), kind(3, 0))), "0");
    assert_eq!(text(divide(dec("4.000"), dec("8"), kind(3, 0))), "1");
    assert_eq!(text(remainder(dec("-7.5"), dec("2"), kind(3, 1))), "-1.5");
    let largest = dec("99999999999999999999999999999999999999");
    assert_eq!(text(multiply(largest, largest, wide)), "NULL");
    assert_eq!(text(divide(largest, largest, wide)), "1.000000");
    let tiny = parse("1e-38", kind(38, 38)).unwrap();
    assert_eq!(text(divide(largest, tiny, wide)), "NULL");
    assert_eq!(text(multiply(largest, tiny, wide)), "1.000000");
}

#[test]
fn comparison_ignores_the_scale() {
    assert_eq!(compare(dec("1.10"), dec("1.1")), Ordering::Equal);
    assert_eq!(compare(dec("-1.10"), dec("-1.2")), Ordering::Greater);
    assert_eq!(compare(dec("-0.1"), dec("0")), Ordering::Less);
    let largest = dec("99999999999999999999999999999999999999");
    let tiny = parse("1e-38", kind(38, 38)).unwrap();
    assert_eq!(compare(largest, tiny), Ordering::Greater);
}

#[test]
fn division_agrees_with_multiplication() {
    let mut state: u64 = 7;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u128::from(state >> 3)
    };
    for round in 0..2000_u32 {
        let a = Wide::product(next() * next(), next() >> (round % 60));
        let b = Wide::product(next(), 1 + (next() >> (round % 50)));
        let (quotient, rest) = a.divide(b);
        assert!(rest < b);
        if let Some(q) = quotient.to_u128() {
            let b = b.to_u128().unwrap();
            assert_eq!(Wide::product(q, b).add(rest).unwrap(), a);
        }
    }
}
