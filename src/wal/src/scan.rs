//! What one segment file holds, without judging it.

use crate::WalError;
use crate::format::{
    BATCH_HEADER_BYTES, BATCH_MAGIC, BatchHeader, BatchKind, Identity, RECORD_HEADER_BYTES,
    RecordHeader, RecordKind, SEGMENT_HEADER_BYTES, SEGMENT_HEADER_USED, Salt, SegmentHeader,
    SegmentHeaderError, fold,
};
use crate::segment::SegmentMeta;
use crate::window::Window;
use rookery_model::{Lsn, Position, RecordTime, Term};
use rookery_runtime::storage::StorageFile;
use std::io;
use std::path::Path;

/// Longest time that a salvaged record may lie after its neighbours: some 30 years, in µs. It only
/// spares checksums over garbage that looks like a header.
const SALVAGE_TIME_SPAN_US: i64 = 1 << 50;
/// Zeros are skipped in steps of this many bytes.
const ZERO_STEP: usize = 4096;

/// Offset of a segment's first record.
const FIRST_RECORD_AT: u64 = SEGMENT_HEADER_BYTES + BATCH_HEADER_BYTES as u64;

/// What page 0 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderState {
    /// It is this log's, under this name.
    Ok { previous: u64, term: Term },
    /// It cannot be read.
    Damaged,
    /// It is another log's, or another segment's.
    Foreign(SegmentHeader),
}

/// What a region without valid batches is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Zeros,
    /// Batches that were valid in another segment.
    FormerLife,
    Garbage,
}

/// A part of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Valid batches whose LSNs follow each other. `last` is below `first` if they hold no record.
    Good {
        first: Lsn,
        last: Lsn,
        start: u64,
        end: u64,
    },
    /// No valid batch begins here.
    Bad {
        start: u64,
        end: u64,
        content: Content,
        /// Bytes up to the last one that is not zero.
        used: u64,
        /// LSNs of the records in it that are valid by themselves.
        salvaged: Vec<Lsn>,
    },
}

/// All of a segment.
#[derive(Clone, Debug)]
pub(crate) struct SegmentScan {
    pub id: u64,
    pub size: u64,
    pub header: HeaderState,
    pub term: Option<Term>,
    pub pieces: Vec<Piece>,
    /// It ends in a seal.
    pub sealed: bool,
    /// Highest `durable_lsn` that any header in it names.
    pub durable: Lsn,
    pub last_time: RecordTime,
    /// Where its start record says that the log before it was cut.
    pub cut: Option<Position>,
}

impl SegmentScan {
    /// Whether any batch is valid.
    pub(crate) fn has_batches(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Good { .. }))
    }

    /// Whether any record can be read.
    pub(crate) fn has_records(&self) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Good { first, last, .. } => last >= first,
            Piece::Bad { salvaged, .. } => !salvaged.is_empty(),
        })
    }

    /// Whether its header says that none was before it.
    pub(crate) fn is_the_first(&self) -> bool {
        matches!(self.header, HeaderState::Ok { previous: 0, .. })
    }

    /// LSN of the first record that can be read.
    pub(crate) fn first_record(&self) -> Option<Lsn> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Good { first, last, .. } if last >= first => Some(*first),
            Piece::Good { .. } => None,
            Piece::Bad { salvaged, .. } => salvaged.first().copied(),
        })
    }
}

/// What a batch at some offset turned out to be.
enum Batch {
    /// Whole and valid.
    Valid(BatchHeader, u64),
    /// Its header is valid, its records are not all.
    Broken(BatchHeader),
    /// Of another segment.
    Former,
    None,
}

/// Reads one segment.
pub(crate) struct Scanner<'a, F> {
    file: &'a F,
    identity: &'a Identity,
    id: u64,
    salt: Salt,
    size: u64,
    window: &'a mut Window,
    out: SegmentScan,
}

