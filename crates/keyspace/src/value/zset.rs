//! Sorted set values: members with a score, ordered by score and then by member.
//!
//! A *packed* sorted set (`listpack` in Redis) is small and has no index by member; it is searched
//! from its front. Once it outgrows the limits it gets the index (`skiplist`) and keeps it.

mod interval;
mod ranked;

use super::{ListpackLimits, Map, SmallBytes};
use crate::sort::sort_by;
pub(crate) use interval::{Interval, LexInterval, Limit, ScoreInterval};
use ranked::{Iter, Ranked};
use std::cmp::Ordering;
use std::ops::Range;

/// A member and its score, which is never NaN.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Element {
    pub member: SmallBytes,
    pub score: f64,
}

impl Element {
    /// The order of a sorted set.
    pub fn compare(&self, score: f64, member: &[u8]) -> Ordering {
        let by_score = self.score.partial_cmp(&score).expect("no score is NaN");
        by_score.then_with(|| (*self.member).cmp(member))
    }
}

/// A sorted set.
#[derive(Debug, Clone, Default)]
pub(crate) struct ZSet {
    /// The elements in their order.
    ranked: Ranked<Element>,
    /// Every member's score, unless the set is packed.
    scores: Option<Map<SmallBytes, f64>>,
}

impl ZSet {
    /// The result of a STORE command: packed if it fits, whatever its sources were.
    pub fn from_scores(scores: Map<SmallBytes, f64>, limits: ListpackLimits) -> ZSet {
        let fits = scores.len() <= limits.entries
            && scores.keys().all(|member| member.len() <= limits.value_bytes);
        let mut ranked = Ranked::default();
        for Element { member, score } in in_order(&scores) {
            let score = if fits { packed_score(score) } else { score };
            ranked.insert(ranked.len(), Element { member, score });
        }
        ZSet { ranked, scores: (!fits).then_some(scores) }
    }

    pub fn len(&self) -> usize {
        self.ranked.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn encoding(&self) -> &'static str {
        if self.scores.is_none() { "listpack" } else { "skiplist" }
    }

    /// Every member's score in a dense order, for a walk in steps; a packed set has none and is
    /// small enough to be walked in one.
    pub fn dense(&self) -> Option<&Map<SmallBytes, f64>> {
        self.scores.as_ref()
    }

    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.scores {
            Some(scores) => scores.get(member).copied(),
            None => {
                let mut elements = self.ranked.iter();
                elements.find(|element| *element.member == *member).map(|element| element.score)
            }
        }
    }

    /// A member's rank, from 0 for the lowest score, and its score.
    pub fn rank_and_score(&self, member: &[u8]) -> Option<(usize, f64)> {
        let score = self.score(member)?;
        Some((self.place(score, member), score))
    }

    /// The element of that rank.
    pub fn get(&self, rank: usize) -> Option<&Element> {
        self.ranked.get(rank)
    }

    /// Gives up the packed form at once where so many elements are about to come.
    pub fn reserve(&mut self, additional: usize, limits: ListpackLimits) {
        if additional > limits.entries {
            self.unpack();
        }
    }

    /// Sets a member's score, which is not NaN, and returns the one it had.
    pub fn insert(&mut self, member: &[u8], score: f64, limits: ListpackLimits) -> Option<f64> {
        let old = self.score(member);
        match old {
            Some(old) if old == score => return Some(old),
            Some(old) => {
                self.ranked.remove(self.place(old, member));
            }
            None if self.len() >= limits.entries || member.len() > limits.value_bytes => {
                self.unpack();
            }
            None => {}
        }
        let score = if self.scores.is_none() { packed_score(score) } else { score };
        self.ranked.insert(self.place(score, member), Element { member: member.into(), score });
        if let Some(scores) = &mut self.scores {
            match scores.get_mut(member) {
                Some(known) => *known = score,
                None => {
                    scores.insert(member.into(), score);
                }
            }
        }
        old
    }

    /// Removes a member and returns its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let score = self.score(member)?;
        self.remove_rank(self.place(score, member));
        Some(score)
    }

    /// Removes the element of that rank.
    pub fn remove_rank(&mut self, rank: usize) -> Option<Element> {
        let element = self.ranked.remove(rank)?;
        if let Some(scores) = &mut self.scores {
            scores.swap_remove(&*element.member);
        }
        Some(element)
    }

    /// Removes the elements of these ranks and returns how many there were.
    pub fn remove_ranks(&mut self, ranks: Range<usize>) -> usize {
        ranks.clone().map_while(|_| self.remove_rank(ranks.start)).count()
    }

    /// The elements in their order.
    pub fn iter(&self) -> Iter<'_, Element> {
        self.ranked.iter()
    }

    /// The elements of these ranks, as far as there are so many.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_, Element> {
        self.ranked.range(ranks)
    }

    /// The ranks of the elements with these scores.
    pub fn ranks_by_score(&self, scores: &ScoreInterval) -> Range<usize> {
        let start = self.ranked.partition_point(|element| scores.starts_after(&element.score));
        let end = self.ranked.partition_point(|element| !scores.ends_before(&element.score));
        start..end.max(start)
    }

    /// The ranks of these members, where all have the same score; some ranks otherwise.
    pub fn ranks_by_lex(&self, members: &LexInterval<'_>) -> Range<usize> {
        let start = self.ranked.partition_point(|element| members.starts_after(&&*element.member));
        let end = self.ranked.partition_point(|element| !members.ends_before(&&*element.member));
        start..end.max(start)
    }

    /// The rank that an element has or would have.
    fn place(&self, score: f64, member: &[u8]) -> usize {
        self.ranked.partition_point(|element| element.compare(score, member).is_lt())
    }

    /// Gives up the packed form.
    pub fn unpack(&mut self) {
        if self.scores.is_none() {
            let elements = self.ranked.iter();
            let scores = elements.map(|element| (element.member.clone(), element.score));
            self.scores = Some(scores.collect());
        }
    }
}

