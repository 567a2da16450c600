//! A worker: `celery worker -P solo --without-mingle --without-gossip --without-heartbeat`.
//!
//! The solo pool runs a task in the thread that also talks to Redis. That is why no BRPOP is under
//! way while a task runs, and why a message is acknowledged after its task whatever `acks_late`
//! says: the acknowledgement of an early-acknowledged task waits for the event loop, which the
//! task holds up.

use crate::actor::{Action, Activity, Actor};
use crate::config::{Config, WorkerPool};
use crate::connection::{Command, ConnectionId, HEALTH_CHECK_INTERVAL_MS, Role};
use crate::ids;
use crate::keys;
use crate::message::{self, Outcome, TaskMessage};
use crate::process::{Process, Progress};
use crate::python;
use crate::tasks;
use crate::workload::{Held, Running, Slot, What, Workload};
use fastrand::Rng;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use std::collections::BTreeMap;

/// The time to live of a binding of remote control, and the third of it after which it is renewed.
const BINDING_TTL_MS: i64 = 3_600_000;
const BINDING_REFRESH_MS: i64 = BINDING_TTL_MS / 3;
const BINDING_SWEEP_MS: i64 = 60_000;
/// How long `unacked_mutex` is held at most.
const MUTEX_EXPIRE_MS: i64 = 300_000;
/// How long a worker waits for a message, in seconds, before its event loop goes round once.
const BRPOP_TIMEOUT: &str = "1";

/// Where the worker goes on after a step.
#[derive(Debug, Clone)]
enum Then {
    /// The lock was asked for.
    Locked,
    /// Messages that are unacknowledged for too long are known.
    Visible,
    /// The entry to restore was read.
    Unacked(String),
    /// The transaction that restores it ran, or did not as `unacked` changed.
    Restored(String),
    /// The lock's holder is known.
    LockHolder,
    /// The server's time, from which a binding's deadline follows.
    BindingTime(BindingStep),
    /// All is declared: the event loop begins.
    Ready,
    /// The message is in `unacked`.
    Received(Box<TaskMessage>),
    /// A task's time is over.
    Ran(Box<TaskMessage>),
    /// What is stored for the task is known.
    Meta(Box<Finished>),
    /// The task's message is acknowledged.
    Acknowledged,
    /// The event loop has ended: clean up.
    Stopped,
}

/// The three scripts around the bindings' deadlines, which all ask for the time.
#[derive(Debug, Clone, Copy)]
enum BindingStep {
    Declare,
    Refresh,
    Sweep,
}

#[derive(Debug, Clone)]
struct Finished {
    task_id: String,
    outcome: Outcome,
}

/// What the event loop does again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    RestoreMessages,
    RefreshBindings,
    SweepBindings,
    CheckPidbox,
}

/// A simulated worker.
#[derive(Debug, Clone)]
pub struct Worker {
    name: String,
    config: Config,
    rng: Rng,
    process: Process<Then>,
    activity: Activity,
    /// The token under which this worker holds `unacked_mutex`.
    mutex_token: String,
    timers: BTreeMap<Timer, UnixMillis>,
    /// A BRPOP is under way.
    polling: bool,
    /// Messages whose time has not come, by that time and their order.
    held: BTreeMap<(UnixMillis, u64), TaskMessage>,
    held_count: u64,
    news: Vec<(UnixMillis, String, What)>,
    stopping: bool,
}

impl Worker {
    /// A worker that starts at its first [`advance`](Actor::advance).
    pub fn new(name: &str, config: Config, seed: u64) -> Worker {
        let mut worker = Worker {
            name: name.to_owned(),
            config,
            rng: Rng::with_seed(seed),
            process: Process::new(),
            activity: Activity::Starting,
            mutex_token: String::new(),
            timers: BTreeMap::new(),
            polling: false,
            held: BTreeMap::new(),
            held_count: 0,
            news: Vec::new(),
            stopping: false,
        };
        worker.start();
        worker
    }

    /// Warm shutdown: the task that runs is finished, then the worker says goodbye.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Connects, restores lost messages, declares its queues.
    fn start(&mut self) {
        let process = &mut self.process;
        process.open(Role::Consumer);
        process.call(Role::Consumer, Command::new("PING"));
        process.open(Role::Channel);
        self.lock();
        let process = &mut self.process;
        process.transaction(Role::Channel, declare_queue(keys::DEFAULT_QUEUE));
        process.transaction(Role::Channel, bind_queue(keys::DEFAULT_QUEUE));
        process.open(Role::Pidbox);
        process.call(Role::Pidbox, Command::new("PING"));
        process.open(Role::PidboxChannel);
        let pidbox = keys::pidbox_queue(&self.name);
        process.transaction(Role::PidboxChannel, declare_queue(&pidbox));
        self.binding(BindingStep::Declare);
        self.process.then(Then::Ready);
    }

