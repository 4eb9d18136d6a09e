//! A forwarder, with or without a name.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// One connection to the listener.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    /// Connects without greeting.
    ///
    /// # Panics
    /// Nobody listens.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the listener accepts");
        stream
            .set_read_timeout(Some(crate::PATIENCE))
            .expect("a timeout can be set");
        stream.set_nodelay(true).expect("nodelay can be set");
        let reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
        Self { stream, reader }
    }

    /// Connects, greets with acks, and gives `resume` and the instance.
    ///
    /// # Panics
    /// The greeting is refused.
    pub fn greet(address: SocketAddr, forwarder: &str) -> (Self, u64, String) {
        Self::greet_with(address, &json!({"forwarder": forwarder, "ack": true}))
    }

    /// Connects and greets with these fields.
    ///
    /// # Panics
    /// The greeting is refused.
    pub fn greet_with(address: SocketAddr, fields: &Value) -> (Self, u64, String) {
        let mut client = Self::connect(address);
        client.send(&json!({ "rookery": fields }).to_string());
        let answer = client.receive().expect("a greeting is answered");
        let resume = answer["rookery"]["resume"]
            .as_u64()
            .unwrap_or_else(|| panic!("no resume in {answer}"));
        let instance = answer["rookery"]["instance"]
            .as_str()
            .expect("an instance")
            .to_owned();
        (client, resume, instance)
    }

    /// Sends a line and its newline.
    ///
    /// # Panics
    /// The connection is gone.
    pub fn send(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// The connection is gone.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream
            .write_all(bytes)
            .expect("the connection takes bytes");
    }

    /// The next line from the server; `None` when it closed.
    ///
    /// # Panics
    /// Nothing came in time, or it is not JSON.
    pub fn receive(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => {
                Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no line came: {error}"),
        }
    }

    /// Reads acks until one covers `number`.
    ///
    /// # Panics
    /// The connection closes before, an ack goes back, or another line comes.
    pub fn wait_for_ack(&mut self, number: u64) {
        let mut last = 0;
        while last < number {
            let line = self.receive().expect("the connection stays open");
            let ack = line["ack"]
                .as_u64()
                .unwrap_or_else(|| panic!("not an ack: {line}"));
            assert!(ack >= last, "ack {ack} came after {last}");
            last = ack;
        }
    }

    /// Ends the stream of messages; answers can still be read.
    ///
    /// # Panics
    /// The connection is gone.
    pub fn finish(&mut self) {
        self.stream
            .shutdown(Shutdown::Write)
            .expect("the connection is open");
    }
}

/// A message of a device in the shape that the rules of these tests read.
pub fn message(id: u64, imei: &str, kind: &str, data: &Value) -> String {
    json!({
        "id": id.to_string(),
        "imei": imei,
        "type": kind,
        "data": data.to_string(),
        "time": "2026-11-20 08:00:00",
    })
    .to_string()
}
