//! Comparing what describes a stream, a group or a client: names with values, some of them times or
//! known to later versions only.

use crate::same::{exact, flat};
use keyspace_resp::Value;

/// What XINFO and ACL LOG answer since 7.2.
const NEWER_NAMES: &[&str] = &[
    "active-time",
    "entry-id",
    "idmp-duration",
    "idmp-maxsize",
    "pids-tracked",
    "iids-tracked",
    "iids-added",
    "iids-duplicates",
    "inactive",
    "timestamp-created",
    "timestamp-last-updated",
];

/// Greater numbers are milliseconds since 1970.
const FIRST_TIME: i64 = 1_000_000_000_000;

/// So far apart are two times of the same thing at most.
const TOLERANCE_MS: u64 = 30_000;

/// What CLIENT INFO says of a client on every server.
const CLIENT_FIELDS: &[&str] =
    &["name", "flags", "db", "sub", "psub", "ssub", "multi", "cmd", "user", "resp"];

fn is_at_most(ours: &Value, theirs: &Value) -> bool {
    matches!((ours, theirs), (Value::Integer(ours), Value::Integer(theirs)) if ours <= theirs)
}

/// Whether two replies that describe something say the same.
pub(crate) fn describe_the_same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Map(ours), Value::Map(theirs)) => {
            describe_the_same(&Value::Array(flat(ours)), &Value::Array(flat(theirs)))
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            let (ours, theirs) = (comparable(ours), comparable(theirs));
            ours.len() == theirs.len()
                && (0..ours.len()).all(|place| {
                    let is = |name: &[u8]| place > 0 && ours[place - 1].as_bytes() == Some(name);
                    is(b"idle") && same_duration(&ours[place], &theirs[place])
                        // How many consumers there are, see `comparable`; and 7.0 miscounts what was read by, and what is
                        // ahead of a group whose entries were trimmed.
                        || is(b"consumers") && matches!(ours[place], Value::Integer(_))
                        || is(b"lag")
                        // A node that XTRIM emptied stays where its last entry was deleted by name.
                        || (is(b"radix-tree-keys") || is(b"radix-tree-nodes"))
                            && is_at_most(&ours[place], &theirs[place])
                        || is(b"entries-read")
                        || is(b"age-seconds")
                        || is(b"client-info")
                        // A client's id.
                        || is(b"redirect") && same_sign(&ours[place], &theirs[place])
                        || describe_the_same(&ours[place], &theirs[place])
                })
        }
        (Value::Integer(FIRST_TIME..), Value::Integer(FIRST_TIME..)) => same_duration(ours, theirs),
        _ => exact(ours, theirs),
    }
}

/// Whether two rows of XPENDING say the same.
pub(crate) fn same_pending(ours: &Value, theirs: &Value) -> bool {
    match (ours.as_array(), theirs.as_array()) {
        (Some([id, consumer, idle, count]), Some([their_id, owner, their_idle, times])) => {
            exact(id, their_id)
                && exact(consumer, owner)
                && same_duration(idle, their_idle)
                && exact(count, times)
        }
        _ => exact(ours, theirs),
    }
}

/// The fields of CLIENT INFO or CLIENT LIST that can be compared, a line a client.
pub(crate) fn client_lines(reply: &[u8]) -> Vec<Vec<String>> {
    let comparable = |field: &str| {
        let (name, value) =
            field.split_once('=').filter(|(name, _)| CLIENT_FIELDS.contains(name))?;
        Some(if name == "flags" { settled(value) } else { field.to_owned() })
    };
    let reply = String::from_utf8_lossy(reply);
    reply.lines().map(|line| line.split(' ').filter_map(comparable).collect()).collect()
}

/// The flags of a client without that of one that was served, which it has until the server's event
/// loop turns.
fn settled(flags: &str) -> String {
    let others = flags.replace('u', "");
    format!("flags={}", if others.is_empty() { "N" } else { &others })
}

/// Whether both are ids of clients, or both the same that is none.
pub(crate) fn same_sign(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Integer(ours), Value::Integer(theirs)) => ours.signum() == theirs.signum(),
        _ => false,
    }
}

fn same_duration(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Integer(ours), Value::Integer(theirs)) => ours.abs_diff(*theirs) <= TOLERANCE_MS,
        _ => false,
    }
}

/// What both know: without names that are newer than the server, and without consumers that own
/// nothing, as XCLAIM and XAUTOCLAIM make those since 7.2 only.
fn comparable(items: &[Value]) -> Vec<Value> {
    let is_newer = |pair: &&[Value]| {
        let name = pair[0].as_bytes().unwrap_or_default();
        NEWER_NAMES.iter().any(|newer| newer.as_bytes() == name)
    };
    let known = items.chunks(2).filter(|pair| !is_newer(pair)).flatten();
    known.filter(|item| !is_idle_consumer(item)).cloned().collect()
}

/// Whether this describes a consumer to whom nothing is pending.
fn is_idle_consumer(value: &Value) -> bool {
    let items = match value {
        Value::Map(pairs) => flat(pairs),
        Value::Array(items) => items.clone(),
        _ => return false,
    };
    let value_of = |name: &[u8]| {
        items.chunks_exact(2).find(|pair| pair[0].as_bytes() == Some(name)).map(|pair| &pair[1])
    };
    let is_consumer = value_of(b"idle").or_else(|| value_of(b"seen-time")).is_some();
    let pending = value_of(b"pel-count").or_else(|| value_of(b"pending"));
    is_consumer && pending == Some(&Value::Integer(0))
}
