//! A shard on its executor: one task turns the machine, others bring it mail, finished syncs, time and
//! connections. Decisions are the machine's; here only bytes and wakes move.
//!
//! Tasks, all of one thread, sharing [`Actor`] by `Rc`:
//! - the pump: mail in, records, rows, mail out; sleeps on one event
//! - the syncer: one sync after another, when the pump has begun a commit
//! - the alarm: wakes the pump when the next sync may begin
//! - the watcher: turns the eventfd of foreign mail into the pump's event
//! - the ticker: once a second cursors, checkpoints, histograms
//! - two a connection (see `connection`)

use crate::checkpoint::Checkpoint;
use crate::connection::Connections;
use crate::ingress::BatchPool;
use crate::keeper::{Keeper, SaveError, SaveRequest, Saved};
use crate::machine::{Durability, Ingested, ShardMachine};
use crate::message::{ConnectionId, Inbound, Outbound};
use crate::metrics::{Histograms, LATENCY_MAX_US, ShardMetrics};
use crate::record::RulesHash;
use crate::registry::Registry;
use crate::server::ServerEvent;
use crate::session::SessionConfig;
use crate::spill::{SpillDone, SpillSide};
use crate::step::Stopped;
use rookery_model::{RecordTime, ShardId, limits};
use rookery_runtime::net::Accepted;
use rookery_runtime::storage::RealStorage;
use rookery_runtime::{
    Clock, LocalEvent, Parker, Receiver, Sender, SyncBackend, Syncer, sleep, spawn_local, yield_now,
};
use rookery_wal::{AppendError, Commit, WalError};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// Least time between the starts of two syncs, unless [`COMMIT_BYTES`] wait: a fast disk would
/// otherwise do 20,000 a second, most of a core.
const COMMIT_INTERVAL: Duration = Duration::from_micros(500);
/// The same with `durability = "os"`, where no acknowledgement waits for it.
const COMMIT_INTERVAL_OS: Duration = Duration::from_millis(100);
/// Bytes that start a sync before its time.
const COMMIT_BYTES: u64 = 256 * 1024;
/// Records stepped before the pump looks at its mail again.
const STEP_BUDGET: usize = 1024;
/// Bytes logged before the pump steps: little enough that what is stepped is still in the caches.
const INGEST_BUDGET_BYTES: usize = 512 * 1024;
/// Logged bytes that may wait for the step before the pump logs more, unless a lane is full. Far below
/// what the step's queue holds, so that a busy shard steps from memory.
const STEP_AHEAD_BYTES: usize = 1024 * 1024;
/// How long the pump waits before it asks a full log for room again.
const FULL_RETRY: Duration = Duration::from_millis(20);
/// When the pump looks again at a lane that is full.
const LANE_FULL_GRACE: Duration = Duration::from_micros(limits::LANE_FULL_GRACE_US as u64);
/// Between two looks at cursors, checkpoints and histograms.
const TICK: Duration = Duration::from_secs(1);

/// What comes to a shard's thread.
pub enum Mail {
    /// For the machine.
    In(Inbound),
    /// For one of its connections.
    Out(Outbound),
    /// A new connection.
    Accepted(Accepted),
    /// A newer greeting has taken this connection's name.
    Supersede(ConnectionId),
    /// The keeper is done.
    Saved(Saved),
    /// The spill's thread has carried out an order of this lane.
    Spilled(usize, SpillDone),
}

/// What an actor is made of.
pub struct ActorSetup {
    /// Which shard.
    pub shard: ShardId,
    /// Its machine.
    pub machine: ShardMachine<RealStorage>,
    /// What its acks promise.
    pub durability: Durability,
    /// The rule set to put into force first, where the log has another.
    pub put_rules: Option<RulesHash>,
    /// Its mailbox.
    pub mail: Receiver<Mail>,
    /// All mailboxes, its own too, by shard.
    pub mailboxes: Vec<Sender<Mail>>,
    /// Its counters.
    pub metrics: Arc<ShardMetrics>,
    /// Forwarder names.
    pub registry: Arc<Registry>,
    /// What its connections' sessions are made of.
    pub sessions: SessionConfig,
    /// Record time.
    pub clock: Arc<dyn Clock>,
    /// Writes checkpoints.
    pub keeper: Keeper,
    /// Keeps the lanes' spill files.
    pub spill: SpillSide,
    /// Who syncs.
    pub sync_backend: SyncBackend,
    /// Counts this thread's allocations, in a build that can.
    pub thread_allocations: Option<fn() -> u64>,
    /// Shared with the server.
    pub control: Arc<Control>,
    /// Told when the replay is over.
    pub events: mpsc::Sender<ServerEvent>,
}

