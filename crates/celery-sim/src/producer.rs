//! A producer: a Python process that calls tasks with `apply_async` and reads their results.
//!
//! It works through its calls one after another. `get()` looks for the result once and then waits
//! for it to be published, while further calls go on: the process is one of a web server's, whose
//! requests share the thread.

use crate::actor::{Action, Activity, Actor};
use crate::backend;
use crate::canvas::{self, Called, Canvas};
use crate::config::Config;
use crate::connection::{Command, ConnectionId, Role};
use crate::exchange::Publication;
use crate::ids;
use crate::keys;
use crate::message::{Outgoing, TaskCall};
use crate::process::{Lost, Process, Progress};
use crate::publisher::Publisher;
use crate::result;
use fastrand::Rng;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What the program does next.
#[derive(Debug, Clone)]
enum Statement {
    Send { call: TaskCall, task_id: String },
    SendPeriodic { call: TaskCall, task_id: String },
    Call { canvas: Canvas, called: Called },
    Get { task_id: String },
    GetCalled(Called),
    Forget { task_id: String },
    Drop { task_id: String },
    Count(String),
    Purge(String),
    Publish(Box<Publication>),
    Exit,
}

impl Statement {
    /// Whether it is nothing without a result backend.
    fn needs_results(&self) -> bool {
        match self {
            Statement::Get { .. } | Statement::GetCalled(_) | Statement::Forget { .. } => true,
            Statement::Call { canvas, .. } => matches!(canvas, Canvas::Chord(..)),
            _ => false,
        }
    }
}

/// Where the producer goes on after a step.
#[derive(Debug, Clone)]
enum Then {
    /// What is stored for the task is known.
    Meta(String),
    /// What is stored for the tasks is known.
    Metas(Vec<String>),
    /// The parents of these were looked at.
    Parents(Vec<String>),
    /// The result object is gone: nobody listens to it.
    Dropped(String),
    Exited,
}

/// A simulated producer.
#[derive(Debug, Clone)]
pub struct Producer {
    name: String,
    config: Arc<Config>,
    rng: Rng,
    reply_to: String,
    process: Process<Then>,
    publisher: Publisher,
    program: VecDeque<Statement>,
    /// Tasks whose results are subscribed to.
    pending: Subscriptions,
    /// Tasks that a `get()` waits for.
    awaited: BTreeSet<String>,
    /// Results that were read, with their tasks, the newest last; only some are kept.
    results: VecDeque<(String, Json)>,
    /// Errors that statements raised, the newest last; only some are kept.
    errors: VecDeque<String>,
    activity: Activity,
}

/// Tasks whose results are subscribed to, in that order. There may be many.
#[derive(Debug, Clone, Default)]
struct Subscriptions {
    order: BTreeMap<u64, String>,
    places: BTreeMap<String, u64>,
    count: u64,
}

impl Subscriptions {
    /// `false` where it is there.
    fn insert(&mut self, task_id: &str) -> bool {
        if self.contains(task_id) {
            return false;
        }
        self.count += 1;
        self.order.insert(self.count, task_id.to_owned());
        self.places.insert(task_id.to_owned(), self.count);
        true
    }

    /// `false` where it is not there.
    fn remove(&mut self, task_id: &str) -> bool {
        let place = self.places.remove(task_id);
        place.and_then(|place| self.order.remove(&place)).is_some()
    }

    fn contains(&self, task_id: &str) -> bool {
        self.places.contains_key(task_id)
    }

    fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn in_order(&self) -> Vec<String> {
        self.order.values().cloned().collect()
    }

    fn clear(&mut self) {
        self.order.clear();
        self.places.clear();
    }
}

/// How many errors of a program are kept.
const ERRORS_MAX: usize = 32;
/// How many results that it read are kept.
const RESULTS_MAX: usize = 256;

impl Producer {
    /// A producer that connects when it is first used.
    pub fn new(name: &str, config: Arc<Config>, seed: u64) -> Producer {
        let mut rng = Rng::with_seed(seed);
        let reply_to = ids::process_id(&mut rng);
        let pid = rng.u32(1000..32768);
        Producer {
            name: name.to_owned(),
            process: Process::new(0, &config),
            publisher: Publisher::new(Role::Broker, Role::Channel, &config, pid),
            config,
            rng,
            reply_to,
            program: VecDeque::new(),
            pending: Subscriptions::default(),
            awaited: BTreeSet::new(),
            results: VecDeque::new(),
            errors: VecDeque::new(),
            activity: Activity::Idle,
        }
    }

