//! One key in full, read through the observer's client.

use super::index::{Meta, size};
use super::observer::Reader;
use crate::backend::{Inspection, KeyChange, KeyDetail, KeyKind, KeyValue};
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
            Ok(fields) => KeyValue::Hash(pairs(fields)),
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
        KeyKind::Stream => KeyValue::Unreadable("Read it with XRANGE in the console.".to_owned()),
    }
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
