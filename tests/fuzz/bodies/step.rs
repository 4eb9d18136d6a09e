//! Stepping a rule set over messages, every row written as sinks write it.

use rookery_codecs::format::json::RowFormat;
use rookery_codecs::time::Zone;
use rookery_engine::{Counter, Engine, Output, Record, RecordInput, RuleSet};
use rookery_model::{DeadLetter, Lsn, Position, RecordTime, ShardId, SinkId, Term, Value};

/// What a step gave out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Rule, sink, ordinal and the row as JSON.
    pub rows: Vec<(u16, u16, u32, String)>,
    /// Rule, code and reason.
    pub dead_letters: Vec<String>,
    counts: Vec<(Option<u16>, Counter, u32)>,
}

/// Takes rows through the format in which sinks write them.
pub struct Writer<'m> {
    formats: &'m [RowFormat],
    message: &'m [u8],
    seen: Seen,
}

impl Output for Writer<'_> {
    fn row(&mut self, rule: u16, sink: SinkId, ordinal: u32, row: &[Value<'_>]) {
        let mut line = Vec::new();
        self.formats[usize::from(sink.0)].encode(row, &mut line);
        let line = String::from_utf8(line).expect("a row is UTF-8");
        serde_json::from_str::<serde_json::Value>(&line).expect("a row is JSON");
        self.seen.rows.push((rule, sink.0, ordinal, line));
    }

    fn dead_letter(&mut self, letter: DeadLetter<'_>) {
        assert_eq!(letter.raw, self.message, "a dead letter keeps its message");
        assert!(!letter.reason.is_empty() && letter.code.starts_with('E'));
        let rule = letter.rule.unwrap_or("-");
        let text = format!("{rule} {} {}", letter.code, letter.reason);
        self.seen.dead_letters.push(text);
    }

    fn count(&mut self, rule: Option<u16>, counter: Counter, times: u32) {
        self.seen.counts.push((rule, counter, times));
    }
}

/// The formats of a rule set's sinks.
pub fn formats(rules: &RuleSet) -> Vec<RowFormat> {
    let format = |sink: &rookery_engine::SinkTable| {
        let zone = Zone::parse(&sink.zone).expect("a bound zone");
        RowFormat::new(&sink.columns, zone)
    };
    rules.sinks().iter().map(format).collect()
}

/// One step, of a message or of the rules themselves.
pub fn step(engine: &mut Engine, formats: &[RowFormat], kind: RecordInput<'_>) -> Seen {
    let message = match kind {
        RecordInput::Message(message) => message,
        RecordInput::Rules => &[],
    };
    let mut writer = Writer {
        formats,
        message,
        seen: Seen::default(),
    };
    let record = Record {
        shard: ShardId(0),
        position: Position::new(Term(1), Lsn(2)),
        // 2026-11-22 10:00:00 UTC
        time: RecordTime(1_795_341_600_000_000),
        forwarder: "fuzzer",
        kind,
    };
    engine.step(&record, &mut writer);
    writer.seen
}
