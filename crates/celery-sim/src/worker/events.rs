//! What a worker tells, and what it hears of the others: events, heartbeats, gossip.

use super::Worker;
use crate::config::Config;
use crate::connection::{Command, Role};
use crate::event;
use crate::ids;
use crate::keys;
use crate::message::{self, Request, notice};
use crate::object::object;
use crate::python;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use serde_json::Value as Json;

/// The time between two heartbeats.
pub(super) const HEARTBEAT_MS: i64 = 2_000;

/// Celery's `EventDispatcher`: whether anything is told, and what of tasks was not yet.
#[derive(Debug, Clone)]
pub(super) struct Dispatcher {
    enabled: bool,
    /// Whether it tells of tasks.
    pub tasks: bool,
    /// Events of tasks are told together when the event loop goes round.
    buffer: Vec<Json>,
}

impl Dispatcher {
    pub fn new(config: &Config) -> Dispatcher {
        let tasks = config.worker_send_task_events;
        let enabled = tasks || config.worker_gossip || config.worker_heartbeat;
        Dispatcher { enabled, tasks, buffer: Vec::new() }
    }

    pub fn is_enabled(&self) -> bool {
        self.enabled
    }
}

impl Worker {
    pub(super) fn adjust_clock(&mut self, other: u64) {
        self.clock = self.clock.max(other).saturating_add(1);
    }

    fn event(&mut self, kind: &str, fields: &Json, now: UnixMillis) -> Json {
        self.clock = self.clock.saturating_add(1);
        event::body(kind, &self.name, self.pid, self.clock, fields, now)
    }

    fn publish_event(&mut self, body: &Json, routing_key: &str) {
        self.process.ensure_open(Role::Events);
        let headers = object! {"hostname": self.name.as_str()};
        let tag = ids::message_id(&mut self.rng);
        let message = notice(body, headers, 1, keys::EVENT_EXCHANGE, routing_key, &tag);
        let channel = self.keys.channel(keys::EVENT_EXCHANGE, routing_key);
        self.process.call(Role::Events, Command::new("PUBLISH").arg(channel).arg(message));
    }

    /// `worker-online`, `worker-heartbeat`, `worker-offline`.
    pub(super) fn send_heartbeat(&mut self, kind: &str, now: UnixMillis) {
        if !self.config.worker_heartbeat {
            return;
        }
        let mut fields = object! {
            "freq": 2.0,
            "active": self.active_count(),
            "processed": self.processed,
            "loadavg": vec![0.0, 0.0, 0.0],
        };
        extend(&mut fields, event::software());
        let body = self.event(kind, &fields, now);
        self.publish_event(&body, &kind.replace('-', "."));
    }

    /// The heartbeat that somebody asked for.
    pub(super) fn answer_heartbeat(&mut self, now: UnixMillis) {
        let mut fields = object! {"freq": 5};
        extend(&mut fields, event::software());
        self.tell_worker("worker-heartbeat", &fields, now);
    }

    /// Another event about the worker, where it tells of anything.
    pub(super) fn tell_worker(&mut self, kind: &str, fields: &Json, now: UnixMillis) {
        if self.dispatcher.enabled {
            let body = self.event(kind, fields, now);
            self.publish_event(&body, &kind.replace('-', "."));
        }
    }

    pub(super) fn task_event(&mut self, kind: &str, task_id: &str, fields: Json, now: UnixMillis) {
        if !self.dispatcher.enabled || !self.dispatcher.tasks {
            return;
        }
        let mut all = object! {"uuid": task_id};
        extend(&mut all, fields);
        let event = self.event(kind, &all, now);
        self.dispatcher.buffer.push(event);
    }

    pub(super) fn tell_received(&mut self, request: &Request, now: UnixMillis) {
        let fields = object! {
            "name": request.task.as_str(),
            "args": request.argsrepr.as_str(),
            "kwargs": request.kwargsrepr.as_str(),
            "root_id": request.root_id.clone(),
            "parent_id": request.parent_id.clone(),
            "retries": request.retries,
            "eta": request.eta.map(python::isoformat),
            "expires": request.expires.map(python::isoformat),
        };
        self.task_event("task-received", &request.id, fields, now);
    }

    /// Tells the events of tasks that gathered; `false` where there are none.
    pub(super) fn flush_events(&mut self) -> bool {
        if self.dispatcher.buffer.is_empty() {
            return false;
        }
        let events = std::mem::take(&mut self.dispatcher.buffer);
        self.publish_event(&events.into(), "task.multi");
        true
    }

    /// Takes what others told; only their clocks matter here.
    pub(super) fn hear_gossip(&mut self) {
        let Some(gossip) = self.process.connection(Role::Gossip) else {
            return;
        };
        for push in std::mem::take(&mut gossip.inbox) {
            let event = published(&push).and_then(message::open);
            let clock = event.and_then(|(body, _)| body.get("clock").and_then(Json::as_u64));
            if let Some(clock) = clock {
                self.adjust_clock(clock);
            }
        }
    }
}

/// What arrived on a channel.
pub(super) fn published(push: &Value) -> Option<&[u8]> {
    match push.as_array()? {
        [Value::Bulk(kind), _, _, Value::Bulk(message)] if kind == b"pmessage" => Some(message),
        _ => None,
    }
}

fn extend(fields: &mut Json, more: Json) {
    if let (Json::Object(fields), Json::Object(more)) = (fields, more) {
        fields.extend(more);
    }
}
