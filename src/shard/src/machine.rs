//! One shard as a synchronous machine: what comes in, in order, becomes records; records become
//! acknowledgements and rows once a sync covers them. It knows no executor, no thread and no clock:
//! its caller carries bytes, syncs files and says what time it is. So the same machine runs above the
//! simulated disk.
//!
//! One turn of its caller: `ingest`, `begin_commit` (start the sync), `step` while the sync is under
//! way, `end_commit`, then `take_outbound`.

use crate::checkpoint::{Checkpoint, Cursors, ForwarderMark, SavedCursor};
use crate::lane::{Confirmed, ShardLane};
use crate::message::{ConnectionId, Greeted, Inbound, Line, Outbound, RoutedBatch};
use crate::metrics::ShardMetrics;
use crate::numbering::{ForwarderId, Numbering};
use crate::record::{self, RulesHash, SENDER_MAX_BYTES, Sender};
use crate::spill::{SpillDone, SpillError, SpillOrder, SpillSync};
use crate::step::{Stepper, Stopped};
use rookery_model::{Lsn, Mutant, Position, RecordTime, limits, mutant_active};
use rookery_runtime::storage::Storage;
use rookery_wal::{AppendError, Commit, Log, RecordKind, WalError};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

/// What an acknowledgement promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The `fdatasync` that began after the bytes were in the log returned 0.
    #[default]
    Sync,
    /// The bytes are in the page cache: a kill loses nothing, a power cut what was not yet written.
    Os,
}

/// How far [`ShardMachine::ingest`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingested {
    /// Everything is logged.
    All,
    /// The budget is used up.
    Budget,
    /// The log has no room.
    Full,
}

/// A promise that waits for a sync.
#[derive(Debug)]
struct Waiting {
    covered: Lsn,
    promise: Promise,
}

#[derive(Debug)]
enum Promise {
    Ack {
        connection: ConnectionId,
        chunk: u64,
    },
    Fence {
        forwarder: ForwarderId,
        connection: ConnectionId,
    },
    Skip {
        forwarder: ForwarderId,
        number: u64,
        connection: ConnectionId,
    },
}

/// One shard.
pub struct ShardMachine<S: Storage> {
    durability: Durability,
    log: Log<S>,
    numbering: Numbering,
    /// Names by [`ForwarderId`], for checkpoints.
    names: Vec<Option<Arc<str>>>,
    inbox: VecDeque<Inbound>,
    /// The record time of the open commit batch.
    batch_time: Option<RecordTime>,
    committing: Option<Position>,
    acks: VecDeque<Waiting>,
    fences: VecDeque<Waiting>,
    stepper: Stepper<S>,
    lanes: Vec<ShardLane>,
    outbound: Vec<Outbound>,
    recycled: Vec<Box<RoutedBatch>>,
    pending_checkpoint: Option<Checkpoint>,
    pending_since: RecordTime,
    saved_checkpoint: Position,
    /// The one before, which a start falls back on if the newest cannot be read.
    earlier_checkpoint: Position,
    saved_cursors: Cursors,
    metrics: Arc<ShardMetrics>,
}

impl<S: Storage> ShardMachine<S> {
    /// A shard over an open log, its numbering already the union of all shards'.
    #[must_use]
    pub fn new(
        durability: Durability,
        log: Log<S>,
        numbering: Numbering,
        stepper: Stepper<S>,
        lanes: Vec<ShardLane>,
        metrics: Arc<ShardMetrics>,
    ) -> Self {
        Self {
            durability,
            log,
            numbering,
            names: Vec::new(),
            inbox: VecDeque::new(),
            batch_time: None,
            committing: None,
            acks: VecDeque::new(),
            fences: VecDeque::new(),
            saved_checkpoint: stepper.position(),
            earlier_checkpoint: Position::ZERO,
            stepper,
            lanes,
            outbound: Vec::new(),
            recycled: Vec::new(),
            pending_checkpoint: None,
            pending_since: RecordTime::default(),
            saved_cursors: Cursors::default(),
            metrics,
        }
    }

