//! Attempts: each delivery of a message to a worker, from BRPOP until it is acknowledged or lost,
//! and how many messages waited meanwhile. What is oldest is forgotten first.

use super::Scene;
use super::actors::Change;
use crate::celery::picture::{Path, TokenId};
use crate::celery::tasks::TaskState;
use crate::celery::timeline::{Bar, Cause, Link, Outcome, Row, Sample, Timeline, TimelineQuery};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// How many attempts and samples are remembered.
pub(super) const ATTEMPTS_MAX: usize = 10_000;
const SAMPLES_MAX: usize = 4_096;
/// How many pieces a stretch of time is divided into at most: what is shorter is not drawn apart.
const PIECES: f64 = 800.0;
/// How much is drawn.
const ROWS_MAX: usize = 16;
const BARS_MAX: usize = 2_000;
const LINKS_MAX: usize = 120;
const LANES_MAX: u32 = 8;
/// How many pieces long a bar is at least that has room for a label.
const WIDE: f64 = 40.0;

/// A delivery of a message to a worker.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub token: TokenId,
    pub worker: u32,
    pub lane: u32,
    pub number: u32,
    pub cause: Cause,
    pub taken: f64,
    pub started: Option<f64>,
    /// When the worker says that it will have run.
    pub runs_until: Option<f64>,
    /// Until when it is held, as its `eta` is later.
    pub held_until: Option<f64>,
    pub ended: Option<f64>,
    pub acked: Option<f64>,
    /// When nothing more is expected of it.
    pub closed: Option<f64>,
    pub outcome: Outcome,
    pub previous: Option<u64>,
}

impl Attempt {
    /// How long it ran, if it did.
    pub fn runtime_ms(&self) -> Option<f64> {
        Some((self.ended? - self.started?).max(0.0))
    }
}

/// A worker, as a row of the timeline.
#[derive(Debug, Clone)]
struct Life {
    name: Rc<str>,
    since: f64,
    until: Option<f64>,
}

/// All attempts that are remembered, in the order in which they began.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempts {
    list: VecDeque<Rc<Attempt>>,
    /// The number of the first in the list.
    first: u64,
    lives: BTreeMap<u32, Life>,
    samples: VecDeque<Sample>,
    forgotten_before: Option<f64>,
}

