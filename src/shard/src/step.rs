//! The step: records in, rows into lanes. From memory while the step keeps up with the log, from the
//! log where it fell behind (a start's replay is nothing else).

use crate::lane::ShardLane;
use crate::message::{Line, RoutedBatch};
use crate::metrics::ShardMetrics;
use crate::output::{SinkBinding, StepOutput, Stepped};
use crate::record::{self, Defect, Payload, PayloadError, RulesHash, Sender};
use rookery_engine::{Engine, Record, RecordInput};
use rookery_model::{DeadLetter, Lsn, Position, ShardId, Stage, limits};
use rookery_runtime::storage::Storage;
use rookery_sinks::DeadLetterEncoder;
use rookery_wal::{Log, LogReader, RecordKind, RecordRef};
use std::collections::VecDeque;
use std::sync::Arc;

/// A rule set made ready for one shard.
pub struct ActiveRules {
    /// Its content hash.
    pub hash: RulesHash,
    /// Its compiled rules with this shard's buffers.
    pub engine: Engine,
    /// By sink.
    pub bindings: Vec<SinkBinding>,
    /// By rule.
    pub rule_names: Vec<String>,
}

/// What does not change while a shard runs.
pub struct StepConfig {
    /// Which shard.
    pub shard: ShardId,
    /// Top-level key that names the device.
    pub device_key: Arc<str>,
    /// Frame limit, for the words of dead letters.
    pub frame_max_bytes: usize,
}

/// What the step does with a record.
#[derive(Clone, Copy)]
enum Input {
    Message,
    Malformed(Defect),
    Rules,
}

/// Steps one shard's records in order.
pub struct Stepper<S: Storage> {
    config: StepConfig,
    rules: Vec<ActiveRules>,
    /// Index of the set in force; none before the first `rules` record.
    active: Option<usize>,
    /// Where the set in force was put into force.
    rules_since: Lsn,
    position: Position,
    dead_letters: DeadLetterEncoder,
    queue: VecDeque<Box<RoutedBatch>>,
    queue_bytes: usize,
    next_line: usize,
    reader: Option<LogReader<S>>,
    scratch: Vec<u8>,
    metrics: Arc<ShardMetrics>,
}

/// Why stepping stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Everything that can be read is stepped.
    CaughtUp,
    /// The budget is used up.
    Budget,
    /// A lane holds all it may.
    LaneFull,
}

impl<S: Storage> Stepper<S> {
    /// A stepper whose state is that of `position`.
    #[must_use]
    pub fn new(
        config: StepConfig,
        rules: Vec<ActiveRules>,
        active: Option<RulesHash>,
        position: Position,
        metrics: Arc<ShardMetrics>,
    ) -> Self {
        let active = active.and_then(|hash| rules.iter().position(|set| set.hash == hash));
        Self {
            config,
            rules,
            active,
            rules_since: Lsn(0),
            position,
            dead_letters: DeadLetterEncoder::new(),
            queue: VecDeque::new(),
            queue_bytes: 0,
            next_line: 0,
            reader: None,
            scratch: Vec::new(),
            metrics,
        }
    }

    /// Every record up to it is stepped.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Memory of the batches that wait.
    #[must_use]
    pub fn backlog_bytes(&self) -> usize {
        self.queue_bytes
    }

    /// The rule set in force at `position`, unless a later one came into force after it.
    #[must_use]
    pub fn rules_at(&self, position: Position) -> Option<Option<RulesHash>> {
        (self.rules_since <= position.lsn).then(|| self.active.map(|index| self.rules[index].hash))
    }

    /// Takes a batch whose lines are logged. Gives back buffers that are not needed for stepping.
    pub fn enqueue(&mut self, batch: Box<RoutedBatch>, recycle: &mut Vec<Box<RoutedBatch>>) {
        self.queue_bytes += batch.held_bytes();
        self.queue.push_back(batch);
        while self.queue_bytes > limits::STEP_QUEUE_BYTES {
            let Some(oldest) = self.queue.pop_front() else {
                break;
            };
            self.queue_bytes -= oldest.held_bytes();
            self.next_line = 0;
            recycle.push(oldest);
        }
    }

