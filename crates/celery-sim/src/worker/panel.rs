//! The commands of remote control, as `celery.worker.control` has them in its `Panel`: what each
//! does and answers. What changes the worker is in `adjust`, what tells of all of it in `stats`.

use super::requests::{Job, revoked_error};
use super::{Returned, Then, Worker, rate_limit};
use crate::backend::Store;
use crate::connection::{Command, Role};
use crate::exchange::ExchangeType;
use crate::keys;
use crate::object::{self, object};
use crate::python;
use crate::result::{self, Outcome};
use crate::route::QueueDefinition;
use crate::tasks;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use serde_json::{Map, Value as Json};

/// Arguments without which a command is not called, in Python's order.
const NEEDED: &[(&str, &[&str])] = &[
    ("add_consumer", &["queue"]),
    ("cancel_consumer", &["queue"]),
    ("election", &["id", "topic"]),
    ("hello", &["from_node"]),
    ("query_task", &["ids"]),
    ("rate_limit", &["task_name", "rate_limit"]),
    ("revoke", &["task_id"]),
    ("revoke_by_stamped_headers", &["headers"]),
    ("terminate", &["signal", "task_id"]),
];

/// The commands that take no other arguments than these.
const TAKES_ONLY: &[(&str, &[&str])] = &[
    ("active_queues", &[]),
    ("autoscale", &["max", "min"]),
    ("disable_events", &[]),
    ("enable_events", &[]),
    ("heartbeat", &[]),
    ("report", &[]),
];

/// What `active_queues` says of every exchange and queue, behind what it says of each.
const EXCHANGE: &str = r#"{"arguments": null, "durable": true, "passive": false,
    "auto_delete": false, "delivery_mode": null, "no_declare": false}"#;
const QUEUE: &str = r#"{"queue_arguments": null, "binding_arguments": null,
    "consumer_arguments": null, "durable": true, "exclusive": false, "auto_delete": false,
    "no_ack": false, "alias": null, "bindings": [], "no_declare": null, "expires": null,
    "message_ttl": null, "max_length": null, "max_length_bytes": null, "max_priority": null}"#;

/// Signals that end the process of a task.
const SIGNALS: [&str; 6] = ["TERM", "KILL", "QUIT", "INT", "HUP", "ABRT"];

pub(super) fn ok(text: &str) -> Json {
    object! {"ok": text}
}

pub(super) fn error(text: &str) -> Json {
    object! {"error": text}
}

/// What Python raises where a function cannot be called in this way.
fn bad_call(method: &str, arguments: &Json) -> Option<Json> {
    let needed = NEEDED.iter().find(|(name, _)| *name == method).map_or(&[][..], |(_, it)| it);
    let missing: Vec<String> = needed
        .iter()
        .filter(|name| arguments.get(**name).is_none())
        .map(|name| format!("'{name}'"))
        .collect();
    let complaint = if missing.is_empty() {
        let takes = TAKES_ONLY.iter().find(|(name, _)| *name == method).map(|(_, it)| it)?;
        let given = arguments.as_object()?.keys();
        let extra = given.into_iter().find(|name| !takes.contains(&name.as_str()))?;
        format!("got an unexpected keyword argument '{extra}'")
    } else {
        let plural = if missing.len() == 1 { "" } else { "s" };
        let names = missing.join(" and ");
        format!("missing {} required positional argument{plural}: {names}", missing.len())
    };
    Some(error(&format!("TypeError(\"{method}() {complaint}\")")))
}

impl Worker {
    /// Does what a call wants; `None` where it is not answered.
    pub(super) fn obey(&mut self, method: &str, arguments: &Json, now: UnixMillis) -> Option<Json> {
        let text = |name: &str| arguments.get(name).and_then(Json::as_str);
        let method = match method {
            "dump_active" => "active",
            "dump_conf" => "conf",
            "dump_reserved" => "reserved",
            "dump_revoked" => "revoked",
            "dump_schedule" => "scheduled",
            "dump_tasks" => "registered",
            method => method,
        };
        if let Some(complaint) = bad_call(method, arguments) {
            return Some(complaint);
        }
        Some(match method {
            "ping" => ok("pong"),
            "hello" => self.hello(text("from_node"), arguments),
            "heartbeat" => {
                self.answer_heartbeat(now);
                Json::Null
            }
            "shutdown" => {
                self.stop();
                return None;
            }
            "revoke" => {
                let terminate = arguments.get("terminate").is_some_and(is_true);
                self.obey_revoke(arguments, terminate)
            }
            "terminate" => self.obey_revoke(arguments, true),
            "revoke_by_stamped_headers" => {
                // No message of the simulation has stamps.
                let headers = python::repr(&arguments.get("headers").cloned().unwrap_or_default());
                ok(&match arguments.get("terminate").is_some_and(is_true) {
                    true => format!("headers {headers} were not terminated"),
                    false => format!("headers {headers} flagged as revoked, but not terminated"),
                })
            }
            "revoked" => self.revoked.clone().into(),
            "active" => self.active().map(|job| self.info(job)).collect(),
            "reserved" => self.waiting().map(|job| self.info(job)).collect(),
            "scheduled" => self.scheduled(),
            "registered" => self.registered(arguments),
            "active_queues" => self.active_queues(),
            "clock" => object! {"clock": self.clock},
            "query_task" => self.query_task(arguments),
            "stats" => self.stats(now),
            "conf" => self.conf(arguments.get("with_defaults").is_some_and(is_true)),
            "report" => ok(&self.bug_report()),
            // Where psutil and objgraph are not installed.
            "memsample" => Json::Null,
            "memdump" => "- rss: (psutil not installed).\n".into(),
            "objgraph" => error("ImportError('Requires the objgraph library')"),
            "add_consumer" => self.add_consumer(text("queue"), arguments),
            "cancel_consumer" => self.cancel_consumer(text("queue")),
            "pool_grow" => self.grow_pool(arguments, now),
            "pool_shrink" => self.shrink_pool(arguments),
            "autoscale" => error("ValueError('Autoscale not enabled')"),
            "pool_restart" => error("ValueError('Pool restarts not enabled')"),
            "time_limit" => self.set_time_limit(text("task_name"), arguments),
            "rate_limit" => self.obey_rate_limit(text("task_name"), arguments, now),
            "enable_events" => self.set_task_events(true),
            "disable_events" => self.set_task_events(false),
            "election" => {
                self.elect(arguments, now);
                Json::Null
            }
            unknown => error(&format!("KeyError({})", python::repr(&unknown.into()))),
        })
    }

