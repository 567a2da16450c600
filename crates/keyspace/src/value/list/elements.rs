//! The elements of a list, packed in blocks: both ends are reached at once, and any other element
//! by a search among blocks.
//!
//! A block that was begun from the left holds its elements in reverse, so that a push at either end
//! of a list appends.

use super::End;
use super::runs::{Placed, Run, Runs};
use crate::value::SmallBytes;
use crate::value::packed::{self, Packed};
use std::collections::vec_deque;
use std::ops::{Index, Range};

/// The most elements of a block.
const BLOCK: usize = 128;

/// The elements in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Elements {
    blocks: Runs<Block>,
}

#[derive(Debug, Clone, Default)]
struct Block {
    packed: Packed,
    is_reversed: bool,
}

impl Elements {
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    pub fn get(&self, index: usize) -> Option<&[u8]> {
        (index < self.len()).then(|| &self[index])
    }

    /// The elements at these indices, which are there.
    pub fn range(&self, indices: Range<usize>) -> Iter<'_> {
        let remaining = indices.len();
        if remaining == 0 {
            return Iter::default();
        }
        let (first, from) = self.blocks.locate(indices.start);
        let (last, to) = self.blocks.locate(indices.end - 1);
        if first == last {
            let front = self.blocks[first].range(from, to + 1);
            return Iter { front, remaining, ..Iter::default() };
        }
        Iter {
            front: self.blocks[first].range(from, self.blocks[first].len()),
            blocks: self.blocks.range(first + 1..last),
            back: self.blocks[last].range(0, to + 1),
            remaining,
        }
    }

    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    pub fn push(&mut self, end: End, element: &[u8]) {
        let at = self.blocks.at_end(end);
        if let Some(at) = at.filter(|&at| self.blocks[at].len() < BLOCK) {
            return self.blocks.change(at, |block| block.push(end, element));
        }
        if let Some(full) = at {
            self.blocks.change(full, |block| block.packed.shrink());
        }
        let mut block = Block { is_reversed: end == End::Left, ..Block::default() };
        block.push(end, element);
        self.blocks.push(end, block);
    }

    pub fn pop(&mut self, end: End) -> Option<SmallBytes> {
        let at = self.blocks.at_end(end)?;
        let element = self.blocks.change(at, |block| block.pop(end))?;
        if self.blocks[at].len() == 0 {
            self.blocks.remove(at);
        }
        Some(element)
    }

    /// Inserts an element, which gets that index; the list is at least as long.
    pub fn insert(&mut self, index: usize, element: &[u8]) {
        if index == 0 || index == self.len() {
            return self.push(if index == 0 { End::Left } else { End::Right }, element);
        }
        let (at, offset) = self.blocks.locate(index);
        let rest = self.blocks.change(at, |block| {
            block.insert(offset, element);
            (block.len() > BLOCK).then(|| block.split_off(BLOCK / 2))
        });
        if let Some(rest) = rest {
            self.blocks.insert(at + 1, rest);
        }
    }

    /// Replaces the element at an index, which is there.
    pub fn set(&mut self, index: usize, element: &[u8]) {
        let (at, offset) = self.blocks.locate(index);
        self.blocks.change(at, |block| {
            let place = block.place(offset);
            block.packed.replace(place, element);
        });
    }

    /// Removes the elements at these indices, which are ascending and there.
    pub fn remove_all(&mut self, indices: &[usize]) {
        let (Some(&first), Some(&last)) = (indices.first(), indices.last()) else {
            return;
        };
        let ((from, offset), (to, _)) = (self.blocks.locate(first), self.blocks.locate(last));
        let (mut start, mut rest) = (first - offset, indices);
        self.blocks.change_all(from..to + 1, |block| {
            let end = start + block.len();
            let here = rest.partition_point(|&index| index < end);
            let (removed, behind) = rest.split_at(here);
            for index in removed.iter().rev() {
                let place = block.place(index - start);
                block.packed.remove(place);
            }
            (start, rest) = (end, behind);
        });
        if self.blocks.count() > 4 * self.len().div_ceil(BLOCK) {
            self.pack();
        }
    }

    /// Gives back room for blocks that are gone.
    pub fn shrink(&mut self) {
        self.blocks.shrink();
    }

    /// Fills the blocks again.
    fn pack(&mut self) {
        let mut packed = Elements::default();
        for element in self.iter() {
            packed.push(End::Right, element);
        }
        *self = packed;
    }
}

impl Index<usize> for Elements {
    type Output = [u8];

    fn index(&self, index: usize) -> &[u8] {
        let (at, offset) = self.blocks.locate(index);
        let block = &self.blocks[at];
        block.packed.get(block.place(offset))
    }
}

impl Run for Block {
    #[inline(always)]
    fn len(&self) -> usize {
        self.packed.len()
    }
}

impl Block {
    /// Where the element at an index lies.
    fn place(&self, index: usize) -> usize {
        if self.is_reversed { self.len() - 1 - index } else { index }
    }

    /// Whether an end of the block is where its bytes grow.
    fn grows_at(&self, end: End) -> bool {
        self.is_reversed == (end == End::Left)
    }

    fn push(&mut self, end: End, element: &[u8]) {
        if self.grows_at(end) {
            self.packed.push(element);
        } else {
            self.packed.insert(0, element);
        }
    }

    fn pop(&mut self, end: End) -> Option<SmallBytes> {
        if self.grows_at(end) {
            return self.packed.pop();
        }
        let element = SmallBytes::from(self.packed.iter().next()?);
        self.packed.remove(0);
        Some(element)
    }

