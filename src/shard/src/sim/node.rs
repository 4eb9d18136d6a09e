//! One process: shards, sessions and writers of a start, over the simulated disk. Dropping it is a
//! kill.

use super::rng::Rng;
use super::target::{Kind, Target, TextEncoder};
use crate::checkpoint::{Checkpoint, Cursors};
use crate::ingress::{BatchPool, Ingress, Routing};
use crate::lane::ShardLane;
use crate::machine::{Durability, ShardMachine};
use crate::message::{ConnectionId, Inbound, Outbound};
use crate::metrics::ShardMetrics;
use crate::numbering::Mark;
use crate::open::{OpenConfig, OpenShard, open_shards};
use crate::output::SinkBinding;
use crate::registry::Registry;
use crate::session::{Session, SessionConfig, SessionContext};
use crate::spill::{self, Found, SpillOrder, SpillStore, SpillSync};
use crate::step::{ActiveRules, StepConfig, Stepper};
use rookery_engine::{Engine, RuleSet};
use rookery_model::{DataType, Field, Position, RecordTime, ShardId};
use rookery_runtime::storage::sim::SimStorage;
use rookery_sinks::{Lane, LaneKey, LostRows};
use rookery_sources::LineLimits;
use rookery_sql::plan::{
    Column, ColumnKind, Dialect, Expr, ExprKind, Program, Rel, Rule, Span, Table,
};
use rookery_wal::{Commit, LogConfig, SideWork, Slots};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

pub const SHARDS: u16 = 2;
/// Dead letters, then one sink of each kind.
pub const LANES: usize = 3;
const SEGMENT_BYTES: u64 = 16 * 1024;
const SPILL_SEGMENT_BYTES: u64 = 1024;
/// Slot of connections that are requests beside a stream.
const REQUEST_SLOT: u32 = u32::MAX;
const RULES: [u8; 16] = [7; 16];

/// What goes between shards.
pub enum Letter {
    In(Inbound),
    Out(Outbound),
    Supersede(ConnectionId),
}

pub struct Shard {
    pub machine: ShardMachine<SimStorage>,
    pub commit: Option<Commit>,
    cursor_slots: Slots<SimStorage>,
    checkpoint_slots: Slots<SimStorage>,
    pub save: Option<(Vec<SpillSync>, Cursors, Option<Checkpoint>)>,
    spills: Vec<SpillStore<SimStorage>>,
    /// By lane: the order that is not carried out yet.
    orders: Vec<Option<SpillOrder>>,
    lanes: Vec<Arc<Lane>>,
    /// By lane: what its writer is at.
    writers: Vec<Writer>,
}

/// A sink's writer, as far as one lane goes.
#[derive(Default)]
struct Writer {
    /// Sequences written and not confirmed, and the ends of their batches.
    written: VecDeque<(u64, Position)>,
    /// Everything up to here is confirmed.
    cursor: Position,
    /// The target has lost these, and the shard was asked for them.
    lost: Option<LostRows>,
}

pub struct Node {
    disk: SimStorage,
    pub shards: Vec<Shard>,
    /// `[from][to]`
    pub mail: Vec<Vec<VecDeque<Letter>>>,
    pub sessions: Vec<Option<(ConnectionId, Session)>>,
    registry: Registry,
    pools: Vec<BatchPool>,
    config: SessionConfig,
    /// The numbering that the shards started with.
    pub started_with: BTreeMap<String, Mark>,
    requests: Vec<Request>,
}

/// Lines sent beside a stream, whose numbers are acknowledged together.
struct Request {
    forwarder: usize,
    numbers: Vec<u64>,
    parts: u16,
}

