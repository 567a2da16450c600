//! The id of an entry: a time in milliseconds and a sequence number.

use std::fmt;

/// Orders entries by time, then by sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct StreamId {
    pub ms: u64,
    pub seq: u64,
}

impl StreamId {
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };
    pub const MAX: StreamId = StreamId { ms: u64::MAX, seq: u64::MAX };

    pub const fn new(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    /// The id that follows, if there is one.
    pub fn next(self) -> Option<StreamId> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(StreamId { seq, ..self }),
            None => Some(StreamId { ms: self.ms.checked_add(1)?, seq: 0 }),
        }
    }

    /// The id before, if there is one.
    pub fn previous(self) -> Option<StreamId> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(StreamId { seq, ..self }),
            None => Some(StreamId { ms: self.ms.checked_sub(1)?, seq: u64::MAX }),
        }
    }

    /// Reads `ms-seq`, or `ms` alone with that sequence.
    pub fn parse(text: &[u8], missing_seq: u64) -> Option<StreamId> {
        let text = as_text_of_c(text)?;
        let (ms, seq) = match text.iter().position(|&byte| byte == b'-') {
            Some(dash) => (&text[..dash], number(&text[dash + 1..])?),
            None => (text, missing_seq),
        };
        Some(StreamId { ms: number(ms)?, seq })
    }

    /// The bytes by which a radix tree orders ids.
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.ms) << 64 | u128::from(self.seq)).to_be_bytes()
    }

    pub fn from_bytes(bytes: [u8; 16]) -> StreamId {
        let id = u128::from_be_bytes(bytes);
        StreamId { ms: (id >> 64) as u64, seq: id as u64 }
    }

    /// The first id, or the last, whose first `len` bytes are these.
    pub(super) fn with_prefix(bytes: [u8; 16], len: usize, rest: u8) -> StreamId {
        let mut bytes = bytes;
        bytes[len..].fill(rest);
        StreamId::from_bytes(bytes)
    }
}

/// The longest id that Redis reads, in bytes.
const TEXT_MAX: usize = 127;

/// What Redis takes for the text of an id: up to its first zero byte.
fn as_text_of_c(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    (text.len() <= TEXT_MAX).then(|| &text[..end])
}

/// A number as C's `strtoull` reads it, but not a negative one: white space and a sign may stand
/// before it.
fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    digits.parse().ok()
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_as_in_redis() {
        for (text, id) in [
            ("1-2", Some((1, 2))),
            ("5", Some((5, 7))),
            ("007-01", Some((7, 1))),
            ("18446744073709551615-18446744073709551615", Some((u64::MAX, u64::MAX))),
            ("18446744073709551616", None),
            ("", None),
            ("-", None),
            ("1-", None),
            ("-1", None),
            ("1-2-3", None),
            ("a", None),
            ("1 ", None),
            (" 1-\t2", Some((1, 2))),
            ("+1-+2", Some((1, 2))),
            ("+", None),
            ("3\0-x", Some((3, 7))),
        ] {
            let id = id.map(|(ms, seq)| StreamId { ms, seq });
            assert_eq!(StreamId::parse(text.as_bytes(), 7), id, "{text}");
        }
    }

    #[test]
    fn sequences_carry_into_the_time() {
        let id = StreamId::new(3, u64::MAX);
        assert_eq!(id.next(), Some(StreamId::new(4, 0)));
        assert_eq!(StreamId::new(4, 0).previous(), Some(id));
        assert_eq!(StreamId::MAX.next(), None);
        assert_eq!(StreamId::MIN.previous(), None);
    }
}
