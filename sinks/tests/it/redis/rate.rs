//! Rows a second of the sink, its writer's thread included, against `redis-benchmark` with the same command,
//! the same server and the same number of commands in one piece.
//!
//! Small by default. `ROOKERY_REDIS_ROWS=2000000 cargo test --release -p rookery-sinks --test it redis::rate --
//! --nocapture` measures; `ROOKERY_REDIS_ROUNDS` says how often the two take turns.
#![allow(clippy::unwrap_used)]

use super::server::RedisServer;
use super::sink::{KEY_VALUE, start};
use rookery_model::Value;
use std::process::Command;
use std::time::Instant;

/// Rows of a request, and commands of a pipeline.
const PIPELINE: usize = 1000;
/// Keys, as many as a fleet has devices.
const KEYS: usize = 400_000;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Rows a second of the sink: `SET device:<12 digits> xxx`.
fn of_the_sink(server: &RedisServer, rows: usize) -> f64 {
    server.ask::<()>(&["FLUSHALL"]);
    let pipeline = PIPELINE.to_string();
    let options = [("mode", "string"), ("batch_rows_max", pipeline.as_str())];
    let mut sink = start(server.port, KEY_VALUE, &options);
    let begun = Instant::now();
    for batch in 0..rows / PIPELINE {
        let keys: Vec<_> = (0..PIPELINE)
            .map(|row| format!("device:{:012}", (batch * PIPELINE + row) * 7919 % KEYS))
            .collect();
        let rows: Vec<_> = keys
            .iter()
            .map(|key| [Value::String(key), Value::String("xxx")])
            .collect();
        let rows: Vec<_> = rows.iter().map(|row| row.as_slice()).collect();
        sink.push(&rows);
    }
    sink.wait_confirmed();
    let took = begun.elapsed().as_secs_f64();
    let distinct = (0..rows / PIPELINE * PIPELINE).map(|row| row * 7919 % KEYS);
    let distinct = distinct.collect::<std::collections::HashSet<_>>().len() as u64;
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), distinct + 1);
    sink.stop();
    (rows / PIPELINE * PIPELINE) as f64 / took
}

/// Requests a second of `redis-benchmark`, one client like the sink's writer.
fn of_the_benchmark(server: &RedisServer, rows: usize) -> f64 {
    server.ask::<()>(&["FLUSHALL"]);
    let output = Command::new("redis-benchmark")
        .args([
            "-p",
            &server.port.to_string(),
            "-n",
            &rows.to_string(),
            "--csv",
        ])
        .args([
            "-P",
            &PIPELINE.to_string(),
            "-c",
            "1",
            "-r",
            &KEYS.to_string(),
        ])
        .args(["SET", "device:__rand_int__", "xxx"])
        .output()
        .expect("redis-benchmark is installed (apt-get install redis-tools)");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap();
    let rate = last
        .rsplit("xxx\",\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    rate.parse().unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn the_redis_sink_takes_its_rows() {
    let rows = setting("ROOKERY_REDIS_ROWS", 20_000);
    let rounds = setting("ROOKERY_REDIS_ROUNDS", 1);
    let server = RedisServer::start();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        ours.push(of_the_sink(&server, rows));
        theirs.push(of_the_benchmark(&server, rows));
        println!(
            "round {round}: sink {:.0} rows/s, redis-benchmark {:.0}/s",
            ours[round], theirs[round]
        );
    }
    for rates in [&mut ours, &mut theirs] {
        rates.sort_by(f64::total_cmp);
    }
    let (ours, theirs) = (ours[rounds / 2], theirs[rounds / 2]);
    println!(
        "median: sink {ours:.0} rows/s, redis-benchmark {theirs:.0}/s, ratio {:.2}",
        ours / theirs
    );
}