/// `INSERT INTO once SELECT v FROM iot; INSERT INTO often SELECT v FROM iot`
fn rules() -> Arc<RuleSet> {
    let field = |name: &str| Field {
        name: name.into(),
        data_type: DataType::STRING,
    };
    let column = |name: &str| Column {
        field: field(name),
        kind: ColumnKind::Physical,
    };
    let table = |name: &str, columns| Table {
        name: name.into(),
        columns,
        options: vec![("connector".into(), "blackhole".into())],
        option_spans: Vec::new(),
        primary_key: Vec::new(),
        span: Span::default(),
    };
    let rule = |name: &str, sink| Rule {
        name: format!("sim.{name}"),
        sink,
        query: Rel::Project {
            input: Box::new(Rel::Scan(0)),
            exprs: vec![Expr {
                kind: ExprKind::Column(1),
                data_type: DataType::STRING,
                span: Span::default(),
            }],
        },
        span: Span::default(),
    };
    let program = Program {
        name: "sim".into(),
        dialect: Dialect::Blink,
        zone: "UTC".into(),
        tables: vec![
            table("iot", vec![column("imei"), column("v")]),
            table("once", vec![column("v")]),
            table("often", vec![column("v")]),
        ],
        rules: vec![rule("once", 1), rule("often", 2)],
    };
    Arc::new(RuleSet::compile(vec![program]).expect("the job compiles"))
}

impl Node {
    /// A start. An error is an exit of the process.
    pub fn start(
        disk: &SimStorage,
        durability: Durability,
        now_seconds: u64,
        now: RecordTime,
        rules_cache: &mut Option<Arc<RuleSet>>,
    ) -> Result<Self, String> {
        let rules = Arc::clone(rules_cache.get_or_insert_with(rules));
        let mut log = LogConfig::new([1; 16], ShardId(0));
        log.segment_size_bytes = SEGMENT_BYTES;
        log.retain_hours = 0;
        log.retain_bytes = 0;
        log.side_work = SideWork::Inline;
        let dirs = (0..SHARDS)
            .map(|shard| PathBuf::from(format!("/data/shard-{shard}")))
            .collect();
        let opened = open_shards(
            disk,
            &OpenConfig {
                dirs,
                log,
                now_seconds,
                now,
            },
        )
        .map_err(|error| error.to_string())?;
        if let Some(damage) = opened.damage().first() {
            return Err(format!("LOST {damage}"));
        }
        let opened_numbering = opened.numbering.clone();
        let registry = Registry::new(16);
        let mut shards = Vec::new();
        let names = opened.names(&registry);
        let numberings: Vec<_> = (0..SHARDS).map(|_| opened.numbering(&registry)).collect();
        for ((index, shard), numbering) in opened.shards.into_iter().enumerate().zip(numberings) {
            let setup = (index as u16, durability, now);
            let mut shard = Self::shard(disk, setup, shard, numbering, &rules)?;
            for (id, name) in &names {
                shard.machine.name_forwarder(*id, Arc::clone(name));
            }
            shards.push(shard);
        }
        let started_with = opened_numbering;
        let queues = || {
            std::iter::repeat_with(VecDeque::new)
                .take(usize::from(SHARDS))
                .collect()
        };
        Ok(Self {
            disk: disk.clone(),
            shards,
            mail: std::iter::repeat_with(queues)
                .take(usize::from(SHARDS))
                .collect(),
            sessions: Vec::new(),
            started_with,
            requests: Vec::new(),
            registry,
            pools: (0..SHARDS).map(|_| BatchPool::default()).collect(),
            config: SessionConfig {
                line: LineLimits::default(),
                unacked_max_bytes: 1 << 20,
                routing: Routing {
                    device_key: "imei".into(),
                    shards: SHARDS,
                },
                instance: "sim".into(),
                durability,
            },
        })
    }

