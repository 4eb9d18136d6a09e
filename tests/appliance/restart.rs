//! Stops, crashes, and what a start refuses.

use crate::{RULES, installation, sorted_ids, wait_for_rows};
use rookery_tests::{Client, Installation, Server, message};
use serde_json::json;

fn send(server: &Server, ids: std::ops::Range<u64>) {
    let (mut client, resume, _) = Client::greet(server.tcp, "emqx-1");
    assert_eq!(resume, ids.start - 1);
    for id in ids.clone() {
        client.send(&message(
            id,
            &format!("{}", id % 5),
            "08",
            &json!({"Ml": id.to_string()}),
        ));
    }
    client.wait_for_ack(ids.end - 1);
}

fn expect_each_once(installation: &Installation, count: u64) {
    wait_for_rows(installation, "orders", count as usize);
    let mut expected: Vec<String> = (1..=count).map(|id| id.to_string()).collect();
    expected.sort();
    assert_eq!(sorted_ids(installation, "orders"), expected);
}

#[test]
fn a_stop_drains_and_a_start_goes_on() {
    let installation = installation();
    let server = Server::start(&installation);
    send(&server, 1..101);
    let finished = server.stop();
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    expect_each_once(&installation, 100);
    let server = Server::start(&installation);
    send(&server, 101..151);
    expect_each_once(&installation, 150);
    assert_eq!(server.stop().code, 0);
    expect_each_once(&installation, 150);
}

#[test]
fn a_crash_loses_nothing_that_was_acknowledged_and_doubles_nothing() {
    let installation = installation();
    for round in 0..5 {
        let server = Server::start(&installation);
        send(&server, round * 200 + 1..round * 200 + 201);
        server.kill();
    }
    let _server = Server::start(&installation);
    expect_each_once(&installation, 1000);
}

#[test]
fn a_stop_does_not_wait_for_clients() {
    let installation = installation();
    let server = Server::start(&installation);
    let (mut greeted, ..) = Client::greet(server.tcp, "emqx-1");
    greeted.send(&message(1, "A", "08", &json!({})));
    greeted.wait_for_ack(1);
    let mut plain = Client::connect(server.tcp);
    plain.send_bytes(b"{\"half\":");
    let started = std::time::Instant::now();
    let finished = server.stop();
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    assert_eq!(greeted.receive(), None);
}

#[test]
fn earlier_messages_are_finished_under_their_own_rules() {
    let installation = installation();
    let server = Server::start(&installation);
    send(&server, 1..11);
    server.kill();
    installation.write_rule(
        "job",
        &RULES.replace(
            "SELECT id, imei, TRY_CAST",
            "SELECT CONCAT('new-', id), imei, TRY_CAST",
        ),
    );
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    client.send(&message(11, "A", "08", &json!({})));
    client.wait_for_ack(11);
    wait_for_rows(&installation, "orders", 11);
    let mut expected: Vec<String> = (1..=10).map(|id| id.to_string()).collect();
    expected.push("new-11".to_owned());
    expected.sort();
    assert_eq!(sorted_ids(&installation, "orders"), expected);
}

#[test]
fn another_count_of_shards_is_refused_with_the_remedy() {
    let installation = installation();
    Server::start(&installation).stop();
    let installation = installation.shards(3);
    let finished = Server::try_start(&installation).expect_err("refused");
    assert_eq!(finished.code, 78);
    assert!(
        finished.stderr.contains("`shards = 2`"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_second_instance_is_refused_and_names_the_first() {
    let installation = installation();
    let server = Server::start(&installation);
    let finished = Server::try_start(&installation).expect_err("refused");
    assert_ne!(finished.code, 0);
    assert!(
        finished.stderr.contains(&server.pid().to_string()),
        "{}",
        finished.stderr
    );
    assert_eq!(server.get("/readyz").code, 200, "the first one is unharmed");
}

#[test]
fn a_table_whose_connector_is_not_built_is_refused_unless_replaced() {
    let rules = RULES
        .replace("connector = 'tcp'", "type = 'datahub', topic = 't'")
        .replace(
            "connector = 'filesystem', path = '{out}/orders', format = 'json'",
            "type = 'mq', topic = 'o'",
        );
    let installation = Installation::new(&[("job", &rules)]);
    let finished = Server::try_start(&installation).expect_err("refused");
    assert_eq!(finished.code, 78, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("[tables.up]"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("job.sql:1:86"),
        "{}",
        finished.stderr
    );
    let orders = installation.out().join("orders").display().to_string();
    let installation = installation.with_sections(&format!(
        "[tables.up]\nconnector = \"tcp\"\n[tables.\"job.orders\"]\nconnector = \"filesystem\"\npath = {orders:?}\n"
    ));
    let server = Server::start(&installation);
    send(&server, 1..6);
    expect_each_once(&installation, 5);
}

#[test]
fn bad_sql_is_refused_before_anything_is_opened() {
    let installation = Installation::new(&[("job", "INSERT INTO x SELECT 1 FROM y;")]);
    let finished = Server::try_start(&installation).expect_err("refused");
    assert_eq!(finished.code, 78);
    assert!(
        finished.stderr.contains("job.sql:1:"),
        "{}",
        finished.stderr
    );
    assert!(!installation.data().exists());
}

#[test]
fn two_sinks_in_one_place_are_refused() {
    let rules = RULES.replace("{out}/everything", "{out}/orders");
    let installation = Installation::new(&[("job", &rules)]);
    let finished = Server::try_start(&installation).expect_err("refused");
    assert_eq!(finished.code, 78);
    assert!(finished.stderr.contains("E3027"), "{}", finished.stderr);
}

#[test]
fn a_server_without_rules_still_logs() {
    let installation = Installation::new(&[]);
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    client.send(r#"{"imei":"A"}"#);
    client.wait_for_ack(1);
    let finished = server.stop();
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("no rule file matches"),
        "{}",
        finished.stderr
    );
}
