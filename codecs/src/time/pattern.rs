//! Patterns of date and time in Java's letters.
//!
//! | letter | meaning | read | written |
//! | --- | --- | --- | --- |
//! | `y` | year | digits; two digits for `yy` are 2000 to 2099 | as many digits as letters at least |
//! | `M` `d` | month, day | digits | the same |
//! | `H` `h` | hour 0 to 23, 1 to 12 | digits | the same |
//! | `m` `s` | minute, second | digits | the same |
//! | `S` | fraction of the second | digits, the first is tenths | as many digits as letters |
//! | `a` | half of the day | `AM`, `PM` in any case | `AM`, `PM` |
//! | `z` | zone | `Z`, `UTC`, `GMT`, `+08:00`, `+0800`, `GMT+8` | `GMT+08:00` |
//!
//! As in Java's `SimpleDateFormat` a number takes all digits that are there, unless another number follows
//! at once: then it takes as many as it has letters. Blanks before a field are skipped; what is not named
//! is that of 1970-01-01 00:00:00. Unlike there, a day that does not exist is refused, and no century
//! depends on the clock.

mod read;

use self::read::Parts;
use super::MILLIS_PER_DAY;
use super::civil::civil_of_days;
use super::text::parse_timestamp;
use super::zone::{Overlap, Zone};
use rookery_model::Timestamp;
use thiserror::Error;

/// A pattern such as `yyyy-MM-dd HH:mm:ss`, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    items: Vec<Item>,
    /// Whether it is `yyyy-MM-dd HH:mm:ss`, for which there is a fast way.
    is_default: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    /// Text that stands as it is.
    Literal(String),
    /// A letter, repeated `width` times.
    Field(Letter, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    Year,
    Month,
    Day,
    Hour24,
    Hour12,
    Minute,
    Second,
    Fraction,
    AmPm,
    Zone,
}

impl Letter {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'y' => Self::Year,
            'M' => Self::Month,
            'd' => Self::Day,
            'H' => Self::Hour24,
            'h' => Self::Hour12,
            'm' => Self::Minute,
            's' => Self::Second,
            'S' => Self::Fraction,
            'a' => Self::AmPm,
            'z' => Self::Zone,
            _ => return None,
        })
    }

    fn is_number(self) -> bool {
        !matches!(self, Self::AmPm | Self::Zone)
    }
}

/// A pattern that is not understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PatternError {
    /// A letter that means nothing here.
    #[error(
        "the letter `{letter}` of the date format `{pattern}` is not supported; the letters are y M d H h m s S a z, others go between single quotes"
    )]
    Letter {
        /// The letter.
        letter: char,
        /// The whole pattern.
        pattern: String,
    },
    /// A month by its name.
    #[error(
        "months by name (`MMM`) in the date format `{pattern}` are not supported; write `MM` for digits"
    )]
    MonthName {
        /// The whole pattern.
        pattern: String,
    },
    /// A single quote is open at the end.
    #[error("the date format `{pattern}` ends within single quotes; close them")]
    Quote {
        /// The whole pattern.
        pattern: String,
    },
}

/// A date and time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Local date and time, as written.
    pub local: Timestamp,
    /// What the text says its zone adds to UTC, in milliseconds, if it says so.
    pub offset_millis: Option<i64>,
}

impl Parsed {
    /// The instant, by the offset in the text or else in `zone`.
    #[must_use]
    pub fn instant(&self, zone: &Zone, overlap: Overlap) -> Timestamp {
        let local = self.local.millis;
        let millis = match self.offset_millis {
            Some(offset) => local - offset,
            None => zone.instant_of_local(local, overlap),
        };
        Timestamp {
            millis,
            nanos: self.local.nanos,
        }
    }
}

