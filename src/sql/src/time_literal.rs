//! The texts of DATE, TIME, TIMESTAMP and INTERVAL literals.

use crate::plan::Literal;
use rookery_model::Timestamp;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Days since 1970-01-01 of `yyyy-MM-dd`; month and day may be one digit, as in Flink.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = one_or_two(parts.next()?)?;
    let day = one_or_two(parts.next()?)?;
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    Some(days_from_civil(year, month, day))
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar (Howard Hinnant,
/// "chrono-compatible low-level date algorithms", `days_from_civil`).
fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Milliseconds of the day of `HH:mm:ss[.fraction]`, and the digits of the fraction.
pub(crate) fn parse_time(text: &str) -> Option<(i32, u8)> {
    let (millis, nanos, precision) = parse_clock(text)?;
    (nanos == 0).then_some((i32::try_from(millis).ok()?, precision))
}

/// `yyyy-MM-dd[ HH:mm:ss[.fraction]]` as if in UTC, and the digits of the fraction.
pub(crate) fn parse_timestamp(text: &str) -> Option<(Timestamp, u8)> {
    let (date, clock) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    let days = i64::from(parse_date(date)?);
    let (millis, nanos, precision) = parse_clock(clock)?;
    let timestamp = Timestamp {
        millis: days * MILLIS_PER_DAY + millis,
        nanos,
    };
    Some((timestamp, precision))
}

/// Milliseconds of the day, nanoseconds within the millisecond, digits of the fraction.
fn parse_clock(text: &str) -> Option<(i64, u32, u8)> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) if (1..=9).contains(&fraction.len()) => (clock, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let mut parts = clock.split(':');
    let hour = one_or_two(parts.next()?)?;
    let minute = one_or_two(parts.next()?)?;
    let second = one_or_two(parts.next()?)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanos = if fraction.is_empty() {
        0
    } else {
        let value = u32::try_from(digits(fraction, fraction.len())?).ok()?;
        let missing = 9 - u32::try_from(fraction.len()).ok()?;
        value.checked_mul(10_u32.pow(missing))?
    };
    let millis =
        i64::from((hour * 60 + minute) * 60 + second) * 1000 + i64::from(nanos / 1_000_000);
    Some((
        millis,
        nanos % 1_000_000,
        u8::try_from(fraction.len()).ok()?,
    ))
}

/// One decimal digit or two.
fn one_or_two(text: &str) -> Option<i32> {
    digits(text, text.len().clamp(1, 2))
}

/// A unit of an INTERVAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum IntervalUnit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

impl IntervalUnit {
    /// By its name, in the singular or the plural.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        Some(match upper.strip_suffix('S').unwrap_or(&upper) {
            "YEAR" => Self::Year,
            "QUARTER" => Self::Quarter,
            "MONTH" => Self::Month,
            "WEEK" => Self::Week,
            "DAY" => Self::Day,
            "HOUR" => Self::Hour,
            "MINUTE" => Self::Minute,
            "SECOND" => Self::Second,
            _ => return None,
        })
    }

    /// Months or milliseconds, and whether they are months.
    pub(crate) fn length(self) -> (i64, bool) {
        match self {
            Self::Year => (12, true),
            Self::Quarter => (3, true),
            Self::Month => (1, true),
            Self::Week => (7 * MILLIS_PER_DAY, false),
            Self::Day => (MILLIS_PER_DAY, false),
            Self::Hour => (3_600_000, false),
            Self::Minute => (60_000, false),
            Self::Second => (1000, false),
        }
    }

    /// What separates it from the smaller unit after it, and how many of that make one.
    fn next(self) -> Option<(char, Self, i64)> {
        Some(match self {
            Self::Year => ('-', Self::Month, 12),
            Self::Day => (' ', Self::Hour, 24),
            Self::Hour => (':', Self::Minute, 60),
            Self::Minute => (':', Self::Second, 60),
            _ => return None,
        })
    }
}

/// Digits that the first number of an INTERVAL may have where the literal does not say.
const INTERVAL_DIGITS: u64 = 2;

/// The shape of an INTERVAL literal: `first(digits) TO last`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    pub(crate) first: IntervalUnit,
    pub(crate) last: IntervalUnit,
    pub(crate) digits: Option<u64>,
}

