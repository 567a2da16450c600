//! Eviction: keys that give way when the data outgrows `maxmemory`.
//!
//! Before a command runs, keys are removed as `maxmemory-policy` says until the data fits. Where
//! none may be removed, commands that need memory are refused. How much memory the data takes is
//! an estimate, see [`Engine::used_memory`].

use crate::client::ClientId;
use crate::db::{DATABASES, DbIndex};
use crate::engine::Engine;
use crate::notify::Class;
use crate::time::UnixMillis;
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
    /// The key that was not used for the longest time.
    LeastRecent,
    Random,
    /// The key that expires first.
    TimeToLive,
}

impl Policy {
    /// Reads the value of `maxmemory-policy`. How often a key is used, and when it was last
    /// changed, is not recorded; policies that ask for it go by the last use.
    pub fn parse(text: &[u8]) -> Option<Policy> {
        let (keys, order) = std::str::from_utf8(text).ok()?.split_once('-')?;
        let order = match order {
            "random" => Order::Random,
            "ttl" => Order::TimeToLive,
            _ => Order::LeastRecent,
        };
        Some(Policy { volatile: keys == "volatile", order })
    }
}

/// How many keys are drawn at most to find one that has an expiry.
const DRAWS: usize = 16;

impl Engine {
    /// Removes keys until the data fits into `maxmemory`, before a client's command runs; `false`
    /// where it does not fit. A hidden client only looks, so nothing gives way for it; nor does
    /// anything during a pause.
    pub(crate) fn make_room(&mut self, id: ClientId) -> bool {
        let limit = self.config.maxmemory;
        let is_exempt = self.clients.get(&id).is_none_or(|client| client.hidden);
        if limit == 0 || is_exempt || self.pause.is_on() {
            return true;
        }
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
    fn victim(&mut self, policy: Policy) -> Option<(DbIndex, SmallBytes)> {
        let samples = match policy.order {
            Order::LeastRecent => self.config.maxmemory_samples,
            Order::Random | Order::TimeToLive => 1,
        };
        let mut candidates: Vec<(UnixMillis, DbIndex, SmallBytes)> = Vec::new();
        for index in 0..DATABASES {
            let db = DbIndex(index as u8);
            if policy.order == Order::TimeToLive {
                let first = self.db(db).iter_expires().next();
                candidates.extend(first.map(|(at, key)| (at, db, key.clone())));
            } else if self.db(db).len() <= samples {
                let all = self.db(db).iter();
                let all = all.filter(|(_, entry)| !policy.volatile || entry.expire_at.is_some());
                candidates.extend(all.map(|(key, entry)| (entry.accessed_at, db, key.clone())));
            } else {
                for _ in 0..samples {
                    candidates.extend(self.draw(db, policy.volatile));
                }
            }
        }
        let chosen = match policy.order {
            Order::Random if candidates.is_empty() => None,
            Order::Random => candidates.get(self.rng.usize(..candidates.len())),
            Order::LeastRecent | Order::TimeToLive => {
                candidates.iter().min_by_key(|(at, _, _)| *at)
            }
        };
        chosen.map(|(_, db, key)| (*db, key.clone()))
    }

    /// A key at random with the time of its last use.
    fn draw(
        &mut self,
        index: DbIndex,
        volatile: bool,
    ) -> Option<(UnixMillis, DbIndex, SmallBytes)> {
        if self.db(index).len() == 0 {
            return None;
        }
        for _ in 0..DRAWS {
            let place = self.rng.usize(..self.dbs[usize::from(index.0)].len());
            let (key, entry) = self.db(index).get_index(place)?;
            if !volatile || entry.expire_at.is_some() {
                return Some((entry.accessed_at, index, key.clone()));
            }
        }
        let (_, key) = self.db(index).iter_expires().next()?;
        let entry = self.db(index).get(key)?;
        Some((entry.accessed_at, index, key.clone()))
    }
}
