//! An index from hashes to places: where in a dense sequence the item with a key stands.
//!
//! It knows places alone; whoever owns the items compares keys. An open table in groups of eight:
//! a search reads the eight tags of a group at once, goes on with the next group while one is
//! full, and ends at the first that is not. It grows by half, or a third, of its size in turns, so
//! that a place takes 5.7 to 8.6 bytes; it is built anew by a walk over the items, without a copy of
//! the old one.

use std::hash::{BuildHasher, Hasher};

/// Places of a group, and how many of them are filled at most on average.
const GROUP: usize = 8;
const LOAD: usize = 7;

/// Tags of places that hold nothing: a search ends where one was always free.
const FREE: u8 = 0;
const REMOVED: u8 = 1;

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

#[derive(Debug, Clone, Copy)]
struct Group {
    /// Bits of the hash, or that the place holds nothing.
    tags: [u8; GROUP],
    places: [u32; GROUP],
}

const EMPTY: Group = Group { tags: [FREE; GROUP], places: [0; GROUP] };

impl Group {
    /// A bit for each tag that is this one; seldom also for one that differs in its lowest bit.
    fn matches(&self, tag: u8) -> u64 {
        let differs = u64::from_le_bytes(self.tags) ^ (LOW_BITS * u64::from(tag));
        differs.wrapping_sub(LOW_BITS) & !differs & HIGH_BITS
    }

    /// The first lane that holds nothing.
    fn vacancy(&self) -> Option<usize> {
        self.tags.iter().position(|&tag| tag <= REMOVED)
    }
}

/// Where an entry of the table is.
type Slot = (usize, usize);

/// The places of items, by the hashes of their keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    groups: Vec<Group>,
    len: usize,
    /// Slots that held a place and still keep searches going.
    removed: usize,
}

impl Places {
    /// The place that `is_it` recognises, of an item with that hash.
    #[inline]
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(usize) -> bool) -> Option<usize> {
        let slot = self.slot(hash, |place| is_it(place as usize))?;
        Some(self.groups[slot.0].places[slot.1] as usize)
    }

    /// Notes the place of a new item. `others` are the places of all other items, with their
    /// hashes, in case that the index must be built anew.
    pub fn insert(&mut self, hash: u64, place: usize, others: impl Iterator<Item = (usize, u64)>) {
        if self.len + self.removed + 1 > self.groups.len() * LOAD {
            self.rebuild(self.len, others);
        }
        self.put(hash, place);
    }

    /// Forgets the place of an item.
    pub fn remove(&mut self, hash: u64, place: usize) {
        let Some((group, lane)) = self.slot(hash, |other| other as usize == place) else {
            return;
        };
        let group = &mut self.groups[group];
        let ends_here = group.matches(FREE) != 0;
        group.tags[lane] = if ends_here { FREE } else { REMOVED };
        self.removed += usize::from(!ends_here);
        self.len -= 1;
    }

    /// An item moved to another place.
    pub fn replace(&mut self, hash: u64, from: usize, to: usize) {
        if let Some((group, lane)) = self.slot(hash, |other| other as usize == from) {
            self.groups[group].places[lane] = place_number(to);
        }
    }

    /// Closes the gap that an item left which stood at that place, and was forgotten.
    pub fn shift(&mut self, gap: usize) {
        for place in self.groups.iter_mut().flat_map(|group| &mut group.places) {
            if *place as usize > gap {
                *place -= 1;
            }
        }
    }

    /// Builds the index for so many items, given by their places and hashes, with room for a part
    /// more: slots of removed items cannot fill that up at once.
    pub fn rebuild(&mut self, len: usize, items: impl Iterator<Item = (usize, u64)>) {
        // Freed first, so that old and new never stand beside each other.
        self.groups = Vec::new();
        self.groups = vec![EMPTY; groups_for(len + len / 16 + 1)];
        (self.len, self.removed) = (0, 0);
        items.for_each(|(place, hash)| self.put(hash, place));
    }

    /// Whether it is so much larger than its items need that it should be built anew.
    pub fn is_sparse(&self) -> bool {
        self.groups.len() > 4 && self.groups.len() > 4 * groups_for(self.len + 1)
    }

    fn put(&mut self, hash: u64, place: usize) {
        let mut at = self.home(hash);
        loop {
            let group = &mut self.groups[at];
            if let Some(lane) = group.vacancy() {
                self.removed -= usize::from(group.tags[lane] == REMOVED);
                group.tags[lane] = tag(hash);
                group.places[lane] = place_number(place);
                self.len += 1;
                return;
            }
            at = self.next(at);
        }
    }

    #[inline]
    fn slot(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<Slot> {
        if self.groups.is_empty() {
            return None;
        }
        let mut at = self.home(hash);
        // A table has free slots, unless there are only a few: then one round is enough.
        for _ in 0..self.groups.len() {
            let group = &self.groups[at];
            let mut matches = group.matches(tag(hash));
            while matches != 0 {
                let lane = matches.trailing_zeros() as usize / 8;
                if is_it(group.places[lane]) {
                    return Some((at, lane));
                }
                matches &= matches - 1;
            }
            if group.matches(FREE) != 0 {
                return None;
            }
            at = self.next(at);
        }
        None
    }

    /// The group at which the search for a hash begins.
    fn home(&self, hash: u64) -> usize {
        ((u64::from(hash as u32) * self.groups.len() as u64) >> 32) as usize
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 == self.groups.len() { 0 } else { at + 1 }
    }
}

