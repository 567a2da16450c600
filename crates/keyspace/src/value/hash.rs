//! Hashes: fields in the order of their insertion.
//!
//! A small hash keeps that order when a field is removed; a big one fills the place of a removed
//! field with its last field, so that removal stays O(1). Which of the two it is follows Redis:
//! a `listpack` becomes a `hashtable` when it outgrows its limits, and never goes back.

use super::{ListpackLimits, Map, SmallBytes};

/// A hash value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hash {
    fields: Map<SmallBytes, SmallBytes>,
    is_hashtable: bool,
}

impl Hash {
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub fn encoding(&self) -> &'static str {
        if self.is_hashtable { "hashtable" } else { "listpack" }
    }

    /// Whether it is small enough for HSCAN to answer the whole of it.
    pub fn is_packed(&self) -> bool {
        !self.is_hashtable
    }

    pub fn get(&self, field: &[u8]) -> Option<&SmallBytes> {
        self.fields.get(field)
    }

    pub fn contains(&self, field: &[u8]) -> bool {
        self.fields.contains_key(field)
    }

    /// The field and value at a place from 0 to `len() - 1`.
    pub fn get_index(&self, index: usize) -> Option<(&SmallBytes, &SmallBytes)> {
        self.fields.get_index(index)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&SmallBytes, &SmallBytes)> {
        self.fields.iter()
    }

    /// Says that one command is about to set so many fields: Redis counts them before it knows
    /// which are new.
    pub fn expect_fields(&mut self, count: usize, limits: ListpackLimits) {
        self.is_hashtable |= count > limits.entries;
    }

    /// Sets a field; `true` where it is new.
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: ListpackLimits) -> bool {
        self.is_hashtable |= field.len().max(value.len()) > limits.value_bytes;
        let is_new = match self.fields.get_mut(field) {
            Some(old) => {
                *old = value.into();
                false
            }
            None => {
                self.fields.insert(field.into(), value.into());
                true
            }
        };
        self.is_hashtable |= self.fields.len() > limits.entries;
        is_new
    }

    /// Removes a field and returns its value.
    pub fn remove(&mut self, field: &[u8]) -> Option<SmallBytes> {
        if self.is_hashtable {
            self.fields.swap_remove(field)
        } else {
            self.fields.shift_remove(field)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ListpackLimits = ListpackLimits { entries: 3, value_bytes: 4 };

    fn hash(fields: &[&str]) -> Hash {
        let mut hash = Hash::default();
        for field in fields {
            hash.set(field.as_bytes(), b"v", LIMITS);
        }
        hash
    }

    fn fields(hash: &Hash) -> Vec<&[u8]> {
        hash.iter().map(|(field, _)| &**field).collect()
    }

    #[test]
    fn a_hash_becomes_a_hashtable_by_count_or_length_and_stays_one() {
        let mut full = hash(&["a", "b", "c"]);
        assert_eq!(full.encoding(), "listpack");
        full.set(b"d", b"v", LIMITS);
        full.remove(b"d");
        assert_eq!(full.encoding(), "hashtable");

        for (field, value) in [("a", "12345"), ("fffff", "v")] {
            let mut long = Hash::default();
            long.set(field.as_bytes(), value.as_bytes(), LIMITS);
            assert_eq!(long.encoding(), "hashtable", "{field} {value}");
        }
    }

    #[test]
    fn only_a_small_hash_keeps_its_order_on_removal() {
        let mut small = hash(&["a", "b", "c"]);
        small.remove(b"a");
        assert_eq!(fields(&small), [b"b", b"c"]);

        let mut big = hash(&["a", "b", "c", "d"]);
        big.remove(b"a");
        assert_eq!(fields(&big), [b"d", b"b", b"c"]);
    }
}
