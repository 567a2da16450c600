//! A node of a stream: neighbouring entries, and the size of the listpack in which Redis would
//! keep them.
//!
//! Sizes matter because approximate trimming removes whole nodes. In Redis a removed entry keeps
//! its place in the listpack until the node goes as a whole, and so it is counted here.

use super::fields::Fields;
use super::id::StreamId;
use crate::value::listpack;
use std::collections::VecDeque;

/// The largest listpack of a stream; it also bounds what one entry may hold.
pub(crate) const NODE_MAX_BYTES: usize = 1 << 30;
/// The numbers before an entry's fields: its flags and the two parts of its id.
const ENTRY_NUMBERS: usize = 3;

/// How large a node may become: `stream-node-max-bytes` and `stream-node-max-entries`, 0 for no
/// limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamLimits {
    pub node_bytes: usize,
    pub node_entries: usize,
}

/// An entry of a stream.
#[derive(Debug, Clone)]
pub(crate) struct StreamEntry {
    pub id: StreamId,
    pub fields: Fields,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The id under which the node stands; its first entry had it.
    pub key: StreamId,
    /// The fields of its first entry: what has the same ones does not repeat them.
    master_fields: Fields,
    pub entries: VecDeque<StreamEntry>,
    /// The id of the last entry that was added, whether it is still there or not.
    pub last_id: StreamId,
    /// Removed entries that keep their places.
    deleted: usize,
    /// The listpack without its counts of entries.
    bytes: usize,
}

impl Node {
    /// A node with its first entry.
    pub fn new(id: StreamId, words: &[&[u8]]) -> Node {
        let fields: Vec<&[u8]> = words.iter().step_by(2).copied().collect();
        let names: usize = fields.iter().map(|field| listpack::entry_bytes(field)).sum();
        let frame = listpack::OVERHEAD
            + listpack::integer_bytes(fields.len() as i64)
            + names
            + listpack::integer_bytes(0);
        let mut node = Node {
            key: id,
            master_fields: Fields::pack(fields),
            entries: VecDeque::new(),
            last_id: id,
            deleted: 0,
            bytes: frame,
        };
        node.push(id, words);
        node
    }

    /// Whether an entry with so many bytes in its fields and values goes here.
    pub fn accepts(&self, words_bytes: usize, limits: StreamLimits) -> bool {
        let max_bytes = match limits.node_bytes {
            0 => NODE_MAX_BYTES,
            bytes => bytes.min(NODE_MAX_BYTES),
        };
        let places = self.entries.len() + self.deleted;
        self.listpack_bytes().saturating_add(words_bytes) < max_bytes
            && (limits.node_entries == 0 || places < limits.node_entries)
    }

    /// Appends an entry, whose id is the largest.
    pub fn push(&mut self, id: StreamId, words: &[&[u8]]) {
        self.bytes += self.entry_bytes(id, words);
        self.entries.push_back(StreamEntry { id, fields: Fields::pack(words.iter().copied()) });
        self.last_id = id;
    }

    /// The place of an entry, or the place of the first entry behind that id.
    pub fn search(&self, id: StreamId) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&id, |entry| entry.id)
    }

    /// Removes the entry at a place.
    pub fn remove(&mut self, index: usize) {
        if self.entries.remove(index).is_some() {
            self.deleted += 1;
        }
    }

    /// What the listpack would take.
    pub fn listpack_bytes(&self) -> usize {
        self.bytes
            + listpack::integer_bytes(self.entries.len() as i64)
            + listpack::integer_bytes(self.deleted as i64)
    }

    fn entry_bytes(&self, id: StreamId, words: &[&[u8]]) -> usize {
        let pairs = words.len() / 2;
        let same_fields = self.master_fields.words().eq(words.iter().step_by(2).copied());
        let (parts, flags) = if same_fields {
            (pairs + ENTRY_NUMBERS, 2)
        } else {
            (2 * pairs + ENTRY_NUMBERS + 1, 0)
        };
        let integer = |value: u64| listpack::integer_bytes(value as i64);
        let numbers = integer(flags)
            + integer(id.ms.wrapping_sub(self.key.ms))
            + integer(id.seq.wrapping_sub(self.key.seq))
            + if same_fields { 0 } else { integer(pairs as u64) }
            + integer(parts as u64);
        let stored = words.iter().skip(usize::from(same_fields));
        let step = if same_fields { 2 } else { 1 };
        numbers + stored.step_by(step).map(|word| listpack::entry_bytes(word)).sum::<usize>()
    }
}
