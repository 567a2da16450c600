//! What is remembered of how long things took: samples of the events that the latency monitor
//! watches, and histograms of commands.

use crate::sorted::SortedMap;
use crate::time::UnixMillis;
use std::collections::VecDeque;

/// How many samples of an event are kept.
const SAMPLES_MAX: usize = 160;

/// The longest time in which an event happened within a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    pub at_secs: i64,
    pub millis: u64,
}

/// The samples of one event, the oldest first; there is at least one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples {
    samples: VecDeque<Sample>,
    /// The longest time ever, that of forgotten samples included.
    pub max_millis: u64,
}

impl Samples {
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Sample> {
        self.samples.iter()
    }

    pub fn latest(&self) -> Option<&Sample> {
        self.samples.back()
    }

    fn add(&mut self, sample: Sample) {
        self.max_millis = self.max_millis.max(sample.millis);
        if let Some(latest) = self.samples.back_mut()
            && latest.at_secs == sample.at_secs
        {
            latest.millis = latest.millis.max(sample.millis);
            return;
        }
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }
}

/// The events of the latency monitor, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct LatencyMonitor {
    events: SortedMap<&'static str, Samples>,
}

impl LatencyMonitor {
    /// Notes that an event took that long.
    pub fn add(&mut self, event: &'static str, now: UnixMillis, millis: u64) {
        let sample = Sample { at_secs: now.0.div_euclid(1000), millis };
        self.events.get_or_default(event).add(sample);
    }

    /// Every event with its samples.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, &Samples)> {
        self.events.iter().map(|(name, samples)| (*name, samples))
    }

    /// The samples of an event, by its name in any case.
    pub fn get(&self, name: &[u8]) -> Option<(&'static str, &Samples)> {
        self.iter().find(|(event, _)| event.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Forgets an event; `false` where there is none of that name.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        let event = self.get(name).map(|(event, _)| event);
        event.is_some_and(|event| self.events.remove(event).is_some())
    }

    /// Forgets every event, and answers how many there were.
    pub fn clear(&mut self) -> usize {
        std::mem::take(&mut self.events).len()
    }
}

/// How the times of a command are spread, to two digits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Histogram {
    /// Calls that took no time that could be measured.
    at_once: u64,
    /// The number of calls by the longest time, in nanoseconds, that counts as the same.
    counts: SortedMap<u64, u64>,
}

impl Histogram {
    /// Longer times count as this.
    const NANOS_MAX: u64 = 1_000_000_000;
    /// What a call that took no time counts as.
    const NANOS_MIN: u64 = 1;

    pub fn record(&mut self, micros: u64) {
        if micros == 0 {
            self.at_once += 1;
            return;
        }
        let nanos = micros.saturating_mul(1000).min(Self::NANOS_MAX);
        *self.counts.get_or_default(longest_same(nanos)) += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.calls() == 0
    }

    /// How many calls were recorded.
    pub fn calls(&self) -> u64 {
        self.at_once + self.counts.values().sum::<u64>()
    }

    /// Doubling times in microseconds, each with the number of calls that took no longer, as far
    /// as that grows.
    pub fn cumulative(&self) -> Vec<(u64, u64)> {
        let mut steps = Vec::new();
        let mut counted = 0;
        for exponent in 10..=30 {
            let limit = longest_same(1 << exponent);
            let within: u64 = self.counts.range(..=limit).map(|(_, count)| count).sum();
            if self.at_once + within > counted {
                counted = self.at_once + within;
                steps.push((limit / 1000, counted));
            }
        }
        steps
    }

    /// The time in nanoseconds that `percent` of the calls did not exceed.
    pub fn percentile(&self, percent: f64) -> u64 {
        let wanted = (percent / 100.0 * self.calls() as f64 + 0.5) as u64;
        let mut counted = self.at_once;
        if counted >= wanted.max(1) {
            return Self::NANOS_MIN;
        }
        for (&nanos, &count) in &self.counts {
            counted += count;
            if counted >= wanted.max(1) {
                return nanos;
            }
        }
        0
    }
}

/// The longest of the times that count as the same as this one: those that agree in their first
/// eight bits.
fn longest_same(nanos: u64) -> u64 {
    let free_bits = nanos.max(1).ilog2().saturating_sub(7);
    nanos | ((1 << free_bits) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_one_sample_and_the_oldest_are_forgotten() {
        let mut monitor = LatencyMonitor::default();
        monitor.add("command", UnixMillis(1000), 900);
        monitor.add("command", UnixMillis(1999), 7);
        for second in 2..=170 {
            monitor.add("command", UnixMillis(second * 1000), 5);
        }
        let (_, samples) = monitor.get(b"COMMAND").expect("the event");
        assert_eq!((samples.iter().len(), samples.max_millis), (SAMPLES_MAX, 900));
        assert_eq!(samples.latest(), Some(&Sample { at_secs: 170, millis: 5 }));
        assert!(monitor.remove(b"command") && !monitor.remove(b"command"));
    }

    #[test]
    fn histograms_count_as_redis_does() {
        let mut histogram = Histogram::default();
        assert!(histogram.is_empty());
        for micros in [0, 1, 3, 24, 24, 9103, u64::MAX] {
            histogram.record(micros);
        }
        let steps = [(1, 2), (4, 3), (33, 5), (16908, 6), (1_082_130, 7)];
        assert_eq!(histogram.cumulative(), steps);
        assert_eq!(histogram.percentile(0.0), 1);
        assert_eq!(histogram.percentile(50.0), 24063);
        assert_eq!(histogram.percentile(80.0), 9_109_503);
        assert_eq!(histogram.percentile(100.0), longest_same(1_000_000_000));
    }
}
