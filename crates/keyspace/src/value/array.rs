//! Arrays: values at indices, of which most may be empty, and a cursor behind what was inserted.
//!
//! Only what is there takes memory, however far apart it is. An index is any number up to
//! [`Array::MAX_INDEX`]; the cursor remembers the index of the last insertion.

use super::SmallBytes;
use crate::sorted::SortedMap;

/// An array value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Array {
    elements: SortedMap<u64, SmallBytes>,
    /// What the elements take outside of themselves.
    heap_bytes: usize,
    /// Where the last insertion was, if there was any: what is set by its index is none.
    pub last_insert: Option<u64>,
}

/// Slices of one kind, as Redis divides an array into them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slices {
    pub slices: usize,
    /// How many indices they reach over, from the first element of each to its last.
    pub width: usize,
    pub elements: usize,
}

impl Slices {
    fn add(&mut self, first: u64, last: u64, elements: usize) {
        self.slices += 1;
        self.width += (last - first) as usize + 1;
        self.elements += elements;
    }
}

impl Array {
    /// The largest index: one more would have no length behind it.
    pub const MAX_INDEX: u64 = u64::MAX - 1;
    /// How many indices a slice of Redis's has.
    pub const SLICE_SIZE: u64 = 4096;
    /// The most elements of a slice that Redis keeps with their indices.
    const SPARSE_MAX: usize = 10;

