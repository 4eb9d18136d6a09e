//! The running server's counters as a [`Snapshot`].

use crate::admin::{RetryRefusal, RetryTarget, RowRetrier};
use crate::status::{Latency, Phase, RuleStatus, ShardStatus, SinkStatus, Snapshot, StatusSource};
use rookery_model::limits;
use rookery_runtime::net::AcceptorStats;
use rookery_shard::{Counter, Latencies, ServerView, ShardMetrics, SinkView};
use rookery_sinks::{DEAD_LETTERS, RetryOutcome, RetryRow};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is known from the first line of a start to the last of a stop. Handed to the admin port before
/// there is a server, and filled as things come up.
#[derive(Default)]
pub struct Board {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    instance: String,
    tcp: Option<SocketAddr>,
    view: Option<Arc<ServerView>>,
    acceptor: Option<Arc<AcceptorStats>>,
}

impl Board {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The data directory is open.
    pub fn opened(&self, instance: &str) {
        self.state().instance = instance.to_owned();
    }

    /// Shards run.
    pub fn started(&self, view: Arc<ServerView>) {
        self.state().view = Some(view);
    }

    /// The listener accepts.
    pub fn ready(&self, tcp: SocketAddr, acceptor: Option<Arc<AcceptorStats>>) {
        let mut state = self.state();
        state.tcp = Some(tcp);
        state.acceptor = acceptor;
        state.phase = Phase::Ready;
    }

    /// A stop has begun.
    pub fn stopping(&self) {
        self.state().phase = Phase::Stopping;
    }
}

impl StatusSource for Board {
    fn snapshot(&self) -> Snapshot {
        let state = self.state();
        let mut snapshot = Snapshot {
            phase: state.phase,
            instance: state.instance.clone(),
            tcp: state.tcp,
            connections_refused: state.acceptor.as_ref().map_or(0, |stats| stats.refused()),
            ..Snapshot::default()
        };
        let view = state.view.clone();
        drop(state);
        if let Some(view) = view {
            read(&view, &mut snapshot);
        }
        snapshot
    }
}

impl RowRetrier for Board {
    fn retry_rows(
        &self,
        to: &RetryTarget,
        rows: Vec<RetryRow>,
    ) -> Result<Vec<RetryOutcome>, RetryRefusal> {
        let (phase, view) = {
            let state = self.state();
            (state.phase, state.view.clone())
        };
        let view = match (phase, view) {
            (Phase::Ready, Some(view)) => view,
            _ => {
                let phase = phase.name();
                return Err(RetryRefusal::NotReady { phase });
            }
        };
        let sink = to.sink.clone();
        let found = view
            .sinks
            .iter()
            .find(|other| other.name == sink && other.name != DEAD_LETTERS);
        let Some(found) = found else {
            return Err(RetryRefusal::NoSink { sink });
        };
        if found.connector != to.connector {
            return Err(RetryRefusal::OtherConnector {
                sink,
                now: found.connector.to_owned(),
                then: to.connector.clone(),
            });
        }
        if found.format != to.format {
            return Err(RetryRefusal::OtherFormat { sink });
        }
        if let Some(error) = found.metrics.iter().find_map(|writer| writer.last_error()) {
            return Err(RetryRefusal::Failing { sink, error });
        }
        Ok(send_rows(found, rows))
    }
}

/// Hands each row to the writer that has its device; the answers in the order of the rows.
fn send_rows(sink: &SinkView, rows: Vec<RetryRow>) -> Vec<RetryOutcome> {
    let mut outcomes = vec![RetryOutcome::NotSent; rows.len()];
    let mut parts: Vec<(Vec<usize>, Vec<RetryRow>)> = vec![Default::default(); sink.retries.len()];
    for (index, row) in rows.into_iter().enumerate() {
        let writer = (row.device % sink.retries.len().max(1) as u64) as usize;
        if let Some((indexes, part)) = parts.get_mut(writer) {
            indexes.push(index);
            part.push(row);
        }
    }
    let patience = Duration::from_millis(limits::RETRY_PATIENCE_MS);
    for ((indexes, part), lane) in parts.into_iter().zip(&sink.retries) {
        for (index, outcome) in indexes.into_iter().zip(lane.retry(part, patience)) {
            outcomes[index] = outcome;
        }
    }
    outcomes
}

