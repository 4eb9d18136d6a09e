//! Everything that touches the kernel in time or space: executors, queues and wakes between threads,
//! timers, sockets, files, the clock. The only crate that names glommio.
//!
//! What it is not: it takes no decision about messages, logs or acknowledgements. Those are
//! synchronous machines in other rooms; this one carries their bytes.
//!
//! Invariants:
//! - a thread is woken by its eventfd, and only when it has declared itself parked ([`Wake`])
//! - no socket operation that can lose data is ever cancelled: the ring only tells when a socket is
//!   ready, the bytes move by plain calls ([`net::Connection`])
//! - accepting is done by one thread of its own, never by an executor ([`net::Acceptor`])
//! - nothing here uses glommio's pool of blocking threads

mod clock;
mod environment;
mod error;
mod event;
mod eventfd;
mod executor;
mod mailbox;
#[cfg(test)]
mod own_process;
mod sync;
mod timer;
mod turn;

pub mod net;
pub mod storage;

pub use clock::{Clock, ManualClock, MonotoneClock};
pub use environment::check_environment;
pub use error::RuntimeError;
pub use event::LocalEvent;
pub use executor::{ExecutorHandle, sleep, spawn, spawn_local, timeout};
pub use mailbox::{Parker, Receiver, Sender, Wake, mailbox};
pub use sync::{SyncBackend, Syncer};
pub use turn::{yield_if_needed, yield_now};
