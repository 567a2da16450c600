//! A worker: `celery worker`.
//!
//! Its main thread talks to the broker: it waits for messages, keeps `unacked`, answers remote
//! control. The solo pool runs a task in that thread. That is why no BRPOP is under way while such
//! a task runs, and why its message is acknowledged after it whatever `acks_late` says: the
//! acknowledgement waits for the event loop, which the task holds up. The prefork pool runs tasks
//! in processes with connections of their own.

mod adjust;
mod boot;
mod events;
mod panel;
mod pool;
mod rate_limit;
mod remote;
mod requests;
mod shutdown;
mod stats;

use crate::actor::{Action, Activity, Actor};
use crate::backend::{self, Store};
use crate::binding::{self, Binding};
use crate::config::{Config, QueueOrder, WorkerPool};
use crate::connection::{Command, ConnectionId, Role};
use crate::ids;
use crate::keys::{self, Keys};
use crate::mailbox::Mailbox;
use crate::message::TaskMessage;
use crate::process::{Lost, Process, Progress};
use crate::python;
use crate::restore::{RestoreStep, Restorer};
use crate::route::QueueDefinition;
use crate::trace::{TraceStep, Tracer};
use crate::workload::{Figures, Held, Running, Slot, What, Workload};
pub(crate) use adjust::QUEUES_MAX;
use events::Dispatcher;
use fastrand::Rng;
use keyspace::UnixMillis;
use keyspace_resp::Value;
pub(crate) use pool::PROCESSES_MAX;
use pool::{Pool, Returned};
use rate_limit::Buckets;
use requests::Job;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The names of those queues that have lists.
fn lists_of(queues: &[QueueDefinition]) -> Vec<String> {
    queues.iter().filter(|queue| !queue.is_fanout()).map(|queue| queue.name.clone()).collect()
}

/// How long a worker waits for a message, in seconds, before its event loop goes round once.
const BRPOP_TIMEOUT: &str = "1";
/// How much of what became of tasks is kept until it is taken; the oldest goes first.
const NEWS_MAX: usize = 4_096;

/// Where the worker goes on after a step.
#[derive(Debug, Clone)]
enum Then {
    Restore(RestoreStep),
    /// The first look for lost messages is done: the worker connects to the others.
    Connected,
    /// Another worker answered to `hello`, or none did in time.
    Mingled,
    /// It can be told that the worker is there.
    Online,
    /// All is declared: the event loop begins.
    Ready,
    /// The message is in `unacked`.
    Received(Box<TaskMessage>),
    /// The solo pool's task goes on.
    Trace(TraceStep),
    /// What is stored for the task is known.
    Meta(Box<Store>),
    /// The state of a task that is revoked is known.
    RevokedState(String),
    /// What is stored for a task whose process was lost is known.
    WorkerLost(Box<Job>),
    /// What the worker had is put back: it connects again.
    Reconnect,
    /// Nobody waits for a running task any more: what is left is put back.
    PutBack,
    /// The event loop has ended, and all is cleaned up.
    Stopped,
}

impl From<RestoreStep> for Then {
    fn from(step: RestoreStep) -> Then {
        Then::Restore(step)
    }
}

impl From<TraceStep> for Then {
    fn from(step: TraceStep) -> Then {
        Then::Trace(step)
    }
}

/// What the event loop does again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    RestoreMessages,
    RefreshBindings,
    SweepBindings,
    CheckSubscribers,
    Heartbeat,
}

/// How a worker is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    /// SIGTERM: tasks that run are finished.
    Warm,
    /// SIGQUIT: tasks that run are given up.
    Cold,
}

/// What the worker's main thread is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Looping,
    /// The consumer is closed; tasks that run are waited for until then, if at all.
    Draining {
        until: Option<UnixMillis>,
    },
    Stopping,
    Over,
}

/// A hard and a soft limit of time, in seconds.
type Limits = (Option<f64>, Option<f64>);

