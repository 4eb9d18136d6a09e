//! How long a connection may keep a frame unfinished, or be silent. Decided on times that the caller
//! gives, in milliseconds of any one monotone clock.

use crate::WireError;

/// The two limits of one connection and what they are counted from.
#[derive(Debug)]
pub(crate) struct Deadline {
    frame_deadline_ms: u64,
    idle_timeout_ms: u64,
    /// When the last bytes came.
    active_at: u64,
    /// When the first bytes of the unfinished frame came.
    frame_began: Option<u64>,
    /// Since when the socket is not read.
    paused_at: Option<u64>,
}

impl Deadline {
    pub(crate) fn new(frame_deadline_ms: u64, idle_timeout_ms: u64, now: u64) -> Self {
        Self {
            frame_deadline_ms,
            idle_timeout_ms,
            active_at: now,
            frame_began: None,
            paused_at: None,
        }
    }

    /// Bytes came.
    pub(crate) fn active(&mut self, now: u64) {
        self.active_at = now;
    }

    /// After all frames were taken: whether one is unfinished, and whether it began before the last
    /// bytes came.
    pub(crate) fn settle(&mut self, unfinished: bool, began_before: bool) {
        self.frame_began = match (unfinished, began_before) {
            (false, _) => None,
            (true, true) => self.frame_began.or(Some(self.active_at)),
            (true, false) => Some(self.active_at),
        };
    }

    /// The socket is not read from now on; the sender is not to blame for what does not come.
    pub(crate) fn pause(&mut self, now: u64) {
        self.paused_at.get_or_insert(now);
    }

    /// The socket is read again.
    pub(crate) fn unpause(&mut self, now: u64) {
        if let Some(paused_at) = self.paused_at.take() {
            let pause = now.saturating_sub(paused_at);
            self.active_at = now;
            self.frame_began = self.frame_began.map(|began| began + pause);
        }
    }

    /// When the connection is over unless something comes, and why; never while paused.
    pub(crate) fn due(&self) -> Option<(u64, WireError)> {
        if self.paused_at.is_some() {
            return None;
        }
        Some(match self.frame_began {
            Some(began) => (
                began + self.frame_deadline_ms,
                WireError::FrameDeadline {
                    limit_ms: self.frame_deadline_ms,
                },
            ),
            None => (
                self.active_at + self.idle_timeout_ms,
                WireError::Idle {
                    limit_ms: self.idle_timeout_ms,
                },
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(deadline: &Deadline) -> (u64, &'static str) {
        let (at, error) = deadline.due().expect("not paused");
        (at, error.code())
    }

    #[test]
    fn silence_is_counted_from_the_last_bytes() {
        let mut deadline = Deadline::new(30, 600, 1_000);
        assert_eq!(due(&deadline), (1_600, "E1011"));
        deadline.active(1_200);
        deadline.settle(false, false);
        assert_eq!(due(&deadline), (1_800, "E1011"));
    }

    #[test]
    fn a_frame_is_counted_from_its_first_bytes_however_it_drips() {
        let mut deadline = Deadline::new(30, 600, 0);
        for now in [100, 110, 120] {
            deadline.active(now);
            deadline.settle(true, true);
            assert_eq!(due(&deadline), (130, "E1010"));
        }
        deadline.active(125);
        deadline.settle(true, false);
        assert_eq!(due(&deadline), (155, "E1010"));
        deadline.active(126);
        deadline.settle(false, false);
        assert_eq!(due(&deadline), (726, "E1011"));
    }

    #[test]
    fn the_time_in_which_the_socket_was_not_read_does_not_count() {
        let mut deadline = Deadline::new(30, 600, 0);
        deadline.active(100);
        deadline.settle(true, false);
        deadline.pause(110);
        deadline.pause(150);
        assert_eq!(deadline.due(), None);
        deadline.unpause(1_110);
        assert_eq!(due(&deadline), (1_130, "E1010"));
        deadline.unpause(2_000);
        assert_eq!(due(&deadline), (1_130, "E1010"));
    }
}
