//! `load` against servers that fail: it goes on where it may, else it ends by itself and says why.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::scripted::{Script, Scripted};
use crate::{generated, last_json, run, run_json, text};

/// Runs a load that must fail soon, and gives what it said.
fn failure(script: Script, arguments: &str) -> String {
    let server = Scripted::start(script);
    let begun = Instant::now();
    let output = run(&format!("load --addr {} --ack {arguments}", server.addr));
    assert!(begun.elapsed() < Duration::from_secs(20));
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

fn assert_says(said: &str, expected: &str) {
    assert!(
        said.contains(expected),
        "{said:?} does not say {expected:?}"
    );
}

#[test]
fn a_lost_connection_is_resumed_without_gap_or_repetition() {
    let script = Script {
        breaks_after: Some(700),
        ack_delay: Duration::from_millis(3),
        ..Script::default()
    };
    let server = Scripted::start(script);
    let directory = tempfile::tempdir().unwrap();
    let record = directory.path().join("record");
    let report = run_json(&format!(
        "load --addr {} --devices 50 --messages 6000 --rate 20000 --connections 2 --ack --reconnect=5 --json --record {}",
        server.addr,
        record.display()
    ));
    assert_eq!(
        (&report["messages"], &report["acked"]),
        (&6000.into(), &6000.into())
    );
    assert_eq!(server.greetings().len(), 4);
    let events = fs::read_to_string(record.join("events.ndjson")).unwrap();
    let lost: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| event["event"] == "lost")
        .collect();
    assert_eq!(lost.len(), 2, "{lost:?}");
    for event in &lost {
        assert!(event["sent"].as_u64() > event["acked"].as_u64(), "{event}");
    }
    for connection in 0..2 {
        let expected = generated(&format!(
            "--devices 50 --messages 6000 --connections 2 --connection {connection}"
        ));
        let name = format!("bench-{connection}");
        assert!(server.messages(&name) == expected, "{name} at the server");
        assert!(
            fs::read(record.join(format!("{name}.ndjson"))).unwrap() == expected,
            "{name} in the record"
        );
    }
}

#[test]
fn full_speed_resumes_too() {
    let script = Script {
        breaks_after: Some(50_000),
        ack_delay: Duration::from_millis(1),
        ..Script::default()
    };
    let server = Scripted::start(script);
    let report = run_json(&format!(
        "load --addr {} --messages 200000 --rate max --connections 1 --ack --reconnect --json",
        server.addr
    ));
    assert_eq!(report["acked"], 200_000);
    assert!(server.messages("bench-0") == generated("--messages 200000"));
}

#[test]
fn a_loss_without_reconnect_ends_the_run() {
    let script = Script {
        breaks_after: Some(100),
        ..Script::default()
    };
    let said = failure(script, "--messages 100000 --rate 20000 --connections 1");
    assert_says(&said, "lost connection bench-0 (");
    assert_says(&said, "--reconnect would go on");
}

#[test]
fn a_server_that_forgot_acknowledged_messages_is_named() {
    let script = Script {
        breaks_after: Some(500),
        forgets: 50,
        ack_delay: Duration::from_millis(2),
        ..Script::default()
    };
    let server = Scripted::start(script);
    let directory = tempfile::tempdir().unwrap();
    let record = directory.path().join("record");
    let output = run(&format!(
        "load --addr {} --messages 2000 --rate 10000 --connections 1 --ack --reconnect --json --record {}",
        server.addr,
        record.display()
    ));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_says(&text(&output.stderr), "though it acknowledged");
    assert_eq!(last_json(&output)["acked"], 2000);
    assert!(
        fs::read_to_string(record.join("events.ndjson"))
            .unwrap()
            .contains("\"event\":\"regressed\"")
    );
    assert!(server.messages("bench-0") == generated("--messages 2000"));
}

#[test]
fn another_instance_stops_the_run() {
    let script = Script {
        breaks_after: Some(500),
        changes_instance: true,
        ..Script::default()
    };
    let said = failure(
        script,
        "--messages 100000 --rate 20000 --connections 1 --reconnect",
    );
    assert_says(&said, "the server is instance second, not first as before");
}

#[test]
fn silence_ends_the_run() {
    let script = Script {
        never_acks: true,
        ..Script::default()
    };
    let said = failure(
        script,
        "--messages 1000 --rate max --connections 1 --timeout 0.5",
    );
    assert_says(
        &said,
        "bench-0: nothing moved for 0.5 s (--timeout): 1000 of 1000 sent messages are not acknowledged",
    );
}

#[test]
fn a_server_that_does_not_read_ends_the_run() {
    let script = Script {
        stops_reading_after: Some(100_000),
        never_acks: true,
        ..Script::default()
    };
    let said = failure(
        script,
        "--messages 1000000 --rate max --connections 1 --timeout 0.5",
    );
    assert_says(
        &said,
        "bench-0: nothing moved for 0.5 s (--timeout): the server reads nothing and ",
    );
}

#[test]
fn an_unanswered_greeting_ends_the_run() {
    let script = Script {
        ignores_greetings: true,
        ..Script::default()
    };
    let said = failure(script, "--connections 1 --timeout 0.3");
    assert_says(
        &said,
        "bench-0: no answer to the greeting for 0.3 s (--timeout)",
    );
}

#[test]
fn a_server_that_always_hangs_up_ends_the_run() {
    let script = Script {
        hangs_up: true,
        ..Script::default()
    };
    let said = failure(script, "--connections 1 --reconnect=0.5");
    assert_says(&said, "the time to connect again (--reconnect) is over");
}

#[test]
fn a_refused_greeting_is_shown() {
    let said = failure(
        Script {
            refuses: true,
            ..Script::default()
        },
        "--connections 1",
    );
    assert_says(
        &said,
        "bench-0: the server answered E1002: too many forwarders",
    );
}

#[test]
fn an_impossible_acknowledgement_is_an_error() {
    let said = failure(
        Script {
            acks_beyond: 1_000_000,
            ..Script::default()
        },
        "--messages 1000 --rate max --connections 1",
    );
    assert_says(&said, "but only 1000 were sent");
    let said = failure(
        Script {
            babbles: true,
            ..Script::default()
        },
        "--messages 10 --connections 1",
    );
    assert_says(&said, "the server answered what is no answer: \"hello\"");
}

#[test]
fn nobody_listening_is_an_error() {
    let addr = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let output = run(&format!("load --addr {addr} --ack"));
    assert_eq!(output.status.code(), Some(1));
    assert_says(
        &text(&output.stderr),
        &format!("connecting bench-0 to {addr}"),
    );
    let begun = Instant::now();
    let output = run(&format!("load --addr {addr} --ack --reconnect=0.3"));
    assert_eq!(output.status.code(), Some(1));
    assert!(begun.elapsed() > Duration::from_millis(300));
}
