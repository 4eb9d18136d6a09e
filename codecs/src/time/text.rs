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
}
