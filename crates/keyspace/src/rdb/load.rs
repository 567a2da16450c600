//! Bytes to values: every layout that Redis ever wrote for them.

use super::reader::Reader;
use super::save::{PACKED_NODE, PLAIN_NODE};
use super::{Corrupt, array, intset, layout, listpack, stream, ziplist, zipmap};
use crate::config::Config;
use crate::time::UnixMillis;
use crate::value::{
    Element, Hash, List, Map, Member, NodeLimit, Set, SmallBytes, Str, Typed, Value, ZSet,
};
use keyspace_resp::parse_double;

/// The last point in time at which a field can die.
const FIELD_EXPIRE_MAX_MS: u64 = (1 << 48) - 1;

/// Reads a value in that layout. A collection has at least one element.
pub(super) fn load(layout: u8, reader: &mut Reader<'_>, config: &Config) -> Result<Value, Corrupt> {
    let value = match layout {
        layout::STRING => Str::new(&reader.string()?).into_value(),
        layout::LIST | layout::LIST_ZIPLIST | layout::LIST_QUICKLIST | layout::LIST_QUICKLIST_2 => {
            let limit = NodeLimit::new(config.list_max_listpack_size);
            List::from_elements(list_elements(layout, reader)?, limit).into_value()
        }
        layout::SET | layout::SET_INTSET | layout::SET_LISTPACK => {
            set(layout, reader, config)?.into_value()
        }
        layout::ZSET | layout::ZSET_2 => {
            let scores = scores(&counted_scores(layout, reader)?, false)?;
            ZSet::from_scores(scores, config.zset_limits()).into_value()
        }
        layout::ZSET_ZIPLIST | layout::ZSET_LISTPACK => {
            let scores = scores(&packed_scores(layout, reader)?, true)?;
            ZSet::from_scores(scores, config.zset_limits()).into_value()
        }
        layout::STREAM_LISTPACKS
        | layout::STREAM_LISTPACKS_2
        | layout::STREAM_LISTPACKS_3
        | layout::STREAM_LISTPACKS_4
        | layout::STREAM_LISTPACKS_5 => stream::load(layout, reader, config)?.into_value(),
        layout::ARRAY => array::load(reader)?.into_value(),
        _ => hash(layout, reader, config)?.into_value(),
    };
    if value.is_empty_aggregate() { Err(Corrupt) } else { Ok(value) }
}

/// As many strings as a length in front of them says.
fn strings(reader: &mut Reader<'_>) -> Result<Vec<SmallBytes>, Corrupt> {
    let mut strings = Vec::new();
    for _ in 0..reader.length()? {
        strings.push(small(reader)?);
    }
    Ok(strings)
}

fn small(reader: &mut Reader<'_>) -> Result<SmallBytes, Corrupt> {
    reader.string().map(|string| SmallBytes::from(&*string))
}

fn list_elements(layout: u8, reader: &mut Reader<'_>) -> Result<Vec<SmallBytes>, Corrupt> {
    match layout {
        layout::LIST => return strings(reader),
        layout::LIST_ZIPLIST => return ziplist::read(&reader.string()?),
        _ => {}
    }
    let mut elements = Vec::new();
    for _ in 0..reader.length()? {
        let mut node = if layout == layout::LIST_QUICKLIST {
            ziplist::read(&reader.string()?)?
        } else {
            match reader.length()? {
                PLAIN_NODE => vec![small(reader)?],
                PACKED_NODE => listpack::read(&reader.string()?)?,
                _ => return Err(Corrupt),
            }
        };
        if node.is_empty() {
            return Err(Corrupt);
        }
        elements.append(&mut node);
    }
    Ok(elements)
}

fn set(layout: u8, reader: &mut Reader<'_>, config: &Config) -> Result<Set, Corrupt> {
    let limits = config.set_limits();
    if layout == layout::SET_INTSET {
        let mut set = Set::default();
        for integer in intset::read(&reader.string()?)? {
            set.add(Member::Integer(integer), limits);
        }
        return Ok(set);
    }
    let (mut set, members) = if layout == layout::SET {
        let members = strings(reader)?;
        match members.len() > limits.intset_entries {
            true => (Set::Hashtable(Default::default()), members),
            false => (Set::default(), members),
        }
    } else {
        (Set::Listpack(Default::default()), listpack::read(&reader.string()?)?)
    };
    for member in &members {
        if !set.add(Member::Bytes(member), limits) {
            return Err(Corrupt);
        }
    }
    Ok(set)
}

/// Members and scores behind a length, in any order.
fn counted_scores(layout: u8, reader: &mut Reader<'_>) -> Result<Vec<Element>, Corrupt> {
    let mut elements = Vec::new();
    for _ in 0..reader.length()? {
        let member = small(reader)?;
        let score = match layout {
            layout::ZSET_2 => f64::from_le_bytes(reader.array()?),
            _ => text_score(reader)?,
        };
        elements.push(Element { member, score });
    }
    Ok(elements)
}

/// A score as text behind its length, of which the highest stand for what no digits say.
fn text_score(reader: &mut Reader<'_>) -> Result<f64, Corrupt> {
    match reader.byte()? {
        255 => Ok(f64::NEG_INFINITY),
        254 => Ok(f64::INFINITY),
        253 => Err(Corrupt),
        len => parse_double(reader.take(len.into())?).ok_or(Corrupt),
    }
}