    /// Takes something in; [`Self::ingest`] works on it.
    pub fn submit(&mut self, inbound: Inbound) {
        self.inbox.push_back(inbound);
    }

    /// Gives a forwarder's index its name, before anything of it is submitted.
    pub fn name_forwarder(&mut self, id: ForwarderId, name: Arc<str>) {
        let index = id.0 as usize;
        if index >= self.names.len() {
            self.names.resize(index + 1, None);
        }
        self.names[index] = Some(name);
    }

    /// Logs what was submitted, in order, up to about `budget` bytes of lines. What is left waits.
    ///
    /// # Errors
    /// The log's, when it is poisoned.
    pub fn ingest(
        &mut self,
        budget: usize,
        now: impl Fn() -> RecordTime,
    ) -> Result<Ingested, WalError> {
        let mut left = budget;
        let mut ingested = Ingested::All;
        while let Some(inbound) = self.inbox.pop_front() {
            if let Inbound::Batch(batch) = &inbound {
                left = left.saturating_sub(batch.bytes.len());
            }
            let rest = match inbound {
                Inbound::Batch(batch) => self.take_batch(batch, &now)?.map(Inbound::Batch),
                Inbound::Fence {
                    forwarder,
                    connection,
                } => {
                    self.take_fence(&forwarder, connection);
                    None
                }
                Inbound::Skip {
                    forwarder,
                    number,
                    connection,
                } => self
                    .take_skip(&forwarder, number, connection, &now)?
                    .then_some(Inbound::Skip {
                        forwarder,
                        number,
                        connection,
                    }),
            };
            if let Some(rest) = rest {
                self.inbox.push_front(rest);
                ingested = Ingested::Full;
                break;
            }
            if left == 0 && !self.inbox.is_empty() {
                ingested = Ingested::Budget;
                break;
            }
        }
        self.metrics
            .intake_stopped
            .set(u64::from(ingested == Ingested::Full));
        if self.durability == Durability::Os && self.batch_time.take().is_some() {
            // What is acknowledged now must survive a kill: the batch counts from its header on.
            self.log.close_batch();
        }
        Ok(ingested)
    }

    fn batch_time(&mut self, now: &impl Fn() -> RecordTime) -> RecordTime {
        match self.batch_time {
            Some(time) => time,
            None => *self.batch_time.insert(self.log.begin_batch(now())),
        }
    }

    /// Gives the batch back where the log has no room.
    fn take_batch(
        &mut self,
        mut batch: Box<RoutedBatch>,
        now: &impl Fn() -> RecordTime,
    ) -> Result<Option<Box<RoutedBatch>>, WalError> {
        if let Some(greeted) = &batch.forwarder {
            if !self.numbering.admits(greeted.id, greeted.generation) {
                self.outbound.push(Outbound::Fenced {
                    connection: batch.connection,
                });
                self.recycle_unstepped(batch);
                return Ok(None);
            }
            if !mutant_active(Mutant::HighestNumber) {
                self.numbering.advance(greeted.id, batch.watermark);
            }
        }
        let time = self.batch_time(now);
        if !self.append_lines(&mut batch, time)? {
            self.batch_time = None;
            return Ok(Some(batch));
        }
        let (connection, chunk) = (batch.connection, batch.chunk);
        let duplicates = || batch.lines.iter().all(|line| line.lsn == Lsn(0));
        let early = mutant_active(Mutant::AckBeforeSync)
            || (mutant_active(Mutant::DuplicateAtOnce) && duplicates());
        if early || self.durability == Durability::Os {
            self.outbound.push(Outbound::Acked { connection, chunk });
        }
        if !early {
            let covered = self.log.appended().lsn;
            self.acks.push_back(Waiting {
                covered,
                promise: Promise::Ack { connection, chunk },
            });
        }
        self.acknowledge();
        self.stepper.enqueue(batch, &mut self.recycled);
        Ok(None)
    }

    /// A batch cut off by a fence or never taken: parts of it may be logged and must be stepped.
    fn recycle_unstepped(&mut self, batch: Box<RoutedBatch>) {
        if batch.taken == 0 {
            self.recycled.push(batch);
        } else {
            self.stepper.enqueue(batch, &mut self.recycled);
        }
    }

