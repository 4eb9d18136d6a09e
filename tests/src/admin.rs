//! The admin port, as curl would ask it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// An answer of the admin port.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub code: u16,
    /// The body.
    pub body: String,
}

/// Gets a page; `None` if nobody answers.
pub fn get(address: SocketAddr, path: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, crate::PATIENCE).ok()?;
    stream.set_read_timeout(Some(crate::PATIENCE)).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: rookery\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let code = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        code,
        body: body.to_owned(),
    })
}
