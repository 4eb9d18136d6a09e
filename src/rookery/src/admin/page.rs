//! `/api/v1/status`: a snapshot as JSON. Field names are a promise to scripts.

use crate::status::{Latency, Phase, Snapshot};
use rookery_model::Stage;
use serde_json::{Map, Value, json};

/// What stays the same from start to end.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where logs, cursors and dead letters are.
    pub data_dir: String,
    /// `sync` or `os`.
    pub durability: &'static str,
}

/// The page.
pub fn status(
    facts: &Facts,
    snapshot: &Snapshot,
    uptime_seconds: f64,
    device_bytes: Option<u64>,
) -> Value {
    let dead_letters: Map<String, Value> = Stage::ALL
        .iter()
        .zip(snapshot.dead_letters)
        .map(|(stage, count)| (stage.name().to_owned(), json!(count)))
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "instance": snapshot.instance,
        "phase": snapshot.phase.name(),
        "ready": snapshot.phase == Phase::Ready,
        "healthy": snapshot.faults.is_empty(),
        "faults": snapshot.faults,
        "uptime_seconds": (uptime_seconds * 1000.0).round() / 1000.0,
        "data_dir": facts.data_dir,
        "durability": facts.durability,
        "listen": { "tcp": snapshot.tcp.map(|address| address.to_string()) },
        "connections": snapshot.connections,
        "connections_refused": snapshot.connections_refused,
        "forwarders": snapshot.forwarders,
        "messages": snapshot.messages(),
        "bytes_in": snapshot.bytes_in(),
        "duplicates": snapshot.duplicates,
        "duplicate_keys": snapshot.duplicate_keys,
        "rows_out": snapshot.rows_out(),
        "log_bytes": snapshot.log_bytes(),
        "syncs": snapshot.log_syncs(),
        "device_bytes": device_bytes,
        "latency_ms": {
            "commit": latency(&snapshot.commit_latency),
            "end_to_end": latency(&snapshot.end_to_end_latency),
            "sync": latency(&snapshot.sync_latency),
        },
        "dead_letters": dead_letters,
        "shards": snapshot.shards.iter().map(|shard| json!({
            "shard": shard.shard,
            "messages": shard.messages,
            "bytes_in": shard.bytes_in,
            "log_bytes": shard.log_bytes,
            "syncs": shard.log_syncs,
            "appended": shard.appended,
            "durable": shard.durable,
            "stepped": shard.stepped,
        })).collect::<Vec<_>>(),
        "rules": snapshot.rules.iter().map(|rule| json!({
            "rule": rule.name,
            "rows": rule.rows,
            "nulls": rule.nulls,
        })).collect::<Vec<_>>(),
        "sinks": snapshot.sinks.iter().map(|sink| json!({
            "sink": sink.name,
            "connector": sink.connector,
            "rows": sink.rows,
            "lag_records": sink.lag_records,
            "lag_seconds": sink.lag_seconds,
            "spilled_bytes": sink.spilled_bytes,
            "spilled_rows": sink.spilled_rows,
            "spill_used": sink.spill_used,
            "spill_dropped": sink.spill_dropped,
            "failures": sink.failures,
            "rejected": sink.rejected,
            "error": sink.error,
        })).collect::<Vec<_>>(),
    })
}

fn latency(latency: &Latency) -> Value {
    json!({
        "count": latency.0.len(),
        "p50": latency.quantile_ms(0.5),
        "p99": latency.quantile_ms(0.99),
        "p999": latency.quantile_ms(0.999),
        "max": latency.quantile_ms(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::tests::sample;

    #[test]
    fn every_field_is_kept() {
        let facts = Facts {
            data_dir: "/d".into(),
            durability: "sync",
        };
        let page = status(&facts, &sample(), 1.5, Some(8192));
        let latency =
            json!({"count": 5, "p50": 1.103, "p99": 401.407, "p999": 401.407, "max": 401.407});
        let shard = |index: u16, messages: u64| {
            json!({"shard": index, "messages": messages, "bytes_in": 2500, "log_bytes": 4096, "syncs": 3,
                "appended": 12, "durable": 11, "stepped": 11})
        };
        assert_eq!(
            page,
            json!({
                "version": env!("CARGO_PKG_VERSION"),
                "instance": "k3v9",
                "phase": "ready",
                "ready": true,
                "healthy": true,
                "faults": [],
                "uptime_seconds": 1.5,
                "data_dir": "/d",
                "durability": "sync",
                "listen": {"tcp": "127.0.0.1:7710"},
                "connections": 2,
                "connections_refused": 3,
                "forwarders": 1,
                "messages": 21,
                "bytes_in": 5000,
                "duplicates": 4,
                "duplicate_keys": 5,
                "rows_out": 8,
                "log_bytes": 8192,
                "syncs": 6,
                "device_bytes": 8192,
                "latency_ms": {"commit": latency, "end_to_end": latency, "sync": latency},
                "dead_letters": {"frame": 1, "route": 2, "parse": 3, "cast": 0, "eval": 0, "sink": 0},
                "shards": [shard(0, 10), shard(1, 11)],
                "rules": [{"rule": "charge.power", "rows": 8, "nulls": 1}],
                "sinks": [{"sink": "charge.power", "connector": "filesystem", "rows": 7, "lag_records": 2,
                    "lag_seconds": 0.25, "spilled_bytes": 4096, "spilled_rows": 9, "spill_used": 0.5,
                    "spill_dropped": 3, "failures": 1, "rejected": 0, "error": null}],
            })
        );
    }
}
