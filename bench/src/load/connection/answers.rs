//! What the server answers: the greeting's answer, acknowledgements, errors.

use std::io::{self, Read as _};

use anyhow::{Result, bail};
use serde_json::json;

use super::{Connection, Shared, State};
use crate::load::wire::Line;

/// Bytes read from a socket at once: hundreds of acknowledgements.
const RECEIVE_BYTES: usize = 4 * 1024;

impl Connection {
    /// Reads what the server answered.
    ///
    /// # Errors
    /// When the server broke the protocol, or the connection is lost and may not be made again.
    pub fn receive(&mut self, now_ns: u64, shared: &mut Shared) -> Result<()> {
        let mut buffer = [0; RECEIVE_BYTES];
        while let Some(mut socket) = self.socket.as_ref() {
            match socket.read(&mut buffer) {
                Ok(0) => return self.lose("the server closed it", now_ns, shared),
                Ok(count) => {
                    self.reader.feed(&buffer[..count]);
                    self.take_lines(now_ns, shared)?;
                    if count < buffer.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.lose(&error.to_string(), now_ns, shared),
            }
        }
        Ok(())
    }

    fn take_lines(&mut self, now_ns: u64, shared: &mut Shared) -> Result<()> {
        let mut highest = None;
        while let Some(line) = self.reader.next_line() {
            match line {
                Line::Ack(number) if self.is_running() => {
                    if highest.is_some_and(|before| number < before) {
                        bail!(
                            "{}: the server acknowledged {number} after {}",
                            self.name,
                            highest.unwrap_or(0)
                        );
                    }
                    highest = Some(number);
                }
                Line::Greeted { instance, resume } if matches!(self.state, State::Greeting) => {
                    self.greeted(&instance, resume, now_ns, shared)?;
                }
                // The close that follows an error decides.
                Line::Error(text) if self.is_running() && shared.reconnect_ns.is_some() => {
                    eprintln!("{}: the server answered {text}", self.name);
                }
                Line::Error(text) => bail!("{}: the server answered {text}", self.name),
                Line::Ack(_) => bail!(
                    "{}: an acknowledgement before the greeting's answer",
                    self.name
                ),
                Line::Greeted { .. } => bail!("{}: a second answer to one greeting", self.name),
                Line::Unknown(text) => bail!(
                    "{}: the server answered what is no answer: {text:?}",
                    self.name
                ),
            }
        }
        highest.map_or(Ok(()), |number| self.acknowledged(number, now_ns, shared))
    }

    fn greeted(
        &mut self,
        instance: &str,
        resume: u64,
        now_ns: u64,
        shared: &mut Shared,
    ) -> Result<()> {
        let known = shared.instance.get_or_insert_with(|| instance.to_owned());
        if known != instance {
            bail!(
                "the server is instance {instance}, not {known} as before: another data directory; stopped"
            );
        }
        if let Some(record) = &mut shared.record {
            let event = json!({"event": "connected", "connection": self.index, "instance": instance, "resume": resume});
            record.event(now_ns, event)?;
        }
        self.state = State::Running;
        self.moved_ns = now_ns;
        self.stream.seek(resume + 1);
        if self.base.is_none() {
            self.base = Some(resume);
            self.give_up_ns = None;
            (self.sent, self.acked) = (resume, resume);
            return Ok(());
        }
        if resume == self.sent {
            self.give_up_ns = None;
        }
        if resume > self.sent {
            bail!(
                "{}: the server resumes at {resume}, but only {} were sent",
                self.name,
                self.sent
            );
        }
        if resume < self.acked {
            eprintln!(
                "{}: the server resumes at {resume} though it acknowledged {}",
                self.name, self.acked
            );
            if let Some(record) = &mut shared.record {
                let event = json!({"event": "regressed", "connection": self.index, "acked": self.acked, "resume": resume});
                record.event(now_ns, event)?;
            }
            return Ok(());
        }
        self.acknowledged(resume, now_ns, shared)
    }

    /// Everything up to `number` is durable.
    fn acknowledged(&mut self, number: u64, now_ns: u64, shared: &mut Shared) -> Result<()> {
        if number > self.sent {
            self.sent = self.sent.max(self.chunk.sent());
        }
        if number > self.sent {
            bail!(
                "{}: the server acknowledged {number}, but only {} were sent",
                self.name,
                self.sent
            );
        }
        self.moved_ns = now_ns;
        if number <= self.acked {
            return Ok(());
        }
        let base = self.base.expect("a greeting came before");
        self.pacing.acknowledge(
            self.acked - base,
            number - base,
            now_ns,
            &mut shared.latencies,
        );
        self.acked = number;
        self.give_up_ns = None;
        shared.last_ns = now_ns;
        if let Some(record) = &mut shared.record {
            record.event(
                now_ns,
                json!({"event": "acked", "connection": self.index, "through": number}),
            )?;
        }
        Ok(())
    }
}
