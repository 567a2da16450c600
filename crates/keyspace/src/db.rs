//! One logical database: its keys, and the timers by which they expire.

mod timers;

use crate::sorted::SortedSet;
use crate::time::UnixMillis;
use crate::usage::{Touch, Usage};
use crate::value::{Hash, Places, Segmented, SmallBytes, Typed, Value, hash, is_same};
use std::cell::Cell;
use timers::Timers;

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

/// What a key has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'d> {
    pub value: &'d Value,
    pub expire_at: Option<UnixMillis>,
    pub usage: Usage,
}

/// What a key had.
#[derive(Debug)]
pub(crate) struct Removed {
    pub value: Value,
    pub expire_at: Option<UnixMillis>,
}

/// An entry as it is stored. On 64 bit it fills a line of the cache and lies in no second one: most
/// of what a command on one of many keys takes is waiting for it.
#[derive(Debug, Clone)]
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
struct Slot {
    key: SmallBytes,
    value: Value,
    usage: Usage,
    /// The position of its timer, or [`NO_TIMER`].
    timer: u32,
}

const NO_TIMER: u32 = u32::MAX;
/// What an entry takes with its place in the index, and what its timer takes.
const ENTRY_BYTES: usize = 56;
const TIMER_BYTES: usize = 16;

impl Slot {
    fn timer(&self) -> Option<usize> {
        (self.timer != NO_TIMER).then_some(self.timer as usize)
    }

    fn set_timer(&mut self, position: usize) {
        self.timer = u32::try_from(position).expect("memory ends before timers do");
    }

    fn bytes(&self) -> usize {
        ENTRY_BYTES + self.key.heap_bytes() + self.value.heap_bytes()
    }
}

/// A database. The timers are those of the entries that expire, each with the entry's place; every
/// key of `field_expires` is a hash whose first field dies then, and the reverse.
#[derive(Debug, Clone, Default)]
pub(crate) struct Db {
    /// The entries, dense: RANDOMKEY and SCAN go by their places.
    slots: Segmented<Slot, 1024>,
    places: Places,
    timers: Timers,
    field_expires: SortedSet<(UnixMillis, SmallBytes)>,
    /// The earliest of all timers and field expiries: the engine asks for it at every input.
    next_expire: Option<UnixMillis>,
    /// The place that was found last; a command asks for its key more than once.
    recent: Cell<usize>,
    /// What all entries take, timers left out; that of the entry which is lent out may have
    /// changed.
    bytes: usize,
    /// The place of the entry that was lent out to be changed, and what its value took before.
    lent: Option<(usize, usize)>,
}

impl Db {
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many keys have an expiry.
    pub fn expires_len(&self) -> usize {
        self.timers.len()
    }

    /// How many hashes have a field that expires.
    pub fn field_expires_len(&self) -> usize {
        self.field_expires.len()
    }

    /// What its data takes, in the layout of a browser.
    pub fn bytes(&self) -> usize {
        let fields = self.field_expires.len() * ENTRY_BYTES;
        let (was, is) = match self.lent {
            Some((place, before)) => (before, self.slots[place].value.heap_bytes()),
            None => (0, 0),
        };
        self.bytes - was + is + fields + self.timers.len() * TIMER_BYTES
    }

