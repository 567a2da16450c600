//! The clock: engine time as a function of real time, which can stop, step and change its pace.

use crate::backend::{ClockAction, ClockState};
use keyspace::UnixMillis;

/// How slow and how fast engine time may pass.
const RATES: std::ops::RangeInclusive<f64> = 0.01..=1_000.0;

/// How far the clock is moved on at once.
const SKIP_MAX_MS: f64 = 366.0 * 86_400_000.0;

#[derive(Clone)]
pub(super) struct Clock {
    engine: f64,
    real: f64,
    rate: f64,
    paused: bool,
    /// What it skips to, as soon as the engine has come so far.
    target: Option<f64>,
    /// What the page knows: its clock does not show otherwise until one of these changes.
    told: Option<Option<UnixMillis>>,
}

impl Clock {
    /// A running clock that shows the real time.
    pub fn new(real: f64) -> Clock {
        Clock { engine: real.floor(), real, rate: 1.0, paused: false, target: None, told: None }
    }

    /// Engine time at a real time.
    pub fn now(&self, real: f64) -> UnixMillis {
        UnixMillis(self.target.unwrap_or_else(|| self.state(None).at(real)) as i64)
    }

    /// Shows a time from now on, and stands.
    pub fn stop_at(&mut self, engine: UnixMillis, real: f64) {
        self.paused = true;
        self.set(engine, real);
    }

    /// Goes on, where it stands.
    pub fn run(&mut self, real: f64) {
        if self.paused {
            self.act(ClockAction::Toggle, None, real);
        }
    }

    /// Shows a time from now on.
    pub fn set(&mut self, engine: UnixMillis, real: f64) {
        self.engine = engine.0 as f64;
        self.real = real;
        self.target = None;
        self.told = None;
    }

    /// The engine came so far of what was to be reached: the clock waits for it.
    pub fn reached(&mut self, reached: UnixMillis, wanted: UnixMillis, real: f64) {
        let target = self.target.filter(|_| reached < wanted);
        if reached < wanted || self.target.is_some() {
            self.set(reached, real);
        }
        self.target = target;
    }

