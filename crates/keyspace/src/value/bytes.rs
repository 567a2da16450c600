//! Short byte strings without an allocation: the type of keys, elements, fields and members.

use smallvec::SmallVec;
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// A growable byte string; up to 16 bytes live inline.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SmallBytes(SmallVec<[u8; 16]>);

impl SmallBytes {
    /// The bytes, to be changed in place.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Appends `bytes`.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Makes room for `additional` bytes; `None` where the memory for it cannot be had.
    pub fn try_reserve(&mut self, additional: usize) -> Option<()> {
        self.0.try_reserve(additional).ok()
    }

    /// Grows to `len` bytes by zeros, or cuts to it.
    pub fn resize(&mut self, len: usize) {
        self.0.resize(len, 0);
    }
}

impl Deref for SmallBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for SmallBytes {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for SmallBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Hash for SmallBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.deref().hash(state);
    }
}

impl From<&[u8]> for SmallBytes {
    fn from(bytes: &[u8]) -> Self {
        SmallBytes(SmallVec::from_slice(bytes))
    }
}

impl From<Vec<u8>> for SmallBytes {
    fn from(bytes: Vec<u8>) -> Self {
        SmallBytes(SmallVec::from_vec(bytes))
    }
}

impl FromIterator<u8> for SmallBytes {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        SmallBytes(SmallVec::from_iter(bytes))
    }
}

impl std::fmt::Debug for SmallBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}
