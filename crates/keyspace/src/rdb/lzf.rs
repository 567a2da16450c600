//! LZF, by which Redis compresses strings; here they are only decompressed.
//!
//! It is not taken from a crate: those that there are reserve the announced length at once.

use super::Corrupt;
use super::reader::Reader;

/// Up to this control byte, literal bytes follow: one more than it says.
const LITERAL_MAX: u8 = 0x1f;
/// The length in a control byte that goes on in the next byte.
const LONG: u8 = 7;
/// A back reference is so much longer than it says.
const MIN_REFERENCE: usize = 2;

/// The `len` bytes that were compressed; they are never more than `len` on the way either.
pub(super) fn decompress(compressed: &[u8], len: usize) -> Result<Vec<u8>, Corrupt> {
    let mut reader = Reader::new(compressed, 0);
    let mut out = Vec::new();
    while reader.left() > 0 {
        let control = reader.byte()?;
        if control <= LITERAL_MAX {
            let literal = reader.take(usize::from(control) + 1)?;
            check_room(&out, literal.len(), len)?;
            out.extend_from_slice(literal);
            continue;
        }
        let short = control >> 5;
        let more = if short == LONG { reader.byte()? } else { 0 };
        let count = usize::from(short) + usize::from(more) + MIN_REFERENCE;
        let back = usize::from(u16::from_be_bytes([control & 0x1f, reader.byte()?])) + 1;
        let start = out.len().checked_sub(back).ok_or(Corrupt)?;
        check_room(&out, count, len)?;
        // The reference may reach into what it writes itself: then it repeats.
        for at in start..start + count {
            out.push(out[at]);
        }
    }
    if out.len() == len { Ok(out) } else { Err(Corrupt) }
}

fn check_room(out: &[u8], count: usize, len: usize) -> Result<(), Corrupt> {
    if count <= len - out.len() { Ok(()) } else { Err(Corrupt) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_repeat_what_was_written() {
        let compressed = b"\x01ab\xe0\x03\x01\x00c";
        assert_eq!(decompress(compressed, 15), Ok(b"abababababababc".to_vec()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (compressed, len) in [
            // Another length than announced.
            (&b"\x01ab"[..], 1),
            (b"\x01ab", 3),
            (b"\x00a\x20\x00", 3),
            // A reference before the beginning, one without its offset, literals that end early.
            (b"\x00a\x20\x01", 4),
            (b"\x00a\x20", 4),
            (b"\x02a", 3),
        ] {
            assert_eq!(decompress(compressed, len), Err(Corrupt), "{compressed:?}");
        }
    }
}
