//! Zipmaps, in which Redis kept small hashes before 2.6. They are only read.

use super::Corrupt;
use super::reader::Reader;
use crate::value::SmallBytes;

const END: u8 = 0xff;
/// The first byte of a length of 32 bits, and the number of fields where there are too many.
const LONG: u8 = 0xfe;

/// The fields of a zipmap, each with its value behind it.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<SmallBytes>, Corrupt> {
    let mut reader = Reader::new(bytes, 0);
    let count = reader.byte()?;
    let mut elements = Vec::new();
    loop {
        let field_len = match reader.byte()? {
            END => break,
            first => length(first, &mut reader)?,
        };
        elements.push(reader.take_u32(field_len)?.into());
        let first = reader.byte()?;
        let value_len = length(first, &mut reader)?;
        let free = reader.byte()?;
        elements.push(reader.take_u32(value_len)?.into());
        reader.take(free.into())?;
    }
    reader.finish()?;
    if count >= LONG || usize::from(count) * 2 == elements.len() {
        Ok(elements)
    } else {
        Err(Corrupt)
    }
}

fn length(first: u8, reader: &mut Reader<'_>) -> Result<u32, Corrupt> {
    match first {
        LONG => Ok(u32::from_le_bytes(reader.array()?)),
        END => Err(Corrupt),
        short => Ok(short.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_bytes_behind_values_are_passed_over() {
        let bytes = b"\x02\x01a\x02\x01xy?\x01b\xfe\x01\0\0\0\0z\xff";
        let elements: Vec<Vec<u8>> =
            read(bytes).expect("it is one").iter().map(|element| element.to_vec()).collect();
        assert_eq!(elements, [&b"a"[..], b"xy", b"b", b"z"]);
        for at in 0..bytes.len() {
            assert_eq!(read(&bytes[..at]), Err(Corrupt), "cut at {at}");
        }
    }
}