    pub fn get(&self, key: &[u8]) -> Option<Entry<'_>> {
        self.place(key).map(|place| self.entry(&self.slots[place]))
    }

    /// The value of `key`, to be changed; notes that it was used.
    pub fn get_mut(&mut self, key: &[u8], touch: Option<Touch>) -> Option<&mut Value> {
        let place = self.place(key)?;
        self.settle();
        let slot = &mut self.slots[place];
        if let Some(touch) = touch {
            slot.usage.touch(touch);
        }
        self.lent = Some((place, slot.value.heap_bytes()));
        Some(&mut slot.value)
    }

    /// Notes that `key` was used, and says whether it exists.
    pub fn touch(&mut self, key: &[u8], touch: Option<Touch>) -> bool {
        let Some(place) = self.place(key) else {
            return false;
        };
        if let Some(touch) = touch {
            self.slots[place].usage.touch(touch);
        }
        true
    }

    /// Says how an existing key was used before.
    pub fn set_usage(&mut self, key: &[u8], usage: Usage) {
        if let Some(place) = self.place(key) {
            self.slots[place].usage = usage;
        }
    }

    /// Gives every key the usage that follows from the one it has.
    pub fn convert_usage(&mut self, convert: impl Fn(Usage) -> Usage) {
        self.slots.iter_mut().for_each(|slot| slot.usage = convert(slot.usage));
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        self.place(key).is_some()
    }

    /// Sets `key` with that expiry and returns what it held. A key that is overwritten goes on
    /// being counted where accesses are.
    pub fn insert(
        &mut self,
        key: &[u8],
        value: Value,
        expire_at: Option<UnixMillis>,
        touch: Touch,
    ) -> Option<Removed> {
        self.settle();
        let field_expire = value.next_field_expire();
        let Some(place) = self.place(key) else {
            let slot = Slot { key: key.into(), value, usage: Usage::new(touch), timer: NO_TIMER };
            self.bytes += slot.bytes();
            let place = self.slots.len();
            let others = self.slots.iter().map(|slot| hash(&slot.key)).enumerate();
            self.places.insert(hash(key), place, others);
            self.slots.push(slot);
            self.set_timer(place, expire_at);
            self.reindex_field_expire(key, None, field_expire);
            return None;
        };
        let slot = &mut self.slots[place];
        self.bytes = self.bytes + value.heap_bytes() - slot.value.heap_bytes();
        let value = std::mem::replace(&mut slot.value, value);
        slot.usage.touch(touch);
        let removed = Removed { expire_at: self.expire_at(&self.slots[place]), value };
        self.set_timer(place, expire_at);
        let field_was = removed.value.next_field_expire();
        self.reindex_field_expire(key, field_was, field_expire);
        Some(removed)
    }

    /// Removes `key` and returns what it held.
    pub fn remove(&mut self, key: &[u8]) -> Option<Removed> {
        let place = self.place(key)?;
        self.settle();
        let expire_at = self.expire_at(&self.slots[place]);
        self.set_timer(place, None);
        self.places.remove(hash(key), place);
        let slot = self.slots.swap_remove(place)?;
        self.bytes -= slot.bytes();
        if let Some(moved) = self.slots.get(place) {
            self.places.replace(hash(&moved.key), self.slots.len(), place);
            if let Some(position) = moved.timer() {
                self.timers.set_place(position, place);
            }
        }
        if self.places.is_sparse() {
            let items = self.slots.iter().map(|slot| hash(&slot.key)).enumerate();
            self.places.rebuild(self.slots.len(), items);
        }
        self.reindex_field_expire(key, slot.value.next_field_expire(), None);
        Some(Removed { value: slot.value, expire_at })
    }

    /// Panics where an index says anything else than the keys do, or where a key holds nothing.
    pub fn check_invariants(&self) {
        let mut field_expires = SortedSet::default();
        let (mut timers, mut bytes) = (0, 0);
        for (place, slot) in self.slots.iter().enumerate() {
            assert!(!slot.value.is_empty_aggregate(), "an empty aggregate has no key");
            assert_eq!(self.place(&slot.key), Some(place), "every key is found");
            let timer = slot.timer().map(|position| self.timers.get(position));
            let is_own = timer.is_none_or(|timer| timer.is_some_and(|it| it.place() == place));
            assert!(is_own, "every expiry is a timer");
            timers += usize::from(timer.is_some());
            bytes += slot.bytes();
            field_expires.extend(slot.value.next_field_expire().map(|at| (at, slot.key.clone())));
        }
        assert_eq!(self.timers.len(), timers, "and no other");
        assert_eq!(self.field_expires, field_expires, "and so is every field's");
        assert_eq!(self.next_expire, self.find_next_expire(), "the next of them is known");
        let others = timers * TIMER_BYTES + field_expires.len() * ENTRY_BYTES;
        assert_eq!(self.bytes(), bytes + others, "what the data takes is known");
    }

    /// Removes every key and says how many there were.
    pub fn clear(&mut self) -> usize {
        std::mem::take(self).len()
    }

    /// Gives an existing key another expiry, or none; `false` where there is no such key.
    pub fn set_expire(&mut self, key: &[u8], expire_at: Option<UnixMillis>) -> bool {
        let Some(place) = self.place(key) else {
            return false;
        };
        self.set_timer(place, expire_at);
        true
    }

    /// Says that the first field of an existing hash dies at another time than before.
    pub fn set_field_expire(
        &mut self,
        key: &[u8],
        was: Option<UnixMillis>,
        is: Option<UnixMillis>,
    ) {
        self.reindex_field_expire(key, was, is);
    }

    /// The earliest expiry of any key or field.
    #[inline(always)]
    pub fn next_expire(&self) -> Option<UnixMillis> {
        self.next_expire
    }

    /// Looks for the earliest expiry, after any has changed.
    fn find_next_expire(&self) -> Option<UnixMillis> {
        let key = self.timers.first().map(|timer| timer.at);
        let field = self.field_expires.first().map(|(at, _)| *at);
        key.into_iter().chain(field).min()
    }

    /// The key that expires first, and when.
    pub fn first_to_expire(&self) -> Option<(UnixMillis, &SmallBytes)> {
        let timer = self.timers.first()?;
        Some((timer.at, &self.slots[timer.place()].key))
    }

    /// The key that expires first, where that is at `now` or before.
    pub fn due(&self, now: UnixMillis) -> Option<SmallBytes> {
        self.first_to_expire().filter(|(at, _)| *at <= now).map(|(_, key)| key.clone())
    }

    /// Takes the fields that are due at `now` out of one hash that has any: its key, and how many
    /// they were. The hash may be empty then.
    pub fn expire_fields(&mut self, now: UnixMillis) -> Option<(SmallBytes, u64)> {
        let (_, key) = self.field_expires.first().filter(|(at, _)| *at <= now)?;
        let key = key.clone();
        let expired = self.expire_fields_of(&key, now)?;
        Some((key, expired))
    }

    /// Takes the fields that are due at `now` out of the hash of that key, and says how many they
    /// were; `None` where there is no such hash.
    pub fn expire_fields_of(&mut self, key: &[u8], now: UnixMillis) -> Option<u64> {
        let hash = Hash::from_value_mut(self.get_mut(key, None)?)?;
        let was = hash.next_expire();
        let mut expired = 0;
        while hash.take_due(now).is_some() {
            expired += 1;
        }
        let is = hash.next_expire();
        self.reindex_field_expire(key, was, is);
        Some(expired)
    }

    /// The key and entry at a place of the dense order, from 0 to `len() - 1`.
    pub fn get_index(&self, index: usize) -> Option<(&SmallBytes, Entry<'_>)> {
        self.slots.get(index).map(|slot| (&slot.key, self.entry(slot)))
    }

    /// One of the keys that expire, by a number from 0 to `expires_len() - 1`.
    pub fn get_expiring(&self, index: usize) -> Option<(&SmallBytes, Entry<'_>)> {
        self.get_index(self.timers.get(index)?.place())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&SmallBytes, Entry<'_>)> {
        self.slots.iter().map(|slot| (&slot.key, self.entry(slot)))
    }

    /// When keys expire: the earliest first, the others in no order.
    pub fn expires(&self) -> impl Iterator<Item = UnixMillis> {
        self.timers.iter().map(|timer| timer.at)
    }

    fn place(&self, key: &[u8]) -> Option<usize> {
        let is_it =
            |place: usize| self.slots.get(place).is_some_and(|slot| is_same(&slot.key, key));
        let recent = self.recent.get();
        if is_it(recent) {
            return Some(recent);
        }
        let place = self.places.find(hash(key), is_it)?;
        self.recent.set(place);
        Some(place)
    }

    fn entry<'d>(&'d self, slot: &'d Slot) -> Entry<'d> {
        Entry { value: &slot.value, expire_at: self.expire_at(slot), usage: slot.usage }
    }

    fn expire_at(&self, slot: &Slot) -> Option<UnixMillis> {
        self.timers.get(slot.timer()?).map(|timer| timer.at)
    }

    /// Gives the entry at a place another expiry, or none.
    fn set_timer(&mut self, place: usize, expire_at: Option<UnixMillis>) {
        let slots = &mut self.slots;
        let timer = slots[place].timer();
        let mut moved = |place: usize, position| slots[place].set_timer(position);
        match (timer, expire_at) {
            (None, None) => return,
            (None, Some(at)) => self.timers.insert(at, place, moved),
            (Some(position), Some(at)) => {
                if self.timers.get(position).is_none_or(|timer| timer.at != at) {
                    self.timers.set(position, at, moved);
                }
            }
            (Some(position), None) => {
                self.timers.remove(position, &mut moved);
                slots[place].timer = NO_TIMER;
            }
        }
        self.next_expire = self.find_next_expire();
    }

    /// Moves a hash to another place of the index by time of the first of its fields to die, into
    /// it or out of it.
    fn reindex_field_expire(
        &mut self,
        key: &[u8],
        was: Option<UnixMillis>,
        is: Option<UnixMillis>,
    ) {
        if was == is {
            return;
        }
        if let Some(was) = was {
            self.field_expires.remove(&(was, key.into()));
        }
        if let Some(is) = is {
            self.field_expires.insert((is, key.into()));
        }
        self.next_expire = self.find_next_expire();
    }

    /// Counts the entry that was lent out with what it takes now.
    fn settle(&mut self) {
        if let Some((place, before)) = self.lent.take() {
            self.bytes = self.bytes + self.slots[place].value.heap_bytes() - before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{ListpackLimits, Str};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const TOUCH: Touch = Touch::At(UnixMillis(0));

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
                let old = db.insert(&[key], value, at.map(UnixMillis), TOUCH);
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
                db.check_invariants();
                let expires: Vec<i64> = model.values().filter_map(|at| *at).collect();
                prop_assert_eq!(db.expires_len(), expires.len());
                prop_assert_eq!(db.next_expire(), expires.iter().min().map(|at| UnixMillis(*at)));
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
            db.insert(&[key], Hash::default().into_value(), None, TOUCH);
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
                            db.insert(&[to], entry.value, None, TOUCH);
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
                prop_assert_eq!(firsts.collect::<SortedSet<_>>(), db.field_expires.clone());
            }
        }
    }
}
