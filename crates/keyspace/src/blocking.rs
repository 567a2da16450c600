//! Clients that wait for a key.
//!
//! Protocol. A handler that finds nothing calls [`Context::block`](crate::context::Context::block)
//! and answers nothing: the client now has a [`Blocked`] record and stands in the queue of each of
//! its keys, by its arrival number. A change of a key that somebody waits for makes the key
//! *ready*. After the command that made it so (after EXEC as a whole), every ready key is served:
//! its queue is walked from the front, and each client's command is run again from its beginning.
//! A command that now succeeds or fails has answered, and its client is free; one that calls
//! `block` again stays where it stands, with its deadline. Serving may make further keys ready
//! (BLMOVE pushes); they are served by the same loop, without recursion.
//!
//! A client that waits for a key to be *there* is not looked at while the key is gone or holds
//! another type. One that waits as a consumer of the key's group (XREADGROUP) is: its command then
//! fails and frees it. Such a client may also ask to be tried at a time of its own, when entries
//! of other consumers will have been idle for long enough.
//!
//! A freed client goes on with what it had sent behind its blocking command only when all ready
//! keys are served.
//!
//! To add a blocking command: call `ctx.block` where there is nothing to answer, and nothing else.
//! A command whose arguments mean another thing later (`$` of XREAD) gives the arguments with which
//! it is to run again.

use crate::client::ClientId;
use crate::command;
use crate::db::DbIndex;
use crate::engine::Engine;
use crate::event::Event;
use crate::sorted::{SortedMap, SortedSet};
use crate::time::UnixMillis;
use crate::value::{Map, SmallBytes, ValueType};
use keyspace_resp::ReplyWriter;
use std::collections::VecDeque;
use std::ops::Bound;

/// What answers a client whose wait ended without its being served.
pub(crate) type TimeoutReply = fn(&mut ReplyWriter);

/// What a blocked client waits for, and what runs when it is there.
#[derive(Debug, Clone)]
pub(crate) struct Blocked {
    pub db: DbIndex,
    pub keys: Vec<SmallBytes>,
    pub wait: Wait,
    /// Its place in every queue: who came later has a larger one.
    pub arrival: u64,
    /// The command with its arguments, to be run again.
    pub args: Vec<SmallBytes>,
}

/// How a client waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    /// Only a key of this type can serve the command.
    pub value_type: ValueType,
    /// The command is tried, and fails, where the key is gone or of another type.
    pub unblock_on_nokey: bool,
    pub deadline: Option<UnixMillis>,
    /// It waits for entries of other consumers to be idle for long enough.
    pub claims: bool,
    /// When the command is tried again although no key has changed.
    pub retry_at: Option<UnixMillis>,
    pub timeout_reply: TimeoutReply,
}

impl Wait {
    /// Waits for a key of that type, for ever.
    pub fn new(value_type: ValueType, timeout_reply: TimeoutReply) -> Wait {
        Wait {
            value_type,
            unblock_on_nokey: false,
            claims: false,
            deadline: None,
            retry_at: None,
            timeout_reply,
        }
    }
}

/// Why a client stops waiting without having been served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unblock {
    /// As if its time had run out.
    Timeout,
    /// By `CLIENT UNBLOCK ... ERROR`.
    Error,
}

/// A key in its database.
type Place = (DbIndex, SmallBytes);

/// Who waits for one key, by arrival.
#[derive(Debug, Clone, Default)]
struct Queue {
    clients: SortedMap<u64, Waiting>,
    /// How many of them are tried where the key is gone.
    unblock_on_nokey: usize,
    /// How many of them wait for entries to be idle.
    claims: usize,
    /// The key stands in the list of ready keys.
    is_ready: bool,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    client: ClientId,
    unblock_on_nokey: bool,
    claims: bool,
}

impl Queue {
    /// A client may name a key twice, and stands in its queue once.
    fn insert(&mut self, arrival: u64, waiting: Waiting) {
        if self.clients.insert(arrival, waiting).is_none() {
            self.unblock_on_nokey += usize::from(waiting.unblock_on_nokey);
            self.claims += usize::from(waiting.claims);
        }
    }