    /// How many times as fast as real time it runs, where it runs.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Whether it stands.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    pub fn act(&mut self, action: ClockAction, next_deadline: Option<UnixMillis>, real: f64) {
        self.engine = self.state(None).at(real);
        self.real = real;
        match action {
            // It also ends a long skip where it has come to.
            ClockAction::Toggle if self.target.take().is_some() => self.paused = true,
            ClockAction::Toggle => self.paused = !self.paused,
            ClockAction::Step => {
                self.paused = true;
                if let Some(deadline) = next_deadline {
                    self.engine = self.engine.max(deadline.0 as f64);
                }
            }
            ClockAction::Rate(rate) if rate.is_finite() => {
                self.rate = rate.clamp(*RATES.start(), *RATES.end());
            }
            ClockAction::Skip(millis) if millis.is_finite() => {
                let from = self.target.unwrap_or(self.engine);
                self.target = Some((from + millis.clamp(0.0, SKIP_MAX_MS)).floor());
            }
            ClockAction::Rate(_) | ClockAction::Skip(_) => {}
        }
        if self.paused {
            // The engine's time has whole milliseconds; one that stands is shown as it is.
            self.engine = self.engine.floor();
        }
        self.told = None;
    }

    /// In how many milliseconds of real time it shows `deadline`; never, while it stands.
    pub fn real_until(&self, deadline: UnixMillis, real: f64) -> Option<f64> {
        if self.target.is_some() {
            return Some(0.0);
        }
        let left = deadline.0 as f64 - self.state(None).at(real);
        (!self.paused).then(|| (left / self.rate).max(0.0))
    }

    /// Whether the page does not know the state.
    pub fn is_changed(&self, next_deadline: Option<UnixMillis>) -> bool {
        self.told != Some(self.due(next_deadline))
    }

    /// The state, if the page does not know it.
    pub fn take_changed(&mut self, next_deadline: Option<UnixMillis>) -> Option<ClockState> {
        if !self.is_changed(next_deadline) {
            return None;
        }
        self.told = Some(self.due(next_deadline));
        Some(self.state(next_deadline))
    }

    fn state(&self, next_deadline: Option<UnixMillis>) -> ClockState {
        ClockState {
            engine: self.engine,
            real: self.real,
            rate: self.rate,
            paused: self.paused,
            next_deadline: self.due(next_deadline).map(|deadline| deadline.0 as f64),
        }
    }

    /// What is due next, where that is to be told: while the clock runs it is another all the time.
    fn due(&self, next_deadline: Option<UnixMillis>) -> Option<UnixMillis> {
        next_deadline.filter(|_| self.paused)
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use crate::backend::ClockAction;
    use keyspace::UnixMillis;

    #[test]
    fn a_stopped_clock_stands_and_goes_on_where_it_stood() {
        let mut clock = Clock::new(1_000.0);
        assert_eq!(clock.now(1_250.0), UnixMillis(1_250));
        clock.act(ClockAction::Toggle, None, 1_300.0);
        assert_eq!(clock.now(9_000.0), UnixMillis(1_300));
        assert_eq!(clock.real_until(UnixMillis(2_000), 9_000.0), None);
        clock.act(ClockAction::Toggle, None, 10_000.0);
        assert_eq!(clock.now(10_100.0), UnixMillis(1_400));
    }

    #[test]
    fn a_stopped_clock_shows_the_engines_millisecond() {
        let mut clock = Clock::new(1_000.0);
        clock.act(ClockAction::Toggle, None, 1_300.7);
        let shown = clock.take_changed(None).map(|state| state.at(9_000.0));
        assert_eq!(shown, Some(1_300.0));
    }

    #[test]
    fn the_pace_changes_from_now_on() {
        let mut clock = Clock::new(0.0);
        clock.act(ClockAction::Rate(10.0), None, 100.0);
        assert_eq!(clock.now(200.0), UnixMillis(1_100));
        assert_eq!(clock.real_until(UnixMillis(2_100), 200.0), Some(100.0));
        clock.act(ClockAction::Rate(f64::NAN), None, 200.0);
        assert_eq!(clock.now(300.0), UnixMillis(2_100));
    }

    #[test]
    fn a_step_stops_at_the_next_deadline() {
        let mut clock = Clock::new(0.0);
        clock.act(ClockAction::Step, Some(UnixMillis(5_000)), 10.0);
        assert_eq!(clock.now(10.0), UnixMillis(5_000));
        assert_eq!(clock.now(99.0), UnixMillis(5_000));
    }

    #[test]
    fn a_skip_moves_a_clock_that_stands_and_one_that_runs() {
        let mut clock = Clock::new(0.0);
        let arrive = |clock: &mut Clock, real: f64| {
            let wanted = clock.now(real);
            clock.reached(wanted, wanted, real);
        };
        clock.act(ClockAction::Skip(5_000.0), None, 10.0);
        arrive(&mut clock, 10.0);
        assert_eq!(clock.now(20.0), UnixMillis(5_020));
        clock.act(ClockAction::Toggle, None, 20.0);
        clock.act(ClockAction::Skip(1_000.0), None, 50.0);
        clock.act(ClockAction::Skip(f64::INFINITY), None, 50.0);
        arrive(&mut clock, 50.0);
        assert_eq!(clock.now(99.0), UnixMillis(6_020));
    }

    #[test]
    fn a_long_skip_can_be_ended_where_it_has_come_to() {
        let mut clock = Clock::new(0.0);
        clock.act(ClockAction::Skip(5_000.0), None, 0.0);
        clock.reached(UnixMillis(2_000), UnixMillis(5_000), 10.0);
        clock.act(ClockAction::Toggle, None, 10.0);
        assert_eq!((clock.now(50.0), clock.is_paused()), (UnixMillis(2_000), true));
    }

    #[test]
    fn a_clock_waits_for_an_engine_that_is_behind() {
        let mut clock = Clock::new(0.0);
        clock.act(ClockAction::Skip(5_000.0), None, 0.0);
        clock.reached(UnixMillis(2_000), UnixMillis(5_000), 10.0);
        assert_eq!(clock.take_changed(None).map(|state| state.engine), Some(2_000.0));
        assert_eq!(clock.now(10.0), UnixMillis(5_000), "it is still to be reached");
        assert_eq!(clock.real_until(UnixMillis(9_000), 10.0), Some(0.0));
        clock.reached(UnixMillis(5_000), UnixMillis(5_000), 20.0);
        assert_eq!(clock.now(30.0), UnixMillis(5_010));
        clock.reached(UnixMillis(5_004), UnixMillis(5_010), 30.0);
        assert_eq!(clock.now(30.0), UnixMillis(5_004));
    }

    #[test]
    fn the_page_is_told_of_a_change_once() {
        let mut clock = Clock::new(0.0);
        assert!(clock.take_changed(None).is_some());
        assert!(clock.take_changed(Some(UnixMillis(9))).is_none(), "it runs: more will be due");
        clock.act(ClockAction::Toggle, Some(UnixMillis(9)), 7.0);
        let state = clock.take_changed(Some(UnixMillis(9))).expect("it stands");
        assert_eq!((state.paused, state.next_deadline), (true, Some(9.0)));
        assert!(clock.take_changed(Some(UnixMillis(9))).is_none());
        assert!(clock.take_changed(Some(UnixMillis(10))).is_some());
    }
}
