//! A consumer group: how far it has read, and what its consumers have not acknowledged.
//!
//! The pending entries are known by id, by the time of their last delivery and by consumer; the
//! three always agree. One that was released has no consumer, and is the first to be claimed.

use super::id::StreamId;
use crate::sorted::{SortedMap, SortedSet};
use crate::time::UnixMillis;
use std::sync::Arc;

/// A consumer's name, shared by everything that it has pending.
pub(crate) type ConsumerName = Arc<[u8]>;

/// A consumer group.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConsumerGroup {
    /// The last id that was delivered to any consumer.
    pub last_id: StreamId,
    /// How many entries of the stream's whole life were read up to there, where that is known.
    pub entries_read: Option<i64>,
    pending: SortedMap<StreamId, Pending>,
    /// What consumers have pending.
    by_time: SortedSet<(UnixMillis, StreamId)>,
    /// What they gave back, in that order.
    released: SortedMap<u64, StreamId>,
    consumers: SortedMap<ConsumerName, Consumer>,
}

/// An entry that was delivered and not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    pub holder: Holder,
    pub delivered_at: UnixMillis,
    pub delivery_count: u64,
}

/// Who has a pending entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    Consumer(ConsumerName),
    /// Nobody: it was released, and waits in this place.
    Nobody {
        place: u64,
    },
}

impl Holder {
    /// The consumer's name, empty for nobody.
    pub fn name(&self) -> &[u8] {
        match self {
            Holder::Consumer(name) => name,
            Holder::Nobody { .. } => b"",
        }
    }

    pub fn is_nobody(&self) -> bool {
        matches!(self, Holder::Nobody { .. })
    }
}

/// A consumer.
#[derive(Debug, Clone)]
pub(crate) struct Consumer {
    /// When it last asked for something.
    pub seen_at: UnixMillis,
    /// When it last got something, if it ever did.
    pub active_at: Option<UnixMillis>,
    pending: SortedSet<StreamId>,
}

impl Consumer {
    /// The entries that it has pending, in order.
    pub fn pending(&self) -> &SortedSet<StreamId> {
        &self.pending
    }
}

impl ConsumerGroup {
    /// A group without consumers that has read up to an id, and so many entries if that is known.
    pub fn new(last_id: StreamId, entries_read: Option<i64>) -> ConsumerGroup {
        ConsumerGroup { last_id, entries_read, ..ConsumerGroup::default() }
    }

    /// Every pending entry, by id.
    pub fn pending(&self) -> &SortedMap<StreamId, Pending> {
        &self.pending
    }

    /// What consumers have pending, by the time of its last delivery, the longest idle first.
    pub fn by_time(&self) -> &SortedSet<(UnixMillis, StreamId)> {
        &self.by_time
    }

    /// What was released and has no consumer, in the order in which it was.
    pub fn released(&self) -> impl Iterator<Item = StreamId> {
        self.released.values().copied()
    }

    /// What was delivered at that time or before, the longest idle first; what was released is
    /// idle for ever.
    pub fn idle_since(&self, at: UnixMillis) -> impl Iterator<Item = StreamId> {
        let owned = self.by_time.range(..=(at, StreamId::MAX)).map(|(_, id)| *id);
        self.released().chain(owned)
    }

    /// The consumers by their names.
    pub fn consumers(&self) -> &SortedMap<ConsumerName, Consumer> {
        &self.consumers
    }

    /// Creates a consumer; `false` where it exists.
    pub fn create_consumer(&mut self, name: &[u8], now: UnixMillis) -> bool {
        if self.consumers.contains_key(name) {
            return false;
        }
        let consumer = Consumer { seen_at: now, active_at: None, pending: SortedSet::default() };
        self.consumers.insert(name.into(), consumer);
        true
    }

    /// Notes that a consumer asked for something, and returns its name to be shared.
    pub fn see_consumer(&mut self, name: &[u8], now: UnixMillis) -> Option<ConsumerName> {
        self.consumers.get_mut(name)?.seen_at = now;
        self.consumers.get_key_value(name).map(|(name, _)| name.clone())
    }

