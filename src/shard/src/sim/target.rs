//! Where rows go: two targets of a kind each, and the dead letters. They outlive every crash.

use super::rng::Rng;
use rookery_model::{Position, RowIdentity, Value};
use rookery_sinks::{EncodeError, Gone, RowBatch, RowEncoder};
use std::collections::BTreeMap;

/// What a target promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Holds each lane's cursor in the transaction of the rows: each row once.
    Transactional,
    /// Takes what comes: each row at least once.
    Plain,
}

/// A row as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    pub forwarder: usize,
    pub number: u64,
    pub device: u64,
    pub epoch: u64,
    pub shard: u16,
    pub position: Position,
}

/// A target's table.
pub struct Target {
    pub kind: Kind,
    pub rows: Vec<Arrived>,
    /// By shard.
    pub cursors: BTreeMap<u16, Position>,
    /// By shard: what it held after each batch.
    history: BTreeMap<u16, Vec<Position>>,
    /// Rows that it had and lost when it went back.
    lost: Vec<Arrived>,
    /// By shard: what its writer called gone.
    pub gone: Vec<(u16, Gone)>,
}

impl Target {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            rows: Vec::new(),
            cursors: BTreeMap::new(),
            history: BTreeMap::new(),
            lost: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Takes a batch of a shard's lane, whole.
    pub fn write(&mut self, shard: u16, batch: &RowBatch) {
        let cursor = self.cursors.get(&shard).copied().unwrap_or_default();
        for (index, row) in batch.rows.iter().enumerate() {
            if self.kind == Kind::Transactional && row.position <= cursor {
                continue;
            }
            self.rows.push(parse(batch.row(index), shard, row.position));
        }
        if self.kind == Kind::Transactional {
            let entry = self.cursors.entry(shard).or_default();
            *entry = (*entry).max(batch.through);
            self.history.entry(shard).or_default().push(*entry);
        }
    }

    /// Up to where a shard's rows are there.
    pub fn cursor(&self, shard: u16) -> Position {
        self.cursors.get(&shard).copied().unwrap_or_default()
    }

    /// It is as it was some batches of a shard ago.
    pub fn go_back(&mut self, shard: u16, rng: &mut Rng) {
        let Some(history) = self.history.get_mut(&shard) else {
            return;
        };
        let batches = 1 + rng.below(6) as usize;
        history.truncate(history.len().saturating_sub(batches));
        let Some(theirs) = history.last().copied() else {
            return;
        };
        self.cursors.insert(shard, theirs);
        let of_shard = |row: &Arrived| row.shard == shard && row.position > theirs;
        self.lost
            .extend(self.rows.iter().filter(|row| of_shard(row)).cloned());
        self.rows.retain(|row| !of_shard(row));
    }

    /// Whether a row that is not there was lost by the target and called gone.
    pub fn is_gone(&self, forwarder: usize, number: u64) -> bool {
        let named = |row: &Arrived| {
            let mut gone = self.gone.iter();
            gone.any(|(shard, gone)| *shard == row.shard && gone.has(row.position))
        };
        let mut lost = self.lost.iter();
        lost.any(|row| (row.forwarder, row.number) == (forwarder, number) && named(row))
    }
}

/// Reads `forwarder number device` wherever it stands in a row or dead letter.
fn parse(row: &[u8], shard: u16, position: Position) -> Arrived {
    let text = std::str::from_utf8(row).expect("rows here are text");
    let from = text.find("@f").expect("each row carries its origin") + 2;
    let mut words = text[from..]
        .split(|c: char| !c.is_ascii_digit())
        .filter(|w| !w.is_empty());
    let mut next = || {
        words
            .next()
            .and_then(|w| w.parse().ok())
            .expect("four numbers")
    };
    Arrived {
        forwarder: next() as usize,
        number: next(),
        device: next(),
        epoch: next(),
        shard,
        position,
    }
}

/// Writes the row's first column.
pub struct TextEncoder;

impl RowEncoder for TextEncoder {
    fn encode(
        &mut self,
        _identity: &RowIdentity,
        row: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        if let Some(Value::String(text)) = row.first() {
            out.extend_from_slice(text.as_bytes());
        }
        out.push(b'\n');
        Ok(())
    }
}