    fn remove(&mut self, arrival: u64) {
        if let Some(waiting) = self.clients.remove(&arrival) {
            self.unblock_on_nokey -= usize::from(waiting.unblock_on_nokey);
            self.claims -= usize::from(waiting.claims);
        }
    }
}

/// The queues of waiting clients; none is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Blocking {
    queues: Map<Place, Queue>,
    timeouts: SortedSet<(UnixMillis, ClientId)>,
    retries: SortedSet<(UnixMillis, ClientId)>,
    ready: VecDeque<Place>,
    last_arrival: u64,
    /// Freed clients that may have more to run.
    freed: VecDeque<ClientId>,
    clients: usize,
}

impl Blocking {
    /// How many clients wait.
    pub fn clients(&self) -> usize {
        self.clients
    }

    /// How many keys are waited for.
    pub fn keys(&self) -> usize {
        self.queues.len()
    }

    /// How many clients wait for a limited time.
    pub fn timeouts(&self) -> usize {
        self.timeouts.len()
    }

    /// When the first timeout ends, or the first client is to be tried.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        [&self.timeouts, &self.retries]
            .into_iter()
            .filter_map(|times| times.first())
            .map(|(at, _)| *at)
            .min()
    }

    /// The client whose timeout ends first, where that is at `now` or before.
    pub fn due(&self, now: UnixMillis) -> Option<ClientId> {
        self.timeouts.first().filter(|(at, _)| *at <= now).map(|(_, id)| *id)
    }

    /// A number for the client that comes next.
    pub fn next_arrival(&mut self) -> u64 {
        self.last_arrival += 1;
        self.last_arrival
    }

    /// The first client that waits for a key and arrived after that one.
    fn next_waiting(&self, place: &Place, after: u64) -> Option<(u64, ClientId)> {
        let later = (Bound::Excluded(after), Bound::Unbounded);
        let (arrival, waiting) = self.queues.get(place)?.clients.range(later).next()?;
        Some((*arrival, waiting.client))
    }

    fn take_ready(&mut self) -> Option<Place> {
        let place = self.ready.pop_front()?;
        if let Some(queue) = self.queues.get_mut(&place) {
            queue.is_ready = false;
        }
        Some(place)
    }

    /// Whether somebody who waits for a key is to be told that it is gone.
    fn is_waited_for_without(&self, place: &Place) -> bool {
        self.queues.get(place).is_some_and(|queue| queue.unblock_on_nokey > 0)
    }

    /// A client may go on with what it had sent.
    pub fn free(&mut self, id: ClientId) {
        self.freed.push_back(id);
    }

    /// The next freed client that may have more to run.
    pub fn take_freed(&mut self) -> Option<ClientId> {
        self.freed.pop_front()
    }
}

impl Engine {
    /// Parks a client.
    pub(crate) fn block_client(&mut self, id: ClientId, blocked: Blocked) {
        let wait = blocked.wait;
        let waiting =
            Waiting { client: id, unblock_on_nokey: wait.unblock_on_nokey, claims: wait.claims };
        for key in &blocked.keys {
            let queue = self.blocking.queues.entry((blocked.db, key.clone())).or_default();
            queue.insert(blocked.arrival, waiting);
        }
        self.blocking.timeouts.extend(wait.deadline.map(|at| (at, id)));
        self.blocking.retries.extend(wait.retry_at.map(|at| (at, id)));
        self.blocking.clients += 1;
        self.record(|at| Event::Blocked {
            at,
            client: id,
            db: blocked.db,
            keys: blocked.keys.iter().map(|key| key.to_vec()).collect(),
            deadline: wait.deadline,
        });
        if let Some(client) = self.clients.get_mut(&id) {
            client.blocked = Some(blocked);
        }
    }

