//! Times as text, `yyyy-MM-dd HH:mm:ss`, counted in seconds from 1970-01-01 00:00:00 of the same
//! zone: plain calendar arithmetic, no zone is applied.

use anyhow::{Result, bail};

use super::template::TIME_BYTES;

const DAY_SECONDS: i64 = 86_400;

/// Reads `yyyy-MM-dd HH:mm:ss`.
///
/// # Errors
/// When the text has another form or names no time of the years 1970 to 9999.
pub fn parse_time(text: &str) -> Result<i64> {
    if let Some(seconds) = parse(text.as_bytes()) {
        let mut again = [0; TIME_BYTES];
        write_time(seconds, &mut again);
        if again == text.as_bytes() {
            return Ok(seconds);
        }
    }
    bail!("{text:?} is no time; write yyyy-MM-dd HH:mm:ss, from the years 1970 to 9999");
}

fn parse(text: &[u8]) -> Option<i64> {
    if text.len() != TIME_BYTES {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        std::str::from_utf8(&text[from..to])
            .ok()?
            .parse()
            .ok()
            .filter(|&number: &i64| number >= 0)
    };
    let days = days_from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let seconds =
        days * DAY_SECONDS + number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    (seconds >= 0).then_some(seconds)
}

/// Writes `seconds` as `yyyy-MM-dd HH:mm:ss`.
pub fn write_time(seconds: i64, text: &mut [u8; TIME_BYTES]) {
    let (year, month, day) = civil_from_days(seconds.div_euclid(DAY_SECONDS));
    let second = seconds.rem_euclid(DAY_SECONDS);
    text.copy_from_slice(b"0000-00-00 00:00:00");
    write_two(year / 100, &mut text[0..2]);
    write_two(year % 100, &mut text[2..4]);
    write_two(month, &mut text[5..7]);
    write_two(day, &mut text[8..10]);
    write_two(second / 3_600, &mut text[11..13]);
    write_two(second / 60 % 60, &mut text[14..16]);
    write_two(second % 60, &mut text[17..19]);
}

fn write_two(number: i64, text: &mut [u8]) {
    text[0] = b'0' + (number / 10 % 10) as u8;
    text[1] = b'0' + (number % 10) as u8;
}

/// Days since 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day since 1970-01-01 (the same source).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        assert_eq!(parse_time("1970-01-01 00:00:00").unwrap(), 0);
        assert_eq!(parse_time("2024-02-29 23:59:59").unwrap(), 1_709_251_199);
        assert_eq!(parse_time("2026-11-02 08:00:00").unwrap(), 1_793_606_400);
        assert_eq!(parse_time("9999-12-31 23:59:59").unwrap(), 253_402_300_799);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-02-29 00:00:00",
            "2026-13-01 00:00:00",
            "2026-01-01 24:00:00",
            "2026-01-01T00:00:00",
            "1969-12-31 23:59:59",
            "2026-01-01 00:00:+1",
        ] {
            let error = parse_time(text).unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "{text:?} is no time; write yyyy-MM-dd HH:mm:ss, from the years 1970 to 9999"
                )
            );
        }
    }
}
