//! How far a connection's stream is durable.
//!
//! What one read brought is a chunk of consecutive lines. It is split by device into parts for several
//! shards, which finish in any order. The stream is acknowledged up to the end of the gapless run of
//! finished chunks.

use rookery_model::limits::UNACKED_CHUNKS_MAX;
use std::collections::VecDeque;

/// A chunk of one connection, numbered from 0 without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId(pub u64);

/// Chunks of one connection that are on their way to disk. Its memory is bounded and used again.
#[derive(Debug)]
pub struct AckTracker {
    acked: u64,
    unacked_bytes: usize,
    /// Number of the first chunk in `open`.
    first: u64,
    open: VecDeque<Chunk>,
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    /// Number of its last line.
    end: u64,
    bytes: usize,
    /// Parts that are not done.
    parts: u16,
}

impl AckTracker {
    /// A stream that is durable up to number `resume`.
    #[must_use]
    pub fn new(resume: u64) -> Self {
        Self {
            acked: resume,
            unacked_bytes: 0,
            first: 0,
            open: VecDeque::new(),
        }
    }

    /// Takes the next chunk on: `lines` more lines of `bytes` bytes, split into `parts` parts.
    ///
    /// # Panics
    /// If the chunk has no part, or [`AckTracker::is_full`] was not asked.
    pub fn open(&mut self, lines: u64, bytes: usize, parts: u16) -> ChunkId {
        assert!(parts > 0, "a chunk has a part to wait for");
        assert!(!self.is_full(), "the socket is not read at the limit");
        let before = self.open.back().map_or(self.acked, |chunk| chunk.end);
        let id = ChunkId(self.first + self.open.len() as u64);
        self.open.push_back(Chunk {
            end: before + lines,
            bytes,
            parts,
        });
        self.unacked_bytes += bytes;
        id
    }

    /// One part of the chunk is durable. True if that acknowledges more than before.
    ///
    /// # Panics
    /// If the chunk has no part left: a part was told of twice.
    pub fn part_done(&mut self, chunk: ChunkId) -> bool {
        let parts = chunk
            .0
            .checked_sub(self.first)
            .and_then(|index| self.open.get_mut(index as usize))
            .map(|chunk| &mut chunk.parts)
            .filter(|parts| **parts > 0)
            .expect("each part of a chunk is done once");
        *parts -= 1;
        let mut moved = false;
        while let Some(done) = self.open.pop_front_if(|chunk| chunk.parts == 0) {
            self.first += 1;
            self.acked = done.end;
            self.unacked_bytes -= done.bytes;
            moved = true;
        }
        moved
    }

    /// Every line up to this number is durable.
    #[must_use]
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Bytes of the lines that are not.
    #[must_use]
    pub fn unacked_bytes(&self) -> usize {
        self.unacked_bytes
    }

    /// Whether no further chunk may be opened; the socket is not read then.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.open.len() >= UNACKED_CHUNKS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_run_moves_only_without_gaps() {
        let mut acks = AckTracker::new(10);
        let a = acks.open(2, 200, 2);
        let b = acks.open(3, 300, 1);
        assert!(!acks.part_done(b));
        assert!(!acks.part_done(a));
        assert_eq!((acks.acked(), acks.unacked_bytes()), (10, 500));
        assert!(acks.part_done(a));
        assert_eq!((acks.acked(), acks.unacked_bytes()), (15, 0));
        let c = acks.open(1, 100, 1);
        assert!(acks.part_done(c));
        assert_eq!(acks.acked(), 16);
    }

    #[test]
    fn it_is_full_at_its_limit_and_takes_more_when_the_first_is_done() {
        let mut acks = AckTracker::new(0);
        let first = acks.open(1, 1, 1);
        while !acks.is_full() {
            acks.open(1, 1, 1);
        }
        assert_eq!(acks.unacked_bytes(), UNACKED_CHUNKS_MAX);
        acks.part_done(first);
        assert!(!acks.is_full());
    }

    #[test]
    #[should_panic(expected = "each part of a chunk is done once")]
    fn a_part_that_is_done_twice_is_a_broken_promise() {
        let mut acks = AckTracker::new(0);
        let chunk = acks.open(1, 1, 1);
        acks.part_done(chunk);
        acks.part_done(chunk);
    }

    proptest! {
        /// Against the plain definition: the last line of the longest prefix of chunks that are done.
        #[test]
        fn any_order_gives_the_end_of_the_gapless_run(
            chunks in prop::collection::vec((1_u64..50, 1_u16..5), 1..40),
            order in any::<prop::sample::Index>(),
            seed in any::<u64>(),
        ) {
            let mut acks = AckTracker::new(7);
            let mut waiting: Vec<ChunkId> = Vec::new();
            for &(lines, parts) in &chunks {
                let id = acks.open(lines, lines as usize, parts);
                waiting.extend((0..parts).map(|_| id));
            }
            let mut left: Vec<u16> = chunks.iter().map(|&(_, parts)| parts).collect();
            let mut at = order.index(waiting.len()) as u64 ^ seed;
            while !waiting.is_empty() {
                at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let done = waiting.swap_remove((at >> 33) as usize % waiting.len());
                left[done.0 as usize] -= 1;
                let before = acks.acked();
                let moved = acks.part_done(done);
                let run = left.iter().take_while(|&&parts| parts == 0).count();
                let expected = 7 + chunks[..run].iter().map(|&(lines, _)| lines).sum::<u64>();
                let open = chunks[run..].iter().map(|&(lines, _)| lines as usize).sum::<usize>();
                prop_assert_eq!(acks.acked(), expected);
                prop_assert_eq!(acks.unacked_bytes(), open);
                prop_assert_eq!(moved, expected > before);
            }
        }
    }
}
