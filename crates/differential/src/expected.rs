//! What the engine sent to a client, and which command each reply belongs to.
//!
//! A command may answer later (it waited), several times (SUBSCRIBE), or inside another's reply
//! (EXEC); messages come between replies.

use keyspace_resp::Value;
use std::collections::VecDeque;

/// A command with its arguments.
pub(crate) type Args = Vec<Vec<u8>>;

/// Something that a client is to receive.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// What it answers; nothing where it is a message.
    pub answers: Vec<Args>,
    pub value: Value,
}

/// The commands of a client that are not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Unanswered {
    commands: VecDeque<Args>,
    /// Inside MULTI, what was queued.
    queue: Option<Vec<Args>>,
}

impl Unanswered {
    pub fn sent(&mut self, args: Args) {
        self.commands.push_back(args);
    }

    pub fn in_multi(&self) -> bool {
        self.queue.is_some()
    }

    /// Says what a value is that the engine sent.
    pub fn received(&mut self, value: Value) -> Expected {
        if is_message(&value) {
            return Expected { answers: Vec::new(), value };
        }
        // These have answered by messages.
        while !matches!(value, Value::Error(_))
            && !is_queued(&value)
            && self.commands.len() > 1
            && self.commands.front().is_some_and(|args| subscribes(args))
        {
            self.commands.pop_front();
        }
        let args = self.commands.pop_front().unwrap_or_default();
        let is =
            |name: &str| args.first().is_some_and(|arg| arg.eq_ignore_ascii_case(name.as_bytes()));
        let mut answers = vec![args.clone()];
        match &value {
            Value::Error(_) if is("exec") => self.queue = None,
            Value::Error(_) => {}
            _ if is_queued(&value) => {
                if let Some(queue) = &mut self.queue {
                    queue.push(args);
                }
            }
            _ if is("multi") => self.queue = Some(Vec::new()),
            _ if is("discard") || is("reset") => self.queue = None,
            _ if is("exec") => answers.extend(self.queue.take().unwrap_or_default()),
            _ => {}
        }
        Expected { answers, value }
    }
}

fn is_queued(value: &Value) -> bool {
    *value == Value::Simple(b"QUEUED".to_vec())
}

/// Whether a command answers by messages, one for each channel.
pub(crate) fn subscribes(args: &Args) -> bool {
    args.first().is_some_and(|name| name.to_ascii_lowercase().ends_with(b"subscribe"))
}

/// Whether a value is out of band; in RESP2 only its first element says so.
pub(crate) fn is_message(value: &Value) -> bool {
    match value {
        Value::Push(_) => true,
        Value::Array(items) => match items.first() {
            Some(Value::Bulk(kind)) => {
                matches!(&kind[..], b"message" | b"pmessage" | b"smessage")
                    || kind.ends_with(b"subscribe")
            }
            _ => false,
        },
        _ => false,
    }
}
