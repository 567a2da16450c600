//! A byte string as an array of bits, the highest bit of the first byte first.
//!
//! Offsets count bits and may lie behind the end, where every bit is 0.

use std::ops::RangeInclusive;

/// The bit at an offset.
pub(crate) fn bit(bytes: &[u8], offset: u64) -> bool {
    field(bytes, offset, 1) == 1
}

/// How many bits of a range are set; the range ends within the bytes.
pub(crate) fn count_ones(bytes: &[u8], range: RangeInclusive<u64>) -> u64 {
    let (first, last) = (byte_of(*range.start()), byte_of(*range.end()));
    let ones = |byte: u8| u64::from(byte.count_ones());
    let (words, rest) = bytes[first..=last].as_chunks::<8>();
    let all: u64 = words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    let all = all + rest.iter().copied().map(ones).sum::<u64>();
    all - ones(bytes[first] & !from_mask(*range.start()))
        - ones(bytes[last] & !up_to_mask(*range.end()))
}

/// The offset of the first bit of a range that is `wanted`; the range ends within the bytes.
pub(crate) fn position(bytes: &[u8], wanted: bool, range: RangeInclusive<u64>) -> Option<u64> {
    let (first, last) = (byte_of(*range.start()), byte_of(*range.end()));
    let unwanted = if wanted { 0 } else { 0xff };
    let in_range = |index: usize| {
        let from = if index == first { from_mask(*range.start()) } else { 0xff };
        let up_to = if index == last { up_to_mask(*range.end()) } else { 0xff };
        from & up_to
    };
    (first..=last).zip(&bytes[first..=last]).find_map(|(index, byte)| {
        let found = (byte ^ unwanted) & in_range(index);
        (found != 0).then(|| index as u64 * 8 + u64::from(found.leading_zeros()))
    })
}

/// The number in `width` bits from an offset on; at most 64.
pub(crate) fn field(bytes: &[u8], offset: u64, width: u32) -> u64 {
    let mut window = [0; 16];
    let start = usize::try_from(offset / 8).unwrap_or(usize::MAX).min(bytes.len());
    let read = bytes[start..].iter().take(9);
    window.iter_mut().zip(read).for_each(|(to, from)| *to = *from);
    let behind = 128 - (offset % 8) as u32 - width;
    (u128::from_be_bytes(window) >> behind) as u64 & width_mask(width)
}

/// Writes the lowest `width` bits of a number, at most 64, from an offset on; they end within the
/// bytes.
pub(crate) fn set_field(bytes: &mut [u8], offset: u64, width: u32, value: u64) {
    let behind = 128 - (offset % 8) as u32 - width;
    let mask = u128::from(width_mask(width)) << behind;
    let value = u128::from(value & width_mask(width)) << behind;
    let written = mask.to_be_bytes().into_iter().zip(value.to_be_bytes());
    for (byte, (mask, value)) in bytes[byte_of(offset)..].iter_mut().zip(written).take(9) {
        *byte = *byte & !mask | value;
    }
}

/// The bytes that hold the bits up to an offset; `None` where they are too many to count.
pub(crate) fn bytes_up_to(offset: u64) -> Option<usize> {
    usize::try_from(offset / 8).ok()?.checked_add(1)
}

fn byte_of(offset: u64) -> usize {
    usize::try_from(offset / 8).expect("the offset is within bytes in memory")
}

/// The bits of a byte from that of `offset` on.
fn from_mask(offset: u64) -> u8 {
    0xff >> (offset % 8)
}

/// The bits of a byte up to that of `offset`.
fn up_to_mask(offset: u64) -> u8 {
    0xff << (7 - offset % 8)
}

fn width_mask(width: u32) -> u64 {
    u64::MAX >> (64 - width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spelled(bytes: &[u8]) -> Vec<bool> {
        (0..bytes.len() * 8).map(|at| bytes[at / 8] & (0x80 >> (at % 8)) != 0).collect()
    }

    proptest! {
        #[test]
        fn it_is_an_array_of_bits(
            bytes in prop::collection::vec(any::<u8>(), 1..40),
            ends in any::<(prop::sample::Index, prop::sample::Index)>(),
            wanted in any::<bool>(),
        ) {
            let bits = spelled(&bytes);
            let (one, other) = (ends.0.index(bits.len()), ends.1.index(bits.len()));
            let (first, last) = (one.min(other), one.max(other));
            let range = first as u64..=last as u64;
            let part = &bits[first..=last];
            prop_assert_eq!(bit(&bytes, first as u64), bits[first]);
            let ones = part.iter().filter(|bit| **bit).count();
            prop_assert_eq!(count_ones(&bytes, range.clone()), ones as u64);
            let found = part.iter().position(|bit| *bit == wanted);
            let found = found.map(|at| (first + at) as u64);
            prop_assert_eq!(position(&bytes, wanted, range), found);
        }

        #[test]
        fn a_field_is_its_bits(
            mut bytes in prop::collection::vec(any::<u8>(), 20),
            offset in 0..80_u64,
            width in 1..=64_u32,
            value in any::<u64>(),
        ) {
            let mut bits = spelled(&bytes);
            set_field(&mut bytes, offset, width, value);
            for at in 0..width {
                bits[offset as usize + at as usize] = value >> (width - 1 - at) & 1 == 1;
            }
            prop_assert_eq!(spelled(&bytes), bits);
            prop_assert_eq!(field(&bytes, offset, width), value & width_mask(width));
        }
    }

    #[test]
    fn behind_the_end_every_bit_is_0() {
        assert_eq!(field(&[0xff], 4, 8), 0xf0);
        assert_eq!(field(&[0xff], u64::MAX, 64), 0);
        assert!(!bit(&[], 0));
    }
}