    /// Takes the lock of the one who restores messages.
    fn lock(&mut self) {
        self.mutex_token = ids::lock_token(&mut self.rng);
        let set = Command::new("SET").arg(keys::UNACKED_MUTEX).arg(&self.mutex_token);
        let set = set.args(["NX", "PX"]).arg(MUTEX_EXPIRE_MS.to_string());
        self.process.call_then(Role::Channel, set, Then::Locked);
    }

    fn locked(&mut self, acquired: bool, now: UnixMillis) {
        if !acquired {
            return;
        }
        let before = now + -self.visibility_timeout_ms();
        let range = Command::new("ZRANGE").arg(keys::UNACKED_INDEX);
        let range =
            range.arg(python::timestamp(before)).args(["0", "BYSCORE", "REV", "WITHSCORES"]);
        self.process.call_then(Role::Channel, range, Then::Visible);
        let get = Command::new("GET").arg(keys::UNACKED_MUTEX);
        self.process.call_then(Role::Channel, get, Then::LockHolder);
    }

    /// Restores one message: `restore_by_tag`.
    fn restore(&mut self, tag: String) {
        self.process.call(Role::Channel, Command::new("WATCH").arg(keys::UNACKED));
        let get = Command::new("HGET").arg(keys::UNACKED).arg(&tag);
        self.process.call_then(Role::Channel, get, Then::Unacked(tag));
    }

    fn restore_entry(&mut self, tag: String, entry: Option<&[u8]>) {
        let mut commands = forget_unacked(&tag);
        if let Some((list, message)) = entry.and_then(message::restore) {
            commands.push(Command::new("RPUSH").arg(list).arg(message));
        }
        self.process.transaction_then(Role::Channel, commands, Then::Restored(tag));
    }

    /// Releases the lock, if it is still this worker's.
    fn unlock(&mut self, holder: Option<&[u8]>) {
        if holder == Some(self.mutex_token.as_bytes()) {
            self.process.call(Role::Channel, Command::new("DEL").arg(keys::UNACKED_MUTEX));
        }
    }

    /// The binding of remote control ends with the worker, so it has a deadline.
    fn binding(&mut self, step: BindingStep) {
        if let BindingStep::Declare = step {
            self.process.call(Role::PidboxChannel, self.add_binding());
        }
        let then = Then::BindingTime(step);
        self.process.call_then(Role::PidboxChannel, Command::new("TIME"), then);
    }

    fn binding_time(&mut self, step: BindingStep, time_ms: i64) {
        let role = Role::PidboxChannel;
        let deadline = time_ms.saturating_add(BINDING_TTL_MS).to_string();
        let set_deadline = Command::new("ZADD").arg(keys::BINDING_DEADLINES).arg("GT");
        let set_deadline = set_deadline.arg(deadline).arg(keys::PIDBOX_EXCHANGE);
        match step {
            BindingStep::Declare => self.process.call(role, set_deadline),
            BindingStep::Refresh => {
                self.process.transaction(role, [self.add_binding(), set_deadline]);
            }
            BindingStep::Sweep => {
                let overdue = Command::new("ZRANGEBYSCORE").arg(keys::BINDING_DEADLINES);
                let overdue = overdue.arg("-inf").arg(time_ms.to_string());
                self.process.call(role, overdue.args(["LIMIT", "0", "100"]));
            }
        }
    }

    fn add_binding(&self) -> Command {
        let member = keys::binding_member("", &keys::pidbox_queue(&self.name));
        Command::new("SADD").arg(keys::binding(keys::PIDBOX_EXCHANGE)).arg(member)
    }

    /// The event loop begins: its timers, and the two connections that it listens on.
    fn ready(&mut self, now: UnixMillis) {
        self.timers.insert(Timer::RefreshBindings, now + 1000);
        self.timers.insert(Timer::SweepBindings, now + 1000);
        self.timers.insert(Timer::RestoreMessages, now + self.restore_interval_ms());
        self.timers.insert(Timer::CheckPidbox, now + HEALTH_CHECK_INTERVAL_MS);
        self.poll();
        let subscribe = Command::new("PSUBSCRIBE").arg(keys::PIDBOX_CHANNEL);
        self.process.post(Role::Pidbox, subscribe);
    }

