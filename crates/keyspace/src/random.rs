//! Random picks from a dense collection: HRANDFIELD, SRANDMEMBER and ZRANDMEMBER.
//!
//! A positive count asks for distinct elements, as many as there are at most; a negative one for
//! exactly that many, each picked from all. Every pick is uniform and O(1).

use crate::args;
use crate::error::CommandError;
use crate::value::OrderedSet;
use fastrand::Rng;
use keyspace_resp::ReplyWriter;

/// The fewest bytes that an element takes in a reply: an empty bulk string.
const ELEMENT_MIN_BYTES: usize = 6;

/// What a count asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    /// So many different elements, or all.
    Distinct(u64),
    /// So many elements, any of them repeatedly.
    Repeated(u64),
}

impl Pick {
    /// Reads a count argument.
    pub fn parse(arg: &[u8]) -> Result<Pick, CommandError> {
        let count = args::integer(arg)?;
        if count == i64::MIN {
            return Err(CommandError::CountOutOfRange);
        }
        let size = count.unsigned_abs();
        Ok(if count < 0 { Pick::Repeated(size) } else { Pick::Distinct(size) })
    }

    /// Refuses a count whose double, elements and their values, is no count any more.
    pub fn with_values(self) -> Result<Pick, CommandError> {
        let (Pick::Distinct(count) | Pick::Repeated(count)) = self;
        if count > i64::MAX.unsigned_abs() / 2 {
            return Err(CommandError::text(&"ERR value is out of range"));
        }
        Ok(self)
    }

    /// Picks from `len` elements, which are not none, and writes an array: `header` gets the number
    /// of picks, `write` each picked place.
    ///
    /// # Errors
    /// Where the reply would be larger than `max_bytes`; nothing is written then.
    pub fn reply(
        self,
        len: usize,
        rng: &mut Rng,
        out: &mut ReplyWriter,
        max_bytes: usize,
        header: impl FnOnce(&mut ReplyWriter, usize),
        mut write: impl FnMut(&mut ReplyWriter, usize),
    ) -> Result<(), CommandError> {
        let start = out.len();
        match self {
            Pick::Distinct(count) => {
                let places = distinct(usize::try_from(count).unwrap_or(len), len, rng);
                header(out, places.len());
                for place in places {
                    write(out, place);
                }
            }
            Pick::Repeated(count) => {
                let count = usize::try_from(count).ok();
                let count = count.filter(|&count| count <= max_bytes / ELEMENT_MIN_BYTES);
                let count = count.ok_or(CommandError::ReplyTooLarge)?;
                header(out, count);
                for _ in 0..count {
                    write(out, rng.usize(..len));
                    if out.len() - start > max_bytes {
                        out.truncate(start);
                        return Err(CommandError::ReplyTooLarge);
                    }
                }
            }
        }
        Ok(())
    }
}

/// So many different places below `len`, or all of them in order.
pub(crate) fn distinct(count: usize, len: usize, rng: &mut Rng) -> Vec<usize> {
    if count >= len {
        return (0..len).collect();
    }
    // Floyd's sampling: one draw a pick, whatever `len` is.
    let mut places = OrderedSet::default();
    for last in len - count..len {
        let place = rng.usize(..=last);
        if !places.insert(place) {
            places.insert(last);
        }
    }
    places.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_picks_are_different_and_reach_every_place() {
        let mut rng = Rng::with_seed(7);
        let mut seen = [0; 6];
        for _ in 0..600 {
            let mut places = distinct(3, 6, &mut rng);
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), 3);
            for place in places {
                seen[place] += 1;
            }
        }
        assert!(seen.iter().all(|count| (200..400).contains(count)), "{seen:?}");
        assert_eq!(distinct(9, 3, &mut rng), [0, 1, 2]);
    }

    #[test]
    fn a_reply_that_is_too_large_leaves_nothing() {
        let mut rng = Rng::with_seed(7);
        let mut out = ReplyWriter::default();
        let mut reply = |pick: Pick| {
            let write = |out: &mut ReplyWriter, _| out.bulk(&[b'x'; 30]);
            let result = pick.reply(4, &mut rng, &mut out, 60, ReplyWriter::array, write);
            (result, out.take().len())
        };
        assert_eq!(reply(Pick::Repeated(1)), (Ok(()), 41));
        assert_eq!(reply(Pick::Repeated(2)), (Err(CommandError::ReplyTooLarge), 0));
        assert_eq!(reply(Pick::Repeated(u64::MAX)), (Err(CommandError::ReplyTooLarge), 0));
    }

    #[test]
    fn counts_read_as_in_redis() {
        assert_eq!(Pick::parse(b"-3"), Ok(Pick::Repeated(3)));
        assert_eq!(Pick::parse(b"0"), Ok(Pick::Distinct(0)));
        assert_eq!(Pick::parse(b"x"), Err(CommandError::NotAnInteger));
        assert_eq!(Pick::parse(b"-9223372036854775808"), Err(CommandError::CountOutOfRange));
        assert!(Pick::Distinct(i64::MAX as u64).with_values().is_err());
    }
}