/// Members and scores one behind the other.
fn packed_scores(layout: u8, reader: &mut Reader<'_>) -> Result<Vec<Element>, Corrupt> {
    let packed = packed(layout == layout::ZSET_ZIPLIST, reader)?;
    let (pairs, rest) = packed.as_chunks();
    if !rest.is_empty() {
        return Err(Corrupt);
    }
    let element = |[member, score]: &[SmallBytes; 2]| {
        Ok(Element { member: member.clone(), score: parse_double(score).ok_or(Corrupt)? })
    };
    pairs.iter().map(element).collect()
}

/// Every member's score; no score is NaN, no member is there twice, and all are in the order of a
/// sorted set where they must be.
fn scores(elements: &[Element], in_order: bool) -> Result<Map<SmallBytes, f64>, Corrupt> {
    if elements.iter().any(|element| element.score.is_nan()) {
        return Err(Corrupt);
    }
    let follows = |pair: &[Element]| pair[0].compare(pair[1].score, &pair[1].member).is_lt();
    if in_order && !elements.windows(2).all(follows) {
        return Err(Corrupt);
    }
    let mut scores = Map::default();
    for element in elements {
        if scores.insert(element.member.clone(), element.score).is_some() {
            return Err(Corrupt);
        }
    }
    Ok(scores)
}

/// A field of a hash, and when it dies.
struct Field {
    name: SmallBytes,
    value: SmallBytes,
    expire_at: Option<UnixMillis>,
}

fn hash(layout: u8, reader: &mut Reader<'_>, config: &Config) -> Result<Hash, Corrupt> {
    let fields = match layout {
        layout::HASH | layout::HASH_METADATA | layout::HASH_METADATA_PRE_GA => {
            counted_fields(layout, reader)?
        }
        layout::HASH_ZIPMAP => fields_of_pairs(&zipmap::read(&reader.string()?)?)?,
        layout::HASH_ZIPLIST | layout::HASH_LISTPACK => {
            fields_of_pairs(&packed(layout == layout::HASH_ZIPLIST, reader)?)?
        }
        layout::HASH_LISTPACK_EX | layout::HASH_LISTPACK_EX_PRE_GA => {
            if layout == layout::HASH_LISTPACK_EX {
                // When the first field dies, which the fields themselves say too.
                reader.array::<8>()?;
            }
            fields_of_triples(&packed(false, reader)?)?
        }
        _ => return Err(Corrupt),
    };
    let mut hash = Hash::default();
    let limits = config.hash_limits();
    for field in &fields {
        if !hash.set(&field.name, &field.value, limits) {
            return Err(Corrupt);
        }
    }
    if !matches!(
        layout,
        layout::HASH | layout::HASH_ZIPMAP | layout::HASH_ZIPLIST | layout::HASH_LISTPACK
    ) {
        hash.enable_expiry();
    }
    for field in fields {
        if let Some(at) = field.expire_at {
            hash.set_expire(&field.name, at);
        }
    }
    Ok(hash)
}

/// Fields behind a length, each with its expiry in front where the layout has any.
fn counted_fields(layout: u8, reader: &mut Reader<'_>) -> Result<Vec<Field>, Corrupt> {
    let first_expire = match layout {
        layout::HASH_METADATA => u64::from_le_bytes(reader.array()?),
        _ => 0,
    };
    let mut fields = Vec::new();
    for _ in 0..reader.length()? {
        let expire_at = match layout {
            layout::HASH => None,
            _ => match (reader.length()?, layout) {
                (0, _) => None,
                (at, layout::HASH_METADATA_PRE_GA) => Some(field_expire(at)?),
                (relative, _) => {
                    let at = first_expire.checked_add(relative - 1).ok_or(Corrupt)?;
                    Some(field_expire(at)?)
                }
            },
        };
        fields.push(Field { name: small(reader)?, value: small(reader)?, expire_at });
    }
    Ok(fields)
}

fn fields_of_pairs(packed: &[SmallBytes]) -> Result<Vec<Field>, Corrupt> {
    let (pairs, rest) = packed.as_chunks();
    if !rest.is_empty() {
        return Err(Corrupt);
    }
    let field = |[name, value]: &[SmallBytes; 2]| Field {
        name: name.clone(),
        value: value.clone(),
        expire_at: None,
    };
    Ok(pairs.iter().map(field).collect())
}

/// Fields with their expiry behind them, 0 for none; what dies first comes first.
fn fields_of_triples(packed: &[SmallBytes]) -> Result<Vec<Field>, Corrupt> {
    let (triples, rest) = packed.as_chunks();
    if !rest.is_empty() {
        return Err(Corrupt);
    }
    let mut fields: Vec<Field> = Vec::new();
    for [name, value, at] in triples {
        let at = std::str::from_utf8(at).ok().and_then(|at| at.parse().ok()).ok_or(Corrupt)?;
        let expire_at = if at == 0 { None } else { Some(field_expire(at)?) };
        let order = |at: Option<UnixMillis>| at.map_or(i64::MAX, |at| at.0);
        if fields.last().is_some_and(|last| order(last.expire_at) > order(expire_at)) {
            return Err(Corrupt);
        }
        fields.push(Field { name: name.clone(), value: value.clone(), expire_at });
    }
    Ok(fields)
}

fn field_expire(at_ms: u64) -> Result<UnixMillis, Corrupt> {
    let at_ms = Some(at_ms).filter(|&at| at <= FIELD_EXPIRE_MAX_MS);
    at_ms.and_then(|at| i64::try_from(at).ok()).map(UnixMillis).ok_or(Corrupt)
}

/// The elements of a ziplist, or of a listpack.
fn packed(is_ziplist: bool, reader: &mut Reader<'_>) -> Result<Vec<SmallBytes>, Corrupt> {
    let bytes = reader.string()?;
    if is_ziplist { ziplist::read(&bytes) } else { listpack::read(&bytes) }
}
