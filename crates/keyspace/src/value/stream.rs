//! Streams: entries in the order of their ids, and the groups that read them.
//!
//! Entries lie in nodes as Redis would divide them, so that approximate trimming removes what
//! Redis would. No node is empty, and every id is below the key of the node behind its own.
//! Removing an entry does not touch what groups have pending, unless that is asked for.

mod fields;
mod group;
mod id;
mod idempotency;
mod node;
mod radix;

pub(crate) use group::{Consumer, ConsumerGroup, ConsumerName, Pending};
pub(crate) use id::StreamId;
pub(crate) use idempotency::{Idempotency, IdempotencyLimits, message_id};
pub(crate) use node::{
    Flags as StreamNodeFlags, NODE_MAX_BYTES, Node as StreamNode, StreamEntry, StreamLimits,
};

use super::SmallBytes;
use crate::sorted::SortedMap;
use node::Node;

/// A stream value.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    /// By the id of their first entry.
    nodes: SortedMap<StreamId, Node>,
    radix_tree_nodes: usize,
    /// What the nodes take.
    bytes: usize,
    len: usize,
    /// The largest id ever.
    pub last_id: StreamId,
    /// The largest id that was removed by name.
    pub max_deleted_id: StreamId,
    /// How many entries were ever added.
    pub entries_added: i64,
    pub groups: SortedMap<SmallBytes, ConsumerGroup>,
    pub idempotency: Idempotency,
}

/// What becomes of pending references to an entry that is to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum References {
    /// They stay.
    #[default]
    Keep,
    /// They go with it.
    Delete,
    /// Only an entry that every group has read and acknowledged is removed.
    Acked,
}

/// Down to where a stream is trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// So many entries are left.
    MaxLen(usize),
    /// This id and larger ones are left.
    MinId(StreamId),
}

/// How a stream is trimmed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trim {
    pub threshold: Threshold,
    /// Only whole nodes are removed.
    pub is_approximate: bool,
    /// The most entries to look at; 0 for all.
    pub limit: usize,
    pub references: References,
}

impl Stream {
    pub fn new(idempotency: IdempotencyLimits) -> Stream {
        Stream {
            nodes: SortedMap::default(),
            radix_tree_nodes: radix::EMPTY_NODES,
            bytes: 0,
            len: 0,
            last_id: StreamId::MIN,
            max_deleted_id: StreamId::MIN,
            entries_added: 0,
            groups: SortedMap::default(),
            idempotency: Idempotency::new(idempotency),
        }
    }

    /// A stream of nodes that were saved; `None` where they are not in order.
    pub fn restore(nodes: Vec<Node>, idempotency: IdempotencyLimits) -> Option<Stream> {
        let mut stream = Stream::new(idempotency);
        for node in nodes {
            let last = stream.nodes.values().next_back();
            if last.is_some_and(|last| last.last_id >= node.key) {
                return None;
            }
            stream.len += node.len();
            stream.bytes += node.bytes();
            stream.radix_tree_nodes += radix::added_nodes(&stream.nodes, node.key);
            stream.nodes.insert(node.key, node);
        }
        Some(stream)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// The nodes in order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.nodes.values()
    }

