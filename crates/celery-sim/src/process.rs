//! What a producer and a worker have in common: a Python process with one thread and several
//! connections.
//!
//! The thread works through steps in order: it sends and waits for the replies, sleeps, or goes on
//! with what the actor has to decide (`then`). Steps that are added while it decides come before
//! those that were already there, as code that is called comes before the code behind the call.
//! Only when no step is left does the actor look at what came in meanwhile.

use crate::actor::Action;
use crate::connection::{Command, Connection, ConnectionId, Role, encode};
use keyspace::UnixMillis;
use keyspace_resp::Value;
use std::collections::VecDeque;

/// The next thing that the thread does. `T` says where the actor goes on.
#[derive(Debug, Clone)]
enum Step<T> {
    Open(Role),
    /// Sends commands in one write and waits for their replies.
    Call {
        role: Role,
        commands: Vec<Command>,
        then: Option<T>,
        /// Errors among the replies are no exception: redis-py swallows them.
        tolerant: bool,
    },
    /// Sends without waiting; what is answered goes to the inbox.
    Post(Role, Command),
    Sleep {
        millis: i64,
        then: T,
    },
    Then(T),
}

/// What the thread waits for.
#[derive(Debug, Clone)]
enum Wait<T> {
    Replies { role: Role, then: Option<T>, tolerant: bool },
    Time { until: UnixMillis, then: T },
}

/// Where the thread is after it ran as far as it could.
#[derive(Debug)]
pub(crate) enum Progress<T> {
    /// The actor decides how to go on; these are the replies to the call before.
    Continue(T, Vec<Value>),
    /// A command was answered with an error, which Python raises.
    Raised(String),
    /// The thread waits for a reply or for time to pass.
    Waiting,
    /// There is no step left.
    Idle,
}

#[derive(Debug, Clone)]
pub(crate) struct Process<T> {
    connections: Vec<Connection>,
    opened: u32,
    steps: VecDeque<Step<T>>,
    /// What comes after the steps that are added now.
    behind: VecDeque<Step<T>>,
    wait: Option<Wait<T>>,
    actions: Vec<Action>,
}

impl<T> Process<T> {
    pub fn new() -> Process<T> {
        Process {
            connections: Vec::new(),
            opened: 0,
            steps: VecDeque::new(),
            behind: VecDeque::new(),
            wait: None,
            actions: Vec::new(),
        }
    }