    /// Steps up to `budget` records. Where it passes `boundary`, the end of the commit under way, the
    /// lanes' batches are cut, so that what the sync covers can leave.
    ///
    /// # Errors
    /// The log's, when it cannot be read.
    pub fn step(
        &mut self,
        log: &Log<S>,
        lanes: &mut [ShardLane],
        boundary: Option<Lsn>,
        budget: usize,
        recycle: &mut Vec<Box<RoutedBatch>>,
    ) -> Result<Stopped, rookery_wal::WalError> {
        let mut left = budget;
        let end = log.appended();
        while left > 0 {
            if self.position.lsn >= end.lsn {
                return Ok(Stopped::CaughtUp);
            }
            if lanes.iter().any(ShardLane::is_full) {
                return Ok(Stopped::LaneFull);
            }
            self.drop_stepped_lines(recycle);
            let next = self.position.lsn.next();
            let stepped = match self.front_line() {
                Some(line) if line.lsn == next => {
                    self.step_memory(end, lanes, boundary, left, recycle)
                }
                _ => self.step_log(log, lanes, boundary, left)?,
            };
            if stepped == 0 {
                return Ok(Stopped::CaughtUp);
            }
            left = left.saturating_sub(stepped);
        }
        Ok(Stopped::Budget)
    }

    fn front_line(&self) -> Option<&Line> {
        self.queue
            .front()
            .and_then(|batch| batch.lines.get(self.next_line))
    }

    /// Passes over lines that have no record of their own or were stepped from the log.
    fn drop_stepped_lines(&mut self, recycle: &mut Vec<Box<RoutedBatch>>) {
        while let Some(batch) = self.queue.front() {
            let rest = &batch.lines[self.next_line..batch.taken];
            match rest.iter().position(|line| line.lsn > self.position.lsn) {
                Some(skip) => {
                    self.next_line += skip;
                    return;
                }
                None => {
                    if let Some(done) = self.queue.pop_front() {
                        self.queue_bytes -= done.held_bytes();
                        self.next_line = 0;
                        recycle.push(done);
                    }
                }
            }
        }
    }

    /// Steps lines of the front batch. `end` gives the term that they were appended in.
    fn step_memory(
        &mut self,
        end: Position,
        lanes: &mut [ShardLane],
        boundary: Option<Lsn>,
        budget: usize,
        recycle: &mut Vec<Box<RoutedBatch>>,
    ) -> usize {
        let Some(batch) = self.queue.pop_front() else {
            return 0;
        };
        let mut stepped = 0;
        while stepped < budget && self.next_line < batch.taken {
            let line = batch.lines[self.next_line];
            if line.lsn > self.position.lsn {
                if line.lsn != self.position.lsn.next() {
                    break;
                }
                let position = Position::new(end.term, line.lsn);
                self.pass_boundary(lanes, boundary, position);
                let record = Stepped {
                    position,
                    time: line.time,
                    sender: Sender {
                        name: batch.name(),
                        number: line.number,
                    },
                    device: line.device,
                    raw: batch.line_bytes(&line),
                };
                let input = line.defect.map_or(Input::Message, Input::Malformed);
                self.step_input(record, input, lanes);
                stepped += 1;
            }
            self.next_line += 1;
        }
        if self.next_line >= batch.taken {
            self.queue_bytes -= batch.held_bytes();
            self.next_line = 0;
            recycle.push(batch);
        } else {
            self.queue.push_front(batch);
        }
        self.metrics.stepped.add(stepped as u64);
        stepped
    }

    fn step_log(
        &mut self,
        log: &Log<S>,
        lanes: &mut [ShardLane],
        boundary: Option<Lsn>,
        budget: usize,
    ) -> Result<usize, rookery_wal::WalError> {
        let mut reader = match self.reader.take() {
            Some(reader) if reader.position() == self.position => reader,
            _ => log.reader(self.position),
        };
        let until = self.front_line().map(|line| line.lsn);
        let mut stepped = 0;
        while stepped < budget {
            if until.is_some_and(|lsn| lsn == self.position.lsn.next()) {
                break;
            }
            let Some(record) = reader.next(log)? else {
                break;
            };
            self.pass_boundary(lanes, boundary, record.position);
            self.step_record(&record, lanes);
            stepped += 1;
        }
        self.reader = Some(reader);
        self.metrics.stepped.add(stepped as u64);
        Ok(stepped)
    }

    fn pass_boundary(&self, lanes: &mut [ShardLane], boundary: Option<Lsn>, next: Position) {
        if boundary.is_some_and(|end| self.position.lsn <= end && next.lsn > end) {
            for lane in lanes {
                lane.seal(self.position);
            }
        }
    }

