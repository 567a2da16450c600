//! A sequence that is indexed by rank: a B+-tree in which every node counts what is below it.
//!
//! All elements lie in leaves, side by side; a node above them has the first element of each of its
//! children, so that a search looks into no child but the one that it enters. Insert, the search
//! for a boundary and access by rank are O(log n); to remove a range takes what it removes, and
//! O(log n). Elements are not compared here: a search is told which of them stand before what it
//! looks for.

use std::ops::Range;

/// The most elements of a leaf, and the most children of a node.
const MAX: usize = 64;
/// The fewest of a node that is not the root.
const MIN: usize = MAX / 4;
/// A neighbour with so much room takes elements of a full leaf, before that is split.
const ROOM: usize = MAX / 8;

/// A sequence with O(log n) access by rank. Ranks count from 0.
#[derive(Debug, Clone)]
pub(crate) struct Ranked<T> {
    root: Node<T>,
}

/// A leaf has elements and no children; another node has children, and the first element of each.
/// All leaves have the same depth.
#[derive(Debug, Clone)]
struct Node<T> {
    elements: Vec<T>,
    children: Vec<Node<T>>,
    /// Elements in the leaves below, or in this one.
    len: usize,
}

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Ranked { root: Node { elements: Vec::new(), children: Vec::new(), len: 0 } }
    }
}

impl<T: Copy> Ranked<T> {
    pub fn len(&self) -> usize {
        self.root.len
    }

    /// The element of that rank.
    pub fn get(&self, rank: usize) -> Option<&T> {
        let (leaf, index) = self.leaf(rank);
        leaf.get(index)
    }

    /// How many elements stand at the front for which `is_before` holds; there must be none
    /// behind the first for which it does not.
    pub fn partition_point(&self, mut is_before: impl FnMut(&T) -> bool) -> usize {
        let mut node = &self.root;
        let mut rank = 0;
        while !node.is_leaf() {
            let index = node.child_for(&mut is_before);
            rank += node.children[..index].iter().map(|child| child.len).sum::<usize>();
            node = &node.children[index];
        }
        rank + node.elements.partition_point(is_before)
    }

    /// Inserts an element behind those for which `is_before` holds, as in
    /// [`partition_point`](Self::partition_point).
    pub fn insert(&mut self, element: T, mut is_before: impl FnMut(&T) -> bool) {
        if self.root.is_full() {
            let right = self.root.split();
            let left = std::mem::replace(&mut self.root, Ranked::default().root);
            self.root.len = left.len + right.len;
            self.root.put_child(0, left);
            self.root.put_child(1, right);
        }
        let mut node = &mut self.root;
        while !node.is_leaf() {
            let mut index = node.child_for(&mut is_before);
            if node.children[index].is_full() {
                node.make_room(index);
                index = node.child_for(&mut is_before);
            }
            if index == 0 && !is_before(&node.elements[0]) {
                node.elements[0] = element;
            }
            node.len += 1;
            node = &mut node.children[index];
        }
        let index = node.elements.partition_point(is_before);
        node.elements.insert(index, element);
        node.len += 1;
    }

    /// Removes the element of that rank.
    pub fn remove(&mut self, rank: usize) -> Option<T> {
        let mut removed = None;
        self.remove_range(rank..rank.saturating_add(1), |element| removed = Some(element));
        removed
    }

    /// Removes the elements of these ranks, as far as there are so many, and shows each.
    pub fn remove_range(&mut self, ranks: Range<usize>, mut removed: impl FnMut(T)) {
        let end = ranks.end.min(self.len());
        if ranks.start < end {
            self.root.remove(ranks.start..end, &mut removed);
        }
        while self.root.children.len() == 1 {
            self.root.children.pop().into_iter().for_each(|only| self.root = only);
        }
    }

    /// Changes elements, but not their order; some are shown more than once.
    pub fn update(&mut self, mut change: impl FnMut(&mut T)) {
        self.root.update(&mut change);
    }

