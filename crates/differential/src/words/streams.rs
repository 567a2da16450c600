//! Arguments of commands on streams: ids that mostly grow, groups, consumers and idle times.

use super::pick;
use fastrand::Rng;
use keyspace::command::{CommandSpec, Group};

const ENTRY_IDS: &[&str] = &[
    "0-0",
    "0",
    "0-1",
    "0-*",
    "1-1",
    "-",
    "5-",
    "1-1-1",
    "18446744073709551615",
    "18446744073709551616-0",
    "x",
    "",
    "01-1",
];

/// A value for an argument of this name in a command on streams; `None` where it is one that other
/// families have as well. `last_entry` follows what XADD is given.
pub(crate) fn value(
    rng: &mut Rng,
    spec: &CommandSpec,
    name: &str,
    last_entry: &mut u64,
) -> Option<Vec<u8>> {
    if spec.group != Group::Stream {
        return None;
    }
    let some_id = |rng: &mut Rng| match rng.u8(..8) {
        0 => pick(rng, ENTRY_IDS),
        1 => rng.u64(..=*last_entry).to_string().into_bytes(),
        _ => format!("{}-{}", rng.u64(..=*last_entry), rng.u64(..3)).into_bytes(),
    };
    let is = |names: &[&str]| names.contains(&spec.name);
    Some(match name {
        "group" => pick(rng, &["g1", "g1", "g1", "g2", "nogroup"]),
        "consumer" => pick(rng, &["c1", "c1", "c2", "c3"]),
        "id" if is(&["xadd"]) && rng.u8(..6) > 0 => {
            *last_entry += rng.u64(..3);
            let sequence = pick(rng, &["0", "1", "2", "*"]);
            [last_entry.to_string().as_bytes(), b"-", &sequence].concat()
        }
        "ID" if is(&["xread"]) => match rng.u8(..4) {
            0 => pick(rng, &["$", "0"]),
            _ => some_id(rng),
        },
        "ID" if is(&["xreadgroup"]) => match rng.u8(..6) {
            0 => some_id(rng),
            1 => pick(rng, &["0", "$"]),
            _ => b">".to_vec(),
        },
        "id" | "ID" | "lastid" | "last-id" | "max-deleted-id" => some_id(rng),
        "start" | "end" => match rng.u8(..4) {
            0 => some_id(rng),
            1 => [&b"("[..], &some_id(rng)].concat(),
            _ => pick(rng, if name == "start" { &["-", "0", "+"] } else { &["+", "+", "-", "1"] }),
        },
        "threshold" => match rng.bool() {
            true => pick(rng, &["0", "1", "2", "5", "10", "-1"]),
            false => some_id(rng),
        },
        // Real time does not come between these.
        "min-idle-time" => pick(rng, &["0", "0", "0", "0", "1000000000", "-1", "x"]),
        "ms" => pick(rng, &["0", "1000", "2000000000", "-1"]),
        // More than there are of entries is as many as there are since 7.2.
        // 7.0 counts beyond the end.
        "entries-added" => pick(rng, &["0", "1", "5", "100", "-1"]),
        "entriesread" => pick(rng, &["0", "-1", "-2", "x"]),
        _ => return None,
    })
}
