//! Messages: which is which, what each is called, and what became of it.
//!
//! A message is remembered for as long as it is somewhere (in a list, in `unacked`, with a worker),
//! and then until too many others were. What is shared between the clones of a scene is behind
//! `Rc`, so that a clone costs no more than its pointers.

use crate::celery::picture::{Line, Token, TokenId};
use crate::celery::tasks::TaskState;
use crate::celery::timeline::Cause;
use crate::design::units;
use celery_sim::message::TaskMessage;
use celery_sim::python;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// How many messages are remembered, those that are somewhere aside.
pub(super) const REMEMBERED_MAX: usize = 10_000;
/// How many messages have a history of commands, and how many commands that is at most.
const HISTORIES_MAX: usize = 1_000;
const HISTORY_MAX: usize = 60;

/// A message, and the task that it asks for.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub label: String,
    /// Empty where it is none of Celery's.
    pub task_id: Rc<str>,
    pub raw: Rc<[u8]>,
    pub redelivered: bool,
    pub state: TaskState,
    pub at: f64,
    pub attempts: u32,
    pub last_attempt: Option<u64>,
    /// The worker of the last attempt.
    pub worker: Rc<str>,
    pub runtime_ms: Option<f64>,
    pub result: String,
    /// Why it was pushed last.
    pub cause: Cause,
    /// How many delivery tags it had then.
    pub sent: usize,
    pub history: Vec<Rc<Line>>,
    pub history_lost: u32,
    /// In how many lists it is.
    pub queued: u32,
    pub tags: Vec<Rc<str>>,
    /// In how many places it is.
    places: u32,
    /// Its number among those that are nowhere.
    idle: Option<u64>,
}

/// Messages, by number, by task and by delivery tag.
#[derive(Debug, Clone, Default)]
pub(super) struct Messages {
    all: BTreeMap<TokenId, Rc<Message>>,
    made: TokenId,
    by_task: BTreeMap<Rc<str>, TokenId>,
    by_tag: BTreeMap<Rc<str>, TokenId>,
    idle: BTreeMap<u64, TokenId>,
    idled: u64,
    with_history: VecDeque<TokenId>,
    /// The message that was read last: what is pushed is seen as a command and as a change.
    last_read: Option<TokenId>,
    states: [u32; TaskState::ALL.len()],
    forgotten: u32,
}

impl Messages {
    pub fn get(&self, id: TokenId) -> Option<&Message> {
        self.all.get(&id).map(|message| &**message)
    }

    pub fn of_task(&self, task_id: &str) -> Option<TokenId> {
        self.by_task.get(task_id).copied()
    }

    pub fn of_tag(&self, tag: &str) -> Option<TokenId> {
        self.by_tag.get(tag).copied()
    }

    /// The latest first.
    pub fn latest(&self) -> impl Iterator<Item = (TokenId, &Message)> {
        self.all.iter().rev().map(|(id, message)| (*id, &**message))
    }

    /// How many tasks there are in each state.
    pub fn states(&self) -> &[u32] {
        &self.states
    }

    /// About how many bytes a clone of this takes for itself.
    pub fn weight(&self) -> usize {
        const POINTERS: usize = 160;
        self.all.len() * POINTERS
    }

    /// How many tasks are not remembered any more.
    pub fn forgotten(&self) -> u32 {
        self.forgotten
    }

    /// The token of a stored message: the one that its task has already. Where that is in a list,
    /// it is the same one only if the message is, and `may_share` that one's place: an exchange
    /// delivers a message to several queues.
    pub fn token_of(
        &mut self,
        element: &[u8],
        at: f64,
        may_share: impl FnOnce(TokenId) -> bool,
    ) -> TokenId {
        let read = self.last_read.filter(|id| {
            self.get(*id).is_some_and(|known| known.queued == 0 && *known.raw == *element)
        });
        if let Some(id) = read {
            return id;
        }
        let message = TaskMessage::parse(element);
        let request = message.as_ref().and_then(|message| message.request.as_ref());
        let task_id: Rc<str> = request.map_or("", |request| request.id.as_str()).into();
        let redelivered = message.as_ref().is_some_and(|message| {
            message.raw["headers"]["redelivered"].as_bool().unwrap_or(false)
        });
        let known = self.of_task(&task_id).filter(|_| !task_id.is_empty());
        let known = known.filter(|id| {
            self.get(*id)
                .is_some_and(|known| known.queued == 0 || *known.raw == *element && may_share(*id))
        });
        let id = match known {
            Some(id) => {
                if let Some(message) = self.change(id) {
                    message.raw = element.into();
                    message.redelivered = redelivered;
                }
                id
            }
            None => {
                let label = match &message {
                    Some(message) => label(message),
                    None => shown(element, LABEL_MAX),
                };
                self.make(label, task_id, element, redelivered, at)
            }
        };
        if let Some(message) = message {
            self.tag(id, &message.delivery_tag);
        }
        self.last_read = Some(id);
        id
    }

