//! Ziplists, which Redis wrote before 7.0 where it writes listpacks now: each element has the
//! length of the one before it in front. They are only read.

use super::Corrupt;
use super::reader::Reader;
use crate::value::SmallBytes;

/// The header: bytes of the whole, where the last element starts, and number of elements.
const HEADER_BYTES: usize = 10;
const END: u8 = 0xff;
/// The first byte of a length of 32 bits.
const LONG: u8 = 0xfe;
/// The number of elements in the header where there are too many for it.
const UNKNOWN_COUNT: u16 = u16::MAX;

/// The elements of a ziplist; integers in decimal form.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<SmallBytes>, Corrupt> {
    let mut reader = Reader::new(bytes, 0);
    let total = u32::from_le_bytes(reader.array()?);
    let tail = u32::from_le_bytes(reader.array()?);
    let count = u16::from_le_bytes(reader.array()?);
    if usize::try_from(total) != Ok(bytes.len()) {
        return Err(Corrupt);
    }
    let mut elements = Vec::new();
    let (mut last, mut last_len) = (HEADER_BYTES, 0);
    loop {
        let left = reader.left();
        let before = match reader.byte()? {
            END => break,
            LONG => u32::from_le_bytes(reader.array()?),
            short => short.into(),
        };
        if usize::try_from(before) != Ok(last_len) {
            return Err(Corrupt);
        }
        elements.push(element(&mut reader)?);
        (last, last_len) = (bytes.len() - left, left - reader.left());
    }
    reader.finish()?;
    let is_right = usize::try_from(tail) == Ok(last)
        && (count == UNKNOWN_COUNT || usize::from(count) == elements.len());
    if is_right { Ok(elements) } else { Err(Corrupt) }
}

fn element(reader: &mut Reader<'_>) -> Result<SmallBytes, Corrupt> {
    let mark = reader.byte()?;
    let integer = match mark {
        0..=0x3f => return reader.take(mark.into()).map(SmallBytes::from),
        0x40..=0x7f => {
            let len = u16::from_be_bytes([mark & 0x3f, reader.byte()?]);
            return reader.take(len.into()).map(SmallBytes::from);
        }
        0x80 => {
            let len = u32::from_be_bytes(reader.array()?);
            return reader.take_u32(len).map(SmallBytes::from);
        }
        0xc0 => i16::from_le_bytes(reader.array()?).into(),
        0xd0 => i32::from_le_bytes(reader.array()?).into(),
        0xe0 => i64::from_le_bytes(reader.array()?),
        0xf0 => reader.i24()?,
        // 0 to 12 stand in the mark itself.
        0xf1..=0xfd => i64::from(mark & 0x0f) - 1,
        0xfe => i8::from_le_bytes(reader.array()?).into(),
        _ => return Err(Corrupt),
    };
    Ok(integer.to_string().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_integers_are_read() {
        let bytes = b"\x1d\0\0\0\x17\0\0\0\x05\0\
            \0\x02hi\x04\xf1\x02\xfe\xff\x03\xc0\x00\x01\x04\xf0\xff\xff\xff\xff";
        let elements: Vec<Vec<u8>> =
            read(bytes).expect("it is one").iter().map(|element| element.to_vec()).collect();
        assert_eq!(elements, [&b"hi"[..], b"0", b"-1", b"256", b"-1"]);
        for at in 0..bytes.len() {
            assert_eq!(read(&bytes[..at]), Err(Corrupt), "cut at {at}");
        }
    }

    #[test]
    fn a_wrong_length_of_the_element_before_is_refused() {
        let bytes = b"\x11\0\0\0\x0e\0\0\0\x02\0\0\x02hi\x05\xf1\xff";
        assert_eq!(read(bytes), Err(Corrupt));
    }
}
