//! Where the keys of a call are, and what follows from where a row says they are.

use super::syntax::{self, Argument, Kind, ValueKind};
use super::{Begin, CommandSpec, Find, Flag, KeyFlag, KeySpec};
use crate::args::leading_integer;

/// A key among the arguments of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyAt {
    /// Which argument it is; the command's name is 0.
    pub index: usize,
    /// What the command does with it.
    pub flags: &'static [KeyFlag],
}

/// The keys of a call, in the order of the row's key specifications; `None` where the arguments
/// do not have the form that the row says.
pub fn keys_of(spec: &CommandSpec, args: &[&[u8]]) -> Option<Vec<KeyAt>> {
    let mut keys: Vec<KeyAt> = Vec::new();
    for key_spec in spec.keys {
        if key_spec.flags.contains(&KeyFlag::NotKey) {
            continue;
        }
        let flags = spec.key_flags.map_or(key_spec.flags, |key_flags| key_flags(args));
        if matches!(key_spec.begin, Begin::Unknown) {
            continue;
        }
        if let Some(indices) = find(key_spec, args, spec.has(Flag::NoMandatoryKeys))? {
            // Where MIGRATE has KEYS, its key is empty and none.
            if key_spec.flags.contains(&KeyFlag::Incomplete) {
                if keys.iter().any(|key: &KeyAt| !args[key.index].is_empty()) {
                    return None;
                }
                keys.clear();
            }
            keys.extend(indices.map(|index| KeyAt { index, flags }));
        }
    }
    // The key behind a token that may stand anywhere, as SORT's STORE.
    let last = spec.keys.last().filter(|last| matches!(last.begin, Begin::Unknown));
    if let Some(last) = last
        && let Some(index) = key_behind_token(spec, args)
    {
        keys.push(KeyAt { index, flags: last.flags });
    }
    Some(keys)
}

/// Whether the row's keys include any that are really keys.
pub(crate) fn has_keys(spec: &CommandSpec) -> bool {
    spec.keys.iter().any(|key_spec| !key_spec.flags.contains(&KeyFlag::NotKey))
}

type Indices = std::iter::StepBy<std::ops::Range<usize>>;

/// The arguments that one specification names: `Some(None)` where its keyword is not there, or
/// nothing is behind it, `None` where the arguments are too few or a number is none.
fn find(spec: &KeySpec, args: &[&[u8]], may_be_none: bool) -> Option<Option<Indices>> {
    let begin = match spec.begin {
        Begin::Unknown => return Some(None),
        Begin::Index(position) => usize::try_from(position).ok()?,
        Begin::Keyword { keyword, start_from } => {
            let matches = |&index: &usize| crate::args::is(args[index], keyword);
            let found = match usize::try_from(start_from) {
                Ok(start) => (start..args.len()).find(matches),
                Err(_) => {
                    let back = usize::try_from(start_from.unsigned_abs()).ok()?;
                    (1..(args.len() + 1).saturating_sub(back)).rev().find(matches)
                }
            };
            match found {
                Some(index) if index + 1 < args.len() => index + 1,
                _ => return Some(None),
            }
        }
    };
    let (first, last, step) = match spec.find {
        Find::Unknown => return Some(None),
        Find::Range { last, step, limit } => (begin, range_end(begin, last, limit, args)?, step),
        Find::KeyNum { index, first, step } => {
            let number = args.get(begin.checked_add_signed(index as isize)?)?;
            let count = match crate::value::canonical_integer(number) {
                Some(count) => {
                    usize::try_from(count).ok().filter(|&count| count > 0 || may_be_none)?
                }
                // What a command refuses names keys all the same, as far as it begins with a number.
                None => usize::try_from(leading_integer(number)).ok().filter(|&count| count > 0)?,
            };
            let first = begin.checked_add_signed(first as isize)?;
            let step_size = usize::try_from(step).ok()?;
            (first, first.checked_add(count.checked_mul(step_size)?)?, step)
        }
    };
    let step = usize::try_from(step).ok().filter(|&step| step > 0)?;
    if last > args.len() {
        return None;
    }
    Some(Some((first..last.max(first)).step_by(step)))
}

/// The argument behind the last one of a range.
fn range_end(begin: usize, last: i32, limit: i32, args: &[&[u8]]) -> Option<usize> {
    match (usize::try_from(last), usize::try_from(limit)) {
        (Ok(last), _) => begin.checked_add(last)?.checked_add(1),
        (Err(_), Ok(limit)) if limit > 1 => Some(begin + args.len().checked_sub(begin)? / limit),
        (Err(_), _) => (args.len() + 1).checked_add_signed(last as isize),
    }
}

