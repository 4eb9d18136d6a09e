//! A fixed set of keys, looked up by text.

/// Keys known beforehand, each with its index. Built once; a look-up is a hash of the key's length and
/// four of its bytes, and almost always one comparison.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Box<str>>,
    /// Open addressing: index of a key plus 1, or 0. A power of two, at most half full.
    table: Box<[u16]>,
    shift: u32,
}

impl KeySet {
    /// A set of these keys; key `i` is the i-th. Of equal keys the first is found.
    ///
    /// # Panics
    /// If there are 65,535 keys or more.
    pub fn new<'k>(keys: impl IntoIterator<Item = &'k str>) -> Self {
        let keys: Vec<Box<str>> = keys.into_iter().map(Box::from).collect();
        assert!(keys.len() < usize::from(u16::MAX), "keys of a set");
        let size = (keys.len() * 4).next_power_of_two().max(4);
        let mut set = Self {
            keys: Vec::with_capacity(keys.len()),
            table: vec![0; size].into_boxed_slice(),
            shift: 32 - size.ilog2(),
        };
        for key in keys {
            if set.find(&key).is_none() {
                let mut place = set.place(Self::hash(key.as_bytes()));
                while set.table[place] != 0 {
                    place = (place + 1) & (set.table.len() - 1);
                }
                set.table[place] = set.keys.len() as u16 + 1;
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
        self.find_hashed(key, Self::hash(key.as_bytes()))
    }

    #[inline]
    pub(super) fn find_hashed(&self, key: &str, hash: u32) -> Option<usize> {
        let mut place = self.place(hash);
        loop {
            let index = usize::from(*self.table.get(place)?).checked_sub(1)?;
            if *self.keys[index] == *key {
                return Some(index);
            }
            place = (place + 1) & (self.table.len() - 1);
        }
    }

    #[inline]
    fn place(&self, hash: u32) -> usize {
        (hash >> self.shift) as usize
    }

    /// Mixes the length, the first two bytes, the middle and the last one.
    #[inline]
    pub(super) fn hash(key: &[u8]) -> u32 {
        let Some((&last, _)) = key.split_last() else {
            return 0;
        };
        let second = key[key.len().min(2) - 1];
        let bytes = [key[0], second, key[key.len() / 2], last];
        (u32::from_le_bytes(bytes) ^ (key.len() as u32) << 3).wrapping_mul(0x9E37_79B1)
    }
}
