//! What a parsed text holds.

use super::keys::{KeySet, PackedKey};
use crate::escape::write_string;
use simd_json::{Node as TapeNode, StaticNode, Tape};
use std::cell::{Cell, RefCell};

/// One value of a document, by its place on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeRef(u32);

impl NodeRef {
    /// No value: the key or the path is not there.
    pub const MISSING: Self = Self(u32::MAX);

    /// Whether there is no value.
    #[inline]
    #[must_use]
    pub fn is_missing(self) -> bool {
        self == Self::MISSING
    }

    fn at(index: usize) -> Self {
        // Texts of 4 GiB are refused, and a node takes a byte at least.
        Self(index as u32)
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

impl Default for NodeRef {
    fn default() -> Self {
        Self::MISSING
    }
}

/// A value, looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node<'a> {
    /// There is none.
    Missing,
    /// null
    Null,
    /// true, false
    Boolean(bool),
    /// A number, as it was written.
    Number(&'a str),
    /// A string's text, without quotes and escapes.
    String(&'a str),
    /// An array of this many elements.
    Array(usize),
    /// An object of this many members.
    Object(usize),
}

/// A parsed text. Returns its memory to its decoder when dropped.
pub struct Document<'a> {
    raw: &'a [u8],
    tape: Tape<'a>,
    slot: &'a mut Tape<'static>,
    /// Where each node begins in `raw`; made when first asked for, unless the parser made it.
    starts: RefCell<&'a mut Vec<u32>>,
    starts_made: Cell<bool>,
    structurals: &'a [u32],
}

impl Drop for Document<'_> {
    fn drop(&mut self) {
        let tape = std::mem::replace(&mut self.tape, Tape(Vec::new()));
        *self.slot = tape.reset();
    }
}

impl std::fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf8_lossy(self.raw);
        f.debug_tuple("Document").field(&text).finish()
    }
}

impl<'a> Document<'a> {
    /// A document over a tape. Without structural indexes the starts are made already.
    pub(super) fn new(
        raw: &'a [u8],
        tape: Tape<'a>,
        slot: &'a mut Tape<'static>,
        starts: &'a mut Vec<u32>,
        structurals: Option<&'a [u32]>,
    ) -> Self {
        Self {
            raw,
            tape,
            slot,
            starts: RefCell::new(starts),
            starts_made: Cell::new(structurals.is_none()),
            structurals: structurals.unwrap_or_default(),
        }
    }

