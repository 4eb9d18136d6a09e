//! A Redis server of a test's own.
#![allow(clippy::unwrap_used)]

use redis::{Commands, Connection, FromRedisValue};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub struct RedisServer {
    pub port: u16,
    place: TempDir,
    arguments: Vec<String>,
    child: Child,
}

impl RedisServer {
    /// A server that keeps nothing.
    pub fn start() -> Self {
        Self::with(&["--save", "", "--appendonly", "no"])
    }

    /// A server that has on disk what it answered.
    pub fn durable() -> Self {
        Self::with(&[
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ])
    }

    pub fn with(arguments: &[&str]) -> Self {
        let arguments: Vec<_> = arguments.iter().map(|text| (*text).to_owned()).collect();
        // Between finding a free port and taking it another process may be faster.
        for _ in 0..10 {
            let place = tempfile::tempdir().unwrap();
            let port = free_port();
            let child = spawn(port, &place, &arguments);
            let mut server = Self {
                port,
                place,
                arguments: arguments.clone(),
                child,
            };
            if server.answers() {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    fn answers(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            let answer = self.try_connect().and_then(|mut connection| {
                redis::cmd("PING").query::<redis::Value>(&mut connection)
            });
            match answer {
                Ok(_) => return true,
                Err(error) if matches!(error.code(), Some("NOAUTH" | "NOPERM")) => return true,
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        false
    }

    fn try_connect(&self) -> redis::RedisResult<Connection> {
        let client = redis::Client::open(("127.0.0.1", self.port))?;
        let connection = client.get_connection_with_timeout(Duration::from_secs(5))?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(connection)
    }

    pub fn connect(&self) -> Connection {
        self.try_connect().unwrap()
    }

    /// Asks one thing on a connection of its own.
    pub fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query(&mut self.connect()).unwrap()
    }

    /// A list, from its first element pushed to its last.
    pub fn pushed(&self, key: &str) -> Vec<String> {
        let mut list: Vec<String> = self.connect().lrange(key, 0, -1).unwrap();
        list.reverse();
        list
    }

    /// Up to where the server has rows, by the cursor at a key.
    pub fn cursor(&self, key: &str) -> String {
        let value = self.ask::<Option<String>>(&["GET", key]);
        let value = value.unwrap_or_default();
        value.split(' ').next().unwrap().to_owned()
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again in the same place.
    pub fn restart(&mut self) {
        let begun = Instant::now();
        loop {
            self.child = spawn(self.port, &self.place, &self.arguments);
            if self.answers() {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "it starts again");
        }
    }

    /// STOP or CONT.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &command])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    // The bus of a cluster's node is 10,000 higher.
    loop {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

fn spawn(port: u16, place: &TempDir, arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(place.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| {
        panic!("redis-server cannot be started ({error}); install it with: apt-get install redis-server")
    })
}
