//! Which numbers of which forwarder this shard has logged, and which generation may still log.
//!
//! A forwarder's state is a watermark W (every number up to it is really synced, on whatever shard)
//! and the numbers above W that this shard logged, each with its record's LSN. A number at or below
//! W or among those is never logged again. The highest number alone would not do: deletion of log, a
//! damaged record, a changed route or a resend after a crash leave gaps below it.

use rookery_model::{Lsn, Mutant, mutant_active};
use std::collections::VecDeque;

/// A forwarder's index in the process; given out by the registry, never reused while the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForwarderId(pub u32);

/// A number above the watermark and the record that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Logged {
    number: u64,
    lsn: Lsn,
}

/// What one shard knows of one forwarder.
#[derive(Debug, Default)]
struct Forwarder {
    generation: u64,
    watermark: u64,
    /// Ascending by number.
    above: VecDeque<Logged>,
}

/// What one shard tells of one forwarder: a fence's answer, a checkpoint's entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Every number up to it is synced somewhere.
    pub watermark: u64,
    /// Numbers above it, ascending.
    pub above: Vec<u64>,
}

impl Mark {
    /// Takes in what another shard knows.
    pub fn merge(&mut self, other: &Self) {
        self.watermark = self.watermark.max(other.watermark);
        self.above.extend_from_slice(&other.above);
        self.above.sort_unstable();
        self.above.dedup();
        let watermark = self.watermark;
        self.above.retain(|&number| number > watermark);
    }

    /// End of the gapless run from the watermark: what a forwarder resumes after.
    #[must_use]
    pub fn resume(&self) -> u64 {
        if mutant_active(Mutant::HighestNumber) {
            return self.highest();
        }
        let mut end = self.watermark;
        for &number in &self.above {
            if number != end + 1 {
                break;
            }
            end = number;
        }
        end
    }

    /// Numbers below the highest that were never logged.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.highest() - self.watermark - self.above.len() as u64
    }

    /// The highest number logged anywhere.
    #[must_use]
    pub fn highest(&self) -> u64 {
        self.above.last().copied().unwrap_or(0).max(self.watermark)
    }
}

/// The numbering of one shard.
#[derive(Debug, Default)]
pub struct Numbering {
    forwarders: Vec<Forwarder>,
}

impl Numbering {
    fn entry(&mut self, id: ForwarderId) -> &mut Forwarder {
        let index = id.0 as usize;
        if index >= self.forwarders.len() {
            self.forwarders.resize_with(index + 1, Forwarder::default);
        }
        &mut self.forwarders[index]
    }

    /// Whether a batch of this generation may still be logged.
    pub fn admits(&mut self, id: ForwarderId, generation: u64) -> bool {
        generation >= self.entry(id).generation
    }

    /// Drops what comes later from generations before this one.
    pub fn fence(&mut self, id: ForwarderId, generation: u64) {
        if mutant_active(Mutant::FenceRemoved) {
            return;
        }
        let entry = self.entry(id);
        entry.generation = entry.generation.max(generation);
    }

    /// Moves W up to a number that is synced with all before it, on whatever shard.
    pub fn advance(&mut self, id: ForwarderId, watermark: u64) {
        let entry = self.entry(id);
        if watermark <= entry.watermark {
            return;
        }
        entry.watermark = watermark;
        while entry
            .above
            .front()
            .is_some_and(|logged| logged.number <= watermark)
        {
            entry.above.pop_front();
        }
    }

    /// Notes a number as logged in record `lsn`. False if it was logged before: nothing changed then,
    /// and the caller must not log it.
    pub fn admit(&mut self, id: ForwarderId, number: u64, lsn: Lsn) -> bool {
        let entry = self.entry(id);
        if number <= entry.watermark {
            return false;
        }
        let logged = Logged { number, lsn };
        match entry.above.back() {
            None => entry.above.push_back(logged),
            Some(last) if last.number < number => entry.above.push_back(logged),
            Some(_) if mutant_active(Mutant::HighestNumber) => return false,
            Some(_) => match entry.above.binary_search_by_key(&number, |l| l.number) {
                Ok(_) => return false,
                Err(at) => entry.above.insert(at, logged),
            },
        }
        true
    }

    /// Takes back the newest [`Self::admit`] of a number whose record could not be appended.
    pub fn retract(&mut self, id: ForwarderId, number: u64) {
        let entry = self.entry(id);
        if let Ok(at) = entry.above.binary_search_by_key(&number, |l| l.number) {
            entry.above.remove(at);
        }
    }

    /// What is known of a forwarder from records up to `through`.
    pub fn mark(&mut self, id: ForwarderId, through: Lsn) -> Mark {
        let entry = self.entry(id);
        Mark {
            watermark: entry.watermark,
            above: entry
                .above
                .iter()
                .filter(|l| l.lsn <= through)
                .map(|l| l.number)
                .collect(),
        }
    }

    /// Puts a mark from a checkpoint or another shard in; its numbers count as synced.
    pub fn restore(&mut self, id: ForwarderId, mark: &Mark) {
        for &number in &mark.above {
            self.admit(id, number, Lsn(0));
        }
        self.advance(id, mark.watermark);
    }

    /// Forwarders this shard has heard of.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.forwarders.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: ForwarderId = ForwarderId(0);

    #[test]
    fn a_number_is_admitted_once() {
        let mut numbering = Numbering::default();
        assert!(numbering.admit(F, 1, Lsn(1)));
        assert!(numbering.admit(F, 3, Lsn(2)));
        assert!(
            numbering.admit(F, 2, Lsn(3)),
            "a gap below the highest is still new"
        );
        assert!(!numbering.admit(F, 3, Lsn(4)));
        numbering.advance(F, 2);
        assert!(!numbering.admit(F, 1, Lsn(4)), "at or below the watermark");
        assert_eq!(
            numbering.mark(F, Lsn(9)),
            Mark {
                watermark: 2,
                above: vec![3]
            }
        );
    }

    #[test]
    fn a_mark_tells_only_of_records_it_covers() {
        let mut numbering = Numbering::default();
        for n in 1..=4 {
            numbering.admit(F, n, Lsn(n));
        }
        assert_eq!(numbering.mark(F, Lsn(2)).above, [1, 2]);
    }

    #[test]
    fn resume_is_the_end_of_the_gapless_run() {
        let mut mark = Mark {
            watermark: 5,
            above: vec![6, 9],
        };
        mark.merge(&Mark {
            watermark: 4,
            above: vec![5, 7, 9, 12],
        });
        assert_eq!(
            mark,
            Mark {
                watermark: 5,
                above: vec![6, 7, 9, 12]
            }
        );
        assert_eq!(mark.resume(), 7);
        assert_eq!(mark.highest(), 12);
    }

    #[test]
    fn a_fence_shuts_out_older_generations() {
        let mut numbering = Numbering::default();
        assert!(numbering.admits(F, 1));
        numbering.fence(F, 2);
        assert!(!numbering.admits(F, 1));
        assert!(numbering.admits(F, 2));
        numbering.fence(F, 1);
        assert!(
            !numbering.admits(F, 1),
            "a late fence of an older greeting changes nothing"
        );
    }

    #[test]
    fn a_retracted_number_is_new_again() {
        let mut numbering = Numbering::default();
        numbering.admit(F, 1, Lsn(1));
        numbering.retract(F, 1);
        assert!(numbering.admit(F, 1, Lsn(1)));
    }
}
