//! Maps and sets in the order of their keys.
//!
//! They offer what is needed here of the standard library's `BTreeMap` and `BTreeSet`, of which each
//! kind is some ten kilobytes of code that a tab would have to load; these are two.
//!
//! Entries stand in chunks: sorted vectors, of which none is empty, in a vector. A search is two
//! binary searches, and an insertion or a removal moves the entries of one chunk; one in some dozens
//! also moves the list of chunks, which even for millions of entries is a few kilobytes a time.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Bound, RangeBounds};

/// The most entries of a chunk.
const CHUNK_MAX: usize = 64;
/// Neighbours that together have no more become one.
const CHUNK_JOINED: usize = CHUNK_MAX / 2;

/// A map in the order of its keys.
#[derive(Clone)]
pub(crate) struct SortedMap<K, V> {
    chunks: Vec<Vec<(K, V)>>,
    len: usize,
}

/// A set in its order.
#[derive(Clone)]
pub(crate) struct SortedSet<T>(SortedMap<T, ()>);

/// A place: a chunk, and an entry in it; or behind the last chunk, and 0.
type Place = (usize, usize);

/// On which side of an equal entry a search ends.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Before,
    Behind,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        SortedMap { chunks: Vec::new(), len: 0 }
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn clear(&mut self) {
        *self = SortedMap::default();
    }

    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (chunk, index) = self.find(key)?;
        let (key, value) = &self.chunks[chunk][index];
        Some((key, value))
    }

    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (chunk, index) = self.find(key)?;
        Some(&mut self.chunks[chunk][index].1)
    }

    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_some()
    }

    /// The value of a key, which is the default where there was none.
    pub fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let (chunk, index) = match self.find(&key) {
            Some(place) => place,
            None => self.insert_new(key, V::default()),
        };
        &mut self.chunks[chunk][index].1
    }

    /// Sets the value of a key, and returns the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some((chunk, index)) = self.find(&key) {
            return Some(std::mem::replace(&mut self.chunks[chunk][index].1, value));
        }
        self.insert_new(key, value);
        None
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.find(key)?;
        Some(self.remove_at(place).1)
    }

    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (self.len > 0).then(|| self.remove_at((0, 0)))
    }

    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }

    /// The last entry whose key is not above this one.
    pub fn last_until_mut(&mut self, key: &K) -> Option<(&K, &mut V)> {
        let end = self.search(key, Side::Behind);
        let (chunk, index) = self.previous(end)?;
        let (key, value) = &mut self.chunks[chunk][index];
        Some((key, value))
    }

    pub fn last_value_mut(&mut self) -> Option<&mut V> {
        self.chunks.last_mut()?.last_mut().map(|(_, value)| value)
    }

    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { entries: self.range(..), left: self.len }
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.iter().map(|(_, value)| value)
    }

    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.chunks.iter_mut().flatten().map(|(key, value)| (&*key, value))
    }

    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }

    /// The entries whose keys are between two bounds; none where the bounds are the wrong way round.
    pub fn range(&self, bounds: impl RangeBounds<K>) -> Range<'_, K, V> {
        let front = match bounds.start_bound() {
            Bound::Unbounded => (0, 0),
            Bound::Included(key) => self.search(key, Side::Before),
            Bound::Excluded(key) => self.search(key, Side::Behind),
        };
        let back = match bounds.end_bound() {
            Bound::Unbounded => (self.chunks.len(), 0),
            Bound::Included(key) => self.search(key, Side::Behind),
            Bound::Excluded(key) => self.search(key, Side::Before),
        };
        Range { chunks: &self.chunks, front, back: back.max(front) }
    }

    /// The place of the first entry that does not stand before a key.
    fn search<Q: Ord + ?Sized>(&self, key: &Q, side: Side) -> Place
    where
        K: Borrow<Q>,
    {
        let is_before = |entry: &(K, V)| match entry.0.borrow().cmp(key) {
            Ordering::Less => true,
            Ordering::Equal => side == Side::Behind,
            Ordering::Greater => false,
        };
        let chunk = self.chunks.partition_point(|chunk| chunk.last().is_some_and(is_before));
        (chunk, self.chunks.get(chunk).map_or(0, |chunk| chunk.partition_point(is_before)))
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Option<Place>
    where
        K: Borrow<Q>,
    {
        let (chunk, index) = self.search(key, Side::Before);
        let (found, _) = self.chunks.get(chunk)?.get(index)?;
        (found.borrow() == key).then_some((chunk, index))
    }

    fn previous(&self, (chunk, index): Place) -> Option<Place> {
        match index.checked_sub(1) {
            Some(index) => Some((chunk, index)),
            None => {
                let chunk = chunk.checked_sub(1)?;
                Some((chunk, self.chunks[chunk].len() - 1))
            }
        }
    }

    /// Inserts a key that is not there, and returns its place.
    fn insert_new(&mut self, key: K, value: V) -> Place {
        let (mut chunk, mut index) = self.search(&key, Side::Before);
        self.len += 1;
        if chunk == self.chunks.len() {
            // Behind everything: what only grows at its end is dense.
            match self.chunks.last() {
                Some(last) if last.len() < CHUNK_MAX => (chunk, index) = (chunk - 1, last.len()),
                _ => self.chunks.push(Vec::new()),
            }
        } else if self.chunks[chunk].len() == CHUNK_MAX {
            let rest = self.chunks[chunk].split_off(CHUNK_MAX / 2);
            self.chunks.insert(chunk + 1, rest);
            if index > CHUNK_MAX / 2 {
                (chunk, index) = (chunk + 1, index - CHUNK_MAX / 2);
            }
        }
        self.chunks[chunk].insert(index, (key, value));
        (chunk, index)
    }

    fn remove_at(&mut self, (chunk, index): Place) -> (K, V) {
        self.len -= 1;
        let entry = self.chunks[chunk].remove(index);
        let rest = self.chunks[chunk].len();
        let next = self.chunks.get(chunk + 1).map_or(CHUNK_MAX, Vec::len);
        if rest == 0 {
            self.chunks.remove(chunk);
        } else if rest + next <= CHUNK_JOINED {
            let mut next = self.chunks.remove(chunk + 1);
            self.chunks[chunk].append(&mut next);
        }
        entry
    }
}

