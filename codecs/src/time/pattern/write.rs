//! A date and time by a pattern.

use super::{Item, Letter, Pattern, names};
use crate::time::MILLIS_PER_DAY;
use crate::time::calendar::{american_week, day_of_week, day_of_year};
use crate::time::civil::{Civil, civil_of_days};
use rookery_model::Timestamp;

/// What a pattern's letters draw from.
struct Parts {
    civil: Civil,
    days: i64,
    /// Milliseconds of the day.
    clock: u64,
    /// Nanoseconds of the second.
    nanos: u64,
    offset_millis: i64,
}

impl Pattern {
    /// Appends a local date and time by this pattern; `offset_millis` is what its zone adds to UTC.
    pub fn format(&self, local: Timestamp, offset_millis: i64, out: &mut Vec<u8>) {
        let days = local.millis.div_euclid(MILLIS_PER_DAY);
        let clock = local.millis.rem_euclid(MILLIS_PER_DAY) as u64;
        let parts = Parts {
            civil: civil_of_days(days),
            days,
            clock,
            nanos: clock % 1000 * 1_000_000 + u64::from(local.nanos),
            offset_millis,
        };
        for item in &self.items {
            match item {
                Item::Literal(literal) => out.extend_from_slice(literal.as_bytes()),
                Item::Field(letter, width) => parts.write(*letter, *width, out),
            }
        }
    }
}

impl Parts {
    fn write(&self, letter: Letter, width: usize, out: &mut Vec<u8>) {
        let Civil { year, month, day } = self.civil;
        let hour = self.clock / 3_600_000;
        let number = match letter {
            Letter::Year => return write_year(year, width, out),
            Letter::WeekYear => return write_year(american_week(self.days).0, width, out),
            Letter::Month => u64::from(month),
            Letter::Day => u64::from(day),
            Letter::DayOfYear => u64::from(day_of_year(self.days)),
            Letter::Week => u64::from(american_week(self.days).1),
            Letter::Quarter => u64::from(month).div_ceil(3),
            Letter::DayNumber => u64::from(day_of_week(self.days)) + 1,
            Letter::Hour24 => hour,
            Letter::Hour24From1 => (hour + 23) % 24 + 1,
            Letter::Hour12 => (hour + 11) % 12 + 1,
            Letter::Hour12From0 => hour % 12,
            Letter::Minute => self.clock / 60_000 % 60,
            Letter::Second => self.clock / 1000 % 60,
            Letter::MilliOfDay => self.clock,
            Letter::NanoOfSecond => self.nanos,
            Letter::NanoOfDay => self.clock / 1000 * 1_000_000_000 + self.nanos,
            Letter::DayOfWeek => (u64::from(day_of_week(self.days)) + 1) % 7 + 1,
            Letter::WeekOfMonth => {
                // The weekday of the first, from Sunday, fills up the first week.
                let first = day_of_week(self.days.saturating_sub(i64::from(day) - 1));
                (u64::from(day) + (u64::from(first) + 1) % 7 - 1) / 7 + 1
            }
            Letter::Fraction => return write_fraction(self.nanos, width, out),
            Letter::Era => {
                let name: &[u8] = if year > 0 { b"AD" } else { b"BC" };
                return out.extend_from_slice(name);
            }
            Letter::MonthName => {
                return out.extend_from_slice(names::month(month, width == 3).as_bytes());
            }
            Letter::DayName => {
                let name = names::day(day_of_week(self.days), width <= 3);
                return out.extend_from_slice(name.as_bytes());
            }
            Letter::AmPm => {
                let half: &[u8] = if hour < 12 { b"AM" } else { b"PM" };
                return out.extend_from_slice(half);
            }
            Letter::Zone => {
                out.extend_from_slice(b"GMT");
                if self.offset_millis.unsigned_abs() >= 60_000 {
                    write_offset(self.offset_millis, true, true, out);
                }
                return;
            }
            Letter::Offset => return write_offset(self.offset_millis, false, true, out),
            Letter::IsoOffset if self.offset_millis.unsigned_abs() < 60_000 => {
                return out.push(b'Z');
            }
            Letter::IsoOffset => {
                return write_offset(self.offset_millis, width == 3, width > 1, out);
            }
        };
        write_padded(number, width, out);
    }
}

fn write_year(year: i32, width: usize, out: &mut Vec<u8>) {
    if year < 0 {
        out.push(b'-');
    }
    let year = u64::from(year.unsigned_abs());
    write_padded(if width == 2 { year % 100 } else { year }, width, out);
}

fn write_padded(value: u64, width: usize, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value).as_bytes();
    out.resize(out.len() + width.saturating_sub(digits.len()), b'0');
    out.extend_from_slice(digits);
}

fn write_fraction(mut nanos: u64, width: usize, out: &mut Vec<u8>) {
    for _ in 0..width {
        nanos *= 10;
        out.push(b'0' + (nanos / 1_000_000_000) as u8);
        nanos %= 1_000_000_000;
    }
}

fn write_offset(offset_millis: i64, colon: bool, with_minutes: bool, out: &mut Vec<u8>) {
    let minutes = offset_millis.unsigned_abs() / 60_000;
    out.push(if offset_millis < 0 { b'-' } else { b'+' });
    write_padded(minutes / 60, 2, out);
    if with_minutes {
        if colon {
            out.push(b':');
        }
        write_padded(minutes % 60, 2, out);
    }
}
