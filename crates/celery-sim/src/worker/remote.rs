//! Remote control: what a worker does and answers when it is called.

use super::requests::{Job, revoked_error};
use super::{Then, Worker, events};
use crate::backend::Store;
use crate::connection::{Command, Role};
use crate::ids;
use crate::keys;
use crate::message::{self, notice};
use crate::python;
use crate::result::{self, Outcome};
use crate::tasks;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use serde_json::{Value as Json, json};

pub(super) fn error(text: &str) -> Json {
    json!({ "error": text })
}

/// An answer that is on its way.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    routing_key: String,
    message: Vec<u8>,
}

impl Worker {
    /// Takes calls and what others tell; `false` where there was no call.
    pub(super) fn hear(&mut self, now: UnixMillis) -> bool {
        self.hear_gossip();
        let pidbox = self.process.connection(Role::Pidbox);
        let Some(push) = pidbox.and_then(|connection| connection.inbox.pop_front()) else {
            return false;
        };
        if let Some((body, headers)) = events::published(&push).and_then(message::open) {
            self.called(&body, &headers, now);
        }
        true
    }

    fn called(&mut self, body: &Json, headers: &Json, now: UnixMillis) {
        self.clock = self.clock.saturating_add(1);
        let other = headers.get("clock").and_then(Json::as_u64).unwrap_or(0);
        self.mailbox.clock = self.mailbox.clock.max(other).saturating_add(1);
        let expires = headers.get("expires").and_then(Json::as_f64);
        if expires.is_some_and(|expires| now.0 as f64 / 1000.0 >= expires) {
            return;
        }
        if let Some(names) = body.get("destination").and_then(Json::as_array)
            && !names.iter().any(|name| name == self.name.as_str())
        {
            return;
        }
        let method = body.get("method").and_then(Json::as_str).unwrap_or_default();
        let nothing = json!({});
        let arguments = body.get("arguments").unwrap_or(&nothing);
        let Some(answer) = self.obey(method, arguments, now) else {
            return;
        };
        let ticket = body.get("ticket").cloned().unwrap_or_default();
        if let Some(reply_to) = body.get("reply_to").filter(|reply_to| !reply_to.is_null()) {
            self.begin_reply(reply_to, &ticket, answer);
        }
    }

    /// Does what a call wants; `None` where it is not answered.
    fn obey(&mut self, method: &str, arguments: &Json, now: UnixMillis) -> Option<Json> {
        let text = |name: &str| arguments.get(name).and_then(Json::as_str);
        Some(match method {
            "ping" => json!({"ok": "pong"}),
            "hello" => {
                if text("from_node") == Some(self.name.as_str()) {
                    return Some(Json::Null);
                }
                let revoked = arguments.get("revoked").and_then(Json::as_array);
                for id in revoked.into_iter().flatten().filter_map(Json::as_str) {
                    self.revoke(id);
                }
                self.clock = self.clock.saturating_add(1);
                json!({"revoked": self.revoked, "clock": self.clock})
            }
            "heartbeat" => {
                self.answer_heartbeat(now);
                return Some(Json::Null);
            }
            "shutdown" => {
                self.stop();
                return None;
            }
            "revoke" => self.obey_revoke(arguments),
            "revoked" => self.revoked.clone().into(),
            "active" => self.active().map(|job| self.info(job)).collect(),
            "reserved" => {
                let waiting = self.buckets.waiting().chain(self.pool.waiting());
                waiting.map(|job| self.info(job)).collect()
            }
            "scheduled" => self.scheduled(),
            "registered" => tasks::names(&self.config).into(),
            "active_queues" => self.active_queues(),
            "clock" => json!({"clock": self.clock}),
            "query_task" => self.query_task(arguments),
            "stats" => self.stats(now),
            "conf" => self.conf(),
            "add_consumer" => self.add_consumer(text("queue")),
            "cancel_consumer" => self.cancel_consumer(text("queue")),
            "pool_grow" => self.grow_pool(arguments, now),
            "pool_shrink" => self.shrink_pool(arguments),
            "autoscale" => error("ValueError('Autoscale not enabled')"),
            "pool_restart" => error("ValueError('Pool restarts not enabled')"),
            "time_limit" => self.set_time_limit(text("task_name"), arguments),
            "rate_limit" => self.obey_rate_limit(text("task_name"), arguments, now),
            "enable_events" => self.set_task_events(true),
            "disable_events" => self.set_task_events(false),
            _ => return None,
        })
    }

