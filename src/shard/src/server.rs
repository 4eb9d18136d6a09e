//! The running appliance below the binary: shards on their threads, sinks' writers on theirs, the
//! acceptor and the keeper. Everything here is cold: it starts, watches and stops.

mod lanes;
mod spills;

use crate::actor::{ActorEnd, ActorSetup, Control, Mail, run};
use crate::data_dir::DataDir;
use crate::ingress::Routing;
use crate::keeper::{Keeper, ShardFiles};
use crate::machine::{Durability, ShardMachine};
use crate::metrics::ShardMetrics;
use crate::open::{OpenConfig, OpenError, OpenShard, Opened, log_instance, open_shards};
use crate::record::RulesHash;
use crate::registry::Registry;
use crate::session::SessionConfig;
use crate::spill::{SpillError, SpillPolicy, SpillSide};
use crate::step::{StepConfig, Stepper};
use lanes::{activate, make_lanes, make_view, plan_sinks, shard_lanes, start_writers};
use rookery_engine::RuleSet;
use rookery_model::{RecordTime, ShardId, limits};
use rookery_runtime::net::{Acceptor, AcceptorStats, listen};
use rookery_runtime::storage::RealStorage;
use rookery_runtime::{
    Clock, ExecutorHandle, MonotoneClock, Receiver, RuntimeError, Sender, SyncBackend, Wake,
    mailbox, spawn,
};
use rookery_sinks::{
    DeadLetterLimits, DeadLetterStore, Lane, RetryLane, Sink, SinkMetrics, WriterEnd, WriterHandle,
};
use rookery_sources::LineLimits;
use rookery_wal::LogConfig;
pub use spills::spilled_rows;
use spills::{Spills, open_spills};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thiserror::Error;

/// Mail that fits into one shard's mailbox; more waits at its sender.
const MAILBOX_CAPACITY: usize = 4096;

/// What a server is told.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where the line protocol listens.
    pub listen: SocketAddr,
    /// What acks promise.
    pub durability: Durability,
    /// Who syncs.
    pub sync_backend: SyncBackend,
    /// Whether each shard is bound to a core of its own.
    pub pin: bool,
    /// Limits of the line protocol.
    pub line: LineLimits,
    /// Bytes of a connection that may be unacknowledged.
    pub unacked_max_bytes: usize,
    /// Open connections.
    pub connections_max: usize,
    /// Forwarder names.
    pub forwarders_max: usize,
    /// Top-level key that names the device.
    pub device_key: String,
    /// `log.segment_size_bytes`
    pub segment_size_bytes: u64,
    /// `log.retain_hours`
    pub retain_hours: u64,
    /// `log.retain_bytes`, of all shards together.
    pub retain_bytes: u64,
    /// Bounds of the dead-letter store.
    pub dead_letters: DeadLetterLimits,
    /// Bounds of what lanes spill.
    pub spill: SpillConfig,
    /// Counts the calling thread's allocations, in a build that can.
    pub thread_allocations: Option<fn() -> u64>,
}

/// Bounds of what lanes spill while their targets are behind.
#[derive(Clone, Debug)]
pub struct SpillConfig {
    /// `spill.max_bytes`, of all lanes together.
    pub max_bytes: u64,
    /// `spill.lane_max_bytes`, where a sink says nothing else.
    pub lane_max_bytes: u64,
    /// `spill.policy`, where a sink says nothing else.
    pub policy: SpillPolicy,
    /// By sink, `file.table`: its own bytes a lane and its own policy.
    pub sinks: BTreeMap<String, SinkSpill>,
}

/// What a sink says of its own spill.
#[derive(Clone, Copy, Debug, Default)]
pub struct SinkSpill {
    /// Bytes of each of its lanes.
    pub max_bytes: Option<u64>,
    /// What happens there.
    pub policy: Option<SpillPolicy>,
}

