//! Listpacks: small elements one behind the other, each with its length behind it.

use super::Corrupt;
use super::reader::Reader;
use crate::value::SmallBytes;
use crate::value::listpack::{Entry, HEADER_BYTES, back_length};

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
        self.push_entry(Entry::of(element));
    }

    pub fn push_integer(&mut self, integer: i64) {
        self.push_entry(Entry::Integer(integer));
    }

    pub fn push_entry(&mut self, entry: Entry<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(entry.header().as_slice());
        self.bytes.extend_from_slice(entry.bytes());
        let back = back_length(self.bytes.len() - start);
        self.bytes.extend_from_slice(back.as_slice());
        self.count += 1;
    }

    /// The listpack.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.push(END);
        let total = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
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
        let back = back_length(left - reader.left());
        if reader.take(back.as_slice().len())? != back.as_slice() {
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
