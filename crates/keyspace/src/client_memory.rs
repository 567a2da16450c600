//! What clients take of memory, and `maxmemory-clients`: the largest give way.
//!
//! What counts is what Redis would count: a client, its buffers (`client_buffers.rs`), the command
//! that it waits with, what it has queued, what it has not read, and a share for each key that it
//! watches, each subscription and each prefix that it tracks. The sum is kept up to date wherever
//! one of them changes, and checked at the end of a turn.

use crate::client::{Client, ClientId};
use crate::engine::Engine;

/// The value of `maxmemory-clients`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientsLimit {
    /// 0 is no limit.
    Bytes(u64),
    /// Of `maxmemory`.
    Percent(u64),
}

impl ClientsLimit {
    /// Reads the parameter's text.
    pub fn parse(text: &[u8]) -> ClientsLimit {
        let number = |text| crate::value::canonical_integer(text).unwrap_or_default();
        match text.strip_suffix(b"%") {
            Some(percent) => ClientsLimit::Percent(number(percent).unsigned_abs()),
            None => ClientsLimit::Bytes(number(text).unsigned_abs()),
        }
    }

    /// In bytes; 0 is no limit.
    fn bytes(self, maxmemory: u64) -> u64 {
        match self {
            ClientsLimit::Bytes(bytes) => bytes,
            ClientsLimit::Percent(percent) => maxmemory / 100 * percent,
        }
    }
}

/// A client without all that.
const CLIENT_BYTES: usize = 1280;
/// What a watched key, a subscription or a prefix takes: in the client, and in the index of all.
const NOTED_BYTES: usize = 64;
/// An argument beside its bytes, and a queued command; there is room for two, or four, and so on.
const ARGUMENT_BYTES: usize = 8;
const QUEUED_BYTES: usize = 24;

/// What the arguments of a command take.
pub(crate) fn arguments_bytes(args: impl Iterator<Item = usize>) -> usize {
    args.map(|len| len + ARGUMENT_BYTES).sum()
}

impl Client {
    /// The bytes that the client takes.
    pub fn memory(&self) -> usize {
        let prefixes = self.tracking.as_ref().map_or(0, |tracking| tracking.prefixes.len());
        let noted = self.transaction.watched.len() + self.subscriptions.len() + prefixes;
        let queued = match self.transaction.queue.as_ref().map_or(0, Vec::len) {
            0 => 0,
            commands => commands.next_power_of_two().max(2) * QUEUED_BYTES,
        };
        CLIENT_BYTES
            + self.buffers.bytes()
            + self.parser.as_ref().map_or(0, |parser| parser.partial_bytes())
            + arguments_bytes(self.waiting_args().iter().map(|arg| arg.len()))
            + self.transaction.queue_bytes
            + queued
            + self.unbuffered()
            + noted * NOTED_BYTES
    }

    /// The bytes of the arguments of the command with which the client waits, or of which the rest
    /// is still to come.
    pub fn argument_bytes(&self) -> usize {
        let partial = self.parser.as_ref().map_or(0, |parser| parser.partial_bytes());
        partial + self.waiting_args().iter().map(|arg| arg.len()).sum::<usize>()
    }

    /// The bytes of output that the client was not given yet and that its buffer does not hold.
    pub fn unbuffered(&self) -> usize {
        self.unread().saturating_sub(self.buffers.reply())
    }

    /// The bytes of output that the client was not given yet.
    pub fn unread(&self) -> usize {
        self.out.len() + self.undelivered
    }
}

impl Engine {
    /// The bytes that all clients take.
    pub(crate) fn clients_memory(&self) -> usize {
        self.clients_memory
    }

    /// Brings what a client takes up to date.
    pub(crate) fn count_memory(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(&id)
            && !client.hidden
        {
            let since = client.last_interaction_at;
            client.buffers.settle(self.now, since, self.config.hz, &mut self.reply_buffers);
            if let Some(parser) = &client.parser {
                client.buffers.note(parser, client.out.len());
            }
            // What was cut off is gone, though its host may not have heard of it yet.
            let memory = if client.cut_off { 0 } else { client.memory() };
            let before = std::mem::replace(&mut client.counted_memory, memory);
            self.clients_memory = self.clients_memory - before + memory;
        }
    }

    /// Closes clients, those that take most first, until the others fit into `maxmemory-clients`.
    /// CLIENT NO-EVICT spares one.
    pub(crate) fn evict_clients(&mut self) {
        let limit = self.config.maxmemory_clients.bytes(self.config.maxmemory);
        if limit > 0 && self.clients_memory as u64 > limit {
            // Those that are idle may take less by now.
            self.settle_buffers();
        }
        while limit > 0 && self.clients_memory as u64 > limit {
            let shown = self.clients.values().filter(|client| !client.hidden && !client.closing);
            let evictable = shown.filter(|client| !client.no_evict);
            let Some(id) =
                evictable.max_by_key(|client| client.counted_memory).map(|client| client.id)
            else {
                return;
            };
            self.stats.evicted_clients += 1;
            self.kill_client(id);
        }
    }

    /// Panics where the sum is not what the clients take.
    pub(crate) fn check_clients_memory(&self) {
        let counted: usize = self.clients.values().map(|client| client.counted_memory).sum();
        assert_eq!(counted, self.clients_memory, "what clients take is summed up");
    }
}
