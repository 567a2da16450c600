//! A sequence that is indexed by rank: a B-tree in which every node counts what is below it.
//!
//! Get, insert and remove by rank and the search for a boundary are O(log n); a range is walked
//! from either end. Elements are not compared here: whoever keeps the sequence sorted searches it
//! with [`Ranked::partition_point`] and inserts at the rank that it finds.

use std::ops::Range;

/// The most elements of a node.
const MAX: usize = 31;
/// The fewest elements of a node that is not the root.
const MIN: usize = MAX / 2;

/// A sequence with O(log n) access by rank. Ranks count from 0.
#[derive(Debug, Clone)]
pub(crate) struct Ranked<T> {
    root: Node<T>,
}

/// A node: `children[i]` stands before `elements[i]`, the last child behind the last element. A
/// leaf has no children. All leaves have the same depth.
#[derive(Debug, Clone)]
struct Node<T> {
    elements: Vec<T>,
    children: Vec<Node<T>>,
    /// Elements here and below.
    len: usize,
}

/// What a full node is split into, beside its own front half: the element between, and the rest.
type Split<T> = (T, Node<T>);

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Ranked { root: Node::new(Vec::new(), Vec::new()) }
    }
}

impl<T> Ranked<T> {
    pub fn len(&self) -> usize {
        self.root.len
    }

    /// The element of that rank.
    pub fn get(&self, mut rank: usize) -> Option<&T> {
        if rank >= self.len() {
            return None;
        }
        let mut node = &self.root;
        while !node.is_leaf() {
            let (index, rank_in_child) = node.child_at(rank);
            if rank_in_child == node.children[index].len {
                return node.elements.get(index);
            }
            node = &node.children[index];
            rank = rank_in_child;
        }
        node.elements.get(rank)
    }

    /// The element of that rank, to be changed without changing the order.
    pub fn get_mut(&mut self, mut rank: usize) -> Option<&mut T> {
        if rank >= self.len() {
            return None;
        }
        let mut node = &mut self.root;
        while !node.is_leaf() {
            let (index, rank_in_child) = node.child_at(rank);
            if rank_in_child == node.children[index].len {
                return node.elements.get_mut(index);
            }
            node = &mut node.children[index];
            rank = rank_in_child;
        }
        node.elements.get_mut(rank)
    }

    /// How many elements stand at the front for which `is_before` holds; there must be none
    /// behind the first for which it does not.
    pub fn partition_point(&self, mut is_before: impl FnMut(&T) -> bool) -> usize {
        let mut node = &self.root;
        let mut rank = 0;
        loop {
            let index = node.elements.partition_point(&mut is_before);
            rank += index + node.children.iter().take(index).map(|child| child.len).sum::<usize>();
            match node.children.get(index) {
                Some(child) => node = child,
                None => return rank,
            }
        }
    }

    /// Inserts an element, which gets that rank, or the last if there are fewer.
    pub fn insert(&mut self, rank: usize, element: T) {
        let rank = rank.min(self.len());
        self.root.insert(rank, element);
        if self.root.elements.len() > MAX {
            let (middle, right) = self.root.split();
            let left = std::mem::replace(&mut self.root, Node::new(Vec::new(), Vec::new()));
            self.root = Node::new(vec![middle], vec![left, right]);
        }
    }

    /// Removes the element of that rank.
    pub fn remove(&mut self, rank: usize) -> Option<T> {
        if rank >= self.len() {
            return None;
        }
        let element = self.root.remove(rank);
        if self.root.elements.is_empty()
            && let Some(only) = self.root.children.pop()
        {
            self.root = only;
        }
        Some(element)
    }

    /// The elements of these ranks, as far as there are so many.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_, T> {
        let end = ranks.end.min(self.len());
        let start = ranks.start.min(end);
        Iter { front: self.root.path(start), back: self.root.path(end), remaining: end - start }
    }
}

impl<T> Node<T> {
    fn new(elements: Vec<T>, children: Vec<Node<T>>) -> Self {
        let below: usize = children.iter().map(|child| child.len).sum();
        Node { len: elements.len() + below, elements, children }
    }

    fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// The child whose elements, or the gap behind them, have that rank; and the rank inside it.
    /// A rank that equals the child's length is that of the element behind the child.
    fn child_at(&self, mut rank: usize) -> (usize, usize) {
        for (index, child) in self.children.iter().enumerate() {
            if rank <= child.len {
                return (index, rank);
            }
            rank -= child.len + 1;
        }
        unreachable!("a rank is at most the node's length")
    }

    /// The way from here to the gap before that rank: nodes, each with its number of elements
    /// before the gap.
    fn path(&self, mut rank: usize) -> Vec<(&Node<T>, usize)> {
        let mut path = Vec::new();
        let mut node = self;
        while !node.is_leaf() {
            let (index, rank_in_child) = node.child_at(rank);
            path.push((node, index));
            node = &node.children[index];
            rank = rank_in_child;
        }
        path.push((node, rank));
        path
    }

