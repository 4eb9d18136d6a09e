//! Bytes to messages and rows to bytes: framing, the device key, JSON, row formats, dates and zones.
//!
//! Pure: no async, no I/O, no clock. Nothing here allocates per message once its reused buffers have
//! grown, and no input makes it panic.
//!
//! - [`framing`]: a connection's bytes into lines
//! - [`route`](mod@route): the device key of a line, exactly, before it is logged
//! - [`json`]: a message into a document that rules read
//! - [`format`](mod@format): rows and dead letters into bytes
//! - [`time`]: zones, date and time text, civil days

mod escape;
pub mod format;
pub mod framing;
pub mod json;
pub mod route;
pub mod time;
mod token;
