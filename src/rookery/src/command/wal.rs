//! `rookery wal`: looks into the logs of a data directory, running or not, and changes nothing.

use crate::cli::{AcceptArguments, DirectoryArgument, WalCommand};
use crate::command::demo::size;
use crate::config::grouped;
use crate::exit::Exit;
use crate::output;
use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rookery_codecs::time::{write_date, write_time};
use rookery_model::{Position, RecordTime, ShardId};
use rookery_runtime::storage::RealStorage;
use rookery_shard::record::{self, Payload, PayloadError};
use rookery_shard::{DataDir, accept_damage, shard_dir};
use rookery_wal::{DumpItem, LogInfo, RecordKind, RecordRef, SegmentInfo};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Runs the command.
///
/// # Errors
/// The directory cannot be read, or standard output not be written.
pub fn run(command: &WalCommand) -> anyhow::Result<Exit> {
    let dir = match command {
        WalCommand::Info(DirectoryArgument { dir })
        | WalCommand::Verify(DirectoryArgument { dir })
        | WalCommand::Dump(DirectoryArgument { dir })
        | WalCommand::Accept(AcceptArguments { dir, .. }) => dir,
    };
    let shards = shard_directories(dir);
    if shards.is_empty() {
        output::complain(&format!(
            "rookery: {} is not a data directory: it holds no `shard-0`; name the `data_dir` of a configuration\n",
            dir.display()
        ));
        return Ok(Exit::Usage);
    }
    let storage =
        RealStorage::for_directory(dir, true).with_context(|| dir.display().to_string())?;
    match command {
        WalCommand::Info(_) => info(&storage, &shards),
        WalCommand::Verify(_) => verify(&storage, &shards),
        WalCommand::Dump(_) => dump(&storage, &shards),
        WalCommand::Accept(arguments) => accept(arguments, shards.len()),
    }
}

/// Gives up a damaged segment's lost records.
fn accept(arguments: &AcceptArguments, shards: usize) -> anyhow::Result<Exit> {
    let AcceptArguments {
        dir,
        segment,
        shard,
    } = arguments;
    let Some(shard) = shard.or_else(|| (shards == 1).then_some(0)) else {
        output::complain(&format!(
            "rookery: {} has {shards} shards; name the one of segment {segment} with `--shard`\n",
            dir.display()
        ));
        return Ok(Exit::Usage);
    };
    if usize::from(shard) >= shards {
        output::complain(&format!(
            "rookery: there is no shard {shard}, only {shards} of them\n"
        ));
        return Ok(Exit::Usage);
    }
    let data_dir = match DataDir::open(dir, None, 1, true) {
        Ok(data_dir) => data_dir,
        Err(error) => {
            output::complain(&format!("rookery: {error}\n"));
            return Ok(Exit::Failed);
        }
    };
    match accept_damage(&data_dir, ShardId(shard), *segment) {
        Ok(accepted) => {
            let ranges: Vec<_> = accepted
                .lost
                .iter()
                .map(|range| format!("{} to {}", range.first, range.last))
                .collect();
            let lost = match ranges.is_empty() {
                true => "no record was lost".to_owned(),
                false => format!("given up: LSN {}", ranges.join(", ")),
            };
            output::print(&format!("shard {shard}, segment {segment}: {lost}\n"))?;
            Ok(Exit::Done)
        }
        Err(error) => {
            output::complain(&format!("rookery: {error}\n"));
            Ok(Exit::Failed)
        }
    }
}

/// The directories of the shards' logs; a single shard's directory counts as one.
fn shard_directories(dir: &Path) -> Vec<PathBuf> {
    let shards: Vec<PathBuf> = (0..u16::MAX)
        .map(|shard| shard_dir(dir, shard))
        .take_while(|path| path.is_dir())
        .collect();
    let is_log = |path: &Path| path.extension().is_some_and(|ending| ending == "log");
    let holds_log = || {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).any(|path| is_log(&path))
    };
    if shards.is_empty() && holds_log() {
        return vec![dir.to_owned()];
    }
    shards
}