/// What the server tells all shards, and they it.
#[derive(Debug, Default)]
pub struct Control {
    /// Reading stops, what was read is committed, acknowledged and drained.
    pub stopping: AtomicBool,
    /// The drain's time is over.
    pub abandon: AtomicBool,
}

/// How a shard's thread ended.
#[derive(Debug)]
pub enum ActorEnd {
    /// Everything logged is synced, stepped and confirmed.
    Drained,
    /// Everything acknowledged is synced; this many rows were not confirmed and are made again.
    Undrained {
        /// Rows made and not confirmed.
        rows: usize,
    },
    /// The log failed; why.
    Failed(String),
}

/// A shard's thread, as its tasks share it.
pub struct Actor {
    pub(crate) shard: ShardId,
    pub(crate) machine: RefCell<ShardMachine<RealStorage>>,
    durability: Durability,
    pub(crate) event: LocalEvent,
    mail: Receiver<Mail>,
    mailboxes: Vec<Sender<Mail>>,
    /// By shard: mail that found its mailbox full, in order.
    overflow: RefCell<Vec<VecDeque<Mail>>>,
    pub(crate) connections: RefCell<Connections>,
    pub(crate) pool: RefCell<BatchPool>,
    pub(crate) metrics: Arc<ShardMetrics>,
    pub(crate) registry: Arc<Registry>,
    sessions: SessionConfig,
    /// Zero of the connections' milliseconds.
    pub(crate) started: Instant,
    clock: Arc<dyn Clock>,
    keeper: RefCell<Option<Keeper>>,
    spill: RefCell<Option<SpillSide>>,
    saving: Cell<bool>,
    histograms: RefCell<Histograms>,
    commit: RefCell<Option<Commit>>,
    sync_event: LocalEvent,
    sync_started: Cell<Instant>,
    batch_started: Cell<Option<Instant>>,
    alarm_event: LocalEvent,
    alarm: Cell<Option<Duration>>,
    failure: RefCell<Option<String>>,
    pub(crate) control: Arc<Control>,
    events: mpsc::Sender<ServerEvent>,
    thread_allocations: Option<fn() -> u64>,
    /// Allocations and messages when the buffers had grown.
    warm: Cell<Option<(u64, u64)>>,
    ended: Cell<bool>,
}

/// Runs a shard until it is stopped or fails.
pub async fn run(setup: ActorSetup) -> ActorEnd {
    let parker = Parker::new(setup.mailboxes[usize::from(setup.shard.0)].wake().clone());
    let syncer = match Syncer::new(setup.sync_backend) {
        Ok(syncer) => syncer,
        Err(error) => {
            return ActorEnd::Failed(format!("E2054 cannot start the sync thread: {error}"));
        }
    };
    let put_rules = setup.put_rules;
    let actor = Rc::new(Actor::new(setup));
    spawn_local(Rc::clone(&actor).watch(parker));
    spawn_local(Rc::clone(&actor).sync(syncer));
    spawn_local(Rc::clone(&actor).ring_alarm());
    spawn_local(Rc::clone(&actor).tick());
    actor.begin_rules(put_rules).await;
    let end = actor.pump().await;
    actor.ended.set(true);
    end
}