    /// The elements of these ranks, as far as there are so many.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_, T> {
        let end = ranks.end.min(self.len());
        let start = ranks.start.min(end);
        Iter { sequence: self, ranks: start..end, front: [].iter(), back: [].iter() }
    }

    /// The leaf with the element of that rank, and its place there; no place where the rank is too
    /// high.
    fn leaf(&self, mut rank: usize) -> (&[T], usize) {
        let mut node = &self.root;
        while !node.is_leaf() {
            let (index, rank_in_child) = node.child_at(rank);
            node = &node.children[index];
            rank = rank_in_child;
        }
        (&node.elements, rank)
    }
}

impl<T: Copy> Node<T> {
    fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    fn is_full(&self) -> bool {
        self.elements.len() >= MAX
    }

    /// The last child that has an element before what is searched, or the first child.
    fn child_for(&self, is_before: impl FnMut(&T) -> bool) -> usize {
        self.elements[1..].partition_point(is_before)
    }

    /// The child with the element of a rank, and the rank in that child; the last child where the
    /// rank is too high.
    fn child_at(&self, mut rank: usize) -> (usize, usize) {
        let last = self.children.len() - 1;
        for (index, child) in self.children[..last].iter().enumerate() {
            if rank < child.len {
                return (index, rank);
            }
            rank -= child.len;
        }
        (last, rank)
    }

    fn put_child(&mut self, index: usize, child: Node<T>) {
        self.elements.insert(index, child.elements[0]);
        self.children.insert(index, child);
    }

    /// The back half of a full node.
    fn split(&mut self) -> Node<T> {
        let room = if self.is_leaf() { 0 } else { MAX };
        let mut right =
            Node { elements: Vec::with_capacity(MAX), children: Vec::with_capacity(room), len: 0 };
        right.take_back(self, MAX / 2);
        right
    }

    /// Makes room in a full child: its neighbours take elements of a leaf, so that ascending
    /// elements fill their leaves, and others do so better than by splitting alone.
    fn make_room(&mut self, index: usize) {
        let has_room = |child: &Node<T>| child.is_leaf() && child.elements.len() + ROOM <= MAX;
        // One place stays free on either side, as the element may belong there.
        if index > 0 && has_room(&self.children[index - 1]) {
            let [left, child] = neighbours(&mut self.children, index - 1);
            left.take_front(child, MAX - 1 - left.elements.len());
            self.elements[index] = child.elements[0];
        } else if self.children.get(index + 1).is_some_and(has_room) {
            let [child, right] = neighbours(&mut self.children, index);
            right.take_back(child, MAX - 1 - right.elements.len());
            self.elements[index + 1] = right.elements[0];
        } else {
            let right = self.children[index].split();
            self.put_child(index + 1, right);
        }
    }

    /// Removes the elements of these ranks, of which there is one at least.
    fn remove(&mut self, ranks: Range<usize>, removed: &mut impl FnMut(T)) {
        self.len -= ranks.len();
        if self.is_leaf() {
            return self.elements.drain(ranks).for_each(removed);
        }
        let (mut index, mut start) = self.child_at(ranks.start);
        let mut left = ranks.len();
        // The children that nothing is left of.
        let mut emptied = index..index;
        while left > 0 {
            let child = &mut self.children[index];
            let end = child.len.min(start + left);
            left -= end - start;
            child.remove(start..end, removed);
            start = 0;
            match child.elements.first() {
                Some(element) => self.elements[index] = *element,
                None if emptied.is_empty() => emptied = index..index + 1,
                None => emptied.end = index + 1,
            }
            index += 1;
        }
        if !emptied.is_empty() {
            index -= emptied.len();
            self.elements.drain(emptied.clone());
            self.children.drain(emptied);
        }
        // Before that index are the two that may have become too small.
        self.fill_around(index.saturating_sub(1));
    }

    /// Gives a child that is too small elements or children of a neighbour, or all of them.
    fn fill(&mut self, index: usize) {
        let is_small = self.children.get(index).is_some_and(|child| child.elements.len() < MIN);
        if !is_small || self.children.len() < 2 {
            return;
        }
        let index = index.saturating_sub(1);
        let [left, right] = neighbours(&mut self.children, index);
        let (lefts, rights) = (left.elements.len(), right.elements.len());
        let half = (lefts + rights) / 2;
        if lefts + rights <= MAX {
            left.take_front(right, rights);
            self.children.remove(index + 1);
            self.elements.remove(index + 1);
        } else {
            if lefts < half {
                left.take_front(right, half - lefts);
            } else {
                right.take_back(left, lefts - half);
            }
            self.elements[index + 1] = right.elements[0];
            right.fill_around(lefts.saturating_sub(half));
        }
        // A child that had no neighbour may have been too small; now it has one.
        self.children[index].fill_around(lefts);
    }