/// A simulated worker.
#[derive(Debug, Clone)]
pub struct Worker {
    name: String,
    pid: u32,
    config: Arc<Config>,
    keys: Keys,
    rng: Rng,
    process: Process<Then>,
    phase: Phase,
    activity: Activity,
    stop: Option<Stop>,
    restorer: Restorer,
    mailbox: Mailbox,
    gossip_queue: String,
    timers: BTreeMap<Timer, UnixMillis>,
    /// When it first connected to the broker.
    started_at: Option<UnixMillis>,
    /// When it last did.
    connected_at: UnixMillis,
    /// A connection was lost while the solo pool's task ran.
    connection_is_lost: bool,
    /// How often it tried to connect in vain.
    attempts: u32,
    /// The queues that it consumes, in the order in which it came to know them.
    consumed: Vec<QueueDefinition>,
    /// Those that have lists, in the order in which BRPOP asks.
    queues: Vec<String>,
    /// A BRPOP is under way.
    polling: bool,
    /// Delivery tags of messages that are not acknowledged, in the order of their delivery.
    delivered: Vec<String>,
    /// How many messages more it may have, as some wait for their time.
    eta_allowance: usize,
    /// Messages whose time has not come, by that time and their order.
    held: BTreeMap<(UnixMillis, u64), Job>,
    held_count: u64,
    buckets: Buckets,
    tracer: Tracer,
    /// What the solo pool runs.
    solo: Option<Job>,
    running: Option<Running>,
    pool: Pool,
    returned: VecDeque<Returned>,
    revoked: Vec<String>,
    /// Celery's logical clock.
    clock: u64,
    dispatcher: Dispatcher,
    processed: u64,
    /// How many tasks began, by their names.
    totals: BTreeMap<String, u64>,
    /// Limits of time that remote control set, by task: hard and soft, in seconds.
    time_limits: Vec<(String, Limits)>,
    news: VecDeque<(UnixMillis, String, What)>,
}

impl Worker {
    /// A worker that starts at its first [`advance`](Actor::advance).
    pub fn new(name: &str, config: Config, seed: u64) -> Worker {
        let config = Arc::new(config);
        let mut rng = Rng::with_seed(seed);
        let pid = rng.u32(1000..32_000);
        let concurrency = match config.worker_pool {
            WorkerPool::Solo => 0,
            WorkerPool::Prefork => config.worker_concurrency.clamp(1, pool::PROCESSES_MAX),
        };
        Worker {
            name: name.to_owned(),
            pid,
            keys: Keys::new(&config),
            process: Process::new(0, &config),
            phase: Phase::Starting,
            activity: Activity::Starting,
            stop: None,
            restorer: Restorer::new(&config),
            mailbox: Mailbox { oid: ids::process_id(&mut rng), clock: 0 },
            gossip_queue: format!("{}.{}", keys::EVENT_EXCHANGE, ids::message_id(&mut rng)),
            timers: BTreeMap::new(),
            started_at: None,
            connected_at: UnixMillis(0),
            connection_is_lost: false,
            attempts: 0,
            consumed: config.consumed_queues(),
            queues: lists_of(&config.consumed_queues()),
            polling: false,
            delivered: Vec::new(),
            eta_allowance: 0,
            held: BTreeMap::new(),
            held_count: 0,
            buckets: Buckets::default(),
            tracer: Tracer::new(&config, name, pid, rng.u64(..)),
            solo: None,
            running: None,
            pool: Pool::new(&config, name, pid, concurrency, rng.u64(..)),
            returned: VecDeque::new(),
            revoked: Vec::new(),
            clock: 0,
            dispatcher: Dispatcher::new(&config),
            processed: 0,
            totals: BTreeMap::new(),
            time_limits: Vec::new(),
            news: VecDeque::new(),
            rng,
            config,
        }
    }

    /// Warm shutdown (SIGTERM): tasks that run are finished, then the worker says goodbye and puts
    /// back what it did not begin.
    pub fn stop(&mut self) {
        self.stop = self.stop.max(Some(Stop::Warm));
    }

    /// Cold shutdown (SIGQUIT): tasks that run are given up and put back, too, after
    /// `worker_soft_shutdown_timeout` where that is set.
    pub fn stop_cold(&mut self) {
        self.stop = Some(Stop::Cold);
    }

    /// Ends a process of the prefork pool as SIGKILL does.
    pub fn kill_pool_process(&mut self, slot: usize) {
        self.lose_pool_process(slot, Returned::lost);
    }

    fn lose_pool_process(&mut self, slot: usize, how: fn(usize, Job) -> Returned) {
        if let Some(job) = self.pool.replace(slot) {
            self.returned.push_back(how(slot, job));
        }
    }

    /// The tasks that it has now.
    pub fn workload(&self) -> Workload {
        let held = self
            .held
            .iter()
            .map(|((until, _), job)| Held { task_id: job.request.id.clone(), until: *until });
        let slots = match self.config.worker_pool {
            WorkerPool::Solo => vec![Slot { pid: self.pid, running: self.running.clone() }],
            WorkerPool::Prefork => self.pool.slots(),
        };
        let waiting = self.buckets.waiting().chain(self.pool.waiting());
        Workload {
            pool: self.config.worker_pool,
            prefetch_limit: self.prefetch_limit(),
            queues: self.consumed.iter().map(|queue| queue.name.clone()).collect(),
            parked: self.polling,
            slots,
            prefetched: waiting.map(|job| job.request.id.clone()).collect(),
            held: held.collect(),
        }
    }

