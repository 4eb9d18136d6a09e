//! What a sender may do.

use crate::{RULES, installation, wait_for_rows};
use rookery_tests::{Client, Installation, Server, eventually};
use serde_json::json;
use std::time::{Duration, Instant};

/// An installation whose `[listen]` has these lines too.
fn listening(lines: &str) -> Installation {
    Installation::new(&[("job", RULES)]).with_listen(lines)
}

#[test]
fn a_smaller_frame_limit_is_kept_and_named() {
    let installation = listening("frame_max_bytes = 4096");
    let server = Server::start(&installation);
    let mut client = Client::connect(server.tcp);
    client.send(&format!(r#"{{"imei":"A","id":"{}"}}"#, "x".repeat(4096)));
    client.send(r#"{"imei":"A","id":"1"}"#);
    wait_for_rows(&installation, "everything", 1);
    eventually("a dead letter", || installation.dead_letters().len() == 1);
    let reason = installation.dead_letters()[0]["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(reason.contains("4,096"), "{reason}");
    drop(server);
}

#[test]
fn a_connection_over_the_limit_is_closed_and_the_others_live() {
    let installation = listening("connections_max = 2");
    let server = Server::start(&installation);
    let mut first = Client::connect(server.tcp);
    let _second = Client::connect(server.tcp);
    eventually("two connections", || server.status()["connections"] == 2);
    let mut third = Client::connect(server.tcp);
    assert_eq!(third.receive(), None);
    first.send(r#"{"imei":"A","id":"1"}"#);
    wait_for_rows(&installation, "everything", 1);
    assert_eq!(server.status()["connections_refused"], 1);
}

#[test]
fn silence_and_unfinished_lines_end_at_their_deadlines() {
    let installation = listening("idle_timeout_ms = 1000\nframe_deadline_ms = 500");
    let server = Server::start(&installation);
    let started = Instant::now();
    let mut slow = Client::connect(server.tcp);
    slow.send_bytes(b"{\"imei\":");
    let mut silent = Client::connect(server.tcp);
    assert_eq!(slow.receive(), None);
    assert!(
        started.elapsed() >= Duration::from_millis(400),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(silent.receive(), None);
    assert!(
        started.elapsed() >= Duration::from_millis(900),
        "{:?}",
        started.elapsed()
    );
    eventually("no connections", || server.status()["connections"] == 0);
}

#[test]
fn a_forwarder_name_over_the_limit_is_refused_by_its_key() {
    let installation = listening("forwarders_max = 1");
    let server = Server::start(&installation);
    let (_first, ..) = Client::greet(server.tcp, "a");
    let mut second = Client::connect(server.tcp);
    second.send(&json!({"rookery": {"forwarder": "b", "ack": true}}).to_string());
    let answer = second.receive().expect("an error line");
    let text = answer["error"]["message"].as_str().unwrap();
    assert!(text.contains("listen.forwarders_max"), "{text}");
    assert_eq!(second.receive(), None);
    let (_again, ..) = Client::greet(server.tcp, "a");
}

#[test]
fn another_device_key_can_be_chosen() {
    let installation = listening("device_key = \"dev\"");
    let server = Server::start(&installation);
    let mut client = Client::connect(server.tcp);
    client.send(r#"{"dev":"A","id":"1"}"#);
    client.send(r#"{"imei":"A","id":"2"}"#);
    wait_for_rows(&installation, "everything", 1);
    eventually("a dead letter", || installation.dead_letters().len() == 1);
}

#[test]
fn at_the_limit_of_unacknowledged_bytes_nothing_is_lost() {
    let installation = listening("unacked_max_bytes = 65536");
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "a");
    let pad = "p".repeat(1000);
    let mut block = String::new();
    for id in 1..=2000 {
        block.push_str(&format!(
            "{{\"imei\":\"{}\",\"id\":\"{id}\",\"pad\":\"{pad}\"}}\n",
            id % 9
        ));
    }
    client.send_bytes(block.as_bytes());
    client.wait_for_ack(2000);
    wait_for_rows(&installation, "everything", 2000);
}

#[test]
fn durability_os_delivers_too() {
    let installation = installation().with("durability = \"os\"");
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "a");
    client.send(r#"{"imei":"A","id":"1"}"#);
    client.wait_for_ack(1);
    wait_for_rows(&installation, "everything", 1);
    assert_eq!(server.status()["durability"], "os");
    assert_eq!(server.stop().code, 0);
}
