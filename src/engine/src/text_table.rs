//! Texts, each with a range of a list.

use crate::eval::pattern::TextHash;
use std::hash::BuildHasher;
use std::ops::Range;

/// From texts to ranges that are not empty. A look-up reads one slot and the text, which lie close
/// together for all texts: a map with a box for each would have the cache fetch more.
#[derive(Debug)]
pub(crate) struct TextTable {
    /// Open addressing: a power of two, at most half full.
    slots: Box<[Slot]>,
    /// How far to shift a hash so that it indexes the slots: its upper bits are mixed best.
    shift: u32,
    texts: Box<str>,
}

/// A text, and its range; the range of an empty slot is empty.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    text: [u32; 2],
    listed: [u32; 2],
}

impl Slot {
    fn is_empty(self) -> bool {
        self.listed[0] == self.listed[1]
    }
}

fn range([start, end]: [u32; 2]) -> Range<usize> {
    start as usize..end as usize
}

impl TextTable {
    /// A table of texts, no two of which are the same.
    pub fn new(entries: &[(&str, Range<u32>)]) -> Self {
        let size = (entries.len() * 2).next_power_of_two().max(2);
        let mut table = Self {
            slots: vec![Slot::default(); size].into(),
            shift: 64 - size.ilog2(),
            texts: "".into(),
        };
        let mut texts = String::new();
        for (text, listed) in entries {
            let mut at = table.home(text);
            while !table.slots[at].is_empty() {
                at = table.after(at);
            }
            let start = texts.len() as u32;
            texts.push_str(text);
            table.slots[at] = Slot {
                text: [start, texts.len() as u32],
                listed: [listed.start, listed.end],
            };
        }
        table.texts = texts.into();
        table
    }

    /// The range of a text; an empty one if there is no such text.
    #[inline]
    pub fn get(&self, text: &str) -> Range<usize> {
        let mut at = self.home(text);
        loop {
            let slot = self.slots[at];
            if slot.is_empty() || self.texts[range(slot.text)] == *text {
                return range(slot.listed);
            }
            at = self.after(at);
        }
    }

    /// All texts with their ranges, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let slots = self.slots.iter().filter(|slot| !slot.is_empty());
        slots.map(|slot| (&self.texts[range(slot.text)], range(slot.listed)))
    }

    fn home(&self, text: &str) -> usize {
        (TextHash::default().hash_one(text) >> self.shift) as usize
    }

    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_its_range_and_others_have_none() {
        for count in [0, 1, 2, 3, 100, 5_000] {
            let texts: Vec<String> = (0..count).map(|i| format!("T{i}")).collect();
            let listed = |i: u32| i * 3..i * 3 + 1 + i % 4;
            let entries = texts.iter().map(String::as_str).zip((0..).map(listed));
            let table = TextTable::new(&entries.collect::<Vec<_>>());
            for (i, text) in (0..).zip(&texts) {
                let listed = listed(i);
                assert_eq!(table.get(text), range([listed.start, listed.end]), "{text}");
            }
            for other in ["", "T", "t0", "T01", "T5000", "a text far longer than any"] {
                assert!(table.get(other).is_empty(), "{other:?} among {count}");
            }
            let mut found: Vec<&str> = table.iter().map(|(text, _)| text).collect();
            found.sort_unstable();
            let mut expected: Vec<&str> = texts.iter().map(String::as_str).collect();
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_empty_text_is_a_text() {
        let table = TextTable::new(&[("", 4..7), ("a", 7..8)]);
        assert_eq!(table.get(""), 4..7);
        assert_eq!(table.get("a"), 7..8);
    }
}
