//! How long to wait before the next attempt.

use std::time::Duration;

/// First wait. A target that restarts is often back within it.
const FIRST: Duration = Duration::from_millis(50);
/// Longest wait before jitter; with it 3.75 s, so that a target that is back is found within 5 s.
const LONGEST: Duration = Duration::from_millis(2500);

/// Doubling waits, spread over 0.75 to 1.5 of it so that writers do not come in step.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    random: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            next: FIRST,
            random: seed,
        }
    }

    /// The wait after one more failure.
    pub(super) fn wait(&mut self) -> Duration {
        let base = self.next;
        self.next = (base * 2).min(LONGEST);
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = ((mixed ^ (mixed >> 31)) % 1000) as u32;
        base * 3 / 4 + base * 3 / 4 * share / 1000
    }

    /// The target works again.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_start_again() {
        let mut backoff = Backoff::new(7);
        let waits: Vec<_> = (0..20).map(|_| backoff.wait()).collect();
        assert!(waits[0] < Duration::from_millis(75) && waits[0] >= Duration::from_millis(37));
        assert!(waits.iter().all(|wait| *wait < Duration::from_millis(3750)));
        assert!(waits[19] >= Duration::from_millis(1875));
        backoff.reset();
        assert!(backoff.wait() < Duration::from_millis(75));
    }

    #[test]
    fn two_writers_do_not_wait_in_step() {
        let (mut one, mut two) = (Backoff::new(1), Backoff::new(2));
        let pairs = (0..10).map(|_| (one.wait(), two.wait()));
        assert!(pairs.filter(|(a, b)| a == b).count() < 3);
    }
}
