//! Parts of dates, their beginnings and ends, and steps of whole months.

use super::civil::{civil_of_days, days_in_month, days_of_civil};

/// A span of the calendar that begins on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarUnit {
    /// 1,000 years; the third begins with 2001.
    Millennium,
    /// 100 years; the 21st begins with 2001.
    Century,
    /// 10 years; one begins with 2020.
    Decade,
    /// A year
    Year,
    /// Three months
    Quarter,
    /// A month
    Month,
    /// Seven days from Sunday
    Week,
    /// A day
    Day,
}

/// The day of the week of a day (days since 1970-01-01), 0 for Monday to 6 for Sunday.
#[must_use]
pub fn day_of_week(days: i64) -> u8 {
    // 1970-01-01 was a Thursday.
    days.saturating_add(3).rem_euclid(7) as u8
}

/// The day of the year, from 1.
#[must_use]
pub fn day_of_year(days: i64) -> u16 {
    let year = civil_of_days(days).year;
    (days
        .saturating_sub(days_of_civil(year, 1, 1))
        .saturating_add(1)) as u16
}

/// The week and the year it belongs to, after ISO 8601: weeks begin on Monday, and the first has the
/// year's first Thursday.
#[must_use]
pub fn iso_week(days: i64) -> (i32, u8) {
    let thursday = days
        .saturating_sub(i64::from(day_of_week(days)))
        .saturating_add(3);
    let year = civil_of_days(thursday).year;
    (
        year,
        (day_of_year(thursday).saturating_sub(1) / 7 + 1) as u8,
    )
}

/// The week and the year it belongs to, as in the United States: weeks begin on Sunday, and the first has
/// the first of January.
#[must_use]
pub fn american_week(days: i64) -> (i32, u8) {
    let saturday = days
        .saturating_sub(i64::from((day_of_week(days) + 1) % 7))
        .saturating_add(6);
    let year = civil_of_days(saturday).year;
    (
        year,
        (day_of_year(saturday).saturating_sub(1) / 7 + 1) as u8,
    )
}

/// The first day of the unit that a day lies in.
#[must_use]
pub fn first_day(unit: CalendarUnit, days: i64) -> i64 {
    let civil = civil_of_days(days);
    let january = |year: i32| days_of_civil(year, 1, 1);
    match unit {
        CalendarUnit::Millennium => january(years_floor(civil.year, 1000)),
        CalendarUnit::Century => january(years_floor(civil.year, 100)),
        CalendarUnit::Decade => january(civil.year.div_euclid(10).saturating_mul(10)),
        CalendarUnit::Year => january(civil.year),
        CalendarUnit::Quarter => days_of_civil(civil.year, (civil.month - 1) / 3 * 3 + 1, 1),
        CalendarUnit::Month => days_of_civil(civil.year, civil.month, 1),
        CalendarUnit::Week => days.saturating_sub(i64::from((day_of_week(days) + 1) % 7)),
        CalendarUnit::Day => days,
    }
}

/// The first day of a span of years that ends in a multiple of it: 2001 of 2001 to 3000.
fn years_floor(year: i32, span: i32) -> i32 {
    (year.saturating_sub(1))
        .div_euclid(span)
        .saturating_mul(span)
        .saturating_add(1)
}

/// The first day of the first unit that begins on the day or after it, as Flink's CEIL has it: spans of
/// ten years and more always give the next one, and so does a quarter but on the first of January.
#[must_use]
pub fn next_first_day(unit: CalendarUnit, days: i64) -> i64 {
    let first = first_day(unit, days);
    let civil = civil_of_days(first);
    let january = |year: i32| days_of_civil(year, 1, 1);
    let stays = match unit {
        CalendarUnit::Millennium | CalendarUnit::Century | CalendarUnit::Decade => false,
        CalendarUnit::Quarter => civil.month == 1 && first == days,
        _ => first == days,
    };
    if stays {
        return first;
    }
    match unit {
        CalendarUnit::Millennium => january(civil.year.saturating_add(1000)),
        CalendarUnit::Century => january(civil.year.saturating_add(100)),
        CalendarUnit::Decade => january(civil.year.saturating_add(10)),
        CalendarUnit::Year => january(civil.year.saturating_add(1)),
        CalendarUnit::Quarter => add_months(first, 3),
        CalendarUnit::Month => add_months(first, 1),
        CalendarUnit::Week => first.saturating_add(7),
        CalendarUnit::Day => first.saturating_add(1),
    }
}

/// The same day so many months later; the last of the month if that month has no such day. Saturates far
/// beyond all years that have a text.
#[must_use]
pub fn add_months(days: i64, months: i64) -> i64 {
    let civil = civil_of_days(days);
    let month = i64::from(civil.year) * 12 + i64::from(civil.month - 1);
    let moved = month.saturating_add(months);
    let year = moved
        .div_euclid(12)
        .clamp(i64::from(YEAR_MIN), i64::from(YEAR_MAX)) as i32;
    let month = moved.rem_euclid(12) as u8 + 1;
    days_of_civil(year, month, civil.day.min(days_in_month(year, month)))
}