    /// `apply_async`: sends a call, and returns the task's id.
    pub fn send(&mut self, call: TaskCall) -> String {
        let task_id = call.task_id.clone().unwrap_or_else(|| ids::message_id(&mut self.rng));
        self.program.push_back(Statement::Send { call, task_id: task_id.clone() });
        task_id
    }

    /// Sends a call as beat does, and forgets about it.
    pub(crate) fn send_periodic(&mut self, call: TaskCall) {
        let task_id = ids::message_id(&mut self.rng);
        self.program.push_back(Statement::SendPeriodic { call, task_id: task_id.clone() });
        self.drop_result(&task_id);
    }

    /// `canvas()`: sends a group, a chain or a chord.
    pub fn call(&mut self, canvas: Canvas) -> Called {
        let called = canvas.ids(&mut self.rng);
        self.program.push_back(Statement::Call { canvas, called: called.clone() });
        called
    }

    /// `AsyncResult.get()`.
    pub fn get(&mut self, task_id: &str) {
        self.program.push_back(Statement::Get { task_id: task_id.to_owned() });
    }

    /// `get()` of what a group, a chain or a chord returned.
    pub fn get_called(&mut self, called: Called) {
        self.program.push_back(Statement::GetCalled(called));
    }

    /// `AsyncResult.forget()`: deletes the result.
    pub fn forget(&mut self, task_id: &str) {
        self.program.push_back(Statement::Forget { task_id: task_id.to_owned() });
    }

    /// The program does not hold on to an `AsyncResult`.
    pub fn drop_result(&mut self, task_id: &str) {
        self.program.push_back(Statement::Drop { task_id: task_id.to_owned() });
    }

    /// `kombu.Producer.publish`: sends a message to an exchange.
    pub fn publish_to(&mut self, publication: Publication) {
        self.program.push_back(Statement::Publish(Box::new(publication)));
    }

    /// Looks how long a queue is: `queue_declare(passive=True)`.
    pub fn count(&mut self, queue: &str) {
        self.program.push_back(Statement::Count(queue.to_owned()));
    }

    /// Deletes all messages of a queue: `celery purge`.
    pub fn purge(&mut self, queue: &str) {
        self.program.push_back(Statement::Purge(queue.to_owned()));
    }

    /// The program ends when it has done everything before.
    pub fn exit(&mut self) {
        self.program.push_back(Statement::Exit);
    }

    /// What `get()` found for a task: all that is stored of it.
    pub fn result(&self, task_id: &str) -> Option<&Json> {
        self.results.iter().rev().find(|(id, _)| id == task_id).map(|(_, meta)| meta)
    }

    fn read(&mut self, task_id: &str, meta: &[u8]) {
        let Ok(meta) = serde_json::from_slice(meta) else {
            return;
        };
        if self.results.len() == RESULTS_MAX {
            self.results.pop_front();
        }
        self.results.push_back((task_id.to_owned(), meta));
    }

    /// What calls raised that could not be sent, and reads that failed; the newest last.
    pub fn errors(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().map(String::as_str)
    }

    fn execute(&mut self, statement: Statement, now: UnixMillis) {
        if self.config.result_db.is_none() && statement.needs_results() {
            return self.raised("NotImplementedError: No result backend is configured.".to_owned());
        }
        match statement {
            Statement::Send { call, task_id } => {
                let outgoing = self.outgoing(&call, &task_id, now);
                self.publish(&outgoing, now);
            }
            Statement::SendPeriodic { call, task_id } => {
                let outgoing = self.outgoing(&call, &task_id, now);
                let outgoing = Outgoing { is_beat: true, args_are_list: true, ..outgoing };
                self.publish(&outgoing, now);
            }
            Statement::Call { canvas, called } => self.send_canvas(&canvas, &called, now),
            Statement::Get { task_id } => {
                self.activity = Activity::Busy;
                let get = Command::new("GET").arg(keys::result(&task_id));
                self.process.call_then(Role::Results, get, Then::Meta(task_id));
            }
            Statement::GetCalled(called) => self.get_all(called),
            Statement::Forget { task_id } => {
                self.activity = Activity::Busy;
                self.cancel(&task_id);
                let delete = Command::new("DEL").arg(keys::result(&task_id));
                self.process.call(Role::Results, delete);
            }
            Statement::Drop { task_id } => self.process.then(Then::Dropped(task_id)),
            Statement::Count(queue) => {
                self.activity = Activity::Busy;
                self.publisher.count(&mut self.process, &queue);
            }
            Statement::Purge(queue) => {
                self.activity = Activity::Busy;
                self.publisher.purge(&mut self.process, &queue);
            }
            Statement::Publish(publication) => {
                self.activity = Activity::Busy;
                self.publisher.publish_to(&mut self.process, &publication, &mut self.rng);
            }
            Statement::Exit => {
                self.activity = Activity::Stopping;
                for task_id in self.pending.in_order() {
                    self.cancel(&task_id);
                }
                self.process.then(Then::Exited);
            }
        }
    }