fn read(view: &ServerView, snapshot: &mut Snapshot) {
    let sum = |counter: fn(&ShardMetrics) -> &Counter| -> u64 {
        view.shards.iter().map(|shard| counter(shard).get()).sum()
    };
    snapshot.faults.clone_from(&view.damage);
    snapshot.dead_letter_files_deleted = view.dead_letters.deleted_files();
    snapshot.dead_letter_bytes_deleted = view.dead_letters.deleted_bytes();
    snapshot.connections = sum(|shard| &shard.connections);
    snapshot.forwarders = view.registry.len() as u64;
    snapshot.duplicates = sum(|shard| &shard.duplicates);
    snapshot.duplicate_keys = sum(|shard| &shard.duplicate_keys);
    for (index, shard) in view.shards.iter().enumerate() {
        if shard.intake_stopped.get() != 0 {
            snapshot.faults.push(format!(
                "shard {index}: the disk has no room for more log, so nothing is read; free space or lower `log.retain_bytes`"
            ));
        }
        for (total, counter) in snapshot.dead_letters.iter_mut().zip(&shard.dead_letters) {
            *total += counter.get();
        }
        snapshot.shards.push(ShardStatus {
            shard: index as u16,
            messages: shard.messages.get() + shard.malformed.get(),
            bytes_in: shard.message_bytes.get(),
            log_bytes: shard.log_bytes.get(),
            log_syncs: shard.syncs.get(),
            appended: shard.appended.get(),
            durable: shard.durable.get(),
            stepped: shard.position.get(),
        });
        let histograms = shard
            .histograms
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        add(&mut snapshot.sync_latency, &histograms.sync);
        add(&mut snapshot.commit_latency, &histograms.commit);
        add(&mut snapshot.end_to_end_latency, &histograms.end_to_end);
    }
    for (index, name) in view.rules.iter().enumerate() {
        snapshot.rules.push(RuleStatus {
            name: name.clone(),
            rows: view
                .shards
                .iter()
                .map(|shard| shard.rows[index].get())
                .sum(),
            nulls: view
                .shards
                .iter()
                .map(|shard| shard.nulls[index].get())
                .sum(),
        });
    }
    let now_us = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_micros() as u64;
    for sink in &view.sinks {
        snapshot.sinks.push(sink_status(view, sink, now_us));
    }
}

fn add(total: &mut Latency, part: &Latencies) {
    total.0.add(part).expect("the total grows to hold any part");
}

fn sink_status(view: &ServerView, sink: &SinkView, now_us: u64) -> SinkStatus {
    let mut status = SinkStatus {
        name: sink.name.clone(),
        connector: sink.connector.to_owned(),
        ..SinkStatus::default()
    };
    for metrics in &sink.metrics {
        let counts = metrics.counts();
        status.rows += counts.rows_confirmed;
        status.failures += counts.failures;
        status.rejected += counts.rows_rejected;
        status.went_back += counts.went_back;
        status.records_gone += counts.records_gone;
        status.error = status.error.or_else(|| metrics.last_error());
    }
    for shard in &view.shards {
        let mut behind = 0;
        for lane in sink.lane..sink.lane + sink.writers {
            let spilled = shard.spilled_bytes[lane].get();
            status.spilled_bytes += spilled;
            status.spilled_rows += shard.spilled_rows[lane].get();
            status.spill_dropped += shard.spill_dropped[lane].get();
            let used = spilled as f64 / sink.spill_max_bytes.max(1) as f64;
            status.spill_used = status.spill_used.max(used);
            let lag = shard.lag_us(lane, now_us) as f64 / 1e6;
            status.lag_seconds = status.lag_seconds.max(lag);
            if shard.unconfirmed[lane].get() > 0 {
                let (appended, cursor) = (shard.appended.get(), shard.cursors[lane].get());
                behind = behind.max(appended.saturating_sub(cursor));
            }
        }
        status.lag_records += behind;
    }
    status
}