/// Years that steps of months do not leave.
const YEAR_MIN: i32 = -290_000_000;
/// The same at the other end.
const YEAR_MAX: i32 = 290_000_000;

/// Whole months from one moment to another, both as milliseconds; negative backwards.
#[must_use]
pub fn months_between(from_millis: i64, to_millis: i64) -> i64 {
    if to_millis < from_millis {
        return -months_between(to_millis, from_millis);
    }
    const DAY: i64 = super::MILLIS_PER_DAY;
    let (from_day, to_day) = (from_millis.div_euclid(DAY), to_millis.div_euclid(DAY));
    let (a, b) = (civil_of_days(from_day), civil_of_days(to_day));
    let months =
        (i64::from(b.year) - i64::from(a.year)) * 12 + i64::from(b.month) - i64::from(a.month);
    let reached = (add_months(from_day, months), from_millis.rem_euclid(DAY));
    let whole = reached <= (to_day, to_millis.rem_euclid(DAY));
    months - i64::from(!whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u8, day: u8) -> i64 {
        days_of_civil(year, month, day)
    }

    #[test]
    fn weeks_and_days() {
        assert_eq!(day_of_week(day(2026, 11, 22)), 6);
        assert_eq!(day_of_week(day(2026, 11, 23)), 0);
        assert_eq!(day_of_week(day(1969, 12, 28)), 6);
        assert_eq!(day_of_year(day(2026, 11, 22)), 326);
        assert_eq!(day_of_year(day(2024, 12, 31)), 366);
        for (date, week) in [
            (day(2021, 1, 3), (2020, 53)),
            (day(2021, 1, 4), (2021, 1)),
            (day(2026, 1, 1), (2026, 1)),
            (day(2027, 1, 1), (2026, 53)),
            (day(2024, 12, 30), (2025, 1)),
            (day(2026, 11, 22), (2026, 47)),
        ] {
            assert_eq!(iso_week(date), week);
        }
        for (date, week) in [
            (day(2026, 11, 22), (2026, 48)),
            (day(2026, 1, 1), (2026, 1)),
            (day(2026, 12, 26), (2026, 52)),
            (day(2026, 12, 27), (2027, 1)),
        ] {
            assert_eq!(american_week(date), week);
        }
    }

    #[test]
    fn units_begin() {
        use CalendarUnit as U;
        let at = day(2026, 11, 22);
        for (unit, first, next) in [
            (U::Millennium, day(2001, 1, 1), day(3001, 1, 1)),
            (U::Century, day(2001, 1, 1), day(2101, 1, 1)),
            (U::Decade, day(2020, 1, 1), day(2030, 1, 1)),
            (U::Year, day(2026, 1, 1), day(2027, 1, 1)),
            (U::Quarter, day(2026, 10, 1), day(2027, 1, 1)),
            (U::Month, day(2026, 11, 1), day(2026, 12, 1)),
            (U::Week, day(2026, 11, 22), day(2026, 11, 22)),
            (U::Day, at, at),
        ] {
            assert_eq!(first_day(unit, at), first, "{unit:?}");
            assert_eq!(next_first_day(unit, at), next, "{unit:?}");
        }
        assert_eq!(
            next_first_day(U::Week, day(2026, 11, 23)),
            day(2026, 11, 29)
        );
        assert_eq!(next_first_day(U::Year, day(2026, 1, 1)), day(2026, 1, 1));
        assert_eq!(first_day(U::Century, day(2000, 12, 31)), day(1901, 1, 1));
    }

    #[test]
    fn months_are_added_and_counted() {
        for (from, months, to) in [
            (day(2026, 1, 31), 1, day(2026, 2, 28)),
            (day(2024, 2, 29), 12, day(2025, 2, 28)),
            (day(2026, 3, 31), -1, day(2026, 2, 28)),
            (day(2026, 1, 15), -13, day(2024, 12, 15)),
        ] {
            assert_eq!(add_months(from, months), to);
        }
        let millis = |days: i64, clock: i64| days * 86_400_000 + clock;
        for (from, to, months) in [
            (
                millis(day(2026, 11, 22), 5),
                millis(day(2026, 12, 22), 4),
                0,
            ),
            (
                millis(day(2026, 11, 22), 5),
                millis(day(2026, 12, 22), 5),
                1,
            ),
            (
                millis(day(2026, 12, 22), 5),
                millis(day(2026, 11, 22), 5),
                -1,
            ),
            (millis(day(2026, 1, 31), 0), millis(day(2026, 2, 28), 0), 1),
            (millis(day(2026, 1, 31), 0), millis(day(2026, 3, 1), 0), 1),
        ] {
            assert_eq!(months_between(from, to), months);
        }
    }

    #[test]
    fn extreme_days_do_not_panic() {
        for days in [
            i64::MIN,
            i64::MIN / 86_400_000,
            -1,
            i64::MAX / 86_400_000,
            i64::MAX,
        ] {
            let _ = (
                day_of_week(days),
                iso_week(days),
                american_week(days),
                day_of_year(days),
            );
            for months in [i64::MIN, i64::MAX, 1] {
                let _ = add_months(days, months);
            }
            let _ = months_between(days, i64::MAX);
            let _ = months_between(i64::MAX, days);
        }
    }
}
