//! Expiry: what is due is removed at its millisecond, and announced.
//!
//! Tests of Redis may ask (DEBUG SET-ACTIVE-EXPIRE 0) that nothing dies by itself. What is due then
//! dies when a command meets it: its keys before it runs, and what else it looks at by
//! [`Context::expire_met`] and [`Engine::expire_shown`].

use crate::args::Args;
use crate::client::ClientId;
use crate::command::{Command, Group, keys};
use crate::context::Context;
use crate::db::{DATABASES, DbIndex, Entry};
use crate::engine::Engine;
use crate::event::Event;
use crate::notify::Class;
use crate::value::{SmallBytes, Value};

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
        if !self.active_expire {
            return;
        }
        for index in 0..DATABASES {
            let (db, now) = (DbIndex(index as u8), self.now);
            while let Some((key, expired)) = self.db_mut(db).expire_fields(now) {
                self.fields_expired(db, key, expired);
            }
            while let Some(key) = self.db(db).due(now) {
                self.expire_key(db, key);
            }
        }
    }

    /// Says whether what is due dies by itself, and lets it die.
    pub(crate) fn set_active_expire(&mut self, on: bool) {
        self.active_expire = on;
        self.expire_due();
    }

    /// Removes what is due among the keys of a call, where it does not die by itself.
    #[inline]
    pub(crate) fn expire_keys_of(&mut self, db: DbIndex, command: &Command, args: &Args<'_>) {
        if !self.active_expire {
            self.expire_met_keys(db, command, args);
        }
    }

    #[cold]
    fn expire_met_keys(&mut self, db: DbIndex, command: &Command, args: &Args<'_>) {
        let sees_fields = command.spec.group == Group::Hash && !command.spec.counts_due_fields;
        for key in keys::keys_of(command.spec, args).unwrap_or_default() {
            let key = args[key.index];
            self.expire_met(db, key);
            if sees_fields {
                self.expire_met_fields(db, key);
            }
        }
    }

    fn expire_met(&mut self, db: DbIndex, key: &[u8]) {
        let is_due = |entry: Entry<'_>| entry.expire_at.is_some_and(|at| at <= self.now);
        if !self.active_expire && self.db(db).get(key).is_some_and(is_due) {
            self.expire_key(db, key.into());
        }
    }

    fn expire_met_fields(&mut self, db: DbIndex, key: &[u8]) {
        let now = self.now;
        let first = self.db(db).get(key).and_then(|entry| entry.value.next_field_expire());
        if first.is_some_and(|at| at <= now)
            && let Some(expired) = self.db_mut(db).expire_fields_of(key, now)
        {
            self.fields_expired(db, key.into(), expired);
        }
    }

    /// Removes what is due among the keys that a command is about to show, where it does not die by
    /// itself.
    pub(crate) fn expire_shown(&mut self, db: DbIndex, is_shown: &dyn Fn(&[u8], &Value) -> bool) {
        if self.active_expire {
            return;
        }
        let shown = self.db(db).iter().filter(|(key, entry)| is_shown(key, entry.value));
        let keys: Vec<SmallBytes> = shown.map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.expire_met(db, &key);
        }
    }

    /// Removes what is due among the keys that a client watches, where it does not die by itself.
    pub(crate) fn expire_watched(&mut self, id: ClientId) {
        if self.active_expire {
            return;
        }
        let watched = self.clients.get(&id).map(|client| client.transaction.watched.clone());
        for (db, key) in watched.unwrap_or_default() {
            self.expire_met(db, &key);
        }
    }

    /// Removes a key whose time has come.
    fn expire_key(&mut self, db: DbIndex, key: SmallBytes) {
        self.db_mut(db).remove(&key);
        self.record(|at| Event::KeyExpired { at, db, key: key.to_vec() });
        self.expired(db, key, Expiry::Key);
    }

    /// Fields of a hash were removed; the key goes with the last of them.
    fn fields_expired(&mut self, db: DbIndex, key: SmallBytes, expired: u64) {
        let entry = self.db(db).get(&key);
        let emptied = entry.is_some_and(|entry| entry.value.is_empty_aggregate());
        if emptied {
            self.db_mut(db).remove(&key);
        }
        self.expired(db, key, Expiry::Fields { expired, emptied });
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

impl Context<'_> {
    /// Removes a key that is due and not among those of the call, where it does not die by itself.
    pub fn expire_met(&mut self, key: &[u8]) {
        self.engine.expire_met(self.db, key);
    }
}
