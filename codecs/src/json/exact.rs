//! The exact parser: all of RFC 8259, numbers of any size, and the place of what is wrong.
//!
//! It takes over where simd-json refuses, so it need not be fast; but a sender may make it run for each
//! message, so it is linear, keeps its memory and goes no deeper than the limit.

use super::error::ParseError;
use crate::escape::{BadEscape, unescape_into};
use crate::token::{number_length, skip_blanks, string_end};
use rookery_model::limits::JSON_DEPTH_MAX;
use simd_json::{Node, StaticNode, Tape};

/// Memory of the parser.
#[derive(Default)]
pub(super) struct ExactParser {
    entries: Vec<Entry>,
    /// Texts of the strings that hold escapes, one behind the other.
    texts: Vec<u8>,
}

/// A node before its strings can be borrowed.
#[derive(Clone, Copy)]
enum Entry {
    Static(StaticNode),
    /// A string without escapes: bytes of the raw text.
    Plain(usize, usize),
    /// A string with escapes: bytes of `texts`.
    Unescaped(usize, usize),
    Array(Extent),
    Object(Extent),
}

/// Size of an array or object.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// Elements or members.
    len: usize,
    /// Nodes below it.
    count: usize,
}

impl ExactParser {
    /// Fills `tape` and where each of its nodes begins.
    pub(super) fn parse<'a>(
        &'a mut self,
        raw: &'a [u8],
        tape: &mut Tape<'a>,
        starts: &mut Vec<u32>,
    ) -> Result<(), ParseError> {
        tape.0.clear();
        starts.clear();
        self.entries.clear();
        self.texts.clear();
        let text = std::str::from_utf8(raw).map_err(|error| ParseError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        let mut run = Run {
            raw,
            at: 0,
            depth: 0,
            entries: &mut self.entries,
            texts: &mut self.texts,
            starts,
        };
        run.value()?;
        run.blanks();
        if run.at != raw.len() {
            return Err(run.expected("the end of the text"));
        }
        let texts =
            std::str::from_utf8(&self.texts).expect("escapes of UTF-8 text give UTF-8 text");
        tape.0.extend(self.entries.iter().map(|entry| match *entry {
            Entry::Static(value) => Node::Static(value),
            Entry::Plain(start, end) => Node::String(&text[start..end]),
            Entry::Unescaped(start, end) => Node::String(&texts[start..end]),
            Entry::Array(Extent { len, count }) => Node::Array { len, count },
            Entry::Object(Extent { len, count }) => Node::Object { len, count },
        }));
        Ok(())
    }
}

/// One parse under way.
struct Run<'r> {
    raw: &'r [u8],
    at: usize,
    depth: usize,
    entries: &'r mut Vec<Entry>,
    texts: &'r mut Vec<u8>,
    starts: &'r mut Vec<u32>,
}

impl Run<'_> {
    fn blanks(&mut self) {
        self.at = skip_blanks(self.raw, self.at);
    }

    fn expected(&self, expected: &'static str) -> ParseError {
        ParseError::NotJson {
            expected,
            offset: self.at,
        }
    }

    /// Takes a byte if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.raw.get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    fn push(&mut self, start: usize, entry: Entry) {
        self.starts.push(start as u32);
        self.entries.push(entry);
    }

    fn value(&mut self) -> Result<(), ParseError> {
        self.blanks();
        let start = self.at;
        let rest = &self.raw[start..];
        match rest.first() {
            Some(b'"') => self.string(),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => {
                let length = number_length(rest).ok_or_else(|| self.expected("a number"))?;
                self.at += length;
                self.push(start, Entry::Static(StaticNode::U64(0)));
                Ok(())
            }
            _ => {
                let words = [
                    ("null", StaticNode::Null),
                    ("true", StaticNode::Bool(true)),
                    ("false", StaticNode::Bool(false)),
                ];
                let found = words
                    .iter()
                    .find(|(word, _)| rest.starts_with(word.as_bytes()));
                let (word, value) = found.ok_or_else(|| self.expected("a value"))?;
                self.at += word.len();
                self.push(start, Entry::Static(*value));
                Ok(())
            }
        }
    }

    fn nested(
        &mut self,
        body: fn(&mut Self) -> Result<Entry, ParseError>,
    ) -> Result<(), ParseError> {
        if self.depth == JSON_DEPTH_MAX {
            return Err(ParseError::TooDeep { offset: self.at });
        }
        self.depth += 1;
        let header = self.entries.len();
        self.push(self.at, Entry::Array(Extent::default()));
        self.at += 1;
        self.entries[header] = body(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn object(&mut self) -> Result<Entry, ParseError> {
        let first = self.entries.len();
        let mut len = 0;
        self.blanks();
        if !self.take(b'}') {
            loop {
                self.blanks();
                if self.raw.get(self.at) != Some(&b'"') {
                    return Err(self.expected("a key"));
                }
                self.string()?;
                self.blanks();
                if !self.take(b':') {
                    return Err(self.expected("`:`"));
                }
                self.value()?;
                len += 1;
                self.blanks();
                if self.take(b'}') {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.expected("`,` or `}`"));
                }
            }
        }
        let count = self.entries.len() - first;
        Ok(Entry::Object(Extent { len, count }))
    }

    fn array(&mut self) -> Result<Entry, ParseError> {
        let first = self.entries.len();
        let mut len = 0;
        self.blanks();
        if !self.take(b']') {
            loop {
                self.value()?;
                len += 1;
                self.blanks();
                if self.take(b']') {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.expected("`,` or `]`"));
                }
            }
        }
        let count = self.entries.len() - first;
        Ok(Entry::Array(Extent { len, count }))
    }

    fn string(&mut self) -> Result<(), ParseError> {
        let quote = self.at;
        let start = quote + 1;
        let Some((end, escaped)) = string_end(self.raw, start) else {
            self.at = self.raw.len();
            return Err(self.expected("a closing quote"));
        };
        let text = &self.raw[start..end];
        if let Some(control) = text.iter().position(|&byte| byte < 0x20) {
            self.at = start + control;
            return Err(self.expected("an escape instead of a control character"));
        }
        let entry = if escaped {
            let first = self.texts.len();
            if let Err(BadEscape(offset)) = unescape_into(text, self.texts) {
                self.at = start + offset;
                return Err(self.expected("a valid escape"));
            }
            Entry::Unescaped(first, self.texts.len())
        } else {
            Entry::Plain(start, end)
        };
        self.push(quote, entry);
        self.at = end + 1;
        Ok(())
    }
}