    /// Inserts an element; the node may have one too many then.
    fn insert(&mut self, rank: usize, element: T) {
        self.len += 1;
        if self.is_leaf() {
            self.elements.insert(rank, element);
        } else {
            let (index, rank) = self.child_at(rank);
            self.children[index].insert(rank, element);
            if self.children[index].elements.len() > MAX && !self.relieve(index) {
                let (middle, right) = self.children[index].split();
                self.elements.insert(index, middle);
                self.children.insert(index + 1, right);
            }
        }
    }

    /// Moves elements of a leaf that is too full to a neighbour which has room: then ascending
    /// elements fill their nodes, and others do so better than by splitting alone.
    fn relieve(&mut self, index: usize) -> bool {
        if !self.children[index].is_leaf() {
            return false;
        }
        let has_room = |child: &Node<T>| child.elements.len() < MAX;
        if index > 0 && has_room(&self.children[index - 1]) {
            let [left, child] = &mut self.children[index - 1..=index] else {
                return false;
            };
            let count = MAX - left.elements.len();
            let mut moved = child.elements.drain(..count);
            let last = moved.next_back().expect("there is room for one at least");
            left.elements.push(std::mem::replace(&mut self.elements[index - 1], last));
            left.elements.extend(moved);
            left.len += count;
            child.len -= count;
            return true;
        }
        let Some([child, right]) = self.children.get_mut(index..index + 2) else {
            return false;
        };
        if !has_room(right) {
            return false;
        }
        let count = MAX - right.elements.len();
        let mut moved = child.elements.drain(MAX + 1 - count..);
        let first = moved.next().expect("there is room for one at least");
        let between = std::mem::replace(&mut self.elements[index], first);
        right.elements.splice(0..0, moved.chain([between]));
        right.len += count;
        child.len -= count;
        true
    }

    /// Takes the back half of a node that is too full.
    fn split(&mut self) -> Split<T> {
        let half = self.elements.len() / 2;
        // With room for a full node at once: doubling would pass it by.
        let mut elements = Vec::with_capacity(MAX + 1);
        elements.extend(self.elements.drain(half + 1..));
        let middle = self.elements.pop().expect("a full node has a middle");
        let children = if self.is_leaf() { Vec::new() } else { self.children.split_off(half + 1) };
        let right = Node::new(elements, children);
        self.len -= right.len + 1;
        (middle, right)
    }

    /// Removes an element that exists.
    fn remove(&mut self, rank: usize) -> T {
        self.len -= 1;
        if self.is_leaf() {
            return self.elements.remove(rank);
        }
        let (index, rank) = self.child_at(rank);
        let child = &mut self.children[index];
        let removed = if rank < child.len {
            child.remove(rank)
        } else {
            let before = child.remove(rank - 1);
            std::mem::replace(&mut self.elements[index], before)
        };
        self.refill(index);
        removed
    }

    /// Gives a child that lost an element its least number again.
    fn refill(&mut self, index: usize) {
        if self.children[index].elements.len() >= MIN {
            return;
        }
        if index > 0 && self.children[index - 1].elements.len() > MIN {
            self.lend_from_left(index);
        } else if index + 1 < self.children.len() && self.children[index + 1].elements.len() > MIN {
            self.lend_from_right(index);
        } else {
            self.merge(index.saturating_sub(1));
        }
    }

    /// Moves an element from the child before `index` through this node into that child.
    fn lend_from_left(&mut self, index: usize) {
        let left = &mut self.children[index - 1];
        let lent = left.elements.pop().expect("the lender has more than the least number");
        let grandchild = left.children.pop();
        let moved = 1 + grandchild.as_ref().map_or(0, |node| node.len);
        left.len -= moved;
        let between = std::mem::replace(&mut self.elements[index - 1], lent);
        let child = &mut self.children[index];
        child.elements.insert(0, between);
        child.len += moved;
        if let Some(grandchild) = grandchild {
            child.children.insert(0, grandchild);
        }
    }

    /// Moves an element from the child behind `index` through this node into that child.
    fn lend_from_right(&mut self, index: usize) {
        let right = &mut self.children[index + 1];
        let lent = right.elements.remove(0);
        let grandchild = (!right.is_leaf()).then(|| right.children.remove(0));
        let moved = 1 + grandchild.as_ref().map_or(0, |node| node.len);
        right.len -= moved;
        let between = std::mem::replace(&mut self.elements[index], lent);
        let child = &mut self.children[index];
        child.elements.push(between);
        child.children.extend(grandchild);
        child.len += moved;
    }

    /// Makes the children `index` and `index + 1` and the element between them one child.
    fn merge(&mut self, index: usize) {
        let right = self.children.remove(index + 1);
        let between = self.elements.remove(index);
        let left = &mut self.children[index];
        left.len += right.len + 1;
        left.elements.push(between);
        left.elements.extend(right.elements);
        left.children.extend(right.children);
    }
}

