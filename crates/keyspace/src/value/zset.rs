//! Sorted set values: members with a score, ordered by score and then by member.
//!
//! Members and scores lie at places ([`members`]); their order is a sequence of scores and places
//! ([`ranked`]), so that no member is stored twice. A *packed* sorted set (`listpack` in Redis) is small. Once it
//! outgrows the limits it is a `skiplist` and stays one.

mod interval;
mod members;
mod ranked;

use super::{ListpackLimits, Map, SmallBytes};
use crate::sort::sort_by;
pub(crate) use interval::{Interval, LexInterval, Limit, ScoreInterval};
use members::Members;
use ranked::Ranked;
use std::cmp::Ordering;
use std::ops::Range;

/// A member and its score, which is never NaN.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Element {
    pub member: SmallBytes,
    pub score: f64,
}

/// A member of a sorted set and its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ElementRef<'z> {
    pub member: &'z [u8],
    pub score: f64,
}

impl Element {
    /// The order of a sorted set.
    pub fn compare(&self, score: f64, member: &[u8]) -> Ordering {
        compare(self.score, score).then_with(|| (*self.member).cmp(member))
    }

    pub fn as_ref(&self) -> ElementRef<'_> {
        ElementRef { member: &self.member, score: self.score }
    }
}

/// A sorted set.
#[derive(Debug, Clone, Default)]
pub(crate) struct ZSet {
    /// Every member with its score.
    members: Members,
    /// The elements in their order.
    ranked: Ranked<Rung>,
    is_skiplist: bool,
}

/// An element's score, and its place among the members.
#[derive(Debug, Clone, Copy)]
struct Rung {
    /// As bytes, which need no alignment of eight.
    score: [u8; 8],
    place: u32,
}

impl Rung {
    fn new(score: f64, place: usize) -> Rung {
        let place = u32::try_from(place).expect("memory ends before places do");
        Rung { score: score.to_le_bytes(), place }
    }

    fn score(self) -> f64 {
        f64::from_le_bytes(self.score)
    }
}

impl ZSet {
    /// The result of a STORE command: packed if it fits, whatever its sources were.
    pub fn from_scores(scores: Map<SmallBytes, f64>, limits: ListpackLimits) -> ZSet {
        let fits = scores.len() <= limits.entries
            && scores.keys().all(|member| member.len() <= limits.value_bytes);
        let mut zset = ZSet { is_skiplist: !fits, ..ZSet::default() };
        for Element { member, score } in in_order(&scores) {
            zset.add(&member, score);
        }
        zset
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What its members take, without their scores.
    pub fn bytes(&self) -> usize {
        self.members.bytes()
    }

    pub fn encoding(&self) -> &'static str {
        if self.is_packed() { "listpack" } else { "skiplist" }
    }

    /// Whether it is small enough to be walked in one step.
    pub fn is_packed(&self) -> bool {
        !self.is_skiplist
    }

    /// Below this all elements have a place, in an order of which a walk from the last place to
    /// the first misses none that stays.
    pub fn places(&self) -> usize {
        self.members.end()
    }

