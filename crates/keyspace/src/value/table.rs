//! Items with different keys, packed and dense: what hashes, sets and sorted sets are made of.
//!
//! An item is a key and, where `WIDTH` is 2, a value. Items stand at places from 0 on without a
//! gap, in groups of a few dozen that are packed each in one piece. A small table is its first group
//! and nothing else; a larger one has an index that finds the place of a key.

use super::packed::{Iter, Packed, string_bytes};
use super::{Places, Segmented, hash, is_same};

/// Items of a group.
const GROUP: usize = 32;
/// A table with more items than these has an index.
const UNINDEXED_MAX: usize = 8;

/// Items by key. Every group but the last is full, and none but the first is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table<const WIDTH: usize> {
    first: Packed,
    more: Option<Box<More>>,
}

/// What a table has that has outgrown its first items.
#[derive(Debug, Clone, Default)]
struct More {
    /// The groups behind the first.
    groups: Segmented<Packed, 256>,
    places: Places,
    /// Of all items.
    len: usize,
    /// What the strings of all items take.
    bytes: usize,
}

impl<const WIDTH: usize> Table<WIDTH> {
    pub fn len(&self) -> usize {
        match &self.more {
            Some(more) => more.len,
            None => self.first.len() / WIDTH,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What its items take.
    pub fn bytes(&self) -> usize {
        match &self.more {
            Some(more) => more.bytes + more.len * super::ITEM_BYTES,
            None => self.first.content_bytes() + self.len() * super::ITEM_BYTES,
        }
    }

    /// The place of the item with that key.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        match &self.more {
            Some(more) => more.places.find(hash(key), |place| self.has_key(place, key)),
            None => Items::<WIDTH>(self.first.iter()).position(|(other, _)| other == key),
        }
    }

    /// The key at a place below the length.
    pub fn key(&self, place: usize) -> &[u8] {
        self.group(place).get(place % GROUP * WIDTH)
    }

    /// The value at a place below the length; empty where items have none.
    pub fn value(&self, place: usize) -> &[u8] {
        match WIDTH {
            1 => &[],
            _ => self.group(place).get(place % GROUP * WIDTH + 1),
        }
    }

    /// The item at a place, if there is one.
    pub fn get(&self, place: usize) -> Option<(&[u8], &[u8])> {
        (place < self.len()).then(|| (self.key(place), self.value(place)))
    }