    /// What it has, in numbers.
    pub fn figures(&self) -> Figures {
        Figures {
            name: self.name.clone(),
            pool: self.config.worker_pool,
            processes: match self.config.worker_pool {
                WorkerPool::Solo => 1,
                WorkerPool::Prefork => self.pool.len(),
            },
            prefetch_limit: self.prefetch_limit(),
            unacknowledged: self.delivered.len(),
            active: self.active_count(),
            reserved: self.buckets.waiting().count() + self.pool.waiting().count(),
            scheduled: self.held.len(),
            total: self.totals.values().sum(),
            queues: self.consumed.iter().map(|queue| queue.name.clone()).collect(),
        }
    }

    /// Takes what became of tasks since it was last taken; only the newest is kept.
    pub fn take_news(&mut self) -> Vec<(UnixMillis, String, What)> {
        std::mem::take(&mut self.news).into()
    }

    fn tell(&mut self, task_id: &str, what: What, now: UnixMillis) {
        if self.news.len() == NEWS_MAX {
            self.news.pop_front();
        }
        self.news.push_back((now, task_id.to_owned(), what));
    }

    /// How many unacknowledged messages it may have; `None` is any number.
    fn prefetch_limit(&self) -> Option<usize> {
        let processes = match self.config.worker_pool {
            WorkerPool::Solo => 1,
            WorkerPool::Prefork => self.pool.len(),
        };
        let multiplier = usize::try_from(self.config.worker_prefetch_multiplier).unwrap_or(0);
        let limit = processes.saturating_mul(multiplier);
        (limit > 0).then(|| limit.saturating_add(self.eta_allowance))
    }

    fn can_consume(&self) -> bool {
        let has_room = || self.prefetch_limit().is_none_or(|limit| self.delivered.len() < limit);
        !self.queues.is_empty() && has_room()
    }

    fn poll(&mut self) {
        self.polling = true;
        let mut queues = self.queues.clone();
        if self.config.broker_transport_options.queue_order_strategy == QueueOrder::Sorted {
            queues.sort();
        }
        let brpop = Command::new("BRPOP").args(self.keys.lists_of(&queues));
        self.process.post(Role::Consumer, brpop.arg(BRPOP_TIMEOUT));
    }

    /// One round of the event loop; `false` where there was nothing to do.
    fn event_loop(&mut self, now: UnixMillis) -> bool {
        if std::mem::take(&mut self.connection_is_lost) {
            self.lost_connection();
            return true;
        }
        match self.phase {
            Phase::Starting | Phase::Stopping | Phase::Over => return false,
            Phase::Draining { until } => return self.drain(until, now),
            Phase::Looping => {}
        }
        if self.hear_fanout(now) || self.hear(now) || self.flush_events() || self.take_returned(now)
        {
            return true;
        }
        if let Some(reply) = self.take_poll_reply() {
            self.polling = false;
            self.polled(&reply, now);
            return true;
        }
        if let Some(entry) = self.held.first_entry().filter(|entry| entry.key().0 <= now) {
            let job = entry.remove();
            self.eta_allowance = self.eta_allowance.saturating_sub(1);
            self.due(job, now);
            return true;
        }
        if let Some(job) = self.buckets.take_due(now) {
            self.reserve(job, now);
            return true;
        }
        if let Some((&timer, _)) = self.timers.iter().find(|(_, at)| **at <= now) {
            self.tick(timer, now);
            return true;
        }
        if self.polling {
            return false;
        }
        if self.stop.is_some() {
            self.say_goodbye(now);
            return true;
        }
        if self.can_consume() {
            self.poll();
            return true;
        }
        false
    }

    fn take_poll_reply(&mut self) -> Option<Value> {
        self.process.connection(Role::Consumer)?.inbox.pop_front()
    }

