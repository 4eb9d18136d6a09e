//! One connection of the TCP line protocol.

use crate::WireError;
use crate::answer::{put_ack, put_error, put_resume};
use crate::deadline::Deadline;
use crate::greeting::{self, Greeting, is_greeting};
use rookery_codecs::framing::{Frame, LineFramer};
use rookery_model::limits::{FRAME_DEADLINE_MS, FRAME_MAX_BYTES, IDLE_TIMEOUT_MS};

/// What an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineLimits {
    /// Longest line, in bytes.
    pub frame_max_bytes: usize,
    /// How long a line that began may stay unfinished, in ms.
    pub frame_deadline_ms: u64,
    /// How long nothing may come between lines, in ms.
    pub idle_timeout_ms: u64,
}

impl Default for LineLimits {
    fn default() -> Self {
        Self {
            frame_max_bytes: FRAME_MAX_BYTES,
            frame_deadline_ms: FRAME_DEADLINE_MS,
            idle_timeout_ms: IDLE_TIMEOUT_MS,
        }
    }
}

/// What the bytes of a connection mean.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message.
    Line {
        /// Its place in the forwarder's stream; 0 where the connection gave no name.
        number: u64,
        /// Its bytes, without the line end.
        line: &'a [u8],
    },
    /// A line over the limit, which was skipped.
    Oversized {
        /// Its place in the forwarder's stream; 0 where the connection gave no name.
        number: u64,
        /// Its first bytes.
        prefix: &'a [u8],
        /// Bytes of the whole line.
        length: u64,
    },
    /// The connection greeted. No message comes until [`LineProtocol::answer`]; go on reading, for
    /// what is sent before it is an error.
    Greeting(Greeting),
    /// The connection is over: hand this to [`LineProtocol::refuse`], send what that writes, close.
    Refused(WireError),
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No line has come yet.
    First,
    /// The first line was no greeting.
    Plain,
    /// The greeting's answer is being found out.
    Greeted { named: bool, ack: bool },
    /// The answer is given.
    Streaming { named: bool, ack: bool },
    /// Nothing more is read.
    Over,
}

/// The state of one connection: read into [`spare`](Self::spare), tell [`received`](Self::received),
/// take events from [`next_event`](Self::next_event) until there is none.
#[derive(Debug)]
pub struct LineProtocol {
    framer: LineFramer,
    state: State,
    /// Whether the connection sent a greeting, good or bad: only then is anything written to it.
    answers: bool,
    /// Number of the next line; 0 is the greeting.
    next_number: u64,
    told_ack: u64,
    deadline: Deadline,
    /// What the framer would hold had no line ended since the last bytes came.
    unfinished_if_same: u64,
}

impl LineProtocol {
    /// A connection that opened at `now_ms`.
    #[must_use]
    pub fn new(limits: LineLimits, now_ms: u64) -> Self {
        Self {
            framer: LineFramer::new(limits.frame_max_bytes),
            state: State::First,
            answers: false,
            next_number: 0,
            told_ack: 0,
            deadline: Deadline::new(limits.frame_deadline_ms, limits.idle_timeout_ms, now_ms),
            unfinished_if_same: 0,
        }
    }

    /// Room to read into, never empty.
    pub fn spare(&mut self) -> &mut [u8] {
        self.framer.spare()
    }

    /// Tells that `bytes` were read into the front of [`spare`](Self::spare) at `now_ms`. All events
    /// of what was read before have been taken.
    pub fn received(&mut self, bytes: usize, now_ms: u64) {
        self.settle();
        self.unfinished_if_same += bytes as u64;
        self.framer.filled(bytes);
        self.deadline.active(now_ms);
    }