    fn outgoing(&self, call: &TaskCall, task_id: &str, now: UnixMillis) -> Outgoing {
        canvas::outgoing(call, task_id, &self.config, &self.reply_to, now)
    }

    fn publish(&mut self, outgoing: &Outgoing, now: UnixMillis) {
        self.activity = Activity::Busy;
        if !outgoing.ignore_result {
            self.listen(&outgoing.id);
        }
        self.push(outgoing, now);
    }

    fn push(&mut self, outgoing: &Outgoing, now: UnixMillis) {
        self.publisher.publish(&mut self.process, outgoing, &mut self.rng, now);
    }

    /// Subscribes to a result.
    fn listen(&mut self, task_id: &str) {
        if self.config.result_db.is_none() || !self.pending.insert(task_id) {
            return;
        }
        self.process.ensure_open(Role::ResultListener);
        let subscribe = Command::new("SUBSCRIBE").arg(keys::result(task_id));
        self.process.post(Role::ResultListener, subscribe);
    }

    fn send_canvas(&mut self, canvas: &Canvas, called: &Called, now: UnixMillis) {
        match canvas {
            Canvas::Group(calls) => {
                for (index, (call, id)) in calls.iter().zip(&called.results).enumerate() {
                    let outgoing = Outgoing {
                        group: called.group.clone(),
                        group_index: i64::try_from(index).ok(),
                        ..self.outgoing(call, id, now)
                    };
                    self.publish(&outgoing, now);
                }
            }
            Canvas::Chain(calls) => {
                let ids = called.parents.iter().chain(&called.results);
                let mut links = calls.iter().zip(ids);
                let Some((first, id)) = links.next() else {
                    return;
                };
                let rest =
                    links.map(|(call, id)| canvas::signature(call, id, &self.reply_to, None));
                let mut chain: Vec<_> = rest.collect();
                chain.reverse();
                let outgoing = Outgoing { chain: Some(chain), ..self.outgoing(first, id, now) };
                self.publish(&outgoing, now);
                self.cancel_after(id);
            }
            Canvas::Chord(calls, body) => self.send_chord(calls, body, called, now),
        }
    }

    fn cancel_after(&mut self, task_id: &str) {
        self.process.then(Then::Dropped(task_id.to_owned()));
    }

    fn send_chord(
        &mut self,
        calls: &[TaskCall],
        body: &TaskCall,
        called: &Called,
        now: UnixMillis,
    ) {
        let (Some(group), Some(body_id)) = (&called.group, called.results.first()) else {
            return;
        };
        let chord = canvas::signature(body, body_id, &self.reply_to, Some(group));
        self.activity = Activity::Busy;
        for id in &called.parents {
            self.listen(id);
        }
        for (index, (call, id)) in calls.iter().zip(&called.parents).enumerate() {
            if index + 1 == calls.len() {
                self.set_chord_size(group, calls.len());
            }
            let outgoing = Outgoing {
                group: Some(group.clone()),
                group_index: i64::try_from(index).ok(),
                chord: Some(chord.clone()),
                ..self.outgoing(call, id, now)
            };
            self.push(&outgoing, now);
        }
    }

    fn set_chord_size(&mut self, group: &str, size: usize) {
        let claim = keys::group(group, ".c");
        self.process.call(Role::Results, Command::new("DEL").arg(claim));
        let set = Command::new("SET").arg(keys::group(group, ".s")).arg(size.to_string());
        let set = match backend::expires(&self.config) {
            Some(seconds) => set.arg("EX").arg(seconds.to_string()),
            None => set,
        };
        self.process.call(Role::Results, set);
    }

    /// Waits for all results of a group, or for the last of a chain or chord, whose parents'
    /// failures are its own.
    fn get_all(&mut self, called: Called) {
        self.activity = Activity::Busy;
        for parent in &called.parents {
            let get = Command::new("GET").arg(keys::result(parent));
            self.process.call(Role::Results, get);
        }
        if called.results.len() == 1 && !called.parents.is_empty() {
            return self.process.then(Then::Parents(called.results));
        }
        let names = called.results.iter().map(|id| keys::result(id));
        let get = Command::new("MGET").args(names);
        self.process.call_then(Role::Results, get, Then::Metas(called.results));
    }