    fn step_record(&mut self, record: &RecordRef<'_>, lanes: &mut [ShardLane]) {
        let (position, time) = (record.position, record.time);
        match Self::read(record) {
            Ok(Some(Payload::Message { sender, raw })) => {
                let device = crate::route::device_of(
                    raw,
                    &self.config.device_key,
                    sender.name,
                    &mut self.scratch,
                );
                let stepped = Stepped {
                    position,
                    time,
                    sender,
                    device,
                    raw,
                };
                self.step_input(stepped, Input::Message, lanes);
            }
            Ok(Some(Payload::Malformed {
                sender,
                defect,
                raw,
            })) => {
                let device = crate::route::device_of_name(sender.name);
                let stepped = Stepped {
                    position,
                    time,
                    sender,
                    device,
                    raw,
                };
                self.step_input(stepped, Input::Malformed(defect), lanes);
            }
            Ok(Some(Payload::Rules(hash))) => {
                self.active = self.rules.iter().position(|set| set.hash == hash);
                self.rules_since = position.lsn;
                let sender = Sender {
                    name: "",
                    number: 0,
                };
                let stepped = Stepped {
                    position,
                    time,
                    sender,
                    device: 0,
                    raw: b"",
                };
                self.step_input(stepped, Input::Rules, lanes);
            }
            Ok(Some(Payload::Skip { .. }) | None) => {}
            Err(error) => self.unreadable(record, error, lanes),
        }
        self.position = position;
    }

    fn read<'a>(record: &RecordRef<'a>) -> Result<Option<Payload<'a>>, PayloadError> {
        match record.kind {
            RecordKind::Message => record::read_message(record.payload).map(Some),
            RecordKind::Malformed => record::read_malformed(record.payload).map(Some),
            RecordKind::Skip => record::read_skip(record.payload).map(Some),
            RecordKind::Rules => record::read_rules(record.payload).map(Some),
            RecordKind::Start | RecordKind::Tick | RecordKind::Exchange | RecordKind::Answer => {
                Ok(None)
            }
        }
    }

    #[inline]
    fn step_input(&mut self, line: Stepped<'_>, input: Input, lanes: &mut [ShardLane]) {
        let active = self.active.map(|index| &mut self.rules[index]);
        let (engine, bindings, rule_names) = match active {
            Some(set) => (
                Some(&mut set.engine),
                &mut set.bindings[..],
                &set.rule_names[..],
            ),
            None => (None, &mut [][..], &[][..]),
        };
        let mut output = StepOutput {
            shard: self.config.shard,
            record: line,
            bindings,
            lanes,
            dead_letters: &mut self.dead_letters,
            device_key: &self.config.device_key,
            rule_names,
            metrics: &self.metrics,
            dead: 0,
        };
        let kind = match input {
            Input::Message => Some(RecordInput::Message(line.raw)),
            Input::Rules => Some(RecordInput::Rules),
            Input::Malformed(defect) => {
                output.malformed(defect, self.config.frame_max_bytes);
                None
            }
        };
        if let (Some(kind), Some(engine)) = (kind, engine) {
            let record = Record {
                shard: self.config.shard,
                position: line.position,
                time: line.time,
                forwarder: line.sender.name,
                kind,
            };
            engine.step(&record, &mut output);
        }
        for lane in output.lanes {
            lane.seal_if_large(line.position);
        }
        self.position = line.position;
    }

    #[cold]
    fn unreadable(&mut self, record: &RecordRef<'_>, error: PayloadError, lanes: &mut [ShardLane]) {
        let mut output = StepOutput {
            shard: self.config.shard,
            record: Stepped {
                position: record.position,
                time: record.time,
                sender: Sender {
                    name: "",
                    number: 0,
                },
                device: 0,
                raw: record.payload,
            },
            bindings: &mut [],
            lanes,
            dead_letters: &mut self.dead_letters,
            device_key: &self.config.device_key,
            rule_names: &[],
            metrics: &self.metrics,
            dead: 0,
        };
        let reason = error.to_string();
        rookery_engine::Output::dead_letter(
            &mut output,
            DeadLetter {
                stage: Stage::Parse,
                rule: None,
                code: "E1121",
                reason: &reason,
                raw: record.payload,
            },
        );
    }
}
