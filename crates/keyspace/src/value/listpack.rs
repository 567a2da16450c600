//! How an entry of Redis's listpack is laid out: a header, the bytes of a string, and the length
//! of both, by which a listpack is walked backwards.
//!
//! Its sizes decide where lists and streams are divided into nodes; its bytes are what DUMP writes.

use super::canonical_integer;

/// The header of a listpack: bytes of the whole and number of elements.
pub(crate) const HEADER_BYTES: usize = 6;
/// The header and the end mark of a listpack.
pub(super) const OVERHEAD: usize = HEADER_BYTES + 1;
/// More digits than any 64-bit integer has.
const INTEGER_MAX_BYTES: usize = 20;
/// A mark and an integer of 64 bits.
const ENTRY_HEADER_MAX_BYTES: usize = 9;
/// Seven bits a byte say every length there can be.
const BACK_LENGTH_MAX_BYTES: usize = 5;

/// An element as it is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
}

/// A few bytes, of which the first `len` count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Few<const MAX: usize> {
    bytes: [u8; MAX],
    len: usize,
}

impl<const MAX: usize> Few<MAX> {
    fn new(parts: &[&[u8]]) -> Self {
        let mut few = Few { bytes: [0; MAX], len: 0 };
        for &byte in parts.iter().copied().flatten() {
            few.bytes[few.len] = byte;
            few.len += 1;
        }
        few
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl<'a> Entry<'a> {
    /// The entry of an element: an integer where it is the canonical form of one.
    pub fn of(element: &'a [u8]) -> Entry<'a> {
        integer_of(element).map_or(Entry::Bytes(element), Entry::Integer)
    }

    /// What stands before the bytes of a string; all of an integer.
    pub fn header(self) -> Few<ENTRY_HEADER_MAX_BYTES> {
        match self {
            Entry::Integer(integer) => integer_header(integer),
            Entry::Bytes(bytes) => match bytes.len() {
                len @ 0..64 => Few::new(&[&[0x80 | len as u8]]),
                len @ 64..4096 => Few::new(&[&(0xe000 | len as u16).to_be_bytes()]),
                // Longer ones cannot be said, and would be refused by whoever reads them.
                len => Few::new(&[&[0xf0], &u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes()]),
            },
        }
    }

    /// The bytes of a string; an integer has none.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Entry::Integer(_) => b"",
            Entry::Bytes(bytes) => bytes,
        }
    }

    /// What the entry takes.
    pub fn size(self) -> usize {
        let encoded = self.header().len + self.bytes().len();
        encoded + back_length(encoded).len
    }
}

fn integer_header(integer: i64) -> Few<ENTRY_HEADER_MAX_BYTES> {
    let bytes = integer.to_le_bytes();
    let (mark, width) = match integer {
        0..=127 => (integer as u8, 0),
        // 13 bits, the sign among them.
        -4096..=4095 => {
            return Few::new(&[&(0xc000 | (integer as u16 & 0x1fff)).to_be_bytes()]);
        }
        -0x8000..=0x7fff => (0xf1, 2),
        -0x80_0000..=0x7f_ffff => (0xf2, 3),
        -0x8000_0000..=0x7fff_ffff => (0xf3, 4),
        _ => (0xf4, 8),
    };
    Few::new(&[&[mark], &bytes[..width]])
}

/// The length of an encoded entry as it stands behind it: seven bits a byte, the highest first,
/// all but the first marked.
pub(crate) fn back_length(len: usize) -> Few<BACK_LENGTH_MAX_BYTES> {
    let size = match len {
        0..=127 => 1,
        128..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    };
    let mut back = Few { bytes: [0; BACK_LENGTH_MAX_BYTES], len: size };
    for (place, byte) in back.bytes[..size].iter_mut().rev().enumerate() {
        *byte = (len >> (7 * place)) as u8 & 0x7f;
    }
    for byte in &mut back.bytes[1..size] {
        *byte |= 0x80;
    }
    back
}

/// The integer as which an element is stored, if it is one.
pub(crate) fn integer_of(element: &[u8]) -> Option<i64> {
    if element.len() <= INTEGER_MAX_BYTES { canonical_integer(element) } else { None }
}

/// What an element takes as an entry.
pub(super) fn entry_bytes(element: &[u8]) -> usize {
    Entry::of(element).size()
}

/// What an integer takes as an entry.
pub(super) fn integer_bytes(integer: i64) -> usize {
    Entry::Integer(integer).size()
}
