//! What a connector implements.

use crate::{
    EncodeError, LaneCursor, LaneKey, RowBatch, RowMeta, SinkError, SinkOptionError, Verdicts,
};
use rookery_codecs::time::Zone;
use rookery_model::{Field, Position, RowIdentity, Value};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A destination table as the rule files and the configuration declare it.
#[derive(Clone, Debug)]
pub struct TableSpec {
    /// `file.table`, unique among the sinks of a process; names its cursor file and its metrics.
    pub name: String,
    /// The table's name as declared.
    pub table: String,
    /// All columns, in order.
    pub columns: Vec<Field>,
    /// Indexes into `columns`; empty if none was declared.
    pub primary_key: Vec<usize>,
    /// The options of the WITH clause or of what replaced it; keys are compared without case.
    pub options: Vec<(String, String)>,
    /// The session's time zone, in which TIMESTAMP_LTZ is written.
    pub zone: String,
}

/// The table's time zone.
pub(crate) fn zone_of(spec: &TableSpec) -> Result<Zone, SinkOptionError> {
    Zone::parse(&spec.zone).map_err(|_| SinkOptionError::Zone {
        table: spec.name.clone(),
        zone: spec.zone.clone(),
    })
}

/// What all sinks of a process share.
#[derive(Clone, Debug)]
pub struct SinkContext {
    /// The data directory; sinks keep what they must remember in `sinks/<table>` below it.
    pub data_dir: PathBuf,
    /// Id of the data directory; names the cursors that a target holds for it.
    pub instance: String,
}

/// A destination table and how to reach it. Immutable; shared by shards and writers.
pub trait Sink: Send + Sync {
    /// The table, `file.table`.
    fn name(&self) -> &str;

    /// The connector's name.
    fn connector(&self) -> &'static str;

    /// An encoder for one shard.
    fn encoder(&self) -> Box<dyn RowEncoder>;

    /// How many writers there are; rows are divided among them by device.
    fn writers(&self) -> usize {
        1
    }

    /// A writer that has not connected yet.
    fn writer(&self, index: usize) -> Box<dyn SinkWriter>;

    /// Reaches the target once, as a writer would, with the same address, credentials and database, and
    /// changes nothing there. May block as long as the connector's own deadlines let it.
    ///
    /// # Errors
    /// What is wrong, in a line that an operator can act on.
    fn check(&self) -> Result<(), SinkError> {
        self.writer(0).open(&[]).map(drop)
    }

    /// How rows are gathered into requests.
    fn batching(&self) -> Batching;

    /// The directory that this sink alone may write to, if it writes to one.
    fn directory(&self) -> Option<&Path> {
        None
    }
}

/// Turns a row into the bytes that the sink's writer sends. Runs on the shard's thread: it reads no
/// clock, makes no system call and allocates nothing beyond `out` and its own reused buffers.
pub trait RowEncoder: Send {
    /// Appends the row's bytes to `out`.
    ///
    /// # Errors
    /// The row cannot be expressed in the sink's format; it becomes a dead letter. `out` is as before.
    fn encode(
        &mut self,
        identity: &RowIdentity,
        row: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError>;
}

/// Carries rows to the target. Runs on a thread of its own and may block.
pub trait SinkWriter: Send {
    /// Connects, and says for each lane, in the same order, which cursor the target holds. Called
    /// before anything else, and again after every error of any method; what was handed over and not
    /// confirmed comes again afterwards, without the rows at or below the cursors given here.
    ///
    /// # Errors
    /// The target cannot be used now. It is tried again, for ever.
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError>;

    /// Sorts out the rows that the target may have refused among those of a transaction that took effect
    /// and whose answer was lost ([`TargetCursor::Unanswered`]). Called before anything that follows them
    /// is handed over; they are not sent again, and those not named in `verdicts` count as taken.
    ///
    /// # Errors
    /// The target cannot be asked now; `open` follows, and the same rows come again.
    fn look_back(&mut self, _rows: &[Part<'_>], _verdicts: &mut Verdicts) -> Result<(), SinkError> {
        Ok(())
    }

    /// Hands rows over: each part holds whole records of one lane, in order, unless rows are sent
    /// again because of an earlier verdict. Rows not named in `verdicts` are accepted.
    ///
    /// # Errors
    /// The fate of all rows of this request is unknown; `open` follows.
    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        verdicts: &mut Verdicts,
    ) -> Result<(), SinkError>;