/// A walk over a range of ranks, from either end.
#[derive(Debug, Clone)]
pub(crate) struct Iter<'a, T> {
    /// The gap before the next element: nodes, each with its number of elements before the gap.
    front: Vec<(&'a Node<T>, usize)>,
    /// The gap behind the last element.
    back: Vec<(&'a Node<T>, usize)>,
    remaining: usize,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        self.remaining = self.remaining.checked_sub(1)?;
        loop {
            let (node, index) = self.front.last_mut()?;
            let node = *node;
            let Some(element) = node.elements.get(*index) else {
                self.front.pop();
                continue;
            };
            *index += 1;
            let mut below = node.children.get(*index);
            while let Some(child) = below {
                self.front.push((child, 0));
                below = child.children.first();
            }
            return Some(element);
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl<'a, T> DoubleEndedIterator for Iter<'a, T> {
    fn next_back(&mut self) -> Option<&'a T> {
        self.remaining = self.remaining.checked_sub(1)?;
        loop {
            let (node, index) = self.back.last_mut()?;
            let node = *node;
            let Some(before) = index.checked_sub(1) else {
                self.back.pop();
                continue;
            };
            *index = before;
            let mut below = node.children.get(before);
            while let Some(child) = below {
                self.back.push((child, child.elements.len()));
                below = child.children.last();
            }
            return node.elements.get(before);
        }
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Checks a subtree and returns its depth.
    fn check<T>(node: &Node<T>, is_root: bool) -> usize {
        assert!(node.elements.len() <= MAX);
        assert!(is_root || node.elements.len() >= MIN);
        let below: usize = node.children.iter().map(|child| child.len).sum();
        assert_eq!(node.len, node.elements.len() + below);
        if node.is_leaf() {
            return 1;
        }
        assert_eq!(node.children.len(), node.elements.len() + 1);
        let depths: Vec<usize> = node.children.iter().map(|child| check(child, false)).collect();
        assert!(depths.iter().all(|depth| *depth == depths[0]));
        1 + depths[0]
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// Insert that many elements, the first at this rank of the present length.
        Insert(prop::sample::Index, u16),
        /// Remove that many elements from this rank on, or from the end back.
        Remove(prop::sample::Index, u16, bool),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (any::<prop::sample::Index>(), 1..400u16).prop_map(|(at, n)| Step::Insert(at, n)),
            (any::<prop::sample::Index>(), 1..300u16, any::<bool>())
                .prop_map(|(at, n, back)| Step::Remove(at, n, back)),
        ];
        prop::collection::vec(step, 1..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_a_sequence_like_a_vector(steps in steps(), ends in any::<[prop::sample::Index; 2]>()) {
            let mut model = Vec::new();
            let mut ranked = Ranked::default();
            let mut next = 0;
            for step in steps {
                match step {
                    Step::Insert(at, count) => {
                        let at = at.index(model.len() + 1);
                        for offset in 0..usize::from(count) {
                            model.insert(at + offset, next);
                            ranked.insert(at + offset, next);
                            next += 1;
                        }
                    }
                    Step::Remove(at, count, back) => {
                        for _ in 0..count {
                            if model.is_empty() {
                                break;
                            }
                            let rank = at.index(model.len());
                            let rank = if back { model.len() - 1 - rank } else { rank };
                            prop_assert_eq!(ranked.remove(rank), Some(model.remove(rank)));
                        }
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
        fn a_boundary_is_found_at_its_rank(len in 0..3000usize, at in 0..3100usize) {
            let mut ranked = Ranked::default();
            for number in 0..len {
                ranked.insert(number, number);
            }
            prop_assert_eq!(ranked.partition_point(|number| *number < at), at.min(len));
        }

        #[test]
        fn both_ends_of_a_walk_meet(len in 0..500usize, from_front in prop::collection::vec(any::<bool>(), 500)) {
            let mut ranked = Ranked::default();
            for number in 0..len {
                ranked.insert(number, number);
            }
            let mut model = 0..len;
            let mut walk = ranked.range(0..ranked.len());
            for front in from_front {
                if front {
                    prop_assert_eq!(walk.next().copied(), model.next());
                } else {
                    prop_assert_eq!(walk.next_back().copied(), model.next_back());
                }
                prop_assert_eq!(walk.len(), model.len());
            }
        }
    }

    #[test]
    fn ranks_out_of_range_are_harmless() {
        let mut ranked = Ranked::default();
        ranked.insert(7, 'a');
        assert_eq!(ranked.get(1), None);
        assert_eq!(ranked.get(usize::MAX), None);
        assert_eq!(ranked.remove(1), None);
        assert_eq!(ranked.range(2..5).count(), 0);
    }
}