    pub fn encoding(&self) -> &'static str {
        "sliced-array"
    }

    /// The largest index that holds something, and one.
    pub fn len(&self) -> u64 {
        self.elements.last_key_value().map_or(0, |(index, _)| index + 1)
    }

    /// How many indices hold something.
    pub fn count(&self) -> usize {
        self.elements.len()
    }

    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// What its elements take outside of themselves.
    pub fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    pub fn get(&self, index: u64) -> Option<&SmallBytes> {
        self.elements.get(&index)
    }

    /// Sets the element at an index; `true` where there was none.
    pub fn set(&mut self, index: u64, value: &[u8]) -> bool {
        let value = SmallBytes::from(value);
        self.heap_bytes += value.heap_bytes();
        let old = self.elements.insert(index, value);
        self.heap_bytes -= old.as_ref().map_or(0, SmallBytes::heap_bytes);
        old.is_none()
    }

    /// Removes the element at an index; `false` where there is none.
    pub fn remove(&mut self, index: u64) -> bool {
        let old = self.elements.remove(&index);
        self.heap_bytes -= old.as_ref().map_or(0, SmallBytes::heap_bytes);
        old.is_some()
    }

    /// Removes what is between two indices, both included, and says how much that was.
    pub fn remove_range(&mut self, one: u64, other: u64) -> usize {
        let indices: Vec<u64> = self.range(one, other).map(|(index, _)| index).collect();
        indices.iter().filter(|index| self.remove(**index)).count()
    }

    /// What is there from one index to another, both included; backwards where the first is the
    /// larger.
    pub fn range(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, &SmallBytes)> {
        let range = self.elements.range(start.min(end)..=start.max(end));
        let (forwards, backwards) =
            if start <= end { (Some(range), None) } else { (None, Some(range.rev())) };
        let both = forwards.into_iter().flatten().chain(backwards.into_iter().flatten());
        both.map(|(index, value)| (*index, value))
    }

    /// Everything that is there.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &SmallBytes)> {
        self.range(0, Array::MAX_INDEX)
    }

    /// How many slices hold elements.
    pub fn slices(&self) -> usize {
        let mut slices = 0;
        let mut start = Some(0);
        while let Some((index, _)) =
            start.and_then(|start| self.range(start, Array::MAX_INDEX).next())
        {
            slices += 1;
            let next = (index / Array::SLICE_SIZE + 1).checked_mul(Array::SLICE_SIZE);
            start = next.filter(|&next| next <= Array::MAX_INDEX);
        }
        slices
    }

    /// The slices that Redis would keep dense, and those that it would keep sparse.
    pub fn slices_by_kind(&self) -> (Slices, Slices) {
        let (mut dense, mut sparse) = (Slices::default(), Slices::default());
        let mut indices = self.iter().map(|(index, _)| index).peekable();
        while let Some(first) = indices.next() {
            let (mut last, mut elements) = (first, 1);
            let slice = first / Array::SLICE_SIZE;
            while let Some(index) = indices.next_if(|index| index / Array::SLICE_SIZE == slice) {
                last = index;
                elements += 1;
            }
            let kind = if elements > Array::SPARSE_MAX { &mut dense } else { &mut sparse };
            kind.add(first, last, elements);
        }
        (dense, sparse)
    }

    /// Where the next insertion goes; `None` behind the largest index.
    pub fn next_insert(&self) -> Option<u64> {
        let next = self.last_insert.map_or(0, |last| last + 1);
        (next <= Array::MAX_INDEX).then_some(next)
    }

    /// Moves the cursor: the next insertion goes to `next`, which may be behind the largest index.
    pub fn seek(&mut self, next: u64) {
        self.last_insert = next.checked_sub(1);
    }

    /// Sets elements in a ring of `size` indices, which is not 0, and answers the last index. A
    /// ring that was of another size keeps the last elements that fit.
    pub fn insert_in_ring(&mut self, size: u64, values: &[&[u8]]) -> Option<u64> {
        let len = self.len();
        let next = self.last_insert.map(|last| last + 1);
        if size < len || size > len && next.is_some_and(|next| next < len) {
            self.reshape(size.min(len));
        }
        for value in values {
            let index = self.last_insert.map_or(0, |last| last + 1) % size;
            self.set(index, value);
            self.last_insert = Some(index);
        }
        self.last_insert
    }

    /// Keeps what was inserted last, at most `keep` elements without a gap, and lays it out from
    /// the first index on.
    fn reshape(&mut self, keep: u64) {
        let len = self.len();
        let newest = match self.last_insert {
            // The cursor may have been moved out of the ring.
            Some(last) => last.checked_rem(len),
            None => len.checked_sub(1),
        };
        let elements =
            self.backwards_from(newest).take(usize::try_from(keep).unwrap_or(usize::MAX));
        let mut kept: Vec<SmallBytes> = elements.map_while(|element| element.cloned()).collect();
        kept.reverse();
        self.heap_bytes = kept.iter().map(SmallBytes::heap_bytes).sum();
        self.elements = (0..).zip(kept).collect();
        self.last_insert = self.len().checked_sub(1);
    }

    /// The elements from the last insertion backwards, `None` for what is empty, and around the
    /// end at the first index. Where nothing was inserted the last index is the newest.
    pub fn backwards(&self) -> impl Iterator<Item = Option<&SmallBytes>> {
        self.backwards_from(self.last_insert.or_else(|| self.len().checked_sub(1)))
    }

    fn backwards_from(&self, newest: Option<u64>) -> impl Iterator<Item = Option<&SmallBytes>> {
        let len = self.len();
        let previous = move |index: &u64| index.checked_sub(1).or_else(|| len.checked_sub(1));
        std::iter::successors(newest, previous).map(|index| self.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring(array: &mut Array, size: u64, values: &[&str]) -> Vec<String> {
        let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        array.insert_in_ring(size, &values);
        array.iter().map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    #[test]
    fn a_ring_keeps_the_last_elements_when_its_size_changes() {
        let mut array = Array::default();
        assert_eq!(ring(&mut array, 4, &["a", "b", "c", "d", "e"]), ["e", "b", "c", "d"]);
        assert_eq!(ring(&mut array, 3, &["f"]), ["f", "d", "e"]);
        assert_eq!(array.last_insert, Some(0));
        assert_eq!(ring(&mut array, 5, &["g", "h"]), ["d", "e", "f", "g", "h"]);
        assert_eq!(ring(&mut array, 5, &["i"]), ["i", "e", "f", "g", "h"]);
    }

    #[test]
    fn slices_are_counted_up_to_the_largest_index() {
        let mut array = Array::default();
        assert_eq!(array.slices(), 0);
        let indices = (0..12).map(|index| index * 2).chain([4095, 4096, 3 << 40, Array::MAX_INDEX]);
        indices.for_each(|index| assert!(array.set(index, b"v")));
        assert_eq!(array.slices(), 4);
        let dense = Slices { slices: 1, width: 4096, elements: 13 };
        assert_eq!(array.slices_by_kind(), (dense, Slices { slices: 3, width: 3, elements: 3 }));
    }

    #[test]
    fn the_cursor_ends_behind_the_largest_index() {
        let mut array = Array::default();
        assert_eq!(array.next_insert(), Some(0));
        array.seek(Array::MAX_INDEX);
        assert_eq!(array.next_insert(), Some(Array::MAX_INDEX));
        array.seek(u64::MAX);
        assert_eq!(array.next_insert(), None);
        array.seek(0);
        assert_eq!(array.last_insert, None);
    }

    proptest! {
        #[test]
        fn ranges_are_those_of_a_plain_list(
            sets in prop::collection::vec((0..40_usize, "[a-c]"), 0..30),
            removed in prop::collection::vec((0..40_u64, 0..40_u64), 0..3),
            start in 0..45_u64,
            end in 0..45_u64,
        ) {
            let mut array = Array::default();
            let mut model: Vec<Option<String>> = vec![None; 45];
            for (index, value) in sets {
                let was_empty = model[index].replace(value.clone()).is_none();
                prop_assert_eq!(array.set(index as u64, value.as_bytes()), was_empty);
            }
            for (one, other) in removed {
                let range = one.min(other) as usize..=one.max(other) as usize;
                let gone = model[range].iter_mut().filter_map(Option::take).count();
                prop_assert_eq!(array.remove_range(one, other), gone);
            }
            let len = model.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            prop_assert_eq!(array.len(), len as u64);
            prop_assert_eq!(array.count(), model.iter().flatten().count());
            let mut wanted: Vec<(u64, Vec<u8>)> = (start.min(end)..=start.max(end))
                .filter_map(|at| Some((at, model[at as usize].clone()?.into_bytes())))
                .collect();
            if start > end {
                wanted.reverse();
            }
            let found: Vec<_> =
                array.range(start, end).map(|(at, value)| (at, value.to_vec())).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
