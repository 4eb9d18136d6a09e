//! A sink that stays sick: its rows go to files, log can be deleted all the same, and everything comes once
//! and in order when it is well again, over kills.

use crate::{RULES, id, wait_for_rows};
use rookery_tests::{Client, Installation, Server, eventually, message};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file where a folder should be: the sink cannot make its directory.
fn block(installation: &Installation) -> PathBuf {
    std::fs::create_dir_all(installation.out()).unwrap();
    let blocker = installation.out().join("blocked");
    std::fs::write(&blocker, "in the way").unwrap();
    blocker
}

/// Files below `data/shard-N` with this ending.
fn files(installation: &Installation, ending: &str) -> Vec<PathBuf> {
    fn below(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            match entry.path().is_dir() {
                true => below(&entry.path(), found),
                false => found.push(entry.path()),
            }
        }
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(installation.data()).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("shard-") {
            below(&entry.path(), &mut found);
        }
    }
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    found
}

/// Sends numbers `from..=to`, slowly enough for checkpoints to come between them.
fn send(server: &Server, from: u64, to: u64, over: Duration) {
    let (mut client, resume, _) = Client::greet(server.tcp, "emqx-1");
    assert_eq!(resume, from - 1);
    let begun = Instant::now();
    for number in from..=to {
        let data = json!({"Ml": "1", "padding": "x".repeat(3_000)});
        client.send(&message(number, &format!("{}", number % 7), "08", &data));
        if number % 20 == 0 {
            let due = over * (number - from) as u32 / (to - from) as u32;
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
    }
    client.wait_for_ack(to);
}

/// Every number once, and those of each device in order.
fn assert_rows(installation: &Installation, table: &str, to: u64) {
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    let mut seen = Vec::new();
    for row in installation.rows(table) {
        let number: u64 = id(&row).parse().unwrap();
        let before = last.insert(number % 7, number);
        assert!(before < Some(number), "{number} came after {before:?}");
        seen.push(number);
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=to).collect::<Vec<_>>());
}

#[test]
fn a_sink_that_stays_sick_spills_over_kills_and_gets_every_row_once() {
    let rules = RULES.replace("{out}/orders", "{out}/blocked/orders");
    let installation = Installation::new(&[("job", &rules)])
        .shards(2)
        .with_sections("retain_hours = 0\nretain_bytes = 1\n");
    let blocker = block(&installation);

    let server = Server::start(&installation);
    send(&server, 1, 3_000, Duration::from_secs(9));
    eventually("the lane has spilled", || {
        !files(&installation, ".spill").is_empty()
    });
    eventually("the spill is told", || {
        let metrics = server.get("/metrics").body;
        let spilled = metrics
            .lines()
            .find(|line| line.starts_with("rookery_sink_spilled_bytes{sink=\"job.orders\"}"));
        spilled.is_some_and(|line| !line.ends_with(" 0"))
    });
    // 3,000 messages are some 9 MiB of log: most of it can go although one sink has confirmed nothing.
    eventually("log below the checkpoint is deleted", || {
        files(&installation, ".log").len() <= 9
    });
    wait_for_rows(&installation, "everything", 3_000);
    server.kill();

    let server = Server::start(&installation);
    send(&server, 3_001, 3_500, Duration::from_secs(1));
    server.kill();

    let server = Server::start(&installation);
    send(&server, 3_501, 3_600, Duration::ZERO);
    std::fs::remove_file(&blocker).unwrap();
    wait_for_rows(&installation, "blocked/orders", 3_600);
    eventually("files that are drained go", || {
        files(&installation, ".spill").is_empty()
    });
    send(&server, 3_601, 3_700, Duration::ZERO);
    wait_for_rows(&installation, "blocked/orders", 3_700);
    assert_rows(&installation, "blocked/orders", 3_700);
    assert_rows(&installation, "everything", 3_700);
    let finished = server.stop();
    assert_eq!(finished.code, 0, "{}", finished.stderr);
}

#[test]
fn a_spill_is_told_to_be_over_only_once_its_target_has_the_rows() {
    let rules = RULES.replace("{out}/orders", "{out}/blocked/orders");
    let installation = Installation::new(&[("job", &rules)]).shards(1);
    let blocker = block(&installation);
    let server = Server::start(&installation);
    let told = |text: &str| {
        let log = server.log();
        log.iter().filter(|line| line.contains(text)).count()
    };
    let (begun, over) = (
        "its target does not keep up",
        "its target has taken what was in files",
    );
    send(&server, 1, 20, Duration::ZERO);
    eventually("the spill is told", || told(begun) == 1);
    // Its few rows are read back into memory at once, where they wait for the target.
    std::thread::sleep(Duration::from_secs(3));
    assert!(!files(&installation, ".spill").is_empty());
    assert_eq!((told(begun), told(over)), (1, 0), "{:?}", server.log());
    std::fs::remove_file(&blocker).unwrap();
    eventually("its end is told", || told(over) == 1);
    assert_eq!(installation.rows("blocked/orders").len(), 20);
    assert_eq!(told(begun), 1);
    assert_eq!(server.stop().code, 0);
}
