use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const IDEMPOTENCY: IdempotencyLimits = IdempotencyLimits { duration_secs: 100, max_size: 100 };
const LIMITS: StreamLimits = StreamLimits { node_bytes: 4096, node_entries: 100 };

fn stream(entries: u64) -> Stream {
    let mut stream = Stream::new(IDEMPOTENCY);
    for id in 1..=entries {
        stream.append(StreamId::new(id, 0), &[b"f", b"v"], LIMITS);
    }
    stream
}

fn trim(threshold: Threshold, is_approximate: bool) -> Trim {
    Trim { threshold, is_approximate, limit: 0, references: References::Keep }
}

fn ids<'a>(entries: impl Iterator<Item = StreamEntry<'a>>) -> Vec<u64> {
    entries.map(|entry| entry.id.ms).collect()
}

#[test]
fn approximate_trimming_removes_whole_nodes() {
    for (added, max, left) in [(1000, 550, 600), (1000, 999, 1000), (100, 0, 0), (250, 60, 150)] {
        let mut stream = stream(added);
        stream.trim(trim(Threshold::MaxLen(max), true));
        assert_eq!(stream.len(), left, "{added} entries to {max}");
    }
    let mut stream = stream(1000);
    stream.trim(trim(Threshold::MinId(StreamId::new(350, 0)), true));
    assert_eq!(stream.first().map(|entry| entry.id.ms), Some(301));
}

#[test]
fn a_removed_entry_keeps_its_place_in_the_node() {
    let mut stream = stream(100);
    for id in 1..=50 {
        stream.delete(StreamId::new(id, 0));
    }
    stream.append(StreamId::new(101, 0), &[b"f", b"v"], LIMITS);
    assert_eq!(stream.nodes.len(), 2);
}

#[test]
fn a_limit_bounds_what_is_looked_at() {
    let mut stream = stream(1000);
    let all = trim(Threshold::MaxLen(0), true);
    assert_eq!(stream.trim(Trim { limit: 250, ..all }), 200);
    assert_eq!(stream.trim(Trim { limit: 99, ..all }), 0);
}

#[test]
fn only_what_every_group_acknowledged_is_released() {
    let mut stream = stream(3);
    let read = |last| ConsumerGroup::new(StreamId::new(last, 0), None);
    stream.groups.insert((&b"g"[..]).into(), read(2));
    stream.groups.insert((&b"h"[..]).into(), read(3));
    let acked = Trim { references: References::Acked, ..trim(Threshold::MaxLen(0), false) };
    assert_eq!(stream.trim(acked), 2);
    assert_eq!(ids(stream.range(StreamId::MIN, StreamId::MAX)), [3]);
}

#[derive(Debug, Clone)]
enum Op {
    Append(u64),
    Delete(u64),
    MaxLen(usize, bool),
    MinId(u64, bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (1..4_u64).prop_map(Op::Append),
        4 => (0..100_u64).prop_map(Op::Delete),
        1 => (0..20_usize, any::<bool>()).prop_map(|(max, approximate)| Op::MaxLen(max, approximate)),
        1 => (0..100_u64, any::<bool>()).prop_map(|(min, approximate)| Op::MinId(min, approximate)),
    ]
}

/// Does the same to a stream and to a plain set of ids; an approximate trim may leave more.
fn apply(stream: &mut Stream, model: &mut BTreeSet<u64>, op: Op) {
    let limits = StreamLimits { node_bytes: 60, node_entries: 4 };
    match op {
        Op::Append(step) => {
            let ms = stream.last_id.ms + step;
            stream.append(StreamId::new(ms, 0), &[b"field", b"value"], limits);
            model.insert(ms);
        }
        Op::Delete(id) => assert_eq!(stream.delete(StreamId::new(id, 0)), model.remove(&id)),
        Op::MaxLen(max, approximate) => {
            let removed = stream.trim(trim(Threshold::MaxLen(max), approximate));
            assert!(approximate || removed == model.len().saturating_sub(max));
            assert!(model.len() - removed >= max.min(model.len()));
            (0..removed).for_each(|_| _ = model.pop_first());
        }
        Op::MinId(min, approximate) => {
            let below = model.range(..min).count();
            let removed = stream.trim(trim(Threshold::MinId(StreamId::new(min, 0)), approximate));
            assert!(removed == below || approximate && removed < below);
            (0..removed).for_each(|_| _ = model.pop_first());
        }
    }
}

proptest! {
    /// Whatever is added, removed and trimmed, every range is what a plain set would answer.
    #[test]
    fn ranges_are_those_of_an_ordered_set(
        ops in proptest::collection::vec(op(), 0..80),
        bounds in proptest::collection::vec((0..120_u64, 0..120_u64), 1..6),
    ) {
        let mut stream = Stream::new(IDEMPOTENCY);
        let mut model = BTreeSet::new();
        for op in ops {
            apply(&mut stream, &mut model, op);
            prop_assert_eq!(stream.len(), model.len());
            prop_assert!(stream.nodes.values().all(|node| node.len() > 0));
            prop_assert_eq!(stream.first().map(|entry| entry.id.ms), model.first().copied());
            prop_assert_eq!(stream.last().map(|entry| entry.id.ms), model.last().copied());
        }
        for (start, end) in bounds {
            let range = || stream.range(StreamId::new(start, 0), StreamId::new(end, 0));
            let wanted: Vec<u64> =
                model.iter().copied().filter(|id| (start..=end).contains(id)).collect();
            prop_assert_eq!(ids(range()), wanted.clone());
            let backwards: Vec<u64> = wanted.into_iter().rev().collect();
            prop_assert_eq!(ids(range().rev()), backwards);
            let found = stream.get(StreamId::new(start, 0)).is_some();
            prop_assert_eq!(found, model.contains(&start));
        }
        for node in stream.nodes.keys().copied().collect::<Vec<_>>() {
            stream.remove_node(node);
        }
        prop_assert_eq!(stream.radix_tree_nodes, radix::EMPTY_NODES);
    }
}
