//! Nothing is allocated per message once the buffers have grown.

#[allow(dead_code, reason = "each test counts some of it")]
#[path = "../../tests/support/counting.rs"]
mod counting;

use counting::CALLS;
use rookery_codecs::format::json::RowFormat;
use rookery_codecs::framing::{Frame, LineFramer};
use rookery_codecs::json::{Decoder, Document, KeySet, Match, Matches, Node, NodeRef, PathSet};
use rookery_codecs::route::route;
use rookery_codecs::time::{Overlap, Pattern, Zone};
use rookery_model::{DataType, Field, JsonPath, PathStep, Timestamp, Value};

/// Lines of each kind: plain, escaped, refused by simd-json though valid, broken, unroutable.
const LINES: [&str; 7] = [
    r#"{"id":"a1b2","imei":"867584031234567","type":"0706","data":"{\"Powers\":[{\"Power\":\"123\",\"Channel\":1.50}]}","time":"2026-01-01 08:00:00"}"#,
    r#"{"\u0069mei":"86758403\u0031234567","data":"{}","x":[1,-0,{"y":"\n"}],"x":2}"#,
    r#"{"imei":"1","iccid":89860012345678901234,"data":"[1e400,\"\\ud83d\"]"}"#,
    r#"{"imei":"1","data":"not json"}"#,
    r#"{"imei":"1","data":tru}"#,
    r#"["imei"]"#,
    r#"{"imei":"1","data":"\ud83d\q"}"#,
];

struct Pipeline {
    framer: LineFramer,
    scratch: Vec<u8>,
    message: Decoder,
    inner: Decoder,
    columns: KeySet,
    paths: PathSet,
    matches: Matches,
    format: RowFormat,
    zone: Zone,
    pattern: Pattern,
    out: Vec<u8>,
    rows: u64,
}

impl Pipeline {
    fn new() -> Self {
        let path = |steps: &[PathStep]| JsonPath {
            steps: steps.to_vec(),
            ..JsonPath::default()
        };
        let powers = PathStep::Key("Powers".to_owned());
        let zone = Zone::parse("Europe/Berlin").expect("a zone of the database");
        let fields = ["text", "time"].map(|name| Field {
            name: name.to_owned(),
            data_type: DataType::STRING,
        });
        Self {
            framer: LineFramer::new(300),
            scratch: Vec::new(),
            message: Decoder::new(),
            inner: Decoder::new(),
            columns: KeySet::new(["imei", "data", "time"]),
            paths: PathSet::new(&[
                path(&[powers.clone(), PathStep::Index(0)]),
                path(&[powers, PathStep::AnyElement, PathStep::AnyMember]),
            ]),
            matches: Matches::default(),
            format: RowFormat::new(&fields, zone.clone()),
            zone,
            pattern: Pattern::new(Pattern::DEFAULT).expect("the default is a pattern"),
            out: Vec::new(),
            rows: 0,
        }
    }

    fn run(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let spare = self.framer.spare();
            let length = bytes.len().min(spare.len());
            spare[..length].copy_from_slice(&bytes[..length]);
            self.framer.filled(length);
            bytes = &bytes[length..];
            while let Some(frame) = self.framer.next_frame() {
                let Frame::Line(line) = frame else { continue };
                let _ = route(line, b"imei", &mut self.scratch);
                let Ok(document) = self.message.decode(line) else {
                    continue;
                };
                let mut found = [NodeRef::MISSING; 3];
                document.fill_columns(&self.columns, &mut found);
                self.out.clear();
                document.write_json(document.root(), &mut self.out);
                let time = match document.node(found[2]) {
                    Node::String(text) => self.pattern.parse_prefix(text),
                    _ => None,
                };
                let instant = time.map_or(Timestamp::default(), |time| {
                    time.instant(&self.zone, Overlap::Later)
                });
                let Node::String(data) = document.node(found[1]) else {
                    continue;
                };
                if let Ok(data) = self.inner.decode(data.as_bytes()) {
                    self.paths.find(&data, data.root(), &mut self.matches);
                    self.rows += count(&data, &self.matches);
                }
                let row = [Value::String(data), Value::TimestampLtz(instant)];
                self.format.encode(&row, &mut self.out);
            }
        }
    }
}

fn count(document: &Document<'_>, matches: &Matches) -> u64 {
    let several = match matches.get(1) {
        Match::Many(nodes) => nodes
            .filter(|node| document.node(*node) != Node::Null)
            .count(),
        _ => 0,
    };
    several as u64 + u64::from(!matches.one(0).is_missing())
}

#[test]
fn a_message_allocates_nothing_after_warm_up() {
    let long = "x".repeat(5000);
    let stream = [&LINES[..], &[&long]].concat().join("\n") + "\n";
    let mut pipeline = Pipeline::new();
    for _ in 0..50 {
        pipeline.run(stream.as_bytes());
    }
    let (calls, rows) = (CALLS.get(), pipeline.rows);
    assert!(calls > 0, "the counter counts");
    for _ in 0..100 {
        pipeline.run(stream.as_bytes());
    }
    assert_eq!(CALLS.get() - calls, 0);
    assert_eq!(pipeline.rows - rows, 300);
}
