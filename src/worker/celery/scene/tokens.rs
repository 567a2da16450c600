//! Messages as tokens: which is which, and what it is called.

use super::{Message, Scene, is_queue, task_of};
use crate::celery::picture::{Token, TokenId};
use celery_sim::message::TaskMessage;
use celery_sim::python;
use serde_json::Value;
use std::collections::BTreeSet;

/// How many tokens are remembered, those in sight aside.
const TOKENS_MAX: usize = 512;

impl Scene {
    /// The token of a message: the one that its task has already, unless that is in a queue.
    pub(super) fn token_of(&mut self, element: &[u8]) -> TokenId {
        let message = TaskMessage::parse(element);
        let request = message.as_ref().and_then(|message| message.request.as_ref());
        let task_id = request.map(|request| request.id.clone());
        let known = task_id.as_ref().and_then(|task_id| self.by_task.get(task_id)).copied();
        let known = known.filter(|id| self.queues.values().all(|queue| !queue.contains(id)));
        let redelivered = message.as_ref().is_some_and(|message| {
            message.raw["headers"]["redelivered"].as_bool().unwrap_or(false)
        });
        let label = message.as_ref().map_or_else(|| shown(element, 24), |it| label(&it.raw));
        let made = Message {
            label,
            task_id: task_id.unwrap_or_default(),
            raw: element.to_vec(),
            redelivered,
        };
        let token = match known {
            Some(token) => {
                self.tokens.insert(token, made);
                token
            }
            None => self.make_token(made),
        };
        if let Some(message) = message {
            self.by_tag.insert(message.delivery_tag, token);
        }
        token
    }

    pub(super) fn make_token(&mut self, message: Message) -> TokenId {
        self.tokens_made += 1;
        let token = self.tokens_made;
        if !message.task_id.is_empty() {
            self.by_task.insert(message.task_id.clone(), token);
        }
        self.tokens.insert(token, message);
        token
    }

    /// The token that a command is about.
    pub(super) fn token_in(&mut self, args: &[Vec<u8>]) -> Option<TokenId> {
        let [name, key, rest @ ..] = args else {
            return None;
        };
        if let Some(task_id) = task_of(key) {
            return self.by_task.get(task_id).copied();
        }
        let pushes = name.eq_ignore_ascii_case(b"LPUSH") || name.eq_ignore_ascii_case(b"RPUSH");
        if pushes && is_queue(key) {
            let element = rest.first()?;
            TaskMessage::parse(element)?.request?;
            return Some(self.token_of(element));
        }
        let tag = |arg: &Vec<u8>| self.by_tag.get(std::str::from_utf8(arg).ok()?).copied();
        rest.iter().find_map(tag)
    }

    pub(super) fn token(&self, id: TokenId) -> Token {
        let message = self.tokens.get(&id);
        Token {
            id,
            label: message.map_or_else(|| "?".to_owned(), |message| message.label.clone()),
            redelivered: message.is_some_and(|message| message.redelivered),
        }
    }

    /// Forgets the oldest messages that are nowhere any more.
    pub(super) fn forget_tokens(&mut self) {
        let surplus = self.tokens.len().saturating_sub(TOKENS_MAX);
        if surplus == 0 {
            return;
        }
        let mut used: BTreeSet<TokenId> = self.queues.values().flatten().copied().collect();
        used.extend(self.unacked.iter().map(|(_, token)| token));
        used.extend(self.results.iter().map(|(_, kept)| kept.token));
        used.extend(self.reads.iter().map(|(token, _)| token));
        used.extend(self.actors.values().filter_map(|actor| actor.token));
        let unused = self.tokens.keys().copied().filter(|id| !used.contains(id));
        for id in unused.take(surplus).collect::<Vec<_>>() {
            self.tokens.remove(&id);
        }
        let tokens = &self.tokens;
        self.by_task.retain(|_, id| tokens.contains_key(id));
        self.by_tag.retain(|_, id| tokens.contains_key(id));
    }
}

/// The call in a message: `add(2, 3)`.
fn label(raw: &Value) -> String {
    let header = |name: &str| raw["headers"][name].as_str().unwrap_or("?");
    let task = header("task").rsplit('.').next().unwrap_or("?");
    let args = header("argsrepr");
    let args = args.strip_suffix(",)").map(|args| format!("{args})"));
    let label = format!("{task}{}", args.as_deref().unwrap_or(header("argsrepr")));
    shown(label.as_bytes(), 28)
}

/// A result in a few words: whether it is one, and the value or the exception.
pub(super) fn summary(meta: &[u8]) -> (bool, String) {
    let Ok(meta) = serde_json::from_slice::<Value>(meta) else {
        return (false, shown(meta, 40));
    };
    let result = &meta["result"];
    match (meta["status"].as_str(), result["exc_type"].as_str()) {
        (Some("FAILURE"), Some(exception)) => {
            let arguments = result["exc_message"].as_array().cloned().unwrap_or_default();
            let arguments = arguments.iter().map(python::repr).collect::<Vec<_>>().join(", ");
            (false, shown(format!("{exception}({arguments})").as_bytes(), 60))
        }
        (Some("SUCCESS"), _) => (true, shown(python::repr(result).as_bytes(), 60)),
        (status, _) => (false, status.unwrap_or("?").to_owned()),
    }
}

/// Text that fits: what cannot be read is escaped, what is too long is cut.
pub(super) fn shown(bytes: &[u8], max: usize) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(|char| !char.is_control()) => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    };
    if text.chars().count() <= max {
        return text;
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}
