//! The bytes of a value as they are written: lengths, and strings in as few bytes as Redis takes.

use super::lzf;
use crate::value::canonical_integer;

/// Integers of more digits are not stored as such.
const INTEGER_MAX_BYTES: usize = 11;
/// Strings of so many bytes or less are not compressed.
const UNCOMPRESSED_MAX_BYTES: usize = 20;

/// What has been written.
#[derive(Debug)]
pub(super) struct Writer {
    pub bytes: Vec<u8>,
    /// Where strings are to be compressed.
    compressor: Option<lzf::Compressor>,
}

impl Writer {
    pub fn new(compresses: bool) -> Self {
        Writer { bytes: Vec::new(), compressor: compresses.then(lzf::Compressor::default) }
    }

    /// Appends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends a length, in the fewest bytes.
    pub fn length(&mut self, length: u64) {
        if let Ok(short @ 0..64) = u8::try_from(length) {
            self.bytes.push(short);
        } else if let Ok(short @ 0..0x4000) = u16::try_from(length) {
            self.raw(&(0x4000 | short).to_be_bytes());
        } else if let Ok(long) = u32::try_from(length) {
            self.bytes.push(0x80);
            self.raw(&long.to_be_bytes());
        } else {
            self.bytes.push(0x81);
            self.raw(&length.to_be_bytes());
        }
    }

    /// Appends a string: as an integer where it is the canonical form of one of 32 bits, or
    /// compressed where that is shorter.
    pub fn string(&mut self, bytes: &[u8]) {
        if let Some(integer) = integer_of(bytes) {
            let (encoding, width) = match integer {
                -0x80..=0x7f => (0xc0, 1),
                -0x8000..=0x7fff => (0xc1, 2),
                _ => (0xc2, 4),
            };
            self.bytes.push(encoding);
            self.raw(&integer.to_le_bytes()[..width]);
        } else if let Some(compressed) = self.compress(bytes) {
            self.bytes.push(0xc3);
            self.length(compressed.len() as u64);
            self.length(bytes.len() as u64);
            self.raw(&compressed);
        } else {
            self.length(bytes.len() as u64);
            self.raw(bytes);
        }
    }

    fn compress(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let compressor = self.compressor.as_mut()?;
        if bytes.len() > UNCOMPRESSED_MAX_BYTES { compressor.compress(bytes) } else { None }
    }
}

fn integer_of(bytes: &[u8]) -> Option<i32> {
    let integer = if bytes.len() <= INTEGER_MAX_BYTES { canonical_integer(bytes) } else { None };
    integer.and_then(|integer| i32::try_from(integer).ok())
}