    fn shard(
        disk: &SimStorage,
        (index, durability, now): (u16, Durability, RecordTime),
        opened: OpenShard<SimStorage>,
        numbering: crate::numbering::Numbering,
        rules: &Arc<RuleSet>,
    ) -> Result<Shard, String> {
        let metrics = Arc::new(ShardMetrics::new(2, LANES));
        let names = ["dead_letters", "once", "often"];
        let mut lanes = Vec::new();
        let mut shard_lanes = Vec::new();
        let mut spills = Vec::new();
        for name in names {
            let saved = opened.cursors.of_lane(name, 0);
            let key = LaneKey {
                shard: ShardId(index),
                writer: 0,
            };
            let lane = Arc::new(Lane::new(key, 1, saved.rows).keeping_rows());
            lanes.push(Arc::clone(&lane));
            let mut lane = ShardLane::new(name.to_owned(), 0, lane, saved);
            let checkpoint = Position::from(opened.checkpoint.position);
            let found = Found {
                term: opened.log.appended().term,
                checkpoint,
                cursor: saved.cursor,
                promised: saved.spilled.min(checkpoint),
            };
            let dir = PathBuf::from(format!("/data/shard-{index}/spill/{name}"));
            let limits = spill::unbounded(SPILL_SEGMENT_BYTES);
            let seed = spill::seed("sim", index, name, 0);
            let spill::Opened { mut store, lost } =
                SpillStore::open(disk, &dir, seed, limits, found)
                    .map_err(|error| error.to_string())?;
            if let Some(through) = lost {
                return Err(format!("LOST spilled rows of {name} up to {through}"));
            }
            lane.restore_spill(&store.state(), found.promised);
            spills.push(store);
            shard_lanes.push(lane);
        }
        let active = ActiveRules {
            hash: RULES,
            engine: Engine::new(Arc::clone(rules), None),
            bindings: (1..LANES)
                .map(|lane| SinkBinding {
                    encoder: Box::new(TextEncoder),
                    lane,
                    writers: 1,
                })
                .collect(),
            rule_names: vec!["sim.once".into(), "sim.often".into()],
        };
        let stepper = Stepper::new(
            StepConfig {
                shard: ShardId(index),
                device_key: "imei".into(),
                frame_max_bytes: 65_536,
            },
            vec![active],
            opened.checkpoint.rules,
            opened.checkpoint.position.into(),
            Arc::clone(&metrics),
        );
        let mut machine = ShardMachine::new(
            durability,
            opened.log,
            numbering,
            stepper,
            shard_lanes,
            metrics,
        );
        if opened.last_rules != Some(RULES) {
            machine
                .put_rules(RULES, now)
                .map_err(|error| error.to_string())?;
        }
        let writers = lanes.iter().map(|lane| Writer {
            cursor: lane.rows_confirmed(),
            ..Writer::default()
        });
        let writers = writers.collect();
        Ok(Shard {
            machine,
            commit: None,
            cursor_slots: opened.cursor_slots,
            checkpoint_slots: opened.checkpoint_slots,
            save: None,
            spills,
            orders: (0..LANES).map(|_| None).collect(),
            writers,
            lanes,
        })
    }

    /// Opens a connection on a shard; its index.
    pub fn connect(&mut self, shard: ShardId) -> usize {
        let slot = self.sessions.len() as u32;
        let id = ConnectionId {
            shard,
            slot,
            serial: 0,
        };
        self.sessions
            .push(Some((id, Session::new(id, &self.config, 0))));
        slot as usize
    }

    /// Ends a connection.
    pub fn disconnect(&mut self, connection: usize) {
        if let Some((_, session)) = self.sessions[connection].take() {
            session.release(&self.registry);
        }
    }

    /// Bytes arrive.
    pub fn receive(&mut self, connection: usize, bytes: &[u8]) {
        let Some((id, mut session)) = self.sessions[connection].take() else {
            return;
        };
        session.protocol().spare()[..bytes.len()].copy_from_slice(bytes);
        session.protocol().received(bytes.len(), 0);
        self.with_context(id.shard, |context| session.process(context));
        self.sessions[connection] = Some((id, session));
    }

