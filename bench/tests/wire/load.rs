//! What `load` sends, and what it says of it.

use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;

use crate::scripted::{Script, Scripted};
use crate::{bench, generated, last_json, run, run_json, text};

const FLEET: &str = "--devices 100 --seed 5";

#[test]
fn every_message_arrives_once_in_order() {
    let server = Scripted::start(Script::default());
    let addr = server.addr;
    let report = run_json(&format!(
        "load --addr {addr} {FLEET} --messages 5000 --rate 50000 --connections 3 --ack --json"
    ));
    assert_eq!(report["messages"], 5000);
    assert_eq!(report["acked"], 5000);
    for connection in 0..3 {
        let expected = generated(&format!(
            "{FLEET} --messages 5000 --connections 3 --connection {connection}"
        ));
        let name = format!("bench-{connection}");
        assert!(
            server.messages(&name) == expected,
            "connection {connection}"
        );
    }
    let keys: Vec<_> = report.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        [
            "messages",
            "seconds",
            "messages_per_second",
            "acked",
            "ack_ms",
            "server_cpu_seconds_per_million",
            "server_peak_rss_anon_mb",
            "rows_out",
            "syncs",
            "device_bytes"
        ]
    );
    let percentiles: Vec<_> = report["ack_ms"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(percentiles, ["p50", "p99", "p999", "max"]);
    assert_eq!(report["rows_out"], Value::Null);
    // Connections greet side by side, in any order.
    let greeting = r#"{"rookery":{"forwarder":"bench-0","ack":true}}"#;
    assert!(
        server
            .greetings()
            .iter()
            .any(|sent| sent.trim_end() == greeting)
    );
}

#[test]
fn without_ack_nothing_but_messages_is_sent() {
    let server = Scripted::start(Script::default());
    let report = run_json(&format!(
        "load --addr {} {FLEET} --messages 3000 --rate max --connections 1 --json",
        server.addr
    ));
    assert_eq!(
        (&report["messages"], &report["acked"]),
        (&3000.into(), &0.into())
    );
    assert_eq!(report["ack_ms"], Value::Null);
    let expected = generated(&format!("{FLEET} --messages 3000"));
    crate::load::eventually(|| server.messages("").len() == expected.len());
    assert!(server.messages("") == expected);
}

/// Waits for what another thread is about to do.
pub fn eventually(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn full_speed_ends_after_its_seconds() {
    let server = Scripted::start(Script::default());
    let report = run_json(&format!(
        "load --addr {} --seconds 0.5 --rate max --connections 2 --ack --json",
        server.addr
    ));
    assert_eq!(report["messages"], report["acked"]);
    assert!(report["messages"].as_u64().unwrap() > 10_000, "{report}");
    assert!(report["seconds"].as_f64().unwrap() < 5.0, "{report}");
}

#[test]
fn a_rate_is_kept() {
    let server = Scripted::start(Script::default());
    let report = run_json(&format!(
        "load --addr {} --seconds 1 --rate 3000 --ack --json",
        server.addr
    ));
    assert_eq!(report["acked"], 3000);
    let seconds = report["seconds"].as_f64().unwrap();
    assert!((0.99..3.0).contains(&seconds), "{report}");
}

#[test]
fn latency_counts_from_the_intended_time() {
    // An acknowledgement each 200 ms: a closed loop would see them all as 200 ms after a send that waited;
    // here messages that were due meanwhile have waited, 100 ms on average and up to 200.
    let script = Script {
        ack_delay: Duration::from_millis(200),
        ..Script::default()
    };
    let server = Scripted::start(script);
    let report = run_json(&format!(
        "load --addr {} --seconds 1 --rate 1000 --connections 1 --ack --json",
        server.addr
    ));
    let p50 = report["ack_ms"]["p50"].as_f64().unwrap();
    let max = report["ack_ms"]["max"].as_f64().unwrap();
    assert!(p50 > 220.0, "{report}");
    assert!(max > 350.0, "{report}");
}

#[test]
fn a_second_run_goes_on_where_the_first_ended() {
    let server = Scripted::start(Script::default());
    let arguments = format!(
        "load --addr {} {FLEET} --messages 1000 --rate max --connections 2 --ack --forwarder twice --json",
        server.addr
    );
    run_json(&arguments);
    assert_eq!(run_json(&arguments)["acked"], 1000);
    let expected = generated(&format!(
        "{FLEET} --messages 2000 --connections 2 --connection 1"
    ));
    assert!(server.messages("twice-1") == expected);
}

#[test]
fn progress_lines_come_before_the_result() {
    let server = Scripted::start(Script::default());
    let output = run(&format!(
        "load --addr {} --seconds 1 --rate 2000 --ack --progress 100 --json",
        server.addr
    ));
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (result, progress) = lines.split_last().unwrap();
    assert!(progress.len() >= 5, "{lines:?}");
    let last = &progress[progress.len() - 1]["progress"];
    assert_eq!(
        (&last["messages"], &last["acked"]),
        (&2000.into(), &2000.into())
    );
    assert_eq!(result["acked"], 2000);
    // The whole run's percentiles are not only those of the last interval.
    let max = |line: &Value| line["ack_ms"]["max"].as_f64().unwrap_or(0.0);
    let highest = progress
        .iter()
        .map(|line| max(&line["progress"]))
        .fold(0.0, f64::max);
    assert_eq!(max(result), highest);
}

#[test]
fn a_signal_ends_the_run_with_its_acknowledgements() {
    let server = Scripted::start(Script::default());
    let arguments = format!(
        "load --addr {} --seconds 600 --rate 2000 --ack --json",
        server.addr
    );
    let child = bench(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually(|| !server.messages("bench-3").is_empty());
    let killed = std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report = last_json(&output);
    assert_eq!(report["messages"], report["acked"]);
    assert!(report["acked"].as_u64().unwrap() > 0);
}

#[test]
fn the_record_holds_messages_and_acknowledgements() {
    let server = Scripted::start(Script::default());
    let directory = tempfile::tempdir().unwrap();
    let record = directory.path().join("record");
    let arguments = format!(
        "load --addr {} {FLEET} --messages 1000 --rate 20000 --connections 2 --ack --json --record {}",
        server.addr,
        record.display()
    );
    run_json(&arguments);
    for connection in 0..2 {
        let expected = generated(&format!(
            "{FLEET} --messages 1000 --connections 2 --connection {connection}"
        ));
        assert!(fs::read(record.join(format!("bench-{connection}.ndjson"))).unwrap() == expected);
    }
    let events = fs::read_to_string(record.join("events.ndjson")).unwrap();
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events[0]["event"], "begin");
    assert_eq!(
        events[0]["forwarders"],
        serde_json::json!(["bench-0", "bench-1"])
    );
    for what in ["sent", "acked"] {
        for connection in 0..2 {
            let last = events
                .iter()
                .rev()
                .find(|event| event["event"] == what && event["connection"] == connection);
            assert_eq!(last.unwrap()["through"], 500, "{what}");
        }
    }
    assert_eq!(events[events.len() - 1]["event"], "end");
    let again = run(&arguments);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("already holds a record"));
}
