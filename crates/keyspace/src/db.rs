//! One logical database: its keys, and the index by which they expire.

use crate::time::UnixMillis;
use crate::value::{Map, SmallBytes, Value};
use std::collections::BTreeSet;

/// How many logical databases there are.
pub const DATABASES: usize = 16;

/// The number of a logical database, below [`DATABASES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DbIndex(pub u8);

impl DbIndex {
    /// The database of that number, if there is one.
    pub fn new(number: i64) -> Option<DbIndex> {
        u8::try_from(number).ok().filter(|&index| usize::from(index) < DATABASES).map(DbIndex)
    }
}

/// What a key has: its value, its expiry, and when it was last used.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub value: Value,
    pub expire_at: Option<UnixMillis>,
    pub accessed_at: UnixMillis,
}

/// A database. Every key of `expires` is in `keys` with that very expiry, and the reverse.
#[derive(Debug, Clone, Default)]
pub(crate) struct Db {
    keys: Map<SmallBytes, Entry>,
    expires: BTreeSet<(UnixMillis, SmallBytes)>,
}

impl Db {
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many keys have an expiry.
    pub fn expires_len(&self) -> usize {
        self.expires.len()
    }

    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.keys.get(key)
    }

    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.keys.get_mut(key).map(|entry| &mut entry.value)
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        self.keys.contains_key(key)
    }

    /// Says that `key` was used at `now`.
    pub fn touch(&mut self, key: &[u8], now: UnixMillis) {
        if let Some(entry) = self.keys.get_mut(key) {
            entry.accessed_at = now;
        }
    }

    /// Sets `key` with that expiry and returns what it held.
    pub fn insert(
        &mut self,
        key: &[u8],
        value: Value,
        expire_at: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Option<Entry> {
        let entry = Entry { value, expire_at, accessed_at: now };
        let old = match self.keys.get_mut(key) {
            Some(slot) => Some(std::mem::replace(slot, entry)),
            None => {
                self.keys.insert(key.into(), entry);
                None
            }
        };
        let was = old.as_ref().and_then(|entry| entry.expire_at);
        self.reindex(key, was, expire_at);
        old
    }

    /// Removes `key` and returns what it held.
    pub fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        let entry = self.keys.swap_remove(key)?;
        self.reindex(key, entry.expire_at, None);
        Some(entry)
    }

    /// Removes every key and says how many there were.
    pub fn clear(&mut self) -> usize {
        std::mem::take(self).len()
    }

    /// Gives an existing key another expiry, or none; `false` where there is no such key.
    pub fn set_expire(&mut self, key: &[u8], expire_at: Option<UnixMillis>) -> bool {
        let Some(entry) = self.keys.get_mut(key) else {
            return false;
        };
        let was = std::mem::replace(&mut entry.expire_at, expire_at);
        self.reindex(key, was, expire_at);
        true
    }

    /// The earliest expiry of any key.
    pub fn next_expire(&self) -> Option<UnixMillis> {
        self.expires.first().map(|(at, _)| *at)
    }

    /// The key that expires first, where that is at `now` or before.
    pub fn due(&self, now: UnixMillis) -> Option<SmallBytes> {
        self.expires.first().filter(|(at, _)| *at <= now).map(|(_, key)| key.clone())
    }

    /// The key and entry at a place of the dense order, from 0 to `len() - 1`.
    pub fn get_index(&self, index: usize) -> Option<(&SmallBytes, &Entry)> {
        self.keys.get_index(index)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&SmallBytes, &Entry)> {
        self.keys.iter()
    }

    /// Every key that has an expiry, the earliest first.
    pub fn iter_expires(&self) -> impl Iterator<Item = (UnixMillis, &SmallBytes)> {
        self.expires.iter().map(|(at, key)| (*at, key))
    }

    fn reindex(&mut self, key: &[u8], was: Option<UnixMillis>, is: Option<UnixMillis>) {
        if was == is {
            return;
        }
        if let Some(was) = was {
            self.expires.remove(&(was, key.into()));
        }
        if let Some(is) = is {
            self.expires.insert((is, key.into()));
        }
    }
}
