//! One connection of the fleet: greeting, sending, acknowledgements, and connecting again.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::json;

use super::chunk::Chunk;
use super::pacing::Pacing;
use super::record::Record;
use super::wire::{Line, LineReader, greeting};
use crate::fleet::Stream;
use crate::percentiles::Latencies;

/// Longest wait for one TCP connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause between two attempts to connect.
const RETRY_NS: u64 = 20_000_000;
/// Chunks that one connection may send before the others have their turn.
const CHUNKS_PER_TURN: usize = 4;
/// Bytes read from a socket at once: hundreds of acknowledgements.
const RECEIVE_BYTES: usize = 16 * 1024;

/// What all connections of a run share.
pub struct Shared {
    /// The server.
    pub addr: SocketAddr,
    /// Whether to greet and wait for acknowledgements.
    pub ack: bool,
    /// Whether the first greeting is a fresh one.
    pub fresh: bool,
    /// How long to try to connect again; `None` gives up at once.
    pub reconnect_ns: Option<u64>,
    /// Longest time without progress.
    pub timeout_ns: u64,
    /// Send-to-acknowledgement latencies.
    pub latencies: Latencies,
    /// What the run leaves for an oracle.
    pub record: Option<Record>,
    /// The server's instance, once known.
    pub instance: Option<String>,
    /// Times that a connection was lost.
    pub losses: u64,
    /// When a message was last acknowledged, or last sent without acknowledgements.
    pub last_ns: u64,
}

enum State {
    /// Not connected; tries again at `retry_ns` and gives up at `deadline_ns`.
    Down { retry_ns: u64, deadline_ns: u64 },
    /// Waits for the answer to its greeting.
    Greeting,
    /// Sends.
    Running,
}

/// One connection.
pub struct Connection {
    index: usize,
    name: String,
    stream: Stream,
    pacing: Pacing,
    state: State,
    socket: Option<TcpStream>,
    reader: LineReader,
    chunk: Chunk,
    /// Messages to send in this run.
    share: u64,
    /// Messages that the run was to send and will not.
    cut: u64,
    /// Number before the run's first message; known from the first greeting.
    base: Option<u64>,
    sent: u64,
    acked: u64,
    /// When something last moved, or nothing was outstanding.
    moved_ns: u64,
}

impl Connection {
    /// A connection that will send `share` messages of `stream`.
    pub fn new(index: usize, name: String, stream: Stream, pacing: Pacing, share: u64) -> Self {
        Self {
            index,
            name,
            stream,
            pacing,
            state: State::Down {
                retry_ns: 0,
                deadline_ns: 0,
            },
            socket: None,
            reader: LineReader::default(),
            chunk: Chunk::default(),
            share,
            cut: 0,
            base: None,
            sent: 0,
            acked: 0,
            moved_ns: 0,
        }
    }

    /// Messages that the sockets took whole, each counted once.
    pub fn sent_count(&self) -> u64 {
        self.sent - self.base.unwrap_or(self.sent)
    }

    /// Messages acknowledged.
    pub fn acked_count(&self) -> u64 {
        self.acked - self.base.unwrap_or(self.acked)
    }

    /// Messages that [`Self::stop`] took out of the run.
    pub fn cut_count(&self) -> u64 {
        self.cut
    }