    /// The text that was parsed.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> NodeRef {
        NodeRef(0)
    }

    /// Looks at a value.
    #[inline]
    #[must_use]
    pub fn node(&self, node: NodeRef) -> Node<'a> {
        match self.tape.0.get(node.index()) {
            Some(TapeNode::String(text)) => Node::String(text),
            Some(TapeNode::Static(StaticNode::Null)) => Node::Null,
            Some(TapeNode::Static(StaticNode::Bool(value))) => Node::Boolean(*value),
            Some(TapeNode::Static(_)) => Node::Number(self.number_text(node.index())),
            Some(TapeNode::Array { len, .. }) => Node::Array(*len),
            Some(TapeNode::Object { len, .. }) => Node::Object(*len),
            None => Node::Missing,
        }
    }

    /// The member of that key at the top level. For several keys use [`fill_columns`](Self::fill_columns).
    #[must_use]
    pub fn get(&self, key: &str) -> NodeRef {
        self.members(self.root())
            .find(|(name, _)| *name == key)
            .map_or(NodeRef::MISSING, |(_, value)| value)
    }

    /// Finds the members of the top-level object whose keys are in the set, in one pass. `out[i]` becomes
    /// the value of key `i`, [`NodeRef::MISSING`] where it is not there (or the text is no object).
    /// Returns how many members were not the first of their key, whether the set knows it or not.
    ///
    /// # Panics
    /// If `out` is shorter than the set.
    pub fn fill_columns(&self, keys: &KeySet, out: &mut [NodeRef]) -> u32 {
        assert!(out.len() >= keys.len(), "one place for each key of the set");
        out.fill(NodeRef::MISSING);
        let mut duplicates = 0;
        let mut strangers = Strangers::default();
        for (key, value) in self.members(self.root()) {
            let packed = PackedKey::new(key);
            let first = match keys.find_packed(key, packed) {
                Some(column) if out[column].is_missing() => {
                    out[column] = value;
                    true
                }
                Some(_) => false,
                None => !strangers.may_hold(packed.hash()) || !self.came_before(key, value),
            };
            duplicates += u32::from(!first);
        }
        duplicates
    }

    /// Whether a member of this key stands before `value` at the top level.
    #[cold]
    fn came_before(&self, key: &str, value: NodeRef) -> bool {
        self.members(self.root())
            .take_while(|(_, other)| *other < value)
            .any(|(name, _)| name == key)
    }

    /// Members of an object in order, duplicates included; none of any other value.
    #[inline]
    #[must_use]
    pub fn members(&self, object: NodeRef) -> Members<'_, 'a> {
        let left = match self.tape.0.get(object.index()) {
            Some(TapeNode::Object { len, .. }) => *len,
            _ => 0,
        };
        Members {
            tape: &self.tape.0,
            next: object.index().saturating_add(1),
            left,
        }
    }

    /// Elements of an array in order; none of any other value.
    #[inline]
    #[must_use]
    pub fn elements(&self, array: NodeRef) -> Elements<'_, 'a> {
        let left = match self.tape.0.get(array.index()) {
            Some(TapeNode::Array { len, .. }) => *len,
            _ => 0,
        };
        Elements {
            tape: &self.tape.0,
            next: array.index().saturating_add(1),
            left,
        }
    }

    /// The key of a member, by its value.
    pub(super) fn key_of(&self, value: NodeRef) -> &'a str {
        match self.tape.0.get(value.index().wrapping_sub(1)) {
            Some(TapeNode::String(key)) => key,
            _ => "",
        }
    }

    /// Appends a value as compact JSON: no blanks, numbers as written, strings with the fewest escapes,
    /// members in order. Nothing for [`NodeRef::MISSING`].
    pub fn write_json(&self, node: NodeRef, out: &mut Vec<u8>) {
        match self.node(node) {
            Node::Missing => {}
            Node::Null => out.extend_from_slice(b"null"),
            Node::Boolean(true) => out.extend_from_slice(b"true"),
            Node::Boolean(false) => out.extend_from_slice(b"false"),
            Node::Number(text) => out.extend_from_slice(text.as_bytes()),
            Node::String(text) => write_string(text, out),
            Node::Array(_) => {
                out.push(b'[');
                for (i, element) in self.elements(node).enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    self.write_json(element, out);
                }
                out.push(b']');
            }
            Node::Object(_) => {
                out.push(b'{');
                for (i, (key, value)) in self.members(node).enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    write_string(key, out);
                    out.push(b':');
                    self.write_json(value, out);
                }
                out.push(b'}');
            }
        }
    }

    /// The number's bytes in the text.
    fn number_text(&self, index: usize) -> &'a str {
        let mut starts = self.starts.borrow_mut();
        if !self.starts_made.replace(true) {
            find_starts(self.raw, self.structurals, &mut starts);
        }
        let start = starts[index] as usize;
        let length = self.raw[start..]
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            .unwrap_or(self.raw.len() - start);
        let text = &self.raw[start..start + length];
        std::str::from_utf8(text).expect("a number is ASCII")
    }
}

/// Every node of a tape begins at a structural character that is no closing bracket, comma or colon, in
/// the same order.
#[cold]
fn find_starts(raw: &[u8], structurals: &[u32], starts: &mut Vec<u32>) {
    starts.clear();
    let begins = |at: &&u32| !matches!(raw[**at as usize], b'}' | b']' | b',' | b':');
    starts.extend(structurals.iter().filter(begins));
}

/// Keys outside the set that came by, as a Bloom filter of one hash: it may take a new key for an old
/// one, never an old one for new.
#[derive(Default)]
struct Strangers([u64; 4]);

impl Strangers {
    /// Notes a key; whether it may have been noted before.
    #[inline]
    fn may_hold(&mut self, hash: u64) -> bool {
        let word = &mut self.0[(hash >> 62) as usize];
        let bit = 1 << (hash >> 56 & 63);
        let held = *word & bit != 0;
        *word |= bit;
        held
    }
}

/// Nodes of a value: itself and all below it.
#[inline]
fn span(node: &TapeNode<'_>) -> usize {
    match node {
        TapeNode::Object { count, .. } | TapeNode::Array { count, .. } => count + 1,
        _ => 1,
    }
}

/// Members of an object: see [`Document::members`].
#[derive(Clone, Debug)]
pub struct Members<'t, 'a> {
    tape: &'t [TapeNode<'a>],
    next: usize,
    left: usize,
}

impl<'a> Iterator for Members<'_, 'a> {
    type Item = (&'a str, NodeRef);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let TapeNode::String(key) = self.tape.get(self.next)? else {
            return None;
        };
        let value = self.next + 1;
        self.next = value + span(self.tape.get(value)?);
        Some((key, NodeRef::at(value)))
    }
}

/// Elements of an array: see [`Document::elements`].
#[derive(Clone, Debug)]
pub struct Elements<'t, 'a> {
    tape: &'t [TapeNode<'a>],
    next: usize,
    left: usize,
}

impl Iterator for Elements<'_, '_> {
    type Item = NodeRef;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let element = self.next;
        self.next = element + span(self.tape.get(element)?);
        Some(NodeRef::at(element))
    }
}
