//! One key in full, read through the observer's client.

use super::index::{Meta, size};
use super::observer::Reader;
use crate::backend::{HashField, Inspection, KeyChange, KeyDetail, KeyKind, KeyValue, StreamGroup};
use crate::design::units;
use keyspace_resp::Value;
use serde_bytes::ByteBuf;

/// The most elements that are read, whatever the page asks for.
const ELEMENTS_MAX: u32 = 10_000;
/// How many bytes of a string are read for each element that the page asks for.
const STRING_BYTES_PER_ELEMENT: u32 = 256;

/// Reads a key of which the index knows; `None` where it is gone.
pub(super) fn read(
    reader: &mut Reader<'_>,
    inspection: &Inspection,
    meta: Meta,
    changes: Vec<KeyChange>,
) -> Option<KeyDetail> {
    let (db, name) = (inspection.db, inspection.name.as_slice());
    let encoding = match reader.ask(db, &[b"OBJECT", b"ENCODING", name]) {
        Value::Bulk(encoding) => String::from_utf8_lossy(&encoding).into_owned(),
        Value::Null => return None,
        _ => String::new(),
    };
    let memory = reader.ask_integer(db, &[b"MEMORY", b"USAGE", name]);
    Some(KeyDetail {
        kind: meta.kind,
        size: size(reader, db, name, meta.kind),
        life: meta.life,
        encoding,
        memory: memory.and_then(|bytes| u64::try_from(bytes).ok()),
        value: value(reader, inspection, meta.kind),
        changes,
        version: meta.version,
    })
}

fn value(reader: &mut Reader<'_>, inspection: &Inspection, kind: KeyKind) -> KeyValue {
    let (db, name) = (inspection.db, inspection.name.as_slice());
    let limit = inspection.limit.clamp(1, ELEMENTS_MAX);
    let last = (limit - 1).to_string();
    let last = last.as_bytes();
    match kind {
        KeyKind::String => {
            let last = (limit * STRING_BYTES_PER_ELEMENT - 1).to_string();
            match reader.ask(db, &[b"GETRANGE", name, b"0", last.as_bytes()]) {
                Value::Bulk(bytes) => KeyValue::String(ByteBuf::from(bytes)),
                other => unreadable(&other),
            }
        }
        KeyKind::List => match reader.ask(db, &[b"LRANGE", name, b"0", last]) {
            Value::Array(items) => KeyValue::List(items.into_iter().map(bytes).collect()),
            other => unreadable(&other),
        },
        KeyKind::Set => match scan(reader, b"SSCAN", inspection, limit) {
            Ok(members) => KeyValue::Set(members),
            Err(other) => unreadable(&other),
        },
        KeyKind::Hash => match scan(reader, b"HSCAN", inspection, limit.saturating_mul(2)) {
            Ok(fields) => KeyValue::Hash(with_expiry(reader, inspection, pairs(fields))),
            Err(other) => unreadable(&other),
        },
        KeyKind::SortedSet => match reader.ask(db, &[b"ZRANGE", name, b"0", last, b"WITHSCORES"]) {
            Value::Array(items) => {
                let pairs = pairs(items.into_iter().map(bytes).collect()).into_iter();
                let scored = pairs
                    .map(|(member, score)| (member, String::from_utf8_lossy(&score).into_owned()));
                KeyValue::SortedSet(scored.collect())
            }
            other => unreadable(&other),
        },
        KeyKind::Array => {
            let count = limit.to_string();
            let last = (u64::MAX - 1).to_string();
            let range: [&[u8]; 6] =
                [b"ARSCAN", name, b"0", last.as_bytes(), b"LIMIT", count.as_bytes()];
            match reader.ask(db, &range) {
                Value::Array(elements) => {
                    KeyValue::Array(elements.into_iter().filter_map(element).collect())
                }
                other => unreadable(&other),
            }
        }
        KeyKind::Stream => {
            let count = limit.to_string();
            match reader.ask(db, &[b"XRANGE", name, b"-", b"+", b"COUNT", count.as_bytes()]) {
                Value::Array(entries) => KeyValue::Stream {
                    entries: entries.into_iter().map(entry).collect(),
                    groups: groups(reader, inspection, limit),
                },
                other => unreadable(&other),
            }
        }
    }
}

