//! Where messages are: the lists of queues, and `unacked` with its index.

use super::actors::Change;
use super::{Scene, Stale};
use crate::celery::picture::{Path, TokenId};
use crate::celery::tasks::TaskState;
use crate::celery::timeline::{Cause, Outcome};
use celery_sim::python;
use keyspace_resp::parse_double;
use serde_json::Value;
use std::collections::VecDeque;
use std::rc::Rc;

/// How many lists are followed.
const QUEUES_MAX: usize = 64;
/// A message in `unacked`.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub token: TokenId,
    /// The worker that put it there.
    pub by: Option<u32>,
    pub by_name: Rc<str>,
}

impl Scene {
    pub(super) fn is_queue(&self, key: &[u8]) -> bool {
        self.queues.contains_key(key)
    }

    /// Workers wait for these lists, so they are queues.
    pub(super) fn learn_queues(&mut self, db: u8, keys: &[Vec<u8>]) {
        if db != self.settings.broker_db {
            return;
        }
        for key in keys {
            if !self.settings.has_replies(key) {
                self.learn_queue(key);
            }
        }
    }

    /// A list of a queue; it may have messages already.
    pub(super) fn learn_queue(&mut self, key: &[u8]) {
        if !self.is_queue(key) && self.queues.len() < QUEUES_MAX {
            self.queues.insert(key.to_vec(), VecDeque::new());
            self.stale.insert(Stale::Queue(key.to_vec()));
        }
    }

    /// Is told what a list of a queue holds, from its head.
    pub fn queue_is(&mut self, key: &[u8], elements: &[Vec<u8>]) {
        self.changed = true;
        let before = self.queues.insert(key.to_vec(), VecDeque::new()).unwrap_or_default();
        // Whatever stays keeps its token: it is held while the others leave.
        for &token in &before {
            self.messages.hold(token);
            self.messages.dequeue(token);
        }
        for element in elements {
            let token = self.token_in_queue(key, element, self.now);
            self.messages.enqueue(token);
            self.messages.set_state(token, TaskState::Waiting);
            self.queues.entry(key.to_vec()).or_default().push_back(token);
        }
        for token in before {
            self.messages.release(token);
            if self.messages.get(token).is_some_and(|it| it.queued == 0 && it.attempts == 0) {
                self.messages.set_state(token, TaskState::Gone);
            }
        }
        self.sample(self.now);
    }

    pub(super) fn queue_changed(&mut self, key: &[u8], change: &Change<'_>) {
        match (change.event, &change.command()[..], change.args) {
            ("lpush", b"LPUSH" | b"LPUSHX", [_, _, elements @ ..]) => {
                for element in elements {
                    self.pushed(key, element, true, change);
                }
            }
            ("rpush", b"RPUSH" | b"RPUSHX", [_, _, elements @ ..]) => {
                for element in elements {
                    self.pushed(key, element, false, change);
                }
            }
            ("rpop", b"BRPOP", _) | ("rpop", b"RPOP", [_, _]) => {
                let token = self.queues.get_mut(key).and_then(VecDeque::pop_back);
                self.taken(token, change);
            }
            ("lpop", b"BLPOP", _) | ("lpop", b"LPOP", [_, _]) => {
                let token = self.queues.get_mut(key).and_then(VecDeque::pop_front);
                self.taken(token, change);
            }
            ("del" | "expired", _, _) => self.queue_is(key, &[]),
            _ => {
                self.stale.insert(Stale::Queue(key.to_vec()));
            }
        }
        self.sample(change.at_ms());
    }

    /// The token of a message that is, or will be, in a list.
    pub(super) fn token_in_queue(&mut self, key: &[u8], element: &[u8], at: f64) -> TokenId {
        let queue = self.queues.get(key);
        let may_share = |token| queue.is_none_or(|queue| !queue.contains(&token));
        self.messages.token_of(element, at, may_share)
    }

    /// A message came into a list: from a producer, or back from `unacked`.
    fn pushed(&mut self, key: &[u8], element: &[u8], at_head: bool, change: &Change<'_>) {
        let token = self.token_in_queue(key, element, change.at_ms());
        self.messages.enqueue(token);
        let queue = self.queues.entry(key.to_vec()).or_default();
        if at_head {
            queue.push_front(token);
        } else {
            queue.push_back(token);
        }
        let worker = self.worker_of(change.client);
        let message = self.messages.get(token);
        let last = message.and_then(|message| message.last_attempt);
        let is_new = message.is_some_and(|message| message.sent != message.tags.len());
        let cause = match last.and_then(|last| self.attempts.get(last)) {
            None => Cause::Sent,
            Some(last) if last.outcome == Outcome::Retry => Cause::Retried,
            Some(_) if worker.is_some() && !at_head => Cause::Restored,
            Some(_) if is_new => Cause::SentAgain,
            Some(_) => Cause::Sent,
        };
        if let (Cause::Restored, Some(worker), Some(last)) = (cause, worker, last) {
            self.returned(worker, last);
        }
        if let Some(message) = self.messages.change(token) {
            message.cause = cause;
            message.sent = message.tags.len();
        }
        self.messages.set_state(token, TaskState::Waiting);
        let path = if cause == Cause::Restored { Path::Restore } else { Path::Send };
        self.hop(path, token, change.at);
        self.wanted(token);
    }

