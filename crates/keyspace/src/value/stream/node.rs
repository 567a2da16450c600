//! A node of a stream: neighbouring entries, and the size of the listpack in which Redis would
//! keep them.
//!
//! Sizes matter because approximate trimming removes whole nodes. In Redis a removed entry keeps
//! its place in the listpack until the node goes as a whole, and so it is counted here.

use super::fields::{Fields, push_number, push_word, take_number, words};
use super::id::StreamId;
use crate::value::listpack::{self, Entry};
use crate::value::packed::Packed;
use std::cmp::Ordering;
use std::ops::Range;

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
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamEntry<'s> {
    pub id: StreamId,
    pub fields: Fields<'s>,
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
    /// The fields of its first entry, packed: what has the same ones does not repeat them.
    master_fields: Box<[u8]>,
    /// The entries: how far the id is from the node's key, and what belongs to the entry alone.
    entries: Packed,
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
        let mut node = Node::empty(id, words.iter().step_by(2).copied());
        node.push(id, words);
        node
    }

    /// A node without entries, to which some are about to be added.
    pub fn empty<'w>(key: StreamId, master_fields: impl Iterator<Item = &'w [u8]>) -> Node {
        let mut packed = Vec::new();
        master_fields.for_each(|field| push_word(&mut packed, field));
        let mut node = Node {
            key,
            master_fields: packed.into(),
            entries: Packed::default(),
            last_id: key,
            deleted: 0,
            bytes: listpack::OVERHEAD,
        };
        let mut bytes = 0;
        node.write_master(&mut |part| bytes += part.size());
        node.bytes += bytes;
        node
    }

    /// The node as it was packed before, with what was removed from it; `None` where it has no
    /// entries.
    pub fn restored(self, last_id: StreamId, deleted: usize, bytes: usize) -> Option<Node> {
        let is_within = self.key <= self.first()?.id && self.last()?.id <= last_id;
        let bytes = bytes.checked_sub(counts_bytes(self.len(), deleted))?;
        is_within.then_some(Node { last_id, deleted, bytes, ..self })
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry at a place below the length.
    pub fn get(&self, index: usize) -> StreamEntry<'_> {
        self.unpack(self.entries.get(index))
    }

    pub fn first(&self) -> Option<StreamEntry<'_>> {
        self.range(0..self.len()).next()
    }

    pub fn last(&self) -> Option<StreamEntry<'_>> {
        self.range(0..self.len()).next_back()
    }

    /// The entries at these places.
    pub fn range(&self, places: Range<usize>) -> impl DoubleEndedIterator<Item = StreamEntry<'_>> {
        self.entries
            .range(places.start, places.end.max(places.start))
            .map(|packed| self.unpack(packed))
    }

    /// Whether an entry with so many bytes in its fields and values goes here.
    pub fn accepts(&self, words_bytes: usize, limits: StreamLimits) -> bool {
        let max_bytes = match limits.node_bytes {
            0 => NODE_MAX_BYTES,
            bytes => bytes.min(NODE_MAX_BYTES),
        };
        let places = self.len() + self.deleted;
        self.listpack_bytes().saturating_add(words_bytes) < max_bytes
            && (limits.node_entries == 0 || places < limits.node_entries)
    }

    /// Appends an entry, whose id is the largest.
    pub fn push(&mut self, id: StreamId, words: &[&[u8]]) {
        let mut bytes = 0;
        self.write_entry(id, words.iter().copied(), &mut |part| bytes += part.size());
        self.bytes += bytes;
        let same_fields = self.has_fields(words.iter().copied().step_by(2));
        let mut packed = Vec::new();
        let ms = id.ms - self.key.ms;
        push_number(&mut packed, u128::from(ms) << 1 | u128::from(same_fields));
        push_number(&mut packed, u128::from(if ms == 0 { id.seq - self.key.seq } else { id.seq }));
        let own = words.iter().skip(usize::from(same_fields));
        own.step_by(1 + usize::from(same_fields)).for_each(|word| push_word(&mut packed, word));
        self.entries.push(&packed);
        self.last_id = id;
    }

    /// The place of an entry, or the place of the first entry behind that id.
    pub fn search(&self, id: StreamId) -> Result<usize, usize> {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from.midpoint(to);
            match self.get(middle).id.cmp(&id) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => to = middle,
            }
        }
        Err(from)
    }

    /// Removes the entry at a place, which is there.
    pub fn remove(&mut self, index: usize) {
        self.entries.remove(index);
        self.deleted += 1;
    }

    /// No more entries will come.
    pub fn shrink(&mut self) {
        self.entries.shrink();
    }

    /// What its entries take, those included that were removed from it.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the listpack would take.
    pub fn listpack_bytes(&self) -> usize {
        self.bytes + counts_bytes(self.len(), self.deleted)
    }

    /// Writes the node as a listpack without its removed entries, part by part.
    pub fn write(&self, mut write: impl FnMut(Entry<'_>)) {
        write(Entry::Integer(self.len() as i64));
        write(Entry::Integer(0));
        self.write_master(&mut write);
        for entry in self.range(0..self.len()) {
            self.write_entry(entry.id, entry.fields.words(), &mut write);
        }
    }

    /// The fields that entries need not repeat, and an end mark.
    fn write_master(&self, write: &mut impl FnMut(Entry<'_>)) {
        write(Entry::Integer(words(&self.master_fields).count() as i64));
        words(&self.master_fields).for_each(|field| write(Entry::of(field)));
        write(Entry::Integer(0));
    }

    fn has_fields<'w>(&self, fields: impl Iterator<Item = &'w [u8]>) -> bool {
        words(&self.master_fields).eq(fields)
    }

    fn unpack<'s>(&'s self, packed: &'s [u8]) -> StreamEntry<'s> {
        let mut rest = packed;
        let mut number = || take_number(&mut rest).expect("an entry begins with two numbers");
        let (first, seq) = (number(), number() as u64);
        let ms = (first >> 1) as u64;
        let seq = if ms == 0 { self.key.seq + seq } else { seq };
        let shared = (first & 1 == 1).then_some(&*self.master_fields);
        StreamEntry { id: StreamId::new(self.key.ms + ms, seq), fields: Fields::new(shared, rest) }
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
        let same_fields = self.has_fields(words.clone().step_by(2));
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
