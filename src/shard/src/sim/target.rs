//! Where rows go: two targets of a kind each, and the dead letters. They outlive every crash.

use rookery_model::{Position, RowIdentity, Value};
use rookery_sinks::{EncodeError, RowBatch, RowEncoder};
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
}

/// A target's table.
pub struct Target {
    pub kind: Kind,
    pub rows: Vec<Arrived>,
    /// By shard.
    pub cursors: BTreeMap<u16, Position>,
}

impl Target {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            rows: Vec::new(),
            cursors: BTreeMap::new(),
        }
    }

    /// Takes a batch of a shard's lane, whole.
    pub fn write(&mut self, shard: u16, batch: &RowBatch) {
        let cursor = self.cursors.get(&shard).copied().unwrap_or_default();
        for (index, row) in batch.rows.iter().enumerate() {
            if self.kind == Kind::Transactional && row.position <= cursor {
                continue;
            }
            self.rows.push(parse(batch.row(index)));
        }
        if self.kind == Kind::Transactional {
            let entry = self.cursors.entry(shard).or_default();
            *entry = (*entry).max(batch.through);
        }
    }
}

/// Reads `forwarder number device` wherever it stands in a row or dead letter.
fn parse(row: &[u8]) -> Arrived {
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