impl Pattern {
    /// The format of dates and times where none is said.
    pub const DEFAULT: &'static str = "yyyy-MM-dd HH:mm:ss";

    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`PatternError`] if it has a letter that is not understood or an open quote.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let mut items = Vec::new();
        let mut literal = String::new();
        let mut rest = pattern.chars().peekable();
        while let Some(first) = rest.next() {
            if first == '\'' {
                read_quoted(&mut rest, &mut literal).ok_or_else(|| PatternError::Quote {
                    pattern: pattern.to_owned(),
                })?;
            } else if first.is_ascii_alphabetic() {
                let letter = Letter::of(first).ok_or_else(|| PatternError::Letter {
                    letter: first,
                    pattern: pattern.to_owned(),
                })?;
                let mut width = 1;
                while rest.next_if_eq(&first).is_some() {
                    width += 1;
                }
                if letter == Letter::Month && width > 2 {
                    return Err(PatternError::MonthName {
                        pattern: pattern.to_owned(),
                    });
                }
                if !literal.is_empty() {
                    items.push(Item::Literal(std::mem::take(&mut literal)));
                }
                items.push(Item::Field(letter, width));
            } else {
                literal.push(first);
            }
        }
        if !literal.is_empty() {
            items.push(Item::Literal(literal));
        }
        Ok(Self {
            items,
            is_default: pattern == Self::DEFAULT,
        })
    }

    /// Reads a text that is wholly of this pattern.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Parsed> {
        let (parsed, rest) = self.read(text.as_bytes())?;
        rest.is_empty().then_some(parsed)
    }

    /// Reads a text that begins with this pattern, whatever follows: what UNIX_TIMESTAMP accepts.
    #[inline]
    #[must_use]
    pub fn parse_prefix(&self, text: &str) -> Option<Parsed> {
        let text = text.as_bytes();
        if self.is_default
            && let Some((exact, rest)) = text.split_at_checked(Self::DEFAULT.len())
            && !matches!(rest.first(), Some(b'0'..=b'9'))
            && let Some(local) = parse_timestamp(exact)
        {
            return Some(Parsed {
                local,
                offset_millis: None,
            });
        }
        Some(self.read(text)?.0)
    }

    fn read<'t>(&self, text: &'t [u8]) -> Option<(Parsed, &'t [u8])> {
        let mut parts = Parts::default();
        let mut rest = text;
        for (i, item) in self.items.iter().enumerate() {
            match item {
                Item::Literal(literal) => rest = rest.strip_prefix(literal.as_bytes())?,
                Item::Field(letter, width) => {
                    while let [b' ' | b'\t', after @ ..] = rest {
                        rest = after;
                    }
                    let abuts = matches!(
                        self.items.get(i + 1),
                        Some(Item::Field(next, _)) if next.is_number()
                    );
                    rest = parts.read(*letter, *width, abuts, rest)?;
                }
            }
        }
        Some((parts.finish()?, rest))
    }

    /// Appends a local date and time by this pattern; `offset_millis` is what its zone adds to UTC.
    pub fn format(&self, local: Timestamp, offset_millis: i64, out: &mut Vec<u8>) {
        let civil = civil_of_days(local.millis.div_euclid(MILLIS_PER_DAY));
        let clock = local.millis.rem_euclid(MILLIS_PER_DAY) as u64;
        let hour = clock / 3_600_000;
        for item in &self.items {
            let (letter, width) = match item {
                Item::Literal(literal) => {
                    out.extend_from_slice(literal.as_bytes());
                    continue;
                }
                Item::Field(letter, width) => (letter, *width),
            };
            match letter {
                Letter::Year => {
                    if civil.year < 0 {
                        out.push(b'-');
                    }
                    let year = u64::from(civil.year.unsigned_abs());
                    let year = if width == 2 { year % 100 } else { year };
                    write_padded(year, width, out);
                }
                Letter::Month => write_padded(u64::from(civil.month), width, out),
                Letter::Day => write_padded(u64::from(civil.day), width, out),
                Letter::Hour24 => write_padded(hour, width, out),
                Letter::Hour12 => write_padded((hour + 11) % 12 + 1, width, out),
                Letter::Minute => write_padded(clock / 60_000 % 60, width, out),
                Letter::Second => write_padded(clock / 1000 % 60, width, out),
                Letter::Fraction => {
                    let nanos = clock % 1000 * 1_000_000 + u64::from(local.nanos);
                    write_fraction(nanos, width, out);
                }
                Letter::AmPm => out.extend_from_slice(if hour < 12 { b"AM" } else { b"PM" }),
                Letter::Zone => write_offset(offset_millis, out),
            }
        }
    }
}

/// Reads up to the closing quote; two quotes are one that stands for itself.
fn read_quoted(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    literal: &mut String,
) -> Option<()> {
    if rest.next_if_eq(&'\'').is_some() {
        literal.push('\'');
        return Some(());
    }
    loop {
        match rest.next()? {
            '\'' if rest.next_if_eq(&'\'').is_some() => literal.push('\''),
            '\'' => return Some(()),
            other => literal.push(other),
        }
    }
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

fn write_offset(offset_millis: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"GMT");
    let minutes = offset_millis.unsigned_abs() / 60_000;
    if minutes > 0 {
        out.push(if offset_millis < 0 { b'-' } else { b'+' });
        write_padded(minutes / 60, 2, out);
        out.push(b':');
        write_padded(minutes % 60, 2, out);
    }
}

#[cfg(test)]
mod tests;
