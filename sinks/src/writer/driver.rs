//! The writer as a state machine: it is asked for a turn at a moment, does one thing, and says when
//! it wants the next.
//!
//! A batch goes lane -> `queue` -> (handed over) -> `handed` -> confirmed. An error of the target moves
//! `handed` back to the front of `queue`, in order. A partial answer keeps its whole request at the
//! front of `queue`, each batch narrowed to the rows that go again, until all are dealt with: so a
//! lane's batches are confirmed in order and whole.

use super::health::Health;
use super::held::{Held, select_retries};
use super::lane_state::{LaneState, Rewound};
use super::{RejectedRow, RejectedRows, WriterEnd, WriterSetup};
use crate::{Batching, LaneCursor, SinkError, SinkMetrics, SinkWriter, Verdicts};
use rookery_model::limits;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::warn;

/// What the driver wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Another turn at once.
    Again,
    /// A turn at the given time (none: never), or earlier when rows come if `for_rows`.
    Wait {
        until: Option<Instant>,
        for_rows: bool,
    },
    /// All is confirmed, and `drain` was called.
    Drained,
}

/// An answer whose consequences are not all done.
struct Answer {
    /// Batches of `queue` that the request was made of.
    batches: usize,
    verdicts: Verdicts,
}

/// How long the driver sleeps while a shard looks for rows; it is woken by the answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(1);

/// How long the driver sleeps at a stretch while a request lingers: pushes do not wake it then, so a
/// request that has filled up is noticed at the end of the nap. A lane holds far more than comes in it.
const LINGER_NAP: Duration = Duration::from_millis(20);

pub(crate) struct Driver {
    name: String,
    writer: Box<dyn SinkWriter>,
    batching: Batching,
    confirm_interval: Duration,
    lanes: Vec<LaneState>,
    metrics: Arc<SinkMetrics>,
    rejected: RejectedRows,
    connected: bool,
    /// Nothing is tried before this.
    hold_until: Option<Instant>,
    health: Health,
    /// To be sent, in order.
    queue: VecDeque<Held>,
    queue_rows: usize,
    queue_bytes: usize,
    /// When the last request left: the next lingers from there, so that a row after a pause does not.
    sent_at: Option<Instant>,
    answer: Option<Answer>,
    /// `queue` holds rows that the target is to be asked about.
    asks: bool,
    /// This many batches at the front of `queue` are an answered request's; they go alone.
    again: usize,
    handed: Vec<Held>,
    handed_weight: usize,
    /// End of the last confirmation.
    confirmed_at: Option<Instant>,
    /// The lane that is asked first; each in turn.
    next_lane: usize,
    draining: bool,
}

impl Driver {
    pub(crate) fn new(setup: WriterSetup) -> Self {
        let confirm_interval = setup.writer.confirm_interval();
        let lanes = setup.lanes.into_iter().map(LaneState::new);
        Self {
            health: Health::new(setup.name.clone(), Arc::clone(&setup.metrics)),
            name: setup.name,
            writer: setup.writer,
            batching: setup.batching,
            confirm_interval,
            lanes: lanes.collect(),
            metrics: setup.metrics,
            rejected: setup.rejected,
            connected: false,
            hold_until: None,
            queue: VecDeque::new(),
            queue_rows: 0,
            queue_bytes: 0,
            sent_at: None,
            answer: None,
            asks: false,
            again: 0,
            handed: Vec::new(),
            handed_weight: 0,
            confirmed_at: None,
            next_lane: 0,
            draining: false,
        }
    }

