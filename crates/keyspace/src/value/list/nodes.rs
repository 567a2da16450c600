//! The nodes into which Redis would divide a long list.
//!
//! Only their sizes are kept. They decide when a list that shrinks is one listpack again, which
//! depends on where its elements were added and removed, not on their number alone.

use super::elements::Elements;
use super::runs::{Run, Runs};
use super::{End, Side};
use crate::value::listpack;

/// What Redis assumes that one more entry takes beyond its bytes.
const ENTRY_ESTIMATE: usize = 8;
/// The most bytes of a node that is limited by its number of elements.
const SAFE_BYTES: usize = 8 * 1024;

/// How large a node may become: the meaning of `list-max-listpack-size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeLimit {
    Bytes(usize),
    Elements(usize),
}

impl NodeLimit {
    /// A number of elements where positive; -1 to -5 are 4, 8, 16, 32 and 64 KiB.
    pub fn new(list_max_listpack_size: i64) -> NodeLimit {
        match list_max_listpack_size {
            size @ 0.. => NodeLimit::Elements(usize::try_from(size).unwrap_or(usize::MAX).max(1)),
            -1 => NodeLimit::Bytes(4 * 1024),
            -2 => NodeLimit::Bytes(8 * 1024),
            -3 => NodeLimit::Bytes(16 * 1024),
            -4 => NodeLimit::Bytes(32 * 1024),
            _ => NodeLimit::Bytes(64 * 1024),
        }
    }

    pub fn is_exceeded(self, bytes: usize, count: usize) -> bool {
        match self {
            NodeLimit::Bytes(limit) => bytes > limit,
            NodeLimit::Elements(limit) => bytes > SAFE_BYTES || count > limit,
        }
    }

    /// Whether an element of that length gets a node of its own.
    fn is_large(self, len: usize) -> bool {
        match self {
            NodeLimit::Bytes(limit) => len > limit,
            NodeLimit::Elements(_) => len > SAFE_BYTES,
        }
    }

    fn holds(self, node: &Node, share: usize) -> bool {
        match self {
            NodeLimit::Bytes(limit) => node.bytes <= limit / share,
            NodeLimit::Elements(limit) => node.count <= limit / share,
        }
    }
}

/// An element's size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Of the element itself.
    pub len: usize,
    /// As an entry of a listpack.
    pub bytes: usize,
    pub is_integer: bool,
}

impl Entry {
    pub fn of(element: &[u8]) -> Entry {
        let len = element.len();
        let is_integer = listpack::integer_of(element).is_some();
        Entry { len, bytes: listpack::entry_bytes(element), is_integer }
    }
}

/// A node: a listpack of several elements, or one large element by itself.
#[derive(Debug, Clone)]
struct Node {
    count: usize,
    bytes: usize,
    is_plain: bool,
}

impl Node {
    fn of(entry: Entry, limit: NodeLimit) -> Node {
        if limit.is_large(entry.len) {
            Node { count: 1, bytes: entry.len, is_plain: true }
        } else {
            Node { count: 1, bytes: listpack::OVERHEAD + entry.bytes, is_plain: false }
        }
    }

    fn accepts(&self, entry: Entry, limit: NodeLimit) -> bool {
        !self.is_plain
            && !limit.is_large(entry.len)
            && !limit.is_exceeded(self.bytes + entry.len + ENTRY_ESTIMATE, self.count + 1)
    }

    fn add(&mut self, entry: Entry) {
        self.count += 1;
        self.bytes += entry.bytes;
    }

    fn remove(&mut self, entry: Entry) {
        self.count -= 1;
        // A plain node goes with its only element, whatever that counted.
        self.bytes = self.bytes.saturating_sub(entry.bytes);
    }

    fn accepts_all_of(&self, other: &Node, limit: NodeLimit) -> bool {
        let bytes = self.bytes + other.bytes - listpack::OVERHEAD;
        !self.is_plain && !other.is_plain && !limit.is_exceeded(bytes, self.count + other.count)
    }
}

impl Run for Node {
    #[inline(always)]
    fn len(&self) -> usize {
        self.count
    }
}

/// The nodes of a quicklist, the leftmost first.
#[derive(Debug, Clone, Default)]
pub(super) struct Nodes(Runs<Node>);

impl Nodes {
    /// What a listpack becomes: its first node, if there is anything in it.
    pub fn of_listpack(count: usize, bytes: usize) -> Nodes {
        let mut nodes = Nodes::default();
        if count > 0 {
            nodes.0.push(End::Right, Node { count, bytes, is_plain: false });
        }
        nodes
    }

