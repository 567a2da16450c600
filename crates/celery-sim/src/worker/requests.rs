//! What becomes of a message: it is held, limited, run, acknowledged, or put back.

use super::pool::Returned;
use super::{Then, Worker};
use crate::backend::Store;
use crate::config::WorkerPool;
use crate::connection::Role;
use crate::message::{Request, TaskMessage};
use crate::object::object;
use crate::restore;
use crate::result::{Exception, Outcome};
use crate::tasks::{self, Task};
use crate::trace::{Done, ignores};
use crate::workload::{Running, What};
use keyspace::UnixMillis;
use keyspace_resp::Value;
use serde_json::Value as Json;
use std::sync::Arc;

/// A message that a worker has, with its task.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub request: Arc<Request>,
    pub task: Task,
    pub delivery_tag: String,
    pub acknowledged: bool,
    /// It was stored that it will not run.
    pub is_revoked: bool,
}

impl Worker {
    /// A message is in `unacked`.
    pub(super) fn received(&mut self, message: TaskMessage, now: UnixMillis) {
        let delivery_tag = message.delivery_tag;
        self.delivered.push(delivery_tag.clone());
        let Some(request) = message.request else {
            // Received and deleted unknown message.
            return self.acknowledge(&delivery_tag);
        };
        self.tell(&request.id, What::Received, now);
        let Some(task) = tasks::find(&request.task, &self.config) else {
            self.acknowledge(&delivery_tag);
            let exception = tasks::not_registered(&request.task);
            self.tell(&request.id, What::Ended { state: "FAILURE".to_owned() }, now);
            return self.store(Store::of(&request, Outcome::Failure(exception)));
        };
        let request = Arc::new(request);
        let mut job = Job { request, task, delivery_tag, acknowledged: false, is_revoked: false };
        if self.discard_revoked(&mut job, now) {
            return;
        }
        self.tell_received(&job.request, now);
        match job.request.eta {
            // The timer has whatever has an eta, also where that is over.
            Some(eta) => {
                self.tell(&job.request.id, What::Held { until: eta }, now);
                self.eta_allowance += 1;
                self.held_count += 1;
                self.held.insert((eta, self.held_count), job);
            }
            None => self.limit(job, now),
        }
    }

    /// A held message's time has come.
    pub(super) fn due(&mut self, job: Job, now: UnixMillis) {
        self.limit(job, now);
    }

    /// Runs a task, or keeps it for later where too many of it began lately.
    fn limit(&mut self, job: Job, now: UnixMillis) {
        if self.config.worker_disable_rate_limits {
            return self.reserve(job, now);
        }
        if let Some(job) = self.buckets.admit(job, now) {
            self.reserve(job, now);
        }
    }

    /// Gives a task to the pool.
    pub(super) fn reserve(&mut self, mut job: Job, now: UnixMillis) {
        if self.discard_revoked(&mut job, now) {
            return;
        }
        let mut limits = self.time_limits.iter();
        if let Some((_, limits)) = limits.find(|(task, _)| *task == job.request.task) {
            job.task.time_limits = *limits;
        }
        match self.config.worker_pool {
            WorkerPool::Prefork => self.pool.apply(job, now, &mut self.returned),
            WorkerPool::Solo => {
                self.task_event("task-started", &job.request.id, object! {}, now);
                let (process, request) = (&mut self.process, &job.request);
                let until = self.tracer.begin(process, request, job.task.clone(), now);
                self.started(0, &job, until, now);
                self.running = Some(Running {
                    task_id: job.request.id.clone(),
                    task: job.request.task.clone(),
                    since: now,
                    until,
                });
                self.solo = Some(job);
            }
        }
    }

    fn started(&mut self, slot: usize, job: &Job, until: UnixMillis, now: UnixMillis) {
        *self.totals.entry(job.request.task.clone()).or_default() += 1;
        self.tell(&job.request.id, What::Started { slot, until }, now);
    }

