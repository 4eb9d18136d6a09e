//! Floating-point numbers as text and back, as Java writes and reads them.

use std::io::Write as _;

/// Appends a DOUBLE the way Java's `Double.toString` does, with the fewest digits that name it.
pub(crate) fn write_double(value: f64, out: &mut Vec<u8>) {
    if !write_special(value.is_nan(), value.is_infinite(), value < 0.0, out) {
        let start = out.len();
        write!(out, "{value:e}").expect("memory takes all that is written");
        layout(start, out);
    }
}

/// Appends a FLOAT the way Java's `Float.toString` does, with the fewest digits that name it.
pub(crate) fn write_float(value: f32, out: &mut Vec<u8>) {
    if !write_special(value.is_nan(), value.is_infinite(), value < 0.0, out) {
        let start = out.len();
        write!(out, "{value:e}").expect("memory takes all that is written");
        layout(start, out);
    }
}

/// The same with the digits that Java prints, up to version 18 some more than name the value.
pub(crate) fn write_java_double(value: f64, out: &mut Vec<u8>) {
    let special = write_special(value.is_nan(), value.is_infinite(), value < 0.0, out);
    if !special && !write_whole(value, f64::MANTISSA_DIGITS, out) {
        let start = out.len();
        write!(out, "{value:e}").expect("memory takes all that is written");
        finish(value, start, out);
    }
}

/// Likewise.
pub(crate) fn write_java_float(value: f32, out: &mut Vec<u8>) {
    let wide = f64::from(value);
    let special = write_special(value.is_nan(), value.is_infinite(), value < 0.0, out);
    if !special && !write_whole(wide, f32::MANTISSA_DIGITS, out) {
        let start = out.len();
        write!(out, "{value:e}").expect("memory takes all that is written");
        finish(wide, start, out);
    }
}

/// A whole number that is written with an exponent: its exact digits without those that say less than
/// its last bit; whether it is one. After what `FloatingDecimal` gives.
fn write_whole(value: f64, significant_bits: u32, out: &mut Vec<u8>) -> bool {
    const PLAIN: f64 = 1e7;
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if !(PLAIN..LIMIT).contains(&value.abs()) || value.fract() != 0.0 {
        return false;
    }
    let whole = value.abs() as u64;
    let spare = whole.ilog2().saturating_sub(significant_bits + 1);
    let dropped = 10_u64.pow(if spare > 1 {
        (1_u64 << spare).ilog10()
    } else {
        0
    });
    let rounded =
        whole / dropped + u64::from(whole % dropped >= dropped.div_ceil(2) && dropped > 1);
    let start = out.len();
    let sign = if value < 0.0 { "-" } else { "" };
    let exponent = rounded.ilog10() + dropped.ilog10();
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(rounded).trim_end_matches('0');
    write!(out, "{sign}{}.{}e{exponent}", &digits[..1], &digits[1..])
        .expect("memory takes all that is written");
    layout(start, out);
    true
}

/// Lays out what names a value. One that a single digit names has the two that are nearest to it.
fn finish(value: f64, start: usize, out: &mut Vec<u8>) {
    if out[start..].contains(&b'.') {
        layout(start, out);
        return;
    }
    out.truncate(start);
    write!(out, "{value:.1e}").expect("memory takes all that is written");
    layout(start, out);
    trim_zero(start, out);
}

/// `layout` of two digits may leave a zero too many behind the point.
fn trim_zero(start: usize, out: &mut Vec<u8>) {
    let text = &out[start..];
    let e = text.iter().position(|&b| b == b'E').unwrap_or(text.len());
    let point = text.iter().position(|&b| b == b'.').unwrap_or(e);
    if e > point + 2 && text[e - 1] == b'0' {
        out.remove(start + e - 1);
    }
}

fn write_special(nan: bool, infinite: bool, negative: bool, out: &mut Vec<u8>) -> bool {
    if nan {
        out.extend_from_slice(b"NaN");
    } else if infinite && negative {
        out.extend_from_slice(b"-Infinity");
    } else if infinite {
        out.extend_from_slice(b"Infinity");
    }
    nan || infinite
}

/// Most significant digits that are written: Java gives a whole number up to 19.
const DIGITS_MAX: usize = 19;

/// Turns `-d.ddde-nn` from `start` on into Java's layout: plain from 10^-3 to below 10^7, otherwise
/// `d.dddE-nn`; always a digit on both sides of the point.
fn layout(start: usize, out: &mut Vec<u8>) {
    let text = &out[start..];
    let negative = text.first() == Some(&b'-');
    let e = text
        .iter()
        .position(|&b| b == b'e')
        .expect("scientific notation has an exponent");
    let exponent: i32 = std::str::from_utf8(&text[e + 1..])
        .ok()
        .and_then(|digits| digits.parse().ok())
        .expect("an exponent is a small number");
    let mut digits = [b'0'; DIGITS_MAX];
    let mut count = 0;
    for &byte in text[..e].iter().filter(|b| b.is_ascii_digit()) {
        digits[count] = byte;
        count += 1;
    }
    let digits = &digits[..count];
    out.truncate(start + usize::from(negative));
    let zero = [b'0'].as_slice();
    if (-3..0).contains(&exponent) {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-exponent - 1) as usize, b'0');
        out.extend_from_slice(digits);
    } else if (0..7).contains(&exponent) {
        let whole = exponent as usize + 1;
        out.extend_from_slice(&digits[..whole.min(count)]);
        out.resize(out.len() + whole.saturating_sub(count), b'0');
        out.push(b'.');
        out.extend_from_slice(
            digits
                .get(whole..)
                .filter(|d| !d.is_empty())
                .unwrap_or(zero),
        );
    } else {
        out.push(digits[0]);
        out.push(b'.');
        out.extend_from_slice(digits.get(1..).filter(|d| !d.is_empty()).unwrap_or(zero));
        out.push(b'E');
        out.extend_from_slice(itoa::Buffer::new().format(exponent).as_bytes());
    }
}

