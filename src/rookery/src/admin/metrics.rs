//! `/metrics`: the names, and a snapshot in their terms. What is printed here is a promise to
//! dashboards; the test at the end holds every name and label.

use crate::status::{Latency, Snapshot, StatusSource, device_bytes};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use rookery_model::Stage;
use std::fmt;
use std::sync::Arc;

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS_SECONDS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// A registry whose scrape takes one snapshot.
pub fn registry(source: Arc<dyn StatusSource>) -> Registry {
    let mut registry = Registry::with_prefix("rookery");
    registry.register_collector(Box::new(Shards {
        source,
        device_bytes,
    }));
    registry
}

struct Shards {
    source: Arc<dyn StatusSource>,
    device_bytes: fn() -> Option<u64>,
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shards")
    }
}

impl Collector for Shards {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let snapshot = self.source.snapshot();
        let mut page = Page {
            encoder: &mut encoder,
        };
        page.build()?;
        page.ingest(&snapshot)?;
        page.log(&snapshot, (self.device_bytes)())?;
        page.rules_and_sinks(&snapshot)?;
        page.latency(
            "commit_latency_seconds",
            "From a message's arrival to the end of the sync that covers it",
            &snapshot.commit_latency,
        )?;
        page.latency(
            "end_to_end_latency_seconds",
            "From a message's arrival to the confirmation of its row by the sink",
            &snapshot.end_to_end_latency,
        )?;
        page.latency(
            "log_sync_latency_seconds",
            "From the start of a sync of the log to its end",
            &snapshot.sync_latency,
        )
    }
}

struct Page<'a, 'e> {
    encoder: &'a mut DescriptorEncoder<'e>,
}

impl Page<'_, '_> {
    fn build(&mut self) -> fmt::Result {
        self.encoder
            .encode_descriptor("build", "The version that runs", None, MetricType::Info)?
            .encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    }

    fn ingest(&mut self, snapshot: &Snapshot) -> fmt::Result {
        self.gauge(
            "ready",
            "1 once replay is done and the listeners accept",
            u8::from(snapshot.phase == crate::status::Phase::Ready).into(),
        )?;
        self.counter("messages", "Messages logged", snapshot.messages())?;
        self.counter(
            "bytes_in",
            "Bytes of the messages logged",
            snapshot.bytes_in(),
        )?;
        self.counter(
            "duplicates",
            "Lines of forwarders that were logged before and not logged again",
            snapshot.duplicates,
        )?;
        self.counter(
            "duplicate_keys",
            "Messages in which a key stands twice; the first counts",
            snapshot.duplicate_keys,
        )?;
        self.gauge(
            "connections",
            "Open connections",
            snapshot.connections as f64,
        )?;
        self.counter(
            "connections_refused",
            "Connections closed at once, because as many as allowed were open",
            snapshot.connections_refused,
        )?;
        self.gauge(
            "forwarders",
            "Forwarder names that are remembered",
            snapshot.forwarders as f64,
        )?;
        let letters = Stage::ALL.iter().zip(snapshot.dead_letters);
        self.counters(
            "dead_letters",
            "Messages and rows that could not go on",
            letters.map(|(stage, count)| ([("stage", stage.name())], count)),
        )?;
        self.counter(
            "dead_letter_files_deleted",
            "Files of dead letters that were deleted because the store was over its limit",
            snapshot.dead_letter_files_deleted,
        )?;
        self.counter(
            "dead_letter_bytes_deleted",
            "Bytes of these files",
            snapshot.dead_letter_bytes_deleted,
        )
    }

    fn log(&mut self, snapshot: &Snapshot, device_bytes: Option<u64>) -> fmt::Result {
        self.gauge(
            "log_bytes",
            "Bytes of log that are kept",
            snapshot.log_bytes() as f64,
        )?;
        self.counter(
            "log_syncs",
            "Syncs of the log that returned",
            snapshot.log_syncs(),
        )?;
        match device_bytes {
            Some(bytes) => self.counter(
                "log_device_bytes",
                "Bytes that the process handed to devices, as the kernel counts them",
                bytes,
            ),
            None => Ok(()),
        }
    }