    /// The result is there, or is not wanted any more.
    fn cancel(&mut self, task_id: &str) {
        self.awaited.remove(task_id);
        if self.pending.remove(task_id) {
            let unsubscribe = Command::new("UNSUBSCRIBE").arg(keys::result(task_id));
            self.process.post(Role::ResultListener, unsubscribe);
        }
    }

    /// A result was looked for: it is there, or will be published.
    fn looked(&mut self, task_id: String, meta: Option<&[u8]>) {
        if let Some(meta) = meta.filter(|meta| is_ready(meta)) {
            self.read(&task_id, meta);
            self.cancel(&task_id);
        } else if self.pending.contains(&task_id) {
            self.awaited.insert(task_id);
        }
    }

    /// Reads what was published, where a `get()` waits; `false` where there was nothing to do.
    fn drain_results(&mut self) -> bool {
        let listener = self.process.connection(Role::ResultListener);
        if self.awaited.is_empty() {
            // Whoever waits from now on looks first: what has come by now is for nobody.
            if let Some(listener) = listener {
                listener.inbox.clear();
            }
            return false;
        }
        let Some(push) = listener.and_then(|connection| connection.inbox.pop_front()) else {
            return false;
        };
        if let Some([Value::Bulk(kind), Value::Bulk(channel), Value::Bulk(meta)]) = push.as_array()
            && kind == b"message"
            && is_ready(meta)
            && let Ok(channel) = std::str::from_utf8(channel)
            && let Some(task_id) = keys::task_of_result(channel)
        {
            self.read(task_id, meta);
            self.cancel(task_id);
        }
        true
    }

    fn go_on(&mut self, then: Then, replies: &[Value]) {
        let reply = replies.last();
        match then {
            Then::Meta(task_id) => self.looked(task_id, reply.and_then(Value::as_bytes)),
            Then::Metas(task_ids) => {
                let metas = reply.and_then(Value::as_array).unwrap_or_default();
                for (task_id, meta) in task_ids.into_iter().zip(metas) {
                    self.looked(task_id, meta.as_bytes());
                }
            }
            Then::Parents(results) => {
                for task_id in results {
                    self.listen(&task_id);
                    let get = Command::new("GET").arg(keys::result(&task_id));
                    self.process.call_then(Role::Results, get, Then::Meta(task_id));
                }
            }
            Then::Dropped(task_id) => self.cancel(&task_id),
            Then::Exited => {
                self.process.abort();
                self.activity = Activity::Stopped;
            }
        }
    }

    /// The statement raised; the program goes on with the next.
    fn raised(&mut self, error: String) {
        self.process.unwind();
        if self.errors.len() == ERRORS_MAX {
            self.errors.pop_front();
        }
        self.errors.push_back(error);
    }

    /// The connection that results arrive on is gone: another one, with all its subscriptions,
    /// and what was published meanwhile is stored.
    fn listen_again(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        self.process.open(Role::ResultListener);
        let pending = self.pending.in_order();
        let names = pending.iter().map(|task_id| keys::result(task_id));
        self.process.post(Role::ResultListener, Command::new("SUBSCRIBE").args(names));
        for task_id in self.awaited.clone() {
            let get = Command::new("GET").arg(keys::result(&task_id));
            self.process.call_then(Role::Results, get, Then::Meta(task_id));
        }
    }

    /// Nothing is under way: takes up what comes next; `false` where nothing does.
    fn next_statement(&mut self, now: UnixMillis) -> bool {
        if self.activity.is_over() {
            return false;
        }
        if let Some(statement) = self.program.pop_front() {
            self.execute(statement, now);
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

    fn disconnected(&mut self, connection: ConnectionId, now: UnixMillis) {
        match self.process.disconnected(connection) {
            Lost::Raised => {
                self.raised("OperationalError: Connection closed by server.".to_owned())
            }
            Lost::Connection(Role::ResultListener) => self.listen_again(),
            Lost::Nothing | Lost::Connection(_) => {}
        }
        self.advance(now);
    }

    fn advance(&mut self, now: UnixMillis) {
        loop {
            match self.process.run(now) {
                Progress::Continue(then, replies) => self.go_on(then, &replies),
                Progress::Raised(error) => self.raised(error),
                Progress::Waiting => break,
                Progress::Idle => {
                    if !self.drain_results() && !self.next_statement(now) {
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

fn is_ready(meta: &[u8]) -> bool {
    result::status_of(meta).as_deref().is_some_and(result::is_ready)
}
