//! The picture of Celery: plain data, as the page draws it. Times are engine time in milliseconds
//! since 1970. What there is many of is cut to what fits, and the rest counted, so a picture has a
//! few kilobytes however long the queue is.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A message with its task, wherever it is.
pub type TokenId = u32;

/// Everything that is drawn of this moment, but for the feed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Picture {
    pub producers: Vec<Producer>,
    /// The lists of queues: the default queue's own first, those of priorities where they have any.
    pub queues: Vec<Queue>,
    pub unacked: Unacked,
    pub bindings: Vec<Binding>,
    /// Workers, in the order in which they came.
    pub workers: Vec<Worker>,
    pub workers_hidden: u32,
    /// Stored results, the latest first.
    pub results: Vec<Stored>,
    pub results_hidden: u32,
    /// The database of results, if there are any.
    pub results_db: Option<u8>,
    /// The database of queues.
    pub broker_db: u8,
    /// What the producer waits for or has read, the latest first.
    pub reads: Vec<Read>,
    pub channels: Vec<Channel>,
    /// How often each path was taken, in the order of [`Path::ALL`].
    pub flows: Vec<u32>,
    /// The last moves of messages and results.
    pub hops: Vec<Hop>,
}

/// A key of a database.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Key {
    pub db: u8,
    pub name: ByteBuf,
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

/// A process that sends tasks, or drives workers otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Producer {
    pub name: String,
    /// How many results it waits for.
    pub awaits: u32,
}

/// A list, from its head, where LPUSH pushes, to its tail, where BRPOP pops.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    pub key: Key,
    /// The queue whose list it is.
    pub queue: String,
    /// The priority that its messages have, at least.
    pub priority: u8,
    pub tokens: Group,
}

/// The hash `unacked`, and beside it `unacked_index`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Unacked {
    pub hash: Key,
    pub index: Key,
    /// In the order in which they were taken.
    pub entries: Vec<Taken>,
    pub hidden: u32,
}

impl Unacked {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len() + self.hidden as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A message in `unacked`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    pub token: Token,
    /// The worker that took it.
    pub by: String,
    /// That worker is no more.
    pub orphan: bool,
    /// From when it was taken until the visibility timeout, by its score in `unacked_index`.
    pub life: Option<Span>,
}

/// A set of an exchange's bindings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    pub key: Key,
    pub exchange: String,
    /// The queues that are bound.
    pub queues: Vec<String>,
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
    /// The keys that it waits for in BRPOP, or waited for last.
    pub keys: Vec<Key>,
    /// Its place among those that wait for the same list: who is first gets the next message.
    pub place: Option<u32>,
    /// How many tasks it runs at once.
    pub concurrency: u32,
    /// How many messages it takes at most; `None` is as many as there are.
    pub prefetch_limit: Option<u32>,
    /// What it runs.
    pub slots: Vec<Slot>,
    /// Messages that it took and has not begun.
    pub prefetched: Group,
    /// Messages that it holds until their time has come, the next one first.
    pub held: Vec<Held>,
    pub held_hidden: u32,
    /// It was told to stop and finishes first.
    pub stopping: bool,
    /// How many messages it acknowledged.
    pub done: u32,
}

impl Worker {
    /// The name without the host.
    pub fn short(&self) -> &str {
        short(&self.name)
    }
}

/// A worker's name without its host.
pub fn short(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

/// A task that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    pub token: Token,
    /// From its start until it ends, as far as the worker says.
    pub span: Option<Span>,
}

/// A message that a worker holds until its time has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    pub token: Token,
    pub span: Span,
}

/// What a worker's main process does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Doing {
    /// It connects and declares its queues.
    Connecting,
    /// It waits in BRPOP.
    Parked(Option<Span>),
    /// It has a message, or talks to Redis otherwise.
    Busy,
    /// It runs a task itself, and does nothing else meanwhile.
    Running,
    /// It has lost its connections, and tries to open them again.
    Disconnected,
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
    pub key: Key,
    pub token: Token,
    pub ok: bool,
    /// The value, the exception, or the state where it has neither.
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

/// A channel that somebody listens to, or channels of the same kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// The name or pattern; the channels of results are one, `celery-task-meta-…`.
    pub name: String,
    /// Who listens, each once.
    pub listeners: Vec<String>,
    /// How many subscriptions there are.
    pub subscriptions: u32,
    /// How many messages were published.
    pub published: u32,
    /// When the last one was, and how many heard it.
    pub last: Option<(f64, u32)>,
}

/// A move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hop {
    /// Counts up.
    pub number: u32,
    pub path: Path,
    pub token: Token,
    /// How many went this way at once, this one the last.
    pub count: u32,
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

impl Path {
    /// Every path.
    pub const ALL: [Path; 8] = [
        Path::Send,
        Path::Take,
        Path::Keep,
        Path::Acknowledge,
        Path::Restore,
        Path::Store,
        Path::Notify,
        Path::Fetch,
    ];
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
    /// The task's id; empty where the message is none of Celery's.
    pub task_id: String,
    /// Names and values of its headers.
    pub headers: Vec<(String, String)>,
    /// Names and values of its properties.
    pub properties: Vec<(String, String)>,
    /// What the body holds: arguments, keyword arguments, what to call afterwards.
    pub body: Vec<(String, String)>,
    /// The message as it is stored.
    pub raw: String,
    /// The key of its result, and the value where there is one.
    pub result: Option<(Key, String)>,
    /// Every delivery of it, the first one first.
    pub attempts: Vec<Attempt>,
    /// The commands that were about it, the first one first.
    pub history: Vec<Deed>,
    /// Commands that are not remembered any more.
    pub history_lost: u32,
}

/// A delivery of a message to a worker, in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub number: u32,
    pub worker: String,
    pub taken: f64,
    pub started: Option<f64>,
    pub ended: Option<f64>,
    pub acked: Option<f64>,
    pub outcome: super::timeline::Outcome,
    pub cause: super::timeline::Cause,
}

/// A command that was about a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// The number of its line in the feed.
    pub line: u32,
    pub at: f64,
    pub who: String,
    pub text: String,
}
