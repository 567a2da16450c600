//! What producers said they sent, so that a message which comes twice is added once.
//!
//! A producer names each message by an id of its own. The id is remembered for a time, and of each
//! producer only so many are.

use super::id::StreamId;
use crate::sorted::SortedSet;
use crate::time::UnixMillis;
use crate::value::{Map, SmallBytes};
use std::collections::VecDeque;
use xxhash_rust::xxh3::xxh3_128;

/// How long and how many message ids are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdempotencyLimits {
    pub duration_secs: i64,
    /// Of one producer.
    pub max_size: usize,
}

/// The message ids of a stream's producers.
#[derive(Debug, Clone)]
pub(crate) struct Idempotency {
    limits: IdempotencyLimits,
    producers: Map<SmallBytes, Producer>,
    /// Every producer by its oldest message.
    by_age: SortedSet<(UnixMillis, SmallBytes)>,
    /// How many message ids were ever remembered.
    pub added: u64,
    /// How many messages came again.
    pub duplicates: u64,
}

/// A producer; it has at least one message.
#[derive(Debug, Clone, Default)]
struct Producer {
    entries: Map<SmallBytes, (StreamId, UnixMillis)>,
    /// The messages with their times, the oldest first.
    order: VecDeque<(UnixMillis, SmallBytes)>,
}

impl Producer {
    fn oldest(&self) -> Option<UnixMillis> {
        self.order.front().map(|(at, _)| *at)
    }

    fn forget_oldest(&mut self) {
        if let Some((_, message)) = self.order.pop_front() {
            self.entries.swap_remove(&message);
        }
    }
}

impl Idempotency {
    pub fn new(limits: IdempotencyLimits) -> Idempotency {
        Idempotency {
            limits,
            producers: Map::default(),
            by_age: SortedSet::default(),
            added: 0,
            duplicates: 0,
        }
    }

    pub fn limits(&self) -> IdempotencyLimits {
        self.limits
    }

    /// Sets other limits, which forgets everything.
    pub fn set_limits(&mut self, limits: IdempotencyLimits) {
        if limits != self.limits {
            self.limits = limits;
            self.producers.clear();
            self.by_age.clear();
        }
    }

    /// The entry that a producer's message became, where that is remembered.
    pub fn get(&self, producer: &[u8], message: &[u8], now: UnixMillis) -> Option<StreamId> {
        let (id, at) = *self.producers.get(producer)?.entries.get(message)?;
        (!self.is_expired(at, now)).then_some(id)
    }

    /// Remembers a producer's message.
    pub fn record(&mut self, producer: &[u8], message: &[u8], id: StreamId, now: UnixMillis) {
        self.forget_expired(now);
        let name = SmallBytes::from(producer);
        let known = self.producers.entry(name.clone()).or_default();
        let was_oldest = known.oldest();
        known.entries.insert(message.into(), (id, now));
        known.order.push_back((now, message.into()));
        while known.order.len() > self.limits.max_size {
            known.forget_oldest();
        }
        let is_oldest = known.oldest();
        self.added += 1;
        if was_oldest != is_oldest {
            was_oldest.map(|at| self.by_age.remove(&(at, name.clone())));
            is_oldest.map(|at| self.by_age.insert((at, name)));
        }
    }

    /// Every producer with its messages, the oldest first, and the entries that they became.
    pub fn producers(
        &self,
    ) -> impl ExactSizeIterator<Item = (&[u8], impl ExactSizeIterator<Item = (&[u8], StreamId)>)>
    {
        self.producers.iter().map(|(name, known)| {
            let messages = known.order.iter().map(|(_, message)| {
                let (id, _) = known.entries[message];
                (&**message, id)
            });
            (&**name, messages)
        })
    }

    /// How many producers and how many of their messages are remembered.
    pub fn tracked(&self, now: UnixMillis) -> (usize, usize) {
        let live =
            self.producers.values().map(|known| known.order.len() - self.expired(known, now));
        live.filter(|&messages| messages > 0)
            .fold((0, 0), |(producers, all), messages| (producers + 1, all + messages))
    }

