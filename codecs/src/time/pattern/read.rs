//! One field after the other out of a text.

use super::{Letter, Parsed, names};
use crate::time::MILLIS_PER_DAY;
use crate::time::civil::{days_in_month, days_of_civil};
use rookery_model::Timestamp;

/// Longest year, in digits: a million years stay far from the ends of an `i64` of milliseconds.
const YEAR_DIGITS_MAX: usize = 6;

/// What was read so far.
pub(super) struct Parts {
    year: i32,
    month: u8,
    day: u8,
    day_of_year: Option<i64>,
    hour24: Option<i64>,
    hour12: Option<i64>,
    afternoon: bool,
    minute: i64,
    second: i64,
    nanos: u32,
    offset_millis: Option<i64>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            year: 1970,
            month: 1,
            day: 1,
            day_of_year: None,
            hour24: None,
            hour12: None,
            afternoon: false,
            minute: 0,
            second: 0,
            nanos: 0,
            offset_millis: None,
        }
    }
}

impl Parts {
    /// Reads one field; what follows it.
    pub(super) fn read<'t>(
        &mut self,
        letter: Letter,
        width: usize,
        abuts: bool,
        text: &'t [u8],
    ) -> Option<&'t [u8]> {
        if letter.is_number() {
            let there = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let length = if abuts { there.min(width) } else { there };
            let (digits, rest) = text.split_at(length);
            self.set(letter, width, digits)?;
            return Some(rest);
        }
        self.read_name(letter, width, true, text)
    }

    /// Reads a field that is no number.
    pub(super) fn read_name<'t>(
        &mut self,
        letter: Letter,
        width: usize,
        any_case: bool,
        text: &'t [u8],
    ) -> Option<&'t [u8]> {
        match letter {
            Letter::Zone | Letter::Offset | Letter::IsoOffset => {
                let (offset, length) = read_offset(text)?;
                self.offset_millis = Some(offset);
                text.get(length..)
            }
            Letter::MonthName if width >= 3 => {
                let (month, length) = names::read_month(text, any_case)?;
                self.month = month;
                text.get(length..)
            }
            Letter::DayName => {
                let (_, length) = names::read_day(text, any_case)?;
                text.get(length..)
            }
            _ => {
                let (half, rest) = text.split_first_chunk::<2>()?;
                let half = if any_case {
                    half.map(|byte| byte.to_ascii_uppercase())
                } else {
                    *half
                };
                self.afternoon = match &half {
                    b"AM" => false,
                    b"PM" => true,
                    _ => return None,
                };
                Some(rest)
            }
        }
    }

    /// Sets a field from its digits, if they are a number it can have.
    pub(super) fn set(&mut self, letter: Letter, width: usize, digits: &[u8]) -> Option<()> {
        if letter == Letter::Fraction {
            if digits.is_empty() || digits.len() > 9 {
                return None;
            }
            let number = number_of(digits)?;
            self.nanos = (number * 10_i64.pow(9 - digits.len() as u32)) as u32;
            return Some(());
        }
        if digits.len() > YEAR_DIGITS_MAX {
            return None;
        }
        let value = number_of(digits)?;
        let within = |low: i64, high: i64| (low..=high).contains(&value).then_some(value);
        match letter {
            Letter::Year if width == 2 && digits.len() == 2 => self.year = 2000 + value as i32,
            Letter::Year => self.year = value as i32,
            Letter::Month => self.month = within(1, 12)? as u8,
            Letter::Day => self.day = within(1, 31)? as u8,
            Letter::Hour24 => self.hour24 = Some(within(0, 23)?),
            Letter::Hour24From1 => self.hour24 = Some(within(1, 24)? % 24),
            Letter::Hour12 => self.hour12 = Some(within(1, 12)?),
            Letter::Hour12From0 => self.hour12 = Some(within(0, 11)?),
            Letter::DayOfYear => self.day_of_year = Some(within(1, 366)?),
            Letter::Minute => self.minute = within(0, 59)?,
            Letter::Second => self.second = within(0, 59)?,
            _ => return None,
        }
        Some(())
    }

    pub(super) fn finish(&self) -> Option<Parsed> {
        let days = match self.day_of_year {
            Some(day) => days_of_civil(self.year, 1, 1) + day - 1,
            None if self.day > days_in_month(self.year, self.month) => return None,
            None => days_of_civil(self.year, self.month, self.day),
        };
        let hour = match (self.hour24, self.hour12) {
            (Some(hour), _) => hour,
            (None, Some(hour)) => hour % 12 + 12 * i64::from(self.afternoon),
            (None, None) => 12 * i64::from(self.afternoon),
        };
        let seconds = (hour * 60 + self.minute) * 60 + self.second;
        let fraction_millis = i64::from(self.nanos / 1_000_000);
        Some(Parsed {
            local: Timestamp {
                millis: days * MILLIS_PER_DAY + seconds * 1000 + fraction_millis,
                nanos: self.nanos % 1_000_000,
            },
            offset_millis: self.offset_millis,
        })
    }
}

/// The number that one to nine digits write.
fn number_of(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let append = |number: i64, digit: &u8| number * 10 + i64::from(digit - b'0');
    Some(digits.iter().fold(0, append))
}

/// Reads `Z`, `UTC`, `GMT` or an offset with or without these names; milliseconds and length.
fn read_offset(text: &[u8]) -> Option<(i64, usize)> {
    if let Some(b'Z' | b'z') = text.first() {
        return Some((0, 1));
    }
    let named = text.starts_with(b"UTC") || text.starts_with(b"GMT");
    let mut at = if named { 3 } else { 0 };
    let sign = match text.get(at) {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return named.then_some((0, at)),
    };
    at += 1;
    let digits_at = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let (hours, minutes) = match digits_at(at) {
        length @ 1..=2 => {
            let hours = number_of(&text[at..at + length])?;
            at += length;
            if text.get(at) == Some(&b':') && digits_at(at + 1) == 2 {
                at += 3;
                (hours, number_of(&text[at - 2..at])?)
            } else {
                (hours, 0)
            }
        }
        4 => {
            at += 4;
            (
                number_of(&text[at - 4..at - 2])?,
                number_of(&text[at - 2..at])?,
            )
        }
        _ => return None,
    };
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 18 * 60).then_some((sign * total * 60_000, at))
}
