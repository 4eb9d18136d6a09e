//! One dead letter as one line of JSON.

use rookery_codecs::format::dead_letter;
use rookery_codecs::json::write_string;
use rookery_codecs::time::{write_date, write_time};
use rookery_model::{DeadLetter, Position, RecordTime, ShardId};

const DAY_MILLIS: i64 = 86_400_000;

/// Writes dead letters as the store's lines. Allocates nothing beyond `out`.
#[derive(Clone, Debug, Default)]
pub struct DeadLetterEncoder(());

impl DeadLetterEncoder {
    /// An encoder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `{"time":..,"shard":..,"term":..,"lsn":..,"forwarder":..,"stage":..,"rule":..,
    /// "code":..,"reason":..,"raw":..}` and a line end; `raw_base64` follows where the bytes are not
    /// UTF-8. `time` is RFC 3339 in UTC with milliseconds; `forwarder` is null where it is empty.
    pub fn encode(
        &mut self,
        time: RecordTime,
        shard: ShardId,
        position: Position,
        forwarder: &str,
        letter: &DeadLetter<'_>,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(b"{\"time\":\"");
        write_utc(time, out);
        out.extend_from_slice(b"\",\"shard\":");
        write_number(u64::from(shard.0), out);
        out.extend_from_slice(b",\"term\":");
        write_number(position.term.0, out);
        out.extend_from_slice(b",\"lsn\":");
        write_number(position.lsn.0, out);
        out.extend_from_slice(b",\"forwarder\":");
        match forwarder {
            "" => out.extend_from_slice(b"null"),
            name => write_string(name, out),
        }
        out.push(b',');
        dead_letter::write_members(letter, out);
        out.extend_from_slice(b"}\n");
    }
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
