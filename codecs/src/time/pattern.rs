//! Patterns of date and time in Java's letters.
//!
//! | letter | meaning | read | written |
//! | --- | --- | --- | --- |
//! | `y` `u` | year | digits; two digits for `yy` are 2000 to 2099 | as many digits as letters at least |
//! | `M` `L` | month | digits; from three letters on its English name | the same |
//! | `d` | day | digits | the same |
//! | `D` | day of the year | digits | the same |
//! | `H` `k` | hour 0 to 23, 1 to 24 | digits | the same |
//! | `h` `K` | hour 1 to 12, 0 to 11 | digits | the same |
//! | `m` `s` | minute, second | digits | the same |
//! | `S` | fraction of the second | digits, the first is tenths | as many digits as letters |
//! | `a` | half of the day | `AM`, `PM` in any case | `AM`, `PM` |
//! | `E` | day of the week | its English name | up to three letters short |
//! | `z` | zone | `Z`, `UTC`, `GMT`, `+08:00`, `+0800`, `GMT+8` | `GMT+08:00` |
//! | `Z` `X` | offset | the same | `+0800`, `Z` or `+08`, `+0800`, `+08:00` |
//! | `Y` `w` `W` | year and number of the week, from Sunday; the week of the month | not | digits |
//! | `u` `e` `Q` `G` | day of the week from Monday or Sunday, quarter, era | not | digits, `AD` |
//! | `A` `n` `N` | millisecond of the day, nanosecond of the second and of the day | not | digits |
//!
//! `u` is the year in patterns of `java.time`, the day of the week in those of `SimpleDateFormat`; `e`, `Q`,
//! `A`, `n` and `N` only the former have.
//!
//! There are two ways to read. As in Java's `SimpleDateFormat` ([`Pattern::parse_prefix`]) a number takes all
//! digits that are there, unless another number follows at once: then it takes as many as it has letters.
//! Blanks before a field are skipped; what is not named is that of 1970-01-01 00:00:00. As in its
//! `DateTimeFormatter` ([`Pattern::parse_exact`]) the digits are as many as the letters say. Unlike there, a
//! day that does not exist is refused, and no century depends on the clock.

mod exact;
mod names;
mod read;
mod write;

use self::read::Parts;
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

/// Which of Java's two formatters a pattern is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formatter {
    /// `java.text.SimpleDateFormat`
    Simple,
    /// `java.time.format.DateTimeFormatter`
    JavaTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    Era,
    Year,
    WeekYear,
    Quarter,
    Month,
    MonthName,
    Week,
    Day,
    DayOfYear,
    DayName,
    /// 1 is Monday.
    DayNumber,
    /// 1 is Sunday.
    DayOfWeek,
    WeekOfMonth,
    MilliOfDay,
    NanoOfSecond,
    NanoOfDay,
    Hour24,
    Hour24From1,
    Hour12,
    Hour12From0,
    Minute,
    Second,
    Fraction,
    AmPm,
    Zone,
    Offset,
    IsoOffset,
}

impl Letter {
    fn of(letter: char, width: usize, formatter: Formatter) -> Option<Self> {
        let java_time = formatter == Formatter::JavaTime;
        Some(match letter {
            'G' => Self::Era,
            'y' => Self::Year,
            'u' if java_time => Self::Year,
            'u' => Self::DayNumber,
            'Y' => Self::WeekYear,
            'e' | 'c' if java_time && width == 1 => Self::DayOfWeek,
            'A' if java_time => Self::MilliOfDay,
            'n' if java_time => Self::NanoOfSecond,
            'N' if java_time => Self::NanoOfDay,
            'W' => Self::WeekOfMonth,
            'Q' | 'q' if java_time && width <= 2 => Self::Quarter,
            'M' | 'L' if width > 2 => Self::MonthName,
            'M' | 'L' => Self::Month,
            'w' => Self::Week,
            'd' => Self::Day,
            'D' => Self::DayOfYear,
            'E' => Self::DayName,
            'H' => Self::Hour24,
            'k' => Self::Hour24From1,
            'h' => Self::Hour12,
            'K' => Self::Hour12From0,
            'm' => Self::Minute,
            's' => Self::Second,
            'S' => Self::Fraction,
            'a' => Self::AmPm,
            'z' => Self::Zone,
            'Z' => Self::Offset,
            'X' if width <= 3 => Self::IsoOffset,
            _ => return None,
        })
    }