    fn restore_interval_ms(&self) -> i64 {
        let looks = self.config.broker_transport_options.unacked_restore_throttle.max(1);
        self.config
            .broker_transport_options
            .unacked_restore_interval
            .max(1)
            .saturating_mul(looks)
            .saturating_mul(1000)
    }

    fn visibility_timeout_ms(&self) -> i64 {
        (self.config.broker_transport_options.visibility_timeout * 1000.0) as i64
    }

    /// The tasks that it has now.
    pub fn workload(&self) -> Workload {
        let running = match &self.activity {
            Activity::Running { task_id, task, since, until } => Some(Running {
                task_id: task_id.clone(),
                task: task.clone(),
                since: *since,
                until: *until,
            }),
            _ => None,
        };
        let held = self.held.iter().filter_map(|((until, _), message)| {
            let task_id = message.request.as_ref()?.id.clone();
            Some(Held { task_id, until: *until })
        });
        Workload {
            pool: WorkerPool::Solo,
            prefetch_limit: Some(1),
            queues: vec![keys::DEFAULT_QUEUE.to_owned()],
            parked: self.polling,
            slots: vec![Slot { pid: 1, running }],
            prefetched: Vec::new(),
            held: held.collect(),
        }
    }

    /// Takes what became of tasks since it was last taken.
    pub fn take_news(&mut self) -> Vec<(UnixMillis, String, What)> {
        std::mem::take(&mut self.news)
    }

    fn tell(&mut self, message: &TaskMessage, what: What, now: UnixMillis) {
        if let Some(request) = &message.request {
            self.news.push((now, request.id.clone(), what));
        }
    }

    fn poll(&mut self) {
        self.polling = true;
        self.activity = Activity::Idle;
        let brpop = Command::new("BRPOP").args(keys::queue_lists(keys::DEFAULT_QUEUE));
        self.process.post(Role::Consumer, brpop.arg(BRPOP_TIMEOUT));
    }

    /// One round of the event loop; `false` where there was nothing to do.
    fn event_loop(&mut self, now: UnixMillis) -> bool {
        if self.activity.is_over() {
            return false;
        }
        self.listen_to_pidbox();
        if let Some(reply) = self.take_poll_reply() {
            self.polling = false;
            self.polled(&reply, now);
            return true;
        }
        if let Some(entry) = self.held.first_entry().filter(|entry| entry.key().0 <= now) {
            let message = entry.remove();
            self.execute(message, now);
            return true;
        }
        if let Some((&timer, _)) = self.timers.iter().find(|(_, at)| **at <= now) {
            self.tick(timer, now);
            return true;
        }
        if self.polling {
            return false;
        }
        if self.stopping {
            self.say_goodbye();
        } else {
            self.poll();
        }
        true
    }

    fn take_poll_reply(&mut self) -> Option<Value> {
        self.process.connection(Role::Consumer)?.inbox.pop_front()
    }

    /// Remote control is heard but not obeyed.
    fn listen_to_pidbox(&mut self) {
        if let Some(pidbox) = self.process.connection(Role::Pidbox) {
            pidbox.inbox.clear();
        }
    }

    fn tick(&mut self, timer: Timer, now: UnixMillis) {
        let interval_ms = match timer {
            Timer::RestoreMessages => {
                self.lock();
                self.restore_interval_ms()
            }
            Timer::RefreshBindings => {
                self.binding(BindingStep::Refresh);
                BINDING_REFRESH_MS
            }
            Timer::SweepBindings => {
                self.binding(BindingStep::Sweep);
                BINDING_SWEEP_MS
            }
            Timer::CheckPidbox => {
                let silent =
                    self.process.connection(Role::Pidbox).is_some_and(|it| it.is_silent(now));
                if silent {
                    let ping = Command::new("PING").arg("redis-py-health-check");
                    self.process.post(Role::Pidbox, ping);
                }
                HEALTH_CHECK_INTERVAL_MS
            }
        };
        self.timers.insert(timer, now + interval_ms);
    }

