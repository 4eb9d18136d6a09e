//! ROUND and TRUNCATE of each kind of number: by decimal digits, as Java's `BigDecimal` does it.

use crate::eval::decimal::{self, DecimalType};
use rookery_model::Decimal;
use std::io::Write as _;

/// What becomes of the digits that are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Half away from zero.
    HalfUp,
    /// Dropped.
    Down,
}

/// Most digits that name a DOUBLE.
const DIGITS_MAX: usize = 17;

/// An integer at so many digits after the point, wrapping around at 64 bits.
pub(super) fn int(value: i64, digits: i64, mode: Mode) -> i64 {
    if digits >= 0 {
        return value;
    }
    // 10^19 and more is over twice any i64 but one that rounds up to it.
    let Some(unit) = u32::try_from(digits.unsigned_abs())
        .ok()
        .and_then(|places| 10_i128.checked_pow(places))
    else {
        return 0;
    };
    let value = i128::from(value);
    let rest = value % unit;
    let up = mode == Mode::HalfUp && rest.abs() * 2 >= unit;
    let rounded = value - rest + if up { unit * value.signum() } else { 0 };
    rounded as i64
}

/// A decimal at so many digits after the point, in the type of the result.
pub(super) fn decimal(value: Decimal, digits: i64, mode: Mode, to: DecimalType) -> Option<Decimal> {
    if digits >= i64::from(value.scale) {
        return to.fit(value);
    }
    let dropped = i64::from(value.scale).saturating_sub(digits);
    let magnitude = value.unscaled.unsigned_abs();
    let unit = u32::try_from(dropped)
        .ok()
        .and_then(|places| 10_u128.checked_pow(places));
    let Some(unit) = unit else {
        return to.fit(Decimal::default());
    };
    let rest = magnitude % unit;
    let up = mode == Mode::HalfUp && rest >= unit - unit / 2;
    let quotient = magnitude / unit + u128::from(up);
    let (unscaled, scale) = if digits >= 0 {
        (quotient, digits as u8)
    } else {
        (
            quotient.checked_mul(10_u128.checked_pow(digits.unsigned_abs() as u32)?)?,
            0,
        )
    };
    let unscaled = i128::try_from(unscaled).ok()?;
    let signed = if value.unscaled < 0 {
        -unscaled
    } else {
        unscaled
    };
    to.fit(Decimal {
        unscaled: signed,
        scale,
    })
}

/// A decimal without the zeros behind so many digits after the point.
pub(super) fn without_zeros(value: Decimal, digits: i64) -> Decimal {
    let scale = u8::try_from(digits.clamp(0, i64::from(value.scale))).unwrap_or(value.scale);
    let unit = 10_i128.pow(u32::from(value.scale - scale));
    if value.unscaled % unit != 0 {
        return value;
    }
    Decimal {
        unscaled: value.unscaled / unit,
        scale,
    }
}

/// A DOUBLE at so many digits after the point of its shortest text; none of NaN and infinities.
pub(super) fn double(value: f64, digits: i64, mode: Mode) -> Option<f64> {
    if !value.is_finite() {
        return None;
    }
    let mut text = [0; 32];
    let length = written(&mut text, format_args!("{value:e}"));
    Some(by_digits(&text[..length], digits, mode))
}

fn written(buffer: &mut [u8], text: std::fmt::Arguments<'_>) -> usize {
    let whole = buffer.len();
    let mut rest = &mut *buffer;
    rest.write_fmt(text)
        .expect("a number's shortest text is shorter than the buffer");
    whole - rest.len()
}

/// Rounds `-d.ddde-nn`.
fn by_digits(text: &[u8], places: i64, mode: Mode) -> f64 {
    let negative = text.first() == Some(&b'-');
    let e = text.iter().position(|&b| b == b'e').unwrap_or(text.len());
    let exponent: i64 = text
        .get(e + 1..)
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0);
    let mut digits = [0; DIGITS_MAX];
    let mut count = 0;
    for &byte in text[..e].iter().filter(|byte| byte.is_ascii_digit()) {
        digits[count] = byte - b'0';
        count += 1;
    }
    // Digits up to this one stay; the first has the weight 10^exponent.
    let kept = exponent.saturating_add(places).saturating_add(1);
    if kept < 0 {
        return 0.0;
    }
    let kept = usize::try_from(kept).unwrap_or(usize::MAX).min(count);
    let number = digits[..kept]
        .iter()
        .fold(0_u64, |number, &digit| number * 10 + u64::from(digit));
    let up = mode == Mode::HalfUp && digits[kept..count].first().is_some_and(|&next| next >= 5);
    let number = number + u64::from(up);
    let mut buffer = [0; 48];
    let length = written(
        &mut buffer,
        format_args!("{number}e{}", exponent + 1 - kept as i64),
    );
    let rounded: f64 = std::str::from_utf8(&buffer[..length])
        .ok()
        .and_then(|text| text.parse().ok())
        .expect("digits and an exponent are a number");
    // Java's decimals have no negative zero.
    if negative && rounded != 0.0 {
        -rounded
    } else {
        rounded
    }
}