    fn insert(&mut self, index: usize, element: &[u8]) {
        let place = if self.is_reversed { self.len() - index } else { index };
        self.packed.insert(place, element);
    }

    /// Takes away the elements from an index on.
    fn split_off(&mut self, index: usize) -> Block {
        let is_reversed = self.is_reversed;
        let place = if is_reversed { self.len() - index } else { index };
        let mut packed = self.packed.split_off(place);
        if is_reversed {
            std::mem::swap(&mut self.packed, &mut packed);
        }
        Block { packed, is_reversed }
    }

    fn range(&self, first: usize, end: usize) -> BlockIter<'_> {
        let (from, to) = match self.is_reversed {
            true => (self.len() - end, self.len() - first),
            false => (first, end),
        };
        BlockIter { strings: self.packed.range(from, to), is_reversed: self.is_reversed }
    }
}

/// Elements of one block in order.
#[derive(Debug, Clone, Default)]
struct BlockIter<'a> {
    strings: packed::Iter<'a>,
    is_reversed: bool,
}

impl<'a> BlockIter<'a> {
    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.is_reversed { self.strings.next_back() } else { self.strings.next() }
    }

    #[inline]
    fn next_back(&mut self) -> Option<&'a [u8]> {
        if self.is_reversed { self.strings.next() } else { self.strings.next_back() }
    }
}

/// A walk over elements, from either end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Iter<'a> {
    front: BlockIter<'a>,
    blocks: vec_deque::Iter<'a, Placed<Block>>,
    back: BlockIter<'a>,
    remaining: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.remaining = self.remaining.checked_sub(1)?;
        loop {
            if let Some(element) = self.front.next() {
                return Some(element);
            }
            let Some(Placed { run: block, .. }) = self.blocks.next() else {
                return self.back.next();
            };
            self.front = block.range(0, block.len());
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    fn next_back(&mut self) -> Option<&'a [u8]> {
        self.remaining = self.remaining.checked_sub(1)?;
        loop {
            if let Some(element) = self.back.next_back() {
                return Some(element);
            }
            let Some(Placed { run: block, .. }) = self.blocks.next_back() else {
                return self.front.next_back();
            };
            self.back = block.range(0, block.len());
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index as At;
    use std::collections::VecDeque;

    #[derive(Debug, Clone)]
    enum Step {
        Push(bool, u16, u8),
        Pop(bool, u16),
        Insert(At, u16),
        Set(At, u16),
        RemoveAll(At, u16),
    }

    fn step() -> impl Strategy<Value = Step> {
        let at = any::<At>;
        prop_oneof![
            4 => (any::<bool>(), 0..200_u16, 1..250_u8).prop_map(|(left, len, count)| Step::Push(left, len, count)),
            2 => (any::<bool>(), 0..150_u16).prop_map(|(left, count)| Step::Pop(left, count)),
            2 => (at(), 0..200_u16).prop_map(|(at, len)| Step::Insert(at, len)),
            1 => (at(), 0..200_u16).prop_map(|(at, len)| Step::Set(at, len)),
            1 => (at(), 2..9_u16).prop_map(|(at, every)| Step::RemoveAll(at, every)),
        ]
    }

    fn element(number: usize, len: u16) -> Vec<u8> {
        format!("{number:0width$}", width = usize::from(len)).into_bytes()
    }

    fn end(left: bool) -> End {
        if left { End::Left } else { End::Right }
    }

    proptest! {
        #[test]
        fn they_are_a_deque(steps in prop::collection::vec(step(), 1..30), ends in any::<[At; 2]>()) {
            let mut model: VecDeque<Vec<u8>> = VecDeque::new();
            let mut elements = Elements::default();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Push(left, len, count) => for of in 0..count {
                        let element = element(number * 1000 + usize::from(of), len);
                        elements.push(end(left), &element);
                        if left { model.push_front(element) } else { model.push_back(element) }
                    },
                    Step::Pop(left, count) => for _ in 0..count {
                        let popped = if left { model.pop_front() } else { model.pop_back() };
                        prop_assert_eq!(elements.pop(end(left)).map(|element| element.to_vec()), popped);
                    },
                    Step::Insert(at, len) => {
                        let at = at.index(model.len() + 1);
                        elements.insert(at, &element(number, len));
                        model.insert(at, element(number, len));
                    }
                    Step::Set(at, len) if !model.is_empty() => {
                        let at = at.index(model.len());
                        elements.set(at, &element(number, len));
                        model[at] = element(number, len);
                    }
                    Step::RemoveAll(at, every) if !model.is_empty() => {
                        let removed: Vec<usize> = (at.index(model.len())..model.len())
                            .filter(|index| index % usize::from(every) > 0)
                            .collect();
                        elements.remove_all(&removed);
                        removed.iter().rev().for_each(|&index| drop(model.remove(index)));
                    }
                    Step::Set(..) | Step::RemoveAll(..) => {}
                }
                elements.shrink();
                prop_assert_eq!(elements.len(), model.len());
                prop_assert!(elements.iter().eq(model.iter().map(Vec::as_slice)));
            }
            let [a, b] = ends.map(|end| end.index(model.len() + 1));
            let range = a.min(b)..a.max(b);
            let expected = || model.range(range.clone()).map(Vec::as_slice);
            prop_assert!(elements.range(range.clone()).eq(expected()));
            prop_assert!(elements.range(range.clone()).rev().eq(expected().rev()));
            prop_assert_eq!(elements.get(a), model.get(a).map(Vec::as_slice));
            let mut walk = elements.range(range);
            while let Some(front) = walk.next() {
                prop_assert!(walk.next_back().is_none_or(|back| walk.len() > 0 || front.len() + back.len() > 0));
            }
        }
    }
}