    /// Whether a task was revoked or came too late; then it is stored and acknowledged.
    fn discard_revoked(&mut self, job: &mut Job, now: UnixMillis) -> bool {
        let is_expired = job.request.expires.is_some_and(|expires| now > expires);
        if is_expired {
            self.revoke(&job.request.id.clone());
        }
        if !self.revoked.contains(&job.request.id) {
            return false;
        }
        let reason = if is_expired { "expired" } else { "revoked" };
        let fields = object! {"terminated": false, "signum": Json::Null, "expired": is_expired};
        self.task_event("task-revoked", &job.request.id, fields, now);
        if !job.is_revoked && !ignores(&job.request, &job.task) {
            let outcome = Outcome::Revoked(revoked_error(reason));
            self.store(Store::of(&job.request, outcome));
        }
        job.is_revoked = true;
        self.tell(&job.request.id, What::Ended { state: "REVOKED".to_owned() }, now);
        self.acknowledge_job(job, now);
        true
    }

    /// Takes what the pool's processes say; `false` where they said nothing.
    pub(super) fn take_returned(&mut self, now: UnixMillis) -> bool {
        let Some(returned) = self.returned.pop_front() else {
            return false;
        };
        match returned {
            Returned::Accepted { slot, job, until } => {
                self.started(slot, &job, until, now);
                self.task_event("task-started", &job.request.id, object! {}, now);
                if !job.task.acks_late {
                    let mut job = *job;
                    self.acknowledge_job(&mut job, now);
                }
            }
            Returned::Done { job, done } => self.task_ended(*job, &done, now),
            Returned::Lost { job } => {
                if ignores(&job.request, &job.task) {
                    return {
                        self.worker_lost(*job, None, now);
                        true
                    };
                }
                let key = crate::keys::result(&job.request.id);
                let get = crate::connection::Command::new("GET").arg(key);
                self.process.call_then(Role::Results, get, Then::WorkerLost(job));
            }
            Returned::TimedOut { job, limit } => self.timed_out(*job, limit, now),
            Returned::Terminated { mut job, revoked } => {
                if revoked {
                    self.announce_terminated(&mut job, now);
                }
            }
        }
        true
    }

    /// A task ended: its message is acknowledged, if it was not when it began.
    pub(super) fn task_ended(&mut self, mut job: Job, done: &Done, now: UnixMillis) {
        self.processed += 1;
        let id = job.request.id.clone();
        let state = done.outcome.state();
        self.tell(&id, What::Ended { state: state.to_owned() }, now);
        let solo = self.config.worker_pool == WorkerPool::Solo;
        if job.task.acks_late || solo {
            // Acknowledged also where failures are not: such a message is dropped unread.
            self.acknowledge_job(&mut job, now);
        }
        match &done.outcome {
            Outcome::Success(value) => {
                let runtime = crate::python::seconds(UnixMillis(done.runtime_ms));
                let fields = object! {"result": crate::python::repr(value), "runtime": runtime};
                self.task_event("task-succeeded", &id, fields, now);
            }
            Outcome::Retry(exception) => {
                let fields = failed(exception);
                self.task_event("task-retried", &id, fields, now);
            }
            Outcome::Failure(exception) => {
                let fields = failed(exception);
                self.task_event("task-failed", &id, fields, now);
            }
            Outcome::Started { .. } | Outcome::Revoked(_) => {}
        }
    }

    /// The process that ran a task is gone. What is stored says whether the task had succeeded.
    pub(super) fn worker_lost(&mut self, mut job: Job, stored: Option<&Value>, now: UnixMillis) {
        self.processed += 1;
        self.tell(&job.request.id, What::Ended { state: "LOST".to_owned() }, now);
        let status = stored.and_then(Value::as_bytes).and_then(crate::result::status_of);
        if status.as_deref() == Some("SUCCESS") {
            return self.acknowledge_job(&mut job, now);
        }
        if job.task.acks_late {
            if self.config.task_reject_on_worker_lost {
                return self.requeue(&mut job, now);
            }
            self.acknowledge_job(&mut job, now);
        }
        if !ignores(&job.request, &job.task) {
            let message = "Worker exited prematurely: signal 9 (SIGKILL) Job: 0.";
            let exception =
                Exception::new("billiard.exceptions", "WorkerLostError", vec![message.into()]);
            self.store(Store::of(&job.request, Outcome::Failure(exception)));
        }
    }

