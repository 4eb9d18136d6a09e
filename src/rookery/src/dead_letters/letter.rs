//! One dead letter, and what can be done about it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rookery_model::limits;
use serde::Deserialize;
use serde_json::Value;

/// A line of the store.
#[derive(Clone, Debug, Deserialize)]
pub struct Letter {
    /// Names it for ever: a replay gives it again.
    pub id: String,
    /// The record's time, RFC 3339 in UTC.
    pub time: String,
    /// The record's shard.
    pub shard: u16,
    /// The record's term.
    pub term: u64,
    /// The record's number.
    pub lsn: u64,
    /// Who sent the message, where that is known.
    pub forwarder: Option<String>,
    /// The text of its device key.
    pub device: Option<String>,
    /// Of a row: the hash of that text, 16 hexadecimal digits.
    pub device_hash: Option<String>,
    /// Of a row: the sink that refused it.
    pub sink: Option<String>,
    /// Of a row: the sink's connector then.
    pub connector: Option<String>,
    /// Of a row: a hash of what its bytes depend on beside the connector.
    pub format: Option<String>,
    /// Where it stopped.
    pub stage: String,
    /// The rule that failed, or made the row.
    pub rule: Option<String>,
    /// Stable code.
    pub code: String,
    /// One line for a person.
    pub reason: String,
    /// What was kept.
    pub raw: String,
    /// The same where it is no text.
    pub raw_base64: Option<String>,
}

/// What was done about a letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    #[default]
    Waiting,
    /// A retry was begun and its end is not known.
    Begun,
    /// It was sent again and taken.
    Retried,
    /// It was sent again and refused again.
    Refused,
    /// It was removed.
    Purged,
}

impl State {
    /// The word that users see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Begun => "begun",
            Self::Retried => "retried",
            Self::Refused => "refused",
            Self::Purged => "purged",
        }
    }
}

/// How a letter can be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a new message.
    Message(Vec<u8>),
    /// As a row, to the sink that refused it.
    Row {
        /// `file.table`
        sink: String,
        /// The connector whose bytes these are.
        connector: String,
        /// What they depend on beside it.
        format: String,
        /// Hash of the device key.
        device: u64,
        /// The row.
        bytes: Vec<u8>,
    },
    /// Not at all, and why.
    None(&'static str),
}

/// Code and stage of a record of the log that cannot be read: what was kept is not a line.
const UNREADABLE_RECORD: (&str, &str) = ("parse", "E1121");

impl Letter {
    /// Reads a line of the store.
    pub fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The bytes that were kept.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match &self.raw_base64 {
            Some(text) => STANDARD.decode(text).ok(),
            None => Some(self.raw.clone().into_bytes()),
        }
    }

    /// How it can be sent again.
    pub fn way(&self) -> Way {
        let Some(bytes) = self.bytes() else {
            return Way::None("its `raw_base64` is damaged");
        };
        if let (Some(sink), Some(connector), Some(format), Some(hash)) =
            (&self.sink, &self.connector, &self.format, &self.device_hash)
        {
            return match u64::from_str_radix(hash, 16) {
                Err(_) => Way::None("its `device_hash` is damaged"),
                Ok(device) => Way::Row {
                    sink: sink.clone(),
                    connector: connector.clone(),
                    format: format.clone(),
                    device,
                    bytes,
                },
            };
        }
        if self.stage == "frame" {
            const _: () = assert!(limits::OVERSIZED_PREFIX_BYTES == 1024);
            return Way::None(
                "only the first 1,024 bytes of an oversized line are kept; send it again at its source, with a raised `listen.frame_max_bytes`",
            );
        }
        if (self.stage.as_str(), self.code.as_str()) == UNREADABLE_RECORD {
            return Way::None("it is a record of the log that could not be read, not a message");
        }
        if bytes.contains(&b'\n') || bytes.trim_ascii().is_empty() {
            return Way::None("it is not one line");
        }
        if is_greeting(&bytes) {
            return Way::None("it begins like a greeting, which a server would take it for");
        }
        Way::Message(bytes)
    }

    /// What it keeps, for listings.
    pub fn kind(&self) -> &'static str {
        match self.sink {
            Some(_) => "row",
            None => "message",
        }
    }
}

/// Whether a line's first key is `rookery`.
fn is_greeting(line: &[u8]) -> bool {
    line.trim_ascii_start()
        .strip_prefix(b"{")
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\"rookery\""))
}

/// The letter's line with what was done about it: `state`, and `retry` with time and words.
pub fn as_json(line: &[u8], state: State, mark: Option<&super::Mark>) -> Value {
    let mut value: Value = serde_json::from_slice(line).unwrap_or_default();
    value["state"] = state.name().into();
    if let Some(mark) = mark {
        value["state_time"] = mark.time.as_str().into();
        if let Some(reason) = &mark.reason {
            value["state_reason"] = reason.as_str().into();
        }
    }
    value
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn letter(stage: &str, code: &str, more: &str) -> Letter {
        let line = format!(
            "{{\"id\":\"0-7-42-0\",\"time\":\"t\",\"shard\":0,\"term\":7,\"lsn\":42,\"forwarder\":null,\
             \"device\":null,{more}\"stage\":\"{stage}\",\"rule\":null,\"code\":\"{code}\",\"reason\":\"r\",\
             \"raw\":\"{{\\\"imei\\\":\\\"A\\\"}}\"}}"
        );
        Letter::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn messages_go_as_messages_and_rows_as_rows() {
        let message = Way::Message(br#"{"imei":"A"}"#.to_vec());
        for stage in ["route", "parse", "cast", "eval", "sink"] {
            assert_eq!(letter(stage, "E1", "").way(), message, "{stage}");
        }
        let row = letter(
            "sink",
            "E3050",
            "\"device_hash\":\"00ff\",\"sink\":\"a.b\",\"connector\":\"redis\",\"format\":\"01\",",
        );
        assert_eq!(row.kind(), "row");
        assert_eq!(
            row.way(),
            Way::Row {
                sink: "a.b".into(),
                connector: "redis".into(),
                format: "01".into(),
                device: 255,
                bytes: br#"{"imei":"A"}"#.to_vec(),
            }
        );
    }

    #[test]
    fn what_cannot_be_sent_again_says_why() {
        let none = |letter: Letter| match letter.way() {
            Way::None(reason) => reason.to_owned(),
            way => panic!("{way:?}"),
        };
        assert!(none(letter("frame", "E1001", "")).contains("1,024 bytes"));
        assert!(none(letter("parse", "E1121", "")).contains("record of the log"));
        let with = |raw: &str| {
            let mut letter = letter("route", "E1101", "");
            letter.raw = raw.to_owned();
            letter
        };
        assert!(none(with("a\nb")).contains("one line"));
        assert!(none(with(" \t")).contains("one line"));
        assert!(none(with(" { \"rookery\":1}")).contains("greeting"));
        assert_eq!(with("hello").way(), Way::Message(b"hello".to_vec()));
        let mut damaged = with("x");
        damaged.raw_base64 = Some("*".into());
        assert!(none(damaged).contains("raw_base64"));
        let mut binary = with("\u{fffd}");
        binary.raw_base64 = Some("/w==".into());
        assert_eq!(binary.way(), Way::Message(vec![0xff]));
    }

    #[test]
    fn a_line_that_is_no_letter_is_none() {
        for line in ["", "{}", "{\"id\":1}", "x"] {
            assert!(Letter::parse(line.as_bytes()).is_none(), "{line}");
        }
    }
}
