//! The members of a sorted set and their scores, each at a place that stays its own.
//!
//! Whatever knows a member by its place need not be told when another one goes. A place that was
//! left is free until the next new member takes it; where too many are free, [`Members::close_gaps`]
//! moves all members to lower places, in the order in which they stand, so that a walk from the
//! last place to the first misses none.

use super::ElementRef;
use crate::value::packed::{Packed, string_bytes};
use crate::value::{ITEM_BYTES, Places, Segmented, SmallBytes, hash, is_same};

/// Places of a group.
const GROUP: usize = 32;
/// Where there are more places than these, an index finds members.
const UNINDEXED_MAX: usize = 8;
/// Members move where only one place in so many is taken: a free place is small beside a member, and
/// to move is dearer.
const SPARSE: usize = 4;
/// The bits of a free place's score, which is not a number; the next free place is in the lower
/// half.
const FREE: u64 = f64::NAN.to_bits();
/// Behind the last free place.
const NONE_FREE: u32 = u32::MAX;

/// Members by place and by name.
#[derive(Debug, Clone)]
pub(super) struct Members {
    /// Every group but the last has all its places, and the last has one at least.
    groups: Segmented<Group, 256>,
    index: Option<Box<Places>>,
    len: usize,
    /// Places there are, taken or free.
    end: usize,
    /// The free place that is taken next.
    free: u32,
    /// What the members' strings take.
    bytes: usize,
}

/// Neighbouring places. On 64 bit it fills a line of the cache, and lies in no second one.
#[derive(Debug, Clone, Default)]
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
struct Group {
    /// As bytes, which need no alignment of eight.
    scores: Vec<[u8; 8]>,
    /// Empty at a free place.
    members: Packed,
}

impl Default for Members {
    fn default() -> Self {
        let groups = Segmented::default();
        Members { groups, index: None, len: 0, end: 0, free: NONE_FREE, bytes: 0 }
    }
}

impl Members {
    pub fn len(&self) -> usize {
        self.len
    }

    /// All places are below this one.
    pub fn end(&self) -> usize {
        self.end
    }

    /// What its members take, without their scores.
    pub fn bytes(&self) -> usize {
        self.bytes + self.len * ITEM_BYTES
    }

    /// The place of a member.
    pub fn find(&self, member: &[u8]) -> Option<usize> {
        match &self.index {
            Some(index) => index.find(hash(member), |place| is_same(self.member(place), member)),
            None => self.taken().find(|&place| self.member(place) == member),
        }
    }

    /// The member at a place that is taken.
    pub fn member(&self, place: usize) -> &[u8] {
        self.groups[place / GROUP].members.get(place % GROUP)
    }

    /// The score at a place that is taken.
    pub fn score(&self, place: usize) -> f64 {
        f64::from_bits(self.score_bits(place))
    }

