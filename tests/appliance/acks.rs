//! Greetings, acknowledgements, resume and the fence.

use crate::{installation, sorted_ids, wait_for_rows};
use rookery_tests::{Client, Server, eventually, message};
use serde_json::json;

fn order(id: u64) -> String {
    message(
        id,
        &format!("8600{:011}", id % 7),
        "08",
        &json!({"Ml": "250"}),
    )
}

#[test]
fn a_greeting_is_answered_and_messages_are_acknowledged() {
    let installation = installation();
    let server = Server::start(&installation);
    let (mut client, resume, instance) = Client::greet(server.tcp, "emqx-1");
    assert_eq!(resume, 0);
    assert_eq!(server.status()["instance"], instance.as_str());
    for id in 1..=20 {
        client.send(&order(id));
    }
    client.wait_for_ack(20);
    wait_for_rows(&installation, "orders", 20);
    let row = &installation.rows("orders")[0];
    assert_eq!(row["ml"], 250, "{row}");
}

#[test]
fn a_forwarder_goes_on_where_it_stopped_and_nothing_counts_twice() {
    let installation = installation();
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    (1..=10).for_each(|id| client.send(&order(id)));
    client.wait_for_ack(10);
    drop(client);
    let (mut client, resume, _) = Client::greet(server.tcp, "emqx-1");
    assert_eq!(resume, 10);
    client.send(&order(11));
    client.wait_for_ack(11);
    wait_for_rows(&installation, "orders", 11);

    // Another name has numbers of its own.
    let (mut other, resume, _) = Client::greet(server.tcp, "emqx-2");
    assert_eq!(resume, 0);
    other.send(&order(12));
    other.wait_for_ack(1);
    wait_for_rows(&installation, "orders", 12);
}

#[test]
fn the_newer_connection_of_a_name_wins() {
    let installation = installation();
    let server = Server::start(&installation);
    let (mut older, ..) = Client::greet(server.tcp, "emqx-1");
    older.send(&order(1));
    older.wait_for_ack(1);
    let (mut newer, resume, _) = Client::greet(server.tcp, "emqx-1");
    assert_eq!(resume, 1);
    eventually("the older connection is closed", || {
        older.receive().is_none()
    });
    newer.send(&order(2));
    newer.wait_for_ack(2);
    wait_for_rows(&installation, "orders", 2);
    assert_eq!(sorted_ids(&installation, "orders"), ["1", "2"]);
}

#[test]
fn a_forwarder_without_memory_begins_after_what_was_ever_logged() {
    let installation = installation();
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    (1..=3).for_each(|id| client.send(&order(id)));
    client.wait_for_ack(3);
    drop(client);
    let fields = json!({"forwarder": "emqx-1", "ack": true, "fresh": true});
    let (mut fresh, resume, _) = Client::greet_with(server.tcp, &fields);
    assert_eq!(resume, 3);
    fresh.send(&order(4));
    fresh.wait_for_ack(4);
    wait_for_rows(&installation, "orders", 4);
}

#[test]
fn empty_lines_do_not_count_and_bad_ones_do() {
    let installation = installation();
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    client.send_bytes(b"\n  \t\n\r\n");
    client.send("not json");
    client.send(&order(2));
    client.wait_for_ack(2);
    client.finish();
    assert_eq!(client.receive(), None, "no ack beyond 2");
    wait_for_rows(&installation, "orders", 1);
}

#[test]
fn bad_greetings_are_refused_with_the_reason_and_closed() {
    let installation = installation();
    let server = Server::start(&installation);
    let long = "x".repeat(65);
    let greetings = [
        json!({"rookery": {"ack": true}}),
        json!({"rookery": {"forwarder": long, "ack": true}}),
        json!({"rookery": {"forwarder": "", "ack": true}}),
        json!({"rookery": {"forwarder": 7, "ack": true}}),
        json!({"rookery": {"forwarder": "a", "akc": true}}),
    ];
    for greeting in greetings {
        let mut client = Client::connect(server.tcp);
        client.send(&greeting.to_string());
        let answer = client.receive().expect("an error line");
        let code = answer["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(code.starts_with("E10"), "{greeting}: {answer}");
        assert!(!answer["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(client.receive(), None, "it is closed");
    }
}

#[test]
fn a_connection_that_did_not_greet_hears_nothing() {
    let installation = installation();
    let server = Server::start(&installation);
    let mut client = Client::connect(server.tcp);
    client.send(&order(1));
    client.send("not json");
    client.send(&json!({"rookery": {"forwarder": "late", "ack": true}}).to_string());
    client.finish();
    assert_eq!(client.receive(), None);
    wait_for_rows(&installation, "orders", 1);
}

#[test]
fn rows_of_a_device_keep_its_order() {
    let installation = installation();
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    let mut block = String::new();
    for id in 1..=5000 {
        block.push_str(&order(id));
        block.push('\n');
    }
    client.send_bytes(block.as_bytes());
    client.wait_for_ack(5000);
    wait_for_rows(&installation, "orders", 5000);
    let mut last = std::collections::HashMap::new();
    for row in installation.rows("orders") {
        let id: u64 = row["id"].as_str().unwrap().parse().unwrap();
        let before = last.insert(row["imei"].clone(), id).unwrap_or(0);
        assert!(before < id, "{id} came after {before}");
    }
}
