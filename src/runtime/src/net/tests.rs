//! Connections over the loopback, from a plain client's side.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::own_process::{command, in_own_process, is_child};
use crate::{sleep, spawn, spawn_local, timeout};
use std::future::Future;
use std::io::{self, BufRead, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

fn any_port() -> Listener {
    listen("127.0.0.1:0".parse().unwrap()).unwrap()
}

/// Runs `body` on an executor with the server's end of a connection, and gives the client's end.
fn connected<F, T>(
    body: impl FnOnce(Connection) -> F + Send + 'static,
) -> (TcpStream, crate::ExecutorHandle<T>)
where
    F: Future<Output = T> + 'static,
    T: Send + 'static,
{
    let (hand_over, accepted) = mpsc::channel();
    let hand_out = move |_, accepted| hand_over.send(accepted).unwrap();
    let listener = any_port();
    let address = listener.local_addr();
    let acceptor = Acceptor::start(listener, 1, 10, hand_out).unwrap();
    let client = TcpStream::connect(address).unwrap();
    client.set_nodelay(true).unwrap();
    let accepted = accepted.recv().unwrap();
    drop(acceptor);
    let executor = spawn("net", None, move || body(Connection::new(accepted)));
    (client, executor.unwrap())
}

async fn read_to_end(connection: &Connection) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match connection.read(&mut buffer).await? {
            0 => return Ok(all),
            read => all.extend_from_slice(&buffer[..read]),
        }
    }
}

#[test]
fn bytes_go_both_ways_until_the_end() {
    let (mut client, server) = connected(|connection| async move {
        let received = read_to_end(&connection).await.unwrap();
        connection.write_all(&received).await.unwrap();
        connection.shutdown(Shutdown::Write);
        received.len()
    });
    let sent: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    let mut sender = client.try_clone().unwrap();
    let bytes = sent.clone();
    let sending = thread::spawn(move || {
        sender.write_all(&bytes).unwrap();
        sender.shutdown(Shutdown::Write).unwrap();
    });
    let mut back = Vec::new();
    client.read_to_end(&mut back).unwrap();
    sending.join().unwrap();
    assert!(back == sent);
    assert_eq!(server.join().unwrap(), sent.len());
}

#[test]
fn the_peer_is_known_and_its_reset_is_an_error() {
    let (client, server) = connected(|connection| async move {
        let peer = connection.peer();
        (peer, read_to_end(&connection).await.map_err(|e| e.kind()))
    });
    let address = client.local_addr().unwrap();
    socket2::SockRef::from(&client)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(client);
    let expected = Err(io::ErrorKind::ConnectionReset);
    assert_eq!(server.join().unwrap(), (address, expected));
}

#[test]
fn a_read_that_is_dropped_loses_nothing() {
    let (mut client, server) = connected(|connection| async move {
        let mut all = Vec::new();
        let mut buffer = [0; 64];
        loop {
            let read = connection.read(&mut buffer);
            match timeout(Duration::from_micros(300), read).await {
                None => {}
                Some(Ok(0)) => return all,
                Some(read) => all.extend_from_slice(&buffer[..read.unwrap()]),
            }
        }
    });
    let sent: Vec<u8> = (0..200).collect();
    for byte in &sent {
        client.write_all(&[*byte]).unwrap();
        thread::sleep(Duration::from_micros(500));
    }
    drop(client);
    assert_eq!(server.join().unwrap(), sent);
}

#[test]
fn a_read_fails_at_its_deadline_which_may_move() {
    let (failed, first_failure) = mpsc::channel();
    let (mut client, server) = connected(|connection| async move {
        let mut buffer = [0; 64];
        let start = Instant::now();
        let mut reads = Vec::new();
        for wait in [60, 60_000, 40] {
            let deadline = Instant::now() + Duration::from_millis(wait);
            connection.set_read_deadline(Some(deadline));
            let read = connection.read(&mut buffer).await;
            reads.push(read.map_err(|error| error.kind()));
            // Only the first is waited for.
            let _ = failed.send(());
        }
        (reads, start.elapsed())
    });
    first_failure.recv().unwrap();
    client.write_all(b"late").unwrap();
    let (reads, elapsed) = server.join().unwrap();
    let timed_out = Err(io::ErrorKind::TimedOut);
    assert_eq!(reads, [timed_out, Ok(4), timed_out]);
    assert!(elapsed >= Duration::from_millis(100), "{elapsed:?}");
    assert!(elapsed < Duration::from_secs(50), "{elapsed:?}");
}

