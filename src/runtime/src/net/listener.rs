//! The listening socket.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Connections that the kernel holds until they are accepted. More than the acceptor leaves waiting
/// at its longest pause of 100 ms; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 1024;

/// A socket that listens; connections wait in its backlog until an [`super::Acceptor`] takes them.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// The address it really has: port 0 asks the kernel for a free one.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

/// Listens on `address`, also right after another process did (SO_REUSEADDR), never beside one.
///
/// # Errors
/// The address is in use, not this machine's, or not permitted.
pub fn listen(address: SocketAddr) -> io::Result<Listener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM.cloexec().nonblocking(),
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let socket = TcpListener::from(socket);
    let address = socket.local_addr()?;
    Ok(Listener { socket, address })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn port_0_becomes_a_real_one_and_an_address_in_use_is_refused() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr();
        assert_ne!(address.port(), 0);
        assert_eq!(
            listen(address).unwrap_err().kind(),
            io::ErrorKind::AddrInUse
        );
    }

    #[test]
    fn an_address_is_free_again_right_after_its_connections() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr();
        let client = TcpStream::connect(address).unwrap();
        let (server, _) = listener.socket.accept().unwrap();
        // The server's side closes first, so it is the one in TIME_WAIT.
        drop(server);
        drop(listener);
        drop(client);
        listen(address).unwrap();
    }
}
