//! A sink that cannot write hurts nobody else, and gets everything once it can.

use crate::{RULES, sorted_ids, wait_for_rows};
use rookery_tests::{Client, Installation, Server, eventually, message};
use serde_json::json;

#[test]
fn rows_of_a_sick_sink_wait_over_a_stop_and_the_others_go_on() {
    let rules = RULES.replace("{out}/orders", "{out}/blocked/orders");
    let installation = Installation::new(&[("job", &rules)]);
    // A file where a folder should be: the sink cannot make its directory.
    std::fs::create_dir_all(installation.out()).unwrap();
    let blocker = installation.out().join("blocked");
    std::fs::write(&blocker, "in the way").unwrap();

    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    for id in 1..=100 {
        client.send(&message(
            id,
            &format!("{}", id % 5),
            "08",
            &json!({"Ml": "1"}),
        ));
    }
    client.wait_for_ack(100);
    wait_for_rows(&installation, "everything", 100);
    eventually("the lag and the error are told", || {
        let status = server.status();
        let sink = status["sinks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|sink| sink["sink"] == "job.orders")
            .unwrap()
            .clone();
        sink["lag_records"].as_u64() > Some(0)
            && sink["lag_seconds"].as_f64() > Some(0.0)
            && sink["error"].is_string()
    });

    let started = std::time::Instant::now();
    let finished = server.stop();
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(started.elapsed().as_secs() <= 12, "{:?}", started.elapsed());
    assert!(
        finished.stderr.contains("not drained"),
        "{}",
        finished.stderr
    );

    std::fs::remove_file(&blocker).unwrap();
    let _server = Server::start(&installation);
    wait_for_rows(&installation, "blocked/orders", 100);
    let mut expected: Vec<String> = (1..=100).map(|id| id.to_string()).collect();
    expected.sort();
    assert_eq!(sorted_ids(&installation, "blocked/orders"), expected);
    assert_eq!(
        sorted_ids(&installation, "everything"),
        expected,
        "nothing came twice"
    );
}

#[test]
fn a_second_signal_ends_at_once() {
    let rules = RULES.replace("{out}/orders", "{out}/blocked/orders");
    let installation = Installation::new(&[("job", &rules)]);
    std::fs::create_dir_all(installation.out()).unwrap();
    std::fs::write(installation.out().join("blocked"), "in the way").unwrap();
    let mut server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    client.send(&message(1, "A", "08", &json!({})));
    client.wait_for_ack(1);
    let started = std::time::Instant::now();
    server.signal(libc::SIGTERM);
    eventually("the stop has begun", || {
        server.log().iter().any(|line| line.contains("stopping"))
    });
    server.signal(libc::SIGTERM);
    let finished = server.wait();
    assert_eq!(finished.code, 128 + libc::SIGTERM);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}