    /// A worker gave back what it had not begun.
    fn returned(&mut self, worker: u32, last: u64) {
        if let Some(attempt) = self.attempts.change(last)
            && attempt.worker == worker
            && attempt.outcome == Outcome::Open
            && let Some(at) = attempt.acked
        {
            attempt.outcome = Outcome::Returned;
            self.attempt_closes(last, at);
        }
    }

    fn taken(&mut self, token: Option<TokenId>, change: &Change<'_>) {
        let Some(token) = token else {
            return;
        };
        if let Some(worker) = self.worker_of(change.client) {
            self.attempt_begins(worker, token, change.at_ms());
            self.hop(Path::Take, token, change.at);
        }
        self.messages.dequeue(token);
    }

    /// A worker has a message that it took from no list: it listens to a fanout exchange.
    fn heard(&mut self, by: Option<u32>, token: TokenId, change: &Change<'_>) {
        if let Some(worker) = by
            && self.attempt_at(worker, token).is_none()
        {
            self.attempt_begins(worker, token, change.at_ms());
            self.hop(Path::Take, token, change.at);
        }
    }

    pub(super) fn unacked_changed(&mut self, change: &Change<'_>) {
        match (change.event, &change.command()[..], change.args) {
            ("hset", b"HSET", [_, _, pairs @ ..]) => {
                for pair in pairs.chunks_exact(2) {
                    let by = self.worker_of(change.client);
                    let token = self.keep_unacked(&pair[0], &pair[1], by);
                    self.heard(by, token, change);
                    self.hop(Path::Keep, token, change.at);
                }
            }
            ("hdel", b"HDEL", [_, _, tags @ ..]) => {
                for tag in tags {
                    self.leaves_unacked(&String::from_utf8_lossy(tag));
                }
            }
            ("del" | "expired", _, _) => self.unacked_is(&[]),
            _ => {
                self.stale.insert(Stale::Unacked);
            }
        }
        self.sample(change.at_ms());
    }

    /// Is told what `unacked` holds.
    pub fn unacked_is(&mut self, entries: &[(Vec<u8>, Vec<u8>)]) {
        self.changed = true;
        let before = std::mem::take(&mut self.unacked);
        for (tag, entry) in entries {
            let by = before.get(&String::from_utf8_lossy(tag)).and_then(|entry| entry.by);
            self.keep_unacked(tag, entry, by);
        }
        for (_, entry) in before.iter() {
            self.messages.release(entry.token);
        }
        self.sample(self.now);
    }

    fn keep_unacked(&mut self, tag: &[u8], entry: &[u8], by: Option<u32>) -> TokenId {
        let tag = String::from_utf8_lossy(tag).into_owned();
        let token = self.messages.of_tag(&tag).unwrap_or_else(|| {
            let message = serde_json::from_slice::<Value>(entry).ok();
            let message = message.and_then(|entry| entry.get(0).map(python::json_dumps));
            self.messages.token_of(message.as_deref().unwrap_or(entry), self.now, |_| false)
        });
        let by_name = by.and_then(|by| self.actors.get(&by)).map(|actor| actor.name.clone());
        let by_name = by_name.unwrap_or_else(|| "".into());
        self.messages.hold(token);
        if let Some(before) = self.unacked.insert(&tag, Entry { token, by, by_name }) {
            self.messages.release(before.token);
        }
        token
    }

    fn leaves_unacked(&mut self, tag: &str) {
        if let Some(entry) = self.unacked.remove(tag) {
            self.messages.release(entry.token);
        }
    }

    /// A worker says that it is done with messages, whether they are still in `unacked` or not.
    pub(super) fn acknowledges(&mut self, worker: u32, tags: &[Vec<u8>], change: &Change<'_>) {
        for tag in tags {
            let token = std::str::from_utf8(tag).ok().and_then(|tag| self.messages.of_tag(tag));
            if let Some(attempt) = token.and_then(|token| self.attempt_at(worker, token)) {
                self.attempt_acked(attempt, change);
            }
        }
    }

    pub(super) fn unacked_index_changed(&mut self, change: &Change<'_>) {
        match (change.event, &change.command()[..], change.args) {
            ("zadd", b"ZADD", [_, _, score, tag]) => self.delivered(score, tag),
            ("zrem", b"ZREM", [_, _, tags @ ..]) => {
                for tag in tags {
                    self.delivered_at.remove(&*String::from_utf8_lossy(tag));
                }
            }
            ("del" | "expired", _, _) => self.delivered_at.clear(),
            _ => {
                self.stale.insert(Stale::UnackedIndex);
            }
        }
    }

    /// Is told what `unacked_index` holds: scores and tags.
    pub fn unacked_index_is(&mut self, entries: &[(Vec<u8>, Vec<u8>)]) {
        self.changed = true;
        self.delivered_at.clear();
        for (tag, score) in entries {
            self.delivered(score, tag);
        }
    }

    fn delivered(&mut self, score: &[u8], tag: &[u8]) {
        if let Some(seconds) = parse_double(score) {
            let tag: Rc<str> = String::from_utf8_lossy(tag).into();
            self.delivered_at.insert(tag, seconds * 1_000.0);
        }
    }
}
