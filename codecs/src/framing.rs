//! Bytes of a connection into lines.
//!
//! A line ends at `\n`; one `\r` before it is dropped. A line of blanks (spaces, tabs, carriage
//! returns) is empty and yields nothing. A line longer than the limit is skipped to its newline,
//! keeping its first bytes and its length, and the lines after it are read as ever. What follows the
//! last newline when a stream ends is an unfinished line, and is never yielded.

use rookery_model::limits::{OVERSIZED_PREFIX_BYTES, READ_BUFFER_BYTES};

/// What stood between two newlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A line, not empty, within the limit, without its line end.
    Line(&'a [u8]),
    /// A line over the limit.
    Oversized {
        /// Its first bytes, at most [`OVERSIZED_PREFIX_BYTES`].
        prefix: &'a [u8],
        /// Its whole length in bytes, without its line end.
        length: u64,
    },
}

/// Splits one connection's bytes into frames. Owns the connection's read buffer, which grows from
/// [`READ_BUFFER_BYTES`] to just over the frame limit when a long line needs it.
///
/// The caller reads into [`spare`](Self::spare), tells [`filled`](Self::filled), and takes frames
/// from [`next_frame`](Self::next_frame) until there is none.
#[derive(Debug)]
pub struct LineFramer {
    frame_max: usize,
    buffer: Box<[u8]>,
    /// First byte of the line being read.
    start: usize,
    /// Bytes from here on have not been searched for a newline.
    scanned: usize,
    /// Byte after the last one read.
    end: usize,
    skipping: Option<Skipping>,
    /// First bytes of the oversized line being skipped, or of the one yielded last.
    prefix: Vec<u8>,
}

/// An oversized line under way.
#[derive(Debug)]
struct Skipping {
    /// Bytes of it that were dropped from the buffer.
    length: u64,
    /// Whether the last of them was `\r`.
    carriage_return: bool,
}

impl LineFramer {
    /// A framer whose lines hold at most `frame_max` bytes.
    #[must_use]
    pub fn new(frame_max: usize) -> Self {
        let size = READ_BUFFER_BYTES.min(Self::largest_buffer(frame_max));
        Self {
            frame_max,
            buffer: vec![0; size].into_boxed_slice(),
            start: 0,
            scanned: 0,
            end: 0,
            skipping: None,
            prefix: Vec::new(),
        }
    }

    /// A line at the limit, its `\r\n`, and a byte more so that the one over it shows.
    fn largest_buffer(frame_max: usize) -> usize {
        frame_max + 3
    }

    /// Room to read into, never empty. Call it when [`next_frame`](Self::next_frame) has no more.
    pub fn spare(&mut self) -> &mut [u8] {
        if self.start == self.end {
            self.start = 0;
            self.scanned = 0;
            self.end = 0;
        } else if self.buffer.len() - self.end < self.buffer.len() / 4 {
            self.make_room();
        }
        &mut self.buffer[self.end..]
    }

    /// Moves the unfinished line to the front; grows the buffer if that gives less than half of it.
    #[cold]
    fn make_room(&mut self) {
        let unfinished = self.end - self.start;
        if unfinished > self.buffer.len() / 2 {
            let largest = Self::largest_buffer(self.frame_max);
            let size = (self.buffer.len() * 2).min(largest);
            if size > self.buffer.len() {
                let mut larger = vec![0; size].into_boxed_slice();
                larger[..unfinished].copy_from_slice(&self.buffer[self.start..self.end]);
                self.buffer = larger;
            } else {
                self.buffer.copy_within(self.start..self.end, 0);
            }
        } else {
            self.buffer.copy_within(self.start..self.end, 0);
        }
        self.scanned -= self.start;
        self.start = 0;
        self.end = unfinished;
        assert!(
            self.end < self.buffer.len(),
            "a line over the limit is never held whole"
        );
    }

    /// Tells that `bytes` were read into the front of [`spare`](Self::spare).
    ///
    /// # Panics
    /// If `bytes` is more than was spare.
    pub fn filled(&mut self, bytes: usize) {
        assert!(
            bytes <= self.buffer.len() - self.end,
            "more bytes were filled than were spare"
        );
        self.end += bytes;
    }

    /// The next frame of what was read, or `None` when more must be read first.
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        loop {
            let unseen = &self.buffer[self.scanned..self.end];
            let Some(found) = memchr::memchr(b'\n', unseen) else {
                self.scanned = self.end;
                self.drop_excess();
                return None;
            };
            let newline = self.scanned + found;
            let start = self.start;
            self.start = newline + 1;
            self.scanned = newline + 1;
            if let Some(skipped) = self.skipping.take() {
                return Some(self.end_oversized(start..newline, &skipped));
            }
            let line = drop_carriage_return(&self.buffer[start..newline]);
            if line.len() > self.frame_max {
                let none = Skipping {
                    length: 0,
                    carriage_return: false,
                };
                self.prefix.clear();
                return Some(self.end_oversized(start..newline, &none));
            }
            if !is_blank(line) {
                // Taken anew because the borrow checker does not see that the loop ends here.
                let length = line.len();
                return Some(Frame::Line(&self.buffer[start..start + length]));
            }
        }
    }

    /// Bytes of the line that has begun and not ended; 0 between lines.
    #[must_use]
    pub fn unfinished_bytes(&self) -> u64 {
        let held = (self.end - self.start) as u64;
        held + self.skipping.as_ref().map_or(0, |skipped| skipped.length)
    }

    /// Bytes of memory the framer holds.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.buffer.len() + self.prefix.capacity()
    }

    /// Begins or goes on skipping when the unfinished line is over the limit whatever follows.
    fn drop_excess(&mut self) {
        let held = &self.buffer[self.start..self.end];
        if self.skipping.is_none() {
            // One byte above may still be the `\r` of the line end.
            if held.len() <= self.frame_max + 1 {
                return;
            }
            self.prefix.clear();
            self.skipping = Some(Skipping {
                length: 0,
                carriage_return: false,
            });
        }
        if let (Some(skipped), Some(&last)) = (self.skipping.as_mut(), held.last()) {
            let wanted = OVERSIZED_PREFIX_BYTES.saturating_sub(self.prefix.len());
            self.prefix
                .extend_from_slice(&held[..wanted.min(held.len())]);
            skipped.length += held.len() as u64;
            skipped.carriage_return = last == b'\r';
        }
        self.start = 0;
        self.scanned = 0;
        self.end = 0;
    }

    /// The newline of an oversized line came; `rest` is what of it lies in the buffer.
    #[cold]
    fn end_oversized(&mut self, rest: std::ops::Range<usize>, skipped: &Skipping) -> Frame<'_> {
        let rest = &self.buffer[rest];
        let carriage_return = rest
            .last()
            .map_or(skipped.carriage_return, |&last| last == b'\r');
        let length = skipped.length + rest.len() as u64 - u64::from(carriage_return);
        let wanted = OVERSIZED_PREFIX_BYTES.saturating_sub(self.prefix.len());
        self.prefix
            .extend_from_slice(&rest[..wanted.min(rest.len())]);
        self.prefix
            .truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Frame::Oversized {
            prefix: &self.prefix,
            length,
        }
    }
}

