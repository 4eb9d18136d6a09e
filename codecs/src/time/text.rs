//! `yyyy-MM-dd`, `HH:mm:ss` and both, read and written.

use super::MILLIS_PER_DAY;
use super::civil::{Civil, civil_of_days, days_in_month, days_of_civil};
use rookery_model::Timestamp;

/// Reads `yyyy-MM-dd`: four, two and two digits of a day that exists. Days since 1970-01-01.
#[inline]
#[must_use]
pub fn parse_date(text: &[u8]) -> Option<i32> {
    let text: &[u8; 10] = text.try_into().ok()?;
    date_of(text)
}

/// Reads `HH:mm:ss`, with a fraction of up to nine digits if there is one. Milliseconds of the day and
/// nanoseconds within the millisecond.
#[inline]
#[must_use]
pub fn parse_time(text: &[u8]) -> Option<(i32, u32)> {
    let (clock, rest) = text.split_first_chunk::<8>()?;
    let millis = clock_of(clock)?;
    let fraction = fraction_nanos(rest)?;
    Some((millis + (fraction / 1_000_000) as i32, fraction % 1_000_000))
}

/// Reads `yyyy-MM-dd HH:mm:ss`, with a fraction of up to nine digits if there is one. Local time.
#[inline]
#[must_use]
pub fn parse_timestamp(text: &[u8]) -> Option<Timestamp> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    let (&blank, rest) = rest.split_first()?;
    if blank != b' ' {
        return None;
    }
    let days = date_of(date)?;
    let (millis, nanos) = parse_time(rest)?;
    Some(Timestamp {
        millis: i64::from(days) * MILLIS_PER_DAY + i64::from(millis),
        nanos,
    })
}

/// Reads what Flink takes for a TIMESTAMP: `yyyy-M-d`, then perhaps ` H:m:s` and a fraction of up to nine
/// digits. Months to seconds have one digit or two; 24:00:00 is the end of the day. Local time.
#[must_use]
pub fn parse_timestamp_loosely(text: &str) -> Option<Timestamp> {
    if let Some(exact) = parse_timestamp(text.as_bytes()) {
        return Some(exact);
    }
    let (date, clock) = match text.split_once(' ') {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = parts.next().filter(|year| year.len() == 4)?;
    let year = digits_of(year)?;
    let (month, day) = (one_or_two(parts.next()?)?, one_or_two(parts.next()?)?);
    if parts.next().is_some() || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let (millis, nanos) = clock.map_or(Some((0, 0)), loose_clock)?;
    Some(Timestamp {
        millis: days_of_civil(year, month, day) * MILLIS_PER_DAY + millis,
        nanos,
    })
}

fn loose_clock(text: &str) -> Option<(i64, u32)> {
    let (clock, fraction) = match text.find('.') {
        Some(point) => text.split_at(point),
        None => (text, ""),
    };
    let mut parts = clock.split(':');
    let hour = one_or_two(parts.next()?)?;
    let (minute, second) = (one_or_two(parts.next()?)?, one_or_two(parts.next()?)?);
    let nanos = fraction_nanos(fraction.as_bytes())?;
    let whole_day = hour == 24 && minute == 0 && second == 0 && nanos == 0;
    if parts.next().is_some() || (hour > 23 && !whole_day) || minute > 59 || second > 59 {
        return None;
    }
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Some((
        seconds * 1000 + i64::from(nanos / 1_000_000),
        nanos % 1_000_000,
    ))
}

fn one_or_two(text: &str) -> Option<u8> {
    let fits = (1..=2).contains(&text.len());
    fits.then(|| digits_of(text))?
        .and_then(|n| u8::try_from(n).ok())
}

fn digits_of(text: &str) -> Option<i32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// Reads what Flink takes for a DATE: a year, then perhaps a month and a day, all of any number of digits
/// with blanks around them; whatever follows a blank after the first character is left out.
#[must_use]
pub fn parse_date_loosely(text: &str) -> Option<i32> {
    if let Some(exact) = parse_date(text.as_bytes()) {
        return Some(exact);
    }
    let text = match text.find(' ') {
        Some(at) if at > 0 => &text[..at],
        _ => text,
    };
    let mut parts = text.splitn(3, '-');
    let mut next = |missing: Option<i32>| match parts.next() {
        Some(part) if !part.trim().is_empty() => digits_of(part.trim()),
        Some(_) => None,
        None => missing,
    };
    let (year, month, day) = (next(None)?, next(Some(1))?, next(Some(1))?);
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    if !(0..=9999).contains(&year) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    Some(days_of_civil(year, month, day) as i32)
}

/// Reads what Flink takes for a TIME: an hour, then perhaps minutes, seconds and a fraction, with blanks
/// around them. Milliseconds of the day, further digits rounded.
#[must_use]
pub fn parse_time_loosely(text: &str) -> Option<i32> {
    if let Some((millis, 0)) = parse_time(text.as_bytes()) {
        return Some(millis);
    }
    let mut parts = text.splitn(3, ':');
    let hour = number(parts.next()?, 23)?;
    let minute = parts.next().map_or(Some(0), |part| number(part, 59))?;
    let (second, millis) = match parts.next() {
        None => (0, 0),
        Some(rest) => {
            let (second, fraction) = rest.split_once('.').unwrap_or((rest, ""));
            (number(second, 59)?, millis_of(fraction.trim())?)
        }
    };
    Some(((hour * 60 + minute) * 60 + second) * 1000 + millis)
}

fn number(text: &str, max: i32) -> Option<i32> {
    let text = text.trim();
    let value = if text.is_empty() {
        None
    } else {
        digits_of(text)
    }?;
    (value <= max).then_some(value)
}

fn millis_of(fraction: &str) -> Option<i32> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digit = |at: usize| {
        fraction
            .as_bytes()
            .get(at)
            .map_or(0, |&byte| i32::from(byte - b'0'))
    };
    let millis = digit(0) * 100 + digit(1) * 10 + digit(2);
    Some((millis + i32::from(digit(3) >= 5)).min(999))
}

