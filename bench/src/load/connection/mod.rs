//! One connection of the fleet: connecting, sending, and connecting again. What the server answers is
//! taken in `answers`.

mod answers;

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::json;

use super::chunk::Chunk;
use super::pacing::Pacing;
use super::record::Record;
use super::wire::{LineReader, greeting};
use crate::fleet::Stream;
use crate::percentiles::Latencies;

/// Longest wait for one TCP connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause between two attempts to connect.
const RETRY_NS: u64 = 20_000_000;
/// Chunks that one connection may send before the others have their turn.
const CHUNKS_PER_TURN: usize = 4;

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
    /// Not connected; tries again at `retry_ns`.
    Down { retry_ns: u64 },
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
    /// When to try no more; set by a loss, until something is acknowledged or nothing was outstanding.
    give_up_ns: Option<u64>,
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
            state: State::Down { retry_ns: 0 },
            give_up_ns: None,
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
        let State::Down { retry_ns } = self.state else {
            return Ok(());
        };
        if now_ns < retry_ns {
            return Ok(());
        }
        match self.open(shared) {
            Ok(socket) => {
                self.socket = Some(socket);
                self.reader.clear();
                self.moved_ns = now_ns;
                self.state = State::Greeting;
                if !shared.ack {
                    self.base = Some(0);
                    self.state = State::Running;
                }
                Ok(())
            }
            Err(error) => {
                if self.retry(now_ns, shared) {
                    return Ok(());
                }
                Err(error).with_context(|| format!("connecting {} to {}", self.name, shared.addr))
            }
        }
    }

    /// Whether to connect again after a loss; then it will.
    fn retry(&mut self, now_ns: u64, shared: &Shared) -> bool {
        let Some(reconnect_ns) = shared.reconnect_ns else {
            return false;
        };
        let give_up_ns = *self.give_up_ns.get_or_insert(now_ns + reconnect_ns);
        self.state = State::Down {
            retry_ns: now_ns + RETRY_NS,
        };
        now_ns < give_up_ns
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
        if self.retry(now_ns, shared) {
            return Ok(());
        }
        Err(self.gone(reason, shared))
    }

    fn gone(&self, reason: &str, shared: &Shared) -> anyhow::Error {
        let sent = self.sent_count();
        let state = if shared.ack {
            format!(
                "{} of its {sent} sent messages acknowledged; {}",
                self.acked_count(),
                if shared.reconnect_ns.is_some() {
                    "the time to connect again (--reconnect) is over"
                } else {
                    "--reconnect would go on"
                }
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
