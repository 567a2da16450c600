//! Publish and subscribe: who listens to what, and delivery.
//!
//! Messages are pushed to a receiver's output at the moment of PUBLISH. What a client publishes to
//! itself follows the reply to its own PUBLISH, as in Redis.

use crate::client::ClientId;
use crate::engine::Engine;
use crate::event::Event;
use crate::glob::glob_match;
use crate::value::{Map, OrderedSet, SmallBytes};

/// What a subscription is to: the three name spaces are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Channel,
    Pattern,
    Shard,
}

/// What one client is subscribed to, in the order of subscription.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subscriptions {
    channels: OrderedSet<SmallBytes>,
    patterns: OrderedSet<SmallBytes>,
    shards: OrderedSet<SmallBytes>,
}

impl Subscriptions {
    pub fn of(&self, kind: Kind) -> &OrderedSet<SmallBytes> {
        match kind {
            Kind::Channel => &self.channels,
            Kind::Pattern => &self.patterns,
            Kind::Shard => &self.shards,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut OrderedSet<SmallBytes> {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Pattern => &mut self.patterns,
            Kind::Shard => &mut self.shards,
        }
    }

    /// The count that SUBSCRIBE and its kin answer: shards are counted apart.
    pub fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Shard => self.shards.len(),
            Kind::Channel | Kind::Pattern => self.channels.len() + self.patterns.len(),
        }
    }

    /// How many there are of all kinds.
    pub fn len(&self) -> usize {
        self.channels.len() + self.patterns.len() + self.shards.len()
    }

    /// Whether the client listens to anything, so that RESP2 allows it few commands.
    pub fn any(&self) -> bool {
        self.len() > 0
    }
}

/// Who listens to what, in the order of subscription.
#[derive(Debug, Clone, Default)]
pub(crate) struct PubSub {
    channels: Map<SmallBytes, OrderedSet<ClientId>>,
    patterns: Map<SmallBytes, OrderedSet<ClientId>>,
    shards: Map<SmallBytes, OrderedSet<ClientId>>,
}

impl PubSub {
    /// Every name that has a listener, with its listeners.
    pub fn of(&self, kind: Kind) -> &Map<SmallBytes, OrderedSet<ClientId>> {
        match kind {
            Kind::Channel => &self.channels,
            Kind::Pattern => &self.patterns,
            Kind::Shard => &self.shards,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Map<SmallBytes, OrderedSet<ClientId>> {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Pattern => &mut self.patterns,
            Kind::Shard => &mut self.shards,
        }
    }
}

impl Engine {
    /// Subscribes a client; `false` where it was already.
    pub(crate) fn subscribe(&mut self, id: ClientId, kind: Kind, name: &[u8]) -> bool {
        let Some(client) = self.clients.get_mut(&id) else {
            return false;
        };
        if !client.subscriptions.of_mut(kind).insert(name.into()) {
            return false;
        }
        self.pubsub.of_mut(kind).entry(name.into()).or_default().insert(id);
        true
    }

    /// Ends a subscription; `false` where there was none.
    pub(crate) fn unsubscribe(&mut self, id: ClientId, kind: Kind, name: &[u8]) -> bool {
        let Some(client) = self.clients.get_mut(&id) else {
            return false;
        };
        if !client.subscriptions.of_mut(kind).shift_remove(name) {
            return false;
        }
        let listeners = self.pubsub.of_mut(kind);
        if let Some(ids) = listeners.get_mut(name) {
            ids.shift_remove(&id);
            if ids.is_empty() {
                listeners.swap_remove(name);
            }
        }
        true
    }

    /// Ends every subscription of a client, silently.
    pub(crate) fn unsubscribe_all(&mut self, id: ClientId) {
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            let Some(client) = self.clients.get(&id) else {
                return;
            };
            let names: Vec<_> = client.subscriptions.of(kind).iter().cloned().collect();
            for name in names {
                self.unsubscribe(id, kind, &name);
            }
        }
    }

    /// Delivers a message and returns how many clients received it; one that listens by a channel
    /// and a pattern counts twice.
    pub(crate) fn publish(&mut self, channel: &[u8], message: &[u8]) -> usize {
        let mut receivers = 0;
        for id in self.listeners(Kind::Channel, channel) {
            self.push(id, &[b"message", channel, message]);
            receivers += 1;
        }
        let patterns: Vec<(SmallBytes, Vec<ClientId>)> = self
            .pubsub
            .patterns
            .iter()
            .filter(|(pattern, _)| glob_match(pattern, channel, false))
            .map(|(pattern, ids)| (pattern.clone(), ids.iter().copied().collect()))
            .collect();
        for (pattern, ids) in patterns {
            for id in ids {
                self.push(id, &[b"pmessage", &pattern, channel, message]);
                receivers += 1;
            }
        }
        self.record(|at| Event::Published {
            at,
            channel: channel.to_vec(),
            message: message.to_vec(),
            receivers,
        });
        receivers
    }

    /// Delivers a message to a shard channel and returns how many clients received it.
    pub(crate) fn publish_shard(&mut self, channel: &[u8], message: &[u8]) -> usize {
        let ids = self.listeners(Kind::Shard, channel);
        for &id in &ids {
            self.push(id, &[b"smessage", channel, message]);
        }
        ids.len()
    }

    fn listeners(&self, kind: Kind, name: &[u8]) -> Vec<ClientId> {
        self.pubsub.of(kind).get(name).map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }

    fn push(&mut self, id: ClientId, parts: &[&[u8]]) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.out.push(parts.len());
            for part in parts {
                client.out.bulk(part);
            }
            self.list_output(id);
        }
    }
}
