//! Which values came by: a set over places of a list, in memory of the record.

use super::made;
use crate::eval::context::Context;
use crate::eval::pattern::TextHash;
use crate::failure::Failure;
use rookery_model::Value;
use std::hash::{BuildHasher, Hasher};

/// An open-addressed table of places.
pub(crate) struct Seen<'a> {
    slots: &'a mut [u32],
}

const EMPTY: u32 = u32::MAX;

impl<'a> Seen<'a> {
    /// For at most so many values.
    pub fn new(
        cx: &Context<'_, 'a>,
        function: &'static str,
        count: usize,
    ) -> Result<Self, &'a Failure<'a>> {
        let size = (count.saturating_mul(2)).next_power_of_two().max(4);
        made::take(cx, function, size.saturating_mul(size_of::<u32>()))?;
        Ok(Self {
            slots: cx.work.arena.alloc_slice_fill_copy(size, EMPTY),
        })
    }

    /// The place of an equal value, which `is_at` knows; otherwise notes `place` for it.
    pub fn find_or_note(
        &mut self,
        value: &Value<'_>,
        place: usize,
        mut is_at: impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash(value) as usize & mask;
        loop {
            match self.slots[at] {
                EMPTY => {
                    self.slots[at] = place as u32;
                    return None;
                }
                known if is_at(known as usize) => return Some(known as usize),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// The place of an equal value.
    pub fn find(&self, value: &Value<'_>, mut is_at: impl FnMut(usize) -> bool) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash(value) as usize & mask;
        loop {
            match self.slots[at] {
                EMPTY => return None,
                known if is_at(known as usize) => return Some(known as usize),
                _ => at = (at + 1) & mask,
            }
        }
    }
}

/// Values that are equal have one hash.
fn hash(value: &Value<'_>) -> u64 {
    let mut hasher = TextHash::default().build_hasher();
    mix(value, &mut hasher);
    hasher.finish()
}

fn mix(value: &Value<'_>, hasher: &mut impl Hasher) {
    match *value {
        Value::Null => hasher.write(b"n"),
        Value::Boolean(truth) => hasher.write(&[u8::from(truth)]),
        Value::Int(int) => hasher.write(&int.to_le_bytes()),
        // -0 and 0 are equal; all NaN are put together.
        Value::Float(float) => hasher.write(&(float + 0.0).to_bits().to_le_bytes()),
        Value::Double(double) => hasher.write(&(double + 0.0).to_bits().to_le_bytes()),
        Value::Decimal(decimal) => {
            let mut unscaled = decimal.unscaled;
            while unscaled != 0 && unscaled % 10 == 0 {
                unscaled /= 10;
            }
            hasher.write(&unscaled.to_le_bytes());
        }
        Value::String(text) => hasher.write(text.as_bytes()),
        Value::Bytes(bytes) => hasher.write(bytes),
        Value::Date(int) | Value::Time(int) => hasher.write(&int.to_le_bytes()),
        Value::Timestamp(time) | Value::TimestampLtz(time) => {
            hasher.write(&time.millis.to_le_bytes());
            hasher.write(&time.nanos.to_le_bytes());
        }
        Value::Array(values) | Value::Row(values) => values.iter().for_each(|v| mix(v, hasher)),
        // Equal maps may have another order.
        Value::Map(entries) => hasher.write(&entries.len().to_le_bytes()),
    }
}
