//! A sequence that is indexed by rank: a B+-tree in which every node counts what is below it.
//!
//! All elements lie in leaves, side by side; a node above them has the first element of each of its
//! children, and how many elements each has, so that a search looks into no child but the one that
//! it enters. Insert, the search
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
    len: usize,
}

/// A leaf has elements and nothing below it; another node has children, and the first element of
/// each. All leaves have the same depth.
#[derive(Debug, Clone)]
struct Node<T> {
    elements: Vec<T>,
    below: Option<Box<Below<T>>>,
}

/// What is below a node that is no leaf.
#[derive(Debug, Clone)]
struct Below<T> {
    children: Vec<Node<T>>,
    /// How many elements are in the leaves of each child: side by side, as a search adds up many.
    lens: Vec<usize>,
}

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Ranked { root: Node { elements: Vec::new(), below: None }, len: 0 }
    }
}

impl<T: Copy> Ranked<T> {
    pub fn len(&self) -> usize {
        self.len
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
        while let Some(below) = &node.below {
            let index = node.child_for(&mut is_before);
            rank += below.lens[..index].iter().sum::<usize>();
            node = &below.children[index];
        }
        rank + node.elements.partition_point(is_before)
    }

    /// Inserts an element behind those for which `is_before` holds, as in
    /// [`partition_point`](Self::partition_point).
    pub fn insert(&mut self, element: T, mut is_before: impl FnMut(&T) -> bool) {
        if self.root.is_full() {
            let right = self.root.split();
            let left = std::mem::replace(&mut self.root, Ranked::default().root);
            let children = vec![left, right];
            self.root.elements.extend(children.iter().map(|child| child.elements[0]));
            let lens = children.iter().map(Node::len).collect();
            self.root.below = Some(Box::new(Below { children, lens }));
        }
        self.len += 1;
        self.root.insert(element, &mut is_before);
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
            self.len -= end - ranks.start;
            self.root.remove(ranks.start..end, &mut removed);
        }
        while let Some(below) = &mut self.root.below
            && below.children.len() == 1
        {
            below.children.pop().into_iter().for_each(|only| self.root = only);
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
        while let Some(below) = &node.below {
            let (index, rank_in_child) = below.child_at(rank);
            node = &below.children[index];
            rank = rank_in_child;
        }
        (&node.elements, rank)
    }
}

impl<T: Copy> Node<T> {
    fn is_leaf(&self) -> bool {
        self.below.is_none()
    }

    fn is_full(&self) -> bool {
        self.elements.len() >= MAX
    }

    /// How many elements are in the leaves below, or in this one.
    fn len(&self) -> usize {
        self.below.as_ref().map_or(self.elements.len(), |below| below.lens.iter().sum())
    }

    /// The last child that has an element before what is searched, or the first child.
    fn child_for(&self, is_before: impl FnMut(&T) -> bool) -> usize {
        self.elements[1..].partition_point(is_before)
    }

    /// Inserts an element into the leaves below or into this one, which is not full.
    fn insert(&mut self, element: T, is_before: &mut impl FnMut(&T) -> bool) {
        let Some(below) = &self.below else {
            let index = self.elements.partition_point(is_before);
            return self.elements.insert(index, element);
        };
        let mut index = self.child_for(&mut *is_before);
        if below.children[index].is_full() {
            self.make_room(index);
            index = self.child_for(&mut *is_before);
        }
        if index == 0 && !is_before(&self.elements[0]) {
            self.elements[0] = element;
        }
        if let Some(below) = &mut self.below {
            below.lens[index] += 1;
            below.children[index].insert(element, is_before);
        }
    }

    /// The back half of a full node.
    fn split(&mut self) -> Node<T> {
        let below = self.below.as_ref().map(|_| Box::new(Below::with_capacity(MAX)));
        let mut right = Node { elements: Vec::with_capacity(MAX), below };
        right.take_back(self, MAX / 2);
        right
    }

    /// Makes room in a full child: its neighbours take elements of a leaf, so that ascending
    /// elements fill their leaves, and others do so better than by splitting alone.
    fn make_room(&mut self, index: usize) {
        let Some(below) = &mut self.below else {
            return;
        };
        let has_room = |child: &Node<T>| child.is_leaf() && child.elements.len() + ROOM <= MAX;
        // One place stays free on either side, as the element may belong there.
        if index > 0 && has_room(&below.children[index - 1]) {
            let count = MAX - 1 - below.children[index - 1].elements.len();
            self.elements[index] = below.shift_left(index - 1, count);
        } else if below.children.get(index + 1).is_some_and(has_room) {
            let count = MAX - 1 - below.children[index + 1].elements.len();
            self.elements[index + 1] = below.shift_right(index, count);
        } else {
            let right = below.children[index].split();
            below.lens[index] -= right.len();
            self.elements.insert(index + 1, right.elements[0]);
            below.lens.insert(index + 1, right.len());
            below.children.insert(index + 1, right);
        }
    }

    /// Removes the elements of these ranks, of which there is one at least.
    fn remove(&mut self, ranks: Range<usize>, removed: &mut impl FnMut(T)) {
        let Some(below) = &mut self.below else {
            return self.elements.drain(ranks).for_each(removed);
        };
        let (mut index, mut start) = below.child_at(ranks.start);
        let mut left = ranks.len();
        // The children that nothing is left of.
        let mut emptied = index..index;
        while left > 0 {
            let end = below.lens[index].min(start + left);
            left -= end - start;
            below.lens[index] -= end - start;
            let child = &mut below.children[index];
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
            below.lens.drain(emptied.clone());
            below.children.drain(emptied);
        }
        // Before that index are the two that may have become too small.
        self.fill_around(index.saturating_sub(1));
    }

