//! What standard output shows, into a buffer.
#![allow(clippy::unwrap_used)]

use super::writer::StreamWriter;
use crate::testing::{at, batch, key};
use crate::{LaneCursor, Part, SinkContext, SinkWriter, TableSpec, TargetCursor, Verdicts, build};
use rookery_model::{DataType, Field, Position, RowIdentity, ShardId, Value};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// Takes a few bytes a call, remembers whether it was flushed, and can be closed.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<(Vec<u8>, bool, bool)>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = self.0.lock().unwrap();
        if pipe.2 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = bytes.len().min(5);
        pipe.0.extend_from_slice(&bytes[..taken]);
        pipe.1 = false;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().1 = true;
        Ok(())
    }
}

fn spec(options: &[(&str, &str)]) -> TableSpec {
    TableSpec {
        name: "jobs.Orders of 水".to_owned(),
        table: "Orders of 水".to_owned(),
        columns: vec![Field {
            name: "value".to_owned(),
            data_type: DataType::Int,
        }],
        primary_key: Vec::new(),
        options: options
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        zone: "UTC".to_owned(),
    }
}

fn context() -> SinkContext {
    SinkContext {
        data_dir: "/nowhere".into(),
        instance: "i".to_owned(),
    }
}

#[test]
fn a_row_is_printed_as_eval_prints_it() {
    let sink = build(
        &spec(&[("connector", "print"), ("format", "json")]),
        &context(),
    )
    .unwrap();
    assert_eq!((sink.connector(), sink.writers()), ("print", 1));
    assert_eq!(sink.directory(), None);
    let identity = RowIdentity {
        shard: ShardId(0),
        position: Position::ZERO,
        rule: 0,
        ordinal: 0,
    };
    let mut out = Vec::new();
    let mut encoder = sink.encoder();
    encoder
        .encode(&identity, &[Value::Int(-3)], &mut out)
        .unwrap();
    encoder.encode(&identity, &[Value::Null], &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"table\":\"Orders of 水\",\"row\":{\"value\":-3}}\n\
         {\"table\":\"Orders of 水\",\"row\":{\"value\":null}}\n"
    );
}

#[test]
fn an_option_of_another_connector_is_refused() {
    let error = build(&spec(&[("connector", "print"), ("path", "/o")]), &context());
    assert_eq!(
        error.err().unwrap().to_string(),
        "[E3023] table jobs.Orders of 水: connector `print` has no option `path`; its options are \
         format, batch_rows_max, batch_bytes_max, linger_ms, spill_max_bytes, spill_policy"
    );
}

#[test]
fn requests_are_written_whole_and_flushed() {
    let pipe = Pipe::default();
    let mut writer = StreamWriter::new("standard output", pipe.clone());
    assert_eq!(writer.open(&[key(0)]).unwrap(), [TargetCursor::NotHeld]);
    let batch = batch(
        1,
        &[(1, 1, "{\"a\":1}\n"), (2, 1, "{\"a\":2}\n"), (3, 1, "{}\n")],
    );
    let request = [
        Part::new(0, &batch, 1, None),
        Part::new(0, &batch, 0, Some(&[0, 2])),
    ];
    let mut verdicts = Verdicts::default();
    writer.write_batch(&request, &mut verdicts).unwrap();
    let cursor = LaneCursor {
        lane: key(0),
        through: at(3),
    };
    writer.confirm(&[cursor]).unwrap();
    let shown = pipe.0.lock().unwrap();
    assert_eq!(
        (String::from_utf8_lossy(&shown.0).as_ref(), shown.1),
        ("{\"a\":2}\n{}\n{\"a\":1}\n{}\n", true)
    );
}

#[test]
fn a_reader_that_went_away_is_an_error_that_can_be_tried_again() {
    let pipe = Pipe::default();
    pipe.0.lock().unwrap().2 = true;
    let mut writer = StreamWriter::new("standard output", pipe.clone());
    let batch = batch(1, &[(1, 1, "{}\n")]);
    let request = [Part::new(0, &batch, 0, None)];
    let error = writer
        .write_batch(&request, &mut Verdicts::default())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "[E3001] cannot write to standard output: broken pipe; it is tried again"
    );
    pipe.0.lock().unwrap().2 = false;
    writer
        .write_batch(&request, &mut Verdicts::default())
        .unwrap();
    assert_eq!(pipe.0.lock().unwrap().0, b"{}\n");
}
