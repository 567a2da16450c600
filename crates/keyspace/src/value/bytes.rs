//! Short byte strings without an allocation: the type of keys, elements, fields and members.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// What fits beside the length in the room that a pointer with its length needs in any case.
pub(crate) const INLINE_BYTES: usize = if cfg!(target_pointer_width = "64") { 22 } else { 18 };

/// A byte string; a short one lives inline, a longer one in an allocation of exactly its size.
#[derive(Clone)]
pub struct SmallBytes(Repr);

#[derive(Clone)]
enum Repr {
    /// Behind the length the bytes are 0.
    Inline(u8, [u8; INLINE_BYTES]),
    Heap(Box<[u8]>),
}

impl SmallBytes {
    /// What it takes outside of itself, in the layout of a browser.
    pub fn heap_bytes(&self) -> usize {
        if self.len() <= 18 { 0 } else { super::heap_bytes(self.len()) }
    }
}

/// Whether two byte strings are the same. A few bytes are compared in place, as two halves that may
/// overlap: a call that compares any number costs more, in a browser several times as much.
#[inline]
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    fn same_ends<const HALF: usize>(a: &[u8], b: &[u8]) -> bool {
        a.first_chunk::<HALF>() == b.first_chunk() && a.last_chunk::<HALF>() == b.last_chunk()
    }
    a.len() == b.len()
        && match a.len() {
            9..=16 => same_ends::<8>(a, b),
            4..=8 => same_ends::<4>(a, b),
            _ => a == b,
        }
}

impl Deref for SmallBytes {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline(len, bytes) => &bytes[..usize::from(*len)],
            Repr::Heap(bytes) => bytes,
        }
    }
}

impl Default for SmallBytes {
    fn default() -> Self {
        SmallBytes(Repr::Inline(0, [0; INLINE_BYTES]))
    }
}

impl PartialEq for SmallBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for SmallBytes {}

impl PartialOrd for SmallBytes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SmallBytes {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Borrow<[u8]> for SmallBytes {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl AsRef<[u8]> for SmallBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Hash for SmallBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl From<&[u8]> for SmallBytes {
    fn from(bytes: &[u8]) -> Self {
        let mut inline = [0; INLINE_BYTES];
        match inline.get_mut(..bytes.len()) {
            Some(start) => {
                start.copy_from_slice(bytes);
                SmallBytes(Repr::Inline(bytes.len() as u8, inline))
            }
            None => SmallBytes(Repr::Heap(bytes.into())),
        }
    }
}

impl From<Vec<u8>> for SmallBytes {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() <= INLINE_BYTES {
            SmallBytes::from(&*bytes)
        } else {
            SmallBytes(Repr::Heap(bytes.into_boxed_slice()))
        }
    }
}

impl FromIterator<u8> for SmallBytes {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        bytes.into_iter().collect::<Vec<u8>>().into()
    }
}

impl std::fmt::Debug for SmallBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_length_come_back() {
        for len in 0..3 * INLINE_BYTES {
            let bytes: Vec<u8> = (0..len as u8).collect();
            let small = SmallBytes::from(&*bytes);
            assert_eq!((&*small, small.heap_bytes() > 0), (&*bytes, len > 18), "{len}");
            assert_eq!(SmallBytes::from(bytes), small);
        }
    }

    #[test]
    fn bytes_are_the_same_where_all_of_them_are() {
        for len in 0..20 {
            let bytes: Vec<u8> = (0..len).collect();
            assert!(is_same(&bytes, &bytes.clone()));
            assert!(!is_same(&bytes, &[&bytes[..], b"x"].concat()));
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 0x40;
                assert!(!is_same(&bytes, &other), "{len} {at}");
            }
        }
    }

    #[test]
    fn it_takes_no_more_than_it_must() {
        assert_eq!(size_of::<SmallBytes>(), INLINE_BYTES + 2);
        assert_eq!(size_of::<super::super::Value>(), size_of::<SmallBytes>());
    }
}
