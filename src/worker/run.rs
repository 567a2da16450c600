//! A run: a moment, and the past that led to it. An earlier moment can be shown, and the run can
//! go on from there.

use super::clock::Clock;
use super::input::{Entry, Input};
use super::moment::{Limit, Moment, PauseOn, Why};
use super::recording::Recording;
use super::timeline::Timeline;
use celery_sim::Config;
use celery_sim::scenario::{self, Progress, SEED, Scenario};
use keyspace::{Event, UnixMillis};

/// How many things arrive before the page is looked after again: some hundredths of a second.
const STEPS_MAX: usize = 1_000;
/// How many times nothing but time passes before a command to stop after is given up.
const WAITS_MAX: usize = 10_000;

/// A run.
pub(super) struct Run {
    /// What is shown: the present, or an earlier moment.
    pub moment: Moment,
    pub timeline: Timeline,
    past: Option<Past>,
    /// It stands among things that are due at the same time.
    held: bool,
    seed: u64,
    start: UnixMillis,
    config: Config,
}

/// While an earlier moment is shown.
struct Past {
    present: Box<Moment>,
    present_held: bool,
    /// How many inputs the shown moment has seen.
    seen: u64,
}

impl Run {
    /// A run of an empty engine.
    pub fn new(config: Config, seed: u64, start: UnixMillis) -> Run {
        Run::of(Moment::new(config.clone(), seed, start), config, seed, start)
    }

    /// A run of a scenario, which is the same for everybody.
    pub fn of_scenario(scenario: &'static Scenario, start: UnixMillis) -> Run {
        let moment = Moment::of_scenario(Progress::new(scenario), SEED, start);
        Run::of(moment, scenario.one.config(), SEED, start)
    }

    fn of(moment: Moment, config: Config, seed: u64, start: UnixMillis) -> Run {
        let timeline = Timeline::new(&moment);
        Run { moment, timeline, past: None, held: false, seed, start, config }
    }

    /// The present, where an earlier moment is shown.
    pub fn present(&self) -> Option<UnixMillis> {
        self.past.as_ref().map(|past| past.present.now())
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        let input = self.next_input().map(|entry| entry.at);
        let present = self.present();
        self.moment.next_deadline().into_iter().chain(input).chain(present).min()
    }

    /// The next input of the past.
    fn next_input(&self) -> Option<&Entry> {
        self.timeline.input(self.past.as_ref()?.seen)
    }

    /// Takes an input in at `now`. An earlier moment can only be looked at.
    pub fn perform(&mut self, input: Input, now: UnixMillis) -> Result<(), String> {
        if self.past.is_some() {
            return Err("This is an earlier moment: go on from here, or return, first.".to_owned());
        }
        let amid = self.moment.is_amid().then(|| self.moment.world.simulation.delivered());
        let done = self.moment.apply(&input, now);
        self.timeline.push(Entry { at: now, amid, input });
        done
    }

    /// Lets happen what is due until `now`, and moves the clock to how far that came.
    pub fn turn(
        &mut self,
        now: UnixMillis,
        clock: &mut Clock,
        pause_on: Option<&PauseOn>,
        see: &mut dyn FnMut(&Event),
        real: f64,
    ) -> Option<Why> {
        if self.held && (clock.is_paused() && now <= self.moment.now()) {
            self.moment.collect(see);
            return None;
        }
        self.held = false;
        if self.past.is_some() {
            self.turn_past(now, clock, real);
            return None;
        }
        if self.moment.world.engine.has_unfinished_script() {
            // A script that goes on is nothing that could be refused.
            let _ = self.perform(Input::Script, now);
        }
        let (why, events) = self.run(now, STEPS_MAX, pause_on, clock, see, real);
        self.timeline.passed(events, &mut self.moment);
        Some(why)
    }

    /// Stops the clock and lets one more command run.
    pub fn step_command(
        &mut self,
        clock: &mut Clock,
        see: &mut dyn FnMut(&Event),
        real: f64,
    ) -> Option<Why> {
        clock.stop_at(clock.now(real), real);
        for _ in 0..WAITS_MAX {
            let due = self.next_deadline()?.max(self.moment.now());
            if self.present().is_some_and(|present| present <= due) {
                self.turn_past(due, clock, real);
                return None;
            }
            let (why, _) = self.run(due, usize::MAX, Some(&PauseOn::Any), clock, see, real);
            if let Why::Command(_) | Why::StepOver = why {
                return Some(why);
            }
            self.replay_inputs(due);
            clock.stop_at(due, real);
        }
        None
    }

