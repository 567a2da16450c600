//! Intsets: sorted integers of one width.

use super::Corrupt;
use super::reader::Reader;

/// The integers, which are sorted, as bytes.
pub(super) fn write(integers: &[i64]) -> Vec<u8> {
    let ends = || integers.first().into_iter().chain(integers.last());
    let width: usize = match () {
        () if ends().all(|&integer| i16::try_from(integer).is_ok()) => 2,
        () if ends().all(|&integer| i32::try_from(integer).is_ok()) => 4,
        () => 8,
    };
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&(width as u32).to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(integers.len()).unwrap_or(u32::MAX).to_le_bytes());
    for integer in integers {
        bytes.extend_from_slice(&integer.to_le_bytes()[..width]);
    }
    bytes
}

/// The integers of an intset.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<i64>, Corrupt> {
    let mut reader = Reader::new(bytes, 0);
    let width = u32::from_le_bytes(reader.array()?);
    let count = u32::from_le_bytes(reader.array()?);
    let mut integers = Vec::new();
    for _ in 0..count {
        let integer = match width {
            2 => i16::from_le_bytes(reader.array()?).into(),
            4 => i32::from_le_bytes(reader.array()?).into(),
            8 => i64::from_le_bytes(reader.array()?),
            _ => return Err(Corrupt),
        };
        if integers.last().is_some_and(|&last| last >= integer) {
            return Err(Corrupt);
        }
        integers.push(integer);
    }
    reader.finish()?;
    Ok(integers)
}