    /// What its entries take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn encoding(&self) -> &'static str {
        "stream"
    }

    /// How many keys and nodes the radix tree has in which Redis keeps the entries.
    pub fn radix_tree(&self) -> (usize, usize) {
        (self.nodes.len(), self.radix_tree_nodes)
    }

    /// The size of each node, as Redis would store it.
    pub fn node_bytes(&self) -> impl ExactSizeIterator<Item = usize> {
        self.nodes().map(Node::listpack_bytes)
    }

    pub fn get(&self, id: StreamId) -> Option<StreamEntry<'_>> {
        let (_, node) = self.nodes.range(..=id).next_back()?;
        node.search(id).ok().map(|index| node.get(index))
    }

    pub fn first(&self) -> Option<StreamEntry<'_>> {
        self.nodes.values().next()?.first()
    }

    pub fn last(&self) -> Option<StreamEntry<'_>> {
        self.nodes.values().next_back()?.last()
    }

    /// The entries from one id to another, both included.
    pub fn range(
        &self,
        start: StreamId,
        end: StreamId,
    ) -> impl DoubleEndedIterator<Item = StreamEntry<'_>> {
        let first = self.nodes.range(..=start).next_back().map_or(start, |(key, _)| *key);
        let nodes = (start <= end).then(|| self.nodes.range(first..=end));
        nodes.into_iter().flatten().flat_map(move |(_, node)| {
            let from = node.search(start).unwrap_or_else(|behind| behind);
            let to = node.search(end).map_or_else(|behind| behind, |found| found + 1);
            node.range(from..to)
        })
    }

    /// Appends an entry, whose id is larger than [`last_id`](Self::last_id).
    pub fn append(&mut self, id: StreamId, words: &[&[u8]], limits: StreamLimits) {
        let words_bytes: usize = words.iter().map(|word| word.len()).sum();
        let last = self.nodes.last_value_mut();
        match last.filter(|node| node.accepts(words_bytes, limits)) {
            Some(node) => {
                self.bytes -= node.bytes();
                node.push(id, words);
                self.bytes += node.bytes();
            }
            None => {
                if let Some(full) = self.nodes.last_value_mut() {
                    full.shrink();
                }
                let node = Node::new(id, words);
                self.bytes += node.bytes();
                self.radix_tree_nodes += radix::added_nodes(&self.nodes, id);
                self.nodes.insert(id, node);
            }
        }
        self.len += 1;
        self.entries_added = self.entries_added.saturating_add(1);
        self.last_id = id;
    }

    /// Removes an entry by name; `false` where there is none.
    pub fn delete(&mut self, id: StreamId) -> bool {
        let is_removed = self.remove(id);
        if is_removed {
            self.max_deleted_id = self.max_deleted_id.max(id);
        }
        is_removed
    }

    /// Removes entries from the front, and says how many.
    pub fn trim(&mut self, trim: Trim) -> usize {
        let mut removed = 0;
        let mut next = StreamId::MIN;
        while let Some((&key, node)) = self.nodes.range(next..).next() {
            let entries = node.len();
            let is_over = trim.limit > 0 && removed + entries > trim.limit;
            if is_over || self.is_trimmed(trim.threshold, key) {
                break;
            }
            let is_whole = match trim.threshold {
                Threshold::MaxLen(max) => self.len - entries >= max,
                Threshold::MinId(min) => node.last_id < min,
            };
            // Where every entry is looked at, nothing is saved by leaving some.
            if !is_whole && trim.is_approximate && trim.references == References::Keep {
                break;
            }
            let Some(behind) = node.last_id.next() else {
                break;
            };
            next = behind;
            if is_whole && trim.references == References::Keep {
                self.remove_node(key);
                removed += entries;
            } else {
                removed += self.trim_node(key, trim);
            }
        }
        removed
    }

    /// Removes entries of one node until the threshold is reached.
    fn trim_node(&mut self, key: StreamId, trim: Trim) -> usize {
        let mut removed = 0;
        let mut index = 0;
        loop {
            let node = self.nodes.get(&key).filter(|node| index < node.len());
            let Some(id) = node.map(|node| node.get(index).id) else {
                return removed;
            };
            if self.is_trimmed(trim.threshold, id) {
                return removed;
            }
            if self.release(id, trim.references) {
                self.remove(id);
                removed += 1;
            } else {
                index += 1;
            }
        }
    }

    /// Whether nothing from that id on is to be removed.
    fn is_trimmed(&self, threshold: Threshold, id: StreamId) -> bool {
        match threshold {
            Threshold::MaxLen(max) => self.len <= max,
            Threshold::MinId(min) => id >= min,
        }
    }

    /// Whether an entry may be removed; drops the references to it that are to go with it.
    pub fn release(&mut self, id: StreamId, references: References) -> bool {
        match references {
            References::Keep => {}
            References::Delete => {
                for group in self.groups.values_mut() {
                    group.acknowledge(id);
                }
            }
            References::Acked => return self.groups.values().all(|group| group.is_done_with(id)),
        }
        true
    }

    fn remove(&mut self, id: StreamId) -> bool {
        let Some((&key, node)) = self.nodes.last_until_mut(&id) else {
            return false;
        };
        let Ok(index) = node.search(id) else {
            return false;
        };
        node.remove(index);
        self.len -= 1;
        if node.len() == 0 {
            self.remove_node(key);
        }
        true
    }

    fn remove_node(&mut self, key: StreamId) {
        if let Some(node) = self.nodes.remove(&key) {
            self.len -= node.len();
            self.bytes -= node.bytes();
            self.radix_tree_nodes -= radix::added_nodes(&self.nodes, key);
        }
    }

    /// A group read an entry behind its last one: moves it there and keeps its count of entries.
    pub fn advance_group(&mut self, name: &[u8], id: StreamId) {
        let Some(group) = self.groups.get(name).filter(|group| id > group.last_id) else {
            return;
        };
        let counted = group.entries_read.filter(|_| {
            let is_within = self.first().is_some_and(|first| group.last_id >= first.id);
            is_within && !self.has_deleted_from(group.last_id)
        });
        let entries_read = match counted {
            Some(count) => count.checked_add(1),
            None if self.entries_added > 0 => self.entries_before(id),
            None => group.entries_read,
        };
        if let Some(group) = self.groups.get_mut(name) {
            group.entries_read = entries_read;
            group.last_id = id;
        }
    }

    /// How many entries a group has still to read, where that can be known.
    pub fn lag(&self, group: &ConsumerGroup) -> Option<i64> {
        let Some(first) = self.first() else {
            return Some(0);
        };
        if self.entries_added == 0 {
            return Some(0);
        }
        if group.last_id < first.id && self.max_deleted_id < first.id {
            return Some(self.len as i64);
        }
        let counted = group.entries_read.filter(|_| !self.has_deleted_from(group.last_id));
        let read = counted.or_else(|| self.entries_before(group.last_id))?;
        Some(self.entries_added.saturating_sub(read))
    }

    /// How many entries were added up to that id in the stream's whole life, where that can be
    /// known: at its ends, while no entry was removed from its middle.
    pub fn entries_before(&self, id: StreamId) -> Option<i64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        let Some(first) = self.first() else {
            return (id <= self.last_id).then_some(self.entries_added);
        };
        if id != StreamId::MIN && id < self.max_deleted_id {
            return None;
        }
        if id >= self.last_id {
            return (id == self.last_id).then_some(self.entries_added);
        }
        let is_whole = self.max_deleted_id == StreamId::MIN || self.max_deleted_id < first.id;
        let before = self.entries_added.saturating_sub(self.len as i64);
        match id.cmp(&first.id) {
            std::cmp::Ordering::Less if is_whole => Some(before),
            std::cmp::Ordering::Equal if is_whole => before.checked_add(1),
            _ => None,
        }
    }

    /// Whether an entry was removed by name at that id or behind it, with entries before it.
    fn has_deleted_from(&self, id: StreamId) -> bool {
        let is_inside = self.first().is_some_and(|first| first.id <= self.max_deleted_id);
        self.max_deleted_id != StreamId::MIN && is_inside && id <= self.max_deleted_id
    }
}

#[cfg(test)]
mod tests;
