//! Judges what the segments hold: where the log ends, what is dropped, what is damaged.
//!
//! Pure: scans come in, a [`Chain`] comes out. The rules are durability's recovery table. An *era* is
//! a run of segments of one term. Its *limit* is the highest LSN that was durable in it: for an era
//! that was cut by a later start, the cut; for the last one, the highest mark in it or known outside.
//! Whatever is wrong at an LSN at or below the limit is damage. The first thing wrong above it ends
//! the log, and everything after it is dropped.

use crate::report::{Finding, LsnRange};
use crate::scan::{Content, HeaderState, Piece, SegmentScan};
use crate::segment::SegmentMeta;
use rookery_model::{Lsn, Position, RecordTime, Term};

/// A place in the order of segments.
pub(super) enum Entry {
    /// A file.
    Segment(SegmentScan),
    /// Listed in the index, without a file.
    Lost(SegmentMeta),
}

impl Entry {
    fn id(&self) -> u64 {
        match self {
            Self::Segment(scan) => scan.id,
            Self::Lost(meta) => meta.id,
        }
    }

    fn term(&self) -> Option<Term> {
        match self {
            Self::Segment(scan) => scan.term,
            Self::Lost(meta) => Some(meta.term),
        }
    }

    /// Whether it shows that its term was in use: a valid batch, or a place in the index.
    fn shows_its_term(&self) -> bool {
        match self {
            Self::Segment(scan) => scan.has_batches(),
            Self::Lost(_) => true,
        }
    }

    /// Where its start record says that the log before it was cut.
    fn said_cut(&self) -> Option<Position> {
        match self {
            Self::Segment(scan) => scan.cut,
            Self::Lost(_) => None,
        }
    }

    /// LSN of its first record that can be read, or that the index names.
    pub(super) fn first_record(&self) -> Option<Lsn> {
        match self {
            Self::Segment(scan) => scan.first_record(),
            Self::Lost(meta) => Some(meta.first),
        }
    }
}

/// Where the log ends within a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub segment: u64,
    pub offset: u64,
}

/// The judgement.
#[derive(Debug)]
pub(super) struct Chain {
    /// The log's segments in order, lost ones included.
    pub metas: Vec<SegmentMeta>,
    /// Files that are no part of the log: unused segments, and what follows a cut.
    pub drop: Vec<u64>,
    pub first: Position,
    pub last: Position,
    pub last_time: RecordTime,
    pub durable: Lsn,
    pub findings: Vec<Finding>,
    /// Whether anything in the last segment is damaged: then it stays as it is.
    pub last_is_damaged: bool,
}

/// Something wrong whose last LSN is not known yet.
enum Place {
    Bad(u64),
    Missing(u64),
    Foreign {
        segment: u64,
        shard: u16,
        id: u64,
        other_instance: bool,
    },
}

struct Walk<'a> {
    known: &'a Known<'a>,
    limit: Lsn,
    void_after: Lsn,
    is_last_era: bool,
    term: Term,
    next: Lsn,
    places: Vec<Place>,
    salvaged: Vec<Lsn>,
    damaged: Vec<u64>,
    chain: Chain,
    end: Option<End>,
    previous_id: Option<u64>,
}

/// What is known beside the segments.
pub(super) struct Known<'a> {
    /// LSN that the first entry should begin with, at least 1.
    pub next: Lsn,
    /// Highest LSN known to be durable.
    pub durable: Lsn,
    pub instance: &'a [u8; 16],
    /// Segments that the index lists: they were in use.
    pub listed: &'a [u64],
}

