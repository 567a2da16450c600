//! Listpacks: small elements one behind the other, each with its length behind it.

use super::Corrupt;
use super::reader::Reader;
use crate::value::SmallBytes;
use crate::value::listpack::integer_of;

/// The header: bytes of the whole and number of elements.
const HEADER_BYTES: usize = 6;
const END: u8 = 0xff;
/// The number of elements in the header where there are too many for it.
const UNKNOWN_COUNT: u16 = u16::MAX;

/// A listpack as it is written.
#[derive(Debug)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    count: usize,
}

impl Writer {
    pub fn new() -> Self {
        Writer { bytes: vec![0; HEADER_BYTES], count: 0 }
    }

    /// Appends an element, as an integer where it is the canonical form of one.
    pub fn push(&mut self, element: &[u8]) {
        match integer_of(element) {
            Some(integer) => self.push_integer(integer),
            None => self.push_bytes(element),
        }
    }

    pub fn push_integer(&mut self, integer: i64) {
        let start = self.bytes.len();
        let all = integer.to_le_bytes();
        let (mark, width) = match integer {
            0..=127 => (integer as u8, 0),
            -4096..=4095 => {
                let [high, low] = (integer as u16 & 0x1fff).to_be_bytes();
                self.bytes.extend_from_slice(&[0xc0 | high, low]);
                return self.finish_element(start);
            }
            -0x8000..=0x7fff => (0xf1, 2),
            -0x80_0000..=0x7f_ffff => (0xf2, 3),
            -0x8000_0000..=0x7fff_ffff => (0xf3, 4),
            _ => (0xf4, 8),
        };
        self.bytes.push(mark);
        self.bytes.extend_from_slice(&all[..width]);
        self.finish_element(start);
    }

    fn push_bytes(&mut self, element: &[u8]) {
        let start = self.bytes.len();
        match element.len() {
            len @ 0..64 => self.bytes.push(0x80 | len as u8),
            len @ 64..4096 => {
                let [high, low] = (len as u16).to_be_bytes();
                self.bytes.extend_from_slice(&[0xe0 | high, low]);
            }
            len => {
                self.bytes.push(0xf0);
                self.bytes.extend_from_slice(&saturated(len).to_le_bytes());
            }
        }
        self.bytes.extend_from_slice(element);
        self.finish_element(start);
    }

    fn finish_element(&mut self, start: usize) {
        let (back, size) = back_length(self.bytes.len() - start);
        self.bytes.extend_from_slice(&back[..size]);
        self.count += 1;
    }

    /// The listpack.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.push(END);
        let total = saturated(self.bytes.len()).to_le_bytes();
        let count = u16::try_from(self.count).unwrap_or(UNKNOWN_COUNT).to_le_bytes();
        self.bytes[..total.len()].copy_from_slice(&total);
        self.bytes[total.len()..HEADER_BYTES].copy_from_slice(&count);
        self.bytes
    }
}

/// The elements of a listpack; integers in decimal form.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<SmallBytes>, Corrupt> {
    let mut reader = Reader::new(bytes, 0);
    let total = u32::from_le_bytes(reader.array()?);
    let count = u16::from_le_bytes(reader.array()?);
    if usize::try_from(total) != Ok(bytes.len()) {
        return Err(Corrupt);
    }
    let mut elements = Vec::new();
    loop {
        let left = reader.left();
        let mark = reader.byte()?;
        if mark == END {
            break;
        }
        elements.push(element(mark, &mut reader)?);
        let (back, size) = back_length(left - reader.left());
        if reader.take(size)? != &back[..size] {
            return Err(Corrupt);
        }
    }
    reader.finish()?;
    match count {
        UNKNOWN_COUNT => Ok(elements),
        count if usize::from(count) == elements.len() => Ok(elements),
        _ => Err(Corrupt),
    }
}

fn element(mark: u8, reader: &mut Reader<'_>) -> Result<SmallBytes, Corrupt> {
    let integer = match mark {
        0..=0x7f => mark.into(),
        0x80..=0xbf => return reader.take(usize::from(mark & 0x3f)).map(SmallBytes::from),
        0xc0..=0xdf => {
            // 13 bits, of which the highest is the sign.
            let bits = u16::from_be_bytes([mark & 0x1f, reader.byte()?]);
            i64::from((bits << 3) as i16 >> 3)
        }
        0xe0..=0xef => {
            let len = u16::from_be_bytes([mark & 0x0f, reader.byte()?]);
            return reader.take(len.into()).map(SmallBytes::from);
        }
        0xf0 => {
            let len = u32::from_le_bytes(reader.array()?);
            return reader.take_u32(len).map(SmallBytes::from);
        }
        0xf1 => i16::from_le_bytes(reader.array()?).into(),
        0xf2 => reader.i24()?,
        0xf3 => i32::from_le_bytes(reader.array()?).into(),
        0xf4 => i64::from_le_bytes(reader.array()?),
        _ => return Err(Corrupt),
    };
    Ok(integer.to_string().into_bytes().into())
}

/// An element's length as it stands behind it, and how many bytes that takes: seven bits a byte,
/// the highest first, all but the first marked.
fn back_length(len: usize) -> ([u8; 5], usize) {
    let size = match len {
        0..=127 => 1,
        128..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    };
    let mut bytes = [0; 5];
    for (place, byte) in bytes[..size].iter_mut().rev().enumerate() {
        *byte = (len >> (7 * place)) as u8 & 0x7f;
    }
    for byte in &mut bytes[1..size] {
        *byte |= 0x80;
    }
    (bytes, size)
}

/// A length of more than 32 bits cannot be said, and would be refused by whoever reads it.
fn saturated(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
