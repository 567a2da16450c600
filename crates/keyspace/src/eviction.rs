//! Eviction: keys that give way when the data outgrows `maxmemory`.
//!
//! Before a command runs, keys are removed as `maxmemory-policy` says until the data fits. Where
//! none may be removed, commands that need memory are refused. How much memory the data takes is
//! kept up to date with every change, see [`Db::bytes`].
//!
//! In a browser memory ends at 4 GB, whatever `maxmemory` says, and then nothing can go on. There
//! commands that need memory are refused, also within transactions and scripts, while data takes
//! more than [`ADDRESSABLE_DATA`]; so Redis limits itself where addresses have 32 bits.

use crate::client::ClientId;
use crate::db::{DATABASES, Db, DbIndex, Entry};
use crate::engine::Engine;
use crate::notify::Class;
use crate::usage::{Measure, Touch, Usage};
use crate::value::SmallBytes;

/// Which keys give way, and which of them first; `None` in the configuration for `noeviction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Only keys that have an expiry.
    volatile: bool,
    order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The key that was used least, of some drawn at random.
    Usage(Measure),
    Random,
    /// The key that expires first.
    TimeToLive,
}

impl Policy {
    /// Reads the value of `maxmemory-policy`.
    pub fn parse(text: &[u8]) -> Option<Policy> {
        let (keys, order) = std::str::from_utf8(text).ok()?.split_once('-')?;
        let order = match order {
            "lru" => Order::Usage(Measure::Access),
            "lrm" => Order::Usage(Measure::Change),
            "lfu" => Order::Usage(Measure::Frequency),
            "random" => Order::Random,
            "ttl" => Order::TimeToLive,
            _ => return None,
        };
        Some(Policy { volatile: keys == "volatile", order })
    }

    /// What use of a key is recorded for it.
    pub fn measure(self) -> Measure {
        match self.order {
            Order::Usage(measure) => measure,
            Order::Random | Order::TimeToLive => Measure::Access,
        }
    }

    /// How many keys of a database may give way.
    fn candidates(self, db: &Db) -> usize {
        if self.volatile { db.expires_len() } else { db.len() }
    }

    /// One of them, by a number below that.
    fn candidate(self, db: &Db, index: usize) -> Option<(&SmallBytes, Entry<'_>)> {
        if self.volatile { db.get_expiring(index) } else { db.get_index(index) }
    }
}

/// What data may take where addresses have 32 bits. A single command may add the longest string, or
/// a copy of what there is; replies and scripts need memory, too.
const ADDRESSABLE_DATA: u64 = 1 << 30;

/// Whether so much memory was taken that data may have reached its limit.
#[cfg(target_arch = "wasm32")]
#[inline(always)]
fn is_address_space_scarce() -> bool {
    const PAGE: u64 = 64 * 1024;
    core::arch::wasm32::memory_size(0) as u64 > ADDRESSABLE_DATA / PAGE
}

#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
fn is_address_space_scarce() -> bool {
    false
}

/// A key in its database.
type Place = (DbIndex, SmallBytes);

impl Engine {
    /// What the data of all databases takes, in the layout of a browser.
    pub(crate) fn used_memory(&self) -> u64 {
        self.dbs.iter().map(|db| db.bytes() as u64).sum()
    }

