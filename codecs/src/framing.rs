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
