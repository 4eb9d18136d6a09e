//! An HTTP server that answers as a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// Number of the connection it came over, from 1.
    pub connection: usize,
    /// Request line and headers, in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Request {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// What is answered.
pub struct Reply {
    pub status: u16,
    pub body: String,
    /// The connection is closed afterwards without a word.
    pub close: bool,
}

pub fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        body: body.to_owned(),
        close: false,
    }
}

/// A server; its thread ends with the process.
pub struct Peer {
    pub port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Peer {
    pub fn start(mut answer: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for (connection, stream) in (1..).zip(listener.incoming()) {
                // One client, which keeps at most one connection.
                serve(connection, stream.unwrap(), &seen, &mut answer);
            }
        });
        Self { port, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    connection: usize,
    stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &mut impl FnMut(&Request) -> Reply,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = head.to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
        let request = Request {
            connection,
            head,
            body,
        };
        seen.lock().unwrap().push(request.clone());
        let Reply {
            status,
            body,
            close,
        } = answer(&request);
        let length = match status {
            204 => String::new(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        let text = format!("HTTP/1.1 {status} x\r\n{length}\r\n{body}");
        if stream.write_all(text.as_bytes()).is_err() || close {
            return;
        }
    }
}
