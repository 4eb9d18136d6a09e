//! Reading as Java's `DateTimeFormatter` reads: every field has the digits that its letters ask for, and
//! nothing is left over.

use super::read::Parts;
use super::{Item, Letter, Parsed, Pattern};

impl Pattern {
    /// Reads a text that is wholly of this pattern, with as many digits as it has letters: two for `MM`,
    /// one or more for `M`, four or more for `yyyy`.
    #[must_use]
    pub fn parse_exact(&self, text: &str) -> Option<Parsed> {
        let mut parts = Parts::default();
        let mut rest = text.as_bytes();
        for (i, item) in self.items.iter().enumerate() {
            match item {
                Item::Literal(literal) => rest = rest.strip_prefix(literal.as_bytes())?,
                Item::Field(letter, width) if letter.is_number() => {
                    let there = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let taken = self.digits(*letter, *width, there, i + 1)?;
                    let (digits, after) = rest.split_at(taken);
                    parts.set(*letter, *width, digits)?;
                    rest = after;
                }
                Item::Field(letter, width) => {
                    rest = parts.read_name(*letter, *width, false, rest)?;
                }
            }
        }
        rest.is_empty().then(|| parts.finish())?
    }

    /// How many of the digits that are there belong to a field; `next` is the item after it.
    fn digits(&self, letter: Letter, width: usize, there: usize, next: usize) -> Option<usize> {
        if fixed(letter, width) {
            return (there >= width).then_some(width);
        }
        // A number of any length leaves the digits of those of a fixed length that follow at once.
        let following = self.items.get(next..).unwrap_or_default();
        let reserved: usize = following
            .iter()
            .map_while(|item| match item {
                Item::Field(letter, width) if fixed(*letter, *width) => Some(*width),
                _ => None,
            })
            .sum();
        let taken = there.checked_sub(reserved)?;
        let exact_year = letter == Letter::Year && width >= 4;
        let fits = if exact_year {
            taken == width
        } else {
            taken >= width
        };
        (fits && taken > 0).then_some(taken)
    }
}

/// Whether a field always has as many digits as letters.
fn fixed(letter: Letter, width: usize) -> bool {
    match letter {
        Letter::Fraction => true,
        Letter::Year => width == 2,
        Letter::DayOfYear => width == 3,
        _ => width == 2 && letter.is_number(),
    }
}
