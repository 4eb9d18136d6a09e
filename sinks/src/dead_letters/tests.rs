//! Lines word for word, the bound, and refused rows.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::testing::{at, batch, key, lane};
use crate::{
    LaneCursor, LaneKey, Part, RejectedLane, RejectedRow, RetryLane, RetryOutcome, RetryRow,
    RowMaker, ShardWake, SinkError, SinkMetrics, SinkWriter, TargetCursor, Verdicts, WriterEnd,
    WriterLane, WriterSetup, spawn_writer,
};
use rookery_model::{DeadLetter, Lsn, Position, RecordTime, ShardId, Stage, Term};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

fn line(time_us: i64, forwarder: &str, letter: &DeadLetter<'_>) -> String {
    let mut out = Vec::new();
    let origin = LetterOrigin {
        time: RecordTime(time_us),
        shard: ShardId(3),
        position: at(42),
        ordinal: 1,
        forwarder,
        kept: Kept::Message {
            device: (!forwarder.is_empty()).then_some(b"8610\xff".as_slice()),
        },
    };
    DeadLetterEncoder::new().encode(&origin, letter, &mut out);
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
        "{\"id\":\"3-7-42-1\",\"time\":\"2026-09-21T14:13:20.123Z\",\"shard\":3,\"term\":7,\"lsn\":42,\
         \"forwarder\":\"emqx-1\",\"device\":\"8610\u{fffd}\",\"stage\":\"parse\",\"rule\":null,\"code\":\"E1101\",\
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
        "{\"id\":\"3-7-42-1\",\"time\":\"1969-12-31T23:59:59.999Z\",\"shard\":3,\"term\":7,\"lsn\":42,\
         \"forwarder\":null,\"device\":null,\"stage\":\"cast\",\"rule\":\"orders.sink\",\"code\":\"E1201\",\
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
    append(&mut *writer, rows);
}

fn append(writer: &mut dyn SinkWriter, rows: std::ops::Range<u64>) {
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

const REDIS: RowMaker = RowMaker {
    connector: "redis",
    format: 0x0123_4567_89ab_cdef,
};

fn refused(row: &[u8]) -> RejectedRow<'_> {
    RejectedRow {
        sink: "jobs.orders",
        lane: key(2),
        position: at(9),
        time: RecordTime(1_000_000),
        rule: 1,
        ordinal: 0,
        device: 0xf5,
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
    let mut first = refusals.rejected_rows(Arc::clone(&rules), REDIS);
    let mut second = refusals.clone().rejected_rows(rules, REDIS);
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
        "{\"id\":\"2-7-9-r1.0\",\"time\":\"1970-01-01T00:00:01.000Z\",\"shard\":2,\"term\":7,\"lsn\":9,\
         \"forwarder\":null,\"device\":null,\"device_hash\":\"00000000000000f5\",\
         \"sink\":\"jobs.orders\",\"connector\":\"redis\",\"format\":\"0123456789abcdef\",\"stage\":\"sink\",\
         \"rule\":\"jobs.orders\",\"code\":\"E3050\",\"reason\":\"no such column\",\"raw\":\"1\"}"
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

/// Copies what a data directory holds of the store.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .unwrap();
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            false => drop(std::fs::copy(&path, to.join(name)).unwrap()),
        }
    }
}

#[test]
fn a_copy_of_the_data_directory_goes_on_in_itself_and_leaves_the_original_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let original = DeadLetterStore::new(&first, DeadLetterLimits::default());
    fill(&original, 1..3);
    // One that was written and not confirmed when the copy was made.
    let file = original.files().unwrap().pop().unwrap();
    let confirmed = std::fs::read(&file).unwrap();
    std::fs::write(&file, [confirmed.as_slice(), b"unconfirmed\n"].concat()).unwrap();
    copy(&first, &second);
    std::fs::write(&file, &confirmed).unwrap();
    fill(&original, 3..6);

    let copied = DeadLetterStore::new(&second, DeadLetterLimits::default());
    fill(&copied, 3..4);
    assert_eq!(stored(&original), [1, 2, 3, 4, 5]);
    assert_eq!(stored(&copied), [1, 2, 3]);
    assert_eq!(copied.files().unwrap().len(), 1, "the same file goes on");
}

#[test]
fn files_that_an_operator_removed_do_not_count_against_the_bound() {
    let dir = tempfile::tempdir().unwrap();
    let keep = DeadLetterLimits {
        max_bytes: 1000,
        file_bytes: 300,
    };
    let store = DeadLetterStore::new(dir.path(), keep);
    let mut writer = store.writer();
    writer.open(&[key(0)]).unwrap();
    append(&mut *writer, 1..8);
    std::fs::remove_file(&store.files().unwrap()[0]).unwrap();
    append(&mut *writer, 8..14);
    assert_eq!(stored(&store), (4..14).collect::<Vec<_>>());
    assert_eq!(store.deleted_files(), 0);
    append(&mut *writer, 14..15);
    assert_eq!((store.deleted_files(), store.deleted_bytes()), (1, 300));
}

