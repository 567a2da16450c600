//! What all processes have in common: a Python program with one thread and several connections.
//!
//! The thread works through steps in order: it sends and waits for the replies, sleeps, or goes on
//! with what the actor has to decide (`then`). Steps that are added while it decides come before
//! those that were already there, as code that is called comes before the code behind the call.
//! Only when no step is left does the actor look at what came in meanwhile.
//!
//! A connection that a program opens as it needs it (results, sending) is opened again where it is
//! lost, and the command that it was lost in is sent again. Of others the actor is told.

use crate::actor::Action;
use crate::config::{Config, RetryPolicy};
use crate::connection::{Command, Connection, ConnectionId, Role, encode};
use crate::exchange::Delivery;
use crate::scripts::Script;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// The next thing that the thread does. `T` says where the actor goes on.
#[derive(Debug, Clone)]
enum Step<T> {
    Open(Role),
    Call(Call<T>),
    /// Sends without waiting; what is answered goes to the inbox.
    Post(Role, Command),
    Sleep {
        millis: i64,
        then: Option<T>,
    },
    Then(T),
}

/// Commands in one write, whose replies the thread waits for.
#[derive(Debug, Clone)]
struct Call<T> {
    role: Role,
    commands: Vec<Command>,
    then: Option<T>,
    kind: Kind,
}

/// What becomes of the replies besides going on with them.
#[derive(Debug, Clone)]
enum Kind {
    /// An error is an exception.
    Plain,
    /// What a new connection begins with. Errors are swallowed where they may be.
    Handshake { tolerant: bool },
    /// EVALSHA, which loads the script where the server does not know it.
    Script(&'static Script),
    /// SCRIPT EXISTS, the same.
    Exists(&'static Script),
    /// SMEMBERS of an exchange's table, by which a message is pushed.
    Table(Arc<Delivery>),
    /// The thread goes on without a reply where none comes in time; the command stays with the
    /// server.
    Within { millis: i64 },
}

/// What the thread waits for.
#[derive(Debug, Clone)]
enum Wait<T> {
    Replies(Call<T>, Option<UnixMillis>),
    Time { until: UnixMillis, then: Option<T> },
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

/// What a lost connection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It is opened again when it is needed, or was not this process's.
    Nothing,
    /// The actor has to do something about it.
    Connection(Role),
    /// It cannot be opened again: an exception.
    Raised,
}

#[derive(Debug, Clone)]
pub(crate) struct Process<T> {
    number: u32,
    broker_db: u8,
    result_db: u8,
    health_check_ms: Option<i64>,
    publish_retry: Option<RetryPolicy>,
    connections: Vec<Connection>,
    opened: u32,
    steps: VecDeque<Step<T>>,
    /// What comes after the steps that are added now.
    behind: VecDeque<Step<T>>,
    wait: Option<Wait<T>>,
    /// How often the command that is under way was tried.
    attempts: u32,
    actions: Vec<Action>,
}

/// redis-py's retries of the result backend's commands.
const RESULT_RETRY: RetryPolicy = RetryPolicy {
    max_retries: Some(20),
    interval_start: 0.0,
    interval_step: 1.0,
    interval_max: 1.0,
};

impl<T: Clone> Process<T> {
    /// A process without connections, the `number`-th of its actor.
    pub fn new(number: u32, config: &Config) -> Process<T> {
        let health_check = config.broker_transport_options.health_check_interval;
        let retry = &config.task_publish_retry_policy;
        Process {
            number,
            broker_db: config.broker_db,
            result_db: config.result_db.unwrap_or_default(),
            health_check_ms: (health_check > 0).then(|| health_check.saturating_mul(1000)),
            publish_retry: config.task_publish_retry.then(|| retry.clone()),
            connections: Vec::new(),
            opened: 0,
            steps: VecDeque::new(),
            behind: VecDeque::new(),
            wait: None,
            attempts: 0,
            actions: Vec::new(),
        }
    }

    pub fn number(&self) -> u32 {
        self.number
    }

    pub fn connection(&mut self, role: Role) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.role == role)
    }

