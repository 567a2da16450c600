//! Sorting, compiled once for all kinds of items: the standard library's sort is some kilobytes of
//! code for each, which a tab would have to load.
//!
//! What is sorted is an order of places; then the items are swapped into it.

use std::cmp::Ordering;

/// Sorts items; equal ones keep their order.
pub(crate) fn sort_by<T>(items: &mut [T], compare: impl FnMut(&T, &T) -> Ordering) {
    sort_first_by(items, items.len(), compare);
}

/// Sorts items by a key; equal ones keep their order.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Brings the first `count` items of the order to the front, in their order; equal ones keep
/// theirs. The others follow in any order.
pub(crate) fn sort_first_by<T>(
    items: &mut [T],
    count: usize,
    mut compare: impl FnMut(&T, &T) -> Ordering,
) {
    let mut places = order(items.len(), count, &mut |a, b| compare(&items[a], &items[b]));
    // Each cycle of places is followed once; a place that was visited points at itself.
    for start in 0..places.len() {
        let mut place = start;
        while places[place] != place {
            let next = std::mem::replace(&mut places[place], place);
            if next == start {
                break;
            }
            items.swap(place, next);
            place = next;
        }
    }
}

/// The places of the items in their order, of which the first `count` are sorted: by merging runs,
/// and no more of a run than `count`, as what comes behind is not among the first.
fn order(
    len: usize,
    count: usize,
    compare: &mut dyn FnMut(usize, usize) -> Ordering,
) -> Vec<usize> {
    let mut places: Vec<usize> = (0..len).collect();
    let mut merged = Vec::with_capacity(len);
    let mut width = 1;
    while width < len {
        for pair in places.chunks(2 * width) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, count, compare, &mut merged);
        }
        std::mem::swap(&mut places, &mut merged);
        merged.clear();
        width *= 2;
    }
    places
}

/// Appends the first `count` of two runs in their order, and then what is left of the runs.
fn merge<'r>(
    mut left: &'r [usize],
    mut right: &'r [usize],
    count: usize,
    compare: &mut dyn FnMut(usize, usize) -> Ordering,
    merged: &mut Vec<usize>,
) {
    for _ in 0..count {
        let (Some(&first), Some(&second)) = (left.first(), right.first()) else { break };
        let (run, place) = match compare(second, first) {
            Ordering::Less => (&mut right, second),
            _ => (&mut left, first),
        };
        merged.push(place);
        *run = &run[1..];
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn items_are_sorted_as_by_the_standard_library(items: Vec<(u8, u8)>, count: u8) {
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            let mut sorted = items.clone();
            sort_by_key(&mut sorted, |(key, _)| *key);
            prop_assert_eq!(&sorted, &expected);

            let count = usize::from(count).min(items.len());
            let mut first = items;
            sort_first_by(&mut first, count, |(a, _), (b, _)| a.cmp(b));
            prop_assert_eq!(&first[..count], &expected[..count]);
            first.sort();
            expected.sort();
            prop_assert_eq!(first, expected);
        }
    }
}