impl<'a, F: StorageFile> Scanner<'a, F> {
    pub(crate) fn new(
        file: &'a F,
        identity: &'a Identity,
        id: u64,
        window: &'a mut Window,
        path: &Path,
    ) -> Result<Self, WalError> {
        window.clear();
        let size = file.size().map_err(WalError::io("read", path))?;
        let mut scanner = Self {
            file,
            identity,
            id,
            salt: identity.salt(id),
            size,
            window,
            out: SegmentScan {
                id,
                size,
                header: HeaderState::Damaged,
                term: None,
                pieces: Vec::new(),
                sealed: false,
                durable: Lsn(0),
                last_time: RecordTime(i64::MIN),
                cut: None,
            },
        };
        scanner.read_header(path)?;
        Ok(scanner)
    }

    fn read_header(&mut self, path: &Path) -> Result<(), WalError> {
        let io = WalError::io("read", path);
        let mut page = [0; SEGMENT_HEADER_USED];
        let read = self.file.read_at(0, &mut page).map_err(io)?;
        self.out.header = match SegmentHeader::parse(&page[..read]) {
            Ok(header) if header.identity == *self.identity && header.segment == self.id => {
                self.out.term = Some(header.term);
                HeaderState::Ok {
                    previous: header.previous,
                    term: header.term,
                }
            }
            Ok(header) => HeaderState::Foreign(header),
            Err(SegmentHeaderError::Damaged) => HeaderState::Damaged,
            Err(SegmentHeaderError::Newer(found)) => {
                return Err(WalError::NewerFormat {
                    path: path.to_path_buf(),
                    found,
                    known: crate::format::FORMAT_VERSION,
                });
            }
        };
        Ok(())
    }

    /// Reads header and seal only. `None` if they do not say what the index says: scan it.
    pub(crate) fn quick(mut self, listed: &SegmentMeta) -> io::Result<Option<SegmentScan>> {
        let seal_at = listed.end.saturating_sub(BATCH_HEADER_BYTES as u64);
        let header_ok = matches!(self.out.header, HeaderState::Ok { .. });
        if !listed.sealed || !header_ok || self.size != listed.end {
            return Ok(None);
        }
        match self.batch(seal_at)? {
            Batch::Valid(header, _)
                if header.kind == BatchKind::Seal && header.first == listed.last.next() =>
            {
                self.out.durable = header.durable;
                self.out.last_time = header.time;
            }
            _ => return Ok(None),
        }
        self.out.sealed = true;
        self.out.cut = self.start_cut(FIRST_RECORD_AT)?;
        self.out.pieces.push(Piece::Good {
            first: listed.first,
            last: listed.last,
            start: SEGMENT_HEADER_BYTES,
            end: listed.end,
        });
        Ok(Some(self.out))
    }

    /// Reads everything. `expected` is the LSN that should come next.
    pub(crate) fn full(mut self, expected: Lsn) -> io::Result<SegmentScan> {
        let mut offset = SEGMENT_HEADER_BYTES;
        let mut next = expected;
        let mut first_batch = true;
        while offset + BATCH_HEADER_BYTES as u64 <= self.size {
            match self.batch(offset)? {
                // LSNs rise within a segment; under a new term they may have gone back before it.
                Batch::Valid(header, end) if first_batch || header.first >= next => {
                    first_batch = false;
                    next = self.take_batch(&header, offset, end)?;
                    offset = end;
                    if header.kind == BatchKind::Seal {
                        self.out.sealed = true;
                        return Ok(self.out);
                    }
                }
                _ => {
                    let floor = if first_batch { Lsn(0) } else { next };
                    let end = self.find_batch(offset, floor)?.unwrap_or(self.size);
                    self.take_bad(offset, end, next)?;
                    offset = end;
                }
            }
        }
        if offset < self.size && !matches!(self.out.pieces.last(), Some(Piece::Bad { .. })) {
            self.take_bad(offset, self.size, next)?;
        }
        Ok(self.out)
    }

    fn take_batch(&mut self, header: &BatchHeader, start: u64, end: u64) -> io::Result<Lsn> {
        let out = &mut self.out;
        let last = Lsn((header.first.0 + u64::from(header.count)).saturating_sub(1));
        out.term.get_or_insert(header.term);
        out.durable = out.durable.max(header.durable);
        out.last_time = out.last_time.max(header.time);
        match out.pieces.last_mut() {
            Some(Piece::Good {
                last: before,
                end: to,
                ..
            }) if before.next() == header.first => {
                *before = last;
                *to = end;
            }
            _ => out.pieces.push(Piece::Good {
                first: header.first,
                last,
                start,
                end,
            }),
        }
        if start == SEGMENT_HEADER_BYTES && header.count > 0 {
            self.out.cut = self.start_cut(FIRST_RECORD_AT)?;
        }
        Ok(last.next())
    }