    /// Makes everything that was handed over durable at the target, together with these cursors (one
    /// for each lane, in the order of `open`). Where the target holds cursors and rows in one
    /// transaction, this is its commit. Rows count as confirmed only when this has returned.
    ///
    /// # Errors
    /// Nothing since the last confirmation counts as confirmed; `open` follows.
    fn confirm(&mut self, cursors: &[LaneCursor]) -> Result<(), SinkError>;

    /// Least time from the end of one `confirm` to the start of the next. Zero: after each request.
    fn confirm_interval(&self) -> Duration {
        Duration::ZERO
    }

    /// Ends the connection in order; nothing is called afterwards.
    ///
    /// # Errors
    /// The target complained; everything confirmed stays confirmed.
    fn close(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// What the target says about a lane when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetCursor {
    /// This kind of target holds none: rows that were sent and not confirmed come twice.
    NotHeld,
    /// It could hold one and has none for this lane.
    Missing,
    /// All rows up to here took effect.
    At(Position),
    /// The same, and those above `above` did so in one transaction whose answer may not have been seen:
    /// rows of it that the target refused may be missing among the dead letters.
    Unanswered {
        /// Up to here every answer was dealt with.
        above: Position,
        /// The cursor.
        through: Position,
    },
}

/// How rows are gathered into one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batching {
    /// A request is full at this many rows (the last batch may exceed it).
    pub rows_max: usize,
    /// A request is full at this many bytes (the last batch may exceed it).
    pub bytes_max: usize,
    /// How long after the last request one that is not full waits for more rows.
    pub linger: Duration,
}

/// A lane's share of a request: a batch, or those of its rows that are still to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    lane: usize,
    batch: &'a RowBatch,
    first: usize,
    selected: Option<&'a [u32]>,
}

/// One row of a part.
#[derive(Clone, Copy, Debug)]
pub struct RowRef<'a> {
    /// Its index in the batch: what [`Verdicts`] are given.
    pub index: u32,
    /// Its place and device.
    pub meta: &'a RowMeta,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl<'a> Part<'a> {
    /// The rows of `batch` from `first` on, or those of them that `selected` names in ascending order.
    #[must_use]
    pub fn new(
        lane: usize,
        batch: &'a RowBatch,
        first: usize,
        selected: Option<&'a [u32]>,
    ) -> Self {
        Self {
            lane,
            batch,
            first,
            selected,
        }
    }

    /// Index of its lane among those given to `open`.
    #[must_use]
    pub fn lane(&self) -> usize {
        self.lane
    }

    /// The lane's cursor once this part has been dealt with.
    #[must_use]
    pub fn through(&self) -> Position {
        self.batch.through
    }

    /// How many rows it has.
    #[must_use]
    pub fn row_count(&self) -> usize {
        match self.selected {
            Some(selected) => selected.len(),
            None => self.batch.rows.len() - self.first,
        }
    }

    /// Its rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = RowRef<'a>> + use<'a> {
        let batch = self.batch;
        let all = match self.selected {
            Some(_) => 0..0,
            None => self.first..batch.rows.len(),
        };
        let selected = self.selected.unwrap_or_default();
        all.chain(selected.iter().map(|&index| index as usize))
            .map(move |index| RowRef {
                index: u32::try_from(index).expect("a batch has fewer than 2^32 rows"),
                meta: &batch.rows[index],
                bytes: batch.row(index),
            })
    }

    /// All its bytes in one piece; none if only some rows of the batch are to be sent.
    #[must_use]
    pub fn contiguous(&self) -> Option<&'a [u8]> {
        match self.selected {
            Some(_) => None,
            None if self.first == self.batch.rows.len() => Some(&[]),
            None => Some(&self.batch.bytes[self.batch.start_of(self.first)..]),
        }
    }
}