    /// What is at a place, if there is such a place and it is taken.
    pub fn get(&self, place: usize) -> Option<ElementRef<'_>> {
        (place < self.end && self.is_taken(place))
            .then(|| ElementRef { member: self.member(place), score: self.score(place) })
    }

    /// Adds a member that is new, and returns its place.
    pub fn add(&mut self, member: &[u8], score: f64) -> usize {
        let place = if self.free == NONE_FREE { self.end } else { self.free as usize };
        if let Some(mut index) = self.index.take() {
            index.insert(hash(member), place, self.hashes());
            self.index = Some(index);
        }
        if place == self.end {
            self.append(member, score);
        } else {
            self.free = self.score_bits(place) as u32;
            self.set_score(place, score);
            self.groups[place / GROUP].members.replace(place % GROUP, member);
        }
        self.len += 1;
        self.bytes += string_bytes(member.len());
        if self.index.is_none() && self.end > UNINDEXED_MAX {
            self.build_index();
        }
        place
    }

    /// Sets the score at a place that is taken.
    pub fn set_score(&mut self, place: usize, score: f64) {
        self.set_score_bits(place, score.to_bits());
    }

    /// Removes the member at a place that is taken.
    pub fn remove(&mut self, place: usize) {
        let member = self.member(place);
        self.leave(place, hash(member), member.len());
    }

    /// Removes the member at a place that is taken, and returns it.
    pub fn take(&mut self, place: usize) -> SmallBytes {
        let member = SmallBytes::from(self.member(place));
        self.leave(place, hash(&member), member.len());
        member
    }

    /// Leaves a place free, whose member had that hash and that length.
    fn leave(&mut self, place: usize, hash: u64, len: usize) {
        if let Some(index) = &mut self.index {
            index.remove(hash, place);
        }
        self.len -= 1;
        self.bytes -= string_bytes(len);
        self.groups[place / GROUP].members.replace(place % GROUP, &[]);
        self.set_score_bits(place, FREE | u64::from(self.free));
        self.free = place as u32;
    }

    /// Whether so many places are free that members should move.
    pub fn is_sparse(&self) -> bool {
        self.end > GROUP && self.end > SPARSE * self.len
    }

    /// Moves all members to places without a gap, and returns the new places by the old ones.
    pub fn close_gaps(&mut self) -> Vec<u32> {
        let old = std::mem::take(self);
        let mut places = Vec::with_capacity(old.end);
        for place in 0..old.end {
            places.push(self.end as u32);
            if let Some(element) = old.get(place) {
                self.append(element.member, element.score);
            }
        }
        (self.len, self.bytes) = (old.len, old.bytes);
        drop(old);
        self.build_index();
        places
    }

    /// Puts a member behind the last place.
    fn append(&mut self, member: &[u8], score: f64) {
        if self.end.is_multiple_of(GROUP) {
            if let Some(full) = self.groups.last_mut() {
                full.members.shrink();
            }
            self.groups.push(Group::default());
        }
        if let Some(group) = self.groups.last_mut() {
            group.scores.push(score.to_bits().to_le_bytes());
            group.members.push(member);
        }
        self.end += 1;
    }

    fn taken(&self) -> impl Iterator<Item = usize> {
        (0..self.end).filter(|&place| self.is_taken(place))
    }

    /// The places of all members, with their hashes.
    fn hashes(&self) -> impl Iterator<Item = (usize, u64)> {
        self.taken().map(|place| (place, hash(self.member(place))))
    }

    fn build_index(&mut self) {
        let mut index = self.index.take().unwrap_or_default();
        index.rebuild(self.len, self.hashes());
        self.index = Some(index);
    }

    fn is_taken(&self, place: usize) -> bool {
        !self.score(place).is_nan()
    }

    fn score_bits(&self, place: usize) -> u64 {
        u64::from_le_bytes(self.groups[place / GROUP].scores[place % GROUP])
    }

    fn set_score_bits(&mut self, place: usize, bits: u64) {
        self.groups[place / GROUP].scores[place % GROUP] = bits.to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn every_member_keeps_its_place_until_gaps_are_closed(
            steps in prop::collection::vec((0..60u8, any::<bool>(), 0..200usize), 0..400),
            closing in 1..100usize,
        ) {
            let mut members = Members::default();
            let mut model = BTreeMap::new();
            for (step, (name, adds, len)) in steps.into_iter().enumerate() {
                let member = name.to_string().repeat(len / 2).into_bytes();
                let score = f64::from(name) - 30.0;
                match (members.find(&member), adds) {
                    (None, true) => {
                        let place = members.add(&member, 0.0);
                        members.set_score(place, score);
                        prop_assert_eq!(model.insert(place, (member, score)), None);
                    }
                    (Some(place), false) => {
                        members.remove(place);
                        prop_assert_eq!(model.remove(&place).map(|(member, _)| member), Some(member));
                    }
                    (found, _) => {
                        let known = model.iter().find(|(_, (other, _))| *other == member);
                        prop_assert_eq!(found, known.map(|(place, _)| *place));
                    }
                }
                if step % closing == 0 {
                    let places = members.close_gaps();
                    prop_assert_eq!(members.end(), model.len());
                    let moved = |(place, element)| (places[place] as usize, element);
                    model = model.into_iter().map(moved).collect();
                }
                prop_assert_eq!(members.len(), model.len());
                for place in 0..=members.end() {
                    let there = model.get(&place).map(|(member, score)| (&**member, *score));
                    let found = members.get(place).map(|found| (found.member, found.score));
                    prop_assert_eq!(found, there);
                }
                let bytes: usize =
                    model.values().map(|(member, _)| string_bytes(member.len()) + ITEM_BYTES).sum();
                prop_assert_eq!(members.bytes(), bytes);
            }
        }
    }
}
