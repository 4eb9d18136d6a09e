//! Reads records in order: for replay, and for a step that lags behind the log.
//!
//! The stream describes itself: at each place the kind byte tells a batch header from a record, and
//! a record carries its LSN and time, so that a damaged header costs no record but those it covers.

use crate::error::WalError;
use crate::format::{
    BATCH_HEADER_BYTES, BatchHeader, BatchKind, Identity, RECORD_HEADER_BYTES, RecordHeader,
    RecordKind, SEGMENT_HEADER_BYTES,
};
use crate::log::Log;
use crate::report::LsnRange;
use crate::segment::{SegmentMeta, segment_path};
use crate::window::Window;
use rookery_model::{Lsn, Position, RecordTime};
use rookery_runtime::storage::Storage;
use std::collections::VecDeque;
use std::io;
use std::path::Path;

/// One record, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// Its place.
    pub position: Position,
    /// Its time.
    pub time: RecordTime,
    /// What it is.
    pub kind: RecordKind,
    /// Its bytes, for a start record without the log's own.
    pub payload: &'a [u8],
}

/// What a reader reads from.
pub(crate) struct Catalogue<'a, S: Storage> {
    pub storage: &'a S,
    pub dir: &'a Path,
    pub identity: &'a Identity,
    pub segments: &'a VecDeque<SegmentMeta>,
    pub active: Option<Active<'a, S::File>>,
}

/// The segment that is being appended to.
pub(crate) struct Active<'a, F> {
    pub file: &'a F,
    /// End of its bytes.
    pub end: u64,
    /// A batch header that is still to be written.
    pub open_header: Option<u64>,
}

/// A place in a log from which its records are read. It belongs to the log that made it.
pub struct LogReader<S: Storage> {
    /// Of the last record delivered, or where reading began.
    position: Position,
    /// Segment and offset of the next byte to read.
    segment: Option<u64>,
    offset: u64,
    /// LSN that should come next.
    expected: Lsn,
    /// The segment's file, unless it is the active one.
    file: Option<S::File>,
    window: Window,
    /// A header that was not yet written when the window was filled.
    unwritten: Option<u64>,
    damage: Vec<LsnRange>,
}

/// A record found in the window.
pub(crate) struct Found {
    offset: u64,
    header: RecordHeader,
    lsn: Lsn,
}

enum Place {
    /// Go on at another offset.
    Skip(u64),
    Record(Found),
    /// Nothing more in this segment.
    End,
    Damaged,
}

/// A segment as the reader sees it.
struct Here<'a> {
    meta: &'a SegmentMeta,
    end: u64,
    open_header: Option<u64>,
    active: bool,
}

impl<S: Storage> LogReader<S> {
    pub(crate) fn new(from: Position) -> Self {
        Self {
            position: from,
            segment: None,
            offset: SEGMENT_HEADER_BYTES,
            expected: Lsn(0),
            file: None,
            window: Window::default(),
            unwritten: None,
            damage: Vec::new(),
        }
    }

    /// Position of the last record delivered, or where reading began.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The ranges of LSNs that turned out to be unreadable since the last call.
    pub fn take_damage(&mut self) -> Vec<LsnRange> {
        std::mem::take(&mut self.damage)
    }