    fn obey_revoke(&mut self, arguments: &Json) -> Json {
        let ids: Vec<String> = match arguments.get("task_id") {
            Some(Json::String(id)) => vec![id.clone()],
            Some(Json::Array(ids)) => {
                ids.iter().filter_map(Json::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        let terminate = arguments.get("terminate").and_then(Json::as_bool).unwrap_or(false);
        for id in &ids {
            self.revoke(id);
            let is_active = self.active().any(|job| job.request.id == *id);
            if !is_active && self.config.result_db.is_some() {
                let get = Command::new("GET").arg(keys::result(id));
                self.process.call_then(Role::Results, get, Then::RevokedState(id.clone()));
            }
            if terminate {
                self.terminate(id);
            }
        }
        let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        json!({"ok": format!("tasks {{{}}} flagged as revoked", ids.join(", "))})
    }

    fn terminate(&mut self, task_id: &str) {
        for slot in 0..self.pool.len() {
            if self.pool.runs(slot).is_some_and(|job| job.request.id == task_id) {
                self.lose_pool_process(slot, |_, job| super::Returned::Terminated {
                    job: Box::new(job),
                    revoked: true,
                });
            }
        }
    }

    /// Stores that a task is revoked, unless it has ended or another worker runs it.
    pub(super) fn mark_revoked(&mut self, task_id: String, reply: Option<&Value>) {
        let status = reply.and_then(Value::as_bytes).and_then(result::status_of);
        if matches!(status.as_deref(), None | Some("PENDING" | "RECEIVED" | "RETRY")) {
            let outcome = Outcome::Revoked(revoked_error("revoked"));
            self.store(Store { task_id, outcome, request: None, children: None });
        }
    }

    fn obey_rate_limit(&mut self, task: Option<&str>, arguments: &Json, now: UnixMillis) -> Json {
        let Some(task) = task.filter(|task| tasks::find(task, &self.config).is_some()) else {
            return error("unknown task");
        };
        let limit = match arguments.get("rate_limit") {
            Some(Json::String(limit)) => Some(limit.clone()),
            Some(Json::Number(limit)) => Some(limit.to_string()),
            _ => None,
        };
        let limit = limit.filter(|limit| super::rate_limit::per_second(limit).is_some());
        let answer = match &limit {
            Some(_) => json!({"ok": "new rate limit set successfully"}),
            None => json!({"ok": "rate limit disabled successfully"}),
        };
        for job in self.buckets.set(task, limit) {
            if let Some(job) = self.buckets.admit(job, now) {
                self.reserve(job, now);
            }
        }
        answer
    }

    fn set_task_events(&mut self, on: bool) -> Json {
        if !self.dispatcher.is_enabled() {
            return error("event dispatcher unavailable");
        }
        let was = std::mem::replace(&mut self.dispatcher.tasks, on);
        json!({"ok": match (was, on) {
            (true, true) => "task events already enabled",
            (false, true) => "task events enabled",
            (false, false) => "task events already disabled",
            (true, false) => "task events disabled",
        }})
    }

    /// Where tasks are, by their ids: running, or waiting to.
    fn query_task(&self, arguments: &Json) -> Json {
        let ids = arguments.get("ids").and_then(Json::as_array);
        let waiting = || self.buckets.waiting().chain(self.pool.waiting());
        let places = ids.into_iter().flatten().filter_map(|id| {
            let is_it = |job: &&Job| *id == *job.request.id;
            let active = self.active().find(is_it).map(|job| json!(["active", self.info(job)]));
            let reserved = || waiting().find(is_it).map(|job| json!(["reserved", self.info(job)]));
            Some((id.as_str()?.to_owned(), active.or_else(reserved)?))
        });
        Json::Object(places.collect())
    }

    fn info(&self, job: &Job) -> Json {
        let request = &job.request;
        json!({
            "id": request.id,
            "name": request.task,
            "args": request.args,
            "kwargs": request.kwargs,
            "type": request.task,
            "hostname": self.name,
            "time_start": null,
            "acknowledged": job.acknowledged,
            "delivery_info": {
                "exchange": "",
                "routing_key": request.queue,
                "priority": request.priority,
                "redelivered": null,
            },
            "worker_pid": null,
        })
    }

    fn scheduled(&self) -> Json {
        let entry = |((eta, _), job): (&(UnixMillis, u64), &Job)| json!({"eta": python::isoformat(*eta), "priority": 6, "request": self.info(job)});
        self.held.iter().map(entry).collect()
    }

    fn active_queues(&self) -> Json {
        let queue = |name: String| {
            json!({
                "name": name,
                "exchange": {
                    "name": name, "type": "direct", "arguments": null, "durable": true,
                    "passive": false, "auto_delete": false, "delivery_mode": null,
                    "no_declare": false,
                },
                "routing_key": name,
                "queue_arguments": null,
                "binding_arguments": null,
                "consumer_arguments": null,
                "durable": true,
                "exclusive": false,
                "auto_delete": false,
                "no_ack": false,
                "alias": null,
                "bindings": [],
                "no_declare": null,
                "expires": null,
                "message_ttl": null,
                "max_length": null,
                "max_length_bytes": null,
                "max_priority": null,
            })
        };
        self.consumed.iter().cloned().map(queue).collect()
    }

    /// Answers: looks whose replies these are.
    fn begin_reply(&mut self, reply_to: &Json, ticket: &Json, answer: Json) {
        let text = |name: &str| reply_to.get(name).and_then(Json::as_str);
        let (Some(exchange), Some(routing_key)) = (text("exchange"), text("routing_key")) else {
            return;
        };
        if !self.process.will_be_open(Role::ControlBroker) {
            self.process.open(Role::ControlBroker);
            self.process.call(Role::ControlBroker, Command::new("PING"));
        }
        self.process.ensure_open(Role::Control);
        self.mailbox.clock = self.mailbox.clock.saturating_add(1);
        let headers = json!({"ticket": ticket, "clock": self.mailbox.clock});
        let body = json!({ (self.name.as_str()): answer });
        let tag = ids::message_id(&mut self.rng);
        let message = notice(&body, headers, 1, exchange, routing_key, &tag);
        let reply = Reply { routing_key: routing_key.to_owned(), message };
        let table = self.keys.key(&keys::binding(exchange));
        let members = Command::new("SMEMBERS").arg(table);
        self.process.call_then(Role::Control, members, Then::ReplyQueues(Box::new(reply)));
    }

    /// Answers into the queues that are bound.
    pub(super) fn reply(&mut self, reply: &Reply, members: Option<&Value>) {
        let members = match members {
            Some(Value::Array(members) | Value::Set(members)) => members.as_slice(),
            _ => &[],
        };
        for member in members {
            let member = member.as_bytes().unwrap_or_default();
            let member = String::from_utf8_lossy(member);
            let Some(queue) = self.keys.bound_queue(&member, &reply.routing_key) else {
                continue;
            };
            let list = self.keys.list(queue, 0);
            let push = Command::new("LPUSH").arg(list).arg(&reply.message);
            self.process.call(Role::Control, push);
        }
    }
}