    /// The most that the data took so far.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.peak_memory.max(self.used_memory())
    }

    /// What is noted where a key is used now; `None` where such a use does not count.
    #[inline]
    pub(crate) fn touch(&mut self, is_change: bool) -> Option<Touch> {
        let now = self.now;
        match self.config.measure() {
            Measure::Access => Some(Touch::At(now)),
            Measure::Change => is_change.then_some(Touch::At(now)),
            Measure::Frequency => {
                Some(Touch::Counted { now, pace: self.config.lfu_pace, chance: self.rng.f64() })
            }
        }
    }

    /// Another policy counts use by another measure than before: every key starts with it anew.
    pub(crate) fn convert_usage(&mut self, was: Measure) {
        let now = self.now;
        let is = self.config.measure();
        if (was == Measure::Frequency) == (is == Measure::Frequency) {
            return;
        }
        let start = match is {
            Measure::Frequency => {
                Usage::new(Touch::Counted { now, pace: self.config.lfu_pace, chance: 0.0 })
            }
            Measure::Access | Measure::Change => Usage::at(now),
        };
        self.dbs.iter_mut().for_each(|db| db.convert_usage(|_| start));
    }

    /// Removes keys until the data fits into `maxmemory`, before a client's command runs; `false`
    /// where it does not fit. A hidden client only looks, so nothing gives way for it; nor does
    /// anything during a pause.
    #[inline]
    pub(crate) fn make_room(&mut self, id: ClientId) -> bool {
        self.config.maxmemory == 0 || self.make_room_within(self.config.maxmemory, id)
    }

    /// Whether data takes all that it may where addresses have 32 bits.
    #[inline]
    pub(crate) fn fills_address_space(&self) -> bool {
        is_address_space_scarce() && self.used_memory() > ADDRESSABLE_DATA
    }

    #[cold]
    fn make_room_within(&mut self, limit: u64, id: ClientId) -> bool {
        let is_exempt = self.clients.get(&id).is_none_or(|client| client.hidden);
        if is_exempt || self.pause.is_on() {
            return true;
        }
        self.used_memory() <= limit || self.watched("eviction-cycle", |engine| engine.evict(limit))
    }

    /// Removes keys until the data fits into the limit; `false` where it does not fit.
    fn evict(&mut self, limit: u64) -> bool {
        while self.used_memory() > limit {
            let Some((db, key)) = self.config.maxmemory_policy.and_then(|by| self.victim(by))
            else {
                return false;
            };
            self.db_mut(db).remove(&key);
            self.stats.evicted_keys += 1;
            self.key_changed(None, db, &key, Class::EVICTED, "evicted");
        }
        true
    }

    /// The key that gives way next.
    fn victim(&mut self, policy: Policy) -> Option<Place> {
        match policy.order {
            Order::TimeToLive => self.first_to_expire(),
            Order::Random => {
                let count = self.candidates(policy);
                let index = if count == 0 { return None } else { self.rng.usize(..count) };
                self.candidate(policy, index).map(|(db, key, _)| (db, key.clone()))
            }
            Order::Usage(measure) => self.least_used(policy, measure),
        }
    }

    fn first_to_expire(&self) -> Option<Place> {
        let firsts = (0..DATABASES).filter_map(|index| {
            let db = DbIndex(index as u8);
            self.db(db).first_to_expire().map(|(at, key)| (at, db, key))
        });
        let first = firsts.min_by_key(|(at, _, _)| *at);
        first.map(|(_, db, key)| (db, key.clone()))
    }

    /// The least used of all keys, or of `maxmemory-samples` that are drawn where they are more.
    fn least_used(&mut self, policy: Policy, measure: Measure) -> Option<Place> {
        let count = self.candidates(policy);
        let samples = self.config.maxmemory_samples;
        let drawn: Vec<usize> = if count <= samples {
            (0..count).collect()
        } else {
            (0..samples).map(|_| self.rng.usize(..count)).collect()
        };
        let candidates = drawn.into_iter().filter_map(|index| self.candidate(policy, index));
        let least = candidates.min_by_key(|(_, _, entry)| match measure {
            Measure::Access | Measure::Change => entry.usage.second(),
            Measure::Frequency => u32::from(entry.usage.frequency(self.now, self.config.lfu_pace)),
        });
        least.map(|(db, key, _)| (db, key.clone()))
    }

    /// How many keys of all databases may give way.
    fn candidates(&self, policy: Policy) -> usize {
        self.dbs.iter().map(|db| policy.candidates(db)).sum()
    }

    /// One of them, by a number below that.
    fn candidate(&self, policy: Policy, index: usize) -> Option<(DbIndex, &SmallBytes, Entry<'_>)> {
        let mut index = index;
        for (number, db) in self.dbs.iter().enumerate() {
            let count = policy.candidates(db);
            if index < count {
                let (key, entry) = policy.candidate(db, index)?;
                return Some((DbIndex(number as u8), key, entry));
            }
            index -= count;
        }
        None
    }
}