/// The elements with these scores, in the order of a sorted set.
pub(crate) fn in_order(scores: &Map<SmallBytes, f64>) -> Vec<Element> {
    let elements = scores.iter();
    let mut elements: Vec<Element> =
        elements.map(|(member, &score)| Element { member: member.clone(), score }).collect();
    sort_by(&mut elements, |a, b| a.compare(b.score, &b.member));
    elements
}

/// A score as a listpack keeps it: whole numbers as integers, of which none is -0.
fn packed_score(score: f64) -> f64 {
    score + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: ListpackLimits = ListpackLimits { entries: 8, value_bytes: 4 };

    /// The same by a plain vector: (score, member), sorted.
    type Model = Vec<(f64, Vec<u8>)>;

    fn model_insert(model: &mut Model, member: &[u8], score: f64) {
        model.retain(|(_, other)| other != member);
        model.push((score, member.to_vec()));
        model.sort_by(|a, b| a.partial_cmp(b).expect("no score is NaN"));
    }

    fn elements<'a>(walk: impl Iterator<Item = &'a Element>) -> Model {
        walk.map(|element| (element.score, element.member.to_vec())).collect()
    }

    fn score() -> impl Strategy<Value = f64> {
        prop_oneof![
            (-3..4i8).prop_map(f64::from),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(-0.0),
        ]
    }

    fn limit() -> impl Strategy<Value = Limit<f64>> {
        prop_oneof![
            score().prop_map(Limit::Included),
            score().prop_map(Limit::Excluded),
            Just(Limit::First),
            Just(Limit::Last),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_vector_with_an_index(
            steps in prop::collection::vec((0..40u8, prop::option::weighted(0.7, score())), 0..120),
            min in limit(),
            max in limit(),
        ) {
            let mut model = Model::new();
            let mut zset = ZSet::default();
            for (member, score) in steps {
                let member = format!("m{member}").into_bytes();
                let known = model.iter().find(|(_, other)| *other == member).map(|(score, _)| *score);
                match score {
                    Some(score) => {
                        prop_assert_eq!(zset.insert(&member, score, LIMITS), known);
                        model_insert(&mut model, &member, score);
                    }
                    None => {
                        prop_assert_eq!(zset.remove(&member), known);
                        model.retain(|(_, other)| *other != member);
                    }
                }
                prop_assert_eq!(elements(zset.iter()), model.clone());
            }
            prop_assert_eq!(zset.len(), model.len());
            for (rank, (score, member)) in model.iter().enumerate() {
                prop_assert_eq!(zset.rank_and_score(member), Some((rank, *score)));
            }
            let scores = Interval { min, max };
            let selected: Model = model
                .iter()
                .filter(|(score, _)| !scores.starts_after(score) && !scores.ends_before(score))
                .cloned()
                .collect();
            let ranks = zset.ranks_by_score(&scores);
            prop_assert_eq!(elements(zset.range(ranks.clone())), selected.clone());
            prop_assert_eq!(zset.remove_ranks(ranks), selected.len());
            for (score, member) in &model {
                let removed = selected.contains(&(*score, member.clone()));
                prop_assert_eq!(zset.score(member), (!removed).then_some(*score));
            }
        }
    }

    #[test]
    fn members_of_one_score_are_ordered_by_bytes() {
        let mut zset = ZSet::default();
        for member in ["b", "a", "ab", "c"] {
            zset.insert(member.as_bytes(), 0.0, LIMITS);
        }
        for (min, max, ranks) in [
            (Limit::First, Limit::Last, 0..4),
            (Limit::Included(&b"a"[..]), Limit::Excluded(&b"b"[..]), 0..2),
            (Limit::Excluded(b"a"), Limit::Included(b"b"), 1..3),
            (Limit::Last, Limit::First, 4..4),
            (Limit::Included(b"c"), Limit::Included(b"a"), 3..3),
        ] {
            assert_eq!(zset.ranks_by_lex(&Interval { min, max }), ranks);
        }
    }

    #[test]
    fn it_outgrows_the_packed_form_for_good() {
        let mut zset = ZSet::default();
        for member in b'a'..=b'h' {
            zset.insert(&[member], 1.0, LIMITS);
        }
        zset.insert(b"a", 2.0, LIMITS);
        assert_eq!(zset.encoding(), "listpack");
        zset.insert(b"i", 1.0, LIMITS);
        assert_eq!(zset.encoding(), "skiplist");
        zset.remove(b"i");
        assert_eq!((zset.encoding(), zset.score(b"a")), ("skiplist", Some(2.0)));

        let mut zset = ZSet::default();
        zset.insert(b"large", 1.0, LIMITS);
        assert_eq!(zset.encoding(), "skiplist");
    }

    #[test]
    fn a_result_is_packed_where_it_fits() {
        let scores = |members: &[&str]| {
            members.iter().map(|member| (member.as_bytes().into(), 1.0)).collect()
        };
        assert_eq!(ZSet::from_scores(scores(&["b", "a"]), LIMITS).encoding(), "listpack");
        let zset = ZSet::from_scores(scores(&["large", "a"]), LIMITS);
        assert_eq!((zset.encoding(), zset.rank_and_score(b"large")), ("skiplist", Some((1, 1.0))));
    }
}
