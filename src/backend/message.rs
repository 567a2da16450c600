//! What page and worker say to each other: plain data.

use crate::lessons::Condition;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A console client, by the number that the page gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConsoleId(pub u32);

/// What the page asks of the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// The last batch has arrived: the next may be sent.
    Received,
    /// Connects a client, anew where it is connected already, and selects a database.
    Connect { console: ConsoleId, db: u8 },
    /// Disconnects a client for good.
    Disconnect { console: ConsoleId },
    /// Runs one command.
    Command { console: ConsoleId, args: Vec<ByteBuf> },
    /// Moves the clock's controls.
    Clock(ClockAction),
    /// Which keys the page shows from now on.
    Watch(KeyQuery),
    /// Which key the page shows in full from now on.
    Inspect(Option<Inspection>),
    /// Which keys have names that begin so.
    Names { db: u8, prefix: ByteBuf },
    /// Something for the Celery simulation.
    Celery(crate::celery::Request),
    /// Something about the past and the future of the run.
    Time(TimeRequest),
    /// What the worker is to look out for from now on: the goal of a lesson's step.
    Goal(Option<Vec<Condition>>),
}

/// A move of the clock's controls.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum ClockAction {
    /// Stops a running clock, or starts a stopped one.
    Toggle,
    /// Stops the clock and moves it to the next moment at which something is due.
    Step,
    /// Engine time passes so many times as fast as real time.
    Rate(f64),
    /// Moves the clock on by so many milliseconds, whether it runs or not.
    Skip(f64),
}

/// Something about the past and the future of a run. Times are engine time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TimeRequest {
    /// Shows an earlier moment; the clock stands there.
    Visit(f64),
    /// Shows the present again.
    Return,
    /// Makes the moment that is shown the present one: what came after is forgotten.
    Fork,
    /// Stops the clock and lets one more command run.
    StepCommand,
    /// Stops the clock after the next command that begins with a word and has the others among
    /// its arguments; after none where the text is empty.
    PauseOn(String),
    /// Asks for the run as a file.
    Export,
    /// Plays a run from a file, from its beginning.
    Import(String),
}

/// What the worker tells the page at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// How many requests the worker has handled since it started, [`Request::Received`] aside.
    pub handled: u32,
    /// In the order in which they happened.
    pub updates: Vec<Update>,
}

/// What the worker tells the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Update {
    /// The engine runs; its commands.
    Ready { commands: Vec<CommandDoc> },
    /// The engine is lost; nothing follows.
    Failed { message: String },
    /// The clock was moved, or its next deadline changed.
    Clock(ClockState),
    /// Something happened to a console client.
    Client { console: ConsoleId, event: ClientEvent },
    /// How many keys there are.
    Databases(Vec<Database>),
    /// The keys that the page watches.
    Keys(KeyWindow),
    /// The key that the page inspects; `None` where it does not exist.
    Key { db: u8, name: ByteBuf, detail: Option<Box<KeyDetail>> },
    /// The first names that begin so.
    Names { db: u8, prefix: ByteBuf, names: Vec<ByteBuf> },
    /// What happened in the engine, the oldest first.
    Feed(Vec<FeedItem>),
    /// What there is of the run before the moment that is shown, and after it.
    Time(Box<TimeState>),
    /// Another moment is shown: what the page knows of what happened is told anew. Where
    /// `since`, the run goes on from that time, and these clients of the console were connected.
    Moved {
        since: Option<f64>,
        consoles: Vec<ConsoleId>,
        /// It is not the present.
        past: bool,
    },
    /// The run as a file, as was asked for; or why there is none.
    Exported(Result<String, String>),
    /// Something of the Celery simulation.
    Celery(crate::celery::Update),
    /// What can be done to Celery, and what became of it.
    Lab(crate::celery::lab::Update),
    /// The goal that was looked out for is reached.
    GoalReached,
}

/// What happens to a console client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ClientEvent {
    /// It is connected, as was asked; what came before was another connection's.
    Connected,
    /// It received bytes.
    Output(ByteBuf),
    /// It waits since a moment, until another if there is one (both in engine time).
    Blocked { since: f64, until: Option<f64> },
    /// Its script runs on since a moment in engine time.
    Running { since: f64 },
    /// It waits no longer, or its script has ended.
    Unblocked,
    /// The server closed its connection.
    Closed,
}

/// The clock as it stood at a moment; from it follows what it shows until it is moved again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClockState {
    /// Engine time at `real`, in milliseconds since 1970.
    pub engine: f64,
    /// Real time, in milliseconds since 1970.
    pub real: f64,
    /// Milliseconds of engine time in one of real time.
    pub rate: f64,
    /// Whether it stands still.
    pub paused: bool,
    /// When something is due next, in engine time; said only of a clock that stands.
    pub next_deadline: Option<f64>,
}

impl ClockState {
    /// Engine time at a real time.
    pub fn at(&self, real: f64) -> f64 {
        if self.paused {
            self.engine
        } else {
            self.engine + (real - self.real).max(0.0) * self.rate
        }
    }
}

/// What can be looked at of a run, in engine time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TimeState {
    /// The earliest moment.
    pub begin: f64,
    /// The present, where an earlier moment is shown.
    pub present: Option<f64>,
    /// What came from outside, in order.
    pub marks: Vec<Mark>,
    /// How many moments are kept, and how many at most.
    pub kept: u32,
    pub kept_max: u32,
    /// How much they weigh, and how much at most, in bytes.
    pub weight: u64,
    pub weight_max: u64,
    /// The command after which the clock stops.
    pub pause_on: String,
    /// The command after which it stopped.
    pub stopped_after: Option<String>,
    /// What could not be done, and why.
    pub said: Option<String>,
}