impl Attempts {
    pub fn get(&self, number: u64) -> Option<&Attempt> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.list.get(at).map(|attempt| &**attempt)
    }

    pub fn change(&mut self, number: u64) -> Option<&mut Attempt> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.list.get_mut(at).map(Rc::make_mut)
    }

    fn push(&mut self, attempt: Attempt) -> u64 {
        self.list.push_back(Rc::new(attempt));
        if self.list.len() > ATTEMPTS_MAX
            && let Some(oldest) = self.list.pop_front()
        {
            self.first += 1;
            self.forgotten_before = Some(oldest.taken);
        }
        self.first + self.list.len() as u64 - 1
    }

    /// A worker came.
    pub fn born(&mut self, worker: u32, name: &Rc<str>, at: f64) {
        let life = Life { name: name.clone(), since: at, until: None };
        self.lives.insert(worker, life);
    }

    /// A worker ended.
    pub fn died(&mut self, worker: u32, at: f64) {
        if let Some(life) = self.lives.get_mut(&worker) {
            life.until.get_or_insert(at);
        }
    }

    pub fn sample(&mut self, sample: Sample) {
        match self.samples.back_mut() {
            Some(last) if last.at == sample.at => *last = sample,
            Some(last) if (last.waiting, last.unacked) == (sample.waiting, sample.unacked) => {}
            _ => self.samples.push_back(sample),
        }
        if self.samples.len() > SAMPLES_MAX {
            self.thin_out();
        }
    }

    /// Of the older half of the samples every other is forgotten: the further back, the coarser.
    fn thin_out(&mut self) {
        let half = self.samples.len() / 2;
        let mut at = 0;
        self.samples.retain(|_| {
            at += 1;
            at > half || at % 2 == 0
        });
    }

    /// Attempts at the message of an attempt, the first one first, as far as they are remembered.
    pub fn chain(&self, last: Option<u64>) -> Vec<&Attempt> {
        let mut chain = Vec::new();
        let mut next = last;
        while let Some(attempt) = next.and_then(|number| self.get(number)) {
            chain.push(attempt);
            next = attempt.previous;
        }
        chain.reverse();
        chain
    }

    /// About how many bytes a clone of this takes for itself.
    pub fn weight(&self) -> usize {
        self.list.len() * size_of::<Rc<Attempt>>() + self.samples.len() * size_of::<Sample>()
    }

    /// A stretch of time, where it is `now`.
    pub fn timeline(
        &self,
        query: TimelineQuery,
        now: f64,
        label: impl Fn(TokenId) -> String,
    ) -> Timeline {
        let until = query.until.unwrap_or(now).min(now);
        let since = until - query.span_ms.max(1.0);
        let piece = query.span_ms.max(1.0) / PIECES;
        let mut drawing = Drawing::new(self, since, until);
        let seen = |attempt: &&Rc<Attempt>| {
            attempt.taken <= until && attempt.closed.is_none_or(|closed| closed >= since)
        };
        let mut bars = 0;
        // From the latest on, so that what is too much is what is oldest.
        for attempt in self.list.iter().rev().filter(seen) {
            if bars >= BARS_MAX {
                break;
            }
            bars += usize::from(drawing.add(self, attempt, piece, now));
        }
        let (rows, mut links) = drawing.finish(piece * WIDE, label);
        links.truncate(LINKS_MAX);
        let samples = self.samples_between(since, until, piece);
        Timeline {
            since,
            until,
            rows,
            links,
            samples,
            forgotten_before: self.forgotten_before.filter(|before| *before > since),
        }
    }

    /// The samples of a stretch of time, and the last one before it: of each piece the highest.
    fn samples_between(&self, since: f64, until: f64, piece: f64) -> Vec<Sample> {
        let from = self.samples.partition_point(|sample| sample.at <= since).saturating_sub(1);
        let mut samples: Vec<Sample> = Vec::new();
        for sample in self.samples.range(from..).take_while(|sample| sample.at <= until) {
            match samples.last_mut() {
                Some(last) if sample.at - last.at < piece => {
                    last.waiting = last.waiting.max(sample.waiting);
                    last.unacked = last.unacked.max(sample.unacked);
                }
                _ => samples.push(*sample),
            }
        }
        // What there is now is never averaged away.
        if let Some(now) = self.samples.back().filter(|sample| sample.at <= until)
            && samples.last() != Some(now)
        {
            samples.push(*now);
        }
        samples
    }
}

/// Where a task is whose attempt ended so.
fn state_of(outcome: Outcome) -> TaskState {
    match outcome {
        Outcome::Open => TaskState::Running,
        Outcome::Success => TaskState::Success,
        Outcome::Failure => TaskState::Failure,
        Outcome::Retry => TaskState::Retry,
        Outcome::Revoked => TaskState::Revoked,
        Outcome::Lost => TaskState::Lost,
        Outcome::Returned => TaskState::Waiting,
    }
}

/// A timeline as it is drawn, from its end to its beginning.
struct Drawing {
    rows: Vec<Row>,
    places: BTreeMap<u32, usize>,
    links: Vec<Link>,
}

impl Drawing {
    fn new(attempts: &Attempts, since: f64, until: f64) -> Drawing {
        let seen = |life: &Life| life.since <= until && life.until.is_none_or(|end| end >= since);
        let seen = attempts.lives.iter().rev().filter(|(_, life)| seen(life)).take(ROWS_MAX);
        let mut lives: Vec<(&u32, &Life)> = seen.collect();
        lives.reverse();
        let places = lives.iter().enumerate().map(|(at, (id, _))| (**id, at)).collect();
        let rows = lives.into_iter().map(|(_, life)| Row {
            worker: life.name.to_string(),
            since: life.since,
            until: life.until,
            lanes: 1,
            bars: Vec::new(),
        });
        Drawing { rows: rows.collect(), places, links: Vec::new() }
    }

