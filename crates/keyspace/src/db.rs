//! One logical database: its keys, and the index by which they expire.

use crate::time::UnixMillis;
use crate::value::{Hash, Map, SmallBytes, Typed, Value};
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

/// A database. Every key of `expires` is in `keys` with that very expiry, and the reverse; every
/// key of `field_expires` is a hash whose first field dies then, and the reverse.
#[derive(Debug, Clone, Default)]
pub(crate) struct Db {
    keys: Map<SmallBytes, Entry>,
    expires: BTreeSet<(UnixMillis, SmallBytes)>,
    field_expires: BTreeSet<(UnixMillis, SmallBytes)>,
}

impl Db {
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many keys have an expiry.
    pub fn expires_len(&self) -> usize {
        self.expires.len()
    }

    /// How many hashes have a field that expires.
    pub fn field_expires_len(&self) -> usize {
        self.field_expires.len()
    }

    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.keys.get(key)
    }

    /// The value of `key`, to be changed; notes that it was used at `now`, if that counts.
    pub fn get_mut(&mut self, key: &[u8], now: Option<UnixMillis>) -> Option<&mut Value> {
        let entry = self.keys.get_mut(key)?;
        entry.accessed_at = now.unwrap_or(entry.accessed_at);
        Some(&mut entry.value)
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        self.keys.contains_key(key)
    }

    /// Sets `key` with that expiry and returns what it held.
    pub fn insert(
        &mut self,
        key: &[u8],
        value: Value,
        expire_at: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Option<Entry> {
        let field_expire = value.next_field_expire();
        let entry = Entry { value, expire_at, accessed_at: now };
        let old = match self.keys.get_mut(key) {
            Some(slot) => Some(std::mem::replace(slot, entry)),
            None => {
                self.keys.insert(key.into(), entry);
                None
            }
        };
        let was = old.as_ref().and_then(|entry| entry.expire_at);
        let field_was = old.as_ref().and_then(|entry| entry.value.next_field_expire());
        reindex(&mut self.expires, key, was, expire_at);
        reindex(&mut self.field_expires, key, field_was, field_expire);
        old
    }

    /// Removes `key` and returns what it held.
    pub fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        let entry = self.keys.swap_remove(key)?;
        reindex(&mut self.expires, key, entry.expire_at, None);
        reindex(&mut self.field_expires, key, entry.value.next_field_expire(), None);
        Some(entry)
    }

    /// Panics where an index says anything else than the keys do, or where a key holds nothing.
    pub fn check_invariants(&self) {
        let (mut expires, mut field_expires) = (BTreeSet::new(), BTreeSet::new());
        for (key, entry) in &self.keys {
            assert!(!entry.value.is_empty_aggregate(), "an empty aggregate has no key");
            expires.extend(entry.expire_at.map(|at| (at, key.clone())));
            field_expires.extend(entry.value.next_field_expire().map(|at| (at, key.clone())));
        }
        assert_eq!(self.expires, expires, "every expiry is indexed, and no other");
        assert_eq!(self.field_expires, field_expires, "and so is every field's");
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
        reindex(&mut self.expires, key, was, expire_at);
        true
    }

    /// Says that the first field of an existing hash dies at another time than before.
    pub fn set_field_expire(
        &mut self,
        key: &[u8],
        was: Option<UnixMillis>,
        is: Option<UnixMillis>,
    ) {
        reindex(&mut self.field_expires, key, was, is);
    }

    /// The earliest expiry of any key or field.
    pub fn next_expire(&self) -> Option<UnixMillis> {
        let first = |index: &BTreeSet<(UnixMillis, SmallBytes)>| index.first().map(|(at, _)| *at);
        first(&self.expires).into_iter().chain(first(&self.field_expires)).min()
    }

    /// The key that expires first, where that is at `now` or before.
    pub fn due(&self, now: UnixMillis) -> Option<SmallBytes> {
        self.expires.first().filter(|(at, _)| *at <= now).map(|(_, key)| key.clone())
    }

    /// Takes the fields that are due at `now` out of one hash that has any: its key, and how many
    /// they were. The hash may be empty then.
    pub fn expire_fields(&mut self, now: UnixMillis) -> Option<(SmallBytes, u64)> {
        self.field_expires.first().filter(|(at, _)| *at <= now)?;
        let (_, key) = self.field_expires.pop_first()?;
        let hash = Hash::from_value_mut(&mut self.keys.get_mut(&key)?.value)?;
        let mut expired = 0;
        while hash.take_due(now).is_some() {
            expired += 1;
        }
        let next = hash.next_expire();
        reindex(&mut self.field_expires, &key, None, next);
        Some((key, expired))
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
}