    fn tick(&mut self, timer: Timer, now: UnixMillis) {
        let interval_ms = match timer {
            Timer::RestoreMessages => {
                self.restorer.look(&mut self.process, &mut self.rng);
                self.restorer.interval_ms()
            }
            Timer::RefreshBindings => {
                for (binding, role) in self.bindings() {
                    binding.renew(&mut self.process, &self.keys, role);
                }
                binding::REFRESH_MS
            }
            Timer::SweepBindings => {
                for (_, role) in self.bindings() {
                    binding::sweep(&mut self.process, &self.keys, role);
                }
                binding::SWEEP_MS
            }
            Timer::CheckSubscribers => {
                for role in [Role::Pidbox, Role::Gossip] {
                    let connection = self.process.connection(role);
                    if connection.is_some_and(|connection| connection.is_silent(now)) {
                        let ping = Command::new("PING").arg("redis-py-health-check");
                        self.process.post(role, ping);
                    }
                }
                self.health_check_ms()
            }
            Timer::Heartbeat => {
                self.send_heartbeat("worker-heartbeat", now);
                events::HEARTBEAT_MS
            }
        };
        self.timers.insert(timer, now + interval_ms);
    }

    fn health_check_ms(&self) -> i64 {
        let seconds = self.config.broker_transport_options.health_check_interval;
        if seconds > 0 { seconds.saturating_mul(1000) } else { 25_000 }
    }

    /// The queues that end with it, and the connections that they are declared on.
    fn bindings(&self) -> Vec<(Binding, Role)> {
        let mut bindings = Vec::new();
        if self.config.worker_enable_remote_control {
            bindings.push((self.pidbox_binding(), Role::PidboxChannel));
        }
        if self.config.worker_gossip {
            bindings.push((self.gossip_binding(), Role::GossipChannel));
        }
        bindings
    }

    fn pidbox_binding(&self) -> Binding {
        Binding {
            exchange: keys::PIDBOX_EXCHANGE,
            routing_key: String::new(),
            queue: keys::pidbox_queue(&self.name),
        }
    }

    fn gossip_binding(&self) -> Binding {
        Binding {
            exchange: keys::EVENT_EXCHANGE,
            routing_key: "worker.#".to_owned(),
            queue: self.gossip_queue.clone(),
        }
    }

    /// BRPOP answered: with a message, with nothing in time, or with an error.
    fn polled(&mut self, reply: &Value, now: UnixMillis) {
        let items = match reply {
            Value::Error(text) => return self.crash(String::from_utf8_lossy(text).into_owned()),
            reply => reply.as_array(),
        };
        let Some([Value::Bulk(list), Value::Bulk(message)]) = items else {
            return;
        };
        self.rotate_queues(&String::from_utf8_lossy(list));
        self.take(message, now);
    }

    /// Notes a message in `unacked`, wherever it came from.
    fn take(&mut self, message: &[u8], now: UnixMillis) {
        let Some(message) = TaskMessage::parse(message) else {
            return self.crash("JSONDecodeError: the message is not kombu's".to_owned());
        };
        let tag = &message.delivery_tag;
        let index = Command::new("ZADD").arg(self.keys.key(keys::UNACKED_INDEX));
        let entry = Command::new("HSET").arg(self.keys.key(keys::UNACKED)).arg(tag);
        self.process.transaction(
            Role::Channel,
            [index.arg(python::timestamp(now)).arg(tag), entry.arg(message.unacked_entry())],
        );
        self.process.then(Then::Received(Box::new(message)));
    }

    /// The queue that had a message comes last in the next round.
    fn rotate_queues(&mut self, list: &str) {
        if self.config.broker_transport_options.queue_order_strategy != QueueOrder::RoundRobin {
            return;
        }
        let queue = self.keys.queue_of_list(list);
        if let Some(at) = self.queues.iter().position(|known| known == queue) {
            let queue = self.queues.remove(at);
            self.queues.push(queue);
        }
    }

    fn store(&mut self, store: Store) {
        if self.config.result_db.is_none() {
            return;
        }
        backend::begin(&mut self.process, store, Then::Meta);
    }

    fn crash(&mut self, error: String) {
        self.end(Activity::Crashed(error));
    }

    /// Ends the worker and all its processes at once.
    fn end(&mut self, activity: Activity) {
        self.process.abort();
        self.pool.abort();
        self.timers.clear();
        self.held.clear();
        self.buckets = Buckets::default();
        self.delivered.clear();
        self.returned.clear();
        self.solo = None;
        self.running = None;
        self.polling = false;
        self.phase = Phase::Over;
        self.activity = activity;
    }