    /// The token of a task of which nothing but its id is known.
    pub fn token_of_task(&mut self, task_id: &str, at: f64) -> TokenId {
        self.of_task(task_id).unwrap_or_else(|| {
            let label = format!("task {}", task_id.get(..8).unwrap_or(task_id));
            self.make(label, task_id.into(), &[], false, at)
        })
    }

    fn make(
        &mut self,
        label: String,
        task_id: Rc<str>,
        raw: &[u8],
        redelivered: bool,
        at: f64,
    ) -> TokenId {
        self.made += 1;
        let id = self.made;
        if !task_id.is_empty() {
            self.by_task.insert(task_id.clone(), id);
            self.states[TaskState::Waiting as usize] += 1;
        }
        let message = Message {
            label,
            task_id,
            raw: raw.into(),
            redelivered,
            state: TaskState::Waiting,
            at,
            attempts: 0,
            last_attempt: None,
            worker: "".into(),
            runtime_ms: None,
            result: String::new(),
            cause: Cause::Sent,
            sent: 0,
            history: Vec::new(),
            history_lost: 0,
            queued: 0,
            tags: Vec::new(),
            places: 0,
            idle: None,
        };
        self.all.insert(id, Rc::new(message));
        self.rest(id);
        id
    }

    fn tag(&mut self, id: TokenId, tag: &str) {
        if tag.is_empty() || self.by_tag.get(tag) == Some(&id) {
            return;
        }
        let tag: Rc<str> = tag.into();
        self.by_tag.insert(tag.clone(), id);
        if let Some(message) = self.change(id) {
            message.tags.push(tag);
        }
    }

    /// A message to change, but for where it is and its state.
    pub fn change(&mut self, id: TokenId) -> Option<&mut Message> {
        self.all.get_mut(&id).map(Rc::make_mut)
    }

    pub fn set_state(&mut self, id: TokenId, state: TaskState) {
        let Some(message) = self.all.get_mut(&id) else {
            return;
        };
        if message.state != state {
            if !message.task_id.is_empty() {
                self.states[message.state as usize] -= 1;
                self.states[state as usize] += 1;
            }
            Rc::make_mut(message).state = state;
        }
    }

    /// It is in one more place.
    pub fn hold(&mut self, id: TokenId) {
        if let Some(message) = self.change(id) {
            message.places += 1;
            if let Some(idle) = message.idle.take() {
                self.idle.remove(&idle);
            }
        }
    }

    /// It left a place.
    pub fn release(&mut self, id: TokenId) {
        if let Some(message) = self.change(id) {
            message.places = message.places.saturating_sub(1);
            if message.places == 0 {
                self.rest(id);
            }
        }
    }

    /// It is in one more list.
    pub fn enqueue(&mut self, id: TokenId) {
        self.hold(id);
        if let Some(message) = self.change(id) {
            message.queued += 1;
        }
    }

    /// It left a list.
    pub fn dequeue(&mut self, id: TokenId) {
        self.release(id);
        let Some(message) = self.change(id) else {
            return;
        };
        message.queued = message.queued.saturating_sub(1);
        if message.places == 0 && message.state == TaskState::Waiting {
            self.set_state(id, TaskState::Gone);
        }
    }

    /// A command was about it.
    pub fn remember(&mut self, id: TokenId, line: Rc<Line>) {
        let Some(message) = self.change(id) else {
            return;
        };
        let is_first = message.history.is_empty();
        message.history.push(line);
        if message.history.len() > HISTORY_MAX {
            message.history.remove(0);
            message.history_lost += 1;
        }
        if !is_first {
            return;
        }
        self.with_history.push_back(id);
        if self.with_history.len() > HISTORIES_MAX
            && let Some(oldest) = self.with_history.pop_front()
            && let Some(message) = self.change(oldest)
        {
            message.history_lost += message.history.len() as u32;
            message.history.clear();
        }
    }

