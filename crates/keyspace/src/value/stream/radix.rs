//! How many nodes Redis's radix tree has for a set of ids, which XINFO tells.
//!
//! A key of 16 bytes is a leaf. Where keys part there is a node that branches, and a run of bytes
//! without a branch is one compressed node. What a key adds follows from its neighbours alone.

use super::id::StreamId;
use super::node::Node;
use crate::sorted::SortedMap;

const KEY_BYTES: usize = 16;

/// The nodes of a tree without keys.
pub(super) const EMPTY_NODES: usize = 1;

/// How many nodes the tree of `others` grows by with one more key, which is not among them.
pub(super) fn added_nodes(others: &SortedMap<StreamId, Node>, key: StreamId) -> usize {
    let before = others.range(..key).next_back().map(|(id, _)| *id);
    let after = others.range(key..).next().map(|(id, _)| *id);
    if before.is_none() && after.is_none() {
        // The root becomes the compressed node of the only key.
        return 1;
    }
    let parts_at = shared(before, key).max(shared(after, key));
    let bytes = key.to_bytes();
    let low = StreamId::with_prefix(bytes, parts_at, 0);
    let high = StreamId::with_prefix(bytes, parts_at, u8::MAX);
    let first = others.range(low..).next().map(|(id, _)| *id);
    let last = others.range(..=high).next_back().map(|(id, _)| *id);
    let (Some(first), Some(last)) = (first, last) else {
        return 0;
    };
    let tail = usize::from(KEY_BYTES > parts_at + 1);
    let next_branch = shared(Some(first), last);
    if next_branch <= parts_at {
        // There is a branch already: it gets one more child.
        return 1 + tail;
    }
    let outer = others.range(..low).next_back().map(|(id, _)| *id);
    let beyond = others.range(high..).map(|(id, _)| *id).find(|&id| id > high);
    let run_start = match (outer, beyond) {
        (None, None) => 0,
        _ => shared(outer, key).max(shared(beyond, key)) + 1,
    };
    let upper = usize::from(parts_at > run_start);
    let lower = usize::from(next_branch > parts_at + 1);
    // A leaf, a branch, and the run that the branch stands in is divided.
    2 + tail + upper + lower - 1
}

/// How many bytes two keys have in common; 0 where there is no other.
fn shared(other: Option<StreamId>, key: StreamId) -> usize {
    let pairs = other.map(|other| other.to_bytes().into_iter().zip(key.to_bytes()));
    pairs.map_or(0, |pairs| pairs.take_while(|(a, b)| a == b).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Counts the nodes of a tree whose keys share their first `depth` bytes.
    fn count(keys: &[[u8; KEY_BYTES]], depth: usize) -> usize {
        if depth == KEY_BYTES {
            return 1;
        }
        let end = (depth..KEY_BYTES)
            .find(|&at| keys.iter().any(|key| key[at] != keys[0][at]))
            .unwrap_or(KEY_BYTES);
        let run = usize::from(end > depth);
        if end == KEY_BYTES {
            return run + 1;
        }
        let children: usize =
            keys.chunk_by(|a, b| a[end] == b[end]).map(|keys| count(keys, end + 1)).sum();
        run + 1 + children
    }

    proptest! {
        #[test]
        fn keys_added_one_by_one_are_counted_as_all_at_once(
            ids in proptest::collection::vec((0..5_u64, prop_oneof![0..3_u64, 250..260_u64]), 1..20)
        ) {
            let mut tree = SortedMap::default();
            let mut nodes = EMPTY_NODES;
            for (ms, seq) in ids {
                let id = StreamId::new(ms << 8, seq);
                if !tree.contains_key(&id) {
                    nodes += added_nodes(&tree, id);
                    tree.insert(id, Node::new(id, &[]));
                }
                let keys: Vec<_> = tree.keys().map(|id| id.to_bytes()).collect();
                prop_assert_eq!(nodes, count(&keys, 0));
            }
        }
    }
}
