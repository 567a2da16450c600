//! LZF, by which Redis compresses strings: literal bytes, and references to what was there before.
//!
//! It is not taken from a crate: those that there are reserve an announced length at once, and do
//! not find the references that Redis finds, by which the bytes are the same.

use super::Corrupt;
use super::reader::Reader;

/// Up to this control byte, literal bytes follow: one more than it says.
const LITERAL_MAX: u8 = 0x1f;
/// The length in a control byte that goes on in the next byte.
const LONG: u8 = 7;
/// A back reference is so much longer than it says.
const MIN_REFERENCE: usize = 2;
/// The most literal bytes behind one control byte.
const LITERALS_MAX: usize = LITERAL_MAX as usize + 1;
/// How far a reference goes back, and how long it is at most.
const BACK_MAX: usize = 1 << 13;
const REFERENCE_MAX: usize = 264;
/// How many bytes must be the same for a reference.
const SEEN_BYTES: usize = 3;
/// So many bytes must be saved.
const SAVED_BYTES: usize = 4;

/// Compresses strings, one after the other.
#[derive(Debug)]
pub(super) struct Compressor {
    /// Where three bytes of that hash were seen last, counted over all strings.
    seen: Box<[u32]>,
    /// Where the string begins in that count.
    base: u32,
}

impl Default for Compressor {
    fn default() -> Self {
        Compressor { seen: vec![0; 1 << 16].into_boxed_slice(), base: 0 }
    }
}

impl Compressor {
    /// The string compressed; `None` where that saves too little.
    pub fn compress(&mut self, string: &[u8]) -> Option<Vec<u8>> {
        let room = string.len().checked_sub(SAVED_BYTES)?;
        if u32::try_from(string.len()).ok().and_then(|len| self.base.checked_add(len)).is_none() {
            *self = Compressor::default();
        }
        let compressed = self.compress_into(string, room);
        self.base = self.base.saturating_add(u32::try_from(string.len()).unwrap_or(u32::MAX));
        compressed
    }

    fn compress_into(&mut self, string: &[u8], room: usize) -> Option<Vec<u8>> {
        let mut out = Compressed::new(room);
        let mut at = 0;
        while let Some([one, two, three, ..]) = string.get(at..) {
            let seen = self.see(&[*one, *two, *three], at);
            let start = seen.filter(|&start| {
                at - start <= BACK_MAX && string[start..start + SEEN_BYTES] == [*one, *two, *three]
            });
            let Some(start) = start else {
                out.literal(*one)?;
                at += 1;
                continue;
            };
            let len = same_bytes(string, start, at);
            out.reference(at - start, len)?;
            at += len;
            // The last two places inside the reference are remembered too.
            if at + SEEN_BYTES > string.len() {
                break;
            }
            for inside in at - 2..at {
                let bytes = [string[inside], string[inside + 1], string[inside + 2]];
                self.see(&bytes, inside);
            }
        }
        out.finish(&string[at..])
    }

    /// Where three bytes were seen last in the string, behind its first byte; notes that they are
    /// seen at `at` now.
    fn see(&mut self, bytes: &[u8; SEEN_BYTES], at: usize) -> Option<usize> {
        let hash = bytes.iter().fold(0_u32, |hash, &byte| hash << 8 | u32::from(byte));
        let slot = (hash >> 8).wrapping_sub(hash.wrapping_mul(5)) as u16;
        let seen = &mut self.seen[usize::from(slot)];
        let was = seen.checked_sub(self.base).filter(|&place| place > 0);
        *seen = self.base + at as u32;
        was.map(|place| place as usize)
    }
}

/// How many bytes at two places are the same, and no more than a reference can say. The last two
/// of the string are not counted, but by the first stride, which may go beyond them as in Redis.
fn same_bytes(string: &[u8], start: usize, at: usize) -> usize {
    let most = match (string.len() - at - MIN_REFERENCE).min(REFERENCE_MAX) {
        17 | 18 => SEEN_BYTES + 16,
        most => most,
    };
    let mut len = SEEN_BYTES;
    while len < most && string[start + len] == string[at + len] {
        len += 1;
    }
    len
}

/// A compressed string in the making; it ends with a control byte and its literal bytes, of which
/// there may be none yet.
struct Compressed {
    bytes: Vec<u8>,
    literals: usize,
    room: usize,
}