    /// Gives a child that is too small elements or children of a neighbour, or all of them.
    fn fill(&mut self, index: usize) {
        let Some(below) = &mut self.below else {
            return;
        };
        let is_small = below.children.get(index).is_some_and(|child| child.elements.len() < MIN);
        if !is_small || below.children.len() < 2 {
            return;
        }
        let index = index.saturating_sub(1);
        let [lefts, rights] = [index, index + 1].map(|at| below.children[at].elements.len());
        let half = (lefts + rights) / 2;
        if lefts + rights <= MAX {
            let [left, right] = neighbours(&mut below.children, index);
            left.take_front(right, rights);
            below.lens[index] += below.lens.remove(index + 1);
            below.children.remove(index + 1);
            self.elements.remove(index + 1);
        } else {
            self.elements[index + 1] = if lefts < half {
                below.shift_left(index, half - lefts)
            } else {
                below.shift_right(index, lefts - half)
            };
            below.children[index + 1].fill_around(lefts.saturating_sub(half));
        }
        // A child that had no neighbour may have been too small; now it has one.
        below.children[index].fill_around(lefts);
    }

    /// Fills the child at an index and the one before it, where these are too small.
    fn fill_around(&mut self, index: usize) {
        self.fill(index);
        self.fill(index.saturating_sub(1));
    }

    /// Moves the first elements or children of the node behind this one to the end of this one, and
    /// says how many elements that were.
    fn take_front(&mut self, right: &mut Node<T>, count: usize) -> usize {
        self.elements.extend(right.elements.drain(..count));
        match (&mut self.below, &mut right.below) {
            (Some(left), Some(right)) => {
                left.children.extend(right.children.drain(..count));
                let moved = right.lens[..count].iter().sum();
                left.lens.extend(right.lens.drain(..count));
                moved
            }
            _ => count,
        }
    }

    /// Moves the last elements or children of the node before this one to the front of this one, and
    /// says how many elements that were.
    fn take_back(&mut self, left: &mut Node<T>, count: usize) -> usize {
        let rest = left.elements.len() - count;
        self.elements.splice(0..0, left.elements.drain(rest..));
        match (&mut self.below, &mut left.below) {
            (Some(right), Some(left)) => {
                right.children.splice(0..0, left.children.drain(rest..));
                let moved = left.lens[rest..].iter().sum();
                right.lens.splice(0..0, left.lens.drain(rest..));
                moved
            }
            _ => count,
        }
    }

    fn update(&mut self, change: &mut impl FnMut(&mut T)) {
        self.elements.iter_mut().for_each(&mut *change);
        let children = self.below.iter_mut().flat_map(|below| &mut below.children);
        children.for_each(|child| child.update(change));
    }
}

impl<T: Copy> Below<T> {
    fn with_capacity(children: usize) -> Below<T> {
        Below { children: Vec::with_capacity(children), lens: Vec::with_capacity(children) }
    }

    /// The child with the element of a rank, and the rank in that child; the last child where the
    /// rank is too high.
    fn child_at(&self, mut rank: usize) -> (usize, usize) {
        let last = self.lens.len() - 1;
        for (index, &len) in self.lens[..last].iter().enumerate() {
            if rank < len {
                return (index, rank);
            }
            rank -= len;
        }
        (last, rank)
    }

    /// Moves the first elements or children of the child behind this one to it, and returns the
    /// first element that child has then.
    fn shift_left(&mut self, index: usize, count: usize) -> T {
        let [left, right] = neighbours(&mut self.children, index);
        let moved = left.take_front(right, count);
        self.lens[index] += moved;
        self.lens[index + 1] -= moved;
        right.elements[0]
    }

    /// Moves the last elements or children of this child to the one behind it, and returns the first
    /// element that one has then.
    fn shift_right(&mut self, index: usize, count: usize) -> T {
        let [left, right] = neighbours(&mut self.children, index);
        let moved = right.take_back(left, count);
        self.lens[index] -= moved;
        self.lens[index + 1] += moved;
        right.elements[0]
    }
}

/// The children `index` and `index + 1`.
fn neighbours<T>(children: &mut [Node<T>], index: usize) -> [&mut Node<T>; 2] {
    let [left, right] = &mut children[index..index + 2] else {
        unreachable!("a range of two has two children");
    };
    [left, right]
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
        let Some(below) = &node.below else {
            return 1;
        };
        assert!(below.children.len() > 1);
        assert!(below.lens.iter().copied().eq(below.children.iter().map(Node::len)));
        assert!(node.elements.iter().eq(below.children.iter().map(|child| &child.elements[0])));
        let depths: Vec<usize> = below.children.iter().map(|child| check(child, false)).collect();
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
                prop_assert_eq!(ranked.len(), ranked.root.len());
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
        let leaves_below = |node: &Node<u64>| node.below.as_ref().map_or(1, |it| it.children.len());
        let below = ranked.root.below.as_ref().expect("they do not fit into one leaf");
        assert!(below.children.iter().map(leaves_below).sum::<usize>() <= leaves + 1);
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
