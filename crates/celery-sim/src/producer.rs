//! A producer: a Python process that calls tasks with `apply_async` and reads their results.
//!
//! It works through its calls one after another. `get()` looks for the result once and then waits
//! for it to be published, while further calls go on: the process is one of a web server's, whose
//! requests share the thread.

use crate::actor::{Action, Activity, Actor};
use crate::connection::{Command, ConnectionId, Role};
use crate::ids;
use crate::keys;
use crate::message::{self, Stamp, TaskCall};
use crate::process::{Process, Progress};
use crate::tasks;
use crate::worker::{bind_queue, declare_queue};
use fastrand::Rng;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use std::collections::VecDeque;

/// What the program does next.
#[derive(Debug, Clone)]
enum Statement {
    Send { call: TaskCall, task_id: String },
    Get { task_id: String },
    Forget { task_id: String },
    Exit,
}

/// Where the producer goes on after a step.
#[derive(Debug, Clone)]
enum Then {
    /// All is declared: the message can be sent.
    Push(Box<TaskCall>, String),
    /// What is stored for the task is known.
    Meta(String),
    Exited,
}

/// A simulated producer.
#[derive(Debug, Clone)]
pub struct Producer {
    name: String,
    /// The process as messages name it, as in `gen30588@host`.
    origin: String,
    rng: Rng,
    reply_to: String,
    process: Process<Then>,
    program: VecDeque<Statement>,
    /// Tasks whose results are subscribed to, in that order.
    pending: Vec<String>,
    /// Tasks that a `get()` waits for.
    awaited: Vec<String>,
    activity: Activity,
}

impl Producer {
    /// A producer that connects when it is first used.
    pub fn new(name: &str, hostname: &str, seed: u64) -> Producer {
        let mut rng = Rng::with_seed(seed);
        let reply_to = ids::process_id(&mut rng);
        Producer {
            name: name.to_owned(),
            origin: format!("gen{}@{hostname}", rng.u32(1000..32768)),
            rng,
            reply_to,
            process: Process::new(),
            program: VecDeque::new(),
            pending: Vec::new(),
            awaited: Vec::new(),
            activity: Activity::Idle,
        }
    }

    /// `apply_async`: sends a call, and returns the task's id.
    pub fn send(&mut self, call: TaskCall) -> String {
        let task_id = ids::message_id(&mut self.rng);
        self.program.push_back(Statement::Send { call, task_id: task_id.clone() });
        task_id
    }

    /// `AsyncResult.get()`.
    pub fn get(&mut self, task_id: &str) {
        self.program.push_back(Statement::Get { task_id: task_id.to_owned() });
    }

    /// `AsyncResult.forget()`: deletes the result.
    pub fn forget(&mut self, task_id: &str) {
        self.program.push_back(Statement::Forget { task_id: task_id.to_owned() });
    }

    /// The program ends when it has done everything before.
    pub fn exit(&mut self) {
        self.program.push_back(Statement::Exit);
    }

    fn execute(&mut self, statement: Statement) {
        match statement {
            Statement::Send { call, task_id } => self.begin_send(call, task_id),
            Statement::Get { task_id } => {
                self.open_results();
                let get = Command::new("GET").arg(keys::result(&task_id));
                self.process.call_then(Role::Results, get, Then::Meta(task_id));
            }
            Statement::Forget { task_id } => {
                self.open_results();
                self.cancel(&task_id);
                let delete = Command::new("DEL").arg(keys::result(&task_id));
                self.process.call(Role::Results, delete);
            }
            Statement::Exit => {
                self.activity = Activity::Stopping;
                for task_id in self.pending.clone() {
                    self.cancel(&task_id);
                }
                self.process.then(Then::Exited);
            }
        }
    }

    /// Subscribes to the result and declares the queue, each where that is new.
    fn begin_send(&mut self, call: TaskCall, task_id: String) {
        self.activity = Activity::Busy;
        if !ignores_result(&call) {
            if !self.process.is_open(Role::ResultListener) {
                self.process.open(Role::ResultListener);
            }
            let subscribe = Command::new("SUBSCRIBE").arg(keys::result(&task_id));
            self.process.post(Role::ResultListener, subscribe);
            self.pending.push(task_id.clone());
        }
        if !self.process.is_open(Role::Broker) {
            self.process.open(Role::Broker);
            self.process.call(Role::Broker, Command::new("PING"));
        }
        if !self.process.is_open(Role::Channel) {
            self.process.open(Role::Channel);
            self.process.transaction(Role::Channel, declare_queue(keys::DEFAULT_QUEUE));
            self.process.transaction(Role::Channel, bind_queue(keys::DEFAULT_QUEUE));
        }
        self.process.then(Then::Push(Box::new(call), task_id));
    }

