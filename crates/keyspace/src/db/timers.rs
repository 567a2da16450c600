//! When the keys of a database expire: a heap of times, the earliest first.
//!
//! Keys of one millisecond die in the order in which they were given it. Every entry knows where
//! its timer is, and is told when that changes, so a timer is moved or removed without a search.

use crate::time::UnixMillis;
use crate::value::Segmented;

/// Children of a node: a flat heap, as most timers stay near its bottom.
const CHILDREN: usize = 4;

/// The time of one key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer {
    pub at: UnixMillis,
    /// Later ones are larger, until the count starts anew.
    sequence: u32,
    /// Where the entry is.
    place: u32,
}

impl Timer {
    pub fn place(self) -> usize {
        self.place as usize
    }

    fn is_before(self, other: Timer) -> bool {
        (self.at, self.sequence) < (other.at, other.sequence)
    }
}

/// The timers of all entries that have one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timers {
    heap: Segmented<Timer, 1024>,
    last_sequence: u32,
}

impl Timers {
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    pub fn first(&self) -> Option<Timer> {
        self.heap.get(0).copied()
    }

    /// The timer at a position from 0 to `len() - 1`.
    pub fn get(&self, position: usize) -> Option<Timer> {
        self.heap.get(position).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Timer> {
        self.heap.iter()
    }

    /// Adds a timer for the entry at `place`. `moved(place, position)` is told the position of
    /// every timer that gets another one.
    pub fn insert(&mut self, at: UnixMillis, place: usize, moved: impl FnMut(usize, usize)) {
        let position = self.heap.len();
        let place = u32::try_from(place).expect("memory ends before places do");
        let timer = Timer { at, sequence: self.next_sequence(), place };
        self.heap.push(timer);
        self.sift_up(position, timer, moved);
    }

    /// Gives a timer another time.
    pub fn set(&mut self, position: usize, at: UnixMillis, moved: impl FnMut(usize, usize)) {
        let timer = Timer { at, sequence: self.next_sequence(), ..self.heap[position] };
        self.sift(position, timer, moved);
    }

    pub fn remove(&mut self, position: usize, moved: impl FnMut(usize, usize)) {
        if let Some(last) = self.heap.pop()
            && position < self.heap.len()
        {
            self.sift(position, last, moved);
        }
    }

    /// The entry of a timer moved to another place.
    pub fn set_place(&mut self, position: usize, place: usize) {
        self.heap[position].place = u32::try_from(place).expect("memory ends before places do");
    }

    fn next_sequence(&mut self) -> u32 {
        self.last_sequence = self.last_sequence.wrapping_add(1);
        self.last_sequence
    }

    /// Puts a timer at a position, or where it belongs above or below.
    fn sift(&mut self, position: usize, timer: Timer, moved: impl FnMut(usize, usize)) {
        let parent = position.checked_sub(1).map(|below| below / CHILDREN);
        if parent.is_some_and(|parent| timer.is_before(self.heap[parent])) {
            self.sift_up(position, timer, moved);
        } else {
            self.sift_down(position, timer, moved);
        }
    }

    fn sift_up(&mut self, start: usize, timer: Timer, mut moved: impl FnMut(usize, usize)) {
        let mut position = start;
        while let Some(parent) = position.checked_sub(1).map(|below| below / CHILDREN) {
            let above = self.heap[parent];
            if !timer.is_before(above) {
                break;
            }
            self.heap[position] = above;
            moved(above.place(), position);
            position = parent;
        }
        self.heap[position] = timer;
        moved(timer.place(), position);
    }

    fn sift_down(&mut self, start: usize, timer: Timer, mut moved: impl FnMut(usize, usize)) {
        let mut position = start;
        loop {
            let first = position * CHILDREN + 1;
            let children = first..(first + CHILDREN).min(self.heap.len());
            let least = children.reduce(|least, child| {
                if self.heap[child].is_before(self.heap[least]) { child } else { least }
            });
            let Some(child) = least.filter(|&child| self.heap[child].is_before(timer)) else {
                break;
            };
            let below = self.heap[child];
            self.heap[position] = below;
            moved(below.place(), position);
            position = child;
        }
        self.heap[position] = timer;
        moved(timer.place(), position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Entries are numbers; each remembers the position that it was told.
        #[test]
        fn timers_go_off_in_order(steps in prop::collection::vec((0..30_usize, prop::option::weighted(0.7, 0..9_i64)), 0..150)) {
            let mut timers = Timers::default();
            let mut positions = BTreeMap::new();
            let mut model: Vec<(i64, usize)> = Vec::new();
            for (place, at) in steps {
                model.retain(|(_, other)| *other != place);
                match (at, positions.get(&place).copied()) {
                    (Some(at), None) => {
                        timers.insert(UnixMillis(at), place, |place, at| { positions.insert(place, at); });
                    }
                    (Some(at), Some(position)) => {
                        timers.set(position, UnixMillis(at), |place, at| { positions.insert(place, at); });
                    }
                    (None, Some(position)) => {
                        timers.remove(position, |place, at| { positions.insert(place, at); });
                        positions.remove(&place);
                    }
                    (None, None) => {}
                }
                model.extend(at.map(|at| (at, place)));
                prop_assert_eq!(timers.len(), model.len());
                for (&place, &position) in &positions {
                    prop_assert_eq!(timers.get(position).map(Timer::place), Some(place));
                }
            }
            model.sort_by_key(|(at, _)| *at);
            for (at, place) in model {
                let first = timers.first().map(|timer| (timer.at.0, timer.place()));
                prop_assert_eq!(first, Some((at, place)));
                timers.remove(0, |_, _| {});
            }
        }
    }
}
