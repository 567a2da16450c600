//! Client-side caching: which clients may hold which keys, and telling them what changed.
//!
//! A client that tracks is remembered with each key that its read-only commands name, and told
//! once when that key changes; it has to read the key again to be told again. One that broadcasts
//! is told of every change of a key with one of its prefixes, at the end of a turn, which is one
//! call of the host. Keys go by their names alone, in whatever database they are.
//!
//! What a client is told because of its own command follows the reply and precedes all else that
//! the command pushes to it. Whoever is told in its stead is told at the same moment, behind what
//! the command published.
//! A client that is gone stays in the table until its keys change or are forgotten for others.

use crate::args::Args;
use crate::client::ClientId;
use crate::command::{Command, Flag, Group, keys};
use crate::engine::Engine;
use crate::sorted::{SortedMap, SortedSet};
use crate::value::{Map, SmallBytes};
use keyspace_resp::{Protocol, ReplyWriter};

/// How a client tracks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracking {
    pub mode: Mode,
    /// Who is told in the client's stead.
    pub redirect: Option<ClientId>,
    /// That one was gone when it was to be told.
    pub is_redirect_broken: bool,
    /// The client is not told of its own changes.
    pub noloop: bool,
    /// CLIENT CACHING came: the next command or transaction is the exception to the mode.
    pub caching: bool,
    /// What a client that broadcasts listens to.
    pub prefixes: SortedSet<SmallBytes>,
}

/// Which keys a client is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mode {
    /// Those that it reads.
    #[default]
    Read,
    /// Those that it reads behind CLIENT CACHING YES.
    OptIn,
    /// Those that it reads, but not behind CLIENT CACHING NO.
    OptOut,
    /// Every key with one of its prefixes.
    Broadcast,
}

impl Tracking {
    /// Whether the keys that a command reads now are remembered.
    fn remembers(&self) -> bool {
        match self.mode {
            Mode::Read => true,
            Mode::OptIn => self.caching,
            Mode::OptOut => !self.caching,
            Mode::Broadcast => false,
        }
    }
}

/// Who may hold what.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrackingTable {
    keys: Map<SmallBytes, SortedSet<ClientId>>,
    /// Pairs of a key and a client.
    items: usize,
    prefixes: SortedMap<SmallBytes, Prefix>,
    clients: usize,
    /// What the client whose command runs is told at its end.
    own: Vec<Own>,
    /// How many times in a row the table was found too large and could not be made small enough.
    overruns: usize,
}

/// What a client made invalid for itself.
#[derive(Debug, Clone)]
enum Own {
    Key(SmallBytes),
    Everything,
}

/// A prefix that is listened to.
#[derive(Debug, Clone, Default)]
struct Prefix {
    clients: SortedSet<ClientId>,
    /// The keys that changed in this turn, and who changed each last.
    changed: SortedMap<SmallBytes, Option<ClientId>>,
}

impl TrackingTable {
    /// How many clients track.
    pub fn clients(&self) -> usize {
        self.clients
    }

    /// How many keys are remembered.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// How many pairs of a key and a client are remembered.
    pub fn items(&self) -> usize {
        self.items
    }

    /// How many prefixes are listened to.
    pub fn prefixes(&self) -> usize {
        self.prefixes.len()
    }

    fn remember(&mut self, key: &[u8], id: ClientId) {
        let clients = match self.keys.get_mut(key) {
            Some(clients) => clients,
            None => self.keys.entry(key.into()).or_default(),
        };
        self.items += usize::from(clients.insert(id));
    }

    fn forget(&mut self, key: &[u8]) -> Option<SortedSet<ClientId>> {
        let clients = self.keys.swap_remove(key)?;
        self.items -= clients.len();
        Some(clients)
    }

    fn forget_all(&mut self) {
        self.keys.clear();
        self.items = 0;
    }
}

/// What a client is told to forget.
#[derive(Debug, Clone, Copy)]
enum Invalid<'a> {
    Keys(&'a [&'a [u8]]),
    Everything,
}

/// How many keys are forgotten at a time while there are too many; more after each time that this
/// was not enough.
const EFFORT: usize = 100;

/// Where a client of RESP2 that is told in another's stead receives it.
const CHANNEL: &[u8] = b"__redis__:invalidate";

