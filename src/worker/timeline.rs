//! The past of a run: moments that are kept, and the inputs between them.
//!
//! Any moment is the last kept one before it with the inputs since played again. How many moments
//! are kept, and how much they may weigh together, is bounded; of those long ago fewer are kept.
//! What lies before the first is forgotten.

use super::input::Entry;
use super::moment::Moment;
use crate::backend::Mark;
use keyspace::UnixMillis;
use std::collections::VecDeque;

/// How many moments are kept at most.
pub(super) const KEPT_MAX: usize = 48;
/// How much they weigh together at most, in bytes.
pub(super) const WEIGHT_MAX: usize = 96 << 20;
/// How much the inputs weigh at most.
const LOG_MAX: usize = 8 << 20;
/// How many events there are at least between two moments that are kept, ...
const EVENTS_MIN: usize = 2_000;
/// ... and one more for so many bytes that a moment weighs, as keeping it takes its time.
const BYTES_PER_EVENT: usize = 2_000;
/// How many inputs are marked on the time bar at most, the latest.
const MARKS_MAX: usize = 120;

/// What is kept of a run.
pub(super) struct Timeline {
    kept: Vec<Kept>,
    log: VecDeque<Entry>,
    log_weight: usize,
    /// How many inputs were forgotten.
    forgotten: u64,
    events: usize,
}

struct Kept {
    at: UnixMillis,
    /// How many inputs had come.
    inputs: u64,
    moment: Moment,
    weight: usize,
}

impl Timeline {
    /// A run that begins with a moment.
    pub fn new(first: &Moment) -> Timeline {
        let mut timeline = Timeline {
            kept: Vec::new(),
            log: VecDeque::new(),
            log_weight: 0,
            forgotten: 0,
            events: 0,
        };
        timeline.keep(&mut first.clone());
        timeline
    }

    /// The earliest moment that can be looked at.
    pub fn begin(&self) -> UnixMillis {
        self.kept[0].at
    }

    /// How many moments are kept.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// How much they weigh, in bytes.
    pub fn weight(&self) -> usize {
        self.kept.iter().map(|kept| kept.weight).sum()
    }

    /// Whether the run's first moment is still kept, and so every input.
    pub fn is_whole(&self) -> bool {
        self.forgotten == 0
    }

    /// How many inputs have come.
    pub fn inputs(&self) -> u64 {
        self.forgotten + self.log.len() as u64
    }

    /// An input by its number.
    pub fn input(&self, number: u64) -> Option<&Entry> {
        let at = number.checked_sub(self.forgotten)?;
        self.log.get(usize::try_from(at).ok()?)
    }

    /// Every input that is remembered.
    pub fn log(&self) -> impl Iterator<Item = &Entry> {
        self.log.iter()
    }

    /// The latest inputs that somebody made.
    pub fn marks(&self) -> Vec<Mark> {
        let marks =
            self.log.iter().rev().filter_map(|entry| {
                Some(Mark { at: entry.at.0 as f64, title: entry.input.title()? })
            });
        let mut marks: Vec<Mark> = marks.take(MARKS_MAX).collect();
        marks.reverse();
        marks
    }

    /// Remembers an input.
    pub fn push(&mut self, entry: Entry) {
        self.log_weight += entry.input.weight();
        self.log.push_back(entry);
        while self.log_weight > LOG_MAX && self.kept.len() > 1 {
            self.forget_first();
        }
    }

    /// Takes note of how much happened, and keeps the moment where it is time for that.
    pub fn passed(&mut self, events: usize, moment: &mut Moment) {
        self.events += events;
        let weight = self.kept.last().map_or(0, |kept| kept.weight);
        if self.events >= EVENTS_MIN + weight / BYTES_PER_EVENT {
            self.keep(moment);
        }
    }

    /// The last moment kept that is not after `at`, and how many inputs had come.
    pub fn before(&self, at: UnixMillis) -> (&Moment, u64) {
        let after = self.kept.partition_point(|kept| kept.at <= at);
        let kept = &self.kept[after.saturating_sub(1)];
        (&kept.moment, kept.inputs)
    }

