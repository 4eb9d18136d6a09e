//! The forwarder's side of the wire protocol: the greeting, and the lines that a server answers.

use serde::Deserialize;
use serde_json::json;

/// Longest line that a server may answer; an answer is some 100 bytes.
const LINE_MAX_BYTES: usize = 64 * 1024;

/// The first line of an acknowledged connection.
pub fn greeting(forwarder: &str, fresh: bool) -> String {
    let mut greeting = json!({"forwarder": forwarder, "ack": true});
    if fresh {
        greeting["fresh"] = true.into();
    }
    format!("{}\n", json!({ "rookery": greeting }))
}

/// A line from the server.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// The answer to the greeting.
    Greeted {
        /// Id of the server's data directory.
        instance: String,
        /// Number of the last message that need not be sent.
        resume: u64,
    },
    /// All messages up to this number are durable.
    Ack(u64),
    /// The server's complaint, as `code: message`.
    Error(String),
    /// Anything else.
    Unknown(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Greeted { rookery: Greeted },
    Ack { ack: u64 },
    Error { error: ServerError },
}

#[derive(Deserialize)]
struct Greeted {
    instance: String,
    resume: u64,
}

#[derive(Deserialize)]
struct ServerError {
    code: String,
    message: String,
}

/// Cuts received bytes into lines.
#[derive(Default)]
pub struct LineReader {
    bytes: Vec<u8>,
    taken: usize,
}

impl LineReader {
    /// Adds received bytes. What was taken before is forgotten.
    pub fn feed(&mut self, received: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(received);
    }

    /// Forgets everything: a new connection begins.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.taken = 0;
    }

    /// The next whole line.
    pub fn next_line(&mut self) -> Option<Line> {
        let rest = &self.bytes[self.taken..];
        match memchr::memchr(b'\n', rest) {
            Some(end) => {
                let line = parse(&rest[..end]);
                self.taken += end + 1;
                Some(line)
            }
            None if rest.len() > LINE_MAX_BYTES => {
                let line = unknown(rest);
                self.taken = self.bytes.len();
                Some(line)
            }
            None => None,
        }
    }
}

fn parse(line: &[u8]) -> Line {
    if let Some(number) = plain_ack(line) {
        return Line::Ack(number);
    }
    match serde_json::from_slice(line) {
        Ok(Answer::Greeted { rookery }) => Line::Greeted {
            instance: rookery.instance,
            resume: rookery.resume,
        },
        Ok(Answer::Ack { ack }) => Line::Ack(ack),
        Ok(Answer::Error { error }) => Line::Error(format!("{}: {}", error.code, error.message)),
        Err(_) => unknown(line),
    }
}

/// The number of `{"ack":123}`, the line that comes thousands of times a second.
fn plain_ack(line: &[u8]) -> Option<u64> {
    let digits = line.strip_prefix(b"{\"ack\":")?.strip_suffix(b"}")?;
    if digits.is_empty() || digits.len() > 19 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + u64::from(digit - b'0')),
    )
}

fn unknown(line: &[u8]) -> Line {
    Line::Unknown(String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings() {
        assert_eq!(
            greeting("bench-0", false),
            "{\"rookery\":{\"forwarder\":\"bench-0\",\"ack\":true}}\n"
        );
        assert_eq!(
            greeting("b", true),
            "{\"rookery\":{\"forwarder\":\"b\",\"ack\":true,\"fresh\":true}}\n"
        );
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let sent = b"{\"rookery\":{\"instance\":\"k3\",\"resume\":7}}\n{\"ack\":8}\n{ \"ack\" : 12 }\r\n{\"error\":{\"code\":\"E1003\",\"message\":\"no\",\"at\":17}}\nhm\n";
        let expected = [
            Line::Greeted {
                instance: "k3".into(),
                resume: 7,
            },
            Line::Ack(8),
            Line::Ack(12),
            Line::Error("E1003: no".into()),
            Line::Unknown("hm".into()),
        ];
        for step in 1..=sent.len() {
            let mut reader = LineReader::default();
            let mut lines = Vec::new();
            for part in sent.chunks(step) {
                reader.feed(part);
                lines.extend(std::iter::from_fn(|| reader.next_line()));
            }
            assert_eq!(lines, expected, "cut each {step} bytes");
        }
    }

    #[test]
    fn an_endless_line_is_not_kept() {
        let mut reader = LineReader::default();
        reader.feed(&vec![b'x'; LINE_MAX_BYTES + 1]);
        assert_eq!(reader.next_line(), Some(Line::Unknown("x".repeat(200))));
        assert_eq!(reader.next_line(), None);
    }

    #[test]
    fn an_ack_is_a_number() {
        assert_eq!(parse(b"{\"ack\":}"), Line::Unknown("{\"ack\":}".into()));
        assert_eq!(
            parse(b"{\"ack\":18446744073709551615}"),
            Line::Ack(u64::MAX)
        );
        assert_eq!(parse(b"{\"ack\":-1}"), Line::Unknown("{\"ack\":-1}".into()));
    }
}