fn info(storage: &RealStorage, shards: &[PathBuf]) -> anyhow::Result<Exit> {
    let mut text = String::new();
    for dir in shards {
        let log = rookery_wal::info(storage, dir)?;
        describe(&log, &mut text);
        let _ = writeln!(
            text,
            "  {:>8} {:>12} {:>22} {:>10}  {:<24} state",
            "segment", "term", "LSN", "size", "last record"
        );
        for segment in &log.segments {
            describe_segment(segment, &mut text);
        }
        if !log.unused.is_empty() {
            let _ = writeln!(
                text,
                "  {} more files are ready or hold no part of the log",
                log.unused.len()
            );
        }
        findings(&log, &mut text);
    }
    output::print(&text)?;
    Ok(Exit::Done)
}

fn describe(log: &LogInfo, text: &mut String) {
    let bytes: u64 = log.segments.iter().map(|segment| segment.bytes).sum();
    let filled = || {
        log.segments
            .iter()
            .filter(|segment| segment.records.count() > 0)
    };
    let records: u64 = filled().map(|segment| segment.records.count()).sum();
    let _ = write!(
        text,
        "shard {}: {} records in {} segments, {}",
        log.shard,
        grouped(records),
        log.segments.len(),
        size(bytes)
    );
    if let (Some(first), Some(last)) = (filled().next(), filled().next_back()) {
        let _ = write!(
            text,
            ", LSN {} to {}",
            first.records.first, last.records.last
        );
    }
    text.push('\n');
}

fn describe_segment(segment: &SegmentInfo, text: &mut String) {
    let (records, last) = if segment.records.count() > 0 {
        (segment.records.to_string(), utc(segment.last_time))
    } else {
        ("none".to_owned(), "-".to_owned())
    };
    let state = match (segment.quarantined, segment.sealed) {
        (true, _) => "damaged",
        (false, true) => "sealed",
        (false, false) => "open",
    };
    let _ = writeln!(
        text,
        "  {:>8} {:>12} {records:>22} {:>10}  {last:<24} {state}",
        segment.id,
        segment.term.to_string(),
        size(segment.bytes)
    );
}

fn findings(log: &LogInfo, text: &mut String) {
    for finding in &log.report.findings {
        let _ = writeln!(text, "  {finding}");
    }
}

fn verify(storage: &RealStorage, shards: &[PathBuf]) -> anyhow::Result<Exit> {
    let mut damaged = false;
    let mut text = String::new();
    for dir in shards {
        let log = rookery_wal::verify(storage, dir)?;
        describe(&log, &mut text);
        findings(&log, &mut text);
        let damage = log
            .report
            .findings
            .iter()
            .any(|finding| finding.is_damage());
        text.push_str(if damage { "  DAMAGED\n" } else { "  ok\n" });
        damaged |= damage;
    }
    output::print(&text)?;
    Ok(if damaged { Exit::Failed } else { Exit::Done })
}

fn dump(storage: &RealStorage, shards: &[PathBuf]) -> anyhow::Result<Exit> {
    let mut out = output::stdout();
    for dir in shards {
        let shard = rookery_wal::info(storage, dir)?.shard.0;
        let mut result: io::Result<()> = Ok(());
        rookery_wal::dump(storage, dir, Position::ZERO, |item| {
            let line = match item {
                DumpItem::Record(record) => describe_record(shard, &record),
                DumpItem::Lost(range) => {
                    json!({"shard": shard, "lost": {"first": range.first.0, "last": range.last.0}})
                }
            };
            result = writeln!(out, "{line}");
            result.is_ok()
        })?;
        if result.is_err() {
            output::reader_may_leave(result)?;
            return Ok(Exit::Done);
        }
    }
    output::reader_may_leave(out.flush())?;
    Ok(Exit::Done)
}

fn describe_record(shard: u16, record: &RecordRef<'_>) -> Value {
    let mut object = Map::new();
    object.insert("shard".into(), shard.into());
    object.insert("term".into(), record.position.term.0.into());
    object.insert("lsn".into(), record.position.lsn.0.into());
    object.insert("time".into(), utc(record.time).into());
    object.insert("kind".into(), kind_name(record.kind).into());
    match payload(record) {
        Ok(Some(payload)) => describe_payload(payload, &mut object),
        Ok(None) => put_bytes("payload", record.payload, &mut object),
        Err(PayloadError) => {
            object.insert("unreadable".into(), true.into());
            put_bytes("payload", record.payload, &mut object);
        }
    }
    Value::Object(object)
}

