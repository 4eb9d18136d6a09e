//! The texts of DATE, TIME and TIMESTAMP literals: exactly one form each.

use rookery_model::Timestamp;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Days since 1970-01-01 of `yyyy-MM-dd`.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = digits(parts.next()?, 2)?;
    let day = digits(parts.next()?, 2)?;
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

/// `yyyy-MM-dd HH:mm:ss[.fraction]` as if in UTC, and the digits of the fraction.
pub(crate) fn parse_timestamp(text: &str) -> Option<(Timestamp, u8)> {
    let (date, clock) = text.split_once(' ')?;
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
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = digits(parts.next()?, 2)?;
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
        assert_eq!(parse_date("2026-2-3"), None);
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
        assert_eq!(parse_timestamp("1970-01-01T00:00:00"), None);
        assert_eq!(parse_timestamp("1970-01-01 24:00:00"), None);
        assert_eq!(parse_timestamp("1970-01-01 00:00:00."), None);
        assert_eq!(parse_time("10:20:30.25"), Some((37_230_250, 2)));
        assert_eq!(parse_time("10:20:30.0000001"), None);
        assert_eq!(parse_time("10:20"), None);
    }
}