    pub fn token(&self, id: TokenId) -> Token {
        let message = self.get(id);
        Token {
            id,
            label: message.map_or_else(|| "?".to_owned(), |message| message.label.clone()),
            redelivered: message.is_some_and(|message| message.redelivered),
        }
    }

    fn rest(&mut self, id: TokenId) {
        self.idled += 1;
        let idled = self.idled;
        if let Some(message) = self.change(id) {
            message.idle = Some(idled);
            self.idle.insert(idled, id);
        }
        while self.all.len() > REMEMBERED_MAX
            && let Some((_, oldest)) = self.idle.pop_first()
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, id: TokenId) {
        let Some(message) = self.all.remove(&id) else {
            return;
        };
        if !message.task_id.is_empty() {
            self.states[message.state as usize] -= 1;
            self.forgotten = self.forgotten.saturating_add(1);
        }
        if self.by_task.get(&message.task_id) == Some(&id) {
            self.by_task.remove(&message.task_id);
        }
        for tag in &message.tags {
            if self.by_tag.get(tag) == Some(&id) {
                self.by_tag.remove(tag);
            }
        }
    }
}

const LABEL_MAX: usize = 28;

/// The call in a message, `add(2, 3)`; of one that calls no task, what it says.
fn label(message: &TaskMessage) -> String {
    let header = |name: &str| message.raw["headers"][name].as_str();
    let label = match header("task") {
        Some(task) => {
            let task = task.rsplit('.').next().unwrap_or(task);
            let args = header("argsrepr").unwrap_or("(…)");
            let args = args.strip_suffix(",)").map_or(args.into(), |args| format!("{args})"));
            format!("{task}{args}")
        }
        None => format!("message: {}", python::repr(&message.body().unwrap_or_default())),
    };
    shown(label.as_bytes(), LABEL_MAX)
}

/// A result in a few words: its state, and the value or the exception.
pub(super) fn summary(meta: &[u8]) -> (TaskState, String) {
    let Ok(meta) = serde_json::from_slice::<Value>(meta) else {
        return (TaskState::Gone, shown(meta, 40));
    };
    let result = &meta["result"];
    let state = match meta["status"].as_str() {
        Some("SUCCESS") => return (TaskState::Success, shown(python::repr(result).as_bytes(), 60)),
        Some("FAILURE") => TaskState::Failure,
        Some("RETRY") => TaskState::Retry,
        Some("REVOKED") => TaskState::Revoked,
        Some("STARTED") => return (TaskState::Running, "STARTED".to_owned()),
        status => return (TaskState::Gone, status.unwrap_or("?").to_owned()),
    };
    let arguments = result["exc_message"].as_array().cloned().unwrap_or_default();
    let arguments = arguments.iter().map(python::repr).collect::<Vec<_>>().join(", ");
    let exception = result["exc_type"].as_str().unwrap_or("?");
    (state, shown(format!("{exception}({arguments})").as_bytes(), 60))
}

/// Text that fits: what cannot be read is escaped, what is too long is cut.
pub(super) fn shown(bytes: &[u8], max: usize) -> String {
    let text = units::text(bytes);
    match text.char_indices().nth(max) {
        None => text,
        Some(_) => text.chars().take(max.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nowhere_is_forgotten_first_come_first_served() {
        let mut messages = Messages::default();
        let kept = messages.token_of_task("kept", 0.0);
        messages.hold(kept);
        let first = messages.token_of_task("first", 0.0);
        for n in 0..REMEMBERED_MAX {
            messages.token_of_task(&n.to_string(), 0.0);
        }
        assert_eq!((messages.of_task("kept"), messages.of_task("first")), (Some(kept), None));
        assert!(messages.get(first).is_none());
        assert_eq!(messages.all.len(), REMEMBERED_MAX);
        assert_eq!(messages.forgotten(), 2);
        let states: u32 = messages.states().iter().sum();
        assert_eq!(states as usize, REMEMBERED_MAX);
    }

    #[test]
    fn a_message_that_is_twice_in_a_list_is_two_tokens() {
        let mut messages = Messages::default();
        let read = |messages: &mut Messages| messages.token_of(b"hello", 0.0, |_| true);
        let first = read(&mut messages);
        messages.enqueue(first);
        let second = read(&mut messages);
        assert_ne!(first, second);
        assert_eq!(read(&mut messages), second, "it is not in a list yet");
    }
}