    /// The next record, `None` at the end of what was appended. Records of the open batch are read
    /// too.
    ///
    /// # Errors
    /// [`WalError::Gone`] if the record after the reader's position was deleted; [`WalError::Io`].
    /// The reader stays where it was.
    pub fn next(&mut self, log: &Log<S>) -> Result<Option<RecordRef<'_>>, WalError> {
        let (end, open_header) = log.active_end();
        self.next_in(&Catalogue {
            storage: log.storage(),
            dir: log.dir(),
            identity: log.identity(),
            segments: log.segments(),
            active: Some(Active {
                file: log.active_file(),
                end,
                open_header,
            }),
        })
    }

    pub(crate) fn next_in(
        &mut self,
        log: &Catalogue<'_, S>,
    ) -> Result<Option<RecordRef<'_>>, WalError> {
        match self.advance(log)? {
            Some(found) => self.deliver(log, &found).map(Some),
            None => Ok(None),
        }
    }

    /// Moves to the next record.
    pub(crate) fn advance(&mut self, log: &Catalogue<'_, S>) -> Result<Option<Found>, WalError> {
        loop {
            let Some(here) = self.here(log)? else {
                return Ok(None);
            };
            let open = here.open_header.filter(|_| here.active);
            if self.unwritten.is_some_and(|at| open != Some(at)) {
                self.window.forget_from(self.unwritten.take().unwrap_or(0));
            }
            self.unwritten = open;
            match self
                .look(log, &here)
                .map_err(|error| self.io(log, here.meta.id, error))?
            {
                Place::Skip(offset) => self.offset = offset,
                Place::Record(found) => {
                    if let Some(found) = self.accept(&here, found) {
                        return Ok(Some(found));
                    }
                }
                Place::End if here.active => return Ok(None),
                Place::End if !self.leave(log, here.meta.id) => return Ok(None),
                Place::End => {}
                Place::Damaged => {
                    let next = self
                        .resync(log, &here)
                        .map_err(|error| self.io(log, here.meta.id, error))?;
                    match next {
                        Some(offset) => self.offset = offset,
                        None if here.active => return Ok(None),
                        None if !self.leave(log, here.meta.id) => return Ok(None),
                        None => {}
                    }
                }
            }
        }
    }

    fn io(&self, log: &Catalogue<'_, S>, segment: u64, error: io::Error) -> WalError {
        WalError::io("read", &segment_path(log.dir, segment))(error)
    }

    /// The segment that is read from; the first one if there was none yet.
    fn here<'a>(&mut self, log: &Catalogue<'a, S>) -> Result<Option<Here<'a>>, WalError> {
        if self.segment.is_none() && !self.seek(log)? {
            return Ok(None);
        }
        let Some(id) = self.segment else {
            return Ok(None);
        };
        let Ok(index) = log.segments.binary_search_by_key(&id, |meta| meta.id) else {
            let first = log.segments.front();
            let first = first.map_or(Position::ZERO, |meta| Position::new(meta.term, meta.first));
            return Err(WalError::Gone {
                from: self.position,
                first,
            });
        };
        let meta = &log.segments[index];
        let active = log
            .active
            .as_ref()
            .filter(|_| index + 1 == log.segments.len());
        Ok(Some(Here {
            meta,
            end: active.map_or(meta.end, |active| active.end),
            open_header: active.and_then(|active| active.open_header),
            active: active.is_some(),
        }))
    }

    /// Finds the segment of the first record after the position.
    fn seek(&mut self, log: &Catalogue<'_, S>) -> Result<bool, WalError> {
        let Some(oldest) = log.segments.front() else {
            return Ok(false);
        };
        let from = self.position;
        if from != Position::ZERO && from.lsn.next() < oldest.first && from.term <= oldest.term {
            let first = Position::new(oldest.term, oldest.first);
            return Err(WalError::Gone { from, first });
        }
        let last = log.segments.len() - 1;
        let at = log.segments.iter().enumerate().find(|(index, meta)| {
            let active = *index == last && log.active.is_some();
            active || meta.last_position() > from
        });
        let Some((index, meta)) = at else {
            return Ok(false);
        };
        // Segments before it of which nothing is left are missed at its first record.
        let mut before = log.segments.iter().take(index).rev();
        let before = before.find(|meta| meta.last >= meta.first);
        self.expected = before.map_or(oldest.first, |meta| meta.last.next());
        self.enter(meta.id);
        Ok(true)
    }

    fn enter(&mut self, id: u64) {
        self.segment = Some(id);
        self.offset = SEGMENT_HEADER_BYTES;
        self.file = None;
        self.window.clear();
        self.unwritten = None;
    }

    /// Goes on with the segment after `id`; false if there is none.
    fn leave(&mut self, log: &Catalogue<'_, S>, id: u64) -> bool {
        let next = log.segments.iter().find(|meta| meta.id > id);
        match next {
            Some(next) => self.enter(next.id),
            None => self.offset = u64::MAX,
        }
        next.is_some()
    }

    /// What is at the reader's offset.
    fn look(&mut self, log: &Catalogue<'_, S>, here: &Here<'_>) -> io::Result<Place> {
        let at = self.offset;
        if here.active && here.open_header == Some(at) {
            return Ok(Place::Skip(at + BATCH_HEADER_BYTES as u64));
        }
        if at >= here.end || here.meta.is_lost() {
            return Ok(Place::End);
        }
        let Some(bytes) = self.bytes(log, here, at, RECORD_HEADER_BYTES)? else {
            return Ok(Place::Damaged);
        };
        if bytes[7] >= BatchKind::Records as u8 {
            return self.look_at_batch(log, here);
        }
        match self.record(log, here, at)? {
            Some(found) if found.lsn > here.meta.last && !here.active => Ok(Place::End),
            Some(found) => Ok(Place::Record(found)),
            None => Ok(Place::Damaged),
        }
    }

    fn look_at_batch(&mut self, log: &Catalogue<'_, S>, here: &Here<'_>) -> io::Result<Place> {
        let at = self.offset;
        let Some(header) = self.batch(log, here, at)? else {
            return Ok(Place::Damaged);
        };
        let body = at + BATCH_HEADER_BYTES as u64;
        Ok(match header.kind {
            BatchKind::Seal => Place::End,
            BatchKind::Mark => Place::Skip(body),
            BatchKind::Records => {
                let last = Lsn((header.first.0 + u64::from(header.count)).saturating_sub(1));
                let end = body + u64::from(header.bytes);
                let passed = Position::new(here.meta.term, last) <= self.position;
                if passed && end <= here.end {
                    self.expected = self.expected.max(last.next());
                    Place::Skip(end)
                } else {
                    Place::Skip(body)
                }
            }
        })
    }

    /// Passes over what was delivered before, and notes what is missing before the record.
    fn accept(&mut self, here: &Here<'_>, found: Found) -> Option<Found> {
        let position = Position::new(here.meta.term, found.lsn);
        let after = found.offset + found.header.total() as u64;
        if position <= self.position {
            self.expected = found.lsn.next();
            self.offset = after;
            return None;
        }
        let mut from = self.expected;
        if here.meta.term == self.position.term || self.position == Position::ZERO {
            from = from.max(self.position.lsn.next());
        }
        if found.lsn > from {
            self.damage.push(LsnRange {
                first: from,
                last: Lsn(found.lsn.0 - 1),
            });
        }
        self.offset = after;
        self.expected = found.lsn.next();
        self.position = position;
        Some(found)
    }

    /// The record that was just moved to.
    pub(crate) fn deliver(
        &mut self,
        log: &Catalogue<'_, S>,
        found: &Found,
    ) -> Result<RecordRef<'_>, WalError> {
        let RecordHeader { kind, time, .. } = found.header;
        let position = self.position;
        let total = found.header.total();
        let bytes = match self.here(log)? {
            Some(here) => {
                let path = segment_path(log.dir, here.meta.id);
                let bytes = self.bytes(log, &here, found.offset, total);
                bytes
                    .map_err(WalError::io("read", &path))?
                    .unwrap_or_default()
            }
            None => &[],
        };
        let mut payload = bytes.get(RECORD_HEADER_BYTES..).unwrap_or_default();
        if kind == RecordKind::Start {
            payload = payload
                .get(crate::scan::START_HEAD_BYTES..)
                .unwrap_or_default();
        }
        Ok(RecordRef {
            position,
            time,
            kind,
            payload,
        })
    }

    fn bytes(
        &mut self,
        log: &Catalogue<'_, S>,
        here: &Here<'_>,
        offset: u64,
        length: usize,
    ) -> io::Result<Option<&[u8]>> {
        if let Some(active) = log.active.as_ref().filter(|_| here.active) {
            return self.window.get(active.file, offset, length, here.end);
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => log
                .storage
                .open_read(&segment_path(log.dir, here.meta.id))?,
        };
        let file = self.file.insert(file);
        self.window.get(file, offset, length, here.end)
    }

    fn batch(
        &mut self,
        log: &Catalogue<'_, S>,
        here: &Here<'_>,
        at: u64,
    ) -> io::Result<Option<BatchHeader>> {
        let bytes = self.bytes(log, here, at, BATCH_HEADER_BYTES)?;
        let header = bytes.and_then(|bytes| BatchHeader::parse(bytes, at, log.identity));
        Ok(header.filter(|header| header.segment == here.meta.id))
    }

    fn record(
        &mut self,
        log: &Catalogue<'_, S>,
        here: &Here<'_>,
        at: u64,
    ) -> io::Result<Option<Found>> {
        let salt = log.identity.salt(here.meta.id);
        let expected = self.expected;
        let Some(header) = self
            .bytes(log, here, at, RECORD_HEADER_BYTES)?
            .and_then(RecordHeader::parse)
        else {
            return Ok(None);
        };
        let bytes = self.bytes(log, here, at, header.total())?;
        let valid = bytes.is_some_and(|bytes| header.verifies(bytes, salt, at));
        let lsn = header.lsn(expected);
        Ok(valid.then_some(Found {
            offset: at,
            header,
            lsn,
        }))
    }

    /// The next place after the reader's at which a batch or a record is valid.
    fn resync(&mut self, log: &Catalogue<'_, S>, here: &Here<'_>) -> io::Result<Option<u64>> {
        let most = self.expected.0 + here.end / RECORD_HEADER_BYTES as u64;
        let mut at = self.offset + 1;
        while at + RECORD_HEADER_BYTES as u64 <= here.end {
            let Some(bytes) = self.bytes(log, here, at, RECORD_HEADER_BYTES)? else {
                return Ok(None);
            };
            let kind = bytes[7];
            let valid = if kind >= BatchKind::Records as u8 {
                self.batch(log, here, at)?.is_some()
            } else if let Some(header) = RecordHeader::parse(bytes)
                && header.lsn(self.expected).0 <= most
            {
                self.record(log, here, at)?.is_some()
            } else {
                false
            };
            if valid {
                return Ok(Some(at));
            }
            at += 1;
        }
        Ok(None)
    }
}
