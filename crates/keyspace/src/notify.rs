//! Keyspace notifications, and the one place where a changed key is announced.

use crate::client::ClientId;
use crate::db::DbIndex;
use crate::engine::Engine;
use crate::event::Event;

/// The classes of events that `notify-keyspace-events` selects by a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class(u32);

impl Class {
    /// `K`: messages to `__keyspace@<db>__:<key>`.
    pub const KEYSPACE: Class = Class(1 << 0);
    /// `E`: messages to `__keyevent@<db>__:<event>`.
    pub const KEYEVENT: Class = Class(1 << 1);
    pub const GENERIC: Class = Class(1 << 2);
    pub const STRING: Class = Class(1 << 3);
    pub const LIST: Class = Class(1 << 4);
    pub const SET: Class = Class(1 << 5);
    pub const HASH: Class = Class(1 << 6);
    pub const ZSET: Class = Class(1 << 7);
    pub const EXPIRED: Class = Class(1 << 8);
    pub const EVICTED: Class = Class(1 << 9);
    pub const STREAM: Class = Class(1 << 10);
    pub const KEY_MISS: Class = Class(1 << 11);
    pub const MODULE: Class = Class(1 << 13);
    pub const NEW: Class = Class(1 << 14);
    pub const OVERWRITTEN: Class = Class(1 << 15);
    pub const TYPE_CHANGED: Class = Class(1 << 16);

    /// Events that tell of no change: they are sent to subscribers alone.
    const NO_CHANGE: Class =
        Class::KEY_MISS.union(Class::NEW).union(Class::OVERWRITTEN).union(Class::TYPE_CHANGED);
    /// No class.
    pub const NONE: Class = Class(0);

    /// Every class with its letter, in the order in which CONFIG GET prints them; `A` stands for
    /// all those that are marked.
    const LETTERS: [(u8, Class, bool); 16] = [
        (b'g', Class::GENERIC, true),
        (b'$', Class::STRING, true),
        (b'l', Class::LIST, true),
        (b's', Class::SET, true),
        (b'h', Class::HASH, true),
        (b'z', Class::ZSET, true),
        (b'x', Class::EXPIRED, true),
        (b'e', Class::EVICTED, true),
        (b't', Class::STREAM, true),
        (b'd', Class::MODULE, true),
        (b'K', Class::KEYSPACE, false),
        (b'E', Class::KEYEVENT, false),
        (b'm', Class::KEY_MISS, false),
        (b'n', Class::NEW, false),
        (b'o', Class::OVERWRITTEN, false),
        (b'c', Class::TYPE_CHANGED, false),
    ];

    pub const fn union(self, other: Class) -> Class {
        Class(self.0 | other.0)
    }

    pub fn intersects(self, other: Class) -> bool {
        self.0 & other.0 != 0
    }

    fn contains(self, other: Class) -> bool {
        self.0 & other.0 == other.0
    }

    fn all() -> Class {
        let marked = Class::LETTERS.iter().filter(|(_, _, in_all)| *in_all);
        marked.fold(Class::NONE, |all, (_, class, _)| all.union(*class))
    }

    /// Reads the value of `notify-keyspace-events`; `None` where a letter is unknown.
    pub fn parse(letters: &[u8]) -> Option<Class> {
        letters.iter().try_fold(Class::NONE, |classes, letter| {
            let class = match letter {
                b'A' => Class::all(),
                _ => Class::LETTERS.iter().find(|(known, _, _)| known == letter)?.1,
            };
            Some(classes.union(class))
        })
    }

    /// The letters, as CONFIG GET prints them.
    pub fn letters(self) -> String {
        let all = self.contains(Class::all());
        let prefix = if all { "A" } else { "" };
        let single = Class::LETTERS
            .iter()
            .filter(|(_, class, in_all)| self.contains(*class) && !(all && *in_all))
            .map(|(letter, _, _)| *letter as char);
        prefix.chars().chain(single).collect()
    }
}

impl Engine {
    /// A key changed: watchers, waiting clients, those that may hold it, observers and subscribers
    /// are told, in that order. Every handler that changes a key calls this, after the change.
    #[inline]
    pub(crate) fn key_changed(
        &mut self,
        client: Option<ClientId>,
        db: DbIndex,
        key: &[u8],
        class: Class,
        event: &'static str,
    ) {
        self.stats.dirty += 1;
        self.touch_watched(db, key);
        self.signal_key(db, key);
        self.invalidate(client, key);
        self.notify(client, db, key, class, event);
    }

    /// Tells observers and subscribers of an event on a key that is no change by itself, or that
    /// was announced by another name already.
    #[inline]
    pub(crate) fn notify(
        &mut self,
        client: Option<ClientId>,
        db: DbIndex,
        key: &[u8],
        class: Class,
        event: &'static str,
    ) {
        if !class.intersects(Class::NO_CHANGE) {
            self.record(|at| Event::KeyChanged { at, client, db, key: key.to_vec(), event });
        }
        if self.config.notify_keyspace_events.intersects(class) {
            self.notify_subscribers(db, key, event);
        }
    }

    #[cold]
    fn notify_subscribers(&mut self, db: DbIndex, key: &[u8], event: &'static str) {
        let wanted = self.config.notify_keyspace_events;
        if wanted.contains(Class::KEYSPACE) {
            let mut channel = format!("__keyspace@{}__:", db.0).into_bytes();
            channel.extend_from_slice(key);
            self.publish(&channel, event.as_bytes());
        }
        if wanted.contains(Class::KEYEVENT) {
            let channel = format!("__keyevent@{}__:{event}", db.0);
            self.publish(channel.as_bytes(), key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Class;

    #[test]
    fn letters_read_and_print_as_in_redis() {
        for (set, get) in
            [("", ""), ("KEA", "AKE"), ("Kl$", "$lK"), ("g$lshzxetdK", "AK"), ("AKEm", "AKEm")]
        {
            let class = Class::parse(set.as_bytes()).expect("known letters");
            assert_eq!(class.letters(), get, "{set:?}");
        }
        assert_eq!(Class::parse(b"KQ"), None);
    }
}