    fn run(
        &mut self,
        until: UnixMillis,
        steps: usize,
        pause_on: Option<&PauseOn>,
        clock: &mut Clock,
        see: &mut dyn FnMut(&Event),
        real: f64,
    ) -> (Why, usize) {
        let mut events = 0;
        let limit = Limit { steps, pause_on };
        let mut count = |event: &Event| {
            events += 1;
            see(event);
        };
        let (reached, why) = self.moment.run(until, &limit, &mut count);
        match why {
            Why::Settled | Why::OutOfSteps => clock.reached(reached, until, real),
            Why::Command(_) | Why::StepOver => {
                clock.stop_at(reached, real);
                self.held = self.moment.is_amid();
            }
        }
        (why, events)
    }

    /// Plays the past again until then, and is the present again when it comes to that.
    fn turn_past(&mut self, now: UnixMillis, clock: &mut Clock, real: f64) {
        let Some(present) = self.present() else {
            return;
        };
        if now >= present {
            self.return_to_present(clock, real);
            return;
        }
        self.replay_inputs(now);
        self.moment.run_through(now);
        self.moment.updates.clear();
        clock.reached(now, now, real);
    }

    fn replay_inputs(&mut self, until: UnixMillis) {
        while let Some(entry) = self.next_input().filter(|entry| entry.at <= until).cloned() {
            self.moment.replay(&entry);
            if let Some(past) = &mut self.past {
                past.seen += 1;
            }
        }
    }

    /// Shows the moment at `at`, as far back as any is kept.
    pub fn visit(&mut self, at: UnixMillis, clock: &mut Clock, real: f64) {
        let present = self.present().unwrap_or(self.moment.now());
        let at = at.max(self.timeline.begin());
        if at >= present {
            self.return_to_present(clock, real);
            return;
        }
        let (before, inputs) = self.timeline.before(at);
        let is_on_the_way = self.past.as_ref().is_some_and(|_| {
            (before.now()..=at).contains(&self.moment.now()) && !self.moment.is_amid()
        });
        if !is_on_the_way {
            let mut moment = before.clone();
            moment.repaint(&self.moment);
            let shown = std::mem::replace(&mut self.moment, moment);
            match &mut self.past {
                Some(past) => past.seen = inputs,
                None => {
                    let present = Box::new(shown);
                    self.past = Some(Past { present, present_held: self.held, seen: inputs });
                }
            }
        }
        self.held = false;
        self.replay_inputs(at);
        self.moment.run_through(at);
        self.moment.updates.clear();
        clock.stop_at(at, real);
    }

    /// Shows the present, where an earlier moment is shown.
    pub fn return_to_present(&mut self, clock: &mut Clock, real: f64) {
        if let Some(past) = self.past.take() {
            let mut present = *past.present;
            present.repaint(&self.moment);
            self.moment = present;
            self.held = past.present_held;
            clock.stop_at(self.moment.now(), real);
        }
    }

    /// Makes the moment that is shown the present one; when that is, where it was not already.
    pub fn fork(&mut self) -> Option<UnixMillis> {
        let past = self.past.take()?;
        let now = self.moment.now();
        self.timeline.cut(past.seen, now);
        Some(now)
    }

    /// The run as a file.
    pub fn export(&self) -> Result<String, String> {
        if !self.timeline.is_whole() {
            return Err("This run is too long for a file: its beginning is forgotten.".to_owned());
        }
        let end = self.present().unwrap_or(self.moment.now());
        let scenario = self.moment.scenario.as_ref().map(|progress| progress.scenario.name);
        let (times, log) = ((self.start, end), self.timeline.log());
        Ok(Recording::new(self.seed, times, &self.config, scenario, log).to_text())
    }

    /// The run of a file, with its beginning shown.
    pub fn import(text: &str, clock: &mut Clock, real: f64) -> Result<Run, String> {
        let recording = Recording::from_text(text)?;
        let start = UnixMillis(recording.start);
        let mut run = match recording.scenario.as_deref().and_then(scenario::find) {
            Some(scenario) => Run::of_scenario(scenario, start),
            None => Run::new(recording.settings(), recording.seed, start),
        };
        for entry in recording.entries() {
            let at = entry.at;
            run.pass(at);
            run.moment.replay(&entry);
            run.timeline.push(entry);
        }
        run.pass(start + recording.length_ms);
        run.moment.updates.clear();
        run.visit(start, clock, real);
        clock.stop_at(start, real);
        Ok(run)
    }

    /// Lets time pass without anybody looking, and keeps moments on the way.
    fn pass(&mut self, until: UnixMillis) {
        loop {
            let mut events = 0;
            let limit = Limit { steps: STEPS_MAX, pause_on: None };
            let (_, why) = self.moment.run(until, &limit, &mut |_| events += 1);
            self.moment.updates.clear();
            self.timeline.passed(events, &mut self.moment);
            if why == Why::Settled {
                return;
            }
        }
    }
}