#[test]
fn the_files_are_listed_in_the_order_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = DeadLetterStore::new(dir.path(), DeadLetterLimits::default());
    assert_eq!(store.files().unwrap(), Vec::<std::path::PathBuf>::new());
    std::fs::create_dir(store.directory()).unwrap();
    let name = |index: u64| store.directory().join(format!("part-{index:012}.ndjson"));
    for index in [9, 1_000_000_000_000, 10, 999_999_999_999] {
        std::fs::write(name(index), "").unwrap();
    }
    std::fs::write(store.directory().join("part-1.ndjson"), "").unwrap();
    std::fs::write(store.directory().join("notes.txt"), "").unwrap();
    let sorted = [9, 10, 999_999_999_999, 1_000_000_000_000].map(name);
    assert_eq!(store.files().unwrap(), sorted);
}

/// A target that refuses rows with `bad` in them and is down while told so.
struct Picky {
    taken: Arc<Mutex<Vec<String>>>,
    down: Arc<AtomicBool>,
}

impl SinkWriter for Picky {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(SinkError::RetryAsked { rows: 0 });
        }
        Ok(vec![TargetCursor::NotHeld; lanes.len()])
    }

    fn write_batch(
        &mut self,
        parts: &[Part<'_>],
        verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        for (index, part) in parts.iter().enumerate() {
            for row in part.rows() {
                let text = String::from_utf8(row.bytes.to_vec()).unwrap();
                match text.contains("bad") {
                    true => verdicts.reject(index, row.index, "E3050", format!("no {text}")),
                    false => self.taken.lock().unwrap().push(text),
                }
            }
        }
        Ok(())
    }

    fn confirm(&mut self, _cursors: &[LaneCursor]) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn retried_rows_come_to_their_writer_and_its_verdict_comes_back() {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let down = Arc::new(AtomicBool::new(false));
    let (shard, retries) = (lane(0, 8), RetryLane::new(Term(8), 0));
    let lettered = Arc::new(Mutex::new(Vec::new()));
    let writer = spawn_writer(WriterSetup {
        name: "jobs.orders".to_owned(),
        writer: Box::new(Picky {
            taken: Arc::clone(&taken),
            down: Arc::clone(&down),
        }),
        batching: DeadLetterStore::new(std::path::Path::new("/d"), DeadLetterLimits::default())
            .batching(),
        lanes: vec![
            WriterLane {
                lane: Arc::clone(&shard),
                wake: Arc::new(NoWake),
            },
            retries.writer_lane(),
        ],
        metrics: Arc::new(SinkMetrics::default()),
        rejected: retries.rejected_rows({
            let lettered = Arc::clone(&lettered);
            Box::new(move |rows| {
                let mut lettered = lettered.lock().unwrap();
                lettered.extend(rows.iter().map(|row| row.reason.to_owned()));
                Ok(())
            })
        }),
    })
    .unwrap();
    let row = |text: &str| RetryRow {
        device: 1,
        bytes: text.as_bytes().to_vec(),
    };
    let patience = Duration::from_secs(20);
    let refused = |reason: &str| RetryOutcome::Refused {
        code: "E3050",
        reason: reason.to_owned(),
    };
    let rows = vec![row("a"), row("bad"), row("b")];
    let outcomes = retries.retry(rows, patience);
    let confirmed = RetryOutcome::Confirmed;
    assert_eq!(
        outcomes,
        [confirmed.clone(), refused("no bad"), confirmed.clone()]
    );
    assert_eq!(retries.retry(Vec::new(), patience), []);
    // A shard's refused rows go where they always go.
    shard
        .push(batch(1, &[(1, 1, "bad shard"), (2, 1, "c")]))
        .unwrap();
    assert_eq!(retries.retry(vec![row("d")], patience), [confirmed]);
    writer.stop(Instant::now() + patience);
    assert_eq!(writer.join(), WriterEnd::Drained);
    let mut all = taken.lock().unwrap().clone();
    all.sort();
    assert_eq!(all, ["a", "b", "c", "d"]);
    assert_eq!(*lettered.lock().unwrap(), ["no bad shard"]);
}

#[test]
fn a_retry_without_an_answer_says_so() {
    let retries = RetryLane::new(Term(8), 3);
    let lane = retries.writer_lane().lane;
    assert_eq!(
        (lane.key().shard, lane.key().writer),
        (ShardId(u16::MAX), 3)
    );
    let row = RetryRow {
        device: 1,
        bytes: b"a".to_vec(),
    };
    for _ in 0..16 {
        let outcomes = retries.retry(vec![row.clone(), row.clone()], Duration::from_millis(1));
        assert_eq!(outcomes, [RetryOutcome::Unknown, RetryOutcome::Unknown]);
    }
    let full = retries.retry(vec![row], Duration::from_millis(1));
    assert_eq!(full, [RetryOutcome::NotSent]);
    let positions: Vec<_> = std::iter::from_fn(|| lane.pop())
        .map(|batch| (batch.sequence, batch.through))
        .collect();
    let expected: Vec<_> = (1..=16)
        .map(|sequence| (sequence, Position::new(Term(8), Lsn(2 * sequence))))
        .collect();
    assert_eq!(positions, expected);
}

struct NoWake;

impl ShardWake for NoWake {
    fn wake(&self) {}
}
