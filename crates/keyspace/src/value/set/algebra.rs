//! Intersections, unions and differences, in the encodings that Redis's way to them leads to.

use super::{Member, Set, SetLimits};
use crate::sort::{sort_by, sort_by_key};

impl Set {
    /// The members that all sets have, in the order of the smallest set. There is at least one set;
    /// the smallest comes first afterwards.
    pub fn intersection<'s>(sets: &'s mut [&Set]) -> impl Iterator<Item = Member<'s>> {
        sort_by_key(sets, |set| set.len());
        let (smallest, others) = sets.split_first().expect("there is at least one set");
        smallest.iter().filter(|&member| others.iter().all(|other| other.contains(member)))
    }

    /// The intersection of at least one set as a new one: an intset where all of it are integers.
    pub fn intersection_stored(sets: &mut [&Set], limits: SetLimits) -> Set {
        let mut members = Set::intersection(sets).peekable();
        let mut result = match members.peek() {
            Some(Member::Bytes(_)) => Set::Listpack(Default::default()),
            Some(Member::Integer(_)) | None => Set::default(),
        };
        let mut integers = Some(Vec::new());
        for member in members {
            result.add(member, limits);
            match (member.integer(), &mut integers) {
                (Some(value), Some(integers)) => integers.push(value),
                _ => integers = None,
            }
        }
        match integers {
            Some(mut integers) if integers.len() <= limits.intset_entries => {
                sort_by(&mut integers, Ord::cmp);
                Set::Intset(integers)
            }
            _ => result,
        }
    }

    /// The members that any of the sets has.
    pub fn union(sets: &[Option<&Set>], limits: SetLimits) -> Set {
        let mut result = Set::default();
        for member in sets.iter().flatten().flat_map(|set| set.iter()) {
            result.add(member, limits);
        }
        result
    }

    /// The members of the first set that no other has.
    pub fn difference(sets: &[Option<&Set>], limits: SetLimits) -> Set {
        let mut result = Set::default();
        let Some((&Some(first), others)) = sets.split_first() else {
            return result;
        };
        let mut others: Vec<&Set> = others.iter().copied().flatten().collect();
        if others.iter().any(|other| std::ptr::eq(*other, first)) {
            return result;
        }
        // Looking every member up in every set, or removing every member of every set: whichever is
        // less work. The first leaves off as soon as a member is found, and so counts half.
        let lookups = first.len().saturating_mul(others.len() + 1) / 2;
        let removals = others.iter().fold(first.len(), |sum, set| sum.saturating_add(set.len()));
        if lookups <= removals {
            sort_by_key(&mut others, |set| std::cmp::Reverse(set.len()));
            for member in first.iter() {
                if !others.iter().any(|other| other.contains(member)) {
                    result.add(member, limits);
                }
            }
            return result;
        }
        for member in first.iter() {
            result.add(member, limits);
        }
        for member in others.iter().flat_map(|set| set.iter()) {
            result.remove(member);
            if result.is_empty() {
                break;
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{LIMITS, members, set};
    use super::*;

    #[test]
    fn an_intersection_follows_the_smallest_set() {
        let (a, b) = (set(&["x", "y", "z", "w"]), set(&["z", "q", "x"]));
        let stored = Set::intersection_stored(&mut [&a, &b], LIMITS);
        assert_eq!(
            (stored.encoding(), members(&stored)),
            ("listpack", vec!["z".into(), "x".into()])
        );
    }

    #[test]
    fn an_intersection_of_integers_is_an_intset_whatever_its_sources_are() {
        let (a, b) = (set(&["3", "1", "x", "y"]), set(&["y", "1", "3", "z", "2"]));
        assert_eq!((a.encoding(), b.encoding()), ("hashtable", "hashtable"));
        let c = set(&["1", "3"]);
        let stored = Set::intersection_stored(&mut [&a, &b, &c], LIMITS);
        assert_eq!((stored.encoding(), members(&stored)), ("intset", vec!["1".into(), "3".into()]));
        let stored = Set::intersection_stored(&mut [&a, &set(&["3", "1", "q"])], LIMITS);
        assert_eq!(stored.encoding(), "intset");
    }

    #[test]
    fn both_ways_to_a_difference_answer_the_same() {
        let first = set(&["a", "b", "1", "2"]);
        let few = [Some(&first), None];
        assert_eq!(members(&Set::difference(&few, LIMITS)), members(&first));
        let (b, c, d) = (set(&["b"]), set(&["2"]), set(&["9"]));
        // Many small sets: removing is less work than looking up.
        let many = [Some(&first), Some(&b), Some(&c), Some(&d)];
        let mut left = members(&Set::difference(&many, LIMITS));
        left.sort();
        assert_eq!(left, ["1", "a"]);
        assert!(Set::difference(&[Some(&first), Some(&first)], LIMITS).is_empty());
        assert!(Set::difference(&[None, Some(&first)], LIMITS).is_empty());
    }

    #[test]
    fn a_union_starts_as_an_intset() {
        let (a, b) = (set(&["2", "1"]), set(&["3", "2"]));
        let all = Set::union(&[Some(&a), None, Some(&b)], LIMITS);
        assert_eq!((all.encoding(), members(&all).join(" ")), ("intset", "1 2 3".into()));
    }
}
