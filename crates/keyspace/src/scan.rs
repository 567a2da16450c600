//! Walking a dense collection in steps: SCAN, HSCAN, SSCAN and ZSCAN.
//!
//! A walk goes from the last entry to the first, and its cursor is the number of entries still to
//! visit: those at the places below it. Collections append what is new and fill a removed entry's
//! place with the last one. So an entry not visited yet only ever moves to a lower place, where it
//! will be visited, and the guarantee holds with no state kept between two steps: whatever is in
//! the collection from the first step to the last is visited at least once.

use crate::args::{self, Args, Options};
use crate::error::CommandError;
use crate::glob::glob_match;
use keyspace_resp::ReplyWriter;
use std::iter::Rev;
use std::ops::Range;

/// Entries visited by a step that does not say COUNT.
const DEFAULT_COUNT: usize = 10;

/// Which command walks: each takes options that the others refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanKind {
    /// SCAN, which takes TYPE.
    Keys,
    /// HSCAN, which takes NOVALUES.
    Fields,
    /// SSCAN and ZSCAN.
    Members,
}

/// What follows the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScanOptions<'a> {
    pub pattern: Option<&'a [u8]>,
    /// How many entries a step visits, at least 1.
    pub count: usize,
    pub type_name: Option<&'a [u8]>,
    pub no_values: bool,
}

impl<'a> ScanOptions<'a> {
    /// Reads `[MATCH pattern] [COUNT count] [TYPE type] [NOVALUES]`.
    pub fn parse(args: &Args<'a>, kind: ScanKind) -> Result<Self, CommandError> {
        let mut parsed =
            ScanOptions { pattern: None, count: DEFAULT_COUNT, type_name: None, no_values: false };
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            if args::is(option, "match") {
                parsed.pattern = Some(options.value()?).filter(|&pattern| pattern != b"*");
            } else if args::is(option, "count") {
                let count = options.integer()?;
                if count < 1 {
                    return Err(CommandError::Syntax);
                }
                parsed.count = usize::try_from(count).unwrap_or(usize::MAX);
            } else if args::is(option, "type") && kind == ScanKind::Keys {
                parsed.type_name = Some(options.value()?);
            } else if args::is(option, "novalues") {
                if kind != ScanKind::Fields {
                    return Err(CommandError::text(
                        &"ERR NOVALUES option can only be used in HSCAN",
                    ));
                }
                parsed.no_values = true;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(parsed)
    }

    /// Whether MATCH lets this key, field or member through.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob_match(pattern, name, false))
    }
}

/// Reads a cursor: the one of an earlier step, or 0 to start.
pub(crate) fn cursor(arg: &[u8]) -> Result<u64, CommandError> {
    let text = std::str::from_utf8(arg).map_err(|_| CommandError::InvalidCursor)?;
    text.parse().map_err(|_| CommandError::InvalidCursor)
}

/// One step over a collection of `len` entries: the places to visit, the highest first, and the
/// cursor of the next step, 0 where this one is the last.
pub(crate) fn step(cursor: u64, len: usize, count: usize) -> (Rev<Range<usize>>, u64) {
    let end = match cursor {
        0 => len,
        left => usize::try_from(left).unwrap_or(len).min(len),
    };
    let start = end.saturating_sub(count);
    ((start..end).rev(), start as u64)
}

/// Writes a step's reply: the next cursor, and the elements that `write` writes and counts.
pub(crate) fn reply(
    out: &mut ReplyWriter,
    next_cursor: u64,
    write: impl FnOnce(&mut ReplyWriter) -> usize,
) {
    out.array(2);
    out.bulk(next_cursor.to_string().as_bytes());
    let start = out.begin();
    let len = write(out);
    out.end_array(start, len);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::OrderedSet;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Op {
        Insert(u8),
        Remove(u8),
        Step(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            any::<u8>().prop_map(Op::Insert),
            any::<u8>().prop_map(Op::Remove),
            (1..12_usize).prop_map(Op::Step),
        ]
    }

    proptest! {
        /// Changes go on while a walk is under way; when they stop it is walked to its end.
        #[test]
        fn what_stays_is_visited(
            start in proptest::collection::hash_set(any::<u8>(), 1..80),
            ops in proptest::collection::vec(op(), 0..120),
        ) {
            let mut entries: OrderedSet<u8> = start.into_iter().collect();
            let mut stayed: Vec<u8> = entries.iter().copied().collect();
            let mut visited = Vec::new();
            let mut cursor = 0;
            let mut ended = false;
            let to_the_end = std::iter::repeat_n(Op::Step(7), 60);
            for op in ops.into_iter().chain(to_the_end) {
                match op {
                    Op::Insert(entry) => {
                        entries.insert(entry);
                    }
                    Op::Remove(entry) => {
                        entries.swap_remove(&entry);
                        stayed.retain(|&other| other != entry);
                    }
                    Op::Step(count) => {
                        let (places, next) = step(cursor, entries.len(), count);
                        visited.extend(places.map(|place| entries[place]));
                        cursor = next;
                        ended = next == 0;
                    }
                }
                if ended {
                    break;
                }
            }
            prop_assert!(ended, "the walk must come to its end");
            for entry in stayed {
                prop_assert!(visited.contains(&entry), "{entry} was passed over");
            }
        }
    }

    #[test]
    fn a_step_visits_count_entries_and_the_last_one_answers_zero() {
        let visit = |cursor, len, count| {
            let (places, next) = step(cursor, len, count);
            (places.collect::<Vec<_>>(), next)
        };
        assert_eq!(visit(0, 5, 3), (vec![4, 3, 2], 2));
        assert_eq!(visit(2, 5, 3), (vec![1, 0], 0));
        assert_eq!(visit(u64::MAX, 3, usize::MAX), (vec![2, 1, 0], 0));
        assert_eq!(visit(0, 0, 10), (vec![], 0));
    }

    #[test]
    fn options_belong_to_their_commands() {
        let parse: fn(&Args<'static>, ScanKind) -> _ = ScanOptions::parse;
        assert_eq!(parse(&[b"count", b"0"], ScanKind::Keys), Err(CommandError::Syntax));
        assert_eq!(parse(&[b"count", b"x"], ScanKind::Keys), Err(CommandError::NotAnInteger));
        assert_eq!(parse(&[b"match"], ScanKind::Keys), Err(CommandError::Syntax));
        assert_eq!(parse(&[b"type", b"set"], ScanKind::Members), Err(CommandError::Syntax));
        assert!(parse(&[b"novalues"], ScanKind::Fields).is_ok_and(|options| options.no_values));
        assert!(parse(&[b"novalues"], ScanKind::Keys).is_err());
        assert_eq!(cursor(b"-1"), Err(CommandError::InvalidCursor));
        assert_eq!(cursor(b"18446744073709551615"), Ok(u64::MAX));
    }
}
