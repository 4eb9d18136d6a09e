//! Where the step's rows go: each is encoded at once into its lane's open batch.

use crate::lane::ShardLane;
use crate::metrics::ShardMetrics;
use crate::record::{Defect, Sender};
use rookery_codecs::route::{Route, route};
use rookery_engine::{Counter, Output};
use rookery_model::{DeadLetter, Position, RecordTime, RowIdentity, ShardId, SinkId, Stage, Value};
use rookery_sinks::{DeadLetterEncoder, Kept, LetterOrigin, RowEncoder, RowMeta};

/// Index of the dead letters' lane among a shard's lanes.
pub const DEAD_LETTERS: usize = 0;

/// Encoders of one rule set, by sink, and the lanes they write to.
pub struct SinkBinding {
    /// Makes the row's bytes.
    pub encoder: Box<dyn RowEncoder>,
    /// Lane of the sink's first writer.
    pub lane: usize,
    /// Lanes of the sink from there on, one a writer.
    pub writers: u16,
}

/// The record being stepped.
#[derive(Clone, Copy, Debug)]
pub struct Stepped<'a> {
    /// Its place.
    pub position: Position,
    /// Its time.
    pub time: RecordTime,
    /// Who sent it.
    pub sender: Sender<'a>,
    /// Hash of its device.
    pub device: u64,
    /// Its bytes, for dead letters.
    pub raw: &'a [u8],
}

/// The engine's output while one record is stepped.
pub struct StepOutput<'a> {
    /// Which shard.
    pub shard: ShardId,
    /// The record.
    pub record: Stepped<'a>,
    /// By sink of the rule set in force.
    pub bindings: &'a mut [SinkBinding],
    /// All lanes of the shard.
    pub lanes: &'a mut [ShardLane],
    /// Makes dead letters.
    pub dead_letters: &'a mut DeadLetterEncoder,
    /// Top-level key that names the device.
    pub device_key: &'a str,
    /// Names of the rules, by index.
    pub rule_names: &'a [String],
    /// The shard's counters.
    pub metrics: &'a ShardMetrics,
    /// Dead letters of this record so far.
    pub dead: u32,
}

impl StepOutput<'_> {
    /// The dead letter of a line that could not be routed.
    pub fn malformed(&mut self, defect: Defect, limit_bytes: usize) {
        let code = format!("E{:04}", defect.code);
        let reason = rookery_sources::defect_reason(defect.code, defect.length, limit_bytes);
        let raw = self.record.raw;
        self.dead_letter(DeadLetter {
            stage: defect.stage,
            rule: None,
            code: &code,
            reason: &reason,
            raw,
        });
    }

    /// A row that its sink's encoder refuses never reaches the target: a dead letter, stage sink.
    #[cold]
    fn refused(&mut self, rule: u16, error: &rookery_sinks::EncodeError) {
        let reason = error.reason.clone();
        let raw = self.record.raw;
        let name = self.rule_names.get(usize::from(rule)).cloned();
        self.dead_letter(DeadLetter {
            stage: Stage::Sink,
            rule: name.as_deref(),
            code: error.code,
            reason: &reason,
            raw,
        });
    }
}

impl Output for StepOutput<'_> {
    #[inline]
    fn row(&mut self, rule: u16, sink: SinkId, ordinal: u32, row: &[Value<'_>]) {
        let binding = &mut self.bindings[usize::from(sink.0)];
        let writer = match binding.writers {
            1 => 0,
            writers => (self.record.device % u64::from(writers)) as usize,
        };
        let lane = &mut self.lanes[binding.lane + writer];
        if !lane.wants(self.record.position) {
            return;
        }
        let identity = RowIdentity {
            shard: self.shard,
            position: self.record.position,
            rule,
            ordinal,
        };
        let buffer = lane.buffer();
        let start = buffer.len();
        match binding.encoder.encode(&identity, row, buffer) {
            Ok(()) => {
                lane.end_row(
                    RowMeta {
                        end: 0,
                        position: self.record.position,
                        rule,
                        ordinal,
                        device: self.record.device,
                    },
                    self.record.time,
                );
                if let Some(counter) = self.metrics.rows.get(usize::from(rule)) {
                    counter.add(1);
                }
            }
            Err(error) => {
                buffer.truncate(start);
                self.refused(rule, &error);
            }
        }
    }

    #[cold]
    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        self.metrics.dead_letter(letter.stage);
        let lane = &mut self.lanes[DEAD_LETTERS];
        if !lane.wants(self.record.position) {
            return;
        }
        let Stepped {
            position,
            time,
            sender,
            device,
            ..
        } = self.record;
        let mut scratch = Vec::new();
        let device_text = match route(letter.raw, self.device_key.as_bytes(), &mut scratch) {
            Route::Key(key) => Some(key),
            Route::Unroutable(_) => None,
        };
        let origin = LetterOrigin {
            time,
            shard: self.shard,
            position,
            ordinal: self.dead,
            forwarder: sender.name,
            kept: Kept::Message {
                device: device_text,
            },
        };
        self.dead_letters.encode(&origin, &letter, lane.buffer());
        let meta = RowMeta {
            end: 0,
            position,
            rule: 0,
            ordinal: self.dead,
            device,
        };
        lane.end_row(meta, time);
        self.dead += 1;
    }

    #[inline]
    fn count(&mut self, rule: Option<u16>, counter: Counter, times: u32) {
        let times = u64::from(times);
        match (
            rule.and_then(|rule| self.metrics.nulls.get(usize::from(rule))),
            counter,
        ) {
            (_, Counter::DuplicateKey) => self.metrics.duplicate_keys.add(times),
            (Some(nulls), _) => nulls.add(times),
            (None, _) => {}
        }
    }
}
