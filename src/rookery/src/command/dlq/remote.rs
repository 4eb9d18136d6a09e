//! The running server as `rookery dlq retry` talks to it: the listener for messages, the admin port for
//! rows.

use crate::dead_letters::{DlqError, Store};
use crate::endpoints;
use rookery_model::limits;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Whose messages retried letters are.
const FORWARDER: &str = "dlq-retry";
/// How long a server on the same machine may take to accept.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take: longer than the server itself waits for a sink.
const ANSWER: Duration = Duration::from_millis(3 * limits::RETRY_PATIENCE_MS);

/// Whose bytes rows are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `file.table`
    pub sink: String,
    /// The sink's connector then.
    pub connector: String,
    /// What the bytes depend on beside it, 16 hexadecimal digits.
    pub format: String,
}

/// A server that runs on the right data directory.
#[derive(Debug)]
pub struct Remote {
    admin: SocketAddr,
    tcp: SocketAddr,
}

impl Remote {
    /// Finds the server of a data directory and makes sure that it is this one's.
    ///
    /// # Errors
    /// There is none, it is another's, or it is not ready.
    pub fn find(store: &Store, admin: Option<SocketAddr>) -> Result<Self, DlqError> {
        let known = admin.or_else(|| endpoints::admin(store.data_dir()));
        let address = known.ok_or_else(|| DlqError::NeverRan {
            path: store.data_dir().to_owned(),
        })?;
        let unreachable = |reason: String| DlqError::NoServer { address, reason };
        let (code, body) = request(address, "GET", "/api/v1/status", "")
            .map_err(|error| unreachable(error.to_string()))?;
        let status: Value = match (code, serde_json::from_str(&body)) {
            (200, Ok(status)) => status,
            _ => return Err(unreachable(format!("it is no rookery (HTTP {code})"))),
        };
        let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
        let phase = text("phase");
        let instance = text("instance");
        if instance.is_empty() {
            return Err(DlqError::NotReady { address, phase });
        }
        if store.instance() != Some(instance) {
            let theirs = text("data_dir");
            return Err(DlqError::OtherInstance { address, theirs });
        }
        let tcp = status["listen"]["tcp"].as_str();
        match tcp.and_then(|tcp| tcp.parse().ok()) {
            Some(tcp) if phase == "ready" => Ok(Self {
                admin: address,
                tcp,
            }),
            _ => Err(DlqError::NotReady { address, phase }),
        }
    }

    /// Opens a conversation for messages.
    ///
    /// # Errors
    /// The server does not take it.
    pub fn converse(&self) -> Result<Conversation, DlqError> {
        Conversation::open(self.tcp).map_err(|error| DlqError::Broken {
            reason: error.to_string(),
        })
    }

    /// Brings rows to their sink: an answer a row, or why the server took none.
    ///
    /// # Errors
    /// The server went away; the fate of the rows is not known.
    pub fn send_rows(
        &self,
        target: &Target,
        rows: Vec<Value>,
    ) -> Result<Result<Vec<Value>, String>, DlqError> {
        let Target {
            sink,
            connector,
            format,
        } = target;
        let body = json!({"sink": sink, "connector": connector, "format": format, "rows": rows});
        let body = body.to_string();
        let path = crate::admin::RETRY_PATH;
        let (code, body) =
            request(self.admin, "POST", path, &body).map_err(|error| DlqError::Broken {
                reason: error.to_string(),
            })?;
        let value: Value = serde_json::from_str(&body).unwrap_or_default();
        if let (200, Some(outcomes)) = (code, value["outcomes"].as_array()) {
            return Ok(Ok(outcomes.clone()));
        }
        let error = &value["error"];
        match (error["code"].as_str(), error["message"].as_str()) {
            (Some(code), Some(message)) => Ok(Err(format!("[{code}] {message}"))),
            _ => Err(DlqError::Broken {
                reason: format!("HTTP {code}: {}", body.trim_end()),
            }),
        }
    }
}

/// One request on a connection of its own: status and body.
fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, CONNECT)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let code = answer.get(9..12).and_then(|code| code.parse().ok());
    match (code, answer.split_once("\r\n\r\n")) {
        (Some(code), Some((_, body))) => Ok((code, body.to_owned())),
        _ => Err(std::io::Error::other("it does not speak HTTP")),
    }
}

/// A greeted connection to the listener.
#[derive(Debug)]
pub struct Conversation {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    /// Number of the last message sent.
    sent: u64,
}

impl Conversation {
    fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, CONNECT)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.set_write_timeout(Some(ANSWER))?;
        stream.set_nodelay(true)?;
        let reader = BufReader::new(stream.try_clone()?);
        let mut conversation = Self {
            stream,
            reader,
            sent: 0,
        };
        // Nothing is remembered from the last time: the numbers go on behind what came then.
        let greeting = json!({"rookery": {"forwarder": FORWARDER, "ack": true, "fresh": true}});
        conversation
            .stream
            .write_all(format!("{greeting}\n").as_bytes())?;
        let answer = conversation.line()?;
        conversation.sent = answer["rookery"]["resume"]
            .as_u64()
            .ok_or_else(|| std::io::Error::other(answer.to_string()))?;
        Ok(conversation)
    }

    /// Sends messages and waits until they are durable. Gives how many are, and what kept the others.
    pub fn send(&mut self, messages: &[Vec<u8>]) -> (usize, Option<DlqError>) {
        let mut lines = Vec::new();
        for message in messages {
            lines.extend_from_slice(message);
            lines.push(b'\n');
        }
        let first = self.sent;
        let last = first + messages.len() as u64;
        let mut acked = first;
        let mut result = self.stream.write_all(&lines);
        while result.is_ok() && acked < last {
            result = self.ack().map(|number| acked = number.max(acked));
        }
        self.sent = last;
        let durable = acked.min(last).saturating_sub(first);
        let error = result.err().map(|error| DlqError::Broken {
            reason: error.to_string(),
        });
        (usize::try_from(durable).unwrap_or(messages.len()), error)
    }

    fn ack(&mut self) -> std::io::Result<u64> {
        let line = self.line()?;
        line["ack"]
            .as_u64()
            .ok_or_else(|| std::io::Error::other(line["error"]["message"].to_string()))
    }

    fn line(&mut self) -> std::io::Result<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line)? {
            0 => Err(std::io::Error::other("it closed the connection")),
            _ => Ok(serde_json::from_str(&line).unwrap_or_default()),
        }
    }
}