impl Compressed {
    fn new(room: usize) -> Self {
        Compressed { bytes: vec![0], literals: 0, room }
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        if self.bytes.len() >= self.room {
            return None;
        }
        self.push_literal(byte);
        Some(())
    }

    fn push_literal(&mut self, byte: u8) {
        self.bytes.push(byte);
        self.literals += 1;
        if self.literals == LITERALS_MAX {
            self.close_literals();
            self.bytes.push(0);
        }
    }

    /// Says in their control byte how many literals there are, or takes it back.
    fn close_literals(&mut self) {
        match self.literals {
            0 => _ = self.bytes.pop(),
            literals => {
                let control = self.bytes.len() - literals - 1;
                self.bytes[control] = (literals - 1) as u8;
            }
        }
        self.literals = 0;
    }

    fn reference(&mut self, back: usize, len: usize) -> Option<()> {
        let unused = usize::from(self.literals == 0);
        // The longest reference, and the next control byte.
        if self.bytes.len() - unused + 4 >= self.room {
            return None;
        }
        self.close_literals();
        let [high, low] = ((back - 1) as u16).to_be_bytes();
        match len - MIN_REFERENCE {
            short @ 0..7 => self.bytes.push(high | (short as u8) << 5),
            long => self.bytes.extend([high | LONG << 5, (long - usize::from(LONG)) as u8]),
        }
        self.bytes.extend([low, 0]);
        Some(())
    }

    /// The last bytes are literal.
    fn finish(mut self, rest: &[u8]) -> Option<Vec<u8>> {
        if self.bytes.len() + SEEN_BYTES > self.room {
            return None;
        }
        rest.iter().for_each(|&byte| self.push_literal(byte));
        self.close_literals();
        Some(self.bytes)
    }
}

/// The `len` bytes that were compressed; they are never more than `len` on the way either.
pub(super) fn decompress(compressed: &[u8], len: usize) -> Result<Vec<u8>, Corrupt> {
    let mut reader = Reader::new(compressed, 0);
    let mut out = Vec::new();
    while reader.left() > 0 {
        let control = reader.byte()?;
        if control <= LITERAL_MAX {
            let literal = reader.take(usize::from(control) + 1)?;
            check_room(&out, literal.len(), len)?;
            out.extend_from_slice(literal);
            continue;
        }
        let short = control >> 5;
        let more = if short == LONG { reader.byte()? } else { 0 };
        let count = usize::from(short) + usize::from(more) + MIN_REFERENCE;
        let back = usize::from(u16::from_be_bytes([control & 0x1f, reader.byte()?])) + 1;
        let start = out.len().checked_sub(back).ok_or(Corrupt)?;
        check_room(&out, count, len)?;
        // The reference may reach into what it writes itself: then it repeats.
        for at in start..start + count {
            out.push(out[at]);
        }
    }
    if out.len() == len { Ok(out) } else { Err(Corrupt) }
}

fn check_room(out: &[u8], count: usize, len: usize) -> Result<(), Corrupt> {
    if count <= len - out.len() { Ok(()) } else { Err(Corrupt) }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_compressed_is_shorter_and_comes_back(
            strings in prop::collection::vec(
                prop::collection::vec((prop::collection::vec(0..4_u8, 1..40), 1..60_usize), 1..8),
                1..4,
            ),
        ) {
            let mut compressor = Compressor::default();
            for parts in strings {
                let parts = parts.into_iter().map(|(part, times)| part.repeat(times));
                let string = parts.collect::<Vec<_>>().concat();
                if let Some(compressed) = compressor.compress(&string) {
                    prop_assert!(compressed.len() + SAVED_BYTES <= string.len());
                    prop_assert_eq!(decompress(&compressed, string.len()), Ok(string));
                }
            }
        }
    }

    #[test]
    fn references_repeat_what_was_written() {
        let compressed = b"\x01ab\xe0\x03\x01\x00c";
        assert_eq!(decompress(compressed, 15), Ok(b"abababababababc".to_vec()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (compressed, len) in [
            // Another length than announced.
            (&b"\x01ab"[..], 1),
            (b"\x01ab", 3),
            (b"\x00a\x20\x00", 3),
            // A reference before the beginning, one without its offset, literals that end early.
            (b"\x00a\x20\x01", 4),
            (b"\x00a\x20", 4),
            (b"\x02a", 3),
        ] {
            assert_eq!(decompress(compressed, len), Err(Corrupt), "{compressed:?}");
        }
    }
}
