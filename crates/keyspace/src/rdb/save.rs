//! Values to bytes: each in the layout of its encoding.

use super::writer::Writer;
use super::{array, intset, layout, listpack, stream};
use crate::value::{Hash, IdempotencyLimits, List, Member, Set, Value, ZSet};
use keyspace_resp::format_double;

/// A node of a quicklist that is one large element, and one that is a listpack.
pub(super) const PLAIN_NODE: u64 = 1;
pub(super) const PACKED_NODE: u64 = 2;
/// Scores below this magnitude without a fraction are integers of a listpack.
const INTEGER_SCORES_BELOW: f64 = (1_u64 << 62) as f64;

/// The layout in which a value is saved. A set of strings has one that every version reads; a
/// stream need not say the limits that it will be given.
pub(super) fn layout_of(value: &Value, limits: IdempotencyLimits) -> u8 {
    match value {
        Value::Stream(stream) => stream::layout_of(stream, limits),
        Value::Array(_) => layout::ARRAY,
        Value::String(_) => layout::STRING,
        Value::List(_) => layout::LIST_QUICKLIST_2,
        Value::Set(set) => match **set {
            Set::Intset(_) => layout::SET_INTSET,
            Set::Listpack(_) | Set::Hashtable(_) => layout::SET,
        },
        Value::ZSet(zset) if zset.is_packed() => layout::ZSET_LISTPACK,
        Value::ZSet(_) => layout::ZSET_2,
        Value::Hash(hash) => match hash.encoding() {
            "listpack" => layout::HASH_LISTPACK,
            "listpackex" => layout::HASH_LISTPACK_EX,
            _ if hash.expires_len() > 0 => layout::HASH_METADATA,
            _ => layout::HASH,
        },
    }
}

/// Appends a value in its layout.
pub(super) fn save(out: &mut Writer, value: &Value, layout: u8) {
    match value {
        Value::String(value) => out.string(&value.as_bytes()),
        Value::List(value) => list(out, value),
        Value::Set(value) => set(out, value),
        Value::ZSet(value) => zset(out, value),
        Value::Hash(value) => hash(out, value, layout),
        Value::Stream(value) => stream::save(out, value, layout),
        Value::Array(value) => array::save(out, value),
    }
}

fn list(out: &mut Writer, list: &List) {
    out.length(list.nodes().count() as u64);
    let mut elements = list.iter();
    for (count, is_plain) in list.nodes() {
        if is_plain {
            out.length(PLAIN_NODE);
            elements.by_ref().take(count).for_each(|element| out.string(element));
        } else {
            out.length(PACKED_NODE);
            let mut packed = listpack::Writer::new();
            elements.by_ref().take(count).for_each(|element| packed.push(element));
            out.string(&packed.finish());
        }
    }
}

fn set(out: &mut Writer, set: &Set) {
    if let Set::Intset(integers) = set {
        return out.string(&intset::write(integers));
    }
    out.length(set.len() as u64);
    for member in set.iter() {
        Member::with_bytes(member, |bytes| out.string(bytes));
    }
}

fn zset(out: &mut Writer, zset: &ZSet) {
    if !zset.is_packed() {
        out.length(zset.len() as u64);
        // From the last to the first, so that each is inserted at the front of what is there.
        for element in zset.iter().rev() {
            out.string(element.member);
            out.raw(&element.score.to_le_bytes());
        }
        return;
    }
    let mut packed = listpack::Writer::new();
    for element in zset.iter() {
        packed.push(element.member);
        let score = element.score;
        if score.fract() == 0.0 && score.abs() < INTEGER_SCORES_BELOW {
            packed.push_integer(score as i64);
        } else {
            let mut digits = Vec::new();
            format_double(&mut digits, score);
            packed.push(&digits);
        }
    }
    out.string(&packed.finish());
}

fn hash(out: &mut Writer, hash: &Hash, layout: u8) {
    // The first point in time at which a field dies; 0 where none does.
    let first_expire = hash.next_expire().map_or(0, |at| at.0);
    let expire_at = |field: &[u8]| hash.expire_at(field).map_or(0, |at| at.0);
    match layout {
        layout::HASH_LISTPACK | layout::HASH_LISTPACK_EX => {
            let mut packed = listpack::Writer::new();
            for (field, value) in hash.iter() {
                packed.push(field);
                packed.push(value);
                if layout == layout::HASH_LISTPACK_EX {
                    packed.push_integer(expire_at(field));
                }
            }
            if layout == layout::HASH_LISTPACK_EX {
                out.raw(&first_expire.to_le_bytes());
            }
            out.string(&packed.finish());
        }
        _ => {
            if layout == layout::HASH_METADATA {
                out.raw(&first_expire.to_le_bytes());
            }
            out.length(hash.len() as u64);
            for (field, value) in hash.iter() {
                if layout == layout::HASH_METADATA {
                    // Counted from the first, which is 1: 0 says that the field stays.
                    let relative = hash.expire_at(field).map_or(0, |at| at.0 - first_expire + 1);
                    out.length(relative as u64);
                }
                out.string(field);
                out.string(value);
            }
        }
    }
}
