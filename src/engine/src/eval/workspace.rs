//! Where text is made: a buffer for text under construction, an arena for what a record's rows refer to.

use bumpalo::Bump;
use rookery_codecs::json::NodeRef;
use std::cell::RefCell;

/// Places for text. `'a` is how long made values live: one record.
#[derive(Clone, Copy)]
pub(crate) struct Workspace<'c, 'a> {
    pub arena: &'a Bump,
    pub scratch: &'c RefCell<Vec<u8>>,
    /// Room to sort the members of JSON objects in.
    pub members: &'c RefCell<Vec<NodeRef>>,
}

impl<'a> Workspace<'_, 'a> {
    /// Text whose parts `write` appends to a buffer; each part is UTF-8. `write` must not build text
    /// itself.
    pub fn build(&self, write: impl FnOnce(&mut Vec<u8>)) -> &'a str {
        let mut out = self.scratch.borrow_mut();
        out.clear();
        write(&mut out);
        let text = std::str::from_utf8(&out).expect("text made of text is UTF-8");
        self.arena.alloc_str(text)
    }
}
