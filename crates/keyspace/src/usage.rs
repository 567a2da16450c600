//! When a key was used last, or how often: what eviction chooses by.
//!
//! One number of 32 bits an entry, which means one thing or the other by `maxmemory-policy`: a
//! point in time in seconds; or a counter of 8 bits that grows by chance, the less the larger it
//! is, and decays with time, behind the minute at which it was seen last.

use crate::time::UnixMillis;

/// The counter of a new key: high enough that it is not the first to go.
const INITIAL_FREQUENCY: u8 = 5;

/// What counts as use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// The last access.
    Access,
    /// The last change.
    Change,
    /// How often it was accessed.
    Frequency,
}

/// How the counter of accesses moves: `lfu-log-factor`, and `lfu-decay-time` in minutes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub log_factor: u32,
    pub decay_minutes: u32,
}

/// One use of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Touch {
    At(UnixMillis),
    /// With a number from 0 to 1 that decides whether the counter grows.
    Counted {
        now: UnixMillis,
        pace: Pace,
        chance: f64,
    },
}

/// The use of one key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage(u32);

impl Usage {
    /// Of a key that is new.
    pub fn new(touch: Touch) -> Usage {
        match touch {
            Touch::At(now) => Usage::at(now),
            Touch::Counted { now, .. } => Usage::counted(now, INITIAL_FREQUENCY),
        }
    }

    pub fn at(now: UnixMillis) -> Usage {
        Usage(u32::try_from(now.0.max(0) / 1000).unwrap_or(u32::MAX))
    }

    /// With that counter, seen at `now`.
    pub fn counted(now: UnixMillis, counter: u8) -> Usage {
        Usage(minutes(now) << 8 | u32::from(counter))
    }

    pub fn touch(&mut self, touch: Touch) {
        *self = match touch {
            Touch::At(now) => Usage::at(now),
            Touch::Counted { now, pace, chance } => {
                let counter = self.frequency(now, pace);
                let above = f64::from(counter.saturating_sub(INITIAL_FREQUENCY));
                let grows = chance < 1.0 / (above * f64::from(pace.log_factor) + 1.0);
                Usage::counted(now, counter.saturating_add(u8::from(grows)))
            }
        };
    }

    /// The second of the last use; lower is longer ago.
    pub fn second(self) -> u32 {
        self.0
    }

    /// The counter, less one for each period that went by without a use.
    pub fn frequency(self, now: UnixMillis, pace: Pace) -> u8 {
        let elapsed = minutes(now).wrapping_sub(self.0 >> 8) & MINUTES_MASK;
        let periods = elapsed.checked_div(pace.decay_minutes).unwrap_or(0);
        (self.0 as u8).saturating_sub(u8::try_from(periods).unwrap_or(u8::MAX))
    }

    /// For how many seconds the key was not used.
    pub fn idle_seconds(self, now: UnixMillis) -> i64 {
        (now.0 / 1000 - i64::from(self.0)).max(0)
    }
}

const MINUTES_MASK: u32 = 0xff_ffff;

fn minutes(now: UnixMillis) -> u32 {
    (now.0.max(0) / 60_000) as u32 & MINUTES_MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { log_factor: 10, decay_minutes: 1 };
    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

    #[test]
    fn a_counter_grows_the_less_the_larger_it_is_and_decays() {
        let touch = |chance| Touch::Counted { now: NOW, pace: PACE, chance };
        let mut usage = Usage::new(touch(0.0));
        usage.touch(touch(0.99));
        assert_eq!(usage.frequency(NOW, PACE), 6, "up to the first value it grows each time");
        usage.touch(touch(0.1));
        assert_eq!(usage.frequency(NOW, PACE), 6, "then by one chance in eleven");
        usage.touch(touch(0.09));
        assert_eq!(usage.frequency(NOW, PACE), 7);
        assert_eq!(usage.frequency(NOW + 3 * 60_000, PACE), 4);
        assert_eq!(usage.frequency(NOW + 1000 * 60_000, PACE), 0);
        assert_eq!(usage.frequency(NOW + 60_000, Pace { decay_minutes: 0, ..PACE }), 7);
        let mut most = Usage::counted(NOW, u8::MAX);
        most.touch(touch(0.0));
        assert_eq!(most.frequency(NOW, PACE), u8::MAX);
    }

    #[test]
    fn idle_time_counts_seconds() {
        let usage = Usage::new(Touch::At(NOW));
        assert_eq!(usage.idle_seconds(NOW + 9_999), 9);
        assert_eq!(usage.idle_seconds(NOW + -5_000), 0);
        assert_eq!(Usage::at(UnixMillis(i64::MAX)).idle_seconds(NOW), 0);
    }
}