/// The key behind the last of its tokens. What belongs to another option is passed over, as it may
/// read like the token.
fn key_behind_token(spec: &CommandSpec, args: &[&[u8]]) -> Option<usize> {
    let arguments = syntax::arguments(spec);
    let is_key = |argument: &Argument| argument.kind == Kind::Value(ValueKind::Key);
    let mut found = None;
    let mut index = 2;
    while index + 1 < args.len() {
        let is_typed = |argument: &&Argument| {
            argument.token.as_ref().is_some_and(|token| crate::args::is(args[index], token))
        };
        match arguments.iter().find(is_typed) {
            Some(argument) if is_key(argument) => found = Some(index + 1),
            Some(Argument { kind: Kind::Block(parts), .. }) => index += parts.len(),
            Some(Argument { kind: Kind::Value(_), .. }) => index += 1,
            _ => {}
        }
        index += 1;
    }
    found
}

/// The first key, the last and the step between keys, as COMMAND INFO answers them; 0 where there
/// are none that can be said so.
pub(crate) fn key_range(spec: &CommandSpec) -> (i64, i64, i64) {
    if let [KeySpec { begin: Begin::Index(first), find: Find::Range { last, step, .. }, .. }] =
        spec.keys
    {
        return (i64::from(*first), from_start(*first, *last), i64::from(*step));
    }
    let mut range = None;
    for (first, last) in plain_ranges(spec).flatten() {
        let (start, end) = range.unwrap_or((first, last));
        // A last key that counts from the end lies behind any that does not.
        let end = if end < 0 || last < 0 { end.min(last) } else { end.max(last) };
        range = Some((start.min(first), end));
    }
    range.map_or((0, 0, 0), |(first, last)| (first, last, 1))
}

/// Whether there are keys that [`key_range`] does not tell of: Redis's flag `movablekeys`.
pub(crate) fn has_movable_keys(spec: &CommandSpec) -> bool {
    let is_incomplete = |key_spec: &KeySpec| key_spec.flags.contains(&KeyFlag::Incomplete);
    if spec.keys.iter().any(is_incomplete) {
        return true;
    }
    match spec.keys {
        [KeySpec { begin: Begin::Index(_), find: Find::Range { .. }, .. }] => false,
        _ => plain_ranges(spec).any(|range| range.is_none()),
    }
}

/// The ranges of the specifications, `None` for one that is no range of neighbouring arguments
/// from a fixed index on, right behind the range before it.
fn plain_ranges(spec: &CommandSpec) -> impl Iterator<Item = Option<(i64, i64)>> {
    let mut previous = None;
    spec.keys.iter().map(move |key_spec| match (key_spec.begin, key_spec.find) {
        (Begin::Index(first), Find::Range { last, step: 1, .. })
            if previous.is_none_or(|previous| previous == i64::from(first) - 1) =>
        {
            let last = from_start(first, last);
            previous = Some(last);
            Some((i64::from(first), last))
        }
        _ => None,
    })
}

/// The index of a last key that is relative to the first, or negative.
fn from_start(first: i32, last: i32) -> i64 {
    if last < 0 { i64::from(last) } else { i64::from(first) + i64::from(last) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command;

    fn indices(call: &str) -> Option<Vec<usize>> {
        let args: Vec<&[u8]> = call.split(' ').map(str::as_bytes).collect();
        let spec = command::lookup(args[0]).expect("a known command");
        Some(keys_of(spec, &args)?.iter().map(|key| key.index).collect())
    }

    #[test]
    fn keys_are_where_the_rows_say() {
        for (call, keys) in [
            ("get k", Some(vec![1])),
            ("mset a 1 b 2", Some(vec![1, 3])),
            ("blpop a b 0", Some(vec![1, 2])),
            ("ping", Some(vec![])),
            ("zunionstore d 2 a b weights 1 2", Some(vec![1, 3, 4])),
            ("lmpop 2 a b left", Some(vec![2, 3])),
            ("lmpop 9 a b left", None),
            ("lmpop x a b left", None),
            ("lmpop -1 a b left", None),
            ("lmpop 1.5 a b left", Some(vec![2])),
            ("lmpop -1.5 a b left", None),
            ("lmpop 9.5 a b left", None),
            ("lmpop 0 a left", None),
            ("zunionstore d 0 a", None),
            ("lmpop 9223372036854775807 a b left", None),
            ("spublish c m", Some(vec![])),
            ("georadius k 1 1 1 km store d", Some(vec![1, 7])),
            ("georadius k 1 1 1 km store", Some(vec![1])),
            ("migrate h p k 0 0 copy", Some(vec![3])),
            ("migrate h p  0 0 keys a b", Some(vec![7, 8])),
            ("migrate h p k 0 0 keys a b", None),
            ("sort l by w* limit 0 1 get # store d", Some(vec![1, 10])),
            ("sort l get store h*->a", Some(vec![1])),
            ("sort l limit store a store", Some(vec![1])),
            ("sort l store a store b", Some(vec![1, 5])),
            ("sort l alpha store d", Some(vec![1, 4])),
        ] {
            assert_eq!(indices(call), keys, "{call}");
        }
    }
}
