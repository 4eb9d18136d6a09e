//! Text into a tape.

use super::document::Document;
use super::error::ParseError;
use super::exact::ExactParser;
use rookery_model::limits::JSON_DEPTH_MAX;
use simd_json::{Buffers, INPUT_PADDING, Tape, fill_tape_padded};

/// Parses one text at a time into buffers that it keeps. They grow to the longest text seen; after that
/// nothing is allocated.
pub struct Decoder {
    /// simd-json unescapes in place: it works on this copy, with room behind it for its wide loads.
    copy: Vec<u8>,
    buffers: Buffers,
    /// The tape between two documents: empty, but with its memory.
    tape: Tape<'static>,
    /// Where each node of the tape begins in the text.
    starts: Vec<u32>,
    exact: ExactParser,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder without memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            copy: Vec::new(),
            buffers: Buffers::with_max_depth(0, JSON_DEPTH_MAX),
            tape: Tape(Vec::new()),
            starts: Vec::new(),
            exact: ExactParser::default(),
        }
    }

    /// Parses a text. The document borrows the decoder until it is dropped; its strings and numbers
    /// live as long as that borrow.
    ///
    /// # Errors
    /// [`ParseError`] if the text is not JSON, not UTF-8, or nested too deep. The decoder is as good as
    /// before.
    pub fn decode<'a>(&'a mut self, raw: &'a [u8]) -> Result<Document<'a>, ParseError> {
        let Self {
            copy,
            buffers,
            tape: slot,
            starts,
            exact,
        } = self;
        copy.clear();
        copy.reserve(raw.len() + INPUT_PADDING);
        copy.extend_from_slice(raw);
        copy.extend_from_slice(&[b' '; INPUT_PADDING]);
        let mut tape = std::mem::replace(slot, Tape(Vec::new())).reset();
        if fill_tape_padded(copy, raw.len(), buffers, &mut tape).is_ok() {
            let structurals = buffers.structural_indexes();
            return Ok(Document::new(raw, tape, slot, starts, Some(structurals)));
        }
        // What it left may borrow the copy: only the memory is kept.
        let mut tape = tape.reset();
        match exact.parse(raw, &mut tape, starts) {
            Ok(()) => Ok(Document::new(raw, tape, slot, starts, None)),
            Err(error) => {
                *slot = tape.reset();
                Err(error)
            }
        }
    }
}
