//! One shard's log: opaque records in segment files, made durable in batches, recovered after
//! anything.
//!
//! What it is not: it never looks into a record's payload (except the head of its own `start`
//! records), holds no clock, starts no sync by itself, and deletes nothing that its owner has not
//! declared needless.
//!
//! # Layout
//!
//! A log is a directory of segments `<id, 20 digits>.log`, ids rising, and the two slots of the
//! segment index (`segments.index.a`, `.b`) and of the accepted damage (`accepted.a`, `.b`). A
//! `.tmp` file is a segment that was being made. All numbers are little-endian.
//!
//! Segment: a header page, then batches until the seal or zeros. Never a gap, never padding.
//!
//! | offset | bytes | segment header (page 0; the rest of it zero) |
//! | --- | --- | --- |
//! | 0 | 8 | `RKWALSEG` |
//! | 8 | 4 | CRC32C of bytes 12 to 72 |
//! | 12 | 4 | format version, 1 |
//! | 16 | 16 | instance |
//! | 32 | 2 | shard |
//! | 34 | 6 | zero |
//! | 40 | 8 | segment id |
//! | 48 | 8 | id of the segment before it in the log, 0 for the first |
//! | 56 | 8 | term |
//! | 64 | 8 | size of the file when it was made |
//!
//! | offset | bytes | batch header |
//! | --- | --- | --- |
//! | 0 | 4 | CRC32C of bytes 4 to 64, salted |
//! | 4 | 3 | `RKB` |
//! | 7 | 1 | 0xb0 records follow; 0xb1 durable mark; 0xb2 seal, nothing follows |
//! | 8 | 8 | term |
//! | 16 | 8 | LSN of the first record, or of the next one where there is none |
//! | 24 | 8 | record time of the whole batch, µs since 1970 |
//! | 32 | 8 | `durable_lsn`: highest LSN known durable when this was written |
//! | 40 | 8 | segment id |
//! | 48 | 4 | count of records |
//! | 52 | 4 | bytes of the records |
//! | 56 | 4 | fold of the records' CRCs |
//! | 60 | 4 | zero |
//!
//! | offset | bytes | record |
//! | --- | --- | --- |
//! | 0 | 4 | CRC32C of everything after it, salted |
//! | 4 | 3 | bytes of the payload |
//! | 7 | 1 | kind, 1 to 8: never a batch's byte, so that the stream describes itself |
//! | 8 | 4 | low half of the LSN |
//! | 12 | 8 | record time, µs since 1970 |
//! | 20 | | payload |
//!
//! The salt is a hash of instance, shard and segment id, mixed with the offset: a record is valid in
//! its place only. A `start` record's payload begins with the position (term, LSN) at which the log
//! before it was cut.
//!
//! # Invariants
//!
//! - a batch's header is written after its records; a batch counts whole or not at all, until
//!   something says that it was durable
//! - each segment has one term; after a recovery only a new segment is appended to, under a higher
//!   term
//! - LSNs rise by one over all segments; after a cut they come again under the new term, so that
//!   positions compare as (term, LSN)
//! - the position of [`Log::durable`] moves only by a sync that returned `Ok`, of every segment that
//!   the commit touched
//! - the first failed sync poisons the log for good
//! - a segment's id is never used again once a record was in it; the index leaves a segment out
//!   before its file is unlinked, so that a listed segment without a file is a lost one

mod accepted;
mod config;
mod error;
mod format;
mod index;
mod inspect;
mod log;
mod pool;
mod reader;
mod recovery;
mod report;
mod scan;
mod segment;
mod slots;
mod window;

pub use accepted::{Accepted, accept};
pub use config::{LogConfig, SideWork};
pub use error::{AppendError, WalError};
pub use format::RecordKind;
pub use inspect::{DumpItem, LogInfo, SegmentInfo, dump, info, verify};
pub use log::{Commit, Log, LogStats};
pub use reader::{LogReader, RecordRef};
pub use recovery::{Known, Recovery, Start};
pub use report::{Finding, LsnRange, OpenReport};
pub use slots::{SlotBytes, Slots};
