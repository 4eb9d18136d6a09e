//! A fixed set of keys, looked up by text.

/// Keys known beforehand, each with its index. Built once; a look-up is a multiplication and almost
/// always one comparison of machine words.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Box<str>>,
    /// Open addressing. A power of two, at most a quarter full.
    table: Box<[Place]>,
    /// How far to shift a hash so that it indexes the table.
    shift: u32,
}

/// A place of the table.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    packed: PackedKey,
    /// Index of the key plus 1; 0 where there is none.
    next_index: u32,
}

/// A key in three words: its length and up to 16 of its bytes. Equal words mean equal keys up to 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PackedKey {
    head: u64,
    tail: u64,
    length: u32,
}

/// Longest key that its packed form tells whole.
const PACKED_BYTES: u32 = 16;

impl PackedKey {
    #[inline]
    pub(super) fn new(key: &str) -> Self {
        let key = key.as_bytes();
        let word = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        let (head, tail) = if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk())
        {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
            (word(first) | word(last) << 32, 0)
        } else if let (Some(first), Some(last)) = (key.first(), key.last()) {
            let bytes = [*first, key[key.len() / 2], *last, 0];
            (word(&bytes), 0)
        } else {
            (0, 0)
        };
        Self {
            head,
            tail,
            length: key.len() as u32,
        }
    }

    /// The upper bits are mixed best.
    #[inline]
    pub(super) fn hash(self) -> u64 {
        let mixed = self.head ^ self.tail.rotate_left(29) ^ u64::from(self.length) << 7;
        // An odd number near 2^64 divided by the golden ratio (Knuth, multiplicative hashing).
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed << 19
    }
}

impl KeySet {
    /// A set of these keys; key `i` is the i-th. Of equal keys the first is found.
    pub fn new<'k>(keys: impl IntoIterator<Item = &'k str>) -> Self {
        let keys: Vec<Box<str>> = keys.into_iter().map(Box::from).collect();
        let size = (keys.len() * 4).next_power_of_two().max(4);
        let mut set = Self {
            keys: Vec::with_capacity(keys.len()),
            table: vec![Place::default(); size].into_boxed_slice(),
            shift: 64 - size.ilog2(),
        };
        for key in keys {
            let packed = PackedKey::new(&key);
            if set.find_packed(&key, packed).is_none() {
                let mut place = set.place(packed);
                while set.table[place].next_index != 0 {
                    place = (place + 1) & (set.table.len() - 1);
                }
                set.table[place] = Place {
                    packed,
                    next_index: set.keys.len() as u32 + 1,
                };
            }
            set.keys.push(key);
        }
        set
    }

    /// How many keys were given.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Index of a key.
    #[inline]
    #[must_use]
    pub fn find(&self, key: &str) -> Option<usize> {
        self.find_packed(key, PackedKey::new(key))
    }

    #[inline]
    pub(super) fn find_packed(&self, key: &str, packed: PackedKey) -> Option<usize> {
        let mut at = self.place(packed);
        loop {
            let place = self.table.get(at)?;
            let index = (place.next_index as usize).checked_sub(1)?;
            if place.packed == packed
                && (packed.length <= PACKED_BYTES || *self.keys[index] == *key)
            {
                return Some(index);
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    #[inline]
    fn place(&self, packed: PackedKey) -> usize {
        (packed.hash() >> self.shift) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_found_and_no_other() {
        let keys = [
            "id", "imei", "pk", "type", "data", "profile", "time", "", "名",
        ];
        let set = KeySet::new(keys);
        assert_eq!(set.len(), 9);
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(set.find(key), Some(i));
        }
        for other in ["i", "imeI", "dara", "times", "x", "名字", "\0", "di", "tim"] {
            assert_eq!(set.find(other), None);
        }
    }

    #[test]
    fn keys_that_hash_alike_are_told_apart() {
        let keys: Vec<String> = (0..500).map(|i| format!("ab{i:03}m{i:03}z")).collect();
        let set = KeySet::new(keys.iter().map(String::as_str));
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(set.find(key), Some(i));
        }
    }

    #[test]
    fn keys_of_each_length_are_told_apart() {
        let text = "abcdefghijklmnopqrstuvwxyz";
        let keys: Vec<&str> = (0..=text.len()).map(|length| &text[..length]).collect();
        let set = KeySet::new(keys.iter().copied());
        for (length, key) in keys.iter().enumerate() {
            assert_eq!(set.find(key), Some(length));
            for at in 0..length {
                let mut other = (*key).to_owned();
                other.replace_range(at..=at, "#");
                assert_eq!(set.find(&other), None, "{other}");
            }
        }
    }

    #[test]
    fn of_equal_keys_the_first_is_found() {
        let set = KeySet::new(["a", "b", "a"]);
        assert_eq!(set.len(), 3);
        assert_eq!(set.find("a"), Some(0));
    }

    #[test]
    fn an_empty_set_finds_nothing() {
        assert_eq!(KeySet::default().find("a"), None);
        assert_eq!(KeySet::new([]).find(""), None);
        assert!(KeySet::new([]).is_empty());
    }
}