fn kind_name(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Start => "start",
        RecordKind::Message => "message",
        RecordKind::Malformed => "malformed",
        RecordKind::Skip => "skip",
        RecordKind::Rules => "rules",
        RecordKind::Tick => "tick",
        RecordKind::Exchange => "exchange",
        RecordKind::Answer => "answer",
    }
}

fn payload<'a>(record: &RecordRef<'a>) -> Result<Option<Payload<'a>>, PayloadError> {
    match record.kind {
        RecordKind::Message => record::read_message(record.payload).map(Some),
        RecordKind::Malformed => record::read_malformed(record.payload).map(Some),
        RecordKind::Skip => record::read_skip(record.payload).map(Some),
        RecordKind::Rules => record::read_rules(record.payload).map(Some),
        RecordKind::Start | RecordKind::Tick | RecordKind::Exchange | RecordKind::Answer => {
            Ok(None)
        }
    }
}

fn describe_payload(payload: Payload<'_>, object: &mut Map<String, Value>) {
    let mut sender = |sender: record::Sender<'_>| {
        if !sender.name.is_empty() {
            object.insert("forwarder".into(), sender.name.into());
            object.insert("number".into(), sender.number.into());
        }
    };
    match payload {
        Payload::Message { sender: from, raw } => {
            sender(from);
            put_bytes("raw", raw, object);
        }
        Payload::Malformed {
            sender: from,
            defect,
            raw,
        } => {
            sender(from);
            object.insert("stage".into(), defect.stage.name().into());
            object.insert("code".into(), format!("E{:04}", defect.code).into());
            object.insert("length".into(), defect.length.into());
            put_bytes("raw", raw, object);
        }
        Payload::Skip { sender: from } => sender(from),
        Payload::Rules(hash) => {
            object.insert("rules".into(), rookery_shard::hex(&hash).into());
        }
    }
}

/// The bytes as text; as base64 too where they are not UTF-8.
fn put_bytes(name: &str, bytes: &[u8], object: &mut Map<String, Value>) {
    let text = String::from_utf8_lossy(bytes);
    let lossy = matches!(text, std::borrow::Cow::Owned(_));
    object.insert(name.to_owned(), text.into());
    if lossy {
        object.insert(format!("{name}_base64"), STANDARD.encode(bytes).into());
    }
}

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// `yyyy-MM-ddTHH:mm:ss[.SSS]Z`
fn utc(time: RecordTime) -> String {
    let millis = time.millis();
    let Ok(days) = i32::try_from(millis.div_euclid(DAY_MS)) else {
        return format!("{} us", time.0);
    };
    let mut text = Vec::new();
    write_date(days, &mut text);
    text.push(b'T');
    write_time(millis.rem_euclid(DAY_MS) as i32, &mut text);
    text.push(b'Z');
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rookery_model::{Lsn, Term};

    #[test]
    fn records_are_described_by_their_payload() {
        let mut payload = vec![2];
        payload.extend_from_slice(b"e1");
        payload.extend_from_slice(&7u64.to_le_bytes());
        payload.extend_from_slice(b"{\"x\":\xff}");
        let record = RecordRef {
            position: Position::new(Term(3), Lsn(9)),
            time: RecordTime(1_500_000),
            kind: RecordKind::Message,
            payload: &payload,
        };
        assert_eq!(
            describe_record(1, &record).to_string(),
            "{\"shard\":1,\"term\":3,\"lsn\":9,\"time\":\"1970-01-01T00:00:01.5Z\",\"kind\":\"message\",\
             \"forwarder\":\"e1\",\"number\":7,\"raw\":\"{\\\"x\\\":\u{fffd}}\",\"raw_base64\":\"eyJ4Ijr/fQ==\"}"
        );
        let broken = RecordRef {
            payload: &[],
            ..record
        };
        assert_eq!(describe_record(1, &broken)["unreadable"], true);
    }
}