    fn with_context(&mut self, from: ShardId, f: impl FnOnce(&mut SessionContext<'_>)) {
        let mail = std::cell::RefCell::new(&mut self.mail[usize::from(from.0)]);
        let mut send = |to: ShardId, inbound| {
            mail.borrow_mut()[usize::from(to.0)].push_back(Letter::In(inbound));
        };
        let mut supersede = |old: ConnectionId| {
            mail.borrow_mut()[usize::from(old.shard.0)].push_back(Letter::Supersede(old));
        };
        f(&mut SessionContext {
            registry: &self.registry,
            pool: &mut self.pools[usize::from(from.0)],
            now_ms: 0,
            send: &mut send,
            supersede: &mut supersede,
        });
    }

    /// Sends lines beside a connection's stream, under its generation and through its shard: another
    /// one's queues could overtake the stream.
    pub fn request(&mut self, connection: usize, forwarder: usize, lines: &[(u64, String)]) {
        let Some((id, session)) = &self.sessions[connection] else {
            return;
        };
        let Some(greeted) = session.forwarder().cloned() else {
            return;
        };
        let from = id.shard;
        let id = ConnectionId {
            shard: from,
            slot: REQUEST_SLOT,
            serial: 0,
        };
        let mut ingress = Ingress::new(id, self.config.routing.clone());
        ingress.greeted(greeted);
        for (number, line) in lines {
            ingress.line(
                line.trim_end().as_bytes(),
                *number,
                &mut self.pools[usize::from(from.0)],
            );
        }
        let parts = ingress.parts();
        let numbers = lines.iter().map(|(number, _)| *number).collect();
        let mail = &mut self.mail[usize::from(from.0)];
        ingress.end_chunk(self.requests.len() as u64, 0, |to, inbound| {
            mail[usize::from(to.0)].push_back(Letter::In(inbound));
        });
        self.requests.push(Request {
            forwarder,
            numbers,
            parts,
        });
    }

    /// Requests that were answered since the last call: forwarder and numbers.
    pub fn take_answered(&mut self) -> Vec<(usize, Vec<u64>)> {
        let done = |request: &mut Request| {
            let answered = request.parts == 0 && !request.numbers.is_empty();
            answered.then(|| (request.forwarder, std::mem::take(&mut request.numbers)))
        };
        self.requests.iter_mut().filter_map(done).collect()
    }

    /// Delivers the oldest letter from one shard to another.
    pub fn deliver(&mut self, from: usize, to: usize) {
        let Some(letter) = self.mail[from][to].pop_front() else {
            return;
        };
        match letter {
            Letter::In(inbound) => self.shards[to].machine.submit(inbound),
            Letter::Supersede(id) => self.with_session(id, |session, _| session.superseded()),
            Letter::Out(outbound) => self.answer(outbound),
        }
    }

    fn with_session(
        &mut self,
        id: ConnectionId,
        f: impl FnOnce(&mut Session, &mut SessionContext<'_>),
    ) {
        let Some((_, mut session)) = self.sessions[id.slot as usize].take() else {
            return;
        };
        self.with_context(id.shard, |context| f(&mut session, context));
        self.sessions[id.slot as usize] = Some((id, session));
    }

    fn answer(&mut self, outbound: Outbound) {
        match outbound {
            Outbound::Acked { connection, chunk } if connection.slot == REQUEST_SLOT => {
                self.requests[chunk as usize].parts -= 1;
            }
            Outbound::Fenced { connection } if connection.slot == REQUEST_SLOT => {}
            Outbound::Acked { connection, chunk } => {
                self.with_session(connection, |session, _| session.acked(chunk));
            }
            Outbound::Synced { connection, chunk } => {
                self.with_session(connection, |session, _| session.synced(chunk));
            }
            Outbound::Fenced { connection } => {
                self.with_session(connection, |session, _| session.superseded());
            }
            Outbound::FencePassed { connection, mark } => {
                self.with_session(connection, |session, context| {
                    session.fence_passed(&mark, context);
                });
            }
            Outbound::Skipped { connection, number } => {
                self.with_session(connection, |session, _| session.skipped(number, 0));
            }
            Outbound::Recycle(batch) => {
                self.pools[usize::from(batch.connection.shard.0)].give(batch);
            }
        }
    }

    /// A shard works on what it has: `Err` is the end of the process.
    pub fn turn(&mut self, shard: usize, now: RecordTime, budget: usize) -> Result<(), String> {
        let state = &mut self.shards[shard];
        state.machine.poll_lanes(|_| {});
        state
            .machine
            .ingest(budget * 400, || now)
            .map_err(|error| error.to_string())?;
        state
            .machine
            .step(budget)
            .map_err(|error| error.to_string())?;
        self.flush(shard);
        Ok(())
    }

    /// Sends what a machine has to say.
    fn flush(&mut self, shard: usize) {
        let mut outbound = Vec::new();
        self.shards[shard].machine.take_outbound(&mut outbound);
        for out in outbound {
            let to = usize::from(out.target().0);
            self.mail[shard][to].push_back(Letter::Out(out));
        }
    }

    /// A shard begins a commit.
    pub fn begin_commit(&mut self, shard: usize) {
        let state = &mut self.shards[shard];
        if state.commit.is_none() {
            state.commit = state.machine.begin_commit();
        }
    }

    /// The sync that is under way comes to its end.
    pub fn end_commit(&mut self, shard: usize) -> Result<(), String> {
        let state = &mut self.shards[shard];
        let Some(commit) = state.commit.take() else {
            return Ok(());
        };
        let result = commit.sync_data();
        state
            .machine
            .end_commit(commit, result)
            .map_err(|error| error.to_string())?;
        self.flush(shard);
        Ok(())
    }

    /// A writer sends its next batch.
    pub fn write(&mut self, shard: usize, lane: usize, target: &mut Target) {
        let state = &mut self.shards[shard];
        let (index, lane, writer) = (shard as u16, &state.lanes[lane], &mut state.writers[lane]);
        if writer.goes_back(index, lane, target) {
            return;
        }
        if let Some(batch) = lane.pop() {
            target.write(index, &batch);
            writer.written.push_back((batch.sequence, batch.through));
            // The lane's promise: the writer holds no batch that it confirms.
            drop(batch);
        }
    }

    /// A writer confirms what it sent.
    pub fn confirm(&mut self, shard: usize, lane: usize) {
        let state = &mut self.shards[shard];
        let writer = &mut state.writers[lane];
        if let Some((sequence, through)) = writer.written.pop_front() {
            writer.cursor = writer.cursor.max(through);
            state.lanes[lane].confirm(sequence);
        }
    }

    /// A target is restored to an earlier state, when its writer has confirmed what it sent.
    pub fn restore(&mut self, shard: usize, lane: usize, target: &mut Target, rng: &mut Rng) {
        while !self.shards[shard].writers[lane].written.is_empty() {
            self.confirm(shard, lane);
        }
        target.go_back(shard as u16, rng);
    }

    /// A lane spills whatever it holds.
    pub fn spill(&mut self, shard: usize, lane: usize) {
        self.shards[shard].machine.force_spill(lane);
    }

    /// Gives a lane's order out, or carries out the one that was given.
    pub fn spill_work(&mut self, shard: usize, lane: usize) -> Result<(), String> {
        let state = &mut self.shards[shard];
        let orders = &mut state.orders;
        state
            .machine
            .take_spill_orders(|lane, order| orders[lane] = Some(order));
        let Some(order) = state.orders[lane].take() else {
            return Ok(());
        };
        let done = state.spills[lane].work(order);
        state
            .machine
            .spill_done(lane, done)
            .map_err(|error| error.to_string())
    }

    /// Takes a snapshot to be saved.
    pub fn begin_save(&mut self, shard: usize, now: RecordTime) {
        let state = &mut self.shards[shard];
        if state.save.is_none() {
            state.machine.begin_checkpoint(now);
            if let Some((sync, cursors)) = state.machine.begin_save() {
                let checkpoint = state.machine.complete_checkpoint().cloned();
                state.save = Some((sync, cursors, checkpoint));
            }
        }
    }

    /// The snapshot is written: `Err` is the end of the process.
    pub fn end_save(&mut self, shard: usize) -> Result<(), String> {
        let state = &mut self.shards[shard];
        let Some((sync, cursors, checkpoint)) = state.save.take() else {
            return Ok(());
        };
        for sync in sync {
            sync.run(&self.disk).map_err(|error| error.to_string())?;
        }
        if state.cursor_slots.write(&cursors.to_archive()).is_err() {
            return Ok(());
        }
        state.machine.cursors_saved();
        if let Some(checkpoint) = checkpoint
            && state
                .checkpoint_slots
                .write(&checkpoint.to_archive())
                .is_ok()
        {
            state.machine.checkpoint_saved();
        }
        state
            .machine
            .log_mut()
            .apply_retention(RecordTime(i64::MAX));
        Ok(())
    }

    /// What a connection has to say to its peer.
    pub fn take_output(&mut self, connection: usize) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let Some((_, session)) = &mut self.sessions[connection] else {
            return (out, true);
        };
        session.take_output(&mut out);
        (out, session.is_over())
    }

    /// Where each shard stands, for a message.
    pub fn describe(&self) -> String {
        let shard = |shard: &Shard| {
            let machine = &shard.machine;
            let cursors: Vec<_> = machine
                .lanes()
                .iter()
                .map(|lane| lane.cursor().lsn.0)
                .collect();
            let (log, lanes) = (machine.log(), machine.lanes());
            let rows: usize = lanes.iter().map(ShardLane::unconfirmed_rows).sum();
            format!("{} {} {cursors:?} {rows}", log.appended(), log.durable())
        };
        self.shards.iter().map(shard).collect::<Vec<_>>().join("; ")
    }

    /// Whether nothing is left to do.
    pub fn is_idle(&self) -> bool {
        self.shards
            .iter()
            .all(|shard| shard.machine.is_drained() && shard.commit.is_none() && !shard.rewinds())
            && self.mail.iter().flatten().all(VecDeque::is_empty)
    }
}

impl Shard {
    fn rewinds(&self) -> bool {
        self.writers.iter().any(|writer| writer.lost.is_some())
    }
}

impl Writer {
    /// Brings a target that went back what is still held for it; whether it is busy with that.
    fn goes_back(&mut self, shard: u16, lane: &Lane, target: &mut Target) -> bool {
        if target.kind == Kind::Plain {
            return false;
        }
        let asked = match self.lost {
            Some(asked) => asked,
            None if target.cursor(shard) >= self.cursor => return false,
            None => {
                let asked = LostRows {
                    above: target.cursor(shard),
                    through: self.cursor,
                };
                lane.ask_for_lost(asked);
                *self.lost.insert(asked)
            }
        };
        let Some(held) = lane.take_lost() else {
            return true;
        };
        assert_eq!(held.asked, asked, "the answer is to what was asked");
        for batch in &held.batches {
            target.write(shard, batch);
        }
        target
            .gone
            .extend(held.gone.into_iter().map(|gone| (shard, gone)));
        if held.end {
            self.lost = None;
            let cursor = target.cursors.entry(shard).or_default();
            *cursor = asked.through.max(*cursor);
        } else {
            let asked = LostRows {
                above: target.cursor(shard),
                ..asked
            };
            lane.ask_for_lost(asked);
            self.lost = Some(asked);
        }
        true
    }
}

/// The target of a lane.
pub fn kinds() -> [Kind; LANES] {
    [Kind::Plain, Kind::Transactional, Kind::Plain]
}
