//! One connection to one server: made within a time, asked in whole pipelines, given up after one.
//!
//! The client's own pipelines go on reading after a time that ran out, once for every answer that is still
//! missing; so a pipeline is sent here and its answers are taken one by one, and the first failure ends it.

use super::error::RedisError;
use super::options::Target;
use super::{answer, resp};
use redis::io::tcp::TcpSettings;
use redis::{Client, Connection, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, Value};
use std::time::{Duration, Instant};

/// Answers that come within one answer timeout at the least: a server that drips is given up too.
const ANSWERS_PER_TIMEOUT: usize = 256;

/// The connection.
pub(super) struct Link {
    connection: Connection,
    pub address: String,
    timeout: Duration,
}

impl Link {
    /// Connects, logs in and selects the database.
    pub(super) fn connect(target: &Target, host: &str, port: u16) -> Result<Self, RedisError> {
        let address = format!("{host}:{port}");
        let unreachable = |error: redis::RedisError| RedisError::Unreachable {
            address: address.clone(),
            reason: reason(&error, target.connect_timeout),
        };
        let own_login = RedisConnectionInfo::default().set_skip_set_lib_name();
        let info = ConnectionAddr::Tcp(host.to_owned(), port)
            .into_connection_info()
            .map_err(unreachable)?
            .set_redis_settings(own_login)
            .set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let connect = |client: Client| client.get_connection_with_timeout(target.connect_timeout);
        let connection = Client::open(info).and_then(connect).map_err(unreachable)?;
        let timeout = Some(target.answer_timeout);
        connection.set_read_timeout(timeout).map_err(unreachable)?;
        connection.set_write_timeout(timeout).map_err(unreachable)?;
        let mut link = Self {
            connection,
            address,
            timeout: target.answer_timeout,
        };
        link.log_in(target)?;
        Ok(link)
    }

    fn log_in(&mut self, target: &Target) -> Result<(), RedisError> {
        if let Some(password) = &target.password {
            let mut words = vec![b"AUTH".as_slice()];
            words.extend(target.user.as_deref().map(str::as_bytes));
            words.push(password.as_bytes());
            if let Value::ServerError(error) = self.ask(&words)? {
                return Err(RedisError::Credentials {
                    address: self.address.clone(),
                    reason: answer::words(&error),
                });
            }
        }
        if target.database != 0 {
            let number = target.database.to_string();
            if let Value::ServerError(error) = self.ask(&[b"SELECT", number.as_bytes()])? {
                let words = answer::words(&error);
                return Err(match self.refused(&words) {
                    RedisError::Refuses { address, reason }
                        if answer::sort(&words) == answer::Fault::Row =>
                    {
                        RedisError::Database {
                            address,
                            database: target.database,
                            reason,
                        }
                    }
                    other => other,
                });
            }
        }
        Ok(())
    }

    /// What an error reply that speaks of no row says about the server.
    pub(super) fn refused(&self, words: &str) -> RedisError {
        let address = self.address.clone();
        let reason = words.to_owned();
        match words.split(' ').next() {
            Some("NOAUTH" | "WRONGPASS") => RedisError::Credentials { address, reason },
            Some("MOVED" | "ASK" | "CROSSSLOT") => self.is_cluster_node(),
            _ => RedisError::Refuses { address, reason },
        }
    }

    /// What is wrong where no cluster was expected.
    pub(super) fn is_cluster_node(&self) -> RedisError {
        RedisError::ClusterMode {
            address: self.address.clone(),
            found: "a node of a cluster",
            remedy: "true",
        }
    }

    /// Sends one command and takes its answer.
    pub(super) fn ask(&mut self, words: &[&[u8]]) -> Result<Value, RedisError> {
        let mut command = Vec::new();
        resp::command(words, &mut command);
        self.send(&command)?;
        self.receive()
    }

    /// Sends packed commands.
    pub(super) fn send(&mut self, commands: &[u8]) -> Result<(), RedisError> {
        let sent = self.connection.send_packed_command(commands);
        sent.map_err(|error| self.lost(&error))
    }

    /// Takes one answer.
    pub(super) fn receive(&mut self) -> Result<Value, RedisError> {
        let received = self.connection.recv_response();
        received.map_err(|error| self.lost(&error))
    }

    /// Takes `count` answers, each with its index.
    pub(super) fn receive_all(
        &mut self,
        count: usize,
        mut take: impl FnMut(usize, Value),
    ) -> Result<(), RedisError> {
        let mut begun = Instant::now();
        for index in 0..count {
            let value = self.receive()?;
            take(index, value);
            if index % ANSWERS_PER_TIMEOUT == ANSWERS_PER_TIMEOUT - 1 {
                if begun.elapsed() > self.timeout {
                    return Err(self.late());
                }
                begun = Instant::now();
            }
        }
        Ok(())
    }

    /// Asks whether the server knows a command and takes it with so many arguments. A server that does not
    /// tell is believed to.
    pub(super) fn check_command(&mut self, name: &str, count: usize) -> Result<(), RedisError> {
        let answer = self.ask(&[b"COMMAND", b"INFO", name.as_bytes()])?;
        let Value::Array(commands) = answer else {
            return Ok(());
        };
        let unknown = |reason: String| RedisError::UnknownCommand {
            address: self.address.clone(),
            reason,
            command: name.to_owned(),
        };
        match commands.first() {
            Some(Value::Array(about)) => match about.get(1) {
                Some(Value::Int(arity)) if *arity >= 0 && *arity != count as i64 => Err(unknown(
                    format!("wants {} arguments, not {}, after", arity - 1, count - 1),
                )),
                Some(Value::Int(arity)) if -*arity > count as i64 => Err(unknown(format!(
                    "wants at least {} arguments, not {}, after",
                    -arity - 1,
                    count - 1
                ))),
                _ => Ok(()),
            },
            Some(Value::Nil) => Err(unknown("does not know the command".to_owned())),
            _ => Ok(()),
        }
    }

    fn lost(&self, error: &redis::RedisError) -> RedisError {
        let words = reason(error, self.timeout);
        RedisError::Lost {
            address: self.address.clone(),
            reason: match error.is_connection_dropped() {
                true => format!("the connection was closed ({words})"),
                false => words,
            },
        }
    }

    fn late(&self) -> RedisError {
        RedisError::Lost {
            address: self.address.clone(),
            reason: silence(self.timeout),
        }
    }

    /// An answer that is not one to what was asked.
    pub(super) fn nonsense(&self, command: &str, value: &Value) -> RedisError {
        RedisError::Lost {
            address: self.address.clone(),
            reason: format!("{command} was answered with {value:?}"),
        }
    }
}

fn silence(timeout: Duration) -> String {
    format!("nothing came for {} ms", timeout.as_millis())
}

/// The system's words for what happened to a connection.
fn reason(error: &redis::RedisError, timeout: Duration) -> String {
    if error.is_timeout() {
        return silence(timeout);
    }
    if error.kind() == redis::ErrorKind::Parse {
        return "what answers there is no Redis; look at `host` and `port`".to_owned();
    }
    error.to_string()
}
