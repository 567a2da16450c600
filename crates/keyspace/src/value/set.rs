//! Sets: members that are all integers in their order, others in the order of their insertion.
//!
//! A set starts as an `intset` or a `listpack`, and is a `hashtable` once it outgrows the limits;
//! it never goes back. Integers stay integers only in an `intset`. A `hashtable` fills the place
//! of a removed member with its last one, so that removal stays O(1); the others are small enough
//! to close the gap.

mod algebra;

use super::string::decimal_digits;
use super::{ListpackLimits, SmallBytes, Table, canonical_integer};

/// Up to which sizes a set keeps the encodings for small ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetLimits {
    pub intset_entries: usize,
    pub listpack: ListpackLimits,
}

/// A set.
#[derive(Debug, Clone)]
pub(crate) enum Set {
    /// Sorted.
    Intset(Vec<i64>),
    Listpack(Table<1>),
    Hashtable(Table<1>),
}

/// A member, as it is stored or as a client named it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Member<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
}

impl Member<'_> {
    /// The integer whose canonical decimal form this is.
    fn integer(self) -> Option<i64> {
        match self {
            Member::Integer(value) => Some(value),
            Member::Bytes(bytes) => canonical_integer(bytes),
        }
    }

    pub fn to_bytes(self) -> SmallBytes {
        match self {
            Member::Integer(value) => value.to_string().into_bytes().into(),
            Member::Bytes(bytes) => bytes.into(),
        }
    }

    /// Calls `read` with the bytes, which are not copied where they are stored as such.
    pub fn with_bytes<T>(self, read: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Member::Integer(_) => read(&self.to_bytes()),
            Member::Bytes(bytes) => read(bytes),
        }
    }
}

impl Default for Set {
    fn default() -> Self {
        Set::Intset(Vec::new())
    }
}

