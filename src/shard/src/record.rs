//! The payloads of a shard's records: what the shard puts into the log and reads out of it.
//!
//! | kind | payload |
//! | --- | --- |
//! | message | forwarder, then the message's bytes |
//! | malformed | forwarder, stage u8, code u16 LE, length u32 LE of the whole line, then its (first) bytes |
//! | skip | forwarder; its number is the new watermark |
//! | rules | 16 bytes: hash of the rule set that is in force from here on |
//! | start | written by the log itself |
//!
//! forwarder: name length u8, name, number u64 LE; the number is absent where the length is 0.

use rookery_model::Stage;
use thiserror::Error;

/// Content hash of a rule set.
pub type RulesHash = [u8; 16];

/// Head of a payload: who sent it, as which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender<'a> {
    /// "" where the connection gave no name.
    pub name: &'a str,
    /// Place in the forwarder's stream, from 1; 0 where there is no name.
    pub number: u64,
}

/// A record's payload, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// A routed message.
    Message {
        /// Who sent it.
        sender: Sender<'a>,
        /// Its bytes.
        raw: &'a [u8],
    },
    /// A line that no device could be found in.
    Malformed {
        /// Who sent it.
        sender: Sender<'a>,
        /// What is wrong with it.
        defect: Defect,
        /// Its first bytes.
        raw: &'a [u8],
    },
    /// The forwarder goes on after this number.
    Skip {
        /// The forwarder and the number.
        sender: Sender<'a>,
    },
    /// Another rule set is in force.
    Rules(RulesHash),
}

/// What is wrong with a malformed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    /// Frame or route.
    pub stage: Stage,
    /// The number of its code: 1001 is `E1001`.
    pub code: u16,
    /// Bytes of the whole line.
    pub length: u32,
}

/// A payload that this version cannot read although its checksum is right.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("record payload is cut short or of an unknown form")]
pub struct PayloadError;

/// Bytes of a sender with the longest name.
pub const SENDER_MAX_BYTES: usize = 1 + rookery_model::limits::FORWARDER_NAME_MAX_BYTES + 8;

/// Writes a sender's bytes into `out` and returns how many.
///
/// # Panics
/// If the name is longer than the limit, which the greeting refuses.
#[inline]
pub fn put_sender(out: &mut [u8; SENDER_MAX_BYTES], sender: Sender<'_>) -> usize {
    let name = sender.name.as_bytes();
    out[0] = name.len() as u8;
    if name.is_empty() {
        return 1;
    }
    let end = 1 + name.len();
    out[1..end].copy_from_slice(name);
    out[end..end + 8].copy_from_slice(&sender.number.to_le_bytes());
    end + 8
}

/// The bytes that follow the sender of a malformed record.
#[must_use]
pub fn defect_bytes(defect: Defect) -> [u8; 7] {
    let mut out = [0; 7];
    out[0] = stage_code(defect.stage);
    out[1..3].copy_from_slice(&defect.code.to_le_bytes());
    out[3..7].copy_from_slice(&defect.length.to_le_bytes());
    out
}

fn stage_code(stage: Stage) -> u8 {
    match stage {
        Stage::Frame => 0,
        Stage::Route => 1,
        Stage::Parse => 2,
        Stage::Cast => 3,
        Stage::Eval => 4,
        Stage::Sink => 5,
    }
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Result<&'a [u8], PayloadError> {
    let (head, tail) = bytes.split_at_checked(n).ok_or(PayloadError)?;
    *bytes = tail;
    Ok(head)
}

fn take_sender<'a>(bytes: &mut &'a [u8]) -> Result<Sender<'a>, PayloadError> {
    let length = take(bytes, 1)?[0] as usize;
    if length == 0 {
        return Ok(Sender {
            name: "",
            number: 0,
        });
    }
    let name = std::str::from_utf8(take(bytes, length)?).map_err(|_| PayloadError)?;
    let number = take(bytes, 8)?.try_into().map_err(|_| PayloadError)?;
    Ok(Sender {
        name,
        number: u64::from_le_bytes(number),
    })
}

/// Reads a message's payload.
///
/// # Errors
/// If it is cut short.
pub fn read_message(mut bytes: &[u8]) -> Result<Payload<'_>, PayloadError> {
    let sender = take_sender(&mut bytes)?;
    Ok(Payload::Message { sender, raw: bytes })
}

/// Reads a malformed line's payload.
///
/// # Errors
/// If it is cut short or its stage is unknown.
pub fn read_malformed(mut bytes: &[u8]) -> Result<Payload<'_>, PayloadError> {
    let sender = take_sender(&mut bytes)?;
    let stage = match take(&mut bytes, 1)?[0] {
        0 => Stage::Frame,
        1 => Stage::Route,
        _ => return Err(PayloadError),
    };
    let code = take(&mut bytes, 2)?.try_into().map_err(|_| PayloadError)?;
    let length = take(&mut bytes, 4)?.try_into().map_err(|_| PayloadError)?;
    let defect = Defect {
        stage,
        code: u16::from_le_bytes(code),
        length: u32::from_le_bytes(length),
    };
    Ok(Payload::Malformed {
        sender,
        defect,
        raw: bytes,
    })
}

/// Reads a skip's payload.
///
/// # Errors
/// If it is cut short or names nobody.
pub fn read_skip(mut bytes: &[u8]) -> Result<Payload<'_>, PayloadError> {
    let sender = take_sender(&mut bytes)?;
    if sender.name.is_empty() {
        return Err(PayloadError);
    }
    Ok(Payload::Skip { sender })
}

/// Reads a rule set's hash.
///
/// # Errors
/// If it is not 16 bytes.
pub fn read_rules(bytes: &[u8]) -> Result<Payload<'_>, PayloadError> {
    bytes
        .try_into()
        .map(Payload::Rules)
        .map_err(|_| PayloadError)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn payloads_come_back_as_they_went_in() {
        let sender = Sender {
            name: "emqx-1",
            number: 7,
        };
        let mut head = [0; SENDER_MAX_BYTES];
        let n = put_sender(&mut head, sender);
        let bytes = [&head[..n], b"{\"imei\":\"1\"}"].concat();
        let Payload::Message { sender: got, raw } = read_message(&bytes).unwrap() else {
            panic!()
        };
        assert_eq!((got, raw), (sender, &b"{\"imei\":\"1\"}"[..]));

        let defect = Defect {
            stage: Stage::Frame,
            code: 1001,
            length: 70_000,
        };
        let nobody = Sender {
            name: "",
            number: 0,
        };
        let n = put_sender(&mut head, nobody);
        let bytes = [&head[..n], &defect_bytes(defect), b"xyz"].concat();
        assert_eq!(
            read_malformed(&bytes).unwrap(),
            Payload::Malformed {
                sender: nobody,
                defect,
                raw: b"xyz"
            }
        );
        assert_eq!(read_skip(&bytes), Err(PayloadError), "a skip needs a name");
    }

    #[test]
    fn every_cut_is_an_error_or_a_shorter_message() {
        let mut head = [0; SENDER_MAX_BYTES];
        let n = put_sender(
            &mut head,
            Sender {
                name: "f",
                number: 1,
            },
        );
        for cut in 0..n {
            assert_eq!(read_message(&head[..cut]), Err(PayloadError));
            assert_eq!(read_malformed(&head[..cut]), Err(PayloadError));
        }
        assert_eq!(read_rules(&[0; 15]), Err(PayloadError));
    }
}
