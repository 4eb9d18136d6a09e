//! Numbers found in the logs at a start, kept as runs: a stuck sink can leave hundreds of millions of
//! records after the checkpoint, and their union is nearly gapless.

use crate::numbering::Mark;

/// Numbers that are gathered before they are merged into the runs.
const PENDING_MAX: usize = 1 << 20;

/// A set of numbers of one forwarder.
#[derive(Debug, Default)]
pub struct NumberSet {
    watermark: u64,
    /// First and last of each run, ascending, not touching.
    runs: Vec<(u64, u64)>,
    pending: Vec<u64>,
}

impl NumberSet {
    /// Adds a number.
    pub fn insert(&mut self, number: u64) {
        self.pending.push(number);
        if self.pending.len() >= PENDING_MAX {
            self.merge();
        }
    }

    /// Everything up to `watermark` counts as there.
    pub fn raise(&mut self, watermark: u64) {
        self.watermark = self.watermark.max(watermark);
    }

    fn merge(&mut self) {
        self.pending.sort_unstable();
        let added = self.pending.drain(..).map(|number| (number, number));
        let mut all: Vec<(u64, u64)> = self.runs.drain(..).chain(added).collect();
        all.sort_unstable();
        for (first, last) in all {
            if last <= self.watermark {
                continue;
            }
            match self.runs.last_mut() {
                Some(run) if first <= run.1.saturating_add(1) => run.1 = run.1.max(last),
                _ => self.runs.push((first, last)),
            }
        }
    }

    /// What they come to: W at the end of the gapless run, and the numbers above it.
    #[must_use]
    pub fn into_mark(mut self) -> Mark {
        self.merge();
        let mut runs = self.runs.into_iter().peekable();
        let mut watermark = self.watermark;
        while let Some(&(first, last)) = runs.peek()
            && first <= watermark + 1
        {
            watermark = watermark.max(last);
            runs.next();
        }
        Mark {
            watermark,
            above: runs.flat_map(|(first, last)| first..=last).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(watermark: u64, numbers: &[u64]) -> Mark {
        let mut set = NumberSet::default();
        set.raise(watermark);
        for &number in numbers {
            set.insert(number);
        }
        set.into_mark()
    }

    #[test]
    fn the_watermark_is_the_end_of_the_gapless_run() {
        assert_eq!(mark(0, &[]), Mark::default());
        assert_eq!(
            mark(0, &[2, 1, 3, 3]),
            Mark {
                watermark: 3,
                above: vec![]
            }
        );
        assert_eq!(
            mark(4, &[9, 1, 5, 8]),
            Mark {
                watermark: 5,
                above: vec![8, 9]
            }
        );
        assert_eq!(
            mark(0, &[2]),
            Mark {
                watermark: 0,
                above: vec![2]
            }
        );
        assert_eq!(
            mark(7, &[6, 5]),
            Mark {
                watermark: 7,
                above: vec![]
            }
        );
    }

    #[test]
    fn merging_in_parts_gives_the_same() {
        let mut set = NumberSet::default();
        for number in (1..=100).rev() {
            set.insert(number);
            if number % 7 == 0 {
                set.merge();
            }
        }
        set.insert(102);
        assert_eq!(
            set.into_mark(),
            Mark {
                watermark: 100,
                above: vec![102]
            }
        );
    }
}
