//! A row of runs of elements, in which the run of any element is found by halving.
//!
//! Each run knows where its first element stands. Only the differences of these positions count, so
//! where a run grows or goes, either all behind it or all before it move: the fewer ones. That is
//! none at the ends of a list, and inside no more than a search for the element went by.

use super::End;
use std::collections::{VecDeque, vec_deque};
use std::ops::{Index, Range};

/// Elements that stand together.
pub(super) trait Run {
    fn len(&self) -> usize;
}

/// A run in its place.
#[derive(Debug, Clone)]
pub(super) struct Placed<T> {
    pub run: T,
    /// The position of its first element. Positions wrap around.
    start: usize,
}

impl<T: Run> Placed<T> {
    fn end(&self) -> usize {
        self.start.wrapping_add(self.run.len())
    }
}

/// Runs in order. None is empty.
#[derive(Debug, Clone)]
pub(super) struct Runs<T>(VecDeque<Placed<T>>);

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Runs(VecDeque::new())
    }
}

impl<T: Run> Runs<T> {
    /// How many runs there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        match (self.0.front(), self.0.back()) {
            (Some(first), Some(last)) => last.end().wrapping_sub(first.start),
            _ => 0,
        }
    }

    pub fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at).map(|placed| &placed.run)
    }

    /// The run at an end.
    pub fn at_end(&self, end: End) -> Option<usize> {
        let last = self.count().checked_sub(1)?;
        Some(if end == End::Left { 0 } else { last })
    }

    /// The run of an element that is there, and the element's index in it.
    pub fn locate(&self, index: usize) -> (usize, usize) {
        let origin = self.0.front().map_or(0, |first| first.start);
        let up_to = self.0.partition_point(|it| it.start.wrapping_sub(origin) <= index);
        let at = up_to - 1;
        (at, index - self.0[at].start.wrapping_sub(origin))
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter().map(|placed| &placed.run)
    }

    pub fn range(&self, runs: Range<usize>) -> vec_deque::Iter<'_, Placed<T>> {
        self.0.range(runs)
    }

    /// Changes a run. One that becomes empty is to be removed at once.
    #[inline]
    pub fn change<R>(&mut self, at: usize, change: impl FnOnce(&mut T) -> R) -> R {
        let run = &mut self.0[at].run;
        let before = run.len();
        let result = change(run);
        let grown = run.len().wrapping_sub(before);
        match at {
            // None is behind it, whose position would change.
            _ if at + 1 == self.count() => {}
            0 => self.0[0].start = self.0[0].start.wrapping_sub(grown),
            _ if grown != 0 => self.place(at..at + 1),
            _ => {}
        }
        result
    }

    /// Changes all of these runs, and removes those that become empty.
    pub fn change_all(&mut self, runs: Range<usize>, mut change: impl FnMut(&mut T)) {
        let mut kept = runs.start;
        for at in runs.clone() {
            let run = &mut self.0[at].run;
            change(run);
            if run.len() > 0 {
                self.0.swap(kept, at);
                kept += 1;
            }
        }
        self.0.drain(kept..runs.end);
        self.place(runs.start..kept);
    }

    /// Adds a run before the one at `at`, or as the last.
    pub fn insert(&mut self, at: usize, run: T) {
        if self.0.is_empty() {
            // Most lists stay that short.
            self.0.reserve_exact(1);
        }
        self.0.insert(at, Placed { run, start: 0 });
        self.place(at..at + 1);
    }

    /// Adds a run at an end.
    pub fn push(&mut self, end: End, run: T) {
        self.insert(if end == End::Left { 0 } else { self.count() }, run);
    }

    pub fn remove(&mut self, at: usize) {
        self.0.remove(at);
        self.place(at..at);
    }

    /// Gives back room for runs that are gone.
    pub fn shrink(&mut self) {
        if self.0.capacity() > 16.max(4 * self.count()) {
            self.0.shrink_to(2 * self.count());
        }
    }

    /// Gives positions to runs that are new or have changed, and to all on the shorter side.
    fn place(&mut self, changed: Range<usize>) {
        if self.count() - changed.start <= changed.end {
            let before = changed.start.checked_sub(1).and_then(|at| self.0.get(at));
            let mut start = before.map_or(0, Placed::end);
            for placed in self.0.range_mut(changed.start..) {
                placed.start = start;
                start = placed.end();
            }
        } else {
            // There are more behind than before, and so one behind.
            let mut end = self.0[changed.end].start;
            for placed in self.0.range_mut(..changed.end).rev() {
                end = end.wrapping_sub(placed.run.len());
                placed.start = end;
            }
        }
    }
}

impl<T: Run> Index<usize> for Runs<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.0[at].run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index as At;

    impl Run for usize {
        fn len(&self) -> usize {
            *self
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Insert(At, usize),
        Push(bool, usize),
        Change(At, usize),
        Shorten(At, At, usize),
        Remove(At),
    }

    fn step() -> impl Strategy<Value = Step> {
        let (at, len) = (any::<At>, 1..9_usize);
        prop_oneof![
            3 => (at(), len.clone()).prop_map(|(at, len)| Step::Insert(at, len)),
            2 => (any::<bool>(), len.clone()).prop_map(|(left, len)| Step::Push(left, len)),
            3 => (at(), len.clone()).prop_map(|(at, len)| Step::Change(at, len)),
            1 => (at(), at(), len).prop_map(|(from, to, by)| Step::Shorten(from, to, by)),
            2 => at().prop_map(Step::Remove),
        ]
    }

    proptest! {
        #[test]
        fn every_element_is_found_in_its_run(steps in prop::collection::vec(step(), 0..120)) {
            let (mut runs, mut model) = (Runs::default(), Vec::<usize>::new());
            for step in steps {
                match step {
                    Step::Insert(at, len) => {
                        let at = at.index(model.len() + 1);
                        runs.insert(at, len);
                        model.insert(at, len);
                    }
                    Step::Push(left, len) => {
                        runs.push(if left { End::Left } else { End::Right }, len);
                        model.insert(if left { 0 } else { model.len() }, len);
                    }
                    Step::Change(at, len) if !model.is_empty() => {
                        let at = at.index(model.len());
                        prop_assert_eq!(runs.change(at, |run| std::mem::replace(run, len)), model[at]);
                        model[at] = len;
                    }
                    Step::Shorten(a, b, by) if !model.is_empty() => {
                        let (a, b) = (a.index(model.len()), b.index(model.len()));
                        let range = a.min(b)..a.max(b) + 1;
                        runs.change_all(range.clone(), |run| *run = run.saturating_sub(by));
                        model[range].iter_mut().for_each(|run| *run = run.saturating_sub(by));
                        model.retain(|&run| run > 0);
                    }
                    Step::Remove(at) if !model.is_empty() => {
                        let at = at.index(model.len());
                        runs.remove(at);
                        model.remove(at);
                    }
                    _ => {}
                }
                runs.shrink();
                prop_assert!(runs.iter().eq(&model));
                prop_assert_eq!(runs.len(), model.iter().sum::<usize>());
                let places = model.iter().enumerate();
                let places = places.flat_map(|(at, &len)| (0..len).map(move |offset| (at, offset)));
                for (index, place) in places.enumerate() {
                    prop_assert_eq!(runs.locate(index), place);
                }
            }
        }
    }
}
