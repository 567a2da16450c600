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
    /// How many channels the first of them has named in its messages.
    confirmed: usize,
    /// Inside MULTI, what was queued.
    queue: Option<Vec<Args>>,
}

impl Unanswered {
    pub fn sent(&mut self, args: Args) {
        self.commands.push_back(args);
    }

    /// Says what a value is that the engine sent.
    pub fn received(&mut self, value: Value) -> Expected {
        if let Some(kind) = message(&value) {
            if kind.ends_with(b"subscribe") {
                self.confirm();
            }
            return Expected { answers: Vec::new(), value };
        }
        let args = self.commands.pop_front().unwrap_or_default();
        let name = args.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        let mut answers = vec![args.clone()];
        match (&name[..], &value) {
            (b"exec", Value::Error(_)) => self.queue = None,
            (_, Value::Error(_)) => {}
            _ if value == Value::Simple(b"QUEUED".to_vec()) => {
                self.queue.get_or_insert_default().push(args);
            }
            (b"multi", _) => self.queue = Some(Vec::new()),
            (b"discard" | b"reset", _) => self.queue = None,
            (b"exec", _) => answers.extend(self.queue.take().unwrap_or_default()),
            _ => {}
        }
        Expected { answers, value }
    }

    /// A channel of the first command is confirmed; the last one answers it.
    fn confirm(&mut self) {
        if let Some(args) = self.commands.front().filter(|args| subscribes(args)) {
            self.confirmed += 1;
            if self.confirmed + 1 >= args.len() {
                self.confirmed = 0;
                self.commands.pop_front();
            }
        }
    }
}

/// Whether a command answers by messages, one for each channel.
fn subscribes(args: &Args) -> bool {
    args.first().is_some_and(|name| name.to_ascii_lowercase().ends_with(b"subscribe"))
}

/// The kind of a message; in RESP2 only its first element tells it from a reply.
pub(crate) fn message(value: &Value) -> Option<&[u8]> {
    let (Value::Push(items) | Value::Array(items)) = value else {
        return None;
    };
    let Some(Value::Bulk(kind)) = items.first() else {
        return None;
    };
    let is_message =
        matches!(&kind[..], b"message" | b"pmessage" | b"smessage") || kind.ends_with(b"subscribe");
    let is_message = is_message || matches!(value, Value::Push(_));
    is_message.then_some(kind)
}
