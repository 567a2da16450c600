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

/// The places of the items in their order, of which the first `count` are sorted.
fn order(
    len: usize,
    count: usize,
    compare: &mut dyn FnMut(usize, usize) -> Ordering,
) -> Vec<usize> {
    let mut places: Vec<usize> = (0..len).collect();
    let mut compare = |a: &usize, b: &usize| compare(*a, *b).then(a.cmp(b));
    if 0 < count && count < len {
        places.select_nth_unstable_by(count - 1, &mut compare);
    }
    places[..count].sort_unstable_by(compare);
    places
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
