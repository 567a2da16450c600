//! The prefork pool: processes that run tasks, with connections of their own.
//!
//! A task goes to a process that has nothing to do, the one that waited longest first; while there
//! is none it waits. What a process says arrives in the order in which it was said.

use super::requests::Job;
use crate::actor::Action;
use crate::config::Config;
use crate::connection::{ConnectionId, Role};
use crate::process::{Lost, Process, Progress};
use crate::trace::{Done, TraceStep, Tracer};
use crate::workload::{Running, Slot};
use fastrand::Rng;
use keyspace::UnixMillis;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many processes a pool has at most.
pub(crate) const PROCESSES_MAX: usize = 64;

/// What a process of the pool says.
#[derive(Debug, Clone)]
pub(super) enum Returned {
    /// It has a task, and begins.
    Accepted { slot: usize, job: Box<Job>, until: UnixMillis },
    /// The task ended, and how is stored.
    Done { job: Box<Job>, done: Done },
    /// The process is gone, and another one is there.
    Lost { job: Box<Job> },
    /// The same, as the task took too long.
    TimedOut { job: Box<Job>, limit: f64 },
    /// The same, as somebody wanted that.
    Terminated { job: Box<Job>, revoked: bool },
}

impl Returned {
    pub fn lost(_slot: usize, job: Job) -> Returned {
        Returned::Lost { job: Box::new(job) }
    }
}

#[derive(Debug, Clone)]
struct Child {
    pid: u32,
    process: Process<TraceStep>,
    tracer: Tracer,
    job: Option<Job>,
    running: Option<Running>,
    soft_limit: Option<UnixMillis>,
    hard_limit: Option<(UnixMillis, f64)>,
    /// When it last got something to do; the lowest is next.
    used: u64,
    /// How many tasks it got.
    writes: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Pool {
    config: Arc<Config>,
    hostname: String,
    rng: Rng,
    children: Vec<Child>,
    waiting: VecDeque<Job>,
    /// How many processes there were.
    forked: u32,
    first_pid: u32,
    used: u64,
    /// What ended processes still have to do: close their connections.
    actions: Vec<Action>,
}

impl Pool {
    pub fn new(
        config: &Arc<Config>,
        hostname: &str,
        pid: u32,
        concurrency: usize,
        seed: u64,
    ) -> Pool {
        let mut pool = Pool {
            config: Arc::clone(config),
            hostname: hostname.to_owned(),
            rng: Rng::with_seed(seed),
            children: Vec::new(),
            waiting: VecDeque::new(),
            forked: 0,
            first_pid: pid,
            used: 0,
            actions: Vec::new(),
        };
        for _ in 0..concurrency {
            let child = pool.fork();
            pool.children.push(child);
        }
        pool
    }

    fn fork(&mut self) -> Child {
        self.forked += 1;
        let pid = self.first_pid + self.forked;
        let seed = self.rng.u64(..);
        Child {
            pid,
            process: Process::new(self.forked, &self.config),
            tracer: Tracer::new(&self.config, &self.hostname, pid, seed),
            job: None,
            running: None,
            soft_limit: None,
            hard_limit: None,
            used: 0,
            writes: 0,
        }
    }

    /// How many tasks each process got.
    pub fn writes(&self) -> impl Iterator<Item = u32> {
        self.children.iter().map(|child| child.writes)
    }

    pub fn len(&self) -> usize {
        self.children.len()
    }

    /// Starts processes more, and gives them what waits.
    pub fn grow(&mut self, more: usize, now: UnixMillis, returned: &mut VecDeque<Returned>) {
        for _ in 0..more {
            let child = self.fork();
            self.children.push(child);
        }
        self.assign(now, returned);
    }

    /// Ends as many processes that run nothing, if there are so many and one is left; returns how
    /// many ended.
    pub fn shrink(&mut self, less: usize) -> usize {
        let mut ended = 0;
        while ended < less && self.children.len() > 1 {
            let Some(idle) = self.children.iter().rposition(|child| child.job.is_none()) else {
                break;
            };
            let mut child = self.children.remove(idle);
            child.process.abort();
            self.actions.extend(child.process.take_actions());
            ended += 1;
        }
        ended
    }

    pub fn slots(&self) -> Vec<Slot> {
        let slot = |child: &Child| Slot { pid: child.pid, running: child.running.clone() };
        self.children.iter().map(slot).collect()
    }

    pub fn first_running(&self) -> Option<Running> {
        self.children.iter().find_map(|child| child.running.clone())
    }

    pub fn waiting(&self) -> impl Iterator<Item = &Job> {
        self.waiting.iter()
    }

    pub fn clear_waiting(&mut self) {
        self.waiting.clear();
    }

    /// Tasks that run.
    pub fn active(&self) -> impl Iterator<Item = &Job> {
        self.children.iter().filter_map(|child| child.job.as_ref())
    }

    pub fn runs(&self, slot: usize) -> Option<&Job> {
        self.children.get(slot)?.job.as_ref()
    }

    /// Takes a task.
    pub fn apply(&mut self, job: Job, now: UnixMillis, returned: &mut VecDeque<Returned>) {
        self.waiting.push_back(job);
        self.assign(now, returned);
    }

