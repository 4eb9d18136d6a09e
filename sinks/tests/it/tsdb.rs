//! `opentsdb` into VictoriaMetrics.
#![allow(clippy::unwrap_used)]

use crate::harness::{Running, make};
use rookery_model::{DataType, Position, Value};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PROGRAM: &str = "victoria-metrics";
const ROWS_OF_A_BATCH: i64 = 100;

/// A server with a directory of its own, ended with the test.
struct Victoria {
    directory: tempfile::TempDir,
    http: u16,
    opentsdb: u16,
    child: Option<Child>,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Victoria {
    fn start() -> Self {
        let mut server = Self {
            directory: tempfile::tempdir().unwrap(),
            http: free_port(),
            opentsdb: free_port(),
            child: None,
        };
        server.run();
        server
    }

    fn run(&mut self) {
        let child = Command::new(PROGRAM)
            .arg(format!(
                "-storageDataPath={}",
                self.directory.path().display()
            ))
            .arg(format!("-httpListenAddr=127.0.0.1:{}", self.http))
            .arg(format!(
                "-opentsdbHTTPListenAddr=127.0.0.1:{}",
                self.opentsdb
            ))
            .args(["-dedup.minScrapeInterval=1ms", "-search.latencyOffset=0s"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child =
            Some(child.expect("victoria-metrics is installed (apt-get install victoria-metrics)"));
        let begun = Instant::now();
        let answers = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        while !(answers(self.http) && answers(self.opentsdb)) {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it never listens"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as a service manager does.
    fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        let id = child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        child.wait().unwrap();
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "{path}: {head}");
        body.to_owned()
    }

    /// All points: by channel, values by time.
    fn points(&self) -> BTreeMap<String, BTreeMap<i64, f64>> {
        self.get("/internal/force_flush");
        let lines = self.get("/api/v1/export?match[]=power");
        let mut points: BTreeMap<String, BTreeMap<i64, f64>> = BTreeMap::new();
        for line in lines.lines() {
            let series: serde_json::Value = serde_json::from_str(line).unwrap();
            let channel = series["metric"]["channel"].as_str().unwrap_or("none");
            let times = series["timestamps"].as_array().unwrap();
            let values = series["values"].as_array().unwrap();
            let known = points.entry(channel.to_owned()).or_default();
            for (time, value) in times.iter().zip(values) {
                known.insert(time.as_i64().unwrap(), value.as_f64().unwrap());
            }
        }
        points
    }
}

impl Drop for Victoria {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start(port: u16) -> Running {
    start_with(port, &[])
}

fn start_with(port: u16, more: &[(&str, &str)]) -> Running {
    let columns = [
        ("metric", DataType::STRING),
        ("timestamp", DataType::BigInt),
        ("value", DataType::Double),
        ("imei", DataType::STRING),
        ("channel", DataType::STRING),
    ];
    let port = port.to_string();
    let options = [
        &[("type", "opentsdb"), ("host", "localhost"), ("port", &port)],
        more,
    ];
    let options = options.concat();
    let sink = make(Path::new("/nonexistent"), &columns, &options).unwrap();
    Running::after(sink, Position::ZERO)
}

/// Pushes a batch of points, each of a millisecond of its own from `base` on.
fn push(sink: &mut Running, base: i64) {
    push_of(sink, base, 1);
}

/// The same of so many devices in turn.
fn push_of(sink: &mut Running, base: i64, devices: i64) {
    let first = sink.lsn as i64 + 1;
    let imei = |number: i64| format!("{:015}", 860_000_000_000_001 + number % devices);
    let imeis: Vec<_> = (first..first + ROWS_OF_A_BATCH).map(imei).collect();
    let rows: Vec<_> = (first..first + ROWS_OF_A_BATCH)
        .map(|number| {
            [
                Value::String("power"),
                Value::Int(base + number),
                Value::Double(number as f64),
                Value::String(&imeis[(number - first) as usize]),
                match number % 3 {
                    0 => Value::Null,
                    1 => Value::String("1"),
                    _ => Value::String("水"),
                },
            ]
        })
        .collect();
    let rows: Vec<_> = rows.iter().map(|row| row.as_slice()).collect();
    sink.push(&rows);
}

#[test]
fn every_point_is_there_over_a_restart_of_the_server() {
    let mut server = Victoria::start();
    let mut sink = start(server.opentsdb);
    sink.sink.check().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let base = now.as_millis() as i64 - 600_000;
    for _ in 0..10 {
        push(&mut sink, base);
    }
    sink.wait("the server takes points", |sink| sink.lane.confirmed() >= 5);
    for _ in 0..10 {
        push(&mut sink, base);
    }
    server.stop();
    let unreachable = sink.sink.check().unwrap_err();
    assert_eq!(unreachable.code(), "E3061");
    for _ in 0..20 {
        push(&mut sink, base);
    }
    sink.wait("it is missed", |sink| sink.metrics.counts().failures > 1);
    assert!(!sink.all_confirmed());
    server.run();
    sink.wait_confirmed();
    assert!(!sink.metrics.counts().failing);
    let total = sink.lsn as i64;
    assert_eq!(sink.letters(), []);
    sink.stop();

    let begun = Instant::now();
    let mut points = server.points();
    while points.values().map(BTreeMap::len).sum::<usize>() < total as usize {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "points are missing"
        );
        std::thread::sleep(Duration::from_millis(200));
        points = server.points();
    }
    let channels: Vec<_> = points.keys().map(String::as_str).collect();
    assert_eq!(channels, ["1", "none", "水"]);
    for number in 1..=total {
        let channel = ["none", "1", "水"][(number % 3) as usize];
        let value = points[channel].get(&(base + number));
        assert_eq!(value, Some(&(number as f64)), "point {number}");
    }
    assert_eq!(
        points.values().map(BTreeMap::len).sum::<usize>(),
        total as usize
    );
}

/// Points a second of the sink, its writer's thread included. Small by default;
/// `ROOKERY_TSDB_POINTS=1000000 cargo test --release -p rookery-sinks --test it tsdb::the_sink -- --nocapture`
/// measures, `ROOKERY_TSDB_BATCH` with another `batchPutSize`, `ROOKERY_TSDB_SERIES` with so many devices
/// (as many as points: each is a series that the database does not know yet).
#[test]
fn the_sink_takes_its_points() {
    let setting = |name: &str| std::env::var(name).ok();
    let points = setting("ROOKERY_TSDB_POINTS").map_or(5_000, |text| text.parse().unwrap());
    let server = Victoria::start();
    let batch = setting("ROOKERY_TSDB_BATCH");
    let options = batch.as_deref().map(|size| ("batchPutSize", size));
    let mut sink = start_with(server.opentsdb, options.as_slice());
    // Not beyond what the database keeps: it drops such points unseen.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let base = now.as_millis() as i64 - 2_000_000;
    let devices = setting("ROOKERY_TSDB_SERIES").map_or(1, |text| text.parse().unwrap());
    let begun = Instant::now();
    while sink.lsn < points {
        push_of(&mut sink, base, devices);
    }
    sink.wait_confirmed();
    let took = begun.elapsed().as_secs_f64();
    let counts = sink.metrics.counts();
    println!(
        "{:.0} points/s, {:.0} requests/s",
        sink.lsn as f64 / took,
        counts.requests as f64 / took
    );
    assert_eq!(counts.rows_confirmed, sink.lsn);
    sink.stop();
}
