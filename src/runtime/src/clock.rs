//! The time that stamps records.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Microseconds since 1970-01-01 UTC.
pub trait Clock: Send + Sync {
    /// The time now; never less than what any thread was told before.
    fn now_us(&self) -> i64;

    /// How often the clock behind it was seen to jump.
    fn steps(&self) -> u64 {
        0
    }
}

/// A difference of the wall clock that is a step and not its drift, in µs. NTP itself slews what is
/// below 128 ms and steps above.
const STEP_US: i64 = 100_000;
/// The clock approaches the wall clock by one part in this many of the time that passes: a second
/// off is made up in 20 s. More would bend the windows that rules measure; less would keep a corrected
/// clock wrong for days.
const SLEW_DIVISOR: i64 = 20;
/// Readings closer than this to the last comparison trust it. Long enough that a twentieth of it is
/// not rounded to nothing, short against every window.
const COMPARE_EVERY_US: i64 = 1_000;

/// The wall clock at its making, advanced by CLOCK_MONOTONIC: never backwards, slewed to the wall
/// clock, whose steps it counts. One serves all threads, without a lock.
pub struct MonotoneClock {
    /// Added to the monotone clock gives the time, in µs.
    offset_us: AtomicI64,
    /// Monotone time of the last comparison with the wall clock, in µs.
    compared_at_us: AtomicI64,
    /// The wall clock minus the monotone clock at that comparison, in µs.
    wall_offset_us: AtomicI64,
    /// The greatest time told.
    told_us: AtomicI64,
    steps: AtomicU64,
}

impl MonotoneClock {
    /// Starts at the wall clock's time.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(read(libc::CLOCK_REALTIME), read(libc::CLOCK_MONOTONIC))
    }

    fn starting_at(wall_us: i64, monotone_us: i64) -> Self {
        Self {
            offset_us: AtomicI64::new(wall_us - monotone_us),
            compared_at_us: AtomicI64::new(monotone_us),
            wall_offset_us: AtomicI64::new(wall_us - monotone_us),
            told_us: AtomicI64::new(i64::MIN),
            steps: AtomicU64::new(0),
        }
    }

    /// The time for one reading of both clocks.
    fn tell(&self, wall_us: i64, monotone_us: i64) -> i64 {
        let compared_at = self.compared_at_us.load(Ordering::Relaxed);
        if monotone_us - compared_at >= COMPARE_EVERY_US {
            self.compare(wall_us - monotone_us, compared_at, monotone_us);
        }
        let now = monotone_us + self.offset_us.load(Ordering::Relaxed);
        self.told_us.fetch_max(now, Ordering::Relaxed).max(now)
    }

    /// Moves the offset towards the wall clock's. Of several threads the first to claim the time
    /// since the last comparison does it.
    fn compare(&self, wall_offset: i64, compared_at: i64, monotone_us: i64) {
        let claimed = self.compared_at_us.compare_exchange(
            compared_at,
            monotone_us,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if claimed.is_err() {
            return;
        }
        let before = self.wall_offset_us.swap(wall_offset, Ordering::Relaxed);
        if (wall_offset - before).abs() > STEP_US {
            self.steps.fetch_add(1, Ordering::Relaxed);
        }
        let offset = self.offset_us.load(Ordering::Relaxed);
        let most = (monotone_us - compared_at) / SLEW_DIVISOR;
        let change = (wall_offset - offset).clamp(-most, most);
        self.offset_us.fetch_add(change, Ordering::Relaxed);
    }
}

impl Default for MonotoneClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MonotoneClock {
    fn now_us(&self) -> i64 {
        self.tell(read(libc::CLOCK_REALTIME), read(libc::CLOCK_MONOTONIC))
    }

    fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }
}

/// One of the kernel's clocks, in µs.
fn read(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for the answer.
    let result = unsafe { libc::clock_gettime(clock, &mut time) };
    assert_eq!(result, 0, "the kernel has the clock {clock}");
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

/// A clock that stands still until it is set.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Shows `us`.
    #[must_use]
    pub fn new(us: i64) -> Self {
        Self(AtomicI64::new(us))
    }

    /// Moves on by `us`.
    pub fn advance(&self, us: u64) {
        let us = i64::try_from(us).expect("a test does not wait 292,000 years");
        self.0.fetch_add(us, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now_us(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const DAY: i64 = 86_400 * SECOND;
    const WALL: i64 = 1_760_000_000 * SECOND;

    #[test]
    fn it_follows_both_clocks_when_they_agree() {
        let clock = MonotoneClock::starting_at(WALL, 5 * SECOND);
        assert_eq!(clock.tell(WALL, 5 * SECOND), WALL);
        assert_eq!(clock.tell(WALL + SECOND, 6 * SECOND), WALL + SECOND);
        assert_eq!(clock.steps(), 0);
    }

    #[test]
    fn a_step_either_way_is_counted_and_made_up_slowly() {
        for jump in [SECOND, -SECOND, DAY, -DAY] {
            let clock = MonotoneClock::starting_at(WALL, 0);
            let mut before = clock.tell(WALL, 0);
            for second in 1..=100 {
                let monotone = second * SECOND;
                let now = clock.tell(WALL + jump + monotone, monotone);
                let passed = now - before;
                assert!((passed - SECOND).abs() <= SECOND / 20);
                before = now;
            }
            assert_eq!(clock.steps(), 1);
            let made_up = before - (WALL + 100 * SECOND);
            assert_eq!(made_up, jump.clamp(-5 * SECOND, 5 * SECOND));
        }
    }

    #[test]
    fn a_step_after_long_agreement_is_made_up_no_faster() {
        let clock = MonotoneClock::starting_at(WALL, 0);
        for second in 1..=1_000 {
            clock.tell(WALL + second * SECOND, second * SECOND);
        }
        let now = clock.tell(WALL + DAY + 1_001 * SECOND, 1_001 * SECOND);
        assert_eq!(now, WALL + 1_001 * SECOND + SECOND / 20);
    }

    #[test]
    fn drift_is_no_step() {
        let clock = MonotoneClock::starting_at(WALL, 0);
        for second in 1..=1_000 {
            let monotone = second * SECOND;
            let wall = WALL + monotone + second * 500;
            assert_eq!(clock.tell(wall, monotone), wall);
        }
        assert_eq!(clock.steps(), 0);
    }

    #[test]
    fn it_never_goes_back_even_between_threads_readings() {
        let clock = MonotoneClock::starting_at(WALL, 0);
        assert_eq!(clock.tell(WALL + 10, 10), WALL + 10);
        assert_eq!(clock.tell(WALL + 7, 7), WALL + 10);
    }

    #[test]
    fn the_real_one_is_near_the_wall_clock_and_monotone() {
        let clock = MonotoneClock::new();
        let mut before = clock.now_us();
        assert!((before - read(libc::CLOCK_REALTIME)).abs() < SECOND);
        for _ in 0..1_000 {
            let now = clock.now_us();
            assert!(now >= before);
            before = now;
        }
    }

    #[test]
    fn the_manual_one_moves_when_told() {
        let clock = ManualClock::new(5);
        clock.advance(3);
        assert_eq!(clock.now_us(), 8);
    }
}