    fn push(&mut self, call: &TaskCall, task_id: &str, now: UnixMillis) {
        let delivery_tag = ids::message_id(&mut self.rng);
        let stamp = Stamp {
            task_id,
            delivery_tag: &delivery_tag,
            reply_to: &self.reply_to,
            origin: &self.origin,
            ignore_result: ignores_result(call),
            now,
        };
        let list = keys::queue_for_priority(keys::DEFAULT_QUEUE, call.priority);
        let push = Command::new("LPUSH").arg(list).arg(message::build(call, &stamp));
        self.process.call(Role::Channel, push);
    }

    fn open_results(&mut self) {
        self.activity = Activity::Busy;
        if !self.process.is_open(Role::Results) {
            self.process.open(Role::Results);
        }
    }

    /// The result is there, or is not wanted any more.
    fn cancel(&mut self, task_id: &str) {
        self.awaited.retain(|awaited| awaited != task_id);
        let subscriptions = self.pending.len();
        self.pending.retain(|pending| pending != task_id);
        if self.pending.len() < subscriptions {
            let unsubscribe = Command::new("UNSUBSCRIBE").arg(keys::result(task_id));
            self.process.post(Role::ResultListener, unsubscribe);
        }
    }

    /// A result was looked for: it is there, or will be published.
    fn looked(&mut self, task_id: String, meta: Option<&[u8]>) {
        if meta.is_some_and(is_ready) {
            self.cancel(&task_id);
        } else if self.pending.contains(&task_id) {
            self.awaited.push(task_id);
        }
    }

    /// Reads what was published, where a `get()` waits; `false` where there was nothing to do.
    fn drain_results(&mut self) -> bool {
        if self.awaited.is_empty() {
            return false;
        }
        let listener = self.process.connection(Role::ResultListener);
        let Some(push) = listener.and_then(|connection| connection.inbox.pop_front()) else {
            return false;
        };
        if let Some([Value::Bulk(kind), Value::Bulk(channel), Value::Bulk(meta)]) = push.as_array()
            && kind == b"message"
            && is_ready(meta)
            && let Ok(channel) = std::str::from_utf8(channel)
            && let Some(task_id) = keys::task_of_result(channel)
        {
            self.cancel(task_id);
        }
        true
    }

    fn go_on(&mut self, then: Then, replies: &[Value], now: UnixMillis) {
        match then {
            Then::Push(call, task_id) => self.push(&call, &task_id, now),
            Then::Meta(task_id) => {
                self.looked(task_id, replies.last().and_then(Value::as_bytes));
            }
            Then::Exited => {
                self.process.abort();
                self.activity = Activity::Stopped;
            }
        }
    }

    /// The statement raised; the program goes on with the next.
    fn raised(&mut self) {
        self.process.unwind();
    }

    /// Nothing is under way: takes up what comes next; `false` where nothing does.
    fn next_statement(&mut self) -> bool {
        if self.activity.is_over() {
            return false;
        }
        if let Some(statement) = self.program.pop_front() {
            self.execute(statement);
            return true;
        }
        self.activity = match self.awaited.len() {
            0 => Activity::Idle,
            count => Activity::AwaitingResults(count),
        };
        false
    }

    fn end(&mut self, activity: Activity) {
        self.process.abort();
        self.program.clear();
        self.awaited.clear();
        self.pending.clear();
        self.activity = activity;
    }
}

impl Actor for Producer {
    fn name(&self) -> &str {
        &self.name
    }

    fn activity(&self) -> Activity {
        self.activity.clone()
    }

    fn connections(&self) -> Vec<(ConnectionId, Role)> {
        self.process.connections().collect()
    }

    fn receive(&mut self, connection: ConnectionId, bytes: &[u8], now: UnixMillis) {
        if self.process.receive(connection, bytes, now) {
            self.advance(now);
        } else {
            self.end(Activity::Crashed("the server does not speak RESP".to_owned()));
        }
    }

    fn disconnected(&mut self, connection: ConnectionId, _now: UnixMillis) {
        if self.connections().iter().any(|(id, _)| *id == connection) {
            self.end(Activity::Crashed("Connection closed by server.".to_owned()));
        }
    }

    fn advance(&mut self, now: UnixMillis) {
        loop {
            match self.process.run(now) {
                Progress::Continue(then, replies) => self.go_on(then, &replies, now),
                Progress::Raised(_) => self.raised(),
                Progress::Waiting => break,
                Progress::Idle => {
                    if !self.drain_results() && !self.next_statement() {
                        break;
                    }
                }
            }
        }
    }

    fn next_deadline(&self) -> Option<UnixMillis> {
        self.process.next_deadline()
    }

    fn take_actions(&mut self) -> Vec<Action> {
        self.process.take_actions()
    }

    fn kill(&mut self) {
        self.end(Activity::Killed);
    }
}

fn ignores_result(call: &TaskCall) -> bool {
    tasks::find(&call.task).is_some_and(|task| task.ignore_result)
}

fn is_ready(meta: &[u8]) -> bool {
    message::status_of(meta).as_deref().is_some_and(message::is_ready)
}