    /// Forgets what came after so many inputs and after `at`: the run goes on from there.
    pub fn cut(&mut self, inputs: u64, at: UnixMillis) {
        let left = inputs.saturating_sub(self.forgotten);
        self.log.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        self.log_weight = self.log.iter().map(|entry| entry.input.weight()).sum();
        let first = self.kept.remove(0);
        self.kept.retain(|kept| kept.at <= at && kept.inputs <= inputs);
        self.kept.insert(0, first);
        self.events = 0;
    }

    fn keep(&mut self, moment: &mut Moment) {
        let weight = moment.weight();
        let (at, inputs) = (moment.now(), self.inputs());
        let mut moment = moment.clone();
        moment.updates.clear();
        self.kept.push(Kept { at, inputs, moment, weight });
        self.events = 0;
        while self.kept.len() > KEPT_MAX || self.weight() > WEIGHT_MAX && self.kept.len() > 1 {
            match self.least_missed() {
                Some(at) => {
                    self.kept.remove(at);
                }
                None => self.forget_first(),
            }
        }
    }

    /// The moment, other than the first and the last, whose neighbours are closest for how long
    /// ago it is.
    fn least_missed(&self) -> Option<usize> {
        let now = self.kept.last()?.at;
        let missed = |at: usize| {
            let gap = self.kept[at + 1].at - self.kept[at - 1].at;
            gap as f64 / ((now - self.kept[at].at) as f64 + 1.0)
        };
        let middle = 1..self.kept.len().saturating_sub(1);
        middle.min_by(|&one, &other| missed(one).total_cmp(&missed(other)))
    }

    fn forget_first(&mut self) {
        self.kept.remove(0);
        let inputs = self.kept[0].inputs;
        while self.forgotten < inputs
            && let Some(entry) = self.log.pop_front()
        {
            self.log_weight -= entry.input.weight();
            self.forgotten += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::input::Input;

    fn moment_at(at: i64) -> Moment {
        let mut moment = Moment::new(crate::worker::celery::config(), 1, UnixMillis(0));
        moment.run_through(UnixMillis(at));
        moment
    }

    #[test]
    fn moments_long_ago_are_fewer_and_the_first_stays() {
        let mut moment = moment_at(0);
        let mut timeline = Timeline::new(&moment);
        for at in 1..=500 {
            moment.run_through(UnixMillis(at * 1_000));
            timeline.passed(1_000_000, &mut moment);
        }
        assert_eq!(timeline.kept(), KEPT_MAX);
        assert_eq!(timeline.begin(), UnixMillis(0));
        let times: Vec<i64> = timeline.kept.iter().map(|kept| kept.at.0 / 1_000).collect();
        let later = times.iter().filter(|&&at| at > 400).count();
        let earlier = times.iter().filter(|&&at| at < 100).count();
        assert!(later > 3 * earlier, "{times:?}");
        assert_eq!(timeline.before(UnixMillis(500_500)).0.now(), UnixMillis(500_000));
        assert_eq!(timeline.before(UnixMillis(-5)).0.now(), UnixMillis(0));
    }

    #[test]
    fn a_long_log_forgets_its_beginning() {
        let mut moment = moment_at(0);
        let mut timeline = Timeline::new(&moment);
        let text = "x".repeat(LOG_MAX / 4);
        for at in 1..=9 {
            let input = Input::Act(Box::new(celery_sim::Act::Configure(text.clone())));
            timeline.push(Entry { at: UnixMillis(at), amid: None, input });
            moment.run_through(UnixMillis(at));
            timeline.passed(1_000_000, &mut moment);
        }
        assert!(!timeline.is_whole());
        assert!(timeline.log_weight <= LOG_MAX);
        assert_eq!(timeline.inputs(), 9);
        assert!(timeline.input(0).is_none());
        assert_eq!(timeline.input(8).map(|entry| entry.at), Some(UnixMillis(9)));
        assert_eq!(timeline.before(UnixMillis(9)).1, 9);
    }

    #[test]
    fn what_is_cut_off_is_gone() {
        let mut moment = moment_at(0);
        let mut timeline = Timeline::new(&moment);
        for at in 1..=9 {
            timeline.push(Entry { at: UnixMillis(at), amid: None, input: Input::NextStep });
            moment.run_through(UnixMillis(at));
            timeline.passed(1_000_000, &mut moment);
        }
        timeline.cut(4, UnixMillis(4));
        assert_eq!((timeline.inputs(), timeline.kept()), (4, 5));
        assert_eq!(timeline.marks().len(), 4);
    }
}