    fn rules_and_sinks(&mut self, snapshot: &Snapshot) -> fmt::Result {
        self.gauge(
            "rules_lag_records",
            "Records logged that the rules have not taken",
            snapshot.rules_lag() as f64,
        )?;
        let rules = || snapshot.rules.iter();
        self.counters(
            "rows",
            "Rows that a rule made",
            rules().map(|rule| ([("rule", rule.name.as_str())], rule.rows)),
        )?;
        self.counters(
            "nulls",
            "Values of a rule that became NULL because they did not fit",
            rules().map(|rule| ([("rule", rule.name.as_str())], rule.nulls)),
        )?;
        let sinks = || snapshot.sinks.iter();
        self.counters(
            "sink_rows",
            "Rows that the sink confirmed",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.rows)),
        )?;
        self.counters(
            "sink_failures",
            "Failed attempts to connect to the sink, send or confirm",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.failures)),
        )?;
        self.counters(
            "sink_rejected",
            "Rows that the sink's target refused",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.rejected)),
        )?;
        self.counters(
            "sink_went_back",
            "Times that the sink's target was found older than what it had confirmed",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.went_back)),
        )?;
        self.counters(
            "sink_records_gone",
            "Records of which rows are gone at the sink's target since it went back",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.records_gone)),
        )?;
        self.gauges(
            "sink_lag_records",
            "Records logged that the sink's slowest lane has not confirmed",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.lag_records as f64)),
        )?;
        self.gauges(
            "sink_lag_seconds",
            "Age of the oldest of these records",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.lag_seconds)),
        )?;
        self.gauges(
            "sink_spilled_bytes",
            "Bytes of files in which rows wait because the target does not keep up",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.spilled_bytes as f64)),
        )?;
        self.gauges(
            "sink_spilled_rows",
            "Rows in these files that were not read back yet",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.spilled_rows as f64)),
        )?;
        self.gauges(
            "sink_spill_used_ratio",
            "The share of its budget that the sink's fullest lane has spilled, 0 to 1",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.spill_used)),
        )?;
        self.counters(
            "sink_spill_dropped_rows",
            "Spilled rows that were given up, by the policy drop_oldest or to damage",
            sinks().map(|sink| ([("sink", sink.name.as_str())], sink.spill_dropped)),
        )
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.encoder
            .encode_descriptor(name, help, None, MetricType::Counter)?
            .encode_counter::<NoLabelSet, _, f64>(&value, None)
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.encoder
            .encode_descriptor(name, help, None, MetricType::Gauge)?
            .encode_gauge(&value)
    }

    fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let mut family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in values {
            family
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, f64>(&value, None)?;
        }
        Ok(())
    }

    fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let mut family = self
            .encoder
            .encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn latency(&mut self, name: &str, help: &str, latency: &Latency) -> fmt::Result {
        let histogram = &latency.0;
        let mut below = 0;
        let mut buckets: Vec<(f64, u64)> = BUCKETS_SECONDS
            .iter()
            .map(|bound| {
                let up_to = histogram.count_between(0, (bound * 1e6) as u64);
                let bucket = (*bound, up_to.saturating_sub(below));
                below = below.max(up_to);
                bucket
            })
            .collect();
        buckets.push((f64::INFINITY, histogram.len().saturating_sub(below)));
        let sum = if histogram.is_empty() {
            0.0
        } else {
            histogram.mean() * histogram.len() as f64 / 1e6
        };
        self.encoder
            .encode_descriptor(name, help, None, MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(sum, histogram.len(), &buckets, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::tests::sample;

    struct Fixed;

    impl StatusSource for Fixed {
        fn snapshot(&self) -> Snapshot {
            sample()
        }
    }

    fn page() -> String {
        let mut registry = Registry::with_prefix("rookery");
        registry.register_collector(Box::new(Shards {
            source: Arc::new(Fixed),
            device_bytes: || Some(8192),
        }));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)
            .expect("a string takes all");
        text
    }

    #[test]
    fn every_name_and_label_is_kept() {
        let samples: Vec<String> = page()
            .lines()
            .filter(|line| !line.starts_with('#') && !line.contains("latency_seconds"))
            .map(str::to_owned)
            .collect();
        let version = env!("CARGO_PKG_VERSION");
        let build = format!("rookery_build_info{{version=\"{version}\"}} 1");
        assert_eq!(
            samples,
            [
                build.as_str(),
                "rookery_ready 1.0",
                "rookery_messages_total 21",
                "rookery_bytes_in_total 5000",
                "rookery_duplicates_total 4",
                "rookery_duplicate_keys_total 5",
                "rookery_connections 2.0",
                "rookery_connections_refused_total 3",
                "rookery_forwarders 1.0",
                "rookery_dead_letters_total{stage=\"frame\"} 1",
                "rookery_dead_letters_total{stage=\"route\"} 2",
                "rookery_dead_letters_total{stage=\"parse\"} 3",
                "rookery_dead_letters_total{stage=\"cast\"} 0",
                "rookery_dead_letters_total{stage=\"eval\"} 0",
                "rookery_dead_letters_total{stage=\"sink\"} 0",
                "rookery_dead_letter_files_deleted_total 2",
                "rookery_dead_letter_bytes_deleted_total 600",
                "rookery_log_bytes 8192.0",
                "rookery_log_syncs_total 6",
                "rookery_log_device_bytes_total 8192",
                "rookery_rules_lag_records 2.0",
                "rookery_rows_total{rule=\"charge.power\"} 8",
                "rookery_nulls_total{rule=\"charge.power\"} 1",
                "rookery_sink_rows_total{sink=\"charge.power\"} 7",
                "rookery_sink_failures_total{sink=\"charge.power\"} 1",
                "rookery_sink_rejected_total{sink=\"charge.power\"} 0",
                "rookery_sink_went_back_total{sink=\"charge.power\"} 2",
                "rookery_sink_records_gone_total{sink=\"charge.power\"} 5",
                "rookery_sink_lag_records{sink=\"charge.power\"} 2.0",
                "rookery_sink_lag_seconds{sink=\"charge.power\"} 0.25",
                "rookery_sink_spilled_bytes{sink=\"charge.power\"} 4096.0",
                "rookery_sink_spilled_rows{sink=\"charge.power\"} 9.0",
                "rookery_sink_spill_used_ratio{sink=\"charge.power\"} 0.5",
                "rookery_sink_spill_dropped_rows_total{sink=\"charge.power\"} 3",
            ]
        );
    }

    #[test]
    fn a_histogram_counts_each_value_once_and_up() {
        let page = page();
        for name in ["commit_latency", "end_to_end_latency", "log_sync_latency"] {
            let name = format!("rookery_{name}_seconds");
            let counts: Vec<u64> = page
                .lines()
                .filter(|line| line.starts_with(&format!("{name}_bucket")))
                .map(|line| {
                    line.rsplit(' ')
                        .next()
                        .and_then(|n| n.parse().ok())
                        .expect("a count")
                })
                .collect();
            assert_eq!(
                counts,
                [1, 1, 1, 2, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5],
                "{page}"
            );
            assert!(page.contains(&format!("{name}_count 5\n")));
            let sum: f64 = page
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name}_sum ")))
                .and_then(|n| n.parse().ok())
                .expect("a sum");
            assert!((sum - 0.411).abs() < 0.005, "{sum}");
        }
    }
}
