//! Hashes: fields in the order of their insertion, and when they expire.
//!
//! A small hash keeps that order when a field is removed; a big one fills the place of a removed
//! field with its last field, so that removal stays O(1). Which of the two it is follows Redis:
//! a `listpack` becomes a `hashtable` when it outgrows its limits, and never goes back. Once a
//! `listpack` was asked to let fields expire it is a `listpackex`: fields with an expiry come
//! first, in the order in which they die.
//!
//! Nothing dies by itself: who changes a hash must tell the database when its first field
//! expires now, and the engine takes what is due.

mod expires;

use super::{ListpackLimits, SmallBytes, Table};
use crate::time::UnixMillis;
use expires::FieldExpires;

/// A hash value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hash {
    fields: Table<2>,
    encoding: Encoding,
    /// `None` where no field has an expiry. Whatever has one is in `fields`.
    expires: Option<Box<FieldExpires>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Encoding {
    #[default]
    Listpack,
    ListpackEx,
    Hashtable,
}

impl Hash {
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub fn encoding(&self) -> &'static str {
        match self.encoding {
            Encoding::Listpack => "listpack",
            Encoding::ListpackEx => "listpackex",
            Encoding::Hashtable => "hashtable",
        }
    }

    /// Whether it is small enough for HSCAN to answer the whole of it.
    pub fn is_packed(&self) -> bool {
        self.encoding != Encoding::Hashtable
    }

    /// What its fields and values take.
    pub fn bytes(&self) -> usize {
        self.fields.bytes()
    }

    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.fields.find(field).map(|place| self.fields.value(place))
    }

    pub fn contains(&self, field: &[u8]) -> bool {
        self.fields.find(field).is_some()
    }

    /// The field and value at a place from 0 to `len() - 1`.
    pub fn get_index(&self, index: usize) -> Option<(&[u8], &[u8])> {
        self.fields.get(index)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter()
    }

    /// Says that one command is about to set so many fields: Redis counts them before it knows
    /// which are new.
    pub fn expect_fields(&mut self, count: usize, limits: ListpackLimits) {
        self.convert_if(count > limits.entries);
    }

    /// Sets a field, which has no expiry then; `true` where it is new.
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: ListpackLimits) -> bool {
        let is_new = self.set_value(field, value, limits);
        self.remove_expire(field);
        is_new
    }

    /// Sets a field, which keeps its expiry if it has one; `true` where it is new.
    pub fn set_value(&mut self, field: &[u8], value: &[u8], limits: ListpackLimits) -> bool {
        self.convert_if(field.len().max(value.len()) > limits.value_bytes);
        let place = self.fields.find(field);
        match place {
            Some(place) => self.fields.set_value(place, value),
            None => self.fields.push(field, value),
        }
        self.convert_if(self.fields.len() > limits.entries);
        place.is_none()
    }

    /// Removes a field and returns its value.
    pub fn remove(&mut self, field: &[u8]) -> Option<SmallBytes> {
        let place = self.fields.find(field)?;
        self.forget_expire(field);
        let value = self.fields.value(place).into();
        if self.encoding == Encoding::Hashtable {
            self.fields.swap_remove(place);
        } else {
            self.fields.shift_remove(place);
        }
        Some(value)
    }

    /// When a field dies.
    pub fn expire_at(&self, field: &[u8]) -> Option<UnixMillis> {
        self.expires.as_ref()?.get(field)
    }

    /// How many fields have an expiry.
    pub fn expires_len(&self) -> usize {
        self.expires.as_ref().map_or(0, |expires| expires.len())
    }

    /// When the first field dies.
    pub fn next_expire(&self) -> Option<UnixMillis> {
        self.expires.as_ref()?.first().map(|(at, _)| *at)
    }

    /// Says that a command lets fields expire, whether or not it finds any.
    pub fn enable_expiry(&mut self) {
        if self.encoding == Encoding::Listpack {
            self.encoding = Encoding::ListpackEx;
        }
    }

    /// Gives a field an expiry; `false` where there is no such field.
    pub fn set_expire(&mut self, field: &[u8], expire_at: UnixMillis) -> bool {
        let Some(from) = self.fields.find(field) else {
            return false;
        };
        self.enable_expiry();
        self.expires.get_or_insert_default().set(field, expire_at);
        if self.encoding == Encoding::ListpackEx {
            let later = |other: &[u8]| self.expire_at(other).is_none_or(|at| at > expire_at);
            let others = self.fields.iter().filter(|(other, _)| *other != field);
            let to = { others }.position(|(other, _)| later(other));
            self.fields.move_item(from, to.unwrap_or(self.fields.len() - 1));
        }
        true
    }

    /// Takes a field's expiry away; `false` where it has none.
    pub fn remove_expire(&mut self, field: &[u8]) -> bool {
        if !self.forget_expire(field) {
            return false;
        }
        if self.encoding == Encoding::ListpackEx
            && let Some(from) = self.fields.find(field)
        {
            self.fields.move_item(from, self.fields.len() - 1);
        }
        true
    }

    /// Removes a field that dies at `now` or died before, and returns its name.
    pub fn take_due(&mut self, now: UnixMillis) -> Option<SmallBytes> {
        let (_, field) = self.expires.as_ref()?.first().filter(|(at, _)| *at <= now)?;
        let field = field.clone();
        self.remove(&field);
        Some(field)
    }

    fn convert_if(&mut self, outgrown: bool) {
        if outgrown {
            self.encoding = Encoding::Hashtable;
        }
    }

    fn forget_expire(&mut self, field: &[u8]) -> bool {
        let Some(expires) = &mut self.expires else {
            return false;
        };
        let had = expires.remove(field);
        if expires.is_empty() {
            self.expires = None;
        }
        had
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
        hash.iter().map(|(field, _)| field).collect()
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

    #[test]
    fn fields_that_expire_come_first_in_the_order_of_their_death() {
        let limits = ListpackLimits { entries: 9, value_bytes: 4 };
        let mut small = Hash::default();
        for field in [b"a", b"b", b"c", b"d"] {
            small.set(field, b"v", limits);
        }
        small.set_expire(b"c", UnixMillis(20));
        small.set_expire(b"d", UnixMillis(10));
        small.set_expire(b"a", UnixMillis(20));
        assert_eq!((small.encoding(), fields(&small).concat()), ("listpackex", b"dcab".to_vec()));
        small.set(b"d", b"w", limits);
        small.set_value(b"c", b"w", limits);
        assert_eq!(fields(&small).concat(), b"cabd");
        assert_eq!((small.expire_at(b"d"), small.next_expire()), (None, Some(UnixMillis(20))));
        assert!(small.remove_expire(b"c") && !small.remove_expire(b"c"));
        assert_eq!(fields(&small).concat(), b"abdc");
    }

    #[test]
    fn what_is_due_is_taken_in_its_order() {
        let mut big = hash(&["a", "b", "c", "d"]);
        for (field, at) in [("a", 3), ("b", 1), ("c", 2)] {
            assert!(big.set_expire(field.as_bytes(), UnixMillis(at)));
        }
        assert!(!big.set_expire(b"x", UnixMillis(1)));
        assert_eq!((big.encoding(), fields(&big).concat()), ("hashtable", b"abcd".to_vec()));
        assert_eq!(big.take_due(UnixMillis(0)), None);
        assert_eq!(big.take_due(UnixMillis(2)).as_deref(), Some(&b"b"[..]));
        assert_eq!(big.take_due(UnixMillis(2)).as_deref(), Some(&b"c"[..]));
        assert_eq!(big.take_due(UnixMillis(2)), None);
        big.remove(b"a");
        assert_eq!((big.next_expire(), fields(&big).concat()), (None, b"d".to_vec()));
    }
}
