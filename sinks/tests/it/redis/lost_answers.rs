//! Transactions that take effect while nobody hears of it: what the server refused in them must not vanish.
#![allow(clippy::unwrap_used)]

use super::server::RedisServer;
use super::sink::{CURSOR, KEY_VALUE, Running, after, at, start};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const LIST: &[(&str, &str)] = &[("mode", "list")];

/// Stands between a sink and its server.
struct Proxy {
    port: u16,
    /// Answers are swallowed.
    mute: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    fn before(server: &RedisServer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, behind) = (listener.local_addr().unwrap().port(), server.port);
        let mute = Arc::new(AtomicBool::new(false));
        let open = Arc::<Mutex<Vec<TcpStream>>>::default();
        let (muted, opened) = (Arc::clone(&mute), Arc::clone(&open));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let Ok(server) = TcpStream::connect(("127.0.0.1", behind)) else {
                    continue;
                };
                let both = [&client, &server].map(|stream| stream.try_clone().unwrap());
                opened.lock().unwrap().extend(both);
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || carry(from, to, &AtomicBool::new(false)));
                let muted = Arc::clone(&muted);
                std::thread::spawn(move || carry(server, client, &muted));
            }
        });
        Self { port, mute, open }
    }

    fn mute(&self) {
        self.mute.store(true, Ordering::SeqCst);
    }

    /// Ends all connections; the next ones are whole.
    fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.mute.store(false, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, mute: &AtomicBool) {
    let mut buffer = [0; 4096];
    while let Ok(bytes @ 1..) = from.read(&mut buffer) {
        if !mute.load(Ordering::SeqCst) && to.write_all(&buffer[..bytes]).is_err() {
            break;
        }
    }
}

/// Waits until the server has committed rows up to here.
fn committed(sink: &Running, server: &RedisServer, cursor: &str) {
    sink.wait("it is committed", |_| server.cursor(CURSOR) == cursor);
}

/// The letters' LSNs; each says that nobody knows, and the type that its key has.
fn unknown(sink: &Running, found: &str) -> Vec<u64> {
    for (_, code, reason) in sink.letters() {
        assert_eq!(code, "E3093");
        assert!(reason.contains(found), "{reason}");
    }
    sink.letters().iter().map(|letter| letter.0).collect()
}

#[test]
fn a_row_refused_in_a_transaction_whose_answer_is_lost_becomes_a_dead_letter() {
    let server = RedisServer::start();
    let proxy = Proxy::before(&server);
    server.ask::<()>(&["SET", "taken", "x"]);
    let mut sink = start(proxy.port, KEY_VALUE, LIST);
    sink.push_next("rows");
    sink.wait_confirmed();
    for round in 0..3 {
        let first = sink.lsn;
        proxy.mute();
        let number = |lsn: u64| lsn.to_string();
        sink.push_texts(&[
            ("rows", &number(first + 1)),
            ("taken", "x"),
            ("rows", &number(first + 3)),
        ]);
        committed(&sink, &server, &format!("7-{}", first + 3));
        // What follows waits behind the request.
        sink.push_next("rows");
        proxy.cut();
        sink.wait_confirmed();
        let refused: Vec<_> = (0..=round).map(|round| 3 + 4 * round).collect();
        assert_eq!(unknown(&sink, "key `taken` is of type string"), refused);
    }
    let rows = (1..=13_u64).filter(|lsn| lsn % 4 != 3);
    let rows = rows.map(|lsn| lsn.to_string());
    assert_eq!(server.pushed("rows"), rows.collect::<Vec<_>>());
    assert_eq!(sink.metrics.counts().rows_skipped, 9);
    sink.stop();
}

#[test]
fn a_process_that_ends_before_the_answer_finds_the_refused_row_at_its_next_start() {
    let server = RedisServer::start();
    let proxy = Proxy::before(&server);
    server.ask::<()>(&["SET", "taken", "x"]);
    let mut sink = start(proxy.port, KEY_VALUE, LIST);
    for _ in 0..5 {
        sink.push_next("rows");
        sink.wait_confirmed();
    }
    proxy.mute();
    sink.push_texts(&[("rows", "6"), ("taken", "7"), ("rows", "8")]);
    committed(&sink, &server, "7-8");
    proxy.cut();
    sink.abandon();
    // Its own cursor was saved some time before; rows come again in other batches than before.
    let mut sink = after(server.port, KEY_VALUE, LIST, at(2));
    sink.push_texts(&[("rows", "3"), ("rows", "4")]);
    sink.push_texts(&[("rows", "5"), ("rows", "6"), ("taken", "7")]);
    sink.push_texts(&[("rows", "8"), ("rows", "9")]);
    sink.wait_confirmed();
    assert_eq!(unknown(&sink, "key `taken` is of type string"), [7]);
    assert_eq!(
        server.pushed("rows"),
        ["1", "2", "3", "4", "5", "6", "8", "9"]
    );
    sink.stop();
}

#[test]
fn what_nothing_can_refuse_is_not_asked_about_and_what_cannot_be_found_out_is_said() {
    let server = RedisServer::start();
    for (options, key, unknown) in [
        (("mode", "string"), "a", false),
        (("command", "INCRBY n:${k} ${v}"), "n:a", true),
    ] {
        let proxy = Proxy::before(&server);
        server.ask::<()>(&["DEL", CURSOR]);
        let mut sink = start(proxy.port, KEY_VALUE, &[options]);
        // Its connection is there before answers are swallowed.
        sink.push_texts(&[("a", "1")]);
        sink.wait_confirmed();
        proxy.mute();
        sink.push_texts(&[("a", "5")]);
        committed(&sink, &server, "7-2");
        proxy.cut();
        sink.push_texts(&[("b", "1")]);
        sink.wait_confirmed();
        let letters: Vec<_> = sink
            .letters()
            .iter()
            .map(|(lsn, code, _)| (*lsn, code.clone()))
            .collect();
        let expected = unknown.then(|| (2, "E3093".to_owned()));
        assert_eq!(letters, Vec::from_iter(expected));
        let value = if unknown { "6" } else { "5" };
        assert_eq!(server.ask::<String>(&["GET", key]), value);
        sink.stop();
    }
}

#[test]
fn a_key_that_may_not_be_looked_at_leaves_its_row_unknown() {
    let server = RedisServer::start();
    server.ask::<()>(&[
        "ACL", "SETUSER", "u", "on", ">p", "~*", "&*", "+@all", "-type",
    ]);
    let proxy = Proxy::before(&server);
    let options = [("mode", "list"), ("user", "u"), ("password", "p")];
    let mut sink = start(proxy.port, KEY_VALUE, &options);
    sink.push_next("rows");
    sink.wait_confirmed();
    proxy.mute();
    sink.push_next("rows");
    committed(&sink, &server, "7-2");
    proxy.cut();
    sink.wait_confirmed();
    assert_eq!(unknown(&sink, "cannot be looked at (NOPERM "), [2]);
    sink.stop();
}
