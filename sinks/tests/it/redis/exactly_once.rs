//! LPUSH is not idempotent: a row that is missing, or there twice, shows.
#![allow(clippy::unwrap_used)]

use super::server::RedisServer;
use super::sink::{CURSOR, KEY_VALUE, after, at, start};
use rookery_model::Position;
use std::time::Duration;

const LIST: &[(&str, &str)] = &[("mode", "list")];
/// Gives a silent server up soon.
const HASTY: &[(&str, &str)] = &[("mode", "list"), ("answer_timeout_ms", "300")];

fn numbers(from: u64, through: u64) -> Vec<String> {
    (from..=through).map(|number| number.to_string()).collect()
}

#[test]
fn a_server_that_is_killed_under_load_has_each_row_once() {
    let mut server = RedisServer::durable();
    let mut sink = start(server.port, KEY_VALUE, LIST);
    for round in 0..5 {
        for _ in 0..200 {
            sink.push_next("rows");
        }
        // Not at a moment when nothing is under way.
        let confirmed = sink.lane.confirmed();
        sink.wait("some are confirmed", |sink| {
            sink.lane.confirmed() > confirmed
        });
        for _ in 0..200 {
            sink.push_next("rows");
        }
        server.kill();
        if round % 2 == 0 {
            sink.wait("it is noticed", |sink| sink.metrics.counts().failing);
        }
        server.restart();
    }
    sink.wait_confirmed();
    assert_eq!(server.pushed("rows"), numbers(1, 2000));
    assert_eq!(server.cursor(CURSOR), "7-2000");
    assert_eq!(sink.letters(), []);
    sink.stop();
}

#[test]
fn a_late_commit_of_a_connection_given_up_is_not_repeated() {
    let server = RedisServer::start();
    let mut sink = start(server.port, KEY_VALUE, HASTY);
    sink.push_next("rows");
    sink.wait_confirmed();
    for round in 1..=3 {
        server.signal("STOP");
        let failures = sink.metrics.counts().failures;
        for _ in 0..10 {
            sink.push_next("rows");
        }
        // The request lies in the server's socket, and so do those of the attempts that follow: when it
        // goes on, it takes the first, and the others must find that.
        sink.wait("it is given up", |sink| {
            sink.metrics.counts().failures >= failures + 1 + round
        });
        server.signal("CONT");
        sink.wait_confirmed();
        assert_eq!(server.pushed("rows"), numbers(1, 1 + 10 * round));
    }
    assert!(
        sink.metrics.counts().rows_skipped > 0,
        "some came late and were found"
    );
    sink.stop();
}

#[test]
fn a_transaction_fails_when_the_cursor_was_changed_meanwhile() {
    let server = RedisServer::start();
    let mut sink = start(server.port, KEY_VALUE, LIST);
    sink.push_next("rows");
    sink.wait_confirmed();
    // As a late commit of rows 2 and 3 by another connection.
    server.ask::<()>(&["SET", CURSOR, "7-3"]);
    for _ in 0..4 {
        sink.push_next("rows");
    }
    sink.wait_confirmed();
    let counts = sink.metrics.counts();
    assert_eq!((counts.failures, counts.rows_skipped), (1, 2));
    assert_eq!(server.pushed("rows"), ["1", "4", "5"]);
    sink.stop();
}

#[test]
fn a_target_that_is_ahead_gets_only_what_it_lacks() {
    let server = RedisServer::start();
    let mut sink = start(server.port, KEY_VALUE, LIST);
    for _ in 0..10 {
        sink.push_next("rows");
    }
    sink.wait_confirmed();
    sink.abandon();
    // It was killed after the target's commit and before its own cursor was saved.
    let mut sink = after(server.port, KEY_VALUE, LIST, at(4));
    for _ in 0..10 {
        sink.push_next("rows");
    }
    sink.wait_confirmed();
    assert_eq!(sink.metrics.counts().rows_skipped, 6);
    assert_eq!(server.pushed("rows"), numbers(1, 14));
    sink.stop();
}

#[test]
fn a_target_that_went_back_gets_again_what_is_still_held() {
    let server = RedisServer::start();
    let mut sink = start(server.port, KEY_VALUE, LIST);
    for _ in 0..10 {
        sink.push_next("rows");
    }
    sink.wait_confirmed();
    sink.stop();
    // Restored to where it had six rows. Eight were confirmed, and those from 9 on are still held.
    server.ask::<()>(&["LTRIM", "rows", "4", "-1"]);
    server.ask::<()>(&["SET", CURSOR, "7-6"]);
    let mut sink = after(server.port, KEY_VALUE, LIST, at(8));
    for _ in 0..4 {
        sink.push_next("rows");
    }
    sink.wait_confirmed();
    assert_eq!(
        server.pushed("rows"),
        [numbers(1, 6), numbers(9, 12)].concat()
    );
    assert_eq!(server.cursor(CURSOR), "7-12");
    sink.stop();
}

#[test]
fn a_target_that_came_back_empty_goes_on_after_the_confirmed_rows() {
    let server = RedisServer::start();
    let mut sink = start(server.port, KEY_VALUE, LIST);
    for _ in 0..5 {
        sink.push_next("rows");
    }
    sink.wait_confirmed();
    // Under a connection that stays.
    server.ask::<()>(&["FLUSHALL"]);
    for _ in 0..5 {
        sink.push_next("rows");
    }
    sink.wait_confirmed();
    assert_eq!(server.pushed("rows"), numbers(6, 10));
    sink.stop();
    // Over a restart.
    server.ask::<()>(&["FLUSHALL"]);
    let mut sink = after(server.port, KEY_VALUE, LIST, at(10));
    sink.push_next("rows");
    sink.wait_confirmed();
    assert_eq!(server.pushed("rows"), ["11"]);
    assert_eq!(server.cursor(CURSOR), "7-11");
    sink.stop();
}

#[test]
fn a_cursor_that_is_none_is_not_overwritten() {
    let server = RedisServer::start();
    server.ask::<()>(&["SET", CURSOR, "mine"]);
    let mut sink = start(server.port, KEY_VALUE, LIST);
    sink.push_next("rows");
    sink.wait("it says so", |sink| sink.metrics.last_error().is_some());
    assert_eq!(
        sink.metrics.last_error().unwrap(),
        format!(
            "[E3086] the key `{CURSOR}` at Redis 127.0.0.1:{} holds `mine`, which is no cursor; delete the key to \
             go on after the rows that were confirmed",
            server.port
        )
    );
    server.ask::<()>(&["DEL", CURSOR]);
    sink.wait_confirmed();
    assert_eq!(server.pushed("rows"), ["1"]);
    sink.stop();
}

#[test]
fn a_server_that_is_down_at_the_start_gets_its_rows_later() {
    let mut server = RedisServer::durable();
    server.kill();
    let mut sink = after(server.port, KEY_VALUE, LIST, Position::ZERO);
    for _ in 0..100 {
        sink.push_next("rows");
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(sink.metrics.counts().failing);
    server.restart();
    sink.wait_confirmed();
    assert_eq!(server.pushed("rows"), numbers(1, 100));
    sink.stop();
}
