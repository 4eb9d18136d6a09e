//! The tasks of a connection: one reads, one writes. The conversation itself is [`Session`]'s.

use crate::actor::{Actor, Mail};
use crate::message::{ConnectionId, Inbound, Outbound};
use crate::session::{Session, SessionConfig, SessionContext};
use rookery_model::{ShardId, limits};
use rookery_runtime::net::{Accepted, Connection};
use rookery_runtime::{LocalEvent, spawn_local, yield_if_needed};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long an answer may wait for a peer that does not read it.
const WRITE_DEADLINE: Duration = Duration::from_millis(limits::ANSWER_DEADLINE_MS);

/// A connection as both its tasks and the shard's mail see it.
struct Handle {
    id: ConnectionId,
    session: RefCell<Session>,
    socket: Connection,
    /// Wakes the reader: something was acknowledged, or the end has come.
    reader: LocalEvent,
    /// Wakes the writer: there is something to write, or the end has come.
    writer: LocalEvent,
    /// The peer sends no more, or nothing more is read from it.
    read_ended: Cell<bool>,
    /// Nothing can be written any more.
    broken: Cell<bool>,
    /// Its shard stops.
    stopping: Cell<bool>,
}

/// The connections of one shard.
#[derive(Default)]
pub struct Connections {
    slots: Vec<Option<Rc<Handle>>>,
    free: Vec<u32>,
    serial: u32,
    /// Those that got an answer in this turn.
    dirty: Vec<Rc<Handle>>,
}

impl Connections {
    fn insert(&mut self, make: impl FnOnce(u32, u32) -> Handle) -> Rc<Handle> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        self.serial = self.serial.wrapping_add(1);
        let handle = Rc::new(make(slot, self.serial));
        self.slots[slot as usize] = Some(Rc::clone(&handle));
        handle
    }

    fn remove(&mut self, id: ConnectionId) {
        if self.get(id).is_some() {
            self.slots[id.slot as usize] = None;
            self.free.push(id.slot);
        }
    }

    fn get(&self, id: ConnectionId) -> Option<&Rc<Handle>> {
        self.slots
            .get(id.slot as usize)?
            .as_ref()
            .filter(|handle| handle.id == id)
    }

    /// Open connections.
    pub fn open(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Wakes the tasks of connections that got an answer, once a turn: so there is at most one line of
    /// acknowledgement for each commit.
    pub fn wake_dirty(&mut self) {
        for handle in self.dirty.drain(..) {
            handle.writer.notify();
            handle.reader.notify();
        }
    }

    /// Ends reading on all connections.
    pub fn stop_reading(&self) {
        for handle in self.slots.iter().flatten() {
            if !handle.stopping.replace(true) {
                handle.socket.shutdown(Shutdown::Read);
                handle.reader.notify();
                handle.writer.notify();
            }
        }
    }

    /// Whether lines that were read are not acknowledged, or answers not written.
    pub fn is_serving(&self) -> bool {
        self.slots
            .iter()
            .flatten()
            .any(|handle| !handle.broken.get())
    }
}

impl Actor {
    /// Takes a connection on.
    pub(crate) fn accept(self: &Rc<Self>, accepted: Accepted, config: &SessionConfig) {
        let now_ms = self.now_ms();
        let handle = self.connections.borrow_mut().insert(|slot, serial| {
            let id = ConnectionId {
                shard: self.shard,
                slot,
                serial,
            };
            Handle {
                id,
                session: RefCell::new(Session::new(id, config, now_ms)),
                socket: Connection::new(accepted),
                reader: LocalEvent::new(),
                writer: LocalEvent::new(),
                read_ended: Cell::new(false),
                broken: Cell::new(false),
                stopping: Cell::new(false),
            }
        });
        self.metrics
            .connections
            .set(self.connections.borrow().open() as u64);
        spawn_local(Rc::clone(self).read(Rc::clone(&handle)));
        spawn_local(Rc::clone(self).write(handle));
    }

    /// The reader's task.
    async fn read(self: Rc<Self>, handle: Rc<Handle>) {
        if let Err(error) = self.read_all(&handle).await {
            tracing::debug!(peer = %handle.socket.peer(), "connection: {error}");
        }
        handle.read_ended.set(true);
        handle.writer.notify();
    }

    async fn read_all(&self, handle: &Handle) -> io::Result<()> {
        loop {
            self.wait_for_room(handle).await;
            if handle.stopping.get() || handle.broken.get() || handle.session.borrow().is_over() {
                return Ok(());
            }
            self.set_deadline(handle);
            let read = poll_fn(|cx| {
                let mut session = handle.session.borrow_mut();
                handle.socket.poll_read(cx, session.protocol().spare())
            })
            .await;
            match read {
                Ok(0) => return Ok(()),
                Ok(bytes) => self.received(handle, bytes),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => self.timed_out(handle),
                Err(error) => {
                    handle.broken.set(true);
                    return Err(error);
                }
            }
            yield_if_needed().await;
        }
    }

