//! Results: in their keys, on their way, and with whoever wanted them.

use super::actors::Change;
use super::messages::summary;
use super::{Scene, Stale, task_of};
use crate::celery::picture::{Got, Path, Span, TokenId};
use crate::celery::tasks::TaskState;
use crate::celery::timeline::Outcome;
use keyspace::UnixMillis;
use keyspace_resp::parse_double;
use std::rc::Rc;

/// How many results that the producer wants are drawn.
const READS_MAX: usize = 4;

/// A stored result.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub token: TokenId,
    pub label: String,
    pub state: TaskState,
    pub text: String,
    pub life: Option<Span>,
}

impl Scene {
    pub(super) fn result_changed(&mut self, task_id: &str, change: &Change<'_>) {
        match (change.event, &change.command()[..], change.args) {
            ("set", b"SETEX", [_, _, seconds, value]) => {
                let seconds = parse_double(seconds);
                let since = change.at_ms();
                let life = seconds.map(|seconds| Span { since, until: since + seconds * 1000.0 });
                self.stored(task_id, value, life, change);
            }
            ("set", b"SET", [_, _, value]) => self.stored(task_id, value, None, change),
            ("expire", b"SETEX", _) => {}
            ("del" | "expired", _, _) => {
                self.results.remove(task_id);
            }
            _ => {
                self.stale.insert(Stale::Result(task_id.to_owned()));
            }
        }
    }

    /// Is told what a result's key holds, and until when.
    pub fn result_is(&mut self, task_id: &str, value: Option<(&[u8], Option<Span>)>) {
        self.changed = true;
        match value {
            Some((value, life)) => {
                self.keep_result(task_id, value, life);
            }
            None => {
                self.results.remove(task_id);
            }
        }
    }

    /// A worker stored a result, which says how its attempt ended.
    fn stored(&mut self, task_id: &str, value: &[u8], life: Option<Span>, change: &Change<'_>) {
        let (token, state) = self.keep_result(task_id, value, life);
        self.hop(Path::Store, token, change.at);
        let at = change.at_ms();
        if let Some(attempt) =
            self.worker_of(change.client).and_then(|worker| self.attempt_at(worker, token))
        {
            match state {
                TaskState::Running => self.attempt_starts(attempt, at, None),
                TaskState::Success => self.attempt_ends(attempt, at, Outcome::Success),
                TaskState::Failure => self.attempt_ends(attempt, at, Outcome::Failure),
                TaskState::Retry => self.attempt_ends(attempt, at, Outcome::Retry),
                TaskState::Revoked => self.attempt_ends(attempt, at, Outcome::Revoked),
                _ => {}
            }
        }
        if state != TaskState::Gone {
            self.messages.set_state(token, state);
        }
    }

    fn keep_result(
        &mut self,
        task_id: &str,
        value: &[u8],
        life: Option<Span>,
    ) -> (TokenId, TaskState) {
        let token = self.messages.token_of_task(task_id, self.now);
        let (state, text) = summary(value);
        let label = match self.messages.change(token) {
            Some(message) => {
                message.result = text.clone();
                message.label.clone()
            }
            None => String::new(),
        };
        self.results.insert(task_id, Rc::new(Kept { token, label, state, text, life }));
        (token, state)
    }

    /// A message came into a list whose result somebody listens for.
    pub(super) fn wanted(&mut self, token: TokenId) {
        let task_id = self.messages.get(token).map(|message| message.task_id.clone());
        let wanted = task_id.is_some_and(|task_id| self.listens_for(&task_id));
        if wanted && self.reads.iter().all(|(read, _)| *read != token) {
            self.messages.hold(token);
            self.reads.push_front((token, None));
            if self.reads.len() > READS_MAX
                && let Some((oldest, _)) = self.reads.pop_back()
            {
                self.messages.release(oldest);
            }
        }
    }

    /// Nobody listens for a result any more, whether it came or not.
    pub(super) fn unwanted(&mut self, task_id: &str) {
        let token = self.messages.of_task(task_id);
        let waits = |(read, got): &(TokenId, Option<Got>)| Some(*read) == token && got.is_none();
        if let Some(at) = self.reads.iter().position(waits)
            && let Some((read, _)) = self.reads.remove(at)
        {
            self.messages.release(read);
        }
    }

    /// A result was published, and somebody listens.
    pub(super) fn published_result(&mut self, at: UnixMillis, task_id: &str, message: &[u8]) {
        if let Some(token) = self.messages.of_task(task_id) {
            let (state, text) = summary(message);
            self.got(at, token, state, text, Path::Notify, "PUBLISH");
        }
    }

    /// The producer looked for a result; it is read if it was there.
    pub(super) fn fetched(&mut self, at: UnixMillis, key: &[u8]) {
        let kept = task_of(key).and_then(|task_id| self.results.get(task_id)).cloned();
        if let Some(kept) = kept {
            self.got(at, kept.token, kept.state, kept.text.clone(), Path::Fetch, "GET");
        }
    }

    fn got(
        &mut self,
        at: UnixMillis,
        token: TokenId,
        state: TaskState,
        text: String,
        path: Path,
        by: &str,
    ) {
        let ok = state == TaskState::Success;
        let is_ready = ok || matches!(state, TaskState::Failure | TaskState::Revoked);
        if is_ready && let Some((_, got)) = self.reads.iter_mut().find(|(read, _)| *read == token) {
            *got = Some(Got { ok, text, by: by.to_owned() });
        }
        self.hop(path, token, at);
        self.changed = true;
    }
}