/// Judges the entries, which are in the order of their ids.
pub(super) fn judge(entries: &[Entry], known: &Known<'_>) -> Chain {
    let eras = split(entries);
    let mut walk = Walk {
        known,
        limit: Lsn(0),
        void_after: Lsn(0),
        is_last_era: false,
        term: Term(0),
        next: known.next,
        places: Vec::new(),
        salvaged: Vec::new(),
        damaged: Vec::new(),
        chain: Chain {
            metas: Vec::new(),
            drop: Vec::new(),
            first: Position::ZERO,
            last: Position::ZERO,
            last_time: RecordTime(0),
            durable: known.durable,
            findings: Vec::new(),
            last_is_damaged: false,
        },
        end: None,
        previous_id: None,
    };
    for (index, era) in eras.iter().enumerate() {
        walk.is_last_era = index + 1 == eras.len();
        walk.term = era.term;
        if let Some(cut) = era.said_cut().filter(|_| index > 0) {
            walk.next = cut.lsn.next();
        }
        let begin = walk.next;
        let later = &eras[index + 1..];
        (walk.limit, walk.void_after) = era.bounds(later, known.durable, walk.next);
        walk.chain.durable = walk.chain.durable.max(walk.limit);
        for entry in era.entries {
            walk.entry(entry);
        }
        walk.end_era();
        if walk.next > begin {
            let last = walk
                .chain
                .metas
                .iter()
                .rev()
                .find(|meta| meta.last >= meta.first);
            let term = last.map_or(walk.term, |meta| meta.term);
            walk.chain.last = Position::new(term, Lsn(walk.next.0 - 1));
        }
    }
    walk.finish()
}

struct Era<'a> {
    term: Term,
    entries: &'a [Entry],
}

fn split(entries: &[Entry]) -> Vec<Era<'_>> {
    let mut eras: Vec<Era<'_>> = Vec::new();
    let mut from = 0;
    let mut term: Option<Term> = None;
    // A term without any valid batch was never begun: its segments belong to the one before.
    let begun: Vec<Term> = entries
        .iter()
        .filter(|entry| entry.shows_its_term())
        .filter_map(Entry::term)
        .collect();
    for (index, entry) in entries.iter().enumerate() {
        match (entry.term().filter(|term| begun.contains(term)), term) {
            (Some(found), Some(current)) if found != current => {
                eras.push(Era {
                    term: current,
                    entries: &entries[from..index],
                });
                from = index;
                term = Some(found);
            }
            (Some(found), None) => {
                // What comes before a start record is of an era that nothing else tells of.
                if let Some(cut) = entry.said_cut().filter(|_| index > 0) {
                    eras.push(Era {
                        term: cut.term,
                        entries: &entries[..index],
                    });
                    from = index;
                }
                term = Some(found);
            }
            _ => {}
        }
    }
    if !entries.is_empty() {
        let entries = &entries[from..];
        eras.push(Era {
            term: term.unwrap_or_default(),
            entries,
        });
    }
    eras
}

impl Era<'_> {
    /// Where its start record says that the era before it ended.
    fn said_cut(&self) -> Option<Position> {
        self.entries.first()?.said_cut()
    }

    /// Where the eras after it say that it ended: the next one's start record, or that of a later one which
    /// names its term, as it does when no record of the terms between was kept.
    fn cut_by(&self, later: &[Self]) -> Option<Lsn> {
        let next = later.first().and_then(Self::said_cut);
        let by_term = || {
            let mut cuts = later.iter().filter_map(Self::said_cut);
            cuts.find(|cut| cut.term == self.term)
        };
        Some(next.or_else(by_term)?.lsn)
    }

    /// The limit of an era, and the LSN beyond which its records are void.
    fn bounds(&self, later: &[Self], known: Lsn, next: Lsn) -> (Lsn, Lsn) {
        if let Some(cut) = self.cut_by(later) {
            return (cut, cut);
        }
        let Some(later) = later.first() else {
            let limit = self.marks().max(known).max(Lsn(next.0 - 1));
            return (limit, Lsn(u64::MAX));
        };
        // The start record cannot be read. What lies before the first record that can is this era's,
        // and was durable as far as the marks after it say so.
        let marks = later.marks().max(known);
        let Some(first) = later.entries.iter().find_map(Entry::first_record) else {
            return (self.marks().max(marks), Lsn(u64::MAX));
        };
        let before = Lsn(first.0.saturating_sub(1));
        let limit = self.marks().max(before.min(marks));
        (limit, before.max(limit))
    }

    fn marks(&self) -> Lsn {
        let marks = self.entries.iter().map(|entry| match entry {
            Entry::Segment(scan) => scan.durable,
            Entry::Lost(meta) if meta.sealed => meta.last,
            Entry::Lost(_) => Lsn(0),
        });
        marks.max().unwrap_or_default()
    }
}