/// Entries between two places, from either end.
#[derive(Debug)]
pub(crate) struct Range<'a, K, V> {
    chunks: &'a [Vec<(K, V)>],
    front: Place,
    back: Place,
}

impl<K, V> Clone for Range<'_, K, V> {
    fn clone(&self) -> Self {
        Range { ..*self }
    }
}

impl<'a, K, V> Iterator for Range<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        if self.front == self.back {
            return None;
        }
        let (chunk, index) = self.front;
        let entries = &self.chunks[chunk];
        self.front = if index + 1 < entries.len() { (chunk, index + 1) } else { (chunk + 1, 0) };
        let (key, value) = &entries[index];
        Some((key, value))
    }
}

impl<K, V> DoubleEndedIterator for Range<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front == self.back {
            return None;
        }
        let (chunk, index) = self.back;
        self.back = match index.checked_sub(1) {
            Some(index) => (chunk, index),
            None => (chunk - 1, self.chunks[chunk - 1].len() - 1),
        };
        let (key, value) = &self.chunks[self.back.0][self.back.1];
        Some((key, value))
    }
}

/// All entries, from either end.
#[derive(Debug)]
pub(crate) struct Iter<'a, K, V> {
    entries: Range<'a, K, V>,
    left: usize,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        self.left -= usize::from(self.left > 0);
        self.entries.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left -= usize::from(self.left > 0);
        self.entries.next_back()
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<'a, K: Ord, V> IntoIterator for &'a SortedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K, V> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<(K, V)>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.into_iter().flatten()
    }
}

impl<K: Ord, V> Extend<(K, V)> for SortedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = SortedMap::default();
        map.extend(entries);
        map
    }
}

impl<K: Ord, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<K: Ord, V: Eq> Eq for SortedMap<K, V> {}

impl<T: Ord> Eq for SortedSet<T> {}

impl<T: Ord> PartialEq for SortedSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        SortedSet(SortedMap::default())
    }
}

impl<T: Ord> SortedSet<T> {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains_key(item)
    }

    /// Adds an item; `true` where it was not there.
    pub fn insert(&mut self, item: T) -> bool {
        self.0.insert(item, ()).is_none()
    }

    /// Removes an item; `true` where it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.remove(item).is_some()
    }

    pub fn first(&self) -> Option<&T> {
        self.iter().next()
    }

    pub fn pop_first(&mut self) -> Option<T> {
        self.0.pop_first().map(|(item, ())| item)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.0.keys()
    }

    /// The items between two bounds.
    pub fn range(&self, bounds: impl RangeBounds<T>) -> impl DoubleEndedIterator<Item = &T> {
        self.0.range(bounds).map(|(item, ())| item)
    }
}