    /// Notes that a consumer got something.
    pub fn mark_active(&mut self, name: &[u8], now: UnixMillis) {
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.active_at = Some(now);
        }
    }

    /// Removes a consumer with what it has pending, and says how much that was; `None` where there
    /// is no such consumer.
    pub fn delete_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let consumer = self.consumers.remove(name)?;
        for id in &consumer.pending {
            if let Some(pending) = self.pending.remove(id) {
                self.by_time.remove(&(pending.delivered_at, *id));
            }
        }
        Some(consumer.pending.len())
    }

    /// Makes an entry pending with a consumer, which exists, whoever had it before.
    pub fn deliver(
        &mut self,
        id: StreamId,
        name: &ConsumerName,
        delivered_at: UnixMillis,
        delivery_count: u64,
    ) {
        self.acknowledge(id);
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.pending.insert(id);
            self.by_time.insert((delivered_at, id));
            let holder = Holder::Consumer(name.clone());
            self.pending.insert(id, Pending { holder, delivered_at, delivery_count });
        }
    }

    /// Makes an entry pending with nobody, behind what was released before.
    pub fn release(&mut self, id: StreamId, delivery_count: u64) {
        self.acknowledge(id);
        let place = self.released.last_key_value().map_or(0, |(place, _)| place + 1);
        self.released.insert(place, id);
        let (holder, delivered_at) = (Holder::Nobody { place }, UnixMillis(0));
        self.pending.insert(id, Pending { holder, delivered_at, delivery_count });
    }

    /// An entry is pending no longer; `false` where it was not.
    pub fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(pending) = self.pending.remove(&id) else {
            return false;
        };
        match pending.holder {
            Holder::Nobody { place } => _ = self.released.remove(&place),
            Holder::Consumer(name) => {
                self.by_time.remove(&(pending.delivered_at, id));
                if let Some(consumer) = self.consumers.get_mut(&name) {
                    consumer.pending.remove(&id);
                }
            }
        }
        true
    }

    /// Whether an entry was delivered and acknowledged.
    pub fn is_done_with(&self, id: StreamId) -> bool {
        id <= self.last_id && !self.pending.contains_key(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[derive(Debug, Clone)]
    enum Op {
        Deliver { id: u64, consumer: u8, at: i64 },
        Acknowledge(u64),
        Release(u64),
        Delete(u8),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0..9_u64, 0..3_u8, 0..5_i64)
                .prop_map(|(id, consumer, at)| Op::Deliver { id, consumer, at }),
            2 => (0..9_u64).prop_map(Op::Acknowledge),
            2 => (0..9_u64).prop_map(Op::Release),
            1 => (0..3_u8).prop_map(Op::Delete),
        ]
    }

    fn apply(group: &mut ConsumerGroup, model: &mut BTreeMap<StreamId, (Option<u8>, i64)>, op: Op) {
        match op {
            Op::Deliver { id, consumer, at } => {
                let id = StreamId::new(id, 0);
                group.create_consumer(&[consumer], UnixMillis(at));
                let name = group.see_consumer(&[consumer], UnixMillis(at)).expect("it exists");
                group.deliver(id, &name, UnixMillis(at), 1);
                model.insert(id, (Some(consumer), at));
            }
            Op::Release(id) => {
                let id = StreamId::new(id, 0);
                group.release(id, 1);
                model.insert(id, (None, 0));
                assert_eq!(group.released().last(), Some(id));
            }
            Op::Acknowledge(id) => {
                let id = StreamId::new(id, 0);
                assert_eq!(group.acknowledge(id), model.remove(&id).is_some());
            }
            Op::Delete(consumer) => {
                let before = model.len();
                model.retain(|_, (owner, _)| *owner != Some(consumer));
                let removed = group.delete_consumer(&[consumer]).unwrap_or_default();
                assert_eq!(removed, before - model.len());
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_pending_agrees_by_id_time_and_consumer(
            ops in proptest::collection::vec(op(), 0..60)
        ) {
            let mut group = ConsumerGroup::default();
            let mut model = BTreeMap::new();
            for op in ops {
                apply(&mut group, &mut model, op);
                let by_id = group.pending.iter().map(|(id, pending)| {
                    (*id, (pending.holder.name().first().copied(), pending.delivered_at.0))
                });
                prop_assert!(by_id.eq(model.iter().map(|(id, pending)| (*id, *pending))));
                let owned = || model.iter().filter(|(_, (owner, _))| owner.is_some());
                let times: SortedSet<_> =
                    owned().map(|(id, (_, at))| (UnixMillis(*at), *id)).collect();
                prop_assert_eq!(&group.by_time, &times);
                let released: BTreeSet<_> = group.released().collect();
                prop_assert_eq!(released.len(), group.released().count());
                prop_assert_eq!(released.len(), model.len() - owned().count());
                prop_assert!(released.iter().all(|id| model[id].0.is_none()));
                for (name, consumer) in &group.consumers {
                    let owned: SortedSet<_> = model
                        .iter()
                        .filter(|(_, (owner, _))| *owner == Some(name[0]))
                        .map(|(id, _)| *id)
                        .collect();
                    prop_assert_eq!(&consumer.pending, &owned);
                }
            }
        }
    }
}