    /// Takes a client out of every queue; it has its record no longer.
    pub(crate) fn free_client(&mut self, id: ClientId) -> Option<Blocked> {
        let client = self.clients.get_mut(&id)?;
        let blocked = client.blocked.take()?;
        client.last_interaction_at = self.now;
        for key in &blocked.keys {
            let place = (blocked.db, key.clone());
            if let Some(queue) = self.blocking.queues.get_mut(&place) {
                queue.remove(blocked.arrival);
                if queue.clients.is_empty() {
                    self.blocking.queues.swap_remove(&place);
                }
            }
        }
        if let Some(deadline) = blocked.wait.deadline {
            self.blocking.timeouts.remove(&(deadline, id));
        }
        if let Some(retry_at) = blocked.wait.retry_at {
            self.blocking.retries.remove(&(retry_at, id));
        }
        self.blocking.clients -= 1;
        self.blocking.free(id);
        Some(blocked)
    }

    /// Panics where the queues and the clients that wait disagree, or a ready key was not served.
    pub(crate) fn check_blocking(&self) {
        let blocking = &self.blocking;
        assert!(blocking.ready.is_empty(), "every ready key was served");
        for ((db, key), queue) in &blocking.queues {
            assert!(!queue.clients.is_empty() && !queue.is_ready, "a queue is waited in");
            let tried_without = queue.clients.values().filter(|waiting| waiting.unblock_on_nokey);
            assert_eq!(tried_without.count(), queue.unblock_on_nokey, "these are counted");
            let claims = queue.clients.values().filter(|waiting| waiting.claims);
            assert_eq!(claims.count(), queue.claims, "and these");
            for (arrival, waiting) in &queue.clients {
                let client = self.clients.get(&waiting.client);
                let blocked = client.and_then(|client| client.blocked.as_ref());
                let blocked = blocked.expect("who stands in a queue waits");
                assert_eq!((blocked.arrival, blocked.db), (*arrival, *db), "in its place");
                assert!(blocked.keys.contains(key), "for this key");
            }
        }
        let waiting = self.clients.values().filter_map(|client| client.blocked.as_ref());
        assert_eq!(waiting.clone().count(), blocking.clients, "every client that waits is counted");
        assert_eq!(
            waiting.clone().filter(|blocked| blocked.wait.deadline.is_some()).count(),
            blocking.timeouts.len(),
            "every deadline is known"
        );
        for blocked in waiting {
            for key in &blocked.keys {
                let queue = blocking.queues.get(&(blocked.db, key.clone()));
                let stands =
                    queue.is_some_and(|queue| queue.clients.contains_key(&blocked.arrival));
                assert!(stands, "who waits stands in each of its queues");
            }
        }
    }

    /// Ends a client's wait without serving it; `false` where it does not wait.
    pub(crate) fn unblock_client(&mut self, id: ClientId, how: Unblock) -> bool {
        let Some(blocked) = self.free_client(id) else {
            return false;
        };
        self.record(|at| Event::Unblocked { at, client: id });
        let error = match how {
            Unblock::Timeout => None,
            Unblock::Error => Some("UNBLOCKED client unblocked via CLIENT UNBLOCK"),
        };
        let args: Vec<&[u8]> = blocked.args.iter().map(|arg| &**arg).collect();
        self.count_unblocked(id, &args, error);
        if self.end_wait_for_reply(id)
            && let Some(client) = self.clients.get_mut(&id)
        {
            match error {
                None => (blocked.wait.timeout_reply)(&mut client.out),
                Some(error) => client.out.error(error),
            }
            self.list_output(id);
        }
        true
    }

    /// A key changed; whoever waits for it is served after the command.
    #[inline]
    pub(crate) fn signal_key(&mut self, db: DbIndex, key: &[u8]) {
        if !self.blocking.queues.is_empty() {
            self.note_ready(db, key);
        }
    }