impl<'a, T: Ord> IntoIterator for &'a SortedSet<T> {
    type Item = &'a T;
    type IntoIter = std::iter::Map<Iter<'a, T, ()>, fn((&'a T, &'a ())) -> &'a T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(item, ())| item)
    }
}

impl<T> IntoIterator for SortedSet<T> {
    type Item = T;
    type IntoIter = std::iter::Map<<SortedMap<T, ()> as IntoIterator>::IntoIter, fn((T, ())) -> T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(|(item, ())| item)
    }
}

impl<T: Ord> Extend<T> for SortedSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        self.0.extend(items.into_iter().map(|item| (item, ())));
    }
}

impl<T: Ord> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        SortedSet(items.into_iter().map(|item| (item, ())).collect())
    }
}

impl<T: Ord + fmt::Debug> fmt::Debug for SortedSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone)]
    enum Op {
        Insert(u16, u8),
        Default(u16),
        Remove(u16),
        PopFirst,
        RemoveBelow(u16),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            8 => (0..600u16, any::<u8>()).prop_map(|(key, value)| Op::Insert(key, value)),
            2 => (0..600u16).prop_map(Op::Default),
            4 => (0..600u16).prop_map(Op::Remove),
            1 => Just(Op::PopFirst),
            1 => (0..600u16).prop_map(Op::RemoveBelow),
        ]
    }

    fn apply(map: &mut SortedMap<u16, u8>, model: &mut BTreeMap<u16, u8>, op: &Op) {
        match *op {
            Op::Insert(key, value) => assert_eq!(map.insert(key, value), model.insert(key, value)),
            Op::Default(key) => assert_eq!(map.get_or_default(key), model.entry(key).or_default()),
            Op::Remove(key) => assert_eq!(map.remove(&key), model.remove(&key)),
            Op::PopFirst => assert_eq!(map.pop_first(), model.pop_first()),
            Op::RemoveBelow(bound) => {
                while model.first_key_value().is_some_and(|(key, _)| *key < bound) {
                    assert_eq!(map.pop_first(), model.pop_first());
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_map_is_the_standard_librarys(
            ops in proptest::collection::vec(op(), 0..1_500),
            (one, other) in (0..610u16, 0..610u16),
        ) {
            let (mut map, mut model) = (SortedMap::default(), BTreeMap::new());
            for op in &ops {
                apply(&mut map, &mut model, op);
            }
            prop_assert!(map.chunks.iter().all(|chunk| (1..=CHUNK_MAX).contains(&chunk.len())));
            prop_assert_eq!(map.len(), model.len());
            prop_assert!(map.iter().eq(&model));
            prop_assert!(map.iter().rev().eq(model.iter().rev()));
            prop_assert_eq!(map.iter().len(), model.len());
            prop_assert_eq!(map.last_key_value(), model.last_key_value());
            prop_assert_eq!(map.get(&one), model.get(&one));
            let until = map.last_until_mut(&one).map(|(key, value)| (*key, *value));
            prop_assert_eq!(until, model.range(..=one).next_back().map(|(k, v)| (*k, *v)));
            let bounds = one.min(other)..=one.max(other);
            prop_assert!(map.range(bounds.clone()).eq(model.range(bounds.clone())));
            prop_assert!(map.range(bounds.clone()).rev().eq(model.range(bounds).rev()));
            prop_assert!(map.range(one..).eq(model.range(one..)));
            prop_assert!(map.range(..other).eq(model.range(..other)));
            let above = (Bound::Excluded(one), Bound::Unbounded);
            prop_assert!(map.range(above).eq(model.range(above)));
            let wrong_way_round = (Bound::Included(9), Bound::Excluded(3));
            prop_assert_eq!(map.range(wrong_way_round).count(), 0);
            prop_assert!(map.clone().into_iter().eq(model.clone()));
            prop_assert_eq!(model.into_iter().rev().collect::<SortedMap<_, _>>(), map);
        }
    }

    #[test]
    fn what_grows_at_its_end_is_dense() {
        let set: SortedSet<usize> = (0..1_000).collect();
        assert_eq!(set.0.chunks.len(), 1_000_usize.div_ceil(CHUNK_MAX));
        assert!(set.iter().copied().eq(0..1_000));
    }
}