/// The hash of a key, the same on every run.
pub(crate) fn hash(key: &[u8]) -> u64 {
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    hasher.write(key);
    hasher.finish()
}

fn tag(hash: u64) -> u8 {
    ((hash >> 56) as u8).max(REMOVED + 1)
}

fn place_number(place: usize) -> u32 {
    u32::try_from(place).expect("memory ends before places do")
}

/// The number of groups for so many items: a power of two, or one and a half of it.
fn groups_for(items: usize) -> usize {
    let needed = items.div_ceil(LOAD);
    let power = needed.next_power_of_two();
    if power >= 4 && power / 4 * 3 >= needed { power / 4 * 3 } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Insert(u16),
        /// The last item takes the place of the removed one.
        Swap(prop::sample::Index),
        /// All behind it move up.
        Shift(prop::sample::Index),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            5 => any::<u16>().prop_map(Step::Insert),
            2 => any::<prop::sample::Index>().prop_map(Step::Swap),
            1 => any::<prop::sample::Index>().prop_map(Step::Shift),
        ]
    }

    /// Few different hashes, so that groups fill up and tags are equal.
    fn hash(key: u16) -> u64 {
        u64::from(key % 40) << 54 | u64::from(key / 40 % 8) << 29
    }

    proptest! {
        #[test]
        fn every_item_is_found_at_its_place(steps in prop::collection::vec(step(), 0..300)) {
            let mut items: Vec<u16> = Vec::new();
            let mut places = Places::default();
            for step in steps {
                match step {
                    Step::Insert(key) if !items.contains(&key) => {
                        let others = items.iter().map(|&key| hash(key)).enumerate();
                        places.insert(hash(key), items.len(), others);
                        items.push(key);
                    }
                    Step::Swap(at) if !items.is_empty() => {
                        let at = at.index(items.len());
                        places.remove(hash(items[at]), at);
                        items.swap_remove(at);
                        if let Some(&moved) = items.get(at) {
                            places.replace(hash(moved), items.len(), at);
                        }
                    }
                    Step::Shift(at) if !items.is_empty() => {
                        let at = at.index(items.len());
                        places.remove(hash(items[at]), at);
                        items.remove(at);
                        places.shift(at);
                    }
                    _ => {}
                }
                if places.is_sparse() {
                    places.rebuild(items.len(), items.iter().map(|&key| hash(key)).enumerate());
                }
                for (at, &key) in items.iter().enumerate() {
                    prop_assert_eq!(places.find(hash(key), |place| items[place] == key), Some(at));
                }
                prop_assert_eq!(places.len, items.len());
                let absent = (0..50_u16).find(|key| !items.contains(key)).unwrap_or(u16::MAX);
                prop_assert_eq!(places.find(hash(absent), |place| items[place] == absent), None);
            }
        }
    }

    #[test]
    fn it_grows_in_small_steps() {
        let steps =
            [(1, 1), (7, 1), (8, 2), (15, 3), (22, 4), (29, 6), (43, 8), (1_000_000, 196_608)];
        for (items, groups) in steps {
            assert_eq!(groups_for(items), groups, "{items}");
        }
        assert_eq!(size_of::<Group>(), 40);
    }
}
