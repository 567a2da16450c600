//! How many bytes an entry takes in Redis's listpack: that decides where lists and streams are
//! divided into nodes.

use super::canonical_integer;

/// The header and the end mark of a listpack.
pub(super) const OVERHEAD: usize = 7;
/// More digits than any 64-bit integer has.
const INTEGER_MAX_BYTES: usize = 20;

/// The integer as which an element is stored, if it is one.
pub(crate) fn integer_of(element: &[u8]) -> Option<i64> {
    if element.len() <= INTEGER_MAX_BYTES { canonical_integer(element) } else { None }
}

/// What an element takes as an entry.
pub(super) fn entry_bytes(element: &[u8]) -> usize {
    match integer_of(element) {
        Some(integer) => integer_bytes(integer),
        None => {
            let len = element.len();
            let header = match len {
                0..64 => 1,
                64..4096 => 2,
                _ => 5,
            };
            with_back_length(header + len)
        }
    }
}

/// What an integer takes as an entry.
pub(super) fn integer_bytes(integer: i64) -> usize {
    with_back_length(match integer {
        0..=127 => 1,
        -4096..=4095 => 2,
        -0x8000..=0x7fff => 3,
        -0x80_0000..=0x7f_ffff => 4,
        -0x8000_0000..=0x7fff_ffff => 5,
        _ => 9,
    })
}

/// An entry ends with its own length, by which a listpack is walked backwards.
fn with_back_length(encoded: usize) -> usize {
    encoded
        + match encoded {
            0..=127 => 1,
            128..=16_382 => 2,
            16_383..=2_097_150 => 3,
            2_097_151..=268_435_454 => 4,
            _ => 5,
        }
}
