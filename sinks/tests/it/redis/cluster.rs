//! A cluster of three servers: commands go to the node that has their key.
#![allow(clippy::unwrap_used)]

use super::server::RedisServer;
use super::sink::{KEY_VALUE, Running, make, start};
use redis::{Connection, Parser, Value};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Slots are divided in three.
const BOUNDS: [(u16, u16); 3] = [(0, 5460), (5461, 10922), (10923, 16383)];

struct Cluster {
    nodes: Vec<RedisServer>,
}

impl Cluster {
    fn start() -> Self {
        let arguments = [
            "--save",
            "",
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            "2000",
        ];
        let nodes: Vec<_> = BOUNDS
            .iter()
            .map(|_| RedisServer::with(&arguments))
            .collect();
        for (node, (first, last)) in nodes.iter().zip(BOUNDS) {
            let (first, last) = (first.to_string(), last.to_string());
            node.ask::<()>(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
            node.ask::<()>(&["CLUSTER", "MEET", "127.0.0.1", &nodes[0].port.to_string()]);
        }
        let begun = Instant::now();
        let up = |node: &RedisServer| {
            let said = node.ask::<String>(&["CLUSTER", "INFO"]);
            said.contains("cluster_state:ok") && said.contains("cluster_known_nodes:3")
        };
        while !nodes.iter().all(up) {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "the cluster forms"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { nodes }
    }

    /// A list, wherever it is.
    fn pushed(&self, key: &str) -> Vec<String> {
        let mut list = Vec::new();
        for node in &self.nodes {
            let mut command = redis::cmd("LRANGE");
            command.arg(key).arg(0).arg(-1);
            // The nodes that do not have it answer with an error.
            let here: redis::RedisResult<Vec<String>> = command.query(&mut node.connect());
            list.extend(here.unwrap_or_default());
        }
        list.reverse();
        list
    }

    fn slot(&self, key: &str) -> u16 {
        self.nodes[0].ask(&["CLUSTER", "KEYSLOT", key])
    }

    fn id(&self, node: usize) -> String {
        self.nodes[node].ask(&["CLUSTER", "MYID"])
    }

    /// The node that a slot is at by the division in three.
    fn owner(&self, slot: u16) -> usize {
        BOUNDS.iter().position(|(_, last)| slot <= *last).unwrap()
    }

    fn run(node: &mut Connection, words: &[&str]) {
        redis::cmd(words[0]).arg(&words[1..]).exec(node).unwrap();
    }
}

fn options<'a>(mode: &'a str, host: &'a str) -> [(&'a str, &'a str); 3] {
    [("mode", mode), ("clusterMode", "true"), ("host", host)]
}

#[test]
fn rows_go_to_their_nodes_in_order_and_follow_a_slot_that_moves() {
    let cluster = Cluster::start();
    let hosts = format!("127.0.0.1:1,127.0.0.1:{}", cluster.nodes[1].port);
    let mut sink = start(6379, KEY_VALUE, &options("list", &hosts));
    let keys: Vec<String> = (0..30).map(|number| format!("key:{number}")).collect();
    let push_all = |sink: &mut Running, round: usize| {
        let rows: Vec<_> = (0..300)
            .map(|n| (&keys[n % 30], (round * 300 + n).to_string()))
            .collect();
        let rows: Vec<_> = rows.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        sink.push_texts(&rows);
    };
    push_all(&mut sink, 0);
    sink.wait_confirmed();
    let nodes = cluster
        .nodes
        .iter()
        .map(|node| node.ask::<u64>(&["DBSIZE"]));
    assert!(
        nodes.collect::<Vec<_>>().iter().all(|keys| *keys > 0),
        "each node has some"
    );

    // A slot on its way: the node that has it sends those who ask for a key that is gone to the other.
    let moving = "key:7";
    let slot = cluster.slot(moving);
    let from = cluster.owner(slot);
    let to = (from + 1) % 3;
    let (mut source, mut target) = (cluster.nodes[from].connect(), cluster.nodes[to].connect());
    let (slot, from_id, to_id) = (slot.to_string(), cluster.id(from), cluster.id(to));
    Cluster::run(
        &mut target,
        &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id],
    );
    Cluster::run(
        &mut source,
        &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id],
    );
    let port = cluster.nodes[to].port.to_string();
    Cluster::run(
        &mut source,
        &["MIGRATE", "127.0.0.1", &port, moving, "0", "5000"],
    );
    push_all(&mut sink, 1);
    sink.wait_confirmed();

    // And there: the old one says so.
    for node in [&mut target, &mut source] {
        Cluster::run(node, &["CLUSTER", "SETSLOT", &slot, "NODE", &to_id]);
    }
    push_all(&mut sink, 2);
    sink.wait_confirmed();
    sink.stop();
    for (number, key) in keys.iter().enumerate() {
        let expected: Vec<_> = (0..30).map(|n| (n * 30 + number).to_string()).collect();
        match key.as_str() == moving {
            // Its node answers for it now, the old one with an error.
            true => {
                let mut list: Vec<String> = redis::cmd("LRANGE")
                    .arg(key)
                    .arg(0)
                    .arg(-1)
                    .query(&mut target)
                    .unwrap();
                list.reverse();
                assert_eq!(list, expected, "{key}");
            }
            false => assert_eq!(cluster.pushed(key), expected, "{key}"),
        }
    }
}