/// `yyyy-MM-dd`
#[inline]
fn date_of(text: &[u8; 10]) -> Option<i32> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else {
        return None;
    };
    let year = i32::from(two(y1, y2)?) * 100 + i32::from(two(y3, y4)?);
    let month = two(m1, m2)?;
    let day = two(d1, d2)?;
    if day == 0 || day > days_in_month(year, month) {
        return None;
    }
    Some(days_of_civil(year, month, day) as i32)
}

/// `HH:mm:ss` as milliseconds.
#[inline]
fn clock_of(text: &[u8; 8]) -> Option<i32> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *text else {
        return None;
    };
    let (hour, minute, second) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((i32::from(hour) * 3600 + i32::from(minute) * 60 + i32::from(second)) * 1000)
}

/// Two digits.
#[inline]
fn two(tens: u8, ones: u8) -> Option<u8> {
    let tens = tens.wrapping_sub(b'0');
    let ones = ones.wrapping_sub(b'0');
    (tens <= 9 && ones <= 9).then(|| tens * 10 + ones)
}

/// Nothing, or a point and one to nine digits.
#[inline]
fn fraction_nanos(text: &[u8]) -> Option<u32> {
    let Some((&point, digits)) = text.split_first() else {
        return Some(0);
    };
    if point != b'.' || digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let mut nanos = 0;
    for place in 0..9 {
        let digit = digits
            .get(place)
            .map_or(0, |&digit| digit.wrapping_sub(b'0'));
        if digit > 9 {
            return None;
        }
        nanos = nanos * 10 + u32::from(digit);
    }
    Some(nanos)
}

/// Appends `yyyy-MM-dd`; years beyond 9999 with their digits, before 0 with a minus.
#[inline]
pub fn write_date(days: i32, out: &mut Vec<u8>) {
    write_civil(civil_of_days(i64::from(days)), out);
}

#[inline]
fn write_civil(civil: Civil, out: &mut Vec<u8>) {
    let Civil { year, month, day } = civil;
    if let 0..=9999 = year {
        let (high, low) = (digits2(year / 100), digits2(year % 100));
        let (month, day) = (digits2(i32::from(month)), digits2(i32::from(day)));
        out.extend_from_slice(&[
            high[0], high[1], low[0], low[1], b'-', month[0], month[1], b'-', day[0], day[1],
        ]);
        return;
    }
    if year < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(year.unsigned_abs());
    for _ in digits.len()..4 {
        out.push(b'0');
    }
    out.extend_from_slice(digits.as_bytes());
    let (month, day) = (digits2(i32::from(month)), digits2(i32::from(day)));
    out.extend_from_slice(&[b'-', month[0], month[1], b'-', day[0], day[1]]);
}

/// Appends `HH:mm:ss`, and a fraction without trailing zeros where there is one. `millis` counts from
/// midnight.
#[inline]
pub fn write_time(millis: i32, out: &mut Vec<u8>) {
    let millis = i64::from(millis).rem_euclid(MILLIS_PER_DAY);
    write_clock(millis as u32, 0, out);
}

/// Appends `yyyy-MM-dd HH:mm:ss`, and a fraction without trailing zeros where there is one. Local time.
#[inline]
pub fn write_timestamp(timestamp: Timestamp, out: &mut Vec<u8>) {
    let days = timestamp.millis.div_euclid(MILLIS_PER_DAY);
    let millis = timestamp.millis.rem_euclid(MILLIS_PER_DAY);
    write_civil(civil_of_days(days), out);
    out.push(b' ');
    write_clock(millis as u32, timestamp.nanos, out);
}

