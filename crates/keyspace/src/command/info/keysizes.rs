//! INFO keysizes: how long strings are and how many elements collections have, by powers of two.

use super::Report;
use crate::db::{DATABASES, Db, DbIndex};
use crate::engine::Engine;
use crate::value::{Value, ValueType};

/// The types that are counted, as the report names them.
const TYPES: &[(ValueType, &str)] = &[
    (ValueType::String, "distrib_strings_sizes"),
    (ValueType::List, "distrib_lists_items"),
    (ValueType::Set, "distrib_sets_items"),
    (ValueType::ZSet, "distrib_zsets_items"),
    (ValueType::Hash, "distrib_hashes_items"),
];

pub(super) fn write(report: &mut Report, engine: &Engine) {
    for index in 0..DATABASES {
        let db = engine.db(DbIndex(index as u8));
        for (value_type, name) in TYPES {
            let counts = count(db, *value_type);
            if !counts.is_empty() {
                report.field(format_args!("db{index}_{name}"), counts.join(","));
            }
        }
    }
}

/// How many values of a type there are of each size, such as `4=2` for two of 4 to 7.
fn count(db: &Db, value_type: ValueType) -> Vec<String> {
    // One place for 0, and one for each power of two.
    let mut counts = [0_u64; usize::BITS as usize + 1];
    for (_, entry) in db.iter().filter(|(_, entry)| entry.value.value_type() == value_type) {
        let power = size(entry.value).checked_ilog2();
        counts[power.map_or(0, |power| power as usize + 1)] += 1;
    }
    let counted = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    counted.map(|(place, count)| format!("{}={count}", label(place))).collect()
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(string) => string.len(),
        Value::List(list) => list.len(),
        Value::Set(set) => set.len(),
        Value::ZSet(zset) => zset.len(),
        Value::Hash(hash) => hash.len(),
        Value::Stream(_) | Value::Array(_) => 0,
    }
}

/// The smallest size of a place, with its unit.
fn label(place: usize) -> String {
    const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];
    match place.checked_sub(1) {
        None => "0".to_owned(),
        Some(power) => format!("{}{}", 1 << (power % 10), UNITS[power / 10]),
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn sizes_have_units() {
        for (place, text) in [(0, "0"), (1, "1"), (10, "512"), (11, "1K"), (64, "8E")] {
            assert_eq!(label(place), text);
        }
    }
}