impl Walk<'_> {
    fn entry(&mut self, entry: &Entry) {
        let previous_id = self.previous_id.replace(entry.id());
        if self.end.is_some() {
            if let Entry::Segment(scan) = entry {
                self.drop_after_end(scan);
            }
            return;
        }
        match entry {
            Entry::Lost(meta) => self.lost(meta),
            Entry::Segment(scan) => self.segment(scan, previous_id),
        }
    }

    fn lost(&mut self, meta: &SegmentMeta) {
        self.places.push(Place::Missing(meta.id));
        self.chain.metas.push(SegmentMeta { end: 0, ..*meta });
        if meta.sealed {
            self.resolve(meta.last.next());
        }
    }

    fn segment(&mut self, scan: &SegmentScan, previous_id: Option<u64>) {
        match scan.header {
            HeaderState::Foreign(header) => {
                self.places.push(Place::Foreign {
                    segment: scan.id,
                    shard: header.identity.shard.0,
                    id: header.segment,
                    other_instance: header.identity.instance != *self.known.instance,
                });
                self.push_meta(scan, 0);
                return;
            }
            HeaderState::Ok { previous, .. } => {
                let gap = previous_id.is_some_and(|id| previous > id);
                if gap && scan.first_record().is_some_and(|first| first != self.next) {
                    let missing = previous_id.unwrap_or_default() + 1;
                    self.places.push(Place::Missing(missing));
                    self.chain.metas.push(self.lost_meta(missing));
                }
            }
            HeaderState::Damaged => self.damage(scan.id, Vec::new()),
        }
        let unused = !scan.has_records()
            && !self.known.listed.contains(&scan.id)
            && !matches!(scan.header, HeaderState::Damaged)
            && scan.pieces.iter().all(|piece| {
                matches!(
                    piece,
                    Piece::Bad {
                        content: Content::Zeros | Content::FormerLife,
                        ..
                    }
                )
            });
        if unused {
            self.chain.drop.push(scan.id);
            return;
        }
        self.push_meta(scan, crate::format::SEGMENT_HEADER_BYTES);
        for (index, piece) in scan.pieces.iter().enumerate() {
            let go_on = match piece {
                Piece::Good {
                    first, last, end, ..
                } => self.good(scan, index, *first, *last, *end),
                Piece::Bad { end, salvaged, .. } => self.bad(scan, index, *end, salvaged),
            };
            if !go_on {
                return;
            }
        }
        let sealed = scan.sealed;
        self.meta().sealed = sealed;
    }

    fn good(&mut self, scan: &SegmentScan, index: usize, first: Lsn, last: Lsn, end: u64) -> bool {
        if first > self.void_after && last >= first {
            return false;
        }
        if first > self.next {
            let forced = self
                .places
                .iter()
                .any(|place| !matches!(place, Place::Bad(_)));
            if !forced && self.next > self.limit {
                if self.is_last_era {
                    self.end_here(scan, index);
                }
                return false;
            }
            if self.places.is_empty() {
                // Nothing in the files shows where the records were: they were cut off.
                let before = self.segment_before(scan.id);
                self.places.push(Place::Bad(before));
            }
        }
        self.resolve(first);
        let last = last.min(self.void_after);
        self.next = self.next.max(last.next());
        let next = self.next;
        let meta = self.meta();
        meta.last = Lsn(next.0 - 1);
        meta.end = end;
        true
    }

    fn bad(&mut self, scan: &SegmentScan, index: usize, end: u64, salvaged: &[Lsn]) -> bool {
        if self.next > self.limit {
            if self.is_last_era {
                self.end_here(scan, index);
            } else if !self.damaged.contains(&scan.id) {
                // A start cuts and seals what is before it: only a damaged segment has anything
                // behind its last record, so that this one's mark or seal was destroyed.
                self.damage(scan.id, Vec::new());
            }
            return false;
        }
        self.places.push(Place::Bad(scan.id));
        let limit = self.limit;
        let kept = salvaged.iter().copied().filter(|lsn| *lsn <= limit);
        self.salvaged.extend(kept);
        let highest = self.salvaged.last().copied().unwrap_or_default();
        let meta = self.meta();
        meta.last = meta.last.max(highest);
        meta.end = end;
        true
    }

    /// The segment that records before `id` were in.
    fn segment_before(&self, id: u64) -> u64 {
        let dropped = self.chain.drop.last().copied();
        let listed = self
            .chain
            .metas
            .iter()
            .rev()
            .map(|meta| meta.id)
            .find(|at| *at < id);
        dropped.max(listed).unwrap_or(id)
    }

    /// Everything wrong since the last good record ends before `first`.
    fn resolve(&mut self, first: Lsn) {
        if self.places.is_empty() {
            return;
        }
        let mut lost = Vec::new();
        let mut from = self.next;
        for lsn in std::mem::take(&mut self.salvaged) {
            if lsn > from {
                lost.push(LsnRange {
                    first: from,
                    last: Lsn(lsn.0 - 1),
                });
            }
            from = from.max(lsn.next());
        }
        if from < first {
            lost.push(LsnRange {
                first: from,
                last: Lsn(first.0 - 1),
            });
        }
        self.next = self.next.max(first);
        for place in std::mem::take(&mut self.places) {
            // Which of several places held what is not known: the first one answers for all.
            let lost = std::mem::take(&mut lost);
            match place {
                Place::Bad(segment) => self.damage(segment, lost),
                Place::Missing(segment) => {
                    let lost = hull(&lost, first);
                    self.bound_lost(segment, lost);
                    let finding = Finding::Missing {
                        segment,
                        lost,
                        accepted: false,
                    };
                    self.chain.findings.push(finding);
                }
                Place::Foreign {
                    segment,
                    shard,
                    id,
                    other_instance,
                } => {
                    let lost = hull(&lost, first);
                    self.bound_lost(segment, lost);
                    self.chain.findings.push(Finding::Foreign {
                        segment,
                        shard,
                        id,
                        other_instance,
                        lost,
                        accepted: false,
                    });
                }
            }
        }
    }

    /// Remembers what a segment without a file held.
    fn bound_lost(&mut self, segment: u64, lost: LsnRange) {
        let found = self.chain.metas.iter_mut().find(|meta| meta.id == segment);
        if let Some(meta) = found.filter(|meta| !meta.sealed) {
            meta.first = lost.first;
            meta.last = lost.last;
        }
    }

    fn damage(&mut self, segment: u64, lost: Vec<LsnRange>) {
        self.damaged.push(segment);
        // A segment that looked unused and was not is kept.
        if self.chain.drop.last() == Some(&segment) {
            self.chain.drop.pop();
            let mut meta = self.lost_meta(segment);
            meta.end = crate::format::SEGMENT_HEADER_BYTES;
            self.chain.metas.push(meta);
            self.chain.metas.sort_by_key(|meta| meta.id);
        }
        for finding in &mut self.chain.findings {
            if let Finding::Damaged {
                segment: at,
                lost: known,
                ..
            } = finding
                && *at == segment
            {
                known.extend(lost);
                return;
            }
        }
        self.chain.findings.push(Finding::Damaged {
            segment,
            lost,
            accepted: false,
        });
    }

    fn lost_meta(&self, id: u64) -> SegmentMeta {
        SegmentMeta {
            id,
            term: self.term,
            first: self.next,
            last: Lsn(self.next.0 - 1),
            last_time: self.chain.last_time,
            end: 0,
            sealed: false,
            quarantined: true,
        }
    }

    fn push_meta(&mut self, scan: &SegmentScan, end: u64) {
        self.chain.last_time = self.chain.last_time.max(scan.last_time);
        self.chain.metas.push(SegmentMeta {
            quarantined: false,
            end,
            last_time: scan.last_time.max(RecordTime(0)),
            term: scan.term.unwrap_or(self.term),
            ..self.lost_meta(scan.id)
        });
    }

    fn meta(&mut self) -> &mut SegmentMeta {
        self.chain.metas.last_mut().expect("the segment was pushed")
    }

    /// The log ends before this piece; nothing from here on was acknowledged.
    fn end_here(&mut self, scan: &SegmentScan, index: usize) {
        let (offset, used, content) = match &scan.pieces[index] {
            Piece::Bad {
                start,
                used,
                content,
                ..
            } => (*start, *used, *content),
            Piece::Good { start, .. } => (*start, 0, Content::Zeros),
        };
        self.end = Some(End {
            segment: scan.id,
            offset,
        });
        let later = scan.pieces[index..].iter().filter_map(|piece| match piece {
            Piece::Good { last, .. } => Some(*last),
            Piece::Bad { .. } => None,
        });
        if let Some(through) = later.max() {
            self.cut_through(through);
        } else if content == Content::Garbage {
            let from = self.next;
            let finding = Finding::TornTail {
                segment: scan.id,
                offset,
                bytes: used,
                from,
            };
            self.chain.findings.push(finding);
        }
        let meta = *self.meta();
        let empty = meta.last < meta.first && meta.id == scan.id;
        if empty && !self.damaged.contains(&scan.id) {
            self.chain.metas.pop();
            self.chain.drop.push(scan.id);
        }
    }

    /// Valid batches follow the end of the log.
    fn cut_through(&mut self, through: Lsn) {
        let Some(End { segment, offset }) = self.end else {
            return;
        };
        let from = self.next;
        let findings = &mut self.chain.findings;
        // A torn tail with batches after it is no torn tail.
        findings.retain(|finding| !matches!(finding, Finding::TornTail { .. }));
        match findings.last_mut() {
            Some(Finding::UnsyncedCut {
                through: before, ..
            }) => *before = (*before).max(through),
            _ => findings.push(Finding::UnsyncedCut {
                segment,
                offset,
                from,
                through,
            }),
        }
    }

    fn drop_after_end(&mut self, scan: &SegmentScan) {
        self.chain.drop.push(scan.id);
        self.chain.last_time = self.chain.last_time.max(scan.last_time);
        let last = scan.pieces.iter().filter_map(|piece| match piece {
            Piece::Good { last, .. } => Some(*last),
            Piece::Bad { .. } => None,
        });
        if let Some(through) = last.max() {
            self.cut_through(through);
        }
    }

    fn end_era(&mut self) {
        let beyond = self.limit.next().max(self.next);
        self.resolve(beyond);
        if self.next <= self.limit {
            let last = self.chain.metas.last().map_or(0, |meta| meta.id);
            self.places.push(Place::Bad(last));
            self.resolve(beyond);
        }
    }

    fn finish(mut self) -> Chain {
        let damaged = self.damaged;
        let chain = &mut self.chain;
        for meta in &mut chain.metas {
            meta.quarantined |= damaged.contains(&meta.id);
        }
        let first = chain.metas.iter().find(|meta| meta.last >= meta.first);
        chain.first = first.map_or(Position::ZERO, |meta| Position::new(meta.term, meta.first));
        if chain.metas.is_empty() {
            chain.last = Position::new(Term(0), Lsn(self.known.next.0 - 1));
        }
        chain.last_is_damaged = chain.metas.last().is_some_and(|meta| meta.quarantined);
        self.chain
    }
}

/// One range over all of them.
fn hull(ranges: &[LsnRange], next: Lsn) -> LsnRange {
    match (ranges.first(), ranges.last()) {
        (Some(first), Some(last)) => LsnRange {
            first: first.first,
            last: last.last,
        },
        _ => LsnRange {
            first: next,
            last: Lsn(next.0 - 1),
        },
    }
}