    /// BRPOP answered: with a message, with nothing in time, or with an error.
    fn polled(&mut self, reply: &Value, now: UnixMillis) {
        let items = match reply {
            Value::Error(text) => return self.crash(String::from_utf8_lossy(text).into_owned()),
            reply => reply.as_array(),
        };
        let Some([_, Value::Bulk(message)]) = items else {
            return;
        };
        let Some(message) = TaskMessage::parse(message) else {
            return self.crash("JSONDecodeError: the message is not kombu's".to_owned());
        };
        self.activity = Activity::Busy;
        self.process.transaction(
            Role::Channel,
            [
                Command::new("ZADD")
                    .arg(keys::UNACKED_INDEX)
                    .arg(python::timestamp(now))
                    .arg(&message.delivery_tag),
                Command::new("HSET")
                    .arg(keys::UNACKED)
                    .arg(&message.delivery_tag)
                    .arg(message.unacked_entry()),
            ],
        );
        self.process.then(Then::Received(Box::new(message)));
    }

    fn received(&mut self, message: TaskMessage, now: UnixMillis) {
        self.tell(&message, What::Received, now);
        match message.request.as_ref().and_then(|request| request.eta) {
            Some(eta) if eta > now => {
                self.tell(&message, What::Held { until: eta }, now);
                self.held_count += 1;
                self.held.insert((eta, self.held_count), message);
            }
            _ => self.execute(message, now),
        }
    }

    fn execute(&mut self, message: TaskMessage, now: UnixMillis) {
        let Some(request) = &message.request else {
            // Received and deleted unknown message.
            return self.acknowledge(&message.delivery_tag);
        };
        let Some(task) = tasks::find(&request.task) else {
            self.acknowledge(&message.delivery_tag);
            let outcome = tasks::not_registered(&request.task);
            return self.store(Finished { task_id: request.id.clone(), outcome });
        };
        let millis = task.duration_ms(request, self.config.task_ms);
        self.activity = Activity::Running {
            task_id: request.id.clone(),
            task: request.task.clone(),
            since: now,
            until: now + millis,
        };
        self.tell(&message, What::Started { slot: 0, until: now + millis }, now);
        self.process.sleep_then(millis, Then::Ran(Box::new(message)));
    }

    fn ran(&mut self, message: &TaskMessage, now: UnixMillis) {
        self.activity = Activity::Busy;
        if let Some(request) = &message.request
            && let Some(task) = tasks::find(&request.task)
            && !request.ignore_result
            && !task.ignore_result
        {
            let outcome = task.run(request);
            self.tell(message, What::Ended { state: outcome.state().to_owned() }, now);
            self.store(Finished { task_id: request.id.clone(), outcome });
        }
        self.acknowledge(&message.delivery_tag);
    }

    /// Stores a result, unless the task is known to have succeeded before.
    fn store(&mut self, finished: Finished) {
        if !self.process.is_open(Role::Results) {
            self.process.open(Role::Results);
        }
        let get = Command::new("GET").arg(keys::result(&finished.task_id));
        self.process.call_then(Role::Results, get, Then::Meta(Box::new(finished)));
    }

    fn store_over(&mut self, finished: &Finished, stored: Option<&[u8]>, now: UnixMillis) {
        if stored.and_then(message::status_of).as_deref() == Some("SUCCESS") {
            return;
        }
        let key = keys::result(&finished.task_id);
        let meta = message::result_meta(&finished.task_id, &finished.outcome, now);
        let expires = self.config.result_expires.map_or(0, |it| it as i64).to_string();
        self.process.transaction(
            Role::Results,
            [
                Command::new("SETEX").arg(&key).arg(expires).arg(&meta),
                Command::new("PUBLISH").arg(&key).arg(&meta),
            ],
        );
    }

    fn acknowledge(&mut self, delivery_tag: &str) {
        let commands = forget_unacked(delivery_tag);
        self.process.transaction_then(Role::Channel, commands, Then::Acknowledged);
    }

    /// The end of a warm shutdown: messages that were held back are restored, remote control is
    /// undeclared, connections close.
    fn say_goodbye(&mut self) {
        self.activity = Activity::Stopping;
        self.timers.clear();
        let unsubscribe = Command::new("PUNSUBSCRIBE").arg(keys::PIDBOX_CHANNEL);
        self.process.post(Role::Pidbox, unsubscribe);
        self.process.open(Role::Shutdown);
        let pidbox = keys::pidbox_queue(&self.name);
        let member = keys::binding_member("", &pidbox);
        for set in [keys::binding, keys::permanent_binding] {
            let remove = Command::new("SREM").arg(set(keys::PIDBOX_EXCHANGE)).arg(&member);
            self.process.call(Role::Shutdown, remove);
        }
        let delete = keys::queue_lists(&pidbox).map(|list| Command::new("DEL").arg(list));
        self.process.transaction(Role::Shutdown, delete);
        for message in std::mem::take(&mut self.held).into_values() {
            self.restore(message.delivery_tag);
        }
        self.process.then(Then::Stopped);
    }