    fn is_open(&self, role: Role) -> bool {
        self.connections.iter().any(|connection| connection.role == role)
    }

    /// Whether a connection is open, or will be when the steps so far are done.
    pub fn will_be_open(&self, role: Role) -> bool {
        let mut steps = self.steps.iter().chain(&self.behind);
        self.is_open(role) || steps.any(|step| matches!(step, Step::Open(opens) if *opens == role))
    }

    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, Role)> + '_ {
        self.connections.iter().map(|connection| (connection.id, connection.role))
    }

    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// Opens a connection and sends what redis-py sends on every new one.
    pub fn open(&mut self, role: Role) {
        let steps = self.opening(role);
        self.steps.extend(steps);
    }

    /// Opens a connection unless it is open.
    pub fn ensure_open(&mut self, role: Role) {
        if !self.will_be_open(role) {
            self.open(role);
        }
    }

    fn opening(&self, role: Role) -> Vec<Step<T>> {
        let library = if role.is_broker() { "redis-py" } else { "redis-py(celery_v5.7.0)" };
        let db = if role.is_broker() { self.broker_db } else { self.result_db };
        let client = |subcommand| Command::new("CLIENT").arg(subcommand);
        let mut commands = vec![
            (Command::new("HELLO").arg("3"), false),
            (
                client("MAINT_NOTIFICATIONS").args(["ON", "moving-endpoint-type", "internal-fqdn"]),
                true,
            ),
            (client("SETINFO").args(["LIB-NAME", library]), true),
            (client("SETINFO").args(["LIB-VER", "8.1.0"]), true),
        ];
        if db != 0 {
            commands.push((Command::new("SELECT").arg(db.to_string()), false));
        }
        let handshake = commands.into_iter().map(|(command, tolerant)| {
            let kind = Kind::Handshake { tolerant };
            Step::Call(Call { role, commands: vec![command], then: None, kind })
        });
        [Step::Open(role)].into_iter().chain(handshake).collect()
    }

    /// Sends a command and waits for its reply.
    pub fn call(&mut self, role: Role, command: Command) {
        self.push_call(role, vec![command], None);
    }

    /// Sends a command, waits for its reply, and goes on with it.
    pub fn call_then(&mut self, role: Role, command: Command, then: T) {
        self.push_call(role, vec![command], Some(then));
    }

    /// Sends a command and goes on with its reply, or with none after some time.
    pub fn call_within(&mut self, role: Role, command: Command, millis: i64, then: T) {
        let kind = Kind::Within { millis };
        self.steps.push_back(Step::Call(Call {
            role,
            commands: vec![command],
            then: Some(then),
            kind,
        }));
    }

    /// Reads the table of an exchange, and pushes a message to the queues that it is for.
    pub fn deliver(&mut self, role: Role, table: &str, delivery: Delivery) {
        let commands = vec![Command::new("SMEMBERS").arg(table)];
        let kind = Kind::Table(Arc::new(delivery));
        self.steps.push_back(Step::Call(Call { role, commands, then: None, kind }));
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
        self.steps.push_back(Step::Call(Call { role, commands, then, kind: Kind::Plain }));
    }

    /// Runs a script by its SHA-1, and loads it where the server does not know it.
    pub fn script(&mut self, role: Role, script: &'static Script, eval: Command, then: Option<T>) {
        let kind = Kind::Script(script);
        self.steps.push_back(Step::Call(Call { role, commands: vec![eval], then, kind }));
    }

    /// Runs a script in a transaction, which needs it to be loaded before.
    pub fn script_transaction(
        &mut self,
        role: Role,
        script: &'static Script,
        evals: impl IntoIterator<Item = Command>,
    ) {
        let exists = Command::new("SCRIPT").arg("EXISTS").arg(script.sha);
        let kind = Kind::Exists(script);
        self.steps.push_back(Step::Call(Call { role, commands: vec![exists], then: None, kind }));
        self.transaction(role, evals);
    }

    /// Sends a command without waiting for its reply.
    pub fn post(&mut self, role: Role, command: Command) {
        self.steps.push_back(Step::Post(role, command));
    }

    pub fn sleep_then(&mut self, millis: i64, then: T) {
        self.steps.push_back(Step::Sleep { millis, then: Some(then) });
    }

    pub fn then(&mut self, then: T) {
        self.steps.push_back(Step::Then(then));
    }

    /// Ends the process at once, whatever it was doing.
    pub fn abort(&mut self) {
        self.unwind();
        self.close(|_| true);
    }

    /// Closes the connections of these roles.
    pub fn close(&mut self, is_closed: impl Fn(Role) -> bool) {
        let actions = &mut self.actions;
        self.connections.retain(|connection| {
            let closes = is_closed(connection.role);
            if closes {
                actions.push(Action::Close(connection.id));
            }
            !closes
        });
    }

    /// Forgets what the thread was about to do, as an exception does.
    pub fn unwind(&mut self) {
        self.steps.clear();
        self.behind.clear();
        self.wait = None;
        self.attempts = 0;
    }

    /// Takes bytes from a connection; `false` where they are no RESP.
    pub fn receive(&mut self, id: ConnectionId, bytes: &[u8], now: UnixMillis) -> bool {
        let connection = self.connections.iter_mut().find(|connection| connection.id == id);
        connection.is_none_or(|connection| connection.receive(bytes, now))
    }

    /// Is told that a connection is gone, or could not be opened.
    pub fn disconnected(&mut self, id: ConnectionId) -> Lost {
        let Some(at) = self.connections.iter().position(|connection| connection.id == id) else {
            return Lost::Nothing;
        };
        let role = self.connections.remove(at).role;
        let Some(policy) = self.retry_policy(role) else {
            return Lost::Connection(role);
        };
        let call = match self.wait.take() {
            Some(Wait::Replies(call, _)) if call.role == role => call,
            other => {
                self.wait = other;
                return match role {
                    Role::ResultListener => Lost::Connection(role),
                    _ => Lost::Nothing,
                };
            }
        };
        if policy.max_retries.is_some_and(|max| self.attempts >= max) {
            return Lost::Raised;
        }
        let step = policy.interval_step * f64::from(self.attempts);
        let seconds = (policy.interval_start + step).min(policy.interval_max);
        self.attempts += 1;
        self.reopen(call, (seconds * 1000.0) as i64);
        Lost::Nothing
    }

    /// How a lost connection of this role is opened again by itself.
    fn retry_policy(&self, role: Role) -> Option<RetryPolicy> {
        match role {
            Role::Results | Role::ResultListener => Some(RESULT_RETRY),
            Role::Broker | Role::ProducerBroker | Role::ProducerChannel => {
                let never = RetryPolicy { max_retries: Some(0), ..RetryPolicy::default() };
                Some(self.publish_retry.clone().unwrap_or(never))
            }
            _ => None,
        }
    }

    /// Opens a connection again that was lost in a call, and repeats the call.
    fn reopen(&mut self, call: Call<T>, millis: i64) {
        let role = call.role;
        while let Some(Step::Call(Call { role: next, kind: Kind::Handshake { .. }, .. })) =
            self.steps.front()
            && *next == role
        {
            self.steps.pop_front();
        }
        if !matches!(call.kind, Kind::Handshake { .. }) {
            self.steps.push_front(Step::Call(call));
        }
        for step in self.opening(role).into_iter().rev() {
            self.steps.push_front(step);
        }
        if millis > 0 {
            self.steps.push_front(Step::Sleep { millis, then: None });
        }
    }

    /// Whether the thread is in the event loop.
    pub fn is_idle(&self) -> bool {
        self.wait.is_none() && self.steps.is_empty() && self.behind.is_empty()
    }

    /// When the thread wakes up by itself.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        match self.wait {
            Some(Wait::Time { until, .. }) => Some(until),
            Some(Wait::Replies(_, until)) => until,
            None => None,
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
                Some(Wait::Time { then, .. }) => {
                    if let Some(then) = then {
                        return self.decide(then, Vec::new());
                    }
                }
                Some(Wait::Replies(call, until)) => {
                    let connection = self.connection(call.role);
                    let replies = match connection.and_then(Connection::take_replies) {
                        Some(replies) => replies,
                        None if until.is_some_and(|until| until <= now) => Vec::new(),
                        None => {
                            self.wait = Some(Wait::Replies(call, until));
                            return Progress::Waiting;
                        }
                    };
                    if let Some(progress) = self.answered(call, replies) {
                        return progress;
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

    /// Goes on with the replies to a call.
    fn answered(&mut self, call: Call<T>, replies: Vec<Value>) -> Option<Progress<T>> {
        let error = first_error(&replies);
        let unknown = match &call.kind {
            Kind::Script(_) => error.as_ref().is_some_and(|error| error.starts_with("NOSCRIPT")),
            Kind::Exists(_) => {
                let known = replies.last().and_then(Value::as_array);
                matches!(known, Some([Value::Integer(0)]))
            }
            Kind::Plain | Kind::Handshake { .. } | Kind::Table(_) | Kind::Within { .. } => false,
        };
        if let (&(Kind::Script(script) | Kind::Exists(script)), true) = (&call.kind, unknown) {
            let role = call.role;
            if matches!(call.kind, Kind::Script(_)) {
                self.steps.push_front(Step::Call(call));
            }
            let load = Command::new("SCRIPT").arg("LOAD").arg(script.source);
            let load = Call { role, commands: vec![load], then: None, kind: Kind::Plain };
            self.steps.push_front(Step::Call(load));
            return None;
        }
        if !matches!(call.kind, Kind::Handshake { .. }) {
            self.attempts = 0;
        }
        if let Some(error) = error
            && !matches!(call.kind, Kind::Handshake { tolerant: true })
        {
            return Some(Progress::Raised(error));
        }
        if let Kind::Table(delivery) = &call.kind {
            for push in delivery.pushes(replies.last(), "LPUSH").into_iter().rev() {
                let (role, commands) = (call.role, vec![push]);
                let push = Call { role, commands, then: None, kind: Kind::Plain };
                self.steps.push_front(Step::Call(push));
            }
        }
        call.then.map(|then| self.decide(then, replies))
    }

    fn decide(&mut self, then: T, replies: Vec<Value>) -> Progress<T> {
        self.behind = std::mem::take(&mut self.steps);
        Progress::Continue(then, replies)
    }

    fn begin(&mut self, step: Step<T>, now: UnixMillis) {
        match step {
            Step::Open(role) => {
                let id = ConnectionId::new(self.number, self.opened);
                self.opened += 1;
                self.connections.push(Connection::new(id, role, self.health_check_ms));
                self.actions.push(Action::Open(id, role));
            }
            Step::Call(call) => {
                if !self.is_open(call.role) && self.retry_policy(call.role).is_some() {
                    return self.reopen(call, 0);
                }
                if self.checks_health(call.role, now) {
                    return self.steps.push_front(Step::Call(call));
                }
                let Some(connection) = self.connection(call.role) else {
                    return;
                };
                let id = connection.id;
                let bytes = connection.call(&call.commands);
                self.actions.push(Action::Send(id, bytes));
                let until = match call.kind {
                    Kind::Within { millis } => Some(now + millis),
                    _ => None,
                };
                self.wait = Some(Wait::Replies(call, until));
            }
            Step::Post(role, command) => {
                if self.checks_health(role, now) {
                    return self.steps.push_front(Step::Post(role, command));
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
        let commands = vec![Command::new("PING")];
        let bytes = connection.call(&commands);
        self.actions.push(Action::Send(id, bytes));
        let kind = Kind::Handshake { tolerant: false };
        self.wait = Some(Wait::Replies(Call { role, commands, then: None, kind }, None));
        true
    }
}

/// EVALSHA of a script with these keys and arguments.
pub(crate) fn evalsha(script: &Script, keys: &[String], args: &[&str]) -> Command {
    let eval = Command::new("EVALSHA").arg(script.sha).arg(keys.len().to_string());
    eval.args(keys).args(args)
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
