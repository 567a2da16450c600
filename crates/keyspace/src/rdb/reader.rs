//! A cursor over bytes that nobody vouches for: nothing is taken that is not there.

use super::{Corrupt, lzf};
use std::borrow::Cow;

/// What is left to be read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    /// How many bytes compressed strings may still become.
    expansion_left: usize,
}

/// A length, or what stands in its place.
enum Length {
    Plain(u64),
    Encoding(u8),
}

impl<'a> Reader<'a> {
    /// A cursor over `bytes`, whose compressed strings may become `max_expansion` bytes.
    pub fn new(bytes: &'a [u8], max_expansion: usize) -> Self {
        Reader { rest: bytes, expansion_left: max_expansion }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Corrupt> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Corrupt)?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Corrupt> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Corrupt)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub fn byte(&mut self) -> Result<u8, Corrupt> {
        self.array().map(|[byte]| byte)
    }

    /// As many bytes as a number of 32 bits, read before, says.
    pub fn take_u32(&mut self, len: u32) -> Result<&'a [u8], Corrupt> {
        self.take(usize::try_from(len).map_err(|_| Corrupt)?)
    }

    /// An integer of 24 bits, the lowest byte first.
    pub fn i24(&mut self) -> Result<i64, Corrupt> {
        let [low, middle, high] = self.array()?;
        Ok(i64::from(i32::from_le_bytes([0, low, middle, high]) >> 8))
    }

    /// Everything must have been read.
    pub fn finish(&self) -> Result<(), Corrupt> {
        if self.rest.is_empty() { Ok(()) } else { Err(Corrupt) }
    }

    /// A length. It says nothing of what is left: whoever reads so many elements meets the end.
    pub fn length(&mut self) -> Result<u64, Corrupt> {
        match self.length_or_encoding()? {
            Length::Plain(length) => Ok(length),
            Length::Encoding(_) => Err(Corrupt),
        }
    }

    /// A string, which may be stored as an integer or compressed.
    pub fn string(&mut self) -> Result<Cow<'a, [u8]>, Corrupt> {
        let integer = match self.length_or_encoding()? {
            Length::Plain(length) => {
                let length = usize::try_from(length).map_err(|_| Corrupt)?;
                return self.take(length).map(Cow::Borrowed);
            }
            Length::Encoding(0) => i64::from(i8::from_le_bytes(self.array()?)),
            Length::Encoding(1) => i64::from(i16::from_le_bytes(self.array()?)),
            Length::Encoding(2) => i64::from(i32::from_le_bytes(self.array()?)),
            Length::Encoding(3) => return self.compressed().map(Cow::Owned),
            Length::Encoding(_) => return Err(Corrupt),
        };
        Ok(Cow::Owned(integer.to_string().into_bytes()))
    }

    fn compressed(&mut self) -> Result<Vec<u8>, Corrupt> {
        let compressed_len = usize::try_from(self.length()?).map_err(|_| Corrupt)?;
        let len = usize::try_from(self.length()?).map_err(|_| Corrupt)?;
        self.expansion_left = self.expansion_left.checked_sub(len).ok_or(Corrupt)?;
        lzf::decompress(self.take(compressed_len)?, len)
    }

    /// The two highest bits say what follows: a length of 6, 14, 32 or 64 bits, or an encoding.
    fn length_or_encoding(&mut self) -> Result<Length, Corrupt> {
        let first = self.byte()?;
        let low = first & 0x3f;
        Ok(match (first >> 6, first) {
            (0, _) => Length::Plain(low.into()),
            (1, _) => Length::Plain(u16::from_be_bytes([low, self.byte()?]).into()),
            (2, 0x80) => Length::Plain(u32::from_be_bytes(self.array()?).into()),
            (2, 0x81) => Length::Plain(u64::from_be_bytes(self.array()?)),
            (3, _) => Length::Encoding(low),
            _ => return Err(Corrupt),
        })
    }
}
