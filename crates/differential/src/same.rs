//! Whether two replies say the same: exactly, but for the order of a hash table, what is random,
//! and what real time moves.

use crate::described::{client_lines, describe_the_same, same_pending, same_sign};
use crate::exceptions;
use crate::expected::{Expected, message};
use keyspace_resp::Value;

/// How the replies to a command are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Value by value.
    Exact,
    /// The elements come in a hash table's order.
    Unordered,
    /// Fields and values, in a hash table's order.
    UnorderedPairs,
    /// A cursor, and elements in a hash table's order.
    Scan,
    /// A cursor, and pairs in a hash table's order.
    ScanPairs,
    /// Random, or cut from what has a hash table's order: as many of them.
    Count,
    /// Something or nothing.
    Presence,
    /// A time to live, or when it ends.
    Time { tolerance: i64 },
    /// Names with values, of which later versions have more, and in which there are times.
    Description,
    /// A client's id, or a number that stands for none.
    ClientId,
    /// Lines of `name=value`, of which some depend on the version or the connection.
    ClientInfo,
    /// Rows of an id, an owner, an idle time and a count.
    Pending,
}

/// Whether the server sent what the engine did.
pub(crate) fn same(expected: &Expected, theirs: &Value) -> bool {
    let ours = &expected.value;
    match &expected.answers[..] {
        [] => exact(ours, theirs),
        [command] => same_reply(command, ours, theirs),
        [_, queued @ ..] => match (ours, theirs) {
            (Value::Array(ours), Value::Array(theirs)) => {
                ours.len() == theirs.len()
                    && ours.len() == queued.len()
                    && queued
                        .iter()
                        .zip(ours.iter().zip(theirs))
                        .all(|(command, (ours, theirs))| same_reply(command, ours, theirs))
            }
            _ => exact(ours, theirs),
        },
    }
}

/// What a client received in one turn, as versions agree on it. Since 7.2 a RESP3 client's own
/// command is answered before the messages that it causes, and before after them. A message that
/// several patterns let through comes once for each, in a hash table's order.
pub(crate) fn in_common_order<T>(items: Vec<T>, value: impl Fn(&T) -> &Value) -> Vec<T> {
    let (mut pushes, mut replies): (Vec<T>, Vec<T>) =
        items.into_iter().partition(|item| matches!(value(item), Value::Push(_)));
    replies.append(&mut pushes);
    let by_pattern = |item: &T| message(value(item)) == Some(b"pmessage");
    let content = |item: &T| match value(item) {
        Value::Array(parts) | Value::Push(parts) => parts.get(2..).map(<[Value]>::to_vec),
        _ => None,
    };
    for run in
        replies.chunk_by_mut(|a, b| by_pattern(a) && by_pattern(b) && content(a) == content(b))
    {
        run.sort_by_cached_key(|item| format!("{:?}", value(item)));
    }
    replies
}

fn same_reply(command: &[Vec<u8>], ours: &Value, theirs: &Value) -> bool {
    let command = unscripted(command);
    exact(ours, theirs)
        || by_rule(rule(command), ours, theirs)
        || exceptions::allow(command, ours, theirs)
}

/// The command itself, where a script calls what its arguments say.
pub(crate) fn unscripted(command: &[Vec<u8>]) -> &[Vec<u8>] {
    match command {
        [eval, _, keys, command @ ..] if eval.eq_ignore_ascii_case(b"EVAL") && keys == b"0" => {
            command
        }
        _ => command,
    }
}

fn rule(command: &[Vec<u8>]) -> Rule {
    let word = |index: usize| {
        command.get(index).map(|word| String::from_utf8_lossy(word).to_ascii_uppercase())
    };
    let has = |option: &str| command.iter().any(|arg| arg.eq_ignore_ascii_case(option.as_bytes()));
    match word(0).unwrap_or_default().as_str() {
        "KEYS" | "SMEMBERS" | "SUNION" | "SINTER" | "SDIFF" | "HKEYS" | "HVALS" => Rule::Unordered,
        "SPOP" => Rule::Unordered,
        "PUBSUB" => match word(1).as_deref() {
            Some("CHANNELS" | "SHARDCHANNELS") => Rule::Unordered,
            _ => Rule::Exact,
        },
        "HGETALL" => Rule::UnorderedPairs,
        "SCAN" | "SSCAN" => Rule::Scan,
        "HSCAN" | "ZSCAN" => Rule::ScanPairs,
        "SRANDMEMBER" | "HRANDFIELD" | "ZRANDMEMBER" if command.len() > 2 => Rule::Count,
        "SRANDMEMBER" | "HRANDFIELD" | "ZRANDMEMBER" | "RANDOMKEY" => Rule::Presence,
        // Elements of a set that the order does not tell apart.
        "SORT" | "SORT_RO" if has("BY") && has("LIMIT") => Rule::Count,
        "SORT" | "SORT_RO" if has("BY") => Rule::Unordered,
        "TTL" | "EXPIRETIME" => Rule::Time { tolerance: 30 },
        "PTTL" | "PEXPIRETIME" => Rule::Time { tolerance: 30_000 },
        "XINFO" => Rule::Description,
        "XPENDING" => Rule::Pending,
        "ACL" => match word(1).as_deref() {
            Some("LOG") => Rule::Description,
            Some("GENPASS") => Rule::Presence,
            _ => Rule::Exact,
        },
        "CLIENT" => match word(1).as_deref() {
            Some("INFO" | "LIST") => Rule::ClientInfo,
            Some("ID" | "GETREDIR") => Rule::ClientId,
            Some("TRACKINGINFO") => Rule::Description,
            _ => Rule::Exact,
        },
        // It names the server's version and the client's id.
        "HELLO" => Rule::Count,
        _ => Rule::Exact,
    }
}