/// Moves a key to another place of an index by time, into it or out of it.
fn reindex(
    index: &mut BTreeSet<(UnixMillis, SmallBytes)>,
    key: &[u8],
    was: Option<UnixMillis>,
    is: Option<UnixMillis>,
) {
    if was == is {
        return;
    }
    if let Some(was) = was {
        index.remove(&(was, key.into()));
    }
    if let Some(is) = is {
        index.insert((is, key.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{ListpackLimits, Str};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone)]
    enum Op {
        Insert(u8, Option<i64>),
        Remove(u8),
        SetExpire(u8, Option<i64>),
        /// Removes everything due.
        Expire(i64),
        Clear,
    }

    fn op() -> impl Strategy<Value = Op> {
        let at = || proptest::option::of(0..20_i64);
        let key = || 0..12_u8;
        prop_oneof![
            6 => (key(), at()).prop_map(|(key, at)| Op::Insert(key, at)),
            4 => key().prop_map(Op::Remove),
            6 => (key(), at()).prop_map(|(key, at)| Op::SetExpire(key, at)),
            2 => (0..20_i64).prop_map(Op::Expire),
            1 => Just(Op::Clear),
        ]
    }

    /// Does the same to a database and to a plain map of expiries.
    fn apply(db: &mut Db, model: &mut BTreeMap<u8, Option<i64>>, op: Op) {
        match op {
            Op::Insert(key, at) => {
                let value = Str::new(b"v").into_value();
                let old = db.insert(&[key], value, at.map(UnixMillis), UnixMillis(0));
                let had = model.insert(key, at);
                assert_eq!(old.map(|entry| entry.expire_at), had.map(|at| at.map(UnixMillis)));
            }
            Op::Remove(key) => {
                assert_eq!(db.remove(&[key]).is_some(), model.remove(&key).is_some());
            }
            Op::SetExpire(key, at) => {
                let exists = db.set_expire(&[key], at.map(UnixMillis));
                assert_eq!(exists, model.contains_key(&key));
                model.entry(key).and_modify(|was| *was = at);
            }
            Op::Expire(now) => {
                while let Some(key) = db.due(UnixMillis(now)) {
                    assert!(db.remove(&key).is_some(), "what is due exists");
                }
                model.retain(|_, at| at.is_none_or(|at| at > now));
            }
            Op::Clear => {
                assert_eq!(db.clear(), model.len());
                model.clear();
            }
        }
    }

    proptest! {
        /// The index of expiries never says anything else than the keys do.
        #[test]
        fn keys_and_expiries_agree(ops in proptest::collection::vec(op(), 0..80)) {
            let mut db = Db::default();
            let mut model = BTreeMap::new();
            for op in ops {
                apply(&mut db, &mut model, op);
                let mut expires: Vec<(i64, u8)> =
                    model.iter().filter_map(|(&key, at)| Some(((*at)?, key))).collect();
                expires.sort_unstable();
                let indexed: Vec<_> = db.iter_expires().map(|(at, key)| (at.0, key[0])).collect();
                prop_assert_eq!(&indexed, &expires);
                prop_assert_eq!(db.expires_len(), expires.len());
                prop_assert_eq!(db.next_expire(), expires.first().map(|(at, _)| UnixMillis(*at)));
                prop_assert_eq!(db.len(), model.len());
                for (&key, &at) in &model {
                    let entry = db.get(&[key]).expect("the model has it");
                    prop_assert_eq!(entry.expire_at, at.map(UnixMillis));
                }
            }
        }
    }

    #[derive(Debug, Clone)]
    enum FieldOp {
        /// Sets a field and its expiry, or removes it.
        Change(u8, u8, Option<Option<i64>>),
        Rename(u8, u8),
        Expire(i64),
    }

    fn field_op() -> impl Strategy<Value = FieldOp> {
        let at = || proptest::option::of(proptest::option::of(0..20_i64));
        prop_oneof![
            8 => (0..4_u8, 0..6_u8, at()).prop_map(|(key, field, at)| FieldOp::Change(key, field, at)),
            1 => (0..4_u8, 0..4_u8).prop_map(|(from, to)| FieldOp::Rename(from, to)),
            2 => (0..20_i64).prop_map(FieldOp::Expire),
        ]
    }

    fn change_field(db: &mut Db, key: u8, field: u8, at: Option<Option<i64>>) {
        let limits = ListpackLimits { entries: 3, value_bytes: 64 };
        if !db.contains(&[key]) {
            db.insert(&[key], Hash::default().into_value(), None, UnixMillis(0));
        }
        let value = db.get_mut(&[key], None).expect("it was inserted");
        let hash = Hash::from_value_mut(value).expect("it is a hash");
        let was = hash.next_expire();
        match at {
            None => _ = hash.remove(&[field]),
            Some(None) => _ = hash.set(&[field], b"v", limits),
            Some(Some(at)) => {
                hash.set_value(&[field], b"v", limits);
                hash.set_expire(&[field], UnixMillis(at));
            }
        }
        let is = hash.next_expire();
        db.set_field_expire(&[key], was, is);
    }

    proptest! {
        /// A database always knows when the first field of each hash expires.
        #[test]
        fn hashes_and_field_expiries_agree(ops in proptest::collection::vec(field_op(), 0..80)) {
            let mut db = Db::default();
            for op in ops {
                match op {
                    FieldOp::Change(key, field, at) => change_field(&mut db, key, field, at),
                    FieldOp::Rename(from, to) => {
                        if let Some(entry) = db.remove(&[from]) {
                            db.insert(&[to], entry.value, None, UnixMillis(0));
                        }
                    }
                    FieldOp::Expire(now) => {
                        while let Some((_, expired)) = db.expire_fields(UnixMillis(now)) {
                            prop_assert!(expired > 0);
                        }
                        prop_assert!(db.next_expire().is_none_or(|at| at.0 > now));
                    }
                }
                let firsts = db.iter().filter_map(|(key, entry)| {
                    Some((entry.value.next_field_expire()?, key.clone()))
                });
                prop_assert_eq!(firsts.collect::<BTreeSet<_>>(), db.field_expires.clone());
            }
        }
    }
}
