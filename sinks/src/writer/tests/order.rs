//! Any mix of answers keeps each device's order and loses nothing.

use super::super::driver::{Driver, Turn};
use super::super::{RejectedRow, ShardWake, WriterLane, WriterSetup};
use super::script::Wakes;
use crate::testing::{at, batch, lane};
use crate::{
    Batching, LaneCursor, LaneKey, Part, SinkError, SinkMetrics, SinkWriter, TargetCursor, Verdicts,
};
use proptest::prelude::*;
use rookery_model::Position;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A target that answers from a stream of random bytes, and keeps what took effect, in order.
#[derive(Default)]
struct Moody {
    moods: Vec<u8>,
    /// (lane, device, row) as they took effect.
    effects: Vec<(usize, u64, String)>,
    refused: BTreeSet<String>,
    confirmed: Vec<Position>,
}

struct MoodyWriter(Arc<Mutex<Moody>>);

impl Moody {
    fn mood(&mut self) -> u8 {
        self.moods.pop().unwrap_or(255)
    }
}

fn lost() -> SinkError {
    SinkError::RetryAsked { rows: 0 }
}

impl SinkWriter for MoodyWriter {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        match self.0.lock().unwrap().mood() {
            0..40 => Err(lost()),
            _ => Ok(vec![TargetCursor::NotHeld; lanes.len()]),
        }
    }

    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        let mut target = self.0.lock().unwrap();
        for (index, part) in request.iter().enumerate() {
            for row in part.rows() {
                let text = String::from_utf8(row.bytes.to_vec()).unwrap();
                match target.mood() {
                    0..25 => verdicts.retry(index, row.index),
                    25..35 => verdicts.reject(index, row.index, "E3099", text),
                    35..40 => return Err(lost()),
                    _ => {
                        let effect = (part.lane(), row.meta.device, text);
                        target.effects.push(effect);
                    }
                }
            }
        }
        Ok(())
    }

    fn confirm(&mut self, cursors: &[LaneCursor]) -> Result<(), SinkError> {
        let mut target = self.0.lock().unwrap();
        if target.mood() < 40 {
            return Err(lost());
        }
        target.confirmed = cursors.iter().map(|cursor| cursor.through).collect();
        Ok(())
    }
}

/// Devices of each batch's rows, for each lane.
fn lanes_of_batches() -> impl Strategy<Value = Vec<Vec<Vec<u64>>>> {
    let batch = prop::collection::vec(0..3_u64, 0..5);
    prop::collection::vec(prop::collection::vec(batch, 0..8), 1..3)
}

/// Of every device, each row's last effect comes before the last effects of its later rows.
fn in_effective_order(target: &Moody, pushed: &BTreeMap<(usize, u64), Vec<String>>) {
    for ((lane, device), rows) in pushed {
        let last: Vec<_> = rows
            .iter()
            .filter(|row| !target.refused.contains(*row))
            .map(|row| {
                let is = |effect: &(usize, u64, String)| {
                    (effect.0, effect.1, &effect.2) == (*lane, *device, row)
                };
                target.effects.iter().rposition(is).expect("it took effect")
            })
            .collect();
        assert!(last.is_sorted(), "order of device {device}: {last:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn each_row_takes_effect_or_is_refused_and_devices_keep_their_order(
        lanes in lanes_of_batches(),
        moods in prop::collection::vec(any::<u8>(), 0..200),
        rows_max in 1..12_usize,
    ) {
        let target = Arc::new(Mutex::new(Moody { moods, ..Moody::default() }));
        let refusals = Arc::clone(&target);
        let queues: Vec<_> = (0..lanes.len()).map(|shard| lane(shard as u16, 16)).collect();
        let mut driver = Driver::new(WriterSetup {
            name: "jobs.moody".to_owned(),
            writer: Box::new(MoodyWriter(Arc::clone(&target))),
            batching: Batching { rows_max, bytes_max: 1 << 20, linger: Duration::ZERO },
            lanes: queues.iter().map(|lane| WriterLane {
                lane: Arc::clone(lane),
                wake: Arc::new(Wakes::default()) as Arc<dyn ShardWake>,
            }).collect(),
            metrics: Arc::new(SinkMetrics::default()),
            rejected: Box::new(move |rows: &[RejectedRow<'_>]| {
                let mut target = refusals.lock().unwrap();
                if target.mood() < 40 {
                    return Err("not now".to_owned());
                }
                target.refused.extend(rows.iter().map(|row| row.reason.to_owned()));
                Ok(())
            }),
        });
        let mut pushed = BTreeMap::<_, Vec<String>>::new();
        let mut ends = Vec::new();
        for (index, batches) in lanes.iter().enumerate() {
            let mut lsn = 0;
            for (sequence, devices) in batches.iter().enumerate() {
                let rows: Vec<_> = devices.iter().map(|device| {
                    lsn += 1;
                    let text = format!("{index}.{lsn}");
                    pushed.entry((index, *device)).or_default().push(text.clone());
                    (lsn, *device, text)
                }).collect();
                let rows: Vec<_> = rows.iter().map(|(l, d, t)| (*l, *d, t.as_str())).collect();
                queues[index].push(batch(sequence as u64 + 1, &rows)).unwrap();
            }
            ends.push((batches.len() as u64, at(lsn)));
        }
        driver.drain();
        let mut now = Instant::now();
        loop {
            match driver.turn(now) {
                Turn::Again => {}
                Turn::Wait { until, .. } => now = until.expect("there is work"),
                Turn::Drained => break,
            }
        }
        let target = target.lock().unwrap();
        in_effective_order(&target, &pushed);
        for (index, (sequence, through)) in ends.iter().enumerate() {
            prop_assert_eq!(queues[index].confirmed(), *sequence);
            if through.lsn.0 > 0 {
                prop_assert_eq!(target.confirmed[index], *through);
            }
        }
    }
}