/// Fields with the time at which each expires.
fn with_expiry(
    reader: &mut Reader<'_>,
    inspection: &Inspection,
    fields: Vec<(ByteBuf, ByteBuf)>,
) -> Vec<HashField> {
    let count = fields.len().to_string();
    let mut command: Vec<&[u8]> =
        vec![b"HPEXPIRETIME", &inspection.name, b"FIELDS", count.as_bytes()];
    command.extend(fields.iter().map(|(name, _)| name.as_slice()));
    let reply = reader.ask(inspection.db, &command);
    let times = reply.as_array().unwrap_or_default();
    let until = |index: usize| match times.get(index) {
        Some(Value::Integer(at)) if *at >= 0 => Some(*at as f64),
        _ => None,
    };
    let untils: Vec<Option<f64>> = (0..fields.len()).map(until).collect();
    let fields = fields.into_iter().zip(untils);
    fields.map(|((name, value), until)| HashField { name, value, until }).collect()
}

/// An element of an array: its index, and its value.
fn element(value: Value) -> Option<(String, ByteBuf)> {
    let [index, element] = value.as_array()? else {
        return None;
    };
    let index = match index {
        Value::Integer(index) => index.to_string(),
        large => String::from_utf8_lossy(large.as_bytes().unwrap_or_default()).into_owned(),
    };
    Some((index, bytes(element.clone())))
}

/// An entry of a stream: its id, and its fields with values.
fn entry(value: Value) -> (String, Vec<(ByteBuf, ByteBuf)>) {
    let parts = value.as_array().unwrap_or_default();
    let id = parts.first().and_then(Value::as_bytes).unwrap_or_default();
    let fields = parts.get(1).and_then(Value::as_array).unwrap_or_default();
    (String::from_utf8_lossy(id).into_owned(), pairs(fields.iter().cloned().map(bytes).collect()))
}

/// The groups of a stream, so many at most.
fn groups(reader: &mut Reader<'_>, inspection: &Inspection, limit: u32) -> Vec<StreamGroup> {
    let reply = reader.ask(inspection.db, &[b"XINFO", b"GROUPS", &inspection.name]);
    let groups = reply.as_array().unwrap_or_default().iter().take(limit as usize);
    let group = |group: &Value| {
        let facts = group.as_array().unwrap_or_default();
        let fact = |at: usize| match facts.get(at) {
            Some(Value::Integer(number)) => number.to_string(),
            Some(value) => value.as_bytes().map_or_else(|| "?".to_owned(), units::text),
            None => String::new(),
        };
        StreamGroup {
            name: facts.get(1).cloned().map(bytes).unwrap_or_default(),
            consumers: fact(3),
            pending: fact(5),
            last_delivered_id: fact(7),
            lag: fact(11),
        }
    };
    groups.map(group).collect()
}

/// Elements of a set, or fields and values of a hash in turn: `count` of them, or a few more.
fn scan(
    reader: &mut Reader<'_>,
    command: &[u8],
    inspection: &Inspection,
    count: u32,
) -> Result<Vec<ByteBuf>, Value> {
    let mut found = Vec::new();
    let mut cursor = b"0".to_vec();
    loop {
        let name = inspection.name.as_slice();
        let step = inspection.limit.clamp(10, 1_000).to_string();
        let reply = reader.ask(inspection.db, &[command, name, &cursor, b"COUNT", step.as_bytes()]);
        let Value::Array(parts) = reply else {
            return Err(reply);
        };
        let mut parts = parts.into_iter();
        let next = parts.next().map(bytes).unwrap_or_default().into_vec();
        if let Some(Value::Array(items)) = parts.next() {
            found.extend(items.into_iter().map(bytes));
        }
        if next == b"0" || next.is_empty() || found.len() >= count as usize {
            found.truncate(count as usize);
            return Ok(found);
        }
        cursor = next;
    }
}

fn pairs(items: Vec<ByteBuf>) -> Vec<(ByteBuf, ByteBuf)> {
    let mut items = items.into_iter();
    let mut pairs = Vec::new();
    while let (Some(first), Some(second)) = (items.next(), items.next()) {
        pairs.push((first, second));
    }
    pairs
}

fn bytes(value: Value) -> ByteBuf {
    ByteBuf::from(value.as_bytes().unwrap_or_default())
}

fn unreadable(reply: &Value) -> KeyValue {
    KeyValue::Unreadable(keyspace_resp::cli::format(reply))
}