impl Set {
    pub fn len(&self) -> usize {
        match self {
            Set::Intset(integers) => integers.len(),
            Set::Listpack(members) | Set::Hashtable(members) => members.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What its members take.
    pub fn bytes(&self) -> usize {
        match self {
            Set::Intset(integers) => size_of_val(&**integers),
            Set::Listpack(members) | Set::Hashtable(members) => members.bytes(),
        }
    }

    pub fn encoding(&self) -> &'static str {
        match self {
            Set::Intset(_) => "intset",
            Set::Listpack(_) => "listpack",
            Set::Hashtable(_) => "hashtable",
        }
    }

    /// Whether it is small enough for SSCAN to answer the whole of it.
    pub fn is_packed(&self) -> bool {
        !matches!(self, Set::Hashtable(_))
    }

    pub fn contains(&self, member: Member<'_>) -> bool {
        match self {
            Set::Intset(integers) => {
                member.integer().is_some_and(|value| integers.binary_search(&value).is_ok())
            }
            Set::Listpack(members) | Set::Hashtable(members) => {
                member.with_bytes(|bytes| members.find(bytes).is_some())
            }
        }
    }

    /// The member at a place from 0 to `len() - 1`.
    pub fn get_index(&self, index: usize) -> Option<Member<'_>> {
        match self {
            Set::Intset(integers) => integers.get(index).copied().map(Member::Integer),
            Set::Listpack(members) | Set::Hashtable(members) => {
                members.get(index).map(|(member, _)| Member::Bytes(member))
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Member<'_>> {
        let (integers, members) = match self {
            Set::Intset(integers) => (&**integers, None),
            Set::Listpack(members) | Set::Hashtable(members) => (&[][..], Some(members)),
        };
        let integers = integers.iter().copied().map(Member::Integer);
        let members = members.into_iter().flat_map(Table::iter);
        integers.chain(members.map(|(member, _)| Member::Bytes(member)))
    }

    /// Says that one command is about to add so many members, `first` the first of them: Redis
    /// chooses the encoding of a new set by these, before it knows which are equal.
    pub fn expect_members(&mut self, first: Member<'_>, count: usize, limits: SetLimits) {
        match self {
            _ if self.is_empty() => {
                *self = if first.integer().is_some() && count <= limits.intset_entries {
                    Set::Intset(Vec::new())
                } else if count <= limits.listpack.entries {
                    Set::Listpack(Table::default())
                } else {
                    Set::Hashtable(Table::default())
                };
            }
            Set::Intset(_) if count > limits.intset_entries => self.make_hashtable(),
            Set::Listpack(_) if count > limits.listpack.entries => self.make_hashtable(),
            _ => {}
        }
    }

    /// Adds a member; `true` where it is new.
    pub fn add(&mut self, member: Member<'_>, limits: SetLimits) -> bool {
        if let Set::Intset(integers) = self {
            if let Some(value) = member.integer() {
                let Err(place) = integers.binary_search(&value) else {
                    return false;
                };
                integers.insert(place, value);
                if integers.len() > limits.intset_entries {
                    self.make_hashtable();
                }
                return true;
            }
            if longest_integer(integers) <= limits.listpack.value_bytes {
                *self = Set::Listpack(self.to_bytes());
            } else {
                self.make_hashtable();
            }
        }
        if let Set::Listpack(members) = self {
            let is_full = members.len() >= limits.listpack.entries;
            let is_known = member.with_bytes(|bytes| {
                let fits = !is_full && bytes.len() <= limits.listpack.value_bytes;
                fits || members.find(bytes).is_some()
            });
            if !is_known {
                self.make_hashtable();
            }
        }
        match self {
            Set::Intset(_) => unreachable!("an intset that gets other members was converted"),
            Set::Listpack(members) | Set::Hashtable(members) => member.with_bytes(|bytes| {
                let is_new = members.find(bytes).is_none();
                if is_new {
                    members.push(bytes, &[]);
                }
                is_new
            }),
        }
    }

    /// Removes a member; `false` where there is none.
    pub fn remove(&mut self, member: Member<'_>) -> bool {
        let place = match self {
            Set::Intset(integers) => {
                member.integer().and_then(|value| integers.binary_search(&value).ok())
            }
            Set::Listpack(members) | Set::Hashtable(members) => {
                member.with_bytes(|bytes| members.find(bytes))
            }
        };
        place.inspect(|&place| self.remove_index(place)).is_some()
    }

    /// Removes and returns the member at a place from 0 to `len() - 1`.
    pub fn take_index(&mut self, index: usize) -> Option<SmallBytes> {
        let member = self.get_index(index)?.to_bytes();
        self.remove_index(index);
        Some(member)
    }

    fn remove_index(&mut self, index: usize) {
        match self {
            Set::Intset(integers) => {
                integers.remove(index);
            }
            Set::Listpack(members) => members.shift_remove(index),
            Set::Hashtable(members) => members.swap_remove(index),
        }
    }

    /// Builds a hashtable anew from what is left of it: a listpack, if that fits. Redis does so
    /// when SPOP takes nearly everything.
    pub fn rebuild(&mut self, limits: SetLimits) {
        if let Set::Hashtable(members) = self {
            let mut rebuilt = Set::Listpack(Table::default());
            for (member, _) in members.iter() {
                rebuilt.add(Member::Bytes(member), limits);
            }
            *self = rebuilt;
        }
    }

    fn make_hashtable(&mut self) {
        *self = Set::Hashtable(match self {
            Set::Intset(_) => self.to_bytes(),
            Set::Listpack(members) | Set::Hashtable(members) => std::mem::take(members),
        });
    }

    fn to_bytes(&self) -> Table<1> {
        let mut members = Table::default();
        for member in self.iter() {
            member.with_bytes(|bytes| members.push(bytes, &[]));
        }
        members
    }
}

/// How many bytes the longest of these sorted integers has in decimal form.
fn longest_integer(integers: &[i64]) -> usize {
    let bytes = |value: Option<&i64>| value.map_or(0, |value| decimal_digits(*value));
    bytes(integers.first()).max(bytes(integers.last()))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const LIMITS: SetLimits =
        SetLimits { intset_entries: 4, listpack: ListpackLimits { entries: 3, value_bytes: 4 } };

    pub(super) fn set(members: &[&str]) -> Set {
        let mut set = Set::default();
        for member in members {
            set.add(Member::Bytes(member.as_bytes()), LIMITS);
        }
        set
    }

    pub(super) fn members(set: &Set) -> Vec<String> {
        set.iter().map(|m| String::from_utf8_lossy(&m.to_bytes()).into_owned()).collect()
    }

    fn has(set: &Set, member: &str) -> bool {
        set.contains(Member::Bytes(member.as_bytes()))
    }

    #[test]
    fn integers_are_sorted_and_others_keep_their_order() {
        assert_eq!(members(&set(&["10", "-2", "9"])), ["-2", "9", "10"]);
        assert_eq!(members(&set(&["c", "10", "a"])), ["c", "10", "a"]);
        assert_eq!(members(&set(&["10", "9", "a"])), ["9", "10", "a"]);
    }

    #[test]
    fn a_member_that_does_not_fit_decides_the_encoding() {
        for (given, encoding) in [
            (&["1", "2", "3", "4"][..], "intset"),
            (&["1", "2", "3", "4", "5"], "hashtable"),
            (&["1", "2", "a"], "listpack"),
            (&["1", "2", "3", "a"], "hashtable"),
            (&["a", "b", "c"], "listpack"),
            (&["a", "b", "c", "c"], "listpack"),
            (&["a", "b", "c", "d"], "hashtable"),
            (&["a", "12345"], "hashtable"),
            (&["12345"], "intset"),
            (&["12345", "a"], "hashtable"),
            (&["-1234", "a"], "hashtable"),
            (&["-123", "a"], "listpack"),
            (&["1", "01"], "listpack"),
        ] {
            assert_eq!(set(given).encoding(), encoding, "{given:?}");
        }
    }

    #[test]
    fn a_new_set_is_chosen_by_its_first_member_and_the_count() {
        for (first, count, encoding) in
            [("1", 4, "intset"), ("1", 5, "hashtable"), ("a", 3, "listpack"), ("a", 4, "hashtable")]
        {
            let mut set = Set::default();
            set.expect_members(Member::Bytes(first.as_bytes()), count, LIMITS);
            assert_eq!(set.encoding(), encoding, "{first} {count}");
        }
    }

    #[test]
    fn members_are_found_and_removed_in_every_encoding() {
        for given in [&["1", "2", "3"][..], &["1", "2", "a"], &["1", "2", "a", "b"]] {
            let mut set = set(given);
            assert!(has(&set, "1") && set.contains(Member::Integer(2)) && !has(&set, "9"));
            assert!(!has(&set, "01"));
            assert!(set.remove(Member::Bytes(b"1")) && !set.remove(Member::Bytes(b"1")));
            assert_eq!(set.len(), given.len() - 1);
            assert!(!has(&set, "1"));
        }
    }

    #[test]
    fn only_a_hashtable_moves_its_last_member_into_a_gap() {
        let mut small = set(&["a", "b", "c"]);
        assert_eq!(small.take_index(0).as_deref(), Some(&b"a"[..]));
        assert_eq!(members(&small), ["b", "c"]);
        let mut big = set(&["a", "b", "c", "d"]);
        assert_eq!(big.take_index(0).as_deref(), Some(&b"a"[..]));
        assert_eq!(members(&big), ["d", "b", "c"]);
        big.rebuild(LIMITS);
        assert_eq!(
            (big.encoding(), members(&big)),
            ("listpack", vec!["d".into(), "b".into(), "c".into()])
        );
    }
}
