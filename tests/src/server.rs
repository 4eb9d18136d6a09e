//! A running appliance.

use crate::admin::{Answer, get};
use crate::binary::{Finished, exit_code, rookery};
use crate::{Installation, PATIENCE};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

/// `rookery run`, ready for messages. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where messages go.
    pub tcp: SocketAddr,
    /// Where metrics and status are.
    pub admin: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts and waits until it is ready.
    ///
    /// # Panics
    /// It ended or did not become ready; the text holds what it logged.
    pub fn start(installation: &Installation) -> Self {
        Self::try_start(installation).unwrap_or_else(|finished| panic!("it ended: {finished:?}"))
    }

    /// Starts and waits until it is ready, or has ended.
    ///
    /// # Errors
    /// It ended instead: its code and what it logged.
    ///
    /// # Panics
    /// Neither happened in time.
    pub fn try_start(installation: &Installation) -> Result<Self, Finished> {
        let mut child = Command::new(rookery())
            .arg("run")
            .arg("--config")
            .arg(installation.configuration())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("rookery starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let lines = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                lines.lock().expect("no reader panics").push(line);
            }
        });
        let mut server = Self {
            child,
            tcp: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin: SocketAddr::from(([127, 0, 0, 1], 0)),
            log,
            reader: Some(reader),
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((tcp, admin)) = server.addresses() {
                (server.tcp, server.admin) = (tcp, admin);
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait().expect("a child can be waited for") {
                return Err(server.finished(status));
            }
            assert!(
                Instant::now() < deadline,
                "not ready within {PATIENCE:?}: {:?}",
                server.log()
            );
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// The addresses in the line that says `ready`.
    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        let log = self.log();
        let line = log.iter().find(|line| line.contains(" ready "))?;
        let field = |name: &str| {
            let value = line
                .split_whitespace()
                .find_map(|word| word.strip_prefix(name))?;
            value.parse().ok()
        };
        Some((field("tcp=")?, field("admin=")?))
    }

    /// What it logged so far, a line each.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("no reader panics").clone()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Gets a page of the admin port.
    ///
    /// # Panics
    /// Nobody answers.
    pub fn get(&self, path: &str) -> Answer {
        get(self.admin, path).expect("the admin port answers")
    }

    /// The status page.
    ///
    /// # Panics
    /// It is not JSON.
    pub fn status(&self) -> Value {
        serde_json::from_str(&self.get("/api/v1/status").body).expect("the status is JSON")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.child.id()).expect("process ids fit");
        // SAFETY: kill takes two integers; the child is ours and not yet waited for.
        unsafe { libc::kill(pid, signal) };
    }

    /// Asks for a graceful stop and waits for the end.
    ///
    /// # Panics
    /// It does not end in time.
    pub fn stop(mut self) -> Finished {
        self.signal(libc::SIGTERM);
        self.wait()
    }

    /// Kills it without a word, as a crash would.
    ///
    /// # Panics
    /// It does not end in time.
    pub fn kill(mut self) -> Finished {
        self.signal(libc::SIGKILL);
        self.wait()
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// It does not end in time.
    pub fn wait(&mut self) -> Finished {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return self.finished(status);
            }
            assert!(
                Instant::now() < deadline,
                "it does not end: {:?}",
                self.log()
            );
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    fn finished(&mut self, status: std::process::ExitStatus) -> Finished {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader does not panic");
        }
        Finished {
            code: exit_code(status),
            stdout: String::new(),
            stderr: self.log().join("\n"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
