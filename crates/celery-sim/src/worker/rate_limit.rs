//! Rate limits: a bucket of tokens for each task that has one, as `celery.utils.limits` keeps it.

use super::requests::Job;
use crate::python;
use keyspace::UnixMillis;
use keyspace_resp::parse_double;
use std::collections::{BTreeMap, VecDeque};

/// Tasks that have a rate limit, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Buckets {
    buckets: BTreeMap<String, Bucket>,
    /// Limits that remote control set, by the task's full name.
    set: Vec<(String, Option<String>)>,
}

/// One task may begin for each token; there is at most one, and time makes more.
#[derive(Debug, Clone)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    filled_at: UnixMillis,
    waiting: VecDeque<Job>,
}

impl Buckets {
    /// Returns a task that may begin now, and keeps one that may not.
    pub fn admit(&mut self, job: Job, now: UnixMillis) -> Option<Job> {
        let set = self.set_limit(&job.request.task);
        let limit = set.unwrap_or(&job.task.rate_limit).as_deref().and_then(per_second);
        let Some(per_second) = limit else {
            return Some(job);
        };
        let bucket = self.buckets.entry(job.request.task.clone()).or_insert(Bucket {
            per_second,
            tokens: 1.0,
            filled_at: now,
            waiting: VecDeque::new(),
        });
        bucket.waiting.push_back(job);
        bucket.take(now)
    }

    /// Takes a task that may begin by now.
    pub fn take_due(&mut self, now: UnixMillis) -> Option<Job> {
        self.buckets.values_mut().find_map(|bucket| bucket.take(now))
    }

    /// When the next waiting task may begin.
    pub fn next_due(&self) -> Option<UnixMillis> {
        self.buckets.values().filter_map(Bucket::due_at).min()
    }

    pub fn waiting(&self) -> impl Iterator<Item = &Job> {
        self.buckets.values().flat_map(|bucket| &bucket.waiting)
    }

    pub fn clear(&mut self) {
        self.buckets.clear();
    }

    /// The limit that remote control set for a task, if it did.
    pub fn set_limit(&self, task: &str) -> Option<&Option<String>> {
        self.set.iter().find(|(known, _)| known == task).map(|(_, limit)| limit)
    }

    /// Sets a task's limit; returns the tasks that waited.
    pub fn set(&mut self, task: &str, limit: Option<String>) -> Vec<Job> {
        self.set.retain(|(known, _)| known != task);
        self.set.push((task.to_owned(), limit));
        let bucket = self.buckets.remove(task);
        bucket.map(|bucket| bucket.waiting.into()).unwrap_or_default()
    }
}

impl Bucket {
    fn take(&mut self, now: UnixMillis) -> Option<Job> {
        if self.waiting.is_empty() || self.due_at()? > now {
            return None;
        }
        let made = (now - self.filled_at) as f64 / 1000.0 * self.per_second;
        self.tokens = ((self.tokens + made).min(1.0) - 1.0).max(0.0);
        self.filled_at = now;
        self.waiting.pop_front()
    }

    fn due_at(&self) -> Option<UnixMillis> {
        if self.waiting.is_empty() {
            return None;
        }
        let missing = (1.0 - self.tokens).max(0.0);
        Some(self.filled_at + (missing / self.per_second * 1000.0).ceil() as i64)
    }
}

/// `10/m` as tokens a second; `None` where it limits nothing.
pub(super) fn per_second(limit: &str) -> Option<f64> {
    let (number, unit) = limit.split_once('/').unwrap_or((limit, ""));
    let number = parse_double(number.trim().as_bytes())?;
    let seconds = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| seconds)?;
    (number > 0.0).then_some(number / seconds)
}

const UNITS: [(&str, f64); 4] = [("", 1.0), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// What Celery answers to a limit that it cannot read.
pub(super) fn problem(limit: &str) -> Option<String> {
    if limit.is_empty() {
        return None;
    }
    let (number, unit) = limit.split_once('/').unwrap_or((limit, ""));
    if !UNITS.iter().any(|(name, _)| *name == unit) {
        return Some(format!("KeyError({})", python::repr(&unit.into())));
    }
    if parse_double(number.trim().as_bytes()).is_none() {
        let raised = format!("could not convert string to float: {}", python::repr(&number.into()));
        return Some(format!("Invalid rate limit string: ValueError(\"{raised}\")"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_celery_reads_them() {
        assert_eq!(per_second("30/m"), Some(0.5));
        assert_eq!(per_second("2"), Some(2.0));
        assert_eq!(per_second("3600/h"), Some(1.0));
        assert_eq!(per_second("0/s"), None);
        assert_eq!(per_second("many"), None);
        assert_eq!(problem("10/m"), None);
        assert_eq!(problem("10/x").as_deref(), Some("KeyError('x')"));
        let raised = "ValueError(\"could not convert string to float: 'abc'\")";
        assert_eq!(problem("abc"), Some(format!("Invalid rate limit string: {raised}")));
    }
}