/// A node that has not heard that all its slots are at another one, as every third node may be for a second
/// after a move: it says that they are here, and sends every command away. `other` is what it calls the other.
fn late_node(other: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, other) = (client.unwrap(), other.clone());
            std::thread::spawn(move || answer_late(client, port, &other));
        }
    });
    port
}

fn answer_late(mut client: TcpStream, port: u16, other: &str) {
    let (mut asked, mut parser) = (client.try_clone().unwrap(), Parser::new());
    while let Ok(Value::Array(words)) = parser.parse_value(&mut asked) {
        let answer = match words[0] == Value::BulkString(b"CLUSTER".to_vec()) {
            true => format!("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:{port}\r\n"),
            false => format!("-MOVED 1 {other}\r\n"),
        };
        if client.write_all(answer.as_bytes()).is_err() {
            break;
        }
    }
}

#[test]
fn a_move_that_the_asked_node_has_not_heard_of_is_followed() {
    let node = RedisServer::with(&["--save", "", "--cluster-enabled", "yes"]);
    node.ask::<()>(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    // By its name, and without: that is the host of the one that answers.
    for (key, other) in [
        ("named", format!("127.0.0.1:{}", node.port)),
        ("unnamed", format!(":{}", node.port)),
    ] {
        let port = late_node(other).to_string();
        let clustered = [
            ("port", port.as_str()),
            ("mode", "list"),
            ("clusterMode", "true"),
        ];
        let mut sink = start(6379, KEY_VALUE, &clustered);
        for round in ["1", "2"] {
            sink.push_texts(&[(key, round)]);
            sink.wait_confirmed();
        }
        sink.stop();
        let list: Vec<String> = node.ask(&["LRANGE", key, "0", "-1"]);
        assert_eq!(list, ["2", "1"], "each row once, the last one first");
    }
}

#[test]
fn a_row_that_its_node_refuses_is_a_dead_letter_and_a_dead_node_is_waited_for() {
    let mut cluster = Cluster::start();
    let port = cluster.nodes[0].port.to_string();
    let mut sink = start(
        6379,
        KEY_VALUE,
        &[
            ("port", port.as_str()),
            ("mode", "list"),
            ("clusterMode", "true"),
        ],
    );
    sink.push_texts(&[("a", "1"), ("b", "2"), ("c", "3")]);
    sink.wait_confirmed();
    let owner = cluster.owner(cluster.slot("b"));
    Cluster::run(&mut cluster.nodes[owner].connect(), &["SET", "b", "x"]);
    sink.push_texts(&[("a", "4"), ("b", "5"), ("c", "6")]);
    sink.wait_confirmed();
    let words = "WRONGTYPE Operation against a key holding the wrong kind of value";
    assert_eq!(sink.letters(), [(5, "E3090".to_owned(), words.to_owned())]);
    assert_eq!(
        (cluster.pushed("a"), cluster.pushed("c")),
        (texts(&["1", "4"]), texts(&["3", "6"]))
    );

    cluster.nodes[owner].kill();
    sink.push_texts(&[("a", "7"), ("b", "8"), ("c", "9")]);
    sink.wait("it is noticed", |sink| sink.metrics.counts().failing);
    // It comes back empty, as a server that keeps nothing does, but knows its cluster.
    cluster.nodes[owner].restart();
    sink.wait_confirmed();
    assert_eq!(cluster.pushed("b").last().map(String::as_str), Some("8"));
    // At least once: what was sent to the others before may be there twice, and nothing is missing.
    for (key, expected) in [("a", "7"), ("c", "9")] {
        let list = cluster.pushed(key);
        assert!(
            list.iter().any(|value| value == expected),
            "{key}: {list:?}"
        );
    }
    sink.stop();
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_check_names_slots_without_a_node_and_a_mode_that_does_not_fit() {
    let node = RedisServer::with(&["--save", "", "--cluster-enabled", "yes"]);
    let slots = ["CLUSTER", "ADDSLOTSRANGE", "0", "8191"];
    node.ask::<()>(&slots);
    let port = node.port;
    let error = make(
        port,
        KEY_VALUE,
        &[("mode", "list"), ("clusterMode", "true")],
    )
    .unwrap()
    .check();
    assert_eq!(
        error.unwrap_err().to_string(),
        format!(
            "[E3089] no node of the Redis cluster at 127.0.0.1:{port} serves slot 8192; rows wait and it is tried \
             again"
        )
    );
    let error = make(port, KEY_VALUE, &[("mode", "list")]).unwrap().check();
    assert_eq!(
        error.unwrap_err().to_string(),
        format!(
            "[E3088] Redis at 127.0.0.1:{port} is a node of a cluster; set `clusterMode` = 'true'"
        )
    );
}
