//! Items with different keys, packed and dense: what hashes, sets and sorted sets are made of.
//!
//! An item is a key and, where `WIDTH` is 2, a value. Items stand at places from 0 on without a
//! gap, in groups of a few dozen that are packed each in one piece; an index finds the place of a
//! key once the table is too large to be searched from its front.

use super::packed::{Iter, Packed, string_bytes};
use super::{Places, Segmented, hash};

/// Items of a group.
const GROUP: usize = 32;
/// A table with more items than these has an index.
const UNINDEXED_MAX: usize = 8;

/// Items by key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table<const WIDTH: usize> {
    /// Every group but the last is full, and the last is not empty.
    groups: Segmented<Packed, 256>,
    places: Option<Box<Places>>,
    len: usize,
    /// What the strings take.
    bytes: usize,
}

impl<const WIDTH: usize> Table<WIDTH> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What its items take.
    pub fn bytes(&self) -> usize {
        self.bytes + self.len * super::ITEM_BYTES
    }

    /// The place of the item with that key.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        match &self.places {
            Some(places) => places.find(hash(key), |place| self.has_key(place, key)),
            None => (0..self.len).find(|&place| self.key(place) == key),
        }
    }

    /// The key at a place below the length.
    pub fn key(&self, place: usize) -> &[u8] {
        self.groups[place / GROUP].get(place % GROUP * WIDTH)
    }

    /// The value at a place below the length; empty where items have none.
    pub fn value(&self, place: usize) -> &[u8] {
        match WIDTH {
            1 => &[],
            _ => self.groups[place / GROUP].get(place % GROUP * WIDTH + 1),
        }
    }

    /// The item at a place, if there is one.
    pub fn get(&self, place: usize) -> Option<(&[u8], &[u8])> {
        (place < self.len).then(|| (self.key(place), self.value(place)))
    }

    /// Adds an item at the end, whose key is new.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        let place = self.len;
        if place.is_multiple_of(GROUP) {
            if let Some(full) = self.groups.last_mut() {
                full.shrink();
            }
            self.groups.push(Packed::default());
        }
        if let Some(group) = self.groups.last_mut() {
            push_item::<WIDTH>(group, key, value);
        }
        self.bytes += item_bytes::<WIDTH>(key, value);
        self.len += 1;
        if let Some(mut places) = self.places.take() {
            places.insert(hash(key), place, self.hashes(place));
            self.places = Some(places);
        } else if self.len > UNINDEXED_MAX {
            self.rebuild_index();
        }
    }

    /// Gives the item at a place another value.
    pub fn set_value(&mut self, place: usize, value: &[u8]) {
        let group = &mut self.groups[place / GROUP];
        let index = place % GROUP * WIDTH + 1;
        let old = string_bytes(group.get(index).len());
        group.replace(index, value);
        self.bytes = self.bytes + string_bytes(value.len()) - old;
    }

    /// Removes the item at a place below the length; the last one takes its place.
    pub fn swap_remove(&mut self, place: usize) {
        let last = self.len - 1;
        let hashes = self.places.is_some().then(|| (hash(self.key(place)), hash(self.key(last))));
        self.bytes -= self.item_bytes(place);
        if place != last {
            let group = self.groups.last_mut().map(|group| {
                let index = (last % GROUP) * WIDTH;
                group.split_off(index)
            });
            let moved = group.unwrap_or_default();
            let group = &mut self.groups[place / GROUP];
            for (column, string) in moved.iter().enumerate() {
                group.replace(place % GROUP * WIDTH + column, string);
            }
        } else if let Some(group) = self.groups.last_mut() {
            group.split_off((last % GROUP) * WIDTH);
        }
        self.drop_last_place();
        if let (Some(places), Some((removed, moved))) = (&mut self.places, hashes) {
            places.remove(removed, place);
            if place != last {
                places.replace(moved, last, place);
            }
            if places.is_sparse() {
                self.rebuild_index();
            }
        }
    }

    /// Removes the item at a place below the length; those behind it move up.
    pub fn shift_remove(&mut self, place: usize) {
        self.bytes -= self.item_bytes(place);
        if let Some(mut places) = self.places.take() {
            places.remove(hash(self.key(place)), place);
            places.shift(place);
            self.places = Some(places);
        }
        let (mut at, mut index) = (place / GROUP, place % GROUP * WIDTH);
        loop {
            (0..WIDTH).for_each(|_| self.groups[at].remove(index));
            let Some(next) = self.groups.get(at + 1) else {
                break;
            };
            // The first item behind a gap at the end of a group fills it.
            let first = next.range(0, WIDTH).map(<[u8]>::to_vec).collect::<Vec<_>>();
            first.iter().for_each(|string| self.groups[at].push(string));
            (at, index) = (at + 1, 0);
        }
        self.drop_last_place();
    }

    /// Moves the item at a place to another; those between move by one.
    pub fn move_item(&mut self, from: usize, to: usize) {
        let mut order: Vec<usize> = (0..self.len).collect();
        let moved = order.remove(from);
        order.insert(to, moved);
        let mut table = Table::default();
        for place in order {
            table.push(self.key(place), self.value(place));
        }
        *self = table;
    }

    /// Keys and values in the order of their places.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        self.groups.iter().flat_map(|group| Items::<WIDTH>(group.iter()))
    }

    fn has_key(&self, place: usize, key: &[u8]) -> bool {
        place < self.len && self.key(place) == key
    }

    fn item_bytes(&self, place: usize) -> usize {
        item_bytes::<WIDTH>(self.key(place), self.value(place))
    }

    /// The last place is empty now.
    fn drop_last_place(&mut self) {
        self.len -= 1;
        if self.len.is_multiple_of(GROUP) {
            self.groups.pop();
        }
    }

    /// The places below that one, with the hashes of their keys.
    fn hashes(&self, end: usize) -> impl Iterator<Item = (usize, u64)> {
        (0..end).map(|place| (place, hash(self.key(place))))
    }

    fn rebuild_index(&mut self) {
        let mut places = self.places.take().unwrap_or_default();
        places.rebuild(self.len, self.hashes(self.len));
        self.places = Some(places);
    }
}

