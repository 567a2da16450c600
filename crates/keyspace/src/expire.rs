//! Expiry: what is due is removed at its millisecond, and announced.

use crate::db::{DATABASES, DbIndex};
use crate::engine::Engine;
use crate::event::Event;
use crate::notify::Class;
use crate::value::SmallBytes;

/// What died of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    Key,
    /// So many fields of a hash; the key with them where they were the last.
    Fields {
        expired: u64,
        emptied: bool,
    },
}

impl Engine {
    /// Removes every field and every key whose time has come.
    pub(crate) fn expire_due(&mut self) {
        for index in 0..DATABASES {
            let (db, now) = (DbIndex(index as u8), self.now);
            while let Some((key, expired)) = self.db_mut(db).expire_fields(now) {
                let entry = self.db(db).get(&key);
                let emptied = entry.is_some_and(|entry| entry.value.is_empty_aggregate());
                if emptied {
                    self.db_mut(db).remove(&key);
                }
                self.expired(db, key, Expiry::Fields { expired, emptied });
            }
            while let Some(key) = self.db(db).due(now) {
                self.db_mut(db).remove(&key);
                self.record(|at| Event::KeyExpired { at, db, key: key.to_vec() });
                self.expired(db, key, Expiry::Key);
            }
        }
    }

    /// Something of a key has died: that is announced at once, or at the end of a pause. Whoever
    /// watches the key sees that it is gone in either case.
    fn expired(&mut self, db: DbIndex, key: SmallBytes, expiry: Expiry) {
        if self.pause.is_on() {
            self.touch_watched(db, &key);
            self.pause.keep_expiry(db, key, expiry);
        } else {
            self.announce_expiry(db, &key, expiry);
        }
    }

    /// Counts and announces what has died.
    pub(crate) fn announce_expiry(&mut self, db: DbIndex, key: &[u8], expiry: Expiry) {
        match expiry {
            Expiry::Key => {
                self.stats.expired_keys += 1;
                self.key_changed(None, db, key, Class::EXPIRED, "expired");
            }
            Expiry::Fields { expired, emptied } => {
                self.stats.expired_fields += expired;
                self.key_changed(None, db, key, Class::HASH, "hexpired");
                if emptied {
                    self.key_changed(None, db, key, Class::GENERIC, "del");
                }
            }
        }
    }
}
