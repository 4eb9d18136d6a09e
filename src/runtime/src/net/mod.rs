//! TCP: a listener, the thread that accepts, and connections on an executor.

mod acceptor;
mod connection;
mod listener;

pub use acceptor::{Accepted, Acceptor, AcceptorStats};
pub use connection::Connection;
pub use listener::{Listener, listen};

#[cfg(test)]
mod tests;
