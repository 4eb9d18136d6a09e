//! Values that functions make, within what one message may take.

use crate::eval::context::{Context, Evaluated};
use crate::failure::Failure;
use rookery_model::Value;
use rookery_model::limits::MADE_MAX_BYTES;

/// Text under construction. What would go over the budget is left out, and noted.
pub(super) struct Made<'o> {
    out: &'o mut Vec<u8>,
    left: usize,
    over: bool,
}

impl Made<'_> {
    pub fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    pub fn push_char(&mut self, character: char) {
        self.push(character.encode_utf8(&mut [0; 4]));
    }

    /// Bytes that, with those before and after, are UTF-8.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        match self.left.checked_sub(bytes.len()) {
            Some(left) if !self.over => {
                self.left = left;
                self.out.extend_from_slice(bytes);
            }
            _ => self.over = true,
        }
    }

    /// Whether there is no room for more: a loop may end early.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Lets another writer append; for what is no longer than its input some times over.
    pub fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.out.len();
        write(self.out);
        match self.left.checked_sub(self.out.len() - before) {
            Some(left) => self.left = left,
            None => self.over = true,
        }
    }
}

/// The text that `write` makes for a function; none over the budget.
pub(super) fn text<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    write: impl FnOnce(&mut Made<'_>),
) -> Result<&'a str, &'a Failure<'a>> {
    let mut out = cx.work.scratch.borrow_mut();
    out.clear();
    let mut made = Made {
        left: MADE_MAX_BYTES.saturating_sub(cx.made.get()),
        over: false,
        out: &mut out,
    };
    write(&mut made);
    let over = made.over || std::str::from_utf8(made.out).is_err();
    if over {
        return cx.fail(Failure::TooLarge { function });
    }
    cx.made.set(cx.made.get() + out.len());
    let text = std::str::from_utf8(&out).expect("it was looked at just now");
    Ok(cx.work.arena.alloc_str(text))
}

/// The same as a value.
pub(super) fn string<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    write: impl FnOnce(&mut Made<'_>),
) -> Evaluated<'a> {
    text(cx, function, write).map(Value::String)
}

/// Places for so many values; a failure over the budget.
pub(crate) fn values<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    count: usize,
) -> Result<&'a mut [Value<'a>], &'a Failure<'a>> {
    take(cx, function, count.saturating_mul(size_of::<Value<'_>>()))?;
    Ok(cx.work.arena.alloc_slice_fill_copy(count, Value::Null))
}

/// Places for so many entries of a map; a failure over the budget.
pub(crate) fn entries<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    count: usize,
) -> Result<&'a mut [(Value<'a>, Value<'a>)], &'a Failure<'a>> {
    let size = size_of::<(Value<'_>, Value<'_>)>();
    take(cx, function, count.saturating_mul(size))?;
    let nothing = (Value::Null, Value::Null);
    Ok(cx.work.arena.alloc_slice_fill_copy(count, nothing))
}

/// Counts bytes that a function is about to make.
pub(super) fn take<'a>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    bytes: usize,
) -> Result<(), &'a Failure<'a>> {
    let made = cx.made.get().saturating_add(bytes);
    if made > MADE_MAX_BYTES {
        return cx.fail(Failure::TooLarge { function });
    }
    cx.made.set(made);
    Ok(())
}
