//! What the server refuses: one row, or all for a while.
#![allow(clippy::unwrap_used)]

use super::server::RedisServer;
use super::sink::{CURSOR, KEY_VALUE, Running, start};
use rookery_model::{DataType, Value};

const LIST: &[(&str, &str)] = &[("mode", "list")];

#[test]
fn a_key_of_another_type_refuses_its_rows_and_no_others() {
    let server = RedisServer::start();
    server.ask::<()>(&["SET", "taken", "x"]);
    let options = [("mode", "list"), ("ttl", "1000"), ("publish", "p")];
    let mut sink = start(server.port, KEY_VALUE, &options);
    sink.push_texts(&[
        ("a", "1"),
        ("taken", "2"),
        ("a", "3"),
        ("taken", "4"),
        ("b", "5"),
    ]);
    sink.push_texts(&[("a", "6")]);
    sink.wait_confirmed();
    let words = "WRONGTYPE Operation against a key holding the wrong kind of value";
    let letter = |lsn| (lsn, "E3090".to_owned(), words.to_owned());
    assert_eq!(sink.letters(), [letter(2), letter(4)]);
    assert_eq!(server.pushed("a"), ["1", "3", "6"]);
    assert_eq!(server.pushed("b"), ["5"]);
    assert_eq!(server.cursor(CURSOR), "7-6");
    assert_eq!(sink.metrics.counts().failures, 0);
    sink.stop();
}

#[test]
fn a_key_that_the_user_may_not_write_refuses_its_rows_before_anything_is_done() {
    let server = RedisServer::start();
    server.ask::<()>(&[
        "ACL",
        "SETUSER",
        "u",
        "on",
        ">p",
        "~ok:*",
        "~rookery:*",
        "+@all",
    ]);
    let options = [("mode", "list"), ("user", "u"), ("password", "p")];
    let mut sink = start(server.port, KEY_VALUE, &options);
    sink.push_texts(&[("ok:a", "1"), ("no:a", "2"), ("ok:a", "3"), ("no:b", "4")]);
    sink.push_texts(&[("ok:a", "5")]);
    sink.wait_confirmed();
    let letters = sink.letters();
    let lsns: Vec<_> = letters.iter().map(|letter| letter.0).collect();
    assert_eq!(lsns, [2, 4]);
    assert!(
        letters.iter().all(|letter| letter.2.starts_with("NOPERM ")),
        "{letters:?}"
    );
    assert_eq!(server.pushed("ok:a"), ["1", "3", "5"]);
    assert_eq!(server.cursor(CURSOR), "7-5");
    sink.stop();
}

#[test]
fn a_command_that_the_user_may_not_run_keeps_all_rows_until_it_may() {
    let server = RedisServer::start();
    server.ask::<()>(&["ACL", "SETUSER", "u", "on", ">p", "~*", "+@all", "-lpush"]);
    let options = [("mode", "list"), ("user", "u"), ("password", "p")];
    let mut sink = start(server.port, KEY_VALUE, &options);
    sink.push_next("rows");
    waits(&sink, "[E3084]", "NOPERM ");
    server.ask::<()>(&["ACL", "SETUSER", "u", "+lpush"]);
    sink.wait_confirmed();
    assert_eq!(
        (server.pushed("rows"), sink.letters()),
        (vec!["1".to_owned()], vec![])
    );
    sink.stop();
}

/// Waits until the sink says that the server takes nothing, with these words of it.
fn waits(sink: &Running, code: &str, words: &str) {
    sink.wait("it says so", |sink| {
        let said = sink.metrics.last_error();
        said.is_some_and(|said| said.starts_with(code) && said.contains(words))
    });
    assert!(!sink.all_confirmed());
}

#[test]
fn a_server_without_memory_keeps_all_rows_until_it_has_some() {
    let server = RedisServer::start();
    let mut sink = start(server.port, KEY_VALUE, LIST);
    sink.push_next("rows");
    sink.wait_confirmed();
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..20 {
        sink.push_next("rows");
    }
    waits(&sink, "[E3084]", "OOM ");
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    sink.wait_confirmed();
    let all: Vec<_> = (1..=21).map(|number| number.to_string()).collect();
    assert_eq!((server.pushed("rows"), sink.letters()), (all, vec![]));
    sink.stop();
}

#[test]
fn a_replica_keeps_all_rows_until_it_is_a_master() {
    let server = RedisServer::start();
    let mut sink = start(server.port, KEY_VALUE, LIST);
    server.ask::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    sink.push_next("rows");
    waits(&sink, "[E3084]", "READONLY ");
    server.ask::<()>(&["REPLICAOF", "NO", "ONE"]);
    sink.wait_confirmed();
    assert_eq!(
        (server.pushed("rows"), sink.letters()),
        (vec!["1".to_owned()], vec![])
    );
    sink.stop();
}

#[test]
fn a_server_that_could_not_save_keeps_all_rows_until_it_can() {
    // It saves after each change, into a directory that is not there any more.
    let server = RedisServer::with(&["--save", "1 1"]);
    let place: (String, String) = server.ask(&["CONFIG", "GET", "dir"]);
    std::fs::remove_dir_all(&place.1).unwrap();
    server.ask::<()>(&["SET", "x", "y"]);
    let begun = std::time::Instant::now();
    while !server
        .ask::<String>(&["INFO", "persistence"])
        .contains("rdb_last_bgsave_status:err")
    {
        assert!(begun.elapsed().as_secs() < 30);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut sink = start(server.port, KEY_VALUE, LIST);
    sink.push_next("rows");
    waits(&sink, "[E3084]", "MISCONF ");
    server.ask::<()>(&["CONFIG", "SET", "stop-writes-on-bgsave-error", "no"]);
    sink.wait_confirmed();
    assert_eq!(
        (server.pushed("rows"), sink.letters()),
        (vec!["1".to_owned()], vec![])
    );
    sink.stop();
}

#[test]
fn what_a_template_makes_of_a_value_may_be_refused() {
    let server = RedisServer::start();
    let columns = [("k", DataType::STRING), ("v", DataType::STRING)];
    let mut sink = start(server.port, &columns, &[("command", "INCRBY n:${k} ${v}")]);
    let text = Value::String;
    sink.push(&[
        &[text("a"), text("5")],
        &[text("a"), text("五")],
        &[text("a"), text("2")],
    ]);
    sink.wait_confirmed();
    assert_eq!(server.ask::<i64>(&["GET", "n:a"]), 7);
    let letters = sink.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (letters[0].0, letters[0].2.as_str()),
        (2, "ERR value is not an integer or out of range")
    );
    sink.stop();
}
