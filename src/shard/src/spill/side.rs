//! The thread that carries out the orders of all lanes, so that no shard waits for a file.

use super::{SpillDone, SpillOrder, SpillOutcome, SpillStore};
use rookery_model::ShardId;
use rookery_runtime::storage::RealStorage;
use std::collections::HashMap;
use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

/// Shares of a budget at which a line is logged.
const ALARM_PERCENTS: [u64; 2] = [80, 50];

/// What the thread is made of.
pub struct SpillSetup {
    /// By shard and lane: the sink's name, for its lines, and its files.
    pub stores: HashMap<(ShardId, usize), (String, SpillStore<RealStorage>)>,
}

struct Request {
    shard: ShardId,
    lane: usize,
    order: SpillOrder,
}

/// Handle to the thread.
#[derive(Clone)]
pub struct SpillSide {
    requests: mpsc::Sender<Request>,
}

impl SpillSide {
    /// Starts the thread; `done` is called there after each order. It ends with its last handle.
    ///
    /// # Errors
    /// The thread is refused.
    pub fn start(
        setup: SpillSetup,
        done: impl Fn(ShardId, usize, SpillDone) + Send + 'static,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (requests, queue) = mpsc::channel::<Request>();
        let mut stores = setup.stores;
        let mut alarms: HashMap<(ShardId, usize), u64> = HashMap::new();
        let serve = move || {
            for Request { shard, lane, order } in queue {
                let (sink, store) = stores
                    .get_mut(&(shard, lane))
                    .expect("each lane has its files");
                let answer = store.work(order);
                let alarm = alarms.entry((shard, lane)).or_default();
                *alarm = raise(sink, shard, store, &answer, *alarm);
                done(shard, lane, answer);
            }
        };
        let thread = thread::Builder::new().name("spill".into()).spawn(serve)?;
        Ok((Self { requests }, thread))
    }

    /// Gives an order.
    pub fn order(&self, shard: ShardId, lane: usize, order: SpillOrder) {
        // The thread ends only after the last handle; it cannot be gone.
        let _ = self.requests.send(Request { shard, lane, order });
    }
}

/// What stands for a budget that is used up.
const ALL_PERCENT: u64 = 100;

/// The share of a budget that is passed now, of those that are told. `appended`: whether an order to append
/// found room. Where there was none, room comes and goes with each order; it stays passed until rows are
/// appended and there is more than a little.
fn passed(before: u64, share: u64, appended: Option<bool>) -> u64 {
    let is_passed = |percent: &u64| share >= *percent;
    let passed = ALARM_PERCENTS.into_iter().find(is_passed).unwrap_or(0);
    let little = passed == ALARM_PERCENTS[0] || appended.is_none();
    match appended == Some(false) || (before == ALL_PERCENT && little) {
        true => ALL_PERCENT,
        false => passed,
    }
}

/// What is said when a share is passed. No budget is refused room below its highest alarm; a disk is.
fn alarm(now: u64, share: u64) -> String {
    let used = match now {
        ALL_PERCENT if share < ALARM_PERCENTS[0] => {
            return "the disk has no room for spill files: its target is behind; free space, or mend the target"
                .to_owned();
        }
        ALL_PERCENT => "all".to_owned(),
        _ => format!("{share}%"),
    };
    format!(
        "{used} of the spill budget is used: its target is behind; raise `spill.lane_max_bytes` or \
         `spill.max_bytes`, or mend the target"
    )
}

/// Logs when a budget's share is passed, upwards; the share that is passed now.
fn raise(
    sink: &str,
    shard: ShardId,
    store: &SpillStore<RealStorage>,
    answer: &SpillDone,
    before: u64,
) -> u64 {
    let limits = store.limits();
    let state = &answer.state;
    let lane = state.bytes.saturating_mul(100) / limits.lane_max_bytes.max(1);
    let all = limits.shared.used().saturating_mul(100) / limits.shared.max_bytes.max(1);
    let share = lane.max(all);
    let appended = match &answer.outcome {
        SpillOutcome::Appended { rows, appended, .. } => Some(*appended == rows.len()),
        _ => None,
    };
    let now = passed(before, share, appended);
    if now > before {
        tracing::warn!(
            sink,
            shard = shard.0,
            spilled_bytes = state.bytes,
            unread_rows = state.unread_rows,
            "{}",
            alarm(now, share)
        );
    }
    if state.dropped_rows > 0 {
        tracing::error!(
            sink,
            shard = shard.0,
            rows = state.dropped_rows,
            "rows were given up: the spill budget is used up and its policy is drop_oldest"
        );
    }
    now
}

#[cfg(test)]
mod tests {
    use super::{alarm, passed};

    #[test]
    fn each_share_is_passed_once_on_the_way_up() {
        let (room, none) = (Some(true), Some(false));
        let mut before = 0;
        // What is used, what an order to append found, what is passed then.
        let seen = [
            (49, room, 0),
            (50, room, 50),
            (79, None, 50),
            (85, room, 80),
            (99, none, 100),
            (99, None, 100),
            (81, room, 100),
            (99, none, 100),
            (30, None, 100),
            (79, room, 50),
            (80, room, 80),
            (10, None, 0),
            // A full disk.
            (2, none, 100),
            (2, None, 100),
            (2, none, 100),
            (3, room, 0),
        ];
        for (share, appended, expected) in seen {
            before = passed(before, share, appended);
            assert_eq!(before, expected, "{share} {appended:?}");
        }
    }

    #[test]
    fn an_alarm_names_what_is_full_and_the_remedy() {
        let budget = |used: &str| {
            format!(
                "{used} of the spill budget is used: its target is behind; raise `spill.lane_max_bytes` or \
                 `spill.max_bytes`, or mend the target"
            )
        };
        assert_eq!(alarm(50, 59), budget("59%"));
        assert_eq!(alarm(100, 99), budget("all"));
        assert_eq!(
            alarm(100, 2),
            "the disk has no room for spill files: its target is behind; free space, or mend the target"
        );
    }
}