#[test]
fn what_has_come_wins_over_a_deadline_that_has_passed() {
    let (read_one, one_read) = mpsc::channel();
    let (sent_two, two_sent) = mpsc::channel();
    let (mut client, server) = connected(|connection| async move {
        let mut buffer = [0; 64];
        let first = connection.read(&mut buffer).await.unwrap();
        read_one.send(()).unwrap();
        // The whole thread waits, as after a stop of the process: when it goes on, bytes are there that
        // the reactor has not seen, and the deadline is behind.
        two_sent.recv().unwrap();
        connection.set_read_deadline(Some(Instant::now()));
        (first, connection.read(&mut buffer).await.unwrap())
    });
    client.write_all(b"one").unwrap();
    one_read.recv().unwrap();
    client.write_all(b"more").unwrap();
    sent_two.send(()).unwrap();
    assert_eq!(server.join().unwrap(), (3, 4));
}

#[test]
fn a_write_to_a_peer_that_does_not_read_fails_at_its_deadline() {
    let (client, server) = connected(|connection| async move {
        connection.set_write_deadline(Some(Instant::now() + Duration::from_millis(50)));
        let endless = vec![0; 64 << 20];
        connection.write_all(&endless).await.map_err(|e| e.kind())
    });
    assert_eq!(server.join().unwrap(), Err(io::ErrorKind::TimedOut));
    drop(client);
}

#[test]
fn a_shutdown_ends_the_read_of_another_task() {
    let (client, server) = connected(|connection| async move {
        let connection = Rc::new(connection);
        let closer = Rc::clone(&connection);
        spawn_local(async move {
            sleep(Duration::from_millis(20)).await;
            closer.shutdown(Shutdown::Both);
            closer.shutdown(Shutdown::Both);
        });
        connection.read(&mut [0; 64]).await.unwrap()
    });
    assert_eq!(server.join().unwrap(), 0);
    drop(client);
}

#[test]
fn a_dropped_connection_is_closed_with_a_read_under_way() {
    let (stop, stopped) = mpsc::channel();
    let (mut client, server) = connected(|connection| async move {
        let short = Duration::from_millis(5);
        let read = timeout(short, connection.read(&mut [0; 16])).await;
        drop(connection);
        while stopped.try_recv().is_err() {
            sleep(short).await;
        }
        read.is_none()
    });
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    stop.send(()).unwrap();
    assert!(server.join().unwrap());
}

#[test]
fn a_connection_that_always_has_bytes_lets_the_others_through() {
    let (client, server) = connected(|connection| async move {
        spawn_local(
            async move { while connection.read(&mut [0; 16]).await.is_ok_and(|n| n > 0) {} },
        );
        let start = Instant::now();
        for _ in 0..5 {
            sleep(Duration::from_millis(2)).await;
        }
        start.elapsed()
    });
    let mut flood = client.try_clone().unwrap();
    let flooding = thread::spawn(move || while flood.write_all(&[0; 65_536]).is_ok() {});
    let elapsed = server.join().unwrap();
    client.shutdown(Shutdown::Both).unwrap();
    flooding.join().unwrap();
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
}

#[test]
fn connections_are_dealt_in_turn_and_counted() {
    let (dealt, hands) = mpsc::channel();
    let hand_out = move |executor, accepted: Accepted| dealt.send((executor, accepted)).unwrap();
    let listener = any_port();
    let address = listener.local_addr();
    let acceptor = Acceptor::start(listener, 3, 4, hand_out).unwrap();
    let clients: Vec<TcpStream> = (0..4)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    let hands_of_four: Vec<(usize, Accepted)> = hands.iter().take(4).collect();
    let turns: Vec<usize> = hands_of_four
        .iter()
        .map(|(executor, _)| *executor)
        .collect();
    assert_eq!(turns, [0, 1, 2, 0]);

    let mut fifth = TcpStream::connect(address).unwrap();
    assert_eq!(
        fifth.read(&mut [0; 1]).unwrap_or(0),
        0,
        "closed at once, nothing written"
    );
    let stats = acceptor.stats();
    assert_eq!((stats.open(), stats.accepted(), stats.refused()), (4, 4, 1));

    drop(hands_of_four);
    assert_eq!(stats.open(), 0);
    let _sixth = TcpStream::connect(address).unwrap();
    assert_eq!(hands.recv().unwrap().0, 1);
    drop(clients);
}

#[test]
fn a_stopped_acceptor_frees_its_address() {
    let listener = any_port();
    let address = listener.local_addr();
    let acceptor = Acceptor::start(listener, 1, 4, |_, _| {}).unwrap();
    drop(acceptor);
    assert_eq!(
        TcpStream::connect(address).unwrap_err().kind(),
        io::ErrorKind::ConnectionRefused
    );
    listen(address).unwrap();
}

