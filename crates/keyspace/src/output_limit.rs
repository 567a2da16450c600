//! `client-output-buffer-limit`: a client that leaves too much of its output unread is cut off.
//!
//! What counts is what the engine holds for a client and what the host took and could not deliver,
//! as it says by [`Engine::note_undelivered`]. At the hard limit a client is cut off at once, at
//! the soft limit once it has been there for so many seconds without a break.

use crate::client::{Client, ClientId};
use crate::engine::Engine;
use crate::sorted::SortedSet;
use crate::time::UnixMillis;
use crate::value::canonical_integer;

/// So many bytes are never too many: Redis does not count what fits into a client's own buffer.
pub(crate) const UNCOUNTED: usize = 16 * 1024;

/// The limits of one class of clients; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Limit {
    hard: usize,
    soft: usize,
    soft_millis: i64,
}

impl Limit {
    fn is_hard_reached(self, bytes: usize) -> bool {
        self.hard > 0 && bytes > UNCOUNTED && bytes >= self.hard
    }

    fn is_soft_reached(self, bytes: usize) -> bool {
        self.soft > 0 && bytes > UNCOUNTED && bytes >= self.soft
    }
}

/// The limits of the classes of clients that there are: no client is a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutputLimits {
    normal: Limit,
    pubsub: Limit,
}

impl Default for OutputLimits {
    fn default() -> Self {
        let pubsub = Limit { hard: 32 << 20, soft: 8 << 20, soft_millis: 60_000 };
        OutputLimits { normal: Limit::default(), pubsub }
    }
}

impl OutputLimits {
    /// Reads the parameter's text: a class, its hard limit, its soft limit and seconds, and so on.
    pub fn parse(text: &[u8]) -> OutputLimits {
        let mut limits = OutputLimits { normal: Limit::default(), pubsub: Limit::default() };
        let words: Vec<&[u8]> = text.split(|byte| *byte == b' ').collect();
        for group in words.chunks_exact(4) {
            let number = |index: usize| canonical_integer(group[index]).unwrap_or_default();
            let size = |index| usize::try_from(number(index)).unwrap_or(usize::MAX);
            let soft_millis = number(3).saturating_mul(1000);
            let limit = Limit { hard: size(1), soft: size(2), soft_millis };
            match group[0] {
                b"normal" => limits.normal = limit,
                b"pubsub" => limits.pubsub = limit,
                _ => {}
            }
        }
        limits
    }

    fn of(self, client: &Client) -> Limit {
        if client.subscriptions.any() { self.pubsub } else { self.normal }
    }
}

/// Since when clients are at their soft limits.
#[derive(Debug, Clone, Default)]
pub(crate) struct SoftLimits {
    /// When each is cut off.
    deadlines: SortedSet<(UnixMillis, ClientId)>,
}

impl SoftLimits {
    /// When the first client is cut off.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        self.deadlines.first().map(|(at, _)| *at)
    }
}

impl Engine {
    /// Takes note of how many bytes of a client's output the host has taken and could not deliver
    /// yet. They count for `client-output-buffer-limit` and `maxmemory-clients`; a host that always
    /// delivers has nothing to say.
    pub fn note_undelivered(&mut self, id: ClientId, bytes: usize) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.undelivered = bytes;
            self.limit_output(id);
        }
    }

    /// A client's output has changed: it may be too much, or no longer.
    pub(crate) fn limit_output(&mut self, id: ClientId) {
        self.count_memory(id);
        let Some(client) = self.clients.get(&id) else {
            return;
        };
        let (bytes, limit) = (client.unread(), self.config.output_limits.of(client));
        if client.hidden || client.closing {
            return;
        }
        if limit.is_hard_reached(bytes) {
            self.cut_off_for_output(id);
        } else if !limit.is_soft_reached(bytes) {
            self.forget_soft_limit(id);
        } else if client.soft_deadline.is_none()
            && let Some(deadline) = self.now.checked_add(limit.soft_millis)
        {
            self.soft_limits.deadlines.insert((deadline, id));
            if let Some(client) = self.clients.get_mut(&id) {
                client.soft_deadline = Some(deadline);
            }
        }
    }

    /// Cuts off the clients that have been at their soft limit for long enough.
    pub(crate) fn cut_off_due(&mut self) {
        while let Some(&(at, id)) = self.soft_limits.deadlines.first()
            && at <= self.now
        {
            self.forget_soft_limit(id);
            self.cut_off_for_output(id);
        }
    }

    fn cut_off_for_output(&mut self, id: ClientId) {
        self.stats.output_limit_disconnections += 1;
        self.kill_client(id);
    }

    /// A client is below its soft limit, or gone.
    pub(crate) fn forget_soft_limit(&mut self, id: ClientId) {
        let deadline = self.clients.get_mut(&id).and_then(|client| client.soft_deadline.take());
        if let Some(deadline) = deadline {
            self.soft_limits.deadlines.remove(&(deadline, id));
        }
    }
}