    fn hello(&mut self, from_node: Option<&str>, arguments: &Json) -> Json {
        if from_node == Some(self.name.as_str()) {
            return Json::Null;
        }
        let revoked = arguments.get("revoked").and_then(Json::as_array);
        for id in revoked.into_iter().flatten().filter_map(Json::as_str) {
            self.revoke(id);
        }
        self.clock = self.clock.saturating_add(1);
        object! {"revoked": self.revoked.clone(), "clock": self.clock}
    }

    fn obey_revoke(&mut self, arguments: &Json, terminate: bool) -> Json {
        let mut ids: Vec<String> = match arguments.get("task_id") {
            Some(Json::String(id)) => vec![id.clone()],
            Some(Json::Array(ids)) => {
                ids.iter().filter_map(Json::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        ids.dedup();
        for id in &ids {
            self.revoke(id);
            let is_active = self.active().any(|job| job.request.id == *id);
            if !is_active && self.config.result_db.is_some() {
                let get = Command::new("GET").arg(keys::result(id));
                self.process.call_then(Role::Results, get, Then::RevokedState(id.clone()));
            }
        }
        if terminate {
            let signal = arguments.get("signal").and_then(Json::as_str).unwrap_or("SIGTERM");
            return self.terminate(&ids, signal);
        }
        let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        let set = match ids.is_empty() {
            true => "set()".to_owned(),
            false => format!("{{{}}}", ids.join(", ")),
        };
        ok(&format!("tasks {set} flagged as revoked"))
    }

    /// Ends the processes of those tasks that it has; those that do not run will not.
    fn terminate(&mut self, ids: &[String], signal: &str) -> Json {
        let name = signal.to_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name);
        if !SIGNALS.contains(&name) {
            let message = format!("module 'signal' has no attribute 'SIG{name}'");
            return error(&format!("AttributeError(\"{message}\")"));
        }
        let known: Vec<&str> =
            ids.iter().filter(|id| self.state_of(id).is_some()).map(String::as_str).collect();
        for task_id in &known {
            for slot in 0..self.pool.len() {
                if self.pool.runs(slot).is_some_and(|job| job.request.id == *task_id) {
                    self.lose_pool_process(slot, |_, job| Returned::Terminated {
                        job: Box::new(job),
                        revoked: true,
                    });
                }
            }
        }
        match known.is_empty() {
            true => ok("terminate: tasks unknown"),
            false => ok(&format!("terminate: {}", known.join(", "))),
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
        let limit = match arguments.get("rate_limit") {
            Some(Json::String(limit)) => Some(limit.clone()),
            Some(Json::Number(limit)) => Some(limit.to_string()),
            _ => None,
        };
        if let Some(problem) = limit.as_deref().and_then(rate_limit::problem) {
            return error(&problem);
        }
        let Some(task) = task.filter(|task| tasks::find(task, &self.config).is_some()) else {
            return error("unknown task");
        };
        for job in self.buckets.set(task, limit) {
            if let Some(job) = self.buckets.admit(job, now) {
                self.reserve(job, now);
            }
        }
        match arguments.get("rate_limit").is_some_and(is_true) {
            true => ok("new rate limit set successfully"),
            false => ok("rate limit disabled successfully"),
        }
    }

    fn set_task_events(&mut self, on: bool) -> Json {
        if !self.dispatcher.is_enabled() {
            return error("event dispatcher unavailable");
        }
        let was = std::mem::replace(&mut self.dispatcher.tasks, on);
        ok(match (was, on) {
            (true, true) => "task events already enabled",
            (false, true) => "task events enabled",
            (false, false) => "task events already disabled",
            (true, false) => "task events disabled",
        })
    }

    /// Messages that it has and could run.
    fn waiting(&self) -> impl Iterator<Item = &Job> {
        self.buckets.waiting().chain(self.pool.waiting())
    }

    /// Where it has a task, if it does: running, waiting to, or waiting for its time.
    fn state_of(&self, task_id: &str) -> Option<(&'static str, &Job)> {
        let is_it = |job: &&Job| job.request.id == task_id;
        let active = self.active().find(is_it).map(|job| ("active", job));
        let reserved = || self.waiting().find(is_it).map(|job| ("reserved", job));
        let scheduled = || self.held.values().find(is_it).map(|job| ("scheduled", job));
        active.or_else(reserved).or_else(scheduled)
    }

    fn query_task(&self, arguments: &Json) -> Json {
        let ids = match arguments.get("ids") {
            Some(Json::Array(ids)) => ids.iter().filter_map(Json::as_str).collect(),
            Some(Json::String(id)) => vec![id.as_str()],
            _ => Vec::new(),
        };
        let places = ids.into_iter().filter_map(|id| {
            let (state, job) = self.state_of(id)?;
            Some((id.to_owned(), vec![Json::from(state), self.info(job)].into()))
        });
        Json::Object(places.collect())
    }

    fn info(&self, job: &Job) -> Json {
        let request = &job.request;
        let runs = self.running_in(&request.id);
        object! {
            "id": request.id.as_str(),
            "name": request.task.as_str(),
            "args": request.args.clone(),
            "kwargs": request.kwargs.clone(),
            "type": request.task.as_str(),
            "hostname": self.name.as_str(),
            "time_start": runs.map(|(_, since)| python::seconds(since)),
            "acknowledged": job.acknowledged,
            "delivery_info": object! {
                "exchange": request.exchange.as_str(),
                "routing_key": request.routing_key.as_str(),
                "priority": request.priority,
                "redelivered": request.redelivered,
            },
            "worker_pid": runs.map(|(pid, _)| pid),
        }
    }

    fn scheduled(&self) -> Json {
        let entry = |((eta, _), job): (&(UnixMillis, u64), &Job)| {
            object! {
                "eta": python::isoformat(*eta), "priority": 6, "request": self.info(job),
            }
        };
        self.held.iter().map(entry).collect()
    }

    /// The names of tasks, each with those of its attributes that are asked for and set.
    fn registered(&self, arguments: &Json) -> Json {
        let items: Vec<&str> = match arguments.get("taskinfoitems").and_then(Json::as_array) {
            Some(items) if !items.is_empty() => items.iter().filter_map(Json::as_str).collect(),
            _ => vec!["exchange", "routing_key", "rate_limit"],
        };
        let builtins = arguments.get("builtins").is_some_and(is_true);
        let builtins = tasks::BUILTINS.iter().filter(|_| builtins).map(|name| (*name).to_owned());
        let mut names: Vec<String> = builtins.chain(tasks::names(&self.config)).collect();
        names.sort();
        let described = names.into_iter().map(|name| {
            let task = tasks::find(&name, &self.config);
            let attribute = |item: &&str| {
                let changed = self.buckets.set_limit(&name).filter(|_| *item == "rate_limit");
                let value = match changed {
                    Some(limit) => limit.clone(),
                    None => task.as_ref()?.attribute(item),
                };
                Some(format!("{item}={}", value?))
            };
            let info: Vec<String> = items.iter().filter_map(attribute).collect();
            match info.is_empty() {
                true => name,
                false => format!("{name} [{}]", info.join(" ")),
            }
        });
        described.collect()
    }

    fn active_queues(&self) -> Json {
        let queue = |definition: &QueueDefinition| {
            let kind = match definition.exchange_type {
                ExchangeType::Direct => "direct",
                ExchangeType::Topic => "topic",
                ExchangeType::Fanout => "fanout",
            };
            let mut exchange = Map::new();
            exchange.insert("name".to_owned(), definition.exchange.as_str().into());
            exchange.insert("type".to_owned(), kind.into());
            exchange.extend(object::parsed(EXCHANGE));
            let mut queue = Map::new();
            queue.insert("name".to_owned(), definition.name.as_str().into());
            queue.insert("exchange".to_owned(), exchange.into());
            queue.insert("routing_key".to_owned(), definition.routing_key.as_str().into());
            queue.extend(object::parsed(QUEUE));
            Json::Object(queue)
        };
        self.consumed.iter().map(queue).collect()
    }

    /// Tells the others that there is an election; that is all that can be seen of one.
    fn elect(&mut self, arguments: &Json, now: UnixMillis) {
        if !self.config.worker_gossip {
            return;
        }
        let argument = |name: &str| arguments.get(name).cloned().unwrap_or_default();
        let (id, topic, action) = (argument("id"), argument("topic"), argument("action"));
        let fields = object! {"id": id, "topic": topic, "action": action, "cver": 1};
        self.tell_worker("worker-elect", &fields, now);
    }
}

/// Whether Python takes a value for true.
fn is_true(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(yes) => *yes,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(map) => !map.is_empty(),
    }
}
