//! `opentsdb` into VictoriaMetrics.
#![allow(clippy::unwrap_used)]

use rookery_model::{
    DataType, Field, Lsn, Position, RecordTime, RowIdentity, ShardId, Term, Value,
};
use rookery_sinks::{
    Lane, LaneKey, RowBatch, RowEncoder, RowMeta, ShardWake, Sink, SinkContext, SinkMetrics,
    TableSpec, WriterEnd, WriterHandle, WriterLane, WriterSetup, build, spawn_writer,
};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PROGRAM: &str = "victoria-metrics";
const ROWS_OF_A_BATCH: usize = 100;

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

struct NoWake;

impl ShardWake for NoWake {
    fn wake(&self) {}
}

/// A sink with its writer, and one lane.
struct Running {
    sink: Box<dyn Sink>,
    encoder: Box<dyn RowEncoder>,
    lane: Arc<Lane>,
    metrics: Arc<SinkMetrics>,
    writer: WriterHandle,
    sequence: u64,
    lsn: u64,
}

impl Running {
    fn start(port: u16) -> Self {
        let text = |text: &str| text.to_owned();
        let columns = [
            ("metric", DataType::STRING),
            ("timestamp", DataType::BigInt),
            ("value", DataType::Double),
            ("imei", DataType::STRING),
            ("channel", DataType::STRING),
        ];
        let options = [
            ("type", text("opentsdb")),
            ("host", text("localhost")),
            ("port", port.to_string()),
        ];
        let spec = TableSpec {
            name: text("jobs.power"),
            table: text("power"),
            columns: columns
                .map(|(name, data_type)| Field {
                    name: text(name),
                    data_type,
                })
                .into(),
            primary_key: Vec::new(),
            options: options.map(|(key, value)| (text(key), value)).into(),
            zone: text("UTC"),
        };
        let context = SinkContext {
            data_dir: "/nonexistent".into(),
            instance: text("test"),
        };
        let sink = build(&spec, &context).unwrap();
        let key = LaneKey {
            shard: ShardId(0),
            writer: 0,
        };
        let lane = Arc::new(Lane::new(key, 1024, Position::ZERO));
        let metrics = Arc::new(SinkMetrics::default());
        let writer = spawn_writer(WriterSetup {
            name: sink.name().to_owned(),
            writer: sink.writer(0),
            batching: sink.batching(),
            lanes: vec![WriterLane {
                lane: Arc::clone(&lane),
                wake: Arc::new(NoWake),
            }],
            metrics: Arc::clone(&metrics),
            rejected: Box::new(|rows| Err(format!("{} rows were refused", rows.len()))),
        });
        Self {
            encoder: sink.encoder(),
            sink,
            lane,
            metrics,
            writer: writer.unwrap(),
            sequence: 0,
            lsn: 0,
        }
    }

    /// Pushes a batch of points, each of a millisecond of its own from `base` on.
    fn push(&mut self, base: i64) {
        let mut batch = RowBatch::default();
        for _ in 0..ROWS_OF_A_BATCH {
            self.lsn += 1;
            let position = Position::new(Term(1), Lsn(self.lsn));
            let identity = RowIdentity {
                shard: ShardId(0),
                position,
                rule: 0,
                ordinal: 0,
            };
            let number = self.lsn as i64;
            let channel = match number % 3 {
                0 => Value::Null,
                1 => Value::String("1"),
                _ => Value::String("水"),
            };
            let row = [
                Value::String("power"),
                Value::Int(base + number),
                Value::Double(number as f64),
                Value::String("860000000000001"),
                channel,
            ];
            self.encoder
                .encode(&identity, &row, &mut batch.bytes)
                .unwrap();
            batch.rows.push(RowMeta {
                end: batch.bytes.len() as u32,
                rule: 0,
                ordinal: 0,
                position,
                device: 1,
            });
            batch.through = position;
        }
        self.sequence += 1;
        batch.sequence = self.sequence;
        batch.oldest = RecordTime(1);
        self.lane.push(Arc::new(batch)).unwrap();
    }

    fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            std::thread::sleep(Duration::from_millis(5));
            let error = self.metrics.last_error();
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{what}: {error:?}"
            );
        }
    }
}

#[test]
fn every_point_is_there_over_a_restart_of_the_server() {
    let mut server = Victoria::start();
    let mut sink = Running::start(server.opentsdb);
    sink.sink.check().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let base = now.as_millis() as i64 - 600_000;
    for _ in 0..10 {
        sink.push(base);
    }
    sink.wait("the server takes points", |sink| sink.lane.confirmed() >= 5);
    for _ in 0..10 {
        sink.push(base);
    }
    server.stop();
    let unreachable = sink.sink.check().unwrap_err();
    assert_eq!(unreachable.code(), "E3061");
    for _ in 0..20 {
        sink.push(base);
    }
    sink.wait("it is missed", |sink| sink.metrics.counts().failures > 1);
    assert!(sink.lane.confirmed() < sink.sequence);
    server.run();
    sink.wait("all is sent", |sink| sink.lane.confirmed() == sink.sequence);
    assert!(!sink.metrics.counts().failing);
    let total = sink.lsn as i64;
    sink.writer.stop(Instant::now() + Duration::from_secs(20));
    assert_eq!(sink.writer.join(), WriterEnd::Drained);

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