/// The items of a group, from either end.
#[derive(Debug, Clone)]
struct Items<'a, const WIDTH: usize>(Iter<'a>);

impl<'a, const WIDTH: usize> Iterator for Items<'a, WIDTH> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.next()?;
        Some((key, if WIDTH == 1 { &[] } else { self.0.next()? }))
    }
}

impl<const WIDTH: usize> DoubleEndedIterator for Items<'_, WIDTH> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let last = self.0.next_back()?;
        Some(if WIDTH == 1 { (last, &[]) } else { (self.0.next_back()?, last) })
    }
}

fn item_bytes<const WIDTH: usize>(key: &[u8], value: &[u8]) -> usize {
    let value = if WIDTH == 1 { 0 } else { string_bytes(value.len()) };
    string_bytes(key.len()) + value
}

fn push_item<const WIDTH: usize>(group: &mut Packed, key: &[u8], value: &[u8]) {
    group.push(key);
    if WIDTH > 1 {
        group.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Set(u8, u16),
        SwapRemove(u8),
        ShiftRemove(u8),
        Move(prop::sample::Index, prop::sample::Index),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            12 => (any::<u8>(), 0..300_u16).prop_map(|(key, len)| Step::Set(key, len)),
            4 => any::<u8>().prop_map(Step::SwapRemove),
            2 => any::<u8>().prop_map(Step::ShiftRemove),
            1 => any::<(prop::sample::Index, prop::sample::Index)>()
                .prop_map(|(from, to)| Step::Move(from, to)),
        ]
    }

    fn check<const WIDTH: usize>(table: &Table<WIDTH>, model: &[(Vec<u8>, Vec<u8>)]) {
        let items =
            model.iter().map(|(key, value)| (&**key, if WIDTH == 1 { &[][..] } else { &**value }));
        assert!(table.iter().eq(items.clone()));
        assert!(table.iter().rev().eq(items.clone().rev()));
        let mut bytes = 0;
        for (place, (key, value)) in items.enumerate() {
            assert_eq!(table.find(key), Some(place));
            assert_eq!(table.get(place), Some((key, value)));
            bytes += item_bytes::<WIDTH>(key, value) + super::super::ITEM_BYTES;
        }
        assert_eq!((table.len(), table.bytes()), (model.len(), bytes));
        assert_eq!((table.find(b"no"), table.get(model.len())), (None, None));
    }

    fn run<const WIDTH: usize>(steps: &[Step]) {
        let mut model: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut table = Table::<WIDTH>::default();
        for step in steps {
            match step {
                Step::Set(key, len) => {
                    let (key, value) =
                        (format!("key{key}").into_bytes(), vec![b'v'; usize::from(*len)]);
                    match model.iter().position(|(known, _)| *known == key) {
                        Some(place) if WIDTH > 1 => {
                            table.set_value(place, &value);
                            model[place].1 = value;
                        }
                        Some(_) => {}
                        None => {
                            table.push(&key, &value);
                            model.push((key, value));
                        }
                    }
                }
                Step::SwapRemove(key) => {
                    let key = format!("key{key}").into_bytes();
                    if let Some(place) = table.find(&key) {
                        table.swap_remove(place);
                        model.swap_remove(place);
                    }
                }
                Step::ShiftRemove(key) => {
                    let key = format!("key{key}").into_bytes();
                    if let Some(place) = table.find(&key) {
                        table.shift_remove(place);
                        model.remove(place);
                    }
                }
                Step::Move(from, to) if !model.is_empty() => {
                    let (from, to) = (from.index(model.len()), to.index(model.len()));
                    table.move_item(from, to);
                    let moved = model.remove(from);
                    model.insert(to, moved);
                }
                Step::Move(..) => {}
            }
        }
        check(&table, &model);
    }

    proptest! {
        #[test]
        fn it_is_a_vector_of_items_with_an_index(steps in prop::collection::vec(step(), 0..400)) {
            run::<1>(&steps);
            run::<2>(&steps);
        }
    }
}