#[inline]
fn write_clock(millis: u32, nanos: u32, out: &mut Vec<u8>) {
    let seconds = (millis / 1000) as i32;
    let (hour, minute, second) = (
        digits2(seconds / 3600),
        digits2(seconds / 60 % 60),
        digits2(seconds % 60),
    );
    out.extend_from_slice(&[
        hour[0], hour[1], b':', minute[0], minute[1], b':', second[0], second[1],
    ]);
    let mut fraction = millis % 1000 * 1_000_000 + nanos % 1_000_000;
    if fraction > 0 {
        out.push(b'.');
        let mut unit = 100_000_000;
        while fraction > 0 {
            out.push(b'0' + (fraction / unit) as u8);
            fraction %= unit;
            unit /= 10;
        }
    }
}

/// Two digits of 0 to 99.
#[inline]
fn digits2(value: i32) -> [u8; 2] {
    [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_of_a_time_that_exists_is_read() {
        let at = |millis, nanos| Some(Timestamp { millis, nanos });
        for (text, expected) in [
            ("1970-01-01 00:00:00", at(0, 0)),
            ("2026-01-01 08:00:00", at(1_767_254_400_000, 0)),
            ("2026-01-01 08:00:00.5", at(1_767_254_400_500, 0)),
            (
                "2026-01-01 08:00:00.123456789",
                at(1_767_254_400_123, 456_789),
            ),
            ("1969-12-31 23:59:59.999", at(-1, 0)),
            ("0000-01-01 00:00:00", at(-62_167_219_200_000, 0)),
            ("2024-02-29 23:59:59", at(1_709_251_199_000, 0)),
            ("2026-02-29 00:00:00", None),
            ("2026-13-01 00:00:00", None),
            ("2026-00-01 00:00:00", None),
            ("2026-01-00 00:00:00", None),
            ("2026-04-31 00:00:00", None),
            ("2026-01-01 24:00:00", None),
            ("2026-01-01 00:60:00", None),
            ("2026-01-01 00:00:60", None),
            ("2026-01-01T08:00:00", None),
            ("2026-1-1 8:00:00", None),
            ("2026-01-01 08:00:00.", None),
            ("2026-01-01 08:00:00.1234567890", None),
            ("2026-01-01 08:00:00.12x", None),
            ("2026-01-01 08:00:00 ", None),
            ("2026-01-01 08:00", None),
            ("2026-01-01", None),
            ("", None),
            ("2026-01-01 08:00:0\u{e9}", None),
        ] {
            assert_eq!(parse_timestamp(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(parse_date(b"2026-11-22"), Some(20_779));
        assert_eq!(parse_date(b"2026-11-2"), None);
        assert_eq!(parse_date(b"2026-11-222"), None);
        assert_eq!(parse_time(b"10:20:30"), Some((37_230_000, 0)));
        assert_eq!(parse_time(b"10:20:30.000001"), Some((37_230_000, 1000)));
        assert_eq!(parse_time(b"10:20"), None);
    }

    #[test]
    fn loose_forms_are_read() {
        let at = |text: &str| parse_timestamp_loosely(text).map(|t| t.millis);
        for (text, millis) in [
            ("1970-1-1", Some(0)),
            ("1970-01-02 0:0:1", Some(86_401_000)),
            ("1970-01-01 24:00:00", Some(86_400_000)),
            ("1970-01-01 00:00:00.", None),
            ("1970-01-01 25:00:00", None),
            ("1970-01-01 24:00:01", None),
            ("1970-01-01 00:00", None),
            ("1970-02-29", None),
            ("19700-01-01", None),
            (" 1970-01-01", None),
            ("1970-01-01 ", None),
            ("", None),
            ("\u{ff11}970-01-01", None),
        ] {
            assert_eq!(at(text), millis, "{text}");
        }
        for (text, days) in [
            ("1970-1-2", Some(1)),
            ("1970-01", Some(0)),
            ("1970", Some(0)),
            ("1970-01-02 whatever", Some(1)),
            (" 1970-01-02 ", Some(1)),
            ("1970-01-02T10:00:00", None),
            ("1970-02-29", None),
            ("1970-13-01", None),
            ("12026-01-01", None),
            ("-1970-01-01", None),
            ("1970--", None),
            ("garbage", None),
            ("", None),
        ] {
            assert_eq!(parse_date_loosely(text), days, "{text}");
        }
        for (text, millis) in [
            ("10:20:30", Some(37_230_000)),
            ("10:20", Some(37_200_000)),
            ("10", Some(36_000_000)),
            ("1:2:3", Some(3_723_000)),
            ("10:20:30.1236", Some(37_230_124)),
            ("10:20:30.9999", Some(37_230_999)),
            ("25:00:00", None),
            ("10:60", None),
            ("garbage", None),
            ("", None),
        ] {
            assert_eq!(parse_time_loosely(text), millis, "{text}");
        }
    }
}