    /// From now on nothing lingers, and `turn` says when all is done.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
    }

    /// Does the next thing that can be done at `now`.
    pub(crate) fn turn(&mut self, now: Instant) -> Turn {
        if let Some(until) = self.hold_until {
            if now < until {
                return Turn::Wait {
                    until: Some(until),
                    for_rows: false,
                };
            }
            self.hold_until = None;
        }
        if !self.connected {
            self.open(now);
            return Turn::Again;
        }
        if self.answer.is_some() {
            self.settle(now);
            return Turn::Again;
        }
        let confirm_at = self.confirm_at(now);
        if confirm_at.is_some_and(|at| now >= at) {
            self.confirm(now);
            return Turn::Again;
        }
        if self.again == 0 && self.lanes.iter().any(LaneState::is_rewinding) {
            return self.rewind(now);
        }
        self.gather();
        if self.asks {
            self.look_back(now);
            return Turn::Again;
        }
        match self.send_at(now) {
            Some(at) if now >= at => {
                self.send(now);
                Turn::Again
            }
            Some(at) => Turn::Wait {
                until: confirm_at.into_iter().chain([at, now + LINGER_NAP]).min(),
                for_rows: false,
            },
            None if confirm_at.is_none() && self.draining => Turn::Drained,
            None => Turn::Wait {
                until: confirm_at,
                for_rows: true,
            },
        }
    }

    /// Closes the writer and counts what is left.
    pub(crate) fn end(mut self) -> WriterEnd {
        if self.connected
            && let Err(error) = self.writer.close()
        {
            warn!(sink = %self.name, %error, "sink did not close in order");
        }
        let held = self.queue.iter().chain(&self.handed);
        let held = held.filter(|held| !held.lost);
        let (mut batches, mut rows) = (0, 0);
        for held in held {
            batches += 1;
            rows += held.batch.rows.len();
        }
        for lane in &self.lanes {
            while let Some(batch) = lane.lane.lane.pop() {
                batches += 1;
                rows += batch.rows.len();
            }
        }
        match batches {
            0 => WriterEnd::Drained,
            _ => WriterEnd::Unconfirmed { batches, rows },
        }
    }

    fn open(&mut self, now: Instant) {
        // What was handed over and not confirmed goes again, before everything else.
        for held in self.handed.drain(..).rev() {
            self.queue_rows += held.batch.rows.len();
            self.queue_bytes += held.batch.bytes.len();
            self.queue.push_front(held);
        }
        self.handed_weight = 0;
        self.answer = None;
        self.again = 0;
        let keys: Vec<_> = self.lanes.iter().map(|lane| lane.key).collect();
        let cursors = match self.writer.open(&keys) {
            Ok(cursors) => cursors,
            Err(error) => return self.failed(now, &error),
        };
        assert_eq!(cursors.len(), keys.len(), "one cursor for each lane");
        self.connected = true;
        for (lane, cursor) in self.lanes.iter_mut().zip(cursors) {
            lane.meet(cursor, &self.name, &self.metrics);
        }
        self.drop_lost();
        let mut skipped = 0;
        for held in &mut self.queue {
            skipped += held.reset(self.lanes[held.lane].at_target);
            self.asks |= held.unanswered().is_some();
        }
        self.metrics.skipped(skipped);
        self.health.opened();
        if self.queue.is_empty() {
            self.health.works(now);
        }
    }

    /// Lets go what was on its way back to a target: it is asked for again.
    fn drop_lost(&mut self) {
        for held in self.queue.iter().filter(|held| held.lost) {
            self.queue_rows -= held.batch.rows.len();
            self.queue_bytes -= held.batch.bytes.len();
        }
        self.queue.retain(|held| !held.lost);
    }

    /// A target went back: the next piece of what is still held for it goes before everything else.
    fn rewind(&mut self, now: Instant) -> Turn {
        if !self.handed.is_empty() {
            self.confirm(now);
            return Turn::Again;
        }
        let lanes = self.lanes.iter_mut().enumerate();
        let mut lanes = lanes.filter(|(_, lane)| lane.is_rewinding());
        let Some((index, lane)) = lanes.next() else {
            return Turn::Again;
        };
        match lane.rewind(&self.name, &self.metrics) {
            None => Turn::Again,
            // The shard unparks this thread.
            Some(Rewound::Wait) => Turn::Wait {
                until: Some(now + ANSWER_PATIENCE),
                for_rows: false,
            },
            Some(Rewound::Piece(piece)) => {
                let at_target = lane.at_target;
                self.again = piece.batches.len();
                for batch in piece.batches.into_iter().rev() {
                    let mut held = Held::new(index, Arc::new(batch), at_target);
                    held.lost = true;
                    self.asks |= held.unanswered().is_some();
                    self.queue_rows += held.batch.rows.len();
                    self.queue_bytes += held.batch.bytes.len();
                    self.queue.push_front(held);
                }
                Turn::Again
            }
        }
    }

    /// Takes batches from the lanes, one of each in turn, while the next request has room.
    fn gather(&mut self) {
        if self.again > 0 {
            return;
        }
        let mut empty = 0;
        while empty < self.lanes.len() && !self.is_full() {
            let index = self.next_lane;
            self.next_lane = (index + 1) % self.lanes.len();
            let lane = &self.lanes[index];
            let Some(batch) = lane.lane.lane.pop() else {
                empty += 1;
                continue;
            };
            empty = 0;
            if lane.lane.lane.take_shard_waits() {
                lane.lane.wake.wake();
            }
            let held = Held::new(index, batch, lane.at_target);
            self.metrics.skipped(held.skipped());
            self.asks |= held.unanswered().is_some();
            self.queue_rows += held.batch.rows.len();
            self.queue_bytes += held.batch.bytes.len();
            self.queue.push_back(held);
        }
    }

    /// Asks the target about rows of a transaction whose answer was lost, and stores what it may have
    /// refused: nothing that follows is sent before.
    fn look_back(&mut self, now: Instant) {
        let asked = self.queue.iter();
        let asked: Vec<_> = asked.filter(|held| held.unanswered().is_some()).collect();
        let parts: Vec<_> = asked.iter().filter_map(|held| held.unanswered()).collect();
        let mut verdicts = Verdicts::default();
        if let Err(error) = self.writer.look_back(&parts, &mut verdicts) {
            return self.failed(now, &error);
        }
        let lanes = (self.name.as_str(), self.lanes.as_slice());
        if let Err(error) = store_rejected(&mut self.rejected, lanes, &asked, &verdicts) {
            return self.hold(now, &error);
        }
        let refused = verdicts.rejections().len();
        self.metrics.rejected(refused);
        if refused > 0 {
            warn!(
                sink = %self.name,
                rows = refused,
                "a transaction took effect and its answer was lost: rows that the target may have \
                 refused are dead letters"
            );
        }
        self.queue.iter_mut().for_each(Held::answered);
        self.asks = false;
    }

    fn is_full(&self) -> bool {
        self.queue_rows >= self.batching.rows_max || self.queue_bytes >= self.batching.bytes_max
    }

    /// When the next request may leave; none if there is nothing to send.
    fn send_at(&self, now: Instant) -> Option<Instant> {
        if self.queue.is_empty() {
            return None;
        }
        let at_once = self.again > 0 || self.draining || self.is_full();
        match self.sent_at {
            Some(at) if !at_once => Some(at + self.batching.linger),
            _ => Some(now),
        }
    }

    /// When the next confirmation is due; none if there is nothing to confirm.
    fn confirm_at(&self, now: Instant) -> Option<Instant> {
        if self.handed.is_empty() {
            return None;
        }
        let no_more_to_send = self.queue.is_empty() && self.lanes.iter().all(LaneState::is_empty);
        // While the target fails, each request that it takes is secured before the next is tried.
        if self.health.is_failing()
            || (self.draining && no_more_to_send)
            || self.handed_weight >= limits::SINK_UNCONFIRMED_MAX_BYTES
        {
            return Some(now);
        }
        Some(match self.confirmed_at {
            Some(at) => at + self.confirm_interval,
            None => now,
        })
    }

    /// Hands the front of the queue over.
    fn send(&mut self, now: Instant) {
        let batches = self.request_len();
        let parts: Vec<_> = self
            .queue
            .iter()
            .take(batches)
            .filter_map(Held::part)
            .collect();
        let mut verdicts = Verdicts::default();
        if !parts.is_empty() {
            if let Err(error) = self.writer.write_batch(&parts, &mut verdicts) {
                return self.failed(now, &error);
            }
            let rows = parts.iter().map(|part| part.row_count()).sum();
            let bytes = parts
                .iter()
                .map(|part| match part.contiguous() {
                    Some(bytes) => bytes.len(),
                    None => part.rows().map(|row| row.bytes.len()).sum(),
                })
                .sum();
            self.metrics.handed(rows, bytes);
        }
        self.sent_at = Some(now);
        self.answer = Some(Answer { batches, verdicts });
        self.settle(now);
    }

    /// How many batches of the queue go into the next request.
    fn request_len(&self) -> usize {
        if self.again > 0 {
            return self.again;
        }
        let (mut rows, mut bytes) = (0, 0);
        let taken = self.queue.iter().take_while(|held| {
            let room = rows < self.batching.rows_max && bytes < self.batching.bytes_max;
            rows += held.batch.rows.len();
            bytes += held.batch.bytes.len();
            room
        });
        taken.count()
    }

    /// Stores the refused rows, keeps what goes again, and passes the rest on to the confirmation.
    fn settle(&mut self, now: Instant) {
        let Some(answer) = self.answer.take() else {
            return;
        };
        let sent = self.queue.iter().take(answer.batches);
        let sent: Vec<_> = sent.filter(|held| held.part().is_some()).collect();
        let lanes = (self.name.as_str(), self.lanes.as_slice());
        let stored = store_rejected(&mut self.rejected, lanes, &sent, &answer.verdicts);
        if let Err(error) = stored {
            self.answer = Some(answer);
            return self.hold(now, &error);
        }
        let request = self.queue.iter_mut().take(answer.batches);
        self.metrics.rejected(answer.verdicts.rejections().len());
        if answer.verdicts.took_nothing() {
            self.metrics
                .retried(select_retries(request, &answer.verdicts));
            self.again = answer.batches;
            return;
        }
        if !answer.verdicts.retries().is_empty() {
            let rows = select_retries(request, &answer.verdicts);
            self.metrics.retried(rows);
            self.again = answer.batches;
            return self.hold(now, &SinkError::RetryAsked { rows });
        }
        self.again = 0;
        for held in self.queue.drain(..answer.batches) {
            self.queue_rows -= held.batch.rows.len();
            self.queue_bytes -= held.batch.bytes.len();
            self.handed_weight += held.weight();
            self.handed.push(held);
        }
    }

    fn confirm(&mut self, now: Instant) {
        let mut cursors: Vec<_> = self
            .lanes
            .iter()
            .map(|lane| LaneCursor {
                lane: lane.key,
                through: lane.cursor,
            })
            .collect();
        for held in &self.handed {
            let through = &mut cursors[held.lane].through;
            *through = held.batch.through.max(*through);
        }
        if let Err(error) = self.writer.confirm(&cursors) {
            return self.failed(now, &error);
        }
        for (lane, cursor) in self.lanes.iter_mut().zip(&cursors) {
            lane.cursor = cursor.through;
        }
        let mut sequences = vec![None; self.lanes.len()];
        let (mut rows, mut time_us) = (0, 0);
        for held in self.handed.drain(..) {
            rows += held.batch.rows.len();
            time_us = time_us.max(held.batch.oldest.0);
            if !held.lost {
                sequences[held.lane] = Some(held.batch.sequence);
            }
        }
        self.handed_weight = 0;
        self.metrics.confirmed(rows, time_us);
        // The batches are dropped: the shard may use them again.
        for (lane, sequence) in self.lanes.iter().zip(sequences) {
            if let Some(sequence) = sequence {
                lane.lane.lane.confirm(sequence);
                lane.lane.wake.wake();
            }
        }
        self.confirmed_at = Some(match self.confirm_interval {
            Duration::ZERO => now,
            _ => now.max(Instant::now()),
        });
        if self.again == 0 {
            self.health.works(now);
        }
    }

    /// The target failed: everything unconfirmed goes again after a new `open`.
    fn failed(&mut self, now: Instant, error: &SinkError) {
        self.connected = false;
        self.hold(now, error);
    }

    /// Nothing is tried for a while.
    fn hold(&mut self, now: Instant, error: &SinkError) {
        self.hold_until = Some(now + self.health.failed(now, error));
    }
}

/// Makes the rows durable as dead letters that a target refused; `parts` are what `verdicts` counts.
fn store_rejected(
    store: &mut RejectedRows,
    (sink, lanes): (&str, &[LaneState]),
    parts: &[&Held],
    verdicts: &Verdicts,
) -> Result<(), SinkError> {
    let rejections = verdicts.rejections();
    if rejections.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = rejections
        .iter()
        .map(|rejection| {
            let held = parts[rejection.part as usize];
            let meta = &held.batch.rows[rejection.row as usize];
            RejectedRow {
                sink,
                lane: lanes[held.lane].key,
                position: meta.position,
                time: held.batch.oldest,
                rule: meta.rule,
                ordinal: meta.ordinal,
                device: meta.device,
                row: held.batch.row(rejection.row as usize),
                code: rejection.code,
                reason: &rejection.reason,
            }
        })
        .collect();
    store(&rows).map_err(|reason| SinkError::DeadLettersRefused {
        rows: rows.len(),
        reason,
    })
}