/// Without one trailing `\r`.
#[inline]
fn drop_carriage_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line holds nothing but spaces, tabs and carriage returns. Almost every line's first byte
/// answers.
#[inline]
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of `input` read in pieces of `step` bytes, as text; oversized ones as `prefix..length`.
    fn frames(frame_max: usize, input: &[u8], step: usize) -> Vec<String> {
        let mut framer = LineFramer::new(frame_max);
        let mut frames = Vec::new();
        for piece in input.chunks(step) {
            let mut piece = piece;
            while !piece.is_empty() {
                let spare = framer.spare();
                let length = piece.len().min(spare.len());
                spare[..length].copy_from_slice(&piece[..length]);
                framer.filled(length);
                piece = &piece[length..];
                while let Some(frame) = framer.next_frame() {
                    frames.push(match frame {
                        Frame::Line(line) => String::from_utf8_lossy(line).into_owned(),
                        Frame::Oversized { prefix, length } => {
                            format!("{}..{length}", String::from_utf8_lossy(prefix))
                        }
                    });
                }
            }
        }
        frames
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let input = b"one\ntwo\r\n\n \t \r\n\r\nthree\r\r\nlast, unfinished";
        for step in 1..=input.len() {
            assert_eq!(frames(16, input, step), ["one", "two", "three\r"]);
        }
    }

    #[test]
    fn a_line_at_the_limit_passes_and_one_byte_more_does_not() {
        let input = b"12345678\n123456789\n12345678\r\n123456789\r\n1234567\r\r\nend\n";
        for step in 1..=input.len() {
            assert_eq!(
                frames(8, input, step),
                [
                    "12345678",
                    "123456789..9",
                    "12345678",
                    "123456789..9",
                    "1234567\r",
                    "end"
                ]
            );
        }
    }

    #[test]
    fn an_oversized_line_keeps_its_first_bytes_and_its_length() {
        let mut input = vec![b'x'; 300_000];
        input.extend_from_slice(b"\r\nnext\n");
        let prefix = "x".repeat(OVERSIZED_PREFIX_BYTES);
        for step in [1, 7, 1000, 70_000, input.len()] {
            for frame_max in [16, 5000, 70_000] {
                assert_eq!(
                    frames(frame_max, &input, step),
                    [format!("{prefix}..300000"), "next".to_owned()]
                );
            }
        }
    }

    #[test]
    fn the_unfinished_line_is_measured() {
        let mut framer = LineFramer::new(10);
        assert_eq!(framer.unfinished_bytes(), 0);
        let spare = framer.spare();
        let length = spare.len();
        spare[..5].copy_from_slice(b"a\nbcd");
        framer.filled(5);
        assert_eq!(framer.next_frame(), Some(Frame::Line(b"a")));
        assert_eq!(framer.next_frame(), None);
        assert_eq!(framer.unfinished_bytes(), 3);
        framer.spare().fill(b'x');
        framer.filled(length - 5);
        assert_eq!(framer.next_frame(), None);
        assert_eq!(framer.unfinished_bytes(), length as u64 - 2);
    }

    #[test]
    fn the_buffer_grows_only_for_a_long_line() {
        let mut framer = LineFramer::new(1 << 20);
        let start = framer.memory_bytes();
        let feed = |framer: &mut LineFramer, bytes: usize, last: u8| {
            let mut left = bytes;
            while left > 0 {
                let spare = framer.spare();
                let length = left.min(spare.len());
                spare[..length].fill(b'x');
                left -= length;
                if left == 0 {
                    spare[length - 1] = last;
                }
                framer.filled(length);
                while framer.next_frame().is_some() {}
            }
        };
        for _ in 0..1000 {
            feed(&mut framer, 999, b'\n');
        }
        assert_eq!(framer.memory_bytes(), start);
        feed(&mut framer, 500_000, b'\n');
        assert!(framer.memory_bytes() > start);
        feed(&mut framer, 5_000_000, b'x');
        assert!(framer.memory_bytes() <= (1 << 20) + 3 + OVERSIZED_PREFIX_BYTES);
    }

    #[test]
    #[should_panic(expected = "more bytes were filled than were spare")]
    fn filling_more_than_was_spare_is_refused() {
        let mut framer = LineFramer::new(10);
        let spare = framer.spare().len();
        framer.filled(spare + 1);
    }
}
