//! Who listens to which channel, and which queues are bound to which exchange.

use super::actors::Change;
use super::{Scene, Stale, millis, task_of};
use celery_sim::ActorKind;
use keyspace::{ClientId, UnixMillis};
use std::collections::BTreeSet;

/// How many channels and bindings are followed.
const CHANNELS_MAX: usize = 256;
const BINDINGS_MAX: usize = 64;
/// A channel or a pattern.
#[derive(Debug, Clone, Default)]
pub(super) struct Channel {
    pub clients: BTreeSet<u64>,
    pub is_pattern: bool,
    pub published: u32,
    pub last: Option<(f64, u32)>,
}

impl Scene {
    /// A client said SUBSCRIBE, UNSUBSCRIBE or the like.
    pub(super) fn subscriptions(&mut self, client: ClientId, name: &[u8], channels: &[Vec<u8>]) {
        let is_pattern = matches!(name, b"PSUBSCRIBE" | b"PUNSUBSCRIBE");
        match name {
            b"SUBSCRIBE" | b"PSUBSCRIBE" => {
                for channel in channels {
                    self.subscribe(client.0, channel, is_pattern);
                }
            }
            b"UNSUBSCRIBE" | b"PUNSUBSCRIBE" if channels.is_empty() => {
                self.leave_all(client.0, Some(is_pattern));
            }
            b"UNSUBSCRIBE" | b"PUNSUBSCRIBE" => {
                for channel in channels {
                    self.leave(client.0, channel, is_pattern);
                }
            }
            _ => {}
        }
    }

    fn subscribe(&mut self, client: u64, channel: &[u8], is_pattern: bool) {
        self.changed = true;
        if let Some(task_id) = task_of(channel) {
            let is_producer = self
                .owners
                .get(&client)
                .is_some_and(|(id, _)| self.is_kind(*id, ActorKind::Producer));
            if is_producer {
                self.listeners.insert(task_id.into(), client);
            }
            return;
        }
        if self.channels.len() < CHANNELS_MAX || self.channels.contains_key(channel) {
            let channel = self.channels.entry(channel.to_vec()).or_default();
            channel.is_pattern = is_pattern;
            channel.clients.insert(client);
        }
    }

    fn leave(&mut self, client: u64, channel: &[u8], is_pattern: bool) {
        self.changed = true;
        if let Some(task_id) = task_of(channel) {
            self.listeners.remove(task_id);
            self.unwanted(task_id);
        } else if let Some(it) = self.channels.get_mut(channel)
            && it.is_pattern == is_pattern
        {
            it.clients.remove(&client);
            if it.clients.is_empty() {
                self.channels.remove(channel);
            }
        }
    }

    /// A client listens to nothing more, or to no more channels, or to no more patterns.
    pub(super) fn leave_all(&mut self, client: u64, patterns: Option<bool>) {
        if patterns != Some(true) {
            self.listeners.retain(|_, listener| *listener != client);
        }
        self.channels.retain(|_, channel| {
            if patterns.is_none_or(|patterns| channel.is_pattern == patterns) {
                channel.clients.remove(&client);
            }
            !channel.clients.is_empty()
        });
    }

    /// Whether a producer listens for the result of a task.
    pub(super) fn listens_for(&self, task_id: &str) -> bool {
        self.listeners.contains_key(task_id)
    }

    pub(super) fn published(
        &mut self,
        at: UnixMillis,
        channel: &[u8],
        message: &[u8],
        receivers: usize,
    ) {
        self.changed = true;
        let heard = Some((millis(at), receivers as u32));
        if let Some(task_id) = task_of(channel) {
            self.results_published = self.results_published.saturating_add(1);
            self.result_published_last = heard;
            if self.listens_for(task_id) {
                self.published_result(at, task_id, message);
            }
            return;
        }
        for (name, it) in &mut self.channels {
            if name == channel || it.is_pattern && is_match(name, channel) {
                it.published = it.published.saturating_add(1);
                it.last = heard;
            }
        }
        if receivers == 0 {
            self.unheard = Some((channel.to_vec(), millis(at)));
        }
    }

    pub(super) fn binding_changed(&mut self, key: &[u8], change: &Change<'_>) {
        if matches!(change.event, "del" | "expired") {
            self.bindings.remove(key);
        } else if self.bindings.len() < BINDINGS_MAX || self.bindings.contains_key(key) {
            self.stale.insert(Stale::Binding(key.to_vec()));
        }
    }

    /// Is told the members of a set of bindings.
    pub fn binding_is(&mut self, key: &[u8], members: Vec<Vec<u8>>) {
        self.changed = true;
        if members.is_empty() {
            self.bindings.remove(key);
        } else {
            self.bindings.insert(key.to_vec(), members);
        }
    }
}

/// Whether a channel fits a pattern. Celery's patterns have stars and nothing else.
fn is_match(pattern: &[u8], channel: &[u8]) -> bool {
    let mut parts = pattern.split(|byte| *byte == b'*');
    let Some(mut rest) = parts.next().and_then(|first| channel.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&[u8]> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        match rest.windows(part.len()).position(|window| window == part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn stars_stand_for_anything() {
        assert!(is_match(b"/0.celery.pidbox", b"/0.celery.pidbox"));
        assert!(is_match(b"/0.celeryev/worker.*", b"/0.celeryev/worker.heartbeat"));
        assert!(is_match(b"*.a*c", b"x.abc"));
        assert!(!is_match(b"ab*b", b"ab"));
        assert!(!is_match(b"/0.celeryev/*", b"/1.celeryev/x"));
    }
}