    fn go_on(&mut self, then: Then, replies: &[Value], now: UnixMillis) {
        let reply = replies.last();
        match then {
            Then::Restore(step) => self.restorer.go_on(&mut self.process, step, reply, now),
            Then::Connected => self.connected(now),
            Then::Mingled => self.mingled(reply),
            Then::Online => self.online(now),
            Then::Ready => self.ready(now),
            Then::Received(message) => self.received(*message, now),
            Then::Trace(step) => {
                if let Some(done) = self.tracer.go_on(&mut self.process, step, reply, now) {
                    self.running = None;
                    if let Some(job) = self.solo.take() {
                        self.task_ended(job, &done, now);
                    }
                }
            }
            Then::Meta(store) => {
                let stored = reply.and_then(Value::as_bytes);
                let (config, name) = (&self.config, &self.name);
                backend::finish(&mut self.process, config, name, &store, stored, now);
            }
            Then::RevokedState(task_id) => self.mark_revoked(task_id, reply),
            Then::WorkerLost(job) => self.worker_lost(*job, reply, now),
            Then::Reconnect => self.reconnect(),
            Then::PutBack => self.put_back(),
            Then::Stopped => self.end(Activity::Stopped),
        }
    }

    /// A command was answered with an error. A task of the solo pool fails by it; nothing else
    /// catches it.
    fn raised(&mut self, error: String, now: UnixMillis) {
        match (self.tracer.raised(&error), self.solo.take()) {
            (Some(done), Some(job)) => {
                self.process.unwind();
                self.running = None;
                self.task_ended(job, &done, now);
            }
            _ => self.crash(error),
        }
    }

    /// Lets the main thread do what it can; `false` where it could do nothing.
    fn advance_main(&mut self, now: UnixMillis) -> bool {
        match self.process.run(now) {
            Progress::Continue(then, replies) => self.go_on(then, &replies, now),
            Progress::Raised(error) => self.raised(error, now),
            Progress::Waiting => return false,
            Progress::Idle => return self.event_loop(now),
        }
        true
    }

    fn describe(&mut self) {
        if self.activity.is_over() {
            return;
        }
        let running = self.running.clone().or_else(|| self.pool.first_running());
        self.activity = match (self.phase, running) {
            (Phase::Draining { .. } | Phase::Stopping, _) => Activity::Stopping,
            (_, Some(running)) => Activity::Running {
                task_id: running.task_id,
                task: running.task,
                since: running.since,
                until: running.until,
            },
            (Phase::Starting, None) => Activity::Starting,
            (_, None) if self.process.is_idle() => Activity::Idle,
            (_, None) => Activity::Busy,
        };
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
        self.process.connections().chain(self.pool.connections()).collect()
    }

    fn receive(&mut self, connection: ConnectionId, bytes: &[u8], now: UnixMillis) {
        let understood = match connection.process() {
            0 => self.process.receive(connection, bytes, now),
            _ => self.pool.receive(connection, bytes, now),
        };
        if understood {
            self.advance(now);
        } else {
            self.crash("the server does not speak RESP".to_owned());
        }
    }

    fn disconnected(&mut self, connection: ConnectionId, now: UnixMillis) {
        if connection.process() != 0 {
            self.pool.disconnected(connection, &mut self.returned);
        } else {
            match self.process.disconnected(connection) {
                Lost::Nothing => {}
                Lost::Raised => self.raised("Connection closed by server.".to_owned(), now),
                Lost::Connection(_) => self.lost_connection(),
            }
        }
        self.advance(now);
    }

    fn advance(&mut self, now: UnixMillis) {
        if self.phase == Phase::Starting && self.process.is_idle() {
            self.start();
        }
        loop {
            self.pool.enforce_limits(now, &mut self.returned);
            let by_pool = self.pool.advance(now, &mut self.returned);
            if !self.advance_main(now) && !by_pool {
                break;
            }
        }
        self.describe();
    }

    fn next_deadline(&self) -> Option<UnixMillis> {
        let pool = self.pool.next_deadline();
        if !self.process.is_idle() {
            return self.process.next_deadline().into_iter().chain(pool).min();
        }
        match self.phase {
            Phase::Looping => {
                let timer = self.timers.values().min().copied();
                let held = self.held.keys().next().map(|(eta, _)| *eta);
                let limited = self.buckets.next_due();
                timer.into_iter().chain(held).chain(limited).chain(pool).min()
            }
            Phase::Draining { until } => until.into_iter().chain(pool).min(),
            _ => pool,
        }
    }

    fn take_actions(&mut self) -> Vec<Action> {
        let mut actions = self.process.take_actions();
        self.pool.take_actions(&mut actions);
        actions
    }

    fn kill(&mut self) {
        self.end(Activity::Killed);
    }
}
