//! How much memory Redis would use for a value, by the layout of its encodings on 64 bit.
//!
//! An estimate: collections are sampled, and what Redis allocates ahead is not known.

use super::{ConsumerGroup, Member, Str, Value, listpack};

/// What the allocator hands out for a request: steps of 16 bytes up to 128, then four steps to
/// each doubling.
pub(crate) fn allocation(bytes: u64) -> u64 {
    match bytes {
        0..=8 => 8,
        9..=128 => bytes.next_multiple_of(16),
        _ => {
            let step = 1 << ((bytes - 1).ilog2() - 2);
            bytes.next_multiple_of(step)
        }
    }
}

/// A string's header, bytes and terminator.
pub(crate) fn string_bytes(len: usize) -> u64 {
    let header = match len {
        0..32 => 1,
        32..256 => 3,
        256..65_536 => 5,
        _ => 9,
    };
    header + len as u64 + 1
}

/// An element of a listpack.
fn listpack_bytes(element: &[u8]) -> u64 {
    listpack::entry_bytes(element) as u64
}

/// The place of a table, and an entry of it with a key and a value.
const BUCKET_BYTES: u64 = 8;
const DICT_ENTRY_BYTES: u64 = 24;
/// A table without its buckets.
const DICT_BYTES: u64 = 56;
/// A field's point in time, and its place in the order of these.
const FIELD_EXPIRE_BYTES: u64 = 16;
const LISTPACK_HEADER_BYTES: u64 = 7;
const QUICKLIST_BYTES: u64 = 40;
const QUICKLIST_NODE_BYTES: u64 = 32;
/// The bytes of a node of a quicklist by default.
const QUICKLIST_NODE_MAX_BYTES: u64 = 8192;
/// A skip list with its first node, and what a node of average height takes.
const SKIPLIST_BYTES: u64 = 560;
const SKIPLIST_NODE_BYTES: u64 = 48;
/// A stream without entries, and what a node of a radix tree takes on average.
const STREAM_BYTES: u64 = 160;
const RADIX_NODE_BYTES: u64 = 40;
/// An array without elements, a place in it, and the longest element that fits there.
const ARRAY_BYTES: u64 = 64;
const ARRAY_PLACE_BYTES: u64 = 8;
const ARRAY_PLACE_MAX_LEN: usize = 7;
/// A consumer group and a consumer without pending entries, and what one of those takes.
const GROUP_BYTES: u64 = 120;
const CONSUMER_BYTES: u64 = 96;
const PENDING_BYTES: u64 = 128;

impl Value {
    /// Bytes outside of the key's own allocation; `samples` elements of a collection stand for
    /// all of them, 0 for a look at each.
    pub fn footprint(&self, samples: usize) -> u64 {
        let packed = matches!(self.encoding(), "listpack" | "listpackex");
        match self {
            Value::String(Str::Raw(bytes)) => allocation(string_bytes(bytes.len())),
            Value::String(Str::Bytes(bytes)) if self.encoding() == "raw" => {
                allocation(string_bytes(bytes.len()))
            }
            Value::String(_) => 0,
            Value::List(list) => {
                let bytes = sampled(list.len(), samples, list.iter().map(listpack_bytes));
                let nodes = bytes.div_ceil(QUICKLIST_NODE_MAX_BYTES);
                let frame = if packed { 0 } else { QUICKLIST_BYTES + nodes * QUICKLIST_NODE_BYTES };
                frame + allocation(LISTPACK_HEADER_BYTES + bytes)
            }
            Value::Set(set) => {
                let in_table = |len: usize| BUCKET_BYTES + allocation(string_bytes(len));
                match self.encoding() {
                    "intset" => {
                        let widest = set.iter().map(|member| integer_bytes(member)).max();
                        8 + set.len() as u64 * widest.unwrap_or_default()
                    }
                    _ => {
                        let elements = set.iter().map(|member| {
                            member.with_bytes(|bytes| match packed {
                                true => listpack_bytes(bytes),
                                false => in_table(bytes.len()),
                            })
                        });
                        framed(packed, sampled(set.len(), samples, elements))
                    }
                }
            }
            Value::Hash(hash) => {
                let elements = hash.iter().map(|(field, value)| match packed {
                    true => listpack_bytes(field) + listpack_bytes(value),
                    false => {
                        BUCKET_BYTES
                            + DICT_ENTRY_BYTES
                            + allocation(string_bytes(field.len()))
                            + allocation(string_bytes(value.len()))
                    }
                });
                let expires = hash.expires_len() as u64 * FIELD_EXPIRE_BYTES;
                framed(packed, sampled(hash.len(), samples, elements) + expires)
            }
            Value::ZSet(zset) => {
                let elements = zset.iter().map(|element| match packed {
                    true => listpack_bytes(element.member) + 10,
                    false => {
                        let member = allocation(string_bytes(element.member.len()));
                        BUCKET_BYTES + DICT_ENTRY_BYTES + SKIPLIST_NODE_BYTES + member
                    }
                });
                let skip_list = if packed { 0 } else { SKIPLIST_BYTES };
                skip_list + framed(packed, sampled(zset.len(), samples, elements))
            }
            Value::Stream(stream) => {
                let nodes = stream.node_bytes().map(|bytes| allocation(bytes as u64));
                let (keys, radix_nodes) = stream.radix_tree();
                STREAM_BYTES
                    + radix_nodes as u64 * RADIX_NODE_BYTES
                    + sampled(keys, samples, nodes)
                    + stream.groups.values().map(group_bytes).sum::<u64>()
            }
            Value::Array(array) => {
                let elements = array.iter().map(|(_, element)| match element.len() {
                    ..=ARRAY_PLACE_MAX_LEN => ARRAY_PLACE_BYTES,
                    len => ARRAY_PLACE_BYTES + allocation(string_bytes(len)),
                });
                ARRAY_BYTES + sampled(array.count(), samples, elements)
            }
        }
    }
}

/// The sum over all elements, by the average of the first ones.
fn sampled(len: usize, samples: usize, elements: impl Iterator<Item = u64>) -> u64 {
    let samples = if samples == 0 { len } else { samples.min(len) };
    let sum: u64 = elements.take(samples).sum();
    (u128::from(sum) * len as u128 / (samples.max(1) as u128)) as u64
}

fn framed(packed: bool, elements: u64) -> u64 {
    if packed { allocation(LISTPACK_HEADER_BYTES + elements) } else { DICT_BYTES + elements }
}

fn group_bytes(group: &ConsumerGroup) -> u64 {
    GROUP_BYTES
        + group.consumers().len() as u64 * CONSUMER_BYTES
        + group.pending().len() as u64 * PENDING_BYTES
}

/// The width that an intset needs for an integer.
fn integer_bytes(member: Member<'_>) -> u64 {
    match member {
        Member::Integer(value) if i16::try_from(value).is_ok() => 2,
        Member::Integer(value) if i32::try_from(value).is_ok() => 4,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_come_in_steps() {
        for (asked, given) in
            [(1, 8), (9, 16), (25, 32), (128, 128), (129, 160), (161, 192), (1025, 1280)]
        {
            assert_eq!(allocation(asked), given, "{asked}");
        }
    }

    #[test]
    fn a_sample_stands_for_all() {
        assert_eq!(sampled(10, 2, [4, 6, 100].into_iter()), 50);
        assert_eq!(sampled(3, 0, [1, 2, 3].into_iter()), 6);
        assert_eq!(sampled(0, 5, std::iter::empty()), 0);
    }
}