    fn crash(&mut self, error: String) {
        self.process.abort();
        self.timers.clear();
        self.held.clear();
        self.activity = Activity::Crashed(error);
    }

    fn go_on(&mut self, then: Then, replies: &[Value], now: UnixMillis) {
        let reply = replies.last();
        match then {
            Then::Locked => self.locked(matches!(reply, Some(Value::Simple(_))), now),
            Then::Visible => {
                for tag in reply.map(members).unwrap_or_default() {
                    self.restore(tag);
                }
            }
            Then::Unacked(tag) => self.restore_entry(tag, reply.and_then(Value::as_bytes)),
            Then::Restored(tag) => {
                if matches!(reply, Some(Value::Null)) {
                    self.restore(tag);
                }
            }
            Then::LockHolder => self.unlock(reply.and_then(Value::as_bytes)),
            Then::BindingTime(step) => {
                self.binding_time(step, reply.and_then(time_ms).unwrap_or(now.0));
            }
            Then::Ready => self.ready(now),
            Then::Received(message) => self.received(*message, now),
            Then::Ran(message) => self.ran(&message, now),
            Then::Meta(finished) => {
                self.store_over(&finished, reply.and_then(Value::as_bytes), now);
            }
            Then::Acknowledged => self.activity = Activity::Idle,
            Then::Stopped => {
                self.process.abort();
                self.activity = Activity::Stopped;
            }
        }
    }
}

impl Actor for Worker {
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
            self.crash("the server does not speak RESP".to_owned());
        }
    }

    fn disconnected(&mut self, connection: ConnectionId, _now: UnixMillis) {
        if self.connections().iter().any(|(id, _)| *id == connection) {
            self.crash("Connection closed by server.".to_owned());
        }
    }

    fn advance(&mut self, now: UnixMillis) {
        loop {
            match self.process.run(now) {
                Progress::Continue(then, replies) => self.go_on(then, &replies, now),
                Progress::Raised(error) => self.crash(error),
                Progress::Waiting => break,
                Progress::Idle => {
                    if !self.event_loop(now) {
                        break;
                    }
                }
            }
        }
    }

    fn next_deadline(&self) -> Option<UnixMillis> {
        if !self.process.is_idle() {
            return self.process.next_deadline();
        }
        let timer = self.timers.values().min().copied();
        let held = self.held.keys().next().map(|(eta, _)| *eta);
        timer.into_iter().chain(held).min()
    }

    fn take_actions(&mut self) -> Vec<Action> {
        self.process.take_actions()
    }

    fn kill(&mut self) {
        self.process.abort();
        self.timers.clear();
        self.held.clear();
        self.activity = Activity::Killed;
    }
}

/// Looks whether a queue is there: `queue_declare`.
pub(crate) fn declare_queue(queue: &str) -> impl Iterator<Item = Command> {
    keys::queue_lists(queue).map(|list| Command::new("LLEN").arg(list))
}

/// Binds a queue to the exchange of its name: `queue_bind`.
pub(crate) fn bind_queue(queue: &str) -> impl Iterator<Item = Command> {
    let member = keys::binding_member(queue, queue);
    [keys::binding(queue), keys::permanent_binding(queue)]
        .into_iter()
        .map(move |set| Command::new("SADD").arg(set).arg(&member))
}

fn forget_unacked(delivery_tag: &str) -> Vec<Command> {
    vec![
        Command::new("ZREM").arg(keys::UNACKED_INDEX).arg(delivery_tag),
        Command::new("HDEL").arg(keys::UNACKED).arg(delivery_tag),
    ]
}

/// The members of a reply to ZRANGE ... WITHSCORES.
fn members(reply: &Value) -> Vec<String> {
    let pairs = reply.as_array().unwrap_or_default().iter();
    let members = pairs.filter_map(|pair| pair.as_array()?.first()?.as_bytes());
    members.map(|member| String::from_utf8_lossy(member).into_owned()).collect()
}

/// The reply to TIME in milliseconds.
fn time_ms(reply: &Value) -> Option<i64> {
    let number = |value: &Value| std::str::from_utf8(value.as_bytes()?).ok()?.parse::<i64>().ok();
    let [seconds, micros] = reply.as_array()? else {
        return None;
    };
    number(seconds)?.checked_mul(1000)?.checked_add(number(micros)? / 1000)
}
