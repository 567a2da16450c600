//! An arena: objects of one kind, named by their index, which the collector marks and sweeps.

use std::ops::{Index, IndexMut};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Free,
    Unmarked,
    Marked,
}

#[derive(Clone, Debug)]
pub(crate) struct Arena<T> {
    items: Vec<T>,
    states: Vec<State>,
    free: Vec<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { items: Vec::new(), states: Vec::new(), free: Vec::new() }
    }
}

impl<T: Default> Arena<T> {
    pub(crate) fn insert(&mut self, item: T) -> u32 {
        if let Some(id) = self.free.pop() {
            self.items[id as usize] = item;
            self.states[id as usize] = State::Unmarked;
            return id;
        }
        self.items.push(item);
        self.states.push(State::Unmarked);
        (self.items.len() - 1) as u32
    }

    /// Marks an object; true if it was not marked before.
    pub(crate) fn mark(&mut self, id: u32) -> bool {
        let state = &mut self.states[id as usize];
        let first = *state == State::Unmarked;
        if first {
            *state = State::Marked;
        }
        first
    }

    pub(crate) fn is_marked(&self, id: u32) -> bool {
        self.states[id as usize] == State::Marked
    }

    /// Frees what is not marked, having shown it to `freed`, and takes all marks away. What is free at
    /// the end is given back, and what is free before is used again from the beginning.
    pub(crate) fn sweep(&mut self, mut freed: impl FnMut(u32, &T)) {
        self.free.clear();
        let mut used = 0;
        for (id, state) in self.states.iter_mut().enumerate() {
            match state {
                State::Marked => {
                    *state = State::Unmarked;
                    used = id + 1;
                }
                State::Unmarked => {
                    freed(id as u32, &self.items[id]);
                    self.items[id] = T::default();
                    *state = State::Free;
                }
                State::Free => {}
            }
        }
        self.items.truncate(used);
        self.states.truncate(used);
        if self.items.capacity() / 4 > used {
            self.items.shrink_to(used * 2);
            self.states.shrink_to(used * 2);
            self.free.shrink_to(used);
        }
        let free = (0..used).rev().filter(|id| self.states[*id] == State::Free);
        self.free.extend(free.map(|id| id as u32));
    }
}

impl<T> Index<u32> for Arena<T> {
    type Output = T;
    #[inline]
    fn index(&self, id: u32) -> &T {
        &self.items[id as usize]
    }
}

impl<T> IndexMut<u32> for Arena<T> {
    #[inline]
    fn index_mut(&mut self, id: u32) -> &mut T {
        &mut self.items[id as usize]
    }
}