    /// What the bytes so far mean, one thing at a time.
    #[inline]
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        match self.state {
            State::Plain => self.next_line(false),
            State::Streaming { named, .. } => self.next_line(named),
            State::First => self.first_line(),
            State::Greeted { .. } => self.early_bytes(),
            State::Over => None,
        }
    }

    #[inline]
    fn next_line(&mut self, named: bool) -> Option<Event<'_>> {
        let frame = self.framer.next_frame()?;
        let number = if named { self.next_number } else { 0 };
        let event = match frame {
            Frame::Line(line) if self.answers && is_greeting(line) => {
                self.state = State::Over;
                return Some(Event::Refused(WireError::SecondGreeting));
            }
            Frame::Line(line) => Event::Line { number, line },
            Frame::Oversized { prefix, length } => Event::Oversized {
                number,
                prefix,
                length,
            },
        };
        self.next_number += 1;
        Some(event)
    }

    #[cold]
    fn first_line(&mut self) -> Option<Event<'_>> {
        Some(match self.framer.next_frame()? {
            Frame::Line(line) if is_greeting(line) => {
                self.answers = true;
                match greeting::parse(line) {
                    Ok(greeting) => {
                        self.state = State::Greeted {
                            named: greeting.forwarder.is_some(),
                            ack: greeting.ack,
                        };
                        Event::Greeting(greeting)
                    }
                    Err(error) => {
                        self.state = State::Over;
                        Event::Refused(error)
                    }
                }
            }
            Frame::Line(line) => {
                self.state = State::Plain;
                Event::Line { number: 0, line }
            }
            Frame::Oversized { prefix, length } => {
                self.state = State::Plain;
                Event::Oversized {
                    number: 0,
                    prefix,
                    length,
                }
            }
        })
    }

    /// Any byte behind the greeting, a blank one too: what it means must not depend on whether the
    /// network brought it before the answer went out.
    #[cold]
    fn early_bytes(&mut self) -> Option<Event<'_>> {
        if self.framer.unfinished_bytes() == 0 {
            return None;
        }
        self.state = State::Over;
        Some(Event::Refused(WireError::TooEarly))
    }

    /// Answers the greeting at `now_ms`: the next line is number `resume` + 1, and acknowledgements
    /// count from `resume`. A connection that is over by now is left alone.
    pub fn answer(&mut self, instance: &str, resume: u64, now_ms: u64, out: &mut Vec<u8>) {
        if let State::Greeted { named, ack } = self.state {
            self.state = State::Streaming { named, ack };
            self.next_number = resume + 1;
            self.told_ack = resume;
            self.deadline.active(now_ms);
            put_resume(instance, resume, out);
        }
    }

    /// Acknowledges all lines up to number `acked`, if the connection asked for it and was not told
    /// yet.
    pub fn ack(&mut self, acked: u64, out: &mut Vec<u8>) {
        if self.wants_acks() && acked > self.told_ack {
            self.told_ack = acked;
            put_ack(acked, out);
        }
    }

    /// Whether [`ack`](Self::ack) would ever write.
    #[must_use]
    pub fn wants_acks(&self) -> bool {
        matches!(
            self.state,
            State::Streaming {
                named: true,
                ack: true
            }
        )
    }

    /// Ends the connection: writes why, if it greeted, and takes nothing more from it.
    pub fn refuse(&mut self, error: &WireError, out: &mut Vec<u8>) {
        if self.answers {
            put_error(error, self.next_number, out);
        }
        self.state = State::Over;
    }

    /// When the connection is to be [`refuse`](Self::refuse)d unless bytes come before, and why.
    /// `None` while it waits for its greeting's answer or is paused. Ask when all events are taken.
    pub fn deadline(&mut self) -> Option<(u64, WireError)> {
        self.settle();
        match self.state {
            State::Greeted { .. } | State::Over => None,
            _ => self.deadline.due(),
        }
    }

    /// The socket is not read from `now_ms` on, at the limit of unacknowledged bytes for example: no
    /// deadline runs.
    pub fn pause(&mut self, now_ms: u64) {
        self.settle();
        self.deadline.pause(now_ms);
    }

    /// The socket is read again.
    pub fn unpause(&mut self, now_ms: u64) {
        self.deadline.unpause(now_ms);
    }

    /// Bytes of memory the connection holds.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.framer.memory_bytes()
    }

    /// Tells the deadline of the unfinished line: the framer holds exactly what it held and what
    /// came since if, and only if, no line ended.
    fn settle(&mut self) {
        let unfinished = self.framer.unfinished_bytes();
        let same = unfinished == self.unfinished_if_same;
        self.deadline.settle(unfinished > 0, same);
        self.unfinished_if_same = unfinished;
    }
}

#[cfg(test)]
mod tests;
