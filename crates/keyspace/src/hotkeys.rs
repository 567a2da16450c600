//! HOTKEYS: which keys take the most time, and the most bytes of the network, while somebody asks.
//!
//! A bounded number of keys is counted. One that is not among them takes the place of the least,
//! and its count: a key that is used most is never missed, a count may be too high.

use crate::command::keys::keys_of;
use crate::sort::sort_by;
use crate::time::UnixMillis;
use crate::timing::Finished;
use crate::value::Map;

/// What to measure, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub cpu: bool,
    pub net: bool,
    /// How many keys are answered.
    pub count: usize,
    /// Of so many uses of keys one is counted.
    pub sample_ratio: u64,
    /// When measuring ends by itself.
    pub until: Option<UnixMillis>,
}

/// What was measured.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub wanted: Wanted,
    pub started_at: UnixMillis,
    stopped_at: Option<UnixMillis>,
    pub total_micros: u64,
    pub total_bytes: u64,
    pub by_micros: Top,
    pub by_bytes: Top,
}

impl Session {
    /// When measuring ended, if it has.
    pub fn ended_at(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.stopped_at.or(self.wanted.until.filter(|&until| until <= now))
    }
}

/// The one session that there may be.
#[derive(Debug, Clone, Default)]
pub(crate) struct HotKeys {
    session: Option<Box<Session>>,
}

impl HotKeys {
    /// Begins a session; `false` where one is going on.
    pub fn start(&mut self, wanted: Wanted, now: UnixMillis) -> bool {
        if self.is_active(now) {
            return false;
        }
        let capacity = wanted.count * COUNTED_FOR_EACH;
        self.session = Some(Box::new(Session {
            wanted,
            started_at: now,
            stopped_at: None,
            total_micros: 0,
            total_bytes: 0,
            by_micros: Top::new(capacity),
            by_bytes: Top::new(capacity),
        }));
        true
    }

    pub fn is_active(&self, now: UnixMillis) -> bool {
        self.session().is_some_and(|session| session.ended_at(now).is_none())
    }

    pub fn session(&self) -> Option<&Session> {
        self.session.as_deref()
    }

    /// Ends measuring; `false` where nothing is measured.
    pub fn stop(&mut self, now: UnixMillis) -> bool {
        let is_active = self.is_active(now);
        if let Some(session) = self.session.as_deref_mut().filter(|_| is_active) {
            session.stopped_at = Some(now);
        }
        is_active
    }

    pub fn forget(&mut self) {
        self.session = None;
    }

    /// Counts a command for each of its keys, where that is measured.
    #[inline]
    pub fn note(
        &mut self,
        finished: &Finished<'_>,
        micros: u64,
        now: UnixMillis,
        rng: &mut fastrand::Rng,
    ) {
        if self.session.is_some() && self.is_active(now) {
            self.count(finished, micros, rng);
        }
    }

    #[cold]
    fn count(&mut self, finished: &Finished<'_>, micros: u64, rng: &mut fastrand::Rng) {
        let Some(session) = &mut self.session else {
            return;
        };
        let bytes = (request_bytes(finished.args) + finished.reply_bytes) as u64;
        session.total_micros += micros;
        session.total_bytes += bytes;
        for key in keys_of(finished.command.spec, finished.args).unwrap_or_default() {
            if session.wanted.sample_ratio > 1 && rng.u64(..session.wanted.sample_ratio) != 0 {
                continue;
            }
            let key = finished.args[key.index];
            if session.wanted.cpu {
                session.by_micros.add(key, micros);
            }
            if session.wanted.net {
                session.by_bytes.add(key, bytes);
            }
        }
    }
}

/// What a command takes on the wire.
fn request_bytes(args: &[&[u8]]) -> usize {
    let framed = |len: usize| 1 + len.max(1).ilog10() as usize + 1 + 2;
    framed(args.len()) + args.iter().map(|arg| framed(arg.len()) + arg.len() + 2).sum::<usize>()
}

/// How many keys are counted for each that is answered.
const COUNTED_FOR_EACH: usize = 16;

/// The keys with the highest sums.
#[derive(Debug, Clone)]
pub(crate) struct Top {
    sums: Map<Vec<u8>, u64>,
    capacity: usize,
}

impl Top {
    fn new(capacity: usize) -> Top {
        Top { sums: Map::default(), capacity }
    }

    fn add(&mut self, key: &[u8], amount: u64) {
        if amount == 0 {
            return;
        }
        if let Some(sum) = self.sums.get_mut(key) {
            *sum += amount;
            return;
        }
        let mut inherited = 0;
        if self.sums.len() >= self.capacity {
            let least = self.sums.values().enumerate().min_by_key(|(_, sum)| **sum);
            let least = least.map(|(index, _)| index).unwrap_or_default();
            inherited = self.sums.swap_remove_index(least).map_or(0, |(_, sum)| sum);
        }
        self.sums.insert(key.to_vec(), inherited + amount);
    }

    /// The first `count` keys, the highest sum first.
    pub fn highest(&self, count: usize) -> Vec<(&[u8], u64)> {
        let mut all: Vec<_> = self.sums.iter().map(|(key, &sum)| (&**key, sum)).collect();
        sort_by(&mut all, |a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all.truncate(count);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_used_key_is_never_missed() {
        let mut top = Top::new(4);
        for round in 0..1000_u32 {
            top.add(b"hot", 1);
            top.add(&round.to_le_bytes(), 1);
        }
        assert_eq!(top.sums.len(), 4);
        assert_eq!(top.highest(1)[0].0, b"hot");
        assert!(top.highest(1)[0].1 >= 1000);
    }

    #[test]
    fn a_request_is_as_long_as_its_encoding() {
        assert_eq!(request_bytes(&[b"GET", b"config:global"]), 33);
    }
}