    /// Gives waiting tasks to processes that have nothing to do.
    fn assign(&mut self, now: UnixMillis, returned: &mut VecDeque<Returned>) {
        while !self.waiting.is_empty() {
            let idle = self.children.iter_mut().enumerate().filter(|(_, it)| it.job.is_none());
            let Some((slot, child)) = idle.min_by_key(|(_, child)| child.used) else {
                return;
            };
            let Some(job) = self.waiting.pop_front() else {
                return;
            };
            self.used += 1;
            child.used = self.used;
            let until = child.begin(job.clone(), &self.config, now);
            returned.push_back(Returned::Accepted { slot, job: Box::new(job), until });
        }
    }

    /// Lets the processes do what they can; `false` where they could do nothing.
    pub fn advance(&mut self, now: UnixMillis, returned: &mut VecDeque<Returned>) -> bool {
        let mut advanced = false;
        for child in &mut self.children {
            while let Some(step) = child.advance(now) {
                advanced = true;
                if let Some((job, done)) = step {
                    returned.push_back(Returned::Done { job: Box::new(job), done });
                }
            }
        }
        if advanced {
            self.assign(now, returned);
        }
        advanced
    }

    /// Raises in tasks that run for too long, and kills processes whose tasks run on.
    pub fn enforce_limits(&mut self, now: UnixMillis, returned: &mut VecDeque<Returned>) {
        for slot in 0..self.children.len() {
            let child = &mut self.children[slot];
            if child.soft_limit.is_some_and(|at| at <= now) {
                child.soft_limit = None;
                child.tracer.exceed_soft_limit(&mut child.process);
            }
            if let Some((at, limit)) = child.hard_limit
                && at <= now
                && let Some(job) = self.replace(slot)
            {
                returned.push_back(Returned::TimedOut { job: Box::new(job), limit });
            }
        }
    }

    /// Ends a process, and starts another one in its place; returns what it ran.
    pub fn replace(&mut self, slot: usize) -> Option<Job> {
        if slot >= self.children.len() {
            return None;
        }
        let mut child = self.fork();
        std::mem::swap(&mut child, &mut self.children[slot]);
        child.process.abort();
        self.actions.extend(child.process.take_actions());
        child.job
    }

    pub fn abort(&mut self) {
        for child in &mut self.children {
            child.process.abort();
            child.job = None;
            child.running = None;
            child.soft_limit = None;
            child.hard_limit = None;
        }
        self.waiting.clear();
    }

    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, Role)> + '_ {
        self.children.iter().flat_map(|child| child.process.connections())
    }

    fn child(&mut self, connection: ConnectionId) -> Option<&mut Child> {
        let number = connection.process();
        self.children.iter_mut().find(|child| child.process.number() == number)
    }

    pub fn receive(&mut self, connection: ConnectionId, bytes: &[u8], now: UnixMillis) -> bool {
        let child = self.child(connection);
        child.is_none_or(|child| child.process.receive(connection, bytes, now))
    }

    pub fn disconnected(&mut self, connection: ConnectionId, returned: &mut VecDeque<Returned>) {
        let Some(child) = self.child(connection) else {
            return;
        };
        if child.process.disconnected(connection) != Lost::Raised {
            return;
        }
        if let Some((job, done)) = child.raised("Connection closed by server.") {
            returned.push_back(Returned::Done { job: Box::new(job), done });
        }
    }

    pub fn next_deadline(&self) -> Option<UnixMillis> {
        let deadlines = self.children.iter().flat_map(|child| {
            let hard = child.hard_limit.map(|(at, _)| at);
            [child.process.next_deadline(), child.soft_limit, hard]
        });
        deadlines.flatten().min()
    }

    pub fn take_actions(&mut self, actions: &mut Vec<Action>) {
        actions.append(&mut self.actions);
        for child in &mut self.children {
            actions.extend(child.process.take_actions());
        }
    }
}

impl Child {
    fn begin(&mut self, job: Job, config: &Config, now: UnixMillis) -> UnixMillis {
        let until = self.tracer.begin(&mut self.process, &job.request, job.task.clone(), now);
        let (hard, soft) = job.request.timelimit;
        let at = |seconds: f64| now + (seconds * 1000.0) as i64;
        let (task_hard, task_soft) = job.task.time_limits;
        let hard = hard.or(task_hard).or(config.task_time_limit);
        self.hard_limit = hard.map(|seconds| (at(seconds), seconds));
        self.soft_limit = soft.or(task_soft).or(config.task_soft_time_limit).map(at);
        self.running = Some(Running {
            task_id: job.request.id.clone(),
            task: job.request.task.clone(),
            since: now,
            until,
        });
        self.job = Some(job);
        self.writes = self.writes.saturating_add(1);
        until
    }

    /// Lets the process do the next thing; `None` where there is nothing to do now.
    fn advance(&mut self, now: UnixMillis) -> Option<Option<(Job, Done)>> {
        match self.process.run(now) {
            Progress::Continue(step, replies) => {
                let done = self.tracer.go_on(&mut self.process, step, replies.last(), now);
                Some(done.and_then(|done| self.ended(done)))
            }
            Progress::Raised(error) => Some(self.raised(&error)),
            Progress::Waiting | Progress::Idle => None,
        }
    }

    fn raised(&mut self, error: &str) -> Option<(Job, Done)> {
        self.process.unwind();
        let done = self.tracer.raised(error)?;
        self.ended(done)
    }

    fn ended(&mut self, done: Done) -> Option<(Job, Done)> {
        self.running = None;
        self.soft_limit = None;
        self.hard_limit = None;
        self.job.take().map(|job| (job, done))
    }
}
