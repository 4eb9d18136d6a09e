//! A server that keeps what it is sent in memory and misbehaves as told.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// What the server does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Script {
    /// Never answers a greeting.
    pub ignores_greetings: bool,
    /// Closes each connection instead of answering its greeting.
    pub hangs_up: bool,
    /// Answers a greeting with an error.
    pub refuses: bool,
    /// Reads, and never acknowledges.
    pub never_acks: bool,
    /// Stops reading after so many bytes of a connection.
    pub stops_reading_after: Option<usize>,
    /// Acknowledges so many messages too many.
    pub acks_beyond: u64,
    /// Answers a line that is no answer.
    pub babbles: bool,
    /// Waits so long before each acknowledgement.
    pub ack_delay: Duration,
    /// Once per forwarder: closes the connection after so many messages and forgets those that it has
    /// not acknowledged.
    pub breaks_after: Option<u64>,
    /// After such a break, forgets so many that it has acknowledged too.
    pub forgets: u64,
    /// After such a break, is another instance.
    pub changes_instance: bool,
}

#[derive(Default)]
struct Kept {
    /// Messages by forwarder; those of connections that did not greet are under "".
    messages: HashMap<String, Vec<u8>>,
    acked: HashMap<String, u64>,
    broken: HashMap<String, bool>,
    greetings: Vec<String>,
}

/// A running server. It ends with the test's process.
pub struct Scripted {
    /// Where it listens.
    pub addr: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

impl Scripted {
    /// Starts one on a free port.
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let of_thread = Arc::clone(&kept);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let kept = Arc::clone(&of_thread);
                thread::spawn(move || serve(socket.unwrap(), script, &kept));
            }
        });
        Self { addr, kept }
    }

    /// All messages of a forwarder, as they came.
    pub fn messages(&self, forwarder: &str) -> Vec<u8> {
        self.kept
            .lock()
            .unwrap()
            .messages
            .get(forwarder)
            .cloned()
            .unwrap_or_default()
    }

    /// Lines of the greetings so far.
    pub fn greetings(&self) -> Vec<String> {
        self.kept.lock().unwrap().greetings.clone()
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn read_line(socket: &mut TcpStream) -> Option<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.last() != Some(&b'\n') {
        if socket.read(&mut byte).ok()? == 0 {
            return None;
        }
        line.push(byte[0]);
    }
    Some(String::from_utf8(line).unwrap())
}

/// Forwarder and number of messages kept, or `None` when the connection ends here.
fn greet(socket: &mut TcpStream, script: Script, kept: &Mutex<Kept>) -> Option<(String, u64)> {
    let line = read_line(socket)?;
    let greeting: Value = serde_json::from_str(&line).unwrap();
    let Some(forwarder) = greeting["rookery"]["forwarder"].as_str() else {
        let mut kept = kept.lock().unwrap();
        let messages = kept.messages.entry(String::new()).or_default();
        messages.extend_from_slice(line.as_bytes());
        return Some((String::new(), 1));
    };
    assert_eq!(greeting["rookery"]["ack"], true);
    let mut kept = kept.lock().unwrap();
    kept.greetings.push(line);
    if script.ignores_greetings {
        drop(kept);
        thread::sleep(Duration::from_secs(60));
        return None;
    }
    if script.hangs_up {
        return None;
    }
    if script.refuses {
        let error = json!({"error": {"code": "E1002", "message": "too many forwarders", "at": 0}});
        writeln!(socket, "{error}").unwrap();
        return None;
    }
    let broken = kept.broken.get(forwarder).copied().unwrap_or(false);
    let instance = if script.changes_instance && broken {
        "second"
    } else {
        "first"
    };
    let messages = kept.messages.entry(forwarder.to_owned()).or_default();
    let resume = lines(messages);
    writeln!(
        socket,
        "{}",
        json!({"rookery": {"instance": instance, "resume": resume}})
    )
    .unwrap();
    Some((forwarder.to_owned(), resume))
}

fn serve(mut socket: TcpStream, script: Script, kept: &Mutex<Kept>) {
    let Some((forwarder, mut count)) = greet(&mut socket, script, kept) else {
        return;
    };
    let mut buffer = vec![0; 64 * 1024];
    // Bytes of a line that is not whole yet.
    let mut partial = Vec::new();
    let mut received = 0;
    loop {
        if script
            .stops_reading_after
            .is_some_and(|limit| received >= limit)
        {
            thread::sleep(Duration::from_secs(60));
            return;
        }
        let length = match socket.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(length) => length,
        };
        received += length;
        partial.extend_from_slice(&buffer[..length]);
        let whole = partial
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let taken: Vec<u8> = partial.drain(..whole).collect();
        count += lines(&taken);
        if !take(&taken, &forwarder, count, script, kept) {
            return;
        }
        if forwarder.is_empty() || script.never_acks {
            continue;
        }
        thread::sleep(script.ack_delay);
        kept.lock().unwrap().acked.insert(forwarder.clone(), count);
        let answer = if script.babbles {
            "hello\n".to_owned()
        } else {
            format!("{}\n", json!({"ack": count + script.acks_beyond}))
        };
        if socket.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Keeps lines; tells whether the connection goes on.
fn take(taken: &[u8], forwarder: &str, count: u64, script: Script, kept: &Mutex<Kept>) -> bool {
    let mut kept = kept.lock().unwrap();
    kept.messages
        .entry(forwarder.to_owned())
        .or_default()
        .extend_from_slice(taken);
    let due = script.breaks_after.is_some_and(|limit| count >= limit);
    if !due || kept.broken.insert(forwarder.to_owned(), true).is_some() {
        return true;
    }
    let acked = kept.acked.get(forwarder).copied().unwrap_or(0);
    let remembered = acked.saturating_sub(script.forgets) as usize;
    let messages = kept.messages.get_mut(forwarder).unwrap();
    let end = messages
        .split_inclusive(|byte| *byte == b'\n')
        .take(remembered)
        .map(<[u8]>::len)
        .sum();
    messages.truncate(end);
    false
}