    /// A task took longer than its hard limit, and its process was killed.
    fn timed_out(&mut self, mut job: Job, limit: f64, now: UnixMillis) {
        self.processed += 1;
        self.tell(&job.request.id, What::Ended { state: "FAILURE".to_owned() }, now);
        if !ignores(&job.request, &job.task) {
            let args = vec![crate::python::number(limit)];
            let exception = Exception::new("billiard.exceptions", "TimeLimitExceeded", args);
            let outcome = Outcome::Failure(exception);
            self.store(Store::of(&job.request, outcome.clone()));
            self.store(Store::of(&job.request, outcome));
        }
        if job.task.acks_late {
            if self.config.task_acks_on_failure_or_timeout {
                self.acknowledge_job(&mut job, now);
            } else {
                self.requeue(&mut job, now);
            }
        }
    }

    fn announce_terminated(&mut self, job: &mut Job, now: UnixMillis) {
        self.tell(&job.request.id, What::Ended { state: "REVOKED".to_owned() }, now);
        let fields = object! {"terminated": true, "signum": "SIGTERM", "expired": false};
        self.task_event("task-revoked", &job.request.id, fields, now);
        if !ignores(&job.request, &job.task) {
            let outcome = Outcome::Revoked(revoked_error("terminated"));
            self.store(Store::of(&job.request, outcome));
        }
        self.acknowledge_job(job, now);
    }

    fn acknowledge_job(&mut self, job: &mut Job, now: UnixMillis) {
        if job.acknowledged {
            return;
        }
        job.acknowledged = true;
        self.tell(&job.request.id, What::Acked, now);
        let tag = job.delivery_tag.clone();
        self.acknowledge(&tag);
    }

    fn acknowledge(&mut self, delivery_tag: &str) {
        self.delivered.retain(|tag| tag != delivery_tag);
        self.process.ensure_open(Role::Channel);
        let commands = restore::forget(&self.keys, delivery_tag);
        self.process.transaction(Role::Channel, commands);
    }

    /// Puts a message back: it is the last of its queue.
    fn requeue(&mut self, job: &mut Job, now: UnixMillis) {
        job.acknowledged = true;
        self.tell(&job.request.id, What::Requeued, now);
        self.delivered.retain(|tag| *tag != job.delivery_tag);
        let tag = job.delivery_tag.clone();
        self.restorer.restore(&mut self.process, Role::Channel, &tag, true);
    }

    /// How many tasks it runs.
    pub(super) fn active_count(&self) -> usize {
        usize::from(self.solo.is_some()) + self.pool.active().count()
    }

    /// The process that runs a task and since when, if one does.
    pub(super) fn running_in(&self, task_id: &str) -> Option<(u32, UnixMillis)> {
        let slots = self.workload().slots;
        slots.into_iter().find_map(|slot| {
            slot.running.filter(|it| it.task_id == task_id).map(|it| (slot.pid, it.since))
        })
    }

    /// Tasks that it runs.
    pub(super) fn active(&self) -> impl Iterator<Item = &Job> {
        self.solo.iter().chain(self.pool.active())
    }

    /// Forgets tasks that do not run: their messages go back.
    pub(super) fn forget_reserved(&mut self) {
        self.held.clear();
        self.eta_allowance = 0;
        self.buckets.clear();
        self.pool.clear_waiting();
    }

    /// Ends tasks that run and are acknowledged late: their messages go back.
    pub(super) fn cancel_late_tasks(&mut self) {
        for slot in 0..self.pool.len() {
            if self.pool.runs(slot).is_some_and(|job| job.task.acks_late) {
                self.lose_pool_process(slot, |_, job| Returned::Terminated {
                    job: Box::new(job),
                    revoked: false,
                });
            }
        }
    }

    /// Notes that a task is not to run.
    pub(super) fn revoke(&mut self, task_id: &str) {
        if !self.revoked.iter().any(|known| known == task_id) {
            if self.revoked.len() == REVOKED_MAX {
                self.revoked.remove(0);
            }
            self.revoked.push(task_id.to_owned());
        }
    }
}

/// How many revoked tasks a worker remembers, as Celery's `CELERY_WORKER_REVOKES_MAX`.
const REVOKED_MAX: usize = 50_000;

/// What is told of an exception.
fn failed(exception: &Exception) -> Json {
    object! {"exception": exception.repr(), "traceback": exception.traceback.clone()}
}

pub(super) fn revoked_error(reason: &str) -> Exception {
    Exception::new("celery.exceptions", "TaskRevokedError", vec![reason.into()])
}