    /// How many of a producer's messages are too old.
    fn expired(&self, producer: &Producer, now: UnixMillis) -> usize {
        producer.order.partition_point(|(at, _)| self.is_expired(*at, now))
    }

    fn is_expired(&self, at: UnixMillis, now: UnixMillis) -> bool {
        now - at >= self.limits.duration_secs * 1000
    }

    fn forget_expired(&mut self, now: UnixMillis) {
        while let Some((at, name)) = self.by_age.first().cloned() {
            if !self.is_expired(at, now) {
                break;
            }
            self.by_age.pop_first();
            let Some(known) = self.producers.get(&name) else {
                continue;
            };
            let expired = self.expired(known, now);
            let known = &mut self.producers[&name];
            (0..expired).for_each(|_| known.forget_oldest());
            match known.oldest() {
                Some(at) => _ = self.by_age.insert((at, name)),
                None => _ = self.producers.swap_remove(&name),
            }
        }
    }
}

/// A message id made of fields and values; their order does not matter.
pub(crate) fn message_id(words: &[&[u8]]) -> [u8; 16] {
    let mut sum = 0_u128;
    for pair in words.chunks(2) {
        let mut bytes = Vec::new();
        for word in pair {
            bytes.extend_from_slice(&(word.len() as u64).to_le_bytes());
            bytes.extend_from_slice(word);
        }
        sum = sum.wrapping_add(xxh3_128(&bytes));
    }
    sum.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: IdempotencyLimits = IdempotencyLimits { duration_secs: 2, max_size: 2 };

    fn at(ms: i64) -> UnixMillis {
        UnixMillis(ms)
    }

    #[test]
    fn a_message_is_remembered_for_its_time_and_by_its_producer_alone() {
        let mut known = Idempotency::new(LIMITS);
        let id = StreamId::new(1, 0);
        known.record(b"p", b"m", id, at(0));
        assert_eq!(known.get(b"p", b"m", at(1999)), Some(id));
        assert_eq!(known.get(b"q", b"m", at(0)), None);
        assert_eq!(known.get(b"p", b"m", at(2000)), None);
        assert_eq!(known.tracked(at(1999)), (1, 1));
        assert_eq!(known.tracked(at(2000)), (0, 0));
    }

    #[test]
    fn the_oldest_message_of_a_producer_makes_room() {
        let mut known = Idempotency::new(LIMITS);
        for (message, time) in [(b"a", 0), (b"b", 500), (b"c", 1000)] {
            known.record(b"p", message, StreamId::new(1, 0), at(time));
        }
        assert_eq!(known.get(b"p", b"a", at(1000)), None);
        assert_eq!(known.tracked(at(1000)), (1, 2));
        assert_eq!(known.by_age.len(), 1);
    }

    #[test]
    fn what_is_too_old_takes_no_memory_when_something_new_comes() {
        let mut known = Idempotency::new(LIMITS);
        for (index, producer) in [b"p", b"q", b"r"].iter().enumerate() {
            known.record(*producer, b"m", StreamId::new(1, 0), at(1000 * index as i64));
        }
        assert_eq!(known.producers.len(), 2);
        known.record(b"r", b"n", StreamId::new(1, 1), at(3999));
        assert_eq!(known.producers.len(), 1);
        assert_eq!(known.by_age.len(), 1);
    }

    #[test]
    fn the_order_of_fields_does_not_make_a_message_another() {
        let id = |words: &[&[u8]]| message_id(words);
        assert_eq!(id(&[b"a", b"1", b"b", b"2"]), id(&[b"b", b"2", b"a", b"1"]));
        assert_ne!(id(&[b"a", b"1", b"b", b"2"]), id(&[b"a", b"2", b"b", b"1"]));
        assert_ne!(id(&[b"ab", b"c"]), id(&[b"a", b"bc"]));
    }
}