    /// Fills the child at an index and the one before it, where these are too small.
    fn fill_around(&mut self, index: usize) {
        self.fill(index);
        self.fill(index.saturating_sub(1));
    }

    /// Moves the first elements or children of the node behind this one to the end of this one.
    fn take_front(&mut self, right: &mut Node<T>, count: usize) {
        self.elements.extend(right.elements.drain(..count));
        let moved = if right.is_leaf() { count } else { total(&right.children[..count]) };
        if !right.is_leaf() {
            self.children.extend(right.children.drain(..count));
        }
        self.len += moved;
        right.len -= moved;
    }

    /// Moves the last elements or children of the node before this one to the front of this one.
    fn take_back(&mut self, left: &mut Node<T>, count: usize) {
        let rest = left.elements.len() - count;
        self.elements.splice(0..0, left.elements.drain(rest..));
        let moved = if left.is_leaf() { count } else { total(&left.children[rest..]) };
        if !left.is_leaf() {
            self.children.splice(0..0, left.children.drain(rest..));
        }
        self.len += moved;
        left.len -= moved;
    }

    fn update(&mut self, change: &mut impl FnMut(&mut T)) {
        self.elements.iter_mut().for_each(&mut *change);
        self.children.iter_mut().for_each(|child| child.update(change));
    }
}

/// The children `index` and `index + 1`.
fn neighbours<T>(children: &mut [Node<T>], index: usize) -> [&mut Node<T>; 2] {
    let [left, right] = &mut children[index..index + 2] else {
        unreachable!("a range of two has two children");
    };
    [left, right]
}

fn total<T>(children: &[Node<T>]) -> usize {
    children.iter().map(|child| child.len).sum()
}

/// A walk over a range of ranks, from either end.
#[derive(Debug, Clone)]
pub(crate) struct Iter<'a, T> {
    sequence: &'a Ranked<T>,
    ranks: Range<usize>,
    /// What follows in the leaf that the walk is in.
    front: std::slice::Iter<'a, T>,
    /// What comes before the end in the leaf that the walk back is in.
    back: std::slice::Iter<'a, T>,
}

impl<'a, T: Copy> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        let rank = self.ranks.next()?;
        if self.front.as_slice().is_empty() {
            let (leaf, index) = self.sequence.leaf(rank);
            self.front = leaf[index..].iter();
        }
        self.front.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }
}

impl<'a, T: Copy> DoubleEndedIterator for Iter<'a, T> {
    fn next_back(&mut self) -> Option<&'a T> {
        let rank = self.ranks.next_back()?;
        if self.back.as_slice().is_empty() {
            let (leaf, index) = self.sequence.leaf(rank);
            self.back = leaf[..=index].iter();
        }
        self.back.next_back()
    }
}