impl Engine {
    /// Lets a client track, or track in another way. Prefixes add to those it has.
    pub(crate) fn start_tracking(&mut self, id: ClientId, tracking: Tracking) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        for prefix in &tracking.prefixes {
            self.tracking.prefixes.get_or_default(prefix.clone()).clients.insert(id);
        }
        match &mut client.tracking {
            None => {
                client.tracking = Some(tracking);
                self.tracking.clients += 1;
            }
            Some(before) => {
                let mut prefixes = std::mem::take(&mut before.prefixes);
                prefixes.extend(tracking.prefixes.iter().cloned());
                *before = Tracking { prefixes, caching: before.caching, ..tracking };
            }
        }
    }

    /// Ends a client's tracking. What it read stays in the table: should it track again, it may
    /// still be told of that.
    pub(crate) fn stop_tracking(&mut self, id: ClientId) {
        let tracking = self.clients.get_mut(&id).and_then(|client| client.tracking.take());
        let Some(tracking) = tracking else {
            return;
        };
        self.tracking.clients -= 1;
        for name in tracking.prefixes {
            if let Some(prefix) = self.tracking.prefixes.get_mut(&name) {
                prefix.clients.remove(&id);
                if prefix.clients.is_empty() {
                    self.tracking.prefixes.remove(&name);
                }
            }
        }
    }

    /// Remembers the keys that a client's command has read, where it tracks them.
    #[inline]
    pub(crate) fn remember_keys(&mut self, id: ClientId, command: &Command, args: &Args<'_>) {
        if self.tracking.clients > 0 {
            self.remember_read_keys(id, command, args);
        }
    }

    #[cold]
    fn remember_read_keys(&mut self, id: ClientId, command: &Command, args: &Args<'_>) {
        // What a script reads, its own calls say.
        let reads = command.has(Flag::Readonly)
            && !command.has(Flag::Pubsub)
            && command.spec.group != Group::Scripting;
        let tracking = self.clients.get(&id).and_then(|client| client.tracking.as_ref());
        if !reads || !tracking.is_some_and(Tracking::remembers) {
            return;
        }
        for key in keys::keys_of(command.spec, args).unwrap_or_default() {
            self.tracking.remember(args[key.index], id);
        }
    }

    /// Tells whoever may hold a key that `changer` changed it; those that broadcast are told at
    /// the end of the turn.
    #[inline]
    pub(crate) fn invalidate(&mut self, changer: Option<ClientId>, key: &[u8]) {
        if !self.tracking.keys.is_empty() || !self.tracking.prefixes.is_empty() {
            self.invalidate_key(changer, key);
        }
    }

    #[cold]
    fn invalidate_key(&mut self, changer: Option<ClientId>, key: &[u8]) {
        for (name, prefix) in self.tracking.prefixes.iter_mut() {
            if key.starts_with(name) {
                prefix.changed.insert(key.into(), changer);
            }
        }
        self.forget_key(changer, key);
    }

    /// Forgets who may hold a key, and tells them; `changer` at the end of its command.
    fn forget_key(&mut self, changer: Option<ClientId>, key: &[u8]) {
        for id in self.tracking.forget(key).unwrap_or_default() {
            let tracking = self.clients.get(&id).and_then(|client| client.tracking.as_ref());
            let is_told = tracking.is_some_and(|tracking| {
                tracking.mode != Mode::Broadcast && !(tracking.noloop && changer == Some(id))
            });
            if is_told && changer == Some(id) {
                self.tracking.own.push(Own::Key(key.into()));
            } else if is_told {
                self.tell_invalid(id, Invalid::Keys(&[key]));
            }
        }
    }

    /// Tells every client that tracks that `changer`, or the host, emptied a database.
    pub(crate) fn invalidate_all(&mut self, changer: Option<ClientId>) {
        self.tracking.forget_all();
        if self.tracking.clients == 0 {
            return;
        }
        let tracks = self.clients.values().filter(|client| client.tracking.is_some());
        let ids: Vec<ClientId> = tracks.map(|client| client.id).collect();
        for id in ids {
            if Some(id) == changer {
                self.tracking.own.push(Own::Everything);
            } else {
                self.tell_invalid(id, Invalid::Everything);
            }
        }
    }

    /// Tells a client what its own command, which has ended, made invalid.
    pub(crate) fn tell_own_invalid(&mut self, id: ClientId) {
        if self.tracking.own.is_empty() {
            return;
        }
        for own in std::mem::take(&mut self.tracking.own) {
            match own {
                Own::Key(key) => self.tell_invalid(id, Invalid::Keys(&[&key])),
                Own::Everything => self.tell_invalid(id, Invalid::Everything),
            }
        }
    }

    /// Tells the clients that broadcast what changed in this turn.
    pub(crate) fn broadcast_invalid(&mut self) {
        if self.tracking.prefixes.values().all(|prefix| prefix.changed.is_empty()) {
            return;
        }
        let mut messages = Vec::new();
        for prefix in self.tracking.prefixes.values_mut() {
            let changed = std::mem::take(&mut prefix.changed);
            if !changed.is_empty() {
                messages.push((changed, prefix.clients.clone()));
            }
        }
        for (changed, clients) in messages {
            for id in clients {
                let tracking = self.clients.get(&id).and_then(|client| client.tracking.as_ref());
                let noloop = tracking.is_some_and(|tracking| tracking.noloop);
                let told = changed.iter().filter(|(_, by)| !(noloop && **by == Some(id)));
                let keys: Vec<&[u8]> = told.map(|(key, _)| &**key).collect();
                if !keys.is_empty() {
                    self.tell_invalid(id, Invalid::Keys(&keys));
                }
            }
        }
    }

    /// Forgets keys at random until there are no more than `tracking-table-max-keys`, and tells
    /// who may hold them. Where there are far too many this takes several turns.
    #[inline]
    pub(crate) fn limit_tracking_table(&mut self) {
        let limit = self.config.tracking_table_max_keys;
        if limit == 0 || self.tracking.keys.len() <= limit {
            self.tracking.overruns = 0;
        } else {
            self.shorten_tracking_table(limit);
        }
    }

    #[cold]
    fn shorten_tracking_table(&mut self, limit: usize) {
        self.tracking.overruns += 1;
        for _ in 0..EFFORT.saturating_mul(self.tracking.overruns) {
            let place = self.rng.usize(..self.tracking.keys.len());
            let Some((key, _)) = self.tracking.keys.get_index(place) else {
                return;
            };
            let key = key.clone();
            self.forget_key(None, &key);
            if self.tracking.keys.len() <= limit {
                self.tracking.overruns = 0;
                return;
            }
        }
    }

    /// Tells a client that tracks, or the one that is told in its stead. RESP2 has a way to tell
    /// only the latter, and only if that listens to channels.
    fn tell_invalid(&mut self, id: ClientId, what: Invalid<'_>) {
        let redirect = self.clients.get(&id).and_then(|client| client.tracking.as_ref()?.redirect);
        let told = redirect.unwrap_or(id);
        if self.clients.get(&told).is_none_or(|client| client.closing) {
            if told != id {
                self.tell_broken(id, told);
            }
            return;
        }
        let Some(client) = self.clients.get_mut(&told) else {
            return;
        };
        let out = &mut client.out;
        match out.protocol() {
            Protocol::Resp3 => {
                out.push(2);
                out.bulk(b"invalidate");
            }
            Protocol::Resp2 if redirect.is_some() && client.subscriptions.any() => {
                out.push(3);
                out.bulk(b"message");
                out.bulk(CHANNEL);
            }
            Protocol::Resp2 => return,
        }
        write_invalid(out, what);
        self.list_output(told);
    }

    /// Tells a client that whoever was to be told in its stead is gone.
    fn tell_broken(&mut self, id: ClientId, gone: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        if let Some(tracking) = &mut client.tracking {
            tracking.is_redirect_broken = true;
        }
        if client.out.protocol() == Protocol::Resp3 {
            client.out.push(2);
            client.out.bulk(b"tracking-redir-broken");
            client.out.integer(gone.0 as i64);
            self.list_output(id);
        }
    }

    /// Panics where the table and the clients that track disagree.
    pub(crate) fn check_tracking(&self) {
        let table = &self.tracking;
        assert!(table.own.is_empty() || self.has_unfinished_script(), "what ended was told");
        let items: usize = table.keys.values().map(SortedSet::len).sum();
        assert_eq!(items, table.items, "pairs are counted");
        assert!(table.keys.values().all(|ids| !ids.is_empty()), "a key is held by somebody");
        let tracking = || self.clients.values().filter_map(|client| client.tracking.as_ref());
        assert_eq!(tracking().count(), table.clients, "clients that track are counted");
        for (name, prefix) in &table.prefixes {
            assert!(!prefix.clients.is_empty(), "a prefix is listened to");
            assert!(prefix.changed.is_empty(), "what changed was told");
            for id in &prefix.clients {
                let tracking = self.clients.get(id).and_then(|client| client.tracking.as_ref());
                let knows = tracking.is_some_and(|tracking| tracking.prefixes.contains(name));
                assert!(knows, "who listens to a prefix knows it");
            }
        }
        for name in tracking().flat_map(|tracking| &tracking.prefixes) {
            assert!(table.prefixes.contains_key(name), "a client's prefix is listened to");
        }
    }
}

fn write_invalid(out: &mut ReplyWriter, what: Invalid<'_>) {
    match what {
        Invalid::Everything => out.null(),
        Invalid::Keys(keys) => {
            out.array(keys.len());
            for key in keys {
                out.bulk(key);
            }
        }
    }
}