    /// The cut that a start record at `offset` names.
    fn start_cut(&mut self, offset: u64) -> io::Result<Option<Position>> {
        match self.record(offset, self.size)? {
            Some(record) if record.kind == RecordKind::Start => {}
            _ => return Ok(None),
        }
        let payload = offset + RECORD_HEADER_BYTES as u64;
        let head = self
            .window
            .get(self.file, payload, START_HEAD_BYTES, self.size)?;
        Ok(head.and_then(read_start_cut))
    }

    fn batch(&mut self, offset: u64) -> io::Result<Batch> {
        let bytes = self
            .window
            .get(self.file, offset, BATCH_HEADER_BYTES, self.size)?;
        let Some(header) = bytes.and_then(|b| BatchHeader::parse(b, offset, self.identity)) else {
            return Ok(Batch::None);
        };
        if header.segment != self.id {
            return Ok(Batch::Former);
        }
        let from = offset + BATCH_HEADER_BYTES as u64;
        let end = from + u64::from(header.bytes);
        let plain = header.count == 0 && header.bytes == 0;
        let well_formed = (header.kind == BatchKind::Records) != plain;
        if well_formed && self.records_verify(&header, from, end)? {
            return Ok(Batch::Valid(header, end));
        }
        Ok(Batch::Broken(header))
    }

    fn records_verify(&mut self, header: &BatchHeader, from: u64, end: u64) -> io::Result<bool> {
        let mut at = from;
        let mut lsn = header.first;
        let mut folded = 0;
        for _ in 0..header.count {
            let Some(record) = self.record(at, end)? else {
                return Ok(false);
            };
            if record.lsn_low != lsn.0 as u32 || record.time != header.time {
                return Ok(false);
            }
            folded = fold(folded, record.crc);
            lsn = lsn.next();
            at += record.total() as u64;
        }
        Ok(at == end && folded == header.fold)
    }

    /// The record at `offset`, if it is valid by itself.
    fn record(&mut self, offset: u64, end: u64) -> io::Result<Option<RecordHeader>> {
        let bytes = self
            .window
            .get(self.file, offset, RECORD_HEADER_BYTES, end)?;
        let Some(record) = bytes.and_then(RecordHeader::parse) else {
            return Ok(None);
        };
        let bytes = self.window.get(self.file, offset, record.total(), end)?;
        let valid = bytes.is_some_and(|bytes| record.verifies(bytes, self.salt, offset));
        Ok(valid.then_some(record))
    }

