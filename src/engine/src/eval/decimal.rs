//! DECIMAL arithmetic: exact, rounded HALF_UP, NULL where 38 digits do not hold the result.

use super::wide::{self, Wide};
use rookery_model::Decimal;
use std::cmp::Ordering;

/// Most digits of a DECIMAL.
pub(crate) const DIGITS_MAX: u32 = 38;

/// Digits and scale that a result must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DecimalType {
    /// Digits in all.
    pub precision: u8,
    /// Digits after the point.
    pub scale: u8,
}

impl DecimalType {
    /// The value with this type's scale, HALF_UP; none if its digits are too many.
    pub fn fit(self, value: Decimal) -> Option<Decimal> {
        let magnitude = Wide::from(value.unscaled.unsigned_abs());
        self.fit_wide(magnitude, value.unscaled < 0, i32::from(value.scale))
    }

    /// An integer as a decimal of this type.
    pub fn of_int(self, value: i64) -> Option<Decimal> {
        self.fit(Decimal {
            unscaled: i128::from(value),
            scale: 0,
        })
    }

    fn fit_wide(self, magnitude: Wide, negative: bool, scale: i32) -> Option<Decimal> {
        let target = i32::from(self.scale);
        let magnitude = if scale > target {
            magnitude.divide_power10_half_up((scale - target) as u32)
        } else {
            magnitude.multiply_power10((target - scale) as u32)?
        };
        self.checked(magnitude.to_u128()?, negative)
    }

    fn checked(self, magnitude: u128, negative: bool) -> Option<Decimal> {
        if magnitude >= wide::power10(u32::from(self.precision)) {
            return None;
        }
        let unscaled = magnitude as i128;
        Some(Decimal {
            unscaled: if negative { -unscaled } else { unscaled },
            scale: self.scale,
        })
    }
}

/// `left + right`
pub(crate) fn add(left: Decimal, right: Decimal, to: DecimalType) -> Option<Decimal> {
    let scale = left.scale.max(right.scale);
    let shift = |d: Decimal| {
        Wide::from(d.unscaled.unsigned_abs()).multiply_power10(u32::from(scale - d.scale))
    };
    let (a, b) = (shift(left)?, shift(right)?);
    let (a_negative, b_negative) = (left.unscaled < 0, right.unscaled < 0);
    let (sum, negative) = if a_negative == b_negative {
        (a.add(b)?, a_negative)
    } else if a >= b {
        (a.subtract(b), a_negative)
    } else {
        (b.subtract(a), b_negative)
    };
    to.fit_wide(sum, negative, i32::from(scale))
}

/// `-value`
pub(crate) fn negate(value: Decimal) -> Decimal {
    Decimal {
        unscaled: -value.unscaled,
        scale: value.scale,
    }
}

/// `left * right`
pub(crate) fn multiply(left: Decimal, right: Decimal, to: DecimalType) -> Option<Decimal> {
    let product = Wide::product(left.unscaled.unsigned_abs(), right.unscaled.unsigned_abs());
    let negative = (left.unscaled < 0) != (right.unscaled < 0);
    to.fit_wide(
        product,
        negative,
        i32::from(left.scale) + i32::from(right.scale),
    )
}

/// `left / right`; `right` is not zero.
pub(crate) fn divide(left: Decimal, right: Decimal, to: DecimalType) -> Option<Decimal> {
    let mut numerator = Wide::from(left.unscaled.unsigned_abs());
    let mut denominator = Wide::from(right.unscaled.unsigned_abs());
    // The quotient's digits after the point, once both are taken as integers.
    let shift = i32::from(to.scale) + i32::from(right.scale) - i32::from(left.scale);
    if shift >= 0 {
        // Beyond 256 bits the quotient has more than 38 digits, since the divisor has at most 38.
        numerator = numerator.multiply_power10(shift as u32)?;
    } else {
        denominator = denominator.multiply_power10(shift.unsigned_abs())?;
    }
    let (quotient, remainder) = numerator.divide(denominator);
    let up = match remainder.add(remainder) {
        Some(twice) => twice >= denominator,
        None => true,
    };
    let quotient = quotient.add(Wide::from(u128::from(up)))?;
    let negative = (left.unscaled < 0) != (right.unscaled < 0);
    to.checked(quotient.to_u128()?, negative)
}

