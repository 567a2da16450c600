//! What happened of late, by the second: the `instantaneous_*` fields of INFO.
//!
//! Redis samples its counters every tenth of a second and answers the mean of the last sixteen
//! samples. Nothing ticks here: the ticks that have passed are made up for before something is
//! counted, so that the rates depend on what happened and when, not on who looks.

use crate::time::UnixMillis;

/// The time between two ticks.
const TICK_MS: i64 = 100;
/// How many ticks the rates look back.
const TICKS: usize = 16;

/// What counters stood at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub commands: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub cycles: u64,
    pub micros: u64,
}

/// What the counters stood at when the last ticks passed.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    /// The place of the last tick is `last`; the oldest one follows it.
    at_tick: [Totals; TICKS + 1],
    last: usize,
    next_tick: UnixMillis,
}

impl Default for Rates {
    fn default() -> Self {
        Rates { at_tick: [Totals::default(); TICKS + 1], last: 0, next_tick: UnixMillis(0) }
    }
}

impl Rates {
    /// The rates of counters that were set back to zero.
    pub fn set_back(&self) -> Rates {
        Rates { next_tick: self.next_tick, ..Rates::default() }
    }

    /// Whether a tick has passed.
    #[inline]
    pub fn are_due(&self, now: UnixMillis) -> bool {
        now >= self.next_tick
    }

    /// Lets the ticks pass until now; `totals` is what the counters have stood at since the last
    /// one that passed.
    pub fn tick(&mut self, now: UnixMillis, totals: Totals) {
        let late_by = now.0.saturating_sub(self.next_tick.0);
        let passed = late_by / TICK_MS + 1;
        for _ in 0..passed.min(self.at_tick.len() as i64) {
            self.last = (self.last + 1) % self.at_tick.len();
            self.at_tick[self.last] = totals;
        }
        self.next_tick = now + (TICK_MS - late_by % TICK_MS);
    }

    /// How much a counter grows in a second.
    pub fn per_second(&self, counter: impl Fn(&Totals) -> u64) -> f64 {
        self.growth(counter) as f64 * 1000.0 / (TICKS as i64 * TICK_MS) as f64
    }

    /// How much a counter has grown within the ticks.
    pub fn growth(&self, counter: impl Fn(&Totals) -> u64) -> u64 {
        let oldest = &self.at_tick[(self.last + 1) % self.at_tick.len()];
        counter(&self.at_tick[self.last]).saturating_sub(counter(oldest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(commands: u64) -> Totals {
        Totals { commands, ..Totals::default() }
    }

    #[test]
    fn rates_are_of_the_last_ticks_and_fade() {
        let mut rates = Rates::default();
        assert!(rates.are_due(UnixMillis(0)));
        rates.tick(UnixMillis(0), commands(0));
        assert!(!rates.are_due(UnixMillis(99)));
        for tick in 1..=16 {
            assert!(rates.are_due(UnixMillis(tick * 100)));
            rates.tick(UnixMillis(tick * 100), commands(tick as u64 * 10));
        }
        assert_eq!(rates.per_second(|totals| totals.commands), 100.0);
        rates.tick(UnixMillis(2450), commands(160));
        assert_eq!(rates.per_second(|totals| totals.commands), 50.0);
        assert!(!rates.are_due(UnixMillis(2499)));
        assert!(rates.are_due(UnixMillis(2500)));
        rates.tick(UnixMillis(i64::MAX), commands(160));
        assert_eq!(rates.per_second(|totals| totals.commands), 0.0);
    }
}
