//! Days and the proleptic Gregorian calendar.

/// A day by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Civil {
    /// The year; 0 is 1 BC.
    pub year: i32,
    /// 1 to 12
    pub month: u8,
    /// 1 to 31
    pub day: u8,
}

/// Days of 400 years.
const ERA_DAYS: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_OFFSET_DAYS: i64 = 719_468;

/// The day that is this many days after 1970-01-01 (before, if negative).
///
/// After Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`. Years beyond
/// those of an `i32` wrap around.
#[inline]
#[must_use]
pub fn civil_of_days(days: i64) -> Civil {
    let shifted = days.saturating_add(EPOCH_OFFSET_DAYS);
    let era = shifted.div_euclid(ERA_DAYS);
    let day_of_era = shifted.rem_euclid(ERA_DAYS) as u32;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8;
    let month = (month_from_march + 3 - 12 * u32::from(month_from_march >= 10)) as u8;
    let year = i64::from(year_of_era) + era * 400 + i64::from(month <= 2);
    Civil {
        year: year as i32,
        month,
        day,
    }
}

/// Days from 1970-01-01 to this day. The parts are not checked: a month or day out of range counts on
/// from there.
///
/// After Howard Hinnant, `days_from_civil`.
#[inline]
#[must_use]
pub fn days_of_civil(year: i32, month: u8, day: u8) -> i64 {
    let month = i64::from(month);
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - EPOCH_OFFSET_DAYS
}

/// Days of a month; 0 if the month is not 1 to 12.
#[inline]
#[must_use]
pub fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        let known = [
            (0, 1970, 1, 1),
            (-1, 1969, 12, 31),
            (11_016, 2000, 2, 29),
            (20_779, 2026, 11, 22),
            (-719_468, 0, 3, 1),
            (-719_529, -1, 12, 31),
            (2_932_896, 9999, 12, 31),
        ];
        for (days, year, month, day) in known {
            assert_eq!(civil_of_days(days), Civil { year, month, day });
            assert_eq!(days_of_civil(year, month, day), days);
        }
    }

    #[test]
    fn the_calendar_has_no_gap_over_800_years() {
        let mut previous = civil_of_days(-150_000);
        for days in -149_999..150_000 {
            let civil = civil_of_days(days);
            assert_eq!(days_of_civil(civil.year, civil.month, civil.day), days);
            let next = if previous.day < days_in_month(previous.year, previous.month) {
                (previous.year, previous.month, previous.day + 1)
            } else if previous.month < 12 {
                (previous.year, previous.month + 1, 1)
            } else {
                (previous.year + 1, 1, 1)
            };
            assert_eq!((civil.year, civil.month, civil.day), next);
            previous = civil;
        }
    }

    #[test]
    fn extreme_days_do_not_panic() {
        let _ = civil_of_days(i64::MIN);
        let _ = civil_of_days(i64::MAX);
        let _ = days_of_civil(i32::MIN, 255, 255);
        let _ = days_of_civil(i32::MAX, 0, 0);
    }
}