    /// Appends the batch's lines from `taken` on. False where the log has no room for the next.
    fn append_lines(
        &mut self,
        batch: &mut RoutedBatch,
        time: RecordTime,
    ) -> Result<bool, WalError> {
        let (mut messages, mut malformed, mut duplicates, mut bytes) = (0, 0, 0, 0);
        let mut room = true;
        while batch.taken < batch.lines.len() {
            let mut line = batch.lines[batch.taken];
            line.time = time;
            let lsn = self.log.appended().lsn.next();
            let new = match &batch.forwarder {
                Some(greeted) => self.numbering.admit(greeted.id, line.number, lsn),
                None => true,
            };
            if new {
                match self.append_line(batch, &line) {
                    Ok(lsn) => line.lsn = lsn,
                    Err(AppendError::Full { .. }) => {
                        if let Some(greeted) = &batch.forwarder {
                            self.numbering.retract(greeted.id, line.number);
                        }
                        room = false;
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
                bytes += u64::from(line.length);
                match line.defect {
                    None => messages += 1,
                    Some(_) => malformed += 1,
                }
            } else {
                line.lsn = Lsn(0);
                duplicates += 1;
            }
            batch.lines[batch.taken] = line;
            batch.taken += 1;
        }
        self.metrics.messages.add(messages);
        self.metrics.malformed.add(malformed);
        self.metrics.duplicates.add(duplicates);
        self.metrics.message_bytes.add(bytes);
        Ok(room)
    }

    #[inline]
    fn append_line(&mut self, batch: &RoutedBatch, line: &Line) -> Result<Lsn, AppendError> {
        let mut sender_bytes = [0; SENDER_MAX_BYTES];
        let sender = Sender {
            name: batch.name(),
            number: line.number,
        };
        let head = record::put_sender(&mut sender_bytes, sender);
        let (sender, raw) = (&sender_bytes[..head], batch.line_bytes(line));
        match line.defect {
            None => self.log.append(RecordKind::Message, &[sender, raw]),
            Some(defect) => {
                let defect = record::defect_bytes(defect);
                self.log
                    .append(RecordKind::Malformed, &[sender, &defect, raw])
            }
        }
    }

    fn take_fence(&mut self, forwarder: &Greeted, connection: ConnectionId) {
        self.name_forwarder(forwarder.id, Arc::clone(&forwarder.name));
        self.numbering.fence(forwarder.id, forwarder.generation);
        let promise = Promise::Fence {
            forwarder: forwarder.id,
            connection,
        };
        self.fences.push_back(Waiting {
            covered: self.log.appended().lsn,
            promise,
        });
        self.answer_fences();
    }

    /// True where the log has no room.
    fn take_skip(
        &mut self,
        forwarder: &Greeted,
        number: u64,
        connection: ConnectionId,
        now: &impl Fn() -> RecordTime,
    ) -> Result<bool, WalError> {
        if !self.numbering.admits(forwarder.id, forwarder.generation) {
            self.outbound.push(Outbound::Fenced { connection });
            return Ok(false);
        }
        self.batch_time(now);
        let mut bytes = [0; SENDER_MAX_BYTES];
        let head = record::put_sender(
            &mut bytes,
            Sender {
                name: &forwarder.name,
                number,
            },
        );
        let lsn = match self.log.append(RecordKind::Skip, &[&bytes[..head]]) {
            Ok(lsn) => lsn,
            Err(AppendError::Full { .. }) => {
                self.batch_time = None;
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        let promise = Promise::Skip {
            forwarder: forwarder.id,
            number,
            connection,
        };
        self.fences.push_back(Waiting {
            covered: lsn,
            promise,
        });
        Ok(false)
    }

    /// Puts another rule set into force from the next record on.
    ///
    /// # Errors
    /// The log's; with `AppendError::Full` call again when it has room.
    pub fn put_rules(&mut self, hash: RulesHash, now: RecordTime) -> Result<(), AppendError> {
        self.batch_time(&|| now);
        let appended = self.log.append(RecordKind::Rules, &[&hash]);
        if appended.is_err() {
            self.batch_time = None;
        }
        appended.map(drop)
    }

    /// What to sync now, if anything and if no sync is under way.
    pub fn begin_commit(&mut self) -> Option<Commit> {
        if self.committing.is_some() {
            return None;
        }
        let commit = self.log.begin_commit();
        self.batch_time = None;
        let commit = commit?;
        self.committing = Some(commit.through());
        Some(commit)
    }

    /// Whether a sync is under way.
    #[must_use]
    pub fn is_committing(&self) -> bool {
        self.committing.is_some()
    }

    /// The sync's result.
    ///
    /// # Errors
    /// If it failed: the shard is poisoned and gives nothing more out.
    pub fn end_commit(&mut self, commit: Commit, result: io::Result<()>) -> Result<(), WalError> {
        self.committing = None;
        self.log.end_commit(commit, result)?;
        self.metrics.syncs.add(1);
        self.acknowledge();
        self.answer_fences();
        self.release();
        Ok(())
    }

    /// The last record whose promises may be kept.
    fn covered(&self) -> Lsn {
        match self.durability {
            Durability::Sync => self.log.durable().lsn,
            Durability::Os => self.log.appended().lsn,
        }
    }

    /// Keeps the promises that the last sync covers. With `os` the acknowledgement went before, and
    /// this tells that the watermark may follow.
    fn acknowledge(&mut self) {
        let durable = self.log.durable().lsn;
        while self
            .acks
            .front()
            .is_some_and(|waiting| waiting.covered <= durable)
        {
            let Some(Waiting { promise, .. }) = self.acks.pop_front() else {
                break;
            };
            if let Promise::Ack { connection, chunk } = promise {
                self.outbound.push(match self.durability {
                    Durability::Sync => Outbound::Acked { connection, chunk },
                    Durability::Os => Outbound::Synced { connection, chunk },
                });
            }
        }
    }

    /// Fences and skips wait for the real sync, with `os` too: W must never pass what is on disk.
    fn answer_fences(&mut self) {
        let durable = self.log.durable().lsn;
        while self
            .fences
            .front()
            .is_some_and(|waiting| waiting.covered <= durable)
        {
            let Some(waiting) = self.fences.pop_front() else {
                break;
            };
            self.outbound.push(match waiting.promise {
                Promise::Fence {
                    forwarder,
                    connection,
                } => {
                    let mark = self.numbering.mark(forwarder, durable);
                    Outbound::FencePassed { connection, mark }
                }
                Promise::Skip {
                    forwarder,
                    number,
                    connection,
                } => {
                    self.numbering.advance(forwarder, number);
                    Outbound::Skipped { connection, number }
                }
                Promise::Ack { connection, chunk } => Outbound::Acked { connection, chunk },
            });
        }
    }

    /// Steps up to `budget` records and hands on the rows that are covered.
    ///
    /// # Errors
    /// The log's, when it cannot be read.
    pub fn step(&mut self, budget: usize) -> Result<Stopped, WalError> {
        let boundary = self.committing.map(|through| through.lsn);
        let stopped = self.stepper.step(
            &self.log,
            &mut self.lanes,
            boundary,
            budget,
            &mut self.recycled,
        )?;
        self.release();
        Ok(stopped)
    }

    fn release(&mut self) {
        let covered = self.covered();
        let position = self.stepper.position();
        let settled = position.min(self.log.durable());
        for lane in &mut self.lanes {
            if position.lsn <= covered {
                lane.seal(position);
            }
            lane.release(covered);
            lane.settle(settled);
        }
    }

    /// Takes the writers' confirmations and hands on what waited for room.
    pub fn poll_lanes(&mut self, mut confirmed: impl FnMut(Confirmed)) {
        for lane in &mut self.lanes {
            lane.poll(&mut confirmed);
        }
        self.release();
    }

    /// What goes to other shards and connections.
    pub fn take_outbound(&mut self, out: &mut Vec<Outbound>) {
        out.append(&mut self.outbound);
        out.extend(self.recycled.drain(..).map(Outbound::Recycle));
    }

    /// The cursors as they may be saved now.
    #[must_use]
    pub fn cursors(&self) -> Cursors {
        Cursors {
            durable: self.log.durable().into(),
            lanes: self
                .lanes
                .iter()
                .map(|lane| SavedCursor {
                    sink: lane.sink().to_owned(),
                    writer: lane.writer(),
                    position: lane.saved_cursor().into(),
                    rows: lane.rows_confirmed().into(),
                    spilled: lane.spilled_through().into(),
                })
                .collect(),
        }
    }

    /// What is to be saved now: cursors, if they or the durable end have moved since the last call,
    /// and what of the spill is to be synced first.
    pub fn begin_save(&mut self) -> Option<(Vec<SpillSync>, Cursors)> {
        let mut sync = Vec::new();
        for lane in &mut self.lanes {
            sync.push(lane.take_spill_sync());
        }
        let cursors = self.cursors();
        let unchanged = cursors == self.saved_cursors
            && sync.iter().all(SpillSync::is_empty)
            && self.complete_checkpoint().is_none();
        (!unchanged).then(|| {
            self.saved_cursors.clone_from(&cursors);
            (sync, cursors)
        })
    }

    /// The cursors of the last save are durable: what they have passed may leave the spill.
    pub fn cursors_saved(&mut self) {
        for (lane, saved) in self.lanes.iter_mut().zip(&self.saved_cursors.lanes) {
            lane.cursor_saved(saved.position.into());
        }
    }

    /// Lets lanes that hold all they may for longer than the grace spill; true where one is full and
    /// has time left.
    pub fn spill_stuck(&mut self, now: RecordTime) -> bool {
        let mut waiting = false;
        for lane in &mut self.lanes {
            waiting |= lane.spill_if_stuck(now);
        }
        waiting
    }

    /// Lets lanes whose files had no room try again.
    pub fn retry_spills(&mut self) {
        self.lanes.iter_mut().for_each(ShardLane::retry_spill);
    }

    /// Tells which lanes have begun to spill, and which are done with it, since the last call.
    pub fn take_spill_changes(&mut self, mut tell: impl FnMut(&ShardLane, bool)) {
        for lane in &mut self.lanes {
            if let Some(spills) = lane.take_spill_change() {
                tell(lane, spills);
            }
        }
    }

    /// What the lanes want of their files.
    pub fn take_spill_orders(&mut self, mut order: impl FnMut(usize, SpillOrder)) {
        let durable = self.log.durable().lsn;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if let Some(wanted) = lane.take_spill_order(durable) {
                order(index, wanted);
            }
        }
    }

    /// An order was carried out.
    ///
    /// # Errors
    /// The files cannot be used: the shard must end.
    pub fn spill_done(&mut self, lane: usize, done: SpillDone) -> Result<(), SpillError> {
        self.lanes[lane].spill_done(done)
    }

    /// Takes the state at the last position that is both stepped and durable as the next checkpoint,
    /// unless one is pending or nothing has changed. Where a batch of rows lies across that position the
    /// next call decides. A lane that keeps a checkpoint waiting for longer than the grace spills.
    pub fn begin_checkpoint(&mut self, now: RecordTime) {
        let (stepped, durable) = (self.stepper.position(), self.log.durable());
        let position = stepped.min(durable);
        if mutant_active(Mutant::UnlinkBeforeCursor) {
            self.log.set_deletable(position);
        }
        if let Some(pending) = &self.pending_checkpoint {
            for lane in &mut self.lanes {
                lane.seal_now(stepped);
            }
            if now.0 - self.pending_since.0 >= limits::CHECKPOINT_GRACE_US {
                let pending = pending.position.into();
                let late = |lane: &&mut ShardLane| !lane.has_secured(pending);
                self.lanes
                    .iter_mut()
                    .filter(late)
                    .for_each(ShardLane::begin_spill);
            }
            return;
        }
        // At rest the same checkpoint is written once more, so that both slots hold it.
        let both = self.earlier_checkpoint >= self.saved_checkpoint;
        if position < self.saved_checkpoint || (position == self.saved_checkpoint && both) {
            return;
        }
        if self.lanes.iter().any(|lane| lane.straddles(position)) {
            return;
        }
        for lane in &mut self.lanes {
            lane.seal_now(stepped);
        }
        self.pending_since = now;
        let Some(rules) = self.stepper.rules_at(position) else {
            return;
        };
        let mut forwarders = Vec::new();
        for index in 0..self.numbering.len() {
            let Some(Some(name)) = self.names.get(index as usize) else {
                continue;
            };
            let mark = self.numbering.mark(ForwarderId(index), position.lsn);
            forwarders.push(ForwarderMark {
                name: name.to_string(),
                watermark: mark.watermark,
                above: mark.above,
            });
        }
        self.pending_checkpoint = Some(Checkpoint {
            position: position.into(),
            rules,
            forwarders,
        });
    }

    /// The pending checkpoint, once every lane has confirmed all rows up to it, or has them in files
    /// that the save under way syncs.
    #[must_use]
    pub fn complete_checkpoint(&self) -> Option<&Checkpoint> {
        let pending = self.pending_checkpoint.as_ref()?;
        let position = Position::from(pending.position);
        self.lanes
            .iter()
            .all(|lane| lane.has_secured(position))
            .then_some(pending)
    }

    /// The complete checkpoint and the cursors that permit it are on disk: log below the one before it
    /// may go, as far as retention lets it. Either of the two slots can then be lost.
    pub fn checkpoint_saved(&mut self) {
        if let Some(saved) = self.pending_checkpoint.take() {
            self.earlier_checkpoint =
                std::mem::replace(&mut self.saved_checkpoint, saved.position.into());
            self.log.set_deletable(self.earlier_checkpoint);
        }
    }

    /// Whether everything that was submitted is logged and synced.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        self.inbox.is_empty()
            && self.committing.is_none()
            && self.log.durable().lsn >= self.log.appended().lsn
    }

    /// Whether nothing is left to do before an orderly end.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.is_committed()
            && self.stepper.position().lsn >= self.log.appended().lsn
            && self.lanes.iter().all(ShardLane::is_drained)
    }

    /// Publishes what changes with every turn; `now` is the wall clock.
    pub fn publish(&self, now: RecordTime) {
        let metrics = &self.metrics;
        metrics.published.set(now.0.max(0) as u64);
        metrics.appended.set(self.log.appended().lsn.0);
        metrics.durable.set(self.log.durable().lsn.0);
        metrics.position.set(self.stepper.position().lsn.0);
        metrics.log_bytes.set(self.log.stats().log_bytes);
        for (index, lane) in self.lanes.iter().enumerate() {
            metrics.cursors[index].set(lane.cursor().lsn.0);
            metrics.unconfirmed[index].set(lane.unconfirmed_rows() as u64);
            let (bytes, rows, dropped) = lane.spilled();
            metrics.spilled_bytes[index].set(bytes);
            metrics.spilled_rows[index].set(rows);
            metrics.spill_dropped[index].set(dropped);
            let oldest = lane
                .oldest_unconfirmed()
                .map_or(0, |time| time.0.max(1) as u64);
            metrics.oldest_unconfirmed[index].set(oldest);
        }
    }

    /// The log, to look at.
    #[must_use]
    pub fn log(&self) -> &Log<S> {
        &self.log
    }

    /// The log, for its upkeep.
    pub fn log_mut(&mut self) -> &mut Log<S> {
        &mut self.log
    }

    /// Lets a lane spill whatever it holds.
    #[cfg(test)]
    pub fn force_spill(&mut self, lane: usize) {
        self.lanes[lane].begin_spill();
    }

    /// The lanes, to look at.
    #[must_use]
    pub fn lanes(&self) -> &[ShardLane] {
        &self.lanes
    }

    /// Memory of logged batches that wait for the step.
    #[must_use]
    pub fn step_backlog_bytes(&self) -> usize {
        self.stepper.backlog_bytes()
    }
}
