//! How much memory a value takes here, in constant time.
//!
//! Counted is the layout in a browser, with 32-bit pointers and what its allocator adds, wherever
//! the engine runs: keys that give way to others must be the same on every platform. Bytes are
//! counted exactly; what structures need beside them, by its average, and room allocated ahead not
//! at all: a clone has none.

use super::{Str, Value};

/// What a table allocates for each item beside the item's bytes and their lengths: the place in
/// the index, and a share of the group.
pub(crate) const ITEM_BYTES: usize = 10;
/// The score of a member of a sorted set, and its place in the order.
const SCORE_BYTES: usize = 35;
/// A value in its own allocation, without elements.
const VALUE_BYTES: usize = 64;
/// An element of an array by its index, in a tree that is two thirds full.
const ARRAY_ELEMENT_BYTES: usize = 44;
/// Consumer groups, consumers and pending entries.
const GROUP_BYTES: usize = 200;
const CONSUMER_BYTES: usize = 120;
const PENDING_BYTES: usize = 96;
/// The expiry of a field in both of its indexes.
const FIELD_EXPIRE_BYTES: usize = 96;

/// What an allocation of that size takes: a header, in steps of eight bytes, 16 at least.
pub(crate) fn heap_bytes(len: usize) -> usize {
    (len + 4).next_multiple_of(8).max(16)
}

impl Value {
    /// Bytes outside of the key's entry.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Value::String(Str::Int(_)) => 0,
            Value::String(Str::Bytes(bytes)) => bytes.heap_bytes(),
            Value::String(Str::Raw(bytes)) => heap_bytes(12) + heap_bytes(bytes.len()),
            Value::List(list) => VALUE_BYTES + list.listpack_bytes(),
            Value::Hash(hash) => {
                VALUE_BYTES + hash.bytes() + hash.expires_len() * FIELD_EXPIRE_BYTES
            }
            Value::Set(set) => VALUE_BYTES + set.bytes(),
            Value::ZSet(zset) => VALUE_BYTES + zset.bytes() + zset.len() * SCORE_BYTES,
            Value::Array(array) => {
                VALUE_BYTES + array.count() * ARRAY_ELEMENT_BYTES + array.heap_bytes()
            }
            Value::Stream(stream) => {
                let groups = stream.groups.values().map(|group| {
                    GROUP_BYTES
                        + group.consumers().len() * CONSUMER_BYTES
                        + group.pending().len() * PENDING_BYTES
                });
                2 * VALUE_BYTES + stream.bytes() + groups.sum::<usize>()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allocation_has_a_header_and_is_rounded() {
        for (len, bytes) in [(1, 16), (12, 16), (13, 24), (20, 24), (21, 32), (100, 104)] {
            assert_eq!(heap_bytes(len), bytes, "{len}");
        }
    }
}
