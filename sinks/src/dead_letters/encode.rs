//! One dead letter as one line of JSON.

use rookery_codecs::format::dead_letter;
use rookery_codecs::json::write_string;
use rookery_codecs::time::{write_date, write_time};
use rookery_model::{DeadLetter, Position, RecordTime, ShardId};

const DAY_MILLIS: i64 = 86_400_000;

/// Where a dead letter comes from.
#[derive(Clone, Copy, Debug)]
pub struct LetterOrigin<'a> {
    /// The record's time.
    pub time: RecordTime,
    /// The record's shard.
    pub shard: ShardId,
    /// The record.
    pub position: Position,
    /// Which of the record's dead letters; of a row: its place among the rows of rule and record.
    pub ordinal: u32,
    /// Who sent the message; empty where nobody gave a name, or it is not known.
    pub forwarder: &'a str,
    /// What was kept.
    pub kept: Kept<'a>,
}

/// What a dead letter keeps, and whose it is.
#[derive(Clone, Copy, Debug)]
pub enum Kept<'a> {
    /// A message.
    Message {
        /// The text of its device key, if it has one.
        device: Option<&'a [u8]>,
    },
    /// A row in the format of the sink that refused it.
    Row {
        /// The sink, `file.table`.
        sink: &'a str,
        /// The sink's connector.
        connector: &'a str,
        /// What the row's bytes depend on beside the connector: columns and options, as a hash.
        format: u64,
        /// Index of the rule that made it.
        rule: u16,
        /// Hash of its device key.
        device: u64,
    },
}

/// Writes dead letters as the store's lines. Allocates nothing beyond `out`.
#[derive(Clone, Debug, Default)]
pub struct DeadLetterEncoder(());

impl DeadLetterEncoder {
    /// An encoder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a letter and a line end: `{"id":..,"time":..,"shard":..,"term":..,"lsn":..,
    /// "forwarder":..,"device":..,"stage":..,"rule":..,"code":..,"reason":..,"raw":..}`.
    ///
    /// `id` is `shard-term-lsn-ordinal`, of a row `shard-term-lsn-rRULE.ordinal`: a replay gives a letter
    /// the id that it had. `time` is RFC 3339 in UTC with milliseconds. `forwarder` and `device` are null
    /// where they are not known. A row has `"device_hash":..,"sink":..,"connector":..,
    /// "format":..` after its `device`, which is null: rows carry the hash alone. `raw_base64` follows `raw` where the bytes are
    /// not UTF-8.
    pub fn encode(
        &mut self,
        origin: &LetterOrigin<'_>,
        letter: &DeadLetter<'_>,
        out: &mut Vec<u8>,
    ) {
        let (term, lsn) = (origin.position.term.0, origin.position.lsn.0);
        let shard = u64::from(origin.shard.0);
        out.extend_from_slice(b"{\"id\":\"");
        for number in [shard, term, lsn] {
            write_number(number, out);
            out.push(b'-');
        }
        if let Kept::Row { rule, .. } = origin.kept {
            out.push(b'r');
            write_number(u64::from(rule), out);
            out.push(b'.');
        }
        write_number(u64::from(origin.ordinal), out);
        out.extend_from_slice(b"\",\"time\":\"");
        write_utc(origin.time, out);
        out.extend_from_slice(b"\",\"shard\":");
        write_number(shard, out);
        out.extend_from_slice(b",\"term\":");
        write_number(term, out);
        out.extend_from_slice(b",\"lsn\":");
        write_number(lsn, out);
        out.extend_from_slice(b",\"forwarder\":");
        match origin.forwarder {
            "" => out.extend_from_slice(b"null"),
            name => write_string(name, out),
        }
        write_device(&origin.kept, out);
        out.push(b',');
        dead_letter::write_members(letter, out);
        out.extend_from_slice(b"}\n");
    }
}

/// Appends `,"device":..` and what a row has after it.
fn write_device(kept: &Kept<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"device\":");
    match *kept {
        Kept::Message { device: Some(key) } => write_string(&String::from_utf8_lossy(key), out),
        Kept::Message { device: None } => out.extend_from_slice(b"null"),
        Kept::Row {
            sink,
            connector,
            format,
            device,
            ..
        } => {
            out.extend_from_slice(b"null,\"device_hash\":\"");
            write_hash(device, out);
            out.extend_from_slice(b"\",\"sink\":");
            write_string(sink, out);
            out.extend_from_slice(b",\"connector\":");
            write_string(connector, out);
            out.extend_from_slice(b",\"format\":\"");
            write_hash(format, out);
            out.push(b'"');
        }
    }
}

/// Appends 16 hexadecimal digits.
fn write_hash(hash: u64, out: &mut Vec<u8>) {
    out.extend((0..16).rev().map(|digit| {
        let nibble = (hash >> (4 * digit)) & 0xf;
        b"0123456789abcdef"[nibble as usize]
    }));
}

/// Appends `yyyy-MM-ddTHH:mm:ss.SSSZ`.
fn write_utc(time: RecordTime, out: &mut Vec<u8>) {
    let millis = time.millis();
    // A record's time counts i64 microseconds: some 107 million days either way.
    let days = i32::try_from(millis.div_euclid(DAY_MILLIS)).expect("days of an i64 of µs fit");
    let of_day = i32::try_from(millis.rem_euclid(DAY_MILLIS)).expect("a day's ms fit");
    write_date(days, out);
    out.push(b'T');
    write_time(of_day - of_day % 1000, out);
    let fraction = of_day % 1000;
    let digit = |value: i32| b'0' + (value % 10) as u8;
    out.extend_from_slice(&[
        b'.',
        digit(fraction / 100),
        digit(fraction / 10),
        digit(fraction),
        b'Z',
    ]);
}

fn write_number(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
