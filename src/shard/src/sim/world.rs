//! A schedule: events chosen by seed, then peace, then the oracle.

use super::forwarder::{Forwarder, State};
use super::node::{LANES, Node, SHARDS, kinds};
use super::rng::Rng;
use super::target::Target;
use crate::machine::Durability;
use rookery_engine::RuleSet;
use rookery_model::{RecordTime, ShardId};
use rookery_runtime::storage::sim::SimStorage;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// The lane whose target holds cursors: the only one that knows that it went back.
const TRANSACTIONAL: usize = 1;
/// Turns of peace after which everything must be done.
const PEACE_TURNS: u64 = 4_000;

pub struct World {
    rng: Rng,
    disk: SimStorage,
    node: Option<Node>,
    rules: Option<Arc<RuleSet>>,
    forwarders: Vec<Forwarder>,
    targets: Vec<Target>,
    /// A queue between shards that is slower than the others.
    slow: (usize, usize),
    /// Shard and lane whose writer hardly gets on.
    sick: Option<(usize, usize)>,
    /// How many of the faults that could come do come.
    misfortune_percent: u64,
    /// Events before the peace.
    events: u64,
    /// How often a greeting is a fresh one.
    fresh_percent: u64,
    /// Targets go back.
    restores: bool,
    now: i64,
    starts: u64,
    trace: String,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let disk = SimStorage::new(rng.next());
        let count = 1 + rng.below(2) as usize;
        let forwarders = (0..count)
            .map(|index| Forwarder::new(index, 20 + rng.below(60)))
            .collect();
        let slow = (rng.below(2) as usize, rng.below(2) as usize);
        let sick = (rng.below(2) as usize, rng.below(LANES as u64) as usize);
        let sick = rng.chance(60).then_some(sick);
        let misfortune_percent = [100, 20][rng.below(2) as usize];
        let events = [300, 300, 1_000][rng.below(3) as usize];
        let fresh_percent = [0, 5, 40][rng.below(3) as usize];
        let restores = rng.chance(30);
        Self {
            rng,
            disk,
            node: None,
            rules: None,
            forwarders,
            targets: kinds().into_iter().map(Target::new).collect(),
            slow,
            sick,
            misfortune_percent,
            events,
            fresh_percent,
            restores,
            now: 1_000_000,
            starts: 0,
            trace: String::new(),
        }
    }

    /// What happened, in short.
    pub fn trace(&self) -> String {
        self.trace.clone()
    }

    fn note(&mut self, event: &str) {
        let _ = write!(self.trace, "{event} ");
    }

    /// Runs the schedule and asks the oracle.
    pub fn run(&mut self) -> Result<(), String> {
        for _ in 0..self.events {
            self.now += 1 + self.rng.below(1_000) as i64;
            if self.node.is_none() {
                self.start()?;
                continue;
            }
            if self.disk.is_off() {
                self.crash();
                continue;
            }
            self.event()?;
        }
        self.peace()?;
        self.judge()
    }

    fn start(&mut self) -> Result<(), String> {
        self.starts += 1;
        self.note("start");
        let now = RecordTime(self.now);
        let started = Node::start(
            &self.disk,
            Durability::Sync,
            100 + self.starts / 2,
            now,
            &mut self.rules,
        );
        match started {
            Ok(node) => {
                self.judge_start(&node)?;
                self.node = Some(node);
            }
            Err(error) if error.starts_with("LOST") => return Err(error),
            // The disk fails during the start: the process exits and is started again.
            Err(error) => {
                self.note(&error);
                if self.disk.is_off() {
                    self.disk.crash();
                }
            }
        }
        Ok(())
    }

    /// Everything that was acknowledged is in the logs.
    fn judge_start(&self, node: &Node) -> Result<(), String> {
        for forwarder in &self.forwarders {
            let name = forwarder.name();
            let mark = node.started_with.get(&name).cloned().unwrap_or_default();
            let lost = (1..=forwarder.acked)
                .chain(forwarder.retried.iter().copied())
                .find(|number| *number > mark.watermark && !mark.above.contains(number));
            if let Some(number) = lost {
                return Err(format!(
                    "{name}: {number} was acknowledged and is in no log: {mark:?}"
                ));
            }
        }
        Ok(())
    }

    /// The process ends; what the kernel has stays.
    fn kill(&mut self) {
        self.note("kill");
        self.node = None;
        for forwarder in &mut self.forwarders {
            forwarder.state = State::Idle;
        }
    }

    /// The power is cut.
    fn crash(&mut self) {
        self.kill();
        self.note("crash");
        self.disk.crash();
    }

    fn event(&mut self) -> Result<(), String> {
        let shard = self.rng.below(u64::from(SHARDS)) as usize;
        match self.rng.below(100) {
            0..17 => self.send(),
            17 => self.retry(),
            18..22 => self.connect(),
            22..23 => self.drop_connection(),
            23..44 => self.deliver(),
            44 => self.restore(),
            50..53 => self.spill(),
            45..50 => {
                let (shard, mut lane) = self.mostly_sick();
                if self.restores && self.rng.chance(50) {
                    lane = TRANSACTIONAL;
                }
                self.spill_work(shard, lane);
            }
            53..60 => {
                let budget = 1 + self.rng.below(20) as usize;
                self.turn(shard, budget);
            }
            60..68 => self.with_node(|node| node.begin_commit(shard)),
            68..76 => self.end_commit(shard),
            76..83 => self.write(shard),
            83..88 => {
                let lane = self.rng.below(LANES as u64) as usize;
                self.with_node(|node| node.confirm(shard, lane));
            }
            88..91 => {
                let now = RecordTime(self.now);
                self.with_node(|node| node.begin_save(shard, now));
            }
            91..93 => self.end_save(shard),
            93 => self.spill(),
            94..98 => return self.read_answers(),
            _ if self.rng.chance(self.misfortune_percent) => self.misfortune(),
            _ => {}
        }
        Ok(())
    }

    /// A target goes back to an earlier state.
    fn restore(&mut self) {
        if !self.restores {
            return;
        }
        let shard = self.rng.below(u64::from(SHARDS)) as usize;
        let lane = TRANSACTIONAL;
        if let Some(node) = &mut self.node {
            node.restore(shard, lane, &mut self.targets[lane], &mut self.rng);
            self.note("restore");
        }
    }

    fn misfortune(&mut self) {
        match self.rng.below(8) {
            0 => self.kill(),
            1..4 => self.crash(),
            4..7 => {
                let after = 1 + self.rng.below(60);
                self.note("dying");
                self.disk.power_off_after(after);
            }
            _ => {
                self.note("lie");
                self.disk.fail_syncs(1);
            }
        }
    }

    fn with_node(&mut self, f: impl FnOnce(&mut Node)) {
        if let Some(node) = &mut self.node {
            f(node);
        }
    }

    fn turn(&mut self, shard: usize, budget: usize) {
        let now = RecordTime(self.now);
        let Some(node) = &mut self.node else { return };
        if let Err(error) = node.turn(shard, now, budget) {
            self.note(&error);
            self.kill();
        }
    }

    fn end_commit(&mut self, shard: usize) {
        let Some(node) = &mut self.node else { return };
        if let Err(error) = node.end_commit(shard) {
            self.note(&error);
            self.kill();
        }
    }

    fn end_save(&mut self, shard: usize) {
        let Some(node) = &mut self.node else { return };
        if let Err(error) = node.end_save(shard) {
            self.note(&error);
            self.kill();
        }
    }

    fn spill_work(&mut self, shard: usize, lane: usize) {
        let Some(node) = &mut self.node else { return };
        if let Err(error) = node.spill_work(shard, lane) {
            self.note(&error);
            self.kill();
        }
    }

    fn deliver(&mut self) {
        let from = self.rng.below(u64::from(SHARDS)) as usize;
        let to = self.rng.below(u64::from(SHARDS)) as usize;
        if (from, to) == self.slow && self.rng.chance(85) {
            return;
        }
        let letters = 1 + self.rng.below(3);
        for _ in 0..letters {
            self.with_node(|node| node.deliver(from, to));
        }
    }

    fn spill(&mut self) {
        let (shard, mut lane) = self.mostly_sick();
        if self.restores {
            lane = TRANSACTIONAL;
        }
        self.with_node(|node| node.spill(shard, lane));
    }

    /// Mostly the lane whose target is sick.
    fn mostly_sick(&mut self) -> (usize, usize) {
        let any = (
            self.rng.below(u64::from(SHARDS)) as usize,
            self.rng.below(LANES as u64) as usize,
        );
        match self.sick {
            Some(sick) if self.rng.chance(80) => sick,
            _ => any,
        }
    }

    fn write(&mut self, shard: usize) {
        let lane = self.rng.below(LANES as u64) as usize;
        if self.sick == Some((shard, lane)) && self.rng.chance(97) {
            return;
        }
        if let Some(node) = &mut self.node {
            node.write(shard, lane, &mut self.targets[lane]);
        }
    }

    fn connect(&mut self) {
        let chosen = self.rng.below(self.forwarders.len() as u64) as usize;
        let idle = self.forwarders[chosen].state == State::Idle;
        // A forwarder that greets again while its old connection still carries lines.
        if !idle && !self.rng.chance(50) {
            return;
        }
        let shard = ShardId(self.rng.below(u64::from(SHARDS)) as u16);
        let fresh = self.rng.chance(self.fresh_percent);
        let Some(node) = &mut self.node else { return };
        let forwarder = &mut self.forwarders[chosen];
        if fresh {
            forwarder.forgetful = true;
            forwarder.epoch += 1;
            forwarder
                .skipped
                .extend(forwarder.acked + 1..=forwarder.sent_max);
        }
        let connection = node.connect(shard);
        node.receive(connection, forwarder.greeting().as_bytes());
        forwarder.state = State::Greeting { connection };
        self.note(if fresh { "fresh" } else { "greet" });
    }

    fn drop_connection(&mut self) {
        let chosen = self.rng.below(self.forwarders.len() as u64) as usize;
        let connection = match self.forwarders[chosen].state {
            State::Idle => return,
            State::Greeting { connection } | State::Streaming { connection, .. } => connection,
        };
        self.forwarders[chosen].state = State::Idle;
        self.with_node(|node| node.disconnect(connection));
    }

    fn send(&mut self) {
        let chosen = self.rng.below(self.forwarders.len() as u64) as usize;
        let lines = 1 + self.rng.below(8);
        self.send_lines(chosen, lines);
    }

    fn send_lines(&mut self, chosen: usize, lines: u64) {
        let forwarder = &mut self.forwarders[chosen];
        let State::Streaming { connection, next } = forwarder.state else {
            return;
        };
        let end = (next + lines).min(forwarder.total + 1);
        if next >= end {
            return;
        }
        let bytes: String = (next..end).map(|number| forwarder.line(number)).collect();
        forwarder.state = State::Streaming {
            connection,
            next: end,
        };
        forwarder.sent_max = forwarder.sent_max.max(end - 1);
        forwarder.last_sent = (next, end - 1);
        self.with_node(|node| node.receive(connection, bytes.as_bytes()));
    }

    /// The same lines again, as a request beside the stream with the stream's generation.
    fn retry(&mut self) {
        let chosen = self.rng.below(self.forwarders.len() as u64) as usize;
        let forwarder = &self.forwarders[chosen];
        let State::Streaming { connection, .. } = forwarder.state else {
            return;
        };
        let (first, last) = forwarder.last_sent;
        let lines: Vec<_> = (first..=last)
            .map(|number| (number, forwarder.line(number)))
            .collect();
        if lines.is_empty() {
            return;
        }
        self.with_node(|node| node.request(connection, chosen, &lines));
    }

    fn read_answers(&mut self) -> Result<(), String> {
        let Some(node) = &mut self.node else {
            return Ok(());
        };
        for (forwarder, numbers) in node.take_answered() {
            self.forwarders[forwarder].retried.extend(numbers);
        }
        for forwarder in &mut self.forwarders {
            let connection = match forwarder.state {
                State::Idle => continue,
                State::Greeting { connection } | State::Streaming { connection, .. } => connection,
            };
            let (output, over) = node.take_output(connection);
            for line in String::from_utf8_lossy(&output).lines() {
                forwarder.answer(connection, line)?;
            }
            if over {
                node.disconnect(connection);
                forwarder.state = State::Idle;
            }
        }
        Ok(())
    }

    /// No more faults: everything is sent, acknowledged and delivered.
    fn peace(&mut self) -> Result<(), String> {
        self.note("peace");
        for _ in 0..PEACE_TURNS {
            self.now += 1_000;
            if self.disk.is_off() {
                self.crash();
            }
            if self.node.is_none() {
                self.start()?;
                continue;
            }
            self.peaceful_turn()?;
            let done = self.forwarders.iter().all(|f| f.acked >= f.total);
            if done && self.node.as_ref().is_some_and(Node::is_idle) {
                return Ok(());
            }
        }
        let stuck: Vec<_> = self
            .forwarders
            .iter()
            .map(|f| (f.acked, f.total, f.state))
            .collect();
        let shards = self.node.as_ref().map(Node::describe);
        Err(format!(
            "not done after {PEACE_TURNS} turns of peace: {stuck:?} {shards:?}"
        ))
    }

    fn peaceful_turn(&mut self) -> Result<(), String> {
        for chosen in 0..self.forwarders.len() {
            if self.forwarders[chosen].state == State::Idle {
                let Some(node) = &mut self.node else {
                    return Ok(());
                };
                let forwarder = &mut self.forwarders[chosen];
                let connection = node.connect(ShardId(0));
                node.receive(connection, forwarder.greeting().as_bytes());
                forwarder.state = State::Greeting { connection };
            }
            self.send_lines(chosen, 8);
        }
        for from in 0..usize::from(SHARDS) {
            for to in 0..usize::from(SHARDS) {
                while self
                    .node
                    .as_ref()
                    .is_some_and(|node| !node.mail[from][to].is_empty())
                {
                    self.with_node(|node| node.deliver(from, to));
                }
            }
        }
        for shard in 0..usize::from(SHARDS) {
            self.turn(shard, 1_000);
            self.with_node(|node| node.begin_commit(shard));
            self.end_commit(shard);
            self.turn(shard, 1_000);
            for lane in 0..LANES {
                let Some(node) = &mut self.node else {
                    return Ok(());
                };
                node.write(shard, lane, &mut self.targets[lane]);
                node.confirm(shard, lane);
            }
            for lane in 0..LANES {
                self.spill_work(shard, lane);
            }
            let now = RecordTime(self.now);
            self.with_node(|node| node.begin_save(shard, now));
            self.end_save(shard);
        }
        self.read_answers()
    }

    /// Every message is there, at least or exactly once, in the order of its device.
    fn judge(&self) -> Result<(), String> {
        let mut counts: BTreeMap<(usize, usize, u64), u64> = BTreeMap::new();
        for (lane, target) in self.targets.iter().enumerate() {
            let mut last: BTreeMap<(usize, u64), u64> = BTreeMap::new();
            for row in &target.rows {
                *counts.entry((lane, row.forwarder, row.number)).or_default() += 1;
                let forwarder = &self.forwarders[row.forwarder];
                if row.number > forwarder.sent_max
                    || row.device != forwarder.device(row.number)
                    || row.epoch != forwarder.epoch_of(row.number)
                {
                    return Err(format!("a row nobody sent: {row:?}"));
                }
                let newest = last.entry((row.forwarder, row.device)).or_default();
                if lane == 1 && row.number <= *newest {
                    return Err(format!("{row:?} came after number {newest} of its device"));
                }
                *newest = row.number;
            }
        }
        for forwarder in &self.forwarders {
            for number in 1..=forwarder.total {
                let lanes: &[usize] = if forwarder.device(number) == 0 {
                    &[0]
                } else {
                    &[1, 2]
                };
                for &lane in lanes {
                    let times = counts
                        .get(&(lane, forwarder.index, number))
                        .copied()
                        .unwrap_or(0);
                    let name = forwarder.name();
                    let gone = self.targets[lane].is_gone(forwarder.index, number);
                    if times == 0 && !forwarder.skipped.contains(&number) && !gone {
                        return Err(format!(
                            "message {number} of {name} is not in target {lane}"
                        ));
                    }
                    if lane == 1 && times > 1 {
                        return Err(format!(
                            "message {number} of {name} is {times} times in target 1"
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}
