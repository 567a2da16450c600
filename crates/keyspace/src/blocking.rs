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
//! A freed client goes on with what it had sent behind its blocking command only when all ready
//! keys are served.
//!
//! To add a blocking command: call `ctx.block` where there is nothing to answer, and nothing else.

use crate::client::ClientId;
use crate::db::DbIndex;
use crate::engine::Engine;
use crate::event::Event;
use crate::time::UnixMillis;
use crate::value::{Map, SmallBytes, ValueType};
use keyspace_resp::ReplyWriter;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

/// What answers a client whose wait ended without its being served.
pub(crate) type TimeoutReply = fn(&mut ReplyWriter);

/// What a blocked client waits for, and what runs when it is there.
#[derive(Debug, Clone)]
pub(crate) struct Blocked {
    pub db: DbIndex,
    pub keys: Vec<SmallBytes>,
    /// Only a key of this type can serve the command.
    pub value_type: ValueType,
    pub deadline: Option<UnixMillis>,
    pub timeout_reply: TimeoutReply,
    /// Its place in every queue: who came later has a larger one.
    pub arrival: u64,
    /// The command with its arguments, to be run again.
    pub args: Vec<SmallBytes>,
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
    clients: BTreeMap<u64, ClientId>,
    /// The key stands in the list of ready keys.
    is_ready: bool,
}

/// The queues of waiting clients; none is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Blocking {
    queues: Map<Place, Queue>,
    timeouts: BTreeSet<(UnixMillis, ClientId)>,
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

    /// When the first timeout ends.
    pub fn next_timeout(&self) -> Option<UnixMillis> {
        self.timeouts.first().map(|(at, _)| *at)
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
        let (arrival, id) = self.queues.get(place)?.clients.range(later).next()?;
        Some((*arrival, *id))
    }

    fn take_ready(&mut self) -> Option<Place> {
        let place = self.ready.pop_front()?;
        if let Some(queue) = self.queues.get_mut(&place) {
            queue.is_ready = false;
        }
        Some(place)
    }

    /// The next freed client that may have more to run.
    pub fn take_freed(&mut self) -> Option<ClientId> {
        self.freed.pop_front()
    }
}

impl Engine {
    /// Parks a client.
    pub(crate) fn block_client(&mut self, id: ClientId, blocked: Blocked) {
        for key in &blocked.keys {
            let queue = self.blocking.queues.entry((blocked.db, key.clone())).or_default();
            queue.clients.insert(blocked.arrival, id);
        }
        if let Some(deadline) = blocked.deadline {
            self.blocking.timeouts.insert((deadline, id));
        }
        self.blocking.clients += 1;
        self.record(|at| Event::Blocked {
            at,
            client: id,
            db: blocked.db,
            keys: blocked.keys.iter().map(|key| key.to_vec()).collect(),
            deadline: blocked.deadline,
        });
        if let Some(client) = self.clients.get_mut(&id) {
            client.blocked = Some(blocked);
        }
    }

    /// Takes a client out of every queue; it has its record no longer.
    pub(crate) fn free_client(&mut self, id: ClientId) -> Option<Blocked> {
        let blocked = self.clients.get_mut(&id)?.blocked.take()?;
        for key in &blocked.keys {
            let place = (blocked.db, key.clone());
            if let Some(queue) = self.blocking.queues.get_mut(&place) {
                queue.clients.remove(&blocked.arrival);
                if queue.clients.is_empty() {
                    self.blocking.queues.swap_remove(&place);
                }
            }
        }
        if let Some(deadline) = blocked.deadline {
            self.blocking.timeouts.remove(&(deadline, id));
        }
        self.blocking.clients -= 1;
        self.blocking.freed.push_back(id);
        Some(blocked)
    }

    /// Ends a client's wait without serving it; `false` where it does not wait.
    pub(crate) fn unblock_client(&mut self, id: ClientId, how: Unblock) -> bool {
        let Some(blocked) = self.free_client(id) else {
            return false;
        };
        self.record(|at| Event::Unblocked { at, client: id });
        if self.end_wait_for_reply(id)
            && let Some(client) = self.clients.get_mut(&id)
        {
            match how {
                Unblock::Timeout => (blocked.timeout_reply)(&mut client.out),
                Unblock::Error => {
                    client.out.error("UNBLOCKED client unblocked via CLIENT UNBLOCK");
                }
            }
            self.list_output(id);
        }
        true
    }

    /// A key changed; whoever waits for it is served after the command.
    pub(crate) fn signal_key(&mut self, db: DbIndex, key: &[u8]) {
        if self.blocking.queues.is_empty() {
            return;
        }
        let place = (db, SmallBytes::from(key));
        if let Some(queue) = self.blocking.queues.get_mut(&place)
            && !std::mem::replace(&mut queue.is_ready, true)
        {
            self.blocking.ready.push_back(place);
        }
    }

    /// Databases changed places, or one was filled as a whole: everything waited for there and
    /// existing is ready.
    pub(crate) fn signal_db(&mut self, db: DbIndex) {
        let keys: Vec<_> = self
            .blocking
            .queues
            .keys()
            .filter(|(waited, key)| *waited == db && self.db(db).contains(key))
            .map(|(_, key)| key.clone())
            .collect();
        for key in keys {
            self.signal_key(db, &key);
        }
    }

    /// Serves every ready key, those that serving makes ready included.
    pub(crate) fn serve_ready_keys(&mut self) {
        while let Some(place) = self.blocking.take_ready() {
            self.serve_key(&place);
        }
    }

    /// Serves the clients that wait for a key, first come, first served, while it is there.
    fn serve_key(&mut self, place: &Place) {
        let (db, key) = place;
        let mut served = 0;
        while let Some((arrival, id)) = self.blocking.next_waiting(place, served) {
            let Some(entry) = self.db(*db).get(key) else {
                return;
            };
            let value_type = entry.value.value_type();
            let blocked = self.clients.get(&id).and_then(|client| client.blocked.as_ref());
            if blocked.is_some_and(|blocked| blocked.value_type == value_type) {
                self.retry_blocked(id, key);
            }
            served = arrival;
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
        if self.run_again(id, &args) {
            self.free_client(id);
            self.record(|at| Event::Woken { at, client: id, db, key: key.to_vec() });
        }
    }
}