impl SpillConfig {
    /// Bytes and policy of each lane of a sink.
    fn of(&self, sink: &str) -> (u64, SpillPolicy) {
        let own = self.sinks.get(sink).copied().unwrap_or_default();
        (
            own.max_bytes.unwrap_or(self.lane_max_bytes),
            own.policy.unwrap_or(self.policy),
        )
    }
}

impl Default for SpillConfig {
    fn default() -> Self {
        Self {
            max_bytes: limits::SPILL_MAX_BYTES,
            lane_max_bytes: limits::SPILL_LANE_MAX_BYTES,
            policy: SpillPolicy::default(),
            sinks: BTreeMap::new(),
        }
    }
}

/// A compiled rule set and its sinks.
#[derive(Clone)]
pub struct RuleBundle {
    /// Content hash of everything that influences rows.
    pub hash: RulesHash,
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// By sink of the rule set.
    pub sinks: Vec<Arc<dyn Sink>>,
    /// By sink: a hash of what its rows' bytes depend on, kept with its dead rows.
    pub formats: Vec<u64>,
}

/// What a running server tells.
#[derive(Debug)]
pub enum ServerEvent {
    /// A shard has replayed its log.
    Replayed(ShardId),
    /// A shard's thread has ended.
    Ended(ShardId, ActorEnd),
}

/// Why a server does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A log or its metadata.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An executor.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A thread or descriptor.
    #[error("E2051 cannot start {what}: {source}")]
    Thread {
        /// What was to be started.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A rule set that the log was written under.
    #[error(
        "E2052 the log needs the rule set {hash}, and it cannot be loaded: {reason}; restore `rules` in the data directory"
    )]
    Rules {
        /// Its content hash.
        hash: String,
        /// Why not.
        reason: String,
    },
    /// A lane's spill files.
    #[error(transparent)]
    Spill(#[from] SpillError),
    /// The listener.
    #[error("E2053 cannot listen on {address}: {source}; set `listen.tcp` to a free address")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

/// A sink and its writers' counters.
pub struct SinkView {
    /// `file.table`, or `dead_letters`.
    pub name: String,
    /// Its connector.
    pub connector: &'static str,
    /// A hash of what its rows' bytes depend on beside the connector.
    pub format: u64,
    /// Lanes of its first writer on every shard; the other writers' follow.
    pub lane: usize,
    /// How many writers.
    pub writers: usize,
    /// Bytes that each of its lanes may spill.
    pub spill_max_bytes: u64,
    /// By writer.
    pub metrics: Vec<Arc<SinkMetrics>>,
    /// By writer: how dead rows come back to it. None of the dead letters' store.
    pub retries: Vec<RetryLane>,
}

/// What can be read of a running server from any thread.
pub struct ServerView {
    /// By shard.
    pub shards: Vec<Arc<ShardMetrics>>,
    /// Names of the rules in force, by index.
    pub rules: Vec<String>,
    /// The sinks; dead letters first.
    pub sinks: Vec<SinkView>,
    /// Forwarder names.
    pub registry: Arc<Registry>,
    /// What damage the start found; a reason each, until an operator has accepted it.
    pub damage: Vec<String>,
    /// The store of dead letters, and what it has deleted.
    pub dead_letters: DeadLetterStore,
}

/// How a server ended.
#[derive(Debug, Default)]
pub struct StopReport {
    /// Rows made and not confirmed; the next start makes them again.
    pub undrained_rows: usize,
    /// What failed, if anything did.
    pub failures: Vec<String>,
}

/// A running server.
pub struct Server {
    config: ServerConfig,
    view: Arc<ServerView>,
    control: Arc<Control>,
    mailboxes: Vec<Sender<Mail>>,
    executors: Vec<ExecutorHandle<()>>,
    writers: Vec<WriterHandle>,
    /// The keeper and the spill's thread.
    side_threads: Vec<JoinHandle<()>>,
    acceptor: Option<Acceptor>,
}

/// What a start has made ready for the shards.
struct Prepared<'a> {
    bundles: &'a [RuleBundle],
    /// By shard.
    lanes: &'a [Vec<Arc<Lane>>],
    spills: Spills,
}

