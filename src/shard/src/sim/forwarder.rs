//! A sender that keeps to the protocol: it sends in order from `resume` + 1, notes what was
//! acknowledged, and complains when that is taken back.

use std::collections::BTreeSet;

/// Devices of one forwarder; few, so that order can go wrong.
const DEVICES: u64 = 5;

/// Makes some messages fill a segment.
const PADDING: usize = 600;

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No connection.
    Idle,
    /// Greeted on this connection, no answer yet.
    Greeting { connection: usize },
    /// Sending on this connection; `next` is the number of the next line.
    Streaming { connection: usize, next: u64 },
}

/// One named sender.
pub struct Forwarder {
    pub index: usize,
    pub total: u64,
    pub state: State,
    pub acked: u64,
    /// Numbers that a fresh start may have skipped.
    pub skipped: BTreeSet<u64>,
    pub sent_max: u64,
    /// Numbers acknowledged to a request sent beside the stream.
    pub retried: BTreeSet<u64>,
    /// Which memory it sends from: a fresh start has other messages for the numbers it goes on with.
    pub epoch: u64,
    /// From which number on an epoch holds, ascending.
    pub epochs: Vec<(u64, u64)>,
    /// It lost its memory and has no answer to a fresh greeting yet.
    pub forgetful: bool,
    /// What it sent last: first and last number.
    pub last_sent: (u64, u64),
}

impl Forwarder {
    pub fn new(index: usize, total: u64) -> Self {
        Self {
            index,
            total,
            state: State::Idle,
            acked: 0,
            skipped: BTreeSet::new(),
            sent_max: 0,
            retried: BTreeSet::new(),
            epoch: 0,
            epochs: vec![(0, 0)],
            forgetful: false,
            last_sent: (1, 0),
        }
    }

    pub fn name(&self) -> String {
        format!("f{}", self.index)
    }

    /// The epoch whose message a number is.
    pub fn epoch_of(&self, number: u64) -> u64 {
        self.epochs
            .iter()
            .rev()
            .find(|(first, _)| *first <= number)
            .map_or(0, |(_, epoch)| *epoch)
    }

    /// The device of a number; 0 for a malformed line.
    pub fn device(&self, number: u64) -> u64 {
        if number.is_multiple_of(11) {
            return 0;
        }
        let mixed = (number + 31 * self.index as u64 + 7 * self.epoch_of(number))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 40;
        1 + self.index as u64 * DEVICES + mixed % DEVICES
    }

    /// The line of a number; always the same.
    pub fn line(&self, number: u64) -> String {
        let device = self.device(number);
        let epoch = self.epoch_of(number);
        let origin = format!("@f {} {number} {device} {epoch}", self.index);
        if device == 0 {
            return format!("junk {origin}\n");
        }
        let padding = "x".repeat(PADDING);
        format!("{{\"imei\":\"d{device}\",\"v\":\"{origin} {padding}\"}}\n")
    }

    /// The greeting's line.
    pub fn greeting(&self) -> String {
        let name = self.name();
        let fresh = if self.forgetful {
            ",\"fresh\":true"
        } else {
            ""
        };
        format!("{{\"rookery\":{{\"forwarder\":\"{name}\",\"ack\":true{fresh}}}}}\n")
    }

    /// Takes a line of the server's.
    pub fn answer(&mut self, connection: usize, line: &str) -> Result<(), String> {
        let number = |key: &str| -> Option<u64> {
            let rest = &line[line.find(key)? + key.len()..];
            rest.split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        };
        match self.state {
            State::Greeting { connection: mine } if mine == connection => {
                if let Some(resume) = number("\"resume\":") {
                    if resume < self.acked {
                        let (name, acked) = (self.name(), self.acked);
                        return Err(format!(
                            "{name} had {acked} acknowledged and is to resume after {resume}"
                        ));
                    }
                    self.acked = resume;
                    self.forgetful = false;
                    if self.epoch != self.epoch_of(resume + 1) {
                        self.epochs.retain(|(first, _)| *first <= resume);
                        self.epochs.push((resume + 1, self.epoch));
                    }
                    // Lines of an earlier stream would overtake this one.
                    self.last_sent = (1, 0);
                    self.state = State::Streaming {
                        connection,
                        next: resume + 1,
                    };
                }
            }
            State::Streaming {
                connection: mine, ..
            } if mine == connection => {
                if let Some(acked) = number("\"ack\":") {
                    if acked > self.sent_max {
                        return Err(format!(
                            "{} was acknowledged {acked} and sent {}",
                            self.name(),
                            self.sent_max
                        ));
                    }
                    self.acked = self.acked.max(acked);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