impl Interval {
    /// Reads its text: `1`, `-1.5`, `1-2`, `1 10:20:30.5`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub(crate) fn parse(self, text: &str, negative: bool) -> Result<Literal, String> {
        let form = || format!("'{text}' is not of the form that these units ask for");
        let (minus, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (!negative, rest),
            None => (negative, text.strip_prefix('+').unwrap_or(text)),
        };
        let months = self.first.length().1;
        let mut unit = self.first;
        let mut total: i64 = 0;
        let mut limit = None;
        loop {
            let step = if unit == self.last { None } else { unit.next() };
            if unit != self.last && step.is_none() {
                return Err("these two units make no INTERVAL together".to_owned());
            }
            let (number, after) = match step {
                Some((separator, ..)) => rest.split_once(separator).ok_or_else(form)?,
                None => (rest, ""),
            };
            total = total
                .checked_add(self.part(unit, number, limit).ok_or_else(form)??)
                .ok_or_else(form)?;
            match step {
                Some((_, next, count)) => {
                    (unit, limit, rest) = (next, Some(count), after);
                }
                None => break,
            }
        }
        let total = if minus { -total } else { total };
        Ok(if months {
            Literal::Months(total)
        } else {
            Literal::Millis(total)
        })
    }

    /// One number of it, in months or milliseconds; none of what is no such number.
    fn part(
        self,
        unit: IntervalUnit,
        number: &str,
        limit: Option<i64>,
    ) -> Option<Result<i64, String>> {
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) if unit == IntervalUnit::Second => (whole, fraction),
            Some(_) => return None,
            None => (number, ""),
        };
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > 9 {
            return None;
        }
        let allowed = self.digits.unwrap_or(INTERVAL_DIGITS);
        let significant = whole.trim_start_matches('0');
        if limit.is_none() && significant.len() as u64 > allowed {
            return Some(Err(format!(
                "{whole} has over {allowed} digits; write the unit as {unit:?}({})",
                significant.len()
            )));
        }
        let count: i64 = whole.parse().ok()?;
        if limit.is_some_and(|limit| count >= limit) {
            return None;
        }
        let mut millis = 0;
        for (place, digit) in fraction.bytes().take(3).enumerate() {
            millis += i64::from(digit - b'0') * 10_i64.pow(2 - place as u32);
        }
        Some(Ok(count
            .checked_mul(unit.length().0)?
            .checked_add(millis)?))
    }
}

/// Exactly so many decimal digits.
fn digits(text: &str, count: usize) -> Option<i32> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970() {
        assert_eq!(parse_date("1970-01-01"), Some(0));
        assert_eq!(parse_date("1969-12-31"), Some(-1));
        assert_eq!(parse_date("2026-11-22"), Some(20_779));
        assert_eq!(parse_date("2000-02-29"), Some(11_016));
        assert_eq!(parse_date("0001-01-01"), Some(-719_162));
        assert_eq!(parse_date("1900-02-29"), None);
        assert_eq!(parse_date("1970-1-2"), Some(1));
        assert_eq!(parse_date("1970-001-02"), None);
        assert_eq!(parse_date("2026-13-01"), None);
        assert_eq!(parse_date("2026-04-31"), None);
    }

    #[test]
    fn timestamps_keep_their_fraction() {
        let timestamp = |millis, nanos, precision| Some((Timestamp { millis, nanos }, precision));
        assert_eq!(
            parse_timestamp("1970-01-01 00:00:01"),
            timestamp(1000, 0, 0)
        );
        assert_eq!(
            parse_timestamp("1970-01-02 00:00:00.123456789"),
            timestamp(MILLIS_PER_DAY + 123, 456_789, 9)
        );
        assert_eq!(
            parse_timestamp("1969-12-31 23:59:59.5"),
            timestamp(-500, 0, 1)
        );
        assert_eq!(
            parse_timestamp("1970-01-02"),
            timestamp(MILLIS_PER_DAY, 0, 0)
        );
        assert_eq!(parse_timestamp("1970-01-01T00:00:00"), None);
        assert_eq!(parse_timestamp("1970-01-01 24:00:00"), None);
        assert_eq!(parse_timestamp("1970-01-01 00:00:00."), None);
        assert_eq!(parse_time("10:20:30.25"), Some((37_230_250, 2)));
        assert_eq!(parse_time("10:20:30.0000001"), None);
        assert_eq!(parse_time("10:20"), None);
    }

    #[test]
    fn intervals_are_counts_of_months_or_milliseconds() {
        use IntervalUnit as U;
        let read = |text: &str, first, last, digits| {
            let shape = Interval {
                first,
                last,
                digits,
            };
            shape.parse(text, false)
        };
        for (text, first, last, literal) in [
            ("1", U::Day, U::Day, Literal::Millis(86_400_000)),
            ("-1", U::Day, U::Day, Literal::Millis(-86_400_000)),
            ("1-2", U::Year, U::Month, Literal::Months(14)),
            ("10", U::Month, U::Month, Literal::Months(10)),
            (
                "1 10:20:30.123",
                U::Day,
                U::Second,
                Literal::Millis(123_630_123),
            ),
            ("10:20", U::Hour, U::Minute, Literal::Millis(37_200_000)),
            ("1.5", U::Second, U::Second, Literal::Millis(1500)),
            ("2", U::Week, U::Week, Literal::Millis(1_209_600_000)),
        ] {
            assert_eq!(read(text, first, last, None), Ok(literal), "{text}");
        }
        assert_eq!(
            read("100", U::Day, U::Day, Some(3)),
            Ok(Literal::Millis(8_640_000_000))
        );
        assert_eq!(
            read("100", U::Day, U::Day, None),
            Err("100 has over 2 digits; write the unit as Day(3)".to_owned())
        );
        for (text, first, last) in [
            ("", U::Day, U::Day),
            ("1.5", U::Day, U::Day),
            ("x", U::Day, U::Day),
            ("1-12", U::Year, U::Month),
            ("1", U::Year, U::Month),
            ("10:60", U::Hour, U::Minute),
            ("--1", U::Day, U::Day),
            ("1", U::Month, U::Day),
            ("9999999999999999999", U::Second, U::Second),
        ] {
            assert!(read(text, first, last, Some(30)).is_err(), "{text}");
        }
    }
}
