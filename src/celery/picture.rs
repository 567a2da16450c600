//! The picture of Celery: plain data, as the page draws it. Times are engine time in milliseconds
//! since 1970.

use serde::{Deserialize, Serialize};

/// A message with its task, wherever it is.
pub type TokenId = u32;

/// Everything that is drawn, but for the feed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Picture {
    /// The lists of the queue `celery`: its own first, those of priorities where they have any.
    pub queues: Vec<Queue>,
    /// The hash `unacked`, in the order of its entries.
    pub unacked: Group,
    /// Workers, in the order in which they came.
    pub workers: Vec<Worker>,
    /// Stored results, the latest first.
    pub results: Vec<Stored>,
    /// Results that are stored and not drawn.
    pub results_hidden: u32,
    /// What the producer waits for or has read, the latest first.
    pub reads: Vec<Read>,
    /// How many messages were sent to the queue.
    pub sent: u32,
    /// The last moves of messages and results.
    pub hops: Vec<Hop>,
}

/// A message as a small thing that moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    pub id: TokenId,
    /// The call, as in `add(2, 3)`.
    pub label: String,
    /// It was delivered before.
    pub redelivered: bool,
}

/// Tokens in order; those in the middle are only counted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Group {
    pub first: Vec<Token>,
    pub hidden: u32,
    pub last: Vec<Token>,
}

impl Group {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.first.len() + self.hidden as usize + self.last.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A list, from its head, where LPUSH pushes, to its tail, where BRPOP pops.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// The key, as the console prints it.
    pub name: String,
    pub tokens: Group,
}

/// A stretch of time, drawn as a ring that empties.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub since: f64,
    pub until: f64,
}

/// A worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    pub id: u32,
    pub name: String,
    pub doing: Doing,
    /// The message that it took and has not acknowledged.
    pub token: Option<Token>,
    /// It was told to stop and finishes first.
    pub stopping: bool,
}

/// What a worker does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Doing {
    /// It connects and declares its queues.
    Connecting,
    /// It waits in BRPOP.
    Parked(Option<Span>),
    /// It has a message, or talks to Redis otherwise.
    Busy,
    /// It runs a task; how long is what it says itself.
    Running(Span),
    /// It said goodbye and closed its connections.
    Stopped,
    /// Its connections dropped.
    Killed,
    /// It ended on an error.
    Crashed(String),
}

impl Doing {
    /// Whether the worker is no more.
    pub fn is_over(&self) -> bool {
        matches!(self, Doing::Stopped | Doing::Killed | Doing::Crashed(_))
    }
}

/// A result in its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    pub token: Token,
    pub ok: bool,
    /// The value, or the exception.
    pub text: String,
    /// Until the key expires, if it does.
    pub life: Option<Span>,
}

/// A result that the producer wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Read {
    pub token: Token,
    /// `None` while it waits.
    pub got: Option<Got>,
}

/// How a result came to the producer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Got {
    pub ok: bool,
    pub text: String,
    /// The command that brought it: PUBLISH or GET.
    pub by: String,
}

/// A move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hop {
    /// Counts up.
    pub number: u32,
    pub path: Path,
    pub token: Token,
    pub at: f64,
}

/// Where something moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Path {
    /// LPUSH: from the producer to the queue's head.
    Send,
    /// BRPOP: from the queue's tail to a worker.
    Take,
    /// HSET: a copy from the worker to `unacked`.
    Keep,
    /// HDEL: out of `unacked`.
    Acknowledge,
    /// RPUSH: from `unacked` back to the queue's tail.
    Restore,
    /// SETEX: from the worker to its result's key.
    Store,
    /// PUBLISH: from the result's channel to the producer.
    Notify,
    /// GET: from the result's key to the producer.
    Fetch,
}

/// A line of the feed: a command that ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Counts up; a line that comes again replaces the one before.
    pub number: u32,
    pub at: f64,
    /// The actor's name, or that of another client.
    pub who: String,
    /// What the connection is for.
    pub role: String,
    pub db: u8,
    /// The command as one would type it.
    pub text: String,
    /// The message that it is about.
    pub token: Option<Token>,
    pub weight: Weight,
    /// It ran inside MULTI and EXEC.
    pub in_multi: bool,
    /// How many times it ran in a row.
    pub times: u32,
}

/// How much a command has to do with messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weight {
    /// It moves a message or a result, or waits for one.
    Message,
    /// kombu's housekeeping, and what connects.
    Housekeeping,
}

/// A message in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    pub token: Token,
    /// The task's id.
    pub task_id: String,
    /// Names and values of its headers.
    pub headers: Vec<(String, String)>,
    /// Names and values of its properties.
    pub properties: Vec<(String, String)>,
    /// What the body holds: arguments, keyword arguments, what to call afterwards.
    pub body: Vec<(String, String)>,
    /// The message as it is stored.
    pub raw: String,
    /// The value of its result's key, where there is one.
    pub result: Option<String>,
}