    pub fn connection(&mut self, role: Role) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.role == role)
    }

    pub fn is_open(&self, role: Role) -> bool {
        self.connections.iter().any(|connection| connection.role == role)
    }

    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, Role)> + '_ {
        self.connections.iter().map(|connection| (connection.id, connection.role))
    }

    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// Opens a connection and sends what redis-py sends on every new one.
    pub fn open(&mut self, role: Role) {
        self.steps.push_back(Step::Open(role));
        let library = if role.is_broker() { "redis-py" } else { "redis-py(celery_v5.7.0)" };
        let client = |subcommand| Command::new("CLIENT").arg(subcommand);
        self.call(role, Command::new("HELLO").arg("3"));
        for command in [
            client("MAINT_NOTIFICATIONS").args(["ON", "moving-endpoint-type", "internal-fqdn"]),
            client("SETINFO").args(["LIB-NAME", library]),
            client("SETINFO").args(["LIB-VER", "8.1.0"]),
        ] {
            let commands = vec![command];
            self.steps.push_back(Step::Call { role, commands, then: None, tolerant: true });
        }
        if !role.is_broker() {
            self.call(role, Command::new("SELECT").arg("1"));
        }
    }

    /// Sends a command and waits for its reply.
    pub fn call(&mut self, role: Role, command: Command) {
        self.push_call(role, vec![command], None);
    }

    /// Sends a command, waits for its reply, and goes on with it.
    pub fn call_then(&mut self, role: Role, command: Command, then: T) {
        self.push_call(role, vec![command], Some(then));
    }

    /// Sends commands in MULTI and EXEC, and waits for the replies.
    pub fn transaction(&mut self, role: Role, commands: impl IntoIterator<Item = Command>) {
        self.push_call(role, in_transaction(commands), None);
    }

    /// As [`transaction`](Self::transaction), and goes on with the replies; the last is EXEC's.
    pub fn transaction_then(
        &mut self,
        role: Role,
        commands: impl IntoIterator<Item = Command>,
        then: T,
    ) {
        self.push_call(role, in_transaction(commands), Some(then));
    }

    fn push_call(&mut self, role: Role, commands: Vec<Command>, then: Option<T>) {
        self.steps.push_back(Step::Call { role, commands, then, tolerant: false });
    }

    /// Sends a command without waiting for its reply.
    pub fn post(&mut self, role: Role, command: Command) {
        self.steps.push_back(Step::Post(role, command));
    }

    pub fn sleep_then(&mut self, millis: i64, then: T) {
        self.steps.push_back(Step::Sleep { millis, then });
    }

    pub fn then(&mut self, then: T) {
        self.steps.push_back(Step::Then(then));
    }

    /// Ends the process at once, whatever it was doing.
    pub fn abort(&mut self) {
        self.unwind();
        let closed = self.connections.drain(..).map(|connection| Action::Close(connection.id));
        self.actions.extend(closed);
    }

    /// Forgets what the thread was about to do, as an exception does.
    pub fn unwind(&mut self) {
        self.steps.clear();
        self.behind.clear();
        self.wait = None;
    }

    /// Takes bytes from a connection; `false` where they are no RESP.
    pub fn receive(&mut self, id: ConnectionId, bytes: &[u8], now: UnixMillis) -> bool {
        let connection = self.connections.iter_mut().find(|connection| connection.id == id);
        connection.is_none_or(|connection| connection.receive(bytes, now))
    }

    /// Whether the thread is in the event loop.
    pub fn is_idle(&self) -> bool {
        self.wait.is_none() && self.steps.is_empty() && self.behind.is_empty()
    }

    /// When the thread wakes up by itself.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        match self.wait {
            Some(Wait::Time { until, .. }) => Some(until),
            _ => None,
        }
    }

    /// Runs until the actor has to decide something, or nothing more can be done now.
    pub fn run(&mut self, now: UnixMillis) -> Progress<T> {
        self.steps.append(&mut self.behind);
        loop {
            match self.wait.take() {
                Some(Wait::Time { until, then }) if until > now => {
                    self.wait = Some(Wait::Time { until, then });
                    return Progress::Waiting;
                }
                Some(Wait::Time { then, .. }) => return self.decide(then, Vec::new()),
                Some(Wait::Replies { role, then, tolerant }) => {
                    let connection = self.connection(role);
                    let Some(replies) = connection.and_then(Connection::take_replies) else {
                        self.wait = Some(Wait::Replies { role, then, tolerant });
                        return Progress::Waiting;
                    };
                    if let Some(error) = first_error(&replies).filter(|_| !tolerant) {
                        return Progress::Raised(error);
                    }
                    if let Some(then) = then {
                        return self.decide(then, replies);
                    }
                }
                None => match self.steps.pop_front() {
                    Some(Step::Then(then)) => return self.decide(then, Vec::new()),
                    Some(step) => self.begin(step, now),
                    None => return Progress::Idle,
                },
            }
        }
    }

    fn decide(&mut self, then: T, replies: Vec<Value>) -> Progress<T> {
        self.behind = std::mem::take(&mut self.steps);
        Progress::Continue(then, replies)
    }

    fn begin(&mut self, step: Step<T>, now: UnixMillis) {
        match step {
            Step::Open(role) => {
                let id = ConnectionId(self.opened);
                self.opened += 1;
                self.connections.push(Connection::new(id, role));
                self.actions.push(Action::Open(id, role));
            }
            Step::Call { role, commands, then, tolerant } => {
                if self.checks_health(role, now) {
                    self.steps.push_front(Step::Call { role, commands, then, tolerant });
                    return;
                }
                let Some(connection) = self.connection(role) else {
                    return;
                };
                let id = connection.id;
                let bytes = connection.call(&commands);
                self.actions.push(Action::Send(id, bytes));
                self.wait = Some(Wait::Replies { role, then, tolerant });
            }
            Step::Post(role, command) => {
                if self.checks_health(role, now) {
                    self.steps.push_front(Step::Post(role, command));
                    return;
                }
                if let Some(connection) = self.connection(role) {
                    let id = connection.id;
                    self.actions.push(Action::Send(id, encode(&[command])));
                }
            }
            Step::Sleep { millis, then } => {
                self.wait = Some(Wait::Time { until: now + millis, then });
            }
            Step::Then(_) => unreachable!("run() hands decisions to the actor"),
        }
    }

    /// Sends PING first where redis-py does; `true` where it was sent.
    fn checks_health(&mut self, role: Role, now: UnixMillis) -> bool {
        let Some(connection) = self.connection(role).filter(|it| it.wants_health_check(now)) else {
            return false;
        };
        let id = connection.id;
        let bytes = connection.call(&[Command::new("PING")]);
        self.actions.push(Action::Send(id, bytes));
        self.wait = Some(Wait::Replies { role, then: None, tolerant: false });
        true
    }
}

fn in_transaction(commands: impl IntoIterator<Item = Command>) -> Vec<Command> {
    let mut all = vec![Command::new("MULTI")];
    all.extend(commands);
    all.push(Command::new("EXEC"));
    all
}

fn first_error(replies: &[Value]) -> Option<String> {
    replies.iter().find_map(|reply| match reply {
        Value::Error(text) => Some(String::from_utf8_lossy(text).into_owned()),
        Value::Array(items) => first_error(items),
        _ => None,
    })
}