/// Sets the soft limit of a resource, and tells what it was.
fn set_limit(resource: libc::__rlimit_resource_t, soft: libc::rlim_t) -> libc::rlim_t {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid place for the answer, and then the limits to set.
    unsafe {
        assert_eq!(libc::getrlimit(resource, &mut limit), 0);
        let before = std::mem::replace(&mut limit.rlim_cur, soft);
        assert_eq!(libc::setrlimit(resource, &limit), 0);
        before
    }
}

#[test]
fn without_descriptors_the_acceptor_waits_and_goes_on() {
    in_own_process(
        "net::tests::without_descriptors_the_acceptor_waits_and_goes_on",
        || {
            let (dealt, hands) = mpsc::channel();
            let listener = any_port();
            let address = listener.local_addr();
            let hand_out = move |_, accepted: Accepted| dealt.send(accepted).unwrap();
            let acceptor = Acceptor::start(listener, 1, 10, hand_out).unwrap();
            let client = TcpStream::connect(address).unwrap();
            let first = hands.recv().unwrap();

            let highest = client.as_raw_fd().max(first.stream.as_raw_fd());
            let spare = std::fs::File::open("/dev/null").unwrap();
            let limit = set_limit(libc::RLIMIT_NOFILE, highest as libc::rlim_t + 2);
            drop(spare);
            let second = TcpStream::connect(address).unwrap();
            let start = Instant::now();
            while acceptor.stats().back_offs() < 3 {
                assert!(start.elapsed() < Duration::from_secs(10));
                thread::sleep(Duration::from_millis(5));
            }
            assert!(start.elapsed() >= Duration::from_millis(150), "it pauses");
            assert!(hands.try_recv().is_err());
            set_limit(libc::RLIMIT_NOFILE, limit);
            hands.recv_timeout(Duration::from_secs(10)).unwrap();
            drop((client, second));
        },
    );
}

/// The executor of this test once slept on a task that could run when its thread was off the CPU at
/// the wrong moment, and the connection hung. Each stop has a chance of some percent to hit it.
#[test]
fn a_process_that_is_stopped_and_continued_answers() {
    // The executor's heartbeat ends a hang after at most a second.
    const HUNG: Duration = Duration::from_millis(250);
    const ROUNDS: u32 = 800;
    let name = "net::tests::a_process_that_is_stopped_and_continued_answers";
    if is_child() {
        return echo_for_ever();
    }
    let mut child = command(name)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = io::BufReader::new(child.stdout.take().unwrap());
    let address = loop {
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0);
        if let Some(address) = line.trim().strip_prefix("address ") {
            break address.to_owned();
        }
    };
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    // SAFETY: no memory is passed; the child is not waited for yet, so the number is its own.
    let signal = |signal| unsafe { assert_eq!(libc::kill(pid, signal), 0) };
    let mut client = TcpStream::connect(address).unwrap();
    client.set_nodelay(true).unwrap();
    let ask = |client: &mut TcpStream| {
        client.write_all(b"ping").unwrap();
        Instant::now()
    };
    let await_answer = |client: &mut TcpStream| client.read_exact(&mut [0; 4]).unwrap();
    let asked = Instant::now();
    for _ in 0..100 {
        ask(&mut client);
        await_answer(&mut client);
    }
    let usual = asked.elapsed() / 100;
    let mut late = 0;
    for round in 0..ROUNDS {
        let asked = ask(&mut client);
        // Anywhere before the answer.
        while asked.elapsed() < usual * (round * 37 % 100) / 100 {}
        signal(libc::SIGSTOP);
        thread::sleep(Duration::from_millis(2));
        signal(libc::SIGCONT);
        let continued = Instant::now();
        await_answer(&mut client);
        late += usize::from(continued.elapsed() > HUNG);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // One may be the machine's; with the fault there are six or more.
    assert!(late < 2, "{late} answers of {ROUNDS} took over {HUNG:?}");
}

/// Answers each connection with what it sends.
fn echo_for_ever() {
    let (dealt, hands) = mpsc::channel();
    let listener = any_port();
    println!("\naddress {}", listener.local_addr());
    let hand_out = move |_, accepted| dealt.send(accepted).unwrap();
    let _acceptor = Acceptor::start(listener, 1, 1, hand_out).unwrap();
    let accepted = hands.recv().unwrap();
    let echo = || async move {
        let connection = Connection::new(accepted);
        let mut buffer = [0; 64];
        loop {
            match connection.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) => connection.write_all(&buffer[..read]).await.unwrap(),
            }
        }
    };
    spawn("echo", None, echo).unwrap().join().unwrap();
}