/// `left % right`, with the sign of `left`; `right` is not zero.
pub(crate) fn remainder(left: Decimal, right: Decimal, to: DecimalType) -> Option<Decimal> {
    let scale = left.scale.max(right.scale);
    let shift = |d: Decimal| {
        Wide::from(d.unscaled.unsigned_abs()).multiply_power10(u32::from(scale - d.scale))
    };
    let (_, rest) = shift(left)?.divide(shift(right)?);
    to.fit_wide(rest, left.unscaled < 0, i32::from(scale))
}

/// Numerical order, whatever the scales.
pub(crate) fn compare(left: Decimal, right: Decimal) -> Ordering {
    if left.scale == right.scale {
        return left.unscaled.cmp(&right.unscaled);
    }
    let signs = left.unscaled.signum().cmp(&right.unscaled.signum());
    if signs != Ordering::Equal {
        return signs;
    }
    let scale = left.scale.max(right.scale);
    let shift = |d: Decimal| {
        Wide::from(d.unscaled.unsigned_abs())
            .multiply_power10(u32::from(scale - d.scale))
            .expect("38 digits shifted by 38 fit 256 bits")
    };
    let order = shift(left).cmp(&shift(right));
    if left.unscaled < 0 {
        order.reverse()
    } else {
        order
    }
}

/// The digits before the point.
pub(crate) fn truncate(value: Decimal) -> i128 {
    value.unscaled / wide::power10(u32::from(value.scale)) as i128
}

/// Parses decimal text: blanks around it, a sign, digits with at most one point, an exponent. None of
/// junk, and of what has too many digits before the point.
pub(crate) fn parse(text: &str, to: DecimalType) -> Option<Decimal> {
    let text = text.trim_matches([' ', '\n', '\t']).as_bytes();
    let (negative, text) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let mantissa_end = text
        .iter()
        .position(|b| matches!(b, b'e' | b'E'))
        .unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at(mantissa_end);
    let exponent = match exponent.split_first() {
        Some((_, digits)) => parse_exponent(digits)?,
        None => 0,
    };
    let point = mantissa.iter().position(|&b| b == b'.');
    let whole = &mantissa[..point.unwrap_or(mantissa.len())];
    let fraction = point.map_or(&[][..], |at| &mantissa[at + 1..]);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut digits = whole.iter().chain(fraction);
    if !digits.clone().all(u8::is_ascii_digit) {
        return None;
    }
    // Digits up to this one count; the next one rounds.
    let kept = whole.len() as i64 + exponent + i64::from(to.scale);
    let mut magnitude: u128 = 0;
    let taken = kept.clamp(0, mantissa.len() as i64) as usize;
    for digit in digits.by_ref().take(taken) {
        // One digit too many is beyond 128 bits already.
        magnitude = magnitude.checked_mul(10)? + u128::from(digit - b'0');
        if magnitude >= wide::power10(DIGITS_MAX) {
            return None;
        }
    }
    if kept >= 0 && digits.next().is_some_and(|&digit| digit >= b'5') {
        magnitude += 1;
    }
    let missing = kept - (whole.len() + fraction.len()) as i64;
    for _ in 0..missing {
        if magnitude == 0 {
            break;
        }
        magnitude = magnitude.checked_mul(10)?;
        if magnitude >= wide::power10(DIGITS_MAX) {
            return None;
        }
    }
    to.checked(magnitude, negative)
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        // Beyond this a text of any length that fits memory rounds to zero or overflows.
        value = (value * 10 + i64::from(digit - b'0')).min(1 << 40);
    }
    Some(if negative { -value } else { value })
}

#[cfg(test)]
#[path = "decimal_tests.rs"]
mod tests;