    /// Whether it may send.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running)
    }

    /// Its socket, while it has one.
    pub fn socket(&self) -> Option<&TcpStream> {
        self.socket.as_ref()
    }

    /// Whether bytes wait until the socket takes more.
    pub fn is_blocked(&self) -> bool {
        self.is_running() && self.chunk.is_pending()
    }

    /// Begins the measured time.
    pub fn start(&mut self) {
        self.moved_ns = 0;
    }

    /// Sends no message that is not rendered yet.
    pub fn stop(&mut self) {
        let rendered = self.stream.next_number() - 1;
        let base = self.base.unwrap_or(rendered);
        let share = self.share.min(rendered.max(self.sent) - base);
        self.cut += self.share - share;
        self.share = share;
    }

    /// Whether all is sent, and acknowledged if asked for.
    pub fn is_finished(&self, shared: &Shared) -> bool {
        let done = if shared.ack {
            self.acked_count()
        } else {
            self.sent_count()
        };
        self.base.is_some() && done >= self.share && !self.is_blocked()
    }

    /// When it wants to send its next message; `None` when it has none or cannot now.
    pub fn next_due_ns(&self) -> Option<u64> {
        let rendered = self.stream.next_number() - 1 - self.base?;
        (self.is_running() && !self.chunk.is_pending() && rendered < self.share)
            .then(|| self.pacing.due_ns(rendered))
    }

    /// Connects if it is time to.
    ///
    /// # Errors
    /// When the server cannot be reached and its time is over.
    pub fn connect(&mut self, now_ns: u64, shared: &mut Shared) -> Result<()> {
        let State::Down {
            retry_ns,
            deadline_ns,
        } = self.state
        else {
            return Ok(());
        };
        if now_ns < retry_ns {
            return Ok(());
        }
        match self.open(shared) {
            Ok(socket) => {
                self.socket = Some(socket);
                self.reader.clear();
                self.chunk.clear();
                self.moved_ns = now_ns;
                if shared.ack {
                    self.state = State::Greeting;
                    return Ok(());
                }
                self.base = Some(0);
                self.state = State::Running;
                Ok(())
            }
            Err(error)
                if shared.reconnect_ns.is_none() || (deadline_ns > 0 && now_ns >= deadline_ns) =>
            {
                Err(error).with_context(|| format!("connecting {} to {}", self.name, shared.addr))
            }
            Err(_) => {
                let deadline_ns = if deadline_ns == 0 {
                    now_ns + shared.reconnect_ns.unwrap_or(0)
                } else {
                    deadline_ns
                };
                self.state = State::Down {
                    retry_ns: now_ns + RETRY_NS,
                    deadline_ns,
                };
                Ok(())
            }
        }
    }

    fn open(&self, shared: &Shared) -> io::Result<TcpStream> {
        let mut socket = TcpStream::connect_timeout(&shared.addr, CONNECT_TIMEOUT)?;
        socket.set_nodelay(true)?;
        if shared.ack {
            let fresh = shared.fresh && self.base.is_none();
            socket.write_all(greeting(&self.name, fresh).as_bytes())?;
        }
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

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
            (self.sent, self.acked) = (resume, resume);
            return Ok(());
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
        shared.last_ns = now_ns;
        if let Some(record) = &mut shared.record {
            record.event(
                now_ns,
                json!({"event": "acked", "connection": self.index, "through": number}),
            )?;
        }
        Ok(())
    }

    /// Hands over what is due, until the socket takes no more.
    ///
    /// # Errors
    /// As [`Self::receive`].
    pub fn send(&mut self, now_ns: u64, shared: &mut Shared) -> Result<()> {
        for _ in 0..CHUNKS_PER_TURN {
            let (State::Running, Some(base)) = (&self.state, self.base) else {
                return Ok(());
            };
            if !self.chunk.is_pending() {
                let through = base + self.share.min(self.pacing.due(now_ns));
                if self.stream.next_number() > through {
                    return Ok(());
                }
                self.chunk.fill(&mut self.stream, through);
                if let Some(record) = &mut shared.record {
                    record.messages(self.index, &self.chunk)?;
                }
                if shared.ack {
                    self.pacing.note_offer(self.chunk.last() - base, now_ns);
                }
            }
            let Some(socket) = self.socket.as_ref() else {
                return Ok(());
            };
            match self.chunk.write(socket) {
                Ok(_) => self.note_sent(now_ns, shared)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // The answers that came before the end still count.
                    self.receive(now_ns, shared)?;
                    return self.lose(&error.to_string(), now_ns, shared);
                }
            }
        }
        Ok(())
    }

    fn note_sent(&mut self, now_ns: u64, shared: &mut Shared) -> Result<()> {
        self.moved_ns = now_ns;
        if self.chunk.is_pending() && shared.record.is_none() {
            return Ok(());
        }
        let sent = self.chunk.sent();
        if sent <= self.sent {
            return Ok(());
        }
        self.sent = sent;
        if !shared.ack {
            shared.last_ns = now_ns;
        }
        if let Some(record) = &mut shared.record {
            record.event(
                now_ns,
                json!({"event": "sent", "connection": self.index, "through": sent}),
            )?;
        }
        Ok(())
    }

    /// The connection ended.
    fn lose(&mut self, reason: &str, now_ns: u64, shared: &mut Shared) -> Result<()> {
        if self.socket.take().is_none() {
            return Ok(());
        }
        self.sent = self.sent.max(self.chunk.sent());
        self.chunk.clear();
        shared.losses += 1;
        if let Some(record) = &mut shared.record {
            let (sent, acked) = (self.sent, self.acked);
            let event = json!({"event": "lost", "connection": self.index, "sent": sent, "acked": acked, "reason": reason});
            record.event(now_ns, event)?;
        }
        let Some(reconnect_ns) = shared.reconnect_ns else {
            return Err(self.gone(reason, shared));
        };
        self.state = State::Down {
            retry_ns: now_ns + RETRY_NS,
            deadline_ns: now_ns + reconnect_ns,
        };
        Ok(())
    }

    fn gone(&self, reason: &str, shared: &Shared) -> anyhow::Error {
        let sent = self.sent_count();
        let state = if shared.ack {
            format!(
                "{} of its {sent} sent messages acknowledged; --reconnect would go on",
                self.acked_count()
            )
        } else {
            format!("{sent} of {} messages sent", self.share)
        };
        anyhow!("lost connection {} ({reason}): {state}", self.name)
    }

    /// Whether it has waited too long for the server.
    ///
    /// # Errors
    /// When it has.
    pub fn check_progress(&mut self, now_ns: u64, shared: &Shared) -> Result<()> {
        let waiting = match self.state {
            State::Down { .. } => false,
            State::Greeting => true,
            State::Running => self.chunk.is_pending() || (shared.ack && self.acked < self.sent),
        };
        if !waiting {
            self.moved_ns = now_ns;
            return Ok(());
        }
        if now_ns.saturating_sub(self.moved_ns) <= shared.timeout_ns {
            return Ok(());
        }
        let seconds = shared.timeout_ns as f64 / 1e9;
        if matches!(self.state, State::Greeting) {
            bail!(
                "{}: no answer to the greeting for {seconds} s (--timeout)",
                self.name
            );
        }
        let blocked = if self.chunk.is_pending() {
            "the server reads nothing and "
        } else {
            ""
        };
        bail!(
            "{}: nothing moved for {seconds} s (--timeout): {blocked}{} of {} sent messages are not acknowledged",
            self.name,
            self.sent - self.acked,
            self.sent_count()
        );
    }
}