fn by_rule(rule: Rule, ours: &Value, theirs: &Value) -> bool {
    match (rule, ours, theirs) {
        (Rule::Exact, ..) | (_, Value::Error(_), _) | (_, _, Value::Error(_)) => false,
        (Rule::Time { tolerance }, Value::Integer(ours), Value::Integer(theirs)) => {
            *ours >= 0 && *theirs >= 0 && ours.abs_diff(*theirs) <= tolerance as u64
        }
        (Rule::Presence, Value::Bulk(_), Value::Bulk(_)) => true,
        (Rule::ClientId, ours, theirs) => same_sign(ours, theirs),
        (Rule::Description, ours, theirs) => describe_the_same(ours, theirs),
        (Rule::Pending, Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same_pending(a, b))
        }
        (Rule::ClientInfo, ours, theirs) => match (ours.as_bytes(), theirs.as_bytes()) {
            (Some(ours), Some(theirs)) => client_lines(ours) == client_lines(theirs),
            _ => false,
        },
        (Rule::Unordered, Value::Array(ours), Value::Array(theirs)) => bags(ours, theirs, 1),
        (Rule::Unordered, Value::Set(ours), Value::Set(theirs)) => bags(ours, theirs, 1),
        (Rule::UnorderedPairs, Value::Array(ours), Value::Array(theirs)) => bags(ours, theirs, 2),
        (Rule::UnorderedPairs, Value::Map(ours), Value::Map(theirs)) => {
            bags(&flat(ours), &flat(theirs), 2)
        }
        (Rule::Scan | Rule::ScanPairs, Value::Array(ours), Value::Array(theirs)) => {
            match (&ours[..], &theirs[..]) {
                ([cursor, Value::Array(ours)], [other, Value::Array(theirs)]) => {
                    let size = if rule == Rule::Scan { 1 } else { 2 };
                    cursor == other && bags(ours, theirs, size)
                }
                _ => false,
            }
        }
        (Rule::Count, Value::Map(_), Value::Map(_)) => true,
        (Rule::Count, ours, theirs) => match (ours.as_array(), theirs.as_array()) {
            (Some(ours), Some(theirs)) => ours.len() == theirs.len(),
            _ => false,
        },
        _ => false,
    }
}

pub(crate) fn flat(map: &[(Value, Value)]) -> Vec<Value> {
    map.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect()
}

/// Whether two aggregates hold the same groups of elements, in any order.
fn bags(ours: &[Value], theirs: &[Value], size: usize) -> bool {
    let sorted = |items: &[Value]| {
        let mut groups: Vec<String> = items
            .chunks(size)
            .map(|group| format!("{:?}", group.iter().map(canonical).collect::<Vec<_>>()))
            .collect();
        groups.sort_unstable();
        groups
    };
    ours.len() == theirs.len() && sorted(ours) == sorted(theirs)
}

/// A fraction by its value, as versions print it with more or fewer digits.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Bulk(bytes) => fraction(bytes).map_or_else(|| value.clone(), Value::Double),
        _ => value.clone(),
    }
}

/// The same value. Scores of many digits are compared as numbers: 7.0 prints 17 of them, and
/// later versions as few as tell the number from others.
pub(crate) fn exact(ours: &Value, theirs: &Value) -> bool {
    let all = |ours: &[Value], theirs: &[Value]| {
        ours.len() == theirs.len()
            && ours.iter().zip(theirs).all(|(ours, theirs)| exact(ours, theirs))
    };
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) | (Value::Push(ours), Value::Push(theirs)) => {
            all(ours, theirs)
        }
        (Value::Set(ours), Value::Set(theirs)) => all(ours, theirs),
        (Value::Map(ours), Value::Map(theirs)) => all(&flat(ours), &flat(theirs)),
        (Value::Bulk(a), Value::Bulk(b)) => {
            a == b || a.len().max(b.len()) >= 16 && number(a).is_some_and(|a| number(b) == Some(a))
        }
        _ => ours == theirs,
    }
}

fn fraction(bytes: &[u8]) -> Option<f64> {
    number(bytes).filter(|_| bytes.iter().any(|byte| matches!(byte, b'.' | b'e')))
}

fn number(bytes: &[u8]) -> Option<f64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}