    /// The number of elements of each node, and whether it is one large element by itself.
    pub fn iter(&self) -> impl Iterator<Item = (usize, bool)> + '_ {
        self.0.iter().map(|node| (node.count, node.is_plain))
    }

    /// Whether all is in one node that keeps to the limit.
    pub fn fits_listpack(&self, limit: NodeLimit) -> bool {
        self.is_one_listpack(limit, 1)
    }

    /// Whether all is in one node that keeps to half of the limit.
    pub fn shrinks_to_listpack(&self, limit: NodeLimit) -> bool {
        self.is_one_listpack(limit, 2)
    }

    pub fn push(&mut self, end: End, entry: Entry, limit: NodeLimit) {
        let at = self.0.at_end(end).filter(|&at| self.0[at].accepts(entry, limit));
        match at {
            Some(at) => self.add(at, entry),
            None => self.0.push(end, Node::of(entry, limit)),
        }
    }

    pub fn pop(&mut self, end: End, entry: Entry) {
        if let Some(at) = self.0.at_end(end) {
            self.remove(at, entry);
        }
    }

    /// Inserts beside the element at index `pivot`; `elements` are those that are there.
    pub fn insert(
        &mut self,
        pivot: usize,
        side: Side,
        entry: Entry,
        limit: NodeLimit,
        elements: &Elements,
    ) {
        let (at, offset) = self.0.locate(pivot);
        if self.0[at].accepts(entry, limit) {
            return self.add(at, entry);
        }
        // Where a node of its own would go, and the neighbour that could take the element instead.
        let (is_at_edge, place, neighbour) = match side {
            Side::Before => (offset == 0, at, at.checked_sub(1)),
            Side::After => (offset + 1 == self.0[at].count, at + 1, Some(at + 1)),
        };
        if is_at_edge {
            let accepts = |&at: &usize| self.0.get(at).is_some_and(|it| it.accepts(entry, limit));
            return match neighbour.filter(accepts) {
                Some(neighbour) => self.add(neighbour, entry),
                None => self.0.insert(place, Node::of(entry, limit)),
            };
        }
        let split = match side {
            Side::Before => offset,
            Side::After => offset + 1,
        };
        self.split(at, pivot - offset, split, elements);
        if limit.is_large(entry.len) {
            return self.0.insert(at + 1, Node::of(entry, limit));
        }
        // The element joins the half that was cut off; the other one is looked at for merging.
        match side {
            Side::Before => {
                self.add(at, entry);
                self.merge_around(at + 1, limit);
            }
            Side::After => {
                self.add(at + 1, entry);
                self.merge_around(at, limit);
            }
        }
    }

    /// Replaces the element at `index`; `elements` still have the old one.
    pub fn replace(
        &mut self,
        index: usize,
        old: Entry,
        entry: Entry,
        limit: NodeLimit,
        elements: &Elements,
    ) {
        let (at, offset) = self.0.locate(index);
        let node = &self.0[at];
        match (node.is_plain, limit.is_large(entry.len)) {
            (false, false) => {
                self.0.change(at, |node| node.bytes = node.bytes - old.bytes + entry.bytes);
            }
            (true, true) => self.0.change(at, |node| node.bytes = entry.len),
            (true, false) => {
                self.insert(index, Side::After, entry, limit, elements);
                self.0.remove(at);
            }
            (false, true) => {
                if offset + 1 < node.count {
                    self.split(at, index - offset, offset + 1, elements);
                }
                self.0.insert(at + 1, Node::of(entry, limit));
                if !self.remove(at, old) {
                    self.merge_around(at + 1, limit);
                }
            }
        }
    }

    /// Removes the elements at these ascending indices, with what each of them took.
    pub fn remove_all(&mut self, indices: &[usize], entries: &[Entry]) {
        let (Some(&first), Some(&last)) = (indices.first(), indices.last()) else {
            return;
        };
        let ((from, offset), (to, _)) = (self.0.locate(first), self.0.locate(last));
        let mut removed = indices.iter().zip(entries).peekable();
        let mut end = first - offset;
        self.0.change_all(from..to + 1, |node| {
            end += node.count;
            while let Some((_, entry)) = removed.next_if(|(index, _)| **index < end) {
                node.remove(*entry);
            }
        });
    }

    fn add(&mut self, at: usize, entry: Entry) {
        self.0.change(at, |node| node.add(entry));
    }

    /// Removes an element of a node, and the node where it was the only one; says whether it was.
    fn remove(&mut self, at: usize, entry: Entry) -> bool {
        let is_empty = self.0.change(at, |node| {
            node.remove(entry);
            node.count == 0
        });
        if is_empty {
            self.0.remove(at);
        }
        is_empty
    }

    fn is_one_listpack(&self, limit: NodeLimit, share: usize) -> bool {
        self.0.count() == 1 && !self.0[0].is_plain && limit.holds(&self.0[0], share)
    }

    /// Cuts node `at`, which starts with element `first`, behind its first `count` elements.
    fn split(&mut self, at: usize, first: usize, count: usize, elements: &Elements) {
        let kept = elements.range(first..first + count);
        let bytes: usize = kept.map(|element| Entry::of(element).bytes).sum();
        let right = self.0.change(at, |node| {
            let left = Node { count, bytes: listpack::OVERHEAD + bytes, is_plain: false };
            let right = Node { count: node.count - count, bytes: node.bytes - bytes, ..left };
            *node = left;
            right
        });
        self.0.insert(at + 1, right);
    }

    /// Merges what fits together around a node: the two on its left, the two on its right, then
    /// itself with either neighbour.
    fn merge_around(&mut self, center: usize, limit: NodeLimit) {
        let mut center = center;
        if center >= 2 && self.merge(center - 2, limit) {
            center -= 1;
        }
        self.merge(center + 1, limit);
        if center >= 1 && self.merge(center - 1, limit) {
            center -= 1;
        }
        self.merge(center, limit);
    }

    /// Merges node `at` with the next one where that fits.
    fn merge(&mut self, at: usize, limit: NodeLimit) -> bool {
        let (Some(left), Some(right)) = (self.0.get(at), self.0.get(at + 1)) else {
            return false;
        };
        if !left.accepts_all_of(right, limit) {
            return false;
        }
        let (count, bytes) = (right.count, right.bytes - listpack::OVERHEAD);
        self.0.remove(at + 1);
        self.0.change(at, |node| {
            node.count += count;
            node.bytes += bytes;
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::List;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_entry_takes_what_a_listpack_needs_for_it() {
        for (element, bytes) in [
            (&b"0"[..], 2),
            (b"127", 2),
            (b"128", 3),
            (b"-1", 3),
            (b"4096", 4),
            (b"-32769", 5),
            (b"2147483647", 6),
            (b"9223372036854775807", 10),
            (b"9223372036854775808", 21),
            (b"", 2),
            (b"007", 5),
            (&[b'a'; 63], 65),
            (&[b'a'; 64], 67),
            (&[b'a'; 126], 130),
            (&[b'a'; 4096], 4103),
        ] {
            assert_eq!(Entry::of(element).bytes, bytes, "{}", element.escape_ascii());
        }
    }

    fn shape(list: &List) -> Vec<usize> {
        list.nodes.iter().flat_map(|nodes| nodes.0.iter().map(|node| node.count)).collect()
    }

    #[test]
    fn a_list_is_a_listpack_again_when_one_node_is_left_half_full() {
        let limit = NodeLimit::Elements(4);
        let mut list = List::default();
        list.push_all(End::Right, &[b"a", b"b", b"c", b"d"], limit);
        assert_eq!(list.encoding(), "listpack");
        list.push_all(End::Right, &[b"e"], limit);
        assert_eq!(shape(&list), [4, 1]);
        for left in [vec![3, 1], vec![2, 1], vec![1, 1], vec![]] {
            list.pop(End::Left);
            list.settle(limit);
            assert_eq!(shape(&list), left);
        }
        assert_eq!(list.encoding(), "listpack");
    }

    #[test]
    fn a_list_grows_by_the_bytes_of_its_elements() {
        let limit = NodeLimit::new(-2);
        let mut list = List::default();
        list.push_all(End::Right, &[&[b'x'; 4000]], limit);
        assert_eq!(list.listpack_bytes(), 4011);
        let mut larger = list.clone();
        list.push_all(End::Right, &[&[b'x'; 8192 - 4011]], limit);
        assert_eq!((list.encoding(), list.listpack_bytes()), ("listpack", 8199));
        larger.push_all(End::Right, &[&[b'x'; 8192 - 4011 + 1]], limit);
        assert_eq!((larger.encoding(), shape(&larger)), ("quicklist", vec![1, 1]));
        list.push_all(End::Left, &[b""], limit);
        assert_eq!((list.encoding(), shape(&list)), ("quicklist", vec![1, 2]));
    }

    #[test]
    fn inserting_into_a_full_node_splits_it() {
        let limit = NodeLimit::Elements(4);
        let mut list = List::default();
        list.push_all(End::Right, &[b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h"], limit);
        assert_eq!(shape(&list), [4, 4]);
        list.insert(1, Side::After, b"x", limit);
        assert_eq!(shape(&list), [2, 3, 4]);
        list.insert(5, Side::Before, b"y", limit);
        assert_eq!(shape(&list), [2, 4, 4]);
        list.insert(9, Side::After, b"z", limit);
        assert_eq!(shape(&list), [2, 4, 4, 1]);
    }

    #[test]
    fn a_large_element_has_its_own_node() {
        let limit = NodeLimit::new(-1);
        let large = vec![b'x'; 5000];
        let mut list = List::default();
        list.push_all(End::Right, &[b"a", b"b", b"c"], limit);
        list.set(1, &large, limit);
        assert_eq!(shape(&list), [1, 1, 1]);
        list.set(1, b"b", limit);
        assert_eq!((shape(&list), list.encoding()), (vec![1, 2], "quicklist"));
        list.pop(End::Left);
        list.settle(limit);
        assert_eq!(list.encoding(), "listpack");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(bool, Vec<u8>),
        Pop(bool),
        Insert(usize, bool, Vec<u8>),
        Set(usize, Vec<u8>),
        Remove(usize),
        Trim(usize, usize),
    }

    fn element() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            8 => "[0-9]{1,3}".prop_map(String::into_bytes),
            2 => (1usize..2000).prop_map(|len| vec![b'x'; len]),
            1 => (4000usize..9000).prop_map(|len| vec![b'y'; len]),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (any::<bool>(), element()).prop_map(|(left, element)| Step::Push(left, element)),
            3 => any::<bool>().prop_map(Step::Pop),
            2 => (any::<usize>(), any::<bool>(), element())
                .prop_map(|(at, before, element)| Step::Insert(at, before, element)),
            2 => (any::<usize>(), element()).prop_map(|(at, element)| Step::Set(at, element)),
            1 => any::<usize>().prop_map(Step::Remove),
            1 => (0usize..3, 0usize..3).prop_map(|(left, right)| Step::Trim(left, right)),
        ]
    }

    proptest! {
        #[test]
        fn a_list_is_what_a_vector_is_and_its_nodes_add_up(
            steps in prop::collection::vec(step(), 1..80),
            limit in prop_oneof![Just(-2i64), Just(-1), Just(1), Just(4), Just(100)],
        ) {
            let limit = NodeLimit::new(limit);
            let end = |left| if left { End::Left } else { End::Right };
            let (mut list, mut model) = (List::default(), Vec::<Vec<u8>>::new());
            for step in steps {
                match step {
                    Step::Push(left, element) => {
                        list.push_all(end(left), &[&element], limit);
                        model.insert(if left { 0 } else { model.len() }, element);
                    }
                    Step::Pop(left) => {
                        let expected = if model.is_empty() { None }
                            else { Some(model.remove(if left { 0 } else { model.len() - 1 })) };
                        prop_assert_eq!(list.pop(end(left)).map(|element| element.to_vec()), expected);
                        list.settle(limit);
                    }
                    Step::Insert(at, before, element) if !model.is_empty() => {
                        let at = at % model.len();
                        let side = if before { Side::Before } else { Side::After };
                        list.insert(at, side, &element, limit);
                        model.insert(if before { at } else { at + 1 }, element);
                    }
                    Step::Set(at, element) if !model.is_empty() => {
                        let at = at % model.len();
                        list.set(at, &element, limit);
                        model[at] = element;
                    }
                    Step::Remove(at) if !model.is_empty() => {
                        let at = at % model.len();
                        list.remove_all(&[at]);
                        list.settle(limit);
                        model.remove(at);
                    }
                    Step::Trim(left, right) if left + right < model.len() => {
                        let last = model.len() - 1 - right;
                        list.trim(Some((left, last)));
                        list.settle(limit);
                        model = model[left..=last].to_vec();
                    }
                    _ => {}
                }
                let elements: Vec<Vec<u8>> = list.iter().map(|element| element.to_vec()).collect();
                prop_assert_eq!(&elements, &model);
                let bytes: usize = model.iter().map(|element| Entry::of(element).bytes).sum();
                prop_assert_eq!(list.listpack_bytes(), listpack::OVERHEAD + bytes);
                if let Some(nodes) = &list.nodes {
                    prop_assert_eq!(nodes.0.iter().map(|node| node.count).sum::<usize>(), model.len());
                    let mut first = 0;
                    for node in nodes.0.iter() {
                        prop_assert!(node.count > 0);
                        let sizes = model[first..first + node.count].iter().map(|element| Entry::of(element));
                        let bytes = if node.is_plain { model[first].len() }
                            else { listpack::OVERHEAD + sizes.map(|entry| entry.bytes).sum::<usize>() };
                        prop_assert_eq!(node.bytes, bytes);
                        first += node.count;
                    }
                }
            }
        }
    }
}