/// The next whole decimal up or down.
pub(super) fn whole(value: Decimal, up: bool, to: DecimalType) -> Option<Decimal> {
    let truncated = decimal::truncate(value);
    let unit = 10_i128.pow(u32::from(value.scale));
    let rest = value.unscaled % unit;
    let step = i128::from(rest > 0 && up) - i128::from(rest < 0 && !up);
    to.fit(Decimal {
        unscaled: truncated + step,
        scale: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_rounded_by_their_shortest_text() {
        let cases = [
            (2.675, 2, 2.68),
            (1.005, 2, 1.01),
            (-2.5, 0, -3.0),
            (2.5, 0, 3.0),
            (0.5, 0, 1.0),
            (0.49, 0, 0.0),
            (-0.4, 0, 0.0),
            (9.99, 1, 10.0),
            (1234.5678, -2, 1200.0),
            (1250.0, -2, 1300.0),
            (50.0, -2, 100.0),
            (5.0, -2, 0.0),
            (1e300, 2, 1e300),
            (1e-300, 2, 0.0),
            (1.5, 400, 1.5),
            (1.5, i64::MAX, 1.5),
            (1.5, i64::MIN, 0.0),
            (f64::MAX, -308, f64::INFINITY),
            (5e-324, 324, 1e-323 / 2.0),
        ];
        for (value, places, expected) in cases {
            let rounded = double(value, places, Mode::HalfUp);
            assert_eq!(rounded, Some(expected), "{value} {places}");
        }
        assert_eq!(double(42.349, 2, Mode::Down), Some(42.34));
        assert_eq!(double(-1.999, 0, Mode::Down), Some(-1.0));
        assert_eq!(double(f64::NAN, 2, Mode::HalfUp), None);
    }

    #[test]
    fn integers_are_rounded_at_tens() {
        let cases = [
            (45, -1, 50),
            (-45, -1, -50),
            (44, -1, 40),
            (1250, -2, 1300),
            (7, 3, 7),
            (5, -2, 0),
            (i64::MAX, -19, 10_000_000_000_000_000_000_u64 as i64),
            (i64::MAX, -40, 0),
            (i64::MIN, i64::MIN, 0),
        ];
        for (value, places, expected) in cases {
            assert_eq!(
                int(value, places, Mode::HalfUp),
                expected,
                "{value} {places}"
            );
        }
        assert_eq!(int(49, -1, Mode::Down), 40);
    }

    #[test]
    fn decimals_are_rounded_at_any_digit() {
        let to = |precision, scale| DecimalType { precision, scale };
        let of = |unscaled, scale| Decimal { unscaled, scale };
        let round = |value, places, to| decimal(value, places, Mode::HalfUp, to);
        assert_eq!(round(of(1234, 2), 1, to(10, 1)), Some(of(123, 1)));
        assert_eq!(round(of(1235, 2), 1, to(10, 1)), Some(of(124, 1)));
        assert_eq!(round(of(-1235, 2), 1, to(10, 1)), Some(of(-124, 1)));
        assert_eq!(round(of(99_995, 3), 2, to(6, 2)), Some(of(10_000, 2)));
        assert_eq!(round(of(5_555, 2), -1, to(9, 0)), Some(of(60, 0)));
        assert_eq!(round(of(4_999, 2), -2, to(9, 0)), Some(of(0, 0)));
        assert_eq!(round(of(5_000, 2), -2, to(9, 0)), Some(of(100, 0)));
        assert_eq!(round(of(1, 2), -60, to(9, 0)), Some(of(0, 0)));
        assert_eq!(round(of(1, 2), 9, to(9, 2)), Some(of(1, 2)));
        assert_eq!(
            decimal(of(-1999, 3), 0, Mode::Down, to(9, 0)),
            Some(of(-1, 0))
        );
        assert_eq!(whole(of(-210, 2), false, to(9, 0)), Some(of(-3, 0)));
        assert_eq!(whole(of(-210, 2), true, to(9, 0)), Some(of(-2, 0)));
        assert_eq!(whole(of(201, 2), true, to(9, 0)), Some(of(3, 0)));
        assert_eq!(whole(of(200, 2), true, to(9, 0)), Some(of(2, 0)));
    }
}