    /// Waits while the connection has read all it may without acknowledgement.
    async fn wait_for_room(&self, handle: &Handle) {
        let blocked = || {
            handle.session.borrow().is_blocked() && !handle.stopping.get() && !handle.broken.get()
        };
        if !blocked() {
            return;
        }
        handle.session.borrow_mut().protocol().pause(self.now_ms());
        while blocked() {
            handle.reader.wait().await;
        }
        handle
            .session
            .borrow_mut()
            .protocol()
            .unpause(self.now_ms());
    }

    fn set_deadline(&self, handle: &Handle) {
        let due = handle.session.borrow_mut().protocol().deadline();
        let deadline = due.map(|(at, _)| self.started + Duration::from_millis(at));
        handle.socket.set_read_deadline(deadline);
    }

    fn received(&self, handle: &Handle, bytes: usize) {
        let now_ms = self.now_ms();
        let mut session = handle.session.borrow_mut();
        session.protocol().received(bytes, now_ms);
        self.with_context(now_ms, |context| session.process(context));
        if session.is_over() {
            handle.writer.notify();
        }
        drop(session);
        self.event.notify();
    }

    fn with_context<T>(&self, now_ms: u64, f: impl FnOnce(&mut SessionContext<'_>) -> T) -> T {
        let mut send = |to: ShardId, inbound: Inbound| self.send(to, Mail::In(inbound));
        let mut supersede = |old: ConnectionId| self.send(old.shard, Mail::Supersede(old));
        f(&mut SessionContext {
            registry: &self.registry,
            pool: &mut self.pool.borrow_mut(),
            now_ms,
            send: &mut send,
            supersede: &mut supersede,
        })
    }

    fn timed_out(&self, handle: &Handle) {
        let mut session = handle.session.borrow_mut();
        if let Some((at, error)) = session.protocol().deadline()
            && at <= self.now_ms()
        {
            tracing::info!(peer = %handle.socket.peer(), code = error.code(), "closing: {error}");
            session.refuse(&error);
            handle.writer.notify();
        }
    }

    /// The writer's task; ends the connection when all is read, acknowledged and written.
    async fn write(self: Rc<Self>, handle: Rc<Handle>) {
        let mut out = Vec::new();
        loop {
            out.clear();
            handle.session.borrow_mut().take_output(&mut out);
            if !out.is_empty() && !handle.broken.get() {
                handle
                    .socket
                    .set_write_deadline(Some(Instant::now() + WRITE_DEADLINE));
                if let Err(error) = handle.socket.write_all(&out).await {
                    tracing::debug!(peer = %handle.socket.peer(), "cannot answer: {error}");
                    handle.broken.set(true);
                    handle.socket.shutdown(Shutdown::Both);
                    handle.reader.notify();
                }
                continue;
            }
            if self.is_finished(&handle) {
                break;
            }
            handle.writer.wait().await;
        }
        handle.broken.set(true);
        handle.socket.shutdown(Shutdown::Both);
        handle.session.borrow().release(&self.registry);
        self.connections.borrow_mut().remove(handle.id);
        self.metrics
            .connections
            .set(self.connections.borrow().open() as u64);
        handle.reader.notify();
        self.event.notify();
    }

    fn is_finished(&self, handle: &Handle) -> bool {
        let session = handle.session.borrow();
        let ended = handle.read_ended.get() || session.is_over() || handle.broken.get();
        ended && (session.is_over() || handle.broken.get() || !session.is_acking())
    }

    /// Brings a shard's answer to its connection; one that is gone does not need it.
    pub(crate) fn deliver(&self, outbound: Outbound) {
        let connection = match &outbound {
            Outbound::Acked { connection, .. }
            | Outbound::Synced { connection, .. }
            | Outbound::Fenced { connection }
            | Outbound::FencePassed { connection, .. }
            | Outbound::Skipped { connection, .. } => *connection,
            Outbound::Recycle(_) => return,
        };
        let Some(handle) = self.connections.borrow().get(connection).map(Rc::clone) else {
            return;
        };
        let now_ms = self.now_ms();
        let mut session = handle.session.borrow_mut();
        match outbound {
            Outbound::Acked { chunk, .. } => session.acked(chunk),
            Outbound::Synced { chunk, .. } => session.synced(chunk),
            Outbound::Fenced { .. } => session.superseded(),
            Outbound::FencePassed { mark, .. } => {
                self.with_context(now_ms, |context| session.fence_passed(&mark, context));
            }
            Outbound::Skipped { number, .. } => session.skipped(number, now_ms),
            Outbound::Recycle(_) => {}
        }
        drop(session);
        let mut connections = self.connections.borrow_mut();
        if !connections
            .dirty
            .iter()
            .any(|dirty| Rc::ptr_eq(dirty, &handle))
        {
            connections.dirty.push(handle);
        }
    }

    /// Tells a connection that its name was taken over.
    pub(crate) fn supersede(&self, connection: ConnectionId) {
        let Some(handle) = self.connections.borrow().get(connection).map(Rc::clone) else {
            return;
        };
        handle.session.borrow_mut().superseded();
        handle.writer.notify();
        handle.reader.notify();
    }
}