    #[cold]
    fn note_ready(&mut self, db: DbIndex, key: &[u8]) {
        let place = (db, SmallBytes::from(key));
        if let Some(queue) = self.blocking.queues.get_mut(&place)
            && !std::mem::replace(&mut queue.is_ready, true)
        {
            self.blocking.ready.push_back(place);
        }
    }

    /// Entries of a stream were delivered at another time than before: whoever waits for them to
    /// be idle looks again.
    pub(crate) fn signal_delivery(&mut self, db: DbIndex, key: &[u8]) {
        let place = (db, SmallBytes::from(key));
        if self.blocking.queues.get(&place).is_some_and(|queue| queue.claims > 0) {
            self.signal_key(db, key);
        }
    }

    /// Databases changed places, or one was filled or emptied as a whole: everything waited for
    /// there is looked at.
    pub(crate) fn signal_db(&mut self, db: DbIndex) {
        let waited = self.blocking.queues.keys().filter(|(waited, _)| *waited == db);
        let keys: Vec<_> = waited.map(|(_, key)| key.clone()).collect();
        for key in keys {
            self.signal_key(db, &key);
        }
    }

    /// Serves every ready key, those that serving makes ready included.
    #[inline]
    pub(crate) fn serve_ready_keys(&mut self) {
        if !self.blocking.ready.is_empty() {
            self.serve_all();
        }
    }

    #[cold]
    fn serve_all(&mut self) {
        while let Some(place) = self.blocking.take_ready() {
            self.serve_key(&place);
        }
    }

    /// Serves the clients that wait for a key, first come, first served, while it is there.
    fn serve_key(&mut self, place: &Place) {
        let (db, key) = place;
        let mut served = 0;
        while let Some((arrival, id)) = self.blocking.next_waiting(place, served) {
            let value_type = self.db(*db).get(key).map(|entry| entry.value.value_type());
            if value_type.is_none() && !self.blocking.is_waited_for_without(place) {
                return;
            }
            let blocked = self.clients.get(&id).and_then(|client| client.blocked.as_ref());
            if blocked.is_some_and(|Blocked { wait, .. }| {
                wait.unblock_on_nokey || value_type == Some(wait.value_type)
            }) {
                self.retry_blocked(id, key);
            }
            served = arrival;
        }
    }

    /// Says when a blocked client is to be tried although no key has changed.
    pub(crate) fn set_retry(&mut self, id: ClientId, retry_at: Option<UnixMillis>) {
        let blocked = self.clients.get_mut(&id).and_then(|client| client.blocked.as_mut());
        let Some(blocked) = blocked else {
            return;
        };
        let was = std::mem::replace(&mut blocked.wait.retry_at, retry_at);
        if let Some(was) = was {
            self.blocking.retries.remove(&(was, id));
        }
        self.blocking.retries.extend(retry_at.map(|at| (at, id)));
    }

    /// Tries every client that asked for it at this time or before.
    pub(crate) fn retry_due(&mut self) {
        let now = self.now;
        while let Some((_, id)) =
            self.blocking.retries.first().filter(|(at, _)| *at <= now).copied()
        {
            self.set_retry(id, None);
            let blocked = self.clients.get(&id).and_then(|client| client.blocked.as_ref());
            if let Some(key) = blocked.and_then(|blocked| blocked.keys.first().cloned()) {
                self.retry_blocked(id, &key);
            }
        }
    }

    /// Runs a blocked client's command again; it is freed unless the command blocks again.
    fn retry_blocked(&mut self, id: ClientId, key: &[u8]) {
        let Some(blocked) = self.clients.get(&id).and_then(|client| client.blocked.as_ref()) else {
            return;
        };
        let db = blocked.db;
        let args = blocked.args.clone();
        let args: Vec<&[u8]> = args.iter().map(|arg| &**arg).collect();
        if command::find(&args).is_ok_and(|command| self.is_paused(id, command, &args)) {
            self.pause.keep_ready(db, key);
            return;
        }
        if self.run_again(id, &args) {
            self.free_client(id);
            self.record(|at| Event::Woken { at, client: id, db, key: key.to_vec() });
        }
    }
}
