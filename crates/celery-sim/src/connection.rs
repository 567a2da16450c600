//! One connection as redis-py uses it: commands out, replies in, pushes aside.

use keyspace::UnixMillis;
use keyspace_resp::{Value, encode_command};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A connection of an actor; the number is the actor's own and never used twice. Its upper half
/// is that of the process in the actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

impl ConnectionId {
    pub(crate) fn new(process: u32, number: u32) -> ConnectionId {
        ConnectionId(u64::from(process) << 32 | u64::from(number))
    }

    /// The process in the actor whose connection it is.
    pub(crate) fn process(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// What an actor has a connection for. A process has at most one open connection of each role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// A sender's first connection to the broker, which only checks that it is there.
    Broker,
    /// Declares queues; a sender pushes messages here, a worker keeps `unacked` here.
    Channel,
    /// Waits for messages in BRPOP.
    Consumer,
    /// Listens to remote control.
    Pidbox,
    /// Listens to fanout exchanges of the user's.
    Fanout,
    /// Declares the queue of remote control.
    PidboxChannel,
    /// Deletes that queue when the worker stops.
    Shutdown,
    /// Stores or reads results.
    Results,
    /// Listens for results.
    ResultListener,
    /// Checks that the broker is there for who tells of events.
    EventsBroker,
    /// Tells of events.
    Events,
    /// Checks that the broker is there for who calls, or answers to, remote control.
    ControlBroker,
    /// Calls, or answers to, remote control.
    Control,
    /// Listens to what other workers tell.
    Gossip,
    /// Declares the queue of that.
    GossipChannel,
    /// Deletes that queue when the worker stops.
    GossipShutdown,
    /// Puts messages back that a worker has when it stops or lost a connection.
    Restorer,
    /// Checks that the broker is there for a task that sends.
    ProducerBroker,
    /// Sends messages of tasks.
    ProducerChannel,
}

impl Role {
    /// Whether this is a connection to the broker, rather than to the result backend.
    pub fn is_broker(self) -> bool {
        !matches!(self, Role::Results | Role::ResultListener)
    }

    /// Whether it is subscribed to something.
    pub fn is_subscriber(self) -> bool {
        matches!(self, Role::Fanout | Role::Pidbox | Role::Gossip | Role::ResultListener)
    }

    /// A name for people.
    pub fn title(self) -> &'static str {
        match self {
            Role::Broker => "broker",
            Role::Channel => "channel",
            Role::Consumer => "consumer",
            Role::Pidbox => "remote control",
            Role::Fanout => "fanout",
            Role::PidboxChannel => "remote control queue",
            Role::Shutdown => "shutdown",
            Role::Results => "results",
            Role::ResultListener => "result listener",
            Role::EventsBroker => "events broker",
            Role::Events => "events",
            Role::ControlBroker => "control broker",
            Role::Control => "control",
            Role::Gossip => "gossip",
            Role::GossipChannel => "gossip queue",
            Role::GossipShutdown => "gossip shutdown",
            Role::Restorer => "restorer",
            Role::ProducerBroker => "task's broker",
            Role::ProducerChannel => "task's channel",
        }
    }
}

/// A command with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command(Vec<Vec<u8>>);

impl Command {
    pub fn new(name: &str) -> Command {
        Command(vec![name.into()])
    }

    pub fn arg(mut self, arg: impl AsRef<[u8]>) -> Command {
        self.0.push(arg.as_ref().to_vec());
        self
    }

    pub fn args(self, args: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Command {
        args.into_iter().fold(self, Command::arg)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub id: ConnectionId,
    pub role: Role,
    /// When the server was last heard; `None` before the first reply.
    heard_at: Option<UnixMillis>,
    /// kombu's `health_check_interval`: a command after a longer silence is preceded by PING.
    health_check_ms: Option<i64>,
    input: Vec<u8>,
    /// How many replies the thread waits for.
    awaited: usize,
    replies: Vec<Value>,
    /// Replies and messages that nobody waits for: the event loop looks at them.
    pub inbox: VecDeque<Value>,
}

impl Connection {
    pub fn new(id: ConnectionId, role: Role, health_check_ms: Option<i64>) -> Connection {
        Connection {
            id,
            role,
            heard_at: None,
            health_check_ms: health_check_ms.filter(|_| role.is_broker()),
            input: Vec::new(),
            awaited: 0,
            replies: Vec::new(),
            inbox: VecDeque::new(),
        }
    }

    /// Whether redis-py sends PING before the next command. A subscribed connection is checked
    /// by its listener instead.
    pub fn wants_health_check(&self, now: UnixMillis) -> bool {
        match self.heard_at {
            None => self.health_check_ms.is_some(),
            Some(_) => !self.role.is_subscriber() && self.is_silent(now),
        }
    }

    /// Whether nothing was heard on a connection to the broker for so long that it is checked.
    pub fn is_silent(&self, now: UnixMillis) -> bool {
        let silence = self.heard_at.map_or(0, |at| now - at);
        self.health_check_ms.is_some_and(|interval| silence > interval)
    }

    /// Expects a reply to each of these commands, and encodes them into one write.
    pub fn call(&mut self, commands: &[Command]) -> Vec<u8> {
        self.awaited = commands.len();
        encode(commands)
    }

    /// The replies to the last call, once all are there.
    pub fn take_replies(&mut self) -> Option<Vec<Value>> {
        (self.replies.len() >= self.awaited).then(|| {
            self.awaited = 0;
            std::mem::take(&mut self.replies)
        })
    }

    /// Takes what the server sent; `false` where it is no RESP.
    pub fn receive(&mut self, bytes: &[u8], now: UnixMillis) -> bool {
        self.heard_at = Some(now);
        self.input.extend_from_slice(bytes);
        let Ok((values, used)) = Value::decode_all(&self.input) else {
            return false;
        };
        self.input.drain(..used);
        for value in values {
            let is_push = matches!(value, Value::Push(_));
            if !is_push && self.replies.len() < self.awaited {
                self.replies.push(value);
            } else {
                self.inbox.push_back(value);
            }
        }
        true
    }
}

pub(crate) fn encode(commands: &[Command]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for command in commands {
        encode_command(&mut bytes, &command.0);
    }
    bytes
}
