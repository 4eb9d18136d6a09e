//! Lines word for word, the bound, and refused rows.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::testing::{at, batch, key, lane};
use crate::{
    LaneCursor, Part, RejectedLane, RejectedRow, ShardWake, SinkMetrics, TargetCursor, Verdicts,
    WriterEnd, WriterLane, WriterSetup, spawn_writer,
};
use rookery_model::{DeadLetter, RecordTime, ShardId, Stage, Term};
use std::time::Instant;

fn line(time_us: i64, forwarder: &str, letter: &DeadLetter<'_>) -> String {
    let mut out = Vec::new();
    let mut encoder = DeadLetterEncoder::new();
    let time = RecordTime(time_us);
    encoder.encode(time, ShardId(3), at(42), forwarder, letter, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_dead_letter_is_one_line() {
    let letter = DeadLetter {
        stage: Stage::Parse,
        rule: None,
        code: "E1101",
        reason: "not JSON: \"x\"",
        raw: b"{\"imei\":\"8610\",\n}",
    };
    assert_eq!(
        line(1_790_000_000_123_456, "emqx-1", &letter),
        "{\"time\":\"2026-09-21T14:13:20.123Z\",\"shard\":3,\"term\":7,\"lsn\":42,\
         \"forwarder\":\"emqx-1\",\"stage\":\"parse\",\"rule\":null,\"code\":\"E1101\",\
         \"reason\":\"not JSON: \\\"x\\\"\",\"raw\":\"{\\\"imei\\\":\\\"8610\\\",\\n}\"}\n"
    );
}

#[test]
fn bytes_that_are_no_text_are_kept_exactly() {
    let letter = DeadLetter {
        stage: Stage::Cast,
        rule: Some("orders.sink"),
        code: "E1201",
        reason: "r",
        raw: b"a\xffb\0",
    };
    assert_eq!(
        line(-1, "", &letter),
        "{\"time\":\"1969-12-31T23:59:59.999Z\",\"shard\":3,\"term\":7,\"lsn\":42,\
         \"forwarder\":null,\"stage\":\"cast\",\"rule\":\"orders.sink\",\"code\":\"E1201\",\
         \"reason\":\"r\",\"raw\":\"a\u{fffd}b\\u0000\",\"raw_base64\":\"Yf9iAA==\"}\n"
    );
}

#[test]
fn every_time_is_written_with_three_digits() {
    let letter = DeadLetter {
        stage: Stage::Route,
        rule: None,
        code: "E1001",
        reason: "",
        raw: b"",
    };
    for (time_us, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_000, "1970-01-01T00:00:00.001Z"),
        (999_999, "1970-01-01T00:00:00.999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
        (253_402_300_799_010_000, "9999-12-31T23:59:59.010Z"),
    ] {
        let line = line(time_us, "", &letter);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["time"], text);
    }
}

/// Writes rows of 100 bytes, confirming each.
fn fill(store: &DeadLetterStore, rows: std::ops::Range<u64>) {
    let mut writer = store.writer();
    writer.open(&[key(0)]).unwrap();
    for lsn in rows {
        let row = format!("{lsn:099}\n");
        let batch = batch(1, &[(lsn, 1, &row)]);
        let mut verdicts = Verdicts::default();
        let request = [Part::new(0, &batch, 0, None)];
        writer.write_batch(&request, &mut verdicts).unwrap();
        let cursor = LaneCursor {
            lane: key(0),
            through: at(lsn),
        };
        writer.confirm(&[cursor]).unwrap();
    }
}

fn stored(store: &DeadLetterStore) -> Vec<u64> {
    let mut names: Vec<_> = std::fs::read_dir(store.directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let text: String = names
        .iter()
        .map(|name| std::fs::read_to_string(name).unwrap())
        .collect();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn the_oldest_file_goes_when_the_store_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let keep = DeadLetterLimits {
        max_bytes: 1000,
        file_bytes: 300,
    };
    let store = DeadLetterStore::new(dir.path(), keep);
    fill(&store, 1..11);
    assert_eq!(stored(&store), (1..11).collect::<Vec<_>>());
    assert_eq!(store.deleted_files(), 0);
    fill(&store, 11..12);
    assert_eq!(stored(&store), (4..12).collect::<Vec<_>>());
    assert_eq!((store.deleted_files(), store.deleted_bytes()), (1, 300));
    // A start knows the files of the run before.
    let store = DeadLetterStore::new(dir.path(), keep);
    fill(&store, 12..30);
    let kept = stored(&store);
    assert_eq!(kept, (kept[0]..30).collect::<Vec<_>>());
    assert!(kept.len() <= 10 && kept.len() > 6, "{kept:?}");
    assert_eq!(store.deleted_bytes(), (kept[0] - 4) * 100);
}

#[test]
fn limits_that_leave_no_two_files_are_mended() {
    let dir = tempfile::tempdir().unwrap();
    let keep = DeadLetterLimits {
        max_bytes: 400,
        file_bytes: 1 << 20,
    };
    let store = DeadLetterStore::new(dir.path(), keep);
    fill(&store, 1..20);
    let kept = stored(&store);
    assert!(!kept.is_empty() && kept.len() <= 4, "{kept:?}");
}

fn refused(row: &[u8]) -> RejectedRow<'_> {
    RejectedRow {
        sink: "jobs.orders",
        lane: key(2),
        position: at(9),
        time: RecordTime(1_000_000),
        rule: 1,
        ordinal: 0,
        device: 5,
        row,
        code: "E3050",
        reason: "no such column",
    }
}

#[test]
fn refused_rows_are_durable_when_the_call_returns() {
    let dir = tempfile::tempdir().unwrap();
    let store = DeadLetterStore::new(dir.path(), DeadLetterLimits::default());
    let refusals = RejectedLane::new(Term(8));
    let shard = lane(0, 8);
    let writer = spawn_writer(WriterSetup {
        name: DEAD_LETTERS.to_owned(),
        writer: store.writer(),
        batching: store.batching(),
        lanes: vec![
            WriterLane {
                lane: Arc::clone(&shard),
                wake: Arc::new(NoWake),
            },
            refusals.writer_lane(),
        ],
        metrics: Arc::new(SinkMetrics::default()),
        rejected: Box::new(|_| Ok(())),
    })
    .unwrap();
    let rules: Arc<[String]> = ["a".to_owned(), "jobs.orders".to_owned()].into();
    let mut first = refusals.rejected_rows(Arc::clone(&rules));
    let mut second = refusals.clone().rejected_rows(rules);
    first(&[refused(b"1"), refused(b"2")]).unwrap();
    let text = std::fs::read_to_string(store.directory().join("part-000000000001.ndjson"));
    assert_eq!(text.unwrap().lines().count(), 2);
    second(&[refused(b"3")]).unwrap();
    writer.stop(Instant::now() + Duration::from_secs(20));
    assert_eq!(writer.join(), WriterEnd::Drained);
    let text = std::fs::read_to_string(store.directory().join("part-000000000001.ndjson"));
    let text = text.unwrap();
    assert_eq!(
        text.lines().next().unwrap(),
        "{\"time\":\"1970-01-01T00:00:01.000Z\",\"shard\":2,\"term\":7,\"lsn\":9,\"forwarder\":null,\
         \"stage\":\"sink\",\"rule\":\"jobs.orders\",\"code\":\"E3050\",\
         \"reason\":\"jobs.orders: no such column\",\"raw\":\"1\"}"
    );
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn refused_rows_that_are_not_stored_are_an_error() {
    let refusals = RejectedLane::new(Term(8));
    let wait = Duration::from_millis(1);
    let mut text = String::new();
    for _ in 0..65 {
        text = refusals.store(&[refused(b"1")], &[], wait).unwrap_err();
    }
    assert_eq!(text, "the store of dead letters does not take them");
    let queue = refusals.writer_lane().lane;
    let first = queue.pop().unwrap();
    assert_eq!((first.sequence, first.through.term), (1, Term(8)));
    let text = refusals.store(&[refused(b"1")], &[], wait).unwrap_err();
    assert_eq!(text, "the store of dead letters has not synced them yet");
}

#[test]
fn a_start_finds_its_cursor_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = DeadLetterStore::new(dir.path(), DeadLetterLimits::default());
    fill(&store, 1..3);
    let cursors = store.writer().open(&[key(0)]).unwrap();
    assert_eq!(cursors, [TargetCursor::At(at(2))]);
}

struct NoWake;

impl ShardWake for NoWake {
    fn wake(&self) {}
}
