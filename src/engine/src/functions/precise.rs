//! EXP and LN rounded to the nearest double in all but the rarest cases, by pairs of doubles whose sum is
//! the number (Dekker, "A floating-point technique for extending the available precision", 1971). Only
//! additions and multiplications: the same bits on every box.

use std::f64::consts::LN_2;

/// What the double next to ln 2 lacks.
const LN_2_REST: f64 = 2.319_046_813_846_299_6e-17;

/// Terms of the series of e^r, |r| <= ln 2 / 2: what is left out is below 2^-80.
const TERMS: u32 = 18;

/// A number as the sum of two.
#[derive(Clone, Copy)]
struct Pair {
    high: f64,
    low: f64,
}

/// The exact sum.
fn sum(a: f64, b: f64) -> Pair {
    let high = a + b;
    let part = high - a;
    Pair {
        high,
        low: (a - (high - part)) + (b - part),
    }
}

/// The exact product, of numbers far from the ends of the range.
fn product(a: f64, b: f64) -> Pair {
    let split = |x: f64| {
        let wide = 134_217_729.0 * x;
        let high = wide - (wide - x);
        (high, x - high)
    };
    let high = a * b;
    let ((a_high, a_low), (b_high, b_low)) = (split(a), split(b));
    let low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low;
    Pair { high, low }
}

impl Pair {
    fn plus(self, other: f64) -> Self {
        let sum = sum(self.high, other);
        self::sum(sum.high, sum.low + self.low)
    }

    fn times(self, other: Self) -> Self {
        let exact = product(self.high, other.high);
        sum(
            exact.high,
            exact.low + (self.high * other.low + self.low * other.high),
        )
    }

    fn over(self, divisor: f64) -> Self {
        let quotient = self.high / divisor;
        let back = product(quotient, divisor);
        let rest = (self.high - back.high) - back.low + self.low;
        sum(quotient, rest / divisor)
    }
}

/// e^x as a pair times a power of two; of x whose result is a number that is not too small.
fn exp_pair(x: f64) -> (Pair, i32) {
    let power = (x / LN_2).round();
    let whole = product(power, LN_2);
    let rest = sum(x - whole.high, -whole.low).plus(-power * LN_2_REST);
    let one = Pair {
        high: 1.0,
        low: 0.0,
    };
    let series = (1..=TERMS).rev().fold(one, |inner, n| {
        rest.times(inner).over(f64::from(n)).plus(1.0)
    });
    (series, power as i32)
}

/// EXP
pub(super) fn exp(x: f64) -> f64 {
    // Beyond, the result overflows or loses digits.
    if !(-700.0..=709.0).contains(&x) {
        return libm::exp(x);
    }
    let (series, power) = exp_pair(x);
    libm::scalbn(series.high + series.low, power)
}

/// LN: one step of Newton's from what the library gives.
pub(super) fn ln(x: f64) -> f64 {
    let near = libm::log(x);
    if !near.is_finite() || near == 0.0 || near.abs() > 700.0 {
        return near;
    }
    let (series, power) = exp_pair(-near);
    let scaled = libm::scalbn(x, power);
    let whole = product(scaled, series.high);
    near + ((whole.high - 1.0) + whole.low + scaled * series.low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_is_right() {
        // From the decimal expansions of e, 1/e, e^10, ln 10, ln 3, ln 81.
        assert_eq!(exp(1.0).to_string(), "2.718281828459045");
        assert_eq!(exp(-1.0).to_string(), "0.36787944117144233");
        assert_eq!(exp(10.0).to_string(), "22026.465794806718");
        assert_eq!(exp(0.0).to_string(), "1");
        assert_eq!(ln(10.0).to_string(), "2.302585092994046");
        assert_eq!(ln(3.0).to_string(), "1.0986122886681098");
        assert_eq!(ln(81.0).to_string(), "4.394449154672439");
        assert_eq!(ln(81.0) / ln(3.0), 4.0);
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert!(ln(-1.0).is_nan() && exp(f64::NAN).is_nan());
        assert_eq!(exp(1000.0), f64::INFINITY);
        assert_eq!(exp(-1000.0), 0.0);
    }

    #[test]
    fn they_are_close_to_the_library_everywhere() {
        for n in -6000..6000 {
            let x = f64::from(n) * 0.116;
            let (ours, theirs) = (exp(x), libm::exp(x));
            assert!(((ours - theirs) / theirs).abs() < 4e-16, "{x}");
            let (back, theirs) = (ln(ours), libm::log(ours));
            assert!((back - theirs).abs() <= theirs.abs() * 4e-16, "{x}");
        }
    }
}
