//! The admin port of a running server.

use crate::{installation, wait_for_rows};
use rookery_tests::{Client, Server, eventually};

#[test]
fn health_readiness_metrics_and_status_tell_what_happened() {
    let installation = installation();
    let server = Server::start(&installation);
    assert_eq!(server.get("/readyz").code, 200);
    assert_eq!(server.get("/healthz").code, 200);
    let mut client = Client::connect(server.tcp);
    for id in 0..50 {
        client.send(&format!(
            r#"{{"id":"{id}","imei":"{id}","type":"08","data":"{{\"Ml\":\"x\"}}"}}"#
        ));
    }
    client.send("bad");
    wait_for_rows(&installation, "everything", 50);
    eventually("everything is confirmed", || {
        server.status()["sinks"][1]["rows"] == 50
    });
    eventually("the histograms are published", || {
        server.status()["latency_ms"]["end_to_end"]["count"].as_u64() >= Some(50)
    });

    let status = server.status();
    assert_eq!(status["ready"], true);
    assert_eq!(status["messages"], 51);
    assert_eq!(status["rows_out"], 100);
    assert_eq!(status["dead_letters"]["route"], 1);
    assert_eq!(status["listen"]["tcp"], server.tcp.to_string());
    assert_eq!(status["shards"].as_array().unwrap().len(), 2);
    assert!(status["syncs"].as_u64() > Some(0), "{status:#}");
    assert!(status["device_bytes"].as_u64() > Some(0), "{status:#}");
    let rules: Vec<&str> = status["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["job.orders", "job.everything"]);
    assert_eq!(status["rules"][0]["nulls"], 50, "casts of 'x' are counted");

    let metrics = server.get("/metrics");
    assert_eq!(metrics.code, 200);
    for line in [
        "rookery_messages_total 51",
        "rookery_rows_total{rule=\"job.orders\"} 50",
        "rookery_dead_letters_total{stage=\"route\"} 1",
        "rookery_sink_rows_total{sink=\"job.everything\"} 50",
        "rookery_connections 1.0",
        "# EOF",
    ] {
        assert!(
            metrics.body.contains(line),
            "{line} is missing in {}",
            metrics.body
        );
    }
}

#[test]
fn an_idle_server_does_nothing() {
    let installation = installation();
    let server = Server::start(&installation);
    let cpu = || {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
        let fields: Vec<&str> = text.rsplit(") ").next().unwrap().split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    std::thread::sleep(std::time::Duration::from_secs(1));
    let before = cpu();
    std::thread::sleep(std::time::Duration::from_secs(3));
    // A tick of the clock is 10 ms: 3 of 300 are one percent.
    assert!(cpu() - before <= 3, "{} ticks in 3 s", cpu() - before);
}