    /// Adds an item at the end, whose key is new.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        let place = self.len();
        if place == UNINDEXED_MAX && self.more.is_none() {
            let bytes = self.first.content_bytes();
            self.more = Some(Box::new(More { len: place, bytes, ..More::default() }));
            self.rebuild_index();
        }
        let Some(more) = &mut self.more else {
            return push_item::<WIDTH>(&mut self.first, key, value);
        };
        more.len += 1;
        more.bytes += item_bytes::<WIDTH>(key, value);
        let (first, groups) = (&self.first, &more.groups);
        let hash_of = |place| hash(group_of(first, groups, place).get(place % GROUP * WIDTH));
        let others = (0..place).map(|place| (place, hash_of(place)));
        more.places.insert(hash(key), place, others);
        if place >= GROUP && place.is_multiple_of(GROUP) {
            more.groups.last_mut().unwrap_or(&mut self.first).shrink();
            more.groups.push(Packed::default());
        }
        push_item::<WIDTH>(more.groups.last_mut().unwrap_or(&mut self.first), key, value);
    }

    /// Gives the item at a place another value.
    pub fn set_value(&mut self, place: usize, value: &[u8]) {
        let index = place % GROUP * WIDTH + 1;
        let group = self.group_mut(place);
        let old = string_bytes(group.get(index).len());
        group.replace(index, value);
        if let Some(more) = &mut self.more {
            more.bytes = more.bytes + string_bytes(value.len()) - old;
        }
    }

    /// Removes the item at a place below the length; the last one takes its place.
    pub fn swap_remove(&mut self, place: usize) {
        let last = self.len() - 1;
        let hashes = self.more.is_some().then(|| (hash(self.key(place)), hash(self.key(last))));
        self.count_removal(place);
        for column in (0..WIDTH).rev() {
            if let Some(string) = self.group_mut(last).pop()
                && place != last
            {
                self.group_mut(place).replace(place % GROUP * WIDTH + column, &string);
            }
        }
        self.drop_empty_group();
        if let (Some(more), Some((removed, moved))) = (&mut self.more, hashes) {
            more.places.remove(removed, place);
            if place != last {
                more.places.replace(moved, last, place);
            }
            if more.places.is_sparse() {
                self.rebuild_index();
            }
        }
    }

    /// Removes the item at a place below the length; those behind it move up.
    pub fn shift_remove(&mut self, place: usize) {
        let key = self.more.is_some().then(|| hash(self.key(place)));
        self.count_removal(place);
        if let (Some(more), Some(hash)) = (&mut self.more, key) {
            more.places.remove(hash, place);
            more.places.shift(place);
        }
        let mut at = place;
        loop {
            let group = self.group_mut(at);
            (0..WIDTH).for_each(|_| group.remove(at % GROUP * WIDTH));
            // The first item behind a gap at the end of a group fills it.
            let next = (at / GROUP + 1) * GROUP;
            let Some(group) = self.more.as_ref().and_then(|it| it.groups.get(at / GROUP)) else {
                break;
            };
            let first: Vec<Vec<u8>> = group.range(0, WIDTH).map(<[u8]>::to_vec).collect();
            let group = self.group_mut(at);
            first.iter().for_each(|string| group.push(string));
            at = next;
        }
        self.drop_empty_group();
    }

    /// Moves the item at a place to another; those between move by one.
    pub fn move_item(&mut self, from: usize, to: usize) {
        let mut order: Vec<usize> = (0..self.len()).collect();
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
        let groups = 1 + self.more.as_ref().map_or(0, |more| more.groups.len());
        (0..groups).flat_map(|at| Items::<WIDTH>(self.group(at * GROUP).iter()))
    }

    fn has_key(&self, place: usize, key: &[u8]) -> bool {
        place < self.len() && is_same(self.key(place), key)
    }

    /// The group of the item at a place.
    #[inline(always)]
    fn group(&self, place: usize) -> &Packed {
        match &self.more {
            Some(more) => group_of(&self.first, &more.groups, place),
            None => &self.first,
        }
    }

    #[inline(always)]
    fn group_mut(&mut self, place: usize) -> &mut Packed {
        match &mut self.more {
            Some(more) if place >= GROUP => &mut more.groups[place / GROUP - 1],
            _ => &mut self.first,
        }
    }

    /// Counts the item at a place no longer, which is about to be removed.
    fn count_removal(&mut self, place: usize) {
        let bytes = item_bytes::<WIDTH>(self.key(place), self.value(place));
        if let Some(more) = &mut self.more {
            more.len -= 1;
            more.bytes -= bytes;
        }
    }

    fn drop_empty_group(&mut self) {
        if let Some(more) = &mut self.more
            && more.groups.last_mut().is_some_and(|group| group.len() == 0)
        {
            more.groups.pop();
        }
    }

    fn rebuild_index(&mut self) {
        if let Some(more) = &mut self.more {
            let (first, groups) = (&self.first, &more.groups);
            let hash_of = |place| hash(group_of(first, groups, place).get(place % GROUP * WIDTH));
            more.places.rebuild(more.len, (0..more.len).map(|place| (place, hash_of(place))));
        }
    }
}

/// The group of the item at a place, of the first one and those behind it.
#[inline(always)]
fn group_of<'g>(first: &'g Packed, groups: &'g Segmented<Packed, 256>, place: usize) -> &'g Packed {
    if place < GROUP { first } else { &groups[place / GROUP - 1] }
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
