//! Lists: both ends in O(1), any index in O(log n).
//!
//! Elements lie packed in blocks. How Redis would store them, and so what `OBJECT ENCODING` answers,
//! is kept beside them as numbers: one listpack, or the nodes of a quicklist. A list grows into a
//! quicklist before elements are added, and shrinks back after elements were removed, each time by
//! the limit that holds then.

mod elements;
mod nodes;
mod runs;

pub(crate) use nodes::NodeLimit;

use super::{SmallBytes, listpack};
use elements::{Elements, Iter};
use nodes::{Entry, Nodes};

/// An end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Left,
    Right,
}

/// Where a new element goes, relative to one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// A list.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    elements: Elements,
    /// What the elements take as listpack entries, without the header.
    entry_bytes: usize,
    /// The nodes of a quicklist; `None` for one listpack.
    nodes: Option<Box<Nodes>>,
}

impl List {
    /// The list that a command leaves which stores a whole result.
    pub fn from_elements<T: AsRef<[u8]>>(
        elements: impl IntoIterator<Item = T>,
        limit: NodeLimit,
    ) -> List {
        let mut list = List { nodes: Some(Box::default()), ..List::default() };
        for element in elements {
            list.push(End::Right, element.as_ref(), limit);
        }
        if list.nodes.as_ref().is_some_and(|nodes| nodes.fits_listpack(limit)) {
            list.nodes = None;
        }
        list
    }

    pub fn len(&self) -> usize {
        self.elements.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the elements would take in one listpack.
    pub fn listpack_bytes(&self) -> usize {
        listpack::OVERHEAD + self.entry_bytes
    }

    pub fn encoding(&self) -> &'static str {
        if self.nodes.is_some() { "quicklist" } else { "listpack" }
    }

    /// How Redis would store it, node by node: the number of elements, and whether it is one
    /// large element by itself instead of a listpack.
    pub fn nodes(&self) -> impl Iterator<Item = (usize, bool)> + '_ {
        let listpack = self.nodes.is_none().then_some((self.len(), false));
        listpack.into_iter().chain(self.nodes.iter().flat_map(|nodes| nodes.iter()))
    }

    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.elements.get(index)
    }

    pub fn iter(&self) -> Iter<'_> {
        self.elements.iter()
    }

    /// The elements from `first` to `last`, both of which are there.
    pub fn range(&self, first: usize, last: usize) -> Iter<'_> {
        self.elements.range(first..last + 1)
    }

    /// Becomes a quicklist where these elements, on top of what is there, are too much for one
    /// listpack. Their own bytes are counted, not what encoding adds to them.
    pub fn grow(&mut self, elements: &[&[u8]], limit: NodeLimit) {
        let bytes = elements.iter().map(|element| element.len()).sum();
        self.grow_by(elements.len(), bytes, limit);
    }

    /// Pushes one after the other.
    pub fn push_all(&mut self, end: End, elements: &[&[u8]], limit: NodeLimit) {
        self.grow(elements, limit);
        for &element in elements {
            self.push(end, element, limit);
        }
    }

    /// Pushes an element popped from a list, of which Redis does not count the bytes if it is an
    /// integer.
    pub fn push_popped(&mut self, end: End, element: &[u8], limit: NodeLimit) {
        let entry = Entry::of(element);
        self.grow_by(1, if entry.is_integer { 0 } else { entry.len }, limit);
        self.push(end, element, limit);
    }

    pub fn pop(&mut self, end: End) -> Option<SmallBytes> {
        let element = self.elements.pop(end)?;
        let entry = Entry::of(&element);
        self.entry_bytes -= entry.bytes;
        if let Some(nodes) = &mut self.nodes {
            nodes.pop(end, entry);
        }
        Some(element)
    }

    /// Inserts beside the element at `pivot`, which is there.
    pub fn insert(&mut self, pivot: usize, side: Side, element: &[u8], limit: NodeLimit) {
        self.grow(&[element], limit);
        let entry = Entry::of(element);
        if let Some(nodes) = &mut self.nodes {
            nodes.insert(pivot, side, entry, limit, &self.elements);
        }
        let index = match side {
            Side::Before => pivot,
            Side::After => pivot + 1,
        };
        self.elements.insert(index, element);
        self.entry_bytes += entry.bytes;
    }

    /// Replaces the element at `index`, which is there.
    pub fn set(&mut self, index: usize, element: &[u8], limit: NodeLimit) {
        self.grow(&[element], limit);
        let (old, new) = (Entry::of(&self.elements[index]), Entry::of(element));
        if let Some(nodes) = &mut self.nodes {
            nodes.replace(index, old, new, limit, &self.elements);
        }
        self.elements.set(index, element);
        self.entry_bytes = self.entry_bytes - old.bytes + new.bytes;
        self.settle(limit);
    }

    /// Removes the elements at these indices, which are ascending and there.
    pub fn remove_all(&mut self, indices: &[usize]) {
        let (Some(&first), Some(&last)) = (indices.first(), indices.last()) else {
            return;
        };
        let mut removed = indices.iter().copied().peekable();
        let elements = (first..).zip(self.elements.range(first..last + 1));
        let elements = elements.filter(|(index, _)| removed.next_if_eq(index).is_some());
        let entries: Vec<Entry> = elements.map(|(_, element)| Entry::of(element)).collect();
        self.entry_bytes -= entries.iter().map(|entry| entry.bytes).sum::<usize>();
        if let Some(nodes) = &mut self.nodes {
            nodes.remove_all(indices, &entries);
        }
        self.elements.remove_all(indices);
    }

    /// Keeps the elements from `first` to `last`, or none.
    pub fn trim(&mut self, keep: Option<(usize, usize)>) {
        let (left, right) = match keep {
            None => (self.len(), 0),
            Some((first, last)) => (first, self.len() - 1 - last),
        };
        for (end, count) in [(End::Left, left), (End::Right, right)] {
            for _ in 0..count {
                self.pop(end);
            }
        }
    }

    /// Settles after elements were removed: gives back memory, and becomes a listpack where a
    /// single node is left that is at most half full. The gap to where a list grows keeps one at
    /// the limit from changing with every command. Returns whether nothing is left.
    pub fn settle(&mut self, limit: NodeLimit) -> bool {
        self.elements.shrink();
        if self.nodes.as_ref().is_some_and(|nodes| nodes.shrinks_to_listpack(limit)) {
            self.nodes = None;
        }
        self.is_empty()
    }

    fn grow_by(&mut self, count: usize, bytes: usize, limit: NodeLimit) {
        if self.nodes.is_none()
            && limit.is_exceeded(self.listpack_bytes() + bytes, self.len() + count)
        {
            let nodes = Nodes::of_listpack(self.len(), self.listpack_bytes());
            self.nodes = Some(Box::new(nodes));
        }
    }

    fn push(&mut self, end: End, element: &[u8], limit: NodeLimit) {
        let entry = Entry::of(element);
        if let Some(nodes) = &mut self.nodes {
            nodes.push(end, entry, limit);
        }
        self.entry_bytes += entry.bytes;
        self.elements.push(end, element);
    }
}
