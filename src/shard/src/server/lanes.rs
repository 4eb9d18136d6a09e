//! Sinks, their lanes and writers, as a start sets them up.

use super::{RuleBundle, ServerView, SinkView, SpillConfig, StartError, thread_error};
use crate::actor::Mail;
use crate::lane::ShardLane;
use crate::metrics::ShardMetrics;
use crate::open::{OpenShard, Opened};
use crate::output::SinkBinding;
use crate::registry::Registry;
use crate::step::ActiveRules;
use rookery_engine::Engine;
use rookery_model::{ShardId, Term, limits};
use rookery_runtime::storage::RealStorage;
use rookery_runtime::{Sender, Wake};
use rookery_sinks::{
    DEAD_LETTERS, DeadLetterStore, Lane, LaneKey, RejectedLane, RetryLane, RowMaker, ShardWake,
    WriterHandle, WriterLane, WriterSetup, spawn_writer,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Batches that fit into one lane's queue; more waits in the shard's own account.
const LANE_CAPACITY: usize = 256;

struct MailWake(Wake);

impl ShardWake for MailWake {
    fn wake(&self) {
        self.0.wake();
    }
}

/// A sink as it is being set up.
pub(super) struct SinkPlan {
    pub name: String,
    pub connector: &'static str,
    pub format: u64,
    pub writers: Vec<(Box<dyn rookery_sinks::SinkWriter>, rookery_sinks::Batching)>,
    pub lane: usize,
}

pub(super) fn plan_sinks(store: &DeadLetterStore, bundles: &[RuleBundle]) -> Vec<SinkPlan> {
    let mut plans = vec![SinkPlan {
        name: DEAD_LETTERS.to_owned(),
        connector: DEAD_LETTERS,
        format: 0,
        writers: vec![(store.writer(), store.batching())],
        lane: crate::output::DEAD_LETTERS,
    }];
    let mut lane = plans[0].lane + 1;
    let sinks = bundles
        .iter()
        .flat_map(|bundle| bundle.sinks.iter().zip(&bundle.formats));
    for (sink, format) in sinks {
        if plans.iter().any(|plan| plan.name == sink.name()) {
            continue;
        }
        let writers: Vec<_> = (0..sink.writers())
            .map(|index| (sink.writer(index), sink.batching()))
            .collect();
        let count = writers.len();
        let (name, connector) = (sink.name().to_owned(), sink.connector());
        plans.push(SinkPlan {
            name,
            connector,
            format: *format,
            writers,
            lane,
        });
        lane += count;
    }
    plans
}

/// By shard, by lane.
pub(super) fn make_lanes(plans: &[SinkPlan], opened: &Opened<RealStorage>) -> Vec<Vec<Arc<Lane>>> {
    let make = |index: usize, shard: &OpenShard<RealStorage>| {
        let mut lanes = Vec::new();
        for plan in plans {
            for writer in 0..plan.writers.len() as u16 {
                let key = LaneKey {
                    shard: ShardId(index as u16),
                    writer,
                };
                let saved = shard.cursors.of_lane(&plan.name, writer);
                let lane = Lane::new(key, LANE_CAPACITY, saved.rows);
                lanes.push(Arc::new(lane.keeping_rows()));
            }
        }
        lanes
    };
    opened
        .shards
        .iter()
        .enumerate()
        .map(|(index, shard)| make(index, shard))
        .collect()
}

pub(super) fn make_view(
    plans: &[SinkPlan],
    spill: &SpillConfig,
    current: &RuleBundle,
    opened: &Opened<RealStorage>,
    registry: &Arc<Registry>,
    shards: u16,
    store: DeadLetterStore,
) -> ServerView {
    let rules: Vec<String> = current
        .rules
        .rules()
        .iter()
        .map(|rule| rule.name.clone())
        .collect();
    let lanes = plans.iter().map(|plan| plan.writers.len()).sum();
    let metrics = || Arc::new(ShardMetrics::new(rules.len(), lanes));
    let retries = |plan: &SinkPlan| match plan.name == DEAD_LETTERS {
        true => Vec::new(),
        false => (0..plan.writers.len() as u16)
            .map(|writer| RetryLane::new(opened.term(), writer))
            .collect(),
    };
    ServerView {
        shards: std::iter::repeat_with(metrics)
            .take(usize::from(shards))
            .collect(),
        sinks: plans
            .iter()
            .map(|plan| SinkView {
                name: plan.name.clone(),
                connector: plan.connector,
                format: plan.format,
                lane: plan.lane,
                writers: plan.writers.len(),
                spill_max_bytes: spill.of(&plan.name).0,
                metrics: plan.writers.iter().map(|_| Arc::default()).collect(),
                retries: retries(plan),
            })
            .collect(),
        rules,
        registry: Arc::clone(registry),
        damage: opened.damage(),
        dead_letters: store,
    }
}

pub(super) fn start_writers(
    plans: Vec<SinkPlan>,
    lanes: &[Vec<Arc<Lane>>],
    mailboxes: &[Sender<Mail>],
    view: &ServerView,
    term: Term,
) -> Result<Vec<WriterHandle>, StartError> {
    let refusals = RejectedLane::new(term);
    let rules: Arc<[String]> = view.rules.clone().into();
    let mut handles = Vec::new();
    for (plan, sink) in plans.into_iter().zip(&view.sinks) {
        for (index, (writer, batching)) in plan.writers.into_iter().enumerate() {
            let mut lanes: Vec<_> = lanes
                .iter()
                .zip(mailboxes)
                .map(|(lanes, mailbox)| WriterLane {
                    lane: Arc::clone(&lanes[plan.lane + index]),
                    wake: Arc::new(MailWake(mailbox.wake().clone())),
                })
                .collect();
            let made_by = RowMaker {
                connector: plan.connector,
                format: plan.format,
            };
            let mut rejected = refusals.rejected_rows(Arc::clone(&rules), made_by);
            match sink.retries.get(index) {
                Some(retries) => {
                    lanes.push(retries.writer_lane());
                    rejected = retries.rejected_rows(rejected);
                }
                None => lanes.push(refusals.writer_lane()),
            }
            let setup = WriterSetup {
                name: plan.name.clone(),
                writer,
                batching,
                lanes,
                metrics: Arc::clone(&sink.metrics[index]),
                rejected,
            };
            handles.push(spawn_writer(setup).map_err(thread_error("a sink's writer"))?);
        }
    }
    Ok(handles)
}

pub(super) fn shard_lanes(
    sinks: &[SinkView],
    lanes: &[Arc<Lane>],
    cursors: &crate::checkpoint::Cursors,
) -> Vec<ShardLane> {
    let mut out = Vec::new();
    for sink in sinks {
        for writer in 0..sink.writers {
            let saved = cursors.of_lane(&sink.name, writer as u16);
            let queue = Arc::clone(&lanes[sink.lane + writer]);
            out.push(ShardLane::new(
                sink.name.clone(),
                writer as u16,
                queue,
                saved,
            ));
        }
    }
    out
}

pub(super) fn activate(bundle: &RuleBundle, sinks: &[SinkView]) -> ActiveRules {
    let lanes: BTreeMap<&str, &SinkView> = sinks
        .iter()
        .map(|sink| (sink.name.as_str(), sink))
        .collect();
    ActiveRules {
        hash: bundle.hash,
        engine: Engine::new(Arc::clone(&bundle.rules), None),
        bindings: bundle
            .sinks
            .iter()
            .map(|sink| {
                let view = lanes[sink.name()];
                SinkBinding {
                    encoder: sink.encoder(),
                    lane: view.lane,
                    writers: view.writers as u16,
                }
            })
            .collect(),
        rule_names: bundle
            .rules
            .rules()
            .iter()
            .map(|rule| rule.name.clone())
            .collect(),
    }
}

/// Lanes and limits hold together: a lane's queue can carry what it may hold.
const _: () = assert!(LANE_CAPACITY * limits::ROW_BATCH_BYTES >= limits::LANE_HELD_MAX_BYTES / 2);
