//! A node of a stream: neighbouring entries, and the size of the listpack in which Redis would
//! keep them.
//!
//! Sizes matter because approximate trimming removes whole nodes. In Redis a removed entry keeps
//! its place in the listpack until the node goes as a whole, and so it is counted here.

use super::fields::Fields;
use super::id::StreamId;
use crate::value::listpack::{self, Entry};
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

/// The flags with which an entry begins.
#[derive(Debug)]
pub(crate) struct Flags;

impl Flags {
    /// It was removed, and keeps its place.
    pub const DELETED: i64 = 1;
    /// It has its node's fields, and does not repeat them.
    pub const SAME_FIELDS: i64 = 2;
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
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
        let mut node = Node {
            key: id,
            master_fields: Fields::pack(words.iter().step_by(2).copied()),
            entries: VecDeque::new(),
            last_id: id,
            deleted: 0,
            bytes: listpack::OVERHEAD,
        };
        let mut bytes = 0;
        node.write_master(&mut |part| bytes += part.size());
        node.bytes += bytes;
        node.push(id, words);
        node
    }

    /// A node as it was packed before: `None` where its entries are not in order, or are none.
    pub fn restore(
        key: StreamId,
        master_fields: Fields,
        entries: VecDeque<StreamEntry>,
        last_id: StreamId,
        deleted: usize,
        listpack_bytes: usize,
    ) -> Option<Node> {
        let ids = || entries.iter().map(|entry| entry.id);
        let is_within = key <= entries.front()?.id && entries.back()?.id <= last_id;
        if !is_within || !ids().is_sorted_by(|one, next| one < next) {
            return None;
        }
        let counts = counts_bytes(entries.len(), deleted);
        let bytes = listpack_bytes.checked_sub(counts)?;
        Some(Node { key, master_fields, entries, last_id, deleted, bytes })
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
        let mut bytes = 0;
        self.write_entry(id, words.iter().copied(), &mut |part| bytes += part.size());
        self.bytes += bytes;
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

    /// What its entries take, those included that were removed from it.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the listpack would take.
    pub fn listpack_bytes(&self) -> usize {
        self.bytes + counts_bytes(self.entries.len(), self.deleted)
    }

    /// Writes the node as a listpack without its removed entries, part by part.
    pub fn write(&self, mut write: impl FnMut(Entry<'_>)) {
        write(Entry::Integer(self.entries.len() as i64));
        write(Entry::Integer(0));
        self.write_master(&mut write);
        for entry in &self.entries {
            self.write_entry(entry.id, entry.fields.words(), &mut write);
        }
    }

    /// The fields that entries need not repeat, and an end mark.
    fn write_master(&self, write: &mut impl FnMut(Entry<'_>)) {
        write(Entry::Integer(self.master_fields.words().count() as i64));
        self.master_fields.words().for_each(|field| write(Entry::of(field)));
        write(Entry::Integer(0));
    }

    /// An entry: its flags, how far its id is from the node's key, fields with values or values
    /// alone, and how many parts these were.
    fn write_entry<'w>(
        &self,
        id: StreamId,
        words: impl Iterator<Item = &'w [u8]> + Clone,
        write: &mut impl FnMut(Entry<'_>),
    ) {
        let pairs = words.clone().count() / 2;
        let same_fields = self.master_fields.words().eq(words.clone().step_by(2));
        let integer = |value: u64| Entry::Integer(value as i64);
        write(Entry::Integer(if same_fields { Flags::SAME_FIELDS } else { 0 }));
        write(integer(id.ms.wrapping_sub(self.key.ms)));
        write(integer(id.seq.wrapping_sub(self.key.seq)));
        if same_fields {
            words.skip(1).step_by(2).for_each(|value| write(Entry::of(value)));
            write(integer((ENTRY_NUMBERS + pairs) as u64));
        } else {
            write(integer(pairs as u64));
            words.for_each(|word| write(Entry::of(word)));
            write(integer((ENTRY_NUMBERS + 1 + 2 * pairs) as u64));
        }
    }
}

/// What the two counts in front of a node take.
fn counts_bytes(entries: usize, deleted: usize) -> usize {
    listpack::integer_bytes(entries as i64) + listpack::integer_bytes(deleted as i64)
}