impl Server {
    /// Opens the data directory's logs, starts shards and writers and begins to replay. `events` is
    /// told when; after [`ServerEvent::Replayed`] of every shard call [`Server::listen`].
    ///
    /// # Errors
    /// Each with its remedy. Threads that were started end.
    pub fn start(
        dir: &DataDir,
        config: ServerConfig,
        current: RuleBundle,
        mut load: impl FnMut(RulesHash) -> Result<RuleBundle, String>,
        events: mpsc::Sender<ServerEvent>,
    ) -> Result<Self, StartError> {
        let opened = open_shards(dir.storage(), &open_config(dir, &config))?;
        let bundles = needed_rules(&opened, current, &mut load)?;
        let registry = Arc::new(Registry::new(config.forwarders_max));
        let store = DeadLetterStore::new(dir.path(), config.dead_letters);
        let plans = plan_sinks(&store, &bundles);
        let shards = dir.shards();
        let mut mail = Vec::new();
        let mut mailboxes = Vec::new();
        for _ in 0..shards {
            let wake = Wake::new().map_err(thread_error("a mailbox"))?;
            let (sender, receiver) = mailbox(MAILBOX_CAPACITY, wake);
            mailboxes.push(sender);
            mail.push(receiver);
        }
        let lanes = make_lanes(&plans, &opened);
        let spills = open_spills(dir, &config.spill, &plans, &opened)?;
        let view = Arc::new(make_view(
            &plans,
            &config.spill,
            &bundles[0],
            &opened,
            &registry,
            shards,
            store,
        ));
        let writers = start_writers(plans, &lanes, &mailboxes, &view, opened.term())?;
        let control = Arc::new(Control::default());
        let mut server = Self {
            config,
            view,
            control,
            mailboxes,
            executors: Vec::new(),
            writers,
            side_threads: Vec::new(),
            acceptor: None,
        };
        let prepared = Prepared {
            bundles: &bundles,
            lanes: &lanes,
            spills,
        };
        server.start_shards(dir, opened, prepared, mail, &events)?;
        Ok(server)
    }