    /// Draws an attempt; whether that took another bar.
    fn add(&mut self, attempts: &Attempts, attempt: &Attempt, piece: f64, now: f64) -> bool {
        let Some(&place) = self.places.get(&attempt.worker) else {
            return false;
        };
        self.link(attempts, attempt, place as u32, now);
        let row = &mut self.rows[place];
        row.lanes = row.lanes.max(attempt.lane + 1);
        let end = attempt.closed.unwrap_or(now);
        if let Some(next) = row.bars.iter_mut().rev().find(|bar| bar.lane == attempt.lane)
            && end - attempt.taken < piece
            && next.taken - end < piece
            && next.outcome == attempt.outcome
            && next.closed.is_some_and(|closed| next.count > 1 || closed - next.taken < piece)
        {
            next.taken = attempt.taken;
            next.started = attempt.started.or(next.started);
            next.count += 1;
            return false;
        }
        row.bars.push(Bar {
            token: attempt.token,
            label: String::new(),
            number: attempt.number,
            lane: attempt.lane,
            taken: attempt.taken,
            started: attempt.started,
            ended: attempt.ended,
            closed: attempt.closed,
            outcome: attempt.outcome,
            count: 1,
        });
        true
    }

    fn link(&mut self, attempts: &Attempts, attempt: &Attempt, place: u32, now: f64) {
        let before = attempt.previous.and_then(|number| attempts.get(number));
        if let Some(before) = before
            && attempt.cause != Cause::Sent
            && let Some(&from) = self.places.get(&before.worker)
        {
            let end = before.closed.or(before.ended).unwrap_or(now).min(attempt.taken);
            self.links.push(Link {
                token: attempt.token,
                cause: attempt.cause,
                from: (from as u32, before.lane, end),
                to: (place, attempt.lane, attempt.taken),
            });
        }
    }

    fn finish(mut self, wide: f64, label: impl Fn(TokenId) -> String) -> (Vec<Row>, Vec<Link>) {
        for row in &mut self.rows {
            row.bars.reverse();
            let is_wide = |bar: &Bar| bar.closed.is_none_or(|closed| closed - bar.taken >= wide);
            for bar in row.bars.iter_mut().filter(|bar| bar.count == 1 && is_wide(bar)) {
                bar.label = label(bar.token);
            }
        }
        (self.rows, self.links)
    }
}

impl Scene {
    /// A worker took a message from a list.
    pub(super) fn attempt_begins(&mut self, worker: u32, token: TokenId, at: f64) {
        let Some(actor) = self.actors.get(&worker) else {
            return;
        };
        let used = |lane: &u32| {
            actor
                .attempts
                .iter()
                .any(|it| self.attempts.get(*it).is_some_and(|it| it.lane == *lane))
        };
        let lane = (0..LANES_MAX).find(|lane| !used(lane)).unwrap_or(LANES_MAX - 1);
        let name = actor.name.clone();
        let Some(message) = self.messages.change(token) else {
            return;
        };
        message.attempts += 1;
        message.worker = name;
        message.runtime_ms = None;
        let attempt = Attempt {
            token,
            worker,
            lane,
            number: message.attempts,
            cause: message.cause,
            taken: at,
            started: None,
            runs_until: None,
            held_until: None,
            ended: None,
            acked: None,
            closed: None,
            outcome: Outcome::Open,
            previous: message.last_attempt,
        };
        let number = self.attempts.push(attempt);
        message.last_attempt = Some(number);
        self.messages.hold(token);
        self.messages.set_state(token, TaskState::Received);
        if let Some(actor) = self.actors.get_mut(&worker) {
            actor.attempts.push(number);
            actor.has_waited = true;
        }
    }

    /// The attempt of a worker at a message, if it is not over.
    pub(super) fn attempt_at(&self, worker: u32, token: TokenId) -> Option<u64> {
        let attempts = self.actors.get(&worker)?.attempts.iter().rev().copied();
        attempts.into_iter().find(|it| self.attempts.get(*it).is_some_and(|it| it.token == token))
    }