    /// The element at a place, where there is one.
    pub fn at_place(&self, place: usize) -> Option<ElementRef<'_>> {
        self.members.get(place)
    }

    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.members.find(member).map(|place| self.members.score(place))
    }

    /// A member's rank, from 0 for the lowest score, and its score.
    pub fn rank_and_score(&self, member: &[u8]) -> Option<(usize, f64)> {
        let score = self.score(member)?;
        Some((self.rank(score, member), score))
    }

    /// The element of that rank.
    pub fn get(&self, rank: usize) -> Option<ElementRef<'_>> {
        self.ranked.get(rank).map(|rung| self.element(*rung))
    }

    /// Gives up the packed form at once where so many elements are about to come.
    pub fn reserve(&mut self, additional: usize, limits: ListpackLimits) {
        if additional > limits.entries {
            self.unpack();
        }
    }

    /// Sets a member's score, which is not NaN, and returns the one it had.
    pub fn insert(&mut self, member: &[u8], score: f64, limits: ListpackLimits) -> Option<f64> {
        let Some(place) = self.members.find(member) else {
            if self.len() >= limits.entries || member.len() > limits.value_bytes {
                self.unpack();
            }
            self.add(member, score);
            return None;
        };
        let old = self.members.score(place);
        if old != score {
            self.ranked.remove(self.rank(old, member));
            let score = self.stored(score);
            self.members.set_score(place, score);
            self.put_in_order(member, Rung::new(score, place));
        }
        Some(old)
    }

    /// Removes a member and returns its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let place = self.members.find(member)?;
        let score = self.members.score(place);
        self.ranked.remove(self.rank(score, member));
        self.members.remove(place);
        self.close_gaps();
        Some(score)
    }

    /// Removes the element of that rank.
    pub fn remove_rank(&mut self, rank: usize) -> Option<Element> {
        let rung = self.ranked.remove(rank)?;
        let member = self.members.take(rung.place as usize);
        self.close_gaps();
        Some(Element { member, score: rung.score() })
    }

    /// Removes the elements of these ranks and returns how many there were.
    pub fn remove_ranks(&mut self, ranks: Range<usize>) -> usize {
        let before = self.len();
        let members = &mut self.members;
        self.ranked.remove_range(ranks, |rung| members.remove(rung.place as usize));
        self.close_gaps();
        before - self.len()
    }

    /// The elements in their order.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    /// The elements of these ranks, as far as there are so many.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        Iter { zset: self, rungs: self.ranked.range(ranks) }
    }

    /// The ranks of the elements with these scores.
    pub fn ranks_by_score(&self, scores: &ScoreInterval) -> Range<usize> {
        let start = self.ranked.partition_point(|rung| scores.starts_after(&rung.score()));
        let end = self.ranked.partition_point(|rung| !scores.ends_before(&rung.score()));
        start..end.max(start)
    }

    /// The ranks of these members, where all have the same score; some ranks otherwise.
    pub fn ranks_by_lex(&self, members: &LexInterval<'_>) -> Range<usize> {
        let member = |rung: &Rung| self.element(*rung).member;
        let start = self.ranked.partition_point(|rung| members.starts_after(&member(rung)));
        let end = self.ranked.partition_point(|rung| !members.ends_before(&member(rung)));
        start..end.max(start)
    }

    /// Gives up the packed form.
    pub fn unpack(&mut self) {
        self.is_skiplist = true;
    }

    /// The rank that an element has or would have.
    fn rank(&self, score: f64, member: &[u8]) -> usize {
        self.ranked.partition_point(is_before(&self.members, score, member))
    }

    /// Adds a new member.
    fn add(&mut self, member: &[u8], score: f64) {
        let score = self.stored(score);
        let place = self.members.add(member, score);
        self.put_in_order(member, Rung::new(score, place));
    }

    fn put_in_order(&mut self, member: &[u8], rung: Rung) {
        self.ranked.insert(rung, is_before(&self.members, rung.score(), member));
    }

    /// Moves members where too many places are free.
    fn close_gaps(&mut self) {
        if self.members.is_sparse() {
            let places = self.members.close_gaps();
            self.ranked.update(|rung| rung.place = places[rung.place as usize]);
        }
    }

    fn element(&self, rung: Rung) -> ElementRef<'_> {
        ElementRef { member: self.members.member(rung.place as usize), score: rung.score() }
    }

    /// A score as it is stored: a listpack keeps whole numbers as integers, of which none is -0.
    fn stored(&self, score: f64) -> f64 {
        if self.is_packed() { score + 0.0 } else { score }
    }
}

/// A walk over elements in their order, from either end.
#[derive(Debug, Clone)]
pub(crate) struct Iter<'z> {
    zset: &'z ZSet,
    rungs: ranked::Iter<'z, Rung>,
}

impl<'z> Iterator for Iter<'z> {
    type Item = ElementRef<'z>;

    fn next(&mut self) -> Option<ElementRef<'z>> {
        self.rungs.next().map(|rung| self.zset.element(*rung))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rungs.size_hint()
    }
}

impl<'z> DoubleEndedIterator for Iter<'z> {
    fn next_back(&mut self) -> Option<ElementRef<'z>> {
        self.rungs.next_back().map(|rung| self.zset.element(*rung))
    }
}

impl ExactSizeIterator for Iter<'_> {}

fn compare(score: f64, other: f64) -> Ordering {
    score.partial_cmp(&other).expect("no score is NaN")
}

/// Whether an element stands before one with that score and member.
fn is_before<'z>(
    members: &'z Members,
    score: f64,
    member: &'z [u8],
) -> impl Fn(&Rung) -> bool + 'z {
    move |rung| {
        let in_order = || members.member(rung.place as usize).cmp(member);
        compare(rung.score(), score).then_with(in_order).is_lt()
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

    fn elements<'a>(walk: impl Iterator<Item = ElementRef<'a>>) -> Model {
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
            steps in prop::collection::vec((0..100u8, prop::option::weighted(0.7, score())), 0..240),
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
            let (removed, left): (Model, Model) =
                model.into_iter().partition(|element| selected.contains(element));
            for (_, member) in &removed {
                prop_assert_eq!(zset.score(member), None);
            }
            prop_assert_eq!(elements(zset.iter()), left.clone());
            for (rank, (score, member)) in left.iter().enumerate() {
                prop_assert_eq!(zset.rank_and_score(member), Some((rank, *score)));
            }
            prop_assert!((0..zset.places()).filter_map(|at| zset.at_place(at)).count() == left.len());
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