    fn start_shards(
        &mut self,
        dir: &DataDir,
        opened: Opened<RealStorage>,
        prepared: Prepared<'_>,
        mail: Vec<Receiver<Mail>>,
        events: &mpsc::Sender<ServerEvent>,
    ) -> Result<(), StartError> {
        let Prepared {
            bundles,
            lanes,
            spills,
        } = prepared;
        let clock: Arc<dyn Clock> = Arc::new(MonotoneClock::new());
        let device_key: Arc<str> = self.config.device_key.as_str().into();
        let sessions = SessionConfig {
            line: self.config.line,
            unacked_max_bytes: self.config.unacked_max_bytes,
            routing: Routing {
                device_key: Arc::clone(&device_key),
                shards: dir.shards(),
            },
            instance: dir.instance().into(),
            durability: self.config.durability,
        };
        let registry = Arc::clone(&self.view.registry);
        let mut numberings: Vec<_> = opened
            .shards
            .iter()
            .map(|_| opened.numbering(&registry))
            .collect();
        let names = opened.names(&registry);
        let mut files = Vec::new();
        let mut setups = Vec::new();
        for (index, (shard, mail)) in opened.shards.into_iter().zip(mail).enumerate() {
            let id = ShardId(index as u16);
            let OpenShard {
                log,
                checkpoint,
                cursors,
                last_rules,
                ..
            } = shard;
            files.push(ShardFiles {
                cursors: shard.cursor_slots,
                checkpoint: shard.checkpoint_slots,
            });
            let metrics = Arc::clone(&self.view.shards[index]);
            let mut shard_lanes = shard_lanes(&self.view.sinks, &lanes[index], &cursors);
            for (lane, (found, promised)) in shard_lanes.iter_mut().zip(&spills.found[index]) {
                lane.restore_spill(found, *promised);
            }
            let stepper = Stepper::new(
                StepConfig {
                    shard: id,
                    device_key: Arc::clone(&device_key),
                    frame_max_bytes: self.config.line.frame_max_bytes,
                },
                bundles
                    .iter()
                    .map(|bundle| activate(bundle, &self.view.sinks))
                    .collect(),
                checkpoint.rules,
                checkpoint.position.into(),
                Arc::clone(&metrics),
            );
            let numbering = std::mem::take(&mut numberings[index]);
            let mut machine = ShardMachine::new(
                self.config.durability,
                log,
                numbering,
                stepper,
                shard_lanes,
                Arc::clone(&metrics),
            );
            for (id, name) in &names {
                machine.name_forwarder(*id, Arc::clone(name));
            }
            let current = bundles[0].hash;
            setups.push((
                id,
                machine,
                (last_rules != Some(current)).then_some(current),
                mail,
                metrics,
            ));
        }
        let saved = self.mailboxes.clone();
        let storage = dir.storage().clone();
        let (keeper, keeper_thread) =
            Keeper::start(storage, files, move |shard: ShardId, result| {
                send_patiently(&saved[usize::from(shard.0)], Mail::Saved(result));
            })
            .map_err(thread_error("the keeper"))?;
        let spilled = self.mailboxes.clone();
        let (spill, spill_thread) = SpillSide::start(spills.setup, move |shard, lane, done| {
            send_patiently(&spilled[usize::from(shard.0)], Mail::Spilled(lane, done));
        })
        .map_err(thread_error("the spill's thread"))?;
        self.side_threads = vec![keeper_thread, spill_thread];
        for (shard, machine, put_rules, mail, metrics) in setups {
            let setup = ActorSetup {
                shard,
                machine,
                durability: self.config.durability,
                put_rules,
                mail,
                mailboxes: self.mailboxes.clone(),
                metrics,
                registry: Arc::clone(&registry),
                sessions: sessions.clone(),
                clock: Arc::clone(&clock),
                keeper: keeper.handle(),
                spill: spill.clone(),
                sync_backend: self.config.sync_backend,
                thread_allocations: self.config.thread_allocations,
                control: Arc::clone(&self.control),
                events: events.clone(),
            };
            let cpu = self.config.pin.then_some(usize::from(shard.0));
            let ended = events.clone();
            let executor = spawn(&format!("shard-{shard}"), cpu, move || async move {
                let end = run(setup).await;
                // The server may be gone already.
                let _ = ended.send(ServerEvent::Ended(shard, end));
            })?;
            self.executors.push(executor);
        }
        Ok(())
    }

    /// Opens the listener; connections come in from now on.
    ///
    /// # Errors
    /// The address is taken, or nobody's.
    pub fn listen(&mut self) -> Result<SocketAddr, StartError> {
        let address = self.config.listen;
        let failed = |source| StartError::Listen { address, source };
        let listener = listen(address).map_err(failed)?;
        let local = listener.local_addr();
        let mailboxes = self.mailboxes.clone();
        let hand_out = move |shard: usize, accepted| {
            send_patiently(&mailboxes[shard], Mail::Accepted(accepted));
        };
        let acceptor = Acceptor::start(
            listener,
            self.mailboxes.len(),
            self.config.connections_max,
            hand_out,
        )
        .map_err(failed)?;
        self.acceptor = Some(acceptor);
        Ok(local)
    }

    /// What can be read of it.
    #[must_use]
    pub fn view(&self) -> Arc<ServerView> {
        Arc::clone(&self.view)
    }

    /// The acceptor's counters, once it listens.
    #[must_use]
    pub fn acceptor_stats(&self) -> Option<Arc<AcceptorStats>> {
        self.acceptor
            .as_ref()
            .map(|acceptor| Arc::clone(acceptor.stats()))
    }