    /// Offset of the next valid batch after `from` whose LSNs do not lie below `floor`.
    fn find_batch(&mut self, from: u64, floor: Lsn) -> io::Result<Option<u64>> {
        let mut at = from;
        while at + BATCH_HEADER_BYTES as u64 <= self.size {
            let step = (ZERO_STEP as u64).min(self.size - at) as usize;
            let Some(bytes) = self.window.get(self.file, at, step, self.size)? else {
                break;
            };
            let hit = match all_zero(bytes) {
                true => None,
                false => bytes.windows(3).position(|three| three == BATCH_MAGIC),
            };
            let Some(hit) = hit else {
                // The magic may begin in the last two bytes.
                at += (step as u64).saturating_sub(2).max(1);
                continue;
            };
            let magic_at = at + hit as u64;
            at = magic_at + 1;
            let Some(offset) = magic_at.checked_sub(4).filter(|offset| *offset > from) else {
                // The bad batch itself: what its header says of other batches still counts.
                if magic_at == from + 4
                    && let Batch::Broken(header) = self.batch(from)?
                {
                    self.out.durable = self.out.durable.max(header.durable);
                }
                continue;
            };
            match self.batch(offset)? {
                Batch::Valid(header, _) if header.first >= floor => return Ok(Some(offset)),
                Batch::Broken(header) => {
                    self.out.durable = self.out.durable.max(header.durable);
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn take_bad(&mut self, start: u64, end: u64, least: Lsn) -> io::Result<()> {
        let mut used = 0;
        let mut former = false;
        let mut salvaged: Vec<Lsn> = Vec::new();
        let mut at = start;
        let most = least.0 + self.size / RECORD_HEADER_BYTES as u64;
        while at < end {
            if let Some(zeros) = self.zeros(at, end)? {
                at += zeros;
                continue;
            }
            used = used.max(at + 1 - start);
            let floor = salvaged.last().map_or(least, |lsn| lsn.next());
            match self.salvage(at, end, floor, most)? {
                Some((lsn, length)) => {
                    salvaged.push(lsn);
                    at += length;
                    used = used.max(at - start);
                }
                None => {
                    former |= matches!(self.batch(at)?, Batch::Former);
                    at += 1;
                }
            }
        }
        let content = match (used, former) {
            (0, _) => Content::Zeros,
            (_, true) => Content::FormerLife,
            _ => Content::Garbage,
        };
        self.out.pieces.push(Piece::Bad {
            start,
            end,
            content,
            used,
            salvaged,
        });
        Ok(())
    }

    /// Count of zero bytes at `at`, if they fill a step or reach the end.
    fn zeros(&mut self, at: u64, end: u64) -> io::Result<Option<u64>> {
        let step = (ZERO_STEP as u64).min(end - at) as usize;
        let Some(bytes) = self.window.get(self.file, at, step, end)? else {
            return Ok(Some(end - at));
        };
        // A record's first byte may be zero by chance: keep the step's last bytes for the next look.
        if all_zero(bytes) {
            let keep = if at + step as u64 == end {
                0
            } else {
                RECORD_HEADER_BYTES
            };
            return Ok(Some((step - keep) as u64));
        }
        let count = bytes.iter().take_while(|byte| **byte == 0).count();
        Ok(count
            .checked_sub(RECORD_HEADER_BYTES)
            .filter(|skip| *skip > 0)
            .map(|skip| skip as u64))
    }

    fn salvage(
        &mut self,
        at: u64,
        end: u64,
        floor: Lsn,
        most: u64,
    ) -> io::Result<Option<(Lsn, u64)>> {
        let bytes = self.window.get(self.file, at, RECORD_HEADER_BYTES, end)?;
        let Some(record) = bytes.and_then(RecordHeader::parse) else {
            return Ok(None);
        };
        let lsn = record.lsn(floor);
        let since = record.time.0.checked_sub(self.out.last_time.0.max(0));
        let plausible = lsn.0 <= most && since.is_none_or(|span| span < SALVAGE_TIME_SPAN_US);
        if !plausible || self.record(at, end)?.is_none() {
            return Ok(None);
        }
        self.out.last_time = self.out.last_time.max(record.time);
        if at == FIRST_RECORD_AT {
            self.out.cut = self.start_cut(at)?;
        }
        Ok(Some((lsn, record.total() as u64)))
    }
}

fn all_zero(bytes: &[u8]) -> bool {
    let words = bytes.chunks_exact(8);
    words.remainder().iter().all(|byte| *byte == 0) && words.into_iter().all(|word| word == [0; 8])
}

/// Bytes of a start record's payload that are the log's own.
pub(crate) const START_HEAD_BYTES: usize = 16;

/// Where the log before a start was cut.
pub(crate) fn read_start_cut(payload: &[u8]) -> Option<Position> {
    let head = payload.get(..START_HEAD_BYTES)?;
    let term = u64::from_le_bytes(head[..8].try_into().ok()?);
    let lsn = u64::from_le_bytes(head[8..].try_into().ok()?);
    Some(Position::new(Term(term), Lsn(lsn)))
}

/// The head of a start record's payload.
pub(crate) fn start_head(cut: Position) -> [u8; START_HEAD_BYTES] {
    let mut head = [0; START_HEAD_BYTES];
    head[..8].copy_from_slice(&cut.term.0.to_le_bytes());
    head[8..].copy_from_slice(&cut.lsn.0.to_le_bytes());
    head
}