/// Text that is a floating-point number, without the blanks around it: digits, point, exponent, or
/// `NaN`, `Infinity`.
fn float_text(text: &str) -> Option<&str> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = |b: u8| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    let named = unsigned == "NaN" || unsigned == "Infinity";
    (named || unsigned.bytes().all(number)).then_some(text)
}

/// Reads a DOUBLE.
pub(crate) fn parse_double(text: &str) -> Option<f64> {
    float_text(text)?.parse().ok()
}

/// Reads a FLOAT.
pub(crate) fn parse_float(text: &str) -> Option<f32> {
    float_text(text)?.parse().ok()
}

/// Reads an integer: a sign, digits, and a fraction that is dropped. After Flink's
/// `BinaryStringDataUtil.toLong`, except that a point alone is no number.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    let text = text.as_bytes();
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let point = digits.iter().position(|&b| b == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &[][..]),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    for &byte in whole {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // Negative, since the least i64 has no positive twin.
        value = value.checked_mul(10)?.checked_sub(i64::from(digit))?;
    }
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn double(value: f64) -> String {
        let mut out = Vec::new();
        write_double(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_look_like_javas() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (100.0, "100.0"),
            (1e10, "1.0E10"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (12_345_678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (-0.012_5, "-0.0125"),
            (3.300_000_000_000_000_3, "3.3000000000000003"),
            (f64::MAX, "1.7976931348623157E308"),
            (5e-324, "5.0E-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, text) in cases {
            assert_eq!(double(value), text);
        }
        let mut out = Vec::new();
        write_float(0.1, &mut out);
        assert_eq!(out, b"0.1");
    }

    #[test]
    fn doubles_survive_the_way_through_text() {
        let mut state: u64 = 99;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let value = f64::from_bits(state ^ state >> 29);
            if value.is_finite() {
                let text = double(value);
                assert_eq!(parse_double(&text).unwrap().to_bits(), value.to_bits());
            }
        }
    }

    #[test]
    fn integers() {
        let cases = [
            ("12", Some(12)),
            ("+12", Some(12)),
            ("-12.7", Some(-12)),
            ("12.", Some(12)),
            (".5", Some(0)),
            ("007", Some(7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("", None),
            ("-", None),
            (".", None),
            (" 1", None),
            ("1 ", None),
            ("1e3", None),
            ("1.2.3", None),
            ("1.x", None),
            ("x", None),
            ("１", None),
        ];
        for (text, value) in cases {
            assert_eq!(parse_int(text), value, "{text:?}");
        }
    }

    #[test]
    fn floating_point_text() {
        assert_eq!(parse_double(" 1.5e3\n"), Some(1500.0));
        assert_eq!(parse_double("-Infinity"), Some(f64::NEG_INFINITY));
        assert!(parse_double("NaN").unwrap().is_nan());
        for junk in ["", " ", "inf", "nan", "1e", "0x10", "1d", "--1", "e", "."] {
            assert_eq!(parse_double(junk), None, "{junk:?}");
        }
    }

    #[test]
    fn java_prints_whole_numbers_with_more_digits() {
        let double = |value: f64| {
            let mut out = Vec::new();
            write_java_double(value, &mut out);
            String::from_utf8(out).unwrap()
        };
        let float = |value: f32| {
            let mut out = Vec::new();
            write_java_float(value, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(float(3.0e10), "3.0000001E10");
        assert_eq!(float(1_795_341_600.0), "1.79534157E9");
        assert_eq!(float(-123_456_789.0), "-1.23456792E8");
        assert_eq!(float(2e-45), "1.4E-45");
        assert_eq!(float(0.1), "0.1");
        assert_eq!(float(1e10), "1.0E10");
        assert_eq!(float(16_777_216.0), "1.6777216E7");
        assert_eq!(float(f32::INFINITY), "Infinity");
        assert_eq!(
            double(1_234_567_890_123_456_789.0),
            "1.23456789012345677E18"
        );
        assert_eq!(double(4.9e-324), "4.9E-324");
        assert_eq!(double(1e22), "1.0E22");
        assert_eq!(double(1e10), "1.0E10");
        assert_eq!(double(2e-3), "0.002");
        assert_eq!(double(0.001), "0.001");
        assert_eq!(double(5e-5), "5.0E-5");
        assert_eq!(double(-0.0), "-0.0");
        assert_eq!(double(0.0), "0.0");
        assert_eq!(double(3.0), "3.0");
        assert_eq!(double(12_345_678.0), "1.2345678E7");
        assert_eq!(double(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(double(f64::NAN), "NaN");
    }
}