    /// Stops: nothing more is read; what was read is committed, acknowledged and, until `drain` is
    /// over, drained.
    #[must_use]
    pub fn stop(mut self, drain: Duration, events: &mpsc::Receiver<ServerEvent>) -> StopReport {
        let deadline = Instant::now() + drain;
        drop(self.acceptor.take());
        self.control.stopping.store(true, Ordering::Release);
        self.wake_all();
        let mut report = StopReport::default();
        let mut running = self.executors.iter().filter(|e| !e.is_finished()).count();
        while running > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.control.abandon.store(true, Ordering::Release);
                self.wake_all();
            }
            match events.recv_timeout(left.max(ABANDON_POLL)) {
                Ok(ServerEvent::Ended(shard, end)) => {
                    running -= 1;
                    match end {
                        ActorEnd::Drained => {}
                        ActorEnd::Undrained { rows } => report.undrained_rows += rows,
                        ActorEnd::Failed(error) => {
                            report.failures.push(format!("shard {shard}: {error}"));
                        }
                    }
                }
                Ok(ServerEvent::Replayed(_)) => {}
                Err(_) if Instant::now() > deadline + ABANDON_MAX => {
                    report.failures.push("a shard does not end".into());
                    return report;
                }
                Err(_) => {}
            }
        }
        for executor in self.executors.drain(..) {
            if let Err(error) = executor.join() {
                report.failures.push(error.to_string());
            }
        }
        self.stop_writers(deadline, &mut report);
        report
    }

    fn stop_writers(&mut self, deadline: Instant, report: &mut StopReport) {
        let deadline = deadline.max(Instant::now() + WRITER_END);
        for writer in &self.writers {
            writer.stop(deadline);
        }
        for writer in self.writers.drain(..) {
            if writer.join() == WriterEnd::Stuck {
                report.failures.push("a sink's writer does not end".into());
            }
        }
        for thread in self.side_threads.drain(..) {
            if thread.join().is_err() {
                report.failures.push("a side thread panicked".into());
            }
        }
    }

    fn wake_all(&self) {
        for mailbox in &self.mailboxes {
            mailbox.wake().wake();
        }
    }
}

/// How often a shard that should have ended is looked at again.
const ABANDON_POLL: Duration = Duration::from_millis(50);
/// How long a shard may take to end once its drain is given up.
const ABANDON_MAX: Duration = Duration::from_secs(5);
/// What a writer gets for its last confirmation.
const WRITER_END: Duration = Duration::from_secs(1);

fn thread_error(what: &'static str) -> impl Fn(io::Error) -> StartError {
    move |source| StartError::Thread { what, source }
}

/// From threads that may block: the keeper and the acceptor.
fn send_patiently(mailbox: &Sender<Mail>, mail: Mail) {
    let mut mail = mail;
    while let Err(back) = mailbox.try_send(mail) {
        mail = back;
        thread::sleep(Duration::from_millis(1));
    }
}

fn open_config(dir: &DataDir, config: &ServerConfig) -> OpenConfig {
    let mut log = LogConfig::new(log_instance(dir), ShardId(0));
    log.segment_size_bytes = config.segment_size_bytes;
    log.retain_hours = config.retain_hours;
    log.retain_bytes = config.retain_bytes / u64::from(dir.shards());
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    OpenConfig {
        dirs: (0..dir.shards())
            .map(|shard| dir.shard_dir(shard))
            .collect(),
        log,
        now_seconds: since_epoch.as_secs(),
        now: RecordTime(since_epoch.as_micros() as i64),
    }
}

/// The current rule set first, then those that the replay meets.
fn needed_rules(
    opened: &Opened<RealStorage>,
    current: RuleBundle,
    load: &mut impl FnMut(RulesHash) -> Result<RuleBundle, String>,
) -> Result<Vec<RuleBundle>, StartError> {
    let mut bundles = vec![current];
    for hash in &opened.rules {
        if *hash == bundles[0].hash {
            continue;
        }
        bundles.push(load(*hash).map_err(|reason| StartError::Rules {
            hash: hex(hash),
            reason,
        })?);
    }
    Ok(bundles)
}

/// A content hash as it is written in file names and messages.
#[must_use]
pub fn hex(hash: &RulesHash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
