//! `rookery wal` on a live and a dead directory.

use crate::installation;
use rookery_tests::{Client, Server, run};

#[test]
fn a_log_can_be_looked_into_while_it_is_written_and_after() {
    let installation = installation();
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    for id in 1..=30 {
        client.send(&format!(r#"{{"id":"{id}","imei":"{id}"}}"#));
    }
    client.send("unroutable");
    client.wait_for_ack(31);
    let dir = installation.data().display().to_string();
    let look = |when: &str| {
        let info = run(&["wal", "info", &dir]);
        assert_eq!(info.code, 0, "{when}: {}", info.stderr);
        assert!(
            info.stdout.contains("shard 0") && info.stdout.contains("shard 1"),
            "{when}: {}",
            info.stdout
        );
        let verify = run(&["wal", "verify", &dir]);
        assert_eq!(verify.code, 0, "{when}: {}{}", verify.stdout, verify.stderr);
        let dump = run(&["wal", "dump", &dir]);
        assert_eq!(dump.code, 0, "{when}: {}", dump.stderr);
        let records = dump.rows();
        let of = |kind: &str| {
            records
                .iter()
                .filter(|record| record["kind"] == kind)
                .count()
        };
        assert_eq!(
            (of("message"), of("malformed")),
            (30, 1),
            "{when}: {}",
            dump.stdout
        );
        let one = records
            .iter()
            .find(|record| record["kind"] == "message")
            .unwrap();
        assert_eq!(one["forwarder"], "emqx-1", "{one}");
        assert!(
            one["raw"].as_str().unwrap().starts_with("{\"id\":"),
            "{one}"
        );
    };
    look("live");
    assert_eq!(server.stop().code, 0);
    look("stopped");
}

#[test]
fn damage_is_found_and_ends_with_1() {
    let installation = installation().shards(1);
    let server = Server::start(&installation);
    let (mut client, ..) = Client::greet(server.tcp, "emqx-1");
    for id in 1..=200 {
        client.send(&format!(
            r#"{{"id":"{id}","imei":"{id}","pad":"{}"}}"#,
            "p".repeat(200)
        ));
    }
    client.wait_for_ack(200);
    assert_eq!(server.stop().code, 0);
    let folder = installation.data().join("shard-0");
    let mut segments: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
        .collect();
    segments.sort();
    let (path, mut bytes) = segments
        .iter()
        .map(|path| (path, std::fs::read(path).unwrap()))
        .find(|(_, bytes)| bytes.windows(6).any(|window| window == b"pppppp"))
        .unwrap();
    let at = bytes
        .windows(6)
        .position(|window| window == b"pppppp")
        .unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
    let dir = installation.data().display().to_string();
    let verify = run(&["wal", "verify", &dir]);
    assert_eq!(verify.code, 1, "{}{}", verify.stdout, verify.stderr);
    assert!(verify.stdout.contains("shard 0"), "{}", verify.stdout);

    let number: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let accept = |segment: u64| run(&["wal", "accept", &dir, "--segment", &segment.to_string()]);
    let wrong = accept(number + 100);
    assert_eq!(wrong.code, 1, "{}", wrong.stdout);
    assert!(wrong.stderr.contains("E2014"), "{}", wrong.stderr);
    let accepted = accept(number);
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    assert!(
        accepted.stdout.contains("given up: LSN"),
        "{}",
        accepted.stdout
    );
    let verify = run(&["wal", "verify", &dir]);
    assert_eq!(verify.code, 0, "{}{}", verify.stdout, verify.stderr);
}

#[test]
fn what_is_no_data_directory_is_a_usage_error() {
    assert_eq!(run(&["wal", "info", "/nonexistent"]).code, 2);
    assert_eq!(run(&["wal", "verify", "/usr"]).code, 2);
}