    /// The latest attempt of a worker at a task, over or not.
    pub(super) fn attempt_of(&self, worker: u32, task_id: &str) -> Option<u64> {
        let mut next = self.messages.get(self.messages.of_task(task_id)?)?.last_attempt;
        while let Some(number) = next {
            let attempt = self.attempts.get(number)?;
            if attempt.worker == worker {
                return Some(number);
            }
            next = attempt.previous;
        }
        None
    }

    /// A message is kept until its time has come.
    pub(super) fn attempt_held(&mut self, number: u64, until: f64) {
        if let Some(attempt) = self.attempts.change(number) {
            attempt.held_until = Some(until);
        }
    }

    /// A task began to run.
    pub(super) fn attempt_starts(&mut self, number: u64, at: f64, runs_until: Option<f64>) {
        let Some(attempt) = self.attempts.change(number) else {
            return;
        };
        attempt.started.get_or_insert(at);
        attempt.runs_until = runs_until.or(attempt.runs_until);
        attempt.held_until = None;
        let (token, is_open) = (attempt.token, attempt.outcome == Outcome::Open);
        if is_open {
            self.messages.set_state(token, TaskState::Running);
        }
    }

    /// A task ended.
    pub(super) fn attempt_ends(&mut self, number: u64, at: f64, outcome: Outcome) {
        let Some(attempt) = self.attempts.change(number) else {
            return;
        };
        attempt.ended.get_or_insert(at);
        let is_news = attempt.outcome == Outcome::Open;
        attempt.outcome = outcome;
        let (token, worker) = (attempt.token, attempt.worker);
        let (runtime, is_acked) = (attempt.runtime_ms(), attempt.acked.is_some());
        if let Some(message) = self.messages.change(token) {
            message.runtime_ms = runtime;
        }
        if is_news {
            self.messages.set_state(token, state_of(outcome));
            if let Some(actor) = self.actors.get_mut(&worker) {
                actor.done += 1;
            }
        }
        if is_acked {
            self.attempt_closes(number, at);
        }
    }

    /// Its worker acknowledged a message.
    pub(super) fn attempt_acked(&mut self, number: u64, change: &Change<'_>) {
        let at = change.at_ms();
        let Some(attempt) = self.attempts.change(number).filter(|it| it.acked.is_none()) else {
            return;
        };
        attempt.acked = Some(at);
        let (token, has_ended) = (attempt.token, attempt.ended.is_some());
        self.hop(Path::Acknowledge, token, change.at);
        if has_ended {
            self.attempt_closes(number, at);
        }
    }

    /// Nothing more is expected of an attempt.
    pub(super) fn attempt_closes(&mut self, number: u64, at: f64) {
        let Some(attempt) = self.attempts.change(number).filter(|it| it.closed.is_none()) else {
            return;
        };
        attempt.closed = Some(at);
        let (token, worker) = (attempt.token, attempt.worker);
        if let Some(actor) = self.actors.get_mut(&worker) {
            actor.attempts.retain(|it| *it != number);
        }
        self.messages.release(token);
    }

    /// A worker is no more, and what it had with it.
    pub(super) fn attempts_lost(&mut self, worker: u32, at: f64) {
        self.attempts.died(worker, at);
        let open = self.actors.get(&worker).map_or_else(Vec::new, |actor| actor.attempts.clone());
        for number in open {
            if let Some(attempt) = self.attempts.change(number)
                && attempt.outcome == Outcome::Open
            {
                attempt.outcome = Outcome::Lost;
                attempt.ended = attempt.started.map(|_| at);
                let token = attempt.token;
                self.messages.set_state(token, TaskState::Lost);
            }
            self.attempt_closes(number, at);
        }
    }

    /// Notes how many messages wait and are unacknowledged.
    pub(super) fn sample(&mut self, at: f64) {
        let waiting: usize = self.queues.values().map(VecDeque::len).sum();
        let unacked = self.unacked.len() as u32;
        self.attempts.sample(Sample { at, waiting: waiting as u32, unacked });
    }
}