impl Actor {
    fn new(setup: ActorSetup) -> Self {
        let shards = setup.mailboxes.len();
        Self {
            shard: setup.shard,
            machine: RefCell::new(setup.machine),
            durability: setup.durability,
            event: LocalEvent::new(),
            mail: setup.mail,
            mailboxes: setup.mailboxes,
            overflow: RefCell::new(std::iter::repeat_with(VecDeque::new).take(shards).collect()),
            connections: RefCell::new(Connections::default()),
            pool: RefCell::new(BatchPool::default()),
            metrics: setup.metrics,
            registry: setup.registry,
            sessions: setup.sessions,
            started: Instant::now(),
            clock: setup.clock,
            keeper: RefCell::new(Some(setup.keeper)),
            spill: RefCell::new(Some(setup.spill)),
            saving: Cell::new(false),
            histograms: RefCell::new(Histograms::default()),
            commit: RefCell::new(None),
            sync_event: LocalEvent::new(),
            sync_started: Cell::new(Instant::now()),
            batch_started: Cell::new(None),
            alarm_event: LocalEvent::new(),
            alarm: Cell::new(None),
            failure: RefCell::new(None),
            control: setup.control,
            events: setup.events,
            thread_allocations: setup.thread_allocations,
            warm: Cell::new(None),
            ended: Cell::new(false),
        }
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    pub(crate) fn now(&self) -> RecordTime {
        RecordTime(self.clock.now_us())
    }

    /// Logs that another rule set is in force from here on, before any message can come.
    async fn begin_rules(&self, hash: Option<RulesHash>) {
        let Some(hash) = hash else { return };
        loop {
            match self.machine.borrow_mut().put_rules(hash, self.now()) {
                Ok(()) => return,
                Err(AppendError::Full { .. }) => {}
                Err(error) => {
                    self.fail(&error);
                    return;
                }
            }
            sleep(FULL_RETRY).await;
        }
    }

    fn fail(&self, error: &dyn std::fmt::Display) {
        self.failure
            .borrow_mut()
            .get_or_insert_with(|| error.to_string());
        self.event.notify();
    }

    /// Turns the machine until it is to end.
    async fn pump(self: &Rc<Self>) -> ActorEnd {
        let mut outbound = Vec::new();
        let mut replayed = false;
        loop {
            self.take_mail();
            let turned = self.turn();
            self.machine.borrow_mut().take_outbound(&mut outbound);
            for out in outbound.drain(..) {
                self.send(out.target(), Mail::Out(out));
            }
            self.flush_overflow();
            self.connections.borrow_mut().wake_dirty();
            if let Some(error) = self.failure.borrow_mut().take() {
                return ActorEnd::Failed(error);
            }
            let stopped = match turned {
                Ok(stopped) => stopped,
                Err(error) => return ActorEnd::Failed(error.to_string()),
            };
            if stopped == Stopped::CaughtUp && !replayed {
                replayed = true;
                // Nobody listens any more when the server is being dropped.
                let _ = self.events.send(ServerEvent::Replayed(self.shard));
            }
            if self.control.stopping.load(Ordering::Acquire)
                && let Some(end) = self.try_end()
            {
                return end;
            }
            if stopped == Stopped::Budget || !self.mail.is_empty() {
                yield_now().await;
            } else {
                self.event.wait().await;
            }
        }
    }

    /// One turn of the machine.
    fn turn(&self) -> Result<Stopped, WalError> {
        let machine = &mut *self.machine.borrow_mut();
        let now = self.now();
        let mut histograms = self.histograms.borrow_mut();
        machine.poll_lanes(|confirmed| {
            let age = (now.0 - confirmed.oldest.0).clamp(1, LATENCY_MAX_US as i64) as u64;
            let rows = confirmed.rows as u64;
            histograms
                .end_to_end
                .record_n(age, rows)
                .expect("the age is within the bounds");
        });
        drop(histograms);
        let ingested = machine.ingest(INGEST_BUDGET_BYTES, || RecordTime(self.clock.now_us()))?;
        if machine.log().unsynced_bytes() > 0 && self.batch_started.get().is_none() {
            self.batch_started.set(Some(Instant::now()));
        }
        self.begin_commit(machine);
        if ingested == Ingested::Full {
            self.set_alarm(FULL_RETRY);
        }
        let mut stopped = machine.step(STEP_BUDGET)?;
        while stopped == Stopped::Budget && machine.step_backlog_bytes() > STEP_AHEAD_BYTES {
            stopped = machine.step(STEP_BUDGET)?;
        }
        if machine.spill_stuck(now) {
            self.set_alarm(LANE_FULL_GRACE);
        }
        if let Some(spill) = &*self.spill.borrow() {
            machine.take_spill_orders(|lane, order| spill.order(self.shard, lane, order));
        }
        if ingested == Ingested::Budget {
            stopped = Stopped::Budget;
        }
        Ok(stopped)
    }

    fn commit_interval(&self) -> Duration {
        match self.durability {
            Durability::Sync => COMMIT_INTERVAL,
            Durability::Os => COMMIT_INTERVAL_OS,
        }
    }

    fn begin_commit(&self, machine: &mut ShardMachine<RealStorage>) {
        let unsynced = machine.log().unsynced_bytes();
        if unsynced == 0 || machine.is_committing() {
            return;
        }
        let since = self.sync_started.get().elapsed();
        let interval = self.commit_interval();
        if since < interval && unsynced < COMMIT_BYTES {
            self.set_alarm(interval - since);
            return;
        }
        if let Some(commit) = machine.begin_commit() {
            *self.commit.borrow_mut() = Some(commit);
            self.sync_started.set(Instant::now());
            self.sync_event.notify();
        }
    }

    /// The syncer's task.
    async fn sync(self: Rc<Self>, syncer: Syncer) {
        while !self.ended.get() {
            let Some(commit) = self.commit.borrow_mut().take() else {
                self.sync_event.wait().await;
                continue;
            };
            let batch_started = self.batch_started.take();
            let started = self.sync_started.get();
            let mut result = Ok(());
            for target in commit.targets() {
                result = syncer.fdatasync(target).await;
                if result.is_err() {
                    break;
                }
            }
            let ended = self.machine.borrow_mut().end_commit(commit, result);
            if let Err(error) = ended {
                self.fail(&error);
                return;
            }
            let micros = |from: Instant| (from.elapsed().as_micros() as u64).max(1);
            let mut histograms = self.histograms.borrow_mut();
            histograms.sync.saturating_record(micros(started));
            histograms
                .commit
                .saturating_record(micros(batch_started.unwrap_or(started)));
            drop(histograms);
            self.event.notify();
        }
    }

    fn set_alarm(&self, after: Duration) {
        if self.alarm.get().is_none() {
            self.alarm.set(Some(after));
            self.alarm_event.notify();
        }
    }

    /// The alarm's task.
    async fn ring_alarm(self: Rc<Self>) {
        while !self.ended.get() {
            match self.alarm.get() {
                None => self.alarm_event.wait().await,
                Some(after) => {
                    sleep(after).await;
                    self.alarm.set(None);
                    self.event.notify();
                }
            }
        }
    }

    /// The watcher's task.
    async fn watch(self: Rc<Self>, parker: Parker) {
        while !self.ended.get() {
            parker.park(|| !self.mail.is_empty()).await;
            self.event.notify();
            yield_now().await;
        }
    }

    fn take_mail(self: &Rc<Self>) {
        for _ in 0..self.mail.len() {
            match self.mail.try_recv() {
                Some(Mail::Accepted(accepted)) => self.accept(accepted, &self.sessions),
                Some(mail) => self.open(mail),
                None => return,
            }
        }
    }

    fn open(&self, mail: Mail) {
        match mail {
            Mail::In(inbound) => self.machine.borrow_mut().submit(inbound),
            Mail::Out(Outbound::Recycle(batch)) => self.pool.borrow_mut().give(batch),
            Mail::Out(outbound) => self.deliver(outbound),
            Mail::Supersede(connection) => self.supersede(connection),
            Mail::Saved(saved) => self.saved(saved),
            Mail::Spilled(lane, done) => {
                if let Err(error) = self.machine.borrow_mut().spill_done(lane, done) {
                    self.fail(&error);
                }
            }
            // Comes from the acceptor only, and `take_mail` takes it.
            Mail::Accepted(_) => {}
        }
    }

    /// Sends mail, to this shard's own machine and connections without a queue.
    pub(crate) fn send(&self, to: ShardId, mail: Mail) {
        if to == self.shard {
            self.open(mail);
            return;
        }
        let mut overflow = self.overflow.borrow_mut();
        let queue = &mut overflow[usize::from(to.0)];
        if queue.is_empty() {
            if let Err(mail) = self.mailboxes[usize::from(to.0)].try_send(mail) {
                queue.push_back(mail);
            }
        } else {
            queue.push_back(mail);
        }
    }

    fn flush_overflow(&self) {
        for (shard, queue) in self.overflow.borrow_mut().iter_mut().enumerate() {
            while let Some(mail) = queue.pop_front() {
                if let Err(mail) = self.mailboxes[shard].try_send(mail) {
                    queue.push_front(mail);
                    self.set_alarm(COMMIT_INTERVAL);
                    break;
                }
            }
        }
    }

    /// The ticker's task.
    async fn tick(self: Rc<Self>) {
        while !self.ended.get() {
            sleep(TICK).await;
            self.save();
            self.upkeep();
            self.publish();
            self.event.notify();
        }
    }

    /// Asks for a save, if there is something new to save and none is under way.
    fn save(&self) -> bool {
        if self.saving.get() {
            return false;
        }
        let mut machine = self.machine.borrow_mut();
        machine.begin_checkpoint(self.now());
        machine.retry_spills();
        let Some((spill, cursors)) = machine.begin_save() else {
            return false;
        };
        let checkpoint = machine.complete_checkpoint().map(Checkpoint::to_archive);
        if let Some(keeper) = &*self.keeper.borrow() {
            self.saving.set(true);
            let cursors = cursors.to_archive();
            keeper.save(SaveRequest {
                shard: self.shard,
                spill,
                cursors,
                checkpoint,
            });
        }
        true
    }

    fn saved(&self, saved: Saved) {
        self.saving.set(false);
        match saved.result {
            Ok(()) => {
                let mut machine = self.machine.borrow_mut();
                machine.cursors_saved();
                if saved.checkpoint {
                    machine.checkpoint_saved();
                }
            }
            Err(error @ SaveError::Spill(_)) => self.fail(&error),
            Err(error) => {
                tracing::warn!(
                    shard = self.shard.0,
                    "checkpoint not written, log is kept: {error}"
                );
            }
        }
    }

    /// Deletes log that is needless and old, marks an idle log's durable end, and says which lanes spill.
    fn upkeep(&self) {
        let mut machine = self.machine.borrow_mut();
        let now = self.now();
        machine.log_mut().apply_retention(now);
        machine.log_mut().mark_durable();
        machine.take_spill_changes(|lane, spills| {
            let (sink, shard) = (lane.sink(), self.shard.0);
            match spills {
                true => tracing::warn!(
                    sink,
                    shard,
                    "its target does not keep up: rows go to files until it has taken them"
                ),
                false => tracing::info!(
                    sink,
                    shard,
                    "its target has taken what was in files: rows go directly again"
                ),
            }
        });
    }

    fn publish(&self) {
        let histograms = self.histograms.borrow();
        if let Ok(mut published) = self.metrics.histograms.try_lock() {
            published.clone_from(&histograms);
        }
        drop(histograms);
        self.machine.borrow().publish(self.now());
        self.count_allocations();
    }

    /// In a build that counts allocations: says what a message cost since the buffers had grown.
    fn count_allocations(&self) {
        const WARM_MESSAGES: u64 = 500_000;
        let Some(count) = self.thread_allocations else {
            return;
        };
        let (allocations, messages) = (count(), self.metrics.messages.get());
        match self.warm.get() {
            None if messages >= WARM_MESSAGES => self.warm.set(Some((allocations, messages))),
            Some((before, from)) if messages > from => {
                let (made, of) = (allocations - before, messages - from);
                let each = made as f64 / of as f64;
                tracing::info!(
                    shard = self.shard.0,
                    "{made} allocations for {of} messages: {each:.5} each"
                );
            }
            _ => {}
        }
    }

    /// The end, once everything that was read is committed and drained, or the drain is given up.
    fn try_end(&self) -> Option<ActorEnd> {
        self.connections.borrow().stop_reading();
        let machine = self.machine.borrow();
        let synced = machine.is_committed();
        let abandoned = self.control.abandon.load(Ordering::Acquire);
        let busy = !synced || self.connections.borrow().is_serving() || !self.mail.is_empty();
        if busy && !abandoned {
            return None;
        }
        let drained = machine.is_drained();
        if !drained && !abandoned {
            return None;
        }
        let rows = machine
            .lanes()
            .iter()
            .map(|lane| lane.unconfirmed_rows())
            .sum();
        drop(machine);
        if self.save() || self.saving.get() {
            return None;
        }
        self.publish();
        self.keeper.borrow_mut().take();
        self.spill.borrow_mut().take();
        Some(if drained {
            ActorEnd::Drained
        } else {
            ActorEnd::Undrained { rows }
        })
    }
}
