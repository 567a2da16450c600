//! A growing sequence whose items never move when it grows: full segments and a last one.
//!
//! A vector of a million items copies all of them to grow, and may be half empty afterwards. Here
//! only the first segment grows by doubling; what is allocated ahead is one segment at most.

use std::ops::{Index, IndexMut};

/// Items in segments of `SIZE`, which is a power of two. Every segment but the last is full, and
/// the last is not empty.
#[derive(Debug, Clone)]
pub(crate) struct Segmented<T, const SIZE: usize> {
    segments: Vec<Vec<T>>,
}

impl<T, const SIZE: usize> Default for Segmented<T, SIZE> {
    fn default() -> Self {
        Segmented { segments: Vec::new() }
    }
}

impl<T, const SIZE: usize> Segmented<T, SIZE> {
    pub fn len(&self) -> usize {
        match self.segments.split_last() {
            Some((last, full)) => full.len() * SIZE + last.len(),
            None => 0,
        }
    }

    pub fn get(&self, index: usize) -> Option<&T> {
        self.segments.get(index / SIZE)?.get(index % SIZE)
    }

    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.segments.get_mut(index / SIZE)?.get_mut(index % SIZE)
    }

    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.segments.last_mut()?.last_mut()
    }

    pub fn push(&mut self, item: T) {
        if self.segments.last().is_none_or(|last| last.len() == SIZE) {
            let size = if self.segments.is_empty() { 1 } else { SIZE };
            self.segments.push(Vec::with_capacity(size));
        }
        if let Some(last) = self.segments.last_mut() {
            if last.len() == last.capacity() {
                last.reserve_exact(last.len().min(SIZE - last.len()));
            }
            last.push(item);
        }
    }

    pub fn pop(&mut self) -> Option<T> {
        let last = self.segments.last_mut()?;
        let item = last.pop();
        if last.is_empty() {
            self.segments.pop();
        }
        item
    }

    /// Removes an item that is there; the last one takes its place.
    pub fn swap_remove(&mut self, index: usize) -> Option<T> {
        let last = self.pop()?;
        match self.get_mut(index) {
            Some(place) => Some(std::mem::replace(place, last)),
            None => Some(last),
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.segments.iter().flatten()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.segments.iter_mut().flatten()
    }
}

impl<T, const SIZE: usize> Index<usize> for Segmented<T, SIZE> {
    type Output = T;

    #[inline(always)]
    fn index(&self, index: usize) -> &T {
        &self.segments[index / SIZE][index % SIZE]
    }
}

impl<T, const SIZE: usize> IndexMut<usize> for Segmented<T, SIZE> {
    #[inline(always)]
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.segments[index / SIZE][index % SIZE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_vector(steps in prop::collection::vec(prop::option::weighted(0.6, any::<u8>()), 0..80)) {
            let mut model = Vec::new();
            let mut segmented = Segmented::<u8, 8>::default();
            for step in steps {
                match step {
                    Some(item) if item % 4 > 0 || model.is_empty() => {
                        model.push(item);
                        segmented.push(item);
                    }
                    Some(item) => {
                        let index = usize::from(item) % model.len();
                        prop_assert_eq!(segmented.swap_remove(index), Some(model.swap_remove(index)));
                    }
                    None => prop_assert_eq!(segmented.pop(), model.pop()),
                }
                prop_assert_eq!(segmented.len(), model.len());
                prop_assert!(segmented.iter().eq(&model));
                prop_assert_eq!(segmented.get(model.len()), None);
                let room: usize = segmented.segments.iter().map(Vec::capacity).sum();
                prop_assert!(room <= (2 * model.len()).max(model.len() + 8));
            }
        }
    }
}