impl<T: Copy> ExactSizeIterator for Iter<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Checks a subtree and returns its depth.
    fn check<T: Copy + PartialEq + std::fmt::Debug>(node: &Node<T>, is_root: bool) -> usize {
        assert!(node.elements.len() <= MAX);
        assert!(is_root || node.elements.len() >= MIN);
        if node.is_leaf() {
            assert_eq!(node.len, node.elements.len());
            return 1;
        }
        assert!(node.children.len() > 1);
        assert_eq!(node.len, total(&node.children));
        assert!(node.elements.iter().eq(node.children.iter().map(|child| &child.elements[0])));
        let depths: Vec<usize> = node.children.iter().map(|child| check(child, false)).collect();
        assert!(depths.iter().all(|depth| *depth == depths[0]));
        1 + depths[0]
    }

    fn ascending(len: u64) -> Ranked<u64> {
        let mut ranked = Ranked::default();
        (0..len).for_each(|number| ranked.insert(number, |_| true));
        ranked
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// Insert that many elements, each before the last one, the first at this rank.
        Insert(prop::sample::Index, u16),
        /// Remove that many elements from this rank on, one by one or all at once.
        Remove(prop::sample::Index, u16, bool),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (any::<prop::sample::Index>(), 1..2000u16).prop_map(|(at, n)| Step::Insert(at, n)),
            (any::<prop::sample::Index>(), 1..1500u16, any::<bool>())
                .prop_map(|(at, n, at_once)| Step::Remove(at, n, at_once)),
        ];
        prop::collection::vec(step, 1..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_a_sorted_vector(
            from in 0..9000_u64,
            steps in steps(),
            ends in any::<[prop::sample::Index; 2]>(),
        ) {
            let mut ranked = ascending(from);
            let mut model: Vec<u64> = (0..from).map(|number| number << 32).collect();
            ranked.update(|number| *number = number.rotate_left(32));
            for step in steps {
                match step {
                    Step::Insert(at, count) => {
                        let at = at.index(model.len() + 1);
                        let before = at.checked_sub(1).map_or(0, |before| model[before]);
                        let behind = model.get(at).copied().unwrap_or(before + (1 << 32));
                        let gap = (behind - before) / (u64::from(count) + 1);
                        if gap == 0 {
                            continue;
                        }
                        for offset in (1..=u64::from(count)).rev() {
                            let number = before + offset * gap;
                            ranked.insert(number, |other| *other < number);
                            model.insert(at, number);
                        }
                    }
                    Step::Remove(at, count, at_once) => {
                        let at = at.index(model.len() + 1);
                        let end = model.len().min(at + usize::from(count));
                        let expected: Vec<u64> = model.drain(at..end).collect();
                        let mut removed = Vec::new();
                        if at_once {
                            let end = at + usize::from(count);
                            ranked.remove_range(at..end, |number| removed.push(number));
                        } else {
                            removed.extend((at..end).filter_map(|_| ranked.remove(at)));
                        }
                        prop_assert_eq!(removed, expected);
                    }
                }
                check(&ranked.root, true);
            }
            prop_assert_eq!(ranked.len(), model.len());
            prop_assert!(ranked.range(0..ranked.len()).eq(&model));
            prop_assert!(ranked.range(0..ranked.len()).rev().eq(model.iter().rev()));
            let [a, b] = ends.map(|end| end.index(model.len() + 1));
            let (a, b) = (a.min(b), a.max(b));
            prop_assert!(ranked.range(a..b).eq(&model[a..b]));
            prop_assert!(ranked.range(a..b).rev().eq(model[a..b].iter().rev()));
            prop_assert_eq!(ranked.get(a), model.get(a));
        }

        #[test]
        fn a_boundary_is_found_at_its_rank(len in 0..9000_u64, at in 0..9100_u64) {
            let boundary = ascending(len).partition_point(|number| *number < at);
            prop_assert_eq!(boundary as u64, at.min(len));
        }

        #[test]
        fn both_ends_of_a_walk_meet(len in 0..500_u64, from_front in prop::collection::vec(any::<bool>(), 500)) {
            let ranked = ascending(len);
            let mut model = 0..len;
            let mut walk = ranked.range(0..ranked.len());
            for front in from_front {
                if front {
                    prop_assert_eq!(walk.next().copied(), model.next());
                } else {
                    prop_assert_eq!(walk.next_back().copied(), model.next_back());
                }
                prop_assert_eq!(walk.len() as u64, model.end - model.start);
            }
        }
    }

    #[test]
    fn ascending_elements_fill_their_leaves() {
        let ranked = ascending(10_000);
        let leaves = 10_000usize.div_ceil(MAX - 1);
        let bottom = ranked.root.children.iter().map(|child| child.children.len().max(1));
        assert!(bottom.sum::<usize>() <= leaves + 1);
    }

    #[test]
    fn ranks_out_of_range_are_harmless() {
        let mut ranked = ascending(1);
        assert_eq!(ranked.get(1), None);
        assert_eq!(ranked.get(usize::MAX), None);
        assert_eq!(ranked.remove(1), None);
        assert_eq!(ranked.remove(usize::MAX), None);
        assert_eq!(ranked.range(2..5).count(), 0);
        ranked.remove_range(2..5, |_| unreachable!("there is none"));
        assert_eq!(ranked.remove(0), Some(0));
        assert_eq!((ranked.remove(0), ranked.len()), (None, 0));
    }
}