    fn is_number(self) -> bool {
        !matches!(
            self,
            Self::Era
                | Self::MonthName
                | Self::DayName
                | Self::AmPm
                | Self::Zone
                | Self::Offset
                | Self::IsoOffset
        )
    }

    /// Whether a text can be read by it.
    fn is_read(self) -> bool {
        !matches!(
            self,
            Self::Era
                | Self::WeekYear
                | Self::Quarter
                | Self::Week
                | Self::WeekOfMonth
                | Self::DayNumber
                | Self::DayOfWeek
                | Self::MilliOfDay
                | Self::NanoOfSecond
                | Self::NanoOfDay
        )
    }
}

/// A pattern that is not understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PatternError {
    /// A letter that means nothing here.
    #[error(
        "the letter `{letter}` of the date format `{pattern}` is not supported; the letters are y M d D H h k K m s S a E z Z X, others go between single quotes"
    )]
    Letter {
        /// The letter.
        letter: char,
        /// The whole pattern.
        pattern: String,
    },
    /// A letter by which times are written only.
    #[error(
        "a time cannot be read by the date format `{pattern}`: weeks, quarters, eras and days of the week do not name a day; write yyyy, MM and dd"
    )]
    Unreadable {
        /// The whole pattern.
        pattern: String,
    },
    /// A zone where the time has none.
    #[error(
        "the date format `{pattern}` asks for a zone, which a TIMESTAMP has none of; leave out z, Z and X"
    )]
    Zoned {
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

    /// Compiles a pattern of `SimpleDateFormat`.
    ///
    /// # Errors
    /// [`PatternError`] if it has a letter that is not understood or an open quote.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        Self::of(pattern, Formatter::Simple)
    }

    /// Compiles a pattern of `SimpleDateFormat` by which texts are to be read.
    ///
    /// # Errors
    /// As [`Pattern::new`], and if it has a letter by which nothing is read.
    pub fn for_reading(pattern: &str) -> Result<Self, PatternError> {
        Self::new(pattern)?.readable(pattern)
    }

    /// Compiles a pattern of `DateTimeFormatter`, for [`Pattern::parse_exact`].
    ///
    /// # Errors
    /// As [`Pattern::for_reading`].
    pub fn for_reading_exactly(pattern: &str) -> Result<Self, PatternError> {
        Self::of(pattern, Formatter::JavaTime)?.readable(pattern)
    }

    /// Compiles a pattern of `DateTimeFormatter` for times without a zone.
    ///
    /// # Errors
    /// As [`Pattern::new`], and if it asks for a zone.
    pub fn of_local_time(pattern: &str) -> Result<Self, PatternError> {
        let compiled = Self::of(pattern, Formatter::JavaTime)?;
        let zoned =
            |letter: &Letter| matches!(letter, Letter::Zone | Letter::Offset | Letter::IsoOffset);
        if compiled.letters().any(|letter| zoned(&letter)) {
            return Err(PatternError::Zoned {
                pattern: pattern.to_owned(),
            });
        }
        Ok(compiled)
    }

    fn readable(self, pattern: &str) -> Result<Self, PatternError> {
        if self.letters().all(Letter::is_read) {
            return Ok(self);
        }
        Err(PatternError::Unreadable {
            pattern: pattern.to_owned(),
        })
    }

    fn letters(&self) -> impl Iterator<Item = Letter> {
        self.items.iter().filter_map(|item| match item {
            Item::Field(letter, _) => Some(*letter),
            Item::Literal(_) => None,
        })
    }

    fn of(pattern: &str, formatter: Formatter) -> Result<Self, PatternError> {
        let mut items = Vec::new();
        let mut literal = String::new();
        let mut rest = pattern.chars().peekable();
        while let Some(first) = rest.next() {
            if first == '\'' {
                read_quoted(&mut rest, &mut literal).ok_or_else(|| PatternError::Quote {
                    pattern: pattern.to_owned(),
                })?;
            } else if first.is_ascii_alphabetic() {
                let mut width = 1;
                while rest.next_if_eq(&first).is_some() {
                    width += 1;
                }
                let letter =
                    Letter::of(first, width, formatter).ok_or_else(|| PatternError::Letter {
                        letter: first,
                        pattern: pattern.to_owned(),
                    })?;
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

#[cfg(test)]
mod tests;