/// Something that came from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub at: f64,
    pub title: String,
}

/// What completion, hints and help know of a command.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CommandDoc {
    /// In lower case, a subcommand behind its container: `client list`.
    pub name: String,
    pub syntax: String,
    pub summary: String,
    pub since: String,
    pub group: String,
    pub complexity: String,
    pub differs: String,
    /// Where its keys are among the arguments: the first, the last and their distance. The last is
    /// negative where it counts from the end.
    pub keys: Vec<(i32, i32, i32)>,
}

/// A database and how many keys it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    pub index: u8,
    pub keys: u32,
}

/// The type of a key, by Redis's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyKind {
    String,
    List,
    Hash,
    Set,
    SortedSet,
    Stream,
    Array,
}

impl KeyKind {
    /// What `TYPE` answers, read.
    pub fn from_type(name: &[u8]) -> Option<KeyKind> {
        Some(match name {
            b"string" => KeyKind::String,
            b"list" => KeyKind::List,
            b"hash" => KeyKind::Hash,
            b"set" => KeyKind::Set,
            b"zset" => KeyKind::SortedSet,
            b"stream" => KeyKind::Stream,
            b"array" => KeyKind::Array,
            _ => return None,
        })
    }

    /// What `TYPE` answers.
    pub fn name(self) -> &'static str {
        match self {
            KeyKind::String => "string",
            KeyKind::List => "list",
            KeyKind::Hash => "hash",
            KeyKind::Set => "set",
            KeyKind::SortedSet => "zset",
            KeyKind::Stream => "stream",
            KeyKind::Array => "array",
        }
    }
}

/// Which keys to show, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyQuery {
    pub db: u8,
    /// A part of the name, or a pattern where it has `*`, `?` or `[`.
    pub filter: String,
    pub sort: Sort,
    pub offset: u32,
    pub count: u32,
}

/// An order of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sort {
    #[default]
    Name,
    /// The last changed first.
    Changed,
    /// The first to expire first, those that do not expire last.
    Expiry,
}

/// A part of the keys that match a query.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KeyWindow {
    pub query: KeyQuery,
    /// How many keys match.
    pub total: u32,
    pub rows: Vec<KeyRow>,
    /// Keys that are gone since the last window, as many as are worth a farewell.
    pub gone: Vec<ByteBuf>,
    /// Every change up to this one is in the rows.
    pub version: u64,
}

/// One key of a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyRow {
    pub name: ByteBuf,
    pub kind: KeyKind,
    /// Bytes of a string, elements of anything else.
    pub size: u64,
    /// When the key's life began to be counted, and when it ends.
    pub life: Option<(f64, f64)>,
    /// The number of its last change.
    pub version: u64,
}

/// A key to show in full, and how many of its elements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    pub db: u8,
    pub name: ByteBuf,
    pub limit: u32,
}

/// A key in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyDetail {
    pub kind: KeyKind,
    pub size: u64,
    pub life: Option<(f64, f64)>,
    pub encoding: String,
    /// In bytes.
    pub memory: Option<u64>,
    pub value: KeyValue,
    /// What changed it, the latest first.
    pub changes: Vec<KeyChange>,
    pub version: u64,
}

/// A value, or as much of it as was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum KeyValue {
    String(ByteBuf),
    /// From the head.
    List(Vec<ByteBuf>),
    Set(Vec<ByteBuf>),
    Hash(Vec<HashField>),
    /// Members with their scores, the lowest first.
    SortedSet(Vec<(ByteBuf, String)>),
    Stream {
        /// From the first: their ids, and their fields with values.
        entries: Vec<(String, Vec<(ByteBuf, ByteBuf)>)>,
        /// Who reads it together.
        groups: Vec<StreamGroup>,
    },
    /// The elements, from the first, with their indices.
    Array(Vec<(String, ByteBuf)>),
    /// It cannot be read; what the engine says.
    Unreadable(String),
}

/// A group that reads a stream, as `XINFO GROUPS` tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamGroup {
    pub name: ByteBuf,
    pub consumers: String,
    /// How many entries were delivered and not acknowledged.
    pub pending: String,
    /// How many entries are still to be delivered, where that is known.
    pub lag: String,
    pub last_delivered_id: String,
}

/// A field of a hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HashField {
    pub name: ByteBuf,
    pub value: ByteBuf,
    /// When it expires, if it does.
    pub until: Option<f64>,
}

/// What changed a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyChange {
    /// In engine time.
    pub at: f64,
    /// The name that keyspace notifications give it.
    pub event: String,
    /// The command, where one did it.
    pub command: Vec<ByteBuf>,
    /// Who did it: a console, or another client's number.
    pub by: Option<ChangedBy>,
}

/// Something that happened in the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedItem {
    /// They count up from 0; a missing one happened, and is not told.
    pub number: u64,
    /// In engine time.
    pub at: f64,
    /// Whose doing it is; nobody's but the clock's.
    pub by: Option<ChangedBy>,
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Happening {
    /// A command ran.
    Command { db: u8, args: Vec<ByteBuf> },
    /// A key died at its time.
    Expired { db: u8, key: ByteBuf },
    /// A client waits for keys.
    Waits { db: u8, keys: Vec<ByteBuf> },
    /// A waiting client was served.
    Served { db: u8, key: ByteBuf },
    /// A client's wait ended with nothing.
    TimedOut,
}

/// Who changed a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangedBy {
    Console(ConsoleId),
    Client(u64),
}
